package apigateway

import (
	"errors"
	"strconv"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/google/go-cmp/cmp"

	"github.com/poolgate/poolgate/internal/fault"
)

// publisher is a gateway that does as a test says.
type publisher func(*Snapshot) error

func (p publisher) Compile(snapshot *Snapshot) error { return p(snapshot) }

func TestCreateDeploymentAnswersAsRecorded(t *testing.T) {
	g := newGate(t)
	api, _ := g.createMockAPI()
	out := ok(g.CreateDeployment(g.ctx(), &apigateway.CreateDeploymentInput{RestApiId: api, Description: aws.String("first")}))(t)
	id, created := out.Id, out.CreatedDate
	if created == nil {
		t.Error("no creation date")
	}
	out.CreatedDate = nil
	shows(t, out, `{"id":"`+*id+`","description":"first"}`)
	if published, err := g.Published(t.Context(), *api); err != nil || len(published) != 0 {
		t.Errorf("a deployment without a stage is served: %v, %v", published, err)
	}

	got := ok(g.GetDeployment(g.ctx(), &apigateway.GetDeploymentInput{RestApiId: api, DeploymentId: id, Embed: []string{"apisummary"}}))(t)
	if !got.CreatedDate.Equal(*created) {
		t.Errorf("created %v, then %v", created, got.CreatedDate)
	}
	got.CreatedDate = nil
	shows(t, got, `{"id":"`+*id+`","description":"first","apiSummary":{"/":{"GET":{"apiKeyRequired":false,"authorizationType":"NONE"}}}}`)

	updated := ok(g.UpdateDeployment(g.ctx(), &apigateway.UpdateDeploymentInput{RestApiId: api, DeploymentId: id,
		PatchOperations: []types.PatchOperation{operation(opReplace, "/description", "new")}}))(t)
	if *updated.Description != "new" {
		t.Errorf("description %q", *updated.Description)
	}
	if list := ok(g.GetDeployments(g.ctx(), &apigateway.GetDeploymentsInput{RestApiId: api}))(t); len(list.Items) != 1 || *list.Items[0].Description != "new" {
		t.Errorf("listed: %v", list.Items)
	}
	refused(g.GetDeployment(g.ctx(), &apigateway.GetDeploymentInput{RestApiId: api, DeploymentId: aws.String("nosuch")}))(t,
		"NotFoundException", "Invalid Deployment identifier specified")
}

func TestCreateDeploymentRefusesAnUnfinishedAPI(t *testing.T) {
	g := newGate(t)
	api, root := g.createAPI()
	in := &apigateway.CreateDeploymentInput{RestApiId: api, StageName: aws.String("dev")}
	refused(g.CreateDeployment(g.ctx(), in))(t, "BadRequestException", "The REST API doesn't contain any methods")
	g.putMethod(api, root, "GET")
	refused(g.CreateDeployment(g.ctx(), in))(t, "BadRequestException", "No integration defined for method")
	g.putMock(api, root, "GET")
	in.StageName = aws.String("not a name")
	refused(g.CreateDeployment(g.ctx(), in))(t, "BadRequestException", "Stage name only allows a-zA-Z0-9_-")
	if list := ok(g.GetDeployments(g.ctx(), &apigateway.GetDeploymentsInput{RestApiId: api}))(t); len(list.Items) != 0 {
		t.Errorf("refused deployments are there: %v", list.Items)
	}
}

func TestAPrivateAPIWantsAPolicyToBeDeployed(t *testing.T) {
	g := newGate(t)
	api, _ := g.createMockAPI()
	ok(g.UpdateRestApi(g.ctx(), &apigateway.UpdateRestApiInput{RestApiId: api, PatchOperations: []types.PatchOperation{
		operation(opReplace, "/endpointConfiguration/types/EDGE", "PRIVATE")}}))(t)
	in := &apigateway.CreateDeploymentInput{RestApiId: api, StageName: aws.String("dev")}
	refused(g.CreateDeployment(g.ctx(), in))(t, "BadRequestException", "Private REST API doesn't have a resource policy attached to it")
	ok(g.UpdateRestApi(g.ctx(), &apigateway.UpdateRestApiInput{RestApiId: api, PatchOperations: []types.PatchOperation{
		operation(opReplace, "/policy", `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke","Resource":"execute-api:/*"}]}`)}}))(t)
	ok(g.CreateDeployment(g.ctx(), in))(t)
}

