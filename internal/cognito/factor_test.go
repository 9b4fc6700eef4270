package cognito

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/google/go-cmp/cmp"
	"github.com/pquerna/otp/totp"
)

// newMFA is a sign-in of a pool that has every second factor, required or optional.
func newMFA(t testing.TB, mode types.UserPoolMfaType) *signIn {
	t.Helper()
	s := newSignIn(t, nil)
	must(s.SetUserPoolMfaConfig(s.ctx, &cip.SetUserPoolMfaConfigInput{
		UserPoolId: &s.poolID, MfaConfiguration: mode,
		SoftwareTokenMfaConfiguration: &types.SoftwareTokenMfaConfigType{Enabled: true},
		EmailMfaConfiguration:         &types.EmailMfaConfigType{Message: aws.String("Your code: {####}"), Subject: aws.String("Sign in")},
		SmsMfaConfiguration: &types.SmsMfaConfigType{
			SmsAuthenticationMessage: aws.String("SMS {####}"),
			SmsConfiguration:         &types.SmsConfigurationType{SnsCallerArn: aws.String("arn:aws:iam::000000000000:role/sms")},
		},
	}))(t)
	return s
}

// withoutAddress takes ann's verified address away, so that only an app can be a factor.
func (s *signIn) withoutAddress() *signIn {
	s.t.Helper()
	must(s.AdminUpdateUserAttributes(s.ctx, &cip.AdminUpdateUserAttributesInput{
		UserPoolId: &s.poolID, Username: aws.String("ann"), UserAttributes: []types.AttributeType{attr("email_verified", "false")},
	}))(s.t)
	return s
}

// giveApp sets an app up for ann with her access token, turns it on, and returns its seed.
func (s *signIn) giveApp(token *string) string {
	s.t.Helper()
	seed := *must(s.AssociateSoftwareToken(s.t.Context(), &cip.AssociateSoftwareTokenInput{AccessToken: token}))(s.t).SecretCode
	must(s.VerifySoftwareToken(s.t.Context(), &cip.VerifySoftwareTokenInput{
		AccessToken: token, UserCode: aws.String(s.appCode(seed)), FriendlyDeviceName: aws.String("phone"),
	}))(s.t)
	must(s.SetUserMFAPreference(s.t.Context(), &cip.SetUserMFAPreferenceInput{
		AccessToken: token, SoftwareTokenMfaSettings: &types.SoftwareTokenMfaSettingsType{Enabled: true},
	}))(s.t)
	s.clock.Advance(time.Minute) // a code opens once
	return seed
}

func (s *signIn) appCode(seed string) string {
	s.t.Helper()
	return must(totp.GenerateCode(seed, s.clock.Now()))(s.t)
}

// answer answers ann's challenge.
func (s *signIn) answer(to *cip.InitiateAuthOutput, name, value string) (*cip.RespondToAuthChallengeOutput, error) {
	return s.respond(to.ChallengeName, to.Session, map[string]string{"USERNAME": "ann", name: value})
}

func TestAnAppIsASecondFactor(t *testing.T) {
	s := newMFA(t, types.UserPoolMfaTypeOptional)
	token := must(s.byPassword("ann", goodPassword))(t).AuthenticationResult.AccessToken
	seed := s.giveApp(token)

	asked := must(s.byPassword("ann", goodPassword))(t)
	if asked.AuthenticationResult != nil || asked.ChallengeName != types.ChallengeNameTypeSoftwareTokenMfa {
		t.Fatalf("the password alone led to %+v", asked)
	}
	want := map[string]string{"USER_ID_FOR_SRP": "ann", "FRIENDLY_DEVICE_NAME": "phone"}
	if diff := cmp.Diff(want, asked.ChallengeParameters); diff != "" {
		t.Error(diff)
	}
	_, err := s.answer(asked, "SOFTWARE_TOKEN_MFA_CODE", "12345")
	refused(t, err, "CodeMismatchException", "Invalid code received for user")
	code := s.appCode(seed)
	_, err = s.answer(asked, "SOFTWARE_TOKEN_MFA_CODE", otherCode(code))
	refused(t, err, "CodeMismatchException", "Invalid code received for user")
	if got := must(s.answer(asked, "SOFTWARE_TOKEN_MFA_CODE", code))(t); got.AuthenticationResult == nil {
		t.Fatalf("a right code, after a wrong one in the same session, led to %+v", got)
	}
	_, err = s.answer(asked, "SOFTWARE_TOKEN_MFA_CODE", code)
	refused(t, err, notAuthorized, "Invalid session for the user, session can only be used once.")

	again := must(s.byPassword("ann", goodPassword))(t)
	_, err = s.answer(again, "SOFTWARE_TOKEN_MFA_CODE", code)
	refused(t, err, "ExpiredCodeException", "Your software token has already been used once.")
	s.clock.Advance(30 * time.Second)
	if got := must(s.answer(again, "SOFTWARE_TOKEN_MFA_CODE", s.appCode(seed)))(t); got.AuthenticationResult == nil {
		t.Errorf("the next code led to %+v", got)
	}
	bySRP := must(s.bySRP("ann", goodPassword, nil))(t)
	if bySRP.ChallengeName != types.ChallengeNameTypeSoftwareTokenMfa || bySRP.AuthenticationResult != nil {
		t.Errorf("SRP led to %+v", bySRP)
	}
}

