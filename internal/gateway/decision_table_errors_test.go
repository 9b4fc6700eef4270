package gateway_test

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/google/go-cmp/cmp"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/lambda"
)

// errorsAPI has a method for each cause of list 1.10 that an API itself can have.
func errorsAPI(backend string) *api {
	valid := openWith(mockOf(passed))
	valid.RequestValidatorId, valid.RequestParameters = aws.String("v"), map[string]bool{"method.request.querystring.a": true, "method.request.header.b": true}
	body := openWith(mockOf(passed))
	body.RequestValidatorId, body.RequestModels = aws.String("b"), map[string]string{"application/json": "Pet"}
	never := openWith(mockOf(passed))
	never.MethodIntegration.PassthroughBehavior, never.MethodIntegration.RequestTemplates = aws.String("NEVER"), map[string]string{"application/xml": `{"statusCode":200}`}
	key := openWith(mockOf(passed))
	key.ApiKeyRequired = aws.Bool(true)
	signed := iam()
	signed.MethodIntegration = mockOf(passed)
	slow := proxy(backend, nil)
	slow.MethodIntegration.TimeoutInMillis = 50
	a := newAPI().
		authorizer("fn", functionAuthorizer(types.AuthorizerTypeToken, tokenHeader, nil)).
		on("GET", "/fn", custom("fn")).on("GET", "/signed", signed).on("GET", "/key", key).
		on("GET", "/valid", valid).on("POST", "/body", body).on("POST", "/never", never).
		on("GET", "/throws", proxied(nil)).on("GET", "/shape", proxied(nil)).on("GET", "/permission", proxied(nil)).
		on("GET", "/refused", openWith(proxy("http://127.0.0.1:1/", nil).MethodIntegration)).
		on("GET", "/slow", slow).model("Pet", `{"type":"object","required":["name"]}`)
	bodies := validator("b", false)
	bodies.Value.ValidateRequestBody = true
	a.s.Validators = append(a.s.Validators, validator("v", true), bodies)
	return a
}

// logged is the execution log of a request that was refused before its execution; a response type is left out of what no API can customise.
func logged(complaint, responseType string, status int) []string {
	lines := []string{"Extended Request Id: X", complaint}
	if responseType != "" {
		lines = append(lines, fmt.Sprintf("Gateway response type: %s with status code: %d", responseType, status))
	}
	return lines
}

// executed is the execution log of a request that failed in its execution.
func executed(method, complaint, responseType string, status int, before ...string) []string {
	verb, path, _ := strings.Cut(method, " ")
	lines := []string{"Extended Request Id: X", "Verifying Usage Plan for request: ID. API Key:  API Stage: abcde12345/prod",
		"API Key  authorized because method '" + method + "' does not require API Key. Request will not contribute to throttle or quota limits",
		"Usage Plan check succeeded for API Key  and API Stage abcde12345/prod", "Starting execution for request: ID", "HTTP Method: " + verb + ", Resource Path: " + path}
	return append(append(lines, before...), complaint, fmt.Sprintf("Gateway response type: %s with status code: %d", responseType, status), fmt.Sprintf("Method completed with status: %d", status))
}

