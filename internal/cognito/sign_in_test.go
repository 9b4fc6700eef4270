package cognito

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/google/go-cmp/cmp"

	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/store"
)

const (
	notAuthorized = "NotAuthorizedException"
	goodPassword  = "Correct-horse-1"
)

// signIn is a pool with a client that allows every flow, and one confirmed user, ann.
type signIn struct {
	*controlPlane
	poolID, clientID, secret string
}

// newSignIn makes it; change may change what the client is made of.
func newSignIn(t testing.TB, change func(*cip.CreateUserPoolClientInput)) *signIn {
	t.Helper()
	c := newControlPlane(t)
	s := &signIn{controlPlane: c, poolID: c.pool(&cip.CreateUserPoolInput{
		AutoVerifiedAttributes: []types.VerifiedAttributeType{types.VerifiedAttributeTypeEmail},
		Schema: []types.SchemaAttributeType{
			{Name: aws.String("age"), AttributeDataType: types.AttributeDataTypeNumber, Mutable: aws.Bool(true)},
		},
	})}
	in := &cip.CreateUserPoolClientInput{
		UserPoolId: &s.poolID, ClientName: aws.String("app"),
		ExplicitAuthFlows: []types.ExplicitAuthFlowsType{
			types.ExplicitAuthFlowsTypeAllowUserPasswordAuth, types.ExplicitAuthFlowsTypeAllowAdminUserPasswordAuth,
			types.ExplicitAuthFlowsTypeAllowUserSrpAuth, types.ExplicitAuthFlowsTypeAllowRefreshTokenAuth,
		},
	}
	if change != nil {
		change(in)
	}
	made := must(c.CreateUserPoolClient(c.ctx, in))(t).UserPoolClient
	s.clientID, s.secret = *made.ClientId, value(made.ClientSecret)
	s.addUser("ann")
	return s
}

// addUser makes a confirmed user with goodPassword.
func (s *signIn) addUser(name string) {
	s.t.Helper()
	s.user(s.poolID, name, attr("email", name+"@example.com"), attr("email_verified", "true"), attr("custom:age", "41"))
	must(s.AdminSetUserPassword(s.ctx, &cip.AdminSetUserPasswordInput{
		UserPoolId: &s.poolID, Username: &name, Password: aws.String(goodPassword), Permanent: true,
	}))(s.t)
}

// byPassword signs in by USER_PASSWORD_AUTH.
func (s *signIn) byPassword(name, password string) (*cip.InitiateAuthOutput, error) {
	params := map[string]string{"USERNAME": name, "PASSWORD": password}
	s.addHash(params, name)
	return s.initiate(types.AuthFlowTypeUserPasswordAuth, params)
}

func (s *signIn) addHash(params map[string]string, name string) {
	if s.secret != "" {
		mac := hmac.New(sha256.New, []byte(s.secret))
		mac.Write([]byte(name + s.clientID))
		params["SECRET_HASH"] = base64.StdEncoding.EncodeToString(mac.Sum(nil))
	}
}

func (s *signIn) initiate(flow types.AuthFlowType, params map[string]string) (*cip.InitiateAuthOutput, error) {
	return s.InitiateAuth(s.t.Context(), &cip.InitiateAuthInput{AuthFlow: flow, ClientId: &s.clientID, AuthParameters: params})
}

func (s *signIn) respond(challenge types.ChallengeNameType, session *string, responses map[string]string) (*cip.RespondToAuthChallengeOutput, error) {
	return s.RespondToAuthChallenge(s.t.Context(), &cip.RespondToAuthChallengeInput{
		ChallengeName: challenge, ClientId: &s.clientID, Session: session, ChallengeResponses: responses,
	})
}

// bySRP runs a whole USER_SRP_AUTH; tamper, if any, changes the answer before it is sent.
func (s *signIn) bySRP(name, password string, tamper func(map[string]string)) (*cip.RespondToAuthChallengeOutput, error) {
	s.t.Helper()
	client := newSRPClient(s.t)
	params := map[string]string{"USERNAME": name, "SRP_A": client.A()}
	s.addHash(params, name)
	challenge, err := s.initiate(types.AuthFlowTypeUserSrpAuth, params)
	if err != nil {
		return nil, err
	}
	if challenge.ChallengeName != types.ChallengeNameTypePasswordVerifier {
		s.t.Fatalf("challenge is %q", challenge.ChallengeName)
	}
	answer := client.answer(s.t, s.poolID, password, challenge.ChallengeParameters, time.Now())
	s.addHash(answer, answer["USERNAME"])
	if tamper != nil {
		tamper(answer)
	}
	return s.respond(types.ChallengeNameTypePasswordVerifier, nil, answer)
}

