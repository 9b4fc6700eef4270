package authz

import (
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	josejwt "github.com/go-jose/go-jose/v4/jwt"
	"github.com/golang-jwt/jwt/v5"
)

var benchPools = Settings{Pools: []Pool{ireland}}

// BenchmarkDecideKnownToken is a decision about a token that was verified before. It must stay under 200 ns, without memory.
func BenchmarkDecideKnownToken(b *testing.B) {
	id := "Bearer " + idToken(ireland, idClaims(ireland))
	access := "Bearer " + accessToken(ireland, accessClaims(ireland, "openid orders/read orders/write"))
	scopes := []string{"orders/write"}
	for _, bench := range []struct {
		name     string
		settings Settings
		identity string
		scopes   []string
	}{
		{"ID", benchPools, id, nil},
		{"Access", benchPools, access, scopes},
		{"Audience", Settings{Pools: []Pool{ireland}, AudienceExpression: clientID}, id, nil},
		{"AudiencePattern", Settings{Pools: []Pool{ireland}, AudienceExpression: "(3n4b5|7jb1o)[a-z0-9]+"}, id, nil},
	} {
		b.Run(bench.name, func(b *testing.B) {
			a := compile(b, New(newTestKeys(ireland)), bench.settings)
			ctx := context.Background()
			a.Decide(ctx, bench.identity, bench.scopes, noon)
			b.ReportAllocs()
			for b.Loop() {
				if !a.Decide(ctx, bench.identity, bench.scopes, noon).Allowed {
					b.Fatal("refused")
				}
			}
		})
	}
}

// BenchmarkDecideKnownTokenParallel is the same on every core at once, with a thousand tokens.
func BenchmarkDecideKnownTokenParallel(b *testing.B) {
	a := compile(b, New(newTestKeys(ireland)), benchPools)
	ctx := context.Background()
	var tokens []string
	for i := range 1000 {
		tokens = append(tokens, idToken(ireland, with(idClaims(ireland), claim{"jti", text(strings.Repeat("x", i%40) + string(rune('a'+i/40)))})))
		a.Decide(ctx, tokens[i], nil, noon)
	}
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for i := 0; pb.Next(); i++ {
			if !a.Decide(ctx, tokens[i%len(tokens)], nil, noon).Allowed {
				b.Fatal("refused")
			}
		}
	})
}

// contender is one way to judge a new token, in a comparison.
type contender struct {
	name string
	run  func()
	// reset runs before run and is not counted.
	reset func()
}

// inTurns runs contenders in turns, so that whatever else the machine does concerns all of them alike, and reports by how much
// each exceeds the first: the medians' ratio.
func inTurns(b *testing.B, contenders ...contender) {
	times := make([][]time.Duration, len(contenders))
	for b.Loop() {
		for i, c := range contenders {
			if c.reset != nil {
				c.reset()
			}
			start := time.Now()
			c.run()
			times[i] = append(times[i], time.Since(start))
		}
	}
	median := func(i int) float64 {
		slices.Sort(times[i])
		return float64(times[i][len(times[i])/2])
	}
	first := median(0)
	b.ReportMetric(first, contenders[0].name+"-ns")
	for i, c := range contenders[1:] {
		b.ReportMetric(median(i+1), c.name+"-ns")
		b.ReportMetric(median(i+1)/first, c.name+"/"+contenders[0].name)
	}
}

// bareRSA is crypto/rsa alone.
func bareRSA(b *testing.B, token string) contender {
	dot := strings.LastIndexByte(token, '.')
	digest := sha256.Sum256([]byte(token[:dot]))
	signature, err := base64.RawURLEncoding.DecodeString(token[dot+1:])
	if err != nil {
		b.Fatal(err)
	}
	key := &testKey(ireland.ID + " id").PublicKey
	return contender{name: "bare", run: func() {
		if err := rsa.VerifyPKCS1v15(key, crypto.SHA256, digest[:], signature); err != nil {
			b.Fatal(err)
		}
	}}
}

// newToken is a decision about a token that was not seen before.
func newToken(b *testing.B, token string) contender {
	e := New(newTestKeys(ireland))
	a := compile(b, e, benchPools)
	ctx := context.Background()
	return contender{name: "decide", reset: func() { e.known.forgetToken(token) }, run: func() {
		if !a.Decide(ctx, token, nil, noon).Allowed {
			b.Fatal("refused")
		}
	}}
}

// golangJWT is golang-jwt on the same token.
func golangJWT(b *testing.B, token string) contender {
	key := &testKey(ireland.ID + " id").PublicKey
	parser := jwt.NewParser(jwt.WithValidMethods([]string{"RS256"}), jwt.WithTimeFunc(func() time.Time { return noon }))
	return contender{name: "golang-jwt", run: func() {
		if _, err := parser.Parse(token, func(*jwt.Token) (any, error) { return key, nil }); err != nil {
			b.Fatal(err)
		}
	}}
}

// goJOSE is go-jose on the same token.
func goJOSE(b *testing.B, token string) contender {
	key := &testKey(ireland.ID + " id").PublicKey
	return contender{name: "go-jose", run: func() {
		parsed, err := josejwt.ParseSigned(token, []jose.SignatureAlgorithm{jose.RS256})
		if err != nil {
			b.Fatal(err)
		}
		var claims map[string]any
		if err := parsed.Claims(key, &claims); err != nil {
			b.Fatal(err)
		}
	}}
}

// BenchmarkNewTokenOverBareRSA compares a decision with the bare verification. It must stay under 1.15 of it.
func BenchmarkNewTokenOverBareRSA(b *testing.B) {
	token := idToken(ireland, idClaims(ireland))
	inTurns(b, bareRSA(b, token), newToken(b, token))
}

// BenchmarkNewTokenBesideLibraries compares with what other libraries need to verify the same token and read its claims.
func BenchmarkNewTokenBesideLibraries(b *testing.B) {
	token := idToken(ireland, idClaims(ireland))
	inTurns(b, bareRSA(b, token), newToken(b, token), golangJWT(b, token), goJOSE(b, token))
}

// BenchmarkDecideNewToken is a decision about a token that was not seen before, with its memory.
func BenchmarkDecideNewToken(b *testing.B) {
	c := newToken(b, idToken(ireland, idClaims(ireland)))
	b.ReportAllocs()
	for b.Loop() {
		c.reset()
		c.run()
	}
}

// BenchmarkBareRSAVerify is crypto/rsa on the same token's signature, the digest made beforehand: what verification cannot go below.
func BenchmarkBareRSAVerify(b *testing.B) {
	c := bareRSA(b, idToken(ireland, idClaims(ireland)))
	b.ReportAllocs()
	for b.Loop() {
		c.run()
	}
}

// BenchmarkDecideForgedToken is what a made-up token costs whose signature does not hold: nobody's memory.
func BenchmarkDecideForgedToken(b *testing.B) {
	token := sign(testKey("mallory"), header(idKid), object(idClaims(ireland)))
	a := compile(b, New(newTestKeys(ireland)), benchPools)
	b.ReportAllocs()
	for b.Loop() {
		if a.Decide(context.Background(), token, nil, noon).Allowed {
			b.Fatal("allowed")
		}
	}
}
