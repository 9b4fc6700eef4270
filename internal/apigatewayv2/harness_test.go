package apigatewayv2

import (
	"context"
	"encoding/json"
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
	"github.com/google/go-cmp/cmp"

	"github.com/poolgate/poolgate/internal/apigateway"
	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/store"
	"github.com/poolgate/poolgate/internal/wire"
)

const (
	testAccount  = "111111111111"
	testRegion   = "eu-west-1"
	testFunction = "arn:aws:lambda:eu-west-1:111111111111:function:pets"
	testInvoke   = "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/arn:aws:lambda:eu-west-1:111111111111:function:auth/invocations"
	testIssuer   = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCdEf123"
)

// gate is a Service with a caller, in the state a test put it.
type gate struct {
	*testing.T
	*Service
	rest *apigateway.Service
}

// ctx is that of the caller all tests share.
func (g *gate) ctx() context.Context { return as(g.Context(), testAccount, testRegion) }

func newGate(t *testing.T, configure ...func(*Config)) *gate {
	t.Helper()
	db, err := store.Open(t.Context(), store.Options{Location: ":memory:"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	rest := apigateway.New(apigateway.Config{Store: db})
	config := Config{Store: db, Domains: rest}
	for _, set := range configure {
		set(&config)
	}
	return &gate{T: t, Service: New(config), rest: rest}
}

// as is a context in which an account calls in a region.
func as(ctx context.Context, account, region string) context.Context {
	return wire.WithCall(ctx, wire.Call{Service: "apigateway", Account: account, Region: region})
}

// ok ends the test when an operation that should succeed did not.
func ok[T any](out *T, err error) func(*testing.T) *T {
	return func(t *testing.T) *T {
		t.Helper()
		if err != nil {
			t.Fatalf("unexpected: %v", err)
		}
		return out
	}
}

// refused checks that an operation failed with that code and exactly that text.
func refused[T any](out *T, err error) func(t *testing.T, code, message string) {
	return func(t *testing.T, code, message string) {
		t.Helper()
		var e *fault.Error
		if !errors.As(err, &e) {
			t.Fatalf("want %s: %s\n got %v, %v", code, message, out, err)
		}
		if e.Code != code || e.Message != message {
			t.Errorf("want %s: %s\n got %s: %s", code, message, e.Code, e.Message)
		}
	}
}

// shows checks an answer as it goes over the wire. Times and ids are the caller's to replace beforehand.
func shows[T any](t *testing.T, out *T, want string) {
	t.Helper()
	data, err := json.Marshal(wire.Document[T]{Value: *out})
	if err != nil {
		t.Fatal(err)
	}
	var got, expected any
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(want), &expected); err != nil {
		t.Fatalf("%v in %s", err, want)
	}
	if diff := cmp.Diff(expected, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

const (
	bad     = "BadRequestException"
	missing = "NotFoundException"
	taken   = "ConflictException"
)

// createAPI makes an HTTP API and returns its id.
func (g *gate) createAPI() *string {
	g.Helper()
	return ok(g.CreateApi(g.ctx(), &apigatewayv2.CreateApiInput{Name: aws.String("pets"), ProtocolType: types.ProtocolTypeHttp}))(g.T).ApiId
}

func (g *gate) createIntegration(api *string) *string {
	g.Helper()
	return ok(g.CreateIntegration(g.ctx(), &apigatewayv2.CreateIntegrationInput{
		ApiId: api, IntegrationType: types.IntegrationTypeAwsProxy, IntegrationUri: aws.String(testFunction), PayloadFormatVersion: aws.String("2.0"),
	}))(g.T).IntegrationId
}

func (g *gate) createRoute(api *string, key string) *string {
	g.Helper()
	target := "integrations/" + *g.createIntegration(api)
	return ok(g.CreateRoute(g.ctx(), &apigatewayv2.CreateRouteInput{ApiId: api, RouteKey: &key, Target: &target}))(g.T).RouteId
}

func (g *gate) createJWT(api *string, name string) *string {
	g.Helper()
	return ok(g.CreateAuthorizer(g.ctx(), jwtInput(api, name)))(g.T).AuthorizerId
}

func jwtInput(api *string, name string) *apigatewayv2.CreateAuthorizerInput {
	return &apigatewayv2.CreateAuthorizerInput{
		ApiId: api, Name: &name, AuthorizerType: types.AuthorizerTypeJwt, IdentitySource: []string{"$request.header.Authorization"},
		JwtConfiguration: &types.JWTConfiguration{Issuer: aws.String(testIssuer), Audience: []string{"client"}},
	}
}

func (g *gate) createFunctionAuthorizer(api *string, name string) *string {
	g.Helper()
	return ok(g.CreateAuthorizer(g.ctx(), functionInput(api, name)))(g.T).AuthorizerId
}

func functionInput(api *string, name string) *apigatewayv2.CreateAuthorizerInput {
	return &apigatewayv2.CreateAuthorizerInput{
		ApiId: api, Name: &name, AuthorizerType: types.AuthorizerTypeRequest, IdentitySource: []string{"$request.header.Authorization"},
		AuthorizerUri: aws.String(testInvoke), AuthorizerPayloadFormatVersion: aws.String("2.0"),
	}
}

func (g *gate) createStage(api *string, name string, auto bool) *apigatewayv2.CreateStageOutput {
	g.Helper()
	return ok(g.CreateStage(g.ctx(), &apigatewayv2.CreateStageInput{ApiId: api, StageName: &name, AutoDeploy: &auto}))(g.T)
}

func (g *gate) deploy(api *string, stage string) *string {
	g.Helper()
	in := &apigatewayv2.CreateDeploymentInput{ApiId: api}
	if stage != "" {
		in.StageName = &stage
	}
	return ok(g.CreateDeployment(g.ctx(), in))(g.T).DeploymentId
}
