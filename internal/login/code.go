package login

import (
	"crypto/sha256"
	"encoding/base64"
	"time"

	"github.com/poolgate/poolgate/internal/store"
)

// codeLife is how long an authorization code is good (fact 5.2).
const codeLife = 5 * time.Minute

// authorizationCode is what a code stands for. Its scope is the pool, its id the digest of the code.
type authorizationCode struct {
	ClientID string
	// RedirectURI is the redirect_uri that the authorization request named; empty when it named none.
	RedirectURI string `json:",omitempty"`
	// Username and Sub together are the user: a name can be given to somebody else.
	Username, Sub string
	AuthTime      time.Time
	Scopes        []string
	Nonce         string `json:",omitempty"`
	// Challenge is the PKCE challenge, always S256; empty when there was none.
	Challenge string `json:",omitempty"`
	Expires   time.Time
}

// codes are the codes not yet used. A used one is deleted: used twice is then the same as never issued.
var codes = store.Collection[authorizationCode]{
	Name: "login.code", Version: 1,
	Expires: func(c *authorizationCode) time.Time { return c.Expires },
}

// digest is the id under which a bearer secret is kept: its SHA-256. Who reads the database cannot use what is found there.
func digest(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
