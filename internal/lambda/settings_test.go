package lambda

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/google/go-cmp/cmp"
)

func TestReservedConcurrency(t *testing.T) {
	l := newLab(t)
	l.node("f", `exports.handler = async () => 1`)
	ok(l.PutFunctionConcurrency(l.ctx(), &lambda.PutFunctionConcurrencyInput{FunctionName: aws.String("f"), ReservedConcurrentExecutions: aws.Int32(0)}))(t)
	refused(l.Invoke(l.ctx(), &lambda.InvokeInput{FunctionName: aws.String("f")}))(t, "TooManyRequestsException", "Rate Exceeded.")
	if got := ok(l.GetFunction(l.ctx(), &lambda.GetFunctionInput{FunctionName: aws.String("f")}))(t); aws.ToInt32(got.Concurrency.ReservedConcurrentExecutions) != 0 {
		t.Errorf("%+v", got.Concurrency)
	}
	ok(l.DeleteFunctionConcurrency(l.ctx(), &lambda.DeleteFunctionConcurrencyInput{FunctionName: aws.String("f")}))(t)
	l.invoke("f", `{}`, `1`)
	refused(l.PutFunctionConcurrency(l.ctx(), &lambda.PutFunctionConcurrencyInput{FunctionName: aws.String("f"), ReservedConcurrentExecutions: aws.Int32(950)}))(t,
		"InvalidParameterValueException", "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [100].")
}

// TestEventsAreRetriedAndToldAbout fails an event three times and looks at what its destination was told.
func TestEventsAreRetriedAndToldAbout(t *testing.T) {
	l := newLab(t, func(c *Config) { c.RetryAfter = []time.Duration{time.Millisecond} })
	l.node("f", `exports.handler = async (e) => { console.log("attempt"); throw new Error("no") }`)
	l.node("told", `exports.handler = async (e) => { console.log("told", e.requestContext.condition, e.requestContext.approximateInvokeCount, e.responsePayload.errorMessage, JSON.stringify(e.requestPayload)) }`)
	ok(l.PutFunctionEventInvokeConfig(l.ctx(), &lambda.PutFunctionEventInvokeConfigInput{
		FunctionName: aws.String("f"), DestinationConfig: &types.DestinationConfig{OnFailure: &types.OnFailure{Destination: aws.String(testARN + "told")}},
	}))(t)
	out := ok(l.Invoke(l.ctx(), &lambda.InvokeInput{FunctionName: aws.String("f"), InvocationType: types.InvocationTypeEvent, Payload: []byte(`{"a":1}`)}))(t)
	if out.StatusCode != 202 || len(out.Payload) != 0 {
		t.Errorf("%d %s", out.StatusCode, out.Payload)
	}
	l.until("the destination is told", func() bool { return l.journal.has("/aws/lambda/told", `told RetriesExhausted 3 no {"a":1}`) })
	l.journal.mu.Lock()
	defer l.journal.mu.Unlock()
	attempts := 0
	for _, line := range l.journal.lines {
		if strings.HasSuffix(line.Message, "\tattempt\n") {
			attempts++
		}
	}
	if attempts != 3 {
		t.Errorf("%d attempts", attempts)
	}
}

func TestDryRun(t *testing.T) {
	l := newLab(t)
	l.node("f", `exports.handler = async () => 1`)
	out := ok(l.Invoke(l.ctx(), &lambda.InvokeInput{FunctionName: aws.String("f"), InvocationType: types.InvocationTypeDryRun}))(t)
	if out.StatusCode != 204 || l.pool.Processes() != 0 {
		t.Errorf("status %d, %d processes", out.StatusCode, l.pool.Processes())
	}
}

func TestInvocationsThatAreRefused(t *testing.T) {
	l := newLab(t)
	l.node("f", `exports.handler = async () => 1`)
	refused(l.Invoke(l.ctx(), &lambda.InvokeInput{FunctionName: aws.String("f"), Payload: []byte(`{`)}))(t,
		"InvalidRequestContentException", "Could not parse request body into json: unexpected end of JSON input")
	refused(l.Invoke(l.ctx(), &lambda.InvokeInput{FunctionName: aws.String("f"), Payload: []byte(`"` + strings.Repeat("x", maxPayload) + `"`)}))(t,
		"RequestTooLargeException", "Request must be smaller than 6291456 bytes for the InvokeFunction operation")
	refused(l.Invoke(l.ctx(), &lambda.InvokeInput{FunctionName: aws.String("f:1"), Qualifier: aws.String("2")}))(t,
		"InvalidParameterValueException", "The derived qualifier from the function name does not match the specified qualifier.")
	refused(l.Invoke(l.ctx(), &lambda.InvokeInput{FunctionName: aws.String("arn:aws:lambda:us-east-1:111111111111:function:f")}))(t,
		"ResourceNotFoundException", "Functions from 'us-east-1' are not reachable in this region ('eu-west-1')")
	l.node("old", ``, func(in *lambda.CreateFunctionInput) { in.Runtime = types.RuntimeRuby33 })
	refused(l.Invoke(l.ctx(), &lambda.InvokeInput{FunctionName: aws.String("old")}))(t,
		"InvalidRuntimeException", "The runtime ruby3.3 cannot be run here: poolgate runs nodejs*, python3* and provided*")
}

