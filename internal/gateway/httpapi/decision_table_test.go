package httpapi_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"

	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/lambda"
)

// logged is a stage that writes what the table looks at.
func logged(name string) types.Stage {
	return stage(name, func(s *types.Stage) {
		s.AccessLogSettings = &types.AccessLogSettings{
			DestinationArn: aws.String("arn:aws:logs:eu-west-1:000000000000:log-group:access"),
			Format:         aws.String("$context.status $context.routeKey | $context.authorizer.error | $context.integrationErrorMessage | $context.error.message"),
		}
	})
}

func requestAuthorizer(change func(*types.Authorizer)) types.Authorizer {
	a := types.Authorizer{
		AuthorizerType: types.AuthorizerTypeRequest, AuthorizerUri: aws.String(asker), AuthorizerPayloadFormatVersion: aws.String("2.0"),
		IdentitySource: []string{"$request.header.X-User"}, EnableSimpleResponses: aws.Bool(true),
	}
	if change != nil {
		change(&a)
	}
	return a
}

func jwtOf(iss string) types.Authorizer {
	return types.Authorizer{
		AuthorizerType: types.AuthorizerTypeJwt, IdentitySource: []string{"$request.header.Authorization"},
		JwtConfiguration: &types.JWTConfiguration{Issuer: &iss, Audience: []string{clientID}},
	}
}

func withAuthorizer(id string) func(*types.Route) {
	return func(r *types.Route) { r.AuthorizerId = &id }
}

// row is one cause and all that is seen of it.
type row struct {
	name, method, path string
	headers            []string
	// asker is what the authorizer's function answers; "!" before it is a function that failed.
	asker     string
	status    int
	body      string
	challenge string
	reason    string
	line      string
}

const (
	unauthorized = `{"message":"Unauthorized"}`
	forbidden    = `{"message":"Forbidden"}`
	notFound     = `{"message":"Not Found"}`
	internal     = `{"message":"Internal Server Error"}`
)

