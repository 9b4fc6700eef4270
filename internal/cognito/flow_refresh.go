package cognito

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/poolgate/poolgate/internal/fault"
)

// refreshFlow is REFRESH_TOKEN_AUTH and REFRESH_TOKEN. It names no user: the token does.
var refreshFlow = flow{
	public: true, admin: true, requires: []string{"REFRESH_TOKEN"},
	allowed:  types.ExplicitAuthFlowsTypeAllowRefreshTokenAuth,
	disabled: flowNotEnabled,
	begin:    (*Service).refreshByFlow,
}

// refreshByFlow redeems a refresh token. It is not available to a client whose refresh tokens rotate (fact 4.4).
func (s *Service) refreshByFlow(ctx context.Context, a *attempt) (outcome, error) {
	if a.client.rotatesRefreshTokens() {
		return outcome{}, fault.Invalid("InvalidParameterException", flowNotEnabled)
	}
	g, r, err := s.redeem(ctx, a, a.params["REFRESH_TOKEN"], nil)
	if err != nil {
		if secretErr := s.checkSecretHashPresence(a); secretErr != nil {
			return outcome{}, secretErr
		}
		return outcome{}, err
	}
	// The hash is made for the real username or the sub: whoever signed in by an alias must not use it here (fact 6.5).
	if err := s.checkSecretHash(a.poolID, a.client, a.params["SECRET_HASH"], r.Username, r.Sub); err != nil {
		if a.params["SECRET_HASH"] != "" && fault.Is(err, "NotAuthorizedException") {
			return outcome{}, fault.Unauthorized("NotAuthorizedException", "SecretHash does not match for the client: %s", a.client.id())
		}
		return outcome{}, err
	}
	if err := s.shape(ctx, g, tokensOfRefresh, a.metadata); err != nil {
		return outcome{}, err
	}
	tokens, err := g.issue()
	if err != nil {
		return outcome{}, err
	}
	return outcome{tokens: tokens.result()}, nil
}

// checkSecretHashPresence refuses a client with a secret that sent no hash at all, before it learns anything of the token.
func (s *Service) checkSecretHashPresence(a *attempt) error {
	if a.params["SECRET_HASH"] != "" {
		return nil
	}
	return s.checkSecretHash(a.poolID, a.client, "", "")
}
