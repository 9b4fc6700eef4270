package apigatewayv2

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
)

func TestNewAuthorizersShowWhatWasSet(t *testing.T) {
	g := newGate(t)
	api := g.createAPI()
	jwt := ok(g.CreateAuthorizer(g.ctx(), jwtInput(api, "tokens")))(t)
	if len(*jwt.AuthorizerId) != 6 {
		t.Errorf("id %s", *jwt.AuthorizerId)
	}
	jwt.AuthorizerId = nil
	shows(t, jwt, `{"name":"tokens","authorizerType":"JWT","identitySource":["$request.header.Authorization"],
		"jwtConfiguration":{"issuer":"`+testIssuer+`","audience":["client"]}}`)
	in := functionInput(api, "function")
	in.EnableSimpleResponses, in.AuthorizerResultTtlInSeconds = aws.Bool(true), aws.Int32(300)
	function := ok(g.CreateAuthorizer(g.ctx(), in))(t)
	function.AuthorizerId = nil
	shows(t, function, `{"name":"function","authorizerType":"REQUEST","identitySource":["$request.header.Authorization"],"authorizerUri":"`+testInvoke+`",
		"authorizerPayloadFormatVersion":"2.0","enableSimpleResponses":true,"authorizerResultTtlInSeconds":300}`)
	if list := ok(g.GetAuthorizers(g.ctx(), &apigatewayv2.GetAuthorizersInput{ApiId: api}))(t); len(list.Items) != 2 {
		t.Errorf("%d authorizers", len(list.Items))
	}
}

func TestWhatNoAuthorizerCanBe(t *testing.T) {
	g := newGate(t)
	api := g.createAPI()
	g.createJWT(api, "taken")
	type input = *apigatewayv2.CreateAuthorizerInput
	for _, c := range []struct {
		name string
		in   input
		set  func(input)
		want string
	}{
		{"nameless", jwtInput(api, ""), func(input) {}, "Authorizer name cannot be empty"},
		{"named like another", jwtInput(api, "taken"), func(input) {}, "Authorizer name must be unique. Authorizer taken already exists in this API."},
		{"tokens of nobody", jwtInput(api, "a"), func(i input) { i.JwtConfiguration = nil }, "JwtConfiguration must not be null for JWT Authorizer"},
		{"tokens without an issuer", jwtInput(api, "a"), func(i input) { i.JwtConfiguration.Issuer = nil }, "Invalid issuer: Issuer is not a valid URL for JWT Authorizer"},
		{"tokens by plain HTTP from elsewhere", jwtInput(api, "a"), func(i input) { i.JwtConfiguration.Issuer = aws.String("http://issuer.example.com") }, "Invalid issuer: Issuer is not a valid URL for JWT Authorizer"},
		{"tokens of a host that only looks local", jwtInput(api, "a"), func(i input) { i.JwtConfiguration.Issuer = aws.String("http://localhost.example.com") }, "Invalid issuer: Issuer is not a valid URL for JWT Authorizer"},
		{"tokens of a user at a host", jwtInput(api, "a"), func(i input) { i.JwtConfiguration.Issuer = aws.String("https://localhost@issuer.example.com") }, "Invalid issuer: Issuer is not a valid URL for JWT Authorizer"},
		{"tokens for nobody", jwtInput(api, "a"), func(i input) { i.JwtConfiguration.Audience = nil }, "Invalid audience: Audience must not be empty for JWT Authorizer"},
		{"tokens in two places", jwtInput(api, "a"), func(i input) { i.IdentitySource = append(i.IdentitySource, "$request.header.b") }, "Exactly one identity source must be specified for JWT Authorizer"},
		{"tokens in the context", jwtInput(api, "a"), func(i input) { i.IdentitySource = []string{"$context.routeKey"} }, "Invalid identity source expression: $context.routeKey"},
		{"tokens by a function", jwtInput(api, "a"), func(i input) { i.AuthorizerUri = aws.String(testInvoke) }, "AuthorizerUri, AuthorizerResultTtlInSeconds and EnableSimpleResponses can only be set for REQUEST authorizer"},
		{"a function with an issuer", functionInput(api, "a"), func(i input) { i.JwtConfiguration = &types.JWTConfiguration{} }, "JwtConfiguration can only be set for JWT Authorizer"},
		{"a function without an address", functionInput(api, "a"), func(i input) { i.AuthorizerUri = nil }, "AuthorizerUri is a required field in an Authorizer"},
		{"a function that is none", functionInput(api, "a"), func(i input) { i.AuthorizerUri = aws.String(testFunction) }, "Invalid Authorizer URI: " + testFunction + ". Authorizer URI should be a valid API Gateway ARN that represents a Lambda function invocation."},
		{"a function without a version", functionInput(api, "a"), func(i input) { i.AuthorizerPayloadFormatVersion = nil }, "AuthorizerPayloadFormatVersion is a required parameter for REQUEST authorizer"},
		{"a function of a later version", functionInput(api, "a"), func(i input) { i.AuthorizerPayloadFormatVersion = aws.String("3.0") }, "Unsupported AuthorizerPayloadFormatVersion: 3.0"},
		{"simple answers of the first version", functionInput(api, "a"), func(i input) {
			i.EnableSimpleResponses, i.AuthorizerPayloadFormatVersion = aws.Bool(true), aws.String("1.0")
		}, `EnableSimpleResponses can only be set for AuthorizerPayloadFormatVersion "2.0".`},
		{"remembered too long", functionInput(api, "a"), func(i input) { i.AuthorizerResultTtlInSeconds = aws.Int32(3601) }, "Authorizer result TTL outside allowable range. TTL must be between 0 and 3600 seconds."},
		{"remembered for nobody", functionInput(api, "a"), func(i input) { i.AuthorizerResultTtlInSeconds, i.IdentitySource = aws.Int32(1), nil }, "Identity source must be set if authorizer caching is enabled (TTL is greater than 0)"},
		{"REST APIs' way to name a source", functionInput(api, "a"), func(i input) { i.IdentitySource = []string{"method.request.header.a"} }, "Invalid identity source expression: method.request.header.a"},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.set(c.in)
			refused(g.CreateAuthorizer(g.ctx(), c.in))(t, bad, c.want)
		})
	}
}

