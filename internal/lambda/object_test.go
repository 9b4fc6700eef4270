package lambda

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"

	objects "github.com/poolgate/poolgate/internal/s3"
	"github.com/poolgate/poolgate/internal/wire/sigv4"
)

// everyone is whoever they say they are.
type everyone struct{}

func (everyone) Caller(id string) (string, string)         { return id, "" }
func (everyone) Lookup(*http.Request) (sigv4.Lookup, bool) { return nil, false }

// withObjects gives a lab S3 over the same store, with a versioned bucket, and the SDK's client of it.
func withObjects(t *testing.T) (*lab, *s3.Client) {
	t.Helper()
	var url string
	l := newLab(t, func(c *Config) {
		service := objects.New(objects.Config{Store: c.Store, Callers: everyone{}})
		server := httptest.NewServer(service)
		t.Cleanup(func() { server.Close(); service.Close() })
		c.Objects, url = service, server.URL
	})
	client := s3.New(s3.Options{BaseEndpoint: &url, Region: testRegion, UsePathStyle: true, Credentials: credentials.NewStaticCredentialsProvider(testAccount, "x", "")})
	_, err := client.CreateBucket(t.Context(), &s3.CreateBucketInput{
		Bucket: aws.String("artefacts"), CreateBucketConfiguration: &s3types.CreateBucketConfiguration{LocationConstraint: testRegion},
	})
	if err == nil {
		_, err = client.PutBucketVersioning(t.Context(), &s3.PutBucketVersioningInput{
			Bucket: aws.String("artefacts"), VersioningConfiguration: &s3types.VersioningConfiguration{Status: "Enabled"},
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	return l, client
}

func put(t *testing.T, client *s3.Client, key string, data []byte) *string {
	t.Helper()
	out, err := client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("artefacts"), Key: &key, Body: bytes.NewReader(data)})
	if err != nil {
		t.Fatal(err)
	}
	return out.VersionId
}

func TestCodeComesFromS3(t *testing.T) {
	needs(t, "node")
	l, client := withObjects(t)
	answering := func(text string) []byte {
		return archive(t, map[string]string{"index.js": `exports.handler = async () => '` + text + `'`})
	}
	first := put(t, client, "code.zip", answering("one"))
	put(t, client, "code.zip", answering("two"))
	put(t, client, "layer.zip", archive(t, map[string]string{"x.txt": "x"}))

	bucket, key := aws.String("artefacts"), aws.String("code.zip")
	ok(l.CreateFunction(l.ctx(), &lambda.CreateFunctionInput{
		FunctionName: aws.String("f"), Role: aws.String(testRole), Runtime: types.RuntimeNodejs20x, Handler: aws.String("index.handler"), Timeout: aws.Int32(20),
		Code: &types.FunctionCode{S3Bucket: bucket, S3Key: key},
	}))(t)
	l.invoke("f", "{}", `"two"`)
	ok(l.UpdateFunctionCode(l.ctx(), &lambda.UpdateFunctionCodeInput{FunctionName: aws.String("f"), S3Bucket: bucket, S3Key: key, S3ObjectVersion: first}))(t)
	l.invoke("f", "{}", `"one"`)
	layer := ok(l.PublishLayerVersion(l.ctx(), &lambda.PublishLayerVersionInput{
		LayerName: aws.String("x"), Content: &types.LayerVersionContentInput{S3Bucket: bucket, S3Key: aws.String("layer.zip")},
	}))(t)
	if layer.Content.CodeSize == 0 {
		t.Error("the layer is empty")
	}
}

func TestCodeThatIsNotInS3(t *testing.T) {
	l, client := withObjects(t)
	put(t, client, "text.zip", []byte("this is no archive"))
	const failed = "Error occurred while GetObject. S3 Error Code: "
	for name, row := range map[string]struct{ bucket, key, version, want string }{
		"no such key":     {"artefacts", "none.zip", "", failed + "NoSuchKey. S3 Error Message: The specified key does not exist."},
		"no such bucket":  {"elsewhere", "code.zip", "", failed + "NoSuchBucket. S3 Error Message: The specified bucket does not exist"},
		"no such version": {"artefacts", "text.zip", "v", failed + "NoSuchVersion. S3 Error Message: The specified version does not exist."},
		"no archive":      {"artefacts", "text.zip", "", "Could not unzip uploaded file. Please check your file, then try to upload again."},
	} {
		t.Run(name, func(t *testing.T) {
			in := &lambda.CreateFunctionInput{
				FunctionName: aws.String("f"), Role: aws.String(testRole), Runtime: types.RuntimeNodejs20x, Handler: aws.String("index.handler"),
				Code: &types.FunctionCode{S3Bucket: &row.bucket, S3Key: &row.key},
			}
			if row.version != "" {
				in.Code.S3ObjectVersion = &row.version
			}
			refused(l.CreateFunction(l.ctx(), in))(t, "InvalidParameterValueException", row.want)
		})
	}
}
