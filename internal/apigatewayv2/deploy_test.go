package apigatewayv2

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"

	"github.com/poolgate/poolgate/internal/store"
)

// keys are the keys of the routes that a stage serves.
func (g *gate) served(api *string, stage string) map[string]bool {
	g.Helper()
	published, err := g.Published(g.Context(), *api)
	if err != nil {
		g.Fatal(err)
	}
	keys := map[string]bool{}
	if p := published[stage]; p != nil && p.Snapshot != nil {
		for _, r := range p.Snapshot.Routes {
			keys[*r.Value.RouteKey] = true
		}
	}
	return keys
}

func TestAnEditWithoutADeploymentChangesNothing(t *testing.T) {
	g := newGate(t)
	api := g.createAPI()
	refused(g.CreateDeployment(g.ctx(), &apigatewayv2.CreateDeploymentInput{ApiId: api}))(t, bad, "Unable to deploy API because no routes exist in this API")
	g.createRoute(api, "GET /a")
	g.createStage(api, "prod", false)
	if served := g.served(api, "prod"); len(served) != 0 {
		t.Errorf("a stage without a deployment serves %v", served)
	}
	first := g.deploy(api, "prod")
	g.createRoute(api, "GET /b")
	ok(g.UpdateApi(g.ctx(), &apigatewayv2.UpdateApiInput{ApiId: api, CorsConfiguration: &types.Cors{AllowOrigins: []string{"*"}}}))(t)
	if served := g.served(api, "prod"); len(served) != 1 || !served["GET /a"] {
		t.Errorf("serves %v", served)
	}
	published, _ := g.Published(t.Context(), *api)
	if published["prod"].Snapshot.API.Value.CorsConfiguration != nil {
		t.Error("CORS acts without a deployment")
	}
	second := g.deploy(api, "prod")
	if served := g.served(api, "prod"); len(served) != 2 {
		t.Errorf("serves %v", served)
	}
	refused(g.DeleteDeployment(g.ctx(), &apigatewayv2.DeleteDeploymentInput{ApiId: api, DeploymentId: second}))(t, bad, "Active stages pointing to this deployment must be moved or deleted")
	ok(g.UpdateStage(g.ctx(), &apigatewayv2.UpdateStageInput{ApiId: api, StageName: aws.String("prod"), DeploymentId: first}))(t)
	if served := g.served(api, "prod"); len(served) != 1 {
		t.Errorf("rolled back, it serves %v", served)
	}
	ok(g.DeleteDeployment(g.ctx(), &apigatewayv2.DeleteDeploymentInput{ApiId: api, DeploymentId: second}))(t)
	refused(g.GetDeployment(g.ctx(), &apigatewayv2.GetDeploymentInput{ApiId: api, DeploymentId: second}))(t, missing, noDeployment.Message)
	refused(g.DeleteDeployment(g.ctx(), &apigatewayv2.DeleteDeploymentInput{ApiId: api, DeploymentId: second}))(t, missing, noDeployment.Message)
	refused(g.UpdateStage(g.ctx(), &apigatewayv2.UpdateStageInput{ApiId: api, StageName: aws.String("prod"), DeploymentId: second}))(t, missing, noDeployment.Message)
	refused(g.CreateDeployment(g.ctx(), &apigatewayv2.CreateDeploymentInput{ApiId: api, StageName: aws.String("none")}))(t, missing, noStage.Message)

	updated := ok(g.UpdateDeployment(g.ctx(), &apigatewayv2.UpdateDeploymentInput{ApiId: api, DeploymentId: first, Description: aws.String("the first")}))(t)
	updated.CreatedDate = nil
	shows(t, updated, `{"deploymentId":"`+*first+`","deploymentStatus":"DEPLOYED","autoDeployed":false,"description":"the first"}`)
	refused(g.UpdateDeployment(g.ctx(), &apigatewayv2.UpdateDeploymentInput{ApiId: api, DeploymentId: second}))(t, missing, noDeployment.Message)
	if list := ok(g.GetDeployments(g.ctx(), &apigatewayv2.GetDeploymentsInput{ApiId: api}))(t); len(list.Items) != 1 || *list.Items[0].DeploymentId != *first {
		t.Errorf("%v", list.Items)
	}
}

