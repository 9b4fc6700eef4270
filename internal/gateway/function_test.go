package gateway_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/google/go-cmp/cmp"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/gateway"
	"github.com/poolgate/poolgate/internal/lambda"
)

const functionARN = "arn:aws:lambda:eu-west-1:000000000000:function:pets"

// fakeFunctions answers invocations by a function of the test and remembers them.
type fakeFunctions struct {
	mu    sync.Mutex
	calls []lambda.Invocation
	run   func(ctx context.Context, in lambda.Invocation) (lambda.Answer, error)
}

func (f *fakeFunctions) Call(ctx context.Context, in lambda.Invocation) (lambda.Answer, error) {
	f.mu.Lock()
	f.calls = append(f.calls, in)
	f.mu.Unlock()
	return f.run(ctx, in)
}

func (f *fakeFunctions) last(t *testing.T) lambda.Invocation {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.calls) == 0 {
		t.Fatal("no function was called")
	}
	return f.calls[len(f.calls)-1]
}

// returns is a function that always answers the same.
func returns(payload string) *fakeFunctions {
	return &fakeFunctions{run: func(context.Context, lambda.Invocation) (lambda.Answer, error) {
		return lambda.Answer{Payload: []byte(payload)}, nil
	}}
}

// echoes is a function behind a proxy integration that answers its event.
func echoes() *fakeFunctions {
	return &fakeFunctions{run: func(_ context.Context, in lambda.Invocation) (lambda.Answer, error) {
		body, err := json.Marshal(map[string]any{"statusCode": 200, "body": string(in.Payload)})
		return lambda.Answer{Payload: body}, err
	}}
}

func withFunctions(f gateway.Functions) func(*gateway.Config) {
	return func(c *gateway.Config) { c.Functions = f }
}

func uriOf(arn string) string {
	return "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/" + arn + "/invocations"
}

func integrationWith(kind types.IntegrationType, arn string, change func(*types.Integration)) *types.Integration {
	i := &types.Integration{Type: kind, HttpMethod: aws.String("POST"), Uri: aws.String(uriOf(arn)), PassthroughBehavior: aws.String("WHEN_NO_MATCH")}
	if change != nil {
		change(i)
	}
	return i
}

func proxied(change func(*types.Integration)) types.Method {
	return openWith(integrationWith(types.IntegrationTypeAwsProxy, functionARN, change))
}

func mapped(change func(*types.Integration)) types.Method {
	return openWith(integrationWith(types.IntegrationTypeAws, functionARN, func(i *types.Integration) {
		i.IntegrationResponses = map[string]types.IntegrationResponse{"200": response("200", "", nil, nil)}
		if change != nil {
			change(i)
		}
	}))
}

// eventOf is the event that the function got, as JSON.
func eventOf(t *testing.T, f *fakeFunctions) map[string]any {
	t.Helper()
	var event map[string]any
	if err := json.Unmarshal(f.last(t).Payload, &event); err != nil {
		t.Fatal(err)
	}
	return event
}

// keysInOrder are an object's members in the order in which they were written.
func keysInOrder(t *testing.T, object []byte) []string {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(object))
	if _, err := d.Token(); err != nil {
		t.Fatal(err)
	}
	var keys []string
	for d.More() {
		key, err := d.Token()
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, key.(string))
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			t.Fatal(err)
		}
	}
	return keys
}

