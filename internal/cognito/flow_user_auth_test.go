package cognito

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/google/go-cmp/cmp"
)

// newChoice is a sign-in of a pool that lets users begin with a password or with a code, and whose client hides who exists.
func newChoice(t testing.TB) *signIn {
	t.Helper()
	s := newSignIn(t, func(in *cip.CreateUserPoolClientInput) {
		in.ExplicitAuthFlows = []types.ExplicitAuthFlowsType{types.ExplicitAuthFlowsTypeAllowUserAuth}
		in.PreventUserExistenceErrors = types.PreventUserExistenceErrorTypesEnabled
	})
	must(s.UpdateUserPool(s.ctx, &cip.UpdateUserPoolInput{
		UserPoolId: &s.poolID, AutoVerifiedAttributes: []types.VerifiedAttributeType{types.VerifiedAttributeTypeEmail},
		Policies: &types.UserPoolPolicyType{SignInPolicy: &types.SignInPolicyType{AllowedFirstAuthFactors: []types.AuthFactorType{
			types.AuthFactorTypePassword, types.AuthFactorTypeEmailOtp, types.AuthFactorTypeSmsOtp,
		}}},
	}))(t)
	return s
}

// choose begins USER_AUTH; more are pairs of parameters.
func (s *signIn) choose(name string, more ...string) (*cip.InitiateAuthOutput, error) {
	params := map[string]string{"USERNAME": name}
	for i := 0; i < len(more); i += 2 {
		params[more[i]] = more[i+1]
	}
	return s.initiate(types.AuthFlowTypeUserAuth, params)
}

func TestTheUserChoosesWhatToBeginWith(t *testing.T) {
	s := newChoice(t)
	answers := func(to map[string]string) map[string]string {
		to["USERNAME"] = "ann"
		return to
	}
	for _, test := range []struct {
		name      string
		data      map[string]string
		challenge types.ChallengeNameType
		then      func(session *string) map[string]string
	}{
		{"a password at once", map[string]string{"ANSWER": "PASSWORD", "PASSWORD": goodPassword}, "", nil},
		{"a password", map[string]string{"ANSWER": "PASSWORD"}, types.ChallengeNameTypePassword, func(*string) map[string]string {
			return map[string]string{"PASSWORD": goodPassword}
		}},
		{"a code by e-mail", map[string]string{"ANSWER": "EMAIL_OTP"}, types.ChallengeNameTypeEmailOtp, func(*string) map[string]string {
			return map[string]string{"EMAIL_OTP_CODE": must(s.Mailbox(s.ctx, "ann@example.com"))(t)[0].Code}
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			asked := must(s.choose("ann"))(t)
			want := []types.ChallengeNameType{types.ChallengeNameTypePassword, types.ChallengeNameTypePasswordSrp, types.ChallengeNameTypeEmailOtp}
			if diff := cmp.Diff(want, asked.AvailableChallenges); diff != "" || asked.ChallengeName != types.ChallengeNameTypeSelectChallenge {
				t.Fatalf("%s: %s", asked.ChallengeName, diff)
			}
			got := must(s.respond(types.ChallengeNameTypeSelectChallenge, asked.Session, answers(test.data)))(t)
			if got.ChallengeName != test.challenge {
				t.Fatalf("the choice leads to %q", got.ChallengeName)
			}
			if test.then != nil {
				got = must(s.respond(got.ChallengeName, got.Session, answers(test.then(got.Session))))(t)
			}
			if got.AuthenticationResult == nil {
				t.Fatalf("led to %+v", got)
			}
			_, err := s.respond(types.ChallengeNameTypeSelectChallenge, asked.Session, answers(map[string]string{"ANSWER": "PASSWORD"}))
			refused(t, err, notAuthorized, "Invalid session for the user, session can only be used once.")
		})
	}
	asked := must(s.choose("ann"))(t)
	_, err := s.respond(types.ChallengeNameTypeSelectChallenge, asked.Session, answers(map[string]string{"ANSWER": "SMS_OTP"}))
	refused(t, err, invalid, "ANSWER is not one of the challenges that can be selected.")
	_, err = s.respond(types.ChallengeNameTypeSelectChallenge, asked.Session, answers(map[string]string{"ANSWER": "WEB_AUTHN"}))
	refused(t, err, "NotImplementedException", "")
	_, err = s.respond(types.ChallengeNameTypePassword, asked.Session, answers(map[string]string{"PASSWORD": goodPassword}))
	refused(t, err, notAuthorized, "Invalid session for the user.")
}

