package login

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

func TestAuthorizeRefusals(t *testing.T) {
	const state = "s%20t%2Ba%2Ft%26e%3D%25"
	for _, test := range []struct {
		name, query, location string
	}{
		{"a scope that is not allowed: description, state, error, in this order", request("scope=openid rs/other"),
			callback + "?error_description=invalid_scope&state=" + state + "&error=invalid_request"},
		{"the same for the implicit grant: in the fragment", request("scope=openid offline_access", "response_type=token"),
			callback + "#error_description=invalid_scope&state=" + state + "&error=invalid_request"},
		{"the same without state", request("scope=x", "state"), callback + "?error_description=invalid_scope&error=invalid_request"},
		{"email without openid", request("scope=email"), callback + "?error_description=invalid_scope&state=" + state + "&error=invalid_request"},
		{"the same to an app's own scheme", request("scope=x", "redirect_uri=myapp://cb", "state"), "myapp://cb?error_description=invalid_scope&error=invalid_request"},
		{"the same to a callback with a query", request("scope=x", "redirect_uri=https://app.example.com/cb?tenant=a", "state"),
			"https://app.example.com/cb?tenant=a&error_description=invalid_scope&error=invalid_request"},
		{"an unregistered redirect_uri", request("redirect_uri=https://evil.example.com/"), "/error?error=redirect_mismatch&client_id=web"},
		{"a redirect_uri with a slash too many", request("redirect_uri=" + callback + "/"), "/error?error=redirect_mismatch&client_id=web"},
		{"an unknown client", request("client_id=nobody"), "/error?error=unauthorized_client&client_id=nobody"},
		{"a client of another pool", request("client_id=foreign"), "/error?error=unauthorized_client&client_id=foreign"},
		{"a client id that cannot be one", request("client_id=<b>"), "/error?error=unauthorized_client"},
		{"no client", request("client_id"), "/error?error=Required%20String%20parameter%20%27client_id%27%20is%20not%20present"},
		{"no redirect_uri and no default", request("redirect_uri"), "/error?error=Required%20String%20parameter%20%27redirect_uri%27%20is%20not%20present&client_id=web"},
		{"no response_type", request("response_type", "state"), callback + "?error=invalid_request"},
		{"a response_type there is not", request("response_type=id_token", "state=x"), callback + "?state=x&error=unsupported_response_type"},
		{"the implicit grant not allowed", request("client_id=codeonly", "response_type=token", "state=x"), callback + "#state=x&error=unauthorized_client"},
		{"the code grant not allowed", request("client_id=implicitonly", "state=x"), callback + "?state=x&error=unauthorized_client"},
		{"a client not enabled for OAuth", request("client_id=plain", "state"), callback + "?error=unauthorized_client"},
		{"code_challenge without method", request("code_challenge="+testChallenge, "state"), callback + "?error=invalid_request"},
		{"method plain", request("code_challenge="+testChallenge, "code_challenge_method=plain", "state"), callback + "?error=invalid_request"},
		{"method without code_challenge", request("code_challenge_method=S256", "state"), callback + "?error=invalid_request"},
		{"code_challenge that is no SHA-256", request("code_challenge=abc", "code_challenge_method=S256", "state"), callback + "?error=invalid_request"},
		{"an identity provider the client has not", request("identity_provider=Google", "state"), callback + "?error=invalid_request"},
		{"a client without the pool's own sign-in", request("client_id=federated", "state"), callback + "?error=invalid_request"},
		{"a repeated parameter", request("state") + "&nonce=1&nonce=2", callback + "?error=invalid_request"},
		{"a parameter that is not UTF-8", request("state") + "&nonce=%ff", callback + "?error=invalid_request"},
		{"a parameter that is not encoded", request("state") + "&nonce=%zz", callback + "?error=invalid_request"},
		{"an over-long parameter", request("state") + "&nonce=" + strings.Repeat("n", maxQuery), "/error?error=invalid_request"},
		{"prompt=none without a session", request("prompt=none", "state=x"), callback + "?state=x&error=login_required"},
		{"prompt=none with another prompt", request("prompt=none login", "state"), callback + "?error=invalid_request"},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, path := range []string{"/oauth2/authorize?", "/login?"} {
				answer := newFixture(t).get(path + test.query)
				if answer.StatusCode != http.StatusFound || answer.Header.Get("Location") != test.location {
					t.Errorf("%s: %d %s, want 302 %s", path, answer.StatusCode, answer.Header.Get("Location"), test.location)
				}
			}
		})
	}
}

