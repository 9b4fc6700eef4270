package gateway_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/poolgate/poolgate/internal/gateway"
)

// canaryWorld is an API at stage dev, whose version 2 is the stage's canary for 25 % of the requests.
type canaryWorld struct {
	*meteredWorld
	chance           float64
	logs             *kept
	base, deployment string
}

func canaryVersion(version string) []byte {
	template := version + ` $stageVariables.color $stageVariables.shape $context.deploymentId $context.isCanaryRequest`
	only := ""
	if version == "v2" {
		only = fmt.Sprintf(`,"/new":{"get":{"x-amazon-apigateway-integration":%s}}`, mockJSON("new"))
	}
	return fmt.Appendf(nil, `{"openapi":"3.0.1","info":{"title":"canary","version":"1"},"paths":{"/x":{"get":{"x-amazon-apigateway-integration":%s}}%s}}`, mockJSON(template), only)
}

func newCanary(t *testing.T) *canaryWorld {
	t.Helper()
	c := &canaryWorld{logs: &kept{}}
	c.meteredWorld = newMeteredWorld(t, memory(t), func(config *gateway.Config) {
		config.Logs, config.Chance = c.logs, func() float64 { return c.chance }
	})
	c.importWith(string(canaryVersion("v1")))
	done(c.UpdateAccount(c.ctx(), &apigateway.UpdateAccountInput{PatchOperations: patches("/cloudwatchRoleArn", "arn:aws:iam::000000000000:role/logs")}))(t)
	c.patchStage("dev", patches("/variables/color", "red", "/variables/shape", "round", "/*/*/logging/loglevel", "INFO",
		"/accessLogSettings/destinationArn", "arn:aws:logs:eu-west-1:000000000000:log-group:access", "/accessLogSettings/format", "$context.isCanaryRequest $context.status")...)
	c.base = *done(c.GetStage(c.ctx(), &apigateway.GetStageInput{RestApiId: &c.api, StageName: aws.String("dev")}))(t).DeploymentId
	done(c.PutRestApi(c.ctx(), &apigateway.PutRestApiInput{RestApiId: &c.api, Mode: types.PutModeMerge, Body: canaryVersion("v2")}))(t)
	return c
}

// release makes version 2 the stage's canary.
func (c *canaryWorld) release(t *testing.T, useStageCache bool) {
	t.Helper()
	c.deployment = *done(c.CreateDeployment(c.ctx(), &apigateway.CreateDeploymentInput{
		RestApiId: &c.api, StageName: aws.String("dev"),
		CanarySettings: &types.DeploymentCanarySettings{PercentTraffic: 25, StageVariableOverrides: map[string]string{"color": "blue"}, UseStageCache: useStageCache},
	}))(t).Id
}

func TestACanaryServesItsShare(t *testing.T) {
	c := newCanary(t)
	ask := func(when string, chance float64, want string) {
		t.Helper()
		c.chance = chance
		if got := send(t, c, "GET", "/dev/x"); got.StatusCode != 200 || strings.TrimSpace(got.body) != want {
			t.Errorf("%s: answered %d %q, want %q", when, got.StatusCode, got.body, want)
		}
	}
	ask("without a canary", 0, "v1 red round "+c.base)
	c.release(t, false)
	ask("within the share", 0.249, "v2 blue round "+c.deployment+" true")
	ask("at its end", 0.25, "v1 red round "+c.base+" false")
	ask("beyond", 0.999, "v1 red round "+c.base+" false")
	c.chance = 0.5
	if got := send(t, c, "GET", "/dev/new"); got.StatusCode != 403 {
		t.Errorf("the stage serves the canary's route: %d", got.StatusCode)
	}
	c.chance = 0
	if got := send(t, c, "GET", "/dev/new"); got.StatusCode != 200 {
		t.Errorf("the canary does not serve its route: %d", got.StatusCode)
	}
	if r := c.Recent(1, nil)[0]; r.Deployment != c.deployment {
		t.Errorf("the record names deployment %s", r.Deployment)
	}
	c.patchStage("dev", replace("/canarySettings/percentTraffic", "0"))
	ask("no share at all", 0, "v1 red round "+c.base+" false")
	c.patchStage("dev", replace("/canarySettings/percentTraffic", "100"))
	ask("all of it", 0.9999, "v2 blue round "+c.deployment+" true")

	c.patchStage("dev", types.PatchOperation{Op: types.OpCopy, Path: aws.String("/deploymentId"), From: aws.String("/canarySettings/deploymentId")},
		types.PatchOperation{Op: types.OpCopy, Path: aws.String("/variables"), From: aws.String("/canarySettings/stageVariableOverrides")},
		types.PatchOperation{Op: types.OpRemove, Path: aws.String("/canarySettings")})
	ask("promoted", 0.5, "v2 blue round "+c.deployment)
}

func TestACanaryLogsApart(t *testing.T) {
	c := newCanary(t)
	c.release(t, false)
	group := "API-Gateway-Execution-Logs_" + c.api + "/dev"
	for _, test := range []struct {
		chance       float64
		group, other string
		access       string
	}{
		{0, group + "/Canary", group, "true 200"},
		{0.9, group, group + "/Canary", "false 200"},
	} {
		c.chance = test.chance
		send(t, c, "GET", "/dev/x")
		c.logs.mu.Lock()
		for _, line := range c.logs.lines {
			if line.Group == test.other {
				t.Errorf("a line in %s: %s", line.Group, line.Message)
			}
			if line.Group == "access" && line.Message != test.access {
				t.Errorf("the access log says %q, want %q", line.Message, test.access)
			}
		}
		c.logs.mu.Unlock()
		if lines := c.logs.take(t, test.group, ""); len(lines) == 0 {
			t.Errorf("no line in %s", test.group)
		}
	}
}

func TestACanaryHasACacheOfItsOwnUnlessItUsesTheStages(t *testing.T) {
	for _, shared := range []bool{false, true} {
		c := newCanary(t)
		c.release(t, shared)
		c.patchStage("dev", patches("/cacheClusterEnabled", "true", "/*/*/caching/enabled", "true")...)
		c.chance = 0.9
		stage := send(t, c, "GET", "/dev/x").body
		c.chance = 0
		if canary := send(t, c, "GET", "/dev/x").body; (canary == stage) != shared {
			t.Errorf("useStageCache %v: the stage answered %q, the canary %q", shared, stage, canary)
		}
	}
}
