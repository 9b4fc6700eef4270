package server

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	ciptypes "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/poolgate/poolgate/authz"
)

// issuer is a running server with a pool whose one user is signed in.
type issuer struct {
	*Server
	pools                *cip.Client
	poolID, clientID, id string
}

func newIssuer(t *testing.T, config Config) *issuer {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	config.Addr, config.Data = "127.0.0.1:0", Memory
	s, err := Start(t.Context(), config)
	must(err)
	t.Cleanup(func() { _ = s.Close(t.Context()) })
	pools := cip.NewFromConfig(aws.Config{Region: "eu-west-1", BaseEndpoint: aws.String(s.URL()),
		Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""), RetryMaxAttempts: 1})
	const password = "Correct-horse-1"
	pool, err := pools.CreateUserPool(t.Context(), &cip.CreateUserPoolInput{PoolName: aws.String("p")})
	must(err)
	client, err := pools.CreateUserPoolClient(t.Context(), &cip.CreateUserPoolClientInput{UserPoolId: pool.UserPool.Id, ClientName: aws.String("c"),
		ExplicitAuthFlows: []ciptypes.ExplicitAuthFlowsType{"ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"}})
	must(err)
	_, err = pools.AdminCreateUser(t.Context(), &cip.AdminCreateUserInput{UserPoolId: pool.UserPool.Id, Username: aws.String("ann")})
	must(err)
	_, err = pools.AdminSetUserPassword(t.Context(), &cip.AdminSetUserPasswordInput{UserPoolId: pool.UserPool.Id, Username: aws.String("ann"), Password: aws.String(password), Permanent: true})
	must(err)
	in, err := pools.InitiateAuth(t.Context(), &cip.InitiateAuthInput{ClientId: client.UserPoolClient.ClientId, AuthFlow: "USER_PASSWORD_AUTH",
		AuthParameters: map[string]string{"USERNAME": "ann", "PASSWORD": password}})
	must(err)
	return &issuer{s, pools, *pool.UserPool.Id, *client.UserPoolClient.ClientId, *in.AuthenticationResult.IdToken}
}

// engine is one as compose makes it, for the server's own pools.
func (i *issuer) engine(t *testing.T, config Config) *authz.Engine {
	t.Helper()
	config.PublicURL = i.config.PublicURL
	p := &parts{pools: i.parts.pools}
	t.Cleanup(p.close)
	engine, err := p.engine(config, i.store)
	if err != nil {
		t.Fatal(err)
	}
	return engine
}

// judged is what an engine says of a token when the authorizer names an issuer.
func judged(t *testing.T, engine *authz.Engine, issuer, audience, token string) authz.JWTDecision {
	t.Helper()
	a, err := engine.CompileJWT(authz.JWTSettings{Issuer: issuer, Audience: []string{audience}})
	if err != nil {
		t.Fatal(err)
	}
	return a.Decide(t.Context(), token, nil, time.Now())
}

func TestOwnPoolsAreIssuersUnderBothTheirAddresses(t *testing.T) {
	for _, config := range []Config{{}, {IssuerAWS: true}, {PublicURL: "https://login.example.test/base"}} {
		i := newIssuer(t, config)
		engine := i.engine(t, config)
		local, onAWS := i.config.PublicURL+"/"+i.poolID, "https://cognito-idp.eu-west-1.amazonaws.com/"+i.poolID
		for _, name := range []string{local, onAWS} { // nothing answers at either address: the keys are had without a request
			if d := judged(t, engine, name, i.clientID, i.id); !d.Allowed {
				t.Errorf("%s: %s", name, d.Reason)
			}
		}
		if d := judged(t, engine, local+"/", i.clientID, i.id); d.Allowed {
			t.Error("an issuer with a slash more is the same")
		}
		if d := judged(t, engine, strings.Replace(onAWS, "eu-west-1.", "eu-west-2.", 1), i.clientID, i.id); d.Allowed {
			t.Error("a pool of another region is the same")
		}
	}
}

func TestAPoolThatIsDeletedTakesItsTokensAlong(t *testing.T) {
	i := newIssuer(t, Config{})
	engine := i.engine(t, Config{})
	for _, name := range []string{i.config.PublicURL, "https://cognito-idp.eu-west-1.amazonaws.com"} {
		if d := judged(t, engine, name+"/"+i.poolID, i.clientID, i.id); !d.Allowed {
			t.Fatal(d.Reason)
		}
	}
	if _, err := i.pools.DeleteUserPool(t.Context(), &cip.DeleteUserPoolInput{UserPoolId: &i.poolID}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{i.config.PublicURL, "https://cognito-idp.eu-west-1.amazonaws.com"} {
		d := judged(t, engine, name+"/"+i.poolID, i.clientID, i.id)
		if d.Reason != authz.PoolNotFound || d.Description != "OIDC discovery endpoint communication error" {
			t.Errorf("%s: %q %q", name, d.Reason, d.Description)
		}
	}
}

// TestAnotherServerIsAnIssuer has the tokens of one running server judged by another, which fetches the keys over http on loopback.
func TestAnotherServerIsAnIssuer(t *testing.T) {
	elsewhere := newIssuer(t, Config{})
	here := newIssuer(t, Config{})
	engine := here.engine(t, Config{})
	issuer := elsewhere.config.PublicURL + "/" + elsewhere.poolID
	if d := judged(t, engine, issuer, elsewhere.clientID, elsewhere.id); !d.Allowed {
		t.Fatal(d.Reason, d.Description)
	}
	if d := judged(t, engine, issuer, elsewhere.clientID, here.id); d.Reason != authz.TokenIssuer {
		t.Errorf("%q", d.Reason)
	}
	if d := judged(t, engine, elsewhere.URL()+"/"+elsewhere.poolID, elsewhere.clientID, elsewhere.id); d.Reason != authz.TokenIssuer {
		t.Errorf("the address is another name than the one that tokens carry: %q", d.Reason)
	}
	if err := elsewhere.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if d := judged(t, engine, issuer, elsewhere.clientID, elsewhere.id); !d.Allowed {
		t.Errorf("the last good keys do not serve: %s", d.Reason)
	}
	if d := judged(t, here.engine(t, Config{}), issuer, elsewhere.clientID, elsewhere.id); d.Reason != authz.KeysUnavailable || d.Description != "OIDC discovery endpoint communication error" {
		t.Errorf("a fresh start without keys: %q %q", d.Reason, d.Description)
	}
}

func TestPoolsOnAWSAreNotAskedUnlessAllowed(t *testing.T) {
	i := newIssuer(t, Config{})
	keys := issuers{pools: i.parts.pools}
	for _, issuer := range []string{
		"https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Nobody123", "https://issuer-cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Nobody123",
		"https://cognito-idp.cn-north-1.amazonaws.com.cn/cn-north-1_Nobody123", "https://COGNITO-IDP.eu-west-1.amazonaws.com/x", "https://cognito-idp-fips.us-east-1.amazonaws.com/us-east-1_a",
	} {
		if _, err := keys.IssuerKey(t.Context(), issuer, "kid"); err != authz.ErrPoolNotFound { // the nil remote would panic
			t.Errorf("%s: %v", issuer, err)
		}
	}
}
