package apigatewayv2

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"

	"github.com/poolgate/poolgate/internal/entity"
	"github.com/poolgate/poolgate/internal/fault"
)

var (
	badStageName      = badRequest("Stage name only allows a-zA-Z0-9_-")
	deploymentAndAuto = badRequest("DeploymentId cannot be set for a stage with AutoDeploy enabled")
	noExecutionLogs   = badRequest("Execution logs are not supported on protocolType HTTP")
	noRequestID       = badRequest("Access Log format must include either $context.requestId or $context.extendedRequestId")
	noLogGroup        = badRequest("Invalid ARN specified in the access log settings: the destination must be a CloudWatch Logs log group")
	badThrottle       = badRequest("Throttling limits must not be negative")

	stageName     = regexp.MustCompile(`^(?:\$default|[a-zA-Z0-9_-]{1,128})$`)
	variableName  = regexp.MustCompile(`^\w+$`)
	variableValue = regexp.MustCompile(`^[A-Za-z0-9._~:/?#&=,-]*$`)
	logGroupARN   = regexp.MustCompile(`^arn:aws[a-z-]*:logs:[^:]+:\d{12}:log-group:[^:]+(?::\*)?$`)
)

// noRouteSettings is how settings of a route that the API does not have are refused (seen:
// terraform-aws-modules/terraform-aws-apigateway-v2 pull request 80).
func noRouteSettings(key string) *fault.Error {
	return notFound("Unable to find Route by key %s within the provided RouteSettings", key)
}

// checkStage holds a stage against AWS's rules, the API's routes and its deployments.
func checkStage(e *edit, stage *types.Stage) error {
	if stage.DeploymentId != nil {
		if _, err := entity.Get(e.tx, &deployments, e.id, stage.DeploymentId, noDeployment); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(stage.StageVariables)) {
		if !variableName.MatchString(name) || !variableValue.MatchString(stage.StageVariables[name]) {
			return badRequest("Invalid stage variable %s: names hold a-zA-Z0-9_ and values hold a-zA-Z0-9-._~:/?#&=,", name)
		}
	}
	if len(stage.Tags) > greatestTags {
		return tooManyTags
	}
	if err := checkSettings(stage.DefaultRouteSettings); err != nil {
		return err
	}
	if err := checkRouteSettings(e, stage.RouteSettings); err != nil {
		return err
	}
	return checkAccessLog(stage.AccessLogSettings)
}

func checkRouteSettings(e *edit, byKey map[string]types.RouteSettings) error {
	if len(byKey) == 0 {
		return nil
	}
	list, err := entity.All(e.tx, &routes, e.id)
	if err != nil {
		return err
	}
	known := make(map[string]bool, len(list))
	for _, route := range list {
		known[*route.RouteKey] = true
	}
	for _, key := range slices.Sorted(maps.Keys(byKey)) {
		if !known[key] {
			return noRouteSettings(key)
		}
		settings := byKey[key]
		if err := checkSettings(&settings); err != nil {
			return err
		}
	}
	return nil
}

func checkSettings(settings *types.RouteSettings) error {
	switch {
	case settings == nil:
		return nil
	case aws.ToBool(settings.DataTraceEnabled), settings.LoggingLevel != "" && settings.LoggingLevel != types.LoggingLevelOff:
		return noExecutionLogs
	case aws.ToInt32(settings.ThrottlingBurstLimit) < 0, aws.ToFloat64(settings.ThrottlingRateLimit) < 0:
		return badThrottle
	}
	return nil
}

func checkAccessLog(settings *types.AccessLogSettings) error {
	if settings == nil {
		return nil
	}
	format := aws.ToString(settings.Format)
	switch {
	case !logGroupARN.MatchString(aws.ToString(settings.DestinationArn)):
		return noLogGroup
	case !strings.Contains(format, "$context.requestId") && !strings.Contains(format, "$context.extendedRequestId"):
		return noRequestID
	}
	return nil
}
