package gateway_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/google/go-cmp/cmp"

	"github.com/poolgate/poolgate/internal/lambda"
)

// answeredWith is a function's answer with values of its own, among them such as API Gateway's own names.
const answeredWith = `{"principalId":"user","policyDocument":{"Version":"2012-10-17","Statement":[{"Action":"execute-api:Invoke","Effect":"EFFECT","Resource":"*"}]},
 "context":{"zebra":"stripes & <more>","count":12,"big":12345678901234567890,"part":1.50,"yes":true,"principalId":"forged","integrationLatency":"x","yes":false},"usageIdentifierKey":"key-of-a-plan"}`

func granted(effect string) string { return strings.Replace(answeredWith, "EFFECT", effect, 1) }

// authorizerAndBackend is a function that is both: it answers authorizers' events with a policy and those of integrations with themselves.
func authorizerAndBackend(answer string) *fakeFunctions {
	return &fakeFunctions{run: func(_ context.Context, in lambda.Invocation) (lambda.Answer, error) {
		if in.Function == authorizerARN {
			return returned(answer), nil
		}
		body, err := json.Marshal(map[string]any{"statusCode": 200, "body": string(in.Payload)})
		return lambda.Answer{Payload: body}, err
	}}
}

func TestWhatAFunctionGrantedReachesFunctions(t *testing.T) {
	f := authorizerAndBackend(granted("Allow"))
	m := custom("fn")
	m.MethodIntegration = integrationWith(types.IntegrationTypeAwsProxy, functionARN, nil)
	a := newAPI().authorizer("fn", functionAuthorizer(types.AuthorizerTypeToken, tokenHeader, func(a *types.Authorizer) { a.AuthorizerResultTtlInSeconds = nil })).on("GET", "/f", m)
	w := newWorld(t, a, nil, withFunctions(f))
	for _, latency := range []string{`\d+`, "0"} { // the second one's answer is remembered
		got := send(t, w, "GET", "/prod/f", "Auth", "t")
		want := regexp.MustCompile(regexp.QuoteMeta(`"authorizer":{"principalId":"user","zebra":"stripes & <more>","count":"12","big":"12345678901234567890","part":"1.50","yes":"false","integrationLatency":`) + latency + `},`)
		if got.StatusCode != 200 || !want.MatchString(got.body) {
			t.Errorf("answered %d %s", got.StatusCode, got.body)
		}
	}
	if f.count() != 3 {
		t.Errorf("%d invocations", f.count())
	}
}

func TestWhatAFunctionGrantedReachesTemplatesAndBackends(t *testing.T) {
	back := backend(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintf(w, "%s %s", r.Header.Get("X-Who"), r.Header.Get("X-Count"))
	})
	template, mapped := custom("fn"), custom("fn")
	template.MethodIntegration = mockOf(`"$context.authorizer.principalId $context.authorizer.zebra $context.authorizer.get('count') $context.authorizer.yes $!context.authorizer.none` +
		`#foreach($k in $context.authorizer.keySet()) $k#end"`)
	mapped.MethodIntegration = proxy(back.URL, map[string]string{"integration.request.header.X-Who": "context.authorizer.principalId", "integration.request.header.X-Count": "context.authorizer.count"}).MethodIntegration
	a := newAPI().authorizer("fn", functionAuthorizer(types.AuthorizerTypeToken, tokenHeader, nil)).on("GET", "/template", template).on("GET", "/mapped", mapped)
	k := &kept{}
	w := newWorld(t, a, nil, withFunctions(authorizerAndBackend(granted("Allow"))), withLogs(k))
	w.set(access(`{"who":"$context.authorizer.principalId","count":"$context.authorizer.count","none":"$context.authorizer.none"}`))
	for path, want := range map[string]string{
		"/template": `"user stripes & <more> 12 false  principalId zebra count big part yes integrationLatency"`,
		"/mapped":   "user 12",
	} {
		if got := send(t, w, "GET", "/prod"+path, "Auth", "t"); got.StatusCode != 200 || got.body != want {
			t.Errorf("%s answered %d %s, want %s", path, got.StatusCode, got.body, want)
		}
	}
	if diff := cmp.Diff([]string{`{"who":"user","count":"12","none":"-"}`, `{"who":"user","count":"12","none":"-"}`}, k.take(t, accessGroup, "")); diff != "" {
		t.Error(diff)
	}
}

