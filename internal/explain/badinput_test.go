package explain

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/internal/account"
)

// TestNothingWrongIsToldAsCertain goes through what may be missing or strange about a case.
func TestNothingWrongIsToldAsCertain(t *testing.T) {
	denied := []account.Gap{{Operation: "apigateway:GetRestApi", Permission: "apigateway:GET on arn:aws:apigateway:eu-west-1::/restapis/" + petsID, Kind: account.GapDenied}}
	for _, test := range []struct {
		name    string
		change  func(*Case, *fakeAccount)
		certain bool
		exit    int
		reason  authz.Reason
		missing string
	}{
		{name: "no credentials, an answer with many causes", change: func(c *Case, _ *fakeAccount) { c.Account = nil }, exit: ExitCannotTell, missing: "credentials"},
		{name: "no credentials, an answer with one cause", change: func(c *Case, _ *fakeAccount) {
			c.Account, c.Answer.Body = nil, []byte(`{"message":"The incoming token has expired"}`)
		}, certain: true, exit: ExitRefused, reason: authz.TokenExpired, missing: "credentials"},
		{name: "no permission for anything", change: func(c *Case, a *fakeAccount) { a.rest, a.gaps = nil, denied }, exit: ExitCannotTell, missing: "configuration"},
		{name: "an API that there is not", change: func(c *Case, a *fakeAccount) { a.rest = nil }, exit: ExitCannotTell, reason: authz.DomainMappingMissing, missing: "another account"},
		{name: "HTML", change: func(c *Case, _ *fakeAccount) {
			c.Answer = &Answer{Status: 403, Header: http.Header{"Content-Type": {"text/html"}}, Body: []byte("<html><body>no</body></html>")}
		}, exit: ExitCannotTell, reason: authz.IdentitySourceMissing, missing: "an answer of API Gateway itself"},
		{name: "CloudFront's own page", change: func(c *Case, _ *fakeAccount) {
			c.Answer = &Answer{Status: 403, Header: http.Header{"X-Amz-Cf-Id": {"x"}}, Body: []byte("<H1>403 ERROR</H1> Request blocked.")}
		}, certain: true, exit: ExitRefused, reason: authz.WAFBlocked},
		{name: "another answer than the account explains", change: func(c *Case, _ *fakeAccount) {
			c.Answer = &Answer{Status: 403, Header: http.Header{"X-Amzn-Errortype": {"MissingAuthenticationTokenException"}, "X-Amz-Apigw-Id": {"x"}}, Body: []byte(`{"message":"Missing Authentication Token"}`)}
		}, exit: ExitCannotTell, missing: "yet it was answered 403"},
		{name: "an answer of 200 where a refusal was expected", change: func(c *Case, _ *fakeAccount) { c.Answer = &Answer{Status: 200, Header: http.Header{}} },
			certain: true, exit: ExitAllowed, missing: "should have been refused"},
		{name: "an address of something else", change: func(c *Case, _ *fakeAccount) { c.Located = Located{Kind: NotAPIGateway, Host: "example.com"} }, exit: ExitCannotTell, missing: "the URL of an API"},
		{name: "the stage's definition could not be read, and nothing was sent", change: func(c *Case, a *fakeAccount) {
			c.Answer, a.rest.Stages["prod"].Snapshot = nil, nil
		}, exit: ExitCannotTell, reason: authz.IdentitySourceMissing, missing: "as it is edited"},
		{name: "the stage's definition could not be read, and the answer agrees", change: func(c *Case, a *fakeAccount) { a.rest.Stages["prod"].Snapshot = nil },
			certain: true, exit: ExitRefused, reason: authz.IdentitySourceMissing},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld()
			c := w.ask(t, "GET", "/prod/pets")
			test.change(&c, w.account)
			v := diagnosed(t, c)
			whole(t, v)
			if v.Certain != test.certain || v.ExitCode() != test.exit || test.reason != "" && v.Reason != test.reason {
				t.Errorf("certain %v, exit %d, reason %s: %s", v.Certain, v.ExitCode(), v.Reason, v.Sentence)
			}
			if test.missing != "" && !strings.Contains(strings.Join(v.Missing, "; "), test.missing) {
				t.Errorf("misses %q, not %q", v.Missing, test.missing)
			}
		})
	}
}

