package authz

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"
)

// unsigned is a token of header and payload with any signature.
func unsigned(header, payload, signature string) string {
	return b64(header) + "." + b64(payload) + "." + b64(signature)
}

// hs256 signs with a public key's text, as if it were a shared secret.
func hs256(secret []byte) string {
	signed := b64(fmt.Sprintf(`{"kid":%q,"alg":"HS256"}`, idKid)) + "." + b64(object(idClaims(ireland)))
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(signed))
	return signed + "." + b64(string(mac.Sum(nil)))
}

type badInput struct {
	name     string
	identity string
	want     Reason
}

// badInputs are what a hostile or mistaken client sends; every one is refused with the reason beside it.
func badInputs() []badInput {
	key := testKey(ireland.ID + " id")
	mallory := testKey("mallory")
	good := idToken(ireland, idClaims(ireland))
	head, payload := header(idKid), object(idClaims(ireland))
	parts := strings.Split(good, ".")
	signed := func(claims []claim) string { return idToken(ireland, claims) }
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		panic(err)
	}
	pemText := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public})
	jwk := fmt.Sprintf(`{"kty":"RSA","kid":"mallory","e":"AQAB","n":"%s"}`, base64.RawURLEncoding.EncodeToString(mallory.N.Bytes()))
	deep := func(n int) string {
		return object(with(idClaims(ireland), claim{"deep", strings.Repeat("[", n) + strings.Repeat("]", n)}))
	}

	return []badInput{
		{"nothing", "", IdentitySourceMissing},
		{"the scheme alone", "Bearer", TokenMalformed},
		{"the scheme and a space", "Bearer ", TokenMalformed},
		{"two spaces after the scheme", "Bearer  " + good, TokenMalformed},
		{"a tab after the scheme", "Bearer\t" + good, TokenMalformed},
		{"a space before the scheme", " Bearer " + good, TokenMalformed},
		{"a space after the token", good + " ", TokenMalformed},
		{"the scheme twice", "Bearer Bearer " + good, TokenMalformed},
		{"another scheme", "Basic YWRhOmxvdmVsYWNl", TokenMalformed},
		{"another scheme before a good token", "Token " + good, TokenMalformed},
		{"quotes around the token", `"` + good + `"`, TokenMalformed},
		{"a comma after the token", good + ",", TokenMalformed},
		{"two tokens", good + "," + good, TokenMalformed},
		{"a line break within the token", good[:50] + "\n" + good[50:], TokenMalformed},
		{"a carriage return in the signature", good[:len(good)-9] + "\r" + good[len(good)-9:], TokenMalformed},
		{"a nul byte", good + "\x00", TokenMalformed},
		{"bytes that are no UTF-8", "\xff\xfe\xfd", TokenMalformed},
		{"dots", "..", TokenMalformed},
		{"one dot", ".", TokenMalformed},
		{"two parts", parts[0] + "." + parts[1], TokenMalformed},
		{"four parts", good + ".AAAA", TokenMalformed},

		{"cut short in the payload", good[:len(parts[0])+40], TokenMalformed},
		{"cut short in the signature, on a byte", good[:len(good)-6], TokenSignature},
		{"cut short in the signature, within a byte", good[:len(good)-1], TokenMalformed},
		{"cut short to an empty signature", parts[0] + "." + parts[1] + ".", TokenSignature},
		{"another spelling of the last signature byte", respell(good), TokenMalformed},
		{"padding", good + "==", TokenMalformed},
		{"the other base64 alphabet", strings.NewReplacer("-", "+", "_", "/").Replace(parts[0]+"."+parts[1]) + "." + "+/+/" + parts[2][4:], TokenMalformed},

		{"alg none without a signature", b64(`{"alg":"none"}`) + "." + b64(payload) + ".", TokenAlgorithm},
		{"alg none with a kid and the signature of a good token", b64(fmt.Sprintf(`{"kid":%q,"alg":"none"}`, idKid)) + "." + parts[1] + "." + parts[2], TokenAlgorithm},
		{"alg nOnE", unsigned(`{"alg":"nOnE"}`, payload, "x"), TokenAlgorithm},
		{"no alg", sign(key, fmt.Sprintf(`{"kid":%q}`, idKid), payload), TokenAlgorithm},
		{"HS256 signed with the public key as PEM", hs256(pemText), TokenAlgorithm},
		{"HS256 signed with the public key as DER", hs256(public), TokenAlgorithm},
		{"HS256 signed with the modulus", hs256(key.N.Bytes()), TokenAlgorithm},
		{"rs256 in small letters", sign(key, fmt.Sprintf(`{"kid":%q,"alg":"rs256"}`, idKid), payload), TokenAlgorithm},
		{"RS512", sign(key, fmt.Sprintf(`{"kid":%q,"alg":"RS512"}`, idKid), payload), TokenAlgorithm},
		{"an alg that is no string", sign(key, fmt.Sprintf(`{"kid":%q,"alg":["RS256"]}`, idKid), payload), TokenMalformed},
		{"two algs", sign(key, fmt.Sprintf(`{"kid":%q,"alg":"RS256","alg":"none"}`, idKid), payload), TokenMalformed},
		{"two algs, one of them escaped", sign(key, fmt.Sprintf(`{"kid":%q,"alg":"RS256","\u0061lg":"none"}`, idKid), payload), TokenMalformed},
		{"crit alone", sign(key, fmt.Sprintf(`{"kid":%q,"alg":"RS256","crit":["exp"]}`, idKid), payload), TokenMalformed},
		{"an empty crit", sign(key, fmt.Sprintf(`{"kid":%q,"alg":"RS256","crit":[]}`, idKid), payload), TokenMalformed},
		{"b64 alone", sign(key, fmt.Sprintf(`{"kid":%q,"alg":"RS256","b64":false}`, idKid), payload), TokenMalformed},
		{"crit", sign(key, fmt.Sprintf(`{"kid":%q,"alg":"RS256","crit":["b64"],"b64":false}`, idKid), payload), TokenMalformed},

		{"no kid", sign(key, `{"alg":"RS256"}`, payload), TokenKeyUnknown},
		{"an unknown kid", sign(key, header("unknown"), payload), TokenKeyUnknown},
		{"an empty kid", sign(key, header(""), payload), TokenKeyUnknown},
		{"a kid that is a path", sign(key, header("../../etc/passwd"), payload), TokenKeyUnknown},
		{"a kid that is no string", sign(key, `{"kid":0,"alg":"RS256"}`, payload), TokenMalformed},
		{"a key of one's own in jwk", sign(mallory, `{"alg":"RS256","kid":"mallory","jwk":`+jwk+`}`, payload), TokenKeyUnknown},
		{"a key of one's own in jwk under the pool's kid", sign(mallory, fmt.Sprintf(`{"alg":"RS256","kid":%q,"jwk":%s}`, idKid, jwk), payload), TokenSignature},
		{"keys of one's own under jku", sign(mallory, fmt.Sprintf(`{"alg":"RS256","kid":%q,"jku":"https://mallory.example/jwks.json"}`, idKid), payload), TokenSignature},
		{"a certificate of one's own under x5u", sign(mallory, fmt.Sprintf(`{"alg":"RS256","kid":%q,"x5u":"https://mallory.example/c.pem"}`, idKid), payload), TokenSignature},

		{"the key of another pool", sign(testKey(frankfurt.ID+" id"), head, payload), TokenSignature},
		{"the pool's other key", sign(testKey(ireland.ID+" access"), head, payload), TokenSignature},
		{"a token of another pool", idToken(frankfurt, idClaims(frankfurt)), TokenIssuer},
		{"a token of another pool that claims to be of this one", sign(testKey(frankfurt.ID+" id"), head, object(with(idClaims(frankfurt), claim{"iss", text(issuerOf(ireland))}))), TokenSignature},
		{"a tampered payload", parts[0] + "." + b64(object(with(idClaims(ireland), claim{"cognito:groups", `["root"]`}))) + "." + parts[2], TokenSignature},
		{"a tampered header", b64(`{"alg":"RS256","kid":`+text(idKid)+`}`) + "." + parts[1] + "." + parts[2], TokenSignature},
		{"a forged token that has expired is not told so", sign(mallory, head, object(with(idClaims(ireland), claim{"exp", "1"}))), TokenSignature},
		{"no issuer", signed(without(idClaims(ireland), "iss")), TokenIssuer},
		{"an issuer that is no string", signed(with(idClaims(ireland), claim{"iss", `[` + text(issuerOf(ireland)) + `]`})), TokenIssuer},
		{"an issuer that goes on", signed(with(idClaims(ireland), claim{"iss", text(issuerOf(ireland) + "/")})), TokenIssuer},
		{"an issuer on another host that ends like the pool's", signed(with(idClaims(ireland), claim{"iss", text("https://mallory.example/" + ireland.ID)})), TokenIssuer},

		{"duplicate claims", signed(append(idClaims(ireland), claim{"token_use", text("id")})), TokenMalformed},
		{"duplicate claims, one of them escaped", sign(key, head, strings.Replace(payload, "{", `{"e\u0078p":99999999999,`, 1)), TokenMalformed},
		{"many claims with a duplicate", signed(append(manyClaims(200), claim{"n17", "0"})), TokenMalformed},
		{"a payload that is no UTF-8", sign(key, head, strings.Replace(payload, "ada", "\xff\xfe", 1)), TokenMalformed},
		{"an overlong encoding", sign(key, head, strings.Replace(payload, "ada", "\xc0\xaf", 1)), TokenMalformed},
		{"a header that is no UTF-8", sign(key, `{"kid":"`+"\xff"+`","alg":"RS256"}`, payload), TokenMalformed},
		{"a header that is no object", sign(key, `"RS256"`, payload), TokenMalformed},
		{"a payload that is no object", sign(key, head, `[1]`), TokenMalformed},
		{"a payload that is empty", sign(key, head, ""), TokenMalformed},
		{"a payload that is two objects", sign(key, head, payload+"{}"), TokenMalformed},
		{"a payload with a trailing comma", sign(key, head, payload[:len(payload)-1]+",}"), TokenMalformed},
		{"a payload with a comment", sign(key, head, payload+"//"), TokenMalformed},
		{"a byte order mark", sign(key, head, "\ufeff"+payload), TokenMalformed},
		{"a raw control character in a claim", sign(key, head, strings.Replace(payload, "ada", "a\x01a", 1)), TokenMalformed},
		{"nesting without end", sign(key, head, deep(5000)), TokenMalformed},
		{"nesting one deeper than is read", sign(key, head, deep(maxDepth)), TokenMalformed},
		{"no exp", signed(without(idClaims(ireland), "exp")), TokenMalformed},
		{"an exp that is a string", signed(with(idClaims(ireland), claim{"exp", `"99999999999"`})), TokenMalformed},
		{"an exp that is null", signed(with(idClaims(ireland), claim{"exp", `null`})), TokenMalformed},
		{"an exp that no number can hold", signed(with(idClaims(ireland), claim{"exp", `1e999`})), TokenMalformed},
		{"an exp below zero", signed(with(idClaims(ireland), claim{"exp", `-1`})), TokenExpired},
		{"an exp long ago, as a huge number", signed(with(idClaims(ireland), claim{"exp", `-1e300`})), TokenExpired},
		{"an nbf that is a string", signed(with(idClaims(ireland), claim{"nbf", `"1"`})), TokenMalformed},
		{"an nbf in the future", signed(with(idClaims(ireland), claim{"nbf", fmt.Sprint(noon.Add(time.Second).Unix())})), TokenNotYetValid},
		{"no token_use", signed(without(idClaims(ireland), "token_use")), TokenUseIDExpected},
		{"a token_use that is a list", signed(with(idClaims(ireland), claim{"token_use", `["id"]`})), TokenUseIDExpected},
		{"a token_use in capitals", signed(with(idClaims(ireland), claim{"token_use", `"ID"`})), TokenUseIDExpected},

		{"a refresh token", refreshToken(), TokenIsRefreshToken},
		{"a refresh token as bearer", "Bearer " + refreshToken(), TokenIsRefreshToken},
		{"five parts of something else", "a.b.c.d.$", TokenMalformed},
		{"16 KiB and a byte", strings.Repeat("A", maxToken-len(good)+1) + good, TokenMalformed},
		{"1 MiB of token", good + strings.Repeat("A", 1<<20), TokenMalformed},
		{"1 MiB of dots", strings.Repeat(".", 1<<20), TokenMalformed},
		{"1 MiB of a refresh token", refreshToken() + strings.Repeat("A", 1<<20), TokenMalformed},
	}
}

