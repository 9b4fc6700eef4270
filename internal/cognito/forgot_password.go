package cognito

import (
	"cmp"
	"context"
	"slices"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/store"
)

// ForgotPassword sends a code to a verified address, by which ConfirmForgotPassword sets a new password.
func (s *Service) ForgotPassword(ctx context.Context, in *cip.ForgotPasswordInput) (*cip.ForgotPasswordOutput, error) {
	a, err := s.selfService(ctx, value(in.ClientId), value(in.Username), value(in.SecretHash))
	if err != nil {
		return nil, err
	}
	out := &cip.ForgotPasswordOutput{}
	err = s.changeNamed(ctx, a, nil, func(tx *store.Tx, u *user) (*fault.Error, error) {
		out.CodeDeliveryDetails = nil // the function may run again
		switch {
		case a.hidesUsers() && (!u.Enabled || a.pool.recoveryAddress(u) == ""):
			return nil, nil // nothing is sent, and the answer is that for a user who does not exist (fact 6.8)
		case !u.Enabled:
			return nil, fault.Unauthorized("NotAuthorizedException", "User is disabled.")
		case u.Status == types.UserStatusTypeForceChangePassword, u.Status == types.UserStatusTypeExternalProvider:
			return nil, fault.Unauthorized("NotAuthorizedException", "User password cannot be reset in the current state.")
		}
		var err error
		out.CodeDeliveryDetails, err = s.sendRecovery(tx, a.pool, u)
		return nil, err
	})
	if err != nil {
		return nil, err
	}
	if out.CodeDeliveryDetails == nil {
		out.CodeDeliveryDetails = a.simulatedDelivery()
	}
	return out, nil
}

// sendRecovery sends a code for a new password by the first way of recovery that the pool has and the user can use.
func (s *Service) sendRecovery(tx *store.Tx, p *pool, u *user) (*types.CodeDeliveryDetailsType, error) {
	if len(p.recoveryWays()) == 0 {
		return nil, fault.Unauthorized("NotAuthorizedException", "Contact administrator to reset password.")
	}
	if way := p.recoveryAddress(u); way != "" {
		return s.sendCode(tx, p, u, forgotPasswordCode, way)
	}
	return nil, invalidParameter("Cannot reset password for the user as there is no registered/verified email or phone_number")
}

// recoveryAddress is the attribute that a user's recovery code goes to; empty when there is none.
func (p *pool) recoveryAddress(u *user) string {
	for _, way := range p.recoveryWays() {
		if u.attribute(way) != "" && u.attribute(way+"_verified") == "true" {
			return way
		}
	}
	return ""
}

// recoveryWays are the attributes a recovery code can go to, the preferred one first; none when only administrators recover. A pool that
// says nothing prefers the phone number, as AWS does for pools older than the setting.
func (p *pool) recoveryWays() []string {
	setting := p.Detail.Value.AccountRecoverySetting
	if setting == nil || len(setting.RecoveryMechanisms) == 0 {
		return []string{"phone_number", "email"}
	}
	mechanisms := slices.Clone(setting.RecoveryMechanisms)
	slices.SortStableFunc(mechanisms, func(a, b types.RecoveryOptionType) int {
		return cmp.Compare(value(a.Priority), value(b.Priority))
	})
	var ways []string
	for _, m := range mechanisms {
		switch m.Name {
		case types.RecoveryOptionNameTypeVerifiedEmail:
			ways = append(ways, "email")
		case types.RecoveryOptionNameTypeVerifiedPhoneNumber:
			ways = append(ways, "phone_number")
		}
	}
	return ways
}

// ConfirmForgotPassword sets a new password by the code that ForgotPassword or AdminResetUserPassword sent.
func (s *Service) ConfirmForgotPassword(ctx context.Context, in *cip.ConfirmForgotPasswordInput) (*cip.ConfirmForgotPasswordOutput, error) {
	a, err := s.selfService(ctx, value(in.ClientId), value(in.Username), value(in.SecretHash))
	if err != nil {
		return nil, err
	}
	if err := checkPassword(a.pool.passwordPolicy(), value(in.Password)); err != nil {
		return nil, err
	}
	var holder user
	err = s.store.View(ctx, func(tx *store.Tx) error {
		u, err := s.userByName(tx, a.pool, a.username)
		if err == nil {
			holder.Username = u.Username
		}
		return err
	})
	if err != nil && !fault.Is(err, "UserNotFoundException") {
		return nil, err
	}
	// For a user who does not exist too, so that time does not tell.
	if err := s.setPassword(&holder, a.poolID, value(in.Password)); err != nil {
		return nil, err
	}
	var changed *user
	err = s.changeNamed(ctx, a, expiredCode(), func(_ *store.Tx, u *user) (*fault.Error, error) {
		changed = u
		if u.Username != holder.Username {
			return expiredCode(), nil // the name means another user since
		}
		if !u.Enabled {
			return nil, fault.Unauthorized("NotAuthorizedException", "User is disabled.")
		}
		_, refusal, err := s.checkCode(a.pool, u, forgotPasswordCode, value(in.ConfirmationCode))
		if err != nil || refusal != nil {
			return refusal, err
		}
		u.SealedVerifier, u.Modified = holder.SealedVerifier, a.now
		u.setFailures(failures{})
		if u.Status == types.UserStatusTypeResetRequired {
			u.Status = types.UserStatusTypeConfirmed
		}
		return nil, nil
	})
	if err != nil {
		return nil, err
	}
	return &cip.ConfirmForgotPasswordOutput{}, s.postConfirmation(ctx, a.pool, a.client, changed, byForgotPassword, in.ClientMetadata)
}

// AdminResetUserPassword takes the user's password away and sends the code by which ConfirmForgotPassword sets another. Until then a
// sign-in is answered with PasswordResetRequiredException.
func (s *Service) AdminResetUserPassword(ctx context.Context, in *cip.AdminResetUserPasswordInput) (*cip.AdminResetUserPasswordOutput, error) {
	return &cip.AdminResetUserPasswordOutput{}, s.changeUser(ctx, in.UserPoolId, value(in.Username), func(tx *store.Tx, p *pool, u *user) error {
		switch {
		case !u.Enabled:
			return fault.Unauthorized("NotAuthorizedException", "User is disabled.")
		case u.Status != types.UserStatusTypeConfirmed && u.Status != types.UserStatusTypeResetRequired:
			return fault.Unauthorized("NotAuthorizedException", "User password cannot be reset in the current state.")
		}
		u.Status = types.UserStatusTypeResetRequired
		_, err := s.sendRecovery(tx, p, u)
		return err
	})
}
