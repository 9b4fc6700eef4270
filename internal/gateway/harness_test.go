package gateway_test

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/internal/apigateway"
	"github.com/poolgate/poolgate/internal/clock"
	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/gateway"
	"github.com/poolgate/poolgate/internal/wire"
)

const (
	apiID    = "abcde12345"
	region   = "eu-west-1"
	account  = "000000000000"
	poolID   = "eu-west-1_Abc123xyz"
	poolARN  = "arn:aws:cognito-idp:eu-west-1:000000000000:userpool/" + poolID
	issuer   = "http://localhost:4566/" + poolID
	keyID    = "1pX0vZQ2oQy1Qq3w6cX5m1oJr9k0bYc8nq2m1lq7Wc0="
	clientID = "3n4b5urk1ft4fl3mg5e62d9ado"
)

var (
	signingKey = sync.OnceValue(newKey)
	otherKey   = sync.OnceValue(newKey)
	epoch      = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
)

func newKey() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
}

// poolKeys are the keys of the one pool.
type poolKeys struct{}

func (poolKeys) Key(_ context.Context, pool authz.Pool, kid string) (*rsa.PublicKey, error) {
	switch {
	case pool != authz.Pool{Region: region, ID: poolID}:
		return nil, authz.ErrPoolNotFound
	case kid != keyID:
		return nil, authz.ErrKeyUnknown
	}
	return &signingKey().PublicKey, nil
}

func (poolKeys) Issuers(pool authz.Pool) []string {
	if pool.ID != poolID {
		return nil
	}
	return []string{issuer}
}

// claims are a token's; with changes, a copy that differs.
type claims map[string]any

func (c claims) with(changes claims) claims {
	all := claims{}
	for name, value := range c {
		all[name] = value
	}
	for name, value := range changes {
		if value == nil {
			delete(all, name)
			continue
		}
		all[name] = value
	}
	return all
}

func idClaims() claims {
	return claims{
		"sub": "11111111-2222-3333-4444-555555555555", "iss": issuer, "aud": clientID, "token_use": "id", "cognito:username": "ann",
		"email": "ann@example.com", "email_verified": true, "custom:role": "admin", "cognito:groups": []string{"a", "b"},
		"auth_time": epoch.Unix(), "iat": epoch.Unix(), "exp": epoch.Add(time.Hour).Unix(), "jti": "j",
	}
}

func accessClaims(scope string) claims {
	return claims{
		"sub": "11111111-2222-3333-4444-555555555555", "iss": issuer, "client_id": clientID, "token_use": "access", "scope": scope,
		"username": "ann", "auth_time": epoch.Unix(), "iat": epoch.Unix(), "exp": epoch.Add(time.Hour).Unix(), "jti": "j", "version": 2,
	}
}

func segmentOf(value any) string {
	data, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return base64.RawURLEncoding.EncodeToString(data)
}

