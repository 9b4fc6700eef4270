package account_test

import (
	"context"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"

	"github.com/poolgate/poolgate/internal/account"
	"github.com/poolgate/poolgate/internal/server"
)

const region = "eu-west-1"

// world is a running server that stands for AWS, with the SDK's clients.
type world struct {
	*testing.T
	url  string
	rest *apigateway.Client
	http *apigatewayv2.Client
	pool *cip.Client
}

func newWorld(t *testing.T) *world {
	t.Helper()
	s, err := server.Start(t.Context(), server.Config{Addr: "127.0.0.1:0", Data: server.Memory})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close(context.WithoutCancel(t.Context())) })
	config := aws.Config{Region: region, Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""), BaseEndpoint: aws.String(s.URL())}
	return &world{t, s.URL(), apigateway.NewFromConfig(config), apigatewayv2.NewFromConfig(config), cip.NewFromConfig(config)}
}

// reader reads the world. The environment of whoever runs the test has no say.
func (w *world) reader(transport http.RoundTripper) *account.Reader {
	w.Helper()
	isolate(w.T)
	r, err := account.Open(w.Context(), account.Options{EndpointURL: w.url, Region: region, Transport: transport, FirstDelay: time.Millisecond})
	if err != nil {
		w.Fatal(err)
	}
	return r
}

// isolate takes away all settings of the SDK's.
func isolate(t *testing.T) {
	t.Helper()
	t.Setenv("AWS_CONFIG_FILE", os.DevNull)
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", os.DevNull)
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	for _, name := range []string{"AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL"} {
		t.Setenv(name, "")
	}
}

// must ends the test when an operation failed.
func must[T any](out T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
}

// importREST makes a REST API of a document and deploys it to dev.
func (w *world) importREST(file string) string {
	w.Helper()
	document, err := os.ReadFile(file)
	if err != nil {
		w.Fatal(err)
	}
	ctx := w.Context()
	api := must(w.rest.ImportRestApi(ctx, &apigateway.ImportRestApiInput{Body: document}))(w)
	must(w.rest.CreateDeployment(ctx, &apigateway.CreateDeploymentInput{RestApiId: api.Id, StageName: aws.String("dev")}))(w)
	return *api.Id
}