func TestAStageWithAutoDeployFollowsEveryEdit(t *testing.T) {
	g := newGate(t)
	api := g.createAPI()
	stage := g.createStage(api, DefaultStage, true)
	if got := aws.ToString(stage.LastDeploymentStatusMessage); got != "Deployment attempt failed: Unable to deploy API because no routes exist in this API" || stage.DeploymentId != nil {
		t.Errorf("an API without routes: %q, %v", got, stage.DeploymentId)
	}
	id := g.createRoute(api, "GET /a")
	edits := []struct {
		name string
		edit func()
		want string
	}{
		{"a route", func() {}, "GET /a"},
		{"its key", func() {
			ok(g.UpdateRoute(g.ctx(), &apigatewayv2.UpdateRouteInput{ApiId: api, RouteId: id, RouteKey: aws.String("GET /b")}))(t)
		}, "GET /b"},
		{"another route", func() { g.createRoute(api, "GET /c") }, "GET /c"},
	}
	for _, e := range edits {
		e.edit()
		if served := g.served(api, DefaultStage); !served[e.want] {
			t.Errorf("after %s it serves %v", e.name, served)
		}
	}
	shown := ok(g.GetStage(g.ctx(), &apigatewayv2.GetStageInput{ApiId: api, StageName: aws.String(DefaultStage)}))(t)
	if want := "Successfully deployed stage with deployment ID '" + aws.ToString(shown.DeploymentId) + "'"; aws.ToString(shown.LastDeploymentStatusMessage) != want {
		t.Errorf("%q", aws.ToString(shown.LastDeploymentStatusMessage))
	}
	made := ok(g.GetDeployment(g.ctx(), &apigatewayv2.GetDeploymentInput{ApiId: api, DeploymentId: shown.DeploymentId}))(t)
	if !*made.AutoDeployed || *made.Description != "Automatic deployment triggered by changes to the Api configuration" {
		t.Errorf("%+v", made)
	}
	const refusal = "DeploymentId cannot be set for a stage with AutoDeploy enabled"
	refused(g.UpdateStage(g.ctx(), &apigatewayv2.UpdateStageInput{ApiId: api, StageName: aws.String(DefaultStage), DeploymentId: shown.DeploymentId}))(t, bad, refusal)
	refused(g.CreateStage(g.ctx(), &apigatewayv2.CreateStageInput{ApiId: api, StageName: aws.String("x"), AutoDeploy: aws.Bool(true), DeploymentId: shown.DeploymentId}))(t, bad, refusal)

	// Without it, the stage stays where it is; with it again, it catches up at once.
	ok(g.UpdateStage(g.ctx(), &apigatewayv2.UpdateStageInput{ApiId: api, StageName: aws.String(DefaultStage), AutoDeploy: aws.Bool(false)}))(t)
	g.createRoute(api, "GET /later")
	if g.served(api, DefaultStage)["GET /later"] {
		t.Error("it follows though it must not")
	}
	ok(g.UpdateStage(g.ctx(), &apigatewayv2.UpdateStageInput{ApiId: api, StageName: aws.String(DefaultStage), AutoDeploy: aws.Bool(true)}))(t)
	if !g.served(api, DefaultStage)["GET /later"] {
		t.Error("it did not catch up")
	}
}

func TestAutomaticDeploymentsDoNotPileUp(t *testing.T) {
	g := newGate(t)
	api := g.createAPI()
	g.createStage(api, "prod", true)
	for i := range 3 * automaticKept {
		g.createRoute(api, fmt.Sprintf("GET /%d", i))
	}
	list := ok(g.GetDeployments(g.ctx(), &apigatewayv2.GetDeploymentsInput{ApiId: api, MaxResults: aws.String("500")}))(t)
	if len(list.Items) > automaticKept+1 {
		t.Errorf("%d deployments are kept", len(list.Items))
	}
	stage := ok(g.GetStage(g.ctx(), &apigatewayv2.GetStageInput{ApiId: api, StageName: aws.String("prod")}))(t)
	ok(g.GetDeployment(g.ctx(), &apigatewayv2.GetDeploymentInput{ApiId: api, DeploymentId: stage.DeploymentId}))(t)
	if served := g.served(api, "prod"); len(served) != 3*automaticKept {
		t.Errorf("serves %d routes", len(served))
	}
}

