package cognito

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/store"
)

// CUSTOM_AUTH lets three functions of the pool lead a sign-in (the Cognito guide's page "Custom authentication challenge Lambda
// triggers"): one says what comes next, given what was answered so far, one makes a challenge, one judges its answer. The password may
// be one of the steps, by SRP. All that must be remembered travels in the sealed session.

// customFlow is CUSTOM_AUTH.
var customFlow = flow{
	public: true, admin: true, requires: []string{"USERNAME"}, named: true,
	allowed:  types.ExplicitAuthFlowsTypeAllowCustomAuth,
	disabled: flowNotEnabled,
	begin:    (*Service).beginCustom,
}

// customChallenge is the answer to CUSTOM_CHALLENGE.
var customChallenge = challengeAnswer{requires: []string{"ANSWER"}, answer: (*Service).answerCustom}

// customState is what the session of a custom sign-in remembers.
type customState struct {
	// Steps are what was answered so far.
	Steps []customStep
	// Private are the values that the function which judges the answer needs and the client must not see; Metadata names the challenge.
	Private  map[string]string `json:",omitempty"`
	Metadata string            `json:",omitempty"`
}

// customStep is one answered challenge, as the functions are told of it.
type customStep struct {
	Challenge types.ChallengeNameType `json:"challengeName"`
	Result    bool                    `json:"challengeResult"`
	Metadata  string                  `json:"challengeMetadata,omitempty"`
}

// customSteps bounds how many challenges one sign-in may have, customSession the length of the session that remembers them (the model's
// limit of Session).
const (
	customSteps   = 20
	customSession = 2048
)

type defineRequest struct {
	UserAttributes map[string]string `json:"userAttributes"`
	Session        []customStep      `json:"session"`
	ClientMetadata map[string]string `json:"clientMetadata,omitempty"`
	UserNotFound   bool              `json:"userNotFound,omitempty"`
}

type defineResponse struct {
	Challenge types.ChallengeNameType `json:"challengeName,omitempty"`
	Issue     bool                    `json:"issueTokens"`
	Fail      bool                    `json:"failAuthentication"`
}

type createRequest struct {
	UserAttributes map[string]string       `json:"userAttributes"`
	Challenge      types.ChallengeNameType `json:"challengeName"`
	Session        []customStep            `json:"session"`
	ClientMetadata map[string]string       `json:"clientMetadata,omitempty"`
	UserNotFound   bool                    `json:"userNotFound,omitempty"`
}

type createResponse struct {
	Public   map[string]string `json:"publicChallengeParameters"`
	Private  map[string]string `json:"privateChallengeParameters"`
	Metadata string            `json:"challengeMetadata"`
}

type verifyRequest struct {
	UserAttributes map[string]string `json:"userAttributes"`
	Private        map[string]string `json:"privateChallengeParameters"`
	Answer         string            `json:"challengeAnswer"`
	ClientMetadata map[string]string `json:"clientMetadata,omitempty"`
	UserNotFound   bool              `json:"userNotFound,omitempty"`
}

type verifyResponse struct {
	Correct bool `json:"answerCorrect"`
}

// beginCustom asks what comes first. A client that brings SRP_A has taken a step already.
func (s *Service) beginCustom(ctx context.Context, a *attempt) (outcome, error) {
	if a.pool.triggers().DefineAuthChallenge == nil {
		return outcome{}, fault.Invalid("InvalidParameterException", "Custom auth lambda trigger is not configured for the user pool.")
	}
	state := &customState{}
	if a.params["CHALLENGE_NAME"] == srpStep && a.params["SRP_A"] != "" {
		state.Steps = append(state.Steps, customStep{Challenge: srpStep, Result: true})
	}
	return s.nextCustom(ctx, a, state)
}

// srpStep is the name of the step that a client takes by bringing SRP_A.
const srpStep = "SRP_A"

// nextCustom asks the function what comes next and does it.
func (s *Service) nextCustom(ctx context.Context, a *attempt, state *customState) (outcome, error) {
	if len(state.Steps) > customSteps {
		return outcome{}, incorrectPassword().Becausef("the functions asked for more than %d challenges", customSteps)
	}
	var next defineResponse
	_, err := s.pull(ctx, a.pool, a.client, a.customTrigger("DefineAuthChallenge", a.pool.triggers().DefineAuthChallenge,
		defineRequest{a.customAttributes(), orNoSteps(state.Steps), a.metadata, a.user == nil}, &next))
	switch {
	case err != nil:
		return outcome{}, err
	case next.Fail:
		return outcome{}, s.wrongPassword(ctx, a)
	case next.Issue:
		if a.user == nil {
			return outcome{}, s.wrongPassword(ctx, a)
		}
		a.factorProven = true // what else is to be proven, the functions decide
		return s.complete(ctx, a, nil)
	}
	switch next.Challenge {
	case types.ChallengeNameTypeCustomChallenge:
		return s.askCustom(ctx, a, state)
	case types.ChallengeNameTypePasswordVerifier:
		if a.params["SRP_A"] == "" {
			return outcome{}, fault.Invalid("InvalidParameterException", "Missing required parameter SRP_A")
		}
		return s.beginSRPOf(ctx, a, state)
	}
	return outcome{}, fault.Invalid("InvalidLambdaResponseException", "Unrecognizable lambda output").
		Becausef("the function asks for the challenge %q", next.Challenge)
}

