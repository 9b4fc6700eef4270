package apigateway

import (
	"context"
	"encoding/json"
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/google/go-cmp/cmp"

	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/store"
	"github.com/poolgate/poolgate/internal/wire"
)

const (
	testAccount = "111111111111"
	testRegion  = "eu-west-1"
	testPoolARN = "arn:aws:cognito-idp:eu-west-1:111111111111:userpool/eu-west-1_AbCdEf123"
)

// gate is a Service with a caller, in the state a test put it.
type gate struct {
	*testing.T
	*Service
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
	config := Config{Store: db}
	for _, set := range configure {
		set(&config)
	}
	return &gate{T: t, Service: New(config)}
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

func operation(op types.Op, path string, value ...string) types.PatchOperation {
	o := types.PatchOperation{Op: op, Path: &path}
	if len(value) > 0 {
		o.Value = &value[0]
	}
	return o
}

// createAPI makes an API and returns its id and its root resource's.
func (g *gate) createAPI() (id, root *string) {
	g.Helper()
	api := ok(g.CreateRestApi(g.ctx(), &apigateway.CreateRestApiInput{Name: aws.String("pets")}))(g.T)
	return api.Id, api.RootResourceId
}

func (g *gate) createResource(api, parent *string, part string) *string {
	g.Helper()
	return ok(g.CreateResource(g.ctx(), &apigateway.CreateResourceInput{RestApiId: api, ParentId: parent, PathPart: &part}))(g.T).Id
}

// putMethod adds a method without authorization.
func (g *gate) putMethod(api, resource *string, verb string) {
	g.Helper()
	ok(g.PutMethod(g.ctx(), &apigateway.PutMethodInput{
		RestApiId: api, ResourceId: resource, HttpMethod: &verb, AuthorizationType: aws.String("NONE"),
	}))(g.T)
}

func (g *gate) putMock(api, resource *string, verb string) {
	g.Helper()
	ok(g.PutIntegration(g.ctx(), &apigateway.PutIntegrationInput{
		RestApiId: api, ResourceId: resource, HttpMethod: &verb, Type: types.IntegrationTypeMock,
	}))(g.T)
}

// createMockAPI makes an API whose root answers GET by a MOCK.
func (g *gate) createMockAPI() (id, root *string) {
	g.Helper()
	id, root = g.createAPI()
	g.putMethod(id, root, "GET")
	g.putMock(id, root, "GET")
	return id, root
}

func (g *gate) createPoolAuthorizer(api *string, name string) *string {
	g.Helper()
	return ok(g.CreateAuthorizer(g.ctx(), &apigateway.CreateAuthorizerInput{
		RestApiId: api, Name: &name, Type: types.AuthorizerTypeCognitoUserPools,
		ProviderARNs: []string{testPoolARN}, IdentitySource: aws.String("method.request.header.Authorization"),
	}))(g.T).Id
}

func (g *gate) deploy(api *string, stage string) *string {
	g.Helper()
	in := &apigateway.CreateDeploymentInput{RestApiId: api}
	if stage != "" {
		in.StageName = &stage
	}
	return ok(g.CreateDeployment(g.ctx(), in))(g.T).Id
}
