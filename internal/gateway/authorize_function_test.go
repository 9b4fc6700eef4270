package gateway_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/gateway"
	"github.com/poolgate/poolgate/internal/lambda"
)

// allowing is a function that lets everybody in.
func allowing() *fakeFunctions { return returns(grantOf("Allow", "*")) }

// count is how often a function was asked.
func (f *fakeFunctions) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.calls)
}

// behind is an API of one method, GET /a/{id}, behind a function.
func behind(kind types.AuthorizerType, source string, change func(*types.Authorizer)) *api {
	return newAPI().authorizer("fn", functionAuthorizer(kind, source, change)).on("GET", "/a/{id}", custom("fn")).on("GET", "/b", custom("fn")).on("ANY", "/", custom("fn"))
}

const (
	tokenHeader = "method.request.header.Auth"
	host        = "abcde12345.execute-api.eu-west-1.amazonaws.com"
)

// TestIdentitySources: of a REQUEST authorizer's sources every one must have a value, or the function is not asked (facts 3.1).
func TestIdentitySources(t *testing.T) {
	for _, tt := range []struct {
		name, source, path string
		headers            []string
		asked              bool
	}{
		{"none is wanted", "", "/b", nil, true},
		{"a header in other letters", "method.request.header.X-User", "/b", []string{"x-uSER", "u"}, true},
		{"a header that is missing", "method.request.header.X-User", "/b", nil, false},
		{"a header that is empty", "method.request.header.X-User", "/b", []string{"X-User", ""}, false},
		{"a header whose last value is empty", "method.request.header.X-User", "/b", []string{"X-User", "u", "X-User", ""}, false},
		{"the host", "method.request.header.Host", "/b", nil, true},
		{"a query parameter", "method.request.querystring.user", "/b?user=u", nil, true},
		{"a query parameter in other letters", "method.request.querystring.user", "/b?User=u", nil, false},
		{"a query parameter that is empty", "method.request.querystring.user", "/b?user=", nil, false},
		{"a stage variable", "stageVariables.tenant", "/b", nil, true},
		{"a stage variable that is not set", "stageVariables.other", "/b", nil, false},
		{"a stage variable that is empty", "stageVariables.empty", "/b", nil, false},
		{"a context value", "context.identity.sourceIp", "/b", nil, true},
		{"a context value that there is none of", "context.identity.userArn", "/b", nil, false},
		{"a context value that nobody knows", "context.nothing", "/b", nil, false},
		{"all of many", "method.request.header.X-User, method.request.querystring.user,stageVariables.tenant , context.httpMethod", "/b?user=u", []string{"X-User", "u"}, true},
		{"all of many but one", "method.request.header.X-User, method.request.querystring.user,stageVariables.tenant", "/b", []string{"X-User", "u"}, false},
		{"several values of one", "method.request.multivaluequerystring.user,method.request.multivalueheader.X-User", "/b?user=a&user=b", []string{"X-User", "1", "X-User", "2"}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := allowing()
			w := newWorld(t, behind(types.AuthorizerTypeRequest, tt.source, nil), map[string]string{"tenant": "t", "empty": ""}, withFunctions(f))
			got := send(t, w, "GET", "/prod"+tt.path, tt.headers...)
			if tt.asked {
				expect(t, got, 200, passed, "")
			} else {
				expect(t, got, 401, unauthorized, "UnauthorizedException")
				if reason := got.Header.Get("x-poolgate-reason"); reason != string(authz.IdentitySourceMissing) {
					t.Errorf("the reason is %q", reason)
				}
			}
			if (f.count() == 1) != tt.asked {
				t.Errorf("the function was asked %d times", f.count())
			}
		})
	}
}

func TestAFunctionThatTakesTooLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeFunctions{run: func(ctx context.Context, _ lambda.Invocation) (lambda.Answer, error) {
			<-ctx.Done()
			return lambda.Answer{}, ctx.Err()
		}}
		w := newWorld(t, behind(types.AuthorizerTypeToken, tokenHeader, nil), nil, withFunctions(f))
		began, recorder, r := time.Now(), httptest.NewRecorder(), httptest.NewRequest("GET", "/prod/b", nil)
		r.Header.Set("Auth", "t")
		w.ServeHTTP(recorder, r)
		if took := time.Since(began); took != 10*time.Second || recorder.Code != 500 || recorder.Body.String() != `{"message":null}` || w.Recent(1, nil)[0].Reason != authz.AuthorizerFailed {
			t.Errorf("after %v answered %d %s", took, recorder.Code, recorder.Body)
		}
	})
}

// TestNoWayOfWritingAPathEvadesADeny: a deny counts for every reading of the path; an allow must be of the path as it is.
func TestNoWayOfWritingAPathEvadesADeny(t *testing.T) {
	const api = "arn:aws:execute-api:eu-west-1:000000000000:abcde12345/prod/GET"
	statement := func(effect, resource string) string {
		return `{"Action":"execute-api:Invoke","Effect":"` + effect + `","Resource":"` + api + resource + `"}`
	}
	denies := returns(`{"principalId":"u","policyDocument":{"Version":"2012-10-17","Statement":[` + statement("Allow", "/*") + `,` + statement("Deny", "/a/secret") + `,` + statement("Deny", "/a/x/y") + `]}}`)
	allows := returns(`{"principalId":"u","policyDocument":{"Version":"2012-10-17","Statement":[` + statement("Allow", "/a/x/y") + `,` + statement("Allow", "/a/caf%C3%A9") + `]}}`)
	for _, tt := range []struct {
		f      *fakeFunctions
		path   string
		status int
	}{
		{denies, "/a/other", 200}, {denies, "/a/secret", 403}, {denies, "/a/secret/", 403}, {denies, "/a/%73ecret", 403}, {denies, "/a//secret", 403},
		{denies, "//a/secret", 403}, {denies, "/a/x%2Fy", 403}, {denies, "/a/secrets", 200},
		{allows, "/a/x%2Fy", 403}, {allows, "/a/caf%c3%a9", 200},
	} {
		w := newWorld(t, behind(types.AuthorizerTypeToken, tokenHeader, nil), nil, withFunctions(tt.f))
		if got := send(t, w, "GET", "/prod"+tt.path, "Auth", "t"); got.StatusCode != tt.status {
			t.Errorf("%s answered %d %s, want %d", tt.path, got.StatusCode, got.body, tt.status)
		}
	}
}

func TestConditionsOfAGrant(t *testing.T) {
	for condition, status := range map[string]int{
		`{"IpAddress":{"aws:SourceIp":"127.0.0.0/8"}}`: 200, `{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}`: 403,
		`{"StringEquals":{"aws:UserAgent":"tester"}}`: 200, `{"StringEquals":{"aws:UserAgent":"other"}}`: 403,
		`{"DateGreaterThan":{"aws:CurrentTime":"2020-01-01T00:00:00Z"}}`: 200, `{"DateLessThan":{"aws:CurrentTime":"2020-01-01T00:00:00Z"}}`: 403,
		`{"Bool":{"aws:SecureTransport":"false"}}`: 200, `{"Bool":{"aws:SecureTransport":"true"}}`: 403,
		`{"StringEquals":{"aws:Referer":"here"}}`: 403,
	} {
		f := returns(`{"principalId":"u","policyDocument":{"Version":"2012-10-17","Statement":{"Action":"execute-api:Invoke","Effect":"Allow","Resource":"*","Condition":` + condition + `}}}`)
		w := newWorld(t, behind(types.AuthorizerTypeToken, tokenHeader, nil), nil, withFunctions(f))
		if got := send(t, w, "GET", "/prod/b", "Auth", "t", "User-Agent", "tester"); got.StatusCode != status {
			t.Errorf("%s answered %d, want %d", condition, got.StatusCode, status)
		}
	}
}

