package jwks_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/authz/jwks"
)

func TestParse(t *testing.T) {
	k := testKeys()
	short, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	change := func(kid, member, value string) map[string]string {
		m := jwk(kid, k[0])
		m[member] = value
		return m
	}
	for _, tt := range []struct {
		name     string
		document string
		want     []string // kids; nil means refused
	}{
		{name: "a pool's two keys", document: document(jwk("one", k[0]), jwk("two", k[1])), want: []string{"one", "two"}},
		{name: "keys for other purposes are passed over", document: document(jwk("one", k[0]), change("enc", "use", "enc"), change("ec", "kty", "EC"), change("ps", "alg", "PS256"), change("", "kid", "")), want: []string{"one"}},
		{name: "alg and use may be left out", document: document(map[string]string{"kty": "RSA", "kid": "one", "e": "AQAB", "n": jwk("", k[0])["n"]}), want: []string{"one"}},
		{name: "nothing but keys for other purposes", document: document(change("enc", "use", "enc"))},
		{name: "a key under 2048 bits", document: document(jwk("one", k[0]), jwk("short", &short.PublicKey))},
		{name: "a key of enormous size", document: document(change("one", "n", strings.Repeat("_", 2000)))},
		{name: "two keys of one id", document: document(jwk("one", k[0]), jwk("one", k[1]))},
		{name: "an even exponent", document: document(change("one", "e", "AQAA"))},
		{name: "the exponent 1", document: document(change("one", "e", "AQ"))},
		{name: "an exponent of 40 bits", document: document(change("one", "e", "AQAAAAE"))},
		{name: "a modulus that is no base64url", document: document(change("one", "n", "+/+/"))},
		{name: "no JSON", document: "-----BEGIN PUBLIC KEY-----"},
		{name: "JSON of another shape", document: `{"keys":"none"}`},
		{name: "more keys than a set may have", document: document(slices.Repeat([]map[string]string{jwk("one", k[0])}, 101)...)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			set, err := jwks.Parse([]byte(tt.document))
			if (err != nil) != (tt.want == nil) {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, slices.Sorted(maps.Keys(set))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestKeysOfAFileBelongToOnePoolOnly(t *testing.T) {
	file := filepath.Join(t.TempDir(), "jwks.json")
	if err := os.WriteFile(file, []byte(document(jwk("one", testKeys()[0]))), 0o600); err != nil {
		t.Fatal(err)
	}
	keys, err := jwks.File(ireland, file)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, keys, "one", testKeys()[0], nil)
	expect(t, keys, "two", nil, authz.ErrKeyUnknown)
	other := authz.Pool{Region: "eu-west-1", ID: "eu-west-1_Other"}
	if _, err := keys.Key(context.Background(), other, "one"); !errors.Is(err, authz.ErrPoolNotFound) {
		t.Error(err)
	}
	if !keys.Owns(ireland) || keys.Owns(other) || keys.Issuers(other) != nil {
		t.Error("the keys serve another pool")
	}
	if diff := cmp.Diff([]string{"https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Abc123xyz"}, keys.Issuers(ireland)); diff != "" {
		t.Error(diff)
	}
	china := authz.Pool{Region: "cn-north-1", ID: "cn-north-1_Abc123xyz"}
	if got := jwks.Issuer(china); got != "https://cognito-idp.cn-north-1.amazonaws.com.cn/cn-north-1_Abc123xyz" {
		t.Error(got)
	}
}

func TestAFileThatIsNoKeySet(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{"empty": "", "other": "{}", "large": strings.Repeat(" ", 200<<10)} {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := jwks.File(ireland, file); err == nil || !strings.Contains(err.Error(), file) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := jwks.File(ireland, filepath.Join(dir, "none")); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(document(jwk("one", testKeys()[0]))))
	f.Add([]byte(`{"keys":[{"kty":"RSA","kid":"a","n":"","e":""}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		set, err := jwks.Parse(data)
		if (err == nil) != (len(set) > 0) {
			t.Fatalf("%d keys and error %v", len(set), err)
		}
		for kid, k := range set {
			if kid == "" || k.RSA.N.BitLen() < 2048 || k.RSA.E < 3 {
				t.Fatalf("the key %q is taken", kid)
			}
		}
	})
}