// respell sets a bit of the last character that encodes nothing: the signature's bytes stay the same.
func respell(token string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := strings.IndexByte(alphabet, token[len(token)-1])
	return token[:len(token)-1] + string(alphabet[last^1])
}

// manyClaims are an ID token's with n more.
func manyClaims(n int) []claim {
	claims := idClaims(ireland)
	for i := range n {
		claims = append(claims, claim{fmt.Sprintf("n%d", i), "1"})
	}
	return claims
}

// refreshToken looks like Cognito's: an encrypted token of five parts.
func refreshToken() string {
	return b64(`{"cty":"JWT","enc":"A256GCM","alg":"RSA-OAEP"}`) + "." + strings.Repeat("k", 342) + "." + strings.Repeat("i", 16) + "." +
		strings.Repeat("c", 1200) + "." + strings.Repeat("t", 22)
}

func TestBadInput(t *testing.T) {
	for _, tt := range badInputs() {
		t.Run(tt.name, func(t *testing.T) {
			e := New(newTestKeys(ireland, frankfurt))
			a := compile(t, e, Settings{Pools: []Pool{ireland}})
			// Neither a first nor a second look, nor one after a good token, lets it through.
			for range 2 {
				d := a.Decide(context.Background(), tt.identity, nil, noon)
				if d.Allowed || d.Reason != tt.want {
					t.Fatalf("allowed %v, reason %q, want %q", d.Allowed, d.Reason, tt.want)
				}
				if reached := tt.want == TokenExpired || tt.want == TokenNotYetValid || tt.want == TokenUseIDExpected; (d.Claims != nil) != reached {
					t.Errorf("claims %v of a token whose signature did not hold, or none of one whose did", d.Claims)
				}
				if !a.Decide(context.Background(), idToken(ireland, idClaims(ireland)), nil, noon).Allowed {
					t.Fatal("a good token is refused")
				}
			}
			info := tt.want.Info()
			if info.Status != 401 || info.ResponseType != "UNAUTHORIZED" {
				t.Errorf("%d %s", info.Status, info.ResponseType)
			}
		})
	}
}

