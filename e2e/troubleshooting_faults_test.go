package e2e

import (
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	v2 "github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	v2types "github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
)

// trouble is a site with a fault, and what the page's commands know of it.
type trouble struct {
	*site
	t    *testing.T
	apis *apigateway.Client
	env  map[string]string
}

// newTrouble makes a site of its own on a server and calls GET /plain with an ID token.
func newTrouble(t *testing.T, p *process) *trouble {
	t.Helper()
	s := p.newSite(t)
	tr := &trouble{site: s, t: t, apis: apigateway.NewFromConfig(p.sdk())}
	tr.env = map[string]string{
		"API": s.apiID, "STAGE": "dev", "AUTHORIZER": s.authorizerID, "POOL": s.poolID, "CLIENT": s.clientID, "RESOURCE": s.plainID,
		"URL": tr.at("/plain"), "ROLE": "arn:aws:iam::000000000000:role/logs", "ISSUER": p.url + "/" + s.poolID,
	}
	tr.signedIn()
	return tr
}

// at is where the site's API answers.
func (tr *trouble) at(path string) string {
	return tr.url + "/_aws/execute-api/" + tr.apiID + "/dev" + path
}

// signedIn signs in by password.
func (tr *trouble) signedIn() tokens {
	tr.t.Helper()
	got := tr.passwordSignIn(tr.t, "jo")
	tr.env["TOKEN"], tr.env["ID_TOKEN"], tr.env["ACCESS_TOKEN"], tr.env["REFRESH_TOKEN"] = got.id, got.id, got.access, got.refresh
	return got
}

// granted signs in through the login page and asks for the method's scope.
func (tr *trouble) granted() tokens {
	tr.t.Helper()
	got := tr.pageSignIn(tr.t, "openid "+customScope)
	tr.env["ACCESS_TOKEN"], tr.env["NEW_ACCESS_TOKEN"] = got.access, got.access
	return got
}

func (tr *trouble) scoped() { tr.env["URL"], tr.env["RESOURCE"] = tr.at("/scoped"), tr.scopedID }

func (tr *trouble) environment() []string {
	// As after the page's first block, but with no settings of the machine's own.
	all := []string{"AWS_ENDPOINT_URL=" + tr.url, "AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test", "AWS_DEFAULT_REGION=eu-west-1", "AWS_REGION=eu-west-1",
		"AWS_CONFIG_FILE=/dev/null", "AWS_SHARED_CREDENTIALS_FILE=/dev/null", "AWS_PAGER=", "AWS_EC2_METADATA_DISABLED=true", "AWS_MAX_ATTEMPTS=1"}
	for name, value := range tr.env {
		all = append(all, name+"="+value)
	}
	return all
}

// inDirectory runs commands with a shell that stops at the first one that fails.
func inDirectory(t *testing.T, dir string, env []string, commands string) string {
	t.Helper()
	shell := exec.CommandContext(t.Context(), "sh", "-ec", commands)
	shell.Dir = dir
	shell.Env = append(append(os.Environ(), "PATH="+filepath.Dir(binary)+":"+os.Getenv("PATH")), env...)
	out, err := shell.CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	return string(out)
}

func (tr *trouble) editAuthorizer(op, path, value string) {
	tr.t.Helper()
	_, err := tr.apis.UpdateAuthorizer(tr.t.Context(), &apigateway.UpdateAuthorizerInput{RestApiId: &tr.apiID, AuthorizerId: &tr.authorizerID, PatchOperations: patchOf(op, path, value)})
	must(tr.t, err)
}

func (tr *trouble) editMethod(op, path, value string) {
	tr.t.Helper()
	_, err := tr.apis.UpdateMethod(tr.t.Context(), &apigateway.UpdateMethodInput{RestApiId: &tr.apiID, ResourceId: &tr.plainID, HttpMethod: aws.String("GET"), PatchOperations: patchOf(op, path, value)})
	must(tr.t, err)
}

func patchOf(op, path, value string) []types.PatchOperation {
	return []types.PatchOperation{{Op: types.Op(op), Path: &path, Value: &value}}
}

func (tr *trouble) deployed() {
	tr.t.Helper()
	_, err := tr.apis.CreateDeployment(tr.t.Context(), &apigateway.CreateDeploymentInput{RestApiId: &tr.apiID, StageName: aws.String("dev")})
	must(tr.t, err)
}