// otherCode is a code that is not this one.
func otherCode(code string) string {
	if code[0] == '9' {
		return "0" + code[1:]
	}
	return string(code[0]+1) + code[1:]
}

func TestCodesCannotBeGuessedByGivingThePasswordAgain(t *testing.T) {
	s := newMFA(t, types.UserPoolMfaTypeOptional)
	seed := s.giveApp(must(s.byPassword("ann", goodPassword))(t).AuthenticationResult.AccessToken)
	for range freeFailures {
		asked := must(s.byPassword("ann", goodPassword))(t)
		_, err := s.answer(asked, "SOFTWARE_TOKEN_MFA_CODE", otherCode(s.appCode(seed)))
		refused(t, err, "CodeMismatchException", "Invalid code received for user")
	}
	_, err := s.byPassword("ann", goodPassword)
	refused(t, err, notAuthorized, "Password attempts exceeded")
	s.clock.Advance(2 * time.Second)
	asked := must(s.byPassword("ann", goodPassword))(t)
	if got := must(s.answer(asked, "SOFTWARE_TOKEN_MFA_CODE", s.appCode(seed)))(t); got.AuthenticationResult == nil {
		t.Fatalf("after the lock a right code led to %+v", got)
	}
	asked = must(s.byPassword("ann", goodPassword))(t)
	_, err = s.answer(asked, "SOFTWARE_TOKEN_MFA_CODE", otherCode(s.appCode(seed)))
	refused(t, err, "CodeMismatchException", "Invalid code received for user") // the count began anew
}

func TestACodeIsSentAsASecondFactor(t *testing.T) {
	for _, test := range []struct {
		name, attribute, value, masked, body, parameter string
		challenge                                       types.ChallengeNameType
		medium                                          string
	}{
		{"by e-mail", "email", "ann@example.com", "a***@e***", "Your code: ", "EMAIL_OTP_CODE", types.ChallengeNameTypeEmailOtp, "EMAIL"},
		{"by text message", "phone_number", "+15550001234", "+*******1234", "SMS ", "SMS_MFA_CODE", types.ChallengeNameTypeSmsMfa, "SMS"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newMFA(t, types.UserPoolMfaTypeOn).withoutAddress()
			must(s.AdminUpdateUserAttributes(s.ctx, &cip.AdminUpdateUserAttributesInput{
				UserPoolId: &s.poolID, Username: aws.String("ann"),
				UserAttributes: []types.AttributeType{attr(test.attribute, test.value), attr(test.attribute+"_verified", "true")},
			}))(t)
			asked := must(s.byPassword("ann", goodPassword))(t)
			want := map[string]string{
				"CODE_DELIVERY_DELIVERY_MEDIUM": test.medium, "CODE_DELIVERY_DESTINATION": test.masked, "USER_ID_FOR_SRP": "ann",
			}
			if diff := cmp.Diff(want, asked.ChallengeParameters); diff != "" || asked.ChallengeName != test.challenge {
				t.Fatalf("%s: %s", asked.ChallengeName, diff)
			}
			mail := must(s.Mailbox(s.ctx, test.value))(t)[0]
			if mail.Kind != "Authentication" || mail.Body != test.body+mail.Code {
				t.Errorf("message is %+v", mail)
			}
			_, err := s.answer(asked, test.parameter, otherCode(mail.Code))
			refused(t, err, "CodeMismatchException", "Invalid code or auth state for the user.")
			if got := must(s.answer(asked, test.parameter, mail.Code))(t); got.AuthenticationResult == nil {
				t.Fatalf("a right code led to %+v", got)
			}
			late := must(s.byPassword("ann", goodPassword))(t)
			s.clock.Advance(3 * time.Minute)
			_, err = s.answer(late, test.parameter, must(s.Mailbox(s.ctx, test.value))(t)[0].Code)
			refused(t, err, notAuthorized, "Invalid session for the user, session is expired.")
		})
	}
}

