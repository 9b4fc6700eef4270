package login

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/poolgate/poolgate/internal/clock"
	"github.com/poolgate/poolgate/internal/cognito"
	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/store"
)

const (
	testPool     = "eu-west-1_Example00"
	otherPool    = "eu-west-1_Other0000"
	testRegion   = "eu-west-1"
	testDomain   = "shop"
	testHost     = testDomain + ".auth." + testRegion + ".localhost:4566"
	callback     = "https://app.example.com/callback"
	signOut      = "https://app.example.com/bye"
	urlScope     = "https://api.example.com/read"
	testVerifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	// testChallenge is testVerifier's: both are RFC 7636's own example (appendix B).
	testChallenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
)

// fakePools answers for two pools, for the edges of the protocols that need no real user pool.
type fakePools struct {
	mu      sync.Mutex
	clients map[string]cognito.AppClient
	secrets map[string]string
	issued  []cognito.IssueRequest
	revoked []string
	// fail is what every method that issues or signs in answers with, when set.
	fail error
	// challenge is what SignIn answers with, when set.
	challenge *cognito.SignInResult
	// attributes are those SetNewPassword was given last.
	attributes map[string]string
}

func newFakePools() *fakePools {
	web := cognito.AppClient{
		Region: testRegion, PoolID: testPool, ClientID: "web", Name: "web", PoolName: "Shop <staff>", OAuthEnabled: true,
		Flows:        []types.OAuthFlowType{types.OAuthFlowTypeCode, types.OAuthFlowTypeImplicit},
		Scopes:       []string{"openid", "email", "rs/api", urlScope},
		CallbackURLs: []string{callback, "myapp://cb", "https://app.example.com/cb?tenant=a"}, LogoutURLs: []string{signOut},
		RevocationEnabled: true, RefreshTokenAllowed: true, UsernameLabels: []string{"username"},
	}
	confidential := web
	confidential.ClientID, confidential.HasSecret = "backend", true
	confidential.DefaultRedirectURI = callback
	codeOnly := web
	codeOnly.ClientID, codeOnly.Flows = "codeonly", []types.OAuthFlowType{types.OAuthFlowTypeCode}
	implicitOnly := web
	implicitOnly.ClientID, implicitOnly.Flows = "implicitonly", []types.OAuthFlowType{types.OAuthFlowTypeImplicit}
	machine := web
	machine.ClientID, machine.HasSecret, machine.Flows = "machine", true, []types.OAuthFlowType{types.OAuthFlowTypeClientCredentials}
	plain := web
	plain.ClientID, plain.OAuthEnabled, plain.RevocationEnabled, plain.RefreshTokenAllowed = "plain", false, false, false
	federated := web
	federated.ClientID, federated.IdentityProviders = "federated", []string{"Google"}
	foreign := web
	foreign.ClientID, foreign.PoolID = "foreign", otherPool

	f := &fakePools{clients: map[string]cognito.AppClient{}, secrets: map[string]string{"backend": "s3cret+/%", "machine": "machine-secret"}}
	for _, c := range []cognito.AppClient{web, confidential, codeOnly, implicitOnly, machine, plain, federated, foreign} {
		f.clients[c.ClientID] = c
	}
	return f
}

func (f *fakePools) OAuthClient(_ context.Context, id string) (cognito.AppClient, error) {
	c, ok := f.clients[id]
	if !ok {
		return c, fault.NotFound("ResourceNotFoundException", "User pool client %s does not exist.", id)
	}
	return c, nil
}

func (f *fakePools) PoolByDomain(_ context.Context, region, domain string) (string, error) {
	switch {
	case domain == testDomain && region == testRegion, domain == "login.example.com" && region == "":
		return testPool, nil
	}
	return "", fault.NotFound("ResourceNotFoundException", "Domain does not exist.")
}

func (f *fakePools) Domain(context.Context, string) (string, error) { return testDomain, nil }

func (f *fakePools) CheckClientSecret(_ context.Context, id, secret string) error {
	if want := f.secrets[id]; want == "" || want != secret {
		return fault.Unauthorized("NotAuthorizedException", "no")
	}
	return nil
}

func (f *fakePools) SignIn(_ context.Context, _, username, password string) (cognito.SignInResult, error) {
	if f.fail != nil {
		return cognito.SignInResult{}, f.fail
	}
	if password != "Right-1!" {
		return cognito.SignInResult{}, fault.Unauthorized("NotAuthorizedException", "Incorrect username or password.")
	}
	if f.challenge != nil {
		return *f.challenge, nil
	}
	return cognito.SignInResult{Username: username, Sub: "sub", AuthTime: time.Unix(1_700_000_000, 0)}, nil
}

func (f *fakePools) SetNewPassword(_ context.Context, _, session, password string, attributes map[string]string) (cognito.SignInResult, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.attributes = attributes
	switch {
	case session != "challenge-session":
		return cognito.SignInResult{}, fault.Unauthorized("NotAuthorizedException", "Invalid session for the user, session is expired.")
	case len(password) < 8:
		return cognito.SignInResult{}, fault.Invalid("InvalidPasswordException", "Password did not conform with policy: Password not long enough")
	}
	return cognito.SignInResult{Username: "ann", Sub: "sub", AuthTime: time.Unix(1_700_000_000, 0)}, nil
}

