package httpapi_test

import (
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"

	"github.com/poolgate/poolgate/internal/gateway/httpapi"
	"github.com/poolgate/poolgate/internal/gateway/urlpath"
)

// recorder is a transport that keeps the address of the request that it was given.
type recorder struct{ uri string }

func (r *recorder) RoundTrip(request *http.Request) (*http.Response, error) {
	r.uri = request.URL.RequestURI()
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("")), ContentLength: 0, Request: request}, nil
}

// naive reads a path as the test's own router does: segments between slashes, escapes undone once.
func naive(escaped string) []string {
	p, ok := urlpath.Normalise(escaped, nil)
	if !ok {
		return nil
	}
	var all []string
	for _, s := range p.Segments {
		all = append(all, s.Text)
	}
	return all
}

// routeFor is a second router, written only for this test: it tries every route on every path and takes the best by the guide's
// rules.
func routeFor(keys []string, verb string, segments []string, trailing bool) string {
	best, bestRank := "", ""
	for _, key := range keys {
		method, template, _ := strings.Cut(key, " ")
		if method != verb && method != "ANY" {
			continue
		}
		parts := strings.FieldsFunc(template, func(r rune) bool { return r == '/' })
		rank, fits := "f", true // full before greedy; then, from left to right, text before a parameter before the rest
		for i, part := range parts {
			isGreedy := strings.HasSuffix(part, "+}")
			switch {
			case isGreedy:
				fits = fits && (i < len(segments) || i == len(segments) && trailing && i > 0)
				rank = "g" + rank[1:] + "c"
			case i >= len(segments):
				fits = false
			case strings.HasPrefix(part, "{"):
				rank += "b"
			default:
				fits = fits && part == segments[i]
				rank += "a"
			}
		}
		isGreedy := strings.HasPrefix(rank, "g")
		if !isGreedy && (len(parts) != len(segments) || trailing && len(segments) > 0) {
			fits = false
		}
		if method == "ANY" {
			rank += "z"
		} else {
			rank += "y"
		}
		if fits && (best == "" || rank < bestRank) {
			best, bestRank = key, rank
		}
	}
	return best
}

// TestOnePath: for random routes and paths the router, the authorizer and the upstream see the same path, and the router agrees
// with a naive one.
func TestOnePath(t *testing.T) {
	words := []string{"a", "b", "pets", "x y", "ü", "a/b", "a%2Fb", "..", "a;b", ".", "a?b", "%", "a+b", "\\"}
	templates := []string{"a", "b", "pets", "{v}"}
	random := rand.New(rand.NewPCG(1, 2))
	escape := func(word string) string {
		var b strings.Builder
		for i := range len(word) {
			c := word[i]
			plain := c >= 'a' && c <= 'z' || c == '.' || c == '+'
			if !plain || random.IntN(4) == 0 {
				const hex = "0123456789ABCDEF"
				b.WriteString("%" + string(hex[c>>4]) + string(hex[c&15]))
			} else {
				b.WriteByte(c)
			}
		}
		return b.String()
	}
	routed := 0
	for range 300 {
		var keys []string
		made := map[string]bool{}
		a := newAPI().authorizer("asks", requestAuthorizer(nil)).integration("up", proxyTo("http://upstream.example.com"))
		for range 1 + random.IntN(5) {
			key := []string{"GET", "ANY"}[random.IntN(2)] + " "
			for depth := range random.IntN(3) {
				key += "/" + strings.Replace(templates[random.IntN(len(templates))], "v", string(rune('p'+depth)), 1)
			}
			if random.IntN(3) == 0 || strings.HasSuffix(key, " ") {
				key += "/{rest+}"
			}
			if made[key] {
				continue
			}
			made[key] = true
			keys = append(keys, key)
			doc := proxyTo("http://upstream.example.com" + strings.ReplaceAll(strings.SplitN(key, " ", 2)[1], "+}", "}"))
			a.integration("i"+key, doc).on(key, behind("asks"), to("i"+key))
		}
		transport := &recorder{}
		w := newWorldWith(t, a, func(c *httpapi.Config) { c.Transport = transport })
		w.functions.set(asker, `{"isAuthorized":true}`)
		for range 20 {
			path := ""
			for range 1 + random.IntN(4) {
				path += "/" + escape(words[random.IntN(len(words))])
			}
			if random.IntN(4) == 0 {
				path += "/"
			}
			transport.uri = ""
			asked := len(w.functions.called(asker))
			r := newRequest("GET", "/")
			r.Header.Set("X-User", "u")
			rw := newRecorder()
			w.ServeAPI(rw, r, httpapi.Target{API: apiID, Path: path})
			segments := naive(path)
			want := ""
			if segments != nil {
				want = routeFor(keys, "GET", segments, strings.HasSuffix(path, "/"))
			}
			got := w.decided()
			if heldBack := got.RouteKey == "" && strings.Contains(got.Saw, "separators"); got.RouteKey != want && !heldBack {
				t.Fatalf("%v: %s went to %q, want %q", keys, path, got.RouteKey, want)
			}
			if got.RouteKey == "" {
				if transport.uri != "" || len(w.functions.called(asker)) != asked {
					t.Fatalf("%v: %s reached a backend", keys, path)
				}
				continue
			}
			routed++
			e := w.event(asker)
			authorized, _ := e["rawPath"].(string)
			if up := naive(transport.uri); strings.Join(up, "\x00") != strings.Join(segments, "\x00") {
				t.Fatalf("%v: %s reached the upstream as %s", keys, path, transport.uri)
			}
			if want := "/" + strings.Join(segments, "/"); strings.TrimSuffix(authorized, "/") != strings.TrimSuffix(want, "/") {
				t.Fatalf("%v: the authorizer of %s saw %s, want %s", keys, path, authorized, want)
			}
			if arn, _ := e["routeArn"].(string); !strings.HasSuffix(arn, "/$default/GET"+authorized) {
				t.Fatalf("%v: the authorizer of %s was asked about %s", keys, path, arn)
			}
		}
	}
	if routed < 500 {
		t.Errorf("only %d requests were routed", routed)
	}
}