func TestIssuersThatNeedNoTLS(t *testing.T) {
	s := New(Config{PublicURL: "http://poolgate:4566"})
	for issuer, want := range map[string]bool{
		"https://issuer.example.com": true, "http://localhost:4566/eu-west-1_a": true, "http://127.0.0.1:1/x": true, "http://[::1]/x": true,
		"http://poolgate:4566/eu-west-1_a": true, "http://poolgate:4567/eu-west-1_a": false, "http://poolgate:4566.evil.example/x": false,
		"ftp://localhost/x": false, "https://": false, "": false, "https://a#b": false,
	} {
		if got := s.isIssuer(issuer); got != want {
			t.Errorf("%q: %v", issuer, got)
		}
	}
}

func TestAnAuthorizerInUseKeepsItsType(t *testing.T) {
	g := newGate(t)
	api := g.createAPI()
	jwt := g.createJWT(api, "tokens")
	updated := ok(g.UpdateAuthorizer(g.ctx(), &apigatewayv2.UpdateAuthorizerInput{ApiId: api, AuthorizerId: jwt, JwtConfiguration: &types.JWTConfiguration{Audience: []string{"other"}}}))(t)
	if *updated.JwtConfiguration.Issuer != testIssuer || updated.JwtConfiguration.Audience[0] != "other" {
		t.Errorf("%+v", updated.JwtConfiguration)
	}
	ok(g.CreateRoute(g.ctx(), &apigatewayv2.CreateRouteInput{ApiId: api, RouteKey: aws.String("GET /"), AuthorizationType: types.AuthorizationTypeJwt, AuthorizerId: jwt}))(t)
	refused(g.UpdateAuthorizer(g.ctx(), &apigatewayv2.UpdateAuthorizerInput{ApiId: api, AuthorizerId: jwt, AuthorizerType: types.AuthorizerTypeRequest}))(t, bad, noJWTOfFunction)
	for _, id := range []*string{nil, aws.String("nobody")} {
		refused(g.GetAuthorizer(g.ctx(), &apigatewayv2.GetAuthorizerInput{ApiId: api, AuthorizerId: id}))(t, missing, noAuthorizer.Message)
		refused(g.UpdateAuthorizer(g.ctx(), &apigatewayv2.UpdateAuthorizerInput{ApiId: api, AuthorizerId: id}))(t, missing, noAuthorizer.Message)
		refused(g.DeleteAuthorizer(g.ctx(), &apigatewayv2.DeleteAuthorizerInput{ApiId: api, AuthorizerId: id}))(t, missing, noAuthorizer.Message)
	}
}

const noJWTOfFunction = "JwtConfiguration can only be set for JWT Authorizer"

// flusher remembers what it was asked to forget.
type flusher struct{ flushed []string }

func (*flusher) Compile(*Snapshot) error { return nil }

func (f *flusher) FlushAuthorizers(_ context.Context, apiID, stage string) error {
	f.flushed = append(f.flushed, apiID+"/"+stage)
	return nil
}

func TestAStageForgetsItsAuthorizersAnswers(t *testing.T) {
	f := &flusher{}
	g := newGate(t, func(c *Config) { c.Publisher = f })
	api := g.createAPI()
	g.createStage(api, "prod", false)
	ok(g.ResetAuthorizersCache(g.ctx(), &apigatewayv2.ResetAuthorizersCacheInput{ApiId: api, StageName: aws.String("prod")}))(t)
	refused(g.ResetAuthorizersCache(g.ctx(), &apigatewayv2.ResetAuthorizersCacheInput{ApiId: api, StageName: aws.String("none")}))(t, missing, noStage.Message)
	if len(f.flushed) != 1 || f.flushed[0] != *api+"/prod" {
		t.Errorf("%v", f.flushed)
	}
}
