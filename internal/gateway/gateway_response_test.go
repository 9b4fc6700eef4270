package gateway_test

import (
	"context"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/lambda"
)

// cause is a request that is answered with a gateway response of a type.
type cause struct {
	kind               types.GatewayResponseType
	method, path, sent string
	headers            []string
	message, errorType string
	family             types.GatewayResponseType
	status             int
}

// causes are one for each type that anything here can cause. AUTHORIZER_FAILURE, EXPIRED_TOKEN, RESOURCE_NOT_FOUND and WAF_FILTERED have none;
// INVALID_SIGNATURE has a message that is another each time.
func causes() []cause {
	four, five := types.GatewayResponseTypeDefault4xx, types.GatewayResponseTypeDefault5xx
	return []cause{
		{types.GatewayResponseTypeUnauthorized, "GET", "/fn", "", nil, `"Unauthorized"`, "UnauthorizedException", four, 401},
		{types.GatewayResponseTypeAccessDenied, "GET", "/fn", "", []string{"Auth", "t"}, `"User is not authorized to access this resource"`, "AccessDeniedException", four, 403},
		{types.GatewayResponseTypeAuthorizerConfigurationError, "GET", "/fn", "", []string{"Auth", "none"}, "null", "AuthorizerConfigurationException", five, 500},
		{types.GatewayResponseTypeMissingAuthenticationToken, "GET", "/nothing", "", nil, `"Missing Authentication Token"`, "MissingAuthenticationTokenException", four, 403},
		{types.GatewayResponseTypeInvalidApiKey, "GET", "/key", "", nil, `"Forbidden"`, "ForbiddenException", four, 403},
		{types.GatewayResponseTypeThrottled, "GET", "/throttled", "", nil, `"Too Many Requests"`, "TooManyRequestsException", four, 429},
		{types.GatewayResponseTypeBadRequestParameters, "GET", "/valid", "", nil, `"Missing required request parameters: [b, a]"`, "BadRequestException", four, 400},
		{types.GatewayResponseTypeBadRequestBody, "POST", "/body", `{"age":1}`, nil, `"Invalid request body"`, "BadRequestException", four, 400},
		{types.GatewayResponseTypeUnsupportedMediaType, "POST", "/never", "{}", []string{"Content-Type", "application/json"}, `"Unsupported Media Type"`, "BadRequestException", four, 415},
		{types.GatewayResponseTypeRequestTooLarge, "POST", "/large", strings.Repeat("x", 10<<20+1), nil, `"Request Too Long"`, "RequestTooLargeException", four, 413},
		{types.GatewayResponseTypeIntegrationFailure, "GET", "/throws", "", nil, `"Internal server error"`, "InternalServerErrorException", five, 502},
		{types.GatewayResponseTypeIntegrationFailure, "GET", "/refused", "", nil, `"Internal server error"`, "InternalServerErrorException", five, 500},
		{types.GatewayResponseTypeIntegrationTimeout, "GET", "/late", "", nil, `"Endpoint request timed out"`, "InternalServerErrorException", five, 504},
		{types.GatewayResponseTypeApiConfigurationError, "GET", "/permission", "", nil, `"Internal server error"`, "InternalServerErrorException", five, 500},
	}
}

// causing is the API and the functions of the causes.
func causing(t *testing.T, change func(*api)) *world {
	f := &fakeFunctions{run: func(_ context.Context, in lambda.Invocation) (lambda.Answer, error) {
		switch payload := string(in.Payload); {
		case strings.Contains(payload, `"authorizationToken":"none"`):
			return returned("null"), nil
		case in.Function == authorizerARN:
			return returned(grantOf("Allow", "nothing")), nil
		case strings.Contains(payload, `"path":"/late"`):
			return lambda.Answer{}, context.DeadlineExceeded
		case strings.Contains(payload, `"path":"/permission"`):
			return lambda.Answer{}, fault.Forbidden("AccessDeniedException", "no")
		}
		return thrown("boom"), nil
	}}
	late := proxied(func(i *types.Integration) { i.TimeoutInMillis = 50 })
	slow := &fakeFunctions{run: func(ctx context.Context, in lambda.Invocation) (lambda.Answer, error) {
		if strings.Contains(string(in.Payload), `"path":"/late"`) {
			<-ctx.Done()
			return lambda.Answer{}, ctx.Err()
		}
		return f.run(ctx, in)
	}}
	a := errorsAPI("http://127.0.0.1:1").on("GET", "/late", late).on("GET", "/throttled", openWith(mockOf(passed))).on("POST", "/large", openWith(mockOf(passed)))
	change(a)
	w := newWorld(t, a, map[string]string{"v": "from a variable"}, withFunctions(slow))
	w.set(func(s *types.Stage) {
		s.MethodSettings = map[string]types.MethodSetting{"~1throttled/GET": {ThrottlingRateLimit: 0, ThrottlingBurstLimit: 0}}
	})
	return w
}