// addMock adds a method behind the authorizer that answers 200.
func (tr *trouble) addMock(resource *string, method string) {
	tr.t.Helper()
	ok := aws.String("200")
	_, err := tr.apis.PutMethod(tr.t.Context(), &apigateway.PutMethodInput{RestApiId: &tr.apiID, ResourceId: resource, HttpMethod: &method, AuthorizationType: aws.String("COGNITO_USER_POOLS"), AuthorizerId: &tr.authorizerID})
	must(tr.t, err)
	_, err = tr.apis.PutIntegration(tr.t.Context(), &apigateway.PutIntegrationInput{RestApiId: &tr.apiID, ResourceId: resource, HttpMethod: &method, Type: "MOCK", RequestTemplates: map[string]string{"application/json": `{"statusCode":200}`}})
	must(tr.t, err)
	_, err = tr.apis.PutMethodResponse(tr.t.Context(), &apigateway.PutMethodResponseInput{RestApiId: &tr.apiID, ResourceId: resource, HttpMethod: &method, StatusCode: ok})
	must(tr.t, err)
	_, err = tr.apis.PutIntegrationResponse(tr.t.Context(), &apigateway.PutIntegrationResponseInput{RestApiId: &tr.apiID, ResourceId: resource, HttpMethod: &method, StatusCode: ok})
	must(tr.t, err)
}

// troubles bring about the fault of each heading.
var troubles = map[string]func(tr *trouble){
	"Before you begin": func(*trouble) {},
	"The short way":    func(tr *trouble) { tr.scoped() },
	"Does the token arrive?": func(tr *trouble) {
		tr.editAuthorizer("replace", "/identitySource", "method.request.header.X-Token")
		tr.deployed()
	},
	"Is it a token as it was issued?": func(tr *trouble) { tr.env["TOKEN"] = tr.env["REFRESH_TOKEN"] },
	"Is it from the authorizer's pool?": func(tr *trouble) {
		other := tr.newPool(tr.t, "other")
		tr.env["TOKEN"], tr.env["POOL_ARN"] = other.passwordSignIn(tr.t, "jo").id, other.poolARN
	},
	"Was it changed, or are the keys others?": func(tr *trouble) {
		tr.env["NEW_TOKEN"], tr.env["TOKEN"] = tr.env["TOKEN"], tampered(tr.env["TOKEN"])
	},
	"Is it the kind that the method takes?": func(tr *trouble) { tr.granted(); tr.scoped() },
	"Does it carry one of the method's scopes?": func(tr *trouble) {
		tr.env["TOKEN"] = tr.env["ACCESS_TOKEN"]
		tr.granted()
		tr.scoped()
	},
	"Is there a validation expression?": func(tr *trouble) {
		tr.editAuthorizer("replace", "/identityValidationExpression", "nobody")
		tr.deployed()
	},
	"Was it deployed?": func(tr *trouble) {
		tr.granted()
		tr.editMethod("add", "/authorizationScopes", customScope)
	},
	"What does the authorizer's own test say?": func(tr *trouble) { tr.granted() },
	"401 The incoming token has expired": func(tr *trouble) {
		*tr = *newTrouble(tr.t, serve(tr.t)) // the clock is the whole server's
		tr.moveClock(tr.t, "2h")
	},
	"401 or 403 with www-authenticate": httpAPITrouble,
	"403 Missing Authentication Token, or a complaint about the Authorization header": func(tr *trouble) {
		late, err := tr.apis.CreateResource(tr.t.Context(), &apigateway.CreateResourceInput{RestApiId: &tr.apiID, ParentId: &tr.rootID, PathPart: aws.String("late")})
		must(tr.t, err)
		tr.addMock(late.Id, http.MethodGet)
		tr.env["URL"] = tr.at("/late")
	},
	"403 Forbidden": func(tr *trouble) {
		tr.editMethod("replace", "/apiKeyRequired", "true")
		tr.deployed()
	},
	"403 User is not authorized to perform": func(tr *trouble) {
		_, err := tr.apis.UpdateRestApi(tr.t.Context(), &apigateway.UpdateRestApiInput{RestApiId: &tr.apiID, PatchOperations: patchOf("replace", "/policy",
			`{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"execute-api:Invoke","Resource":"execute-api:/*"}]}`)})
		must(tr.t, err)
		tr.deployed()
	},
	"403 or 500 from a Lambda authorizer": lambdaAuthorizerTrouble,
	"429": func(tr *trouble) {
		_, err := tr.apis.UpdateStage(tr.t.Context(), &apigateway.UpdateStageInput{RestApiId: &tr.apiID, StageName: aws.String("dev"),
			PatchOperations: append(patchOf("replace", "/*/*/throttling/rateLimit", "0"), patchOf("replace", "/*/*/throttling/burstLimit", "0")...)})
		must(tr.t, err)
	},
	"500, 502, 504: the backend": func(tr *trouble) {
		gone := httptest.NewServer(http.NotFoundHandler())
		gone.Close()
		_, err := tr.apis.PutIntegration(tr.t.Context(), &apigateway.PutIntegrationInput{RestApiId: &tr.apiID, ResourceId: &tr.plainID, HttpMethod: aws.String("GET"),
			Type: "HTTP_PROXY", IntegrationHttpMethod: aws.String("GET"), Uri: &gone.URL})
		must(tr.t, err)
		tr.deployed()
		tr.env["BACKEND"] = emptyBackend(tr.t)
	},
	"The browser says CORS": func(tr *trouble) {
		tr.addMock(&tr.plainID, http.MethodOptions)
		tr.deployed()
	},
	"On the desk":       func(*trouble) {},
	"The execution log": func(tr *trouble) { tr.env["TOKEN"] = "invalid-token" },
}

