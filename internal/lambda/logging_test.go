package lambda

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

// objects are a group's lines, each of which must be an object.
func (j *journal) objects(t *testing.T, group string) []map[string]any {
	t.Helper()
	j.mu.Lock()
	defer j.mu.Unlock()
	var all []map[string]any
	for _, line := range j.lines {
		if line.Group != group {
			continue
		}
		var object map[string]any
		if err := json.Unmarshal([]byte(line.Message), &object); err != nil {
			t.Errorf("no JSON: %s", line.Message)
		}
		all = append(all, object)
	}
	return all
}

// kinds names a log's lines: the platform's by type, the function's by level.
func kinds(lines []map[string]any) string {
	var names []string
	for _, line := range lines {
		for _, name := range []string{"type", "level", "log_level"} {
			if text, is := line[name].(string); is {
				names = append(names, text)
				break
			}
		}
	}
	return strings.Join(names, " ")
}

func TestLogsInJSON(t *testing.T) {
	const nodeCode = `exports.handler = async (event) => {
		console.debug("too fine"); console.log("a", 1); console.warn({k: "v"}); console.error("with", new TypeError("bad"));
		if (event.fail) throw new Error("no");
		return 1;
	}`
	for name, row := range map[string]struct {
		logging types.LoggingConfig
		payload string
		want    string
	}{
		"as it is without levels":  {types.LoggingConfig{}, `{}`, "platform.start INFO WARN ERROR platform.report"},
		"everything":               {types.LoggingConfig{ApplicationLogLevel: "TRACE", SystemLogLevel: "DEBUG"}, `{}`, "platform.start DEBUG INFO WARN ERROR platform.report"},
		"only errors":              {types.LoggingConfig{ApplicationLogLevel: "ERROR", SystemLogLevel: "WARN"}, `{}`, "ERROR"},
		"a failure is a warning":   {types.LoggingConfig{ApplicationLogLevel: "FATAL", SystemLogLevel: "WARN"}, `{"fail":1}`, "platform.report"},
		"a failure is told as one": {types.LoggingConfig{ApplicationLogLevel: "ERROR"}, `{"fail":1}`, "platform.start ERROR ERROR platform.report"},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t)
			row.logging.LogFormat = types.LogFormatJson
			l.node("f", nodeCode, func(in *lambda.CreateFunctionInput) { in.LoggingConfig = &row.logging })
			ok(l.Invoke(l.ctx(), &lambda.InvokeInput{FunctionName: aws.String("f"), Payload: []byte(row.payload), LogType: types.LogTypeTail}))(t)
			lines := l.journal.objects(t, "/aws/lambda/f")
			if got := kinds(lines); got != row.want {
				t.Errorf("want %s\n got %s", row.want, got)
			}
			for _, line := range lines {
				switch line["level"] {
				case "INFO":
					if line["message"] != "a 1" || line["requestId"] == nil || line["timestamp"] == nil {
						t.Errorf("%v", line)
					}
				case "WARN":
					if message, is := line["message"].(map[string]any); !is || message["k"] != "v" {
						t.Errorf("an object stays one: %v", line)
					}
				}
			}
		})
	}
}

func TestPythonLogsInJSON(t *testing.T) {
	needs(t, "python3")
	l := newLab(t)
	ok(l.CreateFunction(l.ctx(), &lambda.CreateFunctionInput{
		FunctionName: aws.String("f"), Role: aws.String(testRole), Runtime: types.RuntimePython312, Handler: aws.String("m.handler"), Timeout: aws.Int32(20),
		LoggingConfig: &types.LoggingConfig{LogFormat: types.LogFormatJson, ApplicationLogLevel: "WARN"},
		Code: &types.FunctionCode{ZipFile: archive(t, map[string]string{"m.py": "import logging\ndef handler(event, context):\n" +
			"    logging.info('too fine')\n    logging.warning('look %d', 1)\n    raise ValueError('bad')\n"})},
	}))(t)
	ok(l.Invoke(l.ctx(), &lambda.InvokeInput{FunctionName: aws.String("f"), LogType: types.LogTypeTail}))(t)
	lines := l.journal.objects(t, "/aws/lambda/f")
	if got := kinds(lines); got != "platform.start WARNING ERROR platform.report" {
		t.Fatalf("got %s", got)
	}
	if lines[1]["message"] != "look 1" || lines[2]["errorType"] != "ValueError" || lines[3]["record"].(map[string]any)["status"] != "failure" {
		t.Errorf("%v", lines)
	}
}

func TestLoggingSettings(t *testing.T) {
	l := newLab(t)
	made := l.node("f", ``, func(in *lambda.CreateFunctionInput) {
		in.LoggingConfig = &types.LoggingConfig{LogFormat: types.LogFormatJson}
	})
	if c := made.LoggingConfig; c.ApplicationLogLevel != "INFO" || c.SystemLogLevel != "INFO" || *c.LogGroup != "/aws/lambda/f" {
		t.Errorf("%+v", c)
	}
	refused(l.UpdateFunctionConfiguration(l.ctx(), &lambda.UpdateFunctionConfigurationInput{
		FunctionName: aws.String("f"), LoggingConfig: &types.LoggingConfig{LogFormat: types.LogFormatText, ApplicationLogLevel: "DEBUG"},
	}))(t, "InvalidParameterValueException", "To change your log level, you must first set the log format to JSON.")
}
