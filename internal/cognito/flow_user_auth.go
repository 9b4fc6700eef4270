package cognito

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/poolgate/poolgate/internal/fault"
)

// USER_AUTH lets a user choose what to begin with: a password, or a code sent to an address (the Cognito guide's page
// "Authentication flows", choice-based sign-in). The pool's SignInPolicy says which first factors there are; one is a row of firstFactors.

// userAuthFlow is USER_AUTH.
var userAuthFlow = flow{
	public: true, admin: true, requires: []string{"USERNAME"}, named: true,
	allowed:  types.ExplicitAuthFlowsTypeAllowUserAuth,
	disabled: "USER_AUTH is not enabled for the client.",
	begin:    (*Service).beginUserAuth,
}

// The answers to the challenges of USER_AUTH that no other flow has; EMAIL_OTP is also a second factor (emailOTP).
var (
	selectChallenge = challengeAnswer{requires: []string{"ANSWER"}, answer: (*Service).chooseFirst}
	firstPassword   = challengeAnswer{requires: []string{"PASSWORD"}, answer: (*Service).signInByPassword}
	firstSRP        = challengeAnswer{requires: []string{"SRP_A"}, answer: (*Service).continueSRP}
	smsOTP          = challengeAnswer{requires: []string{"SMS_OTP_CODE"}, answer: answerSentCode("SMS_OTP_CODE")}
)

// firstFactor is what a sign-in can begin with.
type firstFactor struct {
	challenge types.ChallengeNameType
	// policy is what must be among the pool's AllowedFirstAuthFactors.
	policy types.AuthFactorType
	// data is the parameter that answers the challenge before it was asked; empty when something must be sent first.
	data string
	// attribute is where a code is sent.
	attribute string
	begin     func(s *Service, ctx context.Context, a *attempt) (outcome, error)
}

var firstFactors = [...]firstFactor{
	{challenge: types.ChallengeNameTypePassword, policy: types.AuthFactorTypePassword, data: "PASSWORD", begin: (*Service).signInByPassword},
	{challenge: types.ChallengeNameTypePasswordSrp, policy: types.AuthFactorTypePassword, data: "SRP_A", begin: (*Service).continueSRP},
	{challenge: types.ChallengeNameTypeEmailOtp, policy: types.AuthFactorTypeEmailOtp, attribute: "email", begin: (*Service).sendFirstEmail},
	{challenge: types.ChallengeNameTypeSmsOtp, policy: types.AuthFactorTypeSmsOtp, attribute: "phone_number", begin: (*Service).sendFirstSMS},
}

// allowed tells whether the pool lets users begin with the factor.
func (f *firstFactor) allowed(p *pool) bool {
	policies := p.Detail.Value.Policies
	if policies == nil || policies.SignInPolicy == nil {
		return f.policy == types.AuthFactorTypePassword
	}
	return slices.Contains(policies.SignInPolicy.AllowedFirstAuthFactors, f.policy)
}

// firstFactors are what the attempt's user can begin with. A code alone signs in nobody of whom a second factor would be asked, nor
// anybody who has a temporary password to change: they begin with the password. Somebody who does not exist can begin with what a user
// of that name could.
func (a *attempt) firstFactors() []*firstFactor {
	var can []*firstFactor
	for i := range firstFactors {
		f := &firstFactors[i]
		if f.allowed(a.pool) && (f.attribute == "" || a.codeSuffices() && a.hasAddress(f.attribute)) {
			can = append(can, f)
		}
	}
	return can
}

// codeSuffices tells whether a code sent to an address could end the sign-in.
func (a *attempt) codeSuffices() bool {
	if a.user == nil {
		return a.pool.Detail.Value.MfaConfiguration != types.UserPoolMfaTypeOn
	}
	ask, setUp := a.pool.secondFactors(a.user)
	return len(ask) == 0 && !setUp && a.user.Status != types.UserStatusTypeForceChangePassword
}

// hasAddress tells whether a code can be sent to the attribute: to a verified address of the user.
func (a *attempt) hasAddress(attribute string) bool {
	if a.user == nil {
		return value(a.simulatedDelivery().AttributeName) == attribute
	}
	return a.user.attribute(attribute) != "" && a.user.attribute(attribute+"_verified") == "true"
}

// beginUserAuth begins with what the client prefers, or asks which it shall be.
func (s *Service) beginUserAuth(ctx context.Context, a *attempt) (outcome, error) {
	preferred := types.ChallengeNameType(a.params["PREFERRED_CHALLENGE"])
	if preferred == types.ChallengeNameTypeWebAuthn {
		return outcome{}, notImplemented("the challenge WEB_AUTHN")
	}
	can := a.firstFactors()
	for _, f := range can {
		if f.challenge == preferred {
			return s.beginFirst(ctx, a, f)
		}
	}
	o, err := s.askFirst(ctx, a, types.ChallengeNameTypeSelectChallenge, map[string]string{})
	for _, f := range can {
		o.available = append(o.available, f.challenge)
	}
	return o, err
}

// chooseFirst begins with what was chosen.
func (s *Service) chooseFirst(ctx context.Context, a *attempt) (outcome, error) {
	if a.params["ANSWER"] == string(types.ChallengeNameTypeWebAuthn) {
		return outcome{}, notImplemented("the challenge WEB_AUTHN")
	}
	for _, f := range a.firstFactors() {
		if string(f.challenge) == a.params["ANSWER"] {
			return s.beginFirst(ctx, a, f)
		}
	}
	return outcome{}, fault.Invalid("InvalidParameterException", "ANSWER is not one of the challenges that can be selected.")
}

// beginFirst begins with the factor, or asks for the data that it needs.
func (s *Service) beginFirst(ctx context.Context, a *attempt, f *firstFactor) (outcome, error) {
	if f.data != "" && a.params[f.data] == "" {
		return s.askFirst(ctx, a, f.challenge, map[string]string{})
	}
	return f.begin(s, ctx, a)
}

// askFirst makes a challenge of somebody who has proven nothing yet, and uses up the session that led to it. The session of somebody who
// does not exist is as long as a user's.
func (s *Service) askFirst(ctx context.Context, a *attempt, challenge types.ChallengeNameType, parameters map[string]string) (outcome, error) {
	keys, err := s.keysOf(ctx, a.poolID)
	if err != nil {
		return outcome{}, err
	}
	next := session{Challenge: challenge, Sub: a.phantomSub(keys), First: true}
	next.Username, _ = a.phantomOf(keys)
	sealed, err := s.sealSession(a, next)
	if err != nil {
		return outcome{}, err
	}
	return outcome{challenge: challenge, session: sealed, parameters: parameters}, s.spendNow(ctx, a)
}

// continueSRP is beginSRP after a challenge, whose session it uses up.
func (s *Service) continueSRP(ctx context.Context, a *attempt) (outcome, error) {
	o, err := s.beginSRP(ctx, a)
	if err != nil {
		return outcome{}, err
	}
	return o, s.spendNow(ctx, a)
}
