package login

import (
	"context"
	"time"

	"github.com/poolgate/poolgate/internal/cognito"
)

// Pools is what the login domain needs of the user pools. Errors are *fault.Error values; an unknown client or domain is
// ResourceNotFoundException, a refused sign-in or token NotAuthorizedException with AWS's text.
type Pools interface {
	// OAuthClient finds an app client, in whichever pool it is.
	OAuthClient(ctx context.Context, clientID string) (cognito.AppClient, error)
	// PoolByDomain finds the pool of a prefix domain or custom domain. An empty region means any.
	PoolByDomain(ctx context.Context, region, domain string) (poolID string, err error)
	// Domain names the pool's prefix domain; empty when it has none.
	Domain(ctx context.Context, poolID string) (domain string, err error)
	// CheckClientSecret compares in constant time. A client without a secret has none to check: any non-empty one is refused.
	CheckClientSecret(ctx context.Context, clientID, secret string) error
	// SignIn checks a password as the login page does, whatever ExplicitAuthFlows says.
	SignIn(ctx context.Context, clientID, username, password string) (cognito.SignInResult, error)
	// SetNewPassword answers NEW_PASSWORD_REQUIRED.
	SetNewPassword(ctx context.Context, clientID, session, password string, attributes map[string]string) (cognito.SignInResult, error)
	// IssueTokens ends the code and implicit grants. A user disabled or deleted meanwhile is refused.
	IssueTokens(ctx context.Context, r cognito.IssueRequest) (cognito.Tokens, error)
	// CheckSignedIn tells whether a sign-in of that time still counts: NotAuthorizedException when the user was disabled, deleted or
	// signed out everywhere since.
	CheckSignedIn(ctx context.Context, poolID, username, sub string, since time.Time) error
	// RefreshTokens redeems a refresh token of the client. It is refused with NotAuthorizedException "session expired" when the
	// client's allowed scopes changed since it was issued.
	RefreshTokens(ctx context.Context, clientID, refreshToken string) (cognito.Tokens, error)
	// ClientCredentials issues an access token for the client itself.
	ClientCredentials(ctx context.Context, clientID string, scopes []string) (cognito.Tokens, error)
	// RevokeRefreshToken revokes a refresh token and what was issued with it; an unknown one is no error, something that is not a
	// refresh token UnsupportedTokenTypeException.
	RevokeRefreshToken(ctx context.Context, clientID, token string) error
	// UserInfo returns the claims that an access token with openid opens; NotAuthorizedException for any other token.
	UserInfo(ctx context.Context, accessToken string) (map[string]any, error)
	// JWKS is the pool's key set, Discovery its OpenID configuration with endpoints below base.
	JWKS(ctx context.Context, poolID string) ([]byte, error)
	Discovery(ctx context.Context, poolID, base string) ([]byte, error)
}
