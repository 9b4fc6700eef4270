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

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	poolTypes "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

const (
	userPassword = "Correct-horse-1"
	callbackURL  = "http://localhost:3000/callback"
	// callbackURLs is a list as JSON, because version 1 of the CLI fetches a word that is a URL.
	callbackURLs = `["` + callbackURL + `"]`
	customScope  = "user_management_lambdas/api"
)

// site is what most tests need: a pool with a client, a user, and an API with a scoped and a plain method behind it.
type site struct {
	*process
	poolID, poolARN, clientID   string
	apiID, rootID, authorizerID string
	plainID, scopedID           string
}

// newPool makes a pool with a user, a resource server and an app client that may have its scope. It uses the SDK, which is quicker than
// the CLI by far; TestTheWalk makes everything by the CLI.
func (p *process) newPool(t *testing.T, name string) *site {
	t.Helper()
	return p.poolOf(t, &cognito.CreateUserPoolInput{PoolName: &name})
}

// poolOf is newPool with settings of its own.
func (p *process) poolOf(t *testing.T, settings *cognito.CreateUserPoolInput) *site {
	t.Helper()
	pool, err := cognito.NewFromConfig(p.sdk()).CreateUserPool(t.Context(), settings)
	must(t, err)
	s := p.furnished(t, *pool.UserPool.Id)
	s.poolARN = *pool.UserPool.Arn
	return s
}

// furnished puts a user, a resource server and an app client into a pool.
func (p *process) furnished(t *testing.T, poolID string) *site {
	t.Helper()
	s := &site{process: p, poolID: poolID}
	pools := cognito.NewFromConfig(p.sdk())
	_, err := pools.CreateResourceServer(t.Context(), &cognito.CreateResourceServerInput{
		UserPoolId: &s.poolID, Identifier: aws.String("user_management_lambdas"), Name: aws.String("user_management_lambdas"),
		Scopes: []poolTypes.ResourceServerScopeType{{ScopeName: aws.String("api"), ScopeDescription: aws.String("api")}},
	})
	must(t, err)
	client, err := pools.CreateUserPoolClient(t.Context(), &cognito.CreateUserPoolClientInput{
		UserPoolId: &s.poolID, ClientName: aws.String("web"),
		ExplicitAuthFlows:               []poolTypes.ExplicitAuthFlowsType{"ALLOW_USER_PASSWORD_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"},
		AllowedOAuthFlowsUserPoolClient: true, AllowedOAuthFlows: []poolTypes.OAuthFlowType{"code", "implicit"},
		AllowedOAuthScopes: []string{"openid", "email", customScope}, CallbackURLs: []string{callbackURL}, LogoutURLs: []string{callbackURL},
		SupportedIdentityProviders: []string{"COGNITO"},
	})
	must(t, err)
	s.clientID = *client.UserPoolClient.ClientId
	_, err = pools.AdminCreateUser(t.Context(), &cognito.AdminCreateUserInput{
		UserPoolId: &s.poolID, Username: aws.String("jo"), MessageAction: "SUPPRESS", UserAttributes: []poolTypes.AttributeType{
			{Name: aws.String("email"), Value: aws.String("jo@example.com")}, {Name: aws.String("email_verified"), Value: aws.String("true")}},
	})
	must(t, err)
	_, err = pools.AdminSetUserPassword(t.Context(), &cognito.AdminSetUserPasswordInput{
		UserPoolId: &s.poolID, Username: aws.String("jo"), Password: aws.String(userPassword), Permanent: true,
	})
	must(t, err)
	return s
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// sdk is the configuration of SDK clients for this server.
func (p *process) sdk() aws.Config {
	return aws.Config{Region: "eu-west-1", BaseEndpoint: &p.url, Credentials: credentials.NewStaticCredentialsProvider("test", "test", "")}
}

// addUser makes a user by the CLI.
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
	apis := apigateway.NewFromConfig(p.sdk())
	api, err := apis.CreateRestApi(t.Context(), &apigateway.CreateRestApiInput{Name: aws.String("site")})
	must(t, err)
	s.apiID, s.rootID = *api.Id, *api.RootResourceId
	authorizer, err := apis.CreateAuthorizer(t.Context(), &apigateway.CreateAuthorizerInput{
		RestApiId: &s.apiID, Name: aws.String("pool"), Type: "COGNITO_USER_POOLS", ProviderARNs: []string{s.poolARN},
		IdentitySource: aws.String("method.request.header.Authorization"),
	})
	must(t, err)
	s.authorizerID = *authorizer.Id
	method := func(path string, scopes ...string) string {
		t.Helper()
		resource, err := apis.CreateResource(t.Context(), &apigateway.CreateResourceInput{RestApiId: &s.apiID, ParentId: &s.rootID, PathPart: &path})
		must(t, err)
		get, ok := aws.String("GET"), aws.String("200")
		_, err = apis.PutMethod(t.Context(), &apigateway.PutMethodInput{RestApiId: &s.apiID, ResourceId: resource.Id, HttpMethod: get,
			AuthorizationType: aws.String("COGNITO_USER_POOLS"), AuthorizerId: &s.authorizerID, AuthorizationScopes: scopes})
		must(t, err)
		_, err = apis.PutIntegration(t.Context(), &apigateway.PutIntegrationInput{RestApiId: &s.apiID, ResourceId: resource.Id, HttpMethod: get,
			Type: "MOCK", RequestTemplates: map[string]string{"application/json": `{"statusCode":200}`}})
		must(t, err)
		_, err = apis.PutMethodResponse(t.Context(), &apigateway.PutMethodResponseInput{RestApiId: &s.apiID, ResourceId: resource.Id, HttpMethod: get, StatusCode: ok})
		must(t, err)
		_, err = apis.PutIntegrationResponse(t.Context(), &apigateway.PutIntegrationResponseInput{RestApiId: &s.apiID, ResourceId: resource.Id, HttpMethod: get,
			StatusCode: ok, ResponseTemplates: map[string]string{"application/json": claimsTemplate}})
		must(t, err)
		return *resource.Id
	}
	s.plainID, s.scopedID = method("plain"), method("scoped", customScope)
	_, err = apis.CreateDeployment(t.Context(), &apigateway.CreateDeploymentInput{RestApiId: &s.apiID, StageName: aws.String("dev")})
	must(t, err)
	return s
}

