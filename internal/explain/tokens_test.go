package explain

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"sync"
	"time"
)

var (
	signingKey = sync.OnceValue(newKey)
	otherKey   = sync.OnceValue(newKey)
)

func newKey() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
}

func arnOf(pool string) string { return "arn:aws:cognito-idp:eu-west-1:000000000000:userpool/" + pool }

func issuerOf(pool string) string { return "https://cognito-idp.eu-west-1.amazonaws.com/" + pool }

// jwksOf is a pool's published key set.
func jwksOf(key *rsa.PrivateKey) json.RawMessage {
	e := base64.RawURLEncoding.EncodeToString(big.NewInt(int64(key.E)).Bytes())
	n := base64.RawURLEncoding.EncodeToString(key.N.Bytes())
	return json.RawMessage(`{"keys":[{"alg":"RS256","e":"` + e + `","kid":"` + keyID + `","kty":"RSA","n":"` + n + `","use":"sig"}]}`)
}

type claims map[string]any

func segment(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

func mint(key *rsa.PrivateKey, header, payload claims) string {
	text := segment(header) + "." + segment(payload)
	sum := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	if err != nil {
		panic(err)
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(signature)
}

func with2(base, changes claims) claims {
	all := claims{}
	for name, value := range base {
		all[name] = value
	}
	for name, value := range changes {
		if all[name] = value; value == nil {
			delete(all, name)
		}
	}
	return all
}

func minted(payload claims) string {
	return mint(signingKey(), claims{"kid": keyID, "alg": "RS256"}, payload)
}

func idToken(changes claims) string {
	now := time.Now()
	return minted(with2(claims{
		"sub": "u1", "iss": issuerOf(poolID), "aud": clientID, "token_use": "id", "cognito:username": "ann",
		"iat": now.Add(-time.Minute).Unix(), "exp": now.Add(time.Hour).Unix(),
	}, changes))
}

func accessToken(changes claims) string {
	now := time.Now()
	return minted(with2(claims{
		"sub": "u1", "iss": issuerOf(poolID), "client_id": clientID, "token_use": "access", "username": "ann", "scope": "pets/read",
		"iat": now.Add(-time.Minute).Unix(), "exp": now.Add(time.Hour).Unix(),
	}, changes))
}
