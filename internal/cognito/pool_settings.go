package cognito

import (
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/poolgate/poolgate/internal/fault"
)

// invalidParameter is the error of a broken rule; texts that AWS was seen to give are kept to the byte.
func invalidParameter(format string, args ...any) error {
	return fault.Invalid("InvalidParameterException", format, args...)
}

// applySettings sets everything of a pool that UpdateUserPool can change. What the caller left out, tags apart, gets AWS's default,
// at creation and at every update alike: that is how UpdateUserPool works on AWS. software tells whether the pool has
// an MFA factor that needs no text messages.
func applySettings(p *types.UserPoolType, in *cip.UpdateUserPoolInput, software bool) error {
	if err := checkSettings(in, software); err != nil {
		return err
	}
	p.AccountRecoverySetting = in.AccountRecoverySetting
	p.AutoVerifiedAttributes = in.AutoVerifiedAttributes
	p.DeviceConfiguration = in.DeviceConfiguration
	p.IssuerConfiguration = in.IssuerConfiguration
	p.KeyConfiguration = in.KeyConfiguration
	p.SmsAuthenticationMessage = in.SmsAuthenticationMessage
	p.SmsConfiguration = in.SmsConfiguration
	p.UserPoolAddOns = in.UserPoolAddOns
	if in.UserPoolTags != nil {
		// Tags alone stay when they are left out: clients set them by TagResource and update the rest without them.
		p.UserPoolTags = in.UserPoolTags
	}

	p.DeletionProtection = orDefault(in.DeletionProtection, types.DeletionProtectionTypeInactive)
	p.MfaConfiguration = orDefault(in.MfaConfiguration, types.UserPoolMfaTypeOff)
	p.UserPoolTier = orDefault(in.UserPoolTier, types.UserPoolTierTypeEssentials)
	p.LambdaConfig = orDefault(in.LambdaConfig, &types.LambdaConfigType{})
	p.UserAttributeUpdateSettings = orDefault(in.UserAttributeUpdateSettings,
		&types.UserAttributeUpdateSettingsType{AttributesRequireVerificationBeforeUpdate: []types.VerifiedAttributeType{}})

	email := types.EmailConfigurationType{}
	if in.EmailConfiguration != nil {
		email = *in.EmailConfiguration
	}
	email.EmailSendingAccount = orDefault(email.EmailSendingAccount, types.EmailSendingAccountTypeCognitoDefault)
	p.EmailConfiguration = &email

	applyPasswordSettings(p, in)
	applyMessages(p, in)
	return nil
}

// orDefault is v, or fallback when v is the zero value.
func orDefault[T comparable](v, fallback T) T {
	var zero T
	if v == zero {
		return fallback
	}
	return v
}

// applyPasswordSettings sets the policies, and the two places where the life of a temporary password stands, which on
// AWS always agree: the policy's is the newer one.
func applyPasswordSettings(p *types.UserPoolType, in *cip.UpdateUserPoolInput) {
	policies := types.UserPoolPolicyType{}
	if in.Policies != nil {
		policies = *in.Policies
	}
	password := *defaultPasswordPolicy()
	if policies.PasswordPolicy != nil {
		password = *policies.PasswordPolicy
		password.MinimumLength = orDefault(password.MinimumLength, defaultPasswordPolicy().MinimumLength)
	}
	created := types.AdminCreateUserConfigType{}
	if in.AdminCreateUserConfig != nil {
		created = *in.AdminCreateUserConfig
	}
	if in.Policies == nil || in.Policies.PasswordPolicy == nil {
		password.TemporaryPasswordValidityDays = 0
	}
	days := orDefault(password.TemporaryPasswordValidityDays, created.UnusedAccountValidityDays)
	days = orDefault(days, defaultPasswordPolicy().TemporaryPasswordValidityDays)
	password.TemporaryPasswordValidityDays, created.UnusedAccountValidityDays = days, days

	policies.PasswordPolicy = &password
	policies.SignInPolicy = orDefault(policies.SignInPolicy,
		&types.SignInPolicyType{AllowedFirstAuthFactors: []types.AuthFactorType{types.AuthFactorTypePassword}})
	p.Policies, p.AdminCreateUserConfig = &policies, &created
}

