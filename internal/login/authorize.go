package login

import (
	"net/http"
	"slices"

	"github.com/poolgate/poolgate/internal/fault"
)

// authorize is /oauth2/authorize: whoever is signed in already goes straight back to the client with a new code, everyone else to
// the sign-in page with the same parameters (fact 5.2). OpenID Connect asks for POST as well.
func (h *Handler) authorize(x *exchange) (*answer, error) {
	sent, malformed := query(x.Request)
	if x.Method == http.MethodPost {
		if !isForm(x.Request) {
			return &answer{status: http.StatusMethodNotAllowed}, nil
		}
		sent, malformed = readForm(x.Request)
	}
	a, err := h.authorization(x, sent, malformed)
	if err != nil {
		return nil, err
	}
	answered, err := h.silently(x, a)
	if answered != nil || err != nil {
		return answered, err
	}
	return redirect(x.place.url("/login", a.query.encode())), nil
}

// silently answers an authorization request out of a remembered sign-in. It gives nil when the person has to be asked.
func (h *Handler) silently(x *exchange, a *authorization) (*answer, error) {
	answered, err := h.grantFromSession(x, a)
	if answered != nil {
		return answered, nil
	}
	if err != nil {
		e := fault.From(err)
		if e.Kind.Status() >= http.StatusInternalServerError {
			return nil, &sentBack{err: e, to: a.to}
		}
		// The user was disabled, deleted or signed out everywhere since: as good as not signed in.
		h.log.DebugContext(x.Context(), "remembered sign-in refused", "error", e)
	}
	if slices.Contains(a.prompt, "none") {
		return nil, &sentBack{err: fault.Unauthorized("login_required", ""), to: a.to}
	}
	return nil, nil
}

// grantFromSession grants to the user whose sign-in is remembered, if there is one and it still counts.
func (h *Handler) grantFromSession(x *exchange, a *authorization) (*answer, error) {
	if slices.Contains(a.prompt, "login") || slices.Contains(a.prompt, "select_account") {
		return nil, nil
	}
	s, err := h.session(x, a.client.PoolID)
	if s == nil || err != nil {
		return nil, err
	}
	if err := h.pools.CheckSignedIn(x.Context(), a.client.PoolID, s.Username, s.Sub, s.AuthTime); err != nil {
		return nil, err
	}
	return h.grant(x, a, signedIn{username: s.Username, sub: s.Sub, at: s.AuthTime})
}
