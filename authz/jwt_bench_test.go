package authz

import (
	"context"
	"testing"
)

// BenchmarkDecideKnownTokenJWT is a JWT authorizer's decision about a token that was verified before. It must stay under 200 ns, without
// memory.
func BenchmarkDecideKnownTokenJWT(b *testing.B) {
	id := "Bearer " + idToken(ireland, idClaims(ireland))
	access := "Bearer " + accessToken(ireland, accessClaims(ireland, "openid orders/read orders/write"))
	okta := "Bearer " + oktaToken(oktaClaims())
	pool := JWTSettings{Issuer: issuerOf(ireland), Audience: []string{"a", "b", clientID}}
	for _, bench := range []struct {
		name     string
		settings JWTSettings
		identity string
		scopes   []string
	}{
		{"Audience", pool, id, nil},
		{"ClientAndScope", pool, access, []string{"orders/write"}},
		{"ListOfScopes", JWTSettings{Issuer: oktaIssuer, Audience: []string{apiName}}, okta, []string{"orders/write", "orders/read"}},
	} {
		b.Run(bench.name, func(b *testing.B) {
			a := compileJWT(b, New(newTestKeys(), WithIssuers(newIssuerKeys())), bench.settings)
			ctx := context.Background()
			b.ReportAllocs()
			for b.Loop() {
				if !a.Decide(ctx, bench.identity, bench.scopes, noon).Allowed {
					b.Fatal("refused")
				}
			}
		})
	}
}

// newJWT is a JWT authorizer's decision about a token that was not seen before.
func newJWT(b *testing.B, token string) contender {
	e := New(newTestKeys(), WithIssuers(newIssuerKeys()))
	a := compileJWT(b, e, JWTSettings{Issuer: issuerOf(ireland), Audience: []string{clientID}})
	ctx := context.Background()
	return contender{name: "decide", reset: func() { e.issued.Load().forgetToken(token) }, run: func() {
		if !a.Decide(ctx, token, nil, noon).Allowed {
			b.Fatal("refused")
		}
	}}
}

// BenchmarkNewTokenOverBareRSAJWT compares a JWT authorizer's decision with the bare verification. It must stay under 1.15 of it.
func BenchmarkNewTokenOverBareRSAJWT(b *testing.B) {
	token := idToken(ireland, idClaims(ireland))
	inTurns(b, bareRSA(b, token), newJWT(b, token))
}

// BenchmarkDecideNewTokenJWT is the same with its memory.
func BenchmarkDecideNewTokenJWT(b *testing.B) {
	c := newJWT(b, idToken(ireland, idClaims(ireland)))
	b.ReportAllocs()
	for b.Loop() {
		c.reset()
		c.run()
	}
}
