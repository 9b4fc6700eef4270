package authz

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// verifiedClaims are the claims of a token that the engine let through or refused only for its claims.
func verifiedClaims(t testing.TB, token string) *Claims {
	t.Helper()
	a := compile(t, New(newTestKeys(ireland)), Settings{Pools: []Pool{ireland}})
	d := a.Decide(context.Background(), token, nil, noon)
	if d.Claims == nil {
		t.Fatal(d.Reason)
	}
	return d.Claims
}

func TestTypedClaims(t *testing.T) {
	type typed struct {
		Subject, Issuer, TokenUse, ClientID, KeyID string
		Audience, Scopes                           []string
		IssuedAt, Expires                          time.Time
	}
	of := func(c *Claims) typed {
		return typed{c.Subject(), c.Issuer(), c.TokenUse(), c.ClientID(), c.KeyID(), c.Audience(), c.Scopes(), c.IssuedAt().UTC(), c.Expires().UTC()}
	}
	for _, tt := range []struct {
		name  string
		token string
		want  typed
	}{
		{"an ID token", idToken(ireland, idClaims(ireland)), typed{
			Subject: "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee", Issuer: issuerOf(ireland), TokenUse: "id", KeyID: idKid,
			Audience: []string{clientID}, Scopes: []string{}, IssuedAt: noon, Expires: noon.Add(time.Hour)}},
		{"an access token", accessToken(ireland, accessClaims(ireland, "openid orders/read")), typed{
			Subject: "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee", Issuer: issuerOf(ireland), TokenUse: "access", ClientID: clientID, KeyID: accessKid,
			Scopes: []string{"openid", "orders/read"}, IssuedAt: noon, Expires: noon.Add(time.Hour)}},
		{"several audiences", idToken(ireland, with(without(idClaims(ireland), "iat"), claim{"aud", `["a", 1, "b\n"]`}, claim{"sub", "7"})), typed{
			Issuer: issuerOf(ireland), TokenUse: "id", KeyID: idKid, Audience: []string{"a", "b\n"}, Scopes: []string{}, IssuedAt: time.Time{}, Expires: noon.Add(time.Hour)}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, of(verifiedClaims(t, tt.token))); diff != "" {
				t.Error(diff)
			}
		})
	}
	if diff := cmp.Diff(typed{Scopes: []string{}}, of(nil)); diff != "" {
		t.Error("no claims:", diff)
	}
}

func TestClaimsAreReadInTheOrderOfTheToken(t *testing.T) {
	claims := []claim{{"exp", "9999999999"}, {"iss", text(issuerOf(ireland))}, {"z", `"\u00e9\n"`}, {"a", " [ 1 , 2 ] "}, {"b", "true"}, {"n", "null"}, {"o", `{"k":"v"}`}, {"a\n", `""`}}
	c := verifiedClaims(t, idToken(ireland, claims))
	var got []claim
	c.Each(func(name string, raw []byte) bool {
		got = append(got, claim{name, string(raw)})
		return name != "a\n"
	})
	want := []claim{{"exp", "9999999999"}, {"iss", text(issuerOf(ireland))}, {"z", `"\u00e9\n"`}, {"a", "[ 1 , 2 ]"}, {"b", "true"}, {"n", "null"}, {"o", `{"k":"v"}`}, {"a\n", `""`}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(claim{})); diff != "" {
		t.Error(diff)
	}
	visits := 0
	c.Each(func(string, []byte) bool { visits++; return visits < 3 })
	if visits != 3 || c.Len() != len(want) || c.JSON() != object(claims) {
		t.Errorf("%d visits, %d claims, %s", visits, c.Len(), c.JSON())
	}
	for name, want := range map[string]string{"exp": "9999999999", "z": "é\n", "a": "[ 1 , 2 ]", "b": "true", "n": "null", "o": `{"k":"v"}`, "a\n": ""} {
		if got, ok := c.String(name); !ok || got != want {
			t.Errorf("%s is %q", name, got)
		}
	}
	if got, ok := c.String("none"); ok || got != "" || c.Raw("none") != nil {
		t.Errorf("a claim that is not there is %q", got)
	}
}

