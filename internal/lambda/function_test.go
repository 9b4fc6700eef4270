package lambda

import (
	"encoding/base64"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

func TestAFunctionFromCreationToDeletion(t *testing.T) {
	l := newLab(t)
	created := l.node("f", `exports.handler = async (e) => ({ one: e, secret: process.env.SECRET, home: Object.keys(process.env).includes("POOLGATE_SEAL_KEY") })`,
		func(in *lambda.CreateFunctionInput) {
			in.Environment = &types.Environment{Variables: map[string]string{"SECRET": "s"}}
			in.Tags = map[string]string{"a": "b"}
		})
	if created.State != types.StateActive || created.LastUpdateStatus != types.LastUpdateStatusSuccessful || aws.ToString(created.FunctionArn) != testARN+"f" ||
		aws.ToString(created.Version) != "$LATEST" || created.CodeSize == 0 || created.Environment.Variables["SECRET"] != "s" {
		t.Errorf("%+v", created)
	}
	if sum, err := base64.StdEncoding.DecodeString(aws.ToString(created.CodeSha256)); err != nil || len(sum) != 32 {
		t.Errorf("CodeSha256 %q", aws.ToString(created.CodeSha256))
	}
	refused(l.CreateFunction(l.ctx(), &lambda.CreateFunctionInput{
		FunctionName: aws.String("f"), Role: aws.String(testRole), Runtime: types.RuntimeNodejs20x, Handler: aws.String("x.y"),
		Code: &types.FunctionCode{ZipFile: archive(t, map[string]string{"a": "b"})},
	}))(t, "ResourceConflictException", "Function already exist: f")

	out := l.invoke("f", `{"a":1}`, `{"one":{"a":1},"secret":"s","home":false}`)
	if aws.ToString(out.ExecutedVersion) != "$LATEST" || out.FunctionError != nil || out.StatusCode != 200 {
		t.Errorf("%+v", out)
	}
	tail, err := base64.StdEncoding.DecodeString(aws.ToString(out.LogResult))
	report := regexp.MustCompile(`(?s)^START RequestId: \S+ Version: \$LATEST\nEND RequestId: \S+\nREPORT RequestId: \S+\tDuration: [\d.]+ ms\tBilled Duration: \d+ ms\tMemory Size: 128 MB\tMax Memory Used: \d+ MB\tInit Duration: [\d.]+ ms\t\n$`)
	if err != nil || !report.Match(tail) {
		t.Errorf("the log's tail is %q", tail)
	}
	if !l.journal.has("/aws/lambda/f", "REPORT RequestId: ") {
		t.Error("the log group has no report")
	}

	ok(l.UpdateFunctionConfiguration(l.ctx(), &lambda.UpdateFunctionConfigurationInput{
		FunctionName: aws.String(testARN + "f"), Environment: &types.Environment{Variables: map[string]string{"SECRET": "t"}},
	}))(t)
	l.invoke("f", `2`, `{"one":2,"secret":"t","home":false}`)
	ok(l.UpdateFunctionCode(l.ctx(), &lambda.UpdateFunctionCodeInput{
		FunctionName: aws.String("f"), ZipFile: archive(t, map[string]string{"index.mjs": `export const handler = async () => "new"`}),
	}))(t)
	l.invoke("f", `{}`, `"new"`)

	got := ok(l.GetFunction(l.ctx(), &lambda.GetFunctionInput{FunctionName: aws.String("f")}))(t)
	if got.Tags["a"] != "b" || aws.ToInt32(got.Configuration.Timeout) != 20 || aws.ToString(got.Configuration.RevisionId) == aws.ToString(created.RevisionId) {
		t.Errorf("%+v", got.Configuration)
	}
	if list := ok(l.ListFunctions(l.ctx(), &lambda.ListFunctionsInput{}))(t); len(list.Functions) != 1 {
		t.Errorf("%d functions", len(list.Functions))
	}
	ok(l.DeleteFunction(l.ctx(), &lambda.DeleteFunctionInput{FunctionName: aws.String("f")}))(t)
	missing := "Function not found: " + testARN + "f"
	refused(l.GetFunction(l.ctx(), &lambda.GetFunctionInput{FunctionName: aws.String("f")}))(t, "ResourceNotFoundException", missing)
	refused(l.Invoke(l.ctx(), &lambda.InvokeInput{FunctionName: aws.String("f")}))(t, "ResourceNotFoundException", missing)
	refused(l.DeleteFunction(l.ctx(), &lambda.DeleteFunctionInput{FunctionName: aws.String("f")}))(t, "ResourceNotFoundException", missing)
	l.until("its process is gone", func() bool { return l.pool.Processes() == 0 })
}

func TestCreateFunctionRefusesWhatAWSRefuses(t *testing.T) {
	l := newLab(t)
	for _, test := range []struct {
		name    string
		set     func(*lambda.CreateFunctionInput)
		message string
	}{
		{"no code", func(in *lambda.CreateFunctionInput) { in.Code = &types.FunctionCode{} }, "Please provide a source for function code."},
		{"no archive", func(in *lambda.CreateFunctionInput) { in.Code.ZipFile = []byte("zip") },
			"Could not unzip uploaded file. Please check your file, then try to upload again."},
		{"an empty archive", func(in *lambda.CreateFunctionInput) { in.Code.ZipFile = archive(t, nil) }, "Uploaded file must be a non-empty zip"},
		{"a name that leaves the archive", func(in *lambda.CreateFunctionInput) { in.Code.ZipFile = archive(t, map[string]string{"a/../../x": ""}) },
			"Could not unzip uploaded file. Please check your file, then try to upload again."},
		{"no handler", func(in *lambda.CreateFunctionInput) { in.Handler = nil },
			"Runtime and Handler are mandatory parameters for functions created with deployment packages."},
		{"a reserved variable", func(in *lambda.CreateFunctionInput) {
			in.Environment = &types.Environment{Variables: map[string]string{"AWS_REGION": "x", "A": "b"}}
		}, "Lambda was unable to configure your environment variables because the environment variables you have provided contains reserved keys" +
			" that are currently not supported for modification. Reserved keys used in this request: AWS_REGION"},
		{"too large an environment", func(in *lambda.CreateFunctionInput) {
			in.Environment = &types.Environment{Variables: map[string]string{"A": strings.Repeat("x", 5000)}}
		}, "Lambda was unable to configure your environment variables because the environment variables you have provided exceeded the 4KB limit." +
			" String measured: 5008 bytes"},
		{"a layer that is not there", func(in *lambda.CreateFunctionInput) {
			in.Layers = []string{"arn:aws:lambda:eu-west-1:111111111111:layer:l:1"}
		},
			"Layer version arn:aws:lambda:eu-west-1:111111111111:layer:l:1 does not exist."},
		{"code in S3", func(in *lambda.CreateFunctionInput) {
			in.Code = &types.FunctionCode{S3Bucket: aws.String("b"), S3Key: aws.String("k")}
		}, "Error occurred while GetObject. S3 Error Code: NotImplemented. S3 Error Message: this poolgate has no S3; send the code as ZipFile"},
	} {
		t.Run(test.name, func(t *testing.T) {
			in := &lambda.CreateFunctionInput{
				FunctionName: aws.String("f"), Role: aws.String(testRole), Runtime: types.RuntimeNodejs20x, Handler: aws.String("x.y"),
				Code: &types.FunctionCode{ZipFile: archive(t, map[string]string{"a": "b"})},
			}
			test.set(in)
			refused(l.CreateFunction(l.ctx(), in))(t, "InvalidParameterValueException", test.message)
		})
	}
}

func TestAnUpdateForAnotherRevisionIsRefused(t *testing.T) {
	l := newLab(t)
	l.node("f", "")
	refused(l.UpdateFunctionConfiguration(l.ctx(), &lambda.UpdateFunctionConfigurationInput{FunctionName: aws.String("f"), RevisionId: aws.String("old")}))(t,
		"PreconditionFailedException", "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id")
}

func TestVersionsKeepTheirCode(t *testing.T) {
	l := newLab(t)
	first := l.node("f", `exports.handler = async (e, c) => c.functionVersion`, func(in *lambda.CreateFunctionInput) { in.Publish = true })
	if aws.ToString(first.Version) != "1" || aws.ToString(first.FunctionArn) != testARN+"f:1" {
		t.Errorf("%s %s", aws.ToString(first.Version), aws.ToString(first.FunctionArn))
	}
	again := ok(l.PublishVersion(l.ctx(), &lambda.PublishVersionInput{FunctionName: aws.String("f")}))(t)
	if aws.ToString(again.Version) != "1" {
		t.Errorf("nothing changed, and yet there is version %s", aws.ToString(again.Version))
	}
	ok(l.UpdateFunctionCode(l.ctx(), &lambda.UpdateFunctionCodeInput{
		FunctionName: aws.String("f"), ZipFile: archive(t, map[string]string{"index.js": `exports.handler = async () => "new"`}), Publish: true,
	}))(t)
	l.invoke("f:1", `{}`, `"1"`)
	l.invoke("f:2", `{}`, `"new"`)
	out := l.invoke("f", `{}`, `"new"`)
	if aws.ToString(out.ExecutedVersion) != "$LATEST" {
		t.Errorf("executed %s", aws.ToString(out.ExecutedVersion))
	}
	list := ok(l.ListVersionsByFunction(l.ctx(), &lambda.ListVersionsByFunctionInput{FunctionName: aws.String("f")}))(t)
	if len(list.Versions) != 3 || aws.ToString(list.Versions[0].FunctionArn) != testARN+"f:$LATEST" {
		t.Errorf("%d versions", len(list.Versions))
	}
	ok(l.DeleteFunction(l.ctx(), &lambda.DeleteFunctionInput{FunctionName: aws.String("f"), Qualifier: aws.String("1")}))(t)
	refused(l.Invoke(l.ctx(), &lambda.InvokeInput{FunctionName: aws.String("f:1")}))(t, "ResourceNotFoundException", "Function not found: "+testARN+"f:1")
	l.invoke("f:2", `{}`, `"new"`)
}
