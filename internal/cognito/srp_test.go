package cognito

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/poolgate/poolgate/internal/fault"
)

func hexNumber(t testing.TB, text string) *big.Int {
	t.Helper()
	n, ok := new(big.Int).SetString(strings.Join(strings.Fields(text), ""), 16)
	if !ok {
		t.Fatalf("%q is not hexadecimal", text)
	}
	return n
}

// The vectors of RFC 5054, appendix B: the 1024-bit group with SHA-1, so that x, k and u are given and the arithmetic is ours.
func TestSRPArithmeticGivesTheVectorsOfRFC5054(t *testing.T) {
	group := srpGroup{
		n: hexNumber(t, `EEAF0AB9 ADB38DD6 9C33F80A FA8FC5E8 60726187 75FF3C0B 9EA2314C 9C256576 D674DF74 96EA81D3 383B4813 D692C6E0
			E0D5D8E2 50B98BE4 8E495C1D 6089DAD1 5DC7D7B4 6154D6B6 CE8EF4AD 69B15D49 82559B29 7BCF1885 C529F566 660E57EC
			68EDBC3C 05726CC0 2FD4CBF4 976EAA9A FD5138FE 8376435B 9FC61D2F C0EB06E3`),
		g: big.NewInt(2),
		k: hexNumber(t, `7556AA04 5AEF2CDD 07ABAF0F 665C3E81 8913186F`),
	}
	x := hexNumber(t, `94B7555A ABE9127C C58CCF49 93DB6CF8 4D16C124`)
	b := hexNumber(t, `E487CB59 D31AC550 471E81F0 0F6928E0 1DDA08E9 74A004F4 9E61F5D1 05284D20`)
	u := hexNumber(t, `CE38B959 3487DA98 554ED47D 70A7AE5F 462EF019`)
	clientPublic := hexNumber(t, `61D5E490 F6F1B795 47B0704C 436F523D D0E560F0 C64115BB 72557EC4 4352E890 3211C046 92272D8B 2D1A5358
		A2CF1B6E 0BFCF99F 921530EC 8E393561 79EAE45E 42BA92AE ACED8251 71E1E8B9 AF6D9C03 E1327F44 BE087EF0 6530E69F 66615261
		EEF54073 CA11CF58 58F0EDFD FE15EFEA B349EF5D 76988A36 72FAC47B 0769447B`)

	v := group.verifier(x)
	if want := hexNumber(t, `7E273DE8 696FFC4F 4E337D05 B4B375BE B0DDE156 9E8FA00A 9886D812 9BADA1F1 822223CA 1A605B53 0E379BA4
		729FDC59 F105B478 7E5186F5 C671085A 1447B52A 48CF1970 B4FB6F84 00BBF4CE BFBB1681 52E08AB5 EA53D15C 1AFF87B2 B9DA6E04
		E058AD51 CC72BFC9 033B564E 26480D78 E955A5E2 9E7AB245 DB2BE315 E2099AFB`); v.Cmp(want) != 0 {
		t.Errorf("v is %X", v)
	}
	if got, want := group.serverPublic(v, b), hexNumber(t, `BD0C6151 2C692C0C B6D041FA 01BB152D 4916A1E7 7AF46AE1 05393011 BAF38964
		DC46A067 0DD125B9 5A981652 236F99D9 B681CBF8 7837EC99 6C6DA044 53728610 D0C6DDB5 8B318885 D7D82C7F 8DEB75CE 7BD4FBAA
		37089E6F 9C6059F3 88838E7A 00030B33 1EB76840 910440B1 B27AAEAE EB4012B7 D7665238 A8E3FB00 4B117B58`); got.Cmp(want) != 0 {
		t.Errorf("B is %X", got)
	}
	if got, want := group.serverPremaster(clientPublic, v, u, b), hexNumber(t, `B0DC82BA BCF30674 AE450C02 87745E79 90A3381F 63B387AA
		F271A10D 233861E3 59B48220 F7C4693C 9AE12B0A 6F67809F 0876E2D0 13800D6C 41BB59B6 D5979B5C 00A172B4 A2A5903A 0BDCAF8A
		709585EB 2AFAFA8F 3499B200 210DCC1F 10EB3394 3CD67FC8 8A2F39A4 BE5BEC4E C0A3212D C346D7E4 74B29EDE 8A469FFE CA686E5A`); got.Cmp(want) != 0 {
		t.Errorf("S is %X", got)
	}
}

