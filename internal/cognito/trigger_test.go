package cognito

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/google/go-cmp/cmp"
)

// functions are Go functions in the place of Lambda functions; the real ones stand behind the same interface (e2e runs those).
type functions struct {
	mu  sync.Mutex
	run map[string]func(event map[string]any) (response any, failure string)
	// events are what was asked, in order.
	events []map[string]any
}

func (f *functions) Trigger(_ context.Context, function, _ string, event []byte) ([]byte, string, bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var read map[string]any
	if err := json.Unmarshal(event, &read); err != nil {
		return nil, "", false, err
	}
	f.events = append(f.events, read)
	run := f.run[function]
	if run == nil {
		return nil, "", false, errors.New("there is no such function")
	}
	response, failure := run(read)
	if failure != "" {
		return nil, failure, true, nil
	}
	if text, plain := response.(string); plain {
		return []byte(text), "", false, nil
	}
	read["response"] = response
	answer, err := json.Marshal(read)
	return answer, "", false, err
}

func (f *functions) sources() []string {
	var all []string
	for _, e := range f.events {
		all = append(all, e["triggerSource"].(string))
	}
	return all
}

// does makes a function that always answers the same.
func does(response any) func(map[string]any) (any, string) {
	return func(map[string]any) (any, string) { return response, "" }
}

// newTriggered is a sign-in of a pool with triggers; the names of functions are their ARNs.
func newTriggered(t testing.TB, config *types.LambdaConfigType, run map[string]func(map[string]any) (any, string)) (*signIn, *functions) {
	t.Helper()
	s := newSignIn(t, func(in *cip.CreateUserPoolClientInput) {
		in.ExplicitAuthFlows = append(in.ExplicitAuthFlows, types.ExplicitAuthFlowsTypeAllowCustomAuth)
	})
	f := &functions{run: run}
	s.functions = f
	must(s.UpdateUserPool(s.ctx, &cip.UpdateUserPoolInput{
		UserPoolId: &s.poolID, LambdaConfig: config,
		AutoVerifiedAttributes: []types.VerifiedAttributeType{types.VerifiedAttributeTypeEmail},
	}))(t)
	return s, f
}

func (s *signIn) trySignUp(name string) (*cip.SignUpOutput, error) {
	return s.SignUp(s.t.Context(), &cip.SignUpInput{
		ClientId: &s.clientID, Username: &name, Password: aws.String(goodPassword),
		UserAttributes: []types.AttributeType{attr("email", name+"@example.com")},
		ValidationData: []types.AttributeType{attr("invite", "42")}, ClientMetadata: map[string]string{"from": "test"},
	})
}

func TestAFunctionConfirmsASignUp(t *testing.T) {
	s, f := newTriggered(t, &types.LambdaConfigType{PreSignUp: aws.String("pre"), PostConfirmation: aws.String("post")},
		map[string]func(map[string]any) (any, string){
			"pre": does(map[string]bool{"autoConfirmUser": true, "autoVerifyEmail": true}), "post": does(map[string]any{}),
		})
	if out := must(s.trySignUp("bob"))(t); !out.UserConfirmed || out.CodeDeliveryDetails != nil {
		t.Errorf("signed up: %+v", out)
	}
	if diff := cmp.Diff([]string{"PreSignUp_SignUp", "PostConfirmation_ConfirmSignUp"}, f.sources()); diff != "" {
		t.Fatal(diff)
	}
	want := map[string]any{
		"version": "1", "region": s.poolID[:strings.Index(s.poolID, "_")], "userPoolId": s.poolID, "userName": "bob", "triggerSource": "PreSignUp_SignUp",
		"callerContext": map[string]any{"awsSdkVersion": "aws-sdk-unknown-unknown", "clientId": s.clientID},
		"request": map[string]any{
			"userAttributes": map[string]any{"email": "bob@example.com", "email_verified": "false"},
			"validationData": map[string]any{"invite": "42"}, "clientMetadata": map[string]any{"from": "test"},
		},
		"response": map[string]bool{"autoConfirmUser": true, "autoVerifyEmail": true}, // what the function made of it
	}
	if diff := cmp.Diff(want, f.events[0]); diff != "" {
		t.Error(diff)
	}
	attributes := f.events[1]["request"].(map[string]any)["userAttributes"].(map[string]any)
	if attributes["cognito:user_status"] != "CONFIRMED" || attributes["email_verified"] != "true" || attributes["sub"] == "" {
		t.Errorf("after the confirmation: %v", attributes)
	}
	if got := must(s.byPassword("bob", goodPassword))(t); got.AuthenticationResult == nil {
		t.Errorf("the confirmed user gets %+v", got)
	}
}