func TestAFactorIsSetUpBeforeTheFirstSignInWhereOneIsRequired(t *testing.T) {
	s := newMFA(t, types.UserPoolMfaTypeOn).withoutAddress()
	asked := must(s.byPassword("ann", goodPassword))(t)
	if asked.ChallengeName != types.ChallengeNameTypeMfaSetup || !strings.Contains(asked.ChallengeParameters["MFAS_CAN_SETUP"], `"SOFTWARE_TOKEN_MFA"`) {
		t.Fatalf("asked for %s with %v", asked.ChallengeName, asked.ChallengeParameters)
	}
	_, err := s.answer(asked, "ANSWER", "")
	refused(t, err, notAuthorized, "Invalid session for the user.")
	made := must(s.AssociateSoftwareToken(t.Context(), &cip.AssociateSoftwareTokenInput{Session: asked.Session}))(t)
	_, err = s.VerifySoftwareToken(t.Context(), &cip.VerifySoftwareTokenInput{Session: asked.Session, UserCode: aws.String("123456")})
	refused(t, err, "SoftwareTokenMFANotFoundException", "Software Token has not been associated for this user.")
	code := s.appCode(*made.SecretCode)
	_, err = s.VerifySoftwareToken(t.Context(), &cip.VerifySoftwareTokenInput{Session: made.Session, UserCode: aws.String(otherCode(code))})
	refused(t, err, "EnableSoftwareTokenMFAException", "Code mismatch")
	verified := must(s.VerifySoftwareToken(t.Context(), &cip.VerifySoftwareTokenInput{Session: made.Session, UserCode: &code}))(t)
	_, err = s.VerifySoftwareToken(t.Context(), &cip.VerifySoftwareTokenInput{Session: made.Session, UserCode: &code})
	refused(t, err, notAuthorized, "Invalid session for the user, session can only be used once.")
	got := must(s.respond(types.ChallengeNameTypeMfaSetup, verified.Session, map[string]string{"USERNAME": "ann"}))(t)
	if got.AuthenticationResult == nil {
		t.Fatalf("the proven app led to %+v", got)
	}
	user := must(s.GetUser(t.Context(), &cip.GetUserInput{AccessToken: got.AuthenticationResult.AccessToken}))(t)
	if diff := cmp.Diff([]string{"SOFTWARE_TOKEN_MFA"}, user.UserMFASettingList); diff != "" || value(user.PreferredMfaSetting) != "SOFTWARE_TOKEN_MFA" {
		t.Errorf("preferred %s, %s", value(user.PreferredMfaSetting), diff)
	}
	if next := must(s.byPassword("ann", goodPassword))(t); next.ChallengeName != types.ChallengeNameTypeSoftwareTokenMfa {
		t.Errorf("the next sign-in asks for %s", next.ChallengeName)
	}
}

func TestASetupSessionIsForItsOwnClientAndUserOnly(t *testing.T) {
	s := newMFA(t, types.UserPoolMfaTypeOn).withoutAddress()
	first := must(s.byPassword("ann", goodPassword))(t)
	second := must(s.byPassword("ann", goodPassword))(t)
	setUp := func(session *string) (*cip.VerifySoftwareTokenOutput, error) {
		made := must(s.AssociateSoftwareToken(t.Context(), &cip.AssociateSoftwareTokenInput{Session: session}))(t)
		return s.VerifySoftwareToken(t.Context(), &cip.VerifySoftwareTokenInput{Session: made.Session, UserCode: aws.String(s.appCode(*made.SecretCode))})
	}
	must(setUp(first.Session))(t)
	_, err := setUp(second.Session) // of whoever knows the password, after the user set an app up
	refused(t, err, notAuthorized, "Invalid session for the user.")
	_, err = s.AssociateSoftwareToken(t.Context(), &cip.AssociateSoftwareTokenInput{Session: aws.String(*first.Session + "x")})
	refused(t, err, notAuthorized, "Invalid session for the user.")
	_, err = s.AssociateSoftwareToken(t.Context(), &cip.AssociateSoftwareTokenInput{})
	refused(t, err, "InvalidParameterException", "Either session or access token should be provided")
}

