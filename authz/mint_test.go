package authz

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// What the tests of this package sign with: keys are dear, so that the process makes each once.
var (
	keyOnce sync.Map // name → func() *rsa.PrivateKey

	noon      = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	ireland   = Pool{Region: "eu-west-1", ID: "eu-west-1_Abc123xyz"}
	frankfurt = Pool{Region: "eu-central-1", ID: "eu-central-1_Def456uvw"}
)

const (
	// Both kids look like Cognito's: 32 bytes in base64.
	idKid     = "1pX0vZQ2oQy1Qq3w6cX5m1oJr9k0bYc8nq2m1lq7Wc0="
	accessKid = "Zk8Qy1Qq3w6cX5m1oJr9k0bYc8nq2m1lq7Wc01pX0vY="
	clientID  = "3n4b5urk1ft4fl3mg5e62d9ado"
)

// testKey returns the process's RSA key of that name.
func testKey(name string) *rsa.PrivateKey {
	once, _ := keyOnce.LoadOrStore(name, sync.OnceValue(func() *rsa.PrivateKey {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			panic(err)
		}
		return key
	}))
	return once.(func() *rsa.PrivateKey)()
}

// testKeys are the keys of some pools, as a test sets them.
type testKeys struct {
	mu    sync.Mutex
	keys  map[Pool]map[string]*rsa.PublicKey
	fail  error
	asked int
	// before runs in Key before it answers.
	before func()
}

func newTestKeys(pools ...Pool) *testKeys {
	k := &testKeys{keys: map[Pool]map[string]*rsa.PublicKey{}}
	for _, p := range pools {
		k.keys[p] = map[string]*rsa.PublicKey{
			idKid:     &testKey(p.ID + " id").PublicKey,
			accessKid: &testKey(p.ID + " access").PublicKey,
		}
	}
	return k
}

func (k *testKeys) Key(_ context.Context, pool Pool, kid string) (*rsa.PublicKey, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.asked++
	if k.before != nil {
		k.before()
	}
	if k.fail != nil {
		return nil, k.fail
	}
	keys, ok := k.keys[pool]
	if !ok {
		return nil, ErrPoolNotFound
	}
	if key, ok := keys[kid]; ok {
		return key, nil
	}
	return nil, ErrKeyUnknown
}

// testIssuers are made beforehand, as an implementation should.
var testIssuers = map[Pool][]string{ireland: {issuerOf(ireland)}, frankfurt: {issuerOf(frankfurt)}}

func (k *testKeys) Issuers(pool Pool) []string { return testIssuers[pool] }

func issuerOf(pool Pool) string {
	return "https://cognito-idp." + pool.Region + ".amazonaws.com/" + pool.ID
}

// claim is one claim of a token to be minted; the value is JSON text.
type claim struct{ name, value string }

// text is a JSON string.
func text(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// idClaims are those of an ID token that Cognito would issue (fact 4.2).
func idClaims(pool Pool) []claim {
	return []claim{
		{"at_hash", text("k8uQ0q0xqZ3m2Vq0m4Jm5A")},
		{"sub", text("aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee")},
		{"cognito:groups", `["admins","readers"]`},
		{"email_verified", "true"},
		{"iss", text(issuerOf(pool))},
		{"cognito:username", text("ada")},
		{"origin_jti", text("5b9f50a3-05da-454a-8b99-b79c2349de77")},
		{"aud", text(clientID)},
		{"event_id", text("0ed5ad5c-7182-4ecf-9e28-4a8c4a5a3b0b")},
		{"token_use", text("id")},
		{"auth_time", fmt.Sprint(noon.Unix())},
		{"custom:tier", text("gold")},
		{"exp", fmt.Sprint(noon.Add(time.Hour).Unix())},
		{"iat", fmt.Sprint(noon.Unix())},
		{"jti", text("a1c3a5a0-51ce-43a7-8b4e-ef0c2a1b7b53")},
		{"email", text("ada@example.com")},
	}
}

// accessClaims are those of an access token that Cognito would issue (fact 4.3).
func accessClaims(pool Pool, scope string) []claim {
	return []claim{
		{"sub", text("aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee")},
		{"cognito:groups", `["admins"]`},
		{"iss", text(issuerOf(pool))},
		{"version", "2"},
		{"client_id", text(clientID)},
		{"origin_jti", text("5b9f50a3-05da-454a-8b99-b79c2349de77")},
		{"token_use", text("access")},
		{"scope", text(scope)},
		{"auth_time", fmt.Sprint(noon.Unix())},
		{"exp", fmt.Sprint(noon.Add(time.Hour).Unix())},
		{"iat", fmt.Sprint(noon.Unix())},
		{"jti", text("a1c3a5a0-51ce-43a7-8b4e-ef0c2a1b7b53")},
		{"username", text("ada")},
	}
}

// with returns claims with some of them set anew, or added at the end.
func with(claims []claim, changes ...claim) []claim {
	claims = slices.Clone(claims)
	for _, c := range changes {
		if i := slices.IndexFunc(claims, func(old claim) bool { return old.name == c.name }); i >= 0 {
			claims[i] = c
		} else {
			claims = append(claims, c)
		}
	}
	return claims
}

// without returns claims without one of them.
func without(claims []claim, name string) []claim {
	return slices.DeleteFunc(slices.Clone(claims), func(c claim) bool { return c.name == name })
}

// object is the JSON object of claims, in order and with whatever duplicates they hold.
func object(claims []claim) string {
	parts := make([]string, 0, len(claims))
	for _, c := range claims {
		parts = append(parts, text(c.name)+":"+c.value)
	}
	return "{" + strings.Join(parts, ",") + "}"
}

// header is that of a token that Cognito would issue (fact 4.1).
func header(kid string) string { return fmt.Sprintf(`{"kid":%s,"alg":"RS256"}`, text(kid)) }

func b64(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

// sign makes a token of header and payload, whatever they are.
func sign(key *rsa.PrivateKey, header, payload string) string {
	signed := b64(header) + "." + b64(payload)
	digest := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, digest[:])
	if err != nil {
		panic(err)
	}
	return signed + "." + b64(string(signature))
}

// idToken mints an ID token of the pool.
func idToken(pool Pool, claims []claim) string {
	return sign(testKey(pool.ID+" id"), header(idKid), object(claims))
}

// accessToken mints an access token of the pool.
func accessToken(pool Pool, claims []claim) string {
	return sign(testKey(pool.ID+" access"), header(accessKid), object(claims))
}

// compile makes an authorizer of the engine or fails the test.
func compile(t testing.TB, e *Engine, s Settings) *Authorizer {
	t.Helper()
	a, err := e.Compile(s)
	if err != nil {
		t.Fatal(err)
	}
	return a
}
