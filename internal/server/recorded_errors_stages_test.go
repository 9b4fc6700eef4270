package server

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
)

// recordedStagePaths is AWS's own list, commas missing and all.
const recordedStagePaths = "[/deploymentId, /description, /cacheClusterEnabled, /cacheClusterSize, /clientCertificateId, /accessLogSettings, /accessLogSettings/destinationArn, " +
	"/accessLogSettings/format, /{resourcePath}/{httpMethod}/metrics/enabled, /{resourcePath}/{httpMethod}/logging/dataTrace, /{resourcePath}/{httpMethod}/logging/loglevel, " +
	"/{resourcePath}/{httpMethod}/throttling/burstLimit/{resourcePath}/{httpMethod}/throttling/rateLimit/{resourcePath}/{httpMethod}/caching/ttlInSeconds, " +
	"/{resourcePath}/{httpMethod}/caching/enabled, /{resourcePath}/{httpMethod}/caching/dataEncrypted, /{resourcePath}/{httpMethod}/caching/requireAuthorizationForCacheControl, " +
	"/{resourcePath}/{httpMethod}/caching/unauthorizedCacheControlHeaderStrategy, /*/*/metrics/enabled, /*/*/logging/dataTrace, /*/*/logging/loglevel, " +
	"/*/*/throttling/burstLimit /*/*/throttling/rateLimit /*/*/caching/ttlInSeconds, /*/*/caching/enabled, /*/*/caching/dataEncrypted, " +
	"/*/*/caching/requireAuthorizationForCacheControl, /*/*/caching/unauthorizedCacheControlHeaderStrategy, /variables/{variable_name}, /tracingEnabled]"

func TestRecordedErrorsOfDeployments(t *testing.T) {
	canary := func(stage *string) func(*caller) error {
		return func(c *caller) error {
			api, _ := c.newMock()
			return only(c.api.CreateDeployment(c.ctx(), &apigateway.CreateDeploymentInput{RestApiId: api, StageName: stage,
				CanarySettings: &types.DeploymentCanarySettings{PercentTraffic: 50}}))
		}
	}
	makeMistakes(t, []mistake{
		{"a deployment in use", 400, "BadRequestException", "Active stages pointing to this deployment must be moved or deleted", func(c *caller) error {
			api, deployment := c.newStage()
			return only(c.api.DeleteDeployment(c.ctx(), &apigateway.DeleteDeploymentInput{RestApiId: api, DeploymentId: deployment}))
		}},
		{"a stage of an unknown deployment", 400, "BadRequestException", "Deployment id does not exist", func(c *caller) error {
			api, deployment := c.newStage()
			return only(c.api.CreateStage(c.ctx(), &apigateway.CreateStageInput{RestApiId: api, StageName: aws.String("other"), DeploymentId: deployment,
				CanarySettings: &types.CanarySettings{DeploymentId: aws.String("nosuch")}}))
		}},
		{"a canary of a stage without a name", 400, "BadRequestException",
			"Invalid deployment content specified.Non null and non empty stageName must be provided for canary deployment. Provided value is ", canary(aws.String(""))},
		{"a canary of no stage", 400, "BadRequestException",
			"Invalid deployment content specified.Non null and non empty stageName must be provided for canary deployment. Provided value is null", canary(nil)},
		{"a canary of a stage that is not there", 400, "BadRequestException",
			"Invalid deployment content specified.Stage non-existing must already be created before making a canary release deployment", canary(aws.String("non-existing"))},
	})
}

