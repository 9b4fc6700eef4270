package httpapi_test

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
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/internal/apigatewayv2"
	"github.com/poolgate/poolgate/internal/clock"
	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/gateway/decision"
	"github.com/poolgate/poolgate/internal/gateway/httpapi"
	"github.com/poolgate/poolgate/internal/lambda"
	"github.com/poolgate/poolgate/internal/logs"
	"github.com/poolgate/poolgate/internal/wire"
)

const (
	apiID    = "a1b2c3d4e5"
	region   = "eu-west-1"
	account  = "000000000000"
	issuer   = "https://issuer.example.com"
	keyID    = "key-1"
	clientID = "3n4b5urk1ft4fl3mg5e62d9ado"
	backend  = "arn:aws:lambda:eu-west-1:000000000000:function:backend"
	asker    = "arn:aws:lambda:eu-west-1:000000000000:function:asker"
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

// issuerKeys are the keys of the one issuer that answers.
type issuerKeys struct{}

func (issuerKeys) IssuerKey(_ context.Context, iss, kid string) (authz.IssuerKey, error) {
	switch {
	case iss == "https://down.example.com":
		return authz.IssuerKey{}, authz.ErrDiscoveryUnavailable
	case iss == "https://keyless.example.com":
		return authz.IssuerKey{}, authz.ErrKeysUnavailable
	case iss != issuer:
		return authz.IssuerKey{}, authz.ErrPoolNotFound
	case kid != keyID:
		return authz.IssuerKey{}, authz.ErrKeyUnknown
	}
	return authz.IssuerKey{RSA: &signingKey().PublicKey, Algorithm: "RS256"}, nil
}

func (issuerKeys) IssuerNames(iss string) []string { return []string{iss} }

// noPools knows no user pool.
type noPools struct{}

func (noPools) Key(context.Context, authz.Pool, string) (*rsa.PublicKey, error) {
	return nil, authz.ErrPoolNotFound
}
func (noPools) Issuers(authz.Pool) []string { return nil }

type object map[string]any

func claims(changes object) object {
	all := object{
		"sub": "u1", "iss": issuer, "client_id": clientID, "token_use": "access", "scope": "pets/read pets/list", "username": "ann",
		"iat": epoch.Unix(), "exp": epoch.Add(time.Hour).Unix(),
	}
	for name, value := range changes {
		if all[name] = value; value == nil {
			delete(all, name)
		}
	}
	return all
}

func segment(value any) string {
	data, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return base64.RawURLEncoding.EncodeToString(data)
}

// mint signs a token.
func mint(key *rsa.PrivateKey, payload object) string {
	text := segment(object{"alg": "RS256", "kid": keyID}) + "." + segment(payload)
	sum := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	if err != nil {
		panic(err)
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(signature)
}

func token(changes object) string { return mint(signingKey(), claims(changes)) }

// fakeAPIs holds one API, as deployed to its stages and as edited.
type fakeAPIs struct {
	mu     sync.Mutex
	stages map[string]*apigatewayv2.Published
	live   *apigatewayv2.Snapshot
	loads  int
	watch  func(topic string)
}

func (f *fakeAPIs) Published(_ context.Context, id string) (map[string]*apigatewayv2.Published, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.loads++
	if id != apiID {
		return nil, fault.NotFound("NotFoundException", "Invalid API identifier specified %s", id)
	}
	all := map[string]*apigatewayv2.Published{}
	for name, p := range f.stages {
		all[name] = p
	}
	return all, nil
}

func (f *fakeAPIs) Live(context.Context, string) (*apigatewayv2.Snapshot, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.live, nil
}

func (f *fakeAPIs) Watch(prefix string, fn func(string)) func() {
	f.watch = func(topic string) {
		if strings.HasPrefix(topic, prefix) {
			fn(topic)
		}
	}
	return func() { f.watch = nil }
}

// deploy serves a snapshot at a stage and tells the gateway.
func (f *fakeAPIs) deploy(a *api, stage types.Stage) {
	f.mu.Lock()
	f.live = a.s
	f.stages[*stage.StageName] = &apigatewayv2.Published{Snapshot: a.s, DeploymentID: "dep123", Stage: stage}
	f.mu.Unlock()
	if f.watch != nil {
		f.watch(apigatewayv2.StageTopic(apiID))
	}
}

// api builds a snapshot.
type api struct{ s *apigatewayv2.Snapshot }

func newAPI() *api {
	a := &api{&apigatewayv2.Snapshot{Account: account, Region: region, API: wire.Document[types.Api]{Value: types.Api{ApiId: aws.String(apiID), Name: aws.String("pets")}}}}
	a.integration("echo", types.Integration{IntegrationType: types.IntegrationTypeAwsProxy, IntegrationUri: aws.String(backend), PayloadFormatVersion: aws.String("2.0")})
	a.authorizer("jwt", types.Authorizer{
		AuthorizerType: types.AuthorizerTypeJwt, IdentitySource: []string{"$request.header.Authorization"},
		JwtConfiguration: &types.JWTConfiguration{Issuer: aws.String(issuer), Audience: []string{clientID}},
	})
	return a
}

func (a *api) integration(id string, doc types.Integration) *api {
	doc.IntegrationId = &id
	a.s.Integrations = append(a.s.Integrations, wire.Document[types.Integration]{Value: doc})
	return a
}

func (a *api) authorizer(id string, doc types.Authorizer) *api {
	doc.AuthorizerId, doc.Name = &id, aws.String(id+"-name")
	a.s.Authorizers = append(a.s.Authorizers, wire.Document[types.Authorizer]{Value: doc})
	return a
}

// on adds a route; without a target it leads to "echo".
func (a *api) on(key string, change ...func(*types.Route)) *api {
	doc := types.Route{RouteKey: &key, RouteId: aws.String("r" + key), Target: aws.String("integrations/echo")}
	for _, c := range change {
		c(&doc)
	}
	a.s.Routes = append(a.s.Routes, wire.Document[types.Route]{Value: doc})
	return a
}

func (a *api) cors(c types.Cors) *api {
	a.s.API.Value.CorsConfiguration = &c
	return a
}

func to(integration string) func(*types.Route) {
	return func(r *types.Route) { r.Target = aws.String("integrations/" + integration) }
}

func behindJWT(scopes ...string) func(*types.Route) {
	return func(r *types.Route) {
		r.AuthorizationType, r.AuthorizerId, r.AuthorizationScopes = types.AuthorizationTypeJwt, aws.String("jwt"), scopes
	}
}

func behind(authorizer string) func(*types.Route) {
	return func(r *types.Route) {
		r.AuthorizationType, r.AuthorizerId = types.AuthorizationTypeCustom, aws.String(authorizer)
	}
}

func behindIAM(r *types.Route) { r.AuthorizationType = types.AuthorizationTypeAwsIam }

func stage(name string, change ...func(*types.Stage)) types.Stage {
	s := types.Stage{StageName: &name}
	for _, c := range change {
		c(&s)
	}
	return s
}

// functions are a world's functions by ARN.
type functions struct {
	mu    sync.Mutex
	by    map[string]func(lambda.Invocation) (lambda.Answer, error)
	calls []lambda.Invocation
}

func (f *functions) Call(_ context.Context, in lambda.Invocation) (lambda.Answer, error) {
	f.mu.Lock()
	f.calls = append(f.calls, in)
	run := f.by[in.Function]
	f.mu.Unlock()
	if run == nil {
		return lambda.Answer{}, fault.NotFound("ResourceNotFoundException", "Function not found: %s", in.Function)
	}
	return run(in)
}

// set gives a function an answer; text that begins with "!" is an error object of a function that failed.
func (f *functions) set(arn, payload string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	text, failed := strings.CutPrefix(payload, "!")
	f.by[arn] = func(lambda.Invocation) (lambda.Answer, error) {
		return lambda.Answer{Payload: []byte(text), Failed: failed, Kind: "Unhandled"}, nil
	}
}

// called are the calls of a function so far.
func (f *functions) called(arn string) []lambda.Invocation {
	f.mu.Lock()
	defer f.mu.Unlock()
	var all []lambda.Invocation
	for _, c := range f.calls {
		if c.Function == arn {
			all = append(all, c)
		}
	}
	return all
}

// lines keeps what is logged.
type lines struct {
	mu  sync.Mutex
	all []logs.Line
}

func (l *lines) Write(some ...logs.Line) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, some...)
}

