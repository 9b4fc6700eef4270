package cognito

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/store"
)

// What the login domain (package login) asks of the pools: it declares the interface, and these methods implement it.

// OAuthClient finds an app client, in whichever pool it is.
func (s *Service) OAuthClient(ctx context.Context, clientID string) (AppClient, error) {
	a, err := s.newAttempt(ctx, nil, clientID, nil)
	if err != nil {
		return AppClient{}, err
	}
	detail := a.client.Detail.Value
	return AppClient{
		Region: a.pool.region(), PoolID: a.poolID, ClientID: clientID, Name: value(detail.ClientName),
		PoolName:            value(a.pool.Detail.Value.Name),
		HasSecret:           a.client.SealedSecret != "" || len(a.client.Secrets) > 0,
		OAuthEnabled:        value(detail.AllowedOAuthFlowsUserPoolClient),
		Flows:               detail.AllowedOAuthFlows,
		Scopes:              detail.AllowedOAuthScopes,
		CallbackURLs:        detail.CallbackURLs,
		LogoutURLs:          detail.LogoutURLs,
		DefaultRedirectURI:  value(detail.DefaultRedirectURI),
		IdentityProviders:   detail.SupportedIdentityProviders,
		RevocationEnabled:   a.client.revocable(),
		RefreshTokenAllowed: a.client.rotatesRefreshTokens() || slices.Contains(a.client.authFlows(), types.ExplicitAuthFlowsTypeAllowRefreshTokenAuth),
		UsernameLabels:      a.pool.usernameLabels(),
	}, nil
}

// usernameLabels say what the pool's users sign in with.
func (p *pool) usernameLabels() []string {
	var labels []string
	for _, name := range []string{"email", "phone_number"} {
		if p.signsInWith(name) {
			labels = append(labels, name)
		}
	}
	if labels != nil {
		return labels
	}
	labels = []string{"username"}
	for _, name := range []string{"email", "phone_number"} {
		if p.hasAlias(name) {
			labels = append(labels, name)
		}
	}
	return labels
}

// PoolByDomain finds the pool of a prefix domain or custom domain. An empty region means any.
func (s *Service) PoolByDomain(ctx context.Context, region, name string) (string, error) {
	var poolID string
	err := s.store.View(ctx, func(tx *store.Tx) error {
		found, err := domains.Lookup(tx, store.Key{Index: "domain", Value: name})
		if err != nil {
			return err
		}
		for _, f := range found {
			if region == "" || f.Scope == region {
				poolID = value(f.Value.Detail.Value.UserPoolId)
				return nil
			}
		}
		return fault.NotFound("ResourceNotFoundException", "Domain %s does not exist.", name)
	})
	return poolID, err
}

// Domain names the pool's prefix domain; empty when it has none.
func (s *Service) Domain(ctx context.Context, poolID string) (string, error) {
	var name string
	err := s.store.View(ctx, func(tx *store.Tx) error {
		p, err := s.poolByID(tx, "", poolID)
		if err != nil {
			return err
		}
		name = value(p.Detail.Value.Domain)
		return nil
	})
	return name, err
}

// CheckClientSecret compares in constant time. A client without a secret has none that is right.
func (s *Service) CheckClientSecret(ctx context.Context, clientID, secret string) error {
	a, err := s.newAttempt(ctx, nil, clientID, nil)
	if err != nil {
		return err
	}
	right, err := s.proveClient(a.poolID, a.client, secret)
	if err != nil {
		return err
	}
	if !right {
		return fault.Unauthorized("NotAuthorizedException", "Invalid client secret")
	}
	return nil
}

// SignIn checks a password as the login page does, whatever ExplicitAuthFlows says. Which users exist is never told there.
func (s *Service) SignIn(ctx context.Context, clientID, username, password string) (SignInResult, error) {
	a, err := s.newAttempt(ctx, nil, clientID, map[string]string{"USERNAME": username, "PASSWORD": password})
	if err != nil {
		return SignInResult{}, err
	}
	a.page, a.username = true, username
	if err := s.findUser(ctx, a); err != nil {
		return SignInResult{}, err
	}
	o, err := s.signInByPassword(ctx, a)
	if err != nil {
		return SignInResult{}, err
	}
	return pageResult(a, o), nil
}

// SetNewPassword answers NEW_PASSWORD_REQUIRED. The session says whose password it is.
func (s *Service) SetNewPassword(ctx context.Context, clientID, sealed, password string, attributes map[string]string) (SignInResult, error) {
	params := map[string]string{"NEW_PASSWORD": password}
	for name, to := range attributes {
		params[userAttributesPrefix+name] = to
	}
	a, err := s.newAttempt(ctx, nil, clientID, params)
	if err != nil {
		return SignInResult{}, err
	}
	a.page = true
	if a.session, err = s.openSession(a, types.ChallengeNameTypeNewPasswordRequired, sealed); err != nil {
		return SignInResult{}, err
	}
	a.username = a.session.Username
	if err := s.findSessionUser(ctx, a); err != nil {
		return SignInResult{}, err
	}
	o, err := s.setNewPassword(ctx, a)
	if err != nil {
		return SignInResult{}, err
	}
	return pageResult(a, o), nil
}

// pageResult is an outcome as the login page wants it.
func pageResult(a *attempt, o outcome) SignInResult {
	r := SignInResult{Username: a.user.Username, Sub: a.user.Sub, AuthTime: a.now}
	if o.challenge != "" {
		r.Challenge, r.Session = o.challenge, o.session
		r.RequiredAttributes = missingAttributes(a.pool, a.user)
	}
	return r
}

