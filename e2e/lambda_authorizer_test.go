package e2e

import (
	"archive/zip"
	"bytes"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/poolgate/poolgate/internal/store/postgrestest"
)

// authorizerSource is a function that grants by its token. asked tells one answer from the next.
const authorizerSource = `
exports.handler = async (event) => {
  const token = event.authorizationToken;
  if (token === "unauthorized") throw new Error("Unauthorized");
  if (token === "throws") throw new Error("something else");
  const api = event.methodArn.split("/").slice(0, 2).join("/");
  return {
    principalId: "user-" + token,
    policyDocument: { Version: "2012-10-17", Statement: [{ Action: "execute-api:Invoke", Effect: token === "deny" ? "Deny" : "Allow", Resource: api + "/GET/here" }] },
    context: { asked: String(process.hrtime.bigint()), n: 7 },
  };
};`

// authorizedAPI is an API whose two methods are behind the function; they answer with what it granted.
const authorizedAPI = `{"openapi":"3.0.1","info":{"title":"authorized","version":"1"},
	"components":{"securitySchemes":{"fn":{"type":"apiKey","name":"X-Token","in":"header","x-amazon-apigateway-authtype":"custom",
		"x-amazon-apigateway-authorizer":{"type":"token","authorizerUri":"arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/%s/invocations","authorizerResultTtlInSeconds":300}}}},
	"paths":{"/here":{"get":{"security":[{"fn":[]}],"x-amazon-apigateway-integration":%[2]s}},"/there":{"get":{"security":[{"fn":[]}],"x-amazon-apigateway-integration":%[2]s}}}}`

const mockGranted = `{"type":"mock","requestTemplates":{"application/json":"{\"statusCode\":200}"},
	"responses":{"default":{"statusCode":"200","responseTemplates":{"application/json":"$context.authorizer.principalId $context.authorizer.n $context.authorizer.asked"}}}}`

// authorized is a server with authorizedAPI at stage dev, made by the CLI.
type authorized struct {
	*process
	api, authorizer, function string
}

func (p *process) newAuthorized(t *testing.T) *authorized {
	t.Helper()
	need(t, "node")
	var code bytes.Buffer
	archive := zip.NewWriter(&code)
	file, err := archive.Create("index.js")
	must(t, err)
	_, err = file.Write([]byte(authorizerSource))
	must(t, err)
	must(t, archive.Close())
	dir := t.TempDir()
	zipFile, apiFile := filepath.Join(dir, "code.zip"), filepath.Join(dir, "api.json")
	must(t, os.WriteFile(zipFile, code.Bytes(), 0o600))
	a := &authorized{process: p}
	a.function = text(t, p.aws(t, "lambda", "create-function", "--function-name", "authorizer", "--runtime", "nodejs20.x", "--handler", "index.handler",
		"--role", "arn:aws:iam::000000000000:role/r", "--zip-file", "fileb://"+zipFile, "--timeout", "20"), "FunctionArn")
	must(t, os.WriteFile(apiFile, fmt.Appendf(nil, authorizedAPI, a.function, mockGranted), 0o600))
	a.api = text(t, p.aws(t, "apigateway", "import-rest-api", "--body", "fileb://"+apiFile), "id")
	list, _ := at(t, p.aws(t, "apigateway", "get-authorizers", "--rest-api-id", a.api), "items").([]any)
	a.authorizer = text(t, list[0].(map[string]any), "id")
	p.aws(t, "apigateway", "create-deployment", "--rest-api-id", a.api, "--stage-name", "dev")
	return a
}

func (a *authorized) get(t *testing.T, path, token string) reply {
	t.Helper()
	header := http.Header{}
	if token != "" {
		header.Set("X-Token", token)
	}
	return send(t, http.MethodGet, a.url+"/_aws/execute-api/"+a.api+"/dev"+path, "", header)
}

