package authz_test

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/authz/jwks"
	"github.com/poolgate/poolgate/internal/josetest"
)

// attacked is a pool of one key with a good token.
type attacked struct {
	pool   authz.Pool
	keySet string
	good   string
}

func newAttacked(t *testing.T) *attacked {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	a := &attacked{pool: authz.Pool{Region: "eu-west-1", ID: "eu-west-1_Abc123xyz"}}
	b64 := base64.RawURLEncoding.EncodeToString
	a.keySet = fmt.Sprintf(`{"keys":[{"kty":"RSA","alg":"RS256","use":"sig","kid":"good","e":"AQAB","n":%q}]}`, b64(key.N.Bytes()))
	text := b64([]byte(`{"kid":"good","alg":"RS256"}`)) + "." + b64(fmt.Appendf(nil,
		`{"iss":%q,"aud":"client","sub":"ada","token_use":"id","iat":1,"exp":%d}`, jwks.Issuer(a.pool), time.Now().Add(time.Hour).Unix()))
	digest := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	a.good = text + "." + b64(signature)
	return a
}

// issuer makes a bound key set an issuer's.
type issuer struct{ *jwks.Bound }

func (i issuer) IssuerNames(name string) []string { return []string{name} }

func (i issuer) IssuerKey(ctx context.Context, name, kid string) (authz.IssuerKey, error) {
	pool, ok := jwks.PoolOf(name)
	if !ok {
		return authz.IssuerKey{}, authz.ErrPoolNotFound
	}
	key, err := i.Key(ctx, pool, kid)
	return authz.IssuerKey{RSA: key, Algorithm: "RS256"}, err
}

// TestTheAttackListGetsNowhere sends the whole list, and Wycheproof's vectors as they are, to both kinds of authorizer. Neither a
// first look lets one in nor one after the good token, which passes all the while.
func TestTheAttackListGetsNowhere(t *testing.T) {
	a := newAttacked(t)
	set, err := jwks.Parse([]byte(a.keySet))
	if err != nil {
		t.Fatal(err)
	}
	bound := jwks.Static(a.pool, set)
	engine := authz.New(bound, authz.WithIssuers(issuer{bound}))
	cognito, err := engine.Compile(authz.Settings{Pools: []authz.Pool{a.pool}})
	if err != nil {
		t.Fatal(err)
	}
	jwt, err := engine.CompileJWT(authz.JWTSettings{Issuer: jwks.Issuer(a.pool), Audience: []string{"client"}})
	if err != nil {
		t.Fatal(err)
	}
	attacks, err := josetest.Attacks(a.good, []byte(a.keySet))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{"json_web_signature_test.json", "json_web_key_test.json"} {
		for _, group := range readWycheproof(t, file).Groups {
			for _, test := range group.Tests {
				attacks = append(attacks, josetest.Attack{Name: fmt.Sprintf("%s %d", file, test.ID), Token: test.Token})
			}
		}
	}
	if len(attacks) < 600 {
		t.Errorf("only %d attacks", len(attacks))
	}
	attempt := func(prefix string) {
		t.Helper()
		now := time.Now()
		for _, attack := range attacks {
			identity := prefix + attack.Token
			if d := cognito.Decide(t.Context(), identity, nil, now); d.Allowed || d.Claims != nil || d.Reason.Info().Status != 401 {
				t.Errorf("%s passes a Cognito authorizer, or leaves claims: %q", attack.Name, d.Reason)
			}
			d := jwt.Decide(t.Context(), identity, nil, now)
			if d.Allowed || d.Claims != nil || d.Status != 401 {
				t.Errorf("%s passes a JWT authorizer, or leaves claims: %q", attack.Name, d.Reason)
			}
			if challenge := d.WWWAuthenticate(nil); strings.ContainsAny(challenge, "\r\n\x00") || len(challenge) > 200 {
				t.Errorf("%s puts words into the answer: %q", attack.Name, challenge)
			}
		}
		if !cognito.Decide(t.Context(), a.good, nil, now).Allowed || !jwt.Decide(t.Context(), a.good, nil, now).Allowed {
			t.Fatal("the good token does not pass")
		}
	}
	attempt("")
	attempt("") // the good token is known now
	attempt("Bearer ")
}