func TestClaimsCannotBeChanged(t *testing.T) {
	c := verifiedClaims(t, idToken(ireland, with(idClaims(ireland), claim{"aud", `["a","b"]`})))
	before := c.JSON()
	copy(c.Raw("sub"), "xxxxxxxx")
	c.Audience()[0] = "x"
	c.Each(func(_ string, raw []byte) bool { copy(raw, "xxxxxxxx"); return true })
	if got, _ := c.String("sub"); c.JSON() != before || c.Audience()[0] != "a" || got != c.Subject() {
		t.Error("a caller changed shared claims")
	}
}

func TestHasScope(t *testing.T) {
	c := verifiedClaims(t, accessToken(ireland, accessClaims(ireland, "openid orders/read  orders/write")))
	for scope, want := range map[string]bool{"openid": true, "orders/read": true, "orders/write": true, "": false, "order": false, "orders/read ": false,
		" orders/write": false, "openid orders/read": false, "ORDERS/READ": false} {
		if c.HasScope(scope) != want {
			t.Errorf("%q: %v", scope, !want)
		}
	}
}

// TestRESTClaims holds fact 1.8: what an integration behind a REST API is handed.
func TestRESTClaims(t *testing.T) {
	exp, iat := time.Date(2016, 7, 29, 18, 52, 53, 0, time.UTC), time.Date(2016, 7, 9, 8, 2, 3, 0, time.UTC)
	claims := []claim{
		{"iss", text(issuerOf(ireland))}, {"exp", "1469818373"}, {"iat", "1468051323"}, {"auth_time", "1468051323"}, {"email_verified", "true"}, {"phone_number_verified", "false"},
		{"cognito:groups", `["a", "b,c" ,"d\"e"]`}, {"cognito:roles", `["arn:aws:iam::1:role/x"]`}, {"none", `[ ]`}, {"numbers", `[1,true,null,{"a":[1]}]`},
		{"identities", `[{"userId":"1", "primary":"true"}]`}, {"address", `{"formatted":"a, b"}`}, {"gone", "null"}, {"name", `"Ad\u00e1"`}, {"version", "2.50"}, {"custom:exp", "12"},
	}
	if exp.Unix() != 1469818373 || iat.Unix() != 1468051323 {
		t.Fatal("the test's dates are wrong")
	}
	c := verifiedClaims(t, idToken(ireland, claims))
	want := map[string]string{
		"iss": issuerOf(ireland), "exp": "Fri Jul 29 18:52:53 UTC 2016", "iat": "Sat Jul 09 08:02:03 UTC 2016", "auth_time": "1468051323", "email_verified": "true",
		"phone_number_verified": "false", "cognito:groups": `a,b,c,d"e`, "cognito:roles": "arn:aws:iam::1:role/x", "none": "", "numbers": `1,true,null,{"a":[1]}`,
		"identities": `{"userId":"1", "primary":"true"}`, "address": `{"formatted":"a, b"}`, "name": "Adá", "version": "2.50", "custom:exp": "12",
	}
	if diff := cmp.Diff(want, c.REST()); diff != "" {
		t.Error(diff)
	}
	for name, value := range want {
		if got, ok := c.RESTValue(name); !ok || got != value {
			t.Errorf("%s alone is %q", name, got)
		}
	}
	for _, name := range []string{"gone", "not there"} {
		if got, ok := c.RESTValue(name); ok {
			t.Errorf("%s is %q", name, got)
		}
	}
	if got := (*Claims)(nil).REST(); len(got) != 0 {
		t.Error("no claims have", got)
	}
}

func TestReadingClaimsTakesNoMemory(t *testing.T) {
	c := verifiedClaims(t, accessToken(ireland, accessClaims(ireland, "openid orders/read")))
	if n := testing.AllocsPerRun(100, func() {
		if s, ok := c.String("username"); !ok || s != "ada" || !c.HasScope("orders/read") || c.Subject() == "" || c.Expires().IsZero() {
			t.Fatal("wrong claims")
		}
		if s, ok := c.RESTValue("username"); !ok || s != "ada" {
			t.Fatal("wrong claims")
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