func TestRecordedErrorsOfStages(t *testing.T) {
	const badAccessLog = "Invalid accessLogSettings path. Must be one of : [/accessLogSettings/destinationArn, /accessLogSettings/format]"
	update := func(o types.PatchOperation) func(*caller) error {
		return func(c *caller) error {
			api, _ := c.newStage()
			return only(c.api.UpdateStage(c.ctx(), &apigateway.UpdateStageInput{RestApiId: api, StageName: aws.String("dev"), PatchOperations: patches(o)}))
		}
	}
	copied := func(path, from string) types.PatchOperation {
		return types.PatchOperation{Op: types.OpCopy, Path: &path, From: &from}
	}
	makeMistakes(t, []mistake{
		{"an empty log destination", 400, "BadRequestException", "Access Log value must not be empty", update(patchOf(types.OpReplace, "/accessLogSettings/destinationArn", ""))},
		{"an empty log format", 400, "BadRequestException", "Access Log value must not be empty", update(patchOf(types.OpReplace, "/accessLogSettings/format", ""))},
		{"method settings that are not there", 400, "BadRequestException", "Cannot remove method setting */* because there is no method setting for this method ", update(patchOf(types.OpRemove, "/*/*"))},
		{"log settings by a star", 400, "BadRequestException", "Cannot remove method setting accessLogSettings/* because there is no method setting for this method ",
			update(patchOf(types.OpRemove, "/accessLogSettings/*"))},
		{"a log destination that is not there", 400, "BadRequestException", "Cannot remove method setting accessLogSettings/destinationArn because there is no method setting for this method ",
			update(patchOf(types.OpRemove, "/accessLogSettings/destinationArn"))},
		{"a log setting that is none removed", 400, "BadRequestException", "Cannot remove method setting accessLogSettings/randomValue because there is no method setting for this method ",
			update(patchOf(types.OpRemove, "/accessLogSettings/randomValue"))},
		{"a canary setting that is none removed", 400, "BadRequestException", "Cannot remove method setting canarySettings/badPath because there is no method setting for this method ",
			update(patchOf(types.OpRemove, "/canarySettings/badPath"))},
		{"canary overrides removed", 400, "BadRequestException", "Cannot remove method setting canarySettings/stageVariableOverrides because there is no method setting for this method ",
			update(patchOf(types.OpRemove, "/canarySettings/stageVariableOverrides"))},
		{"an unknown deployment", 400, "BadRequestException", "Deployment id does not exist", update(patchOf(types.OpReplace, "/deploymentId", "nosuch"))},
		{"a log setting that is none added", 400, "BadRequestException", badAccessLog, update(patchOf(types.OpAdd, "/accessLogSettings/randomValue", "x"))},
		{"a log setting that is none replaced", 400, "BadRequestException", badAccessLog, update(patchOf(types.OpReplace, "/accessLogSettings/randomValue", "x"))},
		{"all log settings added by a star", 400, "BadRequestException", badAccessLog, update(patchOf(types.OpAdd, "/accessLogSettings/*", "x"))},
		{"a canary's deployment added", 400, "BadRequestException", "Invalid add operation with path: /canarySettings/deploymentId", update(patchOf(types.OpAdd, "/canarySettings/deploymentId", "x"))},
		{"a copy the other way", 400, "BadRequestException",
			"Invalid copy operation with path: /canarySettings/stageVariableOverrides and from /variables. Valid copy:path are [/deploymentId, /variables] and " +
				"valid copy:from are [/canarySettings/deploymentId, /canarySettings/stageVariableOverrides]", update(copied("/canarySettings/stageVariableOverrides", "/variables"))},
		{"a promotion without a canary", 400, "BadRequestException", "Promotion not available. Canary does not exist.", update(copied("/deploymentId", "/canarySettings/deploymentId"))},
		{"all canary settings replaced", 400, "BadRequestException", "Invalid method setting path: /canarySettings. Must be one of: " + recordedStagePaths, update(patchOf(types.OpReplace, "/canarySettings", "x"))},
		{"a canary setting that is none", 400, "BadRequestException", "Invalid method setting path: /canarySettings/badPath. Must be one of: " + recordedStagePaths,
			update(patchOf(types.OpReplace, "/canarySettings/badPath", "x"))},
		{"the documentation's version by another name", 400, "BadRequestException", "Invalid method setting path: /documentation_version. Must be one of: " + recordedStagePaths,
			update(patchOf(types.OpReplace, "/documentation_version", "x"))},
		{"a tag", 400, "BadRequestException", "Invalid method setting path: /tags/tag1. Must be one of: " + recordedStagePaths, update(patchOf(types.OpReplace, "/tags/tag1", "x"))},
	})
}