// RFC 3526 defines group 15 as 2^3072 - 2^3008 - 1 + 2^64 * ([2^2942 pi] + 1690314).
func TestThePrimeIsGroup15OfRFC3526(t *testing.T) {
	power := func(n uint) *big.Int { return new(big.Int).Lsh(big.NewInt(1), n) }
	want := new(big.Int).Sub(power(3072), power(3008))
	want.Sub(want, big.NewInt(1))
	middle := new(big.Int).Rsh(scaledPi(2942+64), 64)
	middle.Add(middle, big.NewInt(1690314))
	want.Add(want, middle.Lsh(middle, 64))
	if cognitoGroup.n.Cmp(want) != 0 {
		t.Errorf("the prime is %X\nwant         %X", cognitoGroup.n, want)
	}
}

// scaledPi is pi * 2^bits, the last bits rounded, by Machin's formula.
func scaledPi(bits uint) *big.Int {
	arctanInverse := func(x int64) *big.Int {
		term := new(big.Int).Div(new(big.Int).Lsh(big.NewInt(1), bits), big.NewInt(x))
		sum := new(big.Int).Set(term)
		square := big.NewInt(x * x)
		for n := int64(1); term.Sign() != 0; n++ {
			term.Div(term, square)
			part := new(big.Int).Div(term, big.NewInt(2*n+1))
			if n%2 == 1 {
				part.Neg(part)
			}
			sum.Add(sum, part)
		}
		return sum
	}
	pi := new(big.Int).Mul(big.NewInt(16), arctanInverse(5))
	return pi.Sub(pi, new(big.Int).Mul(big.NewInt(4), arctanInverse(239)))
}

func TestPaddingIsThatOfASignedInteger(t *testing.T) {
	tests := []struct{ name, number, want string }{
		{"an odd number of digits gets a zero before it", "123", "0123"},
		{"a first digit below 8 is left as it is", "7fff", "7fff"},
		{"a first digit of 8 gets a zero byte", "8000", "008000"},
		{"a first digit of f gets a zero byte", "ff", "00ff"},
		{"zero is one byte", "0", "00"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := hex.EncodeToString(srpPad(hexNumber(t, test.number))); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
	if got := srpPadBytes([]byte{0, 0, 0x81}); !bytes.Equal(got, []byte{0, 0x81}) {
		t.Errorf("leading zero bytes are kept: %x", got)
	}
}

func TestPowersOfTheGeneratorFromTheTableAreRight(t *testing.T) {
	exponents := []*big.Int{
		big.NewInt(0), big.NewInt(1), big.NewInt(2), new(big.Int).Lsh(big.NewInt(1), combBits-1),
		new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), combBits), big.NewInt(1)),
		new(big.Int).Lsh(big.NewInt(1), combBits), // beyond the table
	}
	for bit := range uint(combBits) {
		exponents = append(exponents, new(big.Int).Lsh(big.NewInt(1), bit))
	}
	for range 20 {
		random := make([]byte, combBits/8)
		if _, err := rand.Read(random); err != nil {
			t.Fatal(err)
		}
		exponents = append(exponents, new(big.Int).SetBytes(random))
	}
	for _, x := range exponents {
		if got, want := cognitoGroup.power(x), new(big.Int).Exp(cognitoGroup.g, x, cognitoGroup.n); got.Cmp(want) != 0 {
			t.Errorf("g^%X is %X", x, got)
		}
	}
}

func TestPublicValuesThatWouldGiveAwayTheKeyAreRefused(t *testing.T) {
	n := cognitoGroup.n
	twice := new(big.Int).Lsh(n, 1)
	tests := []struct{ name, given string }{
		{"nothing", ""},
		{"zero", "0"},
		{"many zeros", strings.Repeat("0", 768)},
		{"N itself", n.Text(16)},
		{"twice N", twice.Text(16)},
		{"N + 1", new(big.Int).Add(n, big.NewInt(1)).Text(16)},
		{"a negative number", "-5"},
		{"a sign", "+5"},
		{"an underscore", "1_0"},
		{"a prefix", "0x10"},
		{"no number", "hello"},
		{"a megabyte of digits", strings.Repeat("1", 1<<20)},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if a, err := parseSRPPublic(test.given); err == nil {
				t.Errorf("accepted as %X", a)
			}
		})
	}
	if a, err := parseSRPPublic("00aF"); err != nil || a.Int64() != 0xaf {
		t.Errorf("00aF is read as %v, %v", a, err)
	}
}