// TestDecisionTable holds facts 2 and 3.2 literally.
func TestDecisionTable(t *testing.T) {
	a := newAPI().
		authorizer("down", jwtOf("https://down.example.com")).authorizer("keyless", jwtOf("https://keyless.example.com")).
		authorizer("simple", requestAuthorizer(nil)).
		authorizer("policy", requestAuthorizer(func(a *types.Authorizer) {
			a.EnableSimpleResponses, a.AuthorizerPayloadFormatVersion = nil, aws.String("1.0")
		})).
		authorizer("nowhere", requestAuthorizer(func(a *types.Authorizer) {
			a.AuthorizerUri = aws.String("arn:aws:lambda:eu-west-1:000000000000:function:nowhere")
		})).
		on("GET /open").on("GET /jwt", behindJWT()).on("GET /scoped", behindJWT("pets/write", "pets/read")).on("GET /other", behindJWT("pets/write")).
		on("GET /down", behindJWT(), withAuthorizer("down")).on("GET /keyless", behindJWT("s"), withAuthorizer("keyless")).
		on("GET /gone", behindJWT(), withAuthorizer("gone")).on("GET /iam", behindIAM).
		on("GET /simple", behind("simple")).on("GET /policy", behind("policy")).on("GET /nowhere", behind("nowhere"))
	w := newWorld(t, a, logged("$default"))
	good, bearer := token(nil), "Bearer "
	tampered := good[:len(good)-8] + "AAAAAAAA"
	id := token(object{"aud": clientID, "client_id": nil, "scope": nil, "token_use": "id"})
	for _, tt := range []row{
		{"a known route", "GET", "/open", nil, "", 200, "hello", "", "", "200 GET /open | - | - | -"},
		{"an unknown route", "GET", "/nothing", nil, "", 404, notFound, "", "route_not_found", "404 - | - | - | Not Found"},
		{"an unknown route with a token", "GET", "/nothing", []string{"Authorization", bearer + good}, "", 404, notFound, "", "route_not_found", "404 - | - | - | Not Found"},
		{"no token", "GET", "/jwt", nil, "", 401, unauthorized, "Bearer", "identity_source_missing", "401 GET /jwt | - | - | Unauthorized"},
		{"no token on a scoped route", "GET", "/scoped", nil, "", 401, unauthorized, "Bearer", "identity_source_missing", "401 GET /scoped | - | - | Unauthorized"},
		{"not a token", "GET", "/jwt", []string{"Authorization", "x"}, "", 401, unauthorized,
			`Bearer scope="" error="invalid_token" error_description="token contains an invalid number of segments"`, "token_malformed",
			"401 GET /jwt | invalid_token: token contains an invalid number of segments | - | Unauthorized"},
		{"an expired token on a scoped route", "GET", "/scoped", []string{"Authorization", bearer + token(object{"exp": epoch.Unix()})}, "", 401, unauthorized,
			`Bearer scope="pets/write pets/read" error="invalid_token" error_description="the token has expired"`, "token_expired",
			"401 GET /scoped | invalid_token: the token has expired | - | Unauthorized"},
		{"a wrong audience", "GET", "/jwt", []string{"Authorization", token(object{"client_id": "other"})}, "", 401, unauthorized,
			`Bearer scope="" error="invalid_token" error_description="the token does not have a valid audience"`, "token_audience",
			"401 GET /jwt | invalid_token: the token does not have a valid audience | - | Unauthorized"},
		{"a wrong issuer", "GET", "/jwt", []string{"Authorization", token(object{"iss": "https://evil.example.com"})}, "", 401, unauthorized,
			`Bearer scope="" error="invalid_token" error_description="the token does not have a valid issuer"`, "token_issuer",
			"401 GET /jwt | invalid_token: the token does not have a valid issuer | - | Unauthorized"},
		{"a changed token", "GET", "/jwt", []string{"Authorization", tampered}, "", 401, unauthorized,
			`Bearer scope="" error="invalid_token" error_description="crypto/rsa: verification error"`, "token_signature",
			"401 GET /jwt | invalid_token: crypto/rsa: verification error | - | Unauthorized"},
		{"somebody else's key", "GET", "/jwt", []string{"Authorization", mint(otherKey(), claims(nil))}, "", 401, unauthorized,
			`Bearer scope="" error="invalid_token" error_description="crypto/rsa: verification error"`, "token_signature",
			"401 GET /jwt | invalid_token: crypto/rsa: verification error | - | Unauthorized"},
		{"an issuer without discovery", "GET", "/down", []string{"Authorization", token(object{"iss": "https://down.example.com"})}, "", 401, unauthorized,
			`Bearer scope="" error="invalid_token" error_description="OIDC discovery endpoint communication error"`, "keys_unavailable",
			"401 GET /down | invalid_token: OIDC discovery endpoint communication error | - | Unauthorized"},
		{"an issuer without keys", "GET", "/keyless", []string{"Authorization", token(object{"iss": "https://keyless.example.com"})}, "", 401, unauthorized,
			`Bearer scope="s" error="invalid_token" error_description="JWKS communication error"`, "keys_unavailable",
			"401 GET /keyless | invalid_token: JWKS communication error | - | Unauthorized"},
		{"a good access token", "GET", "/jwt", []string{"Authorization", bearer + good}, "", 200, "hello", "", "", "200 GET /jwt | - | - | -"},
		{"a good token without Bearer", "GET", "/jwt", []string{"Authorization", good}, "", 200, "hello", "", "", "200 GET /jwt | - | - | -"},
		{"an ID token on a route without scopes", "GET", "/jwt", []string{"Authorization", id}, "", 200, "hello", "", "", "200 GET /jwt | - | - | -"},
		{"one scope of several suffices", "GET", "/scoped", []string{"Authorization", good}, "", 200, "hello", "", "", "200 GET /scoped | - | - | -"},
		{"insufficient scope", "GET", "/other", []string{"Authorization", good}, "", 403, forbidden,
			`Bearer scope="pets/write" error="insufficient_scope" error_description="the token does not have a valid scope"`, "scope_missing",
			"403 GET /other | insufficient_scope: the token does not have a valid scope | - | Forbidden"},
		{"an ID token on a scoped route", "GET", "/scoped", []string{"Authorization", id}, "", 403, forbidden,
			`Bearer scope="pets/write pets/read" error="insufficient_scope" error_description="the token does not have a valid scope"`, "scope_missing",
			"403 GET /scoped | insufficient_scope: the token does not have a valid scope | - | Forbidden"},
		{"an authorizer that is gone", "GET", "/gone", []string{"Authorization", good}, "", 500, internal, "", "authorizer_misconfigured", "500 GET /gone | - | - | Internal Server Error"},

		{"AWS_IAM without a signature", "GET", "/iam", nil, "", 403, forbidden, "", "signature_missing", "403 GET /iam | - | - | Forbidden"},
		{"AWS_IAM with a bearer token", "GET", "/iam", []string{"Authorization", bearer + good}, "", 403, forbidden, "", "signature_missing", "403 GET /iam | - | - | Forbidden"},
		{"AWS_IAM with half a signature", "GET", "/iam", []string{"Authorization", "AWS4-HMAC-SHA256 Credential=x"}, "", 403, forbidden, "", "signature_missing", "403 GET /iam | - | - | Forbidden"},

		{"a missing identity source", "GET", "/simple", nil, `{"isAuthorized":true}`, 401, unauthorized, "", "identity_source_missing", "401 GET /simple | - | - | Unauthorized"},
		{"an empty identity source", "GET", "/simple", []string{"X-User", ""}, `{"isAuthorized":true}`, 401, unauthorized, "", "identity_source_missing", "401 GET /simple | - | - | Unauthorized"},
		{"isAuthorized", "GET", "/simple", []string{"X-User", "u"}, `{"isAuthorized":true}`, 200, "hello", "", "", "200 GET /simple | - | - | -"},
		{"not isAuthorized", "GET", "/simple", []string{"X-User", "u"}, `{"isAuthorized":false}`, 403, forbidden, "", "authorizer_denied", "403 GET /simple | - | - | Forbidden"},
		{"isAuthorized is a text", "GET", "/simple", []string{"X-User", "u"}, `{"isAuthorized":"true"}`, 500, internal, "", "authorizer_failed",
			`500 GET /simple | isAuthorized is "true"; it must be true or false | - | Internal Server Error`},
		{"isAuthorized is a number", "GET", "/simple", []string{"X-User", "u"}, `{"isAuthorized":1}`, 500, internal, "", "authorizer_failed",
			"500 GET /simple | isAuthorized is 1; it must be true or false | - | Internal Server Error"},
		{"isAuthorized is missing", "GET", "/simple", []string{"X-User", "u"}, `{}`, 500, internal, "", "authorizer_failed",
			"500 GET /simple | isAuthorized is ; it must be true or false | - | Internal Server Error"},
		{"isAuthorized in another spelling", "GET", "/simple", []string{"X-User", "u"}, `{"isAuthorized":false,"isauthorized":true}`, 403, forbidden, "", "authorizer_denied", "403 GET /simple | - | - | Forbidden"},
		{"no object", "GET", "/simple", []string{"X-User", "u"}, `"yes"`, 500, internal, "", "authorizer_failed",
			`500 GET /simple | the function's answer is not an object: "yes" | - | Internal Server Error`},
		{"the function failed", "GET", "/simple", []string{"X-User", "u"}, `!{"errorMessage":"boom"}`, 500, internal, "", "authorizer_failed",
			"500 GET /simple | the function failed (Unhandled) | - | Internal Server Error"},
		{"the function threw Unauthorized", "GET", "/simple", []string{"X-User", "u"}, `!{"errorMessage":"Unauthorized"}`, 401, unauthorized, "", "authorizer_unauthorized",
			"401 GET /simple | the function threw Unauthorized | - | Unauthorized"},
		{"no such function", "GET", "/nowhere", []string{"X-User", "u"}, ``, 500, internal, "", "authorizer_misconfigured",
			"500 GET /nowhere | ResourceNotFoundException: Function not found: arn:aws:lambda:eu-west-1:000000000000:function:nowhere | - | Internal Server Error"},
		{"a policy that allows", "GET", "/policy", []string{"X-User", "u"}, policyOf("Allow", "*"), 200, "hello", "", "", "200 GET /policy | - | - | -"},
		{"a policy that allows this route", "GET", "/policy", []string{"X-User", "u"}, policyOf("Allow", "arn:aws:execute-api:eu-west-1:000000000000:a1b2c3d4e5/$default/GET/policy"), 200, "hello", "", "", "200 GET /policy | - | - | -"},
		{"a policy for another route", "GET", "/policy", []string{"X-User", "u"}, policyOf("Allow", "arn:aws:execute-api:eu-west-1:000000000000:a1b2c3d4e5/*/GET/other"), 403, forbidden, "", "authorizer_denied", "403 GET /policy | - | - | Forbidden"},
		{"a policy that denies", "GET", "/policy", []string{"X-User", "u"}, policyOf("Deny", "*"), 403, forbidden, "", "authorizer_denied_explicitly", "403 GET /policy | - | - | Forbidden"},
		{"a simple answer where a policy is asked for", "GET", "/policy", []string{"X-User", "u"}, `{"isAuthorized":true}`, 500, internal, "", "authorizer_failed",
			"500 GET /policy | the answer has no policyDocument | - | Internal Server Error"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w.functions.set(asker, tt.asker)
			w.check(t, tt)
		})
	}
}

