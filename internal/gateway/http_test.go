package gateway_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/poolgate/poolgate/authz"
)

// backend serves h and tells where.
func backend(t testing.TB, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server
}

func proxy(uri string, parameters map[string]string) types.Method {
	return openWith(&types.Integration{Type: types.IntegrationTypeHttpProxy, HttpMethod: aws.String("ANY"), Uri: aws.String(uri), RequestParameters: parameters})
}

func TestHTTPProxyPassesTheRequestOn(t *testing.T) {
	var seen *http.Request
	var body string
	server := backend(t, func(w http.ResponseWriter, r *http.Request) {
		data, _ := io.ReadAll(r.Body)
		seen, body = r.Clone(r.Context()), string(data)
		w.Header().Set("X-Backend", "yes")
		w.Header().Set("WWW-Authenticate", "Basic")
		w.Header().Set("Server", "teapot")
		w.Header().Set("Keep-Alive", "timeout=5")
		w.Header().Set("Set-Cookie", "a=b")
		w.Header().Add("Set-Cookie", "c=d")
		w.Header().Set("Content-Type", "text/plain")
		w.WriteHeader(201)
		_, _ = io.WriteString(w, "made")
	})
	protectedProxy := cognito()
	protectedProxy.MethodIntegration = proxy(server.URL+"/base/{proxy}?own=1", map[string]string{
		"integration.request.path.proxy":         "method.request.path.proxy",
		"integration.request.header.X-Sub":       "context.authorizer.claims.sub",
		"integration.request.header.X-Role":      "context.authorizer.claims.custom:role",
		"integration.request.header.X-Literal":   "'text'",
		"integration.request.header.X-Var":       "stageVariables.v",
		"integration.request.querystring.mapped": "method.request.header.X-Map",
	}).MethodIntegration
	w := newWorld(t, newAPI().authorizer("auth", nil).on("ANY", "/p/{proxy+}", protectedProxy), map[string]string{"v": "w"})
	id := "Bearer " + token(idClaims())
	got := sendBody(t, w, "PATCH", "/prod/p/a%20b/c?x=1&x=2", "payload", "Authorization", id, "X-Map", "m&n", "X-Own", "1", "Connection", "X-Hop", "X-Hop", "1",
		"Te", "trailers", "Content-Encoding", "identity", "X-Forwarded-For", "6.6.6.6", "Host", "public.example:99")
	if got.StatusCode != 201 || got.body != "made" {
		t.Fatalf("answered %d %s", got.StatusCode, got.body)
	}
	if seen.Method != "PATCH" || seen.RequestURI != "/base/a%20b/c?own=1&x=1&x=2&mapped=m%26n" || body != "payload" {
		t.Errorf("the backend saw %s %s with %q", seen.Method, seen.RequestURI, body)
	}
	for header, want := range map[string]string{
		"Authorization": id, "X-Own": "1", "X-Sub": "11111111-2222-3333-4444-555555555555", "X-Role": "admin", "X-Literal": "text", "X-Var": "w",
		"X-Hop": "", "Te": "", "Content-Encoding": "", "X-Forwarded-For": "6.6.6.6, 127.0.0.1", "X-Amzn-Apigateway-Api-Id": apiID, "X-Forwarded-Proto": "http",
	} {
		if value := seen.Header.Get(header); value != want {
			t.Errorf("the backend got %s %q, want %q", header, value, want)
		}
	}
	if seen.Host != strings.TrimPrefix(server.URL, "http://") {
		t.Errorf("the backend was called %s", seen.Host)
	}
	for header, want := range map[string]string{
		"X-Backend": "yes", "WWW-Authenticate": "", "x-amzn-Remapped-WWW-Authenticate": "Basic", "Server": "", "x-amzn-Remapped-Server": "teapot",
		"x-amzn-Remapped-Content-Length": "4", "Keep-Alive": "", "Content-Type": "text/plain", "Content-Length": "4",
	} {
		if value := got.Header.Get(header); value != want {
			t.Errorf("the client got %s %q, want %q", header, value, want)
		}
	}
	if !slices.Equal(got.Header.Values("Set-Cookie"), []string{"a=b", "c=d"}) {
		t.Errorf("the cookies are %q", got.Header.Values("Set-Cookie"))
	}
	if got.Header.Get("x-amzn-Remapped-Date") == "" || len(got.Header.Values("Date")) != 1 {
		t.Errorf("the dates are %v", got.Header)
	}
	if trace := got.Header.Get("X-Amzn-Trace-Id"); trace == "" || trace != seen.Header.Get("X-Amzn-Trace-Id") {
		t.Errorf("the traces are %q and %q", trace, seen.Header.Get("X-Amzn-Trace-Id"))
	}
}