func TestAClientPrefersWhatToBeginWith(t *testing.T) {
	s := newChoice(t)
	if got := must(s.choose("ann", "PREFERRED_CHALLENGE", "PASSWORD", "PASSWORD", goodPassword))(t); got.AuthenticationResult == nil {
		t.Errorf("the password led to %+v", got)
	}
	_, err := s.choose("ann", "PREFERRED_CHALLENGE", "PASSWORD", "PASSWORD", "Wrong-horse-1")
	refused(t, err, notAuthorized, "Incorrect username or password.")
	_, err = s.choose("ann", "PREFERRED_CHALLENGE", "WEB_AUTHN")
	refused(t, err, "NotImplementedException", "")
	if got := must(s.choose("ann", "PREFERRED_CHALLENGE", "SMS_OTP"))(t); got.ChallengeName != types.ChallengeNameTypeSelectChallenge {
		t.Errorf("a user without a phone number is asked %s", got.ChallengeName)
	}
	for _, first := range []bool{true, false} { // SRP_A with the first request, or as the answer to PASSWORD_SRP
		client := newSRPClient(t)
		more := []string{"PREFERRED_CHALLENGE", "PASSWORD_SRP"}
		if first {
			more = append(more, "SRP_A", client.A())
		}
		asked := must(s.choose("ann", more...))(t)
		name, parameters := asked.ChallengeName, asked.ChallengeParameters
		if !first {
			if name != types.ChallengeNameTypePasswordSrp {
				t.Fatalf("without SRP_A %s is asked", name)
			}
			second := must(s.answer(asked, "SRP_A", client.A()))(t)
			name, parameters = second.ChallengeName, second.ChallengeParameters
		}
		if name != types.ChallengeNameTypePasswordVerifier {
			t.Fatalf("SRP_A led to %s", name)
		}
		got := must(s.respond(name, nil, client.answer(t, s.poolID, goodPassword, parameters, time.Now())))(t)
		if got.AuthenticationResult == nil {
			t.Errorf("SRP led to %+v", got)
		}
	}
	admin := must(s.AdminInitiateAuth(s.ctx, &cip.AdminInitiateAuthInput{
		AuthFlow: types.AuthFlowTypeUserAuth, ClientId: &s.clientID, UserPoolId: &s.poolID, AuthParameters: map[string]string{"USERNAME": "ann"},
	}))(t)
	if len(admin.AvailableChallenges) != 3 {
		t.Errorf("an administrator is offered %v", admin.AvailableChallenges)
	}
}

func TestACodeSignsInWithoutAPassword(t *testing.T) {
	for _, test := range []struct {
		attribute, value, masked, medium, parameter string
		challenge                                   types.ChallengeNameType
	}{
		{"email", "ann@example.com", "a***@e***", "EMAIL", "EMAIL_OTP_CODE", types.ChallengeNameTypeEmailOtp},
		{"phone_number", "+15550001234", "+*******1234", "SMS", "SMS_OTP_CODE", types.ChallengeNameTypeSmsOtp},
	} {
		t.Run(test.attribute, func(t *testing.T) {
			s := newChoice(t)
			must(s.AdminUpdateUserAttributes(s.ctx, &cip.AdminUpdateUserAttributesInput{
				UserPoolId: &s.poolID, Username: aws.String("ann"),
				UserAttributes: []types.AttributeType{attr(test.attribute, test.value), attr(test.attribute+"_verified", "true")},
			}))(t)
			asked := must(s.choose("ann", "PREFERRED_CHALLENGE", string(test.challenge)))(t)
			want := map[string]string{"CODE_DELIVERY_DELIVERY_MEDIUM": test.medium, "CODE_DELIVERY_DESTINATION": test.masked}
			if diff := cmp.Diff(want, asked.ChallengeParameters); diff != "" || asked.ChallengeName != test.challenge {
				t.Fatalf("%s: %s", asked.ChallengeName, diff)
			}
			code := must(s.Mailbox(s.ctx, test.value))(t)[0].Code
			_, err := s.answer(asked, test.parameter, otherCode(code))
			refused(t, err, "CodeMismatchException", "Invalid code or auth state for the user.")
			again := must(s.choose("ann", "PREFERRED_CHALLENGE", string(test.challenge)))(t)
			_, err = s.answer(again, test.parameter, code) // a newer one was sent
			refused(t, err, "CodeMismatchException", "Invalid code or auth state for the user.")
			if got := must(s.answer(asked, test.parameter, must(s.Mailbox(s.ctx, test.value))(t)[0].Code))(t); got.AuthenticationResult == nil {
				t.Fatalf("a right code led to %+v", got)
			}
			_, err = s.answer(asked, test.parameter, code)
			refused(t, err, notAuthorized, "Invalid session for the user, session can only be used once.")
			s.clock.Advance(3 * time.Minute)
			_, err = s.answer(again, test.parameter, code)
			refused(t, err, notAuthorized, "Invalid session for the user, session is expired.")
		})
	}
}

