package login

import (
	"net/http"
	"net/url"

	"github.com/poolgate/poolgate/internal/cognito"
	"github.com/poolgate/poolgate/internal/fault"
)

// authenticateClient finds out which client calls, by client_secret_basic or client_secret_post (fact 5.3). A client without a
// secret only names itself; one with a secret must prove it.
func (h *Handler) authenticateClient(x *exchange, form params) (cognito.AppClient, error) {
	id, secrets, err := credentials(x.Request, form)
	if err != nil {
		return cognito.AppClient{}, err
	}
	client, err := h.client(x, id)
	if err != nil {
		if e := fault.From(err); e.Kind == fault.KindNotFound {
			return cognito.AppClient{}, fault.Unauthorized("invalid_client", "").Because(err)
		}
		return cognito.AppClient{}, err
	}
	if len(secrets) == 0 {
		if client.HasSecret {
			return cognito.AppClient{}, fault.Unauthorized("invalid_client", "").Becausef("the client has a secret and none was sent")
		}
		return client, nil
	}
	var refused *fault.Error
	for _, secret := range secrets {
		err := h.pools.CheckClientSecret(x.Context(), id, secret)
		if err == nil {
			return client, nil
		}
		if refused = fault.From(err); refused.Kind.Status() >= http.StatusInternalServerError {
			return cognito.AppClient{}, err
		}
	}
	return cognito.AppClient{}, fault.Unauthorized("invalid_client", "invalid_client_secret").Because(refused)
}

// credentials reads the client's id and what its secret may be: as sent, and with Basic also form-decoded, because RFC 6749 2.3.1
// has clients encode it and many do not.
func credentials(r *http.Request, form params) (id string, secrets []string, err error) {
	id = form.get("client_id")
	if secret := form.get("client_secret"); secret != "" {
		secrets = []string{secret}
	}
	basicID, secret, ok := r.BasicAuth()
	if !ok {
		return id, secrets, nil
	}
	if decoded, err := url.QueryUnescape(basicID); err == nil && !isClientID(basicID) {
		basicID = decoded
	}
	switch {
	case len(secrets) > 0:
		return "", nil, invalidRequest("the client authenticates in two ways at once (RFC 6749 2.3)")
	case id != "" && id != basicID:
		return "", nil, invalidRequest("client_id is not the client of the Authorization header")
	case secret == "":
		return basicID, nil, nil
	}
	secrets = []string{secret}
	if decoded, err := url.QueryUnescape(secret); err == nil && decoded != secret {
		secrets = append(secrets, decoded)
	}
	return basicID, secrets, nil
}
