package httpapi_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
	"github.com/google/go-cmp/cmp"
)

// upstreamServer is an HTTP backend that remembers what it was asked.
type upstreamServer struct {
	*httptest.Server
	mu   sync.Mutex
	last *http.Request
	body string
	// answer writes the answer; nil answers 200 "up".
	answer http.HandlerFunc
}

func newUpstream(t *testing.T) *upstreamServer {
	u := &upstreamServer{}
	u.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		u.mu.Lock()
		u.last, u.body = r, string(body)
		answer := u.answer
		u.mu.Unlock()
		if answer != nil {
			answer(w, r)
			return
		}
		w.Header().Set("X-Backend", "up")
		_, _ = io.WriteString(w, "up")
	}))
	t.Cleanup(u.Close)
	return u
}

func (u *upstreamServer) answering(h http.HandlerFunc) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.answer = h
}

// seen is the last request that came, its address as it stood in the request line.
func (u *upstreamServer) seen() (r *http.Request, body string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.last, u.body
}

func proxyTo(uri string, change ...func(*types.Integration)) types.Integration {
	doc := types.Integration{IntegrationType: types.IntegrationTypeHttpProxy, IntegrationUri: &uri, IntegrationMethod: aws.String("ANY"), PayloadFormatVersion: aws.String("1.0")}
	for _, c := range change {
		c(&doc)
	}
	return doc
}

// TestHTTPAddresses: where requests go. The path is the one that was matched, escaped in its one canonical way.
func TestHTTPAddresses(t *testing.T) {
	up := newUpstream(t)
	a := newAPI().
		integration("fixed", proxyTo(up.URL+"/fixed?own=1")).integration("placed", proxyTo(up.URL+"/x/{id}/y/{proxy}")).
		integration("base", proxyTo(up.URL+"/base/")).integration("root", proxyTo(up.URL)).
		integration("post", proxyTo(up.URL+"/p", func(d *types.Integration) { d.IntegrationMethod = aws.String("POST") })).
		integration("stage", proxyTo(up.URL+"/${stageVariables.color}")).integration("unset", proxyTo(up.URL+"/${stageVariables.nothing}")).
		on("GET /fixed", to("fixed")).on("ANY /a/{id}/{proxy+}", to("placed")).on("GET /greedy/{rest+}", to("base")).on("GET /post", to("post")).
		on("GET /stage", to("stage")).on("GET /unset", to("unset")).on("GET /one/{id}", to("base")).on("$default", to("root"))
	w := newWorld(t, a, stage("$default", func(s *types.Stage) { s.StageVariables = map[string]string{"color": "red"} }), stage("dev"))
	for _, tt := range []struct {
		name, method, path, want string
		status                   int
	}{
		{"a fixed address", "GET", "/fixed", "GET /fixed?own=1", 200},
		{"the client's query follows the address's own", "GET", "/fixed?a=1&b", "GET /fixed?own=1&a=1&b", 200},
		{"parameters in their places", "PUT", "/a/7/b/c", "PUT /x/7/y/b/c", 200},
		{"a value keeps to its place", "GET", "/a/7%2F8/b%20c", "GET /x/7%2F8/y/b%20c", 200},
		{"a value that looks like a query", "GET", "/a/7%3Fx/b", "GET /x/7%3Fx/y/b", 200},
		{"a slash at the end stays", "GET", "/a/7/b/", "GET /x/7/y/b/", 200},
		{"a greedy rest is put behind an address without a place for it", "GET", "/greedy/b/c", "GET /base/b/c", 200},
		{"a plain parameter is not", "GET", "/one/7", "GET /base/", 200},
		{"$default puts the whole path behind", "DELETE", "/x/y%20z/", "DELETE /x/y%20z/", 200},
		{"without the stage", "GET", "/dev/x", "GET /x", 200},
		{"the integration's own method", "GET", "/post", "POST /p", 200},
		{"a stage variable", "GET", "/stage", "GET /red", 200},
		{"a stage variable that is not set", "GET", "/unset", "", 500},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := w.send(tt.method, tt.path)
			if got.StatusCode != tt.status {
				t.Fatalf("answered %d %s", got.StatusCode, got.body)
			}
			if tt.want == "" {
				return
			}
			if r, _ := up.seen(); r.Method+" "+r.RequestURI != tt.want {
				t.Errorf("the backend got %s %s, want %s", r.Method, r.RequestURI, tt.want)
			}
		})
	}
}

