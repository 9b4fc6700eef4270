package server

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	ciptypes "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// TestEverythingAtOnce signs in, calls, edits, deploys, revokes, moves the clock and asks for records at the same time: for
// the race detector, and that no answer is an internal error.
func TestEverythingAtOnce(t *testing.T) {
	s, err := Start(t.Context(), Config{Addr: "127.0.0.1:0", Data: Memory, Log: slog.New(slog.NewTextHandler(io.Discard, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close(t.Context())
	config := aws.Config{Region: "eu-west-1", BaseEndpoint: aws.String(s.URL()), Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""), RetryMaxAttempts: 1}
	pools, apis := cip.NewFromConfig(config), apigateway.NewFromConfig(config)
	const password = "Correct-horse-1"
	first := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	pool, err := pools.CreateUserPool(t.Context(), &cip.CreateUserPoolInput{PoolName: aws.String("p")})
	first(err)
	client, err := pools.CreateUserPoolClient(t.Context(), &cip.CreateUserPoolClientInput{UserPoolId: pool.UserPool.Id, ClientName: aws.String("c"),
		ExplicitAuthFlows: []ciptypes.ExplicitAuthFlowsType{"ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"}})
	first(err)
	for _, name := range []string{"ann", "bob"} {
		_, err = pools.AdminCreateUser(t.Context(), &cip.AdminCreateUserInput{UserPoolId: pool.UserPool.Id, Username: &name})
		first(err)
		_, err = pools.AdminSetUserPassword(t.Context(), &cip.AdminSetUserPasswordInput{UserPoolId: pool.UserPool.Id, Username: &name, Password: aws.String(password), Permanent: true})
		first(err)
	}
	api, err := apis.CreateRestApi(t.Context(), &apigateway.CreateRestApiInput{Name: aws.String("a")})
	first(err)
	authorizer, err := apis.CreateAuthorizer(t.Context(), &apigateway.CreateAuthorizerInput{RestApiId: api.Id, Name: aws.String("z"), Type: "COGNITO_USER_POOLS",
		ProviderARNs: []string{*pool.UserPool.Arn}, IdentitySource: aws.String("method.request.header.Authorization")})
	first(err)
	_, err = apis.PutMethod(t.Context(), &apigateway.PutMethodInput{RestApiId: api.Id, ResourceId: api.RootResourceId, HttpMethod: aws.String("GET"),
		AuthorizationType: aws.String("COGNITO_USER_POOLS"), AuthorizerId: authorizer.Id})
	first(err)
	_, err = apis.PutIntegration(t.Context(), &apigateway.PutIntegrationInput{RestApiId: api.Id, ResourceId: api.RootResourceId, HttpMethod: aws.String("GET"), Type: "MOCK"})
	first(err)
	deploy := &apigateway.CreateDeploymentInput{RestApiId: api.Id, StageName: aws.String("dev")}
	_, err = apis.CreateDeployment(t.Context(), deploy)
	first(err)

	get := func(method, path, body, authorization string) (status int) {
		request, err := http.NewRequestWithContext(t.Context(), method, s.URL()+path, strings.NewReader(body))
		if err != nil {
			t.Error(err)
			return 0
		}
		request.Header.Set("Authorization", authorization)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Error(err)
			return 0
		}
		defer response.Body.Close()
		_, _ = io.Copy(io.Discard, response.Body)
		if response.StatusCode >= 500 && !strings.HasPrefix(path, "/_aws/execute-api/"+*api.Id) { // a MOCK without a response is AWS's own 500
			t.Errorf("%s %s: %d", method, path, response.StatusCode)
		}
		return response.StatusCode
	}
	works := []func(i int){
		func(i int) {
			name := []string{"ann", "bob", "nobody"}[i%3]
			in, err := pools.InitiateAuth(t.Context(), &cip.InitiateAuthInput{ClientId: client.UserPoolClient.ClientId, AuthFlow: "USER_PASSWORD_AUTH",
				AuthParameters: map[string]string{"USERNAME": name, "PASSWORD": password}})
			if err != nil {
				internal(t, err)
				return
			}
			tokens := in.AuthenticationResult
			get(http.MethodGet, "/_aws/execute-api/"+*api.Id+"/dev/", "", *tokens.IdToken)
			get(http.MethodGet, "/_aws/cognito-idp/oauth2/userInfo", "", "Bearer "+*tokens.AccessToken)
			_, err = pools.RevokeToken(t.Context(), &cip.RevokeTokenInput{ClientId: client.UserPoolClient.ClientId, Token: tokens.RefreshToken})
			internal(t, err)
			_, err = pools.GlobalSignOut(t.Context(), &cip.GlobalSignOutInput{AccessToken: tokens.AccessToken})
			internal(t, err)
		},
		func(int) { _, err := apis.CreateDeployment(t.Context(), deploy); internal(t, err) },
		func(int) {
			_, err := apis.FlushStageAuthorizersCache(t.Context(), &apigateway.FlushStageAuthorizersCacheInput{RestApiId: api.Id, StageName: aws.String("dev")})
			internal(t, err)
		},
		func(i int) {
			_, err := pools.UpdateUserPool(t.Context(), &cip.UpdateUserPoolInput{UserPoolId: pool.UserPool.Id, UserPoolTags: map[string]string{"i": fmt.Sprint(i)}})
			internal(t, err)
		},
		func(int) { get(http.MethodPut, "/_poolgate/clock", `{"advance":"1s"}`, "") },
		func(int) { get(http.MethodGet, "/_poolgate/requests", "", "") },
		func(int) { get(http.MethodGet, "/"+*pool.UserPool.Id+"/.well-known/jwks.json", "", "") },
		func(int) { get(http.MethodGet, "/_aws/execute-api/nobody/dev/", "", "x.y.z") },
	}
	var running sync.WaitGroup
	end := time.Now().Add(time.Second)
	for _, work := range works {
		running.Go(func() {
			for i := 0; time.Now().Before(end); i++ {
				work(i)
			}
		})
	}
	running.Wait()
}

// internal fails the test for an error that is not the caller's.
func internal(t *testing.T, err error) {
	t.Helper()
	if err != nil && (strings.Contains(err.Error(), "InternalError") || strings.Contains(err.Error(), "StatusCode: 5")) {
		t.Error(err)
	}
}