func TestAClientCannotSpeakForTheGateway(t *testing.T) {
	var seen http.Header
	server := backend(t, func(_ http.ResponseWriter, r *http.Request) { seen = r.Header.Clone() })
	w := newWorld(t, newAPI().on("GET", "/a", proxy(server.URL, map[string]string{"integration.request.header.X-User": "'nobody'"})), nil)
	send(t, w, "GET", "/prod/a", "X-User", "admin", "X-Amzn-Apigateway-Api-Id", "other", "Connection", "X-User, X-Amzn-Apigateway-Api-Id, X-Forwarded-For")
	if seen.Get("X-User") != "nobody" || seen.Get("X-Amzn-Apigateway-Api-Id") != apiID || seen.Get("X-Forwarded-For") != "127.0.0.1" {
		t.Errorf("the backend got %v", seen)
	}
}

func TestHTTPProxyFollowsNoRedirect(t *testing.T) {
	server := backend(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			t.Errorf("the redirect to %s was followed", r.URL)
		}
		http.Redirect(w, r, "/elsewhere", http.StatusFound)
	})
	w := newWorld(t, newAPI().on("GET", "/a", proxy(server.URL+"/", nil)), nil)
	if got := send(t, w, "GET", "/prod/a"); got.StatusCode != 302 || got.Header.Get("Location") != "/elsewhere" {
		t.Errorf("answered %d %v", got.StatusCode, got.Header)
	}
}

func TestHTTPProxyStreamsBothWays(t *testing.T) {
	server := backend(t, func(w http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(w).EnableFullDuplex()
		lines := bufio.NewScanner(r.Body)
		for lines.Scan() {
			_, _ = fmt.Fprintf(w, "echo %s\n", lines.Text())
			_ = http.NewResponseController(w).Flush()
		}
	})
	w := newWorld(t, newAPI().on("POST", "/a", proxy(server.URL, nil)), nil)
	front := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(rw).EnableFullDuplex()
		w.ServeHTTP(rw, r)
	}))
	defer front.Close()
	reader, writer := io.Pipe()
	request, err := http.NewRequest("POST", front.URL+"/prod/a", reader)
	if err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = io.WriteString(writer, "one\n") }()
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	answers := bufio.NewReader(response.Body)
	for _, word := range []string{"one", "two", "three"} {
		if word != "one" {
			if _, err := io.WriteString(writer, word+"\n"); err != nil {
				t.Fatal(err)
			}
		}
		// What was just sent comes back before the request's body ends: nothing waits for the whole.
		if line, err := answers.ReadString('\n'); err != nil || line != "echo "+word+"\n" {
			t.Fatalf("got %q, %v", line, err)
		}
	}
	_ = writer.Close()
	if rest, err := io.ReadAll(answers); err != nil || len(rest) != 0 {
		t.Errorf("got %q, %v", rest, err)
	}
}

func TestConnectionsToABackendAreReused(t *testing.T) {
	var connections atomic.Int32
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") }))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	w := newWorld(t, newAPI().on("GET", "/a", proxy(server.URL, nil)), nil)
	for range 20 {
		send(t, w, "GET", "/prod/a")
	}
	if n := connections.Load(); n != 1 {
		t.Errorf("20 requests made %d connections", n)
	}
}

