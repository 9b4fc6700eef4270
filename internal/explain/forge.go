package explain

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/golang-jwt/jwt/v5"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/authz/jwks"
)

// forge makes tokens that look like those of a pool, with keys that were made for nothing else: they open only the gateway that judges
// here. Nothing of them leaves this package.
type forge struct {
	place, name string
	keys        *poolKeys
	own, other  *rsa.PrivateKey
	// issuer, client and kid are what the tokens say; strange is another pool's issuer.
	issuer, client, strange string
	now                     time.Time
}

// keyBits is what pools' own keys have.
const keyBits = 2048

// kind is one kind of token. opens tells that it is one of those that a method may take.
type kind struct {
	name, token string
	opens       bool
}

// strangePool is the id of a pool that no authorizer trusts.
const strangePool = "us-east-1_ANOTHERPOOL"

func (m *matrix) newForge(ctx context.Context) (*forge, error) {
	f := &forge{keys: &poolKeys{byID: map[string]*heldPool{}}, now: m.look.now, client: "client", strange: jwks.Issuer(authz.Pool{Region: "us-east-1", ID: strangePool})}
	f.place, f.name = m.source()
	var err error
	if f.own, err = rsa.GenerateKey(rand.Reader, keyBits); err != nil {
		return nil, err
	}
	if f.other, err = rsa.GenerateKey(rand.Reader, keyBits); err != nil {
		return nil, err
	}
	f.hold(strangePool, f.strange, &f.other.PublicKey)
	l := m.look
	if a := l.restAuthorizer(m.plain.AuthorizerID, l.guessed); a != nil {
		for _, id := range l.trusted(m.plain, l.guessed) {
			issuer := jwks.Issuer(authz.Pool{Region: regionOfPool(id), ID: id})
			f.hold(id, issuer, &f.own.PublicKey)
			if f.issuer == "" {
				f.issuer = issuer
				err = m.chooseClient(ctx, f, id, aws.ToString(a.IdentityValidationExpression))
			}
		}
	}
	if a := l.httpAuthorizer(m.plain.AuthorizerID); a != nil && a.JwtConfiguration != nil {
		f.issuer = aws.ToString(a.JwtConfiguration.Issuer)
		f.hold(f.issuer[strings.LastIndexByte(f.issuer, '/')+1:], f.issuer, &f.own.PublicKey)
		if len(a.JwtConfiguration.Audience) > 0 {
			f.client = a.JwtConfiguration.Audience[0]
		}
	}
	if f.issuer == "" { // no authorizer: any token will do
		f.issuer = f.strange
	}
	return f, err
}

func (f *forge) hold(id, issuer string, key *rsa.PublicKey) {
	f.keys.byID[id] = &heldPool{pool: authz.Pool{Region: regionOfPool(id), ID: id}, issuers: []string{issuer}, set: jwks.Set{id: {RSA: key}}}
}

// chooseClient finds one of the pool's clients that the authorizer's expression takes.
func (m *matrix) chooseClient(ctx context.Context, f *forge, poolID, expression string) error {
	p, err := m.look.c.Account.Pool(ctx, poolID)
	if err != nil || p == nil {
		return err
	}
	clients := slices.Sorted(maps.Keys(p.Clients))
	if len(clients) == 0 {
		return nil
	}
	f.client = clients[0]
	matching, err := regexp.Compile(expression)
	if err != nil {
		return nil //nolint:nilerr // an expression that is none is the engine's to tell
	}
	if i := slices.IndexFunc(clients, matching.MatchString); i >= 0 {
		f.client = clients[i]
	}
	return nil
}

// source tells people where the token is sent.
func (f *forge) source() string { return f.place + " " + f.name }

// carrying is a request with a token where the authorizer looks for it.
func (f *forge) carrying(r Request, token string) Request {
	if f.place == "querystring" {
		if at, err := url.Parse(r.URL); err == nil {
			at.RawQuery = url.Values{f.name: {token}}.Encode()
			r.URL = at.String()
		}
		return r
	}
	r.Header = http.Header{http.CanonicalHeaderKey(f.name): {token}}
	return r
}

// lacking is a scope that a method does not ask for.
const lacking = "poolgate.example/none"

// kinds are the tokens that are tried.
func (f *forge) kinds(scopes []string) []kind {
	wanted, bySort := lacking, "ID token, expired"
	expired := f.id(-time.Hour)
	if len(scopes) > 0 {
		wanted, bySort = scopes[0], "access token with the scope, expired"
		expired = f.access(wanted, -time.Hour)
	}
	access := []kind{{name: "access token", token: f.access(wanted, time.Hour), opens: true}}
	if len(scopes) > 0 {
		access = []kind{
			{name: "access token without the scope", token: f.access(lacking, time.Hour)},
			{name: "access token with the scope", token: f.access(wanted, time.Hour), opens: true},
		}
	}
	all := []kind{{name: "none"}, {name: "ID token", token: f.id(time.Hour), opens: true}}
	all = append(all, access...)
	return append(all, kind{name: bySort, token: expired}, kind{name: "refresh token", token: refreshToken()}, kind{name: "token of another pool", token: f.foreign(scopes)})
}

func (f *forge) id(life time.Duration) string {
	return f.sign(f.issuer, f.own, jwt.MapClaims{"token_use": "id", "aud": f.client, "sub": "matrix", "cognito:username": "matrix"}, life)
}

func (f *forge) access(scope string, life time.Duration) string {
	return f.sign(f.issuer, f.own, jwt.MapClaims{"token_use": "access", "client_id": f.client, "scope": scope, "sub": "matrix", "username": "matrix"}, life)
}

// foreign is a good token in all but its issuer.
func (f *forge) foreign(scopes []string) string {
	claims := jwt.MapClaims{"token_use": "id", "aud": f.client, "sub": "matrix"}
	if len(scopes) > 0 {
		claims = jwt.MapClaims{"token_use": "access", "client_id": f.client, "scope": scopes[0], "sub": "matrix"}
	}
	return f.sign(f.strange, f.other, claims, time.Hour)
}

// sign makes a token that ends after life, and began an hour before that or now.
func (f *forge) sign(issuer string, key *rsa.PrivateKey, claims jwt.MapClaims, life time.Duration) string {
	begin := min(0, life-time.Hour)
	claims["iss"], claims["exp"], claims["iat"] = issuer, f.now.Add(life).Unix(), f.now.Add(begin).Unix()
	token := jwt.NewWithClaims(jwt.SigningMethodRS256, claims)
	token.Header["kid"] = issuer[strings.LastIndexByte(issuer, '/')+1:]
	signed, err := token.SignedString(key)
	if err != nil { // an RSA key of this size signs anything
		return ""
	}
	return signed
}

// refreshToken looks like a pool's: an encrypted token of five parts (fact 4.4).
func refreshToken() string {
	parts := []string{base64.RawURLEncoding.EncodeToString([]byte(`{"cty":"JWT","enc":"A256GCM","alg":"RSA-OAEP"}`))}
	for _, size := range []int{256, 12, 900, 16} {
		part := make([]byte, size)
		_, _ = rand.Read(part) // never fails
		parts = append(parts, base64.RawURLEncoding.EncodeToString(part))
	}
	return strings.Join(parts, ".")
}
