package authz

import (
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"
)

// TestHandlerOptions holds for both kinds of authorizer.
func TestHandlerOptions(t *testing.T) {
	pools := compile(t, New(newTestKeys(ireland)), Settings{Pools: []Pool{ireland}})
	token := accessToken(ireland, accessClaims(ireland, "orders/read"))
	for _, row := range []struct {
		name    string
		options []HandlerOption
		header  string
		token   string
		status  int
		told    Reason
	}{
		{"another header", []HandlerOption{TokenFrom("x-auth-token")}, "X-Auth-Token", token, 200, ""},
		{"another header, and the token in the usual one", []HandlerOption{TokenFrom("X-Auth-Token")}, "Authorization", token, 401, IdentitySourceMissing},
		{"another time", []HandlerOption{AtTime(func() time.Time { return noon.Add(time.Hour) })}, "Authorization", token, 401, TokenExpired},
		{"nothing said", []HandlerOption{TokenFrom(""), AtTime(func() time.Time { return noon }), AtTime(nil), OnRefusal(nil)}, "Authorization", token, 200, ""},
		{"not a token", nil, "Authorization", "letmein", 401, TokenMalformed},
	} {
		t.Run(row.name, func(t *testing.T) {
			var told Reason
			options := append([]HandlerOption{AtTime(func() time.Time { return noon }), OnRefusal(func(r *http.Request, reason Reason) {
				told = reason
				if r.URL.Path != "/orders" {
					t.Errorf("told of %s", r.URL.Path)
				}
			})}, row.options...)
			handler := pools.Handler([]string{"orders/read"}, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), options...)
			r := httptest.NewRequest(http.MethodGet, "/orders", nil)
			r.Header.Set(row.header, row.token)
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, r)
			if w.Code != row.status || told != row.told {
				t.Errorf("answered %d, told %q; expected %d, %q", w.Code, told, row.status, row.told)
			}
		})
	}
}

// TestJWTHandlerTellsWhy asks the other kind of authorizer, whose provider is nobody: every token is refused.
func TestJWTHandlerTellsWhy(t *testing.T) {
	authorizer, err := New(newTestKeys()).CompileJWT(JWTSettings{Issuer: issuerOf(ireland), Audience: []string{clientID}})
	if err != nil {
		t.Fatal(err)
	}
	var told []Reason
	handler := authorizer.Handler(nil, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("let in") }),
		TokenFrom("X-Token"), OnRefusal(func(_ *http.Request, reason Reason) { told = append(told, reason) }))
	for _, token := range []string{"", idToken(ireland, idClaims(ireland))} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("X-Token", token)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if w.Code != 401 || w.Header().Get("WWW-Authenticate") == "" {
			t.Errorf("answered %d %v", w.Code, w.Header())
		}
	}
	if len(told) != 2 || told[0] != IdentitySourceMissing || told[1] != KeysUnavailable {
		t.Errorf("told %q", told)
	}
}

// TestTheScopesOfARouteAreItsOwn changes the slice that a handler was made with, and asks from many goroutines.
func TestTheScopesOfARouteAreItsOwn(t *testing.T) {
	a := compile(t, New(newTestKeys(ireland)), Settings{Pools: []Pool{ireland}})
	scopes := []string{"orders/read"}
	next := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	at := AtTime(func() time.Time { return noon })
	read := a.Handler(scopes, next, at)
	scopes[0] = "orders/write"
	write := a.Handler(scopes, next, at)
	token := accessToken(ireland, accessClaims(ireland, "orders/read"))
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for handler, want := range map[*http.Handler]int{&read: 200, &write: 401} {
				r := httptest.NewRequest(http.MethodGet, "/", nil)
				r.Header.Set("Authorization", token)
				w := httptest.NewRecorder()
				(*handler).ServeHTTP(w, r)
				if w.Code != want {
					t.Errorf("answered %d, expected %d", w.Code, want)
				}
			}
		})
	}
	all.Wait()
}
