package gateway

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/poolgate/poolgate/internal/gateway/accesslog"
)

// stageLogging is what a stage writes to CloudWatch Logs. A stage that writes nothing has none, so that its requests pay nothing.
type stageLogging struct {
	// group is where the execution log goes; levels are those of the methods that have one.
	group  string
	levels map[*methodPlan]methodLogging
	access *accesslog.Log
}

type methodLogging struct {
	level logLevel
	data  bool
}

// loggingOf compiles a stage's settings: they are the stage's own, not the deployment's, and act at once (fact 1.13).
func loggingOf(plan *stagePlan, stage *types.Stage) *stageLogging {
	s := &stageLogging{
		group:  "API-Gateway-Execution-Logs_" + plan.api + "/" + plan.name,
		levels: map[*methodPlan]methodLogging{},
		access: compileAccessLog(plan, stage.AccessLogSettings),
	}
	settings := settingsOf(stage)
	for _, resource := range plan.resources {
		for verb, method := range resource.methods {
			if setting, exists := settings.of(resource.path, verb); exists && levelOf(setting) != logOff {
				s.levels[method] = methodLogging{levelOf(setting), setting.DataTraceEnabled}
			}
		}
	}
	if len(s.levels) == 0 && s.access == nil {
		return nil
	}
	return s
}

func levelOf(setting types.MethodSetting) logLevel {
	switch aws.ToString(setting.LoggingLevel) {
	case "INFO":
		return logInfo
	case "ERROR":
		return logError
	}
	return logOff
}

// settingKey turns the key of a method's settings, "~1pets~1{id}/GET" or "pets/GET", into its resource's path and its verb.
func settingKey(key string) string {
	i := strings.LastIndexByte(key, '/')
	if i < 0 {
		return key
	}
	path := strings.NewReplacer("~1", "/", "~0", "~").Replace(key[:i])
	if path != "*" && !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	return path + key[i:]
}