func TestASnapshotThatDoesNotCompileLeavesTheStageAsItWas(t *testing.T) {
	var refusal error
	g := newGate(t, func(c *Config) { c.Publisher = publisher(func(*Snapshot) error { return refusal }) })
	api, _ := g.createMockAPI()
	first := g.deploy(api, "dev")
	refusal = errors.New("method GET / maps a template that is not closed")
	refused(g.CreateDeployment(g.ctx(), &apigateway.CreateDeploymentInput{RestApiId: api, StageName: aws.String("dev")}))(t,
		"BadRequestException", "method GET / maps a template that is not closed")
	if stage := ok(g.GetStage(g.ctx(), &apigateway.GetStageInput{RestApiId: api, StageName: aws.String("dev")}))(t); *stage.DeploymentId != *first {
		t.Errorf("the stage moved to %s", *stage.DeploymentId)
	}
	if list := ok(g.GetDeployments(g.ctx(), &apigateway.GetDeploymentsInput{RestApiId: api}))(t); len(list.Items) != 1 {
		t.Errorf("deployments: %v", list.Items)
	}
}

func TestAnEditDuringADeploymentIsInItOrAfterIt(t *testing.T) {
	edits := 0
	var g *gate
	var api, root *string
	compiled := 0
	g = newGate(t, func(c *Config) {
		c.Publisher = publisher(func(*Snapshot) error {
			compiled++
			if edits > 0 {
				edits--
				g.createResource(api, root, "edit-"+strconv.Itoa(compiled))
			}
			return nil
		})
	})
	api, root = g.createMockAPI()
	edits = 2
	g.deploy(api, "dev")
	if compiled != 3 {
		t.Errorf("compiled %d times, want again after each of 2 edits", compiled)
	}
	published, err := g.Published(t.Context(), *api)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(published["dev"].Snapshot.Resources); n != 3 {
		t.Errorf("%d resources are served, want all 3", n)
	}

	edits = deployAttempts
	refused(g.CreateDeployment(g.ctx(), &apigateway.CreateDeploymentInput{RestApiId: api}))(t, "ConflictException", concurrently)
}

