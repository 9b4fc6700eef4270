package login_test

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"html"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/poolgate/poolgate/internal/clock"
	"github.com/poolgate/poolgate/internal/cognito"
	"github.com/poolgate/poolgate/internal/login"
	"github.com/poolgate/poolgate/internal/store"
	"github.com/poolgate/poolgate/internal/wire"
)

const (
	region    = "eu-west-1"
	domain    = "shop"
	callback  = "https://app.example.com/callback"
	signOut   = "https://app.example.com/bye"
	urlScope  = "https://api.example.com/read"
	apiScope  = "user_management_lambdas/api"
	password  = "Right-pass-1!"
	verifier  = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
)

// The pools that the server will have are the ones login asks for.
var _ login.Pools = (*cognito.Service)(nil)

// world is a login domain over real user pools, and the network to it.
type world struct {
	*testing.T
	ctx     context.Context
	pools   *cognito.Service
	clock   *clock.Clock
	server  *httptest.Server
	poolID  string
	web     string
	machine string
	// machineSecret is the machine's, the web client has none.
	machineSecret string
}

func newWorld(t *testing.T, overTLS bool) *world {
	t.Helper()
	w := &world{T: t, clock: new(clock.Clock)}
	w.ctx = wire.WithCall(t.Context(), wire.Call{Service: "cognito-idp", Account: "000000000000", Region: region})
	s, err := store.Open(t.Context(), store.Options{Location: ":memory:", Now: w.clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	if w.pools, err = cognito.New(cognito.Config{Store: s, Clock: w.clock, BaseURL: "http://localhost:4566"}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.pools.Close)
	handler, err := login.New(login.Config{Pools: w.pools, Store: s, Clock: w.clock, BaseURL: "http://localhost:4566"})
	if err != nil {
		t.Fatal(err)
	}
	w.server = httptest.NewUnstartedServer(handler)
	if overTLS {
		w.server.StartTLS()
	} else {
		w.server.Start()
	}
	t.Cleanup(w.server.Close)
	w.furnish()
	return w
}

// must is for the calls that furnish the world.
func must[T any](out T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
}

// furnish makes a pool with a domain, two resource servers, two clients and the user ann.
func (w *world) furnish() {
	w.Helper()
	pool := must(w.pools.CreateUserPool(w.ctx, &cip.CreateUserPoolInput{
		PoolName: aws.String("staff"),
		Schema:   []types.SchemaAttributeType{{Name: aws.String("given_name"), Required: aws.Bool(true), Mutable: aws.Bool(true)}},
	}))(w)
	w.poolID = *pool.UserPool.Id
	must(w.pools.CreateUserPoolDomain(w.ctx, &cip.CreateUserPoolDomainInput{UserPoolId: &w.poolID, Domain: aws.String(domain)}))(w)
	for identifier, scope := range map[string]string{"user_management_lambdas": "api", "https://api.example.com": "read"} {
		must(w.pools.CreateResourceServer(w.ctx, &cip.CreateResourceServerInput{
			UserPoolId: &w.poolID, Identifier: &identifier, Name: &identifier,
			Scopes: []types.ResourceServerScopeType{{ScopeName: &scope, ScopeDescription: &scope}},
		}))(w)
	}
	w.web = *must(w.pools.CreateUserPoolClient(w.ctx, &cip.CreateUserPoolClientInput{
		UserPoolId: &w.poolID, ClientName: aws.String("web"), AllowedOAuthFlowsUserPoolClient: true,
		AllowedOAuthFlows:          []types.OAuthFlowType{types.OAuthFlowTypeCode, types.OAuthFlowTypeImplicit},
		AllowedOAuthScopes:         []string{"openid", "email", "profile", urlScope},
		SupportedIdentityProviders: []string{"COGNITO"},
		CallbackURLs:               []string{callback}, LogoutURLs: []string{signOut},
	}))(w).UserPoolClient.ClientId
	machine := must(w.pools.CreateUserPoolClient(w.ctx, &cip.CreateUserPoolClientInput{
		UserPoolId: &w.poolID, ClientName: aws.String("machine"), GenerateSecret: true, AllowedOAuthFlowsUserPoolClient: true,
		AllowedOAuthFlows: []types.OAuthFlowType{types.OAuthFlowTypeClientCredentials}, AllowedOAuthScopes: []string{apiScope, urlScope},
	}))(w).UserPoolClient
	w.machine, w.machineSecret = *machine.ClientId, *machine.ClientSecret
	w.addUser("ann")
}

func (w *world) addUser(name string) {
	w.Helper()
	must(w.pools.AdminCreateUser(w.ctx, &cip.AdminCreateUserInput{
		UserPoolId: &w.poolID, Username: &name, MessageAction: types.MessageActionTypeSuppress,
		UserAttributes: []types.AttributeType{
			{Name: aws.String("given_name"), Value: &name},
			{Name: aws.String("email"), Value: aws.String(name + "@example.com")},
			{Name: aws.String("email_verified"), Value: aws.String("true")},
		},
	}))(w)
	must(w.pools.AdminSetUserPassword(w.ctx, &cip.AdminSetUserPasswordInput{
		UserPoolId: &w.poolID, Username: &name, Password: aws.String(password), Permanent: true,
	}))(w)
}

// browser keeps cookies as a browser does and shows redirects instead of following them.
type browser struct {
	*world
	http *http.Client
	// base is the login domain's address.
	base string
}

// browse opens a browser at the login domain, or with a prefix at the path-style one.
func (w *world) browse(prefix string) *browser {
	w.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		w.Fatal(err)
	}
	address, err := url.Parse(w.server.URL)
	if err != nil {
		w.Fatal(err)
	}
	host := domain + ".auth." + region + ".localhost"
	if prefix != "" {
		host = "localhost"
	}
	return &browser{
		world: w, base: address.Scheme + "://" + net.JoinHostPort(host, address.Port()) + prefix,
		http: &http.Client{
			Jar:           jar,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
			Transport: &http.Transport{
				DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
					return new(net.Dialer).DialContext(ctx, network, address.Host)
				},
				TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, // the test server's own certificate
			},
		},
	}
}

