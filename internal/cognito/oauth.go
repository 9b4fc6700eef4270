package cognito

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// The vocabulary in which the login domain (package login) speaks with a pool. login declares the interface it needs;
// Service implements it.

// AppClient is what the login domain needs to know of an app client.
type AppClient struct {
	Region, PoolID, ClientID, Name string
	// PoolName is for people; login pages show it.
	PoolName  string
	HasSecret bool
	// OAuthEnabled is AllowedOAuthFlowsUserPoolClient.
	OAuthEnabled        bool
	Flows               []types.OAuthFlowType
	Scopes              []string
	CallbackURLs        []string
	LogoutURLs          []string
	DefaultRedirectURI  string
	IdentityProviders   []string
	RevocationEnabled   bool
	RefreshTokenAllowed bool
	// UsernameLabel says what the pool's users sign in with ("username", "email", "phone_number").
	UsernameLabels []string
}

// SignInResult is what a password sign-in on the login page led to: a user, or a challenge to answer first.
type SignInResult struct {
	Username string
	Sub      string
	AuthTime time.Time
	// Challenge is NEW_PASSWORD_REQUIRED or empty. Session continues it; RequiredAttributes are those still missing.
	Challenge          types.ChallengeNameType
	Session            string
	RequiredAttributes []string
}

// IssueRequest asks for a user's tokens at the end of an OAuth sign-in.
type IssueRequest struct {
	ClientID string
	Username string
	// Sub, when set, must still be the user's: one who was deleted and made again under the same name is somebody else.
	Sub string
	// Scopes are those granted; an ID token is issued only when openid is among them.
	Scopes   []string
	AuthTime time.Time
	Nonce    string
	// Refresh asks for a refresh token too; the implicit grant must not have one.
	Refresh bool
}

// Tokens are what a grant issued; a token that was not is empty.
type Tokens struct {
	ID, Access, Refresh string
	// ExpiresIn is the access token's life in seconds.
	ExpiresIn int
}
