package login

import "github.com/poolgate/poolgate/internal/cognito"

// refreshTokenGrant renews tokens, also those of an SDK's sign-in (fact 5.3), so the client need not be enabled for OAuth. A scope
// parameter changes nothing: what is granted are the scopes of the sign-in.
var refreshTokenGrant = tokenGrant{
	enabled: func(c cognito.AppClient) bool { return c.RefreshTokenAllowed },
	redeem:  (*Handler).redeemRefreshToken,
}

func (h *Handler) redeemRefreshToken(x *exchange, client cognito.AppClient, form params) (cognito.Tokens, error) {
	sent := form.get("refresh_token")
	if sent == "" {
		return cognito.Tokens{}, invalidRequest("refresh_token is missing")
	}
	return h.pools.RefreshTokens(x.Context(), client.ClientID, sent)
}
