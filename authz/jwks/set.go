package jwks

import (
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"slices"

	"github.com/poolgate/poolgate/authz"
)

// Set holds an issuer's keys by their ids. It must not be changed once it is in use.
type Set map[string]authz.IssuerKey

// What a key set may hold. A user pool's has two keys of 2048 bits.
const (
	maxKeys = 100
	minBits = 2048
	maxBits = 8192
)

// rs256 is the algorithm of user pools.
const rs256 = "RS256"

// algorithms are those that a key may be for (fact 2: RSA's alone).
var algorithms = []string{rs256, "RS384", "RS512"}

// errNoKeys says that a document holds nothing to verify with.
var errNoKeys = errors.New("jwks: no RSA key to verify signatures with in the key set")

// Parse reads a JSON Web Key Set. Keys that are not for verifying RS256, RS384 or RS512 are passed over; a set without any for that,
// with an RSA key under 2048 bits or with two keys of one id is an error.
func Parse(document []byte) (Set, error) { return parse(document, true) }

// parse is Parse; unless strict, a key that cannot be used is passed over, and so are two of one id: an issuer may
// keep old keys beside good ones.
func parse(document []byte, strict bool) (Set, error) {
	var keys struct {
		Keys []key `json:"keys"`
	}
	if err := json.Unmarshal(document, &keys); err != nil {
		return nil, fmt.Errorf("jwks: not a key set: %w", err)
	}
	if len(keys.Keys) > maxKeys {
		return nil, fmt.Errorf("jwks: a key set of %d keys, more than %d", len(keys.Keys), maxKeys)
	}
	set := make(Set, len(keys.Keys))
	doubted := map[string]bool{}
	for _, k := range keys.Keys {
		if !k.verifies() {
			continue
		}
		public, err := k.public()
		if _, twice := set[k.ID]; err == nil && (twice || doubted[k.ID]) {
			err = fmt.Errorf("jwks: two keys with the id %q", k.ID)
			delete(set, k.ID)
			doubted[k.ID] = true
		}
		switch {
		case err == nil:
			set[k.ID] = authz.IssuerKey{RSA: public, Algorithm: k.Algorithm}
		case strict:
			return nil, err
		}
	}
	if len(set) == 0 {
		return nil, errNoKeys
	}
	return set, nil
}

// key is an RSA key as RFC 7517 and RFC 7518 write it.
type key struct {
	Type       string   `json:"kty"`
	ID         string   `json:"kid"`
	Algorithm  string   `json:"alg"`
	Use        string   `json:"use"`
	Operations []string `json:"key_ops"`
	N          string   `json:"n"`
	E          string   `json:"e"`
}

// verifies tells whether the key is for verifying signatures of RSA (RFC 7517, sections 4.1 to 4.4).
func (k key) verifies() bool {
	return k.Type == "RSA" && k.ID != "" &&
		(k.Algorithm == "" || slices.Contains(algorithms, k.Algorithm)) &&
		(k.Use == "" || k.Use == "sig") &&
		(k.Operations == nil || slices.Contains(k.Operations, "verify"))
}

func (k key) public() (*rsa.PublicKey, error) {
	n, err := base64.RawURLEncoding.DecodeString(k.N)
	if err != nil {
		return nil, fmt.Errorf("jwks: modulus of the key %q: %w", k.ID, err)
	}
	e, err := base64.RawURLEncoding.DecodeString(k.E)
	if err != nil {
		return nil, fmt.Errorf("jwks: exponent of the key %q: %w", k.ID, err)
	}
	modulus, exponent := new(big.Int).SetBytes(n), new(big.Int).SetBytes(e)
	if bits := modulus.BitLen(); bits < minBits || bits > maxBits {
		return nil, fmt.Errorf("jwks: the key %q has %d bits; %d to %d are taken", k.ID, bits, minBits, maxBits)
	}
	if exponent.BitLen() > 31 || exponent.Int64() < 3 || exponent.Bit(0) == 0 || modulus.Bit(0) == 0 {
		return nil, fmt.Errorf("jwks: the key %q is no RSA key", k.ID)
	}
	if isROCA(modulus) {
		return nil, fmt.Errorf("jwks: the key %q is one that can be factored (CVE-2017-15361)", k.ID)
	}
	return &rsa.PublicKey{N: modulus, E: int(exponent.Int64())}, nil
}

// usableWith tells whether a key of this algorithm, which may be any, serves the one that is asked for.
func usableWith(algorithm, asked string) bool { return algorithm == "" || algorithm == asked }

// keptBy tells whether every key of s is in other unchanged: nothing verified with s is in doubt then.
func (s Set) keptBy(other Set) bool {
	for id, k := range s {
		if kept, ok := other[id]; !ok || k.Algorithm != kept.Algorithm || !k.RSA.Equal(kept.RSA) {
			return false
		}
	}
	return true
}