// TestTheProxyEvent holds the event against the one recorded on AWS: its members, their order and its nulls.
func TestTheProxyEvent(t *testing.T) {
	f := echoes()
	w := newWorld(t, newAPI().on("ANY", "/{proxy+}", proxied(nil)), nil, withFunctions(f))
	got := send(t, w, "GET", "/prod/test-path/", "Host", "abcde12345.execute-api.eu-west-1.amazonaws.com", "User-Agent", "tester", "Accept", "*/*",
		"Authorization", "random-value", "Connection", "X-Hop", "X-Hop", "1")
	event := eventOf(t, f)
	context := event["requestContext"].(map[string]any)
	for _, name := range []string{"requestId", "extendedRequestId", "requestTime", "requestTimeEpoch"} {
		if context[name] == nil || context[name] == "" {
			t.Errorf("requestContext has no %s", name)
		}
		delete(context, name)
	}
	headers := event["headers"].(map[string]any)
	if trace, _ := headers["X-Amzn-Trace-Id"].(string); trace != got.Header.Get("X-Amzn-Trace-Id") || !strings.HasPrefix(trace, "Root=1-") {
		t.Errorf("the function saw the trace id %q, the client %q", trace, got.Header.Get("X-Amzn-Trace-Id"))
	}
	delete(headers, "X-Amzn-Trace-Id")
	delete(event["multiValueHeaders"].(map[string]any), "X-Amzn-Trace-Id")
	const host = "abcde12345.execute-api.eu-west-1.amazonaws.com"
	single := map[string]any{
		"Accept": "*/*", "Accept-Encoding": "gzip", "Authorization": "random-value", "Host": host, "User-Agent": "tester", "X-Forwarded-For": "127.0.0.1",
		"X-Forwarded-Port": "80", "X-Forwarded-Proto": "http",
	}
	many := map[string]any{}
	for name, value := range single {
		many[name] = []any{value}
	}
	want := map[string]any{
		"resource": "/{proxy+}", "path": "/test-path/", "httpMethod": "GET", "headers": single, "multiValueHeaders": many,
		"queryStringParameters": nil, "multiValueQueryStringParameters": nil, "pathParameters": map[string]any{"proxy": "test-path"}, "stageVariables": nil,
		"body": nil, "isBase64Encoded": false,
		"requestContext": map[string]any{
			"accountId": account, "apiId": apiID, "deploymentId": "dep123", "domainName": host, "domainPrefix": "abcde12345", "httpMethod": "GET",
			"path": "/prod/test-path/", "protocol": "HTTP/1.1", "resourceId": "r-proxy", "resourcePath": "/{proxy+}", "stage": "prod",
			"identity": map[string]any{
				"accessKey": nil, "accountId": nil, "caller": nil, "cognitoAuthenticationProvider": nil, "cognitoAuthenticationType": nil,
				"cognitoIdentityId": nil, "cognitoIdentityPoolId": nil, "principalOrgId": nil, "sourceIp": "127.0.0.1", "user": nil, "userAgent": "tester", "userArn": nil,
			},
		},
	}
	if diff := cmp.Diff(want, event); diff != "" {
		t.Error(diff)
	}
	order := []string{"resource", "path", "httpMethod", "headers", "multiValueHeaders", "queryStringParameters", "multiValueQueryStringParameters", "pathParameters", "stageVariables", "requestContext", "body", "isBase64Encoded"}
	if diff := cmp.Diff(order, keysInOrder(t, f.last(t).Payload)); diff != "" {
		t.Error(diff)
	}
	if in := f.last(t); in.Function != functionARN || in.Principal != "apigateway.amazonaws.com" || in.SourceARN != "arn:aws:execute-api:eu-west-1:000000000000:abcde12345/prod/GET/*" {
		t.Errorf("invoked with %+v", in)
	}
}

