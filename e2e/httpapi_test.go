package e2e

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// apiFunction answers as a route's integration does, and decides as an authorizer does, by what it is called with.
const apiFunction = `exports.handler = async (event) => {
  if (event.type === 'REQUEST') {
    if (event.identitySource[0] === 'nobody') throw new Error('Unauthorized');
    return { isAuthorized: event.identitySource[0] === 'friend', context: { who: event.identitySource[0], n: 3 } };
  }
  if (event.rawPath.endsWith('/plain')) return { seen: event.rawPath };
  return {
    statusCode: 201, cookies: ['a=1', 'b=2'], headers: { 'content-type': 'application/json', 'access-control-allow-origin': 'https://wrong.example.com' },
    body: JSON.stringify({ version: event.version, route: event.routeKey, path: event.rawPath, authorizer: event.requestContext.authorizer, body: event.body, cookies: event.cookies }),
  };
};`

// createFunction makes a Node function by the CLI and lets API Gateway call it.
func (p *process) createFunction(t *testing.T, name, code string) (arn string) {
	t.Helper()
	var b bytes.Buffer
	archive := zip.NewWriter(&b)
	file, err := archive.Create("index.js")
	must(t, err)
	_, err = io.WriteString(file, code)
	must(t, err)
	must(t, archive.Close())
	where := filepath.Join(t.TempDir(), name+".zip")
	must(t, os.WriteFile(where, b.Bytes(), 0o600))
	made := p.aws(t, "lambda", "create-function", "--function-name", name, "--runtime", "nodejs20.x", "--handler", "index.handler",
		"--role", "arn:aws:iam::000000000000:role/any", "--zip-file", "fileb://"+where)
	p.aws(t, "lambda", "add-permission", "--function-name", name, "--statement-id", "api", "--action", "lambda:InvokeFunction", "--principal", "apigateway.amazonaws.com")
	return text(t, made, "FunctionArn")
}

// curl runs curl and returns the answer's head and body.
func curl(t *testing.T, args ...string) (head, body string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, need(t, "curl"), append([]string{"-s", "-i"}, args...)...).Output()
	must(t, err)
	head, body, _ = strings.Cut(string(out), "\r\n\r\n")
	return head, body
}