func (f *fakePools) IssueTokens(_ context.Context, r cognito.IssueRequest) (cognito.Tokens, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fail != nil {
		return cognito.Tokens{}, f.fail
	}
	f.issued = append(f.issued, r)
	t := cognito.Tokens{Access: "access-" + r.Username, ExpiresIn: 3600}
	for _, scope := range r.Scopes {
		if scope == "openid" {
			t.ID = "id-" + r.Username
		}
	}
	if r.Refresh {
		t.Refresh = "refresh-" + r.Username
	}
	return t, nil
}

func (f *fakePools) CheckSignedIn(context.Context, string, string, string, time.Time) error {
	return f.fail
}

func (f *fakePools) RefreshTokens(_ context.Context, _, token string) (cognito.Tokens, error) {
	if f.fail != nil {
		return cognito.Tokens{}, f.fail
	}
	if token != "refresh-ann" {
		return cognito.Tokens{}, fault.Unauthorized("NotAuthorizedException", "session expired")
	}
	return cognito.Tokens{ID: "id-2", Access: "access-2", ExpiresIn: 3600}, nil
}

func (f *fakePools) ClientCredentials(_ context.Context, _ string, scopes []string) (cognito.Tokens, error) {
	return cognito.Tokens{Access: strings.Join(scopes, " "), ExpiresIn: 60}, f.fail
}

func (f *fakePools) RevokeRefreshToken(_ context.Context, _, token string) error {
	f.revoked = append(f.revoked, token)
	if token == "an-access-token" {
		return fault.Invalid("UnsupportedTokenTypeException", "Unsupported token type")
	}
	return f.fail
}

func (f *fakePools) UserInfo(_ context.Context, token string) (map[string]any, error) {
	if f.fail != nil {
		return nil, f.fail
	}
	switch {
	case strings.Contains(token, "."):
		return map[string]any{"sub": "sub", "username": "ann", "email_verified": true}, nil
	}
	return nil, fault.Unauthorized("NotAuthorizedException", "Invalid Access Token")
}

func (f *fakePools) JWKS(context.Context, string) ([]byte, error) { return []byte(`{"keys":[]}`), nil }

func (f *fakePools) Discovery(_ context.Context, pool, base string) ([]byte, error) {
	return fmt.Appendf(nil, `{"issuer":"%s/%s"}`, base, pool), nil
}

// fixture is a handler over fake pools and a store in memory, and a browser's cookies.
type fixture struct {
	testing.TB
	pools   *fakePools
	clock   *clock.Clock
	handler *Handler
	host    string
	cookies map[string]string
}

func newFixture(t testing.TB) *fixture {
	t.Helper()
	f := &fixture{TB: t, pools: newFakePools(), clock: new(clock.Clock), host: testHost, cookies: map[string]string{}}
	s, err := store.Open(context.Background(), store.Options{Location: ":memory:", Now: f.clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	f.handler, err = New(Config{Pools: f.pools, Store: s, Clock: f.clock, BaseURL: "http://localhost:4566/"})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// do sends a request with the browser's cookies and keeps those of the answer.
func (f *fixture) do(r *http.Request) *http.Response {
	f.Helper()
	r.Host = f.host
	for name, value := range f.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	w := httptest.NewRecorder()
	f.handler.ServeHTTP(w, r)
	answer := w.Result()
	for _, c := range answer.Cookies() {
		if c.MaxAge < 0 {
			delete(f.cookies, c.Name)
		} else {
			f.cookies[c.Name] = c.Value
		}
	}
	return answer
}

func (f *fixture) get(target string) *http.Response {
	f.Helper()
	return f.do(httptest.NewRequest(http.MethodGet, target, nil))
}

func (f *fixture) post(target string, form url.Values, header ...string) *http.Response {
	f.Helper()
	r := httptest.NewRequest(http.MethodPost, target, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return f.do(r)
}

// signIn walks through the login page and gives the answer to the form.
func (f *fixture) signIn(query string) *http.Response {
	f.Helper()
	f.get("/login?" + query)
	return f.post("/login?"+query, url.Values{"username": {"ann"}, "password": {"Right-1!"}, "_csrf": {f.cookies[csrfCookie]}})
}

// code signs in and gives the authorization code.
func (f *fixture) code(query string) string {
	f.Helper()
	to, err := f.signIn(query).Location()
	if err != nil {
		f.Fatal(err)
	}
	return to.Query().Get("code")
}

// request is an authorization request for client web, with changes: "name=value" sets, "name" leaves out.
func request(changes ...string) string {
	q := url.Values{"client_id": {"web"}, "redirect_uri": {callback}, "response_type": {"code"}, "scope": {"openid"}, "state": {"s t+a/t&e=%"}}
	for _, change := range changes {
		name, value, set := strings.Cut(change, "=")
		if set {
			q.Set(name, value)
		} else {
			q.Del(name)
		}
	}
	return q.Encode()
}

// form makes form values out of "name=value" texts.
func form(pairs ...string) url.Values {
	v := url.Values{}
	for _, pair := range pairs {
		name, value, _ := strings.Cut(pair, "=")
		v.Add(name, value)
	}
	return v
}
