package apigateway

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/google/go-cmp/cmp"

	"github.com/poolgate/poolgate/internal/clock"
)

// recordedStagePaths is the list of paths to the byte as AWS was recorded to give it.
const recordedStagePaths = "[/deploymentId, /description, /cacheClusterEnabled, /cacheClusterSize, /clientCertificateId, /accessLogSettings, /accessLogSettings/destinationArn, /accessLogSettings/format, /{resourcePath}/{httpMethod}/metrics/enabled, /{resourcePath}/{httpMethod}/logging/dataTrace, /{resourcePath}/{httpMethod}/logging/loglevel, /{resourcePath}/{httpMethod}/throttling/burstLimit/{resourcePath}/{httpMethod}/throttling/rateLimit/{resourcePath}/{httpMethod}/caching/ttlInSeconds, /{resourcePath}/{httpMethod}/caching/enabled, /{resourcePath}/{httpMethod}/caching/dataEncrypted, /{resourcePath}/{httpMethod}/caching/requireAuthorizationForCacheControl, /{resourcePath}/{httpMethod}/caching/unauthorizedCacheControlHeaderStrategy, /*/*/metrics/enabled, /*/*/logging/dataTrace, /*/*/logging/loglevel, /*/*/throttling/burstLimit /*/*/throttling/rateLimit /*/*/caching/ttlInSeconds, /*/*/caching/enabled, /*/*/caching/dataEncrypted, /*/*/caching/requireAuthorizationForCacheControl, /*/*/caching/unauthorizedCacheControlHeaderStrategy, /variables/{variable_name}, /tracingEnabled]"

func (g *gate) updateStage(api *string, operations ...types.PatchOperation) (*apigateway.UpdateStageOutput, error) {
	return g.UpdateStage(g.ctx(), &apigateway.UpdateStageInput{RestApiId: api, StageName: aws.String("dev"), PatchOperations: operations})
}

func TestStagesAnswerAsRecorded(t *testing.T) {
	g := newGate(t)
	api, _ := g.createMockAPI()
	deployment := g.deploy(api, "")
	out := ok(g.CreateStage(g.ctx(), &apigateway.CreateStageInput{RestApiId: api, StageName: aws.String("dev"), DeploymentId: deployment,
		Description: aws.String("my stage"), DocumentationVersion: aws.String("v123")}))(t)
	if out.CreatedDate == nil || !out.CreatedDate.Equal(*out.LastUpdatedDate) {
		t.Errorf("created %v, updated %v", out.CreatedDate, out.LastUpdatedDate)
	}
	out.CreatedDate, out.LastUpdatedDate = nil, nil
	shows(t, out, `{"cacheClusterEnabled":false,"cacheClusterStatus":"NOT_AVAILABLE","deploymentId":"`+*deployment+`","description":"my stage",
		"documentationVersion":"v123","methodSettings":{},"stageName":"dev","tracingEnabled":false}`)

	updated := ok(g.updateStage(api,
		operation(opReplace, "/description", "stage new"), operation(opReplace, "/variables/var1", "test"), operation(opReplace, "/variables/var2", "test2"),
		operation(opReplace, "/*/*/throttling/burstLimit", "123"), operation(opReplace, "/*/*/caching/enabled", "true"), operation(opReplace, "/tracingEnabled", "true"),
	))(t)
	updated.CreatedDate, updated.LastUpdatedDate = nil, nil
	shows(t, updated, `{"cacheClusterEnabled":false,"cacheClusterStatus":"NOT_AVAILABLE","deploymentId":"`+*deployment+`","description":"stage new",
		"documentationVersion":"v123","methodSettings":{"*/*":{"cacheDataEncrypted":false,"cacheTtlInSeconds":300,"cachingEnabled":true,"dataTraceEnabled":false,
		"metricsEnabled":false,"requireAuthorizationForCacheControl":true,"throttlingBurstLimit":123,"throttlingRateLimit":10000,
		"unauthorizedCacheControlHeaderStrategy":"SUCCEED_WITH_RESPONSE_HEADER"}},"stageName":"dev","tracingEnabled":true,"variables":{"var1":"test","var2":"test2"}}`)

	ok(g.updateStage(api, operation(opRemove, "/*/*")))(t)
	if stage := ok(g.GetStage(g.ctx(), &apigateway.GetStageInput{RestApiId: api, StageName: aws.String("dev")}))(t); len(stage.MethodSettings) != 0 {
		t.Errorf("method settings are left: %v", stage.MethodSettings)
	}
	ok(g.DeleteStage(g.ctx(), &apigateway.DeleteStageInput{RestApiId: api, StageName: aws.String("dev")}))(t)
	refused(g.GetStage(g.ctx(), &apigateway.GetStageInput{RestApiId: api, StageName: aws.String("dev")}))(t, "NotFoundException", "Invalid stage identifier specified")
	refused(g.DeleteStage(g.ctx(), &apigateway.DeleteStageInput{RestApiId: api, StageName: aws.String("dev")}))(t, "NotFoundException", "Invalid stage identifier specified")
}