func TestAuthorizeLeadsToTheLoginPageWithTheSameParameters(t *testing.T) {
	f := newFixture(t)
	check := func(answer *http.Response) {
		t.Helper()
		to, err := url.Parse(answer.Header.Get("Location"))
		if err != nil || answer.StatusCode != http.StatusFound || to.Path != "/login" || to.Host != "" {
			t.Fatalf("%d %v %v", answer.StatusCode, to, err)
		}
		if got := to.Query().Encode(); got != request("nonce=n") {
			t.Errorf("got %s, want %s", got, request("nonce=n"))
		}
	}
	check(f.get("/oauth2/authorize?" + request("nonce=n")))
	sent, _ := url.ParseQuery(request("nonce=n"))
	check(f.post("/oauth2/authorize", sent))
}

func TestTheDefaultRedirectURIStandsInForAMissingOne(t *testing.T) {
	f := newFixture(t)
	code := f.code(request("client_id=backend", "redirect_uri"))
	answer := f.post("/oauth2/token", form("grant_type=authorization_code", "code="+code, "client_id=backend", "client_secret=s3cret+/%"))
	if answer.StatusCode != http.StatusOK {
		t.Errorf("status %d %s", answer.StatusCode, read(t, answer))
	}
}

func TestSignInGoesBackToTheClientWithCodeAndState(t *testing.T) {
	f := newFixture(t)
	answer := f.signIn(request("scope"))
	if answer.StatusCode != http.StatusFound || answer.Header.Get("Content-Length") != "0" {
		t.Fatalf("status %d, length %s", answer.StatusCode, answer.Header.Get("Content-Length"))
	}
	rest, ok := strings.CutPrefix(answer.Header.Get("Location"), callback+"?code=")
	code, state, found := strings.Cut(rest, "&state=")
	if !ok || !found || state != "s%20t%2Ba%2Ft%26e%3D%25" {
		t.Errorf("Location %s", answer.Header.Get("Location"))
	}
	if _, err := uuid.Parse(code); err != nil {
		t.Errorf("code %s: %v", code, err)
	}
}

func TestTheImplicitGrantAnswersInTheFragment(t *testing.T) {
	f := newFixture(t)
	got := f.signIn(request("response_type=token", "nonce=n", "state=x")).Header.Get("Location")
	if want := callback + "#id_token=id-ann&access_token=access-ann&token_type=bearer&expires_in=3600&state=x"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if issued := f.pools.issued[0]; issued.Refresh || issued.Nonce != "n" {
		t.Errorf("asked for %+v", issued)
	}
	got = f.signIn(request("response_type=token", "scope="+urlScope, "state", "prompt=login")).Header.Get("Location")
	if want := callback + "#access_token=access-ann&token_type=bearer&expires_in=3600"; got != want {
		t.Errorf("without openid: got %s, want %s", got, want)
	}
}

