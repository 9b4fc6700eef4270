package cognito

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/google/go-cmp/cmp"
)

// newOAuth is a pool with a resource server and a client for the code grant.
func newOAuth(t testing.TB) *signIn {
	s := newSignIn(t, nil)
	must(s.CreateResourceServer(s.ctx, &cip.CreateResourceServerInput{
		UserPoolId: &s.poolID, Identifier: aws.String("api"), Name: aws.String("api"),
		Scopes: []types.ResourceServerScopeType{
			{ScopeName: aws.String("read"), ScopeDescription: aws.String("read")}, {ScopeName: aws.String("write"), ScopeDescription: aws.String("write")},
		},
	}))(t)
	s.allowScopes("openid", "email")
	return s
}

// allowScopes sets the client's allowed scopes.
func (s *signIn) allowScopes(scopes ...string) {
	s.t.Helper()
	must(s.UpdateUserPoolClient(s.ctx, &cip.UpdateUserPoolClientInput{
		UserPoolId: &s.poolID, ClientId: &s.clientID, AllowedOAuthFlowsUserPoolClient: true,
		AllowedOAuthFlows: []types.OAuthFlowType{types.OAuthFlowTypeCode}, AllowedOAuthScopes: scopes,
		CallbackURLs: []string{"http://localhost/back"}, SupportedIdentityProviders: []string{"COGNITO"},
		ExplicitAuthFlows: []types.ExplicitAuthFlowsType{types.ExplicitAuthFlowsTypeAllowUserPasswordAuth, types.ExplicitAuthFlowsTypeAllowRefreshTokenAuth},
	}))(s.t)
}

func (s *signIn) issue(scopes ...string) Tokens {
	s.t.Helper()
	return must(s.IssueTokens(s.t.Context(), IssueRequest{
		ClientID: s.clientID, Username: "ann", Scopes: scopes, AuthTime: s.now(), Nonce: "n-1", Refresh: true,
	}))(s.t)
}

func TestClaimsOfAnOAuthSignIn(t *testing.T) {
	s := newOAuth(t)
	tokens := s.issue("openid", "email", "api/read")
	id, access := payload(t, tokens.ID), payload(t, tokens.Access)
	at := id["iat"]
	exp := at.(float64) + 3600
	if hash, _ := id["at_hash"].(string); len(hash) != 22 {
		t.Errorf("at_hash is %v", id["at_hash"])
	}
	delete(id, "at_hash")
	iss := "http://localhost:4566/" + s.poolID
	if diff := cmp.Diff(map[string]any{
		"sub": "a UUID", "aud": s.clientID, "iss": iss, "token_use": "id", "nonce": "n-1", "cognito:username": "ann",
		"auth_time": at, "iat": at, "exp": exp, "jti": "a UUID", "origin_jti": "a UUID", "event_id": "a UUID",
		"email": "ann@example.com", "email_verified": true,
	}, settled(t, id)); diff != "" {
		t.Errorf("ID token (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]any{
		"sub": "a UUID", "client_id": s.clientID, "iss": iss, "token_use": "access", "version": 2.0, "scope": "openid email api/read",
		"username": "ann", "auth_time": at, "iat": at, "exp": exp, "jti": "a UUID", "origin_jti": "a UUID", "event_id": "a UUID",
	}, settled(t, access)); diff != "" {
		t.Errorf("access token (-want +got):\n%s", diff)
	}
	if only := s.issue("api/read"); only.ID != "" || only.Access == "" {
		t.Error("an ID token was issued without openid")
	}
}