func TestCreateStageRefuses(t *testing.T) {
	g := newGate(t)
	api, _ := g.createMockAPI()
	deployment := g.deploy(api, "dev")
	for _, test := range []struct {
		name, code, want string
		in               apigateway.CreateStageInput
	}{
		{"a stage that is there", "ConflictException", "Stage already exists", apigateway.CreateStageInput{StageName: aws.String("dev"), DeploymentId: deployment}},
		{"an unknown deployment", "BadRequestException", "Deployment id does not exist",
			apigateway.CreateStageInput{StageName: aws.String("prod"), DeploymentId: aws.String("nosuch")}},
		{"a canary of an unknown deployment", "BadRequestException", "Deployment id does not exist", apigateway.CreateStageInput{StageName: aws.String("prod"), DeploymentId: deployment,
			CanarySettings: &types.CanarySettings{DeploymentId: aws.String("nosuch")}}},
		{"a name with a slash", "BadRequestException", "Stage name only allows a-zA-Z0-9_-", apigateway.CreateStageInput{StageName: aws.String("a/b"), DeploymentId: deployment}},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.in.RestApiId = api
			refused(g.CreateStage(g.ctx(), &test.in))(t, test.code, test.want)
		})
	}
}

func TestUpdateStageRefusesAsRecorded(t *testing.T) {
	const (
		nothing    = " because there is no method setting for this method "
		accessLogs = "Invalid accessLogSettings path. Must be one of : [/accessLogSettings/destinationArn, /accessLogSettings/format]"
	)
	copyFrom := func(path, from string) types.PatchOperation {
		return types.PatchOperation{Op: opCopy, Path: &path, From: &from}
	}
	for _, test := range []struct {
		name, want string
		operation  types.PatchOperation
	}{
		{"a path that is none", "Invalid method setting path: /documentation_version. Must be one of: " + recordedStagePaths, operation(opReplace, "/documentation_version", "v")},
		{"tags", "Invalid method setting path: /tags/tag1. Must be one of: " + recordedStagePaths, operation(opReplace, "/tags/tag1", "v")},
		{"a canary setting that is none", "Invalid method setting path: /canarySettings/badPath. Must be one of: " + recordedStagePaths, operation(opReplace, "/canarySettings/badPath", "v")},
		{"all canary settings replaced", "Invalid method setting path: /canarySettings. Must be one of: " + recordedStagePaths, operation(opReplace, "/canarySettings", "v")},
		{"a verb that is none", "Invalid method setting path: /pets/GETS/metrics/enabled. Must be one of: " + recordedStagePaths, operation(opReplace, "/pets/GETS/metrics/enabled", "true")},
		{"a slash in a path that is not escaped", "Invalid method setting path: /a/b/GET/metrics/enabled. Must be one of: " + recordedStagePaths, operation(opReplace, "/a/b/GET/metrics/enabled", "true")},
		{"method settings that are not there removed", "Cannot remove method setting */*" + nothing, operation(opRemove, "/*/*")},
		{"canary overrides removed", "Cannot remove method setting canarySettings/stageVariableOverrides" + nothing, operation(opRemove, "/canarySettings/stageVariableOverrides")},
		{"a canary setting that is none removed", "Cannot remove method setting canarySettings/badPath" + nothing, operation(opRemove, "/canarySettings/badPath")},
		{"a canary's deployment added", "Invalid add operation with path: /canarySettings/deploymentId", operation(opAdd, "/canarySettings/deploymentId", "x")},
		{"an unknown deployment", "Deployment id does not exist", operation(opReplace, "/deploymentId", "nosuch")},
		{"an unknown deployment for the canary", "Deployment id does not exist", operation(opReplace, "/canarySettings/deploymentId", "nosuch")},
		{"promotion without a canary", "Promotion not available. Canary does not exist.", copyFrom("/deploymentId", "/canarySettings/deploymentId")},
		{"a copy the other way", "Invalid copy operation with path: /canarySettings/stageVariableOverrides and from /variables. Valid copy:path are [/deploymentId, /variables] and " +
			"valid copy:from are [/canarySettings/deploymentId, /canarySettings/stageVariableOverrides]", copyFrom("/canarySettings/stageVariableOverrides", "/variables")},
		{"an access log setting that is none added", accessLogs, operation(opAdd, "/accessLogSettings/randomValue", "x")},
		{"an access log setting that is none replaced", accessLogs, operation(opReplace, "/accessLogSettings/randomValue", "x")},
		{"all access log settings added by a star", accessLogs, operation(opAdd, "/accessLogSettings/*", "x")},
		{"an access log setting that is none removed", "Cannot remove method setting accessLogSettings/randomValue" + nothing, operation(opRemove, "/accessLogSettings/randomValue")},
		{"all access log settings removed by a star", "Cannot remove method setting accessLogSettings/*" + nothing, operation(opRemove, "/accessLogSettings/*")},
		{"a destination that is not set removed", "Cannot remove method setting accessLogSettings/destinationArn" + nothing, operation(opRemove, "/accessLogSettings/destinationArn")},
		{"an empty destination", "Access Log value must not be empty", operation(opReplace, "/accessLogSettings/destinationArn", "")},
		{"an empty format", "Access Log value must not be empty", operation(opAdd, "/accessLogSettings/format", "")},
		{"access logging without a role", "CloudWatch Logs role ARN must be set in account settings to enable logging",
			operation(opReplace, "/accessLogSettings/destinationArn", "arn:aws:logs:eu-west-1:111111111111:log-group:g")},
		{"execution logging without a role", "CloudWatch Logs role ARN must be set in account settings to enable logging", operation(opReplace, "/*/*/logging/loglevel", "INFO")},
		{"a limit in words", "Invalid value many for method setting /*/*/throttling/burstLimit. Must be a whole number", operation(opReplace, "/*/*/throttling/burstLimit", "many")},
		{"a rate that is no number", "Invalid value NaN for method setting /*/*/throttling/rateLimit. Must be a number", operation(opReplace, "/*/*/throttling/rateLimit", "NaN")},
		{"a share of more than all", "Percent traffic must be between 0.0 and 100.0", operation(opReplace, "/canarySettings/percentTraffic", "101")},
	} {
		t.Run(test.name, func(t *testing.T) {
			g := newGate(t)
			api, _ := g.createMockAPI()
			g.deploy(api, "dev")
			refused(g.updateStage(api, operation(opReplace, "/description", "changed"), test.operation))(t, "BadRequestException", test.want)
			if stage := ok(g.GetStage(g.ctx(), &apigateway.GetStageInput{RestApiId: api, StageName: aws.String("dev")}))(t); stage.Description != nil {
				t.Error("a refused request did its first operation")
			}
		})
	}
}

