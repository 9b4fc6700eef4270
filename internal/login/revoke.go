package login

import (
	"net/http"

	"github.com/poolgate/poolgate/internal/fault"
)

// revoke is /oauth2/revoke (fact 5.5, RFC 7009). A token that is unknown or revoked already is as revoked as can be: 200.
func (h *Handler) revoke(x *exchange) (*answer, error) {
	if !isForm(x.Request) {
		return &answer{status: http.StatusMethodNotAllowed}, nil
	}
	form, err := readForm(x.Request)
	if err != nil {
		return nil, err
	}
	client, err := h.authenticateClient(x, form)
	if err != nil {
		return nil, err
	}
	token := form.get("token")
	switch {
	case token == "":
		return nil, invalidRequest("token is missing")
	case !client.RevocationEnabled:
		return nil, invalidRequest("EnableTokenRevocation is off for the client")
	}
	err = h.pools.RevokeRefreshToken(x.Context(), client.ClientID, token)
	if err != nil && fault.From(err).Kind != fault.KindNotFound {
		return nil, err
	}
	return &answer{status: http.StatusOK}, nil
}
