package authz

import (
	"context"
	"net/http"
	"slices"
	"time"
)

// Handler lets through to next the requests whose Authorization header opens a method with these scopes, and answers the
// others as API Gateway does: 401 {"message":"Unauthorized"}. next finds the claims with [ClaimsFrom].
func (a *Authorizer) Handler(scopes []string, next http.Handler) http.Handler {
	scopes = slices.Clone(scopes)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d := a.Decide(r.Context(), r.Header.Get("Authorization"), scopes, time.Now())
		if !d.Allowed {
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
// others as HTTP APIs do: 401 or 403 with a WWW-Authenticate that says why. next finds the claims with [ClaimsFrom].
func (a *JWTAuthorizer) Handler(scopes []string, next http.Handler) http.Handler {
	scopes = slices.Clone(scopes)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d := a.Decide(r.Context(), r.Header.Get("Authorization"), scopes, time.Now())
		if !d.Allowed {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("WWW-Authenticate", d.WWWAuthenticate(scopes))
			w.WriteHeader(d.Status)
			_, _ = w.Write([]byte(`{"message":"` + d.Message() + `"}`)) // the two messages need no escaping
			return
		}
		next.ServeHTTP(w, r.WithContext(WithClaims(r.Context(), d.Claims)))
	})
}
