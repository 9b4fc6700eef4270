package apigateway

import (
	"context"
	"encoding/json"
	"maps"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
)

// UpdateStage patches a stage. Stage settings act at once, without a deployment (fact 1.13).
func (s *Service) UpdateStage(ctx context.Context, in *apigateway.UpdateStageInput) (*apigateway.UpdateStageOutput, error) {
	var updated types.Stage
	err := s.change(ctx, in.RestApiId, noStage, func(e *edit) error {
		found, err := get(e.tx, &stages, e.id, in.StageName, noStage)
		if err != nil {
			return err
		}
		wasLogging := needsLogRole(found.Value)
		if err := stagePatches.apply(&found.Value, in.PatchOperations); err != nil {
			return err
		}
		if err := s.checkPatchedStage(e, &found.Value, wasLogging); err != nil {
			return err
		}
		showCache(&found.Value)
		found.Value.LastUpdatedDate = s.now()
		updated = found.Value
		e.serve()
		return stages.Put(e.tx, e.id, *in.StageName, found)
	})
	if err != nil {
		return nil, err
	}
	return answer[apigateway.UpdateStageOutput](updated), nil
}

// checkPatchedStage holds a patched stage against its API and its account. Logging cannot be turned on before the account has a
// role to log with (fact 1.12a).
func (s *Service) checkPatchedStage(e *edit, stage *types.Stage, wasLogging bool) error {
	if _, err := get(e.tx, &deployments, e.id, stage.DeploymentId, noSuchDeployment); err != nil {
		return err
	}
	if c := stage.CanarySettings; c != nil {
		if c.DeploymentId == nil { // the first canary setting begins with the stage's own deployment (recorded: update-stage-with-percent)
			c.DeploymentId = stage.DeploymentId
		}
		if _, err := get(e.tx, &deployments, e.id, c.DeploymentId, noSuchDeployment); err != nil {
			return err
		}
	}
	if err := checkVariables(stage.Variables); err != nil {
		return err
	}
	if wasLogging || !needsLogRole(*stage) {
		return nil
	}
	settings, err := findAccount(e.tx, e.call)
	if err != nil {
		return err
	}
	if settings.CloudwatchRoleArn == "" {
		return badRequest("CloudWatch Logs role ARN must be set in account settings to enable logging")
	}
	return nil
}

// needsLogRole tells whether a stage logs to CloudWatch Logs. Access logs to a delivery stream need no role of the account.
func needsLogRole(stage types.Stage) bool {
	if a := stage.AccessLogSettings; a != nil && strings.Contains(aws.ToString(a.DestinationArn), ":logs:") {
		return true
	}
	for _, setting := range stage.MethodSettings {
		if level := aws.ToString(setting.LoggingLevel); level != "" && level != "OFF" {
			return true
		}
	}
	return false
}

const (
	stagePaths = "/deploymentId, /description, /cacheClusterEnabled, /cacheClusterSize, /clientCertificateId, /accessLogSettings, " +
		"/accessLogSettings/destinationArn, /accessLogSettings/format, /{resourcePath}/{httpMethod}/metrics/enabled, " +
		"/{resourcePath}/{httpMethod}/logging/dataTrace, /{resourcePath}/{httpMethod}/logging/loglevel, " +
		"/{resourcePath}/{httpMethod}/throttling/burstLimit/{resourcePath}/{httpMethod}/throttling/rateLimit/{resourcePath}/{httpMethod}/caching/ttlInSeconds, " +
		"/{resourcePath}/{httpMethod}/caching/enabled, /{resourcePath}/{httpMethod}/caching/dataEncrypted, " +
		"/{resourcePath}/{httpMethod}/caching/requireAuthorizationForCacheControl, " +
		"/{resourcePath}/{httpMethod}/caching/unauthorizedCacheControlHeaderStrategy, " +
		"/*/*/metrics/enabled, /*/*/logging/dataTrace, /*/*/logging/loglevel, " +
		"/*/*/throttling/burstLimit /*/*/throttling/rateLimit /*/*/caching/ttlInSeconds, /*/*/caching/enabled, /*/*/caching/dataEncrypted, " +
		"/*/*/caching/requireAuthorizationForCacheControl, /*/*/caching/unauthorizedCacheControlHeaderStrategy, " +
		"/variables/{variable_name}, /tracingEnabled"

	accessLogPaths = "/accessLogSettings/destinationArn, /accessLogSettings/format"
)

