package gateway_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/google/go-cmp/cmp"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/lambda"
)

const (
	authorizerARN = "arn:aws:lambda:eu-west-1:000000000000:function:authorizer"
	allMethods    = "arn:aws:execute-api:eu-west-1:000000000000:abcde12345/prod/*"
	invokeURI     = "https://lambda.eu-west-1.amazonaws.com/2015-03-31/functions/" + authorizerARN + "/invocations"
)

// outcome is what a row of a table expects: all that a client and a reader of the logs see.
type outcome struct {
	status          int
	body, errorType string
	reason          authz.Reason
	lines           []string
}

// checkOutcome asks once and compares.
func checkOutcome(t *testing.T, w *world, k *kept, method, path string, headers []string, want outcome) {
	t.Helper()
	checkSent(t, w, k, method, path, "", headers, want)
}

func checkSent(t *testing.T, w *world, k *kept, method, path, body string, headers []string, want outcome) {
	t.Helper()
	got, lines := execution(t, w, k, method, path, body, headers...)
	expect(t, got, want.status, want.body, want.errorType)
	if reason := got.Header.Get("x-poolgate-reason"); reason != string(want.reason) {
		t.Errorf("the reason is %q, want %q", reason, want.reason)
	}
	wantHeaders(t, got)
	if diff := cmp.Diff(want.lines, lines); diff != "" {
		t.Error(diff)
	}
}

// functionAuthorizer is an authorizer that is a function.
func functionAuthorizer(kind types.AuthorizerType, source string, change func(*types.Authorizer)) func(*types.Authorizer) {
	return func(a *types.Authorizer) {
		a.Type, a.ProviderARNs, a.AuthorizerUri = kind, nil, aws.String(uriOf(authorizerARN))
		a.AuthorizerResultTtlInSeconds = aws.Int32(0)
		if a.IdentitySource = nil; source != "" {
			a.IdentitySource = &source
		}
		if change != nil {
			change(a)
		}
	}
}

// custom is a method behind an authorizer that is a function.
func custom(authorizer string) types.Method {
	return types.Method{AuthorizationType: aws.String("CUSTOM"), AuthorizerId: &authorizer, MethodIntegration: mockOf(passed)}
}

// policyOf is the policy document of one statement.
func policyOf(effect, resource string) string {
	return `{"Version":"2012-10-17","Statement":[{"Action":"execute-api:Invoke","Effect":"` + effect + `","Resource":"` + resource + `"}]}`
}

func grantOf(effect, resource string) string {
	return `{"principalId":"user-1234567890-of-this-pool","policyDocument":` + policyOf(effect, resource) + `}`
}

// byToken is a function that answers by the token it is given, the first kind of answer that the table knows.
func byToken(answers map[string]lambda.Answer, failures map[string]error) *fakeFunctions {
	return &fakeFunctions{run: func(_ context.Context, in lambda.Invocation) (lambda.Answer, error) {
		var event struct{ AuthorizationToken string }
		if err := json.Unmarshal(in.Payload, &event); err != nil {
			return lambda.Answer{}, err
		}
		return answers[event.AuthorizationToken], failures[event.AuthorizationToken]
	}}
}

func returned(payload string) lambda.Answer { return lambda.Answer{Payload: []byte(payload)} }

func thrown(message string) lambda.Answer {
	return lambda.Answer{Payload: []byte(`{"errorType":"Error","errorMessage":"` + message + `","trace":[]}`), Failed: true, Kind: "Unhandled"}
}

