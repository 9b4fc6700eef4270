package e2e

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os/exec"
	"strings"
	"testing"
	"time"
)

const jsonTarget = "AWSCognitoIdentityProviderService."

func TestWhoIsLetIn(t *testing.T) {
	p := serve(t)
	s := p.newPool(t, "guard")
	port := p.url[strings.LastIndexByte(p.url, ':'):]
	amz := func(operation string, more http.Header) http.Header {
		header := http.Header{"Content-Type": {"application/x-amz-json-1.1"}, "X-Amz-Target": {jsonTarget + operation}}
		for name, values := range more {
			header[name] = values
		}
		return header
	}
	form := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Origin": {"https://evil.example"}}
	for name, row := range map[string]struct {
		method, path, body string
		header             http.Header
		refused            bool
	}{
		"a form of another origin, posted to a query API":  {"POST", "/", "Action=GetCallerIdentity&Version=2011-06-15", form, true},
		"a form whose origin is opaque":                    {"POST", "/", "Action=GetCallerIdentity&Version=2011-06-15", http.Header{"Content-Type": form["Content-Type"], "Origin": {"null"}}, true},
		"a fetch from another site, without an origin":     {"GET", "/_poolgate/requests", "", http.Header{"Sec-Fetch-Site": {"cross-site"}}, true},
		"a signed operation of another origin":             {"POST", "/", `{"MaxResults":1}`, amz("ListUserPools", http.Header{"Origin": {"https://evil.example"}}), true},
		"the clock, from another origin":                   {"PUT", "/_poolgate/clock", `{"advance":"1s"}`, http.Header{"Origin": {"https://evil.example"}}, true},
		"an operation of the console, from another origin": {"GET", "/_poolgate/health", "", http.Header{"Origin": {"https://evil.example"}}, true},
		"a foreign host":                                  {"GET", "/_poolgate/health", "", http.Header{"Host": {"evil.example" + port}}, true},
		"a foreign host on an AWS API":                    {"POST", "/", `{"MaxResults":1}`, amz("ListUserPools", http.Header{"Host": {"evil.example" + port}}), true},
		"a forwarded request to /_poolgate/":              {"GET", "/_poolgate/requests", "", http.Header{"X-Forwarded-For": {"10.0.0.1"}}, true},
		"an unsigned Cognito operation of another origin": {"POST", "/", `{"AuthFlow":"USER_PASSWORD_AUTH","ClientId":"` + s.clientID + `","AuthParameters":{"USERNAME":"jo","PASSWORD":"` + userPassword + `"}}`, amz("InitiateAuth", http.Header{"Origin": {"https://app.example"}}), false},
		"a pool's keys, from another origin":              {"GET", "/" + s.poolID + "/.well-known/jwks.json", "", http.Header{"Origin": {"https://app.example"}}, false},
		"the login page, from another site":               {"GET", "/_aws/cognito-idp/login?response_type=code&client_id=" + s.clientID + "&redirect_uri=" + url.QueryEscape(callbackURL), "", http.Header{"Sec-Fetch-Site": {"cross-site"}}, false},
		"health":                                          {"GET", "/_poolgate/health", "", nil, false},
		"a page of this server's own origin":              {"GET", "/_poolgate/health", "", http.Header{"Origin": {p.url}}, false},
		"localhost instead of the address":                {"GET", "/_poolgate/health", "", http.Header{"Host": {"localhost" + port}}, false},
		"a service host name that wrappers send":          {"GET", "/" + s.poolID + "/.well-known/jwks.json", "", http.Header{"Host": {"cognito-idp.eu-west-1.localhost" + port}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			got := send(t, row.method, p.url+row.path, row.body, row.header)
			if refused := got.status == http.StatusForbidden; refused != row.refused || (!refused && got.status != http.StatusOK) {
				t.Errorf("answered %d %s", got.status, got.body)
			}
		})
	}
}

// TestBeyondLoopback: with access keys every AWS API wants a signature, the clock stands still and nobody is told a reason.
func TestBeyondLoopback(t *testing.T) {
	refused := exec.CommandContext(t.Context(), binary, "serve", "--addr", "0.0.0.0:0", "--data", ":memory:")
	if out, err := refused.CombinedOutput(); err == nil || !strings.Contains(string(out), "hint: give --access-key") {
		t.Errorf("listening beyond loopback without keys: %v %s", err, out)
	}
	p := serve(t, "--access-key", "test:test")
	p.newPool(t, "signed") // the aws CLI signs with test:test
	if _, errText := (&process{url: p.url}).tryAWSAs(t, "test", "wrong", "cognito-idp", "list-user-pools", "--max-results", "1"); !strings.Contains(errText, "InvalidSignatureException") && !strings.Contains(errText, "SignatureDoesNotMatch") {
		t.Errorf("a wrong secret: %s", errText)
	}
	if _, errText := (&process{url: p.url}).tryAWSAs(t, "nobody", "test", "cognito-idp", "list-user-pools", "--max-results", "1"); !strings.Contains(errText, "UnrecognizedClientException") {
		t.Errorf("an unknown key: %s", errText)
	}
	unsigned := send(t, http.MethodPost, p.url, `{"MaxResults":1}`, http.Header{"Content-Type": {"application/x-amz-json-1.1"}, "X-Amz-Target": {jsonTarget + "ListUserPools"}})
	if unsigned.status != http.StatusBadRequest || !strings.Contains(unsigned.body, "MissingAuthenticationTokenException") {
		t.Errorf("without a signature: %d %s", unsigned.status, unsigned.body)
	}
	if got := send(t, http.MethodPut, p.url+"/_poolgate/clock", `{"advance":"1h"}`, nil); got.status != http.StatusForbidden {
		t.Errorf("the clock: %d %s", got.status, got.body)
	}
}

