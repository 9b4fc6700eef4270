package gateway_test

import (
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/poolgate/poolgate/internal/gateway"
)

// TestJudgeDecidesAsServeDoes holds Judge to ServeAPI: the same reason, status and checks, and nothing remembered.
func TestJudgeDecidesAsServeDoes(t *testing.T) {
	a := newAPI().authorizer("auth", nil).on("GET", "/pets", cognito()).on("GET", "/scoped", cognito("pets/read")).on("GET", "/open", open()).
		on("GET", "/signed", types.Method{AuthorizationType: aws.String("AWS_IAM")}).
		on("GET", "/keyed", types.Method{AuthorizationType: aws.String("NONE"), ApiKeyRequired: aws.Bool(true)})
	good := token(idClaims())
	for _, test := range []struct {
		name, path string
		headers    []string
	}{
		{"let in", "/prod/pets", []string{"Authorization", good}},
		{"open", "/prod/open", nil},
		{"no token", "/prod/pets", nil},
		{"no token there", "/prod/pets", []string{"Authorization", "Bearer"}},
		{"an access token", "/prod/pets", []string{"Authorization", token(accessClaims("pets/read"))}},
		{"a scope", "/prod/scoped", []string{"Authorization", token(accessClaims("pets/read"))}},
		{"no scope", "/prod/scoped", []string{"Authorization", token(accessClaims("pets/write"))}},
		{"expired", "/prod/pets", []string{"Authorization", token(idClaims().with(claims{"exp": epoch.Add(-time.Hour).Unix()}))}},
		{"no such path", "/prod/nowhere", []string{"Authorization", "Bearer " + good}},
		{"no such stage", "/nowhere/pets", nil},
		{"not signed", "/prod/signed", nil},
		{"not signed, with a token", "/prod/signed", []string{"Authorization", "Bearer " + good}},
		{"no key", "/prod/keyed", nil},
		{"dots in the path", "/prod/../pets", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t, a, nil)
			r := httptest.NewRequest("GET", "http://127.0.0.1"+test.path, nil)
			for i := 0; i+1 < len(test.headers); i += 2 {
				r.Header.Set(test.headers[i], test.headers[i+1])
			}
			target := gateway.Target{API: apiID, Path: test.path}
			judged := w.Judge(r.Clone(t.Context()), target)
			if n := len(w.Recent(10, nil)); n != 0 {
				t.Fatalf("%d records of a request that was only judged", n)
			}
			w.ServeAPI(httptest.NewRecorder(), r, target)
			served := w.Recent(1, nil)[0]
			if judged.Reason != served.Reason || judged.Allowed != served.Allowed || judged.Resource != served.Resource || judged.Saw != served.Saw {
				t.Errorf("judged %s %v %q, served %s %v %q", judged.Reason, judged.Allowed, judged.Saw, served.Reason, served.Allowed, served.Saw)
			}
			if !judged.Allowed && judged.Status != served.Status {
				t.Errorf("judged %d, served %d", judged.Status, served.Status)
			}
			if told := len(judged.Checks); judged.Authorizer != "" && told != 11 {
				t.Errorf("%d checks are told", told)
			}
		})
	}
}

// TestJudgingCountsForNoLimit: what is judged takes nothing out of a bucket.
func TestJudgingCountsForNoLimit(t *testing.T) {
	a := newAPI().on("GET", "/open", open())
	w := newWorld(t, a, nil)
	w.apis.mu.Lock()
	w.apis.stages["prod"].Stage.MethodSettings = map[string]types.MethodSetting{"*/*": {ThrottlingRateLimit: 0.001, ThrottlingBurstLimit: 1}}
	w.apis.mu.Unlock()
	target := gateway.Target{API: apiID, Path: "/prod/open"}
	for range 5 {
		if r := w.Judge(httptest.NewRequest("GET", "http://127.0.0.1/prod/open", nil), target); !r.Allowed {
			t.Fatalf("judged %s", r.Reason)
		}
	}
	recorder := httptest.NewRecorder()
	w.ServeAPI(recorder, httptest.NewRequest("GET", "http://127.0.0.1/prod/open", nil), target)
	if recorder.Code != 200 {
		t.Errorf("the first request that was sent got %d", recorder.Code)
	}
}
