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

var customTriggers = &types.LambdaConfigType{
	DefineAuthChallenge: aws.String("define"), CreateAuthChallenge: aws.String("create"), VerifyAuthChallengeResponse: aws.String("verify"),
}

// stepsOf are the answered challenges that an event tells of.
func stepsOf(event map[string]any) []any { return event["request"].(map[string]any)["session"].([]any) }

// threeGuesses are functions that ask a riddle at most three times.
func threeGuesses() map[string]func(map[string]any) (any, string) {
	return map[string]func(map[string]any) (any, string){
		"define": func(event map[string]any) (any, string) {
			steps := stepsOf(event)
			right := len(steps) > 0 && steps[len(steps)-1].(map[string]any)["challengeResult"] == true
			return map[string]any{"challengeName": "CUSTOM_CHALLENGE", "issueTokens": right, "failAuthentication": !right && len(steps) >= 3}, ""
		},
		"create": does(map[string]any{
			"publicChallengeParameters": map[string]string{"riddle": "6 x 7"}, "privateChallengeParameters": map[string]string{"answer": "42"},
			"challengeMetadata": "RIDDLE",
		}),
		"verify": func(event map[string]any) (any, string) {
			r := event["request"].(map[string]any)
			return map[string]any{"answerCorrect": r["challengeAnswer"] == r["privateChallengeParameters"].(map[string]any)["answer"]}, ""
		},
	}
}

func TestFunctionsLeadASignIn(t *testing.T) {
	s, f := newTriggered(t, customTriggers, threeGuesses())
	asked := must(s.initiate(types.AuthFlowTypeCustomAuth, map[string]string{"USERNAME": "ann"}))(t)
	if diff := cmp.Diff(map[string]string{"USERNAME": "ann", "riddle": "6 x 7"}, asked.ChallengeParameters); diff != "" {
		t.Fatal(diff)
	}
	second := must(s.answer(asked, "ANSWER", "41"))(t)
	if second.ChallengeName != types.ChallengeNameTypeCustomChallenge {
		t.Fatalf("a wrong answer led to %+v", second)
	}
	_, err := s.answer(asked, "ANSWER", "42")
	refused(t, err, notAuthorized, "Invalid session for the user, session can only be used once.")
	got := must(s.respond(second.ChallengeName, second.Session, map[string]string{"USERNAME": "ann", "ANSWER": "42"}))(t)
	if got.AuthenticationResult == nil {
		t.Fatalf("the right answer led to %+v", got)
	}
	_, err = s.respond(second.ChallengeName, second.Session, map[string]string{"USERNAME": "ann", "ANSWER": "42"})
	refused(t, err, notAuthorized, "Invalid session for the user, session can only be used once.")
	want := []string{
		"DefineAuthChallenge_Authentication", "CreateAuthChallenge_Authentication", "VerifyAuthChallengeResponse_Authentication",
		"DefineAuthChallenge_Authentication", "CreateAuthChallenge_Authentication", "VerifyAuthChallengeResponse_Authentication",
		"DefineAuthChallenge_Authentication",
	}
	if diff := cmp.Diff(want, f.sources()); diff != "" {
		t.Error(diff)
	}
	last := f.events[len(f.events)-1]
	steps := []any{
		map[string]any{"challengeName": "CUSTOM_CHALLENGE", "challengeResult": false, "challengeMetadata": "RIDDLE"},
		map[string]any{"challengeName": "CUSTOM_CHALLENGE", "challengeResult": true, "challengeMetadata": "RIDDLE"},
	}
	if diff := cmp.Diff(steps, stepsOf(last)); diff != "" {
		t.Error(diff)
	}
}

func TestFunctionsRefuseASignIn(t *testing.T) {
	s, _ := newTriggered(t, customTriggers, threeGuesses())
	asked := must(s.initiate(types.AuthFlowTypeCustomAuth, map[string]string{"USERNAME": "ann"}))(t)
	session := asked.Session
	for range 2 {
		next := must(s.respond(types.ChallengeNameTypeCustomChallenge, session, map[string]string{"USERNAME": "ann", "ANSWER": "?"}))(t)
		session = next.Session
	}
	_, err := s.respond(types.ChallengeNameTypeCustomChallenge, session, map[string]string{"USERNAME": "ann", "ANSWER": "?"})
	refused(t, err, notAuthorized, "Incorrect username or password.")
}