// TestBrokenRequestsChangeNothing sends what no client sends: each answer is shaped as AWS's, and the pool is as it was.
func TestBrokenRequestsChangeNothing(t *testing.T) {
	p := serve(t)
	s := p.newSite(t)
	before := fmt.Sprint(p.aws(t, "cognito-idp", "describe-user-pool", "--user-pool-id", s.poolID))
	amz := func(target string) http.Header {
		return http.Header{"Content-Type": {"application/x-amz-json-1.1"}, "X-Amz-Target": {target},
			"Authorization": {"AWS4-HMAC-SHA256 Credential=test/20260101/eu-west-1/cognito-idp/aws4_request, SignedHeaders=host, Signature=00"}}
	}
	rest := http.Header{"Content-Type": {"application/json"},
		"Authorization": {"AWS4-HMAC-SHA256 Credential=test/20260101/eu-west-1/apigateway/aws4_request, SignedHeaders=host, Signature=00"}}
	for name, row := range map[string]struct {
		method, path, body string
		header             http.Header
		status             int
		says               string
	}{
		"malformed JSON":             {"POST", "/", `{"UserPoolId":`, amz(jsonTarget + "DeleteUserPool"), 400, "SerializationException"},
		"not JSON at all":            {"POST", "/", "\xff\xfe\x00", amz(jsonTarget + "DeleteUserPool"), 400, "SerializationException"},
		"a wrong type":               {"POST", "/", `{"UserPoolId":{"a":1}}`, amz(jsonTarget + "DeleteUserPool"), 400, "SerializationException"},
		"an unknown operation":       {"POST", "/", `{}`, amz(jsonTarget + "DropEverything"), 400, "UnknownOperationException"},
		"an unimplemented operation": {"POST", "/", `{"UserPoolId":"` + s.poolID + `","JobName":"j","CloudWatchLogsRoleArn":"arn:aws:iam::000000000000:role/r"}`, amz(jsonTarget + "CreateUserImportJob"), 501, "CreateUserImportJob"},
		"a missing member":           {"POST", "/", `{}`, amz(jsonTarget + "DeleteUserPool"), 400, "InvalidParameterException"},
		"an oversized body":          {"POST", "/", `{"UserPoolId":"` + strings.Repeat("x", 12<<20) + `"}`, amz(jsonTarget + "DeleteUserPool"), 413, ""},
		"deep nesting":               {"POST", "/", strings.Repeat(`{"a":`, 20000) + "1" + strings.Repeat("}", 20000), amz(jsonTarget + "CreateUserPool"), 400, "SerializationException"},
		"a REST path with dots":      {"GET", "/restapis/../restapis/" + s.apiID, "", rest, 0, ""},
		"a REST path with %2e":       {"DELETE", "/restapis/%2e%2e/" + s.apiID, "", rest, 0, ""},
		"a REST path with //":        {"DELETE", "//restapis/" + s.apiID, "", rest, 0, ""},
		"a REST path with ;":         {"DELETE", "/restapis/" + s.apiID + ";x", "", rest, 404, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := raw(t, p, row.method, row.path, row.body, row.header)
			if (row.status != 0 && got.status != row.status) || got.status < 400 || got.status == 500 || !strings.Contains(got.body, row.says) {
				t.Errorf("answered %d %.300s", got.status, got.body)
			}
			if !strings.Contains(strings.ToLower(got.body), `"message"`) && !strings.Contains(got.body, `"__type"`) {
				t.Errorf("is not shaped as AWS's: %.300s", got.body)
			}
		})
	}
	if after := fmt.Sprint(p.aws(t, "cognito-idp", "describe-user-pool", "--user-pool-id", s.poolID)); after != before {
		t.Errorf("the pool changed from\n%s\nto\n%s", before, after)
	}
	p.aws(t, "apigateway", "get-rest-api", "--rest-api-id", s.apiID)
}

// TestAMegabyteOfToken is the exact 401, and the server goes on.
func TestAMegabyteOfToken(t *testing.T) {
	s := serve(t).newSite(t)
	got := raw(t, s.process, http.MethodGet, "/_aws/execute-api/"+s.apiID+"/dev/plain", "", http.Header{"Authorization": {strings.Repeat("a", 1<<20)}})
	check(t, got, refusal{401, unauthorized, "UnauthorizedException", "token_malformed"})
	got = raw(t, s.process, http.MethodGet, "/_aws/execute-api/"+s.apiID+"/dev/plain", "", http.Header{"Authorization": {"ey\xff\xfe.a.b"}})
	check(t, got, refusal{401, unauthorized, "UnauthorizedException", "token_malformed"})
}

// raw writes a request as given: no client tidies its path or header up.
func raw(t *testing.T, p *process, method, path, body string, header http.Header) reply {
	t.Helper()
	conn, err := net.DialTimeout("tcp", strings.TrimPrefix(p.url, "http://"), 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(30 * time.Second))
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\nContent-Length: %d\r\n", method, path, strings.TrimPrefix(p.url, "http://"), len(body))
	for name, values := range header {
		fmt.Fprintf(&b, "%s: %s\r\n", name, values[0])
	}
	b.WriteString("\r\n" + body)
	go func() { _, _ = io.WriteString(conn, b.String()) }()
	answer, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	read, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{answer.StatusCode, answer.Header, string(read)}
}
