package gateway_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/internal/gateway"
)

func TestTemplatesSeeTheRequestAndTheClaims(t *testing.T) {
	templates := map[string]string{
		"/claims":  `{"email":"$context.authorizer.claims.email","role":"$context.authorizer.claims['custom:role']","all":$context.authorizer.claims}`,
		"/dates":   `$context.authorizer.claims.exp|$context.authorizer.claims.email_verified|$context.authorizer.claims['cognito:groups']|$context.authorizer.claims.auth_time`,
		"/set":     `#set($c = $context.authorizer.claims)$c.get('email') #foreach($k in $c.keySet())$k #end$c.containsKey('nothing') $c.size()`,
		"/a/{b}":   `$input.params('b') $input.params('q') $input.params('X-Test') $input.params().querystring.q`,
		"/context": `$context.apiId $context.stage $context.httpMethod $context.resourcePath $context.path $context.accountId $context.identity.sourceIp $context.identity.userAgent $context.protocol $context.deploymentId`,
		"/vars":    `$stageVariables.one ${stageVariables.two} $stageVariables.get('one')`,
	}
	a := newAPI().authorizer("auth", nil)
	for path, text := range templates {
		m := cognito()
		m.MethodIntegration = mockOf(text)
		a.on("GET", path, m)
	}
	w := newWorld(t, a, map[string]string{"one": "1", "two": "2"})
	headers := []string{"Authorization", "Bearer " + token(idClaims()), "X-Test", "x y", "User-Agent", "tester"}
	for _, tt := range []struct{ path, want string }{
		{"/claims", `{"email":"ann@example.com","role":"admin","all":null}`},
		{"/dates", fmt.Sprintf("Sun Mar 01 13:00:00 UTC 2026|true|a,b|%d", epoch.Unix())},
		{"/set", "ann@example.com aud auth_time cognito:groups cognito:username custom:role email email_verified exp iat iss jti sub token_use false 13"},
		{"/a/x%2Fy?q=1&q=2", "x/y 2 x y 2"},
		{"/context", apiID + " prod GET /context /prod/context " + account + " 127.0.0.1 tester HTTP/1.1 dep123"},
		{"/vars", "1 2 1"},
	} {
		t.Run(tt.path, func(t *testing.T) {
			if got := send(t, w, "GET", "/prod"+tt.path, headers...); got.body != tt.want {
				t.Errorf("answered %d\n got %s\nwant %s", got.StatusCode, got.body, tt.want)
			}
		})
	}
}

func response(status, pattern string, headers, templates map[string]string) types.IntegrationResponse {
	return types.IntegrationResponse{StatusCode: aws.String(status), SelectionPattern: aws.String(pattern), ResponseParameters: headers, ResponseTemplates: templates}
}

