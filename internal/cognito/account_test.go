package cognito

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"

	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/wire"
)

// TestAPoolOfAnotherAccountIsAsGoodAsNone: two accounts on one server see and change their own pools only.
func TestAPoolOfAnotherAccountIsAsGoodAsNone(t *testing.T) {
	s := newControlPlane(t)
	as := func(account string) wire.Call {
		return wire.Call{Service: "cognito-idp", Account: account, Region: "eu-west-1", AccessKeyID: account}
	}
	owner, other := wire.WithCall(t.Context(), as("111111111111")), wire.WithCall(t.Context(), as("222222222222"))
	made, err := s.CreateUserPool(owner, &cognitoidentityprovider.CreateUserPoolInput{PoolName: aws.String("owned")})
	if err != nil {
		t.Fatal(err)
	}
	id := made.UserPool.Id
	for name, try := range map[string]func() error{
		"describe": func() error {
			_, err := s.DescribeUserPool(other, &cognitoidentityprovider.DescribeUserPoolInput{UserPoolId: id})
			return err
		},
		"delete": func() error {
			_, err := s.DeleteUserPool(other, &cognitoidentityprovider.DeleteUserPoolInput{UserPoolId: id})
			return err
		},
		"make a client": func() error {
			_, err := s.CreateUserPoolClient(other, &cognitoidentityprovider.CreateUserPoolClientInput{UserPoolId: id, ClientName: aws.String("c")})
			return err
		},
		"list users": func() error {
			_, err := s.ListUsers(other, &cognitoidentityprovider.ListUsersInput{UserPoolId: id})
			return err
		},
		"make a user": func() error {
			_, err := s.AdminCreateUser(other, &cognitoidentityprovider.AdminCreateUserInput{UserPoolId: id, Username: aws.String("u")})
			return err
		},
		"sign in as administrator": func() error {
			_, err := s.AdminInitiateAuth(other, &cognitoidentityprovider.AdminInitiateAuthInput{UserPoolId: id, ClientId: aws.String("c"), AuthFlow: "ADMIN_USER_PASSWORD_AUTH"})
			return err
		},
		"tag": func() error {
			_, err := s.TagResource(other, &cognitoidentityprovider.TagResourceInput{ResourceArn: made.UserPool.Arn, Tags: map[string]string{"a": "b"}})
			return err
		},
	} {
		if err := try(); !fault.Is(err, "ResourceNotFoundException") {
			t.Errorf("another account could %s: %v", name, err)
		}
	}
	if _, err := s.DescribeUserPool(owner, &cognitoidentityprovider.DescribeUserPoolInput{UserPoolId: id}); err != nil {
		t.Errorf("its owner: %v", err)
	}
}
