package cognito

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // RSA-OAEP of RFC 7518 is defined with SHA-1
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/store"
)

// refreshToken is what the server knows of a refresh token. Its scope is the pool, its id the token's SHA-256: the token itself
// is not stored.
type refreshToken struct {
	ClientID, Username, Sub string
	// AuthTime is when the user signed in, to the millisecond; OriginJTI and EventID name the sign-in.
	AuthTime           time.Time
	OriginJTI, EventID string
	Expires            time.Time
	Revoked            bool `json:",omitempty"`
	// DeviceKey is the device that the sign-in came from, where the pool tracks devices.
	DeviceKey string `json:",omitempty"`
	// RotatedAt is when another token took its place; it is good for the client's grace period after that (fact 4.4).
	RotatedAt time.Time `json:",omitzero"`
	// OAuth says that the login domain issued it, for Scopes; ClientScopes is the fingerprint of what the client's settings
	// allowed then.
	OAuth        bool     `json:",omitempty"`
	Scopes       []string `json:",omitempty"`
	ClientScopes string   `json:",omitempty"`
}

// afterlife is how long an expired refresh token is remembered: access tokens of the same sign-in live a day at most (fact 4.5), and
// whether they were revoked is read here.
const afterlife = 24 * time.Hour

var refreshTokens = store.Collection[refreshToken]{
	Name: "cognito.refresh-token", Version: 1,
	Keys: func(r *refreshToken) []store.Key {
		return []store.Key{{Index: "user", Value: r.Username}, {Index: "origin", Value: r.OriginJTI}}
	},
	Expires: func(r *refreshToken) time.Time { return r.Expires.Add(afterlife) },
}

// refreshTokenID is the id under which a refresh token is stored.
func refreshTokenID(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// freshRefreshToken is a refresh token that is not stored yet.
type freshRefreshToken struct {
	token   string
	expires time.Time
}

func (g *grant) newRefreshToken() (*freshRefreshToken, error) {
	token, err := encryptRefreshToken(&g.keys.id.key.PublicKey, g.originJTI)
	return &freshRefreshToken{token: token, expires: g.now.Add(g.client.refreshLife())}, err
}

// store makes the token good for the grant.
func (f *freshRefreshToken) store(tx *store.Tx, g *grant) error {
	document := &refreshToken{
		ClientID: g.client.id(), Username: g.user.Username, Sub: g.user.Sub,
		AuthTime: g.authTime, OriginJTI: g.originJTI, EventID: g.eventID, Expires: f.expires, OAuth: g.oauth,
		DeviceKey: g.deviceKey,
	}
	if g.oauth {
		document.Scopes = g.scopes
		document.ClientScopes = scopesFingerprint(g.client.Detail.Value.AllowedOAuthScopes)
	}
	return refreshTokens.Insert(tx, g.poolID, refreshTokenID(f.token), document)
}

// scopesFingerprint is the same for two lists of the same scopes.
func scopesFingerprint(scopes []string) string {
	sorted := slices.Compact(slices.Sorted(slices.Values(scopes)))
	sum := sha256.Sum256([]byte(strings.Join(sorted, " ")))
	return base64.RawStdEncoding.EncodeToString(sum[:12])
}

// openRefreshToken finds a refresh token of the client and its user, and refuses one that cannot be used any more (fact 6.7).
func (s *Service) openRefreshToken(tx *store.Tx, poolID string, c *client, token string) (*refreshToken, *user, error) {
	r, err := refreshTokens.Get(tx, poolID, refreshTokenID(token))
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, nil, refreshRefused("Invalid Refresh Token")
	case err != nil:
		return nil, nil, err
	case r.ClientID != c.id():
		return nil, nil, refreshRefused("Invalid Refresh Token").Becausef("it was issued to client %s", r.ClientID)
	case r.Revoked:
		return nil, nil, refreshRefused("Refresh Token has been revoked")
	case !s.now().Before(r.Expires):
		return nil, nil, refreshRefused("Refresh Token has expired")
	case !r.RotatedAt.IsZero() && s.now().After(r.RotatedAt.Add(c.rotationGrace())):
		return nil, nil, fault.Unauthorized("RefreshTokenReuseException", "Refresh Token has been rotated")
	}
	u, err := users.Get(tx, poolID, r.Username)
	switch {
	case errors.Is(err, store.ErrNotFound), err == nil && u.Sub != r.Sub:
		return nil, nil, refreshRefused("Invalid Refresh Token").Becausef("the user was deleted")
	case err != nil:
		return nil, nil, err
	case !u.Enabled:
		return nil, nil, refreshRefused("User is disabled.")
	case u.signedOut(r.AuthTime):
		return nil, nil, refreshRefused("Refresh Token has been revoked").Becausef("the user signed out everywhere")
	}
	return r, u, nil
}

// rotationGrace is how long a refresh token stays good after another took its place.
func (c *client) rotationGrace() time.Duration {
	rotation := value(c.Detail.Value.RefreshTokenRotation)
	return time.Duration(value(rotation.RetryGracePeriodSeconds)) * time.Second
}

// signedOut tells whether the user signed out everywhere since authTime.
func (u *user) signedOut(authTime time.Time) bool {
	return !u.SignedOutAt.IsZero() && !authTime.After(u.SignedOutAt)
}

func refreshRefused(message string) *fault.Error {
	return fault.Unauthorized("NotAuthorizedException", "%s", message)
}

// refreshHeader begins every refresh token, its members in AWS's order (fact 4.4).
var refreshHeader = base64.RawURLEncoding.EncodeToString([]byte(`{"cty":"JWT","enc":"A256GCM","alg":"RSA-OAEP"}`))

// encryptRefreshToken makes a JWE (RFC 7516, compact) that looks as AWS's do. Nobody ever decrypts it, this server included: a refresh
// token is found by its hash, and its strength is the 256 random bits of the content key. That the public key is one of the pool's
// signing keys' does no harm for the same reason.
func encryptRefreshToken(key *rsa.PublicKey, originJTI string) (string, error) {
	random := make([]byte, 32+12+32)
	if _, err := rand.Read(random); err != nil {
		return "", err
	}
	contentKey, iv, nonce := random[:32], random[32:44], random[44:]
	encryptedKey, err := rsa.EncryptOAEP(sha1.New(), rand.Reader, key, contentKey, nil) //nolint:gosec // as above
	if err != nil {
		return "", fmt.Errorf("cognito: cannot make a refresh token: %w", err)
	}
	block, err := aes.NewCipher(contentKey)
	if err != nil {
		return "", err
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return "", err
	}
	plain, err := json.Marshal(struct {
		OriginJTI string `json:"origin_jti"`
		Nonce     []byte `json:"nonce"`
	}{originJTI, nonce})
	if err != nil {
		return "", err
	}
	sealed := gcm.Seal(nil, iv, plain, []byte(refreshHeader))
	content, tag := sealed[:len(plain)], sealed[len(plain):]
	parts := []string{refreshHeader}
	for _, part := range [][]byte{encryptedKey, iv, content, tag} {
		parts = append(parts, base64.RawURLEncoding.EncodeToString(part))
	}
	return strings.Join(parts, "."), nil
}
