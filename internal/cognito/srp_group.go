package cognito

import (
	"crypto/sha256"
	"math/big"
	"strings"
)

// The SRP-6a group that Cognito's clients speak (fact 6.6): the 3072-bit prime of RFC 5054, which is group 15 of RFC 3526,
// and g = 2.
const srpPrimeHex = "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD" +
	"EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED" +
	"EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F" +
	"83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B" +
	"E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510" +
	"15728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7" +
	"ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864D87602733EC86A64521F2B18177B200C" +
	"BBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF"

// srpGroup is a group with its multiplier k. The arithmetic is that of RFC 5054; how numbers are hashed is Cognito's own.
type srpGroup struct{ n, g, k *big.Int }

// cognitoGroup is the group with k = H(pad(N) ‖ pad(g)).
var cognitoGroup = func() srpGroup {
	n, ok := new(big.Int).SetString(srpPrimeHex, 16)
	if !ok {
		panic("cognito: the SRP prime is not hexadecimal")
	}
	return srpGroup{n: n, g: big.NewInt(2), k: new(big.Int).SetBytes(srpHash(srpPad(n), []byte{2}))}
}()

// verifier is v = g^x mod N.
func (s srpGroup) verifier(x *big.Int) *big.Int { return s.power(x) }

// serverPublic is B = k·v + g^b mod N.
func (s srpGroup) serverPublic(v, b *big.Int) *big.Int {
	public := s.power(b)
	public.Add(public, new(big.Int).Mul(s.k, v))
	return public.Mod(public, s.n)
}

// serverPremaster is S = (A·v^u)^b mod N.
func (s srpGroup) serverPremaster(clientPublic, v, u, b *big.Int) *big.Int {
	premaster := new(big.Int).Exp(v, u, s.n)
	premaster.Mul(premaster, clientPublic).Mod(premaster, s.n)
	return premaster.Exp(premaster, b, s.n)
}

// srpPad is a number's bytes as the clients hash them (their padHex): big-endian, with a zero byte in front when the
// highest bit is set, as in a signed integer. Zero is one zero byte.
func srpPad(n *big.Int) []byte { return srpPadBytes(n.Bytes()) }

// srpPadBytes is srpPad for a number that is bytes already; leading zero bytes are those of a number, and dropped.
func srpPadBytes(b []byte) []byte {
	for len(b) > 0 && b[0] == 0 {
		b = b[1:]
	}
	if len(b) == 0 || b[0]&0x80 != 0 {
		return append([]byte{0}, b...)
	}
	return b
}

func srpHash(parts ...[]byte) []byte {
	h := sha256.New()
	for _, part := range parts {
		h.Write(part)
	}
	return h.Sum(nil)
}

// poolNamePart is what SRP hashes of a pool's id: the text after the underscore.
func poolNamePart(poolID string) string {
	_, name, _ := strings.Cut(poolID, "_")
	return name
}
