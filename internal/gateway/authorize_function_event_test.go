package gateway_test

import (
	"context"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/google/go-cmp/cmp"

	"github.com/poolgate/poolgate/internal/lambda"
)

func TestTheTokenEvent(t *testing.T) {
	f := allowing()
	w := newWorld(t, behind(types.AuthorizerTypeToken, tokenHeader, nil), nil, withFunctions(f))
	for _, tt := range []struct{ path, arn string }{
		{"/prod/a/7?x=1", "prod/GET/a/7"},
		{"/prod", "prod/GET/"},
		{"/prod/", "prod/GET/"},
		{"/prod/a/caf%c3%a9", "prod/GET/a/caf%C3%A9"},
		{"/prod/a/x%2Fy/", "prod/GET/a/x%2Fy/"},
	} {
		got := send(t, w, "GET", tt.path, "Auth", `<a "token">`, "Auth", "another")
		if got.StatusCode != 200 {
			t.Errorf("%s answered %d %s", tt.path, got.StatusCode, got.body)
		}
		want := `{"type":"TOKEN","methodArn":"arn:aws:execute-api:eu-west-1:000000000000:abcde12345/` + tt.arn + `","authorizationToken":"<a \"token\">"}`
		in := f.last(t)
		if string(in.Payload) != want {
			t.Errorf("the event is\n%s\nwant\n%s", in.Payload, want)
		}
		if in.Function != authorizerARN || in.Principal != "apigateway.amazonaws.com" || in.SourceARN != "arn:aws:execute-api:eu-west-1:000000000000:abcde12345/authorizers/fn" || in.Async {
			t.Errorf("invoked with %+v", in)
		}
	}
}

func TestAnAuthorizerWithARole(t *testing.T) {
	f := allowing()
	w := newWorld(t, behind(types.AuthorizerTypeToken, tokenHeader, func(a *types.Authorizer) {
		a.AuthorizerCredentials = aws.String("arn:aws:iam::000000000000:role/invoker")
		a.AuthorizerUri = aws.String(uriOf("${stageVariables.fn}"))
	}), map[string]string{"fn": authorizerARN + ":live"}, withFunctions(f))
	expect(t, send(t, w, "GET", "/prod/b", "Auth", "t"), 200, passed, "")
	if in := f.last(t); in.Principal != "" || in.Function != authorizerARN+":live" {
		t.Errorf("invoked with %+v", in)
	}
}

// TestTheRequestEvent holds the event against the guide's and the one recorded from a test invocation: what there is none of is empty, not
// null.
func TestTheRequestEvent(t *testing.T) {
	f := allowing()
	w := newWorld(t, behind(types.AuthorizerTypeRequest, "", nil), nil, withFunctions(f))
	got := send(t, w, "GET", "/prod/b", "Host", host, "User-Agent", "tester")
	expect(t, got, 200, passed, "")
	event := eventOf(t, f)
	requestContext := event["requestContext"].(map[string]any)
	for _, name := range []string{"requestId", "extendedRequestId", "requestTime", "requestTimeEpoch"} {
		if requestContext[name] == nil || requestContext[name] == "" {
			t.Errorf("requestContext has no %s", name)
		}
		delete(requestContext, name)
	}
	for _, name := range []string{"headers", "multiValueHeaders"} {
		delete(event[name].(map[string]any), "X-Amzn-Trace-Id")
	}
	single := map[string]any{"Accept-Encoding": "gzip", "Host": host, "User-Agent": "tester", "X-Forwarded-For": "127.0.0.1", "X-Forwarded-Port": "80", "X-Forwarded-Proto": "http"}
	many := map[string]any{}
	for name, value := range single {
		many[name] = []any{value}
	}
	none := map[string]any{}
	want := map[string]any{
		"type": "REQUEST", "methodArn": "arn:aws:execute-api:eu-west-1:000000000000:abcde12345/prod/GET/b", "resource": "/b", "path": "/b", "httpMethod": "GET",
		"headers": single, "multiValueHeaders": many, "queryStringParameters": none, "multiValueQueryStringParameters": none, "pathParameters": none, "stageVariables": none,
		"requestContext": map[string]any{
			"accountId": account, "apiId": apiID, "deploymentId": "dep123", "domainName": host, "domainPrefix": "abcde12345", "httpMethod": "GET",
			"path": "/prod/b", "protocol": "HTTP/1.1", "resourceId": "r-b", "resourcePath": "/b", "stage": "prod",
			"identity": map[string]any{
				"accessKey": nil, "accountId": nil, "caller": nil, "cognitoAuthenticationProvider": nil, "cognitoAuthenticationType": nil,
				"cognitoIdentityId": nil, "cognitoIdentityPoolId": nil, "principalOrgId": nil, "sourceIp": "127.0.0.1", "user": nil, "userAgent": "tester", "userArn": nil,
			},
		},
	}
	if diff := cmp.Diff(want, event); diff != "" {
		t.Error(diff)
	}
	order := []string{"type", "methodArn", "resource", "path", "httpMethod", "headers", "multiValueHeaders", "queryStringParameters", "multiValueQueryStringParameters", "pathParameters", "stageVariables", "requestContext"}
	if diff := cmp.Diff(order, keysInOrder(t, f.last(t).Payload)); diff != "" {
		t.Error(diff)
	}
}