// world is a gateway with its API.
type world struct {
	*httpapi.Gateway
	apis      *fakeAPIs
	clock     *clock.Clock
	functions *functions
	lines     *lines
	t         testing.TB
}

func newWorld(t testing.TB, a *api, stages ...types.Stage) *world {
	return newWorldWith(t, a, nil, stages...)
}

func newWorldWith(t testing.TB, a *api, change func(*httpapi.Config), stages ...types.Stage) *world {
	t.Helper()
	w := &world{
		apis: &fakeAPIs{stages: map[string]*apigatewayv2.Published{}}, clock: &clock.Clock{}, lines: &lines{}, t: t,
		functions: &functions{by: map[string]func(lambda.Invocation) (lambda.Answer, error){}},
	}
	w.functions.set(backend, `{"statusCode":200,"headers":{"content-type":"text/plain"},"body":"hello"}`)
	w.clock.Set(epoch.Add(time.Minute))
	config := httpapi.Config{
		APIs: w.apis, Engine: authz.New(noPools{}, authz.WithIssuers(issuerKeys{})), Clock: w.clock, Topics: w.apis,
		Functions: w.functions, Logs: w.lines, ReasonHeader: func(r *http.Request) bool { return r.Header.Get("X-Off-Loopback") == "" },
	}
	if change != nil {
		change(&config)
	}
	w.Gateway = httpapi.New(config)
	t.Cleanup(w.Close)
	if len(stages) == 0 {
		stages = []types.Stage{stage("$default")}
	}
	for _, s := range stages {
		w.apis.deploy(a, s)
	}
	return w
}

