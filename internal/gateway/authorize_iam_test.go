package gateway_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/google/go-cmp/cmp"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/internal/lambda"
)

// signedAPI has a method with AWS_IAM for each verb.
func signedAPI() *api {
	shown := mockOf(`$context.identity.caller $context.identity.user $context.identity.userArn $context.identity.accountId $context.identity.accessKey`)
	m := iam()
	m.MethodIntegration = shown
	return newAPI().on("GET", "/pets", m).on("POST", "/pets", m).on("GET", "/{proxy+}", m)
}

func TestSignedRequestsAreLetIn(t *testing.T) {
	const caller = "AIDABOB AIDABOB " + bobARN + " 000000000000 AKIDBOB"
	w := newWorld(t, signedAPI(), nil, keyed(t, ""))
	for name, change := range map[string]func(*signature){
		"in the header":      func(*signature) {},
		"in the query":       func(s *signature) { s.inQuery, s.path = true, "/prod/pets?X-Amz-Expires=60&a=1" },
		"a body":             func(s *signature) { s.method, s.body = "POST", `{"a":1}` },
		"a query":            func(s *signature) { s.path = "/prod/pets?b=%2F&a=x%20y&a=%C3%A9&c" },
		"escapes":            func(s *signature) { s.path = "/prod/a%20b/x%26y/%C3%A9" },
		"a slash at the end": func(s *signature) { s.path = "/prod/pets/" },
	} {
		t.Run(name, func(t *testing.T) {
			s := signatureOf(bobKey, "GET", "/prod/pets")
			change(s)
			expect(t, sendSigned(t, w, s), 200, caller, "")
		})
	}
}

// TestSignaturesAreRefused is fact 1.10's rows of AWS_IAM, and what DESIGN's list of reasons has for each.
func TestSignaturesAreRefused(t *testing.T) {
	w := newWorld(t, signedAPI(), nil, keyed(t, ""))
	const mismatch = `{"message":"The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.\n\nThe Canonical String for this request should have been\n'`
	for _, c := range []struct {
		name   string
		change func(*signature)
		// replace are headers that are set after the signature was made.
		replace   []string
		path      string
		body      string
		errorType string
		reason    authz.Reason
	}{
		{name: "an unknown key", change: func(s *signature) { s.key = "AKIDOTHER" },
			body: `{"message":"The security token included in the request is invalid."}`, errorType: "UnrecognizedClientException", reason: authz.AccessKeyUnknown},
		{name: "a wrong secret", change: func(s *signature) { s.secret = "wrong" },
			body: mismatch + `GET\n/prod/pets\n\nhost:abcde12345.execute-api.eu-west-1.amazonaws.com\nx-amz-date:`, errorType: "InvalidSignatureException", reason: authz.SignatureInvalid},
		{name: "another path than was signed", path: "/prod/cats",
			body: mismatch, errorType: "InvalidSignatureException", reason: authz.SignatureInvalid},
		{name: "another query than was signed", path: "/prod/pets?admin=1",
			body: mismatch, errorType: "InvalidSignatureException", reason: authz.SignatureInvalid},
		{name: "another host than was signed", replace: []string{"Host", "other12345.execute-api.eu-west-1.amazonaws.com"},
			body: mismatch, errorType: "InvalidSignatureException", reason: authz.SignatureInvalid},
		{name: "signed six minutes ago", change: func(s *signature) { s.at = time.Now().Add(-6 * time.Minute) },
			body: `{"message":"Signature expired: `, errorType: "InvalidSignatureException", reason: authz.SignatureExpired},
		{name: "signed in the future", change: func(s *signature) { s.at = time.Now().Add(6 * time.Minute) },
			body: `{"message":"Signature not yet current: `, errorType: "InvalidSignatureException", reason: authz.SignatureExpired},
		{name: "for another service", change: func(s *signature) { s.service = "apigateway" },
			body: `{"message":"Credential should be scoped to correct service: 'execute-api'. "}`, errorType: "InvalidSignatureException", reason: authz.SignatureInvalid},
		{name: "for another region", change: func(s *signature) { s.region = "us-east-1" },
			body: `{"message":"Credential should be scoped to a valid Region, not 'us-east-1'. "}`, errorType: "InvalidSignatureException", reason: authz.SignatureInvalid},
		{name: "a part of a signature", replace: []string{"Authorization", "AWS4-HMAC-SHA256 Credential=AK/20260301/eu-west-1/execute-api/aws4_request, Signature=00"},
			body: `{"message":"Authorization header requires 'SignedHeaders' parameter. (Hashed with SHA-256 and encoded with Base64) Authorization=`, errorType: "IncompleteSignatureException", reason: authz.SignatureMissing},
		{name: "a credential without a scope", replace: []string{"Authorization", "AWS4-HMAC-SHA256 Credential=AK, SignedHeaders=host, Signature=00"},
			body: `{"message":"Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term.`, errorType: "IncompleteSignatureException", reason: authz.SignatureInvalid},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := signatureOf(bobKey, "GET", "/prod/pets")
			if c.change != nil {
				c.change(s)
			}
			path, headers := s.sign(t)
			if c.path != "" {
				path = c.path
			}
			headers = replaced(headers, c.replace...)
			got := send(t, w, "GET", path, headers...)
			if got.StatusCode != 403 || !strings.HasPrefix(got.body, c.body) || got.Header.Get("x-amzn-ErrorType") != c.errorType {
				t.Errorf("%d %s %s", got.StatusCode, got.Header.Get("x-amzn-ErrorType"), got.body)
			}
			if got.Header.Get("x-poolgate-reason") != string(c.reason) {
				t.Errorf("the reason is %s", got.Header.Get("x-poolgate-reason"))
			}
		})
	}
	expect(t, send(t, w, "GET", "/prod/pets"), 403, `{"message":"Missing Authentication Token"}`, "MissingAuthenticationTokenException")
}