func TestTags(t *testing.T) {
	l := newLab(t)
	l.node("f", ``)
	arn := aws.String(testARN + "f")
	ok(l.TagResource(l.ctx(), &lambda.TagResourceInput{Resource: arn, Tags: map[string]string{"a": "1", "b": "2"}}))(t)
	ok(l.UntagResource(l.ctx(), &lambda.UntagResourceInput{Resource: arn, TagKeys: []string{"a"}}))(t)
	got := ok(l.ListTags(l.ctx(), &lambda.ListTagsInput{Resource: arn}))(t)
	if diff := cmp.Diff(map[string]string{"b": "2"}, got.Tags); diff != "" {
		t.Error(diff)
	}
}

func TestFunctionURLSettings(t *testing.T) {
	l := newLab(t)
	l.node("f", ``)
	created := ok(l.CreateFunctionUrlConfig(l.ctx(), &lambda.CreateFunctionUrlConfigInput{FunctionName: aws.String("f"), AuthType: types.FunctionUrlAuthTypeNone}))(t)
	ok(l.UpdateFunctionUrlConfig(l.ctx(), &lambda.UpdateFunctionUrlConfigInput{FunctionName: aws.String("f"), AuthType: types.FunctionUrlAuthTypeAwsIam}))(t)
	got := ok(l.GetFunctionUrlConfig(l.ctx(), &lambda.GetFunctionUrlConfigInput{FunctionName: aws.String("f")}))(t)
	if got.AuthType != types.FunctionUrlAuthTypeAwsIam || aws.ToString(got.FunctionUrl) != aws.ToString(created.FunctionUrl) || got.InvokeMode != types.InvokeModeBuffered {
		t.Errorf("%+v", got)
	}
	ok(l.DeleteFunctionUrlConfig(l.ctx(), &lambda.DeleteFunctionUrlConfigInput{FunctionName: aws.String("f")}))(t)
	refused(l.GetFunctionUrlConfig(l.ctx(), &lambda.GetFunctionUrlConfigInput{FunctionName: aws.String("f")}))(t,
		"ResourceNotFoundException", "The resource you requested does not exist.")
}

func TestLayersLieUnderneath(t *testing.T) {
	l := newLab(t)
	publish := func(files map[string]string) *string {
		return ok(l.PublishLayerVersion(l.ctx(), &lambda.PublishLayerVersionInput{
			LayerName: aws.String("shared"), Content: &types.LayerVersionContentInput{ZipFile: archive(t, files)},
		}))(t).LayerVersionArn
	}
	arn := publish(map[string]string{"nodejs/node_modules/greet/index.js": `module.exports = () => "hello"`, "bin/tool": "#!/bin/sh\necho tool\n"})
	if aws.ToString(arn) != "arn:aws:lambda:eu-west-1:111111111111:layer:shared:1" {
		t.Errorf("%s", aws.ToString(arn))
	}
	l.node("f", `exports.handler = async () => require("greet")() + " " + require("child_process").execSync("tool").toString().trim()`,
		func(in *lambda.CreateFunctionInput) { in.Layers = []string{*arn} })
	l.invoke("f", `{}`, `"hello tool"`)

	// A deleted layer goes on serving the function that uses it, and can be given to no other.
	ok(l.DeleteLayerVersion(l.ctx(), &lambda.DeleteLayerVersionInput{LayerName: aws.String("shared"), VersionNumber: aws.Int64(1)}))(t)
	refused(l.GetLayerVersion(l.ctx(), &lambda.GetLayerVersionInput{LayerName: aws.String("shared"), VersionNumber: aws.Int64(1)}))(t,
		"ResourceNotFoundException", "The resource you requested does not exist.")
	ok(l.UpdateFunctionConfiguration(l.ctx(), &lambda.UpdateFunctionConfigurationInput{FunctionName: aws.String("f"), MemorySize: aws.Int32(256)}))(t)
	l.invoke("f", `{}`, `"hello tool"`)
	again := publish(map[string]string{"x": ""})
	if aws.ToString(again) != "arn:aws:lambda:eu-west-1:111111111111:layer:shared:2" {
		t.Errorf("%s", aws.ToString(again))
	}
	if list := ok(l.ListLayers(l.ctx(), &lambda.ListLayersInput{}))(t); len(list.Layers) != 1 || list.Layers[0].LatestMatchingVersion.Version != 2 {
		t.Errorf("%+v", list.Layers)
	}
}

func TestALocalDirectoryIsWatched(t *testing.T) {
	needs(t, "node")
	dir := reachable(t)
	write := func(code string) {
		if err := os.WriteFile(filepath.Join(dir, "index.js"), []byte(code), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write(`exports.handler = async () => "one"`)
	l := newLab(t, func(c *Config) { c.Local = map[string]string{"local": dir} })
	l.invoke("local", `{}`, `"one"`)
	write(`exports.handler = async () => "another"`)
	l.until("the change is seen", func() bool {
		out := ok(l.Invoke(l.ctx(), &lambda.InvokeInput{FunctionName: aws.String("local")}))(t)
		return string(out.Payload) == `"another"`
	})
	// Another service may call it without a permission: nobody created it, and it has no policy.
	if _, err := l.Call(t.Context(), Invocation{Function: testARN + "local", Principal: gatewayPrincipal, SourceARN: methodARN}); err != nil {
		t.Error(err)
	}
}