func TestAFunctionRefuses(t *testing.T) {
	refuses := func(map[string]any) (any, string) { return nil, "no thanks" }
	everything := &types.LambdaConfigType{
		PreSignUp: aws.String("no"), PreAuthentication: aws.String("no"), PostAuthentication: aws.String("no"),
	}
	s, _ := newTriggered(t, everything, map[string]func(map[string]any) (any, string){"no": refuses})
	_, err := s.trySignUp("bob")
	refused(t, err, "UserLambdaValidationException", "PreSignUp failed with error no thanks.")
	_, err = s.AdminGetUser(s.ctx, &cip.AdminGetUserInput{UserPoolId: &s.poolID, Username: aws.String("bob")})
	refused(t, err, "UserNotFoundException", "User does not exist.")
	_, err = s.byPassword("ann", goodPassword)
	refused(t, err, "UserLambdaValidationException", "PreAuthentication failed with error no thanks.")
	_, err = s.bySRP("ann", goodPassword, nil)
	refused(t, err, "UserLambdaValidationException", "PreAuthentication failed with error no thanks.")
}

func TestFunctionsThatCannotBeUnderstood(t *testing.T) {
	for _, test := range []struct {
		name, function, code, message string
		answer                        any
	}{
		{"no JSON", "f", "InvalidLambdaResponseException", "Unrecognizable lambda output", "hello"},
		{"nothing", "f", "InvalidLambdaResponseException", "Unrecognizable lambda output", "null"},
		{"no response", "f", "InvalidLambdaResponseException", "Unrecognizable lambda output", `{"a":1}`},
		{"a response of another kind", "f", "InvalidLambdaResponseException", "Unrecognizable lambda output", `{"response":[]}`},
		{"a member of another kind", "f", "InvalidLambdaResponseException", "Unrecognizable lambda output", `{"response":{"autoConfirmUser":"yes"}}`},
		{"too much", "f", "InvalidLambdaResponseException", "Unrecognizable lambda output", `{"response":{"x":"` + strings.Repeat("x", triggerAnswer) + `"}}`},
		{"no function", "gone", "UnexpectedLambdaException", "PreSignUp invocation failed due to error ServiceException.", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, _ := newTriggered(t, &types.LambdaConfigType{PreSignUp: &test.function},
				map[string]func(map[string]any) (any, string){"f": does(test.answer)})
			_, err := s.trySignUp("bob")
			refused(t, err, test.code, test.message)
		})
	}
}

