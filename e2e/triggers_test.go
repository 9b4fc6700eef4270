package e2e

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	poolTypes "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// triggerCode is a function for every trigger, as people write them: it changes the event and returns it.
const triggerCode = `exports.handler = async (event) => {
  const { triggerSource, request, response } = event;
  if (triggerSource === 'PreSignUp_SignUp') {
    if (!request.userAttributes.email.endsWith('@example.com')) throw new Error('members only');
    response.autoConfirmUser = response.autoVerifyEmail = true;
  }
  if (triggerSource.startsWith('TokenGeneration')) {
    response.claimsAndScopeOverrideDetails = {
      idTokenGeneration: { claimsToAddOrOverride: { tenant: 'acme' } },
      accessTokenGeneration: { scopesToAdd: ['user_management_lambdas/api'] },
    };
  }
  if (triggerSource.startsWith('DefineAuthChallenge')) {
    const last = request.session[request.session.length - 1];
    response.issueTokens = !!last && last.challengeResult;
    response.failAuthentication = !!last && !last.challengeResult;
    response.challengeName = 'CUSTOM_CHALLENGE';
  }
  if (triggerSource.startsWith('CreateAuthChallenge')) {
    response.publicChallengeParameters = { riddle: '6 x 7' };
    response.privateChallengeParameters = { answer: '42' };
  }
  if (triggerSource.startsWith('VerifyAuthChallengeResponse')) {
    response.answerCorrect = request.challengeAnswer === request.privateChallengeParameters.answer;
  }
  return event;
};`

// TestTriggersRunRealFunctions has a pool call a Node function: without permission it is told so, with it a sign-up is confirmed, a token
// gets a claim and a scope that opens a scoped method, and a sign-in is led by riddle.
func TestTriggersRunRealFunctions(t *testing.T) {
	t.Parallel()
	need(t, "node")
	p := serve(t)
	s := p.newSite(t)
	arn := p.createFunction(t, "triggers", triggerCode)
	pools := cognito.NewFromConfig(p.sdk())
	_, err := pools.UpdateUserPool(t.Context(), &cognito.UpdateUserPoolInput{
		UserPoolId: &s.poolID, AutoVerifiedAttributes: []poolTypes.VerifiedAttributeType{"email"},
		LambdaConfig: &poolTypes.LambdaConfigType{
			PreSignUp: &arn, DefineAuthChallenge: &arn, CreateAuthChallenge: &arn, VerifyAuthChallengeResponse: &arn,
			PreTokenGenerationConfig: &poolTypes.PreTokenGenerationVersionConfigType{LambdaArn: &arn, LambdaVersion: "V2_0"},
		},
	})
	must(t, err)
	client, err := pools.CreateUserPoolClient(t.Context(), &cognito.CreateUserPoolClientInput{
		UserPoolId: &s.poolID, ClientName: aws.String("custom"), ExplicitAuthFlows: []poolTypes.ExplicitAuthFlowsType{"ALLOW_CUSTOM_AUTH", "ALLOW_USER_PASSWORD_AUTH"},
	})
	must(t, err)
	clientID := client.UserPoolClient.ClientId
	signUp := func(name, address string) error {
		_, err := pools.SignUp(t.Context(), &cognito.SignUpInput{
			ClientId: clientID, Username: &name, Password: aws.String(userPassword),
			UserAttributes: []poolTypes.AttributeType{{Name: aws.String("email"), Value: &address}},
		})
		return err
	}
	const unpermitted = "UnexpectedLambdaException: PreSignUp invocation failed due to error AccessDeniedException."
	if err := signUp("early", "early@example.com"); err == nil || !strings.Contains(err.Error(), unpermitted) {
		t.Fatalf("without permission: %v", err)
	}
	p.aws(t, "lambda", "add-permission", "--function-name", "triggers", "--statement-id", "pool", "--action", "lambda:InvokeFunction",
		"--principal", "cognito-idp.amazonaws.com", "--source-arn", s.poolARN)
	const refused = "UserLambdaValidationException: PreSignUp failed with error members only."
	if err := signUp("stranger", "stranger@elsewhere.org"); err == nil || !strings.Contains(err.Error(), refused) {
		t.Errorf("a stranger: %v", err)
	}
	must(t, signUp("kim", "kim@example.com"))

	asked, err := pools.InitiateAuth(t.Context(), &cognito.InitiateAuthInput{
		ClientId: clientID, AuthFlow: "CUSTOM_AUTH", AuthParameters: map[string]string{"USERNAME": "kim"},
	})
	must(t, err)
	if asked.ChallengeParameters["riddle"] != "6 x 7" {
		t.Fatalf("asked: %v", asked.ChallengeParameters)
	}
	got, err := pools.RespondToAuthChallenge(t.Context(), &cognito.RespondToAuthChallengeInput{
		ClientId: clientID, ChallengeName: asked.ChallengeName, Session: asked.Session,
		ChallengeResponses: map[string]string{"USERNAME": "kim", "ANSWER": "42"},
	})
	must(t, err)
	tokens := got.AuthenticationResult
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(*tokens.IdToken, ".")[1])
	must(t, err)
	if !strings.Contains(string(payload), `"tenant":"acme"`) {
		t.Errorf("the ID token says %s", payload)
	}
	if answered := s.invoke(t, "/scoped", *tokens.AccessToken); answered.status != 200 {
		t.Errorf("the added scope opens the method: %d %s", answered.status, answered.body)
	}
}
