package cli

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"math/big"
	"strings"
	"time"
)

// srpPrime is the group that Cognito's clients speak: the 3072-bit prime of RFC 5054, appendix A, written by its rule (RFC 3526,
// section 4): 2^3072 - 2^3008 - 1 + 2^64 * ([2^2942 pi] + 1690314).
const srpPrime = "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD" +
	"EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED" +
	"EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F" +
	"83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B" +
	"E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510" +
	"15728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7" +
	"ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864D87602733EC86A64521F2B18177B200C" +
	"BBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF"

// srpClient is the client's side of USER_SRP_AUTH: the password never leaves the machine.
type srpClient struct {
	n, g, k, secret, public *big.Int
}

// errSRP tells that the server's part of the exchange cannot be one.
var errSRP = errors.New("the server's part of SRP cannot be one")

func newSRP() (*srpClient, error) {
	n, _ := new(big.Int).SetString(srpPrime, 16)
	c := &srpClient{n: n, g: big.NewInt(2)}
	c.k = hashed(padded(n), padded(c.g))
	secret := make([]byte, 32)
	if _, err := rand.Read(secret); err != nil {
		return nil, err
	}
	c.secret = new(big.Int).SetBytes(secret)
	c.public = new(big.Int).Exp(c.g, c.secret, n)
	return c, nil
}

// answers makes the answers to a PASSWORD_VERIFIER challenge.
func (c *srpClient) answers(poolID, password string, challenge map[string]string, now time.Time) (map[string]string, error) {
	server, okB := new(big.Int).SetString(challenge["SRP_B"], 16)
	salt, okSalt := new(big.Int).SetString(challenge["SALT"], 16)
	block, err := base64.StdEncoding.DecodeString(challenge["SECRET_BLOCK"])
	if !okB || !okSalt || err != nil || new(big.Int).Mod(server, c.n).Sign() == 0 {
		return nil, errSRP
	}
	_, pool, _ := strings.Cut(poolID, "_")
	user := challenge["USER_ID_FOR_SRP"]
	key := c.key(server, salt, pool+user+":"+password)
	stamp := now.UTC().Format("Mon Jan 2 15:04:05 UTC 2006")
	mac := hmac.New(sha256.New, key)
	for _, part := range []string{pool, user, string(block), stamp} {
		mac.Write([]byte(part))
	}
	return map[string]string{
		"USERNAME": user, "TIMESTAMP": stamp, "PASSWORD_CLAIM_SECRET_BLOCK": challenge["SECRET_BLOCK"],
		"PASSWORD_CLAIM_SIGNATURE": base64.StdEncoding.EncodeToString(mac.Sum(nil)),
	}, nil
}

// key is what client and server share: S = (B - k*g^x)^(a + u*x), and of its HKDF the first 16 bytes.
func (c *srpClient) key(server, salt *big.Int, secret string) []byte {
	inner := sha256.Sum256([]byte(secret))
	x := hashed(padded(salt), inner[:])
	u := hashed(padded(c.public), padded(server))
	base := new(big.Int).Exp(c.g, x, c.n)
	base.Sub(server, base.Mul(base, c.k)).Mod(base, c.n)
	shared := base.Exp(base, new(big.Int).Add(c.secret, new(big.Int).Mul(u, x)), c.n)
	extract := hmac.New(sha256.New, padded(u))
	extract.Write(padded(shared))
	expand := hmac.New(sha256.New, extract.Sum(nil))
	expand.Write([]byte("Caldera Derived Key\x01"))
	return expand.Sum(nil)[:16]
}

// publicHex is what SRP_A says.
func (c *srpClient) publicHex() string { return hex.EncodeToString(c.public.Bytes()) }

// padded is a number as Cognito's clients hash it: with a zero byte before a highest bit that is set.
func padded(n *big.Int) []byte {
	b := n.Bytes()
	if len(b) == 0 || b[0]&0x80 != 0 {
		return append([]byte{0}, b...)
	}
	return b
}

func hashed(parts ...[]byte) *big.Int {
	h := sha256.New()
	for _, part := range parts {
		h.Write(part)
	}
	return new(big.Int).SetBytes(h.Sum(nil))
}