// mint signs a token with a key and a header.
func mint(key *rsa.PrivateKey, header, payload claims) string {
	text := segmentOf(header) + "." + segmentOf(payload)
	sum := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	if err != nil {
		panic(err)
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(signature)
}

func token(payload claims) string {
	return mint(signingKey(), claims{"kid": keyID, "alg": "RS256"}, payload)
}

// fakeAPIs holds one API, as deployed to its stages and as edited.
type fakeAPIs struct {
	mu     sync.Mutex
	stages map[string]*apigateway.Published
	live   *apigateway.Snapshot
	loads  int
	watch  func(topic string)
	fail   error
}

func (f *fakeAPIs) Published(_ context.Context, id string) (map[string]*apigateway.Published, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.loads++
	if f.fail != nil {
		return nil, f.fail
	}
	if id != apiID {
		return nil, fault.NotFound("NotFoundException", "Invalid API identifier specified %s", id)
	}
	stages := map[string]*apigateway.Published{}
	for name, p := range f.stages {
		stages[name] = p
	}
	return stages, nil
}

func (f *fakeAPIs) Live(context.Context, string) (*apigateway.Snapshot, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.live, nil
}

func (f *fakeAPIs) Watch(prefix string, fn func(string)) func() {
	others := f.watch
	f.watch = func(topic string) {
		if others != nil {
			others(topic)
		}
		if strings.HasPrefix(topic, prefix) {
			fn(topic)
		}
	}
	return func() { f.watch = nil }
}

// deploy serves a snapshot at a stage and tells the gateway.
func (f *fakeAPIs) deploy(stage string, s *apigateway.Snapshot, variables map[string]string) {
	f.mu.Lock()
	f.live = s
	f.stages[stage] = &apigateway.Published{Snapshot: s, DeploymentID: "dep123", Stage: types.Stage{StageName: &stage, Variables: variables}}
	f.mu.Unlock()
	if f.watch != nil {
		f.watch(apigateway.StageTopic(apiID))
	}
}

// api builds a snapshot.
type api struct{ s *apigateway.Snapshot }

func newAPI() *api {
	return &api{&apigateway.Snapshot{Account: account, Region: region, API: wire.Document[types.RestApi]{Value: types.RestApi{Id: aws.String(apiID), Name: aws.String("pets")}}}}
}

func (a *api) authorizer(id string, change func(*types.Authorizer)) *api {
	doc := types.Authorizer{
		Id: &id, Name: aws.String("pool"), Type: types.AuthorizerTypeCognitoUserPools, ProviderARNs: []string{poolARN},
		IdentitySource: aws.String("method.request.header.Authorization"),
	}
	if change != nil {
		change(&doc)
	}
	a.s.Authorizers = append(a.s.Authorizers, wire.Document[types.Authorizer]{Value: doc})
	return a
}

// on puts a method on a resource, which is made when it is not there.
func (a *api) on(verb, path string, m types.Method) *api {
	m.HttpMethod = &verb
	if m.MethodIntegration == nil {
		m.MethodIntegration = mockOf(`{"path":"` + path + `","method":"` + verb + `"}`)
	}
	for i := range a.s.Resources {
		if *a.s.Resources[i].Value.Path == path {
			a.s.Resources[i].Value.ResourceMethods[verb] = m
			return a
		}
	}
	resource := types.Resource{Id: aws.String("r" + strings.NewReplacer("/", "-", "{", "", "}", "", "+", "").Replace(path)), Path: aws.String(path), ResourceMethods: map[string]types.Method{verb: m}}
	a.s.Resources = append(a.s.Resources, wire.Document[types.Resource]{Value: resource})
	return a
}

func (a *api) response(kind types.GatewayResponseType, status string, parameters, templates map[string]string) *api {
	doc := types.GatewayResponse{ResponseType: kind, ResponseParameters: parameters, ResponseTemplates: templates}
	if status != "" {
		doc.StatusCode = &status
	}
	a.s.GatewayResponses = append(a.s.GatewayResponses, wire.Document[types.GatewayResponse]{Value: doc})
	return a
}

func mockOf(body string) *types.Integration {
	return &types.Integration{
		Type:             types.IntegrationTypeMock,
		RequestTemplates: map[string]string{"application/json": `{"statusCode": 200}`},
		IntegrationResponses: map[string]types.IntegrationResponse{
			"200": {StatusCode: aws.String("200"), ResponseTemplates: map[string]string{"application/json": body}},
		},
	}
}

// cognito is a method behind the authorizer "auth".
func cognito(scopes ...string) types.Method {
	return types.Method{AuthorizationType: aws.String("COGNITO_USER_POOLS"), AuthorizerId: aws.String("auth"), AuthorizationScopes: scopes}
}

func open() types.Method { return types.Method{AuthorizationType: aws.String("NONE")} }

func openWith(i *types.Integration) types.Method {
	m := open()
	m.MethodIntegration = i
	return m
}

// world is a gateway with its API.
type world struct {
	*gateway.Gateway
	apis  *fakeAPIs
	clock *clock.Clock
}

func newWorld(t testing.TB, a *api, variables map[string]string, options ...func(*gateway.Config)) *world {
	t.Helper()
	w := &world{apis: &fakeAPIs{stages: map[string]*apigateway.Published{}}, clock: &clock.Clock{}}
	w.clock.Set(epoch.Add(time.Minute))
	config := gateway.Config{
		APIs: w.apis, Engine: authz.New(poolKeys{}), Clock: w.clock, Topics: w.apis,
		ReasonHeader: func(r *http.Request) bool { return r.Header.Get("X-Off-Loopback") == "" },
	}
	for _, option := range options {
		option(&config)
	}
	noting(t, &config)
	w.Gateway = gateway.New(config)
	t.Cleanup(w.Close)
	w.apis.deploy("prod", a.s, variables)
	return w
}

func (w *world) engine() *authz.Engine { return authz.New(poolKeys{}) }

// ServeHTTP is the server's part: all of the path is the gateway's, as with a host that names the API.
func (w *world) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	id := apiID
	if other := r.Header.Get("X-Test-Api"); other != "" {
		id = other
	}
	w.ServeAPI(rw, r, gateway.Target{API: id, Path: r.URL.EscapedPath()})
}

// reply is an answer with its body read.
type reply struct {
	*http.Response
	body string
}

// send sends a request over a real connection, the path exactly as it is written.
func send(t testing.TB, h http.Handler, method, path string, headers ...string) reply {
	t.Helper()
	return sendBody(t, h, method, path, "", headers...)
}

func sendBody(t testing.TB, h http.Handler, method, path, body string, headers ...string) reply {
	t.Helper()
	server := httptest.NewServer(h)
	defer server.Close()
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	r, err := http.NewRequest(method, server.URL, reader)
	if err != nil {
		t.Fatal(err)
	}
	r.URL.Opaque = path
	for i := 0; i+1 < len(headers); i += 2 {
		if headers[i] == "Host" {
			r.Host = headers[i+1]
			continue
		}
		r.Header.Add(headers[i], headers[i+1])
	}
	response, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{response, string(text)}
}

func expect(t *testing.T, got reply, status int, body, errorType string) {
	t.Helper()
	if got.StatusCode != status || got.body != body {
		t.Errorf("answered %d %s, want %d %s", got.StatusCode, got.body, status, body)
	}
	if e := got.Header.Get("x-amzn-ErrorType"); e != errorType {
		t.Errorf("x-amzn-ErrorType is %q, want %q", e, errorType)
	}
}

func validator(id string, parameters bool) wire.Document[types.RequestValidator] {
	return wire.Document[types.RequestValidator]{Value: types.RequestValidator{Id: &id, ValidateRequestParameters: parameters}}
}

// sendChunked posts a body without telling its length.
func sendChunked(t *testing.T, h http.Handler, path, body string) reply {
	t.Helper()
	server := httptest.NewServer(h)
	defer server.Close()
	response, err := http.Post(server.URL+path, "application/json", io.MultiReader(strings.NewReader(body)))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{response, string(text)}
}