func FuzzParseSRPPublic(f *testing.F) {
	for _, seed := range []string{"", "0", "ff", "00FF", srpPrimeHex, "-1", "é"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		a, err := parseSRPPublic(text)
		if err == nil && (a.Sign() <= 0 || a.Cmp(cognitoGroup.n) >= 0) {
			t.Errorf("%q gives %X, which is not between 0 and N", text, a)
		}
	})
}

func TestTimestampsAreInEnglishAndNearTheMachinesTime(t *testing.T) {
	now := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	tests := []struct {
		name, given, code string
	}{
		{"the day has no leading zero", "Wed Mar 4 05:06:07 UTC 2026", ""},
		{"ten minutes off is still near", "Wed Mar 4 05:16:07 UTC 2026", ""},
		{"a leading zero is refused", "Wed Mar 04 05:06:07 UTC 2026", invalid},
		{"ISO 8601 is refused", "2026-03-04T05:06:07Z", invalid},
		{"another zone is refused", "Wed Mar 4 05:06:07 CET 2026", invalid},
		{"an hour ago is refused", "Wed Mar 4 04:06:07 UTC 2026", notAuthorized},
		{"an hour ahead is refused", "Wed Mar 4 06:06:07 UTC 2026", notAuthorized},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := checkSRPTimestamp(test.given, now)
			if test.code == "" && err != nil || test.code != "" && !fault.Is(err, test.code) {
				t.Errorf("got %v, want %q", err, test.code)
			}
		})
	}
}

// srpClient is the client's side as amplify-js has it, written from fact 6.6 and apart from the server's code: it shares nothing with it
// but the group.
type srpClient struct {
	secret, public *big.Int
}

func newSRPClient(t testing.TB) *srpClient {
	t.Helper()
	random := make([]byte, 128)
	if _, err := rand.Read(random); err != nil {
		t.Fatal(err)
	}
	secret := new(big.Int).SetBytes(random)
	return &srpClient{secret: secret, public: new(big.Int).Exp(cognitoGroup.g, secret, cognitoGroup.n)}
}

func (c *srpClient) A() string { return c.public.Text(16) }

// padHex is amplify-js's.
func padHex(text string) string {
	if len(text)%2 == 1 {
		return "0" + text
	}
	if strings.ContainsRune("89abcdefABCDEF", rune(text[0])) {
		return "00" + text
	}
	return text
}

func hexHash(t testing.TB, text string) string {
	t.Helper()
	raw, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:])
}

// answer makes the responses to PASSWORD_VERIFIER.
func (c *srpClient) answer(t testing.TB, poolID, password string, challenge map[string]string, at time.Time) map[string]string {
	t.Helper()
	n := cognitoGroup.n
	_, poolName, _ := strings.Cut(poolID, "_")
	userID := challenge["USER_ID_FOR_SRP"]
	serverPublic := hexNumber(t, challenge["SRP_B"])
	u := hexNumber(t, hexHash(t, padHex(c.A())+padHex(challenge["SRP_B"])))
	identity := sha256.Sum256([]byte(poolName + userID + ":" + password))
	x := hexNumber(t, hexHash(t, padHex(challenge["SALT"])+hex.EncodeToString(identity[:])))
	k := hexNumber(t, hexHash(t, "00"+srpPrimeHex+"02"))
	base := new(big.Int).Exp(cognitoGroup.g, x, n)
	base.Mul(base, k).Sub(serverPublic, base).Mod(base, n)
	exponent := new(big.Int).Mul(u, x)
	s := new(big.Int).Exp(base, exponent.Add(exponent, c.secret), n)

	decode := func(text string) []byte {
		raw, err := hex.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	prk := hmac.New(sha256.New, decode(padHex(u.Text(16))))
	prk.Write(decode(padHex(s.Text(16))))
	okm := hmac.New(sha256.New, prk.Sum(nil))
	okm.Write(append([]byte("Caldera Derived Key"), 1))
	key := okm.Sum(nil)[:16]

	block, err := base64.StdEncoding.DecodeString(challenge["SECRET_BLOCK"])
	if err != nil {
		t.Fatal(err)
	}
	timestamp := at.UTC().Format("Mon Jan 2 15:04:05 UTC 2006")
	signature := hmac.New(sha256.New, key)
	signature.Write([]byte(poolName + userID))
	signature.Write(block)
	signature.Write([]byte(timestamp))
	return map[string]string{
		"USERNAME":                    userID,
		"PASSWORD_CLAIM_SECRET_BLOCK": challenge["SECRET_BLOCK"],
		"PASSWORD_CLAIM_SIGNATURE":    base64.StdEncoding.EncodeToString(signature.Sum(nil)),
		"TIMESTAMP":                   timestamp,
	}
}