// stagePatches is the table of a stage; the settings of methods are in method_settings.go. AWS's list of paths in a
// refusal is its own text (stagePaths), commas missing and all.
var stagePatches = patchTable[types.Stage]{
	refuse: refuseOnStage,
	rows: append([]patchRow[types.Stage]{
		{path: "/deploymentId", ops: ops(opReplace, opCopy), apply: func(stage *types.Stage, p patch) error {
			if p.Op == opCopy {
				return promote(stage, p)
			}
			stage.DeploymentId = aws.String(p.text())
			return nil
		}},
		replaceText("/description", func(stage *types.Stage) **string { return &stage.Description }),
		replaceText("/documentationVersion", func(stage *types.Stage) **string { return &stage.DocumentationVersion }),
		replaceText("/clientCertificateId", func(stage *types.Stage) **string { return &stage.ClientCertificateId }),
		replaceFlag("/cacheClusterEnabled", func(stage *types.Stage) *bool { return &stage.CacheClusterEnabled }),
		replaceWord("/cacheClusterSize", "cache cluster size", func(stage *types.Stage) *types.CacheClusterSize { return &stage.CacheClusterSize }),
		replaceFlag("/tracingEnabled", func(stage *types.Stage) *bool { return &stage.TracingEnabled }),
		{path: "/variables/{}", ops: ops(opAdd, opReplace, opRemove), apply: patchVariable},
		{path: "/variables", ops: ops(opReplace, opRemove, opCopy), apply: patchVariables},
		{path: "/accessLogSettings/{}", ops: ops(opAdd, opReplace, opRemove), apply: patchAccessLog},
		{path: "/accessLogSettings", ops: ops(opRemove), apply: func(stage *types.Stage, p patch) error {
			if stage.AccessLogSettings == nil {
				return nothingToRemove(p)
			}
			stage.AccessLogSettings = nil
			return nil
		}, refuse: func(patch) error { return badAccessLogPath }},
		{path: "/canarySettings", ops: ops(opRemove), apply: func(stage *types.Stage, p patch) error {
			if stage.CanarySettings == nil {
				return nothingToRemove(p)
			}
			stage.CanarySettings = nil
			return nil
		}},
		{path: "/canarySettings/stageVariableOverrides/{}", ops: ops(opReplace), apply: patchOverride},
		{path: "/canarySettings/{}", ops: ops(opReplace), apply: patchCanary},
	}, methodSettingRows()...),
}

// refuseOnStage words the refusals of UpdateStage (recorded: test_create_update_stages and the canary tests).
func refuseOnStage(_ *patchTable[types.Stage], p patch, _ *patchRow[types.Stage]) error {
	switch {
	case p.noPath:
		return badStagePath(p)
	case p.Op == opRemove:
		return nothingToRemove(p)
	case p.Op == opAdd && strings.HasPrefix(p.Path, "/canarySettings/"):
		return badRequest("Invalid add operation with path: %s", p.Path)
	case p.Op == opCopy:
		return badCopy(p)
	}
	return badStagePath(p)
}

var badAccessLogPath = badRequest("Invalid accessLogSettings path. Must be one of : [%s]", accessLogPaths)

func badStagePath(p patch) error {
	return badRequest("Invalid method setting path: %s. Must be one of: [%s]", p.shownPath(), stagePaths)
}

// nothingToRemove is recorded with the blank at its end.
func nothingToRemove(p patch) error {
	return badRequest("Cannot remove method setting %s because there is no method setting for this method ", strings.TrimPrefix(p.Path, "/"))
}

