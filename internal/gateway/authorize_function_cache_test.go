package gateway_test

import (
	"context"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/poolgate/poolgate/internal/apigateway"
	"github.com/poolgate/poolgate/internal/gateway"
	"github.com/poolgate/poolgate/internal/lambda"
)

// TestAPolicyIsRememberedAndHeldAgainstEveryRequest: what is cached is the policy, by identity and stage; the verdict is each request's own.
func TestAPolicyIsRememberedAndHeldAgainstEveryRequest(t *testing.T) {
	narrow := grantOf("Allow", "arn:aws:execute-api:eu-west-1:000000000000:abcde12345/*/GET/b")
	for _, tt := range []struct {
		name string
		ttl  *int32
		// asked is how often the function was asked after each step.
		asked []int
	}{
		{"by default for 300 seconds", nil, []int{1, 1, 2, 3, 3, 4, 5}},
		{"for 300 seconds", aws.Int32(300), []int{1, 1, 2, 3, 3, 4, 5}},
		{"not at all", aws.Int32(0), []int{1, 2, 3, 4, 5, 6, 7}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := returns(narrow)
			a := behind(types.AuthorizerTypeToken, tokenHeader, func(a *types.Authorizer) { a.AuthorizerResultTtlInSeconds = tt.ttl })
			w := newWorld(t, a, nil, withFunctions(f))
			w.apis.deploy("dev", a.s, nil)
			denied := `{"Message":"User is not authorized to access this resource"}`
			for i, step := range []struct {
				name, path, token string
				status            int
				before            func()
			}{
				{"the first asks", "/prod/b", "t1", 200, nil},
				{"the policy is too narrow for another path", "/prod/a/1", "t1", 403, nil},
				{"another identity", "/prod/b", "t2", 200, nil},
				{"another stage", "/dev/b", "t1", 200, nil},
				{"just before its time is up", "/prod/b", "t1", 200, func() { w.clock.Advance(299 * time.Second) }},
				{"its time is up", "/prod/b", "t1", 200, func() { w.clock.Advance(2 * time.Second) }},
				{"a flush", "/prod/b", "t1", 200, func() { w.apis.watch(apigateway.AuthorizersTopic(apiID, "prod")) }},
			} {
				if step.before != nil {
					step.before()
				}
				got := send(t, w, "GET", step.path, "Auth", step.token)
				if got.StatusCode != step.status || step.status == 403 && got.body != denied {
					t.Errorf("%s: answered %d %s", step.name, got.StatusCode, got.body)
				}
				if f.count() != tt.asked[i] {
					t.Errorf("%s: the function was asked %d times, want %d", step.name, f.count(), tt.asked[i])
				}
			}
		})
	}
}

func TestWhatIsNotRemembered(t *testing.T) {
	forever := func(a *types.Authorizer) { a.AuthorizerResultTtlInSeconds = aws.Int32(3600) }
	for name, payload := range map[string]lambda.Answer{
		"a failure": thrown("x"), "Unauthorized": thrown("Unauthorized"), "a malformed answer": returned(`{"principalId":"u"}`),
	} {
		t.Run(name, func(t *testing.T) {
			f := byToken(map[string]lambda.Answer{"t": payload}, nil)
			w := newWorld(t, behind(types.AuthorizerTypeToken, tokenHeader, forever), nil, withFunctions(f))
			for range 3 {
				send(t, w, "GET", "/prod/b", "Auth", "t")
			}
			if f.count() != 3 {
				t.Errorf("asked %d times", f.count())
			}
		})
	}
	t.Run("answers that no identity tells apart", func(t *testing.T) {
		f := allowing()
		w := newWorld(t, behind(types.AuthorizerTypeRequest, "", forever), nil, withFunctions(f))
		for range 3 {
			send(t, w, "GET", "/prod/b")
		}
		if f.count() != 3 {
			t.Errorf("asked %d times", f.count())
		}
	})
	t.Run("another function's answers", func(t *testing.T) {
		f := allowing()
		a := behind(types.AuthorizerTypeToken, tokenHeader, forever)
		w := newWorld(t, a, nil, withFunctions(f))
		send(t, w, "GET", "/prod/b", "Auth", "t")
		other := behind(types.AuthorizerTypeToken, tokenHeader, func(a *types.Authorizer) { forever(a); a.AuthorizerUri = aws.String(uriOf(authorizerARN + ":2")) })
		w.apis.deploy("prod", other.s, nil)
		send(t, w, "GET", "/prod/b", "Auth", "t")
		w.apis.deploy("prod", other.s, nil) // a deployment alone asks nobody again
		send(t, w, "GET", "/prod/b", "Auth", "t")
		if f.count() != 2 {
			t.Errorf("asked %d times", f.count())
		}
	})
}