func TestTheProxyEventOfARequestWithEverything(t *testing.T) {
	m := cognito()
	m.OperationName = aws.String("getPet")
	m.MethodIntegration = integrationWith(types.IntegrationTypeAwsProxy, "${stageVariables.fn}", func(i *types.Integration) {
		i.RequestParameters = map[string]string{"integration.request.header.foobar": "'mapped-value'", "integration.request.header.who": "context.authorizer.claims.email"}
	})
	f := echoes()
	w := newWorld(t, newAPI().authorizer("auth", nil).on("POST", "/pets/{id}/{rest+}", m), map[string]string{"fn": functionARN + ":live", "x": "1"}, withFunctions(f))
	got := sendBody(t, w, "POST", "/prod/pets/test%2Balias@x.com/a/b%20c?q=a+b&q=2%2B&empty=", `{"a":"<é>"}`, "Authorization", token(idClaims()), "X-Many", "1", "X-Many", "2", "Content-Type", "application/json")
	if got.StatusCode != 200 {
		t.Fatalf("answered %d %s", got.StatusCode, got.body)
	}
	event := eventOf(t, f)
	context := event["requestContext"].(map[string]any)
	want := map[string]any{
		"path": "/pets/test%2Balias@x.com/a/b%20c", "pathParameters": map[string]any{"id": "test%2Balias@x.com", "rest": "a/b%20c"},
		"queryStringParameters": map[string]any{"q": "2+", "empty": ""}, "multiValueQueryStringParameters": map[string]any{"q": []any{"a b", "2+"}, "empty": []any{""}},
		"stageVariables": map[string]any{"fn": functionARN + ":live", "x": "1"}, "body": `{"a":"<é>"}`, "isBase64Encoded": false,
	}
	for name, value := range want {
		if diff := cmp.Diff(value, event[name]); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	if context["path"] != "/prod/pets/test%2Balias@x.com/a/b%20c" || context["operationName"] != "getPet" {
		t.Errorf("requestContext is %v", context)
	}
	claims := context["authorizer"].(map[string]any)["claims"].(map[string]any)
	for name, value := range map[string]string{"email": "ann@example.com", "email_verified": "true", "cognito:groups": "a,b", "exp": "Sun Mar 01 13:00:00 UTC 2026", "auth_time": fmt.Sprint(epoch.Unix())} {
		if claims[name] != value {
			t.Errorf("the claim %s is %v, want %q", name, claims[name], value)
		}
	}
	headers, many := event["headers"].(map[string]any), event["multiValueHeaders"].(map[string]any)
	if headers["X-Many"] != "2" || !cmp.Equal(many["X-Many"], []any{"1", "2"}) || headers["foobar"] != "mapped-value" || headers["who"] != "ann@example.com" || headers["Content-Length"] != nil {
		t.Errorf("the headers are %v and %v", headers, many)
	}
	if in := f.last(t); in.Function != functionARN+":live" || in.SourceARN != "arn:aws:execute-api:eu-west-1:000000000000:abcde12345/prod/POST/pets/*/*" {
		t.Errorf("invoked with %+v", in)
	}
}

// TestProxyAnswers are what functions return, and what becomes of it.
func TestProxyAnswers(t *testing.T) {
	for _, tt := range []struct {
		name, payload string
		status        int
		body          string
	}{
		{"a full answer", `{"statusCode":201,"headers":{"X-A":"b"},"body":"hi","isBase64Encoded":false}`, 201, "hi"},
		{"a status in quotes", `{"statusCode":"204"}`, 204, ""},
		{"no body", `{"statusCode":200}`, 200, ""},
		{"a null body", `{"statusCode":200,"body":null}`, 200, ""},
		{"an empty object", `{}`, 200, ""},
		{"null headers", `{"statusCode":200,"headers":null,"multiValueHeaders":null,"body":"x"}`, 200, "x"},
		{"base64 that nobody asked to decode", `{"statusCode":200,"body":"aGk=","isBase64Encoded":true}`, 200, "aGk="},
		{"a string", `"hi"`, 502, ""},
		{"a list", `[1]`, 502, ""},
		{"null", `null`, 502, ""},
		{"nothing", ``, 502, ""},
		{"no JSON", `{"statusCode":`, 502, ""},
		{"two objects", `{"statusCode":200}{}`, 502, ""},
		{"a member in other letters", `{"StatusCode":200}`, 502, ""},
		{"an unknown member", `{"statusCode":200,"wrongValue":"value"}`, 502, ""},
		{"a body that is an object", `{"statusCode":200,"body":{"a":1}}`, 502, ""},
		{"a status that is a word", `{"statusCode":"ok"}`, 502, ""},
		{"a status with a fraction", `{"statusCode":200.5}`, 502, ""},
		{"a status that is an object", `{"statusCode":{}}`, 502, ""},
		{"a status that is a truth value", `{"statusCode":true}`, 502, ""},
		{"a status beyond all", `{"statusCode":999}`, 502, ""},
		{"headers that are a list", `{"statusCode":200,"headers":["a"]}`, 502, ""},
		{"a header that is an object", `{"statusCode":200,"headers":{"a":{}}}`, 502, ""},
		{"headers with many values that are single", `{"statusCode":200,"multiValueHeaders":{"a":"b"}}`, 502, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, newAPI().on("GET", "/a", proxied(nil)), nil, withFunctions(returns(tt.payload)))
			got := send(t, w, "GET", "/prod/a")
			if tt.status == 502 {
				expect(t, got, 502, `{"message":"Internal server error"}`, "InternalServerErrorException")
				if reason := got.Header.Get("x-poolgate-reason"); reason != string(authz.FunctionAnswerMalformed) {
					t.Errorf("the reason is %q", reason)
				}
				if got.Header.Get("X-Amzn-Trace-Id") != "" {
					t.Error("an error answer has a trace id")
				}
				return
			}
			expect(t, got, tt.status, tt.body, "")
			if got.Header.Get("X-Amzn-Trace-Id") == "" {
				t.Error("the answer has no trace id")
			}
		})
	}
}

