package explain

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/internal/account"
	"github.com/poolgate/poolgate/internal/apigateway"
)

// capitals are what a placeholder of the closed list looks like in a command.
var capitals = regexp.MustCompile(`\b(API|STAGE|REGION|ACCOUNT|METHOD|AUTHORIZER|RESOURCE|POOL|CLIENT|SCOPE|TOKEN|HEADER|URL|KEY|PLAN|POOL_ARN|CLIENT_ID|FUNCTION|VALUE|PATH)\b`)

// whole holds what is true of every verdict: commands without words to fill in, no token, JSON without null, a page that is told.
func whole(t *testing.T, v *Verdict, secrets ...string) {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var page strings.Builder
	if err := Write(&page, v, Options{Width: 80}); err != nil {
		t.Fatal(err)
	}
	for _, secret := range secrets {
		if len(secret) > 20 && (strings.Contains(string(text), secret) || strings.Contains(page.String(), secret)) {
			t.Errorf("a token is told whole:\n%s", page.String())
		}
	}
	if strings.Contains(string(text), ":null") {
		t.Errorf("a list is null: %s", text)
	}
	for _, m := range v.Mend {
		if _, command := SplitMend(m); command != "" && capitals.MatchString(strings.ReplaceAll(command, "API_KEY", "")) {
			t.Errorf("a command has a word to fill in: %s", command)
		}
	}
	if v.Sentence == "" {
		t.Error("no sentence")
	}
}

