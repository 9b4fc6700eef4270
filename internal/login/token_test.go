package login

import (
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/poolgate/poolgate/internal/fault"
)

func read(t *testing.T, answer *http.Response) string {
	t.Helper()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func basic(id, secret string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(id+":"+secret))
}

func TestTokenOfACode(t *testing.T) {
	f := newFixture(t)
	query := request("code_challenge="+testChallenge, "code_challenge_method=S256", "nonce=n", "scope=openid "+urlScope)
	code := f.code(query)
	answer := f.post("/oauth2/token", form("grant_type=authorization_code", "client_id=web", "code="+code, "redirect_uri="+callback, "code_verifier="+testVerifier))
	want := `{"id_token":"id-ann","access_token":"access-ann","refresh_token":"refresh-ann","expires_in":3600,"token_type":"Bearer"}`
	if got := read(t, answer); answer.StatusCode != http.StatusOK || got != want {
		t.Errorf("%d %s", answer.StatusCode, got)
	}
	issued := f.pools.issued[0]
	if !issued.Refresh || issued.Nonce != "n" || issued.Username != "ann" || !issued.AuthTime.Equal(time.Unix(1_700_000_000, 0)) {
		t.Errorf("asked for %+v", issued)
	}
	if diff := cmp.Diff([]string{"openid", urlScope}, issued.Scopes); diff != "" {
		t.Error(diff)
	}
	for name, want := range map[string]string{
		"Content-Type": "application/json;charset=UTF-8", "Access-Control-Allow-Origin": "*", "Pragma": "no-cache", "Expires": "0",
		"Cache-Control": "no-cache, no-store, max-age=0, must-revalidate", "X-Content-Type-Options": "nosniff",
		"X-XSS-Protection": "1; mode=block", "X-Frame-Options": "DENY", "Server": "Server", "Strict-Transport-Security": "",
	} {
		if got := answer.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

func TestTokenWithoutOpenIDHasNoIDTokenKey(t *testing.T) {
	f := newFixture(t)
	code := f.code(request("scope=" + urlScope))
	got := read(t, f.post("/oauth2/token", form("grant_type=authorization_code", "client_id=web", "code="+code, "redirect_uri="+callback)))
	if want := `{"access_token":"access-ann","refresh_token":"refresh-ann","expires_in":3600,"token_type":"Bearer"}`; got != want {
		t.Errorf("got %s", got)
	}
}

func TestTokenRefusals(t *testing.T) {
	const pkce = "pkce"
	good := []string{"grant_type=authorization_code", "client_id=web", "redirect_uri=" + callback}
	with := func(more ...string) []string { return append(append([]string{}, good...), more...) }
	for _, test := range []struct {
		name string
		// query is the authorization request whose code stands for CODE.
		query  string
		form   []string
		header []string
		body   string
	}{
		{name: "no client", form: []string{"grant_type=refresh_token"}, body: `{"error":"invalid_client"}`},
		{name: "an unknown client", form: []string{"client_id=nobody"}, body: `{"error":"invalid_client"}`},
		{name: "a client of another pool", form: []string{"client_id=foreign", "grant_type=refresh_token", "refresh_token=refresh-ann"}, body: `{"error":"invalid_client"}`},
		{name: "a secret missing", form: []string{"client_id=backend"}, body: `{"error":"invalid_client"}`},
		{name: "a wrong secret in the form", form: []string{"client_id=backend", "client_secret=x"}, body: `{"error":"invalid_client","error_description":"invalid_client_secret"}`},
		{name: "a wrong secret in the header", header: []string{"Authorization", basic("backend", "x")}, body: `{"error":"invalid_client","error_description":"invalid_client_secret"}`},
		{name: "a secret for a client that has none", form: []string{"client_id=web", "client_secret=x"}, body: `{"error":"invalid_client","error_description":"invalid_client_secret"}`},
		{name: "two authentications", form: []string{"client_id=backend", "client_secret=s3cret+/%"}, header: []string{"Authorization", basic("backend", "s3cret+/%")}, body: `{"error":"invalid_request"}`},
		{name: "two clients", form: []string{"client_id=web"}, header: []string{"Authorization", basic("backend", "s3cret+/%")}, body: `{"error":"invalid_request"}`},
		{name: "a header that is not base64", header: []string{"Authorization", "Basic !!"}, body: `{"error":"invalid_client"}`},
		{name: "no grant_type", form: []string{"client_id=web"}, body: `{"error":"invalid_request"}`},
		{name: "the password grant", form: []string{"client_id=web", "grant_type=password"}, body: `{"error":"unsupported_grant_type"}`},
		{name: "a grant the client may not use", form: []string{"client_id=implicitonly", "grant_type=authorization_code", "code=x"}, body: `{"error":"unauthorized_client"}`},
		{name: "client_credentials without a secret", form: []string{"client_id=web", "grant_type=client_credentials"}, body: `{"error":"unauthorized_client"}`},
		{name: "refresh not allowed", form: []string{"client_id=plain", "grant_type=refresh_token", "refresh_token=x"}, body: `{"error":"unauthorized_client"}`},
		{name: "a repeated parameter", form: []string{"client_id=web", "client_id=web"}, body: `{"error":"invalid_request"}`},
		{name: "no code", form: good, body: `{"error":"invalid_request"}`},
		{name: "an unknown code", form: with("code=0b2f6c1e-0000-4000-8000-000000000000"), body: `{"error":"invalid_grant"}`},
		{name: "another client's code", query: request(), form: []string{"grant_type=authorization_code", "client_id=codeonly", "code=CODE", "redirect_uri=" + callback}, body: `{"error":"invalid_grant"}`},
		{name: "another redirect_uri", query: request(), form: []string{"grant_type=authorization_code", "client_id=web", "code=CODE", "redirect_uri=" + callback + "/"}, body: `{"error":"unauthorized_client","error_description":"invalid_redirect"}`},
		{name: "no redirect_uri", query: request(), form: []string{"grant_type=authorization_code", "client_id=web", "code=CODE"}, body: `{"error":"invalid_request"}`},
		{name: "a wrong verifier", query: pkce, form: with("code=CODE", "code_verifier="+strings.Repeat("x", 43)), body: `{"error":"invalid_grant"}`},
		{name: "no verifier", query: pkce, form: with("code=CODE"), body: `{"error":"invalid_grant"}`},
		{name: "the challenge as verifier", query: pkce, form: with("code=CODE", "code_verifier="+testChallenge), body: `{"error":"invalid_grant"}`},
		{name: "a verifier nobody asked for", query: request(), form: with("code=CODE", "code_verifier="+testVerifier), body: `{"error":"invalid_grant"}`},
		{name: "no refresh token", form: []string{"client_id=web", "grant_type=refresh_token"}, body: `{"error":"invalid_request"}`},
		{name: "a refresh token of before the scopes changed", form: []string{"client_id=web", "grant_type=refresh_token", "refresh_token=old"}, body: `{"error":"invalid_grant","error_description":"session expired"}`},
		{name: "a machine's scope that is not allowed", form: []string{"grant_type=client_credentials", "scope=rs/other"}, header: []string{"Authorization", basic("machine", "machine-secret")}, body: `{"error":"invalid_scope"}`},
		{name: "a user's scope for a machine", form: []string{"grant_type=client_credentials", "scope=openid"}, header: []string{"Authorization", basic("machine", "machine-secret")}, body: `{"error":"invalid_scope"}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := newFixture(t)
			sent := form(test.form...)
			if test.query != "" {
				query := test.query
				if query == pkce {
					query = request("code_challenge="+testChallenge, "code_challenge_method=S256")
				}
				sent.Set("code", f.code(query))
			}
			answer := f.post("/oauth2/token", sent, test.header...)
			if got := read(t, answer); answer.StatusCode != http.StatusBadRequest || got != test.body {
				t.Errorf("%d %s, want 400 %s", answer.StatusCode, got, test.body)
			}
			if len(f.pools.issued) > 0 {
				t.Errorf("tokens were issued: %+v", f.pools.issued)
			}
		})
	}
}

func TestTokenWantsAPostedForm(t *testing.T) {
	f := newFixture(t)
	for name, r := range map[string]*http.Request{
		"GET":       httptest.NewRequest(http.MethodGet, "/oauth2/token?client_id=web", nil),
		"JSON":      withType(httptest.NewRequest(http.MethodPost, "/oauth2/token", strings.NewReader(`{"client_id":"web"}`)), "application/json"),
		"no type":   httptest.NewRequest(http.MethodPost, "/oauth2/token", strings.NewReader("client_id=web")),
		"multipart": withType(httptest.NewRequest(http.MethodPost, "/oauth2/token", strings.NewReader("")), "multipart/form-data; boundary=x"),
	} {
		answer := f.do(r)
		if body := read(t, answer); answer.StatusCode != http.StatusMethodNotAllowed || body != "" {
			t.Errorf("%s: %d %q", name, answer.StatusCode, body)
		}
	}
}

func withType(r *http.Request, mediaType string) *http.Request {
	r.Header.Set("Content-Type", mediaType)
	return r
}

func TestAFormThatIsTooLargeIsRefused(t *testing.T) {
	f := newFixture(t)
	answer := f.post("/oauth2/token", url.Values{"client_id": {strings.Repeat("x", maxForm)}})
	if got := read(t, answer); answer.StatusCode != http.StatusRequestEntityTooLarge || got != `{"error":"invalid_request"}` {
		t.Errorf("%d %s", answer.StatusCode, got)
	}
}

func TestACodeIsGoodOnceAndForFiveMinutes(t *testing.T) {
	f := newFixture(t)
	redeem := func(code string) int {
		return f.post("/oauth2/token", form("grant_type=authorization_code", "client_id=web", "code="+code, "redirect_uri="+callback)).StatusCode
	}
	code := f.code(request())
	if got := redeem(code); got != http.StatusOK {
		t.Fatalf("first use: %d", got)
	}
	if got := redeem(code); got != http.StatusBadRequest {
		t.Errorf("second use: %d", got)
	}
	code = f.code(request())
	f.clock.Advance(codeLife)
	if got := redeem(code); got != http.StatusBadRequest {
		t.Errorf("after five minutes: %d", got)
	}
	code = f.code(request("prompt=login"))
	f.clock.Advance(codeLife - time.Second)
	if got := redeem(code); got != http.StatusOK {
		t.Errorf("within five minutes: %d", got)
	}
}

func TestARefusedRequestDoesNotSpoilTheCode(t *testing.T) {
	f := newFixture(t)
	code := f.code(request("code_challenge="+testChallenge, "code_challenge_method=S256"))
	sent := form("grant_type=authorization_code", "client_id=web", "code="+code, "redirect_uri="+callback, "code_verifier="+strings.Repeat("x", 43))
	if got := f.post("/oauth2/token", sent).StatusCode; got != http.StatusBadRequest {
		t.Fatalf("wrong verifier: %d", got)
	}
	sent.Set("code_verifier", testVerifier)
	if got := f.post("/oauth2/token", sent).StatusCode; got != http.StatusOK {
		t.Errorf("right verifier: %d", got)
	}
}

func TestOfManyRequestsWithOneCodeOneSucceeds(t *testing.T) {
	f := newFixture(t)
	sent := form("grant_type=authorization_code", "client_id=web", "code="+f.code(request()), "redirect_uri="+callback).Encode()
	var good sync.Map
	var wait sync.WaitGroup
	for i := range 8 {
		wait.Go(func() {
			r := withType(httptest.NewRequest(http.MethodPost, "/oauth2/token", strings.NewReader(sent)), "application/x-www-form-urlencoded")
			r.Host = testHost
			w := httptest.NewRecorder()
			f.handler.ServeHTTP(w, r)
			if w.Code == http.StatusOK {
				good.Store(i, true)
			}
		})
	}
	wait.Wait()
	count := 0
	good.Range(func(any, any) bool { count++; return true })
	if count != 1 {
		t.Errorf("%d requests got tokens", count)
	}
}

func TestClientsAuthenticateInEveryWay(t *testing.T) {
	for _, test := range []struct {
		name   string
		form   []string
		header []string
	}{
		{"in the form", []string{"client_id=backend", "client_secret=s3cret+/%"}, nil},
		{"in the header, as it is", nil, []string{"Authorization", basic("backend", "s3cret+/%")}},
		{"in the header, form-encoded", nil, []string{"Authorization", basic("backend", url.QueryEscape("s3cret+/%"))}},
		{"in the header, and named in the form", []string{"client_id=backend"}, []string{"Authorization", basic("backend", "s3cret+/%")}},
		{"a public client in the form", []string{"client_id=web"}, nil},
		{"a public client in the header", nil, []string{"Authorization", basic("web", "")}},
		{"a public client with an empty secret", []string{"client_id=web", "client_secret="}, nil},
		{"a public client beside another scheme", []string{"client_id=web"}, []string{"Authorization", "Bearer x"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			answer := newFixture(t).post("/oauth2/token", form(append(test.form, "grant_type=refresh_token", "refresh_token=refresh-ann")...), test.header...)
			if got, want := read(t, answer), `{"id_token":"id-2","access_token":"access-2","expires_in":3600,"token_type":"Bearer"}`; got != want {
				t.Errorf("got %s", got)
			}
		})
	}
}

func TestClientCredentials(t *testing.T) {
	for _, test := range []struct{ name, scope, granted string }{
		{"no scope means all custom ones", "", "rs/api " + urlScope},
		{"a resource server named by a URL", urlScope, urlScope},
		{"a scope twice", "rs/api rs/api", "rs/api"},
	} {
		t.Run(test.name, func(t *testing.T) {
			answer := newFixture(t).post("/oauth2/token", form("grant_type=client_credentials", "scope="+test.scope), "Authorization", basic("machine", "machine-secret"))
			if got, want := read(t, answer), `{"access_token":"`+test.granted+`","expires_in":60,"token_type":"Bearer"}`; got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
}

func TestUserInfo(t *testing.T) {
	token := func(issuer string) string {
		return "e30." + base64.RawURLEncoding.EncodeToString([]byte(`{"iss":"`+issuer+`"}`)) + ".c2ln"
	}
	ours := token("http://localhost:4566/" + testPool)
	const badRequest = `error="invalid_request", error_description="Bad OAuth2 request at UserInfo Endpoint"`
	const badToken = `error="invalid_token", error_description="Access token is expired, disabled, or deleted, or the user has globally signed out."`
	for _, test := range []struct {
		name, method, authorization, form string
		status                            int
		challenge                         string
	}{
		{"a good token", "GET", "Bearer " + ours, "", 200, ""},
		{"the scheme in small letters", "GET", "bearer " + ours, "", 200, ""},
		{"by POST", "POST", "Bearer " + ours, "", 200, ""},
		{"in a form", "POST", "", "access_token=" + ours, 200, ""},
		{"in both", "POST", "Bearer " + ours, "access_token=" + ours, 400, badRequest},
		{"no token", "GET", "", "", 400, badRequest},
		{"another scheme", "GET", "Basic " + ours, "", 400, badRequest},
		{"two tokens", "GET", "Bearer a b", "", 400, badRequest},
		{"a bad token", "GET", "Bearer nonsense", "", 401, badToken},
		{"a token of another pool", "GET", "Bearer " + token("http://localhost:4566/"+otherPool), "", 401, badToken},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := newFixture(t)
			r := httptest.NewRequest(test.method, "/oauth2/userInfo", strings.NewReader(test.form))
			if test.form != "" {
				withType(r, "application/x-www-form-urlencoded")
			}
			if test.authorization != "" {
				r.Header.Set("Authorization", test.authorization)
			}
			answer := f.do(r)
			if answer.StatusCode != test.status || answer.Header.Get("WWW-Authenticate") != test.challenge {
				t.Errorf("%d %s", answer.StatusCode, answer.Header.Get("WWW-Authenticate"))
			}
			if test.status == 200 {
				if got, want := read(t, answer), `{"email_verified":"true","sub":"sub","username":"ann"}`; got != want {
					t.Errorf("got %s, want %s", got, want)
				}
			}
		})
	}
}

func TestRevoke(t *testing.T) {
	for _, test := range []struct {
		name   string
		form   []string
		header []string
		fail   error
		status int
		body   string
	}{
		{name: "a token", form: []string{"client_id=web", "token=refresh-ann"}, status: 200},
		{name: "a token of a client with a secret", form: []string{"token=x"}, header: []string{"Authorization", basic("backend", "s3cret+/%")}, status: 200},
		{name: "a token that is none", form: []string{"client_id=web", "token=x"}, fail: fault.NotFound("ResourceNotFoundException", "no"), status: 200},
		{name: "no token", form: []string{"client_id=web"}, status: 400, body: `{"error":"invalid_request"}`},
		{name: "revocation is off", form: []string{"client_id=plain", "token=x"}, status: 400, body: `{"error":"invalid_request"}`},
		{name: "not a refresh token", form: []string{"client_id=web", "token=an-access-token"}, status: 400, body: `{"error":"unsupported_token_type"}`},
		{name: "no client", form: []string{"token=x"}, status: 401, body: `{"error":"invalid_client"}`},
		{name: "a wrong secret", form: []string{"token=x"}, header: []string{"Authorization", basic("backend", "x")}, status: 401, body: `{"error":"invalid_client","error_description":"invalid_client_secret"}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := newFixture(t)
			f.pools.fail = test.fail
			answer := f.post("/oauth2/revoke", form(test.form...), test.header...)
			if got := read(t, answer); answer.StatusCode != test.status || got != test.body {
				t.Errorf("%d %q", answer.StatusCode, got)
			}
		})
	}
}

func TestScriptsOfOtherOriginsMayCall(t *testing.T) {
	f := newFixture(t)
	for _, path := range []string{"/oauth2/token", "/oauth2/userInfo", "/oauth2/revoke"} {
		r := httptest.NewRequest(http.MethodOptions, path, nil)
		r.Header.Set("Origin", "https://app.example.com")
		r.Header.Set("Access-Control-Request-Headers", "authorization, content-type")
		answer := f.do(r)
		if answer.StatusCode != http.StatusOK || answer.Header.Get("Access-Control-Allow-Origin") != "*" ||
			!strings.Contains(answer.Header.Get("Access-Control-Allow-Methods"), "POST") ||
			answer.Header.Get("Access-Control-Allow-Headers") != "authorization, content-type" {
			t.Errorf("%s: %d %v", path, answer.StatusCode, answer.Header)
		}
		if got := f.post(path, nil).Header.Get("Access-Control-Allow-Origin"); got != "*" {
			t.Errorf("%s: an error without the header: %q", path, got)
		}
	}
	if got := f.get("/login?" + request()).Header.Get("Access-Control-Allow-Origin"); got != "" {
		t.Errorf("the page is open to other origins: %q", got)
	}
}