func TestProxyAnswerHeaders(t *testing.T) {
	payload := `{"statusCode":200,"headers":{"content-type":"text/plain","X-One":1,"x-both":"single","X-True":true,"X-Same":"a","WWW-Authenticate":"Basic","Server":"mine",
		"Transfer-Encoding":"chunked","Connection":"close","X-Amzn-Trace-Id":"Root=1-x"},
		"multiValueHeaders":{"Set-Cookie":["a=1","b=2"],"X-Both":["first","second"],"X-Same":["a"]},"body":"ok"}`
	w := newWorld(t, newAPI().on("GET", "/a", proxied(nil)), nil, withFunctions(returns(payload)))
	got := send(t, w, "GET", "/prod/a")
	expect(t, got, 200, "ok", "")
	for name, want := range map[string][]string{
		"Content-Type": {"text/plain"}, "X-One": {"1"}, "X-True": {"true"}, "X-Both": {"first", "second", "single"}, "X-Same": {"a"}, "Set-Cookie": {"a=1", "b=2"},
		"X-Amzn-Remapped-Www-Authenticate": {"Basic"}, "X-Amzn-Remapped-Server": {"mine"}, "X-Amzn-Remapped-Connection": {"close"}, "Www-Authenticate": nil, "Server": nil,
	} {
		if diff := cmp.Diff(want, got.Header.Values(name)); diff != "" && (len(want) > 0 || len(got.Header.Values(name)) > 0) {
			t.Errorf("%s: %s", name, diff)
		}
	}
	if id := got.Header.Get("X-Amzn-Trace-Id"); !strings.HasPrefix(id, "Root=1-") || id == "Root=1-x" {
		t.Errorf("the trace id is %q", id)
	}
}

// TestFunctionsThatFail are the ways in which a call does not come to an answer.
func TestFunctionsThatFail(t *testing.T) {
	fails := func(err error) *fakeFunctions {
		return &fakeFunctions{run: func(context.Context, lambda.Invocation) (lambda.Answer, error) { return lambda.Answer{}, err }}
	}
	for _, tt := range []struct {
		name   string
		with   gateway.Functions
		status int
		reason authz.Reason
	}{
		{"it threw", &fakeFunctions{run: func(context.Context, lambda.Invocation) (lambda.Answer, error) {
			return lambda.Answer{Payload: []byte(`{"errorMessage":"secret"}`), Failed: true, Kind: "Unhandled"}, nil
		}}, 502, authz.IntegrationFailed},
		{"the API may not invoke it", fails(fault.Forbidden("AccessDeniedException", "no")), 500, authz.FunctionPermissionMissing},
		{"there is none", fails(fault.NotFound("ResourceNotFoundException", "Function not found")), 500, authz.IntegrationFailed},
		{"too many run", fails(fault.Throttled("TooManyRequestsException", "Rate Exceeded.")), 500, authz.IntegrationFailed},
		{"this server runs none", nil, 500, authz.IntegrationFailed},
		{"it takes too long", &fakeFunctions{run: func(ctx context.Context, _ lambda.Invocation) (lambda.Answer, error) {
			<-ctx.Done()
			return lambda.Answer{}, ctx.Err()
		}}, 504, authz.IntegrationTimeout},
	} {
		t.Run(tt.name, func(t *testing.T) {
			hurried := func(i *types.Integration) { i.TimeoutInMillis = 50 }
			a := newAPI().on("GET", "/proxied", proxied(hurried)).on("GET", "/mapped", mapped(hurried))
			var options []func(*gateway.Config)
			if tt.with != nil {
				options = append(options, withFunctions(tt.with))
			}
			w := newWorld(t, a, nil, options...)
			for _, path := range []string{"/proxied", "/mapped"} {
				if path == "/mapped" && tt.status == 502 {
					continue // a mapped function's error selects a response
				}
				body := `{"message":"Internal server error"}`
				if tt.status == 504 {
					body = `{"message":"Endpoint request timed out"}`
				}
				got := send(t, w, "GET", "/prod"+path)
				expect(t, got, tt.status, body, "InternalServerErrorException")
				if reason := got.Header.Get("x-poolgate-reason"); reason != string(tt.reason) {
					t.Errorf("the reason is %q, want %q", reason, tt.reason)
				}
			}
		})
	}
}

