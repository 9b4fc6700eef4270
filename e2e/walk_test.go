package e2e

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// TestTheWalk protects an API with access tokens as the guides have it, by the aws CLI and curl, logging in through the page.
func TestTheWalk(t *testing.T) {
	p := serve(t)
	s := &site{process: p}
	pool := p.aws(t, "cognito-idp", "create-user-pool", "--pool-name", "walk")
	s.poolID, s.poolARN = text(t, pool, "UserPool", "Id"), text(t, pool, "UserPool", "Arn")
	oauth := []string{"--allowed-o-auth-flows-user-pool-client", "--allowed-o-auth-flows", "code",
		"--callback-urls", callbackURLs, "--logout-urls", callbackURLs, "--supported-identity-providers", "COGNITO"}
	s.clientID = text(t, p.aws(t, append([]string{"cognito-idp", "create-user-pool-client", "--user-pool-id", s.poolID, "--client-name", "web",
		"--allowed-o-auth-scopes", "openid", "email"}, oauth...)...), "UserPoolClient", "ClientId")
	s.addUser(t, "jo")
	before := s.pageSignIn(t, "openid email")

	p.aws(t, "cognito-idp", "create-resource-server", "--user-pool-id", s.poolID, "--identifier", "user_management_lambdas",
		"--name", "user_management_lambdas", "--scopes", "ScopeName=api,ScopeDescription=api")
	p.aws(t, append([]string{"cognito-idp", "update-user-pool-client", "--user-pool-id", s.poolID, "--client-id", s.clientID,
		"--allowed-o-auth-scopes", "openid", "email", customScope}, oauth...)...)

	api := p.aws(t, "apigateway", "create-rest-api", "--name", "walk")
	s.apiID, s.rootID = text(t, api, "id"), text(t, api, "rootResourceId")
	s.authorizerID = text(t, p.aws(t, "apigateway", "create-authorizer", "--rest-api-id", s.apiID, "--name", "pool", "--type", "COGNITO_USER_POOLS",
		"--provider-arns", s.poolARN, "--identity-source", "method.request.header.Authorization"), "id")
	s.addMethod(t, "plain")
	s.addMethod(t, "scoped", "--authorization-scopes", customScope)
	s.deploy(t)

	t.Run("an access token from before the scope lasts, and does not open the scoped method", func(t *testing.T) {
		check(t, s.invoke(t, "/scoped", before.access), refusal{401, `{"message":"Unauthorized"}`, "UnauthorizedException", "scope_missing"})
	})
	t.Run("the refresh of who was signed in before the scope is refused", func(t *testing.T) {
		status, answer := s.redeem(t, url.Values{"grant_type": {"refresh_token"}, "client_id": {s.clientID}, "refresh_token": {before.refresh}})
		if status != http.StatusBadRequest || answer["error"] != "invalid_grant" || answer["error_description"] != "session expired" {
			t.Errorf("answered %d %v", status, answer)
		}
	})

	after := s.pageSignIn(t, "openid email "+customScope)
	t.Run("the scope comes with the next sign-in", func(t *testing.T) {
		if got := s.invoke(t, "/scoped", after.access); got.status != http.StatusOK || !strings.Contains(got.body, `"use":"access"`) {
			t.Errorf("answered %d %s", got.status, got.body)
		}
	})
	t.Run("a refresh after the change goes on", func(t *testing.T) {
		status, answer := s.redeem(t, url.Values{"grant_type": {"refresh_token"}, "client_id": {s.clientID}, "refresh_token": {after.refresh}})
		if status != http.StatusOK || answer["access_token"] == "" {
			t.Errorf("answered %d %v", status, answer)
		}
	})
	t.Run("a scoped method does not take an ID token", func(t *testing.T) {
		check(t, s.invoke(t, "/scoped", after.id), refusal{401, `{"message":"Unauthorized"}`, "UnauthorizedException", "token_use_access_expected"})
	})
	t.Run("a method without scopes takes ID tokens only", func(t *testing.T) {
		if got := s.invoke(t, "/plain", after.id); got.status != http.StatusOK || !strings.Contains(got.body, `"use":"id"`) {
			t.Errorf("answered %d %s", got.status, got.body)
		}
		check(t, s.invoke(t, "/plain", after.access), refusal{401, `{"message":"Unauthorized"}`, "UnauthorizedException", "token_use_id_expected"})
	})
	t.Run("the authorizer's own test takes the ID token and not the access token", func(t *testing.T) {
		button := func(token string) map[string]any {
			return p.aws(t, "apigateway", "test-invoke-authorizer", "--rest-api-id", s.apiID, "--authorizer-id", s.authorizerID, "--headers", "Authorization="+token)
		}
		if got := button(after.id); at(t, got, "clientStatus") != 0.0 || at(t, got, "claims", "token_use") != "id" {
			t.Errorf("the ID token got %v", got)
		}
		if got := button(after.access); at(t, got, "clientStatus") != 401.0 {
			t.Errorf("the access token got %v", got)
		}
	})
}

func TestAnEditDoesNothingUntilItIsDeployed(t *testing.T) {
	s := serve(t).newSite(t)
	token := s.passwordSignIn(t, "jo")
	if got := s.invoke(t, "/plain", token.id); got.status != http.StatusOK {
		t.Fatalf("before the edit: %d %s", got.status, got.body)
	}
	s.aws(t, "apigateway", "update-method", "--rest-api-id", s.apiID, "--resource-id", s.plainID, "--http-method", "GET",
		"--patch-operations", "op=add,path=/authorizationScopes,value=aws.cognito.signin.user.admin")
	s.aws(t, "apigateway", "update-gateway-response", "--rest-api-id", s.apiID, "--response-type", "UNAUTHORIZED",
		"--patch-operations", "op=replace,path=/statusCode,value=499")
	if got := s.invoke(t, "/plain", token.id); got.status != http.StatusOK {
		t.Errorf("after the edit, without a deployment: %d %s", got.status, got.body)
	}
	s.deploy(t)
	if got := s.invoke(t, "/plain", token.id); got.status != 499 {
		t.Errorf("an ID token after the deployment: %d %s", got.status, got.body)
	}
	if got := s.invoke(t, "/plain", token.access); got.status != http.StatusOK {
		t.Errorf("an access token after the deployment: %d %s", got.status, got.body)
	}
}
