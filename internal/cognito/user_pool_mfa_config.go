package cognito

import (
	"context"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/poolgate/poolgate/internal/store"
)

// hasSoftwareFactor tells whether the pool has a second factor that needs no text messages.
func (p *pool) hasSoftwareFactor() bool {
	return p.SoftwareTokenMFA != nil && p.SoftwareTokenMFA.Value.Enabled || p.EmailMFA != nil
}

// SetUserPoolMfaConfig sets which second factors the pool has. A factor that the caller left out is off; the SMS
// configuration, which also serves verification, stays.
func (s *Service) SetUserPoolMfaConfig(ctx context.Context, in *cip.SetUserPoolMfaConfigInput) (*cip.SetUserPoolMfaConfigOutput, error) {
	software := in.SoftwareTokenMfaConfiguration != nil && in.SoftwareTokenMfaConfiguration.Enabled
	anyFactor := software || in.EmailMfaConfiguration != nil || in.SmsMfaConfiguration != nil
	switch in.MfaConfiguration {
	case types.UserPoolMfaTypeOn, types.UserPoolMfaTypeOptional:
		if !anyFactor {
			return nil, invalidParameter("Invalid MFA configuration given, can't disable all MFAs and require an MFA together.")
		}
	default:
		if anyFactor {
			return nil, invalidParameter("Invalid MFA configuration given, can't turn off MFA and configure an MFA together.")
		}
	}
	out := &cip.SetUserPoolMfaConfigOutput{}
	err := s.withPool(ctx, in.UserPoolId, func(tx *store.Tx, p *pool) error {
		detail := &p.Detail.Value
		detail.MfaConfiguration = orDefault(in.MfaConfiguration, types.UserPoolMfaTypeOff)
		if sms := in.SmsMfaConfiguration; sms != nil {
			detail.SmsAuthenticationMessage = orDefault(sms.SmsAuthenticationMessage, detail.SmsAuthenticationMessage)
			detail.SmsConfiguration = orDefault(sms.SmsConfiguration, detail.SmsConfiguration)
		}
		p.SoftwareTokenMFA = document(in.SoftwareTokenMfaConfiguration)
		p.EmailMFA = document(in.EmailMfaConfiguration)
		if in.WebAuthnConfiguration != nil {
			p.WebAuthn = document(in.WebAuthnConfiguration)
		}
		now := mfaConfigOf(p)
		*out = cip.SetUserPoolMfaConfigOutput{
			MfaConfiguration: now.MfaConfiguration, SmsMfaConfiguration: now.SmsMfaConfiguration,
			SoftwareTokenMfaConfiguration: now.SoftwareTokenMfaConfiguration,
			EmailMfaConfiguration:         now.EmailMfaConfiguration, WebAuthnConfiguration: now.WebAuthnConfiguration,
		}
		return s.putChanged(tx, p)
	})
	return out, err
}

// GetUserPoolMfaConfig returns what SetUserPoolMfaConfig set.
func (s *Service) GetUserPoolMfaConfig(ctx context.Context, in *cip.GetUserPoolMfaConfigInput) (*cip.GetUserPoolMfaConfigOutput, error) {
	var out *cip.GetUserPoolMfaConfigOutput
	err := s.viewPool(ctx, in.UserPoolId, func(_ *store.Tx, p *pool) error {
		out = mfaConfigOf(p)
		return nil
	})
	return out, err
}

func mfaConfigOf(p *pool) *cip.GetUserPoolMfaConfigOutput {
	detail := p.Detail.Value
	out := &cip.GetUserPoolMfaConfigOutput{
		MfaConfiguration:              detail.MfaConfiguration,
		SoftwareTokenMfaConfiguration: shape(p.SoftwareTokenMFA),
		EmailMfaConfiguration:         shape(p.EmailMFA),
		WebAuthnConfiguration:         shape(p.WebAuthn),
	}
	if detail.SmsConfiguration != nil {
		out.SmsMfaConfiguration = &types.SmsMfaConfigType{
			SmsAuthenticationMessage: detail.SmsAuthenticationMessage, SmsConfiguration: detail.SmsConfiguration,
		}
	}
	return out
}
