package login

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"time"

	"github.com/poolgate/poolgate/internal/store"
)

// sessionLife is how long a sign-in is remembered (fact 4.5). It is counted from the sign-in and not prolonged.
const sessionLife = time.Hour

// session is a remembered sign-in. Its scope is the pool, its id the digest of the cookie.
type session struct {
	// Username and Sub together are the user: a name can be given to somebody else.
	Username, Sub string
	AuthTime      time.Time
	Expires       time.Time
}

var sessions = store.Collection[session]{
	Name: "login.session", Version: 1,
	Expires: func(s *session) time.Time { return s.Expires },
}

// sessionToken is the request's session cookie, or "" when it has none that this server could have made.
func (x *exchange) sessionToken() string {
	c, err := x.Cookie(sessionCookie)
	if err != nil || len(c.Value) != base64.RawURLEncoding.EncodedLen(sessionBytes) {
		return ""
	}
	return c.Value
}

const sessionBytes = 32

// session finds the pool's remembered sign-in of this browser; nil when there is none.
func (h *Handler) session(x *exchange, poolID string) (*session, error) {
	token := x.sessionToken()
	if token == "" {
		return nil, nil
	}
	var found *session
	err := h.store.View(x.Context(), func(tx *store.Tx) (err error) {
		found, err = sessions.Get(tx, poolID, digest(token))
		return err
	})
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, nil
	case err != nil:
		return nil, err
	case !h.clock.Now().Before(found.Expires):
		return nil, nil
	}
	return found, nil
}

// remember starts a new session in place of the browser's old one, so that a planted cookie is worth nothing.
func (h *Handler) remember(x *exchange, poolID string, who signedIn) (cookie, error) {
	raw := make([]byte, sessionBytes)
	rand.Read(raw) // never fails
	token := base64.RawURLEncoding.EncodeToString(raw)
	err := h.store.Update(x.Context(), func(tx *store.Tx) error {
		if err := forgetOld(tx, x, poolID); err != nil {
			return err
		}
		return sessions.Insert(tx, poolID, digest(token), &session{
			Username: who.username, Sub: who.sub, AuthTime: who.at, Expires: h.clock.Now().Add(sessionLife),
		})
	})
	c := x.cookie(sessionCookie, token)
	c.age = sessionLife
	return c, err
}

// forget ends the browser's session with the pool, if there is one, and gives the cookie that says so.
func (h *Handler) forget(x *exchange, poolID string) (cookie, error) {
	gone := x.cookie(sessionCookie, "")
	gone.age = -1
	if x.sessionToken() == "" {
		return gone, nil
	}
	return gone, h.store.Update(x.Context(), func(tx *store.Tx) error { return forgetOld(tx, x, poolID) })
}

// forgetOld deletes the session of the request's cookie.
func forgetOld(tx *store.Tx, x *exchange, poolID string) error {
	token := x.sessionToken()
	if token == "" {
		return nil
	}
	if err := sessions.Delete(tx, poolID, digest(token)); err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	return nil
}
