package demo

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

func (w *walk) makePool(ctx context.Context) error {
	pool, err := do(ctx, w, w.cognito.CreateUserPool, &cognito.CreateUserPoolInput{PoolName: aws.String("demo")}, "Id", "Arn")
	if err != nil {
		return err
	}
	w.poolID, w.poolARN = aws.ToString(pool.UserPool.Id), aws.ToString(pool.UserPool.Arn)
	client, err := do(ctx, w, w.cognito.CreateUserPoolClient, &cognito.CreateUserPoolClientInput{
		UserPoolId:                      &w.poolID,
		ClientName:                      aws.String("web"),
		AllowedOAuthFlowsUserPoolClient: true,
		AllowedOAuthFlows:               []types.OAuthFlowType{types.OAuthFlowTypeCode},
		AllowedOAuthScopes:              []string{"openid", "email"},
		CallbackURLs:                    []string{callback},
		LogoutURLs:                      []string{callback},
		SupportedIdentityProviders:      []string{"COGNITO"},
	}, "ClientId", "AllowedOAuthScopes")
	if err != nil {
		return err
	}
	w.clientID = aws.ToString(client.UserPoolClient.ClientId)
	w.domain = "demo"
	if _, err := do(ctx, w, w.cognito.CreateUserPoolDomain, &cognito.CreateUserPoolDomainInput{UserPoolId: &w.poolID, Domain: &w.domain}); err != nil {
		return err
	}
	if _, err := do(ctx, w, w.cognito.AdminCreateUser, &cognito.AdminCreateUserInput{
		UserPoolId:    &w.poolID,
		Username:      aws.String("jo"),
		MessageAction: types.MessageActionTypeSuppress,
		UserAttributes: []types.AttributeType{
			{Name: aws.String("email"), Value: aws.String("jo@example.com")},
			{Name: aws.String("email_verified"), Value: aws.String("true")},
		},
	}, "Username", "UserStatus"); err != nil {
		return err
	}
	_, err = do(ctx, w, w.cognito.AdminSetUserPassword, &cognito.AdminSetUserPasswordInput{
		UserPoolId: &w.poolID, Username: aws.String("jo"), Password: aws.String(password), Permanent: true,
	})
	return err
}

// allowScope updates the client with everything it had, because an update resets what it leaves out.
func (w *walk) allowScope(ctx context.Context) error {
	if _, err := do(ctx, w, w.cognito.CreateResourceServer, &cognito.CreateResourceServerInput{
		UserPoolId: &w.poolID,
		Identifier: aws.String("user_management_lambdas"),
		Name:       aws.String("user_management_lambdas"),
		Scopes:     []types.ResourceServerScopeType{{ScopeName: aws.String("api"), ScopeDescription: aws.String("Call-the-API")}},
	}, "Identifier", "Scopes"); err != nil {
		return err
	}
	_, err := do(ctx, w, w.cognito.UpdateUserPoolClient, &cognito.UpdateUserPoolClientInput{
		UserPoolId:                      &w.poolID,
		ClientId:                        &w.clientID,
		AllowedOAuthFlowsUserPoolClient: true,
		AllowedOAuthFlows:               []types.OAuthFlowType{types.OAuthFlowTypeCode},
		AllowedOAuthScopes:              []string{"openid", "email", scope},
		CallbackURLs:                    []string{callback},
		LogoutURLs:                      []string{callback},
		SupportedIdentityProviders:      []string{"COGNITO"},
	}, "ClientId", "AllowedOAuthScopes")
	return err
}