// TestErrorTable is section 1.10 of the facts, to the byte: causes that are an API's own.
func TestErrorTable(t *testing.T) {
	const (
		missing  = `{"message":"Missing Authentication Token"}`
		internal = `{"message":"Internal server error"}`
		noToken  = "MissingAuthenticationTokenException"
		failure  = "InternalServerErrorException"
	)
	release := make(chan struct{})
	hangs := backend(t, func(http.ResponseWriter, *http.Request) { <-release })
	defer close(release)
	f := &fakeFunctions{run: func(_ context.Context, in lambda.Invocation) (lambda.Answer, error) {
		switch {
		case in.Function == authorizerARN && strings.Contains(string(in.Payload), `"deny"`):
			return returned(grantOf("Deny", "*")), nil
		case in.Function == authorizerARN:
			return returned(grantOf("Allow", "nothing")), nil
		case strings.Contains(string(in.Payload), `"path":"/throws"`):
			return thrown("boom"), nil
		case strings.Contains(string(in.Payload), `"path":"/permission"`):
			return lambda.Answer{}, fault.Forbidden("AccessDeniedException", "no")
		}
		return returned(`"shape"`), nil
	}}
	k := &kept{}
	w := newWorld(t, errorsAPI(hangs.URL), nil, withFunctions(f), withLogs(k), keyed(t, `{"Version":"2012-10-17","Statement":[]}`))
	off := errorsAPI(hangs.URL)
	off.s.API.Value.DisableExecuteApiEndpoint = true
	w.apis.deploy("off", off.s, nil)
	w.apis.deploy("policy", errorsAPI(hangs.URL).withPolicy(silentOne).s, nil)
	w.set(func(s *types.Stage) {
		level("*/*", "INFO", false)(s)
		for _, method := range []string{"~1key/GET", "~1fn/GET"} { // their other lines are other tables'
			s.MethodSettings[method] = types.MethodSetting{LoggingLevel: aws.String("ERROR")}
		}
	})
	const (
		sending  = "Sending request to https://lambda.eu-west-1.amazonaws.com/2015-03-31/functions/" + functionARN + "/invocations"
		received = "Received response. Status: 200, Integration latency: X"
	)
	_, unknownKey := signatureOf("AKIDOTHER", "GET", "/prod/signed").sign(t)
	_, bobs := signatureOf(bobKey, "GET", "/prod/signed").sign(t)
	for _, tt := range []struct {
		name, method, path, sent string
		headers                  []string
		want                     outcome
	}{
		{"unknown resource", "GET", "/prod/none", "", nil, outcome{403, missing, noToken, authz.RouteNotFound, nil}},
		{"unknown method", "PUT", "/prod/fn", "", nil, outcome{403, missing, noToken, authz.RouteNotFound, nil}},
		{"unknown stage", "GET", "/none/fn", "", nil, outcome{403, missing, noToken, authz.StageNotFound, nil}},
		{"AWS_IAM, no signature", "GET", "/prod/signed", "", nil, outcome{403, missing, noToken, authz.SignatureMissing, logged("a request without a signature", "MISSING_AUTHENTICATION_TOKEN", 403)}},
		{"AWS_IAM, bad keys", "GET", "/prod/signed", "", unknownKey, outcome{403, `{"message":"The security token included in the request is invalid."}`, "UnrecognizedClientException", authz.AccessKeyUnknown,
			logged(`the access key "AKIDOTHER"`, "", 0)}},
		{"AWS_IAM, no policy that allows", "GET", "/prod/signed", "", bobs, outcome{403, `{"Message":"User: arn:aws:iam::000000000000:user/team/bob is not authorized to perform: execute-api:Invoke on resource: arn:aws:execute-api:eu-west-1:********0000:abcde12345/prod/GET/signed because no identity-based policy allows the execute-api:Invoke action"}`, "AccessDeniedException", authz.IAMDenied,
			logged("no statement of the policy of "+bobARN+" allows arn:aws:execute-api:eu-west-1:000000000000:abcde12345/prod/GET/signed", "ACCESS_DENIED", 403)}},
		{"Lambda authorizer, no statement", "GET", "/prod/fn", "", []string{"Auth", "silent"}, outcome{403, `{"Message":"User is not authorized to access this resource"}`, "AccessDeniedException", authz.AuthorizerDenied, logged("The client is not authorized to perform this operation.", "ACCESS_DENIED", 403)}},
		{"Lambda authorizer, a deny", "GET", "/prod/fn", "", []string{"Auth", "deny"}, outcome{403, `{"Message":"User is not authorized to access this resource with an explicit deny"}`, "AccessDeniedException", authz.AuthorizerDeniedExplicitly, logged("The client is not authorized to perform this operation.", "ACCESS_DENIED", 403)}},
		{"API key missing", "GET", "/prod/key", "", nil, outcome{403, `{"message":"Forbidden"}`, "ForbiddenException", authz.APIKeyMissing, logged("API Key  not authorized because method 'GET /key' requires API Key and API Key is not associated with a Usage Plan for API Stage abcde12345/prod: No API Key", "INVALID_API_KEY", 403)}},
		{"execute-api endpoint disabled", "GET", "/off/fn", "", nil, outcome{403, `{"message":"Forbidden"}`, "ForbiddenException", authz.EndpointDisabled, nil}},
		{"unknown API", "GET", "/prod/fn", "", []string{"X-Test-Api", "zzzzzzzzzz"}, outcome{403, `{"message":"Forbidden"}`, "ForbiddenException", authz.DomainMappingMissing, nil}},
		{"resource policy, anonymous", "GET", "/policy/valid", "", nil, outcome{403, `{"Message":"User: anonymous is not authorized to perform: execute-api:Invoke on resource: arn:aws:execute-api:eu-west-1:********0000:abcde12345/policy/GET/valid because no resource-based policy allows the execute-api:Invoke action"}`, "AccessDeniedException", authz.ResourcePolicyDenied, nil}},
		{"request validator: parameters", "GET", "/prod/valid", "", nil, outcome{400, `{"message":"Missing required request parameters: [b, a]"}`, "BadRequestException", authz.ParametersMissing, executed("GET /valid", "Missing required request parameters: [b, a]", "BAD_REQUEST_PARAMETERS", 400)}},
		{"request validator: body", "POST", "/prod/body", `{"age":1}`, nil, outcome{400, `{"message":"Invalid request body"}`, "BadRequestException", authz.BodyInvalid, executed("POST /body", "Request body does not match model schema for content type application/json: a body that does not fit: at /, required", "BAD_REQUEST_BODY", 400)}},
		{"unsupported media type", "POST", "/prod/never", "{}", []string{"Content-Type", "application/json"}, outcome{415, `{"message":"Unsupported Media Type"}`, "BadRequestException", authz.MediaTypeUnsupported, executed("POST /never", `a body of type "application/json"`, "UNSUPPORTED_MEDIA_TYPE", 415)}},
		{"Lambda integration throws", "GET", "/prod/throws", "", nil, outcome{502, internal, failure, authz.IntegrationFailed, executed("GET /throws", `Lambda execution failed with status 200 due to customer function error: the function failed (Unhandled): {"errorType":"Error","errorMessage":"boom","trace":[]}`, "INTEGRATION_FAILURE", 502, sending, received)}},
		{"malformed proxy answer", "GET", "/prod/shape", "", nil, outcome{502, internal, failure, authz.FunctionAnswerMalformed, executed("GET /shape", "Execution failed due to configuration error: Malformed Lambda proxy response", "INTEGRATION_FAILURE", 502, sending, received)}},
		{"function's permission missing", "GET", "/prod/permission", "", nil, outcome{500, internal, failure, authz.FunctionPermissionMissing, executed("GET /permission", "Execution failed due to configuration error: Invalid permissions on Lambda function", "API_CONFIGURATION_ERROR", 500, sending)}},
		{"HTTP integration refused", "GET", "/prod/refused", "", nil, outcome{500, internal, failure, authz.IntegrationFailed, executed("GET /refused", "Execution failed due to an internal error: dial tcp X: connect: connection refused", "INTEGRATION_FAILURE", 500, "Sending request to http://X/")}},
		{"integration timeout", "GET", "/prod/slow", "", nil, outcome{504, `{"message":"Endpoint request timed out"}`, failure, authz.IntegrationTimeout, executed("GET /slow", "Execution failed due to a timeout error", "INTEGRATION_TIMEOUT", 504, "Sending request to http://X")}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			checkSent(t, w, k, tt.method, tt.path, tt.sent, tt.headers, tt.want)
		})
	}
}