// TestMock is the MOCK integration: what its request template yields selects the response.
func TestMock(t *testing.T) {
	jsonOnly := func(text string) map[string]string { return map[string]string{"application/json": text} }
	mock := func(request map[string]string, passthrough string, responses map[string]types.IntegrationResponse) types.Method {
		i := &types.Integration{Type: types.IntegrationTypeMock, RequestTemplates: request, IntegrationResponses: responses}
		if passthrough != "" {
			i.PassthroughBehavior = &passthrough
		}
		return openWith(i)
	}
	ok := map[string]types.IntegrationResponse{
		"200": response("200", "", nil, jsonOnly(`"fine"`)),
		"404": response("404", `4\d\d`, nil, jsonOnly(`"gone"`)),
	}
	a := newAPI().
		on("ANY", "/json", mock(jsonOnly(`{"statusCode": 200}`), "", ok)).
		on("ANY", "/cdk", mock(jsonOnly(`{ statusCode: 404 }`), "", ok)).
		on("ANY", "/computed", mock(jsonOnly(`{"statusCode": $input.params('s')}`), "", ok)).
		on("ANY", "/by-body", mock(jsonOnly(`{"statusCode": $input.path('$.code')}`), "", ok)).
		on("ANY", "/text", mock(jsonOnly(`{"statusCode": "200"}`), "", ok)).
		on("ANY", "/missing", mock(jsonOnly(`{}`), "", ok)).
		on("ANY", "/pass", mock(nil, "WHEN_NO_MATCH", ok)).
		on("ANY", "/never", mock(jsonOnly(`{"statusCode": 200}`), "NEVER", ok)).
		on("ANY", "/when-none", mock(jsonOnly(`{"statusCode": 200}`), "WHEN_NO_TEMPLATES", ok)).
		on("ANY", "/default", mock(map[string]string{"$default": `{"statusCode": 404}`}, "NEVER", ok)).
		on("ANY", "/broken", mock(jsonOnly(`#if(`), "", ok)).
		on("ANY", "/broken-response", mock(jsonOnly(`{"statusCode":200}`), "", map[string]types.IntegrationResponse{"200": response("200", "", nil, jsonOnly(`#end`))})).
		on("ANY", "/failing", mock(jsonOnly(`{"statusCode":200}`), "", map[string]types.IntegrationResponse{"200": response("200", "", nil, jsonOnly(`$util.parseJson("{")`))})).
		on("ANY", "/no-default", mock(jsonOnly(`{"statusCode":200}`), "", map[string]types.IntegrationResponse{"500": response("500", "5..", nil, nil)})).
		on("ANY", "/no-responses", mock(jsonOnly(`{"statusCode":200}`), "", nil)).
		on("ANY", "/empty", mock(jsonOnly(`{"statusCode":204}`), "", map[string]types.IntegrationResponse{"204": response("204", "", map[string]string{"method.response.header.Access-Control-Allow-Origin": "'*'"}, nil)}))
	w := newWorld(t, a, nil)
	const internal = `{"message":"Internal server error"}`
	for _, tt := range []struct {
		name, path, body string
		headers          []string
		status           int
		want, errorType  string
	}{
		{"a template in JSON", "/json", "", nil, 200, `"fine"`, ""},
		{"a template that is nearly JSON", "/cdk", "", nil, 404, `"gone"`, ""},
		{"a status from the query", "/computed?s=404", "", nil, 404, `"gone"`, ""},
		{"a status that matches only a part of a pattern takes the default", "/computed?s=4040", "", nil, 200, `"fine"`, ""},
		{"a status from the body", "/by-body", `{"code": 404}`, nil, 404, `"gone"`, ""},
		{"a status that is a text", "/text", "", nil, 500, internal, "InternalServerErrorException"},
		{"no status", "/missing", "", nil, 500, internal, "InternalServerErrorException"},
		{"no template and no body", "/pass", "", nil, 500, internal, "InternalServerErrorException"},
		{"no template and a body that passes", "/pass", `{"statusCode":404}`, nil, 404, `"gone"`, ""},
		{"another media type passes through", "/json", `{"statusCode":404}`, []string{"Content-Type", "text/plain"}, 404, `"gone"`, ""},
		{"parameters of the media type play no part", "/json", `x`, []string{"Content-Type", "application/json; charset=utf-8"}, 200, `"fine"`, ""},
		{"another media type never passes", "/never", `x`, []string{"Content-Type", "text/plain"}, 415, `{"message":"Unsupported Media Type"}`, "BadRequestException"},
		{"another media type does not pass when there are templates", "/when-none", `x`, []string{"Content-Type", "text/plain"}, 415, `{"message":"Unsupported Media Type"}`, "BadRequestException"},
		{"the default template takes the rest", "/default", `x`, []string{"Content-Type", "text/plain"}, 404, `"gone"`, ""},
		{"a broken request template fails when it is needed", "/broken", "", nil, 500, internal, "InternalServerErrorException"},
		{"a broken response template too", "/broken-response", "", nil, 500, internal, "InternalServerErrorException"},
		{"a template that fails", "/failing", "", nil, 500, internal, "InternalServerErrorException"},
		{"no response matches", "/no-default", "", nil, 500, internal, "InternalServerErrorException"},
		{"no responses", "/no-responses", "", nil, 500, internal, "InternalServerErrorException"},
		{"no content", "/empty", "", nil, 204, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			expect(t, sendBody(t, w, "POST", "/prod"+tt.path, tt.body, tt.headers...), tt.status, tt.want, tt.errorType)
		})
	}
}

