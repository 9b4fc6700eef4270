package claims

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/poolgatetest"
)

// orders is the API of most experiments: GET /plain lists no scopes and GET /scoped lists one, both behind one authorizer.
const orders = `
openapi: 3.0.1
info: {title: orders, version: "1"}
paths:
  /plain:
    get:
      security: [{pool: []}]
      responses: {"200": {description: who called}}
      x-amazon-apigateway-integration: &who
        type: mock
        requestTemplates: {application/json: '{"statusCode":200}'}
        responses: {default: {statusCode: "200", responseTemplates: {application/json: '$context.authorizer.claims.token_use'}}}
  /scoped:
    get:
      security: [{pool: [orders/read]}]
      responses: {"200": {description: who called}}
      x-amazon-apigateway-integration: *who
components:
  securitySchemes:
    pool:
      type: apiKey
      name: Authorization
      in: header
      x-amazon-apigateway-authtype: cognito_user_pools
      x-amazon-apigateway-authorizer: {type: cognito_user_pools, providerARNs: [POOL_ARN]}
`

// scope is the one that GET /scoped lists.
const scope = "orders/read"

// customDomain is what an experiment calls its API by.
const customDomain = "api.example.com"

// lab is a server with a pool, a client, a user and an API.
type lab struct {
	*testing.T
	s      *poolgatetest.Server
	pool   *poolgatetest.Pool
	client *poolgatetest.Client
	ada    poolgatetest.User
	api    *poolgatetest.API
	pools  *cognito.Client
	apis   *apigateway.Client
}

func newLab(t *testing.T) *lab {
	t.Helper()
	s := poolgatetest.Start(t)
	pool := s.Pool("orders/read", "orders/write")
	return &lab{T: t, s: s, pool: pool, client: pool.Client(), ada: pool.User("ada"), api: pool.API(orders),
		pools: cognito.NewFromConfig(s.Config()), apis: apigateway.NewFromConfig(s.Config())}
}

// signIn gives the tokens of a sign-in by password, whose access token has no scope of a resource server.
func (l *lab) signIn() poolgatetest.Tokens { l.Helper(); return l.client.SignIn(l.ada) }

// login gives the tokens of a sign-in through the login page, with the scope of GET /scoped.
func (l *lab) login() poolgatetest.Tokens {
	l.Helper()
	return l.client.Login(l.ada, "openid email "+scope)
}

func (l *lab) must(err error) {
	l.Helper()
	if err != nil {
		l.Fatal(err)
	}
}

// opens says that a request must be let through.
func (l *lab) opens(what string, got poolgatetest.Answer) {
	l.Helper()
	if got.Status != http.StatusOK || got.Reason != "" {
		l.Errorf("%s: answered %d %s (%s), expected 200", what, got.Status, got.Body, got.Reason)
	}
}

// refuses says that a request must be answered with this status, for this reason.
func (l *lab) refuses(what string, got poolgatetest.Answer, status int, reason authz.Reason) {
	l.Helper()
	if got.Status != status || got.Reason != reason {
		l.Errorf("%s: answered %d %s (%s), expected %d %s", what, got.Status, got.Body, got.Reason, status, reason)
	}
}

// authorizer is the API's only one.
func (l *lab) authorizer() types.Authorizer {
	l.Helper()
	list, err := l.apis.GetAuthorizers(l.Context(), &apigateway.GetAuthorizersInput{RestApiId: &l.api.ID})
	l.must(err)
	if len(list.Items) != 1 {
		l.Fatalf("%d authorizers", len(list.Items))
	}
	return list.Items[0]
}

func patch(op, path, value string) []types.PatchOperation {
	return []types.PatchOperation{{Op: types.Op(op), Path: &path, Value: &value}}
}

// editAuthorizer changes the authorizer and does not deploy.
func (l *lab) editAuthorizer(op, path, value string) {
	l.Helper()
	_, err := l.apis.UpdateAuthorizer(l.Context(), &apigateway.UpdateAuthorizerInput{RestApiId: &l.api.ID, AuthorizerId: l.authorizer().Id, PatchOperations: patch(op, path, value)})
	l.must(err)
}

// resource finds a resource by its path.
func (l *lab) resource(path string) *string {
	l.Helper()
	list, err := l.apis.GetResources(l.Context(), &apigateway.GetResourcesInput{RestApiId: &l.api.ID})
	l.must(err)
	for _, r := range list.Items {
		if *r.Path == path {
			return r.Id
		}
	}
	l.Fatalf("no resource %s", path)
	return nil
}

// editMethod changes GET path and does not deploy.
func (l *lab) editMethod(path, op, member, value string) {
	l.Helper()
	_, err := l.apis.UpdateMethod(l.Context(), &apigateway.UpdateMethodInput{RestApiId: &l.api.ID, ResourceId: l.resource(path),
		HttpMethod: aws.String("GET"), PatchOperations: patch(op, member, value)})
	l.must(err)
}

// editAPI changes the API and does not deploy.
func (l *lab) editAPI(op, path, value string) {
	l.Helper()
	_, err := l.apis.UpdateRestApi(l.Context(), &apigateway.UpdateRestApiInput{RestApiId: &l.api.ID, PatchOperations: patch(op, path, value)})
	l.must(err)
}

// button is the authorizer's own test: its status, 0 when it accepts.
func (l *lab) button(token string) (status int32, claims map[string]string) {
	l.Helper()
	answer, err := l.apis.TestInvokeAuthorizer(l.Context(), &apigateway.TestInvokeAuthorizerInput{RestApiId: &l.api.ID,
		AuthorizerId: l.authorizer().Id, Headers: map[string]string{"Authorization": token}})
	l.must(err)
	return answer.ClientStatus, answer.Claims
}

// redeem posts a form to the token endpoint, whatever it answers.
func (l *lab) redeem(form url.Values) (status int, body string) {
	l.Helper()
	request, err := http.NewRequestWithContext(l.Context(), http.MethodPost, l.s.URL+"/_aws/cognito-idp/oauth2/token", strings.NewReader(form.Encode()))
	l.must(err)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := http.DefaultClient.Do(request)
	l.must(err)
	defer answer.Body.Close()
	var read strings.Builder
	buffer := make([]byte, 4096)
	for {
		n, err := answer.Body.Read(buffer)
		read.Write(buffer[:n])
		if err != nil {
			return answer.StatusCode, read.String()
		}
	}
}
