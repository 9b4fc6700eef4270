package authz

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"time"
)

// HandlerOption is one of Handler's, of either kind of authorizer.
type HandlerOption func(*door)

// door is what a handler does beside deciding.
type door struct {
	header  string
	refused func(*http.Request, Reason)
	now     func() time.Time
}

// TokenFrom takes the token from another header than Authorization: the authorizer's identity source.
func TokenFrom(header string) HandlerOption {
	return func(d *door) { d.header = cmp.Or(header, d.header) }
}

// OnRefusal tells why a request is refused, before it is answered: for a log or a metric. The client is not told. What the function
// needs of the request it must not keep, and tokens do not belong into a log.
func OnRefusal(tell func(r *http.Request, reason Reason)) HandlerOption {
	return func(d *door) {
		if tell != nil {
			d.refused = tell
		}
	}
}

// AtTime judges by another clock than the machine's, for tests of expiry. The function is called from many goroutines.
func AtTime(now func() time.Time) HandlerOption {
	return func(d *door) {
		if now != nil {
			d.now = now
		}
	}
}

func newDoor(options []HandlerOption) door {
	d := door{header: "Authorization", refused: func(*http.Request, Reason) {}, now: time.Now}
	for _, option := range options {
		option(&d)
	}
	return d
}

// Handler lets through to next the requests whose Authorization header opens a method with these scopes, and answers the
// others as API Gateway does: 401 {"message":"Unauthorized"}. next finds the claims with [ClaimsFrom]. Of several headers of the name,
// the first counts. The handler is safe for concurrent use; it reads no body, keeps nothing of a request and starts no goroutine.
func (a *Authorizer) Handler(scopes []string, next http.Handler, options ...HandlerOption) http.Handler {
	scopes, door := slices.Clone(scopes), newDoor(options)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d := a.Decide(r.Context(), r.Header.Get(door.header), scopes, door.now())
		if !d.Allowed {
			door.refused(r, d.Reason)
			refuse(w, d)
			return
		}
		next.ServeHTTP(w, r.WithContext(WithClaims(r.Context(), d.Claims)))
	})
}

// refuse writes the gateway's answer. It has no WWW-Authenticate header (fact 0), and the reason is not told.
func refuse(w http.ResponseWriter, d Decision) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Amzn-Errortype", "UnauthorizedException")
	w.WriteHeader(d.Reason.Info().Status)
	_, _ = w.Write([]byte(`{"message":"` + d.Message() + `"}`)) // the two messages need no escaping
}

// claimsKey is the context key of claims.
type claimsKey struct{}

// WithClaims returns a context that carries claims.
func WithClaims(ctx context.Context, c *Claims) context.Context {
	return context.WithValue(ctx, claimsKey{}, c)
}

// ClaimsFrom returns the claims that ctx carries; nil when it carries none. A nil *Claims may be asked, it has no claims.
func ClaimsFrom(ctx context.Context) *Claims {
	c, _ := ctx.Value(claimsKey{}).(*Claims)
	return c
}

// Handler lets through to next the requests whose Authorization header opens a route with these scopes, and answers the
// others as HTTP APIs do: 401 or 403 with a WWW-Authenticate that says why. Else it is as Authorizer.Handler.
func (a *JWTAuthorizer) Handler(scopes []string, next http.Handler, options ...HandlerOption) http.Handler {
	scopes, door := slices.Clone(scopes), newDoor(options)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d := a.Decide(r.Context(), r.Header.Get(door.header), scopes, door.now())
		if !d.Allowed {
			door.refused(r, d.Reason)
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("WWW-Authenticate", d.WWWAuthenticate(scopes))
			w.WriteHeader(d.Status)
			_, _ = w.Write([]byte(`{"message":"` + d.Message() + `"}`)) // the two messages need no escaping
			return
		}
		next.ServeHTTP(w, r.WithContext(WithClaims(r.Context(), d.Claims)))
	})
}