func TestIntegrationsThatCannotCallAFunction(t *testing.T) {
	set := func(change func(*types.Integration)) types.Method { return proxied(change) }
	a := newAPI().
		on("GET", "/get", set(func(i *types.Integration) { i.HttpMethod = aws.String("GET") })).
		on("GET", "/unset", set(func(i *types.Integration) { i.Uri = aws.String(uriOf("${stageVariables.none}")) })).
		on("GET", "/authorization", set(func(i *types.Integration) {
			i.RequestParameters = map[string]string{"integration.request.header.Authorization": "'x'"}
		})).
		on("GET", "/mapped-authorization", mapped(func(i *types.Integration) {
			i.RequestParameters = map[string]string{"integration.request.header.authorization": "'x'"}
		})).
		on("GET", "/queue", mapped(func(i *types.Integration) {
			i.Uri = aws.String("arn:aws:apigateway:eu-west-1:sqs:path/000000000000/queue")
		})).
		on("GET", "/no-json", mapped(func(i *types.Integration) { i.RequestTemplates = map[string]string{"application/json": "{nonsense"} }))
	f := echoes()
	w := newWorld(t, a, nil, withFunctions(f))
	for _, path := range []string{"/get", "/unset", "/authorization", "/mapped-authorization", "/queue", "/no-json"} {
		got := send(t, w, "GET", "/prod"+path)
		expect(t, got, 500, `{"message":"Internal server error"}`, "InternalServerErrorException")
		record := waitForRecord(t, w, got.Header.Get("x-amzn-RequestId"))
		if path == "/queue" && !strings.Contains(record.Saw, `"sqs"`) {
			t.Errorf("the record does not name the service: %q", record.Saw)
		}
	}
	if len(f.calls) != 0 {
		t.Errorf("the function was called %d times", len(f.calls))
	}
}

// TestAnIntegrationWithARole calls as that role: the function's resource policy is not asked.
func TestAnIntegrationWithARole(t *testing.T) {
	f := echoes()
	w := newWorld(t, newAPI().on("GET", "/a", proxied(func(i *types.Integration) { i.Credentials = aws.String("arn:aws:iam::000000000000:role/r") })), nil, withFunctions(f))
	if got := send(t, w, "GET", "/prod/a"); got.StatusCode != 200 || f.last(t).Principal != "" {
		t.Errorf("answered %d, invoked as %q", got.StatusCode, f.last(t).Principal)
	}
}

func TestABodyBeyondWhatFunctionsTake(t *testing.T) {
	w := newWorld(t, newAPI().on("POST", "/a", proxied(nil)), nil, withFunctions(echoes()))
	expect(t, sendBody(t, w, "POST", "/prod/a", strings.Repeat("x", 6<<20)), 413, `{"message":"Request Too Long"}`, "RequestTooLargeException")
}

