package httpapi_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"

	"github.com/poolgate/poolgate/internal/gateway/httpapi"
	"github.com/poolgate/poolgate/internal/lambda"
)

// discard is a response writer that costs nothing of its own.
type discard struct{ header http.Header }

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) Write(p []byte) (int, error) { return len(p), nil }
func (d *discard) WriteHeader(int)             {}

func (w *world) measure(b *testing.B, path string, status int, headers ...string) {
	b.Helper()
	r := newRequest("GET", "/")
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	target := httpapi.Target{API: apiID, Path: path}
	rw := newRecorder()
	if w.ServeAPI(rw, r, target); rw.Code != status {
		b.Fatalf("answered %d %s", rw.Code, rw.Body)
	}
	d := &discard{http.Header{}}
	b.ReportAllocs()
	for b.Loop() {
		clear(d.header)
		w.ServeAPI(d, r, target)
	}
}

// BenchmarkRequest is a request through ServeAPI alone, to a function that costs nothing: open, behind a JWT authorizer that knows
// the token, behind a function whose answer is remembered, refused.
func BenchmarkRequest(b *testing.B) {
	kept := requestAuthorizer(func(a *types.Authorizer) { a.AuthorizerResultTtlInSeconds = aws.Int32(3600) })
	policy := kept
	policy.EnableSimpleResponses = nil
	w := newWorld(b, newAPI().authorizer("kept", kept).authorizer("policy", policy).
		on("GET /open/{id}").on("GET /jwt/{id}", behindJWT("pets/read")).on("GET /kept/{id}", behind("kept")).on("GET /policy/{id}", behind("policy")))
	hello := lambda.Answer{Payload: []byte(`{"statusCode":200,"body":"hello"}`)}
	w.functions.by[backend] = func(lambda.Invocation) (lambda.Answer, error) { w.functions.calls = nil; return hello, nil }
	w.functions.by[asker] = func(in lambda.Invocation) (lambda.Answer, error) {
		return lambda.Answer{Payload: []byte(`{"isAuthorized":true,` + policyOf("Allow", "*")[1:])}, nil
	}
	bearer := "Bearer " + token(nil)
	b.Run("open", func(b *testing.B) { w.measure(b, "/open/7", 200) })
	b.Run("jwt", func(b *testing.B) { w.measure(b, "/jwt/7", 200, "Authorization", bearer) })
	b.Run("function remembered", func(b *testing.B) { w.measure(b, "/kept/7", 200, "X-User", "u") })
	b.Run("policy remembered", func(b *testing.B) { w.measure(b, "/policy/7", 200, "X-User", "u") })
	b.Run("refused", func(b *testing.B) { w.measure(b, "/jwt/7", 401, "Authorization", "Bearer x") })
	b.Run("unmatched", func(b *testing.B) { w.measure(b, "/nothing", 404) })
}

// BenchmarkProxied is the same to an HTTP backend that costs nothing.
func BenchmarkProxied(b *testing.B) {
	a := newAPI().integration("up", proxyTo("http://upstream.example.com/{id}")).on("GET /open/{id}", to("up")).on("GET /jwt/{id}", behindJWT("pets/read"), to("up"))
	w := newWorldWith(b, a, func(c *httpapi.Config) { c.Transport = &recorder{} })
	bearer := "Bearer " + token(nil)
	b.Run("open", func(b *testing.B) { w.measure(b, "/open/7", 200) })
	b.Run("jwt", func(b *testing.B) { w.measure(b, "/jwt/7", 200, "Authorization", bearer) })
}

// BenchmarkRoutes is a request to the last of many routes: it does not grow with their number.
func BenchmarkRoutes(b *testing.B) {
	for _, n := range []int{1, 1000, 100_000} {
		a := newAPI().integration("up", proxyTo("http://upstream.example.com/{id}"))
		for i := range n {
			a.on(fmt.Sprintf("GET /r%d/{id}", i), to("up"))
		}
		w := newWorldWith(b, a, func(c *httpapi.Config) { c.Transport = &recorder{} })
		b.Run(fmt.Sprint(n), func(b *testing.B) { w.measure(b, fmt.Sprintf("/r%d/7", n-1), 200) })
	}
}