func TestAPasswordSignsIn(t *testing.T) {
	s := newSignIn(t, nil)
	got := must(s.byPassword("ann", goodPassword))(t)
	r := got.AuthenticationResult
	if r == nil || value(r.IdToken) == "" || value(r.AccessToken) == "" || value(r.RefreshToken) == "" {
		t.Fatalf("result is %+v", r)
	}
	if r.ExpiresIn != 3600 || value(r.TokenType) != "Bearer" || got.ChallengeName != "" || got.Session != nil {
		t.Errorf("output is %+v, result %+v", got, r)
	}
	admin := must(s.AdminInitiateAuth(s.ctx, &cip.AdminInitiateAuthInput{
		AuthFlow: types.AuthFlowTypeAdminNoSrpAuth, ClientId: &s.clientID, UserPoolId: &s.poolID,
		AuthParameters: map[string]string{"USERNAME": "ann", "PASSWORD": goodPassword},
	}))(t)
	if admin.AuthenticationResult == nil {
		t.Errorf("the administrator's sign-in gives %+v", admin)
	}
}

func TestSignInIsRefusedWithAWSsTexts(t *testing.T) {
	s := newSignIn(t, nil)
	set := func(name string, change func(*user)) {
		s.addUser(name)
		s.editUser(name, change)
	}
	set("disabled", func(u *user) { u.Enabled = false })
	set("unconfirmed", func(u *user) { u.Status = types.UserStatusTypeUnconfirmed })
	set("reset", func(u *user) { u.Status = types.UserStatusTypeResetRequired })
	set("late", func(u *user) {
		u.Status, u.TemporaryUntil = types.UserStatusTypeForceChangePassword, s.now().Add(-time.Second)
	})
	tests := []struct {
		name, username, password, code, message string
	}{
		{"a wrong password", "ann", "Wrong-horse-1", notAuthorized, "Incorrect username or password."},
		{"an unknown user", "nobody", goodPassword, "UserNotFoundException", "User does not exist."},
		{"a disabled user", "disabled", goodPassword, notAuthorized, "User is disabled."},
		{"a disabled user's wrong password tells nothing", "disabled", "Wrong-horse-1", notAuthorized, "Incorrect username or password."},
		{"an unconfirmed user", "unconfirmed", goodPassword, "UserNotConfirmedException", "User is not confirmed."},
		{"a password that an administrator reset", "reset", goodPassword, "PasswordResetRequiredException", "Password reset required for the user"},
		{"a temporary password too late", "late", goodPassword, notAuthorized, "Temporary password has expired and must be reset by an administrator."},
		{"no password", "ann", "", invalid, "Missing required parameter PASSWORD"},
		{"no username", "", goodPassword, invalid, "Missing required parameter USERNAME"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := s.byPassword(test.username, test.password)
			refused(t, err, test.code, test.message)
		})
		if test.password == goodPassword && test.username != "nobody" {
			t.Run(test.name+", by SRP", func(t *testing.T) {
				if test.username == "" {
					t.Skip("the same parameter check")
				}
				_, err := s.bySRP(test.username, test.password, nil)
				refused(t, err, test.code, test.message)
			})
		}
	}
}

