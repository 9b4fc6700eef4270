package gateway_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/poolgate/poolgate/internal/gateway"
)

// discard is a response writer that costs nothing of its own.
type discard struct{ header http.Header }

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) Write(p []byte) (int, error) { return len(p), nil }
func (d *discard) WriteHeader(int)             {}

// BenchmarkProtectedRequest is a request with a known token to a MOCK method: through ServeAPI alone, with a claim in
// the answer, refused, and over a real loopback connection.
func BenchmarkProtectedRequest(b *testing.B) {
	m, claim := cognito("rs/read"), cognito("rs/read")
	m.MethodIntegration, claim.MethodIntegration = mockOf(passed), mockOf(`{"sub":"$context.authorizer.claims.sub"}`)
	w := newWorld(b, newAPI().authorizer("auth", nil).on("GET", "/pets/{id}", m).on("GET", "/claim", claim), nil)
	bearer := "Bearer " + token(accessClaims("openid rs/read"))
	serve := func(b *testing.B, path, authorization string, want int) {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Authorization", authorization)
		target := gateway.Target{API: apiID, Path: path}
		recorder := httptest.NewRecorder()
		if w.ServeAPI(recorder, r, target); recorder.Code != want {
			b.Fatalf("answered %d %s", recorder.Code, recorder.Body)
		}
		d := &discard{http.Header{}}
		b.ReportAllocs()
		for b.Loop() {
			clear(d.header)
			w.ServeAPI(d, r, target)
		}
	}
	b.Run("serve", func(b *testing.B) { serve(b, "/prod/pets/7", bearer, 200) })
	b.Run("serve claim", func(b *testing.B) { serve(b, "/prod/claim", bearer, 200) })
	b.Run("serve refused", func(b *testing.B) { serve(b, "/prod/pets/7", "Bearer x", 401) })
	forged := bearer[:len(bearer)-20] + strings.Repeat("A", 20)
	b.Run("serve forged", func(b *testing.B) { serve(b, "/prod/pets/7", forged, 401) })
	b.Run("serve unmatched", func(b *testing.B) { serve(b, "/prod/nothing", "", 403) })
	b.Run("loopback", func(b *testing.B) {
		server := httptest.NewServer(w)
		defer server.Close()
		client := server.Client()
		r, err := http.NewRequest("GET", server.URL+"/prod/pets/7", nil)
		if err != nil {
			b.Fatal(err)
		}
		r.Header.Set("Authorization", bearer)
		b.ReportAllocs()
		for b.Loop() {
			response, err := client.Do(r)
			if err != nil || response.StatusCode != 200 {
				b.Fatal(response, err)
			}
			_, _ = io.Copy(io.Discard, response.Body)
			_ = response.Body.Close()
		}
	})
}

// BenchmarkHTTPProxy is a request through the gateway to a backend on loopback, and the same request to the backend itself.
func BenchmarkHTTPProxy(b *testing.B) {
	back := backend(b, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") })
	w := newWorld(b, newAPI().on("GET", "/{proxy+}", proxy(back.URL+"/{proxy}", nil)), nil)
	front := httptest.NewServer(w)
	defer front.Close()
	for name, url := range map[string]string{"through the gateway": front.URL + "/prod/a", "direct": back.URL + "/a"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				response, err := http.Get(url)
				if err != nil || response.StatusCode != 200 {
					b.Fatal(response, err)
				}
				_, _ = io.Copy(io.Discard, response.Body)
				_ = response.Body.Close()
			}
		})
	}
}