// IssueTokens ends the code and implicit grants. A user disabled, deleted or signed out everywhere meanwhile is refused.
func (s *Service) IssueTokens(ctx context.Context, r IssueRequest) (Tokens, error) {
	a, err := s.newAttempt(ctx, nil, r.ClientID, nil)
	if err != nil {
		return Tokens{}, err
	}
	g, err := s.newGrant(ctx, a, r.AuthTime)
	if err != nil {
		return Tokens{}, err
	}
	g.oauth, g.scopes, g.nonce = true, r.Scopes, r.Nonce
	var refresh *freshRefreshToken
	if r.Refresh {
		if refresh, err = g.newRefreshToken(); err != nil {
			return Tokens{}, err
		}
	}
	run := s.store.View
	if refresh != nil {
		run = s.store.Update
	}
	err = run(ctx, func(tx *store.Tx) error {
		u, err := s.userByName(tx, a.pool, r.Username)
		switch {
		case err != nil:
			return err
		case r.Sub != "" && u.Sub != r.Sub:
			return fault.NotFound("UserNotFoundException", "User does not exist.").Becausef("the name is somebody else's now")
		case !u.Enabled:
			return fault.Unauthorized("NotAuthorizedException", "User is disabled.")
		case u.signedOut(r.AuthTime):
			return fault.Unauthorized("NotAuthorizedException", "session expired").Becausef("the user signed out everywhere")
		}
		if err := g.to(tx, u); err != nil {
			return err
		}
		if refresh == nil {
			return nil
		}
		return refresh.store(tx, g)
	})
	if err != nil {
		return Tokens{}, err
	}
	if err := s.shape(ctx, g, tokensOfLoginDomain, nil); err != nil {
		return Tokens{}, err
	}
	tokens, err := g.issue()
	if refresh != nil {
		tokens.Refresh = refresh.token
	}
	return tokens, err
}

// RefreshTokens redeems a refresh token at the token endpoint. One that the login domain issued is refused when what the client's settings
// allow changed since (fact 4.4); one that an SDK's sign-in was issued has no scopes that could have changed.
func (s *Service) RefreshTokens(ctx context.Context, clientID, token string) (Tokens, error) {
	a, err := s.newAttempt(ctx, nil, clientID, nil)
	if err != nil {
		return Tokens{}, err
	}
	allowed := scopesFingerprint(a.client.Detail.Value.AllowedOAuthScopes)
	return s.redeemAndRotate(ctx, a, token, func(r *refreshToken) error {
		if r.OAuth && r.ClientScopes != allowed {
			return fault.Unauthorized("NotAuthorizedException", "session expired").
				Becausef("the client's allowed scopes changed since the refresh token was issued")
		}
		return nil
	})
}

// ClientCredentials issues an access token for the client itself: for custom scopes that its settings allow, and only if it has a secret.
func (s *Service) ClientCredentials(ctx context.Context, clientID string, scopes []string) (Tokens, error) {
	a, err := s.newAttempt(ctx, nil, clientID, nil)
	if err != nil {
		return Tokens{}, err
	}
	if a.client.SealedSecret == "" && len(a.client.Secrets) == 0 {
		return Tokens{}, fault.Unauthorized("NotAuthorizedException", "The client has no secret")
	}
	if !slices.Contains(a.client.Detail.Value.AllowedOAuthFlows, types.OAuthFlowTypeClientCredentials) {
		return Tokens{}, fault.Invalid("InvalidOAuthFlowException", "The client is not allowed the flow client_credentials")
	}
	for _, scope := range scopes {
		if slices.Contains(standardScopes, scope) || !slices.Contains(a.client.Detail.Value.AllowedOAuthScopes, scope) {
			return Tokens{}, fault.Invalid("ScopeDoesNotExistException", "Invalid scope requested: %s", scope)
		}
	}
	keys, err := s.keysOf(ctx, a.poolID)
	if err != nil {
		return Tokens{}, err
	}
	jti, err := s.randomUUID()
	if err != nil {
		return Tokens{}, err
	}
	access, err := keys.access.sign(clientClaims(s.issuer(a.poolID), jti, a.client, scopes, a.now))
	return Tokens{Access: access, ExpiresIn: int(a.client.accessLife().Seconds())}, err
}

// RevokeRefreshToken revokes a refresh token and what was issued with it. An unknown one is no error; a signed token is
// UnsupportedTokenTypeException.
func (s *Service) RevokeRefreshToken(ctx context.Context, clientID, token string) error {
	a, err := s.newAttempt(ctx, nil, clientID, nil)
	if err != nil {
		return err
	}
	return s.revoke(ctx, a.poolID, a.client, token)
}

// UserInfo returns the claims that an access token with openid opens (fact 5.4): the verified flags are strings here, and the username is
// among them.
func (s *Service) UserInfo(ctx context.Context, accessToken string) (map[string]any, error) {
	b, err := s.authenticateAccess(ctx, accessToken, "openid")
	if err != nil {
		return nil, err
	}
	info := map[string]any{"sub": b.user.Sub, "username": b.user.Username}
	for _, a := range readableAttributes(b.user, b.client.Detail.Value.ReadAttributes, true, b.claims.Scopes()) {
		switch v := claimValue(a).(type) {
		case bool:
			info[a.Name] = a.Value
		default:
			info[a.Name] = v
		}
	}
	return info, nil
}
