package login_test

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/google/go-cmp/cmp"

	"github.com/poolgate/poolgate/internal/login"
)

func TestTheWholeWay(t *testing.T) {
	for _, test := range []struct {
		name, prefix string
		tls          bool
	}{
		{"on a domain", "", false},
		{"on a domain over TLS", "", true},
		{"in path style", login.PathPrefix, false},
		{"in path style over TLS", login.PathPrefix, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newWorld(t, test.tls).browse(test.prefix)

			toLogin := b.get(b.request("nonce", "n-1"))
			if toLogin.status != http.StatusFound || toLogin.location.Path != test.prefix+"/login" {
				t.Fatalf("authorize: %d %s", toLogin.status, toLogin.location)
			}
			page := b.get(toLogin.location.String())
			back := b.fill(page, url.Values{"username": {"ann"}, "password": {password}})
			if back.status != http.StatusFound || !strings.HasPrefix(back.location.String(), callback+"?code=") || back.location.Query().Get("state") != "a b&c" {
				t.Fatalf("sign-in: %d %s %s", back.status, back.location, back.body)
			}
			got, tokens := b.tokens(back)
			if got.status != http.StatusOK || tokens["token_type"] != "Bearer" || tokens["expires_in"] != 3600.0 || text(tokens["refresh_token"]) == "" {
				t.Fatalf("token: %d %s", got.status, got.body)
			}
			checkTokens(b, tokens)
			info := b.get("/oauth2/userInfo", "Authorization", "Bearer "+text(tokens["access_token"]))
			o := object(t, info.body)
			if info.status != http.StatusOK || o["sub"] != claims(t, tokens["id_token"])["sub"] || o["username"] != "ann" || o["email_verified"] != "true" {
				t.Errorf("userInfo: %d %s", info.status, info.body)
			}
			renewed, again := b.refresh(text(tokens["refresh_token"]))
			if renewed.status != http.StatusOK || again["refresh_token"] != nil || claims(t, again["access_token"])["auth_time"] != claims(t, tokens["access_token"])["auth_time"] {
				t.Fatalf("refresh: %d %s", renewed.status, renewed.body)
			}
			revoked := b.post("/oauth2/revoke", url.Values{"client_id": {b.web}, "token": {text(tokens["refresh_token"])}})
			if revoked.status != http.StatusOK || revoked.body != "" {
				t.Errorf("revoke: %d %s", revoked.status, revoked.body)
			}
			if got, o := b.refresh(text(tokens["refresh_token"])); got.status != http.StatusBadRequest || o["error"] != "invalid_grant" {
				t.Errorf("refresh of a revoked token: %d %s", got.status, got.body)
			}
			info = b.get("/oauth2/userInfo", "Authorization", "Bearer "+text(tokens["access_token"]))
			if info.status != http.StatusUnauthorized {
				t.Errorf("userInfo of a revoked token: %d %s", info.status, info.body)
			}
			if silent := b.get(b.request()); !strings.HasPrefix(silent.location.String(), callback+"?code=") {
				t.Errorf("the sign-in is not remembered: %s", silent.location)
			}
			out := b.get("/logout?" + url.Values{"client_id": {b.web}, "logout_uri": {signOut}}.Encode())
			if out.status != http.StatusFound || out.location.String() != signOut {
				t.Errorf("logout: %d %s", out.status, out.location)
			}
			if asked := b.get(b.request()); asked.location.Path != test.prefix+"/login" {
				t.Errorf("still signed in after logout: %s", asked.location)
			}
		})
	}
}

// checkTokens looks at what the login domain decides about tokens: scopes, nonce, the client, at_hash.
func checkTokens(b *browser, tokens map[string]any) {
	b.Helper()
	id, access := claims(b, tokens["id_token"]), claims(b, tokens["access_token"])
	scopes := strings.Fields(text(access["scope"]))
	slices.Sort(scopes)
	if diff := cmp.Diff([]string{"email", "openid", "profile"}, scopes); diff != "" {
		b.Errorf("scopes: %s", diff)
	}
	sum := sha256.Sum256([]byte(text(tokens["access_token"])))
	for name, want := range map[string]any{
		"nonce": "n-1", "aud": b.web, "token_use": "id", "at_hash": base64.RawURLEncoding.EncodeToString(sum[:16]),
	} {
		if id[name] != want {
			b.Errorf("ID token: %s is %v, want %v", name, id[name], want)
		}
	}
	for name, want := range map[string]any{"client_id": b.web, "token_use": "access", "version": 2.0, "username": "ann", "nonce": nil} {
		if access[name] != want {
			b.Errorf("access token: %s is %v, want %v", name, access[name], want)
		}
	}
}