// emptyBackend answers everything with 204.
func emptyBackend(t *testing.T) string {
	t.Helper()
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	t.Cleanup(backend.Close)
	return backend.URL
}

// httpAPITrouble is an HTTP API whose JWT authorizer is for another audience and whose route lists a scope.
func httpAPITrouble(tr *trouble) {
	t, apis := tr.t, v2.NewFromConfig(tr.sdk())
	pool, err := cognito.NewFromConfig(tr.sdk()).DescribeUserPool(t.Context(), &cognito.DescribeUserPoolInput{UserPoolId: &tr.poolID})
	must(t, err)
	issuer := strings.Replace(tr.url, "127.0.0.1", "localhost", 1) + "/" + *pool.UserPool.Id
	api, err := apis.CreateApi(t.Context(), &v2.CreateApiInput{Name: aws.String("http"), ProtocolType: v2types.ProtocolTypeHttp})
	must(t, err)
	authorizer, err := apis.CreateAuthorizer(t.Context(), &v2.CreateAuthorizerInput{ApiId: api.ApiId, Name: aws.String("pool"), AuthorizerType: v2types.AuthorizerTypeJwt,
		IdentitySource: []string{"$request.header.Authorization"}, JwtConfiguration: &v2types.JWTConfiguration{Issuer: &issuer, Audience: []string{"another-client"}}})
	must(t, err)
	integration, err := apis.CreateIntegration(t.Context(), &v2.CreateIntegrationInput{ApiId: api.ApiId, IntegrationType: v2types.IntegrationTypeHttpProxy,
		IntegrationMethod: aws.String("GET"), IntegrationUri: aws.String(emptyBackend(t)), PayloadFormatVersion: aws.String("1.0")})
	must(t, err)
	_, err = apis.CreateRoute(t.Context(), &v2.CreateRouteInput{ApiId: api.ApiId, RouteKey: aws.String("GET /orders"), AuthorizationType: v2types.AuthorizationTypeJwt,
		AuthorizerId: authorizer.AuthorizerId, AuthorizationScopes: []string{customScope}, Target: aws.String("integrations/" + *integration.IntegrationId)})
	must(t, err)
	_, err = apis.CreateStage(t.Context(), &v2.CreateStageInput{ApiId: api.ApiId, StageName: aws.String("dev"), AutoDeploy: aws.Bool(true)})
	must(t, err)
	tr.env["API"], tr.env["AUTHORIZER"], tr.env["ISSUER"] = *api.ApiId, *authorizer.AuthorizerId, issuer
	tr.env["URL"] = tr.url + "/_aws/execute-api/" + *api.ApiId + "/dev/orders"
	tr.granted()
}

// lambdaAuthorizerTrouble puts a Lambda authorizer before the method whose function is not there.
func lambdaAuthorizerTrouble(tr *trouble) {
	made, err := tr.apis.CreateAuthorizer(tr.t.Context(), &apigateway.CreateAuthorizerInput{RestApiId: &tr.apiID, Name: aws.String("guard"), Type: "TOKEN",
		AuthorizerUri:  aws.String("arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/arn:aws:lambda:eu-west-1:000000000000:function:guard/invocations"),
		IdentitySource: aws.String("method.request.header.Authorization")})
	must(tr.t, err)
	_, err = tr.apis.UpdateMethod(tr.t.Context(), &apigateway.UpdateMethodInput{RestApiId: &tr.apiID, ResourceId: &tr.plainID, HttpMethod: aws.String("GET"),
		PatchOperations: append(patchOf("replace", "/authorizationType", "CUSTOM"), patchOf("replace", "/authorizerId", *made.Id)...)})
	must(tr.t, err)
	tr.deployed()
	tr.env["AUTHORIZER"] = *made.Id
}
