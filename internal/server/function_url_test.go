package server

import (
	"io"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

// functionURL makes a function with a URL, and gives the URL's host.
func functionURL(t *testing.T, auth types.FunctionUrlAuthType, config Config) (s *Server, host string) {
	t.Helper()
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip("NOT TESTED: there is no node on the PATH")
	}
	s = startTest(t, config)
	owner := lambda.New(lambda.Options{
		BaseEndpoint: aws.String(s.URL()), Region: "eu-west-1", Credentials: credentials.NewStaticCredentialsProvider("111111111111", "secret", ""),
	})
	_, err := owner.CreateFunction(t.Context(), &lambda.CreateFunctionInput{
		FunctionName: aws.String("f"), Role: aws.String("arn:aws:iam::111111111111:role/r"), Runtime: types.RuntimeNodejs20x, Handler: aws.String("index.handler"),
		Timeout: aws.Int32(20), Code: &types.FunctionCode{ZipFile: zipped(t, `exports.handler = async (e) => e.rawPath + " " + e.requestContext.accountId`)},
	})
	if err != nil {
		t.Fatal(err)
	}
	made, err := owner.CreateFunctionUrlConfig(t.Context(), &lambda.CreateFunctionUrlConfigInput{FunctionName: aws.String("f"), AuthType: auth})
	if err != nil {
		t.Fatal(err)
	}
	_, err = owner.AddPermission(t.Context(), &lambda.AddPermissionInput{
		FunctionName: aws.String("f"), StatementId: aws.String("all"), Action: aws.String("lambda:InvokeFunctionUrl"), Principal: aws.String("*"), FunctionUrlAuthType: types.FunctionUrlAuthTypeNone,
	})
	if err != nil {
		t.Fatal(err)
	}
	host, found := strings.CutPrefix(strings.TrimSuffix(*made.FunctionUrl, "/"), "http://")
	if !found || !strings.HasSuffix(host, strings.TrimPrefix(s.URL(), "http://127.0.0.1")) {
		t.Fatalf("the URL is %s of a server at %s", *made.FunctionUrl, s.URL())
	}
	return s, host
}

// askAs sends a request to the server under a host name.
func askAs(t *testing.T, s *Server, host, path string, set ...func(*http.Request)) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL()+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = host
	for _, fn := range set {
		fn(r)
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
	return out.StatusCode, string(body)
}

func TestFunctionURLsHaveTheirDoor(t *testing.T) {
	s, host := functionURL(t, types.FunctionUrlAuthTypeNone, Config{})
	id, _, _ := strings.Cut(host, ".")
	fromAPage := func(r *http.Request) { r.Header.Set("Origin", "https://elsewhere.example") }
	for name, row := range map[string]struct {
		host, path, want string
		set              []func(*http.Request)
	}{
		"by the host that is shown":  {host, "/a%2Fb", `"/a%2Fb anonymous"`, nil},
		"by AWS's host":              {id + ".lambda-url.eu-west-1.on.aws", "/a", `"/a anonymous"`, nil},
		"by path":                    {"", "/_aws/lambda-url/" + id + "/a/b", `"/a/b anonymous"`, nil},
		"by path, without a slash":   {"", "/_aws/lambda-url/" + id, `"/ anonymous"`, nil},
		"from a page":                {host, "/", `"/ anonymous"`, []func(*http.Request){fromAPage}},
		"paths of this server's own": {host, "/_poolgate/health", `"/_poolgate/health anonymous"`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			if status, body := askAs(t, s, row.host, row.path, row.set...); status != 200 || body != row.want {
				t.Errorf("want 200 %s, got %d %s", row.want, status, body)
			}
		})
	}
	if status, body := askAs(t, s, "other.lambda-url.eu-west-1.on.aws", "/"); status != 403 || !strings.Contains(body, "Forbidden") {
		t.Errorf("a URL that is not there: %d %s", status, body)
	}
}

func TestAFunctionURLThatWantsASignature(t *testing.T) {
	s, host := functionURL(t, types.FunctionUrlAuthTypeAwsIam, Config{AccessKeys: map[string]string{"111111111111": "secret"}})
	signed := func(secret string) func(*http.Request) {
		return func(r *http.Request) {
			const empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
			err := v4.NewSigner().SignHTTP(t.Context(), aws.Credentials{AccessKeyID: "111111111111", SecretAccessKey: secret}, r, empty, "lambda", "eu-west-1", time.Now())
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	if status, body := askAs(t, s, host, "/x", signed("secret")); status != 200 || body != `"/x 111111111111"` {
		t.Errorf("signed: %d %s", status, body)
	}
	if status, body := askAs(t, s, host, "/x", signed("another")); status != 403 || !strings.Contains(body, "The request signature we calculated does not match") {
		t.Errorf("signed with another secret: %d %s", status, body)
	}
	if status, body := askAs(t, s, host, "/x"); status != 403 || !strings.Contains(body, "Forbidden") {
		t.Errorf("unsigned: %d %s", status, body)
	}
}