func TestAFunctionShapesTokens(t *testing.T) {
	v1 := map[string]any{"claimsOverrideDetails": map[string]any{
		"claimsToAddOrOverride": map[string]any{"tenant": "acme", "sub": "forged", "email": "other@example.com"},
		"claimsToSuppress":      []string{"custom:age", "iss"},
		"groupOverrideDetails":  map[string]any{"groupsToOverride": []string{"a", "b"}, "iamRolesToOverride": []string{"r"}, "preferredRole": "r"},
	}}
	v2 := map[string]any{"claimsAndScopeOverrideDetails": map[string]any{
		"idTokenGeneration": map[string]any{"claimsToAddOrOverride": map[string]any{"plan": map[string]any{"seats": 3}}},
		"accessTokenGeneration": map[string]any{
			"claimsToAddOrOverride": map[string]any{"tenant": "acme", "client_id": "forged"}, "claimsToSuppress": []string{"event_id"},
			"scopesToAdd": []string{"orders/read"}, "scopesToSuppress": []string{adminScope},
		},
	}}
	for _, test := range []struct {
		name    string
		version types.PreTokenGenerationLambdaVersionType
		answer  any
		check   func(t *testing.T, id, access map[string]any, event map[string]any)
	}{
		{"version 1", types.PreTokenGenerationLambdaVersionTypeV10, v1, func(t *testing.T, id, access, event map[string]any) {
			if id["tenant"] != "acme" || id["sub"] == "forged" || id["email"] != "other@example.com" || id["custom:age"] != nil || id["iss"] == nil {
				t.Errorf("ID token: %v", id)
			}
			want := []any{"a", "b"}
			if !cmp.Equal(id["cognito:groups"], any(want)) || !cmp.Equal(access["cognito:groups"], any(want)) || id["cognito:preferred_role"] != "r" {
				t.Errorf("groups: %v, %v, %v", id["cognito:groups"], access["cognito:groups"], id["cognito:preferred_role"])
			}
			if access["tenant"] != nil || event["version"] != "1" {
				t.Errorf("access token: %v", access)
			}
		}},
		{"version 2", types.PreTokenGenerationLambdaVersionTypeV20, v2, func(t *testing.T, id, access, event map[string]any) {
			if !cmp.Equal(id["plan"], any(map[string]any{"seats": 3.0})) {
				t.Errorf("ID token: %v", id)
			}
			if access["tenant"] != "acme" || access["client_id"] == "forged" || access["event_id"] == nil || access["scope"] != "orders/read" {
				t.Errorf("access token: %v", access)
			}
			if event["version"] != "2" || !cmp.Equal(event["request"].(map[string]any)["scopes"], any([]any{adminScope})) {
				t.Errorf("event: %v", event)
			}
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			config := &types.LambdaConfigType{PreTokenGenerationConfig: &types.PreTokenGenerationVersionConfigType{
				LambdaArn: aws.String("f"), LambdaVersion: test.version,
			}}
			s, f := newTriggered(t, config, map[string]func(map[string]any) (any, string){"f": does(test.answer)})
			r := must(s.byPassword("ann", goodPassword))(t).AuthenticationResult
			test.check(t, payload(t, *r.IdToken), payload(t, *r.AccessToken), f.events[0])
			again := must(s.initiate(types.AuthFlowTypeRefreshTokenAuth, map[string]string{"REFRESH_TOKEN": *r.RefreshToken}))(t).AuthenticationResult
			test.check(t, payload(t, *again.IdToken), payload(t, *again.AccessToken), f.events[1])
			if diff := cmp.Diff([]string{tokensOfSignIn, tokensOfRefresh}, f.sources()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAFunctionThatFailsCostsNoRefreshToken(t *testing.T) {
	works := true
	s, _ := newTriggered(t, &types.LambdaConfigType{PreTokenGeneration: aws.String("f")}, map[string]func(map[string]any) (any, string){
		"f": func(map[string]any) (any, string) {
			if works {
				return map[string]any{}, ""
			}
			return nil, "down"
		},
	})
	must(s.UpdateUserPoolClient(s.ctx, &cip.UpdateUserPoolClientInput{
		UserPoolId: &s.poolID, ClientId: &s.clientID, ExplicitAuthFlows: []types.ExplicitAuthFlowsType{types.ExplicitAuthFlowsTypeAllowUserPasswordAuth},
		RefreshTokenRotation: &types.RefreshTokenRotationType{Feature: types.FeatureTypeEnabled, RetryGracePeriodSeconds: aws.Int32(0)},
	}))(t)
	token := must(s.byPassword("ann", goodPassword))(t).AuthenticationResult.RefreshToken
	in := &cip.GetTokensFromRefreshTokenInput{ClientId: &s.clientID, RefreshToken: token}
	works = false
	_, err := s.GetTokensFromRefreshToken(t.Context(), in)
	refused(t, err, "UserLambdaValidationException", "PreTokenGeneration failed with error down.")
	works = true
	must(s.GetTokensFromRefreshToken(t.Context(), in))(t)
}

func TestAUserIsMigrated(t *testing.T) {
	s, f := newTriggered(t, &types.LambdaConfigType{UserMigration: aws.String("f")}, map[string]func(map[string]any) (any, string){
		"f": func(event map[string]any) (any, string) {
			if event["request"].(map[string]any)["password"] != "old" {
				return nil, "wrong"
			}
			return map[string]any{"userAttributes": map[string]string{"email": "old@example.com", "email_verified": "true"}, "finalUserStatus": "CONFIRMED"}, ""
		},
	})
	_, err := s.byPassword("veteran", "new")
	refused(t, err, "UserNotFoundException", "User does not exist.")
	for range 2 { // the second time the pool knows the user
		if got := must(s.byPassword("veteran", "old"))(t); got.AuthenticationResult == nil {
			t.Fatalf("the migrated user gets %+v", got)
		}
	}
	if diff := cmp.Diff([]string{"UserMigration_Authentication", "UserMigration_Authentication"}, f.sources()); diff != "" {
		t.Error(diff)
	}
}