func TestTheUserChoosesAmongFactors(t *testing.T) {
	s := newMFA(t, types.UserPoolMfaTypeOptional)
	token := must(s.byPassword("ann", goodPassword))(t).AuthenticationResult.AccessToken
	_, err := s.SetUserMFAPreference(t.Context(), &cip.SetUserMFAPreferenceInput{
		AccessToken: token, SoftwareTokenMfaSettings: &types.SoftwareTokenMfaSettingsType{Enabled: true},
	})
	refused(t, err, "InvalidParameterException", "User does not have delivery config set to turn on SOFTWARE_TOKEN_MFA")
	seed := s.giveApp(token)
	must(s.AdminSetUserMFAPreference(s.ctx, &cip.AdminSetUserMFAPreferenceInput{
		UserPoolId: &s.poolID, Username: aws.String("ann"), EmailMfaSettings: &types.EmailMfaSettingsType{Enabled: true},
	}))(t)
	asked := must(s.byPassword("ann", goodPassword))(t)
	if asked.ChallengeName != types.ChallengeNameTypeSelectMfaType || asked.ChallengeParameters["MFAS_CAN_CHOOSE"] != `["SOFTWARE_TOKEN_MFA","EMAIL_OTP"]` {
		t.Fatalf("asked for %s with %v", asked.ChallengeName, asked.ChallengeParameters)
	}
	_, err = s.answer(asked, "ANSWER", "SMS_MFA")
	refused(t, err, "InvalidParameterException", "ANSWER is not one of the factors that can be chosen.")
	chosen := must(s.answer(asked, "ANSWER", "SOFTWARE_TOKEN_MFA"))(t)
	got := must(s.respond(chosen.ChallengeName, chosen.Session, map[string]string{"USERNAME": "ann", "SOFTWARE_TOKEN_MFA_CODE": s.appCode(seed)}))(t)
	if got.AuthenticationResult == nil {
		t.Fatalf("the chosen factor led to %+v", got)
	}
	must(s.AdminSetUserMFAPreference(s.ctx, &cip.AdminSetUserMFAPreferenceInput{
		UserPoolId: &s.poolID, Username: aws.String("ann"), EmailMfaSettings: &types.EmailMfaSettingsType{Enabled: true, PreferredMfa: true},
	}))(t)
	if next := must(s.byPassword("ann", goodPassword))(t); next.ChallengeName != types.ChallengeNameTypeEmailOtp {
		t.Errorf("the preferred factor is the e-mail, and %s is asked for", next.ChallengeName)
	}
	factors := must(s.GetUserAuthFactors(t.Context(), &cip.GetUserAuthFactorsInput{AccessToken: token}))(t)
	if diff := cmp.Diff([]types.AuthFactorType{"PASSWORD", "EMAIL_OTP"}, factors.ConfiguredUserAuthFactors); diff != "" || value(factors.PreferredMfaSetting) != "EMAIL_OTP" {
		t.Errorf("preferred %s, %s", value(factors.PreferredMfaSetting), diff)
	}
}

func TestANewPasswordIsFollowedByTheSecondFactor(t *testing.T) {
	s := newMFA(t, types.UserPoolMfaTypeOn)
	must(s.AdminSetUserPassword(s.ctx, &cip.AdminSetUserPasswordInput{
		UserPoolId: &s.poolID, Username: aws.String("ann"), Password: aws.String(goodPassword), Permanent: false,
	}))(t)
	asked := must(s.byPassword("ann", goodPassword))(t)
	next := must(s.answer(asked, "NEW_PASSWORD", "Another-horse-2"))(t)
	if next.ChallengeName != types.ChallengeNameTypeEmailOtp || next.AuthenticationResult != nil {
		t.Fatalf("the new password led to %+v", next)
	}
	code := must(s.Mailbox(s.ctx, "ann@example.com"))(t)[0].Code
	got := must(s.respond(next.ChallengeName, next.Session, map[string]string{"USERNAME": "ann", "EMAIL_OTP_CODE": code}))(t)
	if got.AuthenticationResult == nil {
		t.Fatalf("the code led to %+v", got)
	}
}