// TestBadInputTakesNoMemoryBeyondReason bounds what a refused token may cost, whatever its length.
func TestBadInputTakesNoMemoryBeyondReason(t *testing.T) {
	a := compile(t, New(newTestKeys(ireland, frankfurt)), Settings{Pools: []Pool{ireland}})
	for _, tt := range badInputs() {
		const limit = 64 << 10
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range 10 {
			a.Decide(context.Background(), tt.identity, nil, noon)
		}
		runtime.ReadMemStats(&after)
		if cost := (after.TotalAlloc - before.TotalAlloc) / 10; cost > limit {
			t.Errorf("%s: %d bytes", tt.name, cost)
		}
	}
}

func TestUnusualButGoodTokensPass(t *testing.T) {
	key, head, payload := testKey(ireland.ID+" id"), header(idKid), object(idClaims(ireland))
	for name, token := range map[string]string{
		"white space in the JSON":            sign(key, "{ \"kid\" : "+text(idKid)+" , \"alg\" : \"RS256\" }\n", "\t"+strings.ReplaceAll(payload, ",", " ,\r\n ")),
		"a typ":                              sign(key, `{"typ":"JWT",`+head[1:], payload),
		"an escaped claim name":              sign(key, head, strings.Replace(payload, `"token_use"`, `"token\u005fuse"`, 1)),
		"an escaped issuer":                  sign(key, head, strings.Replace(payload, `https://`, `https:\/\/`, 1)),
		"an escaped alg":                     sign(key, strings.Replace(head, "RS256", `\u0052S256`, 1), payload),
		"an exp with a fraction":             idToken(ireland, with(idClaims(ireland), claim{"exp", fmt.Sprintf("%d.5", noon.Unix())})),
		"an exp with an exponent":            idToken(ireland, with(idClaims(ireland), claim{"exp", "9.9e9"})),
		"an exp beyond the year 9999":        idToken(ireland, with(idClaims(ireland), claim{"exp", "1e300"})),
		"an exp that 64 bits do not hold":    idToken(ireland, with(idClaims(ireland), claim{"exp", "99999999999999999999"})),
		"an nbf that has come":               idToken(ireland, with(idClaims(ireland), claim{"nbf", fmt.Sprint(noon.Unix())})),
		"many claims":                        idToken(ireland, manyClaims(300)),
		"nesting as deep as is read":         idToken(ireland, with(idClaims(ireland), claim{"deep", strings.Repeat("[", maxDepth-1) + strings.Repeat("]", maxDepth-1)})),
		"half a surrogate pair":              idToken(ireland, with(idClaims(ireland), claim{"name", `"\ud83d"`})),
		"a jwk of one's own that is ignored": sign(key, `{"jwk":{},"jku":"https://mallory.example","x5u":"","x5c":[],`+head[1:], payload),
	} {
		a := compile(t, New(newTestKeys(ireland)), Settings{Pools: []Pool{ireland}})
		if d, checks := a.Explain(context.Background(), token, nil, noon); !d.Allowed {
			t.Errorf("%s: %s %v", name, d.Reason, checks)
		}
	}
}

func TestAFractionOfASecondCounts(t *testing.T) {
	a := compile(t, New(newTestKeys(ireland)), Settings{Pools: []Pool{ireland}})
	token := idToken(ireland, with(idClaims(ireland), claim{"exp", fmt.Sprintf("%d.5", noon.Unix())}))
	for offset, want := range map[time.Duration]Reason{499 * time.Millisecond: "", 500 * time.Millisecond: TokenExpired} {
		if d := a.Decide(context.Background(), token, nil, noon.Add(offset)); d.Reason != want {
			t.Errorf("after %s: %q", offset, d.Reason)
		}
	}
}