// reply is an answer, read to its end.
type reply struct {
	status   int
	header   http.Header
	location *url.URL
	body     string
}

func (b *browser) do(r *http.Request) reply {
	b.Helper()
	answer, err := b.http.Do(r)
	if err != nil {
		b.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		b.Fatal(err)
	}
	got := reply{status: answer.StatusCode, header: answer.Header, body: string(body)}
	if got.location, err = answer.Location(); err != nil {
		got.location = new(url.URL)
	}
	return got
}

// at is an address of the login domain, or a whole one as a redirect gave it.
func (b *browser) at(path string) string {
	if strings.HasPrefix(path, "http") {
		return path
	}
	return b.base + path
}

func (b *browser) get(path string, header ...string) reply {
	b.Helper()
	return b.send(http.MethodGet, path, nil, header)
}

func (b *browser) post(path string, form url.Values, header ...string) reply {
	b.Helper()
	return b.send(http.MethodPost, path, form, header)
}

func (b *browser) send(method, path string, form url.Values, header []string) reply {
	b.Helper()
	r, err := http.NewRequestWithContext(b.Context(), method, b.at(path), strings.NewReader(form.Encode()))
	if err != nil {
		b.Fatal(err)
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return b.do(r)
}

var (
	formAction = regexp.MustCompile(`<form method="post" action="([^"]*)"`)
	formHidden = regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)">`)
)

// fill sends the page's form the way a browser does: to its action, with its hidden fields and what was typed.
func (b *browser) fill(page reply, typed url.Values) reply {
	b.Helper()
	action := formAction.FindStringSubmatch(page.body)
	if action == nil {
		b.Fatalf("no form on the page: %d %s", page.status, page.body)
	}
	for _, hidden := range formHidden.FindAllStringSubmatch(page.body, -1) {
		typed.Set(hidden[1], html.UnescapeString(hidden[2]))
	}
	base, err := url.Parse(b.base)
	if err != nil {
		b.Fatal(err)
	}
	to, err := base.Parse(html.UnescapeString(action[1]))
	if err != nil {
		b.Fatal(err)
	}
	return b.post(to.String(), typed)
}

// request is an authorization request of the web client: "name", "value" pairs are added or replaced.
func (w *world) request(pairs ...string) string {
	q := url.Values{
		"client_id": {w.web}, "redirect_uri": {callback}, "response_type": {"code"}, "scope": {"openid email profile"}, "state": {"a b&c"},
		"code_challenge": {challenge}, "code_challenge_method": {"S256"},
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		q.Set(pairs[i], pairs[i+1])
	}
	return "/oauth2/authorize?" + q.Encode()
}

// signIn goes from the authorization request through the page back to the client.
func (b *browser) signIn(authorize string) reply {
	b.Helper()
	to := b.get(authorize)
	return b.fill(b.get(to.location.String()), url.Values{"username": {"ann"}, "password": {password}})
}

// tokens redeems the code of a sign-in.
func (b *browser) tokens(back reply) (reply, map[string]any) {
	b.Helper()
	got := b.post("/oauth2/token", url.Values{
		"grant_type": {"authorization_code"}, "client_id": {b.web}, "redirect_uri": {callback}, "code_verifier": {verifier},
		"code": {back.location.Query().Get("code")},
	})
	return got, object(b, got.body)
}

func (b *browser) refresh(token string) (reply, map[string]any) {
	b.Helper()
	got := b.post("/oauth2/token", url.Values{"grant_type": {"refresh_token"}, "client_id": {b.web}, "refresh_token": {token}})
	return got, object(b, got.body)
}

func object(t testing.TB, text string) map[string]any {
	t.Helper()
	var o map[string]any
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return o
}

// claims reads a token's payload; that tokens are signed well is the pools' to test.
func claims(t testing.TB, token any) map[string]any {
	t.Helper()
	parts := strings.Split(text(token), ".")
	if len(parts) != 3 {
		t.Fatalf("not a token: %v", token)
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	return object(t, string(payload))
}

// text is v when it is one, else nothing.
func text(v any) string {
	s, _ := v.(string)
	return s
}