func TestLoggingIsTurnedOnOnceTheAccountHasARole(t *testing.T) {
	g := newGate(t)
	api, _ := g.createMockAPI()
	g.deploy(api, "dev")
	ok(g.updateStage(api, operation(opReplace, "/accessLogSettings/format", "$context.requestId"), operation(opReplace, "/*/*/logging/loglevel", "OFF"),
		operation(opReplace, "/accessLogSettings/destinationArn", "arn:aws:firehose:eu-west-1:111111111111:deliverystream/amazon-apigateway-s")))(t)
	ok(g.UpdateAccount(g.ctx(), &apigateway.UpdateAccountInput{PatchOperations: []types.PatchOperation{operation(opReplace, "/cloudwatchRoleArn", "arn:aws:iam::111111111111:role/logs")}}))(t)
	stage := ok(g.updateStage(api, operation(opReplace, "/accessLogSettings/destinationArn", "arn:aws:logs:eu-west-1:111111111111:log-group:g:*"),
		operation(opReplace, "/~1pets/GET/logging/loglevel", "INFO")))(t)
	if got := *stage.AccessLogSettings.DestinationArn; got != "arn:aws:logs:eu-west-1:111111111111:log-group:g" {
		t.Errorf("destination %s", got)
	}
	if got := aws.ToString(stage.MethodSettings["~1pets/GET"].LoggingLevel); got != "INFO" {
		t.Errorf("method settings %v", stage.MethodSettings)
	}
	ok(g.UpdateAccount(g.ctx(), &apigateway.UpdateAccountInput{PatchOperations: []types.PatchOperation{operation(opReplace, "/cloudwatchRoleArn", "")}}))(t)
	stage = ok(g.updateStage(api, operation(opRemove, "/accessLogSettings")))(t)
	if stage.AccessLogSettings != nil {
		t.Errorf("access log settings are left: %v", stage.AccessLogSettings)
	}
}

