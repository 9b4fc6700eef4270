package account_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	rest "github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	v2 "github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/poolgate/poolgate/internal/account"
)

var unexported = cmpopts.IgnoreUnexported(
	rest.RestApi{}, rest.Resource{}, rest.Method{}, rest.Authorizer{}, rest.Model{}, rest.RequestValidator{}, rest.GatewayResponse{}, rest.Integration{},
	rest.IntegrationResponse{}, rest.MethodResponse{}, rest.EndpointConfiguration{}, rest.TlsConfig{},
	v2.Api{}, v2.Route{}, v2.Integration{}, v2.Authorizer{}, v2.JWTConfiguration{}, v2.Cors{}, v2.TlsConfig{}, v2.ParameterConstraints{},
)

// A stage that serves the API as it is edited reads as the API itself, in spite of all that an export leaves out.
func TestAStageThatIsUpToDateReadsAsTheAPI(t *testing.T) {
	for _, file := range []string{"everything.yaml", "openapi.cognito-auth.json", "swagger.petstore.json"} {
		t.Run(file, func(t *testing.T) {
			w := newWorld(t)
			id := w.importREST("../apigateway/testdata/" + file)
			r := w.reader(nil)
			api := must(r.RESTAPI(t.Context(), id, ""))(t)
			if gaps := r.Gaps(); len(gaps) > 0 {
				t.Fatalf("gaps: %+v", gaps)
			}
			if len(api.Live.Resources) < 2 || api.Stages["dev"] == nil {
				t.Fatalf("read %d resources, stages %v", len(api.Live.Resources), api.Stages)
			}
			if diff := cmp.Diff(api.Live, api.Stages["dev"].Snapshot, unexported); diff != "" {
				t.Errorf("(-live +deployed)\n%s", diff)
			}
			if api.Deployed["dev"].IsZero() || api.Live.Account != "000000000000" {
				t.Errorf("deployed %v, account %q", api.Deployed, api.Live.Account)
			}
		})
	}
}

// What was edited after the deployment is the one thing that differs.
func TestAnEditThatIsNotDeployedIsTheOnlyDifference(t *testing.T) {
	w := newWorld(t)
	id := w.importREST("../apigateway/testdata/openapi.cognito-auth.json")
	before := must(w.reader(nil).RESTAPI(t.Context(), id, "dev"))(t)
	resource, verb := protected(t, before)
	must(w.rest.UpdateMethod(t.Context(), &apigateway.UpdateMethodInput{RestApiId: &id, ResourceId: &resource, HttpMethod: &verb, PatchOperations: []rest.PatchOperation{
		{Op: rest.OpReplace, Path: aws.String("/authorizationType"), Value: aws.String("NONE")},
	}}))(t)
	after := must(w.reader(nil).RESTAPI(t.Context(), id, "dev"))(t)
	if diff := cmp.Diff(before.Stages["dev"].Snapshot, after.Stages["dev"].Snapshot, unexported); diff != "" {
		t.Errorf("what the stage serves changed without a deployment (-before +after)\n%s", diff)
	}
	changed := 0
	for i, r := range after.Live.Resources {
		for v, method := range r.Value.ResourceMethods {
			if !cmp.Equal(method, after.Stages["dev"].Snapshot.Resources[i].Value.ResourceMethods[v], unexported) {
				changed++
			}
		}
	}
	if changed != 1 {
		t.Errorf("%d methods differ from what is deployed, want the one that was edited", changed)
	}
}

// protected is a method that asks an authorizer.
func protected(t *testing.T, api *account.RESTAPI) (resource, verb string) {
	t.Helper()
	for _, r := range api.Live.Resources {
		for v, method := range r.Value.ResourceMethods {
			if aws.ToString(method.AuthorizerId) != "" {
				return *r.Value.Id, v
			}
		}
	}
	t.Fatal("no method has an authorizer")
	return "", ""
}

