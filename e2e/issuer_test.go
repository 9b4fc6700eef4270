package e2e

import (
	"net/http"
	"strings"
	"testing"
)

// TestAnIssuerElsewhere has an HTTP API of one server take the tokens of another, as of any OpenID provider: found by discovery over HTTP, and still
// taken when the provider is killed, but not by a server that has never had its keys.
func TestAnIssuerElsewhere(t *testing.T) {
	elsewhere := serve(t).newPool(t, "elsewhere")
	tokens, issuer := elsewhere.pageSignIn(t, "openid "+customScope), elsewhere.issuer(t)
	here, fresh := serve(t), serve(t)
	open := here.newHTTPAPI(t, issuer, elsewhere.clientID)
	scoped := here.newHTTPAPI(t, issuer, elsewhere.clientID, customScope, "other/scope")
	other := here.newHTTPAPI(t, issuer, "another-client")
	neverAsked := fresh.newHTTPAPI(t, issuer, elsewhere.clientID)
	invalid := func(scopes, description string) string {
		return `Bearer scope="` + scopes + `" error="invalid_token" error_description="` + description + `"`
	}
	call := func(url, token string, status int, challenge, reason string) {
		t.Helper()
		header := http.Header{}
		if token != "" {
			header.Set("Authorization", "Bearer "+token)
		}
		got := send(t, http.MethodGet, url, "", header)
		if got.status != status || got.header.Get("Www-Authenticate") != challenge || got.header.Get("x-poolgate-reason") != reason {
			t.Errorf("%d %s %s %s", got.status, got.header.Get("Www-Authenticate"), got.header.Get("x-poolgate-reason"), got.body)
		}
		if want := map[int]string{200: "in", 401: `{"message":"Unauthorized"}`, 403: `{"message":"Forbidden"}`}[status]; got.body != want {
			t.Errorf("answered %q, want %q", got.body, want)
		}
	}
	both := customScope + " other/scope"
	call(open, tokens.id, 200, "", "")
	call(open, tokens.access, 200, "", "")
	call(scoped, tokens.access, 200, "", "")
	call(scoped, tokens.id, 403, `Bearer scope="`+both+`" error="insufficient_scope" error_description="the token does not have a valid scope"`, "scope_missing")
	call(scoped, "", 401, "Bearer", "identity_source_missing")
	call(scoped, "x", 401, invalid(both, "token contains an invalid number of segments"), "token_malformed")
	call(other, tokens.id, 401, invalid("", "the token does not have a valid audience"), "token_audience")
	call(open, tampered(tokens.id), 401, invalid("", "crypto/rsa: verification error"), "token_signature")
	call(open, elsewhere.passwordSignIn(t, "jo").access, 200, "", "")
	later := elsewhere.passwordSignIn(t, "jo").id

	elsewhere.kill()
	call(open, tokens.id, 200, "", "")
	call(open, later, 200, "", "") // verified for the first time with the last good keys
	call(neverAsked, later, 401, invalid("", "OIDC discovery endpoint communication error"), "keys_unavailable")
	here.moveClock(t, "25h")
	call(open, later, 401, invalid("", "the token has expired"), "token_expired")
	for _, p := range []*process{here, fresh} {
		if strings.Contains(p.stderr.String(), tokens.id) {
			t.Error("a token was logged")
		}
	}
}