func TestRefreshIsRefusedAfterTheClientsScopesChanged(t *testing.T) {
	b := newWorld(t, false).browse("")
	_, tokens := b.tokens(b.signIn(b.request()))
	described := must(b.pools.DescribeUserPoolClient(b.ctx, &cip.DescribeUserPoolClientInput{UserPoolId: &b.poolID, ClientId: &b.web}))(t).UserPoolClient
	must(b.pools.UpdateUserPoolClient(b.ctx, &cip.UpdateUserPoolClientInput{
		UserPoolId: &b.poolID, ClientId: &b.web, ClientName: described.ClientName, AllowedOAuthFlowsUserPoolClient: true,
		AllowedOAuthFlows: described.AllowedOAuthFlows, AllowedOAuthScopes: append(described.AllowedOAuthScopes, apiScope),
		CallbackURLs: described.CallbackURLs, LogoutURLs: described.LogoutURLs, SupportedIdentityProviders: described.SupportedIdentityProviders,
	}))(t)
	got, _ := b.refresh(text(tokens["refresh_token"]))
	if want := `{"error":"invalid_grant","error_description":"session expired"}`; got.status != http.StatusBadRequest || got.body != want {
		t.Errorf("%d %s, want 400 %s", got.status, got.body, want)
	}
	_, tokens = b.tokens(b.get(b.request("scope", "")))
	if scope := text(claims(t, tokens["access_token"])["scope"]); !slices.Contains(strings.Fields(scope), apiScope) {
		t.Errorf("the new scope did not come with the next sign-in: %s", scope)
	}
}

func TestAResourceServerNamedByAURL(t *testing.T) {
	b := newWorld(t, false).browse("")
	got, tokens := b.tokens(b.signIn(b.request("scope", urlScope)))
	if _, has := tokens["id_token"]; has || claims(t, tokens["access_token"])["scope"] != urlScope {
		t.Errorf("code: %s", got.body)
	}
	_, renewed := b.refresh(text(tokens["refresh_token"]))
	if _, has := renewed["id_token"]; has || claims(t, renewed["access_token"])["scope"] != urlScope {
		t.Errorf("refresh: %v", renewed)
	}
	info := b.get("/oauth2/userInfo", "Authorization", "Bearer "+text(tokens["access_token"]))
	if info.status != http.StatusUnauthorized {
		t.Errorf("userInfo without openid: %d %s", info.status, info.body)
	}
	machine := b.post("/oauth2/token", url.Values{"grant_type": {"client_credentials"}, "client_id": {b.machine}, "client_secret": {b.machineSecret}, "scope": {urlScope}})
	if c := claims(t, object(t, machine.body)["access_token"]); c["scope"] != urlScope || c["sub"] != b.machine {
		t.Errorf("client_credentials: %v", c)
	}
	implicit := b.get(b.request("scope", urlScope, "response_type", "token"))
	fragment, err := url.ParseQuery(implicit.location.Fragment)
	if err != nil || fragment.Has("id_token") || claims(t, fragment.Get("access_token"))["scope"] != urlScope {
		t.Errorf("implicit: %s %v", implicit.location, err)
	}
}

func TestTheImplicitGrantOfARealPool(t *testing.T) {
	b := newWorld(t, true).browse("")
	back := b.signIn(b.request("response_type", "token", "nonce", "n-1"))
	raw := strings.TrimPrefix(back.header.Get("Location"), callback+"#")
	var names []string
	for pair := range strings.SplitSeq(raw, "&") {
		name, _, _ := strings.Cut(pair, "=")
		names = append(names, name)
	}
	if diff := cmp.Diff([]string{"id_token", "access_token", "token_type", "expires_in", "state"}, names); diff != "" {
		t.Fatal(diff)
	}
	fragment, err := url.ParseQuery(raw)
	if err != nil || fragment.Get("token_type") != "bearer" || fragment.Get("expires_in") != "3600" || fragment.Get("state") != "a b&c" {
		t.Errorf("%s %v", raw, err)
	}
	checkTokens(b, map[string]any{"id_token": fragment.Get("id_token"), "access_token": fragment.Get("access_token")})
}

func TestMachinesGetTheirScopes(t *testing.T) {
	b := newWorld(t, false).browse("")
	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte(b.machine+":"+b.machineSecret))
	got := b.post("/oauth2/token", url.Values{"grant_type": {"client_credentials"}}, "Authorization", basic)
	o := object(t, got.body)
	scopes := strings.Fields(text(claims(t, o["access_token"])["scope"]))
	slices.Sort(scopes)
	if diff := cmp.Diff([]string{urlScope, apiScope}, scopes); diff != "" || len(o) != 3 || !strings.HasPrefix(got.body, `{"access_token":"`) {
		t.Errorf("%s %s", got.body, diff)
	}
	got = b.post("/oauth2/token", url.Values{"grant_type": {"client_credentials"}, "client_id": {b.machine}, "client_secret": {b.machineSecret + "x"}})
	if want := `{"error":"invalid_client","error_description":"invalid_client_secret"}`; got.status != http.StatusBadRequest || got.body != want {
		t.Errorf("%d %s", got.status, got.body)
	}
}