// TestNoTwoIdentitiesAreOne: every value of every source counts.
func TestNoTwoIdentitiesAreOne(t *testing.T) {
	f := allowing()
	w := newWorld(t, behind(types.AuthorizerTypeRequest, "method.request.header.A,method.request.header.B", func(a *types.Authorizer) { a.AuthorizerResultTtlInSeconds = aws.Int32(300) }), nil, withFunctions(f))
	for i, headers := range [][]string{
		{"A", "1", "B", "2"}, {"A", "2", "B", "1"}, {"A", "12", "B", "2"}, {"A", "1", "B", "22"}, {"A", "1", "A", "2", "B", "3"}, {"A", "1", "B", "2", "B", "3"},
		{"A", "0", "A", "1", "B", "2"}, {"A", "1,2", "B", "3"},
	} {
		expect(t, send(t, w, "GET", "/prod/b", headers...), 200, passed, "")
		if f.count() != i+1 {
			t.Errorf("%v met another identity", headers)
		}
	}
}

// TestManyRequestsAskOnce: one question for all who come with the same identity meanwhile.
func TestManyRequestsAskOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeFunctions{run: func(context.Context, lambda.Invocation) (lambda.Answer, error) {
			time.Sleep(time.Second)
			return returned(grantOf("Allow", "arn:aws:execute-api:eu-west-1:000000000000:abcde12345/prod/GET/b")), nil
		}}
		w := newWorld(t, behind(types.AuthorizerTypeToken, tokenHeader, func(a *types.Authorizer) { a.AuthorizerResultTtlInSeconds = aws.Int32(60) }), nil, withFunctions(f))
		var wg sync.WaitGroup
		for i := range 40 {
			wg.Go(func() {
				path, want := "/prod/b", 200
				if i%2 == 1 {
					path, want = "/prod/a/"+strconv.Itoa(i), 403
				}
				recorder, r := httptest.NewRecorder(), httptest.NewRequest("GET", path, nil)
				r.Header.Set("Auth", "t")
				w.ServeHTTP(recorder, r)
				if recorder.Code != want {
					t.Errorf("%s answered %d", path, recorder.Code)
				}
			})
		}
		wg.Wait()
		if f.count() != 1 {
			t.Errorf("asked %d times", f.count())
		}
	})
}

// TestManyPoliciesKeepTheirOwnVerdicts: compiled policies are shared by their text alone, also where there are more than are held to be shared.
func TestManyPoliciesKeepTheirOwnVerdicts(t *testing.T) {
	f := &fakeFunctions{run: func(_ context.Context, in lambda.Invocation) (lambda.Answer, error) {
		_, token, _ := strings.Cut(string(in.Payload), `"authorizationToken":"`)
		token = strings.TrimSuffix(token, `"}`)
		return returned(grantOf("Allow", "arn:aws:execute-api:eu-west-1:000000000000:abcde12345/prod/GET/a/"+token)), nil
	}}
	w := newWorld(t, behind(types.AuthorizerTypeToken, tokenHeader, func(a *types.Authorizer) { a.AuthorizerResultTtlInSeconds = aws.Int32(300) }), nil, withFunctions(f))
	for round := range 2 {
		for i := range 600 {
			own, recorder, r := strconv.Itoa(i), httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil)
			r.Header.Set("Auth", own)
			w.ServeAPI(recorder, r, gateway.Target{API: apiID, Path: "/prod/a/" + own})
			if recorder.Code != 200 {
				t.Fatalf("round %d: %s answered %d", round, own, recorder.Code)
			}
			recorder = httptest.NewRecorder()
			w.ServeAPI(recorder, r, gateway.Target{API: apiID, Path: "/prod/a/" + strconv.Itoa(i+1)})
			if recorder.Code != 403 {
				t.Fatalf("round %d: %s was let in by another's policy", round, own)
			}
		}
	}
	if f.count() != 600 {
		t.Errorf("asked %d times", f.count())
	}
}
