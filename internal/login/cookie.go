package login

import (
	"crypto/subtle"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
)

// The names of AWS's cookies (fact 5.1).
const (
	csrfCookie    = "XSRF-TOKEN"
	sessionCookie = "cognito"
)

// cookie is a cookie that only this host, this path and no script sees. AWS's own order of attributes is kept, which
// net/http's type does not; AWS's Version and Domain are left out: a host's own cookie is the narrower one.
type cookie struct {
	name, value, path string
	secure            bool
	// age is how long the browser keeps it: zero until it closes, negative means forget it now.
	age time.Duration
}

// String is the Set-Cookie header.
func (c cookie) String() string {
	var b strings.Builder
	b.WriteString(c.name + "=" + c.value + "; Path=" + c.path)
	switch {
	case c.age > 0:
		b.WriteString("; Max-Age=" + strconv.Itoa(int(c.age/time.Second)))
	case c.age < 0:
		b.WriteString("; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT")
	}
	if c.secure {
		b.WriteString("; Secure")
	}
	b.WriteString("; HttpOnly; SameSite=Lax")
	return b.String()
}

// cookie makes a cookie for the place of the request. It is Secure when the request came over TLS: on plain http, which AWS
// does not have, browsers and cookie jars would keep a Secure cookie to themselves.
func (x *exchange) cookie(name, value string) cookie {
	return cookie{name: name, value: value, path: x.place.cookiePath(), secure: x.TLS != nil}
}

// csrfOf is the value of the request's XSRF-TOKEN cookie, or a new one when it has none of ours. Keeping it lets several open
// tabs work.
func csrfOf(r *http.Request) string {
	if c, err := r.Cookie(csrfCookie); err == nil {
		if id, err := uuid.Parse(c.Value); err == nil && len(c.Value) == 36 {
			return id.String()
		}
	}
	return uuid.NewString()
}

// fromOwnPage tells whether a form post comes from a page of this server: the _csrf field equals the cookie, and a browser that
// tells where the post came from says: here. The cookie alone would not do on localhost, where another port's page can
// set cookies for this one.
func (x *exchange) fromOwnPage(form params) bool {
	switch x.Header.Get("Sec-Fetch-Site") {
	case "", "same-origin", "none":
	default:
		return false
	}
	sent, err := x.Cookie(csrfCookie)
	if err != nil || sent.Value == "" {
		return false
	}
	return subtle.ConstantTimeCompare([]byte(sent.Value), []byte(form.get("_csrf"))) == 1
}