// editUser changes a stored user directly.
func (s *signIn) editUser(name string, change func(*user)) {
	s.t.Helper()
	err := s.changeUser(s.ctx, &s.poolID, name, func(_ *store.Tx, _ *pool, u *user) error {
		change(u)
		return nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

func TestFlowsThatTheClientDoesNotAllowAreRefused(t *testing.T) {
	s := newSignIn(t, func(in *cip.CreateUserPoolClientInput) {
		in.ExplicitAuthFlows = []types.ExplicitAuthFlowsType{types.ExplicitAuthFlowsTypeAllowCustomAuth}
	})
	tests := []struct {
		name    string
		flow    types.AuthFlowType
		params  map[string]string
		code    string
		message string
	}{
		{"password", types.AuthFlowTypeUserPasswordAuth, map[string]string{"USERNAME": "ann", "PASSWORD": goodPassword}, invalid, "USER_PASSWORD_AUTH flow not enabled for this client"},
		{"SRP", types.AuthFlowTypeUserSrpAuth, map[string]string{"USERNAME": "ann", "SRP_A": "5"}, invalid, "USER_SRP_AUTH is not enabled for the client."},
		{"refresh", types.AuthFlowTypeRefreshTokenAuth, map[string]string{"REFRESH_TOKEN": "x"}, invalid, "Auth flow not enabled for this client"},
		{"an administrator's flow without access keys", types.AuthFlowTypeAdminUserPasswordAuth, map[string]string{"USERNAME": "ann", "PASSWORD": goodPassword}, invalid, "Initiate Auth method not supported."},
		{"custom, without a function", types.AuthFlowTypeCustomAuth, map[string]string{"USERNAME": "ann"}, invalid, "Custom auth lambda trigger is not configured for the user pool."},
		{"choice", types.AuthFlowTypeUserAuth, map[string]string{"USERNAME": "ann"}, invalid, "USER_AUTH is not enabled for the client."},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := s.initiate(test.flow, test.params)
			refused(t, err, test.code, test.message)
		})
	}
	_, err := s.AdminInitiateAuth(s.ctx, &cip.AdminInitiateAuthInput{
		AuthFlow: types.AuthFlowTypeAdminUserPasswordAuth, ClientId: &s.clientID, UserPoolId: &s.poolID,
		AuthParameters: map[string]string{"USERNAME": "ann", "PASSWORD": goodPassword},
	})
	refused(t, err, invalid, "Auth flow not enabled for this client")
	_, err = s.respond(types.ChallengeNameTypeWebAuthn, aws.String(strings.Repeat("x", 20)), map[string]string{"USERNAME": "ann"})
	refused(t, err, "NotImplementedException", "")
	_, err = s.InitiateAuth(t.Context(), &cip.InitiateAuthInput{AuthFlow: types.AuthFlowTypeUserPasswordAuth, ClientId: aws.String("none")})
	refused(t, err, notFound, "User pool client none does not exist.")
}

func TestSecretHashesAreChecked(t *testing.T) {
	s := newSignIn(t, func(in *cip.CreateUserPoolClientInput) { in.GenerateSecret = true })
	signedIn := must(s.byPassword("ann", goodPassword))(t).AuthenticationResult
	must(s.bySRP("ann", goodPassword, nil))(t)

	_, err := s.initiate(types.AuthFlowTypeUserPasswordAuth, map[string]string{"USERNAME": "ann", "PASSWORD": goodPassword})
	refused(t, err, notAuthorized, "Client "+s.clientID+" is configured with secret but SECRET_HASH was not received")
	_, err = s.initiate(types.AuthFlowTypeUserPasswordAuth, map[string]string{"USERNAME": "ann", "PASSWORD": goodPassword, "SECRET_HASH": "AAAA"})
	refused(t, err, notAuthorized, "Unable to verify secret hash for client "+s.clientID)
	_, err = s.bySRP("ann", goodPassword, func(p map[string]string) { p["SECRET_HASH"] = "AAAA" })
	refused(t, err, notAuthorized, "Unable to verify secret hash for client "+s.clientID)

	refresh := map[string]string{"REFRESH_TOKEN": *signedIn.RefreshToken}
	_, err = s.initiate(types.AuthFlowTypeRefreshTokenAuth, refresh)
	refused(t, err, notAuthorized, "Client "+s.clientID+" is configured with secret but SECRET_HASH was not received")
	s.addHash(refresh, "ann@example.com")
	_, err = s.initiate(types.AuthFlowTypeRefreshTokenAuth, refresh)
	refused(t, err, notAuthorized, "SecretHash does not match for the client: "+s.clientID)
	s.addHash(refresh, "ann")
	must(s.initiate(types.AuthFlowTypeRefreshTokenAuth, refresh))(t)
}

func TestNewPasswordIsRequiredAfterATemporaryOne(t *testing.T) {
	c := newControlPlane(t)
	s := &signIn{controlPlane: c, poolID: c.pool(&cip.CreateUserPoolInput{Schema: []types.SchemaAttributeType{
		{Name: aws.String("given_name"), Required: aws.Bool(true)}, {Name: aws.String("email"), Required: aws.Bool(true)},
	}})}
	s.clientID = *must(c.CreateUserPoolClient(c.ctx, &cip.CreateUserPoolClientInput{
		UserPoolId: &s.poolID, ClientName: aws.String("app"),
		ExplicitAuthFlows: []types.ExplicitAuthFlowsType{types.ExplicitAuthFlowsTypeAllowUserPasswordAuth, types.ExplicitAuthFlowsTypeAllowUserSrpAuth},
	}))(t).UserPoolClient.ClientId
	must(c.AdminCreateUser(c.ctx, &cip.AdminCreateUserInput{
		UserPoolId: &s.poolID, Username: aws.String("ann"), TemporaryPassword: aws.String("Temp-horse-1"),
		UserAttributes: []types.AttributeType{attr("email", "ann@example.com")}, MessageAction: types.MessageActionTypeSuppress,
	}))(t)

	challenge := must(s.bySRP("ann", "Temp-horse-1", nil))(t)
	if challenge.ChallengeName != types.ChallengeNameTypeNewPasswordRequired || challenge.AuthenticationResult != nil {
		t.Fatalf("output is %+v", challenge)
	}
	want := map[string]string{
		"USER_ID_FOR_SRP": "ann", "requiredAttributes": `["userAttributes.given_name"]`, "userAttributes": `{"email":"ann@example.com"}`,
	}
	if diff := cmp.Diff(want, challenge.ChallengeParameters); diff != "" {
		t.Errorf("parameters (-want +got):\n%s", diff)
	}
	if n := len(*challenge.Session); n < 20 || n > 2048 {
		t.Errorf("the session has %d characters; the model allows 20 to 2048", n)
	}

	answer := func(session *string, more map[string]string) (*cip.RespondToAuthChallengeOutput, error) {
		responses := map[string]string{"USERNAME": "ann", "NEW_PASSWORD": goodPassword, "userAttributes.given_name": "Ann"}
		maps.Copy(responses, more)
		return s.respond(types.ChallengeNameTypeNewPasswordRequired, session, responses)
	}
	_, err := answer(challenge.Session, map[string]string{"NEW_PASSWORD": "short"})
	refused(t, err, "InvalidPasswordException", "Password did not conform with policy: Password not long enough")
	_, err = answer(challenge.Session, map[string]string{"userAttributes.given_name": ""})
	refused(t, err, invalid, "")
	_, err = answer(challenge.Session, map[string]string{"userAttributes.email": "other@example.com"})
	refused(t, err, invalid, "Cannot modify an already provided email")
	_, err = answer(nil, nil)
	refused(t, err, invalid, "Missing required parameter Session")
	_, err = answer(aws.String("not a session of this server"), nil)
	refused(t, err, notAuthorized, "Invalid session for the user.")

	if got := must(answer(challenge.Session, nil))(t); got.AuthenticationResult == nil {
		t.Fatalf("output is %+v", got)
	}
	_, err = answer(challenge.Session, nil)
	if !fault.Is(err, notAuthorized) {
		t.Errorf("the session was used again: %v", err)
	}
	u := must(s.AdminGetUser(s.ctx, &cip.AdminGetUserInput{UserPoolId: &s.poolID, Username: aws.String("ann")}))(t)
	if u.UserStatus != types.UserStatusTypeConfirmed {
		t.Errorf("status is %s", u.UserStatus)
	}
	if diff := cmp.Diff([]types.AttributeType{
		u.UserAttributes[0], attr("email", "ann@example.com"), attr("given_name", "Ann"),
	}, u.UserAttributes, ignoreSerde); diff != "" {
		t.Errorf("attributes (-want +got):\n%s", diff)
	}
	must(s.byPassword("ann", goodPassword))(t)
}

func TestASessionIsForItsOwnClientAndChallenge(t *testing.T) {
	s := newSignIn(t, nil)
	s.editUser("ann", func(u *user) { u.Status = types.UserStatusTypeForceChangePassword })
	session := must(s.byPassword("ann", goodPassword))(t).Session
	other := *must(s.CreateUserPoolClient(s.ctx, &cip.CreateUserPoolClientInput{UserPoolId: &s.poolID, ClientName: aws.String("other")}))(t).UserPoolClient.ClientId

	responses := map[string]string{"USERNAME": "ann", "NEW_PASSWORD": "Another-horse-1"}
	_, err := s.RespondToAuthChallenge(t.Context(), &cip.RespondToAuthChallengeInput{
		ChallengeName: types.ChallengeNameTypeNewPasswordRequired, ClientId: &other, Session: session, ChallengeResponses: responses,
	})
	refused(t, err, notAuthorized, "Invalid session for the user.")
	_, err = s.respond(types.ChallengeNameTypePasswordVerifier, nil, map[string]string{
		"USERNAME": "ann", "PASSWORD_CLAIM_SECRET_BLOCK": base64.StdEncoding.EncodeToString([]byte(*session)),
		"PASSWORD_CLAIM_SIGNATURE": "AAAA", "TIMESTAMP": time.Now().UTC().Format(srpTimestampLayout),
	})
	refused(t, err, notAuthorized, "Invalid session for the user.")
	_, err = s.SetNewPassword(t.Context(), s.clientID, *session, "Another-horse-1", nil)
	refused(t, err, notAuthorized, "Invalid session for the user.")
	// A session of the login page is not one of the API either.
	page := must(s.SignIn(t.Context(), s.clientID, "ann", goodPassword))(t)
	_, err = s.respond(types.ChallengeNameTypeNewPasswordRequired, &page.Session, responses)
	refused(t, err, notAuthorized, "Invalid session for the user.")
	if _, err := s.SetNewPassword(t.Context(), s.clientID, page.Session, "Another-horse-1", nil); err != nil {
		t.Error(err)
	}
}

func TestUsersWhoDoNotExistLookLikeOthersWhenTheClientHidesThem(t *testing.T) {
	s := newSignIn(t, func(in *cip.CreateUserPoolClientInput) {
		in.PreventUserExistenceErrors = types.PreventUserExistenceErrorTypesEnabled
	})
	_, err := s.byPassword("nobody", goodPassword)
	refused(t, err, notAuthorized, "Incorrect username or password.")
	_, err = s.bySRP("nobody", goodPassword, nil)
	refused(t, err, notAuthorized, "Incorrect username or password.")

	salt := func(name string) string {
		params := map[string]string{"USERNAME": name, "SRP_A": newSRPClient(t).A()}
		return must(s.initiate(types.AuthFlowTypeUserSrpAuth, params))(t).ChallengeParameters["SALT"]
	}
	if a, b := salt("nobody"), salt("NoBody"); a != b {
		t.Errorf("the salt of the same name is %s and then %s", a, b)
	}
	if salt("nobody") == salt("nobody2") {
		t.Error("two names have the same salt")
	}
	if len(salt("nobody")) != len(salt("ann")) {
		t.Error("the salt's length tells who exists")
	}
	forgot := must(s.ForgotPassword(t.Context(), &cip.ForgotPasswordInput{ClientId: &s.clientID, Username: aws.String("nobody")}))(t)
	if value(forgot.CodeDeliveryDetails.Destination) == "" {
		t.Errorf("details are %+v", forgot.CodeDeliveryDetails)
	}
	_, err = s.ConfirmForgotPassword(t.Context(), &cip.ConfirmForgotPasswordInput{
		ClientId: &s.clientID, Username: aws.String("nobody"), ConfirmationCode: aws.String("123456"), Password: aws.String(goodPassword),
	})
	refused(t, err, "ExpiredCodeException", "Invalid code provided, please request a code again.")

	// The lock does not tell either.
	for _, name := range []string{"ann", "nobody3"} {
		for range freeFailures {
			_, err := s.byPassword(name, "Wrong-horse-1")
			refused(t, err, notAuthorized, "Incorrect username or password.")
		}
		_, err := s.byPassword(name, "Wrong-horse-1")
		refused(t, err, notAuthorized, "Password attempts exceeded")
		_, err = s.initiate(types.AuthFlowTypeUserSrpAuth, map[string]string{"USERNAME": name, "SRP_A": newSRPClient(t).A()})
		refused(t, err, notAuthorized, "Password attempts exceeded")
	}
}

// TestTheSecretBlocksLengthDoesNotTellWhoExists: it is sealed, and nobody can read it, but anybody can measure it.
func TestTheSecretBlocksLengthDoesNotTellWhoExists(t *testing.T) {
	s := newSignIn(t, func(in *cip.CreateUserPoolClientInput) {
		in.PreventUserExistenceErrors = types.PreventUserExistenceErrorTypesEnabled
	})
	// The numbers in it are a byte shorter now and then, for everybody: what counts is the longest of some.
	longest := func(name string) (most int) {
		for range 8 {
			params := map[string]string{"USERNAME": name, "SRP_A": newSRPClient(t).A()}
			most = max(most, len(must(s.initiate(types.AuthFlowTypeUserSrpAuth, params))(t).ChallengeParameters["SECRET_BLOCK"]))
		}
		return most
	}
	s.user(s.poolID, "new", attr("email", "new@example.com")) // has no password of their own yet
	if ann, eve, invited := longest("ann"), longest("eve"), longest("new"); ann != eve || ann != invited {
		t.Errorf("%d bytes for a user, %d for nobody, %d for a user with a temporary password", ann, eve, invited)
	}
}

// payload decodes a token's claims without judging it.
func payload(t testing.TB, token string) map[string]any {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("the token has %d parts", len(parts))
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	var claims map[string]any
	if err := json.Unmarshal(raw, &claims); err != nil {
		t.Fatal(err)
	}
	return claims
}
