package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// signedAPI is an OpenAPI document of an API whose every path wants a signature and tells who made it.
func signedAPI(t *testing.T, policy string) string {
	t.Helper()
	method := map[string]any{
		"x-amazon-apigateway-auth": map[string]any{"type": "AWS_IAM"},
		"responses":                map[string]any{"200": map[string]any{"description": "ok"}},
		"x-amazon-apigateway-integration": map[string]any{
			"type": "mock", "requestTemplates": map[string]any{"application/json": `{"statusCode":200}`}, "passthroughBehavior": "when_no_match",
			"responses": map[string]any{"default": map[string]any{"statusCode": "200", "responseTemplates": map[string]any{"application/json": "$context.identity.userArn"}}},
		},
	}
	document := map[string]any{
		"openapi": "3.0.1", "info": map[string]any{"title": "signed", "version": "1"},
		"paths": map[string]any{"/{proxy+}": map[string]any{"x-amazon-apigateway-any-method": method}},
	}
	if policy != "" {
		document["x-amazon-apigateway-policy"] = json.RawMessage(policy)
	}
	data, err := json.Marshal(document)
	must(t, err)
	file := filepath.Join(t.TempDir(), "api.json")
	must(t, os.WriteFile(file, data, 0o600))
	return file
}

func (p *process) deploySigned(t *testing.T, policy string) (url string) {
	t.Helper()
	api := text(t, p.aws(t, "apigateway", "import-rest-api", "--body", "fileb://"+signedAPI(t, policy)), "id")
	p.aws(t, "apigateway", "create-deployment", "--rest-api-id", api, "--stage-name", "dev")
	return p.url + "/_aws/execute-api/" + api + "/dev"
}

// curlSigned calls with curl's own signatures.
func curlSigned(t *testing.T, key, secret, url string) (body string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), need(t, "curl"), "-sS", "--aws-sigv4", "aws:amz:eu-west-1:execute-api", "--user", key+":"+secret, url)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// TestSignedCalls: at the desk the key that everybody uses is let in, with configured keys only those, as whom they are and as far as
// their policies allow.
func TestSignedCalls(t *testing.T) {
	desk := serve(t)
	url := desk.deploySigned(t, "")
	if got := curlSigned(t, "test", "test", url+"/pets"); got != "arn:aws:iam::000000000000:user/test" {
		t.Errorf("at the desk: %s", got)
	}
	if got := curlSigned(t, "AKIDOTHER", "test", url+"/pets"); !strings.Contains(got, "The security token included in the request is invalid.") {
		t.Errorf("another key: %s", got)
	}
	if got := curlSigned(t, "111122223333", "test", url+"/pets"); !strings.Contains(got, "because no resource-based policy allows the execute-api:Invoke action") {
		t.Errorf("another account: %s", got)
	}
	open := desk.deploySigned(t, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"execute-api:Invoke","Resource":"execute-api:/dev/GET/*"}]}`)
	if got := curlSigned(t, "111122223333", "test", open+"/pets"); got != "arn:aws:iam::111122223333:root" {
		t.Errorf("another account that the resource policy allows: %s", got)
	}

	policy := filepath.Join(t.TempDir(), "policy.json")
	must(t, os.WriteFile(policy, []byte(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"execute-api:Invoke","Resource":"arn:aws:execute-api:*:*:*/dev/GET/mine/*"}]}`), 0o600))
	keyed := serve(t, "--access-key", "test:test", "--access-key", "AKIDBOB:hush", "--access-key-arn", "AKIDBOB=arn:aws:iam::000000000000:user/bob", "--access-key-policy", "AKIDBOB="+policy)
	url = keyed.deploySigned(t, "")
	if got := curlSigned(t, "AKIDBOB", "hush", url+"/mine/1"); got != "arn:aws:iam::000000000000:user/bob" {
		t.Errorf("a configured key: %s", got)
	}
	if got := curlSigned(t, "AKIDBOB", "hush", url+"/others/1"); !strings.Contains(got, "User: arn:aws:iam::000000000000:user/bob is not authorized to perform: execute-api:Invoke on resource: arn:aws:execute-api:eu-west-1:********0000:") {
		t.Errorf("what its policy does not allow: %s", got)
	}
	if got := curlSigned(t, "AKIDBOB", "wrong", url+"/mine/1"); !strings.Contains(got, "The request signature we calculated does not match") {
		t.Errorf("a wrong secret: %s", got)
	}
}

// botocoreSigner signs a request in the header or the query and prints what to send.
const botocoreSigner = `
import json, sys
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
for line in sys.stdin:
    method, url, body, query = json.loads(line)
    request = AWSRequest(method=method, url=url, data=body.encode() if body else b"")
    signer = SigV4QueryAuth if query else SigV4Auth
    signer(Credentials("test", "test"), "execute-api", "eu-west-1").add_auth(request)
    print(json.dumps([request.prepare().url, dict(request.headers.items())]), flush=True)
`

// TestBotocoreSignatures: what another implementation makes of paths, queries and bodies is verified.
func TestBotocoreSignatures(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil || exec.CommandContext(t.Context(), python, "-c", "import botocore").Run() != nil {
		missing(t, "there is no python3 with botocore: its signatures are not tested")
	}
	url := serve(t).deploySigned(t, "")
	var input strings.Builder
	type call struct {
		method, target, body string
		inQuery              bool
	}
	var calls []call
	for _, target := range []string{"/pets", "/pets/", "/a%20b", "/a%2Fb/c", "/%C3%A9/~x", "/a+b", "/a:b@c", "/pets?b=2&a=1", "/pets?a=%20x%2F&a=%C3%A9&empty=&z", "/pets?a=1&a=0", "/pets?x=a%2Bb"} {
		calls = append(calls, call{"GET", target, "", false}, call{"POST", target, `{"a":"é"}`, false}, call{"GET", target, "", true})
	}
	for _, c := range calls {
		line, err := json.Marshal([]any{c.method, url + c.target, c.body, c.inQuery})
		must(t, err)
		fmt.Fprintf(&input, "%s\n", line)
	}
	cmd := exec.CommandContext(t.Context(), python, "-c", botocoreSigner)
	cmd.Stdin = strings.NewReader(input.String())
	out, err := cmd.Output()
	must(t, err)
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if len(lines) != len(calls) {
		t.Fatalf("%d answers for %d requests", len(lines), len(calls))
	}
	for i, c := range calls {
		var signed []json.RawMessage
		must(t, json.Unmarshal([]byte(lines[i]), &signed))
		var location string
		headers := map[string]string{}
		must(t, json.Unmarshal(signed[0], &location))
		must(t, json.Unmarshal(signed[1], &headers))
		header := http.Header{}
		for name, value := range headers {
			header.Set(name, value)
		}
		if got := send(t, c.method, location, c.body, header); got.status != http.StatusOK {
			t.Errorf("%+v: %d %s", c, got.status, got.body)
		}
	}
}
