package login

import (
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/poolgate/poolgate/internal/cognito"
	"github.com/poolgate/poolgate/internal/fault"
)

// clientCredentialsGrant issues an access token for the client itself, which must have a secret.
var clientCredentialsGrant = tokenGrant{
	enabled: func(c cognito.AppClient) bool {
		return c.OAuthEnabled && c.HasSecret && slices.Contains(c.Flows, types.OAuthFlowTypeClientCredentials)
	},
	redeem: (*Handler).redeemClientCredentials,
}

func (h *Handler) redeemClientCredentials(x *exchange, client cognito.AppClient, form params) (cognito.Tokens, error) {
	scopes, e := customScopes(client.Scopes, form.get("scope"))
	if e != nil {
		return cognito.Tokens{}, e
	}
	return h.pools.ClientCredentials(x.Context(), client.ClientID, scopes)
}

// customScopes are the custom scopes asked for, or all of the client's; there are no others for a client without a user, and
// without any there is nothing to issue (fact 5.3).
func customScopes(allowed []string, asked string) ([]string, *fault.Error) {
	// A custom scope is resourceServer/name; no scope of AWS's own has a slash.
	own := slices.DeleteFunc(slices.Clone(allowed), func(scope string) bool { return !strings.Contains(scope, "/") })
	scopes := strings.Fields(asked)
	if len(scopes) == 0 {
		scopes = own
	}
	if len(scopes) == 0 {
		return nil, fault.Invalid("invalid_scope", "").Becausef("the client has no custom scope")
	}
	for _, scope := range scopes {
		if !slices.Contains(own, scope) {
			return nil, fault.Invalid("invalid_scope", "").Becausef("scope %q is not among the client's custom scopes", scope)
		}
	}
	return unique(scopes), nil
}
