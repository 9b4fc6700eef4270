package server

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

// TestTheCodeOfAFunctionIsDownloaded: what GetFunction and GetLayerVersion name as the code's location gives the archive byte for byte, to
// who has the address and to nobody else, until the function is gone.
func TestTheCodeOfAFunctionIsDownloaded(t *testing.T) {
	s := startTest(t, Config{AccessKeys: map[string]string{"111111111111": "secret"}})
	client := lambda.New(lambda.Options{
		BaseEndpoint: aws.String(s.URL()), Region: "eu-west-1", Credentials: credentials.NewStaticCredentialsProvider("111111111111", "secret", ""),
	})
	archive := zipped(t, `exports.handler = async () => 1`)
	_, err := client.CreateFunction(t.Context(), &lambda.CreateFunctionInput{
		FunctionName: aws.String("f"), Role: aws.String("arn:aws:iam::111111111111:role/r"), Runtime: types.RuntimeNodejs20x, Handler: aws.String("index.handler"),
		Code: &types.FunctionCode{ZipFile: archive},
	})
	if err != nil {
		t.Fatal(err)
	}
	layer, err := client.PublishLayerVersion(t.Context(), &lambda.PublishLayerVersionInput{LayerName: aws.String("l"), Content: &types.LayerVersionContentInput{ZipFile: zipped(t, "a layer")}})
	if err != nil {
		t.Fatal(err)
	}
	got, err := client.GetFunction(t.Context(), &lambda.GetFunctionInput{FunctionName: aws.String("f")})
	if err != nil {
		t.Fatal(err)
	}
	location := aws.ToString(got.Code.Location)
	if aws.ToString(got.Code.RepositoryType) != "S3" || !strings.HasPrefix(location, "http://") {
		t.Fatalf("the code is at %q, %q", location, aws.ToString(got.Code.RepositoryType))
	}
	if status, body := download(t, http.MethodGet, location); status != 200 || !bytes.Equal(body, archive) {
		t.Errorf("answered %d and %d bytes of %d", status, len(body), len(archive))
	}
	if status, body := download(t, http.MethodGet, aws.ToString(layer.Content.Location)); status != 200 || !bytes.Equal(body, zipped(t, "a layer")) {
		t.Errorf("the layer: answered %d and %d bytes", status, len(body))
	}
	address, err := url.Parse(location)
	if err != nil {
		t.Fatal(err)
	}
	changed := func(name, value string) string {
		other := *address
		query := other.Query()
		query.Set(name, value)
		other.RawQuery = query.Encode()
		return other.String()
	}
	for name, row := range map[string]struct {
		method, location string
		status           int
		code             string
	}{
		"another signature":   {http.MethodGet, changed("Signature", "x"), 403, "SignatureDoesNotMatch"},
		"a later time":        {http.MethodGet, changed("Expires", "99999999999"), 403, "SignatureDoesNotMatch"},
		"a time that is none": {http.MethodGet, changed("Expires", "soon"), 403, "SignatureDoesNotMatch"},
		"nothing":             {http.MethodGet, strings.SplitN(location, "?", 2)[0], 403, "SignatureDoesNotMatch"},
		"another archive":     {http.MethodGet, strings.Replace(location, address.Path[len(address.Path)-4:], "0000", 1), 403, "SignatureDoesNotMatch"},
		"no archive":          {http.MethodGet, strings.Replace(location, address.Path[len(address.Path)-64:], "../../etc/passwd", 1), 403, "SignatureDoesNotMatch"},
		"another method":      {http.MethodPost, location, 405, "MethodNotAllowed"},
	} {
		t.Run(name, func(t *testing.T) {
			if status, body := download(t, row.method, row.location); status != row.status || !bytes.Contains(body, []byte("<Code>"+row.code+"</Code>")) {
				t.Errorf("want %d %s, got %d %s", row.status, row.code, status, body)
			}
		})
	}
	if _, err := client.DeleteFunction(t.Context(), &lambda.DeleteFunctionInput{FunctionName: aws.String("f")}); err != nil {
		t.Fatal(err)
	}
	if status, body := download(t, http.MethodGet, location); status != 404 || !bytes.Contains(body, []byte("NoSuchKey")) {
		t.Errorf("of a function that is gone: %d %s", status, body)
	}
}

func download(t *testing.T, method, address string) (int, []byte) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	out, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = out.Body.Close() }()
	body, err := io.ReadAll(out.Body)
	if err != nil {
		t.Fatal(err)
	}
	return out.StatusCode, body
}

// TestAFunctionURLStreamsThroughTheServer: the first piece is with the client before the function writes the second.
func TestAFunctionURLStreamsThroughTheServer(t *testing.T) {
	s, host := functionURL(t, types.FunctionUrlAuthTypeNone, Config{})
	client := lambda.New(lambda.Options{
		BaseEndpoint: aws.String(s.URL()), Region: "eu-west-1", Credentials: credentials.NewStaticCredentialsProvider("111111111111", "secret", ""),
	})
	proceed := make(chan struct{})
	gate := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-proceed:
		case <-r.Context().Done():
		}
	}))
	defer gate.Close()
	name := aws.String("f")
	_, err := client.UpdateFunctionUrlConfig(t.Context(), &lambda.UpdateFunctionUrlConfigInput{FunctionName: name, InvokeMode: types.InvokeModeResponseStream})
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.UpdateFunctionCode(t.Context(), &lambda.UpdateFunctionCodeInput{FunctionName: name, ZipFile: zipped(t, `exports.handler = awslambda.streamifyResponse(async (event, stream) => {
		stream.setContentType("text/event-stream"); stream.write("first ");
		await fetch("` + gate.URL + `"); stream.end("second");
	})`)})
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL()+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = host
	out, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = out.Body.Close() }()
	first := make([]byte, 6)
	if _, err := io.ReadFull(out.Body, first); err != nil || string(first) != "first " {
		t.Fatalf("the first piece is %q, %v", first, err)
	}
	close(proceed)
	rest, err := io.ReadAll(out.Body)
	if err != nil || string(rest) != "second" || out.Header.Get("Content-Type") != "text/event-stream" {
		t.Errorf("the rest is %q, %v, of %q", rest, err, out.Header.Get("Content-Type"))
	}
}