func TestARefreshAtTheTokenEndpointEndsWhenTheAllowedScopesChange(t *testing.T) {
	s := newOAuth(t)
	oauth, sdk := s.issue("openid", "email"), s.tokens("ann")

	again := must(s.RefreshTokens(t.Context(), s.clientID, oauth.Refresh))(t)
	if payload(t, again.Access)["scope"] != "openid email" || again.Refresh != "" || again.ID == "" {
		t.Errorf("a refresh gives %v", payload(t, again.Access))
	}
	s.allowScopes("email", "openid") // the same in another order
	must(s.RefreshTokens(t.Context(), s.clientID, oauth.Refresh))(t)

	s.allowScopes("openid", "email", "api/read")
	_, err := s.RefreshTokens(t.Context(), s.clientID, oauth.Refresh)
	refused(t, err, notAuthorized, "session expired")
	// What was issued lives on, an SDK's sign-in goes on refreshing, and the next sign-in has the new scope.
	if _, err := s.UserInfo(t.Context(), oauth.Access); err != nil {
		t.Errorf("the old access token: %v", err)
	}
	must(s.refresh(sdk.RefreshToken))(t)
	must(s.RefreshTokens(t.Context(), s.clientID, *sdk.RefreshToken))(t)
	next := s.issue("openid", "email", "api/read")
	must(s.RefreshTokens(t.Context(), s.clientID, next.Refresh))(t)
}

func TestUserInfo(t *testing.T) {
	s := newOAuth(t)
	got := must(s.UserInfo(t.Context(), s.issue("openid", "email").Access))(t)
	got["sub"] = "a UUID"
	if diff := cmp.Diff(map[string]any{
		"sub": "a UUID", "username": "ann", "email": "ann@example.com", "email_verified": "true",
	}, got); diff != "" {
		t.Errorf("claims (-want +got):\n%s", diff)
	}
	_, err := s.UserInfo(t.Context(), s.issue("email").Access)
	refused(t, err, notAuthorized, "")
	_, err = s.UserInfo(t.Context(), *s.tokens("ann").AccessToken)
	refused(t, err, notAuthorized, "")
	tokens := s.issue("openid")
	if err := s.RevokeRefreshToken(t.Context(), s.clientID, tokens.Refresh); err != nil {
		t.Fatal(err)
	}
	_, err = s.UserInfo(t.Context(), tokens.Access)
	refused(t, err, notAuthorized, "Access Token has been revoked")
}

func TestTokensAreNotIssuedToThoseWhoWentMeanwhile(t *testing.T) {
	s := newOAuth(t)
	request := IssueRequest{ClientID: s.clientID, Username: "ann", Scopes: []string{"openid"}, AuthTime: s.now(), Refresh: true}
	s.clock.Advance(time.Second)
	must(s.AdminUserGlobalSignOut(s.ctx, &cip.AdminUserGlobalSignOutInput{UserPoolId: &s.poolID, Username: aws.String("ann")}))(t)
	_, err := s.IssueTokens(t.Context(), request)
	refused(t, err, notAuthorized, "")
	s.clock.Advance(time.Second)
	request.AuthTime = s.now()
	must(s.IssueTokens(t.Context(), request))(t)
	must(s.AdminDisableUser(s.ctx, &cip.AdminDisableUserInput{UserPoolId: &s.poolID, Username: aws.String("ann")}))(t)
	_, err = s.IssueTokens(t.Context(), request)
	refused(t, err, notAuthorized, "User is disabled.")
	must(s.AdminDeleteUser(s.ctx, &cip.AdminDeleteUserInput{UserPoolId: &s.poolID, Username: aws.String("ann")}))(t)
	if _, err = s.IssueTokens(t.Context(), request); err == nil {
		t.Error("tokens were issued to a user who was deleted")
	}
}

func TestAClientsOwnToken(t *testing.T) {
	s := newOAuth(t)
	c := must(s.CreateUserPoolClient(s.ctx, &cip.CreateUserPoolClientInput{
		UserPoolId: &s.poolID, ClientName: aws.String("machine"), GenerateSecret: true, AllowedOAuthFlowsUserPoolClient: true,
		AllowedOAuthFlows: []types.OAuthFlowType{types.OAuthFlowTypeClientCredentials}, AllowedOAuthScopes: []string{"api/read"},
	}))(t).UserPoolClient
	tokens := must(s.ClientCredentials(t.Context(), *c.ClientId, []string{"api/read"}))(t)
	claims := payload(t, tokens.Access)
	at := claims["iat"]
	if diff := cmp.Diff(map[string]any{
		"sub": *c.ClientId, "client_id": *c.ClientId, "token_use": "access", "scope": "api/read", "version": 2.0, "jti": "a UUID",
		"iss": "http://localhost:4566/" + s.poolID, "auth_time": at, "iat": at, "exp": at.(float64) + 3600,
	}, settled(t, claims)); diff != "" {
		t.Errorf("claims (-want +got):\n%s", diff)
	}
	if tokens.ID != "" || tokens.Refresh != "" || tokens.ExpiresIn != 3600 {
		t.Errorf("tokens are %+v", tokens)
	}
	for _, scope := range []string{"api/write", "openid", "aws.cognito.signin.user.admin"} {
		if _, err := s.ClientCredentials(t.Context(), *c.ClientId, []string{scope}); err == nil {
			t.Errorf("%s was granted", scope)
		}
	}
	if _, err := s.ClientCredentials(t.Context(), s.clientID, []string{"openid"}); err == nil {
		t.Error("a client without a secret got a token")
	}
	if err := s.CheckClientSecret(t.Context(), *c.ClientId, *c.ClientSecret); err != nil {
		t.Error(err)
	}
	refused(t, s.CheckClientSecret(t.Context(), *c.ClientId, *c.ClientSecret+"x"), notAuthorized, "")
	refused(t, s.CheckClientSecret(t.Context(), s.clientID, "any"), notAuthorized, "")
}

