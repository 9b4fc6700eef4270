package cognito

import (
	"errors"
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/poolgate/poolgate/internal/wire"
	"github.com/poolgate/poolgate/internal/wire/model"
)

// sdk is the SDK's own client, speaking to the service in AWS's protocol.
func (c *controlPlane) sdk() *cip.Client {
	mux := wire.New(wire.Options{})
	mux.Register(&model.CognitoIDP, c.Service)
	return cip.New(cip.Options{
		Region: "eu-west-1", BaseEndpoint: aws.String("http://127.0.0.1:4566"), RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider("123456789012", "any", ""),
		HTTPClient:  &http.Client{Transport: wire.Transport(mux)},
	})
}

func TestTheControlPlaneOverTheWire(t *testing.T) {
	c := newControlPlane(t)
	remote, ctx := c.sdk(), t.Context()
	made := must(remote.CreateUserPool(ctx, everySetting()))(t).UserPool
	described := must(remote.DescribeUserPool(ctx, &cip.DescribeUserPoolInput{UserPoolId: made.Id}))(t).UserPool
	inside := must(c.DescribeUserPool(c.ctx, &cip.DescribeUserPoolInput{UserPoolId: made.Id}))(t).UserPool
	for name, other := range map[string]*types.UserPoolType{"CreateUserPool": made, "the method": inside} {
		// The protocol leaves out what is nil or empty, and tells the time to the millisecond.
		if diff := cmp.Diff(other, described, ignoreSerde, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("DescribeUserPool over the wire differs from %s:\n%s", name, diff)
		}
	}
	pool := must(remote.CreateUserPool(ctx, &cip.CreateUserPoolInput{PoolName: aws.String("p")}))(t).UserPool.Id
	must(remote.CreateResourceServer(ctx, &cip.CreateResourceServerInput{UserPoolId: pool, Identifier: aws.String("https://api.example.com"), Name: aws.String("api"),
		Scopes: []types.ResourceServerScopeType{{ScopeName: aws.String("read"), ScopeDescription: aws.String("read")}}}))(t)
	in := everyClientSetting(*pool)
	in.ClientName = aws.String("_custom_id_:web")
	client := must(remote.CreateUserPoolClient(ctx, in))(t).UserPoolClient
	if *client.ClientId != "web" || value(client.ClientSecret) == "" {
		t.Errorf("the client is %s with secret %q", *client.ClientId, value(client.ClientSecret))
	}
	must(remote.CreateUserPoolDomain(ctx, &cip.CreateUserPoolDomainInput{UserPoolId: pool, Domain: aws.String("auth.example.com"),
		CustomDomainConfig: &types.CustomDomainConfigType{CertificateArn: aws.String("arn:aws:acm:us-east-1:123456789012:certificate/x")}}))(t)
	must(remote.AdminCreateUser(ctx, &cip.AdminCreateUserInput{UserPoolId: pool, Username: aws.String("ann"), UserAttributes: []types.AttributeType{attr("email", "ann@example.com")}}))(t)
	listed := must(remote.ListUsers(ctx, &cip.ListUsersInput{UserPoolId: pool, Filter: aws.String(`email ^= "ann"`)}))(t).Users
	if len(listed) != 1 || pairs(listed[0].Attributes) != "email=ann@example.com" {
		t.Errorf("listed: %+v", listed)
	}
	_, err := remote.AdminGetUser(ctx, &cip.AdminGetUserInput{UserPoolId: pool, Username: aws.String("nobody")})
	if gone := new(types.UserNotFoundException); !errors.As(err, &gone) || gone.ErrorMessage() != "User does not exist." {
		t.Errorf("an unknown user is %v", err)
	}
}
