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
	var s *session
	if !slices.Contains(a.prompt, "login") && !slices.Contains(a.prompt, "select_account") {
		var err error
		if s, err = h.session(x, a.client.PoolID); err != nil {
			return nil, err
		}
	}
	if s != nil {
		answered, err := h.grant(x, a, signedIn{s.Username, s.AuthTime})
		if err == nil {
			return answered, nil
		}
		if e := fault.From(err); e.Kind.Status() >= http.StatusInternalServerError {
			return nil, &sentBack{err: e, to: a.to}
		}
		// The user was disabled or deleted since: as good as not signed in.
	}
	if slices.Contains(a.prompt, "none") {
		return nil, &sentBack{err: fault.Unauthorized("login_required", ""), to: a.to}
	}
	return nil, nil
}
