package lambda

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/poolgate/poolgate/internal/lambda/worker"
)

// withDefaults is a function's logging as AWS shows it: levels exist with JSON only, and are INFO unless they are said [D].
func withDefaults(in types.LoggingConfig, name string) (types.LoggingConfig, error) {
	if in.LogGroup == nil {
		in.LogGroup = aws.String("/aws/lambda/" + name)
	}
	if in.LogFormat == "" {
		in.LogFormat = types.LogFormatText
	}
	if in.LogFormat == types.LogFormatText {
		if in.ApplicationLogLevel != "" || in.SystemLogLevel != "" {
			return in, invalid("To change your log level, you must first set the log format to JSON.")
		}
		return in, nil
	}
	if in.ApplicationLogLevel == "" {
		in.ApplicationLogLevel = types.ApplicationLogLevelInfo
	}
	if in.SystemLogLevel == "" {
		in.SystemLogLevel = types.SystemLogLevelInfo
	}
	return in, nil
}

func loggingOf(c *types.LoggingConfig) worker.Logging {
	if c == nil || c.LogFormat != types.LogFormatJson {
		return worker.Logging{}
	}
	return worker.Logging{JSON: true, Application: string(c.ApplicationLogLevel), System: string(c.SystemLogLevel)}
}
