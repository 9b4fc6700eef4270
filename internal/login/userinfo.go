package login

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"github.com/poolgate/poolgate/internal/fault"
)

// userInfo is /oauth2/userInfo: the claims that an access token with openid opens (fact 5.4). Unlike an API's authorizer it asks
// whether the token was revoked; that is the pools' part.
func (h *Handler) userInfo(x *exchange) (*answer, error) {
	token, err := bearer(x.Request)
	if err != nil {
		return nil, err
	}
	claims, err := h.pools.UserInfo(x.Context(), token)
	if err != nil {
		return nil, err
	}
	if !x.place.pathStyle() && !issuedBy(token, x.pool) {
		return nil, fault.Unauthorized("invalid_token", "").Becausef("the token is of another pool than the domain's")
	}
	for _, name := range []string{"email_verified", "phone_number_verified"} {
		if verified, ok := claims[name].(bool); ok {
			// Text here, though a boolean in the ID token (fact 5.4).
			claims[name] = strconv.FormatBool(verified)
		}
	}
	return jsonAnswer(http.StatusOK, claims), nil
}

// bearer is the request's access token, from the Authorization header or, in a POST, from the form (RFC 6750 2.1, 2.2). In a URL
// it would end in logs; there it is not looked for.
func bearer(r *http.Request) (string, error) {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	inHeader := strings.EqualFold(scheme, "Bearer") && token != ""
	if len(r.Header.Values("Authorization")) > 1 {
		return "", invalidRequest("more than one Authorization header")
	}
	if r.Method == http.MethodPost && isForm(r) {
		form, err := readForm(r)
		if err != nil {
			return "", err
		}
		if inForm := form.get("access_token"); inForm != "" {
			if inHeader {
				return "", invalidRequest("two access tokens")
			}
			return inForm, nil
		}
	}
	if !inHeader || len(token) > maxValue || strings.ContainsAny(token, " ,") {
		return "", invalidRequest("no access token")
	}
	return token, nil
}

// issuedBy tells whether a token, verified already, is one of the pool's: its issuer ends in the pool's id.
func issuedBy(token, pool string) bool {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return false
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return false
	}
	var claims struct {
		Issuer string `json:"iss"`
	}
	return json.Unmarshal(payload, &claims) == nil && strings.HasSuffix(claims.Issuer, "/"+pool)
}
