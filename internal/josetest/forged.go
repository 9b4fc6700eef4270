package josetest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"hash"
	"sync"
)

// own are keys of the stranger's own. They are made once: keys are dear.
var own = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

// signed signs with the stranger's RSA key by RS256.
func signed(header, payload string) string {
	text := b64(header) + "." + b64(payload)
	digest := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(nil, own(), crypto.SHA256, digest[:])
	if err != nil {
		panic(err)
	}
	return text + "." + b64(string(signature))
}

func pss(header, payload string) string {
	text := b64(header) + "." + b64(payload)
	digest := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPSS(rand.Reader, own(), crypto.SHA256, digest[:], nil)
	if err != nil {
		panic(err)
	}
	return text + "." + b64(string(signature))
}

// keyed is a token with a symmetric signature.
func keyed(header, payload string, secret []byte, hash func() hash.Hash) string {
	text := b64(header) + "." + b64(payload)
	mac := hmac.New(hash, secret)
	mac.Write([]byte(text))
	return text + "." + b64(string(mac.Sum(nil)))
}

// algorithms are attacks by the header's alg (RFC 8725, sections 2.1, 3.1 and 3.2).
func algorithms(m *material) (all []Attack) {
	raised := m.raised()
	for _, none := range []string{"none", "None", "NONE", "nOnE", "", "null", "none ", "\\u006eone"} {
		header := m.headOf(`"` + none + `"`)
		all = append(all,
			Attack{"alg " + none + " without a signature", b64(header) + "." + b64(raised) + "."},
			Attack{"alg " + none + " with the good signature", b64(header) + "." + m.body + "." + m.mark},
			Attack{"alg " + none + " without its last dot", b64(header) + "." + b64(raised)})
	}
	der, err := x509.MarshalPKIXPublicKey(m.key)
	if err != nil {
		panic(err)
	}
	pkcs1 := x509.MarshalPKCS1PublicKey(m.key)
	spki := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	n := m.key.N.Bytes()
	secrets := map[string][]byte{
		"PEM": spki, "PEM without its line break": spki[:len(spki)-1], "DER": der, "PKCS #1 DER": pkcs1,
		"PKCS #1 PEM": pem.EncodeToMemory(&pem.Block{Type: "RSA PUBLIC KEY", Bytes: pkcs1}),
		"modulus":     n, "modulus in base64url": []byte(base64.RawURLEncoding.EncodeToString(n)),
		"kid": []byte(m.kid), "nothing": {}, "a zero byte": {0}, "the word secret": []byte("secret"),
	}
	for name, secret := range secrets {
		all = append(all,
			Attack{"HS256 with the key as " + name, keyed(m.headOf(`"HS256"`), raised, secret, sha256.New)},
			Attack{"RS256 that is HS256 with the key as " + name, keyed(m.headOf(`"RS256"`), raised, secret, sha256.New)},
			Attack{"HS512 with the key as " + name, keyed(m.headOf(`"HS512"`), raised, secret, sha512.New)})
	}
	for _, other := range []string{"RS384", "RS512", "PS256", "PS384", "ES256", "ES512", "EdDSA", "rs256", "RS256 ", " RS256", "RS256\\u0000", "RSA", "RS1", "dir", "A256KW", "RSA-OAEP"} {
		all = append(all, Attack{"the good token as " + other, b64(m.headOf(`"`+other+`"`)) + "." + m.body + "." + m.mark})
	}
	for name, alg := range map[string]string{"a list": `["RS256"]`, "null": `null`, "a number": `256`, "an object": `{"alg":"RS256"}`, "true": `true`} {
		all = append(all, Attack{"an alg that is " + name, signed(m.headOf(alg), raised)})
	}
	all = append(all,
		Attack{"no alg", signed(fmt.Sprintf(`{"kid":%q}`, m.kid), raised)},
		Attack{"PS256 by a key of one's own", pss(m.headOf(`"PS256"`), raised)},
		Attack{"ES256 with a signature of zeros", token(m.headOf(`"ES256"`), raised, string(make([]byte, 64)))},
		Attack{"ES256 by a key of one's own", ecdsaSigned(m)},
		Attack{"EdDSA by a key of one's own", edSigned(m)})
	return all
}

func ecdsaSigned(m *material) string {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	text := b64(m.headOf(`"ES256"`)) + "." + b64(m.raised())
	digest := sha256.Sum256([]byte(text))
	r, s, err := ecdsa.Sign(rand.Reader, key, digest[:])
	if err != nil {
		panic(err)
	}
	signature := make([]byte, 64)
	r.FillBytes(signature[:32])
	s.FillBytes(signature[32:])
	return text + "." + b64(string(signature))
}

func edSigned(m *material) string {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		panic(err)
	}
	text := b64(m.headOf(`"EdDSA"`)) + "." + b64(m.raised())
	return text + "." + b64(string(ed25519.Sign(key, []byte(text))))
}

// keysOfOnesOwn are attacks by what finds the key (RFC 8725, sections 3.10 and 3.11; RFC 7515, section 4.1).
func keysOfOnesOwn(m *material) (all []Attack) {
	raised := m.raised()
	n := base64.RawURLEncoding.EncodeToString(own().N.Bytes())
	jwk := fmt.Sprintf(`{"kty":"RSA","use":"sig","alg":"RS256","kid":%q,"e":"AQAB","n":%q}`, m.kid, n)
	certificate := base64.StdEncoding.EncodeToString(x509.MarshalPKCS1PublicKey(&own().PublicKey))
	for name, more := range map[string]string{
		"jwk": `"jwk":` + jwk, "jku": `"jku":"http://127.0.0.1:1/keys"`, "x5u": `"x5u":"http://127.0.0.1:1/c.pem"`,
		"x5c": `"x5c":["` + certificate + `"]`, "x5t": `"x5t":"AAAA"`, "a set in jwk": `"jwk":{"keys":[` + jwk + `]}`,
		"jku of a file": `"jku":"file:///dev/stdin"`, "iss in the header": `"iss":"https://mallory.example"`,
	} {
		all = append(all, Attack{"a key of one's own by " + name, signed(m.headOf(`"RS256"`, more), raised)})
	}
	for _, kid := range []string{
		`""`, `"mallory"`, `"../../../../dev/null"`, `"/dev/null"`, `"' OR '1'='1"`, `"x' UNION SELECT 'key'--"`, `"|cat /etc/passwd"`, `"file:///dev/null"`,
		`"http://127.0.0.1:1/key"`, `"\u0000"`, `"*"`, `"%"`, `"0"`, `0`, `null`, `true`, `[]`, `{}`,
	} {
		all = append(all, Attack{"kid " + kid, signed(`{"alg":"RS256","kid":`+kid+`}`, raised)})
	}
	return append(all,
		Attack{"a key of one's own under the good kid", signed(m.headOf(`"RS256"`), raised)},
		Attack{"a key of one's own and the good payload", signed(m.header, m.payload)},
		Attack{"no kid", signed(`{"alg":"RS256"}`, raised)},
		Attack{"the good token without its kid", b64(`{"alg":"RS256"}`) + "." + m.body + "." + m.mark},
		Attack{"a kid with a blank more", signed(fmt.Sprintf(`{"alg":"RS256","kid":%q}`, m.kid+" "), raised)})
}