func TestResponseHeadersAndOverrides(t *testing.T) {
	a := newAPI().on("GET", "/h/{id}", openWith(&types.Integration{
		Type: types.IntegrationTypeMock, RequestTemplates: map[string]string{"application/json": `{"statusCode":200}`},
		IntegrationResponses: map[string]types.IntegrationResponse{"200": response("200", "", map[string]string{
			"method.response.header.Access-Control-Allow-Origin": "'https://a.example'",
			"method.response.header.X-Stage":                     "context.stage",
			"method.response.header.X-Var":                       "stageVariables.v",
			"method.response.header.X-Id":                        "method.request.path.id",
			"method.response.header.X-Gone":                      "stageVariables.gone",
			"method.response.header.WWW-Authenticate":            "'Basic'",
			"method.response.header.Server":                      "'me'",
		}, map[string]string{"application/json": `#set($context.responseOverride.status = 418)#set($context.responseOverride.header.X-Over = "o$context.stage")x`})},
	})).on("GET", "/html", openWith(&types.Integration{
		Type: types.IntegrationTypeMock, RequestTemplates: map[string]string{"application/json": `{"statusCode":200}`},
		IntegrationResponses: map[string]types.IntegrationResponse{"200": response("200", "", nil, map[string]string{"text/html": "<b>$context.stage</b>", "application/json": `"json"`})},
	}))
	w := newWorld(t, a, map[string]string{"v": "w"})
	got := send(t, w, "GET", "/prod/h/7")
	expect(t, got, 418, "x", "")
	for header, want := range map[string]string{
		"Access-Control-Allow-Origin": "https://a.example", "X-Stage": "prod", "X-Var": "w", "X-Id": "7", "X-Gone": "", "X-Over": "oprod",
		"WWW-Authenticate": "", "x-amzn-Remapped-WWW-Authenticate": "Basic", "x-amzn-Remapped-Server": "me", "Server": "",
	} {
		if value := got.Header.Get(header); value != want {
			t.Errorf("%s is %q, want %q", header, value, want)
		}
	}
	sent := httptest.NewRecorder()
	w.ServeAPI(sent, httptest.NewRequest("GET", "/", nil), gateway.Target{API: apiID, Path: "/prod/h/7"})
	for _, spelling := range []string{"x-amzn-Remapped-WWW-Authenticate", "x-amzn-Remapped-Server"} {
		if sent.Header()[spelling] == nil {
			t.Errorf("%s is not spelt as AWS spells it: %v", spelling, sent.Header())
		}
	}
	html := send(t, w, "GET", "/prod/html", "Accept", "text/html")
	if html.body != "<b>prod</b>" || html.Header.Get("Content-Type") != "text/html" {
		t.Errorf("answered %s of type %s", html.body, html.Header.Get("Content-Type"))
	}
	if plain := send(t, w, "GET", "/prod/html", "Accept", "image/png"); plain.body != `"json"` {
		t.Errorf("answered %s", plain.body)
	}
}

func TestGatewayResponses(t *testing.T) {
	a := protected().
		on("GET", "/custom", types.Method{AuthorizationType: aws.String("CUSTOM")}).
		response(types.GatewayResponseTypeDefault4xx, "", map[string]string{
			"gatewayresponse.header.Access-Control-Allow-Origin": "'*'", "gatewayresponse.header.X-Path": "method.request.header.X-Sent",
		}, nil).
		response(types.GatewayResponseTypeMissingAuthenticationToken, "404", map[string]string{"gatewayresponse.header.X-Type": "context.error.responseType"},
			map[string]string{"application/json": `{"no":$context.error.messageString,"plain":"$context.error.message","id":"$context.requestId"}`}).
		response(types.GatewayResponseTypeDefault5xx, "599", nil, map[string]string{"text/plain": `oh`})
	w := newWorld(t, a, nil)

	refused := send(t, w, "GET", "/prod/id", "X-Sent", "yes")
	expect(t, refused, 401, unauthorized, "UnauthorizedException")
	if refused.Header.Get("Access-Control-Allow-Origin") != "*" || refused.Header.Get("X-Path") != "yes" {
		t.Errorf("the family's headers are missing: %v", refused.Header)
	}
	missing := send(t, w, "GET", "/prod/nothing")
	expect(t, missing, 404, `{"no":"Missing Authentication Token","plain":"Missing Authentication Token","id":"`+missing.Header.Get("x-amzn-RequestId")+`"}`, "MissingAuthenticationTokenException")
	if missing.Header.Get("X-Type") != "MISSING_AUTHENTICATION_TOKEN" || missing.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("the type's own entry does not count alone: %v", missing.Header)
	}
	broken := send(t, w, "GET", "/prod/custom")
	expect(t, broken, 599, "oh", "AuthorizerConfigurationException")
	if broken.Header.Get("Content-Type") != "text/plain" {
		t.Errorf("the media type is %q", broken.Header.Get("Content-Type"))
	}
}