func (a *authorized) expect(t *testing.T, when, path, token, want string) string {
	t.Helper()
	got := a.get(t, path, token)
	if said := strings.TrimSpace(fmt.Sprintf("%d %s", got.status, got.body)); !strings.HasPrefix(said, want) {
		t.Errorf("%s: answered %s, want %s", when, said, want)
	}
	return got.body
}

// TestALambdaAuthorizerOnTwoServers makes an authorizer that is a Node function as people do, calls the API as clients do, on two servers
// that share one database.
func TestALambdaAuthorizerOnTwoServers(t *testing.T) {
	database, seal := postgrestest.URL(t), "POOLGATE_SEAL_KEY="+strings.Repeat("ef", 32)
	node := func() *process {
		return serveWith(t, []string{seal}, "--data", t.TempDir(), "--store", database, "--public-url", "http://localhost:4566")
	}
	one := node().newAuthorized(t)
	two := &authorized{process: node(), api: one.api, authorizer: one.authorizer}

	one.expect(t, "without permission", "/here", "ann", `500 {"message":null}`)
	one.aws(t, "lambda", "add-permission", "--function-name", "authorizer", "--statement-id", "api", "--action", "lambda:InvokeFunction", "--principal", "apigateway.amazonaws.com",
		"--source-arn", "arn:aws:execute-api:eu-west-1:000000000000:"+one.api+"/authorizers/"+one.authorizer)
	first := one.expect(t, "with permission", "/here", "ann", "200 user-ann 7 ")
	one.expect(t, "no token", "/here", "", `401 {"message":"Unauthorized"}`)
	one.expect(t, "a denied one", "/here", "deny", `403 {"Message":"User is not authorized to access this resource with an explicit deny"}`)
	one.expect(t, "one that makes the function throw Unauthorized", "/here", "unauthorized", `401 {"message":"Unauthorized"}`)
	one.expect(t, "one that makes the function throw", "/here", "throws", `500 {"message":null}`)
	one.expect(t, "the remembered policy, too narrow for another path", "/there", "ann", `403 {"Message":"User is not authorized to access this resource"}`)
	if again := one.expect(t, "the second time", "/here", "ann", "200 user-ann 7 "); again != first {
		t.Errorf("the function was asked again: %s, then %s", first, again)
	}

	eventually(t, 5*time.Second, "the permission reaches the other server", func() bool { return two.get(t, "/here", "bob").status == http.StatusOK })
	before := two.expect(t, "on the other server", "/here", "bob", "200 user-bob 7 ")
	if again := two.expect(t, "there again", "/here", "bob", "200 user-bob 7 "); again != before {
		t.Errorf("the other server asked again: %s, then %s", before, again)
	}
	one.aws(t, "apigateway", "flush-stage-authorizers-cache", "--rest-api-id", one.api, "--stage-name", "dev")
	if again := one.expect(t, "after the flush", "/here", "ann", "200 user-ann 7 "); again == first {
		t.Error("the flush did not make the server ask again")
	}
	eventually(t, 5*time.Second, "the flush reaches the other server", func() bool { return two.get(t, "/here", "bob").body != before })

	tested := one.aws(t, "apigateway", "test-invoke-authorizer", "--rest-api-id", one.api, "--authorizer-id", one.authorizer, "--headers", "X-Token=deny")
	if at(t, tested, "clientStatus") != float64(0) || text(t, tested, "principalId") != "user-deny" || !strings.Contains(text(t, tested, "policy"), `"Effect":"Deny"`) ||
		!strings.Contains(text(t, tested, "log"), "Successfully completed authorizer execution") {
		t.Errorf("the test answered %v", tested)
	}
	denied := one.get(t, "/there", "ann").header.Get("x-amzn-RequestId")
	explained, _ := exec.CommandContext(t.Context(), binary, "explain", "--endpoint-url", one.url, denied).CombinedOutput() // its status tells of the refusal
	if !strings.Contains(string(explained), "authorizer_denied") || !strings.Contains(string(explained), one.api+"/dev/GET/there") || !strings.Contains(string(explained), "flush-stage-authorizers-cache") {
		t.Errorf("explain says\n%s", explained)
	}
}