func TestWrongPasswordsAndUnknownUsersReadTheSame(t *testing.T) {
	b := newWorld(t, false).browse("")
	to := b.get(b.request()).location.String()
	for name, typed := range map[string]url.Values{
		"a wrong password": {"username": {"ann"}, "password": {"Wrong-pass-1!"}},
		"an unknown user":  {"username": {"bob"}, "password": {password}},
	} {
		page := b.fill(b.get(to), typed)
		if page.status != http.StatusBadRequest || !strings.Contains(page.body, `role="alert" id="error">Incorrect username or password.</p>`) {
			t.Errorf("%s: %d %s", name, page.status, page.body)
		}
		if back := b.fill(page, url.Values{"username": {"ann"}, "password": {password}}); back.status != http.StatusFound {
			t.Errorf("%s: the page does not work again: %d", name, back.status)
		}
		b.get("/logout?" + url.Values{"client_id": {b.web}, "logout_uri": {signOut}}.Encode())
	}
}

func TestATemporaryPasswordIsReplacedOnThePage(t *testing.T) {
	w := newWorld(t, false)
	b := w.browse("")
	must(w.pools.AdminCreateUser(w.ctx, &cip.AdminCreateUserInput{
		UserPoolId: &w.poolID, Username: aws.String("bob"), TemporaryPassword: aws.String("Temp-pass-1!"), MessageAction: types.MessageActionTypeSuppress,
	}))(t)
	page := b.fill(b.get(b.get(b.request()).location.String()), url.Values{"username": {"bob"}, "password": {"Temp-pass-1!"}})
	if !strings.Contains(page.body, `name="requiredAttributes[given_name]"`) {
		t.Fatalf("%d %s", page.status, page.body)
	}
	page = b.fill(page, url.Values{"new_password": {"short"}, "confirm_password": {"short"}, "requiredAttributes[given_name]": {"Bob"}})
	if !strings.Contains(page.body, "Password did not conform with policy") || !strings.Contains(page.body, `value="Bob"`) {
		t.Fatalf("a password against the policy: %d %s", page.status, page.body)
	}
	back := b.fill(page, url.Values{"new_password": {"Bobs-pass-1!"}, "confirm_password": {"Bobs-pass-1!"}, "requiredAttributes[given_name]": {"Bob"}})
	if back.status != http.StatusFound {
		t.Fatalf("a good one: %d %s", back.status, back.body)
	}
	_, tokens := b.tokens(back)
	if c := claims(t, tokens["id_token"]); c["cognito:username"] != "bob" || c["given_name"] != "Bob" {
		t.Errorf("%v", c)
	}
}

func TestWhatHappensToAUserMeanwhileCounts(t *testing.T) {
	name := aws.String("ann")
	for _, test := range []struct {
		name   string
		change func(*world)
		// code tells whether the code of before still gives tokens.
		code bool
	}{
		{"disabled", func(w *world) {
			must(w.pools.AdminDisableUser(w.ctx, &cip.AdminDisableUserInput{UserPoolId: &w.poolID, Username: name}))(w)
		}, false},
		{"deleted", func(w *world) {
			must(w.pools.AdminDeleteUser(w.ctx, &cip.AdminDeleteUserInput{UserPoolId: &w.poolID, Username: name}))(w)
		}, false},
		{"deleted, and the name given to somebody else", func(w *world) {
			must(w.pools.AdminDeleteUser(w.ctx, &cip.AdminDeleteUserInput{UserPoolId: &w.poolID, Username: name}))(w)
			w.addUser("ann")
		}, false},
		{"signed out everywhere", func(w *world) {
			must(w.pools.AdminUserGlobalSignOut(w.ctx, &cip.AdminUserGlobalSignOutInput{UserPoolId: &w.poolID, Username: name}))(w)
		}, false},
		{"nothing", func(*world) {}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t, false)
			b := w.browse("")
			back := b.signIn(b.request())
			w.clock.Advance(time.Second)
			test.change(w)
			got, o := b.tokens(back)
			if test.code != (got.status == http.StatusOK) || !test.code && o["error"] != "invalid_grant" {
				t.Errorf("the code: %d %s", got.status, got.body)
			}
			if silent := b.get(b.request()); test.code != strings.HasPrefix(silent.location.String(), callback) {
				t.Errorf("the remembered sign-in leads to %s", silent.location)
			}
		})
	}
}

func TestACodeExpiresWithTheClock(t *testing.T) {
	b := newWorld(t, false).browse("")
	back := b.signIn(b.request())
	b.clock.Advance(5 * time.Minute)
	if got, _ := b.tokens(back); got.status != http.StatusBadRequest || got.body != `{"error":"invalid_grant"}` {
		t.Errorf("%d %s", got.status, got.body)
	}
}

func TestTheStoredIDOfACodeIsNotACode(t *testing.T) {
	// What is stored is found by digest: who reads the database cannot use what is found there.
	b := newWorld(t, false).browse("")
	back := b.signIn(b.request())
	code := back.location.Query().Get("code")
	if got, _ := b.tokens(reply{location: &url.URL{RawQuery: "code=" + base64.RawURLEncoding.EncodeToString(sha256Of(code))}}); got.status != http.StatusBadRequest {
		t.Errorf("the stored id of a code is as good as the code: %d", got.status)
	}
}

func sha256Of(text string) []byte {
	sum := sha256.Sum256([]byte(text))
	return sum[:]
}