func badCopy(p patch) error {
	return badRequest("Invalid copy operation with path: %s and from %s. Valid copy:path are [/deploymentId, /variables] and "+
		"valid copy:from are [/canarySettings/deploymentId, /canarySettings/stageVariableOverrides]", p.Path, aws.ToString(p.From))
}

// promote copies a canary's deployment or variables to the stage.
func promote(stage *types.Stage, p patch) error {
	from := aws.ToString(p.From)
	switch {
	case p.Path == "/deploymentId" && from != "/canarySettings/deploymentId",
		p.Path == "/variables" && from != "/canarySettings/stageVariableOverrides":
		return badCopy(p)
	case stage.CanarySettings == nil:
		return badRequest("Promotion not available. Canary does not exist.")
	case p.Path == "/deploymentId":
		stage.DeploymentId = stage.CanarySettings.DeploymentId
	default:
		if stage.Variables == nil {
			stage.Variables = make(map[string]string)
		}
		maps.Copy(stage.Variables, stage.CanarySettings.StageVariableOverrides)
	}
	return nil
}

func patchVariable(stage *types.Stage, p patch) error {
	if p.Op == opRemove {
		return patchEntry(&stage.Variables, p, "", nothingToRemove(p))
	}
	p.Op = opAdd // replacing a variable that is not there makes it (recorded: update-stage)
	return patchEntry(&stage.Variables, p, p.text(), nil)
}

// patchVariables replaces all variables by a JSON object of them, or takes all away.
func patchVariables(stage *types.Stage, p patch) error {
	switch p.Op {
	case opCopy:
		return promote(stage, p)
	case opRemove:
		stage.Variables = nil
		return nil
	}
	var variables map[string]string
	if err := json.Unmarshal([]byte(p.text()), &variables); err != nil {
		return badRequest("Invalid value of /variables: it must be a JSON object of texts").Because(err)
	}
	stage.Variables = variables
	return nil
}

func patchAccessLog(stage *types.Stage, p patch) error {
	settings := types.AccessLogSettings{}
	if stage.AccessLogSettings != nil {
		settings = *stage.AccessLogSettings
	}
	field := map[string]**string{"destinationArn": &settings.DestinationArn, "format": &settings.Format}[p.key()]
	switch {
	case field == nil && p.Op == opRemove, p.Op == opRemove && *field == nil:
		return nothingToRemove(p)
	case field == nil:
		return badAccessLogPath
	case p.Op == opRemove:
		*field = nil
	case p.text() == "":
		return badRequest("Access Log value must not be empty")
	default:
		*field = aws.String(strings.TrimSuffix(p.text(), ":*"))
	}
	if stage.AccessLogSettings = &settings; settings == (types.AccessLogSettings{}) {
		stage.AccessLogSettings = nil
	}
	return nil
}

func patchCanary(stage *types.Stage, p patch) error {
	canary := types.CanarySettings{}
	if stage.CanarySettings != nil {
		canary = *stage.CanarySettings
	}
	switch p.key() {
	case "deploymentId":
		canary.DeploymentId = aws.String(p.text())
	case "percentTraffic":
		percent, err := strconv.ParseFloat(p.text(), 64)
		if err != nil || !(percent >= 0 && percent <= 100) {
			return badRequest("Percent traffic must be between 0.0 and 100.0")
		}
		canary.PercentTraffic = percent
	case "useStageCache":
		canary.UseStageCache = p.flag()
	case "stageVariableOverrides":
		var overrides map[string]string
		if err := json.Unmarshal([]byte(p.text()), &overrides); err != nil {
			return badRequest("Invalid value of %s: it must be a JSON object of texts", p.Path).Because(err)
		}
		canary.StageVariableOverrides = overrides
	default:
		return badStagePath(p)
	}
	stage.CanarySettings = &canary
	return nil
}

func patchOverride(stage *types.Stage, p patch) error {
	if stage.CanarySettings == nil {
		stage.CanarySettings = &types.CanarySettings{}
	}
	p.Op = opAdd
	return patchEntry(&stage.CanarySettings.StageVariableOverrides, p, p.text(), nil)
}
