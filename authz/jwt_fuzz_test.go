package authz

import (
	"context"
	"crypto"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// FuzzDecideJWT feeds a JWT authorizer anything, and signed tokens of any header and payload with each algorithm. Decide and Explain must agree, seen before or
// not; only a token that golang-jwt verifies too may pass; no answer holds what would break a header; and the claims can be rendered.
func FuzzDecideJWT(f *testing.F) {
	f.Add(oktaToken(oktaClaims()), header(oktaKid), object(oktaClaims()), "orders/read", int64(0))
	f.Add("Bearer "+accessToken(ireland, accessClaims(ireland, "a b")), `{"alg":"RS512","kid":"okta-1"}`, object(oktaClaims(claim{"scope", `["a",[1],{}]`}, claim{"aud", "[]"})), "a", int64(3600))
	f.Add(refreshToken(), `{"alg":"RS384","kid":"okta-384"}`, object(oktaClaims(claim{"scp", `"a \" b"`}, claim{"nested", `[[null,{"a":[1]}],"x"]`})), "a b", int64(-1))
	for _, bad := range badInputs() {
		if len(bad.identity) < 4096 {
			f.Add(bad.identity, header(oktaKid), object(oktaClaims()), "", int64(0))
		}
	}
	keys := newIssuerKeys()
	warm := New(newTestKeys(), WithIssuers(keys))
	f.Fuzz(func(t *testing.T, identity, head, payload, scopeWords string, seconds int64) {
		scopes, now := strings.Fields(scopeWords), noon.Add(time.Duration(seconds%1e6)*time.Second)
		tokens := []string{identity, sign(testKey("mallory"), head, payload)}
		for _, hash := range []crypto.Hash{crypto.SHA256, crypto.SHA384, crypto.SHA512} {
			tokens = append(tokens, signWith(testKey("okta"), hash, head, payload))
		}
		settings := JWTSettings{Issuer: oktaIssuer, Audience: []string{apiName, clientID}}
		a := compileJWT(t, warm, settings)
		for _, token := range tokens {
			cold := compileJWT(t, &Engine{known: newCache(1, 1), issuers: keys}, settings)
			cold.engine.issued.Store(newCache(10, 1<<20))
			first := cold.Decide(t.Context(), token, scopes, now)
			if first.Allowed && !verifiedByLibrary(bearerToken(token)) {
				t.Fatalf("allowed: %q", token)
			}
			for _, a := range []*JWTAuthorizer{cold, a} {
				d := a.Decide(t.Context(), token, scopes, now)
				explained, _ := a.Explain(t.Context(), token, scopes, now)
				if d.Reason != first.Reason || explained.Reason != first.Reason || d.Status != first.Status || d.Description != first.Description || (d.Claims == nil) != (first.Claims == nil) {
					t.Fatalf("%+v, then %+v, explained %+v: %q", first, d, explained, token)
				}
			}
			if challenge := first.WWWAuthenticate(nil); strings.ContainsFunc(challenge, func(r rune) bool { return r < ' ' || r > '~' }) || strings.Count(challenge, `"`)%6 != 0 {
				t.Fatalf("%q", challenge)
			}
			if n := len(first.Claims.HTTP()); n > first.Claims.Len() {
				t.Fatalf("%d claims of %d", n, first.Claims.Len())
			}
			first.Claims.HTTPScopes()
		}
	})
}

// verifiedByLibrary tells whether golang-jwt finds that the test's issuer signed the token.
func verifiedByLibrary(token string) bool {
	parser := jwt.NewParser(jwt.WithValidMethods([]string{"RS256", "RS384", "RS512"}), jwt.WithoutClaimsValidation())
	_, err := parser.Parse(token, func(*jwt.Token) (any, error) { return &testKey("okta").PublicKey, nil })
	return err == nil
}

// TestJWTsAllAtOnce is for the race detector: decisions, forgetting and eviction on all sides.
func TestJWTsAllAtOnce(t *testing.T) {
	keys := newIssuerKeys()
	e := New(newTestKeys(), WithIssuers(keys))
	okta := compileJWT(t, e, JWTSettings{Issuer: oktaIssuer, Audience: []string{apiName}})
	pool := compileJWT(t, e, JWTSettings{Issuer: issuerOf(ireland), Audience: []string{clientID}})
	e.issued.Store(newCache(8, 1<<20))
	var tokens [2][]string
	for i := range 8 {
		id := claim{"jti", fmt.Sprint(i)}
		tokens[0] = append(tokens[0], oktaToken(oktaClaims(id)))
		tokens[1] = append(tokens[1], idToken(ireland, with(idClaims(ireland), id)))
	}
	var wg sync.WaitGroup
	for worker := range 8 {
		wg.Go(func() {
			for i := range 200 {
				kind := (i + worker) % 2
				a := []*JWTAuthorizer{okta, pool}[kind]
				if d := a.Decide(context.Background(), tokens[kind][i%8], nil, noon); !d.Allowed || len(d.Claims.HTTP()) == 0 {
					t.Error(d.Reason)
				}
				if i%20 == worker {
					e.ForgetIssuer([]string{oktaIssuer, issuerOf(ireland)}[kind])
				}
			}
		})
	}
	wg.Wait()
	if n, bytes := e.issued.Load().count(); n > 8 || n != e.issued.Load().tokens || bytes != e.issued.Load().bytes {
		t.Errorf("%d tokens in %d bytes", n, bytes)
	}
}
