package poolgatetest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/internal/server"
)

// Region is where the helpers make things.
const Region = "eu-west-1"

const (
	// patience bounds every wait of a helper.
	patience = 30 * time.Second
	// answerLimit bounds what is read of one answer, in bytes. API Gateway's own limit is 10 MB.
	answerLimit = 10 << 20
)

// TB is what is used of a *testing.T, *testing.B or *testing.F; other frameworks have something that fits too.
type TB interface {
	Helper()
	Cleanup(func())
	Fatalf(format string, args ...any)
}

// Option changes how a server is started.
type Option func(*server.Config)

// WithLog lets the server write its log there: every operation and every decision at the level Debug.
func WithLog(log *slog.Logger) Option { return func(c *server.Config) { c.Log = log } }

// WithFunction gives the server a Lambda function of that name: where is a directory with its code, or the http:// URL of a handler
// that answers for it, an httptest.Server's for example.
func WithFunction(name, where string) Option {
	return func(c *server.Config) {
		if c.Functions == nil {
			c.Functions = map[string]string{}
		}
		c.Functions[name] = where
	}
}

// WithHost lets the server answer to a further host name, one that a proxy in front of it has. Local names and the custom domains of pools and
// APIs it knows by itself; to all others it is deaf, so that no web page reaches it by a name of its own.
func WithHost(name string) Option { return func(c *server.Config) { c.Hosts = append(c.Hosts, name) } }

// WithAWSIssuer lets tokens name AWS's own issuer, https://cognito-idp.REGION.amazonaws.com/POOL, as a service expects that was configured for production.
func WithAWSIssuer() Option { return func(c *server.Config) { c.IssuerAWS = true } }

// Server is a running poolgate.
type Server struct {
	// URL is where it answers: the endpoint of SDK clients, without a slash at the end.
	URL string

	t      TB
	config server.Config
	http   *http.Client
	pools  *cognito.Client
	apis   *apigateway.Client
}

// Start runs a server until the test ends.
func Start(t TB, options ...Option) *Server {
	t.Helper()
	s := &Server{t: t, config: server.Config{Addr: "127.0.0.1:0", Data: server.Memory}}
	for _, option := range options {
		option(&s.config)
	}
	ctx, cancel := s.wait()
	defer cancel()
	running, err := server.Start(ctx, s.config)
	if err != nil {
		t.Fatalf("poolgate does not start: %v", err)
	}
	// A transport of its own: closing its idle connections is what lets the server stop at once.
	transport := &http.Transport{}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		ctx, cancel := s.wait()
		defer cancel()
		_ = running.Close(ctx) // requests that a test left behind are cut off; that is no failure of the test
	})
	s.URL = running.URL()
	s.http = &http.Client{Transport: transport, Timeout: patience, CheckRedirect: stay}
	s.pools, s.apis = cognito.NewFromConfig(s.Config()), apigateway.NewFromConfig(s.Config())
	return s
}

// stay does not follow a redirect: where it leads is what the helpers read.
func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// Config configures an SDK client for this server: cognitoidentityprovider.NewFromConfig(s.Config()).
func (s *Server) Config() aws.Config {
	return aws.Config{
		Region: Region, BaseEndpoint: aws.String(s.URL), HTTPClient: s.http, RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
	}
}

// Environment is what an AWS CLI or any other program needs to find this server, each as NAME=value, to be appended to os.Environ().
func (s *Server) Environment() []string {
	return []string{"AWS_ENDPOINT_URL=" + s.URL, "AWS_REGION=" + Region, "AWS_DEFAULT_REGION=" + Region,
		"AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test", "AWS_PAGER="}
}

// Issuer is what tokens of the pool name as iss. It fits jwks.Options.Issuer, so that an engine of package authz takes the tokens of this
// server's pools.
func (s *Server) Issuer(pool authz.Pool) string {
	if s.config.IssuerAWS {
		return "https://cognito-idp." + pool.Region + ".amazonaws.com/" + pool.ID
	}
	return "http://localhost:" + s.URL[strings.LastIndexByte(s.URL, ':')+1:] + "/" + pool.ID
}

// Advance moves the time that tokens, codes and sessions live by, for tests of expiry.
func (s *Server) Advance(d time.Duration) {
	s.t.Helper()
	got := s.send(http.MethodPut, s.URL+"/_poolgate/clock", strings.NewReader(`{"advance":"`+d.String()+`"}`), nil)
	if got.Status != http.StatusOK {
		s.t.Fatalf("moving the clock answered %d %s", got.Status, got.Body)
	}
}

// wait is a context that ends when patience does.
func (s *Server) wait() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), patience)
}

// send makes one request; whatever is answered is the caller's to judge.
func (s *Server) send(method, url string, body io.Reader, header http.Header) Answer {
	s.t.Helper()
	request, err := http.NewRequest(method, url, body) //nolint:noctx // the client has a time limit
	if err != nil {
		s.t.Fatalf("%s %s: %v", method, url, err)
	}
	for name, values := range header {
		request.Header[http.CanonicalHeaderKey(name)] = values
	}
	return s.do(s.http, request)
}

func (s *Server) do(client *http.Client, request *http.Request) Answer {
	s.t.Helper()
	answer, err := client.Do(request)
	if err != nil {
		s.t.Fatalf("%s %s: %v", request.Method, request.URL.Path, err)
	}
	defer func() { _ = answer.Body.Close() }()
	read, err := io.ReadAll(io.LimitReader(answer.Body, answerLimit+1))
	if err == nil && len(read) > answerLimit {
		err = fmt.Errorf("the answer has more than %d bytes", answerLimit)
	}
	if err != nil {
		s.t.Fatalf("%s %s: %v", request.Method, request.URL.Path, err)
	}
	return Answer{
		Status: answer.StatusCode, Header: answer.Header, Body: string(bytes.TrimSpace(read)),
		Reason: authz.Reason(answer.Header.Get("X-Poolgate-Reason")),
	}
}

// browser is a client with cookies of its own.
func (s *Server) browser() *http.Client {
	jar, _ := cookiejar.New(nil) // it has no error to return
	return &http.Client{Transport: s.http.Transport, Timeout: patience, CheckRedirect: stay, Jar: jar}
}
