package gateway

import (
	"context"

	"github.com/poolgate/poolgate/internal/apigateway"
)

// load compiles what an API's stages serve.
func (g *Gateway) load(ctx context.Context, apiID string) (*apiPlan, error) {
	published, err := g.apis.Published(ctx, apiID)
	if err != nil {
		return nil, err
	}
	plan := &apiPlan{id: apiID, stages: make(map[string]*stagePlan, len(published))}
	for name, p := range published {
		stage := g.serving(ctx, name, p)
		if p.Canary != nil {
			g.addCanary(ctx, stage, p)
		}
		plan.stages[name] = stage
	}
	return plan, nil
}

// serving compiles what a stage serves of one deployment.
func (g *Gateway) serving(ctx context.Context, name string, p *apigateway.Published) *stagePlan {
	c := &compiler{engine: g.engine, snapshot: p.Snapshot}
	stage := c.stage(name, p.DeploymentID, variablesOf{p.Stage.Variables, true})
	stage.cacheOf = p.DeploymentID
	g.measure(stage, p)
	if g.logs != nil {
		stage.logging = loggingOf(stage, &p.Stage)
	}
	for _, problem := range c.problems {
		g.log.WarnContext(ctx, "a part of a stage cannot be served", "api", stage.api, "stage", name, "deployment", p.DeploymentID, "problem", problem)
	}
	return stage
}
