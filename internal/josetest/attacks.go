// Package josetest makes what a stranger would send to a door that takes signed tokens: everything that can be made out of one good token and
// its issuer's public key, without the private one. The list follows RFC 8725 and the edge cases of RFC 7515 to 7519. It is
// for tests alone.
package josetest

import (
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"strings"
)

// Attack is one token that no door may let in.
type Attack struct{ Name, Token string }

// Sendable tells whether the token can stand in an HTTP header: HTTP itself keeps the others out.
func (a Attack) Sendable() bool {
	for i := range len(a.Token) {
		if c := a.Token[i]; c < ' ' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return true
}

// material is what the attacks are made of.
type material struct {
	good                       string
	head, body, mark           string // the good token's parts, as it spells them
	header, payload, signature string // and decoded
	kid                        string
	key                        *rsa.PublicKey
}

// Attacks makes the list out of a good token of three parts and its issuer's key set, which must hold the token's key.
func Attacks(good string, keySet []byte) ([]Attack, error) {
	m, err := take(good, keySet)
	if err != nil {
		return nil, err
	}
	var all []Attack
	for _, list := range []func(*material) []Attack{algorithms, keysOfOnesOwn, signatures, spellings, documents, shapes} {
		all = append(all, list(m)...)
	}
	return all, nil
}

// take takes a good token apart and finds its key.
func take(good string, keySet []byte) (*material, error) {
	parts := strings.Split(good, ".")
	if len(parts) != 3 {
		return nil, fmt.Errorf("josetest: a token of %d parts", len(parts))
	}
	m := &material{good: good, head: parts[0], body: parts[1], mark: parts[2]}
	for i, to := range []*string{&m.header, &m.payload, &m.signature} {
		plain, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil {
			return nil, fmt.Errorf("josetest: %w", err)
		}
		*to = string(plain)
	}
	var header struct{ Kid string }
	var set struct{ Keys []struct{ Kid, N string } }
	if err := json.Unmarshal([]byte(m.header), &header); err != nil {
		return nil, fmt.Errorf("josetest: %w", err)
	}
	if err := json.Unmarshal(keySet, &set); err != nil {
		return nil, fmt.Errorf("josetest: %w", err)
	}
	m.kid = header.Kid
	for _, k := range set.Keys {
		if k.Kid != m.kid {
			continue
		}
		n, err := base64.RawURLEncoding.DecodeString(k.N)
		if err != nil {
			return nil, fmt.Errorf("josetest: %w", err)
		}
		m.key = &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: 65537}
		return m, nil
	}
	return nil, fmt.Errorf("josetest: the key set has no key %q", m.kid)
}

func b64(plain string) string { return base64.RawURLEncoding.EncodeToString([]byte(plain)) }

// token is one of these parts, spelled as they should be.
func token(header, payload, signature string) string {
	return b64(header) + "." + b64(payload) + "." + b64(signature)
}

// head is a header with this algorithm under the good token's kid, and more members.
func (m *material) headOf(algorithm string, more ...string) string {
	return fmt.Sprintf(`{"kid":%q,"alg":%s%s}`, m.kid, algorithm, strings.Join(append([]string{""}, more...), ","))
}

// raised is the good payload with a claim that the good token does not have.
func (m *material) raised() string {
	return strings.Replace(m.payload, "{", `{"cognito:groups":["root"],"raised":true,`, 1)
}
