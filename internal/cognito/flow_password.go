package cognito

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// userPasswordFlow is USER_PASSWORD_AUTH: the password travels to the server.
var userPasswordFlow = flow{
	public: true, requires: []string{"USERNAME", "PASSWORD"}, named: true,
	allowed:  types.ExplicitAuthFlowsTypeAllowUserPasswordAuth,
	disabled: "USER_PASSWORD_AUTH flow not enabled for this client",
	begin:    (*Service).signInByPassword,
}

// adminPasswordFlow is ADMIN_USER_PASSWORD_AUTH and its legacy name ADMIN_NO_SRP_AUTH.
var adminPasswordFlow = flow{
	admin: true, requires: []string{"USERNAME", "PASSWORD"}, named: true,
	allowed:  types.ExplicitAuthFlowsTypeAllowAdminUserPasswordAuth,
	disabled: flowNotEnabled,
	begin:    (*Service).signInByPassword,
}

// signInByPassword checks PASSWORD. For a user who does not exist it does the same work.
func (s *Service) signInByPassword(ctx context.Context, a *attempt) (outcome, error) {
	if err := s.preAuthenticate(ctx, a); err != nil {
		return outcome{}, err
	}
	password := a.params["PASSWORD"]
	if a.user == nil {
		wasteVerifier(a.poolID, a.username, password)
		return outcome{}, s.wrongPassword(ctx, a)
	}
	right, err := s.verifyPassword(a.user, a.poolID, password)
	if err != nil {
		return outcome{}, err
	}
	if !right {
		return outcome{}, s.wrongPassword(ctx, a)
	}
	return s.proceed(ctx, a)
}