func TestThePasswordIsAStepOfACustomSignIn(t *testing.T) {
	run := threeGuesses()
	riddle := run["define"]
	run["define"] = func(event map[string]any) (any, string) {
		steps := stepsOf(event)
		if len(steps) == 1 {
			return map[string]any{"challengeName": "PASSWORD_VERIFIER", "issueTokens": false, "failAuthentication": false}, ""
		}
		if len(steps) == 2 {
			return map[string]any{"challengeName": "CUSTOM_CHALLENGE", "issueTokens": false, "failAuthentication": false}, ""
		}
		return riddle(event)
	}
	s, f := newTriggered(t, customTriggers, run)
	client := newSRPClient(t)
	asked := must(s.initiate(types.AuthFlowTypeCustomAuth, map[string]string{"USERNAME": "ann", "CHALLENGE_NAME": "SRP_A", "SRP_A": client.A()}))(t)
	if asked.ChallengeName != types.ChallengeNameTypePasswordVerifier {
		t.Fatalf("asked for %s", asked.ChallengeName)
	}
	wrong := client.answer(t, s.poolID, "wrong", asked.ChallengeParameters, time.Now())
	_, err := s.respond(types.ChallengeNameTypePasswordVerifier, nil, wrong)
	refused(t, err, notAuthorized, "Incorrect username or password.")
	proof := client.answer(t, s.poolID, goodPassword, asked.ChallengeParameters, time.Now())
	next := must(s.respond(types.ChallengeNameTypePasswordVerifier, nil, proof))(t)
	if next.ChallengeName != types.ChallengeNameTypeCustomChallenge || next.AuthenticationResult != nil {
		t.Fatalf("the password led to %+v", next)
	}
	got := must(s.respond(next.ChallengeName, next.Session, map[string]string{"USERNAME": "ann", "ANSWER": "42"}))(t)
	if got.AuthenticationResult == nil {
		t.Fatalf("the right answer led to %+v", got)
	}
	var names []string
	for _, step := range stepsOf(f.events[len(f.events)-1]) {
		names = append(names, step.(map[string]any)["challengeName"].(string))
	}
	if diff := cmp.Diff([]string{"SRP_A", "PASSWORD_VERIFIER", "CUSTOM_CHALLENGE"}, names); diff != "" {
		t.Error(diff)
	}
}

func TestACustomSignInTellsNotWhoExists(t *testing.T) {
	run := threeGuesses()
	run["define"] = func(event map[string]any) (any, string) {
		return map[string]any{"challengeName": "CUSTOM_CHALLENGE", "issueTokens": len(stepsOf(event)) > 0}, ""
	}
	s, f := newTriggered(t, customTriggers, run)
	must(s.UpdateUserPoolClient(s.ctx, &cip.UpdateUserPoolClientInput{
		UserPoolId: &s.poolID, ClientId: &s.clientID, PreventUserExistenceErrors: types.PreventUserExistenceErrorTypesEnabled,
		ExplicitAuthFlows: []types.ExplicitAuthFlowsType{types.ExplicitAuthFlowsTypeAllowCustomAuth},
	}))(t)
	known := must(s.initiate(types.AuthFlowTypeCustomAuth, map[string]string{"USERNAME": "ann"}))(t)
	asked := must(s.initiate(types.AuthFlowTypeCustomAuth, map[string]string{"USERNAME": "bob"}))(t)
	// The time that a session ends is printed without zeros at its end.
	if off := len(*known.Session) - len(*asked.Session); off < -6 || off > 6 || asked.ChallengeParameters["USERNAME"] != "bob" {
		t.Errorf("sessions of %d and %d characters, parameters %v", len(*known.Session), len(*asked.Session), asked.ChallengeParameters)
	}
	_, err := s.respond(asked.ChallengeName, asked.Session, map[string]string{"USERNAME": "bob", "ANSWER": "42"})
	refused(t, err, notAuthorized, "Incorrect username or password.")
	for _, e := range f.events[2:] {
		if e["request"].(map[string]any)["userNotFound"] != true {
			t.Errorf("%s was not told that there is no such user", e["triggerSource"])
		}
	}
}

func TestFunctionsThatLeadNowhere(t *testing.T) {
	for _, test := range []struct {
		name, code, message string
		change              func(map[string]func(map[string]any) (any, string))
	}{
		{"an unknown challenge", "InvalidLambdaResponseException", "Unrecognizable lambda output", func(run map[string]func(map[string]any) (any, string)) {
			run["define"] = does(map[string]any{"challengeName": "DANCE"})
		}},
		{"no challenge", "InvalidLambdaResponseException", "Unrecognizable lambda output", func(run map[string]func(map[string]any) (any, string)) {
			run["define"] = does(map[string]any{})
		}},
		{"a password without SRP_A", "InvalidParameterException", "Missing required parameter SRP_A", func(run map[string]func(map[string]any) (any, string)) {
			run["define"] = does(map[string]any{"challengeName": "PASSWORD_VERIFIER"})
		}},
		{"more than a session holds", "InvalidLambdaResponseException", "Unrecognizable lambda output", func(run map[string]func(map[string]any) (any, string)) {
			run["create"] = does(map[string]any{"privateChallengeParameters": map[string]string{"answer": strings.Repeat("x", 3000)}})
		}},
		{"an error", "UserLambdaValidationException", "CreateAuthChallenge failed with error sorry.", func(run map[string]func(map[string]any) (any, string)) {
			run["create"] = func(map[string]any) (any, string) { return nil, "sorry" }
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			run := threeGuesses()
			test.change(run)
			s, _ := newTriggered(t, customTriggers, run)
			_, err := s.initiate(types.AuthFlowTypeCustomAuth, map[string]string{"USERNAME": "ann"})
			refused(t, err, test.code, test.message)
		})
	}
}
