package apigateway

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/google/go-cmp/cmp"
)

// The walk the product exists for: protect a method with a scope, deploy, edit. What the stage serves changes with
// the next deployment and not before.
func TestAnEditIsNotServedBeforeItIsDeployed(t *testing.T) {
	g := newGate(t)
	api, root := g.createAPI()
	users := g.createResource(api, root, "users")
	authorizer := g.createPoolAuthorizer(api, "pool")
	const scope = "user_management_lambdas/api"
	method := ok(g.PutMethod(g.ctx(), &apigateway.PutMethodInput{
		RestApiId: api, ResourceId: users, HttpMethod: aws.String("GET"), AuthorizationType: aws.String("COGNITO_USER_POOLS"),
		AuthorizerId: authorizer, AuthorizationScopes: []string{scope},
	}))(t)
	shows(t, method, `{"apiKeyRequired":false,"authorizationScopes":["`+scope+`"],"authorizationType":"COGNITO_USER_POOLS","authorizerId":"`+*authorizer+`","httpMethod":"GET"}`)
	g.putMock(api, users, "GET")

	var bumped []string
	stop := g.store.Watch(StageTopic(*api), func(topic string) { bumped = append(bumped, topic) })
	defer stop()

	first := g.deploy(api, "dev")
	if want := []string{StageTopic(*api)}; !cmp.Equal(want, bumped) {
		t.Errorf("a deployment to a stage bumped %v, want %v", bumped, want)
	}
	scopes := func() []string {
		t.Helper()
		published, err := g.Published(t.Context(), *api)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range published["dev"].Snapshot.Resources {
			if *r.Value.Path == "/users" {
				return r.Value.ResourceMethods["GET"].AuthorizationScopes
			}
		}
		t.Fatal("the stage does not serve /users")
		return nil
	}
	if got := scopes(); !cmp.Equal([]string{scope}, got) {
		t.Fatalf("deployed scopes: %v", got)
	}

	ok(g.UpdateMethod(g.ctx(), &apigateway.UpdateMethodInput{RestApiId: api, ResourceId: users, HttpMethod: aws.String("GET"), PatchOperations: []types.PatchOperation{
		operation(opAdd, "/authorizationScopes", "other/scope"),
		operation(opRemove, "/authorizationScopes", scope),
	}}))(t)
	if len(bumped) != 1 {
		t.Errorf("an edit bumped: %v", bumped)
	}
	if got := scopes(); !cmp.Equal([]string{scope}, got) {
		t.Errorf("an edit without a deployment changed what is served: %v", got)
	}
	live, err := g.Live(t.Context(), *api)
	if err != nil {
		t.Fatal(err)
	}
	if got := live.Resources[1].Value.ResourceMethods["GET"].AuthorizationScopes; !cmp.Equal([]string{"other/scope"}, got) {
		t.Errorf("the live API has scopes %v", got)
	}

	second := g.deploy(api, "dev")
	if got := scopes(); !cmp.Equal([]string{"other/scope"}, got) {
		t.Errorf("after a deployment the stage serves scopes %v", got)
	}
	stage := ok(g.GetStage(g.ctx(), &apigateway.GetStageInput{RestApiId: api, StageName: aws.String("dev")}))(t)
	if *stage.DeploymentId != *second || *first == *second {
		t.Errorf("the stage is at deployment %s of %s, %s", *stage.DeploymentId, *first, *second)
	}
	if len(bumped) != 2 {
		t.Errorf("bumped: %v", bumped)
	}
}
