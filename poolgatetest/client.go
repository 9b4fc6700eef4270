package poolgatetest

import (
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/smithy-go"
)

// Callback is the callback URL of the clients that Pool.Client makes. Nothing needs to listen there.
const Callback = "http://localhost:3000/callback"

// Client is an app client of a user pool.
type Client struct {
	ID string
	// Secret is empty for clients that have none: those of Pool.Client.
	Secret string

	pool *Pool
}

// Tokens are what a sign-in gave.
type Tokens struct{ ID, Access, Refresh string }

// Client makes a public app client that can sign in by password, SRP and the login page and may be granted these scopes; without any, all of
// the pool's and openid, email, profile, phone and aws.cognito.signin.user.admin.
func (p *Pool) Client(scopes ...string) *Client {
	p.s.t.Helper()
	if len(scopes) == 0 {
		scopes = append([]string{"openid", "email", "profile", "phone", "aws.cognito.signin.user.admin"}, p.scopes...)
	}
	return p.client(&cognito.CreateUserPoolClientInput{
		ClientName: aws.String("test"),
		ExplicitAuthFlows: []types.ExplicitAuthFlowsType{
			types.ExplicitAuthFlowsTypeAllowUserPasswordAuth, types.ExplicitAuthFlowsTypeAllowUserSrpAuth,
			types.ExplicitAuthFlowsTypeAllowAdminUserPasswordAuth, types.ExplicitAuthFlowsTypeAllowRefreshTokenAuth,
		},
		AllowedOAuthFlowsUserPoolClient: true,
		AllowedOAuthFlows:               []types.OAuthFlowType{types.OAuthFlowTypeCode, types.OAuthFlowTypeImplicit},
		AllowedOAuthScopes:              scopes, CallbackURLs: []string{Callback}, LogoutURLs: []string{Callback},
		SupportedIdentityProviders: []string{"COGNITO"},
	})
}

// Machine makes an app client with a secret that is given tokens for itself (client_credentials), with these scopes of the pool's
// resource servers or, without any, all of them.
func (p *Pool) Machine(scopes ...string) *Client {
	p.s.t.Helper()
	if len(scopes) == 0 {
		scopes = p.scopes
	}
	return p.client(&cognito.CreateUserPoolClientInput{
		ClientName: aws.String("machine"), GenerateSecret: true, AllowedOAuthFlowsUserPoolClient: true,
		AllowedOAuthFlows: []types.OAuthFlowType{types.OAuthFlowTypeClientCredentials}, AllowedOAuthScopes: scopes,
	})
}

func (p *Pool) client(input *cognito.CreateUserPoolClientInput) *Client {
	p.s.t.Helper()
	ctx, cancel := p.s.wait()
	defer cancel()
	input.UserPoolId = &p.ID
	made, err := p.s.pools.CreateUserPoolClient(ctx, input)
	if err != nil {
		p.s.t.Fatalf("making an app client: %v", err)
	}
	return &Client{ID: *made.UserPoolClient.ClientId, Secret: aws.ToString(made.UserPoolClient.ClientSecret), pool: p}
}

// SignIn signs a user in by password (InitiateAuth). The access token's one scope is aws.cognito.signin.user.admin, as on AWS; for
// others there are Login and Grant.
func (c *Client) SignIn(user User) Tokens {
	s := c.pool.s
	s.t.Helper()
	return c.initiate(types.AuthFlowTypeUserPasswordAuth, map[string]string{"USERNAME": user.Name, "PASSWORD": user.Password})
}

// Refresh is InitiateAuth with a refresh token. No new refresh token comes with it.
func (c *Client) Refresh(token string) Tokens {
	c.pool.s.t.Helper()
	return c.initiate(types.AuthFlowTypeRefreshTokenAuth, map[string]string{"REFRESH_TOKEN": token})
}

func (c *Client) initiate(flow types.AuthFlowType, parameters map[string]string) Tokens {
	s := c.pool.s
	s.t.Helper()
	ctx, cancel := s.wait()
	defer cancel()
	answer, err := s.pools.InitiateAuth(ctx, &cognito.InitiateAuthInput{ClientId: &c.ID, AuthFlow: flow, AuthParameters: parameters})
	if err != nil {
		s.t.Fatalf("%s: %v", flow, err)
	}
	if answer.AuthenticationResult == nil {
		s.t.Fatalf("%s: a challenge is asked for: %s", flow, answer.ChallengeName)
	}
	got := answer.AuthenticationResult
	return Tokens{ID: aws.ToString(got.IdToken), Access: aws.ToString(got.AccessToken), Refresh: aws.ToString(got.RefreshToken)}
}

// isCode compares an AWS error by its code.
func isCode(err error, code string) bool {
	var failed smithy.APIError
	return errors.As(err, &failed) && failed.ErrorCode() == code
}