// applyMessages sets the verification messages. The older members and the template's are the same thing in two places:
// what is set in one shows in the other, and the template wins.
func applyMessages(p *types.UserPoolType, in *cip.UpdateUserPoolInput) {
	template := types.VerificationMessageTemplateType{}
	if in.VerificationMessageTemplate != nil {
		template = *in.VerificationMessageTemplate
	}
	template.DefaultEmailOption = orDefault(template.DefaultEmailOption, types.DefaultEmailOptionTypeConfirmWithCode)
	template.EmailMessage = orDefault(template.EmailMessage, in.EmailVerificationMessage)
	template.EmailSubject = orDefault(template.EmailSubject, in.EmailVerificationSubject)
	template.SmsMessage = orDefault(template.SmsMessage, in.SmsVerificationMessage)
	p.VerificationMessageTemplate = &template
	p.EmailVerificationMessage = template.EmailMessage
	p.EmailVerificationSubject = template.EmailSubject
	p.SmsVerificationMessage = template.SmsMessage
}

// checkSettings holds the settings against the rules that stand in no model. The texts were measured on AWS by the
// authors of a template linter [R].
func checkSettings(in *cip.UpdateUserPoolInput, software bool) error {
	phone := slices.Contains(in.AutoVerifiedAttributes, types.VerifiedAttributeTypePhoneNumber)
	if phone && in.SmsConfiguration == nil {
		return invalidParameter("SMS configuration is required when phone_number is selected for auto verification")
	}
	mfa := in.MfaConfiguration == types.UserPoolMfaTypeOn || in.MfaConfiguration == types.UserPoolMfaTypeOptional
	if mfa && in.SmsConfiguration == nil && !software {
		return invalidParameter("SMS configuration and Auto verification for phone_number are required when MFA is required/optional")
	}
	if u := in.UserAttributeUpdateSettings; u != nil {
		for _, a := range u.AttributesRequireVerificationBeforeUpdate {
			if !slices.Contains(in.AutoVerifiedAttributes, a) {
				return invalidParameter("All attributes in AttributesRequireVerificationBeforeUpdate must exist in AutoVerifiedAttributes")
			}
		}
	}
	if e := in.EmailConfiguration; e != nil && e.EmailSendingAccount == types.EmailSendingAccountTypeDeveloper && aws.ToString(e.SourceArn) == "" {
		return invalidParameter("Invalid email configuration. SourceArn must be provided when EmailSendingAccount is DEVELOPER.")
	}
	if c := in.LambdaConfig; c != nil && c.PreTokenGeneration != nil && c.PreTokenGenerationConfig != nil &&
		*c.PreTokenGeneration != value(c.PreTokenGenerationConfig.LambdaArn) {
		return invalidParameter("PreTokenGeneration and PreTokenGenerationConfig must have the same LambdaArn.")
	}
	return checkPolicies(in)
}

// checkPolicies is the part of checkSettings about passwords.
func checkPolicies(in *cip.UpdateUserPoolInput) error {
	p := in.Policies
	if p == nil {
		return nil
	}
	if p.SignInPolicy != nil && !slices.Contains(p.SignInPolicy.AllowedFirstAuthFactors, types.AuthFactorTypePassword) {
		return invalidParameter("Password should be configured as one of the allowed first auth factors.")
	}
	if p.PasswordPolicy != nil && p.PasswordPolicy.TemporaryPasswordValidityDays != 0 &&
		in.AdminCreateUserConfig != nil && in.AdminCreateUserConfig.UnusedAccountValidityDays != 0 {
		return invalidParameter("Please use TemporaryPasswordValidityDays in PasswordPolicy instead of UnusedAccountValidityDays")
	}
	return nil
}

// featureUnavailable is the refusal of what the pool's tier does not have.
func featureUnavailable(feature string) error {
	return fault.Invalid("FeatureUnavailableInTierException",
		"The following feature is not available for the LITE pricing tier configured: %s", feature)
}