func TestTokensAreRecognisedHoweverTheyWerePasted(t *testing.T) {
	good := idToken(nil)
	for _, value := range []string{good, "Bearer " + good, "bearer  " + good, `"` + good + `"`, `Bearer "` + good + `"`, good[:40] + "\n" + good[40:], good[:40] + "\r\n  " + good[40:]} {
		if got := readToken(value); got == nil || got.poolID() != poolID || got.client != clientID || got.username != "ann" {
			t.Errorf("%.30q was read as %+v", value, got)
		}
	}
	for _, value := range []string{"", ".", "..", "a.b.c", "Bearer", "Bearer undefined", strings.Repeat("a", longestToken+1), "e30.W10.x", "e30.bnVsbA.x"} {
		if got := readToken(value); got != nil && got.poolID() != "" {
			t.Errorf("%.30q was read as a pool's token", value)
		}
	}
}

func TestATokenIsNotTakenForAPoolsByItsIssuersEnd(t *testing.T) {
	for _, issuer := range []string{"https://evil.example.com/eu-west-1_Abc123xyz?x", "https://a/../../x", strings.Repeat("a_", 100)} {
		if id := (&token{issuer: issuer}).poolID(); id != "" {
			t.Errorf("%q names the pool %q", issuer, id)
		}
	}
	w := newWorld()
	v := diagnosed(t, w.ask(t, "GET", "/prod/pets", "Authorization", idToken(claims{"iss": "https://evil.example.com/" + poolID})))
	if v.Reason != authz.TokenIssuer || !v.Certain {
		t.Errorf("got %s", v.Reason)
	}
}

func TestCustomDomains(t *testing.T) {
	for _, test := range []struct {
		name, path string
		mappings   []account.Mapping
		reason     authz.Reason
	}{
		{"mapped at a base path", "/shop/open", []account.Mapping{{BasePath: "shop", API: petsID, Stage: "prod"}}, ""},
		{"mapped at the root", "/open", []account.Mapping{{API: petsID, Stage: "prod"}}, ""},
		{"the base path left out", "/open", []account.Mapping{{BasePath: "shop", API: petsID, Stage: "prod"}}, authz.DomainMappingMissing},
		{"a base path is whole segments", "/shopping/open", []account.Mapping{{BasePath: "shop", API: petsID, Stage: "prod"}}, authz.DomainMappingMissing},
		{"a path that the API does not have", "/shop/nowhere", []account.Mapping{{BasePath: "shop", API: petsID, Stage: "prod"}}, authz.RouteNotFound},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld()
			c := w.ask(t, "GET", "/prod/open")
			w.account.domains = map[string]*account.Domain{"api.example.com": {Name: "api.example.com", Region: region, Mappings: test.mappings}}
			c.Answer, c.NotSent = nil, "it is a test"
			c.Request.URL, c.Located = "https://api.example.com"+test.path, Located{Kind: CustomDomain, Host: "api.example.com", Path: test.path}
			v := diagnosed(t, c)
			whole(t, v)
			if v.Reason != test.reason || v.Allowed != (test.reason == "") {
				t.Errorf("got %q, allowed %v: %s", v.Reason, v.Allowed, v.Sentence)
			}
		})
	}
}

