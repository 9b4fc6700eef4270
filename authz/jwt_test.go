package authz

import (
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// oktaIssuer is an issuer that is no user pool.
const (
	oktaIssuer = "https://dev-1.okta.example/oauth2/default"
	oktaKid    = "okta-1"
	apiName    = "api://orders"
)

// issuerKeys are the keys of some issuers, as a test sets them.
type issuerKeys struct {
	mu    sync.Mutex
	keys  map[string]map[string]IssuerKey
	names map[string][]string
	fail  error
	asked int
	// before runs in IssuerKey before it answers.
	before func()
}

func newIssuerKeys() *issuerKeys {
	pool := map[string]IssuerKey{
		idKid:     {RSA: &testKey(ireland.ID + " id").PublicKey, Algorithm: "RS256"},
		accessKid: {RSA: &testKey(ireland.ID + " access").PublicKey, Algorithm: "RS256"},
	}
	local := "http://localhost:4566/" + ireland.ID
	return &issuerKeys{
		keys: map[string]map[string]IssuerKey{
			oktaIssuer: {oktaKid: {RSA: &testKey("okta").PublicKey}, "okta-384": {RSA: &testKey("okta").PublicKey, Algorithm: "RS384"}},
			local:      pool,
		},
		names: map[string][]string{local: {local, issuerOf(ireland)}, issuerOf(ireland): {local, issuerOf(ireland)}},
	}
}

func (k *issuerKeys) IssuerKey(_ context.Context, issuer, kid string) (IssuerKey, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.asked++
	if k.before != nil {
		k.before()
	}
	if k.fail != nil {
		return IssuerKey{}, k.fail
	}
	if key, ok := k.keys[issuer][kid]; ok {
		return key, nil
	}
	return IssuerKey{}, ErrKeyUnknown
}

func (k *issuerKeys) IssuerNames(issuer string) []string {
	if names, ok := k.names[issuer]; ok {
		return names
	}
	return []string{issuer}
}

// signWith makes a token of header and payload with another hash than SHA-256.
func signWith(key *rsa.PrivateKey, hash crypto.Hash, header, payload string) string {
	signed := b64(header) + "." + b64(payload)
	var digest []byte
	switch hash {
	case crypto.SHA384:
		sum := sha512.Sum384([]byte(signed))
		digest = sum[:]
	case crypto.SHA512:
		sum := sha512.Sum512([]byte(signed))
		digest = sum[:]
	default:
		sum := sha256.Sum256([]byte(signed))
		digest = sum[:]
	}
	signature, err := rsa.SignPKCS1v15(nil, key, hash, digest)
	if err != nil {
		panic(err)
	}
	return signed + "." + b64(string(signature))
}

// oktaClaims are those of an access token as another issuer makes it.
func oktaClaims(changes ...claim) []claim {
	return with([]claim{
		{"iss", text(oktaIssuer)}, {"aud", text(apiName)}, {"sub", text("ada")}, {"cid", text("client")},
		{"scp", `["orders/read","openid"]`},
		{"iat", fmt.Sprint(noon.Unix())}, {"exp", fmt.Sprint(noon.Add(time.Hour).Unix())},
	}, changes...)
}

func oktaToken(claims []claim) string { return sign(testKey("okta"), header(oktaKid), object(claims)) }

func compileJWT(t testing.TB, e *Engine, s JWTSettings) *JWTAuthorizer {
	t.Helper()
	a, err := e.CompileJWT(s)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// TestJWTDecisions is the list of aws-facts 2: cause → status, www-authenticate, reason.
func TestJWTDecisions(t *testing.T) {
	okta := JWTSettings{Issuer: oktaIssuer, Audience: []string{apiName, "other"}}
	pool := JWTSettings{Issuer: issuerOf(ireland), Audience: []string{clientID}}
	local := JWTSettings{Issuer: "http://localhost:4566/" + ireland.ID, Audience: []string{clientID}}
	invalid := func(description string, scopes string) string {
		return `Bearer scope="` + scopes + `" error="invalid_token" error_description="` + description + `"`
	}
	orders := []string{"orders/read", "orders/write"}
	good := oktaToken(oktaClaims())
	for _, tt := range []struct {
		name      string
		settings  JWTSettings
		identity  string
		scopes    []string
		now       time.Time
		fail      error
		want      Reason
		status    int
		challenge string
	}{
		{name: "a good token", settings: okta, identity: good},
		{name: "a good token as bearer", settings: okta, identity: "Bearer " + good},
		{name: "one of several audiences", settings: okta, identity: oktaToken(oktaClaims(claim{"aud", `["x","other"]`}))},
		{name: "a list in scp holds a scope of the route", settings: okta, identity: good, scopes: orders},
		{name: "a text in scp does", settings: okta, identity: oktaToken(oktaClaims(claim{"scp", `"openid orders/write"`})), scopes: orders},
		{name: "a text in scope does", settings: okta, identity: oktaToken(oktaClaims(claim{"scp", `[]`}, claim{"scope", `"orders/write"`})), scopes: orders},
		{name: "an ID token passes a route without scopes by its aud", settings: pool, identity: idToken(ireland, idClaims(ireland))},
		{name: "an access token passes it by its client_id", settings: pool, identity: accessToken(ireland, accessClaims(ireland, "openid"))},
		{name: "an access token passes a route with scopes", settings: pool, identity: accessToken(ireland, accessClaims(ireland, "openid orders/read")), scopes: orders},
		{name: "the pool's issuer may be written with its local address", settings: local, identity: idToken(ireland, idClaims(ireland))},
		{name: "RS384", settings: okta, identity: signWith(testKey("okta"), crypto.SHA384, `{"kid":"okta-1","alg":"RS384"}`, object(oktaClaims()))},
		{name: "RS512", settings: okta, identity: signWith(testKey("okta"), crypto.SHA512, `{"kid":"okta-1","alg":"RS512"}`, object(oktaClaims()))},
		{name: "RS384 by a key that is for it", settings: okta, identity: signWith(testKey("okta"), crypto.SHA384, `{"kid":"okta-384","alg":"RS384"}`, object(oktaClaims()))},

		{name: "no token", settings: okta, want: IdentitySourceMissing, challenge: "Bearer"},
		{name: "no token on a route with scopes", settings: okta, scopes: orders, want: IdentitySourceMissing, challenge: "Bearer"},
		{name: "something that is no token", settings: okta, identity: "token", want: TokenMalformed, challenge: invalid("token contains an invalid number of segments", "")},
		{name: "the same on a route with scopes", settings: okta, identity: "token", scopes: orders, want: TokenMalformed, challenge: invalid("token contains an invalid number of segments", "orders/read orders/write")},
		{name: "a refresh token", settings: okta, identity: refreshToken(), want: TokenIsRefreshToken, challenge: invalid("token contains an invalid number of segments", "")},
		{name: "the scheme twice", settings: okta, identity: "Bearer bearer " + good, want: TokenMalformed, challenge: invalid("tokenstring should not contain 'bearer '", "")},
		{name: "no base64url", settings: okta, identity: "ey$.e30.x", want: TokenMalformed, challenge: invalid("illegal base64 data at input byte 2", "")},
		{name: "a payload that is no object", settings: okta, identity: sign(testKey("okta"), header(oktaKid), "[]"), want: TokenMalformed, challenge: invalid("token is malformed", "")},
		{name: "alg none", settings: okta, identity: unsigned(`{"alg":"none"}`, object(oktaClaims()), ""), want: TokenAlgorithm, challenge: invalid("signing method none is invalid", "")},
		{name: "alg HS256", settings: okta, identity: unsigned(`{"alg":"HS256","kid":"okta-1"}`, object(oktaClaims()), "x"), want: TokenAlgorithm, challenge: invalid("signing method HS256 is invalid", "")},
		{name: "PSS, which is no algorithm of RSASSA-PKCS1-v1_5", settings: okta, identity: unsigned(`{"alg":"PS256","kid":"okta-1"}`, object(oktaClaims()), "x"), want: TokenAlgorithm, challenge: invalid("signing method PS256 is invalid", "")},
		{name: "no alg", settings: okta, identity: unsigned(`{"kid":"okta-1"}`, object(oktaClaims()), "x"), want: TokenAlgorithm, challenge: invalid("signing method (alg) is unspecified.", "")},
		{name: "an alg that would put words into the answer", settings: okta, identity: unsigned(`{"alg":"\" x=\"\r\ny"}`, object(oktaClaims()), "x"), want: TokenAlgorithm, challenge: invalid("signing method (alg) is unavailable.", "")},
		{name: "RS512 by a key that is for RS384", settings: okta, identity: signWith(testKey("okta"), crypto.SHA512, `{"kid":"okta-384","alg":"RS512"}`, object(oktaClaims())), want: TokenAlgorithm, challenge: invalid("signing method RS512 is invalid", "")},
		{name: "RS256 that says RS512", settings: okta, identity: sign(testKey("okta"), `{"kid":"okta-1","alg":"RS512"}`, object(oktaClaims())), want: TokenSignature, challenge: invalid("crypto/rsa: verification error", "")},
		{name: "an unknown kid", settings: okta, identity: sign(testKey("okta"), header("x"), object(oktaClaims())), want: TokenKeyUnknown, challenge: invalid("the token does not have a valid key id", "")},
		{name: "no kid", settings: okta, identity: sign(testKey("okta"), `{"alg":"RS256"}`, object(oktaClaims())), want: TokenKeyUnknown, challenge: invalid("the token does not have a valid key id", "")},
		{name: "a signature of somebody else", settings: okta, identity: sign(testKey("mallory"), header(oktaKid), object(oktaClaims())), want: TokenSignature, challenge: invalid("crypto/rsa: verification error", "")},
		{name: "another issuer", settings: okta, identity: oktaToken(oktaClaims(claim{"iss", text(oktaIssuer + "/")})), want: TokenIssuer, challenge: invalid("the token does not have a valid issuer", "")},
		{name: "no issuer", settings: okta, identity: oktaToken(without(oktaClaims(), "iss")), want: TokenIssuer, challenge: invalid("the token does not have a valid issuer", "")},
		{name: "discovery fails", settings: okta, identity: good, fail: ErrDiscoveryUnavailable, want: KeysUnavailable, challenge: invalid("OIDC discovery endpoint communication error", "")},
		{name: "the key set cannot be had", settings: okta, identity: good, fail: ErrKeysUnavailable, want: KeysUnavailable, challenge: invalid("JWKS communication error", "")},
		{name: "the pool does not exist", settings: okta, identity: good, fail: ErrPoolNotFound, want: PoolNotFound, challenge: invalid("OIDC discovery endpoint communication error", "")},
		{name: "it ends now", settings: okta, identity: good, now: noon.Add(time.Hour), want: TokenExpired, challenge: invalid("the token has expired", "")},
		{name: "it was issued in the future", settings: okta, identity: good, now: noon.Add(-time.Second), want: TokenNotYetValid, challenge: invalid("the token is not valid yet", "")},
		{name: "its nbf has not come", settings: okta, identity: oktaToken(oktaClaims(claim{"nbf", fmt.Sprint(noon.Unix() + 1)})), want: TokenNotYetValid, challenge: invalid("the token is not valid yet", "")},
		{name: "another audience", settings: okta, identity: oktaToken(oktaClaims(claim{"aud", `"api://invoices"`})), want: TokenAudience, challenge: invalid("the token does not have a valid audience", "")},
		{name: "another aud, though client_id would do", settings: pool, identity: idToken(ireland, with(idClaims(ireland), claim{"aud", `"x"`}, claim{"client_id", text(clientID)})), want: TokenAudience, challenge: invalid("the token does not have a valid audience", "")},
		{name: "an aud that is null, though client_id would do", settings: pool, identity: idToken(ireland, with(idClaims(ireland), claim{"aud", `null`}, claim{"client_id", text(clientID)})), want: TokenAudience, challenge: invalid("the token does not have a valid audience", "")},
		{name: "neither aud nor client_id", settings: okta, identity: oktaToken(without(oktaClaims(), "aud")), want: TokenAudience, challenge: invalid("the token does not have a valid audience", "")},
		{name: "an authorizer without an audience lets nothing in", settings: JWTSettings{Issuer: oktaIssuer}, identity: good, want: TokenAudience, challenge: invalid("the token does not have a valid audience", "")},
		{name: "none of the route's scopes", settings: okta, identity: good, scopes: []string{"orders/delete"}, want: ScopeMissing, status: 403,
			challenge: `Bearer scope="orders/delete" error="insufficient_scope" error_description="the token does not have a valid scope"`},
		{name: "a scope is a whole word", settings: okta, identity: good, scopes: []string{"orders/rea", "orders", "orders/read openid", ""}, want: ScopeMissing, status: 403,
			challenge: `Bearer scope="orders/rea orders orders/read openid " error="insufficient_scope" error_description="the token does not have a valid scope"`},
		{name: "an ID token on a route with scopes", settings: pool, identity: idToken(ireland, idClaims(ireland)), scopes: orders[:1], want: ScopeMissing, status: 403,
			challenge: `Bearer scope="orders/read" error="insufficient_scope" error_description="the token does not have a valid scope"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			keys := newIssuerKeys()
			keys.fail = tt.fail
			a := compileJWT(t, New(newTestKeys(), WithIssuers(keys)), tt.settings)
			now, status := tt.now, tt.status
			if now.IsZero() {
				now = noon
			}
			if tt.want != "" && status == 0 {
				status = 401
			}
			for _, seen := range []string{"new", "known"} {
				d := a.Decide(t.Context(), tt.identity, tt.scopes, now)
				if d.Reason != tt.want || d.Allowed != (tt.want == "") || d.Status != status {
					t.Fatalf("%s token: %v %q %d, want %q %d", seen, d.Allowed, d.Reason, d.Status, tt.want, status)
				}
				if d.Allowed {
					if d.Claims == nil || d.Message() != "" || d.AuthorizerError() != "" {
						t.Errorf("%s token: %+v", seen, d)
					}
					continue
				}
				if diff := cmp.Diff(tt.challenge, d.WWWAuthenticate(tt.scopes)); diff != "" {
					t.Errorf("%s token: %s", seen, diff)
				}
				if want := map[int]string{401: "Unauthorized", 403: "Forbidden"}[status]; d.Message() != want {
					t.Errorf("message %q", d.Message())
				}
			}
		})
	}
}

// TestJWTExplainsWhatItDecides holds both against each other on everything that is refused and let in.
func TestJWTExplainsWhatItDecides(t *testing.T) {
	a := compileJWT(t, New(newTestKeys(), WithIssuers(newIssuerKeys())), JWTSettings{Issuer: issuerOf(ireland), Audience: []string{clientID}})
	identities := []string{idToken(ireland, idClaims(ireland)), accessToken(ireland, accessClaims(ireland, "openid"))}
	for _, in := range badInputs() {
		identities = append(identities, in.identity)
	}
	for _, identity := range identities {
		for _, scopes := range [][]string{nil, {"openid"}} {
			decided := a.Decide(t.Context(), identity, scopes, noon)
			explained, checks := a.Explain(t.Context(), identity, scopes, noon)
			if decided.Reason != explained.Reason || decided.Description != explained.Description {
				t.Fatalf("%q decided, %q explained", decided.Reason, explained.Reason)
			}
			failed := ""
			for _, c := range checks {
				if c.Outcome == Failed {
					failed = c.Name
					if c.Reason != decided.Reason || c.Saw == "" || c.Expected == "" {
						t.Errorf("%s: %+v", decided.Reason, c)
					}
				}
			}
			if (failed == "") != decided.Allowed || len(checks) != 10 {
				t.Errorf("%q, but the check that failed is %q of %d", decided.Reason, failed, len(checks))
			}
		}
	}
}

func TestJWTTokensAreRememberedPerIssuer(t *testing.T) {
	keys := newIssuerKeys()
	// Two issuers that share keys: what one vouches for counts for nothing at the other.
	keys.keys["https://other.example"] = keys.keys[oktaIssuer]
	e := New(newTestKeys(ireland), WithIssuers(keys))
	first := compileJWT(t, e, JWTSettings{Issuer: oktaIssuer, Audience: []string{apiName}})
	second := compileJWT(t, e, JWTSettings{Issuer: "https://other.example", Audience: []string{apiName}})
	token := oktaToken(oktaClaims())
	for range 2 {
		if d := first.Decide(t.Context(), token, nil, noon); !d.Allowed {
			t.Fatal(d.Reason)
		}
		if d := second.Decide(t.Context(), token, nil, noon); d.Reason != TokenIssuer {
			t.Fatalf("%q", d.Reason)
		}
	}
	if keys.asked != 1 {
		t.Errorf("asked %d times", keys.asked)
	}
	e.ForgetIssuer("https://other.example")
	keys.fail = ErrKeyUnknown
	if d := first.Decide(t.Context(), token, nil, noon); !d.Allowed {
		t.Errorf("forgotten with another issuer: %q", d.Reason)
	}
	e.ForgetIssuer(oktaIssuer)
	if d := first.Decide(t.Context(), token, nil, noon); d.Reason != TokenKeyUnknown {
		t.Errorf("not forgotten: %q", d.Reason)
	}
}

func TestAPoolsTokensAreForgottenUnderAnyOfItsNames(t *testing.T) {
	keys := newIssuerKeys()
	e := New(newTestKeys(ireland), WithIssuers(keys))
	a := compileJWT(t, e, JWTSettings{Issuer: "http://localhost:4566/" + ireland.ID, Audience: []string{clientID}})
	same := compileJWT(t, e, JWTSettings{Issuer: issuerOf(ireland), Audience: []string{clientID}})
	token := idToken(ireland, idClaims(ireland))
	for _, a := range []*JWTAuthorizer{a, same, a, same} {
		if d := a.Decide(t.Context(), token, nil, noon); !d.Allowed {
			t.Fatal(d.Reason)
		}
	}
	if keys.asked != 1 {
		t.Errorf("the two names of a pool asked %d times", keys.asked)
	}
	keys.fail = ErrKeyUnknown
	e.ForgetIssuer(issuerOf(ireland))
	if d := a.Decide(t.Context(), token, nil, noon); d.Reason != TokenKeyUnknown {
		t.Errorf("%q", d.Reason)
	}
}

// TestForgetIssuerDuringAVerification is the race that would let a token outlive its key.
func TestForgetIssuerDuringAVerification(t *testing.T) {
	keys := newIssuerKeys()
	e := New(newTestKeys(), WithIssuers(keys))
	keys.before = func() { e.ForgetIssuer(oktaIssuer) }
	a := compileJWT(t, e, JWTSettings{Issuer: oktaIssuer, Audience: []string{apiName}})
	token := oktaToken(oktaClaims())
	if d := a.Decide(t.Context(), token, nil, noon); !d.Allowed {
		t.Fatal(d.Reason)
	}
	keys.before, keys.fail = nil, ErrKeyUnknown
	if d := a.Decide(t.Context(), token, nil, noon); d.Reason != TokenKeyUnknown {
		t.Errorf("the token was remembered past ForgetIssuer: %q", d.Reason)
	}
}

func TestAPoolsAuthorizerAndAJWTAuthorizerDoNotVouchForEachOther(t *testing.T) {
	keys := newIssuerKeys()
	e := New(newTestKeys(ireland), WithIssuers(keys))
	pool := compile(t, e, Settings{Pools: []Pool{ireland}})
	jwt := compileJWT(t, e, JWTSettings{Issuer: issuerOf(ireland), Audience: []string{clientID}})
	token := idToken(ireland, idClaims(ireland))
	if d := pool.Decide(t.Context(), token, nil, noon); !d.Allowed {
		t.Fatal(d.Reason)
	}
	keys.fail = ErrKeyUnknown
	if d := jwt.Decide(t.Context(), token, nil, noon); d.Reason != TokenKeyUnknown {
		t.Errorf("a token that a pool's authorizer knows passes a JWT authorizer: %q", d.Reason)
	}
}

func TestKnownJWTTakesNoMemory(t *testing.T) {
	a := compileJWT(t, New(newTestKeys(), WithIssuers(newIssuerKeys())), JWTSettings{Issuer: oktaIssuer, Audience: []string{"x", apiName}})
	token := "Bearer " + oktaToken(oktaClaims())
	for _, scopes := range [][]string{nil, {"orders/write", "orders/read"}, {"orders/delete"}} {
		if n := testing.AllocsPerRun(100, func() { a.Decide(context.Background(), token, scopes, noon) }); n != 0 {
			t.Errorf("%v: %v allocations", scopes, n)
		}
	}
}

func TestWithoutIssuersNothingPasses(t *testing.T) {
	a := compileJWT(t, New(newTestKeys(ireland)), JWTSettings{Issuer: oktaIssuer, Audience: []string{apiName}})
	if d := a.Decide(t.Context(), oktaToken(oktaClaims()), nil, noon); d.Reason != KeysUnavailable {
		t.Errorf("%q", d.Reason)
	}
	if _, err := New(newTestKeys()).CompileJWT(JWTSettings{}); err == nil {
		t.Error("an authorizer without an issuer compiles")
	}
}

func TestClaimsForHTTPAPIs(t *testing.T) {
	a := compileJWT(t, New(newTestKeys(), WithIssuers(newIssuerKeys())), JWTSettings{Issuer: oktaIssuer, Audience: []string{apiName}})
	d := a.Decide(t.Context(), oktaToken(oktaClaims(
		claim{"groups", `["a","b c"]`}, claim{"none", "[]"}, claim{"nested", `[["a",1],{"b":2},null,true]`}, claim{"null", "null"},
		claim{"verified", "true"}, claim{"level", "1.50"}, claim{"address", `{"city": "Cork"}`}, claim{"scope", `"openid email"`},
	)), nil, noon)
	if !d.Allowed {
		t.Fatal(d.Reason)
	}
	want := map[string]string{
		"iss": oktaIssuer, "aud": apiName, "sub": "ada", "cid": "client", "scp": "[orders/read openid]", "scope": "openid email",
		"iat": fmt.Sprint(noon.Unix()), "exp": fmt.Sprint(noon.Add(time.Hour).Unix()),
		"groups": "[a b c]", "none": "[]", "nested": `[[a 1] {"b":2} <nil> true]`, "verified": "true", "level": "1.50", "address": `{"city": "Cork"}`,
	}
	if diff := cmp.Diff(want, d.Claims.HTTP()); diff != "" {
		t.Error(diff)
	}
	for name, value := range want {
		if got, ok := d.Claims.HTTPValue(name); !ok || got != value {
			t.Errorf("%s: %q", name, got)
		}
	}
	if _, ok := d.Claims.HTTPValue("null"); ok {
		t.Error("a claim that is null has a value")
	}
	if diff := cmp.Diff([]string{"openid", "email", "orders/read", "openid"}, d.Claims.HTTPScopes()); diff != "" {
		t.Error(diff)
	}
}

// TestBadInputAtAJWTAuthorizer has the list of what hostile and mistaken clients send refused for the same reasons; only token_use is none.
func TestBadInputAtAJWTAuthorizer(t *testing.T) {
	a := compileJWT(t, New(newTestKeys(), WithIssuers(newIssuerKeys())), JWTSettings{Issuer: issuerOf(ireland), Audience: []string{clientID}})
	for _, tt := range badInputs() {
		want := tt.want
		if want == TokenUseIDExpected {
			want = ""
		}
		for range 2 {
			if d := a.Decide(t.Context(), tt.identity, nil, noon); d.Reason != want || d.Allowed != (want == "") {
				t.Errorf("%s: %q, want %q", tt.name, d.Reason, want)
			}
		}
	}
}