func TestABrokenGatewayResponseTemplateFallsBack(t *testing.T) {
	for _, text := range []string{"#if(", `$util.parseJson("{")`} {
		w := newWorld(t, protected().response(types.GatewayResponseTypeUnauthorized, "418", nil, map[string]string{"application/json": text}), nil)
		expect(t, send(t, w, "GET", "/prod/id"), 418, unauthorized, "UnauthorizedException")
	}
}

func TestAGatewayResponseMayChallenge(t *testing.T) {
	w := newWorld(t, protected().response(types.GatewayResponseTypeUnauthorized, "", map[string]string{"gatewayresponse.header.WWW-Authenticate": "'Basic'"}, nil), nil)
	if got := send(t, w, "GET", "/prod/id"); got.Header.Get("WWW-Authenticate") != "Basic" {
		t.Errorf("got %v", got.Header)
	}
}

func TestADisabledEndpointIsForbidden(t *testing.T) {
	a := newAPI().on("GET", "/a", open())
	a.s.API.Value.DisableExecuteApiEndpoint = true
	got := send(t, newWorld(t, a, nil), "GET", "/prod/a")
	expect(t, got, 403, `{"message":"Forbidden"}`, "ForbiddenException")
	if got.Header.Get("x-poolgate-reason") != string(authz.EndpointDisabled) {
		t.Errorf("the reason is %q", got.Header.Get("x-poolgate-reason"))
	}
}

func TestRequiredParameters(t *testing.T) {
	m := openWith(mockOf(passed))
	m.RequestParameters = map[string]bool{"method.request.querystring.qs1": true, "method.request.header.x-header-param": true, "method.request.path.issuer": true, "method.request.querystring.optional": false}
	m.RequestValidatorId = aws.String("v")
	a := newAPI().on("GET", "/a/{issuer}", m)
	a.s.Validators = append(a.s.Validators, validator("v", true))
	w := newWorld(t, a, nil)
	expect(t, send(t, w, "GET", "/prod/a/b"), 400, `{"message":"Missing required request parameters: [x-header-param, qs1]"}`, "BadRequestException")
	expect(t, send(t, w, "GET", "/prod/a/b?qs1=1", "X-Header-Param", "1"), 200, passed, "")
}

func TestOversizedBodies(t *testing.T) {
	w := newWorld(t, newAPI().on("POST", "/a", openWith(mockOf(`"$input.body.length()"`))).
		on("POST", "/reads", openWith(&types.Integration{Type: types.IntegrationTypeMock, RequestTemplates: map[string]string{"application/json": `{"statusCode":200,"x":"$input.body"}`}, IntegrationResponses: map[string]types.IntegrationResponse{"200": response("200", "", nil, nil)}})), nil)
	large := strings.Repeat("x", 10<<20+1)
	expect(t, sendBody(t, w, "POST", "/prod/a", large), 413, `{"message":"Request Too Long"}`, "RequestTooLargeException")
	t.Run("sent in chunks", func(t *testing.T) {
		got := sendChunked(t, w, "/prod/reads", large)
		expect(t, got, 413, `{"message":"Request Too Long"}`, "RequestTooLargeException")
	})
}

var _ http.Handler = (*world)(nil)
