package token_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/internal/token"
)

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

const awsIssuer = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCdEfGhI"

func unsigned(t *testing.T, claims any) string {
	t.Helper()
	payload, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	encode := base64.RawURLEncoding.EncodeToString
	return encode([]byte(`{"kid":"k","alg":"RS256"}`)) + "." + encode(payload) + "." + encode([]byte("signature"))
}

func TestRead(t *testing.T) {
	id := unsigned(t, jwt.MapClaims{"iss": awsIssuer, "token_use": "id", "aud": "client1"})
	encrypted := base64.RawURLEncoding.EncodeToString([]byte(`{"cty":"JWT","enc":"A256GCM","alg":"RSA-OAEP"}`)) + ".a.b.c.d"
	for _, test := range []struct {
		name, text string
		kind       token.Kind
		notes      int
	}{
		{"an ID token", id, token.ID, 0},
		{"an access token", unsigned(t, jwt.MapClaims{"iss": awsIssuer, "token_use": "access", "username": "jo", "client_id": "c"}), token.Access, 0},
		{"a machine's", unsigned(t, jwt.MapClaims{"iss": awsIssuer, "token_use": "access", "client_id": "c"}), token.Machine, 0},
		{"a refresh token", encrypted, token.Refresh, 0},
		{"another issuer's", unsigned(t, jwt.MapClaims{"iss": "https://tenant.auth0.example/", "aud": []string{"a"}}), token.Foreign, 0},
		{"a pool's id at somebody else's address", unsigned(t, jwt.MapClaims{"iss": "https://evil.example/eu-west-1_AbCdEfGhI", "token_use": "id"}), token.Foreign, 0},
		{"this machine's", unsigned(t, jwt.MapClaims{"iss": "http://localhost:4566/eu-west-1_AbCdEfGhI", "token_use": "id"}), token.ID, 0},
		{"a whole header", "Authorization: Bearer " + id, token.ID, 0},
		{"in quotes", `"` + id + `"`, token.ID, 1},
		{"in quotes behind Bearer", `Bearer "` + id + `"`, token.ID, 1},
		{"in lines", id[:20] + "\n  " + id[20:], token.ID, 1},
		{"behind bearer, small", "bearer " + id, token.ID, 1},
		{"with a line's end", id + "\r\n", token.ID, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := token.Read(test.text)
			if err != nil {
				t.Fatal(err)
			}
			if got.Kind != test.kind || len(got.Notes) != test.notes || len(got.Opens()) == 0 {
				t.Errorf("got %s with %q", got.Kind, got.Notes)
			}
		})
	}
}

func TestTextsThatAreNoTokens(t *testing.T) {
	encode := base64.RawURLEncoding.EncodeToString
	for _, test := range []struct{ name, text string }{
		{"nothing", " \n"},
		{"a word", "hidden"},
		{"no base64", "hid*den.e30.x"},
		{"no object", encode([]byte(`[1]`)) + ".e30.x"},
		{"null", encode([]byte(`null`)) + ".e30.x"},
		{"no JSON", "e30." + encode([]byte(`hidden`)) + ".x"},
		{"claims of other kinds", "e30." + encode([]byte(`{"iss":1}`)) + ".x"},
		{"too long", strings.Repeat("a", token.Longest+1)},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := token.Read(test.text)
			var unreadable *token.Unreadable
			if !errors.As(err, &unreadable) || unreadable.Hint == "" || strings.Contains(unreadable.Message+unreadable.Hint, "hidden") {
				t.Errorf("got %#v", err)
			}
		})
	}
}

func TestMoments(t *testing.T) {
	at := func(d time.Duration) int64 { return now.Add(d).Unix() }
	read, err := token.Read(unsigned(t, jwt.MapClaims{"iss": awsIssuer, "iat": at(-50 * time.Hour), "nbf": at(90 * time.Second), "exp": at(-time.Hour)}))
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	for _, m := range read.Moments(now) {
		told = append(told, m.Name+": "+m.Words)
	}
	want := "issued: 2026-02-27 10:00:00 UTC, issued 2 days 2 hours ago; good from: 2026-03-01 12:01:30 UTC, it will be good in 1 minute 30 seconds; expires: 2026-03-01 11:00:00 UTC, EXPIRED 1 hour ago"
	if got := strings.Join(told, "; "); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if !read.Expired(now) || read.Expired(now.Add(-2*time.Hour)) {
		t.Error("it does not know when it ends")
	}
}

