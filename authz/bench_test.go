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

// BenchmarkDecideNewToken is a decision about a token that was not seen before; compare with BenchmarkBareRSAVerify.
func BenchmarkDecideNewToken(b *testing.B) {
	token := idToken(ireland, idClaims(ireland))
	e := New(newTestKeys(ireland))
	a := compile(b, e, benchPools)
	ctx := context.Background()
	b.ReportAllocs()
	for b.Loop() {
		e.known.forgetToken(token)
		if !a.Decide(ctx, token, nil, noon).Allowed {
			b.Fatal("refused")
		}
	}
}

// BenchmarkBareRSAVerify is crypto/rsa on the same token's signature, the digest made beforehand: what verification cannot go below.
func BenchmarkBareRSAVerify(b *testing.B) {
	token := idToken(ireland, idClaims(ireland))
	dot := strings.LastIndexByte(token, '.')
	digest := sha256.Sum256([]byte(token[:dot]))
	signature, err := base64.RawURLEncoding.DecodeString(token[dot+1:])
	if err != nil {
		b.Fatal(err)
	}
	key := &testKey(ireland.ID + " id").PublicKey
	b.ReportAllocs()
	for b.Loop() {
		if err := rsa.VerifyPKCS1v15(key, crypto.SHA256, digest[:], signature); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkNewTokenOverBareRSA runs the two above in turns, so that whatever else the machine does concerns both, and
// reports by how much a decision exceeds the bare verification. It must stay under 1.15.
func BenchmarkNewTokenOverBareRSA(b *testing.B) {
	token := idToken(ireland, idClaims(ireland))
	e := New(newTestKeys(ireland))
	a := compile(b, e, benchPools)
	ctx := context.Background()
	dot := strings.LastIndexByte(token, '.')
	digest := sha256.Sum256([]byte(token[:dot]))
	signature, err := base64.RawURLEncoding.DecodeString(token[dot+1:])
	if err != nil {
		b.Fatal(err)
	}
	key := &testKey(ireland.ID + " id").PublicKey
	var decide, bare []time.Duration
	for b.Loop() {
		e.known.forgetToken(token)
		start := time.Now()
		if !a.Decide(ctx, token, nil, noon).Allowed {
			b.Fatal("refused")
		}
		middle := time.Now()
		if err := rsa.VerifyPKCS1v15(key, crypto.SHA256, digest[:], signature); err != nil {
			b.Fatal(err)
		}
		decide, bare = append(decide, middle.Sub(start)), append(bare, time.Since(middle))
	}
	slices.Sort(decide)
	slices.Sort(bare)
	half, tenth := len(bare)/2, len(bare)/10
	b.ReportMetric(float64(bare[half]), "bare-ns")
	b.ReportMetric(float64(decide[half]), "decide-ns")
	b.ReportMetric(float64(decide[half])/float64(bare[half]), "times-bare")
	b.ReportMetric(float64(decide[tenth])/float64(bare[tenth]), "times-bare-p10")
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

// BenchmarkGolangJWT is golang-jwt on the same token, for comparison.
func BenchmarkGolangJWT(b *testing.B) {
	token := idToken(ireland, idClaims(ireland))
	key := &testKey(ireland.ID + " id").PublicKey
	parser := jwt.NewParser(jwt.WithValidMethods([]string{"RS256"}), jwt.WithTimeFunc(func() time.Time { return noon }))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := parser.Parse(token, func(*jwt.Token) (any, error) { return key, nil }); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkGoJOSE is go-jose on the same token, for comparison.
func BenchmarkGoJOSE(b *testing.B) {
	token := idToken(ireland, idClaims(ireland))
	key := &testKey(ireland.ID + " id").PublicKey
	b.ReportAllocs()
	for b.Loop() {
		parsed, err := josejwt.ParseSigned(token, []jose.SignatureAlgorithm{jose.RS256})
		if err != nil {
			b.Fatal(err)
		}
		var claims map[string]any
		if err := parsed.Claims(key, &claims); err != nil {
			b.Fatal(err)
		}
	}
}