func TestTheRequestEventOfARequestWithEverything(t *testing.T) {
	f := allowing()
	w := newWorld(t, behind(types.AuthorizerTypeRequest, "", nil), map[string]string{"v": "1"}, withFunctions(f))
	expect(t, send(t, w, "GET", "/prod/a/x%2By?q=1&q=2%2B", "X-Many", "1", "X-Many", "2", "Authorization", "Bearer t"), 200, passed, "")
	event := eventOf(t, f)
	for name, want := range map[string]any{
		"resource": "/a/{id}", "path": "/a/x%2By", "pathParameters": map[string]any{"id": "x%2By"}, "queryStringParameters": map[string]any{"q": "2+"},
		"multiValueQueryStringParameters": map[string]any{"q": []any{"1", "2+"}}, "stageVariables": map[string]any{"v": "1"},
	} {
		if diff := cmp.Diff(want, event[name]); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	headers, many := event["headers"].(map[string]any), event["multiValueHeaders"].(map[string]any)
	if headers["X-Many"] != "2" || !cmp.Equal(many["X-Many"], []any{"1", "2"}) || headers["Authorization"] != "Bearer t" {
		t.Errorf("the headers are %v and %v", headers, many)
	}
	for _, no := range []string{"identitySource", "body", "authorizationToken", "version"} {
		if _, there := event[no]; there {
			t.Errorf("the event has a member %s", no)
		}
	}
}

// TestNoIdentityIsLogged: neither a token nor the values of other identity sources, wherever the function's event and answer show them.
func TestNoIdentityIsLogged(t *testing.T) {
	const secret = "s3cr3t-value-of-a-caller"
	f := &fakeFunctions{run: func(_ context.Context, in lambda.Invocation) (lambda.Answer, error) {
		return returned(`{"principalId":"` + secret + `","policyDocument":` + policyOf("Allow", "*") + `,"context":{"echo":"` + secret + `"}}`), nil
	}}
	for source, request := range map[string]struct {
		kind    types.AuthorizerType
		path    string
		headers []string
	}{
		tokenHeader:                     {types.AuthorizerTypeToken, "/prod/b", []string{"Auth", secret}},
		"method.request.header.X-User":  {types.AuthorizerTypeRequest, "/prod/b", []string{"X-User", secret}},
		"method.request.querystring.me": {types.AuthorizerTypeRequest, "/prod/b?me=" + secret, nil},
	} {
		k := &kept{}
		w := newWorld(t, behind(request.kind, source, nil), nil, withFunctions(f), withLogs(k))
		w.set(level("*/*", "INFO", true))
		got, lines := execution(t, w, k, "GET", request.path, "", request.headers...)
		text := strings.Join(lines, "\n")
		for _, want := range []string{"Endpoint request URI: " + invokeURI, "Endpoint request headers: {Accept=application/json, User-Agent=AmazonAPIGateway_abcde12345", "X-Amz-Source-Arn=arn:aws:execute-api:eu-west-1:000000000000:abcde12345/authorizers/fn",
			"Endpoint request body after transformations: {\"type\":", "Authorizer result body before parsing: {\"principalId\":"} {
			if !strings.Contains(text, want) {
				t.Errorf("%s: %q is not in\n%s", source, want, text)
			}
		}
		if got.StatusCode != 200 || strings.Contains(text, secret) {
			t.Errorf("%s: answered %d, logged\n%s", source, got.StatusCode, text)
		}
	}
}

func TestTheIdentityOfARequestAuthorizerIsLoggedAsAMap(t *testing.T) {
	k := &kept{}
	w := newWorld(t, behind(types.AuthorizerTypeRequest, "method.request.header.Hash,stageVariables.v", nil), map[string]string{"v": "x"}, withFunctions(allowing()), withLogs(k))
	w.set(level("*/*", "INFO", false))
	_, lines := execution(t, w, k, "GET", "/prod/b", "", "Hash", strings.Repeat("b", 40))
	if want := "Incoming identity: {method.request.header.Hash=" + strings.Repeat("*", 34) + "bbbbbb, stageVariables.v=*}"; len(lines) < 3 || lines[2] != want {
		t.Errorf("the log is %q, want %q", lines, want)
	}
}
