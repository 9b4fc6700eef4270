package gateway_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/poolgate/poolgate/internal/gateway"
)

// TestRouting asks an API whose methods answer with their own path and verb.
func TestRouting(t *testing.T) {
	w := newWorld(t, newAPI().
		on("GET", "/", open()).
		on("POST", "/test", open()).
		on("ANY", "/test/any", open()).
		on("GET", "/test/any", open()).
		on("OPTIONS", "/{proxy+}", open()).
		on("GET", "/pets/{id}", open()).
		on("GET", "/pets/mine", open()).
		on("GET", "/pets/{id}/toys/{toy}", open()).
		on("GET", "/pets/mine/toys", open()).
		on("ANY", "/files/{name+}", open()), nil)
	const none = ""
	for _, tt := range []struct{ name, method, path, want string }{
		{"the root with a slash", "GET", "/prod/", "GET /"},
		{"the root without a slash", "GET", "/prod", "GET /"},
		{"a static path", "POST", "/prod/test", "POST /test"},
		{"a trailing slash plays no part", "POST", "/prod/test/", "POST /test"},
		{"repeated slashes are one", "POST", "/prod//test", "POST /test"},
		{"a resource without the verb leaves the request to a greedy one", "OPTIONS", "/prod/test", "OPTIONS /{proxy+}"},
		{"ANY of a static path beats the verb of a greedy one", "OPTIONS", "/prod/test/any", "ANY /test/any"},
		{"the verb beats ANY", "GET", "/prod/test/any", "GET /test/any"},
		{"ANY takes HEAD", "HEAD", "/prod/test/any", "ANY /test/any"},
		{"GET does not take HEAD", "HEAD", "/prod/pets/1", none},
		{"ANY takes no verb of one's own making", "BREW", "/prod/test/any", none},
		{"static beats named", "GET", "/prod/pets/mine", "GET /pets/mine"},
		{"named", "GET", "/prod/pets/1", "GET /pets/{id}"},
		{"a static dead end goes back to named", "GET", "/prod/pets/mine/toys/ball", "GET /pets/{id}/toys/{toy}"},
		{"a path that ends too early", "GET", "/prod/pets", none},
		{"a path that goes on too long", "GET", "/prod/pets/1/2", none},
		{"greedy takes several segments", "PUT", "/prod/files/a/b/c", "ANY /files/{name+}"},
		{"greedy takes no empty path", "PUT", "/prod/files/", none},
		{"greedy at the root does not take the root", "OPTIONS", "/prod/", none},
		{"an encoded slash stays in its segment", "GET", "/prod/pets/a%2Fb", "GET /pets/{id}"},
		{"escapes are undone for matching", "GET", "/prod/%70ets/m%69ne", "GET /pets/mine"},
		{"letters' case counts", "GET", "/prod/Pets/mine", none},
		{"an escape is undone once", "GET", "/prod/%2570ets/mine", none},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := send(t, w, tt.method, tt.path)
			if tt.want == none {
				if got.StatusCode != 403 {
					t.Errorf("answered %d %s, want 403", got.StatusCode, got.body)
				}
				return
			}
			verb, path, _ := strings.Cut(tt.want, " ")
			if want := fmt.Sprintf(`{"path":%q,"method":%q}`, path, verb); tt.method == "HEAD" {
				if got.StatusCode != 200 || got.Header.Get("Content-Length") != fmt.Sprint(len(want)) {
					t.Errorf("answered %d of %s bytes", got.StatusCode, got.Header.Get("Content-Length"))
				}
			} else if got.body != want {
				t.Errorf("answered %d %s, want %s", got.StatusCode, got.body, want)
			}
		})
	}
}

// standing is the API of the standing security test: everything below /admin needs a token, everything else is open, and all
// goes to one backend.
func standing(backend string) *api {
	uri := func(path string) *types.Integration {
		return &types.Integration{
			Type: types.IntegrationTypeHttpProxy, HttpMethod: aws.String("ANY"), Uri: aws.String(backend + path),
			RequestParameters: map[string]string{"integration.request.path.proxy": "method.request.path.proxy"},
		}
	}
	admin, adminAll := cognito(), cognito()
	admin.MethodIntegration, adminAll.MethodIntegration = uri("/admin"), uri("/admin/{proxy}")
	item := openWith(&types.Integration{
		Type: types.IntegrationTypeHttpProxy, HttpMethod: aws.String("GET"), Uri: aws.String(backend + "/open/{id}"),
		RequestParameters: map[string]string{"integration.request.path.id": "method.request.path.id"},
	})
	return newAPI().authorizer("auth", nil).
		on("ANY", "/{proxy+}", openWith(uri("/{proxy}"))).
		on("ANY", "/admin", admin).on("ANY", "/admin/{proxy+}", adminAll).
		on("GET", "/open/{id}", item)
}