func TestConcurrentDeploymentsAndEditsAllEnd(t *testing.T) {
	g := newGate(t)
	api, root := g.createMockAPI()
	var wait sync.WaitGroup
	for i := range 4 {
		wait.Go(func() {
			if _, err := g.CreateDeployment(g.ctx(), &apigateway.CreateDeploymentInput{RestApiId: api, StageName: aws.String("dev")}); err != nil && !fault.Is(err, "ConflictException") {
				t.Error(err)
			}
		})
		wait.Go(func() {
			part := string(rune('a' + i))
			if _, err := g.CreateResource(g.ctx(), &apigateway.CreateResourceInput{RestApiId: api, ParentId: root, PathPart: &part}); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if got := g.paths(api); len(got) != 5 {
		t.Errorf("resources: %v", got)
	}
	if published, err := g.Published(t.Context(), *api); err != nil || published["dev"] == nil {
		t.Errorf("published: %v, %v", published, err)
	}
}

func TestDeployingToAStageKeepsItsSettings(t *testing.T) {
	g := newGate(t)
	api, _ := g.createMockAPI()
	ok(g.CreateDeployment(g.ctx(), &apigateway.CreateDeploymentInput{RestApiId: api, StageName: aws.String("dev"),
		StageDescription: aws.String("my stage"), Variables: map[string]string{"a": "1", "b": "2"}, TracingEnabled: aws.Bool(true)}))(t)
	ok(g.UpdateStage(g.ctx(), &apigateway.UpdateStageInput{RestApiId: api, StageName: aws.String("dev"), PatchOperations: []types.PatchOperation{
		operation(opReplace, "/*/*/metrics/enabled", "true")}}))(t)
	second := ok(g.CreateDeployment(g.ctx(), &apigateway.CreateDeploymentInput{RestApiId: api, StageName: aws.String("dev"), Variables: map[string]string{"b": "3"}}))(t)
	stage := ok(g.GetStage(g.ctx(), &apigateway.GetStageInput{RestApiId: api, StageName: aws.String("dev")}))(t)
	if *stage.DeploymentId != *second.Id || *stage.Description != "my stage" || !stage.TracingEnabled || !stage.MethodSettings["*/*"].MetricsEnabled {
		t.Errorf("stage: %+v", stage)
	}
	if diff := cmp.Diff(map[string]string{"a": "1", "b": "3"}, stage.Variables); diff != "" {
		t.Errorf("variables (-want +got)\n%s", diff)
	}
}

func TestADeploymentThatAStagePointsToCannotBeDeleted(t *testing.T) {
	g := newGate(t)
	api, _ := g.createMockAPI()
	first := g.deploy(api, "dev")
	remove := &apigateway.DeleteDeploymentInput{RestApiId: api, DeploymentId: first}
	const active = "Active stages pointing to this deployment must be moved or deleted"
	refused(g.DeleteDeployment(g.ctx(), remove))(t, "BadRequestException", active)
	second := g.deploy(api, "dev")
	update := func(o ...types.PatchOperation) {
		t.Helper()
		ok(g.UpdateStage(g.ctx(), &apigateway.UpdateStageInput{RestApiId: api, StageName: aws.String("dev"), PatchOperations: o}))(t)
	}
	update(operation(opReplace, "/canarySettings/deploymentId", *first))
	refused(g.DeleteDeployment(g.ctx(), remove))(t, "BadRequestException", active)
	update(operation(opRemove, "/canarySettings"))
	ok(g.DeleteDeployment(g.ctx(), remove))(t)
	refused(g.DeleteDeployment(g.ctx(), remove))(t, "NotFoundException", "Invalid Deployment identifier specified")
	ok(g.DeleteStage(g.ctx(), &apigateway.DeleteStageInput{RestApiId: api, StageName: aws.String("dev")}))(t)
	ok(g.DeleteDeployment(g.ctx(), &apigateway.DeleteDeploymentInput{RestApiId: api, DeploymentId: second}))(t)
}

func TestCanaryDeploymentsAnswerAsRecorded(t *testing.T) {
	g := newGate(t)
	api, _ := g.createMockAPI()
	canary := func(stage *string) (*apigateway.CreateDeploymentOutput, error) {
		return g.CreateDeployment(g.ctx(), &apigateway.CreateDeploymentInput{RestApiId: api, StageName: stage,
			CanarySettings: &types.DeploymentCanarySettings{PercentTraffic: 50, StageVariableOverrides: map[string]string{"testVar": "canary"}}})
	}
	const prefix = "Invalid deployment content specified."
	refused(canary(nil))(t, "BadRequestException", prefix+"Non null and non empty stageName must be provided for canary deployment. Provided value is null")
	refused(canary(aws.String("")))(t, "BadRequestException", prefix+"Non null and non empty stageName must be provided for canary deployment. Provided value is ")
	refused(canary(aws.String("non-existing")))(t, "BadRequestException", prefix+"Stage non-existing must already be created before making a canary release deployment")

	main := g.deploy(api, "dev")
	second := ok(canary(aws.String("dev")))(t)
	stage := ok(g.GetStage(g.ctx(), &apigateway.GetStageInput{RestApiId: api, StageName: aws.String("dev")}))(t)
	stage.CreatedDate, stage.LastUpdatedDate = nil, nil
	shows(t, stage, `{"cacheClusterEnabled":false,"cacheClusterStatus":"NOT_AVAILABLE","deploymentId":"`+*main+`","methodSettings":{},"stageName":"dev","tracingEnabled":false,
		"canarySettings":{"deploymentId":"`+*second.Id+`","percentTraffic":50,"stageVariableOverrides":{"testVar":"canary"},"useStageCache":false}}`)
	published, err := g.Published(t.Context(), *api)
	if err != nil || published["dev"].DeploymentID != *main {
		t.Errorf("published: %v, %v", published, err)
	}
}
