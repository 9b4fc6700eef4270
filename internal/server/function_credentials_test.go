package server

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
)

// TestAFunctionIsWhoItsRoleSays takes the credential that a function finds in its environment, and uses it: it is of the
// function's account, ends with the process, and is worth nothing without its token.
func TestAFunctionIsWhoItsRoleSays(t *testing.T) {
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip("NOT TESTED: there is no node on the PATH")
	}
	s := startTest(t, Config{AccessKeys: map[string]string{"111111111111": "configured"}})
	owner := lambda.New(lambda.Options{
		BaseEndpoint: aws.String(s.URL()), Region: "eu-west-1", Credentials: credentials.NewStaticCredentialsProvider("111111111111", "configured", ""),
	})
	_, err := owner.CreateFunction(t.Context(), &lambda.CreateFunctionInput{
		FunctionName: aws.String("f"), Role: aws.String("arn:aws:iam::111111111111:role/pets"), Runtime: types.RuntimeNodejs20x,
		Handler: aws.String("index.handler"), Timeout: aws.Int32(20), Code: &types.FunctionCode{ZipFile: zipped(t, `exports.handler = async () => process.env`)},
	})
	if err != nil {
		t.Fatal(err)
	}
	out, err := owner.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("f")})
	if err != nil {
		t.Fatal(err)
	}
	var env map[string]string
	if err := json.Unmarshal(out.Payload, &env); err != nil {
		t.Fatal(err)
	}
	id, secret, token := env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"], env["AWS_SESSION_TOKEN"]
	if !strings.HasPrefix(id, "ASIA") || len(id) != 20 || env["AWS_ENDPOINT_URL"] != s.URL() || env["AWS_REGION"] != "eu-west-1" {
		t.Fatalf("the environment says %s at %s in %s", id, env["AWS_ENDPOINT_URL"], env["AWS_REGION"])
	}
	if strings.Contains(string(out.Payload), "configured") {
		t.Error("the function sees a configured secret")
	}
	as := func(secret, token string) error {
		_, err := lambda.New(lambda.Options{
			BaseEndpoint: aws.String(env["AWS_ENDPOINT_URL"]), Region: "eu-west-1", Credentials: credentials.NewStaticCredentialsProvider(id, secret, token),
		}).GetFunction(t.Context(), &lambda.GetFunctionInput{FunctionName: aws.String("f")})
		return err
	}
	const invalid = "The security token included in the request is invalid."
	if err := as(secret, token); err != nil {
		t.Errorf("the function is not let in: %v", err)
	}
	for name, row := range map[string]struct{ secret, token, want string }{
		"without the token":    {secret, "", invalid},
		"with another token":   {secret, "x" + token, invalid},
		"with another secret":  {"x" + secret, token, "The request signature we calculated does not match"},
		"with the owner's own": {"configured", token, "The request signature we calculated does not match"},
	} {
		if err := as(row.secret, row.token); err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: want %q, got %v", name, row.want, err)
		}
	}
	buckets := s3.New(s3.Options{
		BaseEndpoint: aws.String(s.URL()), Region: "us-east-1", UsePathStyle: true, Credentials: credentials.NewStaticCredentialsProvider(id, secret, token),
	})
	if _, err := buckets.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String("of-the-function")}); err != nil {
		t.Errorf("S3 does not know it: %v", err)
	}
	if _, err := owner.UpdateFunctionCode(t.Context(), &lambda.UpdateFunctionCodeInput{FunctionName: aws.String("f"), ZipFile: zipped(t, `exports.handler = async () => 2`)}); err != nil {
		t.Fatal(err)
	}
	// The process ends by itself a moment later, and its credential with it.
	until(t, "the credential ends with the process", func() bool {
		err := as(secret, token)
		var e smithy.APIError
		return errors.As(err, &e) && e.ErrorMessage() == invalid
	})
}

// until polls for something that happens by itself.
func until(t *testing.T, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("it did not happen: %s", what)
		}
	}
}

// zipped is an archive with one file of code for node.
func zipped(t *testing.T, code string) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	f, err := w.Create("index.js")
	if err == nil {
		_, err = f.Write([]byte(code))
	}
	if err = errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