// TestFunctionAuthorizerTable is the list of section 3.1 of the facts, to the byte: what a TOKEN authorizer's function may answer, what
// keeps it from being asked, and what becomes of it.
func TestFunctionAuthorizerTable(t *testing.T) {
	const (
		null       = `{"message":null}`
		denied     = `{"Message":"User is not authorized to access this resource"}`
		explicitly = `{"Message":"User is not authorized to access this resource with an explicit deny"}`
		config     = "AuthorizerConfigurationException"
	)
	answers := map[string]lambda.Answer{
		"allow":          returned(grantOf("Allow", allMethods)),
		"deny-----":      returned(grantOf("Deny", allMethods)),
		"narrow---":      returned(grantOf("Allow", strings.Replace(allMethods, "*", "GET/other", 1))),
		"both-----":      returned(`{"principalId":"u","policyDocument":{"Version":"2012-10-17","Statement":[{"Action":"*","Effect":"Allow","Resource":"*"},{"Action":"execute-api:*","Effect":"Deny","Resource":"` + strings.Replace(allMethods, "*", "GET/t", 1) + `"}]}}`),
		"action---":      returned(strings.Replace(grantOf("Allow", allMethods), "execute-api:Invoke", "s3:GetObject", 1)),
		"unauthorized":   thrown("Unauthorized"),
		"unauthorised":   thrown("unauthorized"),
		"throws":         thrown("secret detail"),
		"timeout":        {Payload: []byte(`{"errorMessage":"2026-03-01T12:00:00.000Z Task timed out after 3.00 seconds"}`), Failed: true, Kind: "Unhandled"},
		"null":           returned("null"),
		"nothing":        returned(""),
		"text":           returned(`"Unauthorized"`),
		"list":           returned(`[]`),
		"cut-------":     returned(`{"principalId":`),
		"extra":          returned(`{"statusCode":401,"principalId":"u","policyDocument":` + policyOf("Allow", "*") + `}`),
		"no-principal":   returned(`{"policyDocument":` + policyOf("Allow", "*") + `}`),
		"null-principal": returned(`{"principalId":null,"policyDocument":` + policyOf("Allow", "*") + `}`),
		"no-policy":      returned(`{"principalId":"u"}`),
		"bad-policy":     returned(`{"principalId":"u","policyDocument":{"Version":"2012-10-17","Statement":[{"Effect":"Perhaps","Action":"*","Resource":"*"}]}}`),
		"text-policy":    returned(`{"principalId":"u","policyDocument":"{}"}`),
		"large-policy":   returned(grantOf("Allow", strings.Repeat("x", 8<<10))),
		"object":         returned(`{"principalId":"u","policyDocument":` + policyOf("Allow", "*") + `,"context":{"a":{"b":1}}}`),
		"array":          returned(`{"principalId":"u","policyDocument":` + policyOf("Allow", "*") + `,"context":{"a":[1]}}`),
		"null-value":     returned(`{"principalId":"u","policyDocument":` + policyOf("Allow", "*") + `,"context":{"a":null}}`),
		"not-a-context":  returned(`{"principalId":"u","policyDocument":` + policyOf("Allow", "*") + `,"context":"a"}`),
	}
	failures := map[string]error{
		"no-permission": fault.Forbidden("AccessDeniedException", "no"),
		"no-function":   fault.NotFound("ResourceNotFoundException", "Function not found"),
		"throttled":     fault.Throttled("TooManyRequestsException", "Rate Exceeded."),
	}
	f := byToken(answers, failures)
	a := newAPI().
		authorizer("token", functionAuthorizer(types.AuthorizerTypeToken, "method.request.header.X-Token", nil)).
		authorizer("shaped", functionAuthorizer(types.AuthorizerTypeToken, "method.request.header.X-Token", func(a *types.Authorizer) {
			a.IdentityValidationExpression = aws.String("al[a-z]+")
		})).
		authorizer("role", functionAuthorizer(types.AuthorizerTypeToken, "method.request.header.X-Token", func(a *types.Authorizer) {
			a.AuthorizerCredentials = aws.String("arn:aws:iam::000000000000:user/nobody")
		})).
		on("GET", "/t", custom("token")).on("GET", "/shaped", custom("shaped")).on("GET", "/role", custom("role"))
	k := &kept{}
	w := newWorld(t, a, nil, withFunctions(f), withLogs(k))
	w.set(level("*/*", "INFO", false))

	begun := func(id, identity string, more ...string) []string {
		lines := []string{"Extended Request Id: X", "Starting authorizer: " + id + " for request: ID"}
		if identity != "" {
			lines = append(lines, "Incoming identity: "+identity)
		}
		return append(lines, more...)
	}
	hidden := func(token string) string { return strings.Repeat("*", len(token)) }
	asked := func(token string, more ...string) []string {
		return begun("token", hidden(token), append([]string{"Sending request to " + invokeURI}, more...)...)
	}
	failed := func(token, complaint string) outcome {
		return outcome{500, null, config, authz.AuthorizerFailed, asked(token,
			"Execution failed due to configuration error: "+complaint, config, "Gateway response type: AUTHORIZER_CONFIGURATION_ERROR with status code: 500")}
	}
	refused := func(token string) []string {
		return asked(token, "Using valid authorizer policy for principal: **********************s-pool", "The client is not authorized to perform this operation.",
			"Gateway response type: ACCESS_DENIED with status code: 403")
	}
	questions := 0
	for _, tt := range []struct {
		name, path, token string
		want              outcome
	}{
		{"allowed", "/t", "allow", outcome{200, passed, "", "", asked("allow", "Using valid authorizer policy for principal: **********************s-pool", "Successfully completed authorizer execution",
			"Verifying Usage Plan for request: ID. API Key:  API Stage: abcde12345/prod",
			"API Key  authorized because method 'GET /t' does not require API Key. Request will not contribute to throttle or quota limits",
			"Usage Plan check succeeded for API Key  and API Stage abcde12345/prod", "Starting execution for request: ID", "HTTP Method: GET, Resource Path: /t",
			"Successfully completed execution", "Method completed with status: 200")}},
		{"the header is missing", "/t", "", outcome{401, unauthorized, "UnauthorizedException", authz.IdentitySourceMissing,
			begun("token", "", "Unauthorized request: ID", "Gateway response type: UNAUTHORIZED with status code: 401")}},
		{"the token does not match the expression", "/shaped", "deny-----", outcome{401, unauthorized, "UnauthorizedException", authz.IdentitySourceInvalid,
			begun("shaped", hidden("deny-----"), "Unauthorized request: ID", "Gateway response type: UNAUTHORIZED with status code: 401")}},
		{"a part of the token matches the expression", "/shaped", "allow1", outcome{401, unauthorized, "UnauthorizedException", authz.IdentitySourceInvalid,
			begun("shaped", hidden("allow1"), "Unauthorized request: ID", "Gateway response type: UNAUTHORIZED with status code: 401")}},
		{"denied explicitly", "/t", "deny-----", outcome{403, explicitly, "AccessDeniedException", authz.AuthorizerDeniedExplicitly, refused("deny-----")}},
		{"denied for want of a statement", "/t", "narrow---", outcome{403, denied, "AccessDeniedException", authz.AuthorizerDenied, refused("narrow---")}},
		{"a deny outweighs an allow", "/t", "both-----", outcome{403, explicitly, "AccessDeniedException", authz.AuthorizerDeniedExplicitly,
			asked("both-----", "Using valid authorizer policy for principal: *", "The client is not authorized to perform this operation.", "Gateway response type: ACCESS_DENIED with status code: 403")}},
		{"another action", "/t", "action---", outcome{403, denied, "AccessDeniedException", authz.AuthorizerDenied, refused("action---")}},
		{"throws Unauthorized", "/t", "unauthorized", outcome{401, unauthorized, "UnauthorizedException", authz.AuthorizerUnauthorized,
			asked("unauthorized", "Unauthorized request: ID", "Gateway response type: UNAUTHORIZED with status code: 401")}},
		{"throws it in other letters", "/t", "unauthorised", failed("unauthorised", `Invalid JSON in response: Unrecognized field "errorType" , not marked as ignorable`)},
		{"throws something else", "/t", "throws", failed("throws", `Invalid JSON in response: Unrecognized field "errorType" , not marked as ignorable`)},
		{"runs into its own timeout", "/t", "timeout", failed("timeout", `Invalid JSON in response: Unrecognized field "errorMessage" , not marked as ignorable`)},
		{"returns null", "/t", "null", failed("null", "Could not parse policy")},
		{"returns nothing", "/t", "nothing", failed("nothing", "Could not parse policy")},
		{"returns a text", "/t", "text", failed("text", "Invalid JSON in response: no object")},
		{"returns a list", "/t", "list", failed("list", "Invalid JSON in response: no object")},
		{"returns what is no JSON", "/t", "cut-------", failed("cut-------", "Invalid JSON in response: Unexpected end-of-input")},
		{"returns a member too many", "/t", "extra", failed("extra", `Invalid JSON in response: Unrecognized field "statusCode" , not marked as ignorable`)},
		{"returns no principal", "/t", "no-principal", failed("no-principal", "Could not parse policy")},
		{"returns null for the principal", "/t", "null-principal", failed("null-principal", "Could not parse policy")},
		{"returns no policy", "/t", "no-policy", failed("no-policy", "Could not parse policy")},
		{"returns a policy that is none", "/t", "bad-policy", failed("bad-policy", "Unable to parse given policy")},
		{"returns a policy as text", "/t", "text-policy", failed("text-policy", "Unable to parse given policy")},
		{"returns a policy of more than 8 KB", "/t", "large-policy", failed("large-policy", "Authorizer policy exceeds the maximum size")},
		{"returns an object in the context", "/t", "object", failed("object", "Invalid authorizer context")},
		{"returns a list in the context", "/t", "array", failed("array", "Invalid authorizer context")},
		{"returns null in the context", "/t", "null-value", failed("null-value", "Invalid authorizer context")},
		{"returns a context that is none", "/t", "not-a-context", failed("not-a-context", "Invalid JSON in response: no object")},
		{"Lambda is out of room", "/t", "throttled", failed("throttled", "Authorizer error")},
		{"no permission", "/t", "no-permission", outcome{500, null, config, authz.AuthorizerMisconfigured, asked("no-permission",
			"Execution failed due to configuration error: Invalid permissions on Lambda function", "Execution failed due to configuration error: Authorizer error", config,
			"Gateway response type: AUTHORIZER_CONFIGURATION_ERROR with status code: 500")}},
		{"no such function", "/t", "no-function", outcome{500, null, config, authz.AuthorizerMisconfigured, asked("no-function",
			"Execution failed due to configuration error: no function "+authorizerARN, "Execution failed due to configuration error: Authorizer error", config,
			"Gateway response type: AUTHORIZER_CONFIGURATION_ERROR with status code: 500")}},
		{"a role that cannot be assumed", "/role", "allow", outcome{500, null, config, authz.AuthorizerMisconfigured, begun("role", "",
			"Execution failed due to configuration error: authorizer pool: API Gateway does not have permission to assume the provided role arn:aws:iam::000000000000:user/nobody",
			"Execution failed due to configuration error: Authorizer error", config, "Gateway response type: AUTHORIZER_CONFIGURATION_ERROR with status code: 500")}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var headers []string
			if tt.token != "" {
				headers = []string{"x-tOKEN", tt.token} // the name's case does not matter (fact 1.4)
			}
			checkOutcome(t, w, k, "GET", "/prod"+tt.path, headers, tt.want)
			if slices.Contains(tt.want.lines, "Sending request to "+invokeURI) {
				questions++
			}
			if len(f.calls) != questions {
				t.Errorf("the function was asked %d times, want %d", len(f.calls), questions)
			}
		})
	}
}