func TestAMethodARNHasALimit(t *testing.T) {
	f := allowing()
	w := newWorld(t, behind(types.AuthorizerTypeToken, tokenHeader, nil).on("GET", "/open/{id}", openWith(mockOf(passed))), nil, withFunctions(f))
	front := len("arn:aws:execute-api:eu-west-1:000000000000:abcde12345/prod/GET/a/")
	for _, tt := range []struct {
		name, path string
		status     int
	}{
		{"1,600 bytes", "/a/" + strings.Repeat("x", 1600-front), 200},
		{"1,601 bytes", "/a/" + strings.Repeat("x", 1601-front), 414},
		{"more than 1,600 bytes of escapes", "/a/" + strings.Repeat("%3A%C3%A9", 300), 414},
		{"a method without authorization has none", "/open/" + strings.Repeat("x", 3000), 200},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := send(t, w, "GET", "/prod"+tt.path, "Auth", "t")
			if got.StatusCode != tt.status {
				t.Fatalf("answered %d %s", got.StatusCode, got.body)
			}
			if tt.status == 414 {
				expect(t, got, 414, `{"message":"Request URI too long"}`, "RequestUriTooLongException")
				if reason := got.Header.Get("x-poolgate-reason"); reason != string(authz.URITooLong) {
					t.Errorf("the reason is %q", reason)
				}
			}
		})
	}
}

// FuzzAuthorizerAnswers: whatever a function returns is an answer of AWS's, and nothing but a policy that allows lets anybody in.
func FuzzAuthorizerAnswers(f *testing.F) {
	for _, seed := range []string{grantOf("Allow", "*"), grantOf("Deny", "*"), `{"principalId":"u","policyDocument":{"Version":"2012-10-17","Statement":[]},"context":{"a":1,"b":true,"c":"d"}}`, "null", "[]", `{"errorMessage":"Unauthorized"}`, `{"context":{"a"`} {
		f.Add([]byte(seed), false)
		f.Add([]byte(seed), true)
	}
	f.Fuzz(func(t *testing.T, payload []byte, failed bool) {
		functions := &fakeFunctions{run: func(context.Context, lambda.Invocation) (lambda.Answer, error) {
			return lambda.Answer{Payload: payload, Failed: failed}, nil
		}}
		w := newWorld(t, behind(types.AuthorizerTypeToken, tokenHeader, nil), nil, withFunctions(functions))
		recorder, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/prod/b", nil)
		r.Header.Set("Auth", "t")
		w.ServeAPI(recorder, r, gateway.Target{API: apiID, Path: "/prod/b"})
		switch recorder.Code {
		case 200:
			var answer struct {
				PolicyDocument struct{ Statement json.RawMessage }
			}
			if failed || json.Unmarshal(payload, &answer) != nil || !strings.Contains(string(answer.PolicyDocument.Statement), "Allow") {
				t.Errorf("%q let somebody in", payload)
			}
		case 401, 403, 500:
		default:
			t.Errorf("%q was answered %d", payload, recorder.Code)
		}
	})
}

// TestTheMendOfAMissingPermissionCanBePasted: it names the function, the API and the authorizer.
func TestTheMendOfAMissingPermissionCanBePasted(t *testing.T) {
	f := &fakeFunctions{run: func(context.Context, lambda.Invocation) (lambda.Answer, error) {
		return lambda.Answer{}, fault.Forbidden("AccessDeniedException", "no")
	}}
	w := newWorld(t, behind(types.AuthorizerTypeToken, tokenHeader, nil), nil, withFunctions(f))
	id := send(t, w, "GET", "/prod/b", "Auth", "t").Header.Get("x-amzn-RequestId")
	record, err := w.Describe(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	want := "Let the API invoke the function: aws lambda add-permission --function-name " + authorizerARN + " --statement-id api --action lambda:InvokeFunction --principal apigateway.amazonaws.com --source-arn 'arn:aws:execute-api:eu-west-1:000000000000:abcde12345/authorizers/fn'"
	if len(record.Mend) == 0 || record.Mend[0] != want {
		t.Errorf("the mend is %q, want %q", record.Mend, want)
	}
	if record.Authorizer != "pool" || record.AuthorizerID != "fn" || record.AuthorizationType != "CUSTOM" {
		t.Errorf("the record is %+v", record)
	}
}
