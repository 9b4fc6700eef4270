package e2e

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
)

// backend is what an API leads to. It notes the requests it got.
type backend struct {
	*httptest.Server
	mu  sync.Mutex
	got []seen
}

// seen is what a backend saw of a request.
type seen struct {
	path          string
	authorization []string
	body          string
	bodyError     bool
}

func newBackend(t *testing.T) *backend {
	t.Helper()
	b := &backend{}
	b.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		b.mu.Lock()
		defer b.mu.Unlock()
		b.got = append(b.got, seen{r.URL.Path, r.Header.Values("Authorization"), string(body), err != nil})
		_, _ = w.Write([]byte("backend"))
	}))
	t.Cleanup(b.Close)
	return b
}

// take is what came since it was asked last.
func (b *backend) take() []seen {
	b.mu.Lock()
	defer b.mu.Unlock()
	got := b.got
	b.got = nil
	return got
}

// guarded is an API with /open/{proxy+}, which anybody may call, and /admin, which asks for a token, both of one backend.
type guarded struct {
	*site
	backend *backend
	base    string
}

func newGuarded(t *testing.T) *guarded {
	t.Helper()
	g := &guarded{site: serve(t).newSite(t), backend: newBackend(t)}
	apis := apigateway.NewFromConfig(g.sdk())
	add := func(parent, part string) string {
		t.Helper()
		r, err := apis.CreateResource(t.Context(), &apigateway.CreateResourceInput{RestApiId: &g.apiID, ParentId: &parent, PathPart: &part})
		must(t, err)
		return *r.Id
	}
	method := func(resource, authorization string, uri string, parameters map[string]string) {
		t.Helper()
		in := &apigateway.PutMethodInput{RestApiId: &g.apiID, ResourceId: &resource, HttpMethod: aws.String("ANY"), AuthorizationType: &authorization,
			RequestParameters: map[string]bool{"method.request.path.proxy": true}}
		if authorization == "COGNITO_USER_POOLS" {
			in.AuthorizerId, in.RequestParameters = &g.authorizerID, nil
		}
		_, err := apis.PutMethod(t.Context(), in)
		must(t, err)
		_, err = apis.PutIntegration(t.Context(), &apigateway.PutIntegrationInput{RestApiId: &g.apiID, ResourceId: &resource, HttpMethod: aws.String("ANY"),
			Type: "HTTP_PROXY", IntegrationHttpMethod: aws.String("ANY"), Uri: aws.String(g.backend.URL + uri), RequestParameters: parameters})
		must(t, err)
	}
	method(add(add(g.rootID, "open"), "{proxy+}"), "NONE", "/open/{proxy}", map[string]string{"integration.request.path.proxy": "method.request.path.proxy"})
	method(add(g.rootID, "admin"), "COGNITO_USER_POOLS", "/admin", nil)
	_, err := apis.CreateDeployment(t.Context(), &apigateway.CreateDeploymentInput{RestApiId: &g.apiID, StageName: aws.String("dev")})
	must(t, err)
	g.base = "/_aws/execute-api/" + g.apiID + "/dev"
	return g
}

// exchange writes bytes to a connection of its own and reads every answer until the server ends it. The client has nothing more to say once the first
// answer is there, or, when it cuts a request short, at once.
func (g *guarded) exchange(t *testing.T, text string, cutShort bool) (statuses []int) {
	t.Helper()
	dialled, err := net.DialTimeout("tcp", strings.TrimPrefix(g.url, "http://"), 5*time.Second)
	must(t, err)
	conn := dialled.(*net.TCPConn)
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	go func() { // a server that has refused no longer reads
		_, _ = io.WriteString(conn, text)
		if cutShort {
			_ = conn.CloseWrite()
		}
	}()
	reader := bufio.NewReader(conn)
	for {
		answer, err := http.ReadResponse(reader, nil)
		if err != nil {
			return statuses
		}
		statuses = append(statuses, answer.StatusCode)
		_, _ = io.Copy(io.Discard, answer.Body) // a server that refuses a flood may reset the connection
		answer.Body.Close()
		if len(statuses) == 1 {
			_ = conn.CloseWrite()
		}
	}
}

