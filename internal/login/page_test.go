package login

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/poolgate/poolgate/internal/cognito"
	"github.com/poolgate/poolgate/internal/fault"
)

func TestTheLoginPageIsAnOrdinaryPage(t *testing.T) {
	f := newFixture(t)
	answer := f.get("/login?" + request(`login_hint="><script>`))
	page := read(t, answer)
	if answer.StatusCode != http.StatusOK || answer.Header.Get("Content-Type") != "text/html;charset=UTF-8" {
		t.Fatalf("%d %s", answer.StatusCode, answer.Header.Get("Content-Type"))
	}
	for _, want := range []string{
		`<html lang="en">`, `<form method="post" action="/login?client_id=web&amp;`, `name="_csrf" value="` + f.cookies[csrfCookie] + `"`,
		`<label for="username">Username</label>`, `id="username" name="username"`, `autocomplete="username"`,
		`<label for="password">Password</label>`, `id="password" name="password" type="password" autocomplete="current-password"`,
		`name="viewport"`, `Shop &lt;staff&gt;`, `value="&#34;&gt;&lt;script&gt;"`, `<link rel="stylesheet" href="` + stylesheetPath + `">`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if regexp.MustCompile(`(?i)<script|\bstyle=|<style|\bon[a-z]+=`).MatchString(page) {
		t.Error("the page has what its policy forbids")
	}
	for name, want := range map[string]string{
		"Content-Security-Policy": "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'",
		"Referrer-Policy":         "same-origin", "X-Frame-Options": "DENY", "Cache-Control": "no-cache, no-store, max-age=0, must-revalidate",
	} {
		if got := answer.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

func TestTheStylesheetIsServedUnderItsHash(t *testing.T) {
	f := newFixture(t)
	answer := f.get(stylesheetPath)
	if answer.StatusCode != http.StatusOK || answer.Header.Get("Content-Type") != "text/css;charset=UTF-8" ||
		!strings.Contains(answer.Header.Get("Cache-Control"), "immutable") || len(answer.Cookies()) > 0 {
		t.Errorf("%d %v", answer.StatusCode, answer.Header)
	}
	if css := read(t, answer); !strings.Contains(css, "prefers-color-scheme: dark") || !strings.Contains(css, "max-width: 26rem") {
		t.Error("no dark scheme, or no phone")
	}
}

func TestCookies(t *testing.T) {
	query := request()
	for _, test := range []struct {
		name, path, host string
		tls              bool
		want             string
	}{
		{"plain http: not Secure, or no cookie jar would send it back", "", testHost, false, "; Path=/; HttpOnly; SameSite=Lax"},
		{"TLS: as AWS has it", "", testHost, true, "; Path=/; Secure; HttpOnly; SameSite=Lax"},
		{"path style: below the prefix only", PathPrefix, "localhost", false, "; Path=" + PathPrefix + "; HttpOnly; SameSite=Lax"},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := newFixture(t)
			f.host = test.host
			send := func(r *http.Request) *http.Response {
				if test.tls {
					r.TLS = new(tls.ConnectionState)
				} else {
					r.TLS = nil
				}
				return f.do(r)
			}
			set := send(httptest.NewRequest(http.MethodGet, test.path+"/login?"+query, nil)).Header.Get("Set-Cookie")
			if want := csrfCookie + "=" + f.cookies[csrfCookie] + test.want; set != want {
				t.Errorf("got %s, want %s", set, want)
			}
			form := url.Values{"username": {"ann"}, "password": {"Right-1!"}, "_csrf": {f.cookies[csrfCookie]}}
			answer := send(withType(httptest.NewRequest(http.MethodPost, test.path+"/login?"+query, strings.NewReader(form.Encode())), "application/x-www-form-urlencoded"))
			got := answer.Header.Values("Set-Cookie")
			path, rest, _ := strings.Cut(strings.TrimPrefix(test.want, "; "), "; ")
			want := sessionCookie + "=" + f.cookies[sessionCookie] + "; " + path + "; Max-Age=3600; " + rest
			if len(got) != 2 || got[1] != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

func TestTransportSecurityIsSaidOnlyWhereItHarmsNobody(t *testing.T) {
	for _, test := range []struct {
		name, host string
		tls        bool
		want       string
	}{
		{"a domain of its own over TLS", "login.example.com", true, "max-age=31536000 ; includeSubDomains"},
		{"the same over plain http", "login.example.com", false, ""},
		{"localhost over TLS", testHost, true, ""},
	} {
		f := newFixture(t)
		f.host = test.host
		r := httptest.NewRequest(http.MethodGet, "/login?"+request(), nil)
		if test.tls {
			r.TLS = new(tls.ConnectionState)
		}
		if got := f.do(r).Header.Get("Strict-Transport-Security"); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

func TestAFormThatIsNotOursDoesNothing(t *testing.T) {
	good := func(f *fixture) url.Values {
		return url.Values{"username": {"ann"}, "password": {"Right-1!"}, "_csrf": {f.cookies[csrfCookie]}}
	}
	for _, test := range []struct {
		name   string
		change func(*fixture, url.Values) (header []string)
	}{
		{"no _csrf", func(_ *fixture, v url.Values) []string { v.Del("_csrf"); return nil }},
		{"another _csrf", func(_ *fixture, v url.Values) []string {
			v.Set("_csrf", "0b2f6c1e-0000-4000-8000-000000000000")
			return nil
		}},
		{"no cookie", func(f *fixture, _ url.Values) []string { clear(f.cookies); return nil }},
		{"both empty", func(f *fixture, v url.Values) []string {
			f.cookies[csrfCookie] = ""
			v.Set("_csrf", "")
			return nil
		}},
		{"a browser that says another site posted it", func(*fixture, url.Values) []string { return []string{"Sec-Fetch-Site", "cross-site"} }},
		{"a browser that says another port posted it", func(*fixture, url.Values) []string { return []string{"Sec-Fetch-Site", "same-site"} }},
		{"a repeated field", func(_ *fixture, v url.Values) []string { v.Add("username", "bob"); return nil }},
		{"text that is not a form", func(*fixture, url.Values) []string { return []string{"Content-Type", "text/plain"} }},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := newFixture(t)
			f.get("/login?" + request())
			form := good(f)
			header := test.change(f, form)
			answer := f.post("/login?"+request(), form, header...)
			if answer.StatusCode != http.StatusForbidden || answer.Header.Get("Location") != "" || f.cookies[sessionCookie] != "" {
				t.Errorf("%d %v", answer.StatusCode, answer.Header)
			}
			if page := read(t, answer); !strings.Contains(page, formExpired) || !strings.Contains(page, `value="`+f.cookies[csrfCookie]+`"`) {
				t.Error("the page cannot be tried again")
			}
		})
	}
	f := newFixture(t)
	f.get("/login?" + request())
	if got := f.post("/login?"+request(), good(f), "Sec-Fetch-Site", "same-origin").StatusCode; got != http.StatusFound {
		t.Errorf("our own form: %d", got)
	}
}

func TestARefusedSignInShowsThePageAgain(t *testing.T) {
	for _, test := range []struct {
		name, username, password string
		fail                     error
		status                   int
		text                     string
	}{
		{"a wrong password", "ann", "wrong", nil, 400, "Incorrect username or password."},
		{"an unknown user, whatever the pool tells", "ann", "Right-1!", fault.NotFound("UserNotFoundException", "User does not exist."), 400, "Incorrect username or password."},
		{"a disabled user", "ann", "Right-1!", fault.Unauthorized("NotAuthorizedException", "User is disabled."), 400, "User is disabled."},
		{"an unconfirmed user", "ann", "Right-1!", fault.Invalid("UserNotConfirmedException", "User is not confirmed."), 400, "User is not confirmed."},
		{"no password", "ann", "", nil, 400, "Incorrect username or password."},
		{"a password that is too long to hash", "ann", strings.Repeat("x", 4*maxPassword+1), nil, 400, "Incorrect username or password."},
		{"a failure", "ann", "Right-1!", fault.Internal(nil), 500, "Something went wrong on our side. Try again."},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := newFixture(t)
			f.pools.fail = test.fail
			f.get("/login?" + request())
			answer := f.post("/login?"+request(), url.Values{"username": {test.username}, "password": {test.password}, "_csrf": {f.cookies[csrfCookie]}})
			page := read(t, answer)
			if answer.StatusCode != test.status || !strings.Contains(page, `role="alert" id="error">`+test.text+`</p>`) {
				t.Errorf("%d %s", answer.StatusCode, page)
			}
			if !strings.Contains(page, `value="ann"`) || strings.Contains(page, "Right-1!") || f.cookies[sessionCookie] != "" {
				t.Error("the name is gone, the password is back, or somebody is signed in")
			}
		})
	}
}

func TestANewPasswordIsAskedForAndSet(t *testing.T) {
	f := newFixture(t)
	f.pools.challenge = &cognito.SignInResult{Challenge: newPasswordRequired, Session: "challenge-session", RequiredAttributes: []string{"email", "custom:shoe_size"}}
	page := read(t, f.signIn(request()))
	for _, want := range []string{
		`action="/changePassword?client_id=web&amp;`, `name="session" value="challenge-session"`, `name="new_password" type="password" autocomplete="new-password"`,
		`name="confirm_password"`, `<label for="attribute-0">Email address</label>`, `name="requiredAttributes[email]" type="email"`,
		`name="username" value="ann" autocomplete="username" readonly hidden`, `<label for="attribute-1">Shoe size</label>`, `name="requiredAttributes[custom:shoe_size]"`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if f.cookies[sessionCookie] != "" {
		t.Error("signed in before the password was changed")
	}
	send := func(pairs ...string) *http.Response {
		v := form(append([]string{"_csrf=" + f.cookies[csrfCookie], "requiredAttributes[email]=a@example.com", "requiredAttributes[custom:shoe_size]=44"}, pairs...)...)
		return f.post("/changePassword?"+request(), v)
	}
	for _, test := range []struct {
		name, text string
		pairs      []string
	}{
		{"two passwords", "The two passwords are not the same.", []string{"session=challenge-session", "new_password=Another-1!", "confirm_password=another"}},
		{"a short one", "Password did not conform with policy: Password not long enough", []string{"session=challenge-session", "new_password=x", "confirm_password=x"}},
		{"none", "Choose a password of at most 256 characters.", []string{"session=challenge-session"}},
	} {
		answer := send(test.pairs...)
		page := read(t, answer)
		if answer.StatusCode != http.StatusBadRequest || !strings.Contains(page, test.text) || !strings.Contains(page, `value="a@example.com"`) ||
			!strings.Contains(page, `value="challenge-session"`) {
			t.Errorf("%s: %d %s", test.name, answer.StatusCode, page)
		}
	}
	answer := send("session=gone", "new_password=Another-1!", "confirm_password=Another-1!")
	if page := read(t, answer); !strings.Contains(page, "session is expired") || !strings.Contains(page, `name="password"`) {
		t.Errorf("an ended challenge: %d %s", answer.StatusCode, page)
	}
	answer = send("session=challenge-session", "new_password=Another-1!", "confirm_password=Another-1!")
	if got := answer.Header.Get("Location"); !strings.HasPrefix(got, callback+"?code=") || f.cookies[sessionCookie] == "" {
		t.Errorf("%d %s", answer.StatusCode, got)
	}
	if diff := cmp.Diff(map[string]string{"email": "a@example.com", "custom:shoe_size": "44"}, f.pools.attributes); diff != "" {
		t.Error(diff)
	}
}

func TestTheNewPasswordStepBeginsWithTheSignIn(t *testing.T) {
	f := newFixture(t)
	if got := f.get("/changePassword?" + request()).Header.Get("Location"); !strings.HasPrefix(got, "/login?client_id=web&") {
		t.Errorf("got %s", got)
	}
	answer := f.post("/changePassword?"+request(), form("session=challenge-session", "new_password=Another-1!", "confirm_password=Another-1!"))
	if answer.StatusCode != http.StatusForbidden || f.cookies[sessionCookie] != "" {
		t.Errorf("a form that is not ours: %d", answer.StatusCode)
	}
}

func TestTheErrorPageShowsOnlyWhatItKnows(t *testing.T) {
	f := newFixture(t)
	for name := range errorTexts {
		answer := f.get("/error?error=" + url.QueryEscape(name) + "&client_id=web")
		if page := read(t, answer); answer.StatusCode != http.StatusBadRequest || !strings.Contains(page, `role="alert"`) {
			t.Errorf("%s: %d %s", name, answer.StatusCode, page)
		}
	}
	for _, query := range []string{"", "?error=Call+0800-12345", "?error=<script>", "?error=%ff"} {
		answer := f.get("/error" + query)
		if page := read(t, answer); answer.StatusCode != http.StatusBadRequest || strings.Contains(page, "0800") || strings.Contains(page, "script") {
			t.Errorf("%s: %d %s", query, answer.StatusCode, page)
		}
	}
}

func TestPathStyleKeepsToItsPrefix(t *testing.T) {
	f := newFixture(t)
	f.host = "localhost:4566"
	if got := f.get(PathPrefix + "/oauth2/authorize?" + request()).Header.Get("Location"); !strings.HasPrefix(got, PathPrefix+"/login?client_id=web&") {
		t.Errorf("to the page: %s", got)
	}
	page := read(t, f.get(PathPrefix+"/login?"+request("client_id=foreign")))
	if !strings.Contains(page, `action="`+PathPrefix+`/login?`) || !strings.Contains(page, `href="`+PathPrefix+stylesheetPath+`"`) {
		t.Errorf("the page leaves the prefix: %s", page)
	}
	if got := f.get(PathPrefix + "/oauth2/authorize").Header.Get("Location"); !strings.HasPrefix(got, PathPrefix+"/error?") {
		t.Errorf("to the error page: %s", got)
	}
	if got := f.get(PathPrefix + stylesheetPath).StatusCode; got != http.StatusOK {
		t.Errorf("stylesheet: %d", got)
	}
	answer := f.post(PathPrefix+"/oauth2/token", form("client_id=foreign", "grant_type=refresh_token", "refresh_token=refresh-ann"))
	if answer.StatusCode != http.StatusOK {
		t.Errorf("any pool's client: %d", answer.StatusCode)
	}
}

func TestPlacesThatAreNone(t *testing.T) {
	for _, test := range []struct{ name, host, path, body string }{
		{"an unknown path", testHost, "/nothing", "There is no such page."},
		{"an encoded slash", testHost, "/oauth2%2Fauthorize", "There is no such page."},
		{"two slashes", testHost, "//login", "There is no such page."},
		{"an unknown path in path style", "localhost", PathPrefix + "/nothing", "There is no such page."},
		{"the prefix alone", "localhost", PathPrefix, "There is no such page."},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := newFixture(t)
			f.host = test.host
			answer := f.get("http://" + test.host + test.path)
			if page := read(t, answer); answer.StatusCode != http.StatusNotFound || !strings.Contains(page, test.body) {
				t.Errorf("%d %s", answer.StatusCode, page)
			}
		})
	}
	f := newFixture(t)
	f.host = "nobody.auth.eu-west-1.localhost"
	answer := f.get("/login?" + request())
	if page := read(t, answer); answer.StatusCode != http.StatusNotFound || !strings.Contains(page, "There is no login domain of this name.") {
		t.Errorf("an unknown domain: %d %s", answer.StatusCode, page)
	}
	if page := read(t, f.get("/error?error=unauthorized_client")); !strings.Contains(page, "not known here") {
		t.Errorf("the error page of an unknown domain: %s", page)
	}
}

func TestMethodsThatAreNotThere(t *testing.T) {
	for _, test := range []struct{ method, path, allow string }{
		{"DELETE", "/login", "GET, HEAD, POST"},
		{"POST", "/logout", "GET, HEAD"},
		{"PUT", "/oauth2/token", "OPTIONS, POST"},
		{"OPTIONS", "/login", "GET, HEAD, POST"},
	} {
		answer := newFixture(t).do(httptest.NewRequest(test.method, test.path+"?"+request(), nil))
		if body := read(t, answer); answer.StatusCode != http.StatusMethodNotAllowed || body != "" || answer.Header.Get("Allow") != test.allow {
			t.Errorf("%s %s: %d %q %s", test.method, test.path, answer.StatusCode, body, answer.Header.Get("Allow"))
		}
	}
}

func TestTheServerMaySayWhichDomainARequestIsFor(t *testing.T) {
	f := newFixture(t)
	for name, test := range map[string]struct {
		handler http.Handler
		path    string
		want    string
	}{
		"a domain":               {f.handler.ForDomain(testRegion, testDomain), "/oauth2/authorize", "/login?"},
		"a domain of no pool":    {f.handler.ForDomain("us-east-1", testDomain), "/oauth2/authorize", ""},
		"path style":             {f.handler.PathStyle("/pools/"), "/pools/oauth2/authorize", "/pools/login?"},
		"path style elsewhere":   {f.handler.PathStyle("/pools"), "/oauth2/authorize", ""},
		"a path like the prefix": {f.handler.PathStyle("/pools"), "/poolsoauth2/authorize", ""},
	} {
		w := httptest.NewRecorder()
		test.handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, test.path+"?"+request(), nil))
		got := w.Header().Get("Location")
		if test.want == "" && w.Code != http.StatusNotFound || !strings.HasPrefix(got, test.want) {
			t.Errorf("%s: %d %s", name, w.Code, got)
		}
	}
}