// TestHTTPAPIByTheCLI builds an HTTP API by the aws CLI (a pool of this server as the JWT issuer, a Node function as integration and as
// authorizer, an HTTP backend, CORS) and calls it with curl.
func TestHTTPAPIByTheCLI(t *testing.T) {
	t.Parallel()
	p := serve(t)
	need(t, "node")
	s := p.newPool(t, "http")
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.Method+" "+r.URL.RequestURI())
	}))
	defer upstream.Close()
	var discovery struct{ Issuer string }
	must(t, json.Unmarshal([]byte(send(t, http.MethodGet, p.url+"/"+s.poolID+"/.well-known/openid-configuration", "", nil).body), &discovery))
	function := p.createFunction(t, "api", apiFunction)

	api := text(t, p.v2(t, "create-api", in{"Name": "shop", "ProtocolType": "HTTP", "CorsConfiguration": in{
		"AllowOrigins": []string{"https://app.example.com"}, "AllowMethods": []string{"GET", "POST"}, "AllowHeaders": []string{"authorization"}, "MaxAge": 60}}), "ApiId")
	of := func(more in) in { more["ApiId"] = api; return more }
	jwt := text(t, p.v2(t, "create-authorizer", of(in{"Name": "pool", "AuthorizerType": "JWT", "IdentitySource": []string{"$request.header.Authorization"},
		"JwtConfiguration": in{"Issuer": discovery.Issuer, "Audience": []string{s.clientID}}})), "AuthorizerId")
	asks := text(t, p.v2(t, "create-authorizer", of(in{"Name": "asks", "AuthorizerType": "REQUEST", "IdentitySource": []string{"$request.header.X-User"},
		"AuthorizerUri": "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/" + function + "/invocations", "AuthorizerPayloadFormatVersion": "2.0",
		"EnableSimpleResponses": true, "AuthorizerResultTtlInSeconds": 60})), "AuthorizerId")
	lambdas := text(t, p.v2(t, "create-integration", of(in{"IntegrationType": "AWS_PROXY", "IntegrationUri": function, "PayloadFormatVersion": "2.0"})), "IntegrationId")
	backend := text(t, p.v2(t, "create-integration", of(in{"IntegrationType": "HTTP_PROXY", "IntegrationMethod": "ANY", "IntegrationUri": upstream.URL + "/base/{proxy}", "PayloadFormatVersion": "1.0"})), "IntegrationId")
	for key, more := range map[string]in{
		"POST /orders/{id}": {"Target": lambdas, "AuthorizationType": "JWT", "AuthorizerId": jwt},
		"GET /scoped":       {"Target": lambdas, "AuthorizationType": "JWT", "AuthorizerId": jwt, "AuthorizationScopes": []string{customScope}},
		"GET /asks":         {"Target": lambdas, "AuthorizationType": "CUSTOM", "AuthorizerId": asks},
		"GET /plain":        {"Target": lambdas},
		"ANY /up/{proxy+}":  {"Target": backend},
	} {
		more["Target"] = "integrations/" + more["Target"].(string)
		more["RouteKey"] = key
		p.v2(t, "create-route", of(more))
	}
	p.v2(t, "create-stage", of(in{"StageName": "$default", "AutoDeploy": true}))
	p.v2(t, "create-stage", of(in{"StageName": "dev", "AutoDeploy": true}))

	password, page := s.passwordSignIn(t, "jo"), s.pageSignIn(t, "openid "+customScope)
	byPath := p.url + "/_aws/execute-api/" + api
	_, port, _ := strings.Cut(strings.TrimPrefix(p.url, "http://"), ":")
	byHost := "http://" + api + ".execute-api.eu-west-1.localhost:" + port
	resolve := []string{"--resolve", api + ".execute-api.eu-west-1.localhost:" + port + ":127.0.0.1"}
	bearer := func(token string) []string { return []string{"-H", "Authorization: Bearer " + token} }
	for _, tt := range []struct {
		name   string
		args   []string
		status string
		// has are parts of the head or the body.
		has []string
	}{
		{"an ID token opens a route without scopes", append(bearer(password.id), "-X", "POST", "-d", `{"a":1}`, "-H", "Content-Type: application/json", "-b", "c=1", byPath+"/orders/7"), "201",
			[]string{`"version":"2.0"`, `"route":"POST /orders/{id}"`, `"path":"/orders/7"`, `"cookies":["c=1"]`, `"body":"{\"a\":1}"`, `"token_use":"id"`, `"scopes":null`, "Set-Cookie: a=1", "Set-Cookie: b=2", "Apigw-Requestid: "}},
		{"an access token does, too", append(bearer(password.access), "-X", "POST", byPath+"/orders/7"), "201", []string{`"token_use":"access"`, `"client_id":"` + s.clientID + `"`}},
		{"by host, with the stage in the path", append(append(bearer(password.id), resolve...), "-X", "POST", byHost+"/dev/orders/7"), "201", []string{`"path":"/dev/orders/7"`}},
		{"no token", []string{"-X", "POST", byPath + "/orders/7"}, "401", []string{"Www-Authenticate: Bearer\r\n", "X-Poolgate-Reason: identity_source_missing", "Content-Length: 26", `{"message":"Unauthorized"}`}},
		{"a forged token", append(bearer(tampered(password.id)), "-X", "POST", byPath+"/orders/7"), "401", []string{`error="invalid_token" error_description="crypto/rsa: verification error"`, "token_signature"}},
		{"a scope that the token has", append(bearer(page.access), byPath+"/scoped"), "201", []string{customScope}},
		{"a scope that it lacks", append(bearer(password.access), byPath+"/scoped"), "403", []string{`{"message":"Forbidden"}`, "scope_missing"}},
		{"the function lets in", []string{"-H", "X-User: friend", byPath + "/asks"}, "201", []string{`"authorizer":{"lambda":{"who":"friend","n":3}}`}},
		{"the function refuses", []string{"-H", "X-User: stranger", byPath + "/asks"}, "403", []string{"authorizer_denied"}},
		{"the function says Unauthorized", []string{"-H", "X-User: nobody", byPath + "/asks"}, "401", []string{"authorizer_unauthorized"}},
		{"an answer without a status", []string{byPath + "/plain"}, "200", []string{`{"seen":"/plain"}`, "Content-Type: application/json"}},
		{"an HTTP backend", []string{"-X", "PATCH", byPath + "/up/a%20b/c/?x=1&x=2"}, "200", []string{"PATCH /base/a%20b/c/?x=1&x=2"}},
		{"no route", []string{byPath + "/nothing"}, "404", []string{`{"message":"Not Found"}`}},
		{"a preflight to a protected route", []string{"-X", "OPTIONS", "-H", "Origin: https://app.example.com", "-H", "Access-Control-Request-Method: POST", byPath + "/orders/7"}, "204",
			[]string{"Access-Control-Allow-Origin: https://app.example.com", "Access-Control-Allow-Methods: GET,POST", "Access-Control-Allow-Headers: authorization", "Access-Control-Max-Age: 60"}},
		{"the API's CORS replaces the function's", append(bearer(page.access), "-H", "Origin: https://app.example.com", byPath+"/scoped"), "201", []string{"Access-Control-Allow-Origin: https://app.example.com"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			head, body := curl(t, tt.args...)
			if !strings.HasPrefix(head, "HTTP/1.1 "+tt.status) {
				t.Errorf("answered %s\n%s", head, body)
			}
			for _, part := range tt.has {
				if !strings.Contains(head+"\r\n\n"+body, part) {
					t.Errorf("has no %s:\n%s\n%s", part, head, body)
				}
			}
			if strings.Contains(head, "wrong.example.com") {
				t.Errorf("the function's CORS came through: %s", head)
			}
		})
	}

	t.Run("explain knows the request", func(t *testing.T) {
		head, _ := curl(t, append(bearer(password.access), byPath+"/scoped")...)
		_, after, _ := strings.Cut(head, "Apigw-Requestid: ")
		id, _, _ := strings.Cut(after, "\r\n")
		record := send(t, http.MethodGet, p.url+"/_poolgate/requests/"+id, "", nil)
		for _, part := range []string{`"reason":"scope_missing"`, `"protocol":"HTTP"`, `"routeKey":"GET /scoped"`, "aws apigatewayv2 update-route --api-id " + api} {
			if record.status != 200 || !strings.Contains(record.body, part) {
				t.Errorf("%d has no %s: %s", record.status, part, record.body)
			}
		}
		out, _ := exec.Command(binary, "explain", "--endpoint-url", p.url, id).Output() // it exits 1 for a refusal
		for _, part := range []string{"Refused with 403 by the authorizer: scope_missing", "GET /scoped (", "aws apigatewayv2 update-route --api-id " + api} {
			if !strings.Contains(string(out), part) {
				t.Errorf("explain has no %s: %s", part, out)
			}
		}
	})
	t.Run("an edit is served at once by a stage that deploys by itself", func(t *testing.T) {
		p.v2(t, "create-route", of(in{"RouteKey": "$default", "Target": "integrations/" + lambdas}))
		if head, body := curl(t, byPath+"/nothing/plain"); !strings.HasPrefix(head, "HTTP/1.1 200") {
			t.Errorf("answered %s\n%s", head, body)
		}
	})
	t.Run("the cache of authorizers is reset", func(t *testing.T) {
		if _, complaint := p.tryAWS(t, "apigatewayv2", "reset-authorizers-cache", "--api-id", api, "--stage-name", "$default"); complaint != "" {
			t.Error(complaint)
		}
	})
}
