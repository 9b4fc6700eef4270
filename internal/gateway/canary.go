package gateway

import (
	"context"
	"maps"

	"github.com/poolgate/poolgate/internal/apigateway"
)

// addCanary compiles the deployment that a stage tries out on a share of its requests: with the stage's settings, its variables
// overridden where the canary says so, a log group of its own, and cached answers of its own unless it is to use the stage's (guide, "Set
// up an API Gateway canary release deployment").
func (g *Gateway) addCanary(ctx context.Context, stage *stagePlan, p *apigateway.Published) {
	settings := p.Stage.CanarySettings
	canary := &apigateway.Published{Snapshot: p.Canary, DeploymentID: p.CanaryDeploymentID, Stage: p.Stage}
	canary.Stage.Variables = make(map[string]string, len(p.Stage.Variables)+len(settings.StageVariableOverrides))
	maps.Copy(canary.Stage.Variables, p.Stage.Variables)
	maps.Copy(canary.Stage.Variables, settings.StageVariableOverrides)
	plan := g.serving(ctx, stage.name, canary)
	plan.isCanary = true
	plan.cacheOf = "canary of " + p.CanaryDeploymentID
	if settings.UseStageCache {
		plan.cacheOf = stage.cacheOf
	}
	if plan.logging != nil {
		plan.logging.group += "/Canary"
	}
	stage.canary, stage.canaryShare = plan, settings.PercentTraffic
}

// canaryOr chooses what serves a request: the stage's canary by its share, else the stage itself.
func (g *Gateway) canaryOr(stage *stagePlan) *stagePlan {
	if stage == nil || stage.canary == nil || g.chance()*100 >= stage.canaryShare {
		return stage
	}
	return stage.canary
}
