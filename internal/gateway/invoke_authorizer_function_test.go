package gateway_test

import (
	"context"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/google/go-cmp/cmp"

	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/lambda"
)

var (
	testDate = regexp.MustCompile(`(?m)^[A-Z][a-z]{2} [A-Z][a-z]{2} \d\d \d\d:\d\d:\d\d UTC \d{4} : `)
	testIDs  = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f-]{27}|Root=[0-9a-f-]+|\d{8}T\d{6}Z`)
)

// testLog is a test's log, its times and ids taken out.
func testLog(t *testing.T, out *sdk.TestInvokeAuthorizerOutput) []string {
	t.Helper()
	text := strings.TrimSuffix(aws.ToString(out.Log), "\n")
	lines := strings.Split(text, "\n")
	if got := len(testDate.FindAllString(text, -1)); got != len(lines)-1 {
		t.Errorf("%d of %d lines have a date", got, len(lines))
	}
	for i := range lines {
		lines[i] = testIDs.ReplaceAllString(testDate.ReplaceAllString(lines[i], ""), "ID")
	}
	return lines
}

// TestTestingATokenAuthorizer holds the answers and the log against those recorded on AWS.
func TestTestingATokenAuthorizer(t *testing.T) {
	const identity = "a-token-that-nobody-may-see"
	masked := strings.Repeat("*", len(identity)-6) + identity[len(identity)-6:]
	begun := []string{"Execution log for request ID", "Starting authorizer: fn for request: ID"}
	asked := append(begun[:2:2], "Incoming identity: "+masked, "Endpoint request URI: "+invokeURI,
		"Endpoint request headers: {Accept=application/json, User-Agent=AmazonAPIGateway_abcde12345, X-Amz-Date=ID, X-Amz-Source-Arn=arn:aws:execute-api:eu-west-1:000000000000:abcde12345/authorizers/fn, X-Amzn-Trace-Id=ID, x-amzn-apigateway-api-id=abcde12345, x-amzn-lambda-integration-tag=ID}",
		`Endpoint request body after transformations: {"type":"TOKEN","methodArn":"arn:aws:execute-api:eu-west-1:000000000000:abcde12345/ESTestInvoke-stage/GET/","authorizationToken":"`+masked+`"}`,
		"Sending request to "+invokeURI)
	with := func(more ...string) []string { return append(asked[:len(asked):len(asked)], more...) }
	const config = "AuthorizerConfigurationException"
	deny := `{"principalId":"user","policyDocument":` + policyOf("Deny", "*") + `,"context":{"n":1}}`
	for _, tt := range []struct {
		name    string
		answer  lambda.Answer
		failure error
		token   string
		status  int32
		lines   []string
	}{
		{"a policy, which is shown and not enforced", returned(deny), nil, identity, 0,
			with("Authorizer result body before parsing: "+deny, "Using valid authorizer policy for principal: ****", "Successfully completed authorizer execution")},
		{"Unauthorized", thrown("Unauthorized"), nil, identity, 401,
			with(`Authorizer result body before parsing: {"errorType":"Error","errorMessage":"Unauthorized","trace":[]}`, "Unauthorized request: ID", "Unauthorized")},
		{"another error", thrown("boom"), nil, identity, 500, with(`Authorizer result body before parsing: {"errorType":"Error","errorMessage":"boom","trace":[]}`,
			`Execution failed due to configuration error: Invalid JSON in response: Unrecognized field "errorType" , not marked as ignorable`, config)},
		{"nothing", returned("null"), nil, identity, 500, with("Authorizer result body before parsing: null", "Execution failed due to configuration error: Could not parse policy", config)},
		{"no permission", lambda.Answer{}, fault.Forbidden("AccessDeniedException", "no"), identity, 500,
			with("Execution failed due to configuration error: Invalid permissions on Lambda function", "Execution failed due to configuration error: Authorizer error", config)},
		{"no token", lambda.Answer{}, nil, "", 401, append(begun[:2:2], "Unauthorized request: ID")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := &fakeFunctions{run: func(context.Context, lambda.Invocation) (lambda.Answer, error) { return tt.answer, tt.failure }}
			a := behind(types.AuthorizerTypeToken, tokenHeader, nil)
			w := newWorld(t, a, nil, withFunctions(f))
			in := &sdk.TestInvokeAuthorizerInput{RestApiId: aws.String(apiID), AuthorizerId: aws.String("fn"), Headers: map[string]string{"AUTH": tt.token}}
			out, err := w.TestAuthorizer(t.Context(), a.s, in)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.lines, testLog(t, out)); diff != "" {
				t.Error(diff)
			}
			if out.ClientStatus != tt.status || out.Claims != nil {
				t.Errorf("answered %+v", out)
			}
			if tt.status != 0 {
				if out.PrincipalId != nil || out.Policy != nil || out.Authorization != nil {
					t.Errorf("answered %+v", out)
				}
				return
			}
			if aws.ToString(out.PrincipalId) != "user" || aws.ToString(out.Policy) != policyOf("Deny", "*") || !cmp.Equal(out.Authorization, map[string][]string{"n": {"1"}}) {
				t.Errorf("answered %+v", out)
			}
		})
	}
}

// TestTestingARequestAuthorizer holds the event against the one recorded on AWS.
func TestTestingARequestAuthorizer(t *testing.T) {
	f := returns(grantOf("Allow", "*"))
	a := behind(types.AuthorizerTypeRequest, "method.request.header.Hash,method.request.querystring.q,stageVariables.v,context.identity.user", nil)
	w := newWorld(t, a, nil, withFunctions(f))
	in := &sdk.TestInvokeAuthorizerInput{
		AuthorizerId: aws.String("fn"), Headers: map[string]string{"Hash": "aaaaaaaaaaaaaa", "authorizer": "bbbbbbbbbbbb"}, MultiValueHeaders: map[string][]string{"Many": {"1", "2"}},
		PathWithQueryString: aws.String("/pets/7?q=1"), StageVariables: map[string]string{"v": "x"}, AdditionalContext: map[string]string{"identity.user": "ann"},
	}
	out, err := w.TestAuthorizer(t.Context(), a.s, in)
	if err != nil || out.ClientStatus != 0 {
		t.Fatalf("%+v, %v", out, err)
	}
	event := eventOf(t, f)
	requestContext := event["requestContext"].(map[string]any)
	identity := requestContext["identity"].(map[string]any)
	for name, want := range map[string]any{
		"type": "REQUEST", "methodArn": "arn:aws:execute-api:eu-west-1:000000000000:abcde12345/ESTestInvoke-stage/GET/pets/7", "resource": "/", "path": "/pets/7", "httpMethod": "GET",
		"headers":           map[string]any{"Hash": "aaaaaaaaaaaaaa", "authorizer": "bbbbbbbbbbbb", "Many": "2"},
		"multiValueHeaders": map[string]any{"Hash": []any{"aaaaaaaaaaaaaa"}, "authorizer": []any{"bbbbbbbbbbbb"}, "Many": []any{"1", "2"}},
		"pathParameters":    map[string]any{}, "queryStringParameters": map[string]any{"q": "1"}, "stageVariables": map[string]any{"v": "x"},
	} {
		if diff := cmp.Diff(want, event[name]); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	for name, want := range map[string]any{"resourceId": "test-invoke-resource-id", "resourcePath": "/", "stage": "test-invoke-stage", "domainPrefix": "testPrefix", "path": "/pets/7"} {
		if requestContext[name] != want {
			t.Errorf("requestContext.%s is %v", name, requestContext[name])
		}
	}
	if identity["sourceIp"] != "test-invoke-source-ip" {
		t.Errorf("the identity is %v", identity)
	}
	if line := testLog(t, out)[2]; line != "Incoming identity: {context.identity.user=***, method.request.header.Hash=**************, method.request.querystring.q=*, stageVariables.v=*}" {
		t.Errorf("the line is %q", line)
	}
	if out, err = w.TestAuthorizer(t.Context(), a.s, &sdk.TestInvokeAuthorizerInput{AuthorizerId: aws.String("fn"), Headers: in.Headers}); err != nil || out.ClientStatus != 401 {
		t.Errorf("without all sources: %+v, %v", out, err)
	}
	if f.count() != 1 {
		t.Errorf("asked %d times", f.count())
	}
}

func TestATestIsNeitherRememberedNorAnsweredFromMemory(t *testing.T) {
	f := allowing()
	a := behind(types.AuthorizerTypeToken, tokenHeader, func(a *types.Authorizer) { a.AuthorizerResultTtlInSeconds = aws.Int32(300) })
	w := newWorld(t, a, nil, withFunctions(f))
	for want := 1; want <= 2; want++ {
		if _, err := w.TestAuthorizer(t.Context(), a.s, &sdk.TestInvokeAuthorizerInput{AuthorizerId: aws.String("fn"), Headers: map[string]string{"Auth": "t"}}); err != nil || f.count() != want {
			t.Errorf("asked %d times: %v", f.count(), err)
		}
	}
	send(t, w, "GET", "/prod/b", "Auth", "t")
	if f.count() != 3 {
		t.Errorf("asked %d times", f.count())
	}
}