// ServeHTTP is the server's part: all of the path is the gateway's, as with a host that names the API.
func (w *world) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	id := apiID
	if other := r.Header.Get("X-Test-Api"); other != "" {
		id = other
	}
	w.ServeAPI(rw, r, httpapi.Target{API: id, Path: r.URL.EscapedPath()})
}

// reply is an answer with its body read.
type reply struct {
	*http.Response
	body string
}

// send sends a request over a real connection, the path exactly as it is written.
func (w *world) send(method, path string, headers ...string) reply {
	w.t.Helper()
	return w.sendBody(method, path, "", headers...)
}

func (w *world) sendBody(method, path, body string, headers ...string) reply {
	w.t.Helper()
	server := httptest.NewServer(w)
	defer server.Close()
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	r, err := http.NewRequest(method, server.URL, reader)
	if err != nil {
		w.t.Fatal(err)
	}
	opaque, query, _ := strings.Cut(path, "?")
	r.URL.Opaque, r.URL.RawQuery = opaque, query
	for i := 0; i+1 < len(headers); i += 2 {
		if headers[i] == "Host" {
			r.Host = headers[i+1]
			continue
		}
		r.Header.Add(headers[i], headers[i+1])
	}
	response, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return reply{response, string(text)}
}

// event is what a function was last called with.
func (w *world) event(arn string) map[string]any {
	w.t.Helper()
	calls := w.functions.called(arn)
	if len(calls) == 0 {
		w.t.Fatalf("%s was not called", arn)
	}
	var event map[string]any
	if err := json.Unmarshal(calls[len(calls)-1].Payload, &event); err != nil {
		w.t.Fatal(err)
	}
	return event
}

// decided is the record of the last request.
func (w *world) decided() *decision.Record {
	w.t.Helper()
	recent := w.Recent(1, nil)
	if len(recent) == 0 {
		w.t.Fatal("no record")
	}
	return recent[0]
}

func newRecorder() *httptest.ResponseRecorder { return httptest.NewRecorder() }

func newRequest(method, path string) *http.Request { return httptest.NewRequest(method, path, nil) }