func TestHTTPHeaders(t *testing.T) {
	up := newUpstream(t)
	w := newWorld(t, newAPI().integration("up", proxyTo(up.URL)).on("$default", to("up")).on("GET /jwt", behindJWT(), to("up")))
	up.answering(func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["X-Two"] = []string{"a", "b"}
		w.Header().Set("Www-Authenticate", "Basic")
		w.Header().Set("Apigw-Requestid", "mine")
		w.Header().Set("Keep-Alive", "1")
		w.Header().Set("Content-Type", "text/x")
		w.WriteHeader(418)
		_, _ = io.WriteString(w, "tea")
	})
	got := w.sendBody("POST", "/x", "body", "X-A", "1", "X-A", "2", "Connection", "X-Hop", "X-Hop", "1", "Te", "trailers", "Authorization", "mine", "X-Forwarded-For", "6.6.6.6", "Forwarded", "for=6.6.6.6", "Host", "h.example.com", "X-Amzn-Trace-Id", "Root=1-00000000-000000000000000000000000")
	if got.StatusCode != 418 || got.body != "tea" || got.Header.Get("Content-Type") != "text/x" || got.Header.Get("Www-Authenticate") != "Basic" {
		t.Errorf("answered %d %v %s", got.StatusCode, got.Header, got.body)
	}
	if diff := cmp.Diff([]string{"a", "b"}, got.Header.Values("X-Two")); diff != "" || got.Header.Get("Apigw-Requestid") == "mine" || got.Header.Get("Keep-Alive") != "" {
		t.Errorf("%s %v", diff, got.Header)
	}
	r, body := up.seen()
	want := http.Header{
		"X-A": {"1", "2"}, "Authorization": {"mine"}, "X-Forwarded-For": {"6.6.6.6, 127.0.0.1"}, "Forwarded": {"for=6.6.6.6, for=127.0.0.1;host=h.example.com;proto=http"},
		"Via": {"HTTP/1.1 AmazonAPIGateway"}, "X-Forwarded-Proto": {"http"}, "X-Amzn-Trace-Id": {"Root=1-00000000-000000000000000000000000"},
	}
	for name, values := range want {
		if diff := cmp.Diff(values, r.Header[name]); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	if body != "body" || r.ContentLength != 4 || r.Header.Get("X-Hop") != "" || r.Header.Get("Te") != "" || r.Host == "h.example.com" {
		t.Errorf("the backend got %q %v %s", body, r.Header, r.Host)
	}

	good := token(nil)
	w.send("GET", "/jwt", "Authorization", good, "Authorization", "Bearer somebody-elses")
	if r, _ := up.seen(); len(r.Header["Authorization"]) != 1 || r.Header.Get("Authorization") != good {
		t.Errorf("the backend got %d tokens", len(r.Header["Authorization"]))
	}
}

