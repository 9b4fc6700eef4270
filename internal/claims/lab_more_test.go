package claims

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	v2 "github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	v2types "github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/poolgatetest"
)

// withOptions is an API whose OPTIONS is behind the authorizer like its GET, as a default security makes it.
const withOptions = `
openapi: 3.0.1
info: {title: options, version: "1"}
security: [{pool: []}]
paths:
  /guarded:
    get: &method
      responses: {"200": {description: done}}
      x-amazon-apigateway-integration:
        type: mock
        requestTemplates: {application/json: '{"statusCode":200}'}
        responses: {default: {statusCode: "200"}}
    options: *method
components:
  securitySchemes:
    pool:
      type: apiKey
      name: Authorization
      in: header
      x-amazon-apigateway-authtype: cognito_user_pools
      x-amazon-apigateway-authorizer: {type: cognito_user_pools, providerARNs: [POOL_ARN]}
`

// rawGet sends GET path with a header line exactly as it is written here.
func rawGet(l *lab, path, line string) poolgatetest.Answer {
	l.Helper()
	target, err := url.Parse(l.api.URL + path)
	l.must(err)
	return hostGet(l, target.Host, target.Path, line)
}

// hostGet sends GET path to the server under the name of any host, with a header line exactly as it is written here.
func hostGet(l *lab, host, path, line string) poolgatetest.Answer {
	l.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(l.s.URL, "http://"))
	l.must(err)
	defer conn.Close()
	_, err = fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n%s\r\n\r\n", path, host, line)
	l.must(err)
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	l.must(err)
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	l.must(err)
	return poolgatetest.Answer{Status: answer.StatusCode, Header: answer.Header, Body: string(body), Reason: authz.Reason(answer.Header.Get("X-Poolgate-Reason"))}
}

// createAuthorizer adds an authorizer for a pool to the API and returns its id.
func (l *lab) createAuthorizer(name, poolARN string) string {
	l.Helper()
	made, err := l.apis.CreateAuthorizer(l.Context(), &apigateway.CreateAuthorizerInput{RestApiId: &l.api.ID, Name: &name, Type: "COGNITO_USER_POOLS",
		ProviderARNs: []string{poolARN}, IdentitySource: aws.String("method.request.header.Authorization")})
	l.must(err)
	return *made.Id
}

// addMethod adds GET path behind the authorizer, with an integration that answers 200, and does not deploy.
func (l *lab) addMethod(path string) {
	l.Helper()
	made, err := l.apis.CreateResource(l.Context(), &apigateway.CreateResourceInput{RestApiId: &l.api.ID, ParentId: l.resource("/"), PathPart: aws.String(path[1:])})
	l.must(err)
	get, ok := aws.String(http.MethodGet), aws.String("200")
	_, err = l.apis.PutMethod(l.Context(), &apigateway.PutMethodInput{RestApiId: &l.api.ID, ResourceId: made.Id, HttpMethod: get,
		AuthorizationType: aws.String("COGNITO_USER_POOLS"), AuthorizerId: l.authorizer().Id})
	l.must(err)
	_, err = l.apis.PutIntegration(l.Context(), &apigateway.PutIntegrationInput{RestApiId: &l.api.ID, ResourceId: made.Id, HttpMethod: get,
		Type: "MOCK", RequestTemplates: map[string]string{"application/json": `{"statusCode":200}`}})
	l.must(err)
	_, err = l.apis.PutMethodResponse(l.Context(), &apigateway.PutMethodResponseInput{RestApiId: &l.api.ID, ResourceId: made.Id, HttpMethod: get, StatusCode: ok})
	l.must(err)
	_, err = l.apis.PutIntegrationResponse(l.Context(), &apigateway.PutIntegrationResponseInput{RestApiId: &l.api.ID, ResourceId: made.Id, HttpMethod: get, StatusCode: ok})
	l.must(err)
}

// editOptions changes how OPTIONS path is authorized and does not deploy.
func (l *lab) editOptions(path, authorization string) error {
	l.Helper()
	_, err := l.apis.UpdateMethod(l.Context(), &apigateway.UpdateMethodInput{RestApiId: &l.api.ID, ResourceId: l.resource(path),
		HttpMethod: aws.String("OPTIONS"), PatchOperations: patch("replace", "/authorizationType", authorization)})
	return err
}

// httpAPI is an HTTP API whose GET / has a JWT authorizer for the lab's pool with this audience and these scopes; its backend answers 204.
func (l *lab) httpAPI(audience string, scopes ...string) func(authorization string) poolgatetest.Answer {
	l.Helper()
	backend := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	l.must(err)
	go func() { _ = backend.Serve(listener) }()
	l.Cleanup(func() { _ = backend.Close() })
	client := v2.NewFromConfig(l.s.Config())
	api, err := client.CreateApi(l.Context(), &v2.CreateApiInput{Name: aws.String("http"), ProtocolType: v2types.ProtocolTypeHttp})
	l.must(err)
	authorizer, err := client.CreateAuthorizer(l.Context(), &v2.CreateAuthorizerInput{ApiId: api.ApiId, Name: aws.String("jwt"), AuthorizerType: v2types.AuthorizerTypeJwt,
		IdentitySource: []string{"$request.header.Authorization"}, JwtConfiguration: &v2types.JWTConfiguration{Issuer: &l.pool.Issuer, Audience: []string{audience}}})
	l.must(err)
	integration, err := client.CreateIntegration(l.Context(), &v2.CreateIntegrationInput{ApiId: api.ApiId, IntegrationType: v2types.IntegrationTypeHttpProxy,
		IntegrationMethod: aws.String("GET"), IntegrationUri: aws.String("http://" + listener.Addr().String() + "/"), PayloadFormatVersion: aws.String("1.0")})
	l.must(err)
	_, err = client.CreateRoute(l.Context(), &v2.CreateRouteInput{ApiId: api.ApiId, RouteKey: aws.String("GET /"), AuthorizationType: v2types.AuthorizationTypeJwt,
		AuthorizerId: authorizer.AuthorizerId, AuthorizationScopes: scopes, Target: aws.String("integrations/" + *integration.IntegrationId)})
	l.must(err)
	_, err = client.CreateStage(l.Context(), &v2.CreateStageInput{ApiId: api.ApiId, StageName: aws.String("$default"), AutoDeploy: aws.Bool(true)})
	l.must(err)
	host := *api.ApiId + ".execute-api." + poolgatetest.Region + ".localhost"
	return func(authorization string) poolgatetest.Answer {
		l.Helper()
		request, err := http.NewRequestWithContext(l.Context(), http.MethodGet, l.s.URL+"/", nil)
		l.must(err)
		request.Host = host
		request.Header.Set("Authorization", authorization)
		answer, err := http.DefaultClient.Do(request)
		l.must(err)
		defer answer.Body.Close()
		body, err := io.ReadAll(answer.Body)
		l.must(err)
		return poolgatetest.Answer{Status: answer.StatusCode, Header: answer.Header, Body: strings.TrimSpace(string(body)), Reason: authz.Reason(answer.Header.Get("X-Poolgate-Reason"))}
	}
}