// claimsTemplate answers with what the authorizer handed on.
const claimsTemplate = `{"sub":"$context.authorizer.claims.sub","use":"$context.authorizer.claims.token_use"}`

// addMethod makes GET /path behind the authorizer by the CLI, with a MOCK integration that answers claims.
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
	template, err := json.Marshal(map[string]string{"application/json": claimsTemplate})
	must(t, err)
	run("put-integration-response", "--status-code", "200", "--response-templates", string(template))
	return resourceID
}

func (s *site) deploy(t *testing.T) {
	t.Helper()
	s.aws(t, "apigateway", "create-deployment", "--rest-api-id", s.apiID, "--stage-name", "dev")
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
	answer, err := cognito.NewFromConfig(s.sdk()).InitiateAuth(t.Context(), &cognito.InitiateAuthInput{
		ClientId: &s.clientID, AuthFlow: "USER_PASSWORD_AUTH", AuthParameters: map[string]string{"USERNAME": user, "PASSWORD": userPassword},
	})
	must(t, err)
	return tokens{*answer.AuthenticationResult.IdToken, *answer.AuthenticationResult.AccessToken, *answer.AuthenticationResult.RefreshToken}
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

func (p *process) moveClock(t *testing.T, by string) {
	t.Helper()
	if got := send(t, http.MethodPut, p.url+"/_poolgate/clock", `{"advance":"`+by+`"}`, nil); got.status != http.StatusOK {
		t.Fatalf("moving the clock answered %d %s", got.status, got.body)
	}
}
