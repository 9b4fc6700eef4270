package login

import (
	"net/http"

	"github.com/poolgate/poolgate/internal/cognito"
	"github.com/poolgate/poolgate/internal/fault"
)

// tokenGrant is what one grant adds to /oauth2/token. The pipeline owns the phases; a grant fills the two hooks and cannot
// skip a check.
type tokenGrant struct {
	// enabled tells whether the client may use the grant.
	enabled func(cognito.AppClient) bool
	// redeem checks what the grant was asked with and issues.
	redeem func(h *Handler, x *exchange, client cognito.AppClient, form params) (cognito.Tokens, error)
}

// tokenGrants are the grants of the token endpoint by grant_type. There is no password grant (fact 5.3).
var tokenGrants = map[string]tokenGrant{
	"authorization_code": authorizationCodeGrant,
	"refresh_token":      refreshTokenGrant,
	"client_credentials": clientCredentialsGrant,
}

// tokenAnswer is the body of a granted request, in AWS's order. What was not issued is left out, not null.
type tokenAnswer struct {
	ID        string `json:"id_token,omitempty"`
	Access    string `json:"access_token"`
	Refresh   string `json:"refresh_token,omitempty"`
	ExpiresIn int    `json:"expires_in"`
	Type      string `json:"token_type"`
}

// token is /oauth2/token: method and content type, client authentication, grant enabled, grant hook, answer.
func (h *Handler) token(x *exchange) (*answer, error) {
	if !isForm(x.Request) {
		// As for a wrong method: 405 with an empty body (fact 5.3).
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
	name := form.get("grant_type")
	if name == "" {
		return nil, invalidRequest("grant_type is missing")
	}
	grant, known := tokenGrants[name]
	if !known {
		return nil, fault.Invalid("unsupported_grant_type", "")
	}
	if !grant.enabled(client) {
		return nil, fault.Forbidden("unauthorized_client", "").Becausef("the client may not use %s", name)
	}
	tokens, err := grant.redeem(h, x, client, form)
	if err != nil {
		return nil, err
	}
	return jsonAnswer(http.StatusOK, tokenAnswer{
		ID: tokens.ID, Access: tokens.Access, Refresh: tokens.Refresh, ExpiresIn: tokens.ExpiresIn, Type: "Bearer",
	}), nil
}
