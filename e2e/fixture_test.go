package e2e

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const (
	userPassword = "Correct-horse-1"
	callbackURL  = "http://localhost:3000/callback"
	customScope  = "user_management_lambdas/api"
)

// site is what most tests need: a pool with a client, a user, and an API with a scoped and a plain method behind it.
type site struct {
	*process
	poolID, poolARN, clientID       string
	apiID, rootID, authorizerID     string
	plainID, scopedID, deploymentID string
}

// newPool makes a pool with a user, a resource server and an app client that may have its scope.
func (p *process) newPool(t *testing.T, name string) *site {
	t.Helper()
	s := &site{process: p}
	pool := p.aws(t, "cognito-idp", "create-user-pool", "--pool-name", name)
	s.poolID, s.poolARN = text(t, pool, "UserPool", "Id"), text(t, pool, "UserPool", "Arn")
	p.aws(t, "cognito-idp", "create-resource-server", "--user-pool-id", s.poolID, "--identifier", "user_management_lambdas",
		"--name", "user_management_lambdas", "--scopes", "ScopeName=api,ScopeDescription=api")
	client := p.aws(t, "cognito-idp", "create-user-pool-client", "--user-pool-id", s.poolID, "--client-name", "web",
		"--explicit-auth-flows", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH",
		"--allowed-o-auth-flows-user-pool-client", "--allowed-o-auth-flows", "code", "implicit",
		"--allowed-o-auth-scopes", "openid", "email", customScope,
		"--callback-urls", callbackURL, "--logout-urls", callbackURL, "--supported-identity-providers", "COGNITO")
	s.clientID = text(t, client, "UserPoolClient", "ClientId")
	s.addUser(t, "jo")
	return s
}

func (s *site) addUser(t *testing.T, name string) {
	t.Helper()
	s.aws(t, "cognito-idp", "admin-create-user", "--user-pool-id", s.poolID, "--username", name, "--message-action", "SUPPRESS",
		"--user-attributes", "Name=email,Value="+name+"@example.com", "Name=email_verified,Value=true")
	s.aws(t, "cognito-idp", "admin-set-user-password", "--user-pool-id", s.poolID, "--username", name, "--password", userPassword, "--permanent")
}

// newSite is newPool with an API whose GET /scoped lists the scope and whose GET /plain lists none.
func (p *process) newSite(t *testing.T) *site {
	t.Helper()
	s := p.newPool(t, "site")
	api := p.aws(t, "apigateway", "create-rest-api", "--name", "site")
	s.apiID, s.rootID = text(t, api, "id"), text(t, api, "rootResourceId")
	s.authorizerID = text(t, p.aws(t, "apigateway", "create-authorizer", "--rest-api-id", s.apiID, "--name", "pool", "--type", "COGNITO_USER_POOLS",
		"--provider-arns", s.poolARN, "--identity-source", "method.request.header.Authorization"), "id")
	s.plainID = s.addMethod(t, "plain")
	s.scopedID = s.addMethod(t, "scoped", "--authorization-scopes", customScope)
	s.deploy(t)
	return s
}

// addMethod makes GET /path behind the authorizer with a MOCK integration that answers claims.
func (s *site) addMethod(t *testing.T, path string, scopes ...string) (resourceID string) {
	t.Helper()
	resourceID = text(t, s.aws(t, "apigateway", "create-resource", "--rest-api-id", s.apiID, "--parent-id", s.rootID, "--path-part", path), "id")
	where := []string{"--rest-api-id", s.apiID, "--resource-id", resourceID, "--http-method", "GET"}
	run := func(operation string, more ...string) {
		t.Helper()
		s.aws(t, append(append([]string{"apigateway", operation}, where...), more...)...)
	}
	run("put-method", append([]string{"--authorization-type", "COGNITO_USER_POOLS", "--authorizer-id", s.authorizerID}, scopes...)...)
	run("put-integration", "--type", "MOCK", "--request-templates", `{"application/json":"{\"statusCode\":200}"}`)
	run("put-method-response", "--status-code", "200")
	run("put-integration-response", "--status-code", "200", "--response-templates",
		`{"application/json":"{\"sub\":\"$context.authorizer.claims.sub\",\"use\":\"$context.authorizer.claims.token_use\"}"}`)
	return resourceID
}

func (s *site) deploy(t *testing.T) {
	t.Helper()
	s.deploymentID = text(t, s.aws(t, "apigateway", "create-deployment", "--rest-api-id", s.apiID, "--stage-name", "dev"), "id")
}

