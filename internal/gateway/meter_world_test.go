package gateway_test

import (
	"context"
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/poolgate/poolgate/authz"
	docs "github.com/poolgate/poolgate/internal/apigateway"
	"github.com/poolgate/poolgate/internal/clock"
	"github.com/poolgate/poolgate/internal/gateway"
	"github.com/poolgate/poolgate/internal/store"
	"github.com/poolgate/poolgate/internal/wire"
)

// meteredWorld is a gateway over the real documents, with the clocks in the test's hand.
type meteredWorld struct {
	*gateway.Gateway
	*docs.Service
	testing.TB
	api   string
	clock *clock.Clock
	// rate is the monotonic clock, in nanoseconds.
	rate *atomic.Int64
}

const meteredAPI = `{"openapi":"3.0.1","info":{"title":"metered","version":"1"},
	"components":{"securitySchemes":{"key":{"type":"apiKey","name":"x-api-key","in":"header"}}},
	"paths":{
		"/":{"get":{"security":[{"key":[]}],"x-amazon-apigateway-integration":%[1]s}},
		"/keyed":{"get":{"security":[{"key":[]}],"x-amazon-apigateway-integration":%[1]s},"post":{"security":[{"key":[]}],"x-amazon-apigateway-integration":%[1]s}},
		"/identity":{"get":{"security":[{"key":[]}],"x-amazon-apigateway-integration":%[2]s}},
		"/open":{"get":{"x-amazon-apigateway-integration":%[1]s}}}}`

func mockJSON(template string) string {
	return fmt.Sprintf(`{"type":"mock","requestTemplates":{"application/json":"{\"statusCode\":200}"},
		"responses":{"default":{"statusCode":"200","responseTemplates":{"application/json":%q}}}}`, template)
}

func newMeteredWorld(t testing.TB, db *store.Store, options ...func(*gateway.Config)) *meteredWorld {
	t.Helper()
	w := &meteredWorld{TB: t, clock: &clock.Clock{}, rate: &atomic.Int64{}}
	w.clock.Set(epoch)
	w.Service = docs.New(docs.Config{Store: db, Clock: w.clock})
	config := gateway.Config{
		APIs: w.Service, Engine: authz.New(poolKeys{}), Clock: w.clock, Topics: db, Keys: w.Service, CountEvery: time.Hour,
		Monotonic:    func() time.Duration { return time.Duration(w.rate.Load()) },
		ReasonHeader: func(*http.Request) bool { return true },
	}
	for _, option := range options {
		option(&config)
	}
	noting(t, &config)
	w.Gateway = gateway.New(config)
	w.ServedBy(w.Gateway, w.Gateway)
	w.MeteredBy(w.Gateway)
	t.Cleanup(w.Close)
	return w
}