func policyOf(effect, resource string) string {
	return `{"principalId":"p","policyDocument":{"Version":"2012-10-17","Statement":[{"Effect":"` + effect + `","Action":"execute-api:Invoke","Resource":"` + resource + `"}]}}`
}

// check sends a row's request and compares all that is seen of it.
func (w *world) check(t *testing.T, tt row) {
	t.Helper()
	got := w.send(tt.method, tt.path, tt.headers...)
	if got.StatusCode != tt.status || got.body != tt.body {
		t.Errorf("answered %d %s, want %d %s", got.StatusCode, got.body, tt.status, tt.body)
	}
	if c := got.Header.Get("Www-Authenticate"); c != tt.challenge {
		t.Errorf("www-authenticate is %q\n                   want %q", c, tt.challenge)
	}
	if tt.status >= 400 && got.Header.Get("Content-Type") != "application/json" {
		t.Errorf("content-type is %q", got.Header.Get("Content-Type"))
	}
	if id := got.Header.Get("Apigw-Requestid"); len(id) != 16 || !strings.HasSuffix(id, "=") {
		t.Errorf("apigw-requestid is %q", id)
	}
	for _, name := range []string{"X-Amzn-Requestid", "X-Amzn-Errortype", "X-Amz-Apigw-Id"} {
		if got.Header.Get(name) != "" {
			t.Errorf("there is a header %s, which only REST APIs have", name)
		}
	}
	r := w.decided()
	if string(r.Reason) != tt.reason || got.Header.Get("X-Poolgate-Reason") != tt.reason || r.Allowed != (tt.reason == "") || r.Status != tt.status {
		t.Errorf("recorded %s (%s) %d, want %s", r.Reason, got.Header.Get("X-Poolgate-Reason"), r.Status, tt.reason)
	}
	if r.RequestID != got.Header.Get("Apigw-Requestid") || r.Protocol != "HTTP" {
		t.Errorf("the record is %s of %s", r.RequestID, r.Protocol)
	}
	w.lines.mu.Lock()
	defer w.lines.mu.Unlock()
	if line := w.lines.all[len(w.lines.all)-1].Message; line != tt.line {
		t.Errorf("logged %s\n  want %s", line, tt.line)
	}
}