func TestHTTPFailures(t *testing.T) {
	up := newUpstream(t)
	closed := httptest.NewServer(nil)
	closed.Close()
	a := newAPI().integration("up", proxyTo(up.URL, func(d *types.Integration) { d.TimeoutInMillis = aws.Int32(50) })).integration("closed", proxyTo(closed.URL)).
		integration("link", proxyTo("arn:aws:elasticloadbalancing:x", func(d *types.Integration) {
			d.ConnectionType, d.ConnectionId = types.ConnectionTypeVpcLink, aws.String("vpc1")
		})).
		integration("sqs", types.Integration{IntegrationType: types.IntegrationTypeAwsProxy, IntegrationSubtype: aws.String("SQS-SendMessage")}).
		on("ANY /up", to("up")).on("GET /closed", to("closed")).on("GET /link", to("link")).on("GET /sqs", to("sqs")).on("GET /none", func(r *types.Route) { r.Target = nil })
	w := newWorld(t, a, logged("$default"))
	const unavailable = `{"message":"Service Unavailable"}`
	for _, tt := range []struct {
		name, path   string
		answer       http.HandlerFunc
		status       int
		body, reason string
	}{
		{"too slow", "/up", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, 503, unavailable, "integration_timeout"},
		{"broken off before its end", "/up", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "10")
			_, _ = io.WriteString(w, "half")
			panic(http.ErrAbortHandler)
		}, 503, unavailable, "integration_failed"},
		{"nobody there", "/closed", nil, 503, unavailable, "integration_failed"},
		{"a redirect is passed on", "/up", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/elsewhere", http.StatusFound) }, 302, "", ""},
		{"a VPC link", "/link", nil, 500, internal, "integration_failed"},
		{"another service", "/sqs", nil, 500, internal, "integration_failed"},
		{"no integration", "/none", nil, 500, internal, "integration_failed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			up.answering(tt.answer)
			method := "GET"
			if tt.status == 302 {
				method = "POST"
			}
			got := w.send(method, tt.path)
			if got.StatusCode != tt.status || tt.status >= 400 && got.body != tt.body {
				t.Errorf("answered %d %s", got.StatusCode, got.body)
			}
			if r := w.decided(); string(r.Reason) != tt.reason {
				t.Errorf("recorded %s", r.Reason)
			}
		})
	}
	if r := w.decided(); !strings.Contains(r.Saw, "no integration") {
		t.Errorf("the record saw %q", r.Saw)
	}
}

// TestStreams: a body that comes in pieces is passed on in pieces, both ways; a long answer that breaks off is cut off for the client too.
func TestStreams(t *testing.T) {
	up := newUpstream(t)
	w := newWorld(t, newAPI().integration("up", proxyTo(up.URL)).on("$default", to("up")))
	server := httptest.NewServer(w)
	defer server.Close()
	proceed := make(chan struct{})
	up.answering(func(rw http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(rw, "first")
		rw.(http.Flusher).Flush()
		<-proceed
		_, _ = io.WriteString(rw, "second")
	})
	response, err := http.Get(server.URL + "/s")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	first := make([]byte, 5)
	if _, err := io.ReadFull(response.Body, first); err != nil || string(first) != "first" {
		t.Fatalf("read %q, %v", first, err)
	}
	close(proceed)
	if rest, _ := io.ReadAll(response.Body); string(rest) != "second" {
		t.Errorf("then %q", rest)
	}

	up.answering(func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Content-Length", "1000000")
		_, _ = rw.Write(bytes.Repeat([]byte("x"), 100_000))
		rw.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	})
	if response, err = http.Get(server.URL + "/s"); err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if _, err := io.ReadAll(response.Body); err == nil {
		t.Error("the client cannot tell that the answer is not whole")
	}
}

func TestPayloadLimit(t *testing.T) {
	up := newUpstream(t)
	w := newWorld(t, newAPI().integration("up", proxyTo(up.URL)).on("POST /http", to("up")).on("POST /function"))
	big := strings.Repeat("x", 10<<20+1)
	for _, path := range []string{"/http", "/function"} {
		if got := w.sendBody("POST", path, big); got.StatusCode != 413 || got.body != `{"message":"Request Entity Too Large"}` {
			t.Errorf("%s: answered %d %.80s", path, got.StatusCode, got.body)
		}
		server := httptest.NewServer(w)
		response, err := http.Post(server.URL+path, "text/plain", io.MultiReader(strings.NewReader(big)))
		if err == nil && response.StatusCode != 413 {
			t.Errorf("%s without a length: answered %d", path, response.StatusCode)
		}
		if err == nil {
			_ = response.Body.Close()
		}
		server.Close()
	}
	if got := w.sendBody("POST", "/function", strings.Repeat("x", 6<<20)); got.StatusCode != 413 {
		t.Errorf("an event of more than 6 MB: answered %d", got.StatusCode)
	}
}