func memory(t testing.TB) *store.Store {
	t.Helper()
	db, err := store.Open(t.Context(), store.Options{Location: ":memory:"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// newMetered is a world with an API that is deployed to the stages dev and prod.
func newMetered(t testing.TB, options ...func(*gateway.Config)) *meteredWorld {
	t.Helper()
	w := newMeteredWorld(t, memory(t), options...)
	w.importMetered()
	return w
}

// importMetered makes the API and deploys it.
func (w *meteredWorld) importMetered() {
	w.Helper()
	identity := `{"key":"$context.identity.apiKey","id":"$context.identity.apiKeyId"}`
	api := done(w.ImportRestApi(w.ctx(), &apigateway.ImportRestApiInput{Body: fmt.Appendf(nil, meteredAPI, mockJSON(passed), mockJSON(identity))}))(w)
	w.api = *api.Id
	for _, stage := range []string{"dev", "prod"} {
		done(w.CreateDeployment(w.ctx(), &apigateway.CreateDeploymentInput{RestApiId: &w.api, StageName: &stage}))(w)
	}
}

// done ends the test when an operation failed.
func done[T any](out *T, err error) func(testing.TB) *T {
	return func(t testing.TB) *T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
}

func (w *meteredWorld) ctx() context.Context {
	return wire.WithCall(w.Context(), wire.Call{Service: "apigateway", Account: account, Region: region})
}

// ServeHTTP is the server's part.
func (w *meteredWorld) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	w.ServeAPI(rw, r, gateway.Target{API: w.api, Path: r.URL.EscapedPath()})
}

// key makes an enabled API key; plan one that is for stages of the API, with keys in it.
func (w *meteredWorld) key(name string) (id, value string) {
	w.Helper()
	key := done(w.CreateApiKey(w.ctx(), &apigateway.CreateApiKeyInput{Name: &name, Enabled: true}))(w)
	return *key.Id, *key.Value
}

func (w *meteredWorld) plan(change func(*apigateway.CreateUsagePlanInput), stages []string, keys ...string) string {
	w.Helper()
	in := &apigateway.CreateUsagePlanInput{Name: aws.String("plan")}
	for _, stage := range stages {
		in.ApiStages = append(in.ApiStages, types.ApiStage{ApiId: &w.api, Stage: &stage})
	}
	if change != nil {
		change(in)
	}
	id := *done(w.CreateUsagePlan(w.ctx(), in))(w).Id
	for _, key := range keys {
		done(w.CreateUsagePlanKey(w.ctx(), &apigateway.CreateUsagePlanKeyInput{UsagePlanId: &id, KeyId: &key, KeyType: aws.String("API_KEY")}))(w)
	}
	return id
}

func replace(path, value string) types.PatchOperation {
	return types.PatchOperation{Op: types.OpReplace, Path: &path, Value: &value}
}

func (w *meteredWorld) patchKey(id string, operations ...types.PatchOperation) {
	w.Helper()
	done(w.UpdateApiKey(w.ctx(), &apigateway.UpdateApiKeyInput{ApiKey: &id, PatchOperations: operations}))(w)
}

func (w *meteredWorld) patchPlan(id string, operations ...types.PatchOperation) {
	w.Helper()
	done(w.UpdateUsagePlan(w.ctx(), &apigateway.UpdateUsagePlanInput{UsagePlanId: &id, PatchOperations: operations}))(w)
}

func (w *meteredWorld) patchStage(stage string, operations ...types.PatchOperation) {
	w.Helper()
	done(w.UpdateStage(w.ctx(), &apigateway.UpdateStageInput{RestApiId: &w.api, StageName: &stage, PatchOperations: operations}))(w)
}

// Answers of this file's tests.
const (
	forbiddenBody = `{"message":"Forbidden"}`
	tooManyBody   = `{"message":"Too Many Requests"}`
	limitBody     = `{"message":"Limit Exceeded"}`
)

// answers sends a GET with a key and expects an answer: its status, and the reason when it is refused.
func (w *meteredWorld) answers(t *testing.T, when, path, key string, status int, reason authz.Reason) reply {
	t.Helper()
	var headers []string
	if key != "" {
		headers = []string{"X-API-Key", key}
	}
	got := send(t, w, "GET", path, headers...)
	body, errorType := map[authz.Reason]string{
		"": got.body, authz.APIKeyMissing: forbiddenBody, authz.APIKeyInvalid: forbiddenBody, authz.Throttled: tooManyBody, authz.QuotaExceeded: limitBody,
	}[reason], map[authz.Reason]string{
		"": "", authz.APIKeyMissing: "ForbiddenException", authz.APIKeyInvalid: "ForbiddenException",
		authz.Throttled: "TooManyRequestsException", authz.QuotaExceeded: "LimitExceededException",
	}[reason]
	if got.StatusCode != status || got.body != body || got.Header.Get("x-amzn-ErrorType") != errorType || got.Header.Get("x-poolgate-reason") != string(reason) {
		t.Errorf("%s: answered %d %s %s %s, want %d %s %s %s", when, got.StatusCode, got.body, got.Header.Get("x-amzn-ErrorType"), got.Header.Get("x-poolgate-reason"),
			status, body, errorType, reason)
	}
	return got
}

// saw is what the record of the latest refusal says.
func (w *meteredWorld) saw() string { return w.Recent(1, nil)[0].Saw }

// patches are replacements: path, value and so on.
func patches(pairs ...string) []types.PatchOperation {
	var list []types.PatchOperation
	for i := 0; i+1 < len(pairs); i += 2 {
		list = append(list, replace(pairs[i], pairs[i+1]))
	}
	return list
}