func TestTheLoginPageSignsIn(t *testing.T) {
	s := newOAuth(t)
	got := must(s.SignIn(t.Context(), s.clientID, "ann", goodPassword))(t)
	if got.Username != "ann" || !subFormat.MatchString(got.Sub) || got.Challenge != "" || got.AuthTime.IsZero() {
		t.Errorf("result is %+v", got)
	}
	for name, password := range map[string]string{"ann": "Wrong-horse-1", "nobody": goodPassword} {
		_, err := s.SignIn(t.Context(), s.clientID, name, password)
		refused(t, err, notAuthorized, "Incorrect username or password.")
	}
	s.editUser("ann", func(u *user) { u.Status = types.UserStatusTypeForceChangePassword })
	challenge := must(s.SignIn(t.Context(), s.clientID, "ann", goodPassword))(t)
	if challenge.Challenge != types.ChallengeNameTypeNewPasswordRequired || challenge.Session == "" {
		t.Fatalf("result is %+v", challenge)
	}
	_, err := s.SetNewPassword(t.Context(), s.clientID, challenge.Session, "short", nil)
	refused(t, err, "InvalidPasswordException", "")
	done := must(s.SetNewPassword(t.Context(), s.clientID, challenge.Session, "Another-horse-1", map[string]string{"name": "Ann"}))(t)
	if done.Challenge != "" || done.Username != "ann" {
		t.Errorf("result is %+v", done)
	}
	if _, err := s.SetNewPassword(t.Context(), s.clientID, challenge.Session, "Third-horse-1", nil); err == nil {
		t.Error("the session was used twice")
	}
}

func TestWhatTheLoginDomainKnowsOfAClient(t *testing.T) {
	s := newOAuth(t)
	must(s.CreateUserPoolDomain(s.ctx, &cip.CreateUserPoolDomainInput{UserPoolId: &s.poolID, Domain: aws.String("people")}))(t)
	got := must(s.OAuthClient(t.Context(), s.clientID))(t)
	want := AppClient{
		Region: "eu-west-1", PoolID: s.poolID, ClientID: s.clientID, Name: "app", PoolName: "people", OAuthEnabled: true,
		Flows: []types.OAuthFlowType{types.OAuthFlowTypeCode}, Scopes: []string{"openid", "email"}, CallbackURLs: []string{"http://localhost/back"},
		IdentityProviders: []string{"COGNITO"}, RevocationEnabled: true, RefreshTokenAllowed: true, UsernameLabels: []string{"username"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("client (-want +got):\n%s", diff)
	}
	for _, region := range []string{"eu-west-1", ""} {
		if id := must(s.PoolByDomain(t.Context(), region, "people"))(t); id != s.poolID {
			t.Errorf("the domain is %s's", id)
		}
	}
	_, err := s.PoolByDomain(t.Context(), "us-east-1", "people")
	refused(t, err, notFound, "")
	if name := must(s.Domain(t.Context(), s.poolID))(t); name != "people" {
		t.Errorf("the pool's domain is %q", name)
	}
	_, err = s.OAuthClient(t.Context(), "none")
	refused(t, err, notFound, "")
}
