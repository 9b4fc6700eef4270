package httpapi_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
)

func TestCORS(t *testing.T) {
	up := newUpstream(t)
	up.answering(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", "https://backend.example.com")
		w.Header().Set("access-control-expose-headers", "x-backend")
		w.Header().Set("Vary", "Accept")
		_, _ = io.WriteString(w, "up")
	})
	routes := func() *api {
		return newAPI().integration("up", proxyTo(up.URL)).on("GET /pets", behindJWT()).on("GET /open", to("up")).on("ANY /any", behindJWT()).
			on("ANY /free", to("up")).on("OPTIONS /own", behindJWT())
	}
	listed := types.Cors{
		AllowOrigins: []string{"https://app.example.com", "http://*"}, AllowMethods: []string{"GET", "POST"}, AllowHeaders: []string{"authorization", "x-a"},
		ExposeHeaders: []string{"x-out"}, MaxAge: aws.Int32(300), AllowCredentials: aws.Bool(true),
	}
	everyone := types.Cors{AllowOrigins: []string{"*"}, AllowMethods: []string{"*"}, AllowHeaders: []string{"*"}}
	w, open, without := newWorld(t, routes().cors(listed)), newWorld(t, routes().cors(everyone)), newWorld(t, routes())
	asks := []string{"Origin", "https://app.example.com", "Access-Control-Request-Method", "GET"}
	const full = "https://app.example.com|true|GET,POST|authorization,x-a|300|"
	for _, tt := range []struct {
		name, method, path string
		headers            []string
		status             int
		// cors is allow-origin|allow-credentials|allow-methods|allow-headers|max-age|expose-headers.
		cors  string
		world *world
	}{
		{"a preflight to a route that needs a token", "OPTIONS", "/pets", asks, 204, full, w},
		{"a preflight to no route", "OPTIONS", "/nothing", asks, 204, full, w},
		{"a preflight from an origin of a listed scheme", "OPTIONS", "/pets", []string{"Origin", "http://any.example.com", "Access-Control-Request-Method", "GET"}, 204, "http://any.example.com|true|GET,POST|authorization,x-a|300|", w},
		{"a preflight from another origin", "OPTIONS", "/pets", []string{"Origin", "https://evil.example.com", "Access-Control-Request-Method", "GET"}, 204, "|||||", w},
		{"an origin that begins like a listed one", "OPTIONS", "/pets", []string{"Origin", "https://app.example.com.evil.com", "Access-Control-Request-Method", "GET"}, 204, "|||||", w},
		{"OPTIONS that is no preflight", "OPTIONS", "/pets", []string{"Origin", "https://app.example.com"}, 404, "https://app.example.com|true||||x-out", w},
		{"a preflight to ANY without authorization", "OPTIONS", "/free", asks, 204, full, w},
		{"a preflight to ANY behind an authorizer", "OPTIONS", "/any", asks, 401, "https://app.example.com|true||||x-out", w},
		{"a preflight to a route of its own behind an authorizer", "OPTIONS", "/own", asks, 401, "https://app.example.com|true||||x-out", w},
		{"a request of an allowed origin", "GET", "/open", asks[:2], 200, "https://app.example.com|true||||x-out", w},
		{"a request of another origin", "GET", "/open", []string{"Origin", "https://evil.example.com"}, 200, "|||||", w},
		{"a request without an origin", "GET", "/open", nil, 200, "|||||", w},
		{"a refusal can be read", "GET", "/pets", asks[:2], 401, "https://app.example.com|true||||x-out", w},
		{"everybody", "OPTIONS", "/pets", asks, 204, "*||*|*||", open},
		{"everybody's request", "GET", "/open", asks[:2], 200, "*|||||", open},
		{"without a configuration the backend speaks for itself", "GET", "/open", asks[:2], 200, "https://backend.example.com|||||x-backend", without},
		{"without a configuration nobody answers a preflight", "OPTIONS", "/pets", asks, 404, "|||||", without},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := tt.world.send(tt.method, tt.path, tt.headers...)
			var cors []string
			for _, name := range []string{"Allow-Origin", "Allow-Credentials", "Allow-Methods", "Allow-Headers", "Max-Age", "Expose-Headers"} {
				cors = append(cors, strings.Join(got.Header.Values("Access-Control-"+name), "+"))
			}
			if text := strings.Join(cors, "|"); got.StatusCode != tt.status || text != tt.cors {
				t.Errorf("answered %d with %s", got.StatusCode, text)
			}
			if got.StatusCode == 204 && (got.body != "" || got.Header.Get("Content-Type") != "" || got.Header.Get("Apigw-Requestid") == "") {
				t.Errorf("answered %v %q", got.Header, got.body)
			}
			if vary := strings.Join(got.Header.Values("Vary"), ","); strings.Contains(vary, "Origin") != (tt.world == w) {
				t.Errorf("vary is %q", vary)
			}
		})
	}
	if r := newWorld(t, routes().cors(listed)); r.send("OPTIONS", "/pets", asks...).StatusCode != 204 || !r.decided().Allowed {
		t.Errorf("a preflight is recorded as %+v", r.decided())
	}
}