// askCustom lets the function make a challenge and asks it of the client.
func (s *Service) askCustom(ctx context.Context, a *attempt, state *customState) (outcome, error) {
	var made createResponse
	if a.pool.triggers().CreateAuthChallenge == nil {
		return outcome{}, fault.Invalid("InvalidParameterException", "Custom auth lambda trigger is not configured for the user pool.")
	}
	_, err := s.pull(ctx, a.pool, a.client, a.customTrigger("CreateAuthChallenge", a.pool.triggers().CreateAuthChallenge,
		createRequest{a.customAttributes(), types.ChallengeNameTypeCustomChallenge, orNoSteps(state.Steps), a.metadata, a.user == nil}, &made))
	if err != nil {
		return outcome{}, err
	}
	keys, err := s.keysOf(ctx, a.poolID)
	if err != nil {
		return outcome{}, err
	}
	name, _ := a.phantomOf(keys)
	sub := a.phantomSub(keys) // the user's own where there is a user
	sealed, err := s.sealSession(a, session{
		Challenge: types.ChallengeNameTypeCustomChallenge, Username: name, Sub: sub,
		Custom: &customState{Steps: state.Steps, Private: made.Private, Metadata: made.Metadata},
	})
	if err != nil {
		return outcome{}, err
	}
	if len(sealed) > customSession {
		return outcome{}, fault.Invalid("InvalidLambdaResponseException", "Unrecognizable lambda output").
			Becausef("the challenge's private parameters make a session of %d characters; %d can be answered", len(sealed), customSession)
	}
	if err := s.spendNow(ctx, a); err != nil {
		return outcome{}, err
	}
	parameters := map[string]string{"USERNAME": name}
	for key, to := range made.Public {
		parameters[key] = to
	}
	return outcome{challenge: types.ChallengeNameTypeCustomChallenge, session: sealed, parameters: parameters}, nil
}

// spendNow marks the session of an answered challenge as used where another follows: an answer is judged once.
func (s *Service) spendNow(ctx context.Context, a *attempt) error {
	if a.session == nil {
		return nil
	}
	return s.store.Update(ctx, func(tx *store.Tx) error { return s.spend(tx, a) })
}

// answerCustom lets the function judge an answer and goes on.
func (s *Service) answerCustom(ctx context.Context, a *attempt) (outcome, error) {
	state := a.session.Custom
	if state == nil {
		return outcome{}, invalidSession("")
	}
	if a.pool.triggers().VerifyAuthChallengeResponse == nil {
		return outcome{}, fault.Invalid("InvalidParameterException", "Custom auth lambda trigger is not configured for the user pool.")
	}
	if err := s.store.View(ctx, func(tx *store.Tx) error { return unspent(tx, a.poolID, a.session) }); err != nil {
		return outcome{}, err
	}
	var judged verifyResponse
	_, err := s.pull(ctx, a.pool, a.client, a.customTrigger("VerifyAuthChallengeResponse", a.pool.triggers().VerifyAuthChallengeResponse,
		verifyRequest{a.customAttributes(), state.Private, a.params["ANSWER"], a.metadata, a.user == nil}, &judged))
	if err != nil {
		return outcome{}, err
	}
	return s.nextCustom(ctx, a, state.after(customStep{types.ChallengeNameTypeCustomChallenge, judged.Correct, state.Metadata}))
}

// after is the state with one more step, without what only the answered challenge needed.
func (c *customState) after(step customStep) *customState {
	return &customState{Steps: append(append([]customStep{}, c.Steps...), step)}
}

// customTrigger is a call of one of the three functions.
func (a *attempt) customTrigger(name string, function *string, request, response any) trigger {
	username := a.username
	if a.user != nil {
		username = a.user.Username
	}
	return trigger{name: name, source: name + "_Authentication", function: function, username: username, request: request, response: response}
}

// customAttributes are the user's; somebody who does not exist has none.
func (a *attempt) customAttributes() map[string]string {
	if a.user == nil {
		return map[string]string{}
	}
	return eventAttributes(a.user)
}

// orNoSteps prints as [] what is nil.
func orNoSteps(steps []customStep) []customStep {
	if steps == nil {
		return []customStep{}
	}
	return steps
}