// TestMapping holds the guide's kinds of parameter mapping.
func TestMapping(t *testing.T) {
	up := newUpstream(t)
	for _, tt := range []struct {
		name, path, body string
		requests         map[string]string
		responses        map[string]map[string]string
		// want are headers of the backend's request, "" meaning none; target its address.
		want   map[string]string
		target string
		// back are headers of the answer, and its status.
		back   map[string]string
		status int
	}{
		{"append, overwrite and remove headers", "/pets/7?q=1&q=2", "", map[string]string{
			"append:header.X-A": "static", "overwrite:header.X-B": "$request.header.X-A", "remove:header.X-C": "''",
			"append:header.X-New": "$request.path.id", "overwrite:header.X-Q": "$request.querystring.q", "overwrite:header.X-P": "$request.path",
		}, nil, map[string]string{"X-A": "1|static", "X-B": "1", "X-C": "", "X-New": "7", "X-Q": "1,2", "X-P": "/pets/7"}, "/base?q=1&q=2", nil, 200},
		{"query strings", "/pets/7?q=1&gone=1", "", map[string]string{
			"append:querystring.q": "2", "remove:querystring.gone": "", "overwrite:querystring.id": "$request.path.id"}, nil, nil, "/base?id=7&q=1&q=2", nil, 200},
		{"the path", "/pets/7", "", map[string]string{"overwrite:path": "/v2/${request.path.id}/x"}, nil, nil, "/v2/7/x", nil, 200},
		{"the path keeps its place", "/pets/a%3Fb", "", map[string]string{"overwrite:path": "/v2/$request.path.id"}, nil, nil, "/v2/$request.path.id", nil, 200},
		{"the body", "/pets/7", `{"a":{"b":["x","y"]},"n":5}`, map[string]string{
			"overwrite:header.X-B": "$request.body.a.b[1]", "overwrite:header.X-N": "$request.body.n", "overwrite:header.X-O": "$request.body.a", "overwrite:header.X-Gone": "$request.body.zzz",
		}, nil, map[string]string{"X-B": "y", "X-N": "5", "X-O": `{"b":["x","y"]}`, "X-Gone": ""}, "/base", nil, 200},
		{"context, stage variables and text", "/pets/7", "", map[string]string{
			"overwrite:header.X-S": "$stageVariables.color", "overwrite:header.X-R": "$context.routeKey", "overwrite:header.X-M": "a-${context.stage}-${stageVariables.nothing}-z",
		}, nil, map[string]string{"X-S": "red", "X-R": "ANY /pets/{id}", "X-M": "a-$default--z"}, "/base", nil, 200},
		{"a value cannot bring in a header", "/pets/a%20b", `{"x":"a\r\nX-Evil: 1\u0001"}`, map[string]string{"overwrite:header.X-B": "$request.body.x"}, nil, map[string]string{"X-B": "a  X-Evil: 1", "X-Evil": ""}, "/base", nil, 200},
		{"responses by their status", "/pets/7", "", nil, map[string]map[string]string{
			"200": {"append:header.X-Backend": "too", "overwrite:header.X-From": "$response.header.x-backend", "remove:header.X-Gone": "", "overwrite:header.X-J": "$response.body.j", "overwrite:statuscode": "202"},
			"500": {"overwrite:statuscode": "599"},
		}, nil, "/base", map[string]string{"X-Backend": "up|too", "X-From": "up", "X-Gone": "", "X-J": "v"}, 202},
		{"a status that is none", "/pets/7", "", nil, map[string]map[string]string{"200": {"overwrite:statuscode": "abc"}}, nil, "/base", nil, 200},
	} {
		t.Run(tt.name, func(t *testing.T) {
			up.answering(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("X-Backend", "up")
				w.Header().Set("X-Gone", "1")
				_, _ = io.WriteString(w, `{"j":"v"}`)
			})
			doc := proxyTo(up.URL+"/base", func(d *types.Integration) { d.RequestParameters, d.ResponseParameters = tt.requests, tt.responses })
			w := newWorld(t, newAPI().integration("up", doc).on("ANY /pets/{id}", to("up")), stage("$default", func(s *types.Stage) { s.StageVariables = map[string]string{"color": "red"} }))
			got := w.sendBody("POST", tt.path, tt.body, "X-A", "1", "X-C", "1")
			if got.StatusCode != tt.status {
				t.Fatalf("answered %d %s", got.StatusCode, got.body)
			}
			r, body := up.seen()
			if r.RequestURI != tt.target || body != tt.body {
				t.Errorf("the backend got %s %q, want %s", r.RequestURI, body, tt.target)
			}
			compareHeaders(t, r.Header, tt.want)
			compareHeaders(t, got.Header, tt.back)
		})
	}
}

