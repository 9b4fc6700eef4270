package login

import (
	"slices"

	"github.com/poolgate/poolgate/internal/cognito"
	"github.com/poolgate/poolgate/internal/fault"
)

// logout is /logout in both of its styles (fact 5.6): with logout_uri the browser goes to a registered sign-out URL; with
// redirect_uri and response_type it goes to the sign-in page, to sign in as somebody else. The session ends; tokens are not revoked.
func (h *Handler) logout(x *exchange) (*answer, error) {
	sent, malformed := query(x.Request)
	if malformed != nil {
		return nil, malformed
	}
	id := sent.get("client_id")
	if id == "" {
		return nil, missingParameter("client_id")
	}
	client, err := h.client(x, id)
	if err != nil {
		if e := fault.From(err); e.Kind == fault.KindNotFound {
			return nil, fault.NotFound("unauthorized_client", "").Because(err)
		}
		return nil, err
	}
	location, err := h.afterLogout(x, client, sent)
	if err != nil {
		return nil, err
	}
	gone, err := h.forget(x, client.PoolID)
	if err != nil {
		return nil, err
	}
	return redirect(location, gone), nil
}

// afterLogout is where the browser goes then.
func (h *Handler) afterLogout(x *exchange, client cognito.AppClient, sent params) (string, error) {
	if uri := sent.get("logout_uri"); uri != "" {
		if !slices.Contains(client.LogoutURLs, uri) {
			return "", fault.Invalid("redirect_mismatch", "").Becausef("logout_uri is not among the client's sign-out URLs")
		}
		return uri, nil
	}
	uri := sent.get("redirect_uri")
	switch {
	case uri == "":
		return "", missingParameter("redirect_uri")
	case !slices.Contains(client.CallbackURLs, uri):
		return "", fault.Invalid("redirect_mismatch", "").Becausef("redirect_uri is not among the client's callback URLs")
	case sent.get("response_type") == "":
		return "", missingParameter("response_type")
	}
	return x.place.url("/login", sent.encode()), nil
}