func TestALambdaAuthorizerIsToldByItsAnswer(t *testing.T) {
	for _, test := range []struct {
		status           int
		errorType, body  string
		reason           authz.Reason
		policy           string
		rememberingIsToo bool
	}{
		{403, "AccessDeniedException", `{"Message":"User is not authorized to access this resource"}`, authz.AuthorizerDenied, "", true},
		{403, "AccessDeniedException", `{"Message":"User is not authorized to access this resource with an explicit deny"}`, authz.AuthorizerDeniedExplicitly, "", true},
		{401, "UnauthorizedException", `{"message":"Unauthorized"}`, authz.AuthorizerUnauthorized, "", false},
		{500, "AuthorizerConfigurationException", `{"message":null}`, authz.AuthorizerMisconfigured, "", false},
		{500, "AuthorizerConfigurationException", `{"message":null}`, authz.AuthorizerFailed, `{"Statement":[{"Effect":"Allow","Principal":{"Service":"apigateway.amazonaws.com"},"Action":"lambda:InvokeFunction","Condition":{"ArnLike":{"AWS:SourceArn":"arn:aws:execute-api:eu-west-1:000000000000:` + petsID + `/authorizers/*"}}}]}`, false},
	} {
		w := newWorld()
		w.account.policy = test.policy
		c := w.ask(t, "GET", "/prod/asked", "Authorization", "whatever")
		c.Answer = &Answer{Status: test.status, Header: http.Header{"X-Amzn-Errortype": {test.errorType}, "X-Amz-Apigw-Id": {"x"}}, Body: []byte(test.body)}
		v := diagnosed(t, c)
		whole(t, v)
		if v.Reason != test.reason || !v.Certain {
			t.Errorf("%s %s: got %s, certain %v, %v", test.errorType, test.body, v.Reason, v.Certain, v.Missing)
		}
		if told := contains(v.Warnings, authz.AuthorizerRemembers); told != test.rememberingIsToo {
			t.Errorf("%s: warns of %v", test.reason, v.Warnings)
		}
	}
}

func contains(all []authz.Warning, one authz.Warning) bool {
	for _, w := range all {
		if w == one {
			return true
		}
	}
	return false
}

func TestACaseWithoutARequest(t *testing.T) {
	if _, err := Diagnose(t.Context(), Case{}); err == nil {
		t.Error("no error")
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Diagnose(ended, Case{Request: Request{Method: "GET", URL: "https://" + host}}); err == nil {
		t.Error("no error of the context")
	}
}

func TestScopesRootFirst(t *testing.T) {
	for _, test := range []struct {
		name, root string
		change     func(*account.Pool)
		scope      string
	}{
		{"no such scope in the pool", checkResourceServer, func(p *account.Pool) { p.ResourceServers = nil }, "openid"},
		{"a client without OAuth flows", checkOAuthFlow, func(p *account.Pool) {
			c := p.Clients[clientID]
			c.AllowedOAuthFlowsUserPoolClient, c.AllowedOAuthFlows = aws.Bool(false), nil
		}, adminScope},
		{"a client that may not be granted it", checkClientScope, func(*account.Pool) {}, "openid"},
		{"a token that is older than the client's change", checkTokenAge, func(p *account.Pool) {
			c := p.Clients[clientID]
			c.AllowedOAuthScopes, c.LastModifiedDate = []string{"openid", "pets/write"}, aws.Time(time.Now())
		}, "openid"},
		{"a scope that was not asked for", checkScopeAsked, func(p *account.Pool) { p.Clients[clientID].AllowedOAuthScopes = []string{"openid", "pets/write"} }, "openid"},
		{"a token from the API", checkScopeAsked, func(p *account.Pool) {
			c := p.Clients[clientID]
			c.AllowedOAuthScopes, c.LastModifiedDate = []string{"openid", "pets/write"}, aws.Time(time.Now())
		}, adminScope},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld()
			test.change(w.account.pools[poolID])
			v := diagnosed(t, w.ask(t, "GET", "/prod/write", "Authorization", accessToken(claims{"scope": test.scope})))
			whole(t, v)
			var failed []string
			for _, c := range v.Checks {
				if c.Outcome == authz.Failed && c.Name != "scope" {
					failed = append(failed, c.Name)
				}
			}
			if v.Reason != authz.ScopeMissing || len(failed) != 1 || failed[0] != test.root {
				t.Errorf("%s: %v, not %s", v.Reason, failed, test.root)
			}
		})
	}
}
