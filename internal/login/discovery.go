package login

import (
	"net/http"

	"github.com/poolgate/poolgate/internal/fault"
)

// discovery is the pool's OpenID configuration on its login domain. Whether AWS serves it there is not settled (fact 4.1); here it
// is the pool's own document, issuer included, so that a client configured with either address verifies the same tokens.
func (h *Handler) discovery(x *exchange) (*answer, error) {
	pool, err := h.poolOf(x)
	if err != nil {
		return notFound(err)
	}
	text, err := h.pools.Discovery(x.Context(), pool, h.baseURL)
	if err != nil {
		return notFound(err)
	}
	return &answer{status: http.StatusOK, contentType: "application/json", body: text}, nil
}

// keys is the pool's key set on its login domain.
func (h *Handler) keys(x *exchange) (*answer, error) {
	pool, err := h.poolOf(x)
	if err != nil {
		return notFound(err)
	}
	text, err := h.pools.JWKS(x.Context(), pool)
	if err != nil {
		return notFound(err)
	}
	return &answer{status: http.StatusOK, contentType: "application/json", body: text}, nil
}

// poolOf is the pool asked about: the domain's, or in path style that of the client_id parameter.
func (h *Handler) poolOf(x *exchange) (string, error) {
	if !x.place.pathStyle() {
		return x.pool, nil
	}
	sent, err := query(x.Request)
	if err != nil {
		return "", err
	}
	client, err := h.client(x, sent.get("client_id"))
	return client.PoolID, err
}

// notFound answers 404 with an empty body where there is no such pool, and passes on every other error.
func notFound(err error) (*answer, error) {
	if fault.From(err).Kind == fault.KindNotFound {
		return &answer{status: http.StatusNotFound}, nil
	}
	return nil, err
}
