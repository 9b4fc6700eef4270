package e2e

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestAnOpenAPIFileIsTheAPI imports, deploys, exports and overwrites an API by the aws CLI, and asks it in between.
func TestAnOpenAPIFileIsTheAPI(t *testing.T) {
	t.Parallel()
	s := serve(t).newPool(t, "openapi")
	file := filepath.Join(t.TempDir(), "api.yaml")
	sample, err := os.ReadFile("../examples/openapi/api.yaml")
	must(t, err)
	must(t, os.WriteFile(file, bytes.ReplaceAll(sample, []byte("POOL_ARN"), []byte(s.poolARN)), 0o600))
	api := s.aws(t, "apigateway", "import-rest-api", "--fail-on-warnings", "--body", "fileb://"+file, "--parameters", "endpointConfigurationTypes=REGIONAL")
	s.apiID = text(t, api, "id")
	if text(t, api, "name") != "pets" || text(t, api, "endpointConfiguration", "types", 0) != "REGIONAL" {
		t.Fatalf("imported %v", api)
	}
	s.deploy(t)
	token := s.passwordSignIn(t, "jo")
	scoped := s.pageSignIn(t, "openid "+customScope).access
	post := func(t *testing.T, token, body string) reply {
		t.Helper()
		return send(t, http.MethodPost, s.url+"/_aws/execute-api/"+s.apiID+"/dev/pets", body,
			http.Header{"Authorization": {token}, "Content-Type": {"application/json"}})
	}
	answers := func(t *testing.T) {
		t.Helper()
		if got := s.invoke(t, "/pets", token.id); got.status != http.StatusOK || !strings.Contains(got.body, `"owner":"jo@example.com"`) {
			t.Errorf("an ID token: %d %s", got.status, got.body)
		}
		if got := s.invoke(t, "/pets", token.access); got.status != http.StatusUnauthorized {
			t.Errorf("an access token where an ID token is expected: %d %s", got.status, got.body)
		}
		if got := post(t, token.access, `{"name":"Tom","kind":"cat"}`); got.status != http.StatusUnauthorized {
			t.Errorf("an access token without the scope: %d %s", got.status, got.body)
		}
		if got := post(t, scoped, `{"name":"Tom","kind":"cat","friends":[{"name":"Rex","kind":"dog"}]}`); got.status != http.StatusCreated || got.body != `{"added":true}` {
			t.Errorf("a body that fits: %d %s", got.status, got.body)
		}
		if got := post(t, scoped, `{"name":"Tom","kind":"cat","friends":[{"name":"Nemo","kind":"fish"}]}`); got.status != http.StatusUnprocessableEntity {
			t.Errorf("a body whose friends do not fit: %d %s", got.status, got.body)
		}
	}
	answers(t)

	export := func(kind, accepts string) string {
		t.Helper()
		out := filepath.Join(t.TempDir(), kind)
		answer := s.aws(t, "apigateway", "get-export", "--rest-api-id", s.apiID, "--stage-name", "dev", "--export-type", kind,
			"--accepts", accepts, "--parameters", "extensions=apigateway", out)
		if got := text(t, answer, "contentType"); got != accepts {
			t.Errorf("contentType %s, want %s", got, accepts)
		}
		return out
	}
	for kind, accepts := range map[string]string{"oas30": "application/yaml", "swagger": "application/json"} {
		out := export(kind, accepts)
		body, err := os.ReadFile(out)
		must(t, err)
		if !strings.Contains(string(body), s.poolARN) || !strings.Contains(string(body), customScope) {
			t.Errorf("exported %s", body)
		}
		again := s.aws(t, "apigateway", "put-rest-api", "--rest-api-id", s.apiID, "--mode", "overwrite", "--fail-on-warnings", "--body", "fileb://"+out)
		if text(t, again, "name") != "pets" {
			t.Errorf("overwritten: %v", again)
		}
		s.deploy(t)
		t.Run("answers the same from its own export as "+kind, answers)
	}
	must(t, os.WriteFile(file, []byte("openapi: ["), 0o600))
	if _, complaint := s.tryAWS(t, "apigateway", "import-rest-api", "--body", "fileb://"+file); !strings.Contains(complaint, "(BadRequestException) when calling the ImportRestApi operation: Invalid OpenAPI input.") {
		t.Errorf("the CLI complained %q", complaint)
	}
}
