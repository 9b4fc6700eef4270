package server

import (
	"bytes"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// TestLongFunctionsAndLargeObjectsHaveTime serves with less patience than they need: what is known to take long gets more.
func TestLongFunctionsAndLargeObjectsHaveTime(t *testing.T) {
	before := patient
	t.Cleanup(func() { patient = before })
	patient.request, patient.answer = 700*time.Millisecond, 700*time.Millisecond
	s, host := functionURL(t, types.FunctionUrlAuthTypeNone, Config{})
	key := credentials.NewStaticCredentialsProvider("111111111111", "secret", "")
	functions := lambda.New(lambda.Options{BaseEndpoint: aws.String(s.URL()), Region: "eu-west-1", Credentials: key, RetryMaxAttempts: 1})
	const slow = `exports.handler = async () => { await new Promise((done) => setTimeout(done, 1500)); return "slow" }`
	if _, err := functions.UpdateFunctionCode(t.Context(), &lambda.UpdateFunctionCodeInput{FunctionName: aws.String("f"), ZipFile: zipped(t, slow)}); err != nil {
		t.Fatal(err)
	}
	if _, err := functions.UpdateFunctionConfiguration(t.Context(), &lambda.UpdateFunctionConfigurationInput{FunctionName: aws.String("f"), Timeout: aws.Int32(900)}); err != nil {
		t.Fatal(err)
	}
	out, err := functions.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("f")})
	if err != nil || string(out.Payload) != `"slow"` {
		t.Errorf("invoked: %v", err)
	}
	if status, body := askAs(t, s, host, "/"); status != 200 || body != `"slow"` {
		t.Errorf("at its URL: %d %s", status, body)
	}

	objects := s3.New(s3.Options{BaseEndpoint: aws.String(s.URL()), Region: "us-east-1", UsePathStyle: true, Credentials: key})
	if _, err := objects.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String("large")}); err != nil {
		t.Fatal(err)
	}
	put, err := s3.NewPresignClient(objects).PresignPutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("large"), Key: aws.String("k")})
	if err != nil {
		t.Fatal(err)
	}
	const size = 6 << 20
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPut, put.URL, &trickle{Reader: bytes.NewReader(make([]byte, size))})
	if err != nil {
		t.Fatal(err)
	}
	r.ContentLength = size
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	if text, err := io.ReadAll(answer.Body); err != nil || answer.StatusCode != 200 {
		t.Errorf("a slow upload: %d %s %v", answer.StatusCode, text, err)
	}
}

// trickle gives a megabyte every 300 ms, which takes longer than a request may.
type trickle struct {
	*bytes.Reader
	given int
}

func (s *trickle) Read(p []byte) (int, error) {
	if s.given >= 1<<20 {
		s.given = 0
		<-time.After(300 * time.Millisecond)
	}
	n, err := s.Reader.Read(p)
	s.given += n
	return n, err
}

// WriteTo is hidden: it would give all at once.
func (s *trickle) WriteTo(w io.Writer) (int64, error) { return io.Copy(w, struct{ io.Reader }{s}) }
