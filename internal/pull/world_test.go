package pull_test

import (
	"bytes"
	"context"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"

	"github.com/poolgate/poolgate/internal/account"
	"github.com/poolgate/poolgate/internal/pull"
	"github.com/poolgate/poolgate/internal/server"
)

const (
	region      = "eu-west-1"
	accountID   = "123456789012"
	functionARN = "arn:aws:lambda:eu-west-1:123456789012:function:pets"
)

// world is a running server with the SDK's clients. The first of a test stands for AWS: its tokens name AWS's issuer.
type world struct {
	testing.TB
	*server.Server
	rest *apigateway.Client
	http *apigatewayv2.Client
	pool *cip.Client
}

func start(t testing.TB, config server.Config) *world {
	t.Helper()
	s, err := tryStart(t, config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close(context.WithoutCancel(t.Context())) })
	sdk := aws.Config{Region: region, Credentials: credentials.NewStaticCredentialsProvider(accountID, "secret", ""), BaseEndpoint: aws.String(s.URL())}
	return &world{t, s, apigateway.NewFromConfig(sdk), apigatewayv2.NewFromConfig(sdk), cip.NewFromConfig(sdk)}
}

func tryStart(t testing.TB, config server.Config) (*server.Server, error) {
	t.Helper()
	config.Addr, config.IssuerAWS = "127.0.0.1:0", true
	if config.Data == "" {
		config.Data = server.Memory
	}
	return server.Start(t.Context(), config)
}

// calls keeps the operations that a reader called, as the wire says them.
type calls struct {
	mu   sync.Mutex
	made map[string]int
}

// RoundTrip implements http.RoundTripper.
func (c *calls) RoundTrip(r *http.Request) (*http.Response, error) {
	name := r.Method
	if target := r.Header.Get("X-Amz-Target"); target != "" {
		name = target
	} else if r.Method == http.MethodPost {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		name = string(body)
	}
	c.mu.Lock()
	c.made[name]++
	c.mu.Unlock()
	return http.DefaultTransport.RoundTrip(r)
}

// pull copies the targets into a new directory.
func (w *world) pull(stage string, targets ...string) string {
	w.Helper()
	dir := filepath.Join(w.TempDir(), "copy")
	w.pullInto(dir, nil, stage, targets...)
	return dir
}

func (w *world) pullInto(dir string, transport http.RoundTripper, stage string, targets ...string) *pull.Copy {
	w.Helper()
	ctx := w.Context()
	r, err := account.Open(ctx, account.Options{EndpointURL: w.URL(), Region: region, Transport: transport, FirstDelay: time.Millisecond})
	if err != nil {
		w.Fatal(err)
	}
	var parsed []pull.Target
	for _, text := range targets {
		target, err := pull.ParseTarget(text)
		if err != nil {
			w.Fatal(err)
		}
		parsed = append(parsed, target)
	}
	c, err := pull.Fetch(ctx, r, parsed, stage, nil)
	if err != nil {
		w.Fatal(err)
	}
	if err := pull.Write(dir, c); err != nil {
		w.Fatal(err)
	}
	return c
}

// isolate makes the SDK's settings those of an account's owner, whatever the environment says.
func isolate(t *testing.T) {
	t.Helper()
	t.Setenv("AWS_CONFIG_FILE", os.DevNull)
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", os.DevNull)
	for _, name := range []string{"AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL"} {
		t.Setenv(name, "")
	}
	t.Setenv("AWS_ACCESS_KEY_ID", accountID)
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
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

// files reads a directory.
func files(t testing.TB, dir string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		name, _ := filepath.Rel(dir, path)
		found[name] = string(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// sameFiles compares two directories byte for byte.
func sameFiles(t testing.TB, first, second string) {
	t.Helper()
	a, b := files(t, first), files(t, second)
	for _, name := range slices.Sorted(maps.Keys(a)) {
		other, there := b[name]
		switch {
		case !there:
			t.Errorf("%s is not in the second directory", name)
		case a[name] != other:
			t.Errorf("%s differs:\n%s\n--- second:\n%s", name, a[name], other)
		}
		delete(b, name)
	}
	if len(b) > 0 {
		t.Errorf("only in the second directory: %s", strings.Join(slices.Sorted(maps.Keys(b)), ", "))
	}
}
