package gateway_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/poolgate/poolgate/internal/gateway"
)

// panicking is a transport with a mistake in it.
type panicking struct{}

func (panicking) RoundTrip(*http.Request) (*http.Response, error) { panic("a mistake") }

func TestAPanicIsAnsweredAsAnInternalErrorAndRecorded(t *testing.T) {
	w := newWorld(t, newAPI().on("GET", "/a", proxy("http://backend.example/", nil)), nil)
	w.Gateway = gateway.New(gateway.Config{APIs: w.apis, Engine: w.engine(), Topics: w.apis, Transport: panicking{}})
	got := send(t, w, "GET", "/prod/a")
	expect(t, got, 500, `{"message":"Internal server error"}`, "InternalServerErrorException")
	if record, err := w.Describe(t.Context(), got.Header.Get("x-amzn-RequestId")); err != nil || record == nil || record.Status != 500 {
		t.Errorf("the record is %+v, %v", record, err)
	}
}

// TestABackendGetsOnlyTheTokenThatWasJudged: of an Authorization header sent twice the first is judged, and a backend that
// reads the last must not find another one there.
func TestABackendGetsOnlyTheTokenThatWasJudged(t *testing.T) {
	var seen http.Header
	server := backend(t, func(_ http.ResponseWriter, r *http.Request) { seen = r.Header.Clone() })
	guarded := cognito()
	guarded.MethodIntegration = proxy(server.URL, nil).MethodIntegration
	w := newWorld(t, newAPI().authorizer("auth", nil).on("GET", "/a", guarded).on("GET", "/open", proxy(server.URL, nil)), nil)
	good, forged := token(idClaims()), mint(otherKey(), claims{"kid": keyID, "alg": "RS256"}, idClaims().with(claims{"sub": "root"}))
	for name, row := range map[string]struct {
		path   string
		sent   []string
		status int
		want   []string
	}{
		"the good one first": {"/prod/a", []string{good, forged}, 200, []string{good}},
		"the good one last":  {"/prod/a", []string{forged, good}, 401, nil},
		"nobody judges":      {"/prod/open", []string{good, forged}, 200, []string{good, forged}},
	} {
		t.Run(name, func(t *testing.T) {
			seen = nil
			front := httptest.NewServer(w)
			defer front.Close()
			request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, front.URL+row.path, nil)
			if err != nil {
				t.Fatal(err)
			}
			request.Header["Authorization"] = row.sent
			response, err := http.DefaultTransport.RoundTrip(request)
			if err != nil {
				t.Fatal(err)
			}
			_ = response.Body.Close()
			if response.StatusCode != row.status || !slices.Equal(seen.Values("Authorization"), row.want) {
				t.Errorf("%d; the backend got %d values, the first %.20s", response.StatusCode, len(seen.Values("Authorization")), strings.Join(seen.Values("Authorization"), " "))
			}
		})
	}
}