func TestVerify(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	set, err := json.Marshal(map[string]any{"keys": []any{map[string]string{"kid": "k", "kty": "RSA", "alg": "RS256", "use": "sig",
		"n": base64.RawURLEncoding.EncodeToString(key.N.Bytes()), "e": base64.RawURLEncoding.EncodeToString(big.NewInt(int64(key.E)).Bytes())}}})
	if err != nil {
		t.Fatal(err)
	}
	status, asked := http.StatusOK, 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if asked++; r.URL.Path != "/eu-west-1_AbCdEfGhI/.well-known/jwks.json" {
			t.Errorf("asked for %s", r.URL.Path)
		}
		w.WriteHeader(status)
		_, _ = w.Write(set)
	}))
	defer server.Close()
	issuer := server.URL + "/eu-west-1_AbCdEfGhI"
	sign := func(change func(jwt.MapClaims)) string {
		claims := jwt.MapClaims{"iss": issuer, "token_use": "access", "client_id": "c", "iat": now.Unix(), "exp": now.Add(time.Hour).Unix()}
		change(claims)
		signed := jwt.NewWithClaims(jwt.SigningMethodRS256, claims)
		signed.Header["kid"] = "k"
		text, err := signed.SignedString(key)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	good := sign(func(jwt.MapClaims) {})
	for _, test := range []struct {
		name, text string
		status     int
		want       authz.Reason
		unknown    bool
	}{
		{"a good one", good, 200, "", false},
		{"an expired one", sign(func(c jwt.MapClaims) { c["exp"] = now.Unix() - 1 }), 200, authz.TokenExpired, false},
		{"one from the future", sign(func(c jwt.MapClaims) { c["nbf"] = now.Add(time.Hour).Unix() }), 200, authz.TokenNotYetValid, false},
		{"a forged one", good[:strings.LastIndexByte(good, '.')] + "." + base64.RawURLEncoding.EncodeToString(make([]byte, 256)), 200, authz.TokenSignature, false},
		{"keys that are not there", good, 503, authz.KeysUnavailable, true},
		{"a pool that is none", good, 404, authz.PoolNotFound, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			status = test.status
			read, err := token.Read(test.text)
			if err != nil {
				t.Fatal(err)
			}
			got, err := token.Verify(t.Context(), read, nil, now)
			if err != nil {
				t.Fatal(err)
			}
			if got.Reason != test.want || got.Good != (test.want == "") || got.Unknown != test.unknown || len(got.Checks) == 0 {
				t.Errorf("got %+v", got)
			}
		})
	}
	status, asked = http.StatusOK, 0
	t.Run("with keys that are at hand nobody is asked", func(t *testing.T) {
		read, err := token.Read(sign(func(c jwt.MapClaims) { c["iss"] = "https://tenant.auth0.example/"; c["aud"] = []string{"a"} }))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := token.Verify(t.Context(), read, set, now); err != nil || !got.Good || asked > 0 {
			t.Errorf("got %+v, %v, %d times", got, err, asked)
		}
	})
	t.Run("an issuer elsewhere is not asked", func(t *testing.T) {
		for _, issuer := range []string{"https://evil.example/eu-west-1_AbCdEfGhI", "http://169.254.169.254/eu-west-1_a", "", "file:///etc/passwd",
			server.URL + "/delete?all=/eu-west-1_AbCdEfGhI", server.URL + "/admin#/eu-west-1_AbCdEfGhI", server.URL + "/a%2f/eu-west-1_AbCdEfGhI", server.URL + "/eu_west/"} {
			read, err := token.Read(sign(func(c jwt.MapClaims) { c["iss"] = issuer }))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := token.Verify(t.Context(), read, nil, now); !errors.As(err, new(*token.Unreadable)) {
				t.Errorf("%q: got %v", issuer, err)
			}
			if asked > 0 {
				t.Fatalf("%q made a request", issuer)
			}
		}
	})
}

func FuzzRead(f *testing.F) {
	f.Add("a.b.c")
	f.Add(`Authorization: Bearer "e30.e30.x"`)
	f.Fuzz(func(_ *testing.T, text string) {
		if read, err := token.Read(text); err == nil {
			read.Moments(now)
			read.Opens()
		}
	})
}