// lenientPaths are the ways in which servers are known to read a path differently than they were asked.
func lenientPaths(escaped string) []string {
	var all []string
	decoded := escaped
	for range 2 {
		all = append(all, decoded)
		next, err := url.PathUnescape(decoded)
		if err != nil {
			break
		}
		decoded = next
	}
	for _, p := range all {
		cut := make([]string, 0)
		for _, part := range strings.Split(strings.ReplaceAll(p, `\`, "/"), "/") {
			part, _, _ = strings.Cut(part, ";")
			switch part {
			case "", ".":
			case "..":
				cut = cut[:max(0, len(cut)-1)]
			default:
				cut = append(cut, part)
			}
		}
		all = append(all, "/"+strings.Join(cut, "/"))
	}
	return all
}

// reached records the paths a backend was asked for.
type reached struct{ paths []string }

func (r *reached) RoundTrip(request *http.Request) (*http.Response, error) {
	r.paths = append(r.paths, request.URL.EscapedPath())
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: http.NoBody, Request: request}, nil
}

// TestPathTricks is a standing security test: the router, the authorizer and the upstream see one and the same path. Without
// a token no spelling of a protected path reaches the backend, however leniently the backend reads it.
func TestPathTricks(t *testing.T) {
	for _, path := range pathTricks {
		t.Run(path, func(t *testing.T) { checkTrick(t, path) })
	}
}

var pathTricks = []string{
	"/admin", "/admin/x", "//admin/x", "/admin//x", "///admin", "/open/../admin/x", "/open/%2e%2e/admin/x", "/open/.%2e/admin", "/open/%2E%2E/admin",
	"/./admin/x", "/%2e/admin", "/open/..;/admin", "/open/..%3b/admin", "/admin;x=1/x", "/admin;/x", "/%61dmin/x", "/adm%69n", "/open/..%2fadmin", "/open/..%2Fadmin%2Fx",
	"/open/%2e%2e%2fadmin", "/open/..%5cadmin", `/open/..\admin`, "/open/x%2f..%2f..%2fadmin", "/a/b/../../admin", "/admin/", "/admin/.", "/admin/..", "/admin/../admin",
	"/%2fadmin", "/%2f%2fadmin", "/x%2f..%2fadmin", "/%5cadmin", "/admin%2fx", "/admin%00", "/admin%0d%0a", "/admin%20", "/%252e%252e/admin", "/open/%252e%252e%252fadmin",
	"/admin%3bx/y", "/admin%3Fx", "/admin%23", "/admin%", "/admin%zz", "/..", "/../admin", "/..%2f..%2fadmin", "/open/....//admin", "/open//../admin",
}

func checkTrick(t *testing.T, path string) {
	backend := &reached{}
	a := standing("http://backend.test")
	w := newWorld(t, newAPI(), nil)
	w.Gateway = gateway.New(gateway.Config{APIs: w.apis, Engine: w.engine(), Clock: w.clock, Topics: w.apis, Transport: backend})
	w.apis.deploy("prod", a.s, nil)
	recorder := httptest.NewRecorder()
	r := httptest.NewRequest("GET", "/", nil)
	w.ServeAPI(recorder, r, gateway.Target{API: apiID, Path: "/prod" + path})
	switch recorder.Code {
	case 200, 401, 403:
	default:
		t.Errorf("answered %d", recorder.Code)
	}
	if recorder.Code == 200 && len(backend.paths) != 1 || recorder.Code != 200 && len(backend.paths) != 0 {
		t.Errorf("answered %d and asked the backend for %q", recorder.Code, backend.paths)
	}
	for _, p := range backend.paths {
		for _, read := range lenientPaths(p) {
			if read == "/admin" || strings.HasPrefix(read, "/admin/") {
				t.Errorf("without a token the backend was asked for %q, which it may read as %q", p, read)
			}
		}
	}
}

func FuzzPathTricks(f *testing.F) {
	for _, path := range pathTricks {
		f.Add(path)
	}
	f.Fuzz(func(t *testing.T, path string) {
		if !strings.HasPrefix(path, "/") {
			path = "/" + path
		}
		checkTrick(t, path)
	})
}

func TestAGreedyPathReachesTheBackendAsItWasRouted(t *testing.T) {
	for _, tt := range []struct{ path, want string }{
		{"/prod/a/b", "/a/b"},
		{"/prod/a//b/", "/a/b"},
		{"/prod/a%2Fb/c%20d", "/a%2Fb/c%20d"},
		{"/prod/caf%c3%a9", "/caf%C3%A9"},
		{"/prod/%61%3Bx", "/a%3Bx"},
		{"/prod/a,b:c@d", "/a,b:c@d"},
		{"/prod/a%252fb", "/a%252fb"},
	} {
		backend := &reached{}
		w := newWorld(t, newAPI(), nil)
		w.Gateway = gateway.New(gateway.Config{APIs: w.apis, Engine: w.engine(), Topics: w.apis, Transport: backend})
		w.apis.deploy("prod", standing("http://backend.test").s, nil)
		w.ServeAPI(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil), gateway.Target{API: apiID, Path: tt.path})
		if len(backend.paths) != 1 || backend.paths[0] != tt.want {
			t.Errorf("%s reached %q, want %q", tt.path, backend.paths, tt.want)
		}
	}
}

func TestAStageNamedByThePathStyle(t *testing.T) {
	w := newWorld(t, newAPI().on("GET", "/a", openWith(mockOf(`"$context.stage $context.path"`))), nil)
	for _, target := range []gateway.Target{
		{API: apiID, Stage: "prod", Path: "/a"},
		{API: apiID, Path: "/prod/a", Region: region},
	} {
		recorder := httptest.NewRecorder()
		w.ServeAPI(recorder, httptest.NewRequest("GET", "/", nil), target)
		if got := recorder.Body.String(); got != `"prod /prod/a"` {
			t.Errorf("%+v answered %d %s", target, recorder.Code, got)
		}
	}
	recorder := httptest.NewRecorder()
	w.ServeAPI(recorder, httptest.NewRequest("GET", "/", nil), gateway.Target{API: apiID, Path: "/prod/a", Region: "us-east-1"})
	if recorder.Code != 403 || recorder.Body.String() != `{"message":"Forbidden"}` {
		t.Errorf("a host of another region answered %d %s", recorder.Code, recorder.Body)
	}
}
