package httpapi_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"

	"github.com/poolgate/poolgate/internal/lambda"
)

// TestAnswersAreRemembered: for their time, for each identity, and held against each request anew.
func TestAnswersAreRemembered(t *testing.T) {
	kept := func(sources ...string) types.Authorizer {
		return requestAuthorizer(func(a *types.Authorizer) {
			a.AuthorizerResultTtlInSeconds, a.IdentitySource = aws.Int32(300), sources
		})
	}
	policyKept := kept("$request.header.X-User")
	policyKept.EnableSimpleResponses = aws.Bool(false)
	a := newAPI().authorizer("kept", kept("$request.header.X-User")).authorizer("routed", kept("$request.header.X-User", "$context.routeKey")).
		authorizer("policy", policyKept).authorizer("never", requestAuthorizer(nil)).
		on("GET /a", behind("kept")).on("GET /b", behind("kept")).on("GET /ra", behind("routed")).on("GET /rb", behind("routed")).
		on("GET /pa", behind("policy")).on("GET /pb", behind("policy")).on("GET /never", behind("never"))
	w := newWorld(t, a, stage("$default"), stage("dev"))
	asked := 0
	count := func(step, path, user string, status, more int) {
		t.Helper()
		got := w.send("GET", path, "X-User", user)
		if n := len(w.functions.called(asker)) - asked; got.StatusCode != status || n != more {
			t.Errorf("%s: answered %d, asked %d times more", step, got.StatusCode, n)
		}
		asked = len(w.functions.called(asker))
	}
	w.functions.set(asker, `{"isAuthorized":true}`)
	count("the first asks", "/a", "u1", 200, 1)
	count("the second does not", "/a", "u1", 200, 0)
	count("another route of the stage neither", "/b", "u1", 200, 0)
	count("another identity asks", "/a", "u2", 200, 1)
	count("another stage asks", "/dev/a", "u1", 200, 1)
	count("with the route in the key it asks", "/ra", "u1", 200, 1)
	count("and for the other route again", "/rb", "u1", 200, 1)
	count("and remembers both", "/ra", "u1", 200, 0)
	count("without a TTL every request asks", "/never", "u1", 200, 1)
	count("every one", "/never", "u1", 200, 1)
	w.functions.set(asker, `{"isAuthorized":false}`)
	count("what is remembered goes on", "/a", "u1", 200, 0)
	w.clock.Advance(300*time.Second + time.Millisecond)
	count("until its time is up", "/a", "u1", 403, 1)
	count("a refusal is remembered too", "/a", "u1", 403, 0)
	if err := w.FlushAuthorizers(context.Background(), apiID, "$default"); err != nil {
		t.Fatal(err)
	}
	count("a flush forgets it", "/a", "u1", 403, 1)
	w.functions.set(asker, `!{"errorMessage":"boom"}`)
	count("a failure", "/a", "u3", 500, 1)
	count("is not remembered", "/a", "u3", 500, 1)
	w.functions.set(asker, policyOf("Allow", "arn:aws:execute-api:*:*:*/$default/GET/pa"))
	count("a narrow policy lets its own route in", "/pa", "u1", 200, 1)
	count("and, remembered, refuses another", "/pb", "u1", 403, 0)
	w.apis.deploy(a, stage("$default"))
	count("a deployment forgets", "/pa", "u1", 200, 1)
}

// TestOneQuestionForManyRequests: who comes while the function runs waits for its answer.
func TestOneQuestionForManyRequests(t *testing.T) {
	a := newAPI().authorizer("kept", requestAuthorizer(func(a *types.Authorizer) { a.AuthorizerResultTtlInSeconds = aws.Int32(60) })).on("GET /a", behind("kept"))
	w := newWorld(t, a)
	proceed := make(chan struct{})
	w.functions.by[asker] = func(lambda.Invocation) (lambda.Answer, error) {
		<-proceed
		return lambda.Answer{Payload: []byte(`{"isAuthorized":true}`)}, nil
	}
	var wait sync.WaitGroup
	for range 20 {
		wait.Go(func() {
			rw, r := newRecorder(), newRequest("GET", "/a")
			r.Header.Set("X-User", "u")
			w.ServeHTTP(rw, r)
			if rw.Code != 200 {
				t.Errorf("answered %d", rw.Code)
			}
		})
	}
	close(proceed)
	wait.Wait()
	if n := len(w.functions.called(asker)); n != 1 {
		t.Errorf("asked %d times", n)
	}
}

// TestADenyCountsForTheSlashToo: a slash at the end does not lead past a deny.
func TestADenyCountsForTheSlashToo(t *testing.T) {
	policy := requestAuthorizer(func(a *types.Authorizer) { a.EnableSimpleResponses = nil })
	w := newWorld(t, newAPI().authorizer("policy", policy).on("ANY /{proxy+}", behind("policy")))
	w.functions.set(asker, `{"principalId":"p","policyDocument":{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"execute-api:Invoke","Resource":"*"},`+
		`{"Effect":"Deny","Action":"execute-api:Invoke","Resource":"arn:aws:execute-api:*:*:*/*/GET/admin"}]}}`)
	for path, status := range map[string]int{"/admin": 403, "/admin/": 403, "/%61dmin": 403, "/admin2": 200, "/other/": 200} {
		if got := w.send("GET", path, "X-User", "u"); got.StatusCode != status {
			t.Errorf("%s is answered %d", path, got.StatusCode)
		}
	}
}

// TestThrottling: each route has its bucket, by its own settings or by the stage's default.
func TestThrottling(t *testing.T) {
	rate := func(r float64, b int32) types.RouteSettings {
		return types.RouteSettings{ThrottlingRateLimit: &r, ThrottlingBurstLimit: &b}
	}
	zero := rate(0, 0)
	w := newWorld(t, newAPI().on("GET /a").on("GET /b").on("GET /own").on("GET /none"), stage("$default", func(s *types.Stage) {
		s.DefaultRouteSettings = &types.RouteSettings{ThrottlingBurstLimit: aws.Int32(2), ThrottlingRateLimit: aws.Float64(0)}
		s.RouteSettings = map[string]types.RouteSettings{"GET /own": rate(0, 3), "GET /none": zero}
	}))
	for path, passes := range map[string]int{"/a": 2, "/b": 2, "/own": 3, "/none": 0} {
		for i := range 5 {
			got := w.send("GET", path)
			if want := i < passes; (got.StatusCode == 200) != want {
				t.Errorf("%s: request %d is answered %d", path, i, got.StatusCode)
			}
			if i >= passes && (got.StatusCode != 429 || got.body != `{"message":"Too Many Requests"}` || got.Header.Get("X-Poolgate-Reason") != "throttled") {
				t.Errorf("%s: answered %d %s", path, got.StatusCode, got.body)
			}
		}
	}
	w.apis.deploy(newAPI().on("GET /a"), stage("$default", func(s *types.Stage) {
		s.DefaultRouteSettings = &types.RouteSettings{ThrottlingBurstLimit: aws.Int32(2), ThrottlingRateLimit: aws.Float64(0)}
	}))
	if got := w.send("GET", "/a"); got.StatusCode != 429 {
		t.Errorf("a deployment filled the bucket: %d", got.StatusCode)
	}
	w.apis.deploy(newAPI().on("GET /a"), stage("$default"))
	if got := w.send("GET", "/a"); got.StatusCode != 200 {
		t.Errorf("without a limit: %d", got.StatusCode)
	}
}
