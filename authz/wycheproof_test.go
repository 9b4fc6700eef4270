package authz_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/authz/jwks"
)

// wycheproof is a file of Project Wycheproof's vectors for JSON Web Signatures.
type wycheproof struct {
	Groups []struct {
		Comment string          `json:"comment"`
		Public  json.RawMessage `json:"public"`
		Private json.RawMessage `json:"private"`
		Tests   []struct {
			ID      int    `json:"tcId"`
			Comment string `json:"comment"`
			Token   string `json:"jws"`
			Result  string `json:"result"`
		} `json:"tests"`
	} `json:"testGroups"`
}

func readWycheproof(t *testing.T, file string) (v wycheproof) {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("testdata", "wycheproof", file))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(content, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// keySet is a group's key as an issuer would publish it.
func keySet(public, private json.RawMessage) []byte {
	key := public
	if key == nil {
		key = private
	}
	if strings.Contains(string(key), `"keys"`) {
		return key
	}
	return []byte(`{"keys":[` + string(key) + `]}`)
}

// TestWycheproof reads each group's key as an issuer's key set and holds each vector against it. What Wycheproof calls invalid never holds; what it
// calls valid holds if its algorithm is one of RSA's that are taken.
func TestWycheproof(t *testing.T) {
	for file, want := range map[string]struct{ held, refused int }{
		// 16 of RS256, RS384 and RS512 hold. The others that are valid are HMAC's, ECDSA's and PSS's.
		"json_web_signature_test.json": {held: 16, refused: 385},
		"json_web_key_test.json":       {held: 1, refused: 25},
	} {
		t.Run(file, func(t *testing.T) {
			held, refused := 0, 0
			for _, group := range readWycheproof(t, file).Groups {
				set, _ := jwks.Parse(keySet(group.Public, group.Private)) // an error leaves no key at all
				for _, test := range group.Tests {
					holds := authz.SignatureHolds(test.Token, func(kid string) (authz.IssuerKey, bool) {
						key, ok := set[kid]
						return key, ok
					})
					if holds && test.Result != "valid" {
						t.Errorf("%d of %s, %s, holds", test.ID, group.Comment, test.Comment)
					}
					if !holds && test.Result == "valid" && takes(test.Token) {
						t.Errorf("%d of %s, %s, is valid but does not hold", test.ID, group.Comment, test.Comment)
					}
					if holds {
						held++
					} else {
						refused++
					}
				}
			}
			if held != want.held || refused != want.refused {
				t.Errorf("%d hold and %d are refused", held, refused)
			}
		})
	}
}

// takes tells whether a token's algorithm is one that is taken.
func takes(token string) bool {
	header, _, _ := strings.Cut(token, ".")
	for _, algorithm := range []string{"RS256", "RS384", "RS512"} {
		if plain, err := base64.RawURLEncoding.DecodeString(header); err == nil && strings.Contains(string(plain), fmt.Sprintf("%q", algorithm)) {
			return true
		}
	}
	return false
}
