package cognito

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/poolgate/poolgate/internal/store"
)

// mfaChange is what one operation says of one factor; nil leaves it.
type mfaChange struct{ enabled, preferred bool }

// mfaChanges are by the factors' order.
type mfaChanges [len(factors)]*mfaChange

// changesOf joins the three settings that both preference operations have.
func changesOf(sms *types.SMSMfaSettingsType, software *types.SoftwareTokenMfaSettingsType, email *types.EmailMfaSettingsType) (c mfaChanges) {
	if sms != nil {
		c[0] = &mfaChange{sms.Enabled, sms.PreferredMfa}
	}
	if software != nil {
		c[1] = &mfaChange{software.Enabled, software.PreferredMfa}
	}
	if email != nil {
		c[2] = &mfaChange{email.Enabled, email.PreferredMfa}
	}
	return c
}

// to makes the changes, or refuses them all: a factor must be ready before it is turned on, and only one that is on is preferred.
func (c mfaChanges) to(u *user) error {
	next := u.MFA
	for i, change := range c {
		f := &factors[i]
		if change == nil {
			continue
		}
		if change.enabled && !f.ready(u) {
			return invalidParameter("User does not have delivery config set to turn on %s", f.challenge)
		}
		if change.preferred && !change.enabled {
			return invalidParameter("Cannot set %s as the preferred MFA without enabling it", f.challenge)
		}
		if change.preferred && next.Preferred != f.challenge && c.prefers(next.Preferred) {
			return invalidParameter("Only one MFA can be preferred")
		}
		*f.wanted(&next) = change.enabled
		switch {
		case change.preferred:
			next.Preferred = f.challenge
		case next.Preferred == f.challenge:
			next.Preferred = ""
		}
	}
	u.MFA = next
	return nil
}

// prefers tells whether the changes themselves made a factor the preferred one.
func (c mfaChanges) prefers(challenge types.ChallengeNameType) bool {
	for i, change := range c {
		if change != nil && change.preferred && factors[i].challenge == challenge {
			return true
		}
	}
	return false
}

// SetUserMFAPreference turns the bearer's second factors on and off and says which comes first. A setting that is left out stays.
func (s *Service) SetUserMFAPreference(ctx context.Context, in *cip.SetUserMFAPreferenceInput) (*cip.SetUserMFAPreferenceOutput, error) {
	changes := changesOf(in.SMSMfaSettings, in.SoftwareTokenMfaSettings, in.EmailMfaSettings)
	return &cip.SetUserMFAPreferenceOutput{}, s.changeBearer(ctx, value(in.AccessToken), func(_ *store.Tx, b *bearer) error {
		return changes.to(b.user)
	})
}

// AdminSetUserMFAPreference is SetUserMFAPreference by an administrator.
func (s *Service) AdminSetUserMFAPreference(ctx context.Context, in *cip.AdminSetUserMFAPreferenceInput) (*cip.AdminSetUserMFAPreferenceOutput, error) {
	changes := changesOf(in.SMSMfaSettings, in.SoftwareTokenMfaSettings, in.EmailMfaSettings)
	return &cip.AdminSetUserMFAPreferenceOutput{}, s.changeUser(ctx, in.UserPoolId, value(in.Username), func(_ *store.Tx, _ *pool, u *user) error {
		return changes.to(u)
	})
}

// smsOnly is what the older operations can say: text messages to the phone number, on or off.
func smsOnly(options []types.MFAOptionType) mfaChanges {
	on := slices.ContainsFunc(options, func(o types.MFAOptionType) bool { return o.DeliveryMedium == types.DeliveryMediumTypeSms })
	return mfaChanges{{enabled: on}}
}

// SetUserSettings is the older SetUserMFAPreference, for text messages only.
func (s *Service) SetUserSettings(ctx context.Context, in *cip.SetUserSettingsInput) (*cip.SetUserSettingsOutput, error) {
	return &cip.SetUserSettingsOutput{}, s.changeBearer(ctx, value(in.AccessToken), func(_ *store.Tx, b *bearer) error {
		return smsOnly(in.MFAOptions).to(b.user)
	})
}

// AdminSetUserSettings is SetUserSettings by an administrator.
func (s *Service) AdminSetUserSettings(ctx context.Context, in *cip.AdminSetUserSettingsInput) (*cip.AdminSetUserSettingsOutput, error) {
	return &cip.AdminSetUserSettingsOutput{}, s.changeUser(ctx, in.UserPoolId, value(in.Username), func(_ *store.Tx, _ *pool, u *user) error {
		return smsOnly(in.MFAOptions).to(u)
	})
}

// authFactors are the first factors that a user could sign in with, in the order of the model's enumeration.
func authFactors(u *user) []types.AuthFactorType {
	var all []types.AuthFactorType
	if u.SealedVerifier != "" {
		all = append(all, types.AuthFactorTypePassword)
	}
	for _, f := range []struct {
		attribute string
		factor    types.AuthFactorType
	}{{"email", types.AuthFactorTypeEmailOtp}, {"phone_number", types.AuthFactorTypeSmsOtp}} {
		if u.attribute(f.attribute) != "" && u.attribute(f.attribute+"_verified") == "true" {
			all = append(all, f.factor)
		}
	}
	return all
}

// GetUserAuthFactors tells what the bearer can sign in with.
func (s *Service) GetUserAuthFactors(ctx context.Context, in *cip.GetUserAuthFactorsInput) (*cip.GetUserAuthFactorsOutput, error) {
	b, err := s.authenticateAccess(ctx, value(in.AccessToken), adminScope)
	if err != nil {
		return nil, err
	}
	out := &cip.GetUserAuthFactorsOutput{Username: aws.String(b.user.Username), ConfiguredUserAuthFactors: authFactors(b.user)}
	out.PreferredMfaSetting, out.UserMFASettingList = b.pool.preferenceOf(b.user)
	return out, nil
}