// TestFailingBackends: what cannot be reached is 500, what is late is 504, what breaks off is not taken for whole.
func TestFailingBackends(t *testing.T) {
	release := make(chan struct{})
	slow := backend(t, func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	})
	defer close(release)
	breaks := backend(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = io.WriteString(w, "half")
		panic(http.ErrAbortHandler)
	})
	closed := httptest.NewServer(nil)
	closed.Close()
	late := proxy(slow.URL, nil)
	late.MethodIntegration.TimeoutInMillis = 50
	mapped := openWith(&types.Integration{Type: types.IntegrationTypeHttp, HttpMethod: aws.String("GET"), Uri: aws.String(slow.URL), TimeoutInMillis: 50})
	a := newAPI().on("GET", "/late", late).on("GET", "/late-http", mapped).on("GET", "/closed", proxy(closed.URL, nil)).on("GET", "/breaks", proxy(breaks.URL, nil)).
		on("GET", "/nowhere", proxy("nonsense", nil)).on("GET", "/unset", proxy("http://${stageVariables.gone}/", nil)).
		on("GET", "/illegal", proxy(closed.URL, map[string]string{"integration.request.header.Content-Length": "'3'"})).
		on("GET", "/lambda", openWith(&types.Integration{Type: types.IntegrationTypeAwsProxy, Uri: aws.String("arn:aws:apigateway:…")}))
	w := newWorld(t, a, nil)
	const internal, timedOut = `{"message":"Internal server error"}`, `{"message":"Endpoint request timed out"}`
	for _, tt := range []struct {
		path   string
		status int
		body   string
		reason authz.Reason
	}{
		{"/late", 504, timedOut, authz.IntegrationTimeout},
		{"/late-http", 504, timedOut, authz.IntegrationTimeout},
		{"/closed", 500, internal, authz.IntegrationFailed},
		{"/breaks", 500, internal, authz.IntegrationFailed},
		{"/nowhere", 500, internal, authz.IntegrationFailed},
		{"/unset", 500, internal, authz.IntegrationFailed},
		{"/illegal", 500, internal, authz.IntegrationFailed},
		{"/lambda", 500, internal, authz.IntegrationFailed},
	} {
		t.Run(tt.path, func(t *testing.T) {
			got := send(t, w, "GET", "/prod"+tt.path)
			expect(t, got, tt.status, tt.body, "InternalServerErrorException")
			if reason := got.Header.Get("x-poolgate-reason"); reason != string(tt.reason) {
				t.Errorf("the reason is %q, want %q", reason, tt.reason)
			}
			if _, ok := got.Header["X-Amzn-Trace-Id"]; ok {
				t.Error("an error answer carries a trace id")
			}
		})
	}
}

func TestALongAnswerThatBreaksOffIsNotTakenForWhole(t *testing.T) {
	server := backend(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000000")
		_, _ = w.Write(make([]byte, 500_000))
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	})
	w := newWorld(t, newAPI().on("GET", "/a", proxy(server.URL, nil)), nil)
	front := httptest.NewServer(w)
	defer front.Close()
	response, err := http.Get(front.URL + "/prod/a")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if body, err := io.ReadAll(response.Body); err == nil {
		t.Errorf("%d bytes of 1,000,000 were taken for the whole", len(body))
	}
	record := waitForRecord(t, w, response.Header.Get("x-amzn-RequestId"))
	if record.Allowed || record.Reason != authz.IntegrationFailed {
		t.Errorf("the record says %+v", record)
	}
}

func TestABackendThatRefusesIsNamed(t *testing.T) {
	server := backend(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(403)
		_, _ = io.WriteString(w, `{"own":"answer"}`)
	})
	w := newWorld(t, newAPI().on("GET", "/a", proxy(server.URL, nil)), nil)
	got := send(t, w, "GET", "/prod/a")
	expect(t, got, 403, `{"own":"answer"}`, "")
	record := waitForRecord(t, w, got.Header.Get("x-amzn-RequestId"))
	if record.Reason != authz.IntegrationRefused || record.RefusedBy != "integration" || record.Allowed {
		t.Errorf("the record says %+v", record)
	}
}

