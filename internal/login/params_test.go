package login

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/poolgate/poolgate/internal/cognito"
	"github.com/poolgate/poolgate/internal/fault"
)

func TestParseParams(t *testing.T) {
	for _, test := range []struct {
		name, text string
		want       []param
		bad        bool
	}{
		{"in their order", "b=1&a=2", []param{{"b", "1"}, {"a", "2"}}, false},
		{"blanks and escapes", "a=1+2%203&b=%C3%A9", []param{{"a", "1 2 3"}, {"b", "é"}}, false},
		{"empty parts", "&&a=1&", []param{{"a", "1"}}, false},
		{"without a value", "a&b=", []param{{"a", ""}, {"b", ""}}, false},
		{"an equals sign in the value", "a=b=c", []param{{"a", "b=c"}}, false},
		{"repeated", "a=1&a=2&b=3", []param{{"a", "1"}, {"b", "3"}}, true},
		{"repeated under another spelling", "a=1&%61=2", []param{{"a", "1"}}, true},
		{"not UTF-8", "a=%ff&b=1", []param{{"b", "1"}}, true},
		{"not encoded", "a=%&b=1", []param{{"b", "1"}}, true},
		{"too long", "a=" + strings.Repeat("x", maxValue+1), nil, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := parseParams(test.text, maxForm)
			if (err != nil) != test.bad || (err != nil && !fault.Is(err, "invalid_request")) {
				t.Errorf("error %v", err)
			}
			if diff := cmp.Diff(test.want, got.pairs, cmp.AllowUnexported(param{})); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func FuzzParseParams(f *testing.F) {
	f.Add("client_id=web&redirect_uri=https%3A%2F%2Fapp&state=a+b")
	f.Add("a=%ff&a=1;b=2&&=&%=%")
	f.Fuzz(func(t *testing.T, text string) {
		got, err := parseParams(text, maxForm)
		seen := map[string]bool{}
		for _, pair := range got.pairs {
			if seen[pair.name] || !utf8.ValidString(pair.name+pair.value) {
				t.Fatalf("%q in %q", pair, text)
			}
			seen[pair.name] = true
		}
		if err != nil {
			return
		}
		again, err := parseParams(got.encode(), 4*maxForm)
		if err != nil {
			t.Fatalf("%q does not read again: %v", got.encode(), err)
		}
		if diff := cmp.Diff(got.pairs, again.pairs, cmp.AllowUnexported(param{})); diff != "" {
			t.Fatal(diff)
		}
	})
}

func FuzzNoOpenRedirect(f *testing.F) {
	f.Add("/login", request())
	f.Add("/oauth2/authorize", request("scope=x", "redirect_uri=https://evil.example.com"))
	f.Add("/logout", "client_id=web&logout_uri=//evil.example.com")
	f.Add("/oauth2/authorize", "client_id=web&redirect_uri=https://app.example.com/callback&redirect_uri=https://evil.example.com&state=%0d%0aLocation:x")
	handler := newFixture(f).handler
	f.Fuzz(func(t *testing.T, path, query string) {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Host = testHost
		r.URL = &url.URL{Path: path, RawQuery: query}
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if w.Code >= http.StatusInternalServerError {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		location := w.Header().Get("Location")
		if location == "" {
			return
		}
		for _, good := range []string{"/login?", "/error?", callback + "?", callback + "#", "myapp://cb?", "myapp://cb#", "https://app.example.com/cb?tenant=a"} {
			if strings.HasPrefix(location, good) && !strings.ContainsAny(location, "\r\n") {
				return
			}
		}
		if location != signOut {
			t.Fatalf("%s?%s leads to %s", path, query, location)
		}
	})
}

func TestRedirections(t *testing.T) {
	for _, test := range []struct{ name, got, want string }{
		{"a code", redirection{uri: callback}.code("c"), callback + "?code=c"},
		{"a callback with a query", redirection{uri: callback + "?a=b", state: "é +"}.code("c"), callback + "?a=b&code=c&state=%C3%A9%20%2B"},
		{"a callback with an empty query", redirection{uri: callback + "?"}.code("c"), callback + "?code=c"},
		{"a callback with a fragment", redirection{uri: callback + "#top"}.code("c"), callback + "?code=c#top"},
		{"an app's own scheme", redirection{uri: "myapp://cb", implicit: true}.tokens(cognito.Tokens{Access: "t", ExpiresIn: 1}), "myapp://cb#access_token=t&token_type=bearer&expires_in=1"},
	} {
		if test.got != test.want {
			t.Errorf("%s: got %s, want %s", test.name, test.got, test.want)
		}
	}
}

func TestUsernameLabels(t *testing.T) {
	for _, test := range []struct {
		names       []string
		label, mode string
	}{
		{nil, "Username", "text"},
		{[]string{"email"}, "Email address", "email"},
		{[]string{"phone_number"}, "Phone number", "tel"},
		{[]string{"username", "email", "phone_number"}, "Username or email address or phone number", "text"},
	} {
		label, mode := usernameLabel(test.names)
		if label != test.label || mode != test.mode {
			t.Errorf("%v: %q %q", test.names, label, mode)
		}
	}
}