// TestMappedFunctions are AWS integrations with a function: templates, selection by error message, asynchronous invocation.
func TestMappedFunctions(t *testing.T) {
	jsonOnly := func(text string) map[string]string { return map[string]string{"application/json": text} }
	a := newAPI().
		on("POST", "/pass", mapped(nil)).
		on("GET", "/template", mapped(func(i *types.Integration) { i.RequestTemplates = jsonOnly(`{"p":"$input.params('p')"}`) })).
		on("GET", "/event", mapped(func(i *types.Integration) {
			i.RequestParameters = map[string]string{"integration.request.header.X-Amz-Invocation-Type": "'Event'"}
			i.IntegrationResponses = map[string]types.IntegrationResponse{"202": response("202", "", nil, jsonOnly(`{"taken":true}`))}
		})).
		on("GET", "/event-by-template", mapped(func(i *types.Integration) {
			i.RequestTemplates = jsonOnly(`#set($context.requestOverride.header.X-Amz-Invocation-Type = "Event"){}`)
		})).
		on("GET", "/select/{what}", mapped(func(i *types.Integration) {
			i.RequestTemplates = jsonOnly(`{"what":"$input.params('what')"}`)
			i.IntegrationResponses = map[string]types.IntegrationResponse{
				"200": response("200", "", map[string]string{"method.response.header.X-From": "integration.response.body.what"}, jsonOnly(`got $input.path('$.what')`)),
				"400": response("400", `.*\[400\].*`, nil, jsonOnly(`#set($e = $input.path('$.errorMessage')){"said":"$util.escapeJavaScript($e)"}`)),
				"500": response("500", `(?s).*fatal.*`, nil, nil),
			}
		}))
	f := &fakeFunctions{run: func(_ context.Context, in lambda.Invocation) (lambda.Answer, error) {
		switch {
		case in.Async:
			return lambda.Answer{}, nil
		case strings.Contains(string(in.Payload), "bad"):
			return lambda.Answer{Failed: true, Kind: "Unhandled", Payload: []byte(`{"errorMessage":"no [400] \"such\"","errorType":"Error"}`)}, nil
		case strings.Contains(string(in.Payload), "fatal"):
			return lambda.Answer{Failed: true, Kind: "Unhandled", Payload: []byte(`{"errorMessage":"a\nfatal\nerror"}`)}, nil
		case strings.Contains(string(in.Payload), "other"):
			return lambda.Answer{Failed: true, Kind: "Unhandled", Payload: []byte(`{"errorMessage":"unforeseen"}`)}, nil
		}
		return lambda.Answer{Payload: in.Payload}, nil
	}}
	w := newWorld(t, a, nil, withFunctions(f))
	for _, tt := range []struct {
		method, path, sent string
		status             int
		body, payload      string
		async              bool
	}{
		{"POST", "/pass", `{"a": 1}`, 200, `{"a": 1}`, `{"a": 1}`, false},
		{"POST", "/pass", "", 200, `{}`, `{}`, false},
		{"GET", "/template?p=foobar", "", 200, `{"p":"foobar"}`, `{"p":"foobar"}`, false},
		{"GET", "/event", "", 202, `{"taken":true}`, `{}`, true},
		{"GET", "/event-by-template", "", 200, "", `{}`, true},
		{"GET", "/select/it", "", 200, "got it", `{"what":"it"}`, false},
		{"GET", "/select/bad", "", 400, `{"said":"no [400] \"such\""}`, `{"what":"bad"}`, false},
		{"GET", "/select/fatal", "", 500, "{\"errorMessage\":\"a\\nfatal\\nerror\"}", `{"what":"fatal"}`, false},
		{"GET", "/select/other", "", 200, "got ", `{"what":"other"}`, false},
	} {
		t.Run(tt.path, func(t *testing.T) {
			got := sendBody(t, w, tt.method, "/prod"+tt.path, tt.sent)
			expect(t, got, tt.status, tt.body, "")
			if in := f.last(t); string(in.Payload) != tt.payload || in.Async != tt.async {
				t.Errorf("the function got %s, async %v", in.Payload, in.Async)
			}
			if tt.path == "/select/it" && got.Header.Get("X-From") != "it" {
				t.Errorf("the mapped header is %q", got.Header.Get("X-From"))
			}
			if got.Header.Get("X-Amzn-Trace-Id") == "" {
				t.Error("the answer has no trace id")
			}
		})
	}
}

