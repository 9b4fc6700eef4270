package e2e

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestAnOpenAPIFileIsTheAPI imports, deploys, exports and overwrites an API by the aws CLI, and asks it in between.
func TestAnOpenAPIFileIsTheAPI(t *testing.T) {
	s := serve(t).newPool(t, "openapi")
	file := filepath.Join(t.TempDir(), "api.yaml")
	document := `
openapi: 3.0.1
info: {title: from a file, version: "1"}
x-amazon-apigateway-binary-media-types: [image/png]
security: [{pool: []}]
paths:
  /plain:
    get: &mock
      responses: {200: {description: 200 response}}
      x-amazon-apigateway-integration:
        type: mock
        requestTemplates: {application/json: '{"statusCode": 200}'}
        responses:
          default:
            statusCode: 200
            responseTemplates: {application/json: '{"use":"$context.authorizer.claims.token_use"}'}
  /scoped:
    get:
      <<: *mock
      security: [{pool: ["` + customScope + `"]}]
components:
  securitySchemes:
    pool:
      type: apiKey
      name: Authorization
      in: header
      x-amazon-apigateway-authtype: cognito_user_pools
      x-amazon-apigateway-authorizer: {type: cognito_user_pools, providerARNs: ["` + s.poolARN + `"]}
`
	must(t, os.WriteFile(file, []byte(document), 0o600))
	api := s.aws(t, "apigateway", "import-rest-api", "--body", "fileb://"+file, "--parameters", "endpointConfigurationTypes=REGIONAL")
	s.apiID = text(t, api, "id")
	if text(t, api, "name") != "from a file" || text(t, api, "endpointConfiguration", "types", 0) != "REGIONAL" {
		t.Fatalf("imported %v", api)
	}
	s.deploy(t)
	token := s.passwordSignIn(t, "jo")
	if got := s.invoke(t, "/plain", token.id); got.status != http.StatusOK || !strings.Contains(got.body, `"use":"id"`) {
		t.Errorf("an ID token on /plain: %d %s", got.status, got.body)
	}
	if got := s.invoke(t, "/plain", token.access); got.status != http.StatusUnauthorized {
		t.Errorf("an access token on /plain: %d %s", got.status, got.body)
	}
	if got := s.invoke(t, "/scoped", token.access); got.status != http.StatusUnauthorized {
		t.Errorf("an access token without the scope on /scoped: %d %s", got.status, got.body)
	}

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
		if text(t, again, "name") != "from a file" {
			t.Errorf("overwritten: %v", again)
		}
		s.deploy(t)
		if got := s.invoke(t, "/plain", token.id); got.status != http.StatusOK || !strings.Contains(got.body, `"use":"id"`) {
			t.Errorf("after the %s export was imported: %d %s", kind, got.status, got.body)
		}
	}
	must(t, os.WriteFile(file, []byte("openapi: ["), 0o600))
	if _, complaint := s.tryAWS(t, "apigateway", "import-rest-api", "--body", "fileb://"+file); !strings.Contains(complaint, "(BadRequestException) when calling the ImportRestApi operation: Invalid OpenAPI input.") {
		t.Errorf("the CLI complained %q", complaint)
	}
}
