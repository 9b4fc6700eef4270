package pull_test

import (
	"os"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	rest "github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	v2 "github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

const password = "Correct-horse-7"

// riches are the ids of what rich made.
type riches struct {
	pool, client, secretClient, secret string
	// protected has an authorizer; everything is all that a document can say; http is an HTTP API.
	protected, everything, http string
	resource                    string
}

// rich makes in the world whatever an account may have of it.
func (w *world) rich() riches {
	w.Helper()
	var r riches
	w.richPool(&r)
	w.richREST(&r)
	w.richHTTP(&r)
	document, err := os.ReadFile("../apigateway/testdata/everything.yaml")
	if err != nil {
		w.Fatal(err)
	}
	ctx := w.Context()
	r.everything = *must(w.rest.ImportRestApi(ctx, &apigateway.ImportRestApiInput{Body: document}))(w).Id
	must(w.rest.CreateDeployment(ctx, &apigateway.CreateDeploymentInput{RestApiId: &r.everything, StageName: aws.String("dev"), Description: aws.String("the first")}))(w)
	return r
}

func (w *world) richPool(r *riches) {
	w.Helper()
	ctx := w.Context()
	pool := must(w.pool.CreateUserPool(ctx, &cip.CreateUserPoolInput{
		PoolName: aws.String("people"), AliasAttributes: []types.AliasAttributeType{types.AliasAttributeTypeEmail},
		Policies:     &types.UserPoolPolicyType{PasswordPolicy: &types.PasswordPolicyType{MinimumLength: aws.Int32(9), RequireNumbers: true}},
		Schema:       []types.SchemaAttributeType{{Name: aws.String("tenant"), AttributeDataType: types.AttributeDataTypeString, Mutable: aws.Bool(true)}},
		UserPoolTags: map[string]string{"team": "blue"}, DeletionProtection: types.DeletionProtectionTypeActive,
	}))(w).UserPool
	r.pool = *pool.Id
	must(w.pool.SetUserPoolMfaConfig(ctx, &cip.SetUserPoolMfaConfigInput{UserPoolId: pool.Id, MfaConfiguration: types.UserPoolMfaTypeOptional,
		SoftwareTokenMfaConfiguration: &types.SoftwareTokenMfaConfigType{Enabled: true}}))(w)
	must(w.pool.CreateUserPoolDomain(ctx, &cip.CreateUserPoolDomainInput{UserPoolId: pool.Id, Domain: aws.String("people-of-the-cloud")}))(w)
	must(w.pool.CreateResourceServer(ctx, &cip.CreateResourceServerInput{UserPoolId: pool.Id, Identifier: aws.String("https://pets.example"), Name: aws.String("pets"),
		Scopes: []types.ResourceServerScopeType{{ScopeName: aws.String("read"), ScopeDescription: aws.String("read pets")}}}))(w)
	client := must(w.pool.CreateUserPoolClient(ctx, &cip.CreateUserPoolClientInput{UserPoolId: pool.Id, ClientName: aws.String("web"),
		ExplicitAuthFlows: []types.ExplicitAuthFlowsType{types.ExplicitAuthFlowsTypeAllowUserPasswordAuth, types.ExplicitAuthFlowsTypeAllowRefreshTokenAuth},
		AllowedOAuthFlows: []types.OAuthFlowType{types.OAuthFlowTypeCode}, AllowedOAuthFlowsUserPoolClient: true, SupportedIdentityProviders: []string{"COGNITO"},
		AllowedOAuthScopes: []string{"openid", "https://pets.example/read"}, CallbackURLs: []string{"https://app.example/back"}}))(w).UserPoolClient
	confidential := must(w.pool.CreateUserPoolClient(ctx, &cip.CreateUserPoolClientInput{UserPoolId: pool.Id, ClientName: aws.String("a server=side"), GenerateSecret: true}))(w).UserPoolClient
	r.client, r.secretClient, r.secret = *client.ClientId, *confidential.ClientId, *confidential.ClientSecret
	for _, group := range []string{"admins", "l’été/s"} {
		must(w.pool.CreateGroup(ctx, &cip.CreateGroupInput{UserPoolId: pool.Id, GroupName: aws.String(group), Precedence: aws.Int32(3)}))(w)
	}
	for _, name := range []string{"jo", "Jo-Two", "zoë/../x"} {
		must(w.pool.AdminCreateUser(ctx, &cip.AdminCreateUserInput{UserPoolId: pool.Id, Username: aws.String(name), MessageAction: types.MessageActionTypeSuppress,
			UserAttributes: []types.AttributeType{{Name: aws.String("custom:tenant"), Value: aws.String("t1")}}}))(w)
		must(w.pool.AdminAddUserToGroup(ctx, &cip.AdminAddUserToGroupInput{UserPoolId: pool.Id, Username: aws.String(name), GroupName: aws.String("admins")}))(w)
	}
	must(w.pool.AdminSetUserPassword(ctx, &cip.AdminSetUserPasswordInput{UserPoolId: pool.Id, Username: aws.String("jo"), Password: aws.String(password), Permanent: true}))(w)
}

func (w *world) richREST(r *riches) {
	w.Helper()
	ctx := w.Context()
	api := must(w.rest.CreateRestApi(ctx, &apigateway.CreateRestApiInput{Name: aws.String("pets"), Description: aws.String("all *pets*"), Tags: map[string]string{"team": "blue"}}))(w)
	r.protected = *api.Id
	authorizer := must(w.rest.CreateAuthorizer(ctx, &apigateway.CreateAuthorizerInput{RestApiId: api.Id, Name: aws.String("people"), Type: rest.AuthorizerTypeCognitoUserPools,
		ProviderARNs: []string{"arn:aws:cognito-idp:" + region + ":" + accountID + ":userpool/" + r.pool}, IdentitySource: aws.String("method.request.header.Authorization")}))(w)
	pets := must(w.rest.CreateResource(ctx, &apigateway.CreateResourceInput{RestApiId: api.Id, ParentId: api.RootResourceId, PathPart: aws.String("pets")}))(w)
	r.resource = *pets.Id
	w.method(r.protected, *pets.Id, "GET", authorizer.Id, "https://pets.example/read")
	w.method(r.protected, *pets.Id, "PUT", authorizer.Id)
	w.method(r.protected, *pets.Id, "OPTIONS", nil)
	must(w.rest.PutMethod(ctx, &apigateway.PutMethodInput{RestApiId: api.Id, ResourceId: pets.Id, HttpMethod: aws.String("POST"), AuthorizationType: aws.String("NONE"), ApiKeyRequired: true}))(w)
	must(w.rest.PutIntegration(ctx, &apigateway.PutIntegrationInput{RestApiId: api.Id, ResourceId: pets.Id, HttpMethod: aws.String("POST"), Type: rest.IntegrationTypeAwsProxy,
		IntegrationHttpMethod: aws.String("POST"), Uri: aws.String("arn:aws:apigateway:" + region + ":lambda:path/2015-03-31/functions/" + functionARN + "/invocations")}))(w)
	must(w.rest.PutGatewayResponse(ctx, &apigateway.PutGatewayResponseInput{RestApiId: api.Id, ResponseType: rest.GatewayResponseTypeUnauthorized, StatusCode: aws.String("499")}))(w)
	must(w.rest.CreateDeployment(ctx, &apigateway.CreateDeploymentInput{RestApiId: api.Id, StageName: aws.String("prod"), Variables: map[string]string{"table": "pets"}}))(w)
	must(w.rest.UpdateStage(ctx, &apigateway.UpdateStageInput{RestApiId: api.Id, StageName: aws.String("prod"), PatchOperations: []rest.PatchOperation{
		{Op: rest.OpReplace, Path: aws.String("/*/*/throttling/rateLimit"), Value: aws.String("77.5")},
	}}))(w)
	plan := must(w.rest.CreateUsagePlan(ctx, &apigateway.CreateUsagePlanInput{Name: aws.String("gold"), Quota: &rest.QuotaSettings{Limit: 9, Period: rest.QuotaPeriodTypeDay},
		ApiStages: []rest.ApiStage{{ApiId: api.Id, Stage: aws.String("prod")}}}))(w)
	key := must(w.rest.CreateApiKey(ctx, &apigateway.CreateApiKeyInput{Name: aws.String("k"), Enabled: true, Value: aws.String("a-key-that-nobody-may-read")}))(w)
	must(w.rest.CreateUsagePlanKey(ctx, &apigateway.CreateUsagePlanKeyInput{UsagePlanId: plan.Id, KeyId: key.Id, KeyType: aws.String("API_KEY")}))(w)
	// What follows is edited and not deployed.
	w.method(r.protected, *pets.Id, "DELETE", nil)
	must(w.rest.UpdateMethod(ctx, &apigateway.UpdateMethodInput{RestApiId: api.Id, ResourceId: pets.Id, HttpMethod: aws.String("PUT"), PatchOperations: []rest.PatchOperation{
		{Op: rest.OpReplace, Path: aws.String("/authorizationType"), Value: aws.String("NONE")},
	}}))(w)
}

// method puts a mock method, behind an authorizer if there is one.
func (w *world) method(api, resource, verb string, authorizer *string, scopes ...string) {
	w.Helper()
	ctx := w.Context()
	in := &apigateway.PutMethodInput{RestApiId: &api, ResourceId: &resource, HttpMethod: &verb, AuthorizationType: aws.String("NONE"), AuthorizerId: authorizer, AuthorizationScopes: scopes}
	if authorizer != nil {
		in.AuthorizationType = aws.String("COGNITO_USER_POOLS")
	}
	must(w.rest.PutMethod(ctx, in))(w)
	must(w.rest.PutIntegration(ctx, &apigateway.PutIntegrationInput{RestApiId: &api, ResourceId: &resource, HttpMethod: &verb, Type: rest.IntegrationTypeMock,
		RequestTemplates: map[string]string{"application/json": `{"statusCode": 200}`}}))(w)
	must(w.rest.PutMethodResponse(ctx, &apigateway.PutMethodResponseInput{RestApiId: &api, ResourceId: &resource, HttpMethod: &verb, StatusCode: aws.String("200")}))(w)
	must(w.rest.PutIntegrationResponse(ctx, &apigateway.PutIntegrationResponseInput{RestApiId: &api, ResourceId: &resource, HttpMethod: &verb, StatusCode: aws.String("200"),
		ResponseTemplates: map[string]string{"application/json": `{"sub": "$context.authorizer.claims.sub"}`}}))(w)
}

func (w *world) richHTTP(r *riches) {
	w.Helper()
	ctx := w.Context()
	api := must(w.http.CreateApi(ctx, &apigatewayv2.CreateApiInput{Name: aws.String("fast pets"), ProtocolType: v2.ProtocolTypeHttp, Tags: map[string]string{"team": "blue"},
		CorsConfiguration: &v2.Cors{AllowOrigins: []string{"https://app.example"}, AllowHeaders: []string{"authorization"}, MaxAge: aws.Int32(60)}}))(w)
	r.http = *api.ApiId
	authorizer := must(w.http.CreateAuthorizer(ctx, &apigatewayv2.CreateAuthorizerInput{ApiId: api.ApiId, Name: aws.String("people"), AuthorizerType: v2.AuthorizerTypeJwt,
		IdentitySource: []string{"$request.header.Authorization"}, JwtConfiguration: &v2.JWTConfiguration{
			Issuer: aws.String("https://cognito-idp." + region + ".amazonaws.com/" + r.pool), Audience: []string{r.client}}}))(w)
	integration := must(w.http.CreateIntegration(ctx, &apigatewayv2.CreateIntegrationInput{ApiId: api.ApiId, IntegrationType: v2.IntegrationTypeAwsProxy,
		IntegrationUri: aws.String(functionARN), PayloadFormatVersion: aws.String("2.0")}))(w)
	target := aws.String("integrations/" + *integration.IntegrationId)
	for _, key := range []string{"GET /pets", "GET /pets/{id}", "$default"} {
		must(w.http.CreateRoute(ctx, &apigatewayv2.CreateRouteInput{ApiId: api.ApiId, RouteKey: aws.String(key), Target: target, AuthorizationType: v2.AuthorizationTypeJwt,
			AuthorizerId: authorizer.AuthorizerId, AuthorizationScopes: []string{"https://pets.example/read"}}))(w)
	}
	must(w.http.CreateStage(ctx, &apigatewayv2.CreateStageInput{ApiId: api.ApiId, StageName: aws.String("$default"), AutoDeploy: aws.Bool(true)}))(w)
	must(w.http.CreateDeployment(ctx, &apigatewayv2.CreateDeploymentInput{ApiId: api.ApiId, Description: aws.String("by hand")}))(w)
	must(w.http.CreateStage(ctx, &apigatewayv2.CreateStageInput{ApiId: api.ApiId, StageName: aws.String("empty"), StageVariables: map[string]string{"a": "b"}}))(w)
}

// signIn gives an access and an ID token of the cloud.
func (w *world) signIn(t testing.TB, client string) (access, id string) {
	t.Helper()
	out := must(w.pool.InitiateAuth(t.Context(), &cip.InitiateAuthInput{ClientId: &client, AuthFlow: types.AuthFlowTypeUserPasswordAuth,
		AuthParameters: map[string]string{"USERNAME": "jo", "PASSWORD": password}}))(t)
	return *out.AuthenticationResult.AccessToken, *out.AuthenticationResult.IdToken
}