// TestAFirstCodeIsNoSecondFactor: both are called EMAIL_OTP, and each may prove only what it was sent for.
func TestAFirstCodeIsNoSecondFactor(t *testing.T) {
	s := newChoice(t)
	setMFA := func(mode types.UserPoolMfaType) {
		must(s.SetUserPoolMfaConfig(s.ctx, &cip.SetUserPoolMfaConfigInput{
			UserPoolId: &s.poolID, MfaConfiguration: mode, EmailMfaConfiguration: &types.EmailMfaConfigType{},
		}))(t)
	}
	mail := func() string { return must(s.Mailbox(s.ctx, "ann@example.com"))(t)[0].Code }
	passwordOnly := []types.ChallengeNameType{types.ChallengeNameTypePassword, types.ChallengeNameTypePasswordSrp}

	first := must(s.choose("ann", "PREFERRED_CHALLENGE", "EMAIL_OTP"))(t)
	firstCode := mail()
	setMFA(types.UserPoolMfaTypeOn) // in the middle of a sign-in
	for _, name := range []string{"ann", "nobody"} {
		if got := must(s.choose(name, "PREFERRED_CHALLENGE", "EMAIL_OTP"))(t); cmp.Diff(passwordOnly, got.AvailableChallenges) != "" {
			t.Errorf("where a second factor is required, %s is offered %v", name, got.AvailableChallenges)
		}
	}
	second := must(s.choose("ann", "PREFERRED_CHALLENGE", "PASSWORD", "PASSWORD", goodPassword))(t)
	if second.ChallengeName != types.ChallengeNameTypeEmailOtp {
		t.Fatalf("a password is followed by %s", second.ChallengeName)
	}
	secondCode := mail()
	_, err := s.answer(second, "EMAIL_OTP_CODE", firstCode)
	refused(t, err, "CodeMismatchException", "Invalid code or auth state for the user.")
	_, err = s.answer(first, "EMAIL_OTP_CODE", secondCode)
	refused(t, err, "CodeMismatchException", "Invalid code or auth state for the user.")
	if got := must(s.answer(first, "EMAIL_OTP_CODE", firstCode))(t); got.AuthenticationResult != nil || got.ChallengeName != types.ChallengeNameTypeEmailOtp {
		t.Errorf("a first code, where a second factor is required by now, led to %+v", got)
	}
	if got := must(s.answer(second, "EMAIL_OTP_CODE", mail()))(t); got.AuthenticationResult == nil {
		t.Errorf("password and code led to %+v", got)
	}
}

func TestWhoExistsIsNotToldByWhatTheyCanBeginWith(t *testing.T) {
	s := newChoice(t)
	for _, name := range []string{"ann", "eve"} {
		asked := must(s.choose(name))(t)
		mailed := must(s.choose(name, "PREFERRED_CHALLENGE", "EMAIL_OTP"))(t)
		if len(asked.AvailableChallenges) != 3 || mailed.ChallengeName != types.ChallengeNameTypeEmailOtp ||
			!strings.HasSuffix(mailed.ChallengeParameters["CODE_DELIVERY_DESTINATION"], "***@e***") {
			t.Fatalf("%s is offered %v, then %+v", name, asked.AvailableChallenges, mailed)
		}
		for range freeFailures {
			_, err := s.respond(mailed.ChallengeName, mailed.Session, map[string]string{"USERNAME": name, "EMAIL_OTP_CODE": "none"})
			refused(t, err, "CodeMismatchException", "Invalid code or auth state for the user.")
		}
		_, err := s.respond(mailed.ChallengeName, mailed.Session, map[string]string{"USERNAME": name, "EMAIL_OTP_CODE": "none"})
		refused(t, err, notAuthorized, "Password attempts exceeded")
		s.clock.Advance(forgiveAfter)
		for range 29 {
			must(s.choose(name, "PREFERRED_CHALLENGE", "EMAIL_OTP"))(t)
		}
		_, err = s.choose(name, "PREFERRED_CHALLENGE", "EMAIL_OTP")
		refused(t, err, "LimitExceededException", "Attempt limit exceeded, please try after some time.")
	}
	s.editUser("ann", func(u *user) { u.Enabled, u.Codes = false, nil })
	mailed := must(s.choose("ann", "PREFERRED_CHALLENGE", "EMAIL_OTP"))(t)
	_, err := s.answer(mailed, "EMAIL_OTP_CODE", "none")
	refused(t, err, "CodeMismatchException", "Invalid code or auth state for the user.")
	_, err = s.answer(mailed, "EMAIL_OTP_CODE", must(s.Mailbox(s.ctx, "ann@example.com"))(t)[0].Code)
	refused(t, err, notAuthorized, "User is disabled.")
}

func TestATemporaryPasswordIsNotPassedByACode(t *testing.T) {
	s := newChoice(t)
	s.user(s.poolID, "new", attr("email", "new@example.com"), attr("email_verified", "true"))
	asked := must(s.choose("new", "PREFERRED_CHALLENGE", "EMAIL_OTP"))(t)
	want := []types.ChallengeNameType{types.ChallengeNameTypePassword, types.ChallengeNameTypePasswordSrp}
	if diff := cmp.Diff(want, asked.AvailableChallenges); diff != "" || asked.ChallengeName != types.ChallengeNameTypeSelectChallenge {
		t.Errorf("%s: %s", asked.ChallengeName, diff)
	}
}