// invoke sends GET path with an Authorization header, or none when it is empty.
func (s *site) invoke(t *testing.T, path, authorization string) reply {
	t.Helper()
	header := http.Header{}
	if authorization != "" {
		header.Set("Authorization", authorization)
	}
	return send(t, http.MethodGet, s.url+"/_aws/execute-api/"+s.apiID+"/dev"+path, "", header)
}

// tokens are what a sign-in gave.
type tokens struct{ id, access, refresh string }

// passwordSignIn is InitiateAuth with USER_PASSWORD_AUTH.
func (s *site) passwordSignIn(t *testing.T, user string) tokens {
	t.Helper()
	answer := s.aws(t, "cognito-idp", "initiate-auth", "--client-id", s.clientID, "--auth-flow", "USER_PASSWORD_AUTH",
		"--auth-parameters", "USERNAME="+user+",PASSWORD="+userPassword)
	return tokens{
		id:      text(t, answer, "AuthenticationResult", "IdToken"),
		access:  text(t, answer, "AuthenticationResult", "AccessToken"),
		refresh: text(t, answer, "AuthenticationResult", "RefreshToken"),
	}
}

var csrf = regexp.MustCompile(`name="_csrf"\s+value="([^"]+)"`)

// pageSignIn signs in through the login page with curl, as existing automation does, and redeems the code.
func (s *site) pageSignIn(t *testing.T, scopes string) tokens {
	t.Helper()
	curl := need(t, "curl")
	jar := filepath.Join(t.TempDir(), "jar")
	page := s.url + "/_aws/cognito-idp/login?" + url.Values{
		"response_type": {"code"}, "client_id": {s.clientID}, "redirect_uri": {callbackURL}, "scope": {scopes}, "state": {"xyz"},
	}.Encode()
	run := func(args ...string) string {
		t.Helper()
		var stdout, stderr bytes.Buffer
		cmd := exec.CommandContext(t.Context(), curl, append([]string{"-sS", "-b", jar, "-c", jar}, args...)...)
		cmd.Env, cmd.Stdout, cmd.Stderr = os.Environ(), &stdout, &stderr
		if err := cmd.Run(); err != nil {
			t.Fatalf("curl %v: %v %s", args, err, stderr.String())
		}
		return stdout.String()
	}
	field := csrf.FindStringSubmatch(run(page))
	if field == nil {
		t.Fatal("the login page has no field _csrf")
	}
	answer := run("-i", "--data-urlencode", "_csrf="+field[1], "--data-urlencode", "username=jo", "--data-urlencode", "password="+userPassword, page)
	location := regexp.MustCompile(`(?i)\nlocation: (\S+)`).FindStringSubmatch(answer)
	if location == nil || !strings.HasPrefix(location[1], callbackURL+"?code=") {
		t.Fatalf("signing in through the page answered:\n%s", answer)
	}
	target, err := url.Parse(location[1])
	if err != nil {
		t.Fatal(err)
	}
	if state := target.Query().Get("state"); state != "xyz" {
		t.Errorf("state came back as %q", state)
	}
	granted := run("--data-urlencode", "grant_type=authorization_code", "--data-urlencode", "client_id="+s.clientID,
		"--data-urlencode", "redirect_uri="+callbackURL, "--data-urlencode", "code="+target.Query().Get("code"), s.url+"/_aws/cognito-idp/oauth2/token")
	var answerTokens map[string]any
	if err := json.Unmarshal([]byte(granted), &answerTokens); err != nil {
		t.Fatalf("the token endpoint answered %q", granted)
	}
	return tokens{text(t, answerTokens, "id_token"), text(t, answerTokens, "access_token"), text(t, answerTokens, "refresh_token")}
}

// redeem posts a form to the token endpoint.
func (s *site) redeem(t *testing.T, form url.Values) (int, map[string]any) {
	t.Helper()
	got := send(t, http.MethodPost, s.url+"/_aws/cognito-idp/oauth2/token", form.Encode(), http.Header{"Content-Type": {"application/x-www-form-urlencoded"}})
	var answer map[string]any
	if err := json.Unmarshal([]byte(got.body), &answer); err != nil {
		t.Fatalf("the token endpoint answered %d %q", got.status, got.body)
	}
	return got.status, answer
}

func (s *site) moveClock(t *testing.T, by string) {
	t.Helper()
	if got := send(t, http.MethodPut, s.url+"/_poolgate/clock", `{"advance":"`+by+`"}`, nil); got.status != http.StatusOK {
		t.Fatalf("moving the clock answered %d %s", got.status, got.body)
	}
}