func TestAnHTTPAPI(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	id := *must(w.http.CreateApi(ctx, &apigatewayv2.CreateApiInput{Name: aws.String("pets"), ProtocolType: v2.ProtocolTypeHttp,
		CorsConfiguration: &v2.Cors{AllowOrigins: []string{"https://example.com"}, MaxAge: aws.Int32(60)}}))(t).ApiId
	authorizer := must(w.http.CreateAuthorizer(ctx, &apigatewayv2.CreateAuthorizerInput{ApiId: &id, Name: aws.String("jwt"), AuthorizerType: v2.AuthorizerTypeJwt,
		IdentitySource: []string{"$request.header.Authorization"}, JwtConfiguration: &v2.JWTConfiguration{Issuer: aws.String("https://issuer.example.com"), Audience: []string{"a"}}}))(t)
	shared := must(w.http.CreateIntegration(ctx, &apigatewayv2.CreateIntegrationInput{ApiId: &id, IntegrationType: v2.IntegrationTypeHttpProxy,
		IntegrationUri: aws.String("https://example.com/"), IntegrationMethod: aws.String("ANY"), PayloadFormatVersion: aws.String("1.0")}))(t)
	target := aws.String("integrations/" + *shared.IntegrationId)
	for _, key := range []string{"GET /pets", "GET /pets/{id}", "$default"} {
		must(w.http.CreateRoute(ctx, &apigatewayv2.CreateRouteInput{ApiId: &id, RouteKey: &key, Target: target, AuthorizationType: v2.AuthorizationTypeJwt,
			AuthorizerId: authorizer.AuthorizerId, AuthorizationScopes: []string{"pets/read"}}))(t)
	}
	must(w.http.CreateStage(ctx, &apigatewayv2.CreateStageInput{ApiId: &id, StageName: aws.String("$default"), AutoDeploy: aws.Bool(true)}))(t)
	must(w.http.CreateStage(ctx, &apigatewayv2.CreateStageInput{ApiId: &id, StageName: aws.String("empty")}))(t)
	r := w.reader(nil)
	api := must(r.HTTPAPI(ctx, id, ""))(t)
	if gaps := r.Gaps(); len(gaps) > 0 {
		t.Fatalf("gaps: %+v", gaps)
	}
	if diff := cmp.Diff(api.Live, api.Stages["$default"].Snapshot, unexported); diff != "" {
		t.Errorf("(-live +deployed)\n%s", diff)
	}
	if len(api.Live.Routes) != 3 || len(api.Live.Integrations) != 1 || api.Stages["empty"] == nil || api.Stages["empty"].Snapshot != nil {
		t.Errorf("%d routes, %d integrations, empty stage %+v", len(api.Live.Routes), len(api.Live.Integrations), api.Stages["empty"])
	}
	if rest := must(r.RESTAPI(ctx, id, ""))(t); rest != nil {
		t.Error("an HTTP API was read as a REST API")
	}
	if gaps := r.Gaps(); len(gaps) > 0 {
		t.Errorf("that it is no REST API became a gap: %+v", gaps)
	}
}

func TestAPoolWithoutItsSecrets(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	pool := must(w.pool.CreateUserPool(ctx, &cip.CreateUserPoolInput{PoolName: aws.String("pets")}))(t).UserPool
	client := must(w.pool.CreateUserPoolClient(ctx, &cip.CreateUserPoolClientInput{UserPoolId: pool.Id, ClientName: aws.String("server"), GenerateSecret: true}))(t).UserPoolClient
	must(w.pool.CreateGroup(ctx, &cip.CreateGroupInput{UserPoolId: pool.Id, GroupName: aws.String("admins")}))(t)
	must(w.pool.CreateResourceServer(ctx, &cip.CreateResourceServerInput{UserPoolId: pool.Id, Identifier: aws.String("pets"), Name: aws.String("pets")}))(t)
	must(w.pool.AdminCreateUser(ctx, &cip.AdminCreateUserInput{UserPoolId: pool.Id, Username: aws.String("jo"), MessageAction: types.MessageActionTypeSuppress}))(t)
	r := w.reader(nil)
	got := must(r.Pool(ctx, *pool.Id))(t)
	if gaps := r.Gaps(); len(gaps) > 0 {
		t.Fatalf("gaps: %+v", gaps)
	}
	if got.ARN != *pool.Arn || got.Gone || len(got.Groups) != 1 || len(got.ResourceServers) != 1 || len(got.JWKS) < 500 {
		t.Errorf("read %+v", got)
	}
	if secret := aws.ToString(got.Clients[*client.ClientId].ClientSecret); secret != account.SecretDropped {
		t.Errorf("the client's secret is %d letters", len(secret))
	}
	if user := must(r.User(ctx, *pool.Id, "jo"))(t); user == nil || user.Gone || user.Status != types.UserStatusTypeForceChangePassword || !user.Enabled {
		t.Errorf("the user is %+v", user)
	}
	if user := must(r.User(ctx, *pool.Id, "nobody"))(t); user == nil || !user.Gone {
		t.Errorf("a user who does not exist is %+v", user)
	}
	if gone := must(r.Pool(ctx, "eu-west-1_Gone00000"))(t); gone == nil || !gone.Gone {
		t.Errorf("a pool that does not exist is %+v", gone)
	}
	for _, id := range []string{"", "pets", "eu-west-1_a/b", "../x_y"} {
		if got := must(r.Pool(ctx, id))(t); got != nil {
			t.Errorf("%q was read as a pool", id)
		}
	}
	if gaps := r.Gaps(); len(gaps) > 0 {
		t.Errorf("gaps: %+v", gaps)
	}
}
