package lambda

import (
	"errors"
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/poolgate/poolgate/internal/wire"
	"github.com/poolgate/poolgate/internal/wire/model"
)

// client is the SDK's own, speaking to the service over the wire's codec.
func (l *lab) client() *lambda.Client {
	mux := wire.New(wire.Options{DefaultRegion: testRegion})
	mux.Register(&model.Lambda, l.Service)
	return lambda.New(lambda.Options{
		Region: testRegion, Credentials: credentials.NewStaticCredentialsProvider(testAccount, "s", ""),
		BaseEndpoint: aws.String("http://localhost"), HTTPClient: &http.Client{Transport: wire.Transport(mux)}, RetryMaxAttempts: 1,
	})
}

func TestTheSDKUnderstandsTheAnswers(t *testing.T) {
	needs(t, "node")
	l := newLab(t)
	c := l.client()
	created, err := c.CreateFunction(t.Context(), &lambda.CreateFunctionInput{
		FunctionName: aws.String("f"), Role: aws.String(testRole), Runtime: types.RuntimeNodejs20x, Handler: aws.String("index.handler"), Publish: true,
		Code: &types.FunctionCode{ZipFile: archive(t, map[string]string{
			"index.js": `exports.handler = async (e) => { if (e.fail) throw new RangeError("no"); return e }`,
		})},
	})
	if err != nil || aws.ToString(created.Version) != "1" {
		t.Fatalf("%+v %v", created, err)
	}
	out, err := c.Invoke(t.Context(), &lambda.InvokeInput{
		FunctionName: created.FunctionArn, Payload: []byte(`{"a":"ü"}`), LogType: types.LogTypeTail,
	})
	if err != nil || string(out.Payload) != `{"a":"ü"}` || aws.ToString(out.ExecutedVersion) != "1" || aws.ToString(out.LogResult) == "" || out.FunctionError != nil {
		t.Fatalf("%+v %v", out, err)
	}
	failed, err := c.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("f"), Payload: []byte(`{"fail":1}`)})
	if err != nil || aws.ToString(failed.FunctionError) != "Unhandled" || failed.StatusCode != 200 {
		t.Fatalf("%+v %v", failed, err)
	}
	var missing *types.ResourceNotFoundException
	if _, err := c.GetFunction(t.Context(), &lambda.GetFunctionInput{FunctionName: aws.String("g")}); !errors.As(err, &missing) ||
		aws.ToString(missing.Message) != "Function not found: "+testARN+"g" || aws.ToString(missing.Type) != "User" {
		t.Errorf("%v", err)
	}
	if _, err := c.DeleteFunction(t.Context(), &lambda.DeleteFunctionInput{FunctionName: aws.String("f")}); err != nil {
		t.Error(err)
	}
}

// TestALargeArchiveIsTaken uploads more than other operations may, and runs it.
func TestALargeArchiveIsTaken(t *testing.T) {
	needs(t, "node")
	l := newLab(t)
	noise := make([]byte, 12<<20)
	for i, x := 0, uint32(1); i < len(noise); i++ {
		x ^= x << 13
		x ^= x >> 17
		x ^= x << 5
		noise[i] = byte(x)
	}
	_, err := l.client().CreateFunction(t.Context(), &lambda.CreateFunctionInput{
		FunctionName: aws.String("f"), Role: aws.String(testRole), Runtime: types.RuntimeNodejs20x, Handler: aws.String("index.handler"), Timeout: aws.Int32(20),
		Code: &types.FunctionCode{ZipFile: archive(t, map[string]string{
			"index.js": `exports.handler = async () => require("fs").statSync("noise").size`, "noise": string(noise),
		})},
	})
	if err != nil {
		t.Fatal(err)
	}
	l.invoke("f", `{}`, `12582912`)
}