func compareHeaders(t *testing.T, got http.Header, want map[string]string) {
	t.Helper()
	for name, value := range want {
		if joined := strings.Join(got.Values(name), "|"); joined != value {
			t.Errorf("%s is %q, want %q", name, joined, value)
		}
	}
}

// TestMappedEvents: parameters change a function's event as well.
func TestMappedEvents(t *testing.T) {
	doc := echo("2.0")
	doc.RequestParameters = map[string]string{"overwrite:path": "/other", "append:header.X-A": "$request.path.id", "overwrite:querystring.q": "9"}
	doc.ResponseParameters = map[string]map[string]string{"200": {"overwrite:header.X-Id": "$context.requestId"}}
	w := newWorld(t, newAPI().integration("mapped", doc).on("GET /pets/{id}", to("mapped")))
	got := w.send("GET", "/pets/7?q=1")
	e := w.event(backend)
	if e["rawPath"] != "/other" || e["rawQueryString"] != "q=9" || e["headers"].(map[string]any)["x-a"] != "7" || e["queryStringParameters"].(map[string]any)["q"] != "9" {
		t.Errorf("the event is %v", e)
	}
	if got.Header.Get("X-Id") != got.Header.Get("Apigw-Requestid") {
		t.Errorf("the answer has %v", got.Header)
	}
}

// TestRefusedMappings: what cannot be mapped fails the deployment, and the route refuses.
func TestRefusedMappings(t *testing.T) {
	for key, value := range map[string]string{
		"append:header.Authorization": "x", "overwrite:header.apigw-requestid": "x", "append:header.X-Amz-Date": "x", "append:header.access-control-allow-origin": "*",
		"append:path": "/x", "overwrite:path.x": "/x", "change:header.x": "x", "append:body.x": "x", "header.x": "x", "append:header.": "x", "append:header.x y": "x", "append:header.x\r\ny": "x",
		"append:header.x-a": "$request.cookie.x", "append:header.x-b": "${nothing}", "append:header.x-c": "${request.header.x",
	} {
		doc := proxyTo("http://127.0.0.1:1", func(d *types.Integration) { d.RequestParameters = map[string]string{key: value} })
		a := newAPI().integration("up", doc).on("GET /x", to("up"))
		w := newWorld(t, a)
		if err := w.Compile(a.s); err == nil {
			t.Errorf("%s: %s was compiled", key, value)
		}
		if got := w.send("GET", "/x"); got.StatusCode != 500 {
			t.Errorf("%s: answered %d", key, got.StatusCode)
		}
	}
}

// TestDotSegmentsOfMappings: no mapping leads a backend up its tree.
func TestDotSegmentsOfMappings(t *testing.T) {
	up := newUpstream(t)
	doc := proxyTo(up.URL, func(d *types.Integration) {
		d.RequestParameters = map[string]string{"overwrite:path": "/safe/${request.querystring.p}"}
	})
	w := newWorld(t, newAPI().integration("up", doc).on("GET /x", to("up")))
	for query, status := range map[string]int{"p=a": 200, "p=..": 500, "p=a/../b": 500, "p=%0a": 500, "p=%2e%2e%2fb": 500} {
		if got := w.send("GET", "/x?"+query); got.StatusCode != status {
			t.Errorf("%s: answered %d", query, got.StatusCode)
		}
	}
}