// TestHTTPMapsBothWays is the integration of type HTTP: nothing passes that no mapping or template names.
func TestHTTPMapsBothWays(t *testing.T) {
	var seen *http.Request
	var body string
	server := backend(t, func(w http.ResponseWriter, r *http.Request) {
		data, _ := io.ReadAll(r.Body)
		seen, body = r.Clone(r.Context()), string(data)
		w.Header().Set("X-Secret", "s")
		w.Header().Set("X-Count", "3")
		if r.URL.Query().Get("fail") != "" {
			w.WriteHeader(418)
		}
		_, _ = io.WriteString(w, `{"items":[{"n":1},{"n":2}]}`)
	})
	m := openWith(&types.Integration{
		Type: types.IntegrationTypeHttp, HttpMethod: aws.String("PUT"), Uri: aws.String(server.URL + "/things/{thing}"),
		RequestParameters: map[string]string{
			"integration.request.path.thing":       "method.request.querystring.which",
			"integration.request.querystring.fail": "method.request.querystring.fail",
			"integration.request.header.X-A":       "method.request.header.X-A",
			"integration.request.header.X-Body":    "method.request.body.name",
		},
		RequestTemplates: map[string]string{"application/json": `{"hello":$input.json('$.name')}`},
		IntegrationResponses: map[string]types.IntegrationResponse{
			"200": response("200", "", map[string]string{"method.response.header.X-Items": "integration.response.header.X-Count", "method.response.header.X-First": "integration.response.body.items[0].n"},
				map[string]string{"application/json": `#foreach($i in $input.path('$.items'))$i.n#if($foreach.hasNext),#end#end`}),
			"503": response("503", `4\d{2}`, nil, nil),
		},
	})
	w := newWorld(t, newAPI().on("POST", "/a", m), nil)
	got := sendBody(t, w, "POST", "/prod/a?which=a/b&x=1", `{"name":"Ann"}`, "X-A", "1", "X-B", "2", "Authorization", "secret")
	expect(t, got, 200, "1,2", "")
	if got.Header.Get("X-Items") != "3" || got.Header.Get("X-First") != "1" || got.Header.Get("X-Secret") != "" {
		t.Errorf("the client got %v", got.Header)
	}
	if seen.Method != "PUT" || seen.RequestURI != "/things/a%2Fb" || body != `{"hello":"Ann"}` {
		t.Errorf("the backend saw %s %s with %s", seen.Method, seen.RequestURI, body)
	}
	if seen.Header.Get("X-A") != "1" || seen.Header.Get("X-B") != "" || seen.Header.Get("Authorization") != "" || seen.Header.Get("X-Body") != "Ann" {
		t.Errorf("the backend got %v", seen.Header)
	}
	expect(t, sendBody(t, w, "POST", "/prod/a?which=a&fail=1", `{"name":"Ann"}`), 503, `{"items":[{"n":1},{"n":2}]}`, "")
	expect(t, sendBody(t, w, "POST", "/prod/a?which=..", `{"name":"Ann"}`), 500, `{"message":"Internal server error"}`, "InternalServerErrorException")
}

func TestStageVariablesNameTheBackend(t *testing.T) {
	server := backend(t, func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.URL.Path) })
	w := newWorld(t, newAPI().on("GET", "/a/{id}", proxy("http://${stageVariables.host}/${stageVariables.base}/{id}", nil)),
		map[string]string{"host": strings.TrimPrefix(server.URL, "http://"), "base": "v1"})
	expect(t, send(t, w, "GET", "/prod/a/7"), 200, "/v1/7", "")
}

func TestAHeadOfAProxy(t *testing.T) {
	server := backend(t, func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Length", "1234") })
	w := newWorld(t, newAPI().on("ANY", "/a", proxy(server.URL, nil)), nil)
	got := send(t, w, "HEAD", "/prod/a")
	if got.StatusCode != 200 || got.ContentLength != 1234 {
		t.Errorf("answered %d of %d bytes", got.StatusCode, got.ContentLength)
	}
}

// eventually polls until ok, for what happens right behind an answer.
func eventually(t *testing.T, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); !ok(); {
		if time.Now().After(deadline) {
			t.Fatal("it did not happen within five seconds")
		}
		time.Sleep(time.Millisecond)
	}
}
