package cognito

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/poolgate/poolgate/internal/fault"
)

// flow is one way to begin a sign-in: a row of flows. The pipeline checks what the row says before it calls begin.
type flow struct {
	// public and admin say which of InitiateAuth and AdminInitiateAuth knows the flow.
	public, admin bool
	// requires are the AuthParameters that must be there.
	requires []string
	// allowed is what must be among the client's flows; disabled is what a client without it is told.
	allowed  types.ExplicitAuthFlowsType
	disabled string
	// named says that the flow names its user by USERNAME; the pipeline then checks the secret hash and finds the user.
	named bool
	begin func(s *Service, ctx context.Context, a *attempt) (outcome, error)
}

// flows is the table of flows that begin here.
func flows(name types.AuthFlowType) (flow, bool) {
	switch name {
	case types.AuthFlowTypeUserPasswordAuth:
		return userPasswordFlow, true
	case types.AuthFlowTypeAdminUserPasswordAuth, types.AuthFlowTypeAdminNoSrpAuth:
		return adminPasswordFlow, true
	case types.AuthFlowTypeUserSrpAuth:
		return srpFlow, true
	case types.AuthFlowTypeRefreshTokenAuth, types.AuthFlowTypeRefreshToken:
		return refreshFlow, true
	case types.AuthFlowTypeCustomAuth:
		return customFlow, true
	case types.AuthFlowTypeUserAuth:
		return userAuthFlow, true
	}
	return flow{}, false
}

// flowNotEnabled is the refusal of a flow that has no text of its own (fact 6.7).
const flowNotEnabled = "Auth flow not enabled for this client"

// challengeAnswer is how one challenge is answered: a row of challenges.
type challengeAnswer struct {
	// requires are the ChallengeResponses that must be there.
	requires []string
	// session finds the sealed session in the attempt; nil means the request's Session.
	session func(a *attempt) string
	answer  func(s *Service, ctx context.Context, a *attempt) (outcome, error)
}

// challenges is the table of challenges that can be answered.
func challenges(name types.ChallengeNameType) (challengeAnswer, bool) {
	switch name {
	case types.ChallengeNameTypePasswordVerifier:
		return passwordVerifier, true
	case types.ChallengeNameTypeNewPasswordRequired:
		return newPasswordRequired, true
	case types.ChallengeNameTypeCustomChallenge:
		return customChallenge, true
	case types.ChallengeNameTypeSmsMfa:
		return smsMFA, true
	case types.ChallengeNameTypeEmailOtp:
		return emailOTP, true
	case types.ChallengeNameTypeSoftwareTokenMfa:
		return softwareTokenMFA, true
	case types.ChallengeNameTypeSelectMfaType:
		return selectMFAType, true
	case types.ChallengeNameTypeMfaSetup:
		return mfaSetup, true
	case types.ChallengeNameTypeSelectChallenge:
		return selectChallenge, true
	case types.ChallengeNameTypePassword:
		return firstPassword, true
	case types.ChallengeNameTypePasswordSrp:
		return firstSRP, true
	case types.ChallengeNameTypeSmsOtp:
		return smsOTP, true
	case types.ChallengeNameTypeDeviceSrpAuth:
		return deviceSRP, true
	case types.ChallengeNameTypeDevicePasswordVerifier:
		return deviceVerified, true
	}
	return challengeAnswer{}, false
}

// notImplemented names what AWS has and poolgate does not.
func notImplemented(what string) error {
	return fault.Unimplemented("NotImplementedException", "poolgate does not implement %s.", what)
}

// begin runs the pipeline up to a flow's hook.
func (s *Service) begin(ctx context.Context, a *attempt, name types.AuthFlowType) (outcome, error) {
	f, ok := flows(name)
	if !ok {
		return outcome{}, notImplemented("AuthFlow " + string(name))
	}
	if a.admin && !f.admin || !a.admin && !f.public {
		return outcome{}, fault.Invalid("InvalidParameterException", "Initiate Auth method not supported.")
	}
	if err := a.require(f.requires); err != nil {
		return outcome{}, err
	}
	a.username = a.params["USERNAME"]
	if f.named {
		if err := s.checkSecretHash(a.poolID, a.client, a.params["SECRET_HASH"], a.username); err != nil {
			return outcome{}, err
		}
	}
	if !slices.Contains(a.client.authFlows(), f.allowed) {
		return outcome{}, fault.Invalid("InvalidParameterException", "%s", f.disabled)
	}
	if f.named {
		if err := s.findUser(ctx, a); err != nil {
			return outcome{}, err
		}
	}
	return f.begin(s, ctx, a)
}

// answer runs the pipeline up to a challenge's hook.
func (s *Service) answer(ctx context.Context, a *attempt, name types.ChallengeNameType, session string) (outcome, error) {
	c, ok := challenges(name)
	if !ok {
		return outcome{}, notImplemented("the challenge " + string(name))
	}
	if err := a.require(append([]string{"USERNAME"}, c.requires...)); err != nil {
		return outcome{}, err
	}
	a.username = a.params["USERNAME"]
	if err := s.checkSecretHash(a.poolID, a.client, a.params["SECRET_HASH"], a.username); err != nil {
		return outcome{}, err
	}
	if c.session != nil {
		session = c.session(a)
	}
	if session == "" {
		return outcome{}, fault.Invalid("InvalidParameterException", "Missing required parameter Session")
	}
	var err error
	if a.session, err = s.openSession(a, name, session); err != nil {
		return outcome{}, err
	}
	if err := s.findSessionUser(ctx, a); err != nil {
		return outcome{}, err
	}
	return c.answer(s, ctx, a)
}