// TestADenialCanSayWhy: the values that came with a policy that denies are there for the gateway response.
func TestADenialCanSayWhy(t *testing.T) {
	for effect, message := range map[string]string{"Deny": "User is not authorized to access this resource with an explicit deny", "Allow": ""} {
		a := behind(types.AuthorizerTypeToken, tokenHeader, nil).response(types.GatewayResponseTypeAccessDenied, "402",
			map[string]string{"gatewayresponse.header.X-Zebra": "context.authorizer.zebra", "gatewayresponse.header.Access-Control-Allow-Origin": "'*'"},
			map[string]string{"application/json": `{"why":"$context.authorizer.count","said":$context.error.messageString,"type":"$context.error.responseType"}`})
		w := newWorld(t, a, nil, withFunctions(returns(granted(effect))))
		got := send(t, w, "GET", "/prod/b", "Auth", "t")
		if message == "" {
			expect(t, got, 200, passed, "")
			continue
		}
		expect(t, got, 402, `{"why":"12","said":"`+message+`","type":"ACCESS_DENIED"}`, "AccessDeniedException")
		if got.Header.Get("X-Zebra") != "stripes & <more>" || got.Header.Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("the headers are %v", got.Header)
		}
	}
}

// TestAccessLogsOfAuthorizers tell how the authorizer answered.
func TestAccessLogsOfAuthorizers(t *testing.T) {
	f := byToken(map[string]lambda.Answer{"allow": returned(grantOf("Allow", "*")), "deny": returned(grantOf("Deny", "*")), "throws": thrown("x"), "unauthorized": thrown("Unauthorized")}, nil)
	k := &kept{}
	w := newWorld(t, behind(types.AuthorizerTypeToken, tokenHeader, nil), nil, withFunctions(f), withLogs(k))
	w.set(access("$context.status $context.authorizer.status $context.authorize.status $context.error.responseType $context.authorizer.principalId"))
	for token, want := range map[string]string{
		"allow": "200 200 200 - user-1234567890-of-this-pool", "deny": "403 403 403 ACCESS_DENIED user-1234567890-of-this-pool",
		"throws": "500 500 500 AUTHORIZER_CONFIGURATION_ERROR -", "unauthorized": "401 401 401 UNAUTHORIZED -", "": "401 401 401 UNAUTHORIZED -",
	} {
		send(t, w, "GET", "/prod/b", "Auth", token)
		if diff := cmp.Diff([]string{want}, k.take(t, accessGroup, "")); diff != "" {
			t.Errorf("%q: %s", token, diff)
		}
	}
}

func TestTheTypesOfMethodAndAuthorizerMustAgree(t *testing.T) {
	f := allowing()
	m := cognito()
	m.AuthorizerId, m.MethodIntegration = aws.String("fn"), mockOf(passed)
	pool := custom("auth")
	a := behind(types.AuthorizerTypeToken, tokenHeader, nil).authorizer("auth", nil).on("GET", "/cognito", m).on("GET", "/custom", pool).on("GET", "/gone", custom("deleted"))
	w := newWorld(t, a, nil, withFunctions(f))
	for _, path := range []string{"/cognito", "/custom", "/gone"} {
		expect(t, send(t, w, "GET", "/prod"+path, "Auth", "t", "Authorization", token(idClaims())), 500, `{"message":null}`, "AuthorizerConfigurationException")
	}
	if f.count() != 0 {
		t.Error("a function was asked")
	}
	expect(t, send(t, newWorld(t, a, nil), "GET", "/prod/b", "Auth", "t"), 500, `{"message":null}`, "AuthorizerConfigurationException") // a server without functions
}