func TestCanarySettingsAreSetAndPromoted(t *testing.T) {
	g := newGate(t)
	api, _ := g.createMockAPI()
	first := g.deploy(api, "dev")
	second := g.deploy(api, "")
	canary := ok(g.updateStage(api, operation(opReplace, "/canarySettings/percentTraffic", "50")))(t).CanarySettings
	if *canary.DeploymentId != *first || canary.PercentTraffic != 50 {
		t.Errorf("a canary begun by its share: %+v", canary)
	}
	ok(g.updateStage(api, operation(opReplace, "/canarySettings/deploymentId", *second), operation(opReplace, "/canarySettings/stageVariableOverrides/testVar", "canary")))(t)
	from := func(path, source string) types.PatchOperation {
		return types.PatchOperation{Op: opCopy, Path: &path, From: &source}
	}
	stage := ok(g.updateStage(api, from("/deploymentId", "/canarySettings/deploymentId"), from("/variables", "/canarySettings/stageVariableOverrides"),
		operation(opRemove, "/canarySettings")))(t)
	if *stage.DeploymentId != *second || stage.CanarySettings != nil {
		t.Errorf("promoted: %+v", stage)
	}
	if diff := cmp.Diff(map[string]string{"testVar": "canary"}, stage.Variables); diff != "" {
		t.Errorf("variables (-want +got)\n%s", diff)
	}
}

func TestStageSettingsActAtOnce(t *testing.T) {
	g := newGate(t)
	api, _ := g.createMockAPI()
	g.deploy(api, "dev")
	var bumped int
	defer g.store.Watch(StageTopic(*api), func(string) { bumped++ })()
	ok(g.updateStage(api, operation(opReplace, "/variables/host", "example.com")))(t)
	published, err := g.Published(t.Context(), *api)
	if err != nil {
		t.Fatal(err)
	}
	if got := published["dev"].Stage.Variables["host"]; got != "example.com" || bumped != 1 {
		t.Errorf("the stage serves host=%q, bumped %d times", got, bumped)
	}
	ok(g.FlushStageAuthorizersCache(g.ctx(), &apigateway.FlushStageAuthorizersCacheInput{RestApiId: api, StageName: aws.String("dev")}))(t)
	if bumped != 1 {
		t.Errorf("a flush of the authorizers' cache made every node compile the stages anew: bumped %d times", bumped)
	}
	refused(g.FlushStageAuthorizersCache(g.ctx(), &apigateway.FlushStageAuthorizersCacheInput{RestApiId: api, StageName: aws.String("nosuch")}))(t,
		"NotFoundException", "Invalid stage identifier specified")
	ok(g.FlushStageCache(g.ctx(), &apigateway.FlushStageCacheInput{RestApiId: api, StageName: aws.String("dev")}))(t)
	refused(g.FlushStageCache(g.ctx(), &apigateway.FlushStageCacheInput{RestApiId: api, StageName: aws.String("nosuch")}))(t,
		"NotFoundException", "Invalid stage identifier specified")
}

func TestStagesAreListedInTheOrderOfTheirCreation(t *testing.T) {
	now := new(clock.Clock)
	g := newGate(t, func(c *Config) { c.Clock = now })
	api, _ := g.createMockAPI()
	first, second := g.deploy(api, ""), g.deploy(api, "")
	for i, name := range []string{"zeta", "alpha", "mid"} {
		deployment := first
		if i == 1 {
			deployment = second
		}
		ok(g.CreateStage(g.ctx(), &apigateway.CreateStageInput{RestApiId: api, StageName: &name, DeploymentId: deployment}))(t)
		now.Advance(time.Second)
	}
	names := func(deployment *string) string {
		var list []string
		for _, stage := range ok(g.GetStages(g.ctx(), &apigateway.GetStagesInput{RestApiId: api, DeploymentId: deployment}))(t).Item {
			list = append(list, *stage.StageName)
		}
		return strings.Join(list, " ")
	}
	if got := names(nil); got != "zeta alpha mid" {
		t.Errorf("all stages: %s", got)
	}
	if got := names(first); got != "zeta mid" {
		t.Errorf("stages of the first deployment: %s", got)
	}
}
