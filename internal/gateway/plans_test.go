package gateway_test

import (
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/internal/apigateway"
	"github.com/poolgate/poolgate/internal/gateway"
)

func (w *world) get(id, path string) *httptest.ResponseRecorder {
	recorder := httptest.NewRecorder()
	w.ServeAPI(recorder, httptest.NewRequest("GET", "/", nil), gateway.Target{API: id, Path: path})
	return recorder
}

func (f *fakeAPIs) loaded() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.loads
}

func TestAPlanIsLoadedOnce(t *testing.T) {
	w := newWorld(t, newAPI().on("GET", "/a", open()), nil)
	var wait sync.WaitGroup
	for range 50 {
		wait.Go(func() {
			if code := w.get(apiID, "/prod/a").Code; code != 200 {
				t.Errorf("answered %d", code)
			}
		})
	}
	wait.Wait()
	if n := w.apis.loaded(); n != 1 {
		t.Errorf("50 requests loaded the API %d times", n)
	}
}

func TestADeploymentIsServedAtOnce(t *testing.T) {
	w := newWorld(t, newAPI().on("GET", "/a", openWith(mockOf("0"))), nil)
	for i := range 20 {
		w.apis.deploy("prod", newAPI().on("GET", "/a", openWith(mockOf(fmt.Sprint(i)))).s, nil)
		if got := w.get(apiID, "/prod/a").Body.String(); got != fmt.Sprint(i) {
			t.Fatalf("deployment %d is answered by %s", i, got)
		}
	}
}

// TestDeploymentsWhileRequestsCome: once a deployment was told of, no later request is answered by an older one.
func TestDeploymentsWhileRequestsCome(t *testing.T) {
	w := newWorld(t, newAPI().on("GET", "/a", openWith(mockOf("0"))), nil)
	done := make(chan struct{})
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
					w.get(apiID, "/prod/a")
				}
			}
		})
	}
	for i := range 100 {
		w.apis.deploy("prod", newAPI().on("GET", "/a", openWith(mockOf(fmt.Sprint(i)))).s, nil)
		if got := w.get(apiID, "/prod/a").Body.String(); got != fmt.Sprint(i) {
			t.Errorf("deployment %d is answered by %s", i, got)
		}
	}
	close(done)
	wait.Wait()
}

func TestAnUnknownAPIIsAskedForOnceInAWhile(t *testing.T) {
	w := newWorld(t, newAPI().on("GET", "/a", open()), nil)
	for range 10 {
		w.get("unknown123", "/prod/a")
	}
	if n := w.apis.loaded(); n != 1 {
		t.Errorf("an unknown API was asked for %d times", n)
	}
	w.apis.watch(apigateway.StageTopic("unknown123"))
	w.get("unknown123", "/prod/a")
	if n := w.apis.loaded(); n != 2 {
		t.Errorf("an API that has just been made was asked for %d times", n)
	}
}

func TestWhatCannotBeAnAPIAsksNobody(t *testing.T) {
	w := newWorld(t, newAPI().on("GET", "/a", open()), nil)
	for _, id := range []string{"", "a.b", "a/b", strings.Repeat("a", 65), "é", "a b"} {
		if got := w.get(id, "/prod/a"); got.Code != 403 || got.Body.String() != `{"message":"Forbidden"}` {
			t.Errorf("%q is answered %d %s", id, got.Code, got.Body)
		}
	}
	if n := w.apis.loaded(); n != 0 {
		t.Errorf("the store was asked %d times", n)
	}
}

// TestManyAPIsAreNotAllKept asks for more APIs than are held; the one in use stays.
func TestManyAPIsAreNotAllKept(t *testing.T) {
	w := newWorld(t, newAPI().on("GET", "/a", open()), nil)
	w.get(apiID, "/prod/a")
	for i := range 5000 {
		w.get(fmt.Sprintf("x%d", i), "/prod/a")
		if i%100 == 0 {
			w.get(apiID, "/prod/a")
		}
	}
	before := w.apis.loaded()
	if got := w.get(apiID, "/prod/a").Code; got != 200 || w.apis.loaded() != before {
		t.Errorf("the API in use was dropped: %d", got)
	}
	if w.get("x0", "/prod/a"); w.apis.loaded() != before+1 {
		t.Error("5,000 unknown ids are remembered")
	}
}

func TestAStoreThatFailsClosesTheAPI(t *testing.T) {
	w := newWorld(t, newAPI().on("GET", "/a", open()), nil)
	w.apis.fail = errors.New("disk on fire")
	got := w.get(apiID, "/prod/a")
	if got.Code != 500 || got.Body.String() != `{"message":"Internal server error"}` {
		t.Errorf("answered %d %s", got.Code, got.Body)
	}
	w.apis.fail = nil
	if got := w.get(apiID, "/prod/a").Code; got != 200 {
		t.Errorf("it does not recover: %d", got)
	}
}

// TestCompile: only what cannot be served at all fails a deployment.
func TestCompile(t *testing.T) {
	for _, tt := range []struct {
		name string
		api  *api
		ok   bool
	}{
		{"all is well", protected(), true},
		{"a broken template fails when a request needs it, as on AWS", newAPI().on("GET", "/a", openWith(mockOf("#if("))), true},
		{"a pool named by a stage variable", newAPI().authorizer("auth", func(a *types.Authorizer) {
			a.ProviderARNs = []string{"arn:aws:cognito-idp:eu-west-1:0:userpool/${stageVariables.x}"}
		}), true},
		{"a backend named by a stage variable", newAPI().on("GET", "/a", proxy("http://${stageVariables.host}/", nil)), true},
		{"a Lambda integration", newAPI().on("GET", "/a", openWith(&types.Integration{Type: types.IntegrationTypeAwsProxy})), true},
		{"a Lambda authorizer", newAPI().authorizer("fn", func(a *types.Authorizer) { a.Type = types.AuthorizerTypeRequest }).on("GET", "/a", types.Method{AuthorizationType: aws.String("CUSTOM"), AuthorizerId: aws.String("fn")}), true},
		{"a bad validation expression", newAPI().authorizer("auth", func(a *types.Authorizer) { a.IdentityValidationExpression = aws.String("(") }), false},
		{"a pool that is none", newAPI().authorizer("auth", func(a *types.Authorizer) { a.ProviderARNs = []string{"x"} }), false},
		{"a bad selection pattern", newAPI().on("GET", "/a", openWith(&types.Integration{Type: types.IntegrationTypeMock, IntegrationResponses: map[string]types.IntegrationResponse{"200": response("200", "(", nil, nil)}})), false},
		{"an authorizer that does not exist", newAPI().on("GET", "/a", cognito()), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := gateway.New(gateway.Config{APIs: &fakeAPIs{}, Engine: authz.New(poolKeys{})})
			if err := g.Compile(tt.api.s); (err == nil) != tt.ok {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestAGatewayThatIsClosedWatchesNoMore(t *testing.T) {
	w := newWorld(t, newAPI().on("GET", "/a", open()), nil)
	w.Close()
	if w.apis.watch != nil {
		t.Error("the gateway still watches")
	}
}
