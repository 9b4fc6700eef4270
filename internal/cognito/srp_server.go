package cognito

import (
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/big"
)

// srpSecretSize is the size of the server's secret exponent b: 256 bits, as much as the exponents that hashes give.
const srpSecretSize = 32

// errSRPPublic says that a client's A cannot be one. A ≡ 0 mod N would make the shared secret 0 whatever the password is
// (RFC 5054, 2.5.4).
var errSRPPublic = errors.New("cognito: SRP_A is not a public value of the group")

// parseSRPPublic reads a client's A: hexadecimal, as long as N at most, and not a multiple of N.
func parseSRPPublic(text string) (*big.Int, error) {
	if text == "" || len(text) > len(srpPrimeHex)+2 {
		return nil, errSRPPublic
	}
	for _, r := range text {
		if (r < '0' || r > '9') && (r < 'a' || r > 'f') && (r < 'A' || r > 'F') {
			return nil, errSRPPublic
		}
	}
	a, ok := new(big.Int).SetString(text, 16)
	if !ok || a.Cmp(cognitoGroup.n) >= 0 || a.Sign() == 0 {
		return nil, errSRPPublic
	}
	return a, nil
}

// srpServerKey is the key that client and server share after the exchange: S through Cognito's variant of HKDF.
func srpServerKey(a, serverPublic, v, b *big.Int) ([]byte, error) {
	u := new(big.Int).SetBytes(srpHash(srpPad(a), srpPad(serverPublic)))
	if u.Sign() == 0 {
		return nil, errors.New("cognito: SRP's u is 0")
	}
	return srpDeriveKey(cognitoGroup.serverPremaster(a, v, u, b), u), nil
}

// srpDeriveKey is HKDF with pad(u) for salt, of which 16 bytes are used (fact 6.6).
func srpDeriveKey(s, u *big.Int) []byte {
	extract := hmac.New(sha256.New, srpPad(u))
	extract.Write(srpPad(s))
	expand := hmac.New(sha256.New, extract.Sum(nil))
	expand.Write([]byte("Caldera Derived Key\x01"))
	return expand.Sum(nil)[:16]
}

// srpSignature is what proves that a client has the key.
func srpSignature(key []byte, poolID, userID string, secretBlock []byte, timestamp string) []byte {
	return srpProof(key, poolNamePart(poolID)+userID, secretBlock, timestamp)
}

// srpProof is srpSignature of any identity.
func srpProof(key []byte, identity string, secretBlock []byte, timestamp string) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(identity))
	mac.Write(secretBlock)
	mac.Write([]byte(timestamp))
	return mac.Sum(nil)
}

// phantom is what SRP answers for a user who does not exist when the client hides that (fact 6.8): an id, a salt and a
// verifier that are always the same for the same name, and that nobody knows a password for.
func (k *keyset) phantom(username string) (id string, stored verifier) {
	mac := hmac.New(sha256.New, k.mask)
	expand := func(label string, n int) []byte {
		var out []byte
		for i := byte(0); len(out) < n; i++ {
			mac.Reset()
			mac.Write([]byte(label))
			mac.Write([]byte{0, i})
			mac.Write([]byte(username))
			out = mac.Sum(out)
		}
		return out[:n]
	}
	v := new(big.Int).SetBytes(expand("verifier", srpVerifierSize))
	v.Mod(v, cognitoGroup.n)
	return formatUUID(expand("id", 16)), verifier{
		salt: expand("salt", srpSaltSize),
		v:    v.FillBytes(make([]byte, srpVerifierSize)),
	}
}

// formatUUID writes 16 bytes as a version 4 UUID.
func formatUUID(b []byte) string {
	u := [16]byte(b)
	u[6] = u[6]&0x0f | 0x40
	u[8] = u[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", u[0:4], u[4:6], u[6:8], u[8:10], u[10:16])
}