// TestRequestsAreCutInOneWayOnly sends what two servers in a row might cut into requests differently. Whatever the answer is, the backend never
// sees the request for /admin that is hidden inside another, and one request gets one answer.
func TestRequestsAreCutInOneWayOnly(t *testing.T) {
	g := newGuarded(t)
	host := strings.TrimPrefix(g.url, "http://")
	hidden := "GET " + g.base + "/admin HTTP/1.1\r\nHost: " + host + "\r\n\r\n"
	post := func(head, body string) string {
		return "POST " + g.base + "/open/x HTTP/1.1\r\nHost: " + host + "\r\n" + head + "\r\n" + body
	}
	chunked := func(body string) string { return post("Transfer-Encoding: chunked\r\n", body) }
	ok := []int{200}
	refused := []int{400}
	left := []int{400, 500} // whether the end of the body or of the client is noticed first
	for _, tt := range []struct {
		name, text string
		// statuses are what may be answered; none means that the connection may just end.
		statuses []int
		cutShort bool
	}{
		{"a plain request", post("Content-Length: 4\r\nConnection: close\r\n", "abcd"), ok, false},
		{"a chunked request", chunked("4\r\nabcd\r\n0\r\n\r\n"), ok, false},
		{"both lengths, what is hidden behind the chunks", post("Content-Length: "+fmt.Sprint(5+len(hidden))+"\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"+hidden), []int{200, 400}, false},
		{"both lengths, the other way round", post("Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", "0\r\n\r\n"+hidden), []int{200, 400}, false},
		{"both lengths, what is hidden within a chunk", post("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(hidden), hidden)), []int{200, 400}, false},
		{"two lengths", post("Content-Length: 0\r\nContent-Length: "+fmt.Sprint(len(hidden))+"\r\n", hidden), refused, false},
		{"a list of lengths", post("Content-Length: 0, "+fmt.Sprint(len(hidden))+"\r\n", hidden), refused, false},
		{"a signed length", post("Content-Length: +4\r\n", "abcd"), refused, false},
		{"a length below zero", post("Content-Length: -1\r\n", "abcd"), refused, false},
		{"a length in hexadecimal", post("Content-Length: 0x4\r\n", "abcd"), refused, false},
		{"a length with a fraction", post("Content-Length: 4.0\r\n", "abcd"), refused, false},
		{"a length that overflows", post("Content-Length: 18446744073709551620\r\n", "abcd"), refused, false},
		{"an empty length", post("Content-Length: \r\n", "abcd"), []int{200, 400}, false},
		{"a blank before the colon", post("Content-Length : 4\r\n", "abcd"), refused, false},
		{"a length on a folded line", post("X: y\r\n Content-Length: "+fmt.Sprint(len(hidden))+"\r\nConnection: close\r\n", hidden), []int{200, 400}, false},
		{"an unknown transfer coding", post("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"+hidden), []int{501}, false},
		{"a transfer coding behind chunked", post("Transfer-Encoding: chunked, identity\r\n", "0\r\n\r\n"+hidden), []int{501}, false},
		{"a transfer coding before chunked", post("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"+hidden), []int{501}, false},
		{"two transfer codings", post("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", "0\r\n\r\n"+hidden), []int{400, 501}, false},
		{"a transfer coding behind a tab", post("Transfer-Encoding:\tchunked\r\nContent-Length: 4\r\n", "0\r\n\r\n"+hidden), []int{200, 400, 501}, false},
		{"a transfer coding behind a vertical tab", post("Transfer-Encoding: \x0bchunked\r\n", "0\r\n\r\n"+hidden), []int{400, 501}, false},
		{"a transfer coding of HTTP/1.0", strings.Replace(post("Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", "0\r\n\r\n"+hidden), "HTTP/1.1", "HTTP/1.0", 1), []int{200, 400}, false},
		{"a chunk that is longer than it says", chunked("1\r\nabcd\r\n0\r\n\r\n"), left, true},
		{"a chunk that is shorter than it says", chunked("ff\r\nabcd\r\n0\r\n\r\n"), left, true},
		{"a chunk's length that is no number", chunked("zz\r\nabcd\r\n0\r\n\r\n"), refused, false},
		{"a chunk's length below zero", chunked("-4\r\nabcd\r\n0\r\n\r\n"), refused, false},
		{"a chunk's length with 0x", chunked("0x4\r\nabcd\r\n0\r\n\r\n"), refused, false},
		{"a chunk's length that overflows", chunked("10000000000000004\r\nabcd\r\n0\r\n\r\n"), refused, false},
		{"a chunk without its end", chunked("4\r\nabcd0\r\n\r\n"), left, true},
		{"chunks without the last", chunked("4\r\nabcd\r\n"), left, true},
		{"a chunk's extension without end", chunked("4;" + strings.Repeat("x", 1<<20) + "\r\nabcd\r\n0\r\n\r\n"), left, true},
		{"a trailer that is a length", chunked("0\r\nContent-Length: " + fmt.Sprint(len(hidden)) + "\r\n\r\n" + hidden), []int{200, 400}, false},
		{"a trailer that is a token", chunked("4\r\nabcd\r\n0\r\nAuthorization: x\r\n\r\n"), []int{200, 400}, false},
		{"a carriage return in a header", post("X: a\rContent-Length: 4\r\nContent-Length: 0\r\nConnection: close\r\n", ""), refused, false},
		{"a nul byte in a header", post("X: a\x00b\r\nContent-Length: 0\r\n", ""), refused, false},
		{"two hosts", post("Host: evil.example\r\nContent-Length: 0\r\n", ""), refused, false},
		{"no host", "GET " + g.base + "/admin HTTP/1.1\r\n\r\n", refused, false},
		{"a whole URL of another host", "GET http://evil.example" + g.base + "/open/x HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n", []int{403}, false},
		{"a blank in the path", "GET " + g.base + "/open/x /admin HTTP/1.1\r\nHost: " + host + "\r\n\r\n", refused, false},
		{"a version that is none", "GET " + g.base + "/open/x HTTP/1.1x\r\nHost: " + host + "\r\n\r\n", refused, false},
		{"HTTP/0.9", "GET " + g.base + "/admin\r\n\r\n", refused, false},
		{"a verb with a blank", "GE T " + g.base + "/admin HTTP/1.1\r\nHost: " + host + "\r\n\r\n", refused, false},
		{"a flood of headers", post(strings.Repeat("X-Flood: y\r\n", 200_000)+"Content-Length: 0\r\n", ""), []int{431}, false},
		{"a header of two megabytes", post("X-Flood: "+strings.Repeat("y", 2<<20)+"\r\nContent-Length: 0\r\n", ""), []int{431}, false},
		{"a path of two megabytes", "GET " + g.base + "/open/" + strings.Repeat("y", 2<<20) + " HTTP/1.1\r\nHost: " + host + "\r\n\r\n", []int{431}, false},
		{"an upgrade", post("Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 0\r\n", hidden), []int{200, 400}, false},
		{"an upgrade to HTTP/2 in the clear", post("Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\nContent-Length: 0\r\n", ""), []int{200, 400}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			statuses := g.exchange(t, tt.text, tt.cutShort)
			for i, status := range statuses {
				// What is hidden may be read as the next request of the connection, but then it is refused for want of a token.
				if !slices.Contains(tt.statuses, status) && (i == 0 || status != 401 && status != 400) {
					t.Errorf("answered %v", statuses)
				}
			}
			for _, got := range g.backend.take() {
				if !strings.HasPrefix(got.path, "/open/") || len(got.authorization) > 0 {
					t.Errorf("the backend saw %+v", got)
				}
				if !slices.Contains(tt.statuses, 200) && !got.bodyError {
					t.Errorf("the backend took a broken request for a whole one: %+v", got)
				}
			}
		})
	}
	if got := send(t, http.MethodGet, g.url+g.base+"/open/x", "", nil); got.status != http.StatusOK {
		t.Errorf("afterwards the server answers %d", got.status)
	}
}

// TestARequestOfBothLengthsEndsItsConnection is for a proxy in front that believes the length: what it takes for a body must not be
// read as a request (RFC 9112, section 6.1).
func TestARequestOfBothLengthsEndsItsConnection(t *testing.T) {
	g := newGuarded(t)
	host := strings.TrimPrefix(g.url, "http://")
	hidden := "GET " + g.base + "/open/hidden HTTP/1.1\r\nHost: " + host + "\r\n\r\n"
	statuses := g.exchange(t, "POST "+g.base+"/open/x HTTP/1.1\r\nHost: "+host+"\r\nContent-Length: "+fmt.Sprint(5+len(hidden))+"\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"+hidden, false)
	if len(statuses) > 1 {
		t.Errorf("two requests were read: %v", statuses)
	}
	for _, got := range g.backend.take() {
		if got.path == "/open/hidden" {
			t.Error("the backend saw the hidden request")
		}
	}
}

// TestNoPathLeadsPastTheAuthorizer tries to reach /admin without a token, by a path that the router takes for one below /open and the backend, which
// undoes escapes and dots, for /admin.
func TestNoPathLeadsPastTheAuthorizer(t *testing.T) {
	g := newGuarded(t)
	paths := []string{"/open/../admin", "/open/x/../../admin", "//admin", "/./admin", "/admin/", "/admin//", "/ADMIN", "/admin;", "/admin;x=1", "/admin%00", "/admin%20", "/admin?", "/admin#", "/%61dmin", "/%2561dmin"}
	for _, dots := range []string{"..", "%2e%2e", "%2E.", ".%2e", "%252e%252e", "%c0%ae%c0%ae", "%e0%80%ae%e0%80%ae", "%f0%80%80%ae%f0%80%80%ae", "..;", "..%3b", "..%00", "..%20", "%uff0e%uff0e", "\uff0e\uff0e", "..\u200b"} {
		for _, slash := range []string{"/", "%2f", "%2F", "%5c", "\\", "%c0%af", "%252f", "//", "/;/", "%2f%2f"} {
			paths = append(paths, "/open/x"+slash+dots+slash+dots+slash+"admin", "/open/"+dots+slash+"admin", "/open"+slash+dots+slash+"admin", "/open/x/"+dots+"/"+dots+"/admin")
		}
	}
	paths = append(paths, "/open/x%0d%0aHost:%20evil", "/open/x%0aGET%20/admin", "/open/%", "/open/%zz", "/open/%1", "/open/\x80\xff", "/open/x\tadmin")
	host := strings.TrimPrefix(g.url, "http://")
	for _, p := range paths {
		statuses := g.exchange(t, "GET "+g.base+p+" HTTP/1.1\r\nHost: "+host+"\r\nConnection: close\r\n\r\n", false)
		if len(statuses) != 1 || statuses[0] >= 500 {
			t.Errorf("%q: answered %v", p, statuses)
		}
		for _, got := range g.backend.take() {
			for _, reading := range readings(got.path) {
				if !strings.HasPrefix(reading, "/open") {
					t.Errorf("%q reached the backend as %q, which may be read as %q", p, got.path, reading)
				}
			}
		}
	}
	if got := send(t, http.MethodGet, g.url+g.base+"/admin", "", nil); got.status != http.StatusUnauthorized {
		t.Errorf("/admin without a token: %d", got.status)
	}
	id := g.passwordSignIn(t, "jo").id
	if got := send(t, http.MethodGet, g.url+g.base+"/admin", "", http.Header{"Authorization": {id}}); got.status != http.StatusOK {
		t.Errorf("/admin with a token: %d", got.status)
	}
}

// readings are how a backend may understand the path that its HTTP library has decoded once: as it is, with dots undone, and with
// backslashes as slashes.
func readings(decoded string) []string {
	return []string{decoded, path.Clean(decoded), path.Clean(strings.ReplaceAll(decoded, `\`, "/"))}
}

// TestOneAuthorizationIsJudgedAndHandedOn: the first value counts, and the backend sees no other.
func TestOneAuthorizationIsJudgedAndHandedOn(t *testing.T) {
	g := newGuarded(t)
	good := g.passwordSignIn(t, "jo").id
	for _, tt := range []struct {
		name   string
		values []string
		status int
	}{
		{"one", []string{good}, 200},
		{"a good one and a bad one", []string{good, "bad"}, 200},
		{"a bad one and a good one", []string{"bad", good}, 401},
		{"an empty one and a good one", []string{"", good}, 401},
		{"two good ones", []string{good, good}, 200},
		{"both in one line", []string{good + ", " + good}, 401},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := send(t, http.MethodGet, g.url+g.base+"/admin", "", http.Header{"Authorization": tt.values})
			if got.status != tt.status {
				t.Errorf("answered %d", got.status)
			}
			for _, seen := range g.backend.take() {
				if !slices.Equal(seen.authorization, []string{good}) {
					t.Errorf("the backend saw %d values", len(seen.authorization))
				}
			}
		})
	}
}
