package gateway_test

import (
	"encoding/json"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/poolgate/poolgate/internal/gateway"
	"github.com/poolgate/poolgate/internal/gateway/urlpath"
)

// address is a transport that keeps the address of the request that it was given.
type address struct{ uri string }

func (a *address) RoundTrip(r *http.Request) (*http.Response, error) {
	a.uri = r.URL.RequestURI()
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("")), Request: r}, nil
}

// segmentsOf reads an escaped path; nil when it is never routed.
func segmentsOf(escaped string) []string {
	p, ok := urlpath.Normalise(escaped, nil)
	if !ok {
		return nil
	}
	all := []string{}
	for _, s := range p.Segments {
		all = append(all, s.Text)
	}
	return all
}

// resourceFor is a second router, written only for this test: of all resources that fit it takes the best, from left to right text
// before a parameter before the rest.
func resourceFor(resources []string, segments []string) string {
	best, bestRank := "", ""
	for _, resource := range resources {
		parts := strings.FieldsFunc(resource, func(r rune) bool { return r == '/' })
		rank, fits, greedy := "", true, false
		for i, part := range parts {
			switch {
			case i >= len(segments):
				fits = false
			case strings.HasSuffix(part, "+}"):
				rank, greedy = rank+"c", true
			case strings.HasPrefix(part, "{"):
				rank += "b"
			default:
				rank, fits = rank+"a", fits && part == segments[i]
			}
		}
		if fits = fits && (greedy || len(parts) == len(segments)); fits && (best == "" || rank < bestRank) {
			best, bestRank = resource, rank
		}
	}
	return best
}

// TestOnePath: for random resources and paths the router, the authorizer and the upstream see the same path, and the router agrees with a
// naive one.
func TestOnePath(t *testing.T) {
	words := []string{"a", "b", "pets", "x y", "ü", "a/b", "a%2Fb", "..", "a;b", ".", "a?b", "%", "a+b", "\\"}
	templates := []string{"a", "b", "pets", "{v}"}
	random := rand.New(rand.NewPCG(3, 4))
	escape := func(word string) string {
		var b strings.Builder
		for i := range len(word) {
			if c := word[i]; c >= 'a' && c <= 'z' && random.IntN(4) > 0 || c == '.' {
				b.WriteByte(c)
			} else {
				const hex = "0123456789ABCDEF"
				b.WriteString("%" + string(hex[c>>4]) + string(hex[c&15]))
			}
		}
		return b.String()
	}
	routed := 0
	for range 200 {
		var resources []string
		a := newAPI().authorizer("fn", functionAuthorizer(types.AuthorizerTypeRequest, "", nil))
		for range 1 + random.IntN(5) {
			resource := ""
			for depth := range random.IntN(3) {
				resource += "/" + strings.Replace(templates[random.IntN(len(templates))], "v", string(rune('p'+depth)), 1)
			}
			if random.IntN(3) == 0 || resource == "" {
				resource += "/{rest+}"
			}
			if slices.Contains(resources, resource) {
				continue
			}
			resources = append(resources, resource)
			m := custom("fn")
			m.MethodIntegration = &types.Integration{Type: types.IntegrationTypeHttpProxy, HttpMethod: aws.String("GET"), Uri: aws.String("http://upstream.example.com" + strings.ReplaceAll(resource, "+}", "}"))}
			a.on([]string{"GET", "ANY"}[random.IntN(2)], resource, m)
		}
		f, up := allowing(), &address{}
		w := newWorld(t, a, nil, withFunctions(f), func(c *gateway.Config) { c.Transport = up })
		for range 20 {
			path := ""
			for range 1 + random.IntN(4) {
				path += "/" + escape(words[random.IntN(len(words))])
			}
			if random.IntN(4) == 0 {
				path += "/"
			}
			asked := f.count()
			up.uri = ""
			w.ServeAPI(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil), gateway.Target{API: apiID, Stage: "prod", Path: path})
			segments, want := segmentsOf(path), ""
			if segments != nil {
				want = resourceFor(resources, segments)
			}
			got := w.Recent(1, nil)[0]
			if heldBack := got.Resource == "" && strings.Contains(got.Saw, "separators"); got.Resource != want && !heldBack {
				t.Fatalf("%v: %s went to %q, want %q", resources, path, got.Resource, want)
			}
			if got.Resource == "" {
				if up.uri != "" || f.count() != asked {
					t.Fatalf("%v: %s reached a backend", resources, path)
				}
				continue
			}
			routed++
			var event struct{ MethodARN, Path string }
			if err := json.Unmarshal(f.last(t).Payload, &event); err != nil {
				t.Fatal(err)
			}
			arnPath, ok := strings.CutPrefix(event.MethodARN, "arn:aws:execute-api:eu-west-1:000000000000:"+apiID+"/prod/GET")
			for name, seen := range map[string]string{"the upstream": up.uri, "the authorizer": event.Path, "the authorizer's ARN": arnPath} {
				if !ok || !slices.Equal(segmentsOf(seen), segments) {
					t.Fatalf("%v: of %s %s saw %s", resources, path, name, seen)
				}
			}
		}
	}
	if routed < 300 {
		t.Errorf("only %d requests were routed", routed)
	}
}
