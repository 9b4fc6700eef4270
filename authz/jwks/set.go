package jwks

import (
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
)

// Set holds a pool's keys by their ids. It must not be changed once it is in use.
type Set map[string]*rsa.PublicKey

// What a key set may hold. A user pool's has two keys of 2048 bits.
const (
	maxKeys = 100
	minBits = 2048
	maxBits = 8192
)

// errNoKeys says that a document holds nothing to verify with.
var errNoKeys = errors.New("jwks: no RSA key for RS256 in the key set")

// Parse reads a JSON Web Key Set. Keys that are not for verifying RS256 are passed over; a set without any for that, with
// an RSA key under 2048 bits or with two keys of one id is an error.
func Parse(document []byte) (Set, error) {
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
	for _, k := range keys.Keys {
		if k.Type != "RSA" || k.ID == "" || k.Algorithm != "" && k.Algorithm != "RS256" || k.Use != "" && k.Use != "sig" {
			continue
		}
		public, err := k.public()
		if err != nil {
			return nil, err
		}
		if _, twice := set[k.ID]; twice {
			return nil, fmt.Errorf("jwks: two keys with the id %q", k.ID)
		}
		set[k.ID] = public
	}
	if len(set) == 0 {
		return nil, errNoKeys
	}
	return set, nil
}

// key is an RSA key as RFC 7517 and RFC 7518 write it.
type key struct {
	Type      string `json:"kty"`
	ID        string `json:"kid"`
	Algorithm string `json:"alg"`
	Use       string `json:"use"`
	N         string `json:"n"`
	E         string `json:"e"`
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
	return &rsa.PublicKey{N: modulus, E: int(exponent.Int64())}, nil
}

// keptBy tells whether every key of s is in other unchanged: nothing verified with s is in doubt then.
func (s Set) keptBy(other Set) bool {
	for id, k := range s {
		if kept, ok := other[id]; !ok || !k.Equal(kept) {
			return false
		}
	}
	return true
}