// TestIntegrationTable are the answers of integrations that fail.
func TestIntegrationTable(t *testing.T) {
	broken := func(err error) func(lambda.Invocation) (lambda.Answer, error) {
		return func(lambda.Invocation) (lambda.Answer, error) { return lambda.Answer{}, err }
	}
	says := func(payload string, failed bool) func(lambda.Invocation) (lambda.Answer, error) {
		return func(lambda.Invocation) (lambda.Answer, error) {
			return lambda.Answer{Payload: []byte(payload), Failed: failed, Kind: "Unhandled"}, nil
		}
	}
	const (
		permission = "The IAM role configured on the integration or API Gateway doesn't have permissions to call the integration. Check the permissions and try again."
		malformed  = "The response from the Lambda function doesn't match the format that API Gateway expects. Lambda function returned an invalid response."
	)
	for _, tt := range []struct {
		run func(lambda.Invocation) (lambda.Answer, error)
		row
	}{
		{broken(fault.Forbidden("AccessDeniedException", "no")), row{name: "no permission", status: 500, body: internal, reason: "function_permission_missing", line: "500 GET /f | - | " + permission + " | Internal Server Error"}},
		{broken(fault.NotFound("ResourceNotFoundException", "Function not found: f")), row{name: "no function", status: 500, body: internal, reason: "integration_failed", line: "500 GET /f | - | ResourceNotFoundException: Function not found: f | Internal Server Error"}},
		{broken(errors.New("boom")), row{name: "cannot be run", status: 500, body: internal, reason: "integration_failed", line: "500 GET /f | - | boom | Internal Server Error"}},
		{says(`{"errorMessage":"x"}`, true), row{name: "failed", status: 500, body: internal, reason: "integration_failed", line: `500 GET /f | - | Lambda function failed: {"errorMessage":"x"} | Internal Server Error`}},
		{says(`{"statusCode":"abc","body":""}`, false), row{name: "no status", status: 500, body: internal, reason: "function_answer_malformed", line: "500 GET /f | - | " + malformed + " | Internal Server Error"}},
		{says(`{"statusCode":200,"body":{"a":1}}`, false), row{name: "a body that is an object", status: 500, body: internal, reason: "function_answer_malformed", line: "500 GET /f | - | " + malformed + " | Internal Server Error"}},
		{says(`{"statusCode":200,"isBase64Encoded":true,"body":"%%"}`, false), row{name: "no base64", status: 500, body: internal, reason: "function_answer_malformed", line: "500 GET /f | - | " + malformed + " | Internal Server Error"}},
		{says(`{"statusCode":403,"body":"mine"}`, false), row{name: "the backend's own 403", status: 403, body: "mine", reason: "integration_refused", line: "403 GET /f | - | - | -"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, newAPI().on("GET /f"), logged("$default"))
			w.functions.by[backend] = tt.run
			tt.method, tt.path = http.MethodGet, "/f"
			got := w.send("GET", "/f")
			if got.StatusCode != tt.status || got.body != tt.body {
				t.Errorf("answered %d %s", got.StatusCode, got.body)
			}
			if r := w.decided(); string(r.Reason) != tt.reason {
				t.Errorf("recorded %s", r.Reason)
			}
			if line := w.lines.all[0].Message; line != tt.line {
				t.Errorf("logged %s\n  want %s", line, tt.line)
			}
		})
	}
}