func TestFaultsOfRESTAPIs(t *testing.T) {
	authorization := func(value string) []string { return []string{"Authorization", value} }
	for _, test := range []struct {
		name, method, path string
		headers            []string
		change             func(*world)
		reason             authz.Reason
		mend               string
		warnings           []authz.Warning
	}{
		{name: "no token", path: "/prod/pets", reason: authz.IdentitySourceMissing, mend: "Send an ID token in the header Authorization"},
		{name: "the token in another header", path: "/prod/pets", headers: []string{"X-Token", idToken(nil)}, reason: authz.IdentitySourceMissing, mend: "not in X-Token"},
		{name: "quotes", path: "/prod/pets", headers: authorization(`Bearer "` + idToken(nil) + `"`), reason: authz.TokenMalformed, mend: "quotation marks"},
		{name: "two spaces", path: "/prod/pets", headers: authorization("Bearer  " + idToken(nil)), reason: authz.TokenMalformed, mend: "exactly one space"},
		{name: "undefined", path: "/prod/pets", headers: authorization("Bearer undefined"), reason: authz.TokenMalformed, mend: "in the place of a token"},
		{name: "an access token without scopes on the method", path: "/prod/pets", headers: authorization(accessToken(nil)), reason: authz.TokenUseIDExpected, mend: "Send the ID token"},
		{name: "an ID token with scopes on the method", path: "/prod/scoped", headers: authorization(idToken(nil)), reason: authz.TokenUseAccessExpected, mend: "Send the access token", warnings: []authz.Warning{authz.TestAcceptsIDTokensOnly}},
		{name: "expired", path: "/prod/pets", headers: authorization(idToken(claims{"exp": time.Now().Add(-time.Minute).Unix()})), reason: authz.TokenExpired, mend: "Sign in again"},
		{name: "a token of another pool, which another authorizer takes", path: "/prod/pets", headers: authorization(idToken(claims{"iss": issuerOf(otherID)})), reason: authz.TokenIssuer, mend: "op=replace,path=/authorizerId,value=auth2"},
		{name: "a forged token", path: "/prod/pets", headers: authorization(mint(otherKey(), claims{"kid": keyID, "alg": "RS256"}, claims{"iss": issuerOf(poolID), "token_use": "id", "exp": time.Now().Add(time.Hour).Unix()})), reason: authz.TokenSignature, mend: "exactly as it was issued"},
		{name: "a key that the pool does not have", path: "/prod/pets", headers: authorization(mint(signingKey(), claims{"kid": "gone", "alg": "RS256"}, claims{"iss": issuerOf(poolID), "token_use": "id", "exp": time.Now().Add(time.Hour).Unix()})), reason: authz.TokenKeyUnknown, mend: "Sign in again"},
		{name: "a scope that the client may not be granted", path: "/prod/write", headers: authorization(accessToken(nil)), reason: authz.ScopeMissing, mend: `"AllowedOAuthScopes":["openid","pets/read","pets/write"]`, warnings: []authz.Warning{authz.ScopeNotAllowed}},
		{name: "a scope that was not asked for", path: "/prod/scoped", headers: authorization(accessToken(claims{"scope": "openid"})), reason: authz.ScopeMissing, mend: "scope=openid+pets%2Fread"},
		{name: "a deleted pool", path: "/prod/pets", headers: authorization(idToken(nil)), change: func(w *world) { delete(w.account.pools, poolID) }, reason: authz.PoolNotFound, mend: "create-user-pool"},
		{name: "no such path", path: "/prod/pet", headers: authorization("Bearer " + idToken(nil)), reason: authz.RouteNotFoundSignatureExpected, mend: "https://" + host + "/prod/pets"},
		{name: "no such path, no token", path: "/prod/nowhere/at/all", reason: authz.RouteNotFound, mend: "aws apigateway get-resources --rest-api-id " + petsID},
		{name: "the wrong verb", method: "POST", path: "/prod/pets", headers: authorization("Bearer " + idToken(nil)), reason: authz.RouteNotFoundSignatureExpected, mend: "Send GET https://" + host + "/prod/pets"},
		{name: "the stage left out", path: "/pets", reason: authz.StageNotFound, mend: "https://" + host + "/prod/pets"},
		{name: "a method that was not deployed", path: "/prod/new", change: func(w *world) {
			live := petsAPI()
			live.Resources[4].Value.Path = aws.String("/new")
			w.account.rest = &account.RESTAPI{Live: live}
		}, reason: authz.RouteNotFound, mend: "aws apigateway create-deployment --rest-api-id abcde12345 --stage-name prod --region eu-west-1", warnings: []authz.Warning{authz.UndeployedChange}},
		{name: "scopes taken off and not deployed", path: "/prod/scoped", headers: authorization(idToken(nil)), change: func(w *world) {
			live := petsAPI()
			m := live.Resources[1].Value.ResourceMethods["GET"]
			m.AuthorizationScopes = nil
			live.Resources[1].Value.ResourceMethods["GET"] = m
			w.account.rest = &account.RESTAPI{Live: live}
		}, reason: authz.TokenUseAccessExpected, mend: "create-deployment", warnings: []authz.Warning{authz.UndeployedChange, authz.TestAcceptsIDTokensOnly}},
		{name: "no API key", path: "/prod/keyed", reason: authz.APIKeyMissing, mend: "get-usage-plan-keys --usage-plan-id plan1"},
		{name: "a wrong API key", path: "/prod/keyed", headers: []string{"X-Api-Key", "abcdefgh12345678"}, reason: authz.APIKeyInvalid, mend: "create-api-key"},
		{name: "an API key of no usage plan", path: "/prod/keyed", headers: []string{"X-Api-Key", "abcdefgh12345678"}, change: func(w *world) {
			w.account.apiKeys = map[string]*account.APIKey{"abcdefgh12345678": {ID: "key1", Enabled: true}}
		}, reason: authz.APIKeyInvalid, mend: "create-usage-plan-key --usage-plan-id plan1 --key-type API_KEY --key-id key1"},
		{name: "a disabled API key", path: "/prod/keyed", headers: []string{"X-Api-Key", "abcdefgh12345678"}, change: func(w *world) {
			w.account.apiKeys = map[string]*account.APIKey{"abcdefgh12345678": {ID: "key1", Plans: []string{"plan1"}, Stages: []string{petsID + ":prod"}}}
		}, reason: authz.APIKeyInvalid, mend: "update-api-key --api-key key1"},
		{name: "an API key that may not be looked up", path: "/prod/keyed", headers: []string{"X-Api-Key", "abcdefgh12345678"}, change: func(w *world) {
			w.account.gaps = []account.Gap{{Operation: "apigateway:GetApiKeys", Kind: account.GapDenied}}
		}, reason: authz.APIKeyInvalid, mend: "create-usage-plan-key --usage-plan-id plan1"},
		{name: "no signature", path: "/prod/signed", reason: authz.SignatureMissing, mend: "curl --aws-sigv4 aws:amz:eu-west-1:execute-api"},
		{name: "a token where a signature is asked for", path: "/prod/signed", headers: authorization("Bearer " + idToken(nil)), reason: authz.SignatureMissing, mend: "op=replace,path=/authorizerId,value=auth"},
		{name: "a signature with a key that nobody has", path: "/prod/signed", headers: []string{"X-Amz-Date", time.Now().UTC().Format("20060102T150405Z"), "Authorization",
			"AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/" + time.Now().UTC().Format("20060102") + "/eu-west-1/execute-api/aws4_request, SignedHeaders=host;x-amz-date, Signature=" + strings.Repeat("0", 64)}, reason: authz.AccessKeyUnknown, mend: "Sign with a key that exists"},
		{name: "a resource policy that denies", path: "/prod/open", change: func(w *world) {
			w.deployed.API.Value.Policy = aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke","Resource":"*"},{"Sid":"no","Effect":"Deny","Principal":"*","Action":"execute-api:Invoke","Resource":"execute-api:/prod/GET/open"}]}`)
		}, reason: authz.ResourcePolicyDenied, mend: "take the statement off"},
		{name: "a resource policy that is silent", path: "/prod/pets", headers: authorization(idToken(nil)), change: func(w *world) {
			w.deployed.API.Value.Policy = aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke","Resource":"execute-api:/prod/GET/open"}]}`)
		}, reason: authz.ResourcePolicyDenied, mend: "execute-api:/prod/GET/pets"},
		{name: "the endpoint is off", path: "/prod/open", change: func(w *world) { w.deployed.API.Value.DisableExecuteApiEndpoint = true }, reason: authz.EndpointDisabled, mend: "path=/disableExecuteApiEndpoint,value=false"},
		{name: "a preflight behind an authorizer", method: "OPTIONS", path: "/prod/guarded", headers: []string{"Origin", "https://a.b", "Access-Control-Request-Method", "GET"}, reason: authz.IdentitySourceMissing, mend: "path=/authorizationType,value=NONE", warnings: []authz.Warning{authz.PreflightBehindAuthorizer}},
		{name: "a refusal that a browser hides", path: "/prod/pets", headers: []string{"Origin", "https://a.b"}, reason: authz.IdentitySourceMissing, mend: "Send an ID token", warnings: []authz.Warning{authz.CORSHeadersMissing, authz.PreflightMissing}},
		{name: "an expired token of a user who is disabled", path: "/prod/pets", headers: authorization(idToken(claims{"exp": time.Now().Add(-time.Minute).Unix()})), change: func(w *world) { w.account.users["ann"].Enabled = false }, reason: authz.TokenExpired, mend: "Sign in again", warnings: []authz.Warning{authz.UserDisabled}},
		{name: "the validation expression", path: "/prod/pets", headers: authorization(idToken(nil)), change: func(w *world) { setExpression(w.deployed, "other") }, reason: authz.TokenAudience, mend: "(?:other)|" + clientID},
		{name: "an access token and the validation expression", path: "/prod/scoped", headers: authorization(accessToken(nil)), change: func(w *world) { setExpression(w.deployed, clientID) }, reason: authz.TokenAudience, mend: "path=/identityValidationExpression,value="},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld()
			if test.change != nil {
				test.change(w)
			}
			method := test.method
			if method == "" {
				method = "GET"
			}
			v := diagnosed(t, w.ask(t, method, test.path, test.headers...))
			whole(t, v, strings.TrimPrefix(strings.Join(test.headers[min(1, len(test.headers)):], ""), "Bearer "))
			if v.Reason != test.reason || v.Allowed || !v.Certain || v.ExitCode() != ExitRefused {
				t.Fatalf("got %s, allowed %v, certain %v: %s %v", v.Reason, v.Allowed, v.Certain, v.Sentence, v.Missing)
			}
			if len(v.Mend) == 0 || !strings.Contains(v.Mend[0], test.mend) {
				t.Errorf("mends %q, not %q", v.Mend, test.mend)
			}
			if !slices.Equal(v.Warnings, test.warnings) && len(v.Warnings)+len(test.warnings) > 0 {
				t.Errorf("warns of %v, not %v", v.Warnings, test.warnings)
			}
			failed := 0
			for _, c := range v.Checks {
				if c.Outcome == authz.Failed && c.Reason == test.reason {
					failed++
				}
			}
			if failed == 0 {
				t.Errorf("no check failed: %v", v.Checks)
			}
		})
	}
}

func setExpression(s *apigateway.Snapshot, expression string) {
	for i := range s.Authorizers {
		if *s.Authorizers[i].Value.Id == "auth" {
			s.Authorizers[i].Value.IdentityValidationExpression = &expression
		}
	}
}

func TestHealthyRequestsReportNothing(t *testing.T) {
	for _, test := range []struct {
		name, path string
		headers    []string
	}{
		{"an ID token", "/prod/pets", []string{"Authorization", idToken(nil)}},
		{"an ID token behind Bearer", "/prod/pets", []string{"Authorization", "Bearer " + idToken(nil)}},
		{"an access token with the scope", "/prod/scoped", []string{"Authorization", accessToken(nil)}},
		{"an open method", "/prod/open", nil},
		{"a path with a slash at the end", "/prod/open/", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			v := diagnosed(t, newWorld().ask(t, "GET", test.path, test.headers...))
			whole(t, v)
			if !v.Allowed || v.ExitCode() != ExitAllowed || len(v.Mend)+len(v.Warnings)+len(v.Missing) > 0 || v.Status != 200 {
				t.Errorf("got %+v", v)
			}
		})
	}
}
