package httpapi_test

import (
	"testing"

	"github.com/poolgate/poolgate/internal/gateway/httpapi"
)

// TestRouting holds the guide's order ("Create routes for HTTP APIs"): full match, greedy match, $default.
func TestRouting(t *testing.T) {
	a := newAPI().
		on("GET /pets/dog/1").on("GET /pets/dog/{id}").on("GET /pets/{proxy+}").on("ANY /any").on("GET /any").on("ANY /{kind}/fixed").
		on("PUT /only").on("POST /a/{proxy+}").on("POST /{x}/b").on("HEAD /h").on("GET /").on("GET /files/{name}").on("GET /files/{name}/{rest+}")
	withDefault := newWorld(t, newAPI().on("$default").on("GET /a").on("ANY /b/{proxy+}"))
	w := newWorld(t, a)
	for _, tt := range []struct {
		name, method, path, want string
		world                    *world
	}{
		{"a full match", "GET", "/pets/dog/1", "GET /pets/dog/1", w},
		{"a parameter", "GET", "/pets/dog/2", "GET /pets/dog/{id}", w},
		{"the longest greedy match", "GET", "/pets/cat/1", "GET /pets/{proxy+}", w},
		{"greedy over one segment", "GET", "/pets/dog", "GET /pets/{proxy+}", w},
		{"greedy does not match its own parent", "GET", "/pets", "", w},
		{"but what ends in a slash behind it", "GET", "/pets/", "GET /pets/{proxy+}", w},
		{"the verb's own route beats ANY", "GET", "/any", "GET /any", w},
		{"ANY takes the others", "PATCH", "/any", "ANY /any", w},
		{"ANY does not take what is no method of the seven", "PURGE", "/any", "", w},
		{"another verb is not found", "GET", "/only", "", w},
		{"a full match beats a greedy one further left", "POST", "/a/b", "POST /{x}/b", w},
		{"greedy where no full match is", "POST", "/a/c", "POST /a/{proxy+}", w},
		{"HEAD has a route of its own", "HEAD", "/h", "HEAD /h", w},
		{"GET does not take HEAD", "HEAD", "/pets/dog/1", "", w},
		{"the root", "GET", "/", "GET /", w},
		{"the root without a path", "GET", "", "GET /", w},
		{"a path that ends in a slash is another", "GET", "/any/", "", w},
		{"slashes collapse", "GET", "/pets///dog//1", "GET /pets/dog/1", w},
		{"letters are told apart", "GET", "/Pets/dog/1", "", w},
		{"an escaped letter is the letter", "GET", "/p%65ts/dog/1", "GET /pets/dog/1", w},
		{"an escaped slash stays in its segment", "GET", "/files/a%2Fb", "GET /files/{name}", w},
		{"dot segments are never routed", "GET", "/pets/../any", "", w},
		{"escaped dot segments neither", "GET", "/pets/%2e%2e/any", "", w},
		{"path parameters neither", "GET", "/pets/dog;x=1/1", "", w},
		{"$default takes the rest", "DELETE", "/x/y", "$default", withDefault},
		{"$default takes another verb", "POST", "/a", "$default", withDefault},
		{"$default takes the root", "GET", "/", "$default", withDefault},
		{"a greedy route beats $default", "GET", "/b/c/d", "ANY /b/{proxy+}", withDefault},
		{"$default takes OPTIONS", "OPTIONS", "/zzz", "$default", withDefault},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := tt.world.send(tt.method, tt.path)
			r := tt.world.decided()
			if r.RouteKey != tt.want {
				t.Errorf("%s %s went to %q, want %q", tt.method, tt.path, r.RouteKey, tt.want)
			}
			if tt.want == "" {
				if got.StatusCode != 404 || tt.method != "HEAD" && got.body != `{"message":"Not Found"}` || r.Reason != "route_not_found" {
					t.Errorf("answered %d %s, %s", got.StatusCode, got.body, r.Reason)
				}
			} else if got.StatusCode != 200 {
				t.Errorf("answered %d %s", got.StatusCode, got.body)
			}
		})
	}
}

func TestStages(t *testing.T) {
	a := newAPI().on("GET /pets").on("GET /")
	both := newWorld(t, a, stage("$default"), stage("dev"))
	named := newWorld(t, a, stage("dev"))
	for _, tt := range []struct {
		name, path, stage, rawPath string
		status                     int
		world                      *world
	}{
		{"$default has no part of the path", "/pets", "$default", "/pets", 200, both},
		{"a named stage is the first part", "/dev/pets", "dev", "/dev/pets", 200, both},
		{"a named stage at its root", "/dev", "dev", "/dev", 200, both},
		{"a named stage at its root with a slash", "/dev/", "dev", "/dev/", 200, both},
		{"$default cannot be written out in a host's path", "/$default/pets", "$default", "", 404, both},
		{"without $default the stage must be there", "/pets", "", "", 404, named},
		{"and is found", "/dev/pets", "dev", "/dev/pets", 200, named},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := tt.world.send("GET", tt.path)
			r := tt.world.decided()
			if got.StatusCode != tt.status || r.Stage != tt.stage {
				t.Fatalf("answered %d by stage %q: %s", got.StatusCode, r.Stage, got.body)
			}
			if tt.status != 200 {
				return
			}
			e := tt.world.event(backend)
			if e["rawPath"] != tt.rawPath || e["requestContext"].(map[string]any)["stage"] != tt.stage {
				t.Errorf("the event says %v", e)
			}
		})
	}
	t.Run("$default by path style", func(t *testing.T) {
		rw := newRecorder()
		both.ServeAPI(rw, newRequest("GET", "/pets"), httpapi.Target{API: apiID, Path: "/$default/pets", PathStyle: true})
		if rw.Code != 200 {
			t.Errorf("answered %d", rw.Code)
		}
	})
	t.Run("a mapping names the stage", func(t *testing.T) {
		rw := newRecorder()
		named.ServeAPI(rw, newRequest("GET", "/pets"), httpapi.Target{API: apiID, Stage: "dev", Path: "/pets", ThroughDomain: true})
		if rw.Code != 200 {
			t.Errorf("answered %d", rw.Code)
		}
	})
}

// TestReadInOneWay: a path with escaped separators is not routed where reading them as separators leads past a guard.
func TestReadInOneWay(t *testing.T) {
	w := newWorld(t, newAPI().on("GET /files/{proxy+}").on("GET /files/secret/{id}", behindJWT()).on("GET /open/{name}"))
	for path, want := range map[string]int{
		"/files/secret%2F1":    404,
		"/files/secret%5C1":    404,
		"/files/a%2Fsecret":    200,
		"/files/secret%2F1%2F": 404,
		"/open/a%2Fb":          200,
	} {
		if got := w.send("GET", path); got.StatusCode != want {
			t.Errorf("%s is answered %d, want %d", path, got.StatusCode, want)
		}
	}
}