func TestARememberedSignInSkipsThePage(t *testing.T) {
	f := newFixture(t)
	f.signIn(request())
	silent := func(query string) bool {
		t.Helper()
		return strings.HasPrefix(f.get("/oauth2/authorize?"+query).Header.Get("Location"), callback+"?code=")
	}
	for _, test := range []struct {
		name, query string
		want        bool
	}{
		{"as before", request(), true},
		{"another client of the pool", request("client_id=codeonly"), true},
		{"prompt=none", request("prompt=none"), true},
		{"prompt=login", request("prompt=login"), false},
		{"prompt=select_account", request("prompt=select_account"), false},
	} {
		if got := silent(test.query); got != test.want {
			t.Errorf("%s: silent %v, want %v", test.name, got, test.want)
		}
	}
	f.host = "localhost:4566"
	answer := f.get(PathPrefix + "/oauth2/authorize?" + request("client_id=foreign"))
	if got := answer.Header.Get("Location"); !strings.HasPrefix(got, PathPrefix+"/login?") {
		t.Errorf("a client of another pool: %s", got)
	}
	f.host = testHost
	f.clock.Advance(sessionLife - time.Minute)
	if !silent(request()) {
		t.Error("forgotten before the hour was over")
	}
	f.clock.Advance(time.Minute)
	if silent(request()) {
		t.Error("remembered for more than an hour")
	}
}

func TestLogoutEndsTheSession(t *testing.T) {
	for _, test := range []struct{ name, query, location string }{
		{"logout_uri", "client_id=web&logout_uri=" + url.QueryEscape(signOut), signOut},
		{"redirect_uri", "client_id=web&response_type=code&redirect_uri=" + url.QueryEscape(callback) + "&state=x",
			"/login?client_id=web&response_type=code&redirect_uri=" + url.QueryEscape(callback) + "&state=x"},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := newFixture(t)
			f.signIn(request())
			session := f.cookies[sessionCookie]
			answer := f.get("/logout?" + test.query)
			if got := answer.Header.Get("Location"); answer.StatusCode != http.StatusFound || got != test.location {
				t.Fatalf("%d %s, want %s", answer.StatusCode, got, test.location)
			}
			if f.cookies[sessionCookie] != "" {
				t.Error("the cookie is still there")
			}
			f.cookies[sessionCookie] = session
			if got := f.get("/oauth2/authorize?" + request()).Header.Get("Location"); !strings.HasPrefix(got, "/login?") {
				t.Errorf("a kept cookie still signs in: %s", got)
			}
		})
	}
}

func TestLogoutRefusals(t *testing.T) {
	for _, test := range []struct{ name, query, location string }{
		{"nothing but the client", "client_id=web", "/error?error=Required%20String%20parameter%20%27redirect_uri%27%20is%20not%20present&client_id=web"},
		{"an unregistered logout_uri", "client_id=web&logout_uri=https://evil.example.com", "/error?error=redirect_mismatch&client_id=web"},
		{"a callback as logout_uri", "client_id=web&logout_uri=" + callback, "/error?error=redirect_mismatch&client_id=web"},
		{"an unregistered redirect_uri", "client_id=web&response_type=code&redirect_uri=https://evil.example.com", "/error?error=redirect_mismatch&client_id=web"},
		{"redirect_uri without response_type", "client_id=web&redirect_uri=" + callback, "/error?error=Required%20String%20parameter%20%27response_type%27%20is%20not%20present&client_id=web"},
		{"no client", "logout_uri=" + signOut, "/error?error=Required%20String%20parameter%20%27client_id%27%20is%20not%20present"},
		{"an unknown client", "client_id=nobody&logout_uri=" + signOut, "/error?error=unauthorized_client&client_id=nobody"},
		{"a client of another pool", "client_id=foreign&logout_uri=" + signOut, "/error?error=unauthorized_client&client_id=foreign"},
		{"a repeated parameter", "client_id=web&logout_uri=" + signOut + "&logout_uri=" + signOut, "/error?error=invalid_request&client_id=web"},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := newFixture(t)
			f.signIn(request())
			if got := f.get("/logout?" + test.query).Header.Get("Location"); got != test.location {
				t.Errorf("got %s, want %s", got, test.location)
			}
			if f.cookies[sessionCookie] == "" {
				t.Error("signed out all the same")
			}
		})
	}
}