// picky refuses snapshots that have a route of that key.
type picky struct{ key string }

func (p picky) Compile(snapshot *Snapshot) error {
	for _, r := range snapshot.Routes {
		if *r.Value.RouteKey == p.key {
			return errors.New("no such thing: " + p.key)
		}
	}
	return nil
}

func TestWhatCannotBeServedLeavesTheStageAsItWas(t *testing.T) {
	g := newGate(t, func(c *Config) { c.Publisher = picky{"GET /bad"} })
	api := g.createAPI()
	g.createRoute(api, "GET /good")
	g.createStage(api, "auto", true)
	g.createStage(api, "hand", false)
	g.deploy(api, "hand")
	g.createRoute(api, "GET /bad")
	refused(g.CreateDeployment(g.ctx(), &apigatewayv2.CreateDeploymentInput{ApiId: api, StageName: aws.String("hand")}))(t, bad, "no such thing: GET /bad")
	for _, stage := range []string{"auto", "hand"} {
		if served := g.served(api, stage); len(served) != 1 || !served["GET /good"] {
			t.Errorf("%s serves %v", stage, served)
		}
	}
	shown := ok(g.GetStage(g.ctx(), &apigatewayv2.GetStageInput{ApiId: api, StageName: aws.String("auto")}))(t)
	if got := aws.ToString(shown.LastDeploymentStatusMessage); got != "Deployment attempt failed: no such thing: GET /bad" {
		t.Errorf("%q", got)
	}
}

func TestAnEditThatACrashCutOffFromItsDeploymentIsMadeUpFor(t *testing.T) {
	g := newGate(t)
	api := g.createAPI()
	g.createStage(api, "prod", true)
	g.createRoute(api, "GET /a")
	err := g.store.Update(t.Context(), func(tx *store.Tx) error { // the edit's own transaction, and nothing behind it
		stored, err := apis.Get(tx, apiScope, *api)
		if err != nil {
			return err
		}
		stored.Revision++
		if err := apis.Put(tx, apiScope, *api, stored); err != nil {
			return err
		}
		_, err = g.insertRoute(&edit{tx: tx, id: *api, api: stored}, types.Route{RouteKey: aws.String("GET /b")})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if served := g.served(api, "prod"); !served["GET /b"] {
		t.Errorf("serves %v", served)
	}
}

// leaving is a Publisher whose caller goes away while it compiles.
type leaving struct{ leave context.CancelFunc }

func (l *leaving) Compile(*Snapshot) error {
	if l.leave != nil {
		l.leave()
	}
	return nil
}

func TestACallerWhoGoesAwayLeavesNoStageBehind(t *testing.T) {
	publisher := &leaving{}
	g := newGate(t, func(c *Config) { c.Publisher = publisher })
	api := g.createAPI()
	g.createStage(api, "prod", true)
	ctx, cancel := context.WithCancel(g.ctx())
	defer cancel()
	publisher.leave = cancel
	_, _ = g.CreateRoute(ctx, &apigatewayv2.CreateRouteInput{ApiId: api, RouteKey: aws.String("GET /a")})
	stage := ok(g.GetStage(g.ctx(), &apigatewayv2.GetStageInput{ApiId: api, StageName: aws.String("prod")}))(t)
	if stage.DeploymentId == nil {
		t.Errorf("the stage says %q", aws.ToString(stage.LastDeploymentStatusMessage))
	}
}

func TestEditsAtOnceAreAllServed(t *testing.T) {
	g := newGate(t)
	api := g.createAPI()
	g.createStage(api, "prod", true)
	var all sync.WaitGroup
	failed := make(chan error, 16)
	for i := range cap(failed) {
		all.Go(func() {
			_, err := g.CreateRoute(g.ctx(), &apigatewayv2.CreateRouteInput{ApiId: api, RouteKey: aws.String(fmt.Sprintf("GET /%d", i))})
			failed <- err
		})
	}
	all.Wait()
	for range cap(failed) {
		if err := <-failed; err != nil {
			t.Error(err)
		}
	}
	if served := g.served(api, "prod"); len(served) != cap(failed) {
		t.Errorf("serves %d of %d routes", len(served), cap(failed))
	}
}