// TestErrorTableOfKeysAndLimits are the rows that need API keys and usage plans.
func TestErrorTableOfKeysAndLimits(t *testing.T) {
	k := &kept{}
	w := newMetered(t, withLogs(k))
	id, value := w.key("mine")
	strangerID, stranger := w.key("of no plan")
	w.plan(func(in *apigateway.CreateUsagePlanInput) {
		in.Quota = &types.QuotaSettings{Limit: 1, Period: types.QuotaPeriodTypeDay}
	}, []string{"dev"}, id)
	done(w.UpdateAccount(w.ctx(), &apigateway.UpdateAccountInput{PatchOperations: patches("/cloudwatchRoleArn", "arn:aws:iam::000000000000:role/logs")}))(t)
	w.patchStage("dev", patches("/*/*/logging/loglevel", "ERROR", "/~1open/GET/logging/loglevel", "ERROR", "/~1open/GET/throttling/rateLimit", "0", "/~1open/GET/throttling/burstLimit", "0")...)
	w.answers(t, "within the quota", "/dev/keyed", value, 200, "")
	hidden := func(key string) string { return strings.Repeat("*", len(key)-6) + key[len(key)-6:] }
	refused := func(key, why string) []string {
		return logged("API Key "+key+" not authorized because method 'GET /keyed' requires API Key and API Key is not associated with a Usage Plan for API Stage API/dev: "+why, "INVALID_API_KEY", 403)
	}
	limited := func(complaint, responseType string) []string {
		return append(logged(complaint, responseType, 429), "Method completed with status: 429")
	}
	for _, tt := range []struct {
		name, path, key string
		status          int
		reason          authz.Reason
		lines           []string
	}{
		{"API key missing", "/dev/keyed", "", 403, authz.APIKeyMissing, refused("", "No API Key")},
		{"API key unknown", "/dev/keyed", "a-key-that-nobody-has-made", 403, authz.APIKeyInvalid, refused(hidden("a-key-that-nobody-has-made"), "a value of 26 characters that no API key of account 000000000000 in eu-west-1 has")},
		{"API key in no plan", "/dev/keyed", stranger, 403, authz.APIKeyInvalid, refused(hidden(stranger), "the API key "+strangerID+", which is in no usage plan")},
		{"usage-plan quota", "/dev/keyed", value, 429, authz.QuotaExceeded, limited("Key quota limit exceeded for RestApi API, Stage dev, Resource RESOURCE, HttpMethod GET. Limit: 1 Period: DAY", "QUOTA_EXCEEDED")},
		{"throttled", "/dev/open", "", 429, authz.Throttled, limited("Key throttle limit exceeded for RestApi API, Stage dev, Resource RESOURCE, HttpMethod GET. Limit: 0.00 Burst: 0", "THROTTLED")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			k.take(t, "", "")
			got := w.answers(t, tt.name, tt.path, tt.key, tt.status, tt.reason)
			wantHeaders(t, got)
			id := got.Header.Get("x-amzn-RequestId")
			lines := k.take(t, "API-Gateway-Execution-Logs_"+w.api+"/dev", id)
			for i := range lines {
				lines[i] = changing.ReplaceAllString(strings.ReplaceAll(strings.ReplaceAll(lines[i], id, "ID"), w.api, "API"), "X")
				lines[i] = regexp.MustCompile(`Resource [a-z0-9]+,`).ReplaceAllString(lines[i], "Resource RESOURCE,")
			}
			if diff := cmp.Diff(tt.lines, lines); diff != "" {
				t.Error(diff)
			}
		})
	}
}
