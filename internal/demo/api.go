package demo

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
)

const stage = "dev"

// claimsTemplate answers with what the authorizer handed on.
const claimsTemplate = `{"user":"$context.authorizer.claims.sub","kind":"$context.authorizer.claims.token_use"}`

func (w *walk) makeAPI(ctx context.Context) error {
	api, err := do(ctx, w, w.gateway.CreateRestApi, &apigateway.CreateRestApiInput{Name: aws.String("demo")}, "id", "rootResourceId")
	if err != nil {
		return err
	}
	w.apiID, w.rootID = aws.ToString(api.Id), aws.ToString(api.RootResourceId)
	authorizer, err := do(ctx, w, w.gateway.CreateAuthorizer, &apigateway.CreateAuthorizerInput{
		RestApiId:      &w.apiID,
		Name:           aws.String("pool"),
		Type:           types.AuthorizerTypeCognitoUserPools,
		ProviderARNs:   []string{w.poolARN},
		IdentitySource: aws.String("method.request.header.Authorization"),
	}, "id", "type", "identitySource")
	if err != nil {
		return err
	}
	w.authorizerID = aws.ToString(authorizer.Id)
	if w.plainID, err = w.makeMethod(ctx, "plain", nil); err != nil {
		return err
	}
	if _, err := w.makeMethod(ctx, "scoped", []string{scope}); err != nil {
		return err
	}
	return w.deploy(ctx)
}

// makeMethod makes GET /path behind the authorizer, with a MOCK integration that answers claims.
func (w *walk) makeMethod(ctx context.Context, path string, scopes []string) (resourceID string, err error) {
	resource, err := do(ctx, w, w.gateway.CreateResource, &apigateway.CreateResourceInput{RestApiId: &w.apiID, ParentId: &w.rootID, PathPart: &path}, "id", "path")
	if err != nil {
		return "", err
	}
	get := aws.String("GET")
	if _, err := do(ctx, w, w.gateway.PutMethod, &apigateway.PutMethodInput{
		RestApiId: &w.apiID, ResourceId: resource.Id, HttpMethod: get,
		AuthorizationType: aws.String("COGNITO_USER_POOLS"), AuthorizerId: &w.authorizerID, AuthorizationScopes: scopes,
	}, "authorizationType", "authorizationScopes"); err != nil {
		return "", err
	}
	if _, err := do(ctx, w, w.gateway.PutIntegration, &apigateway.PutIntegrationInput{
		RestApiId: &w.apiID, ResourceId: resource.Id, HttpMethod: get, Type: types.IntegrationTypeMock,
		RequestTemplates: map[string]string{"application/json": `{"statusCode":200}`},
	}, "type"); err != nil {
		return "", err
	}
	if _, err := do(ctx, w, w.gateway.PutMethodResponse, &apigateway.PutMethodResponseInput{
		RestApiId: &w.apiID, ResourceId: resource.Id, HttpMethod: get, StatusCode: aws.String("200"),
	}); err != nil {
		return "", err
	}
	_, err = do(ctx, w, w.gateway.PutIntegrationResponse, &apigateway.PutIntegrationResponseInput{
		RestApiId: &w.apiID, ResourceId: resource.Id, HttpMethod: get, StatusCode: aws.String("200"),
		ResponseTemplates: map[string]string{"application/json": claimsTemplate},
	}, "statusCode")
	return aws.ToString(resource.Id), err
}

func (w *walk) deploy(ctx context.Context) error {
	_, err := do(ctx, w, w.gateway.CreateDeployment, &apigateway.CreateDeploymentInput{RestApiId: &w.apiID, StageName: aws.String(stage)}, "id")
	return err
}

// testAuthorizer is the console's Test button: clientStatus 0 means that the token was accepted.
func (w *walk) testAuthorizer(ctx context.Context, token string) (int32, error) {
	out, err := w.gateway.TestInvokeAuthorizer(ctx, &apigateway.TestInvokeAuthorizerInput{
		RestApiId: &w.apiID, AuthorizerId: &w.authorizerID, Headers: map[string]string{"Authorization": token},
	})
	if err != nil {
		return 0, err
	}
	return out.ClientStatus, nil
}