func (c *cause) send(t *testing.T, w *world) reply {
	t.Helper()
	return sendBody(t, w, c.method, "/prod"+c.path+"?q=asked", c.sent, append(c.headers[:len(c.headers):len(c.headers)], "X-Sent", "sent")...)
}

// TestEveryGatewayResponseType: its defaults; its own entry with status, headers from every source and template; the family's entry.
func TestEveryGatewayResponseType(t *testing.T) {
	const template = `{"type":"$context.error.responseType","said":$context.error.messageString,"stage":"$context.stage","v":"$stageVariables.v"}`
	headers := map[string]string{
		"gatewayresponse.header.Access-Control-Allow-Origin": "'*'", "gatewayresponse.header.X-Header": "method.request.header.X-Sent", "gatewayresponse.header.X-Query": "method.request.querystring.q",
		"gatewayresponse.header.X-Context": "context.error.responseType", "gatewayresponse.header.X-Variable": "stageVariables.v", "gatewayresponse.header.X-None": "method.request.header.X-Not-Sent",
	}
	for _, c := range causes() {
		kind := string(c.kind)
		wantHeaders := func(t *testing.T, got reply) {
			t.Helper()
			for name, want := range map[string]string{"Access-Control-Allow-Origin": "*", "X-Header": "sent", "X-Query": "asked", "X-Context": kind, "X-Variable": "from a variable", "X-None": ""} {
				if value := got.Header.Get(name); value != want {
					t.Errorf("%s is %q, want %q", name, value, want)
				}
			}
		}
		key := "message"
		if c.kind == types.GatewayResponseTypeAccessDenied {
			key = "Message"
		}
		t.Run(kind+" as it is", func(t *testing.T) {
			got := c.send(t, causing(t, func(*api) {}))
			expect(t, got, c.status, `{"`+key+`":`+c.message+`}`, c.errorType)
			if cors := got.Header.Get("Access-Control-Allow-Origin"); cors != "" {
				t.Errorf("a refusal that nobody customised has the CORS header %q", cors)
			}
		})
		t.Run(kind+" of its own", func(t *testing.T) {
			got := c.send(t, causing(t, func(a *api) {
				a.response(c.family, "499", nil, map[string]string{"application/json": `"the family's"`}).response(c.kind, "418", headers, map[string]string{"application/json": template})
			}))
			expect(t, got, 418, `{"type":"`+kind+`","said":`+c.message+`,"stage":"prod","v":"from a variable"}`, c.errorType)
			wantHeaders(t, got)
		})
		if len(c.sent) > 1<<20 {
			continue // it takes long, and the family has others
		}
		t.Run(kind+" by its family", func(t *testing.T) {
			got := c.send(t, causing(t, func(a *api) { a.response(c.family, "", headers, nil) }))
			expect(t, got, c.status, `{"`+key+`":`+c.message+`}`, c.errorType)
			wantHeaders(t, got)
		})
		t.Run(kind+" by its family's status", func(t *testing.T) {
			got := c.send(t, causing(t, func(a *api) { a.response(c.family, "499", nil, nil) }))
			expect(t, got, 499, `{"`+key+`":`+c.message+`}`, c.errorType)
		})
		t.Run(kind+" beside the other family", func(t *testing.T) {
			other := types.GatewayResponseTypeDefault5xx
			if c.family == other {
				other = types.GatewayResponseTypeDefault4xx
			}
			expect(t, c.send(t, causing(t, func(a *api) { a.response(other, "499", nil, nil) })), c.status, `{"`+key+`":`+c.message+`}`, c.errorType)
		})
	}
}

// TestGatewayResponsesAreTheDeployments: what is edited and not deployed answers nobody.
func TestGatewayResponsesAreTheDeployments(t *testing.T) {
	deployed := protected()
	w := newWorld(t, deployed, nil)
	edited := protected().response(types.GatewayResponseTypeUnauthorized, "418", nil, nil)
	w.apis.mu.Lock()
	w.apis.live = edited.s
	w.apis.mu.Unlock()
	expect(t, send(t, w, "GET", "/prod/id"), 401, unauthorized, "UnauthorizedException")
	w.apis.deploy("prod", edited.s, nil)
	expect(t, send(t, w, "GET", "/prod/id"), 418, unauthorized, "UnauthorizedException")
}