func TestTestingAMethodWithAFunction(t *testing.T) {
	secret := token(idClaims())
	for kind, m := range map[string]types.Method{"proxied": proxied(nil), "mapped": mapped(func(i *types.Integration) {
		i.RequestTemplates = map[string]string{"application/json": `{"token":"$input.params('Authorization')"}`}
	})} {
		t.Run(kind, func(t *testing.T) {
			a := newAPI().on("GET", "/a", m)
			w := newWorld(t, a, nil, withFunctions(echoes()))
			out, err := w.TestMethod(context.Background(), a.s, &sdk.TestInvokeMethodInput{
				ResourceId: aws.String("r-a"), HttpMethod: aws.String("GET"), PathWithQueryString: aws.String("/a"), Headers: map[string]string{"Authorization": "Bearer " + secret},
			})
			if err != nil || out.Status != http.StatusOK {
				t.Fatalf("answered %+v, %v", out, err)
			}
			log := aws.ToString(out.Log)
			want := []string{
				"Starting execution for request", "HTTP Method", "Method request path", "Method request query string", "Method request headers", "Method request body before transformations",
				"Endpoint request URI", "Endpoint request headers", "Endpoint request body after transformations", "Sending request to https",
				"Received response. Status", "Endpoint response headers", "Endpoint response body before transformations",
				"Method response body after transformations", "Method response headers", "Successfully completed execution", "Method completed with status",
			}
			got := logLines(t, log)[1:]
			for i := range got {
				if strings.HasPrefix(got[i], "Sending request to https") {
					got[i] = "Sending request to https"
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			before, _, _ := strings.Cut(log, "Method response body after")
			if strings.Contains(before, secret) {
				t.Errorf("the log holds the token:\n%s", before)
			}
		})
	}
}

func TestAFunctionStopsWithItsClient(t *testing.T) {
	stopped := make(chan struct{})
	f := &fakeFunctions{run: func(ctx context.Context, _ lambda.Invocation) (lambda.Answer, error) {
		<-ctx.Done()
		close(stopped)
		return lambda.Answer{}, ctx.Err()
	}}
	w := newWorld(t, newAPI().on("GET", "/a", proxied(func(i *types.Integration) { i.TimeoutInMillis = 60 })), nil, withFunctions(f))
	send(t, w, "GET", "/prod/a")
	select {
	case <-stopped:
	case <-time.After(5 * time.Second):
		t.Error("the call went on after its timeout")
	}
}

// FuzzProxyAnswer: whatever a function returns, the client gets a whole answer, and nothing breaks.
func FuzzProxyAnswer(f *testing.F) {
	for _, seed := range []string{
		`{"statusCode":200,"headers":{"a":"b"},"multiValueHeaders":{"c":["d",1,true,null]},"body":"x","isBase64Encoded":true}`,
		`{"statusCode":"418","body":null}`, `[]`, `{"headers":{"\n":"\r\n"}}`, `{"statusCode":1e2}`, `{"body":"é","headers":{"Content-Length":"9999"}}`,
	} {
		f.Add([]byte(seed))
	}
	var payload []byte
	functions := &fakeFunctions{run: func(context.Context, lambda.Invocation) (lambda.Answer, error) {
		return lambda.Answer{Payload: payload}, nil
	}}
	w := newWorld(f, newAPI().binary("*/*").on("GET", "/a", proxied(nil)), nil, withFunctions(functions))
	f.Fuzz(func(t *testing.T, data []byte) {
		payload = data
		functions.calls = nil
		recorder := httptest.NewRecorder()
		w.ServeAPI(recorder, httptest.NewRequest("GET", "/", nil), gateway.Target{API: apiID, Path: "/prod/a"})
		answer := recorder.Result()
		if answer.StatusCode < 200 || answer.StatusCode > 599 || answer.Header.Get("Content-Type") == "" && answer.StatusCode != 204 && answer.StatusCode != 304 {
			t.Fatalf("answered %d with %v", answer.StatusCode, answer.Header)
		}
		if length := answer.Header.Get("Content-Length"); length != "" && length != fmt.Sprint(recorder.Body.Len()) {
			t.Fatalf("the length is %s of a body of %d", length, recorder.Body.Len())
		}
		if answer.StatusCode == http.StatusBadGateway && !json.Valid(data) && recorder.Body.String() != `{"message":"Internal server error"}` {
			t.Fatalf("answered %s", recorder.Body)
		}
	})
}
