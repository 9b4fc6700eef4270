package gateway

import "context"

// load compiles what an API's stages serve.
func (g *Gateway) load(ctx context.Context, apiID string) (*apiPlan, error) {
	published, err := g.apis.Published(ctx, apiID)
	if err != nil {
		return nil, err
	}
	plan := &apiPlan{id: apiID, stages: make(map[string]*stagePlan, len(published))}
	for name, p := range published {
		c := &compiler{engine: g.engine, snapshot: p.Snapshot}
		stage := c.stage(name, p.DeploymentID, variablesOf{p.Stage.Variables, true})
		g.measure(stage, p)
		if g.logs != nil {
			stage.logging = loggingOf(stage, &p.Stage)
		}
		plan.stages[name] = stage
		for _, problem := range c.problems {
			g.log.WarnContext(ctx, "a part of a stage cannot be served", "api", apiID, "stage", name, "problem", problem)
		}
	}
	return plan, nil
}
