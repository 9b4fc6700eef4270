package httpapi_test

import (
	"net/http/httptest"
	"testing"

	"github.com/poolgate/poolgate/internal/gateway/httpapi"
)

// TestJudgeDecidesAsServeDoes holds Judge to ServeAPI: the same reason and status, and nothing remembered.
func TestJudgeDecidesAsServeDoes(t *testing.T) {
	for _, test := range []struct {
		name, method, path string
		headers            []string
	}{
		{"let in", "GET", "/pets", []string{"Authorization", token(nil)}},
		{"no token", "GET", "/pets", nil},
		{"expired", "GET", "/pets", []string{"Authorization", token(object{"exp": epoch.Unix() - 3600})}},
		{"another issuer", "GET", "/pets", []string{"Authorization", token(object{"iss": "https://other.example.com"})}},
		{"no such route", "GET", "/nowhere", []string{"Authorization", token(nil)}},
		{"a slash at the end", "GET", "/pets/", nil},
		{"another verb", "DELETE", "/pets", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t, newAPI().on("GET /pets", behindJWT()))
			r := httptest.NewRequest(test.method, "http://127.0.0.1"+test.path, nil)
			for i := 0; i+1 < len(test.headers); i += 2 {
				r.Header.Set(test.headers[i], test.headers[i+1])
			}
			target := httpapi.Target{API: apiID, Path: test.path}
			told := w.Judge(r.Clone(t.Context()), target)
			if n := len(w.Recent(10, nil)); n != 0 {
				t.Fatalf("%d records of a request that was only judged", n)
			}
			if len(w.functions.called(backend)) > 0 {
				t.Error("the function was called")
			}
			w.ServeAPI(httptest.NewRecorder(), r, target)
			served := w.Recent(1, nil)[0]
			if told.Reason != served.Reason && served.Reason != "integration_failed" || told.RouteKey != served.RouteKey {
				t.Errorf("judged %s %q, served %s %q", told.Reason, told.RouteKey, served.Reason, served.RouteKey)
			}
			if !told.Allowed && told.Status != served.Status {
				t.Errorf("judged %d, served %d", told.Status, served.Status)
			}
			if told.Allowed && len(told.Checks) == 0 {
				t.Error("a token that is let in has no checks")
			}
		})
	}
}
