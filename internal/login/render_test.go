package login

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/poolgate/poolgate/internal/cognito"
	"github.com/poolgate/poolgate/internal/fault"
)

// secret stands for what only the log may know.
const secret = "the user does not exist"

func TestEveryKindHasAnAnswerInEveryFace(t *testing.T) {
	f := newFixture(t)
	x := &exchange{Request: httptest.NewRequest(http.MethodGet, "/login?client_id=web", nil), place: place{region: testRegion, domain: testDomain}}
	for _, kind := range fault.AllKinds() {
		for _, code := range []string{"SomeException", "NotAuthorizedException", "ResourceNotFoundException", "invalid_grant", ""} {
			e := (&fault.Error{Kind: kind, Code: code}).Becausef(secret)
			t.Run(kind.String()+" "+code, func(t *testing.T) {
				checkJSON(t, "token", jsonFace(x, e))
				checkJSON(t, "revoke", revokeFace(x, e))
				checkJSON(t, "userInfo", bearerFace(x, e))
				checkRedirect302(t, e)
				checkPage(t, f.handler.pageFace(x, e))
				text, status := signInError(e)
				if text == "" || strings.Contains(text, secret) || status < 400 {
					t.Errorf("sign-in page: %d %q", status, text)
				}
				if kind.Status() < 500 && status >= 500 {
					t.Errorf("sign-in page: %d for what is not our fault", status)
				}
			})
		}
	}
}

func checkJSON(t *testing.T, face string, a *answer) {
	t.Helper()
	var body oauthError
	if err := json.Unmarshal(a.body, &body); err != nil || !oauthCodes[body.Error] || strings.Contains(string(a.body), secret) || a.status < 400 {
		t.Errorf("%s: %d %s %v", face, a.status, a.body, err)
	}
	if body.Error == "server_error" && a.status < 500 {
		t.Errorf("%s: server_error with %d", face, a.status)
	}
}

func checkRedirect302(t *testing.T, e *fault.Error) {
	t.Helper()
	to, err := url.Parse(redirection{uri: callback, state: "x"}.refused(e))
	if err != nil || !oauthCodes[to.Query().Get("error")] || to.Query().Get("state") != "x" || strings.Contains(to.String(), url.QueryEscape(secret)) {
		t.Errorf("redirect: %v %v", to, err)
	}
}

func checkPage(t *testing.T, a *answer) {
	t.Helper()
	if a.status >= 500 {
		if !strings.Contains(string(a.body), `role="alert"`) || strings.Contains(string(a.body), secret) {
			t.Errorf("page: %d %s", a.status, a.body)
		}
		return
	}
	to, err := url.Parse(a.location)
	if err != nil || a.status != http.StatusFound || to.Path != "/error" {
		t.Fatalf("page: %d %s %v", a.status, a.location, err)
	}
	if _, known := errorTexts[to.Query().Get("error")]; !known {
		t.Errorf("the error page does not know %s", a.location)
	}
}

func TestAFailureAfterTheSignInGoesBackToTheClient(t *testing.T) {
	f := newFixture(t)
	f.signIn(request())
	f.pools.fail = fault.Internal(nil)
	if got, want := f.get("/oauth2/authorize?"+request("response_type=token", "state=x")).Header.Get("Location"), callback+"#state=x&error=server_error"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	f.pools.fail = fault.Unauthorized("NotAuthorizedException", "User is disabled.")
	for _, responseType := range []string{"code", "token"} {
		if got := f.get("/oauth2/authorize?" + request("response_type="+responseType)).Header.Get("Location"); !strings.HasPrefix(got, "/login?") {
			t.Errorf("a user disabled since, %s: %s", responseType, got)
		}
	}
	if got, want := f.get("/oauth2/authorize?"+request("response_type=token", "prompt=none", "state")).Header.Get("Location"), callback+"#error=login_required"; got != want {
		t.Errorf("the same with prompt=none: got %s, want %s", got, want)
	}
}

func TestRequestIDs(t *testing.T) {
	f := newFixture(t)
	first := f.get("/error").Header.Get("x-amz-cognito-request-id")
	second := f.get("/error").Header.Get("x-amz-cognito-request-id")
	if len(first) != 36 || first == second {
		t.Errorf("%q, %q", first, second)
	}
}

// clumsyPools has a mistake in it.
type clumsyPools struct{ Pools }

func (clumsyPools) OAuthClient(context.Context, string) (cognito.AppClient, error) { panic(secret) }

func TestAPanicIsAnsweredAsTheRouteAnswersFailures(t *testing.T) {
	f := newFixture(t)
	f.handler.pools = clumsyPools{f.pools}
	for name, got := range map[string]*http.Response{
		"the page":           f.get("/login?" + request()),
		"the token endpoint": f.post("/oauth2/token", form("grant_type=authorization_code", "client_id=web", "code=x")),
	} {
		body, err := io.ReadAll(got.Body)
		if err != nil || got.StatusCode != http.StatusInternalServerError || len(body) == 0 || strings.Contains(string(body), secret) {
			t.Errorf("%s: %d %s, %v", name, got.StatusCode, body, err)
		}
	}
}