func replaced(headers []string, with ...string) []string {
	for i := 0; i+1 < len(with); i += 2 {
		for j := 0; j+1 < len(headers); j += 2 {
			if http.CanonicalHeaderKey(headers[j]) == http.CanonicalHeaderKey(with[i]) {
				headers[j+1] = with[i+1]
			}
		}
	}
	return headers
}

func TestASignedBodyMayNotChange(t *testing.T) {
	w := newWorld(t, signedAPI(), nil, keyed(t, ""))
	s := signatureOf(bobKey, "POST", "/prod/pets")
	s.body = `{"a":1}`
	path, headers := s.sign(t)
	if got := sendBody(t, w, "POST", path, `{"a":2}`, headers...); got.StatusCode != 403 || got.Header.Get("x-poolgate-reason") != string(authz.SignatureInvalid) {
		t.Errorf("%d %s", got.StatusCode, got.body)
	}
}

// Keys are only known by configuration; without any nobody is let in.
func TestWithoutKeysNobodyIsLetIn(t *testing.T) {
	w := newWorld(t, signedAPI(), nil)
	expect(t, sendSigned(t, w, signatureOf(bobKey, "GET", "/prod/pets")), 403, `{"message":"The security token included in the request is invalid."}`, "UnrecognizedClientException")
}

// TestSignedRequestsWithoutARoute: the signature is looked at first (aws/aws-sdk-js#3571).
func TestSignedRequestsWithoutARoute(t *testing.T) {
	w := newWorld(t, newAPI().on("GET", "/pets", open()), nil, keyed(t, ""))
	for _, c := range []struct {
		name            string
		change          func(*signature)
		body, errorType string
		reason          authz.Reason
	}{
		{"a good signature", func(*signature) {}, `{"message":"Missing Authentication Token"}`, "MissingAuthenticationTokenException", authz.RouteNotFound},
		{"a good signature in the query", func(s *signature) { s.inQuery = true }, `{"message":"Missing Authentication Token"}`, "MissingAuthenticationTokenException", authz.RouteNotFound},
		{"an unknown stage", func(s *signature) { s.path = "/dev/x" }, `{"message":"Missing Authentication Token"}`, "MissingAuthenticationTokenException", authz.StageNotFound},
		{"an unknown key", func(s *signature) { s.key = "AKIDOTHER" }, `{"message":"The security token included in the request is invalid."}`, "UnrecognizedClientException", authz.RouteNotFoundSignatureExpected},
		{"for another service", func(s *signature) { s.service = "apigateway" }, `{"message":"Credential should be scoped to correct service: 'execute-api'. "}`, "InvalidSignatureException", authz.RouteNotFoundSignatureExpected},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := signatureOf(bobKey, "GET", "/prod/nothing")
			c.change(s)
			got := sendSigned(t, w, s)
			expect(t, got, 403, c.body, c.errorType)
			if got.Header.Get("x-poolgate-reason") != string(c.reason) {
				t.Errorf("the reason is %s", got.Header.Get("x-poolgate-reason"))
			}
		})
	}
}

func TestSignatureRefusalsAreGatewayResponses(t *testing.T) {
	a := signedAPI().response(types.GatewayResponseTypeInvalidSignature, "418", nil, map[string]string{"application/json": `{"type":"$context.error.responseType"}`})
	s := signatureOf(bobKey, "GET", "/prod/pets")
	s.secret = "wrong"
	got := sendSigned(t, newWorld(t, a, nil, keyed(t, "")), s)
	if got.StatusCode != 418 || got.body != `{"type":"INVALID_SIGNATURE"}` {
		t.Errorf("%d %s", got.StatusCode, got.body)
	}
}

func TestTheEventTellsWhoSigned(t *testing.T) {
	functions := &fakeFunctions{run: func(context.Context, lambda.Invocation) (lambda.Answer, error) {
		return lambda.Answer{Payload: []byte(`{"statusCode":200}`)}, nil
	}}
	m := iam()
	m.MethodIntegration = proxied(nil).MethodIntegration
	w := newWorld(t, newAPI().on("GET", "/pets", m), nil, keyed(t, ""), withFunctions(functions))
	if got := sendSigned(t, w, signatureOf(bobKey, "GET", "/prod/pets")); got.StatusCode != 200 {
		t.Fatalf("%d %s", got.StatusCode, got.body)
	}
	var event struct {
		RequestContext struct{ Identity map[string]any }
	}
	if err := json.Unmarshal(functions.calls[0].Payload, &event); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"accountId": account, "caller": "AIDABOB", "user": "AIDABOB", "userArn": bobARN, "accessKey": bobKey, "sourceIp": "127.0.0.1", "userAgent": "Go-http-client/1.1",
		"cognitoIdentityPoolId": nil, "cognitoIdentityId": nil, "principalOrgId": nil, "cognitoAuthenticationType": nil, "cognitoAuthenticationProvider": nil,
	}
	if diff := cmp.Diff(want, event.RequestContext.Identity); diff != "" {
		t.Error(diff)
	}
}