func TestDiscovery(t *testing.T) {
	for _, test := range []struct {
		name, host, path string
		status           int
		body             string
	}{
		{"on the domain", testHost, "/.well-known/openid-configuration", 200, `{"issuer":"http://localhost:4566/` + testPool + `"}`},
		{"the keys", testHost, "/.well-known/jwks.json", 200, `{"keys":[]}`},
		{"in path style by client id", "localhost", PathPrefix + "/.well-known/openid-configuration?client_id=foreign", 200, `{"issuer":"http://localhost:4566/` + otherPool + `"}`},
		{"in path style without", "localhost", PathPrefix + "/.well-known/openid-configuration", 404, ""},
	} {
		f := newFixture(t)
		f.host = test.host
		answer := f.get(test.path)
		if got := read(t, answer); answer.StatusCode != test.status || got != test.body {
			t.Errorf("%s: %d %s", test.name, answer.StatusCode, got)
		}
	}
}

func TestParseHost(t *testing.T) {
	for _, test := range []struct {
		host, region, domain string
		ok                   bool
	}{
		{"shop.auth.eu-west-1.localhost", "eu-west-1", "shop", true},
		{"Shop.Auth.EU-west-1.localhost.:4566", "eu-west-1", "shop", true},
		{"shop.auth.us-east-2.amazoncognito.com", "us-east-2", "shop", true},
		{"shop.auth.us-east-2.localhost.localstack.cloud:4566", "us-east-2", "shop", true},
		{"auth.us-east-2.amazoncognito.com", "", "", false},
		{".auth.us-east-2.localhost", "", "", false},
		{"a.shop.auth.us-east-2.localhost", "", "", false},
		{"login.example.com", "", "", false},
		{"localhost:4566", "", "", false},
		{"[::1]:4566", "", "", false},
	} {
		region, domain, ok := ParseHost(test.host)
		if region != test.region || domain != test.domain || ok != test.ok {
			t.Errorf("%s: %q %q %v", test.host, region, domain, ok)
		}
	}
}
