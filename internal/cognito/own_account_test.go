package cognito

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/google/go-cmp/cmp"
)

// tokens signs a user in.
func (s *signIn) tokens(name string) *types.AuthenticationResultType {
	s.t.Helper()
	return must(s.byPassword(name, goodPassword))(s.t).AuthenticationResult
}

func (s *signIn) getUser(token *string) error {
	_, err := s.GetUser(s.t.Context(), &cip.GetUserInput{AccessToken: token})
	return err
}

func (s *signIn) refresh(token *string) (*types.AuthenticationResultType, error) {
	out, err := s.initiate(types.AuthFlowTypeRefreshTokenAuth, map[string]string{"REFRESH_TOKEN": *token})
	if err != nil {
		return nil, err
	}
	return out.AuthenticationResult, nil
}

func TestGetUserShowsWhatTheClientMayRead(t *testing.T) {
	s := newSignIn(t, func(in *cip.CreateUserPoolClientInput) { in.ReadAttributes = []string{"email", "email_verified"} })
	token := s.tokens("ann").AccessToken
	got := must(s.GetUser(t.Context(), &cip.GetUserInput{AccessToken: token}))(t)
	want := []types.AttributeType{
		attr("sub", payload(t, *token)["sub"].(string)), attr("email", "ann@example.com"), attr("email_verified", "true"),
	}
	if diff := cmp.Diff(want, got.UserAttributes, ignoreSerde); diff != "" || *got.Username != "ann" {
		t.Errorf("%s: attributes (-want +got):\n%s", *got.Username, diff)
	}
}

func TestAccessTokensAreRefusedWithAWSsTexts(t *testing.T) {
	s := newSignIn(t, nil)
	r := s.tokens("ann")
	header, rest, _ := strings.Cut(*r.AccessToken, ".")
	body, signature, _ := strings.Cut(rest, ".")
	oauth := must(s.IssueTokens(t.Context(), IssueRequest{ClientID: s.clientID, Username: "ann", Scopes: []string{"openid"}, AuthTime: s.now()}))(t)
	tests := []struct{ name, token, message string }{
		{"no token", "x", "Invalid Access Token"},
		{"an ID token", *r.IdToken, "Invalid Access Token"},
		{"a refresh token", *r.RefreshToken, "Invalid Access Token"},
		{"a token cut short", (*r.AccessToken)[:len(*r.AccessToken)-3], "Invalid Access Token"},
		{"the token itself", *r.AccessToken, ""},
		{"a signature of something else", header + "." + body + "." + strings.Repeat("A", len(signature)), "Invalid Access Token"},
		{"a payload that was changed", header + "." + body[:len(body)-4] + "AAAA." + signature, "Invalid Access Token"},
		{"no algorithm", "eyJhbGciOiJub25lIn0." + body + ".", "Invalid Access Token"},
		{"a token with a scheme before it", "Bearer " + *r.AccessToken, "Invalid Access Token"},
		{"a megabyte", strings.Repeat("a", 1<<20), "Invalid Access Token"},
		{"a token for the login domain's scopes", oauth.Access, "Access Token does not have required scopes"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := s.getUser(&test.token)
			if test.message == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			refused(t, err, notAuthorized, test.message)
		})
	}
	s.clock.Advance(time.Hour)
	refused(t, s.getUser(r.AccessToken), notAuthorized, "Access Token has expired")
}

func TestRefreshKeepsTheSignIn(t *testing.T) {
	s := newSignIn(t, nil)
	first := s.tokens("ann")
	s.clock.Advance(10 * time.Minute)
	must(s.AdminUpdateUserAttributes(s.ctx, &cip.AdminUpdateUserAttributesInput{
		UserPoolId: &s.poolID, Username: aws.String("ann"), UserAttributes: []types.AttributeType{attr("name", "Ann")},
	}))(t)
	second := must(s.refresh(first.RefreshToken))(t)
	if second.RefreshToken != nil {
		t.Error("a refresh without rotation gives a refresh token")
	}
	before, after := payload(t, *first.IdToken), payload(t, *second.IdToken)
	for _, name := range []string{"auth_time", "origin_jti", "sub"} {
		if before[name] != after[name] {
			t.Errorf("%s changed from %v to %v", name, before[name], after[name])
		}
	}
	if before["jti"] == after["jti"] || after["iat"].(float64)-before["iat"].(float64) < 600 || after["name"] != "Ann" {
		t.Errorf("the new token is not new: %v", after)
	}
	viaOperation := must(s.GetTokensFromRefreshToken(t.Context(), &cip.GetTokensFromRefreshTokenInput{
		ClientId: &s.clientID, RefreshToken: first.RefreshToken,
	}))(t).AuthenticationResult
	if viaOperation.RefreshToken != nil || viaOperation.AccessToken == nil {
		t.Errorf("the operation gives %+v", viaOperation)
	}
	other := must(s.CreateUserPoolClient(s.ctx, &cip.CreateUserPoolClientInput{UserPoolId: &s.poolID, ClientName: aws.String("other")}))(t).UserPoolClient
	_, err := s.InitiateAuth(t.Context(), &cip.InitiateAuthInput{
		AuthFlow: types.AuthFlowTypeRefreshTokenAuth, ClientId: other.ClientId, AuthParameters: map[string]string{"REFRESH_TOKEN": *first.RefreshToken},
	})
	refused(t, err, notAuthorized, "Invalid Refresh Token")
	_, err = s.refresh(aws.String("nonsense"))
	refused(t, err, notAuthorized, "Invalid Refresh Token")
}

func TestWhatEndsASignIn(t *testing.T) {
	tests := []struct {
		name            string
		end             func(*signIn, *types.AuthenticationResultType) error
		access, refresh string
	}{
		{"revoking the refresh token", func(s *signIn, r *types.AuthenticationResultType) error {
			_, err := s.RevokeToken(s.t.Context(), &cip.RevokeTokenInput{ClientId: &s.clientID, Token: r.RefreshToken})
			return err
		}, "Access Token has been revoked", "Refresh Token has been revoked"},
		{"signing out everywhere", func(s *signIn, r *types.AuthenticationResultType) error {
			_, err := s.GlobalSignOut(s.t.Context(), &cip.GlobalSignOutInput{AccessToken: r.AccessToken})
			return err
		}, "Access Token has been revoked", "Refresh Token has been revoked"},
		{"an administrator signing the user out", func(s *signIn, _ *types.AuthenticationResultType) error {
			_, err := s.AdminUserGlobalSignOut(s.ctx, &cip.AdminUserGlobalSignOutInput{UserPoolId: &s.poolID, Username: aws.String("ann")})
			return err
		}, "Access Token has been revoked", "Refresh Token has been revoked"},
		{"disabling the user", func(s *signIn, _ *types.AuthenticationResultType) error {
			_, err := s.AdminDisableUser(s.ctx, &cip.AdminDisableUserInput{UserPoolId: &s.poolID, Username: aws.String("ann")})
			return err
		}, "User is disabled.", "User is disabled."},
		{"deleting the client", func(s *signIn, _ *types.AuthenticationResultType) error {
			_, err := s.DeleteUserPoolClient(s.ctx, &cip.DeleteUserPoolClientInput{UserPoolId: &s.poolID, ClientId: &s.clientID})
			return err
		}, "Invalid Access Token", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newSignIn(t, nil)
			r := s.tokens("ann")
			if err := test.end(s, r); err != nil {
				t.Fatal(err)
			}
			refused(t, s.getUser(r.AccessToken), notAuthorized, test.access)
			if test.refresh == "" {
				return
			}
			_, err := s.refresh(r.RefreshToken)
			refused(t, err, notAuthorized, test.refresh)
			if test.refresh == "User is disabled." {
				return
			}
			// A sign-in after that is not touched.
			s.clock.Advance(time.Millisecond)
			again := s.tokens("ann")
			if err := s.getUser(again.AccessToken); err != nil {
				t.Errorf("the next sign-in's token: %v", err)
			}
		})
	}
}

func TestRevokingNeedsTheClientsSecretAndARefreshToken(t *testing.T) {
	s := newSignIn(t, func(in *cip.CreateUserPoolClientInput) { in.GenerateSecret = true })
	r := s.tokens("ann")
	revoke := func(token, secret *string) error {
		_, err := s.RevokeToken(t.Context(), &cip.RevokeTokenInput{ClientId: &s.clientID, Token: token, ClientSecret: secret})
		return err
	}
	refused(t, revoke(r.RefreshToken, nil), "UnauthorizedException", "")
	refused(t, revoke(r.RefreshToken, aws.String("wrong")), "UnauthorizedException", "")
	refused(t, revoke(r.AccessToken, &s.secret), "UnsupportedTokenTypeException", "")
	if err := revoke(aws.String("no token at all"), &s.secret); err != nil {
		t.Errorf("an unknown token: %v", err)
	}
	if err := s.getUser(r.AccessToken); err != nil {
		t.Errorf("something was revoked: %v", err)
	}
	for range 2 {
		if err := revoke(r.RefreshToken, &s.secret); err != nil {
			t.Error(err)
		}
	}
	refused(t, s.getUser(r.AccessToken), notAuthorized, "Access Token has been revoked")
}

func TestRotationReplacesRefreshTokens(t *testing.T) {
	s := newSignIn(t, func(in *cip.CreateUserPoolClientInput) {
		in.ExplicitAuthFlows = []types.ExplicitAuthFlowsType{types.ExplicitAuthFlowsTypeAllowUserPasswordAuth}
		in.RefreshTokenRotation = &types.RefreshTokenRotationType{Feature: types.FeatureTypeEnabled, RetryGracePeriodSeconds: aws.Int32(10)}
	})
	rotate := func(token *string) (*types.AuthenticationResultType, error) {
		out, err := s.GetTokensFromRefreshToken(t.Context(), &cip.GetTokensFromRefreshTokenInput{ClientId: &s.clientID, RefreshToken: token})
		if err != nil {
			return nil, err
		}
		return out.AuthenticationResult, nil
	}
	first := s.tokens("ann")
	_, err := s.refresh(first.RefreshToken)
	refused(t, err, invalid, "Auth flow not enabled for this client")
	second := must(rotate(first.RefreshToken))(t)
	if value(second.RefreshToken) == "" || *second.RefreshToken == *first.RefreshToken {
		t.Fatal("the refresh token was not replaced")
	}
	must(rotate(first.RefreshToken))(t) // within the grace period
	s.clock.Advance(11 * time.Second)
	_, err = rotate(first.RefreshToken)
	refused(t, err, "RefreshTokenReuseException", "")
	third := must(rotate(second.RefreshToken))(t)
	must(s.RevokeToken(t.Context(), &cip.RevokeTokenInput{ClientId: &s.clientID, Token: first.RefreshToken}))(t)
	_, err = rotate(third.RefreshToken)
	refused(t, err, notAuthorized, "Refresh Token has been revoked")
}

func TestAUserChangesTheirPassword(t *testing.T) {
	s := newSignIn(t, nil)
	token := s.tokens("ann").AccessToken
	change := func(from, to string) error {
		_, err := s.ChangePassword(t.Context(), &cip.ChangePasswordInput{AccessToken: token, PreviousPassword: &from, ProposedPassword: &to})
		return err
	}
	refused(t, change("Wrong-horse-1", "Another-horse-1"), notAuthorized, "Incorrect username or password.")
	refused(t, change(goodPassword, "short"), "InvalidPasswordException", "")
	if err := change(goodPassword, "Another-horse-1"); err != nil {
		t.Fatal(err)
	}
	_, err := s.byPassword("ann", goodPassword)
	refused(t, err, notAuthorized, "Incorrect username or password.")
	must(s.byPassword("ann", "Another-horse-1"))(t)
	must(s.bySRP("ann", "Another-horse-1", nil))(t)
}

func TestAUserDeletesTheirAccount(t *testing.T) {
	s := newSignIn(t, nil)
	r := s.tokens("ann")
	must(s.DeleteUser(t.Context(), &cip.DeleteUserInput{AccessToken: r.AccessToken}))(t)
	refused(t, s.getUser(r.AccessToken), "UserNotFoundException", "User does not exist.")
	s.addUser("ann") // another user of the same name has nothing of the first
	refused(t, s.getUser(r.AccessToken), "UserNotFoundException", "User does not exist.")
	_, err := s.refresh(r.RefreshToken)
	refused(t, err, notAuthorized, "Invalid Refresh Token")
}

// lastCode is the code of the newest message to a recipient.
func (s *signIn) lastCode(recipient string) string {
	s.t.Helper()
	mail := must(s.Mailbox(s.t.Context(), recipient))(s.t)
	if len(mail) == 0 {
		s.t.Fatalf("%s has no mail", recipient)
	}
	return mail[0].Code
}

func TestAUserChangesAndVerifiesAnAddress(t *testing.T) {
	s := newSignIn(t, nil)
	token := s.tokens("ann").AccessToken
	out := must(s.UpdateUserAttributes(t.Context(), &cip.UpdateUserAttributesInput{
		AccessToken: token, UserAttributes: []types.AttributeType{attr("email", "new@example.com")},
	}))(t)
	want := []types.CodeDeliveryDetailsType{{AttributeName: aws.String("email"), DeliveryMedium: types.DeliveryMediumTypeEmail, Destination: aws.String("n***@e***")}}
	if diff := cmp.Diff(want, out.CodeDeliveryDetailsList, ignoreSerde); diff != "" {
		t.Errorf("details (-want +got):\n%s", diff)
	}
	if got := payload(t, *s.tokens("ann").IdToken)["email_verified"]; got != false {
		t.Errorf("email_verified is %v", got)
	}
	verify := func(code string) error {
		_, err := s.VerifyUserAttribute(t.Context(), &cip.VerifyUserAttributeInput{AccessToken: token, AttributeName: aws.String("email"), Code: &code})
		return err
	}
	refused(t, verify("12345x"), "CodeMismatchException", "")
	if err := verify(s.lastCode("new@example.com")); err != nil {
		t.Fatal(err)
	}
	if got := payload(t, *s.tokens("ann").IdToken)["email_verified"]; got != true {
		t.Errorf("email_verified is %v", got)
	}
	_, err := s.UpdateUserAttributes(t.Context(), &cip.UpdateUserAttributesInput{
		AccessToken: token, UserAttributes: []types.AttributeType{attr("email_verified", "true")},
	})
	refused(t, err, notAuthorized, "A client attempted to write unauthorized attribute")
}

func (s *signIn) signUp(ctx context.Context, name string, more ...types.AttributeType) (*cip.SignUpOutput, error) {
	return s.SignUp(ctx, &cip.SignUpInput{
		ClientId: &s.clientID, Username: &name, Password: aws.String(goodPassword),
		UserAttributes: append([]types.AttributeType{attr("email", name+"@example.org")}, more...),
	})
}

func TestSigningUp(t *testing.T) {
	s := newSignIn(t, nil)
	out := must(s.signUp(t.Context(), "bea"))(t)
	want := &types.CodeDeliveryDetailsType{AttributeName: aws.String("email"), DeliveryMedium: types.DeliveryMediumTypeEmail, Destination: aws.String("b***@e***")}
	if diff := cmp.Diff(want, out.CodeDeliveryDetails, ignoreSerde); diff != "" || out.UserConfirmed || !subFormat.MatchString(*out.UserSub) {
		t.Errorf("output is %+v; details (-want +got):\n%s", out, diff)
	}
	_, err := s.byPassword("bea", goodPassword)
	refused(t, err, "UserNotConfirmedException", "User is not confirmed.")
	_, err = s.signUp(t.Context(), "bea")
	refused(t, err, "UsernameExistsException", "User already exists")

	confirm := func(name, code string) error {
		_, err := s.ConfirmSignUp(t.Context(), &cip.ConfirmSignUpInput{ClientId: &s.clientID, Username: &name, ConfirmationCode: &code})
		return err
	}
	refused(t, confirm("bea", "00000x"), "CodeMismatchException", "Invalid verification code provided, please try again.")
	refused(t, confirm("nobody", "000000"), "UserNotFoundException", "Username/client id combination not found.")
	first := s.lastCode("bea@example.org")
	s.clock.Advance(time.Second)
	must(s.ResendConfirmationCode(t.Context(), &cip.ResendConfirmationCodeInput{ClientId: &s.clientID, Username: aws.String("bea")}))(t)
	if second := s.lastCode("bea@example.org"); first != second {
		refused(t, confirm("bea", first), "CodeMismatchException", "")
	}
	if err := confirm("bea", s.lastCode("bea@example.org")); err != nil {
		t.Fatal(err)
	}
	refused(t, confirm("bea", "000000"), notAuthorized, "User cannot be confirmed. Current status is CONFIRMED")
	_, err = s.ResendConfirmationCode(t.Context(), &cip.ResendConfirmationCodeInput{ClientId: &s.clientID, Username: aws.String("bea")})
	refused(t, err, invalid, "User is already confirmed.")
	if got := payload(t, *s.tokens("bea").IdToken)["email_verified"]; got != true {
		t.Errorf("email_verified is %v", got)
	}
}

func TestSigningUpIsRefused(t *testing.T) {
	s := newSignIn(t, func(in *cip.CreateUserPoolClientInput) { in.WriteAttributes = []string{"email"} })
	_, err := s.signUp(t.Context(), "bea", attr("name", "Bea"))
	refused(t, err, notAuthorized, "A client attempted to write unauthorized attribute")
	_, err = s.signUp(t.Context(), "bea", attr("email_verified", "true"))
	refused(t, err, notAuthorized, "A client attempted to write unauthorized attribute")
	_, err = s.SignUp(t.Context(), &cip.SignUpInput{ClientId: &s.clientID, Username: aws.String("bea"), Password: aws.String("alllowercase1")})
	refused(t, err, "InvalidPasswordException", "Password did not conform with policy: Password must have uppercase characters")

	closed := s.pool(&cip.CreateUserPoolInput{AdminCreateUserConfig: &types.AdminCreateUserConfigType{AllowAdminCreateUserOnly: true}})
	client := must(s.CreateUserPoolClient(s.ctx, &cip.CreateUserPoolClientInput{UserPoolId: &closed, ClientName: aws.String("app")}))(t).UserPoolClient
	_, err = s.SignUp(t.Context(), &cip.SignUpInput{ClientId: client.ClientId, Username: aws.String("bea"), Password: aws.String(goodPassword)})
	refused(t, err, notAuthorized, "SignUp is not permitted for this user pool")
}

func TestCodesExpireAndCannotBeGuessed(t *testing.T) {
	s := newSignIn(t, nil)
	must(s.signUp(t.Context(), "bea"))(t)
	confirm := func(code string) error {
		_, err := s.ConfirmSignUp(t.Context(), &cip.ConfirmSignUpInput{ClientId: &s.clientID, Username: aws.String("bea"), ConfirmationCode: &code})
		return err
	}
	for range signUpCode.tries {
		refused(t, confirm("00000x"), "CodeMismatchException", "")
	}
	right := s.lastCode("bea@example.org")
	refused(t, confirm(right), "LimitExceededException", "Attempt limit exceeded, please try after some time.")
	s.clock.Advance(23 * time.Hour) // the hour is over, the code is not
	refused(t, confirm("00000x"), "CodeMismatchException", "")
	s.clock.Advance(time.Hour)
	refused(t, confirm(right), "ExpiredCodeException", "Invalid code provided, please request a code again.")
}

func TestAForgottenPassword(t *testing.T) {
	s := newSignIn(t, nil)
	forgot := func() (*cip.ForgotPasswordOutput, error) {
		return s.ForgotPassword(t.Context(), &cip.ForgotPasswordInput{ClientId: &s.clientID, Username: aws.String("ann")})
	}
	confirm := func(code, password string) error {
		_, err := s.ConfirmForgotPassword(t.Context(), &cip.ConfirmForgotPasswordInput{
			ClientId: &s.clientID, Username: aws.String("ann"), ConfirmationCode: &code, Password: &password,
		})
		return err
	}
	out := must(forgot())(t)
	if got := value(out.CodeDeliveryDetails.Destination); got != "a***@e***" {
		t.Errorf("destination is %q", got)
	}
	code := s.lastCode("ann@example.com")
	refused(t, confirm("00000x", "Another-horse-1"), "CodeMismatchException", "")
	refused(t, confirm(code, "short"), "InvalidPasswordException", "")
	if err := confirm(code, "Another-horse-1"); err != nil {
		t.Fatal(err)
	}
	refused(t, confirm(code, "Third-horse-1"), "ExpiredCodeException", "")
	must(s.byPassword("ann", "Another-horse-1"))(t)

	s.editUser("ann", func(u *user) { u.Status = types.UserStatusTypeForceChangePassword })
	_, err := forgot()
	refused(t, err, notAuthorized, "User password cannot be reset in the current state.")
	s.editUser("ann", func(u *user) { u.Status = types.UserStatusTypeConfirmed; u.set("email_verified", "false") })
	_, err = forgot()
	refused(t, err, invalid, "Cannot reset password for the user as there is no registered/verified email or phone_number")
	s.editUser("ann", func(u *user) { u.set("email_verified", "true") })
	for range forgotPasswordCode.sends - 1 {
		must(forgot())(t)
	}
	_, err = forgot()
	refused(t, err, "LimitExceededException", "Attempt limit exceeded, please try after some time.")
}

func TestAnAdministratorResetsAPassword(t *testing.T) {
	s := newSignIn(t, nil)
	must(s.AdminResetUserPassword(s.ctx, &cip.AdminResetUserPasswordInput{UserPoolId: &s.poolID, Username: aws.String("ann")}))(t)
	_, err := s.byPassword("ann", goodPassword)
	refused(t, err, "PasswordResetRequiredException", "Password reset required for the user")
	must(s.ConfirmForgotPassword(t.Context(), &cip.ConfirmForgotPasswordInput{
		ClientId: &s.clientID, Username: aws.String("ann"), Password: aws.String("Another-horse-1"),
		ConfirmationCode: aws.String(s.lastCode("ann@example.com")),
	}))(t)
	must(s.byPassword("ann", "Another-horse-1"))(t)
	s.editUser("ann", func(u *user) { u.Status = types.UserStatusTypeForceChangePassword })
	_, err = s.AdminResetUserPassword(s.ctx, &cip.AdminResetUserPasswordInput{UserPoolId: &s.poolID, Username: aws.String("ann")})
	refused(t, err, notAuthorized, "User password cannot be reset in the current state.")
}

func TestDestinationsAreMasked(t *testing.T) {
	tests := []struct{ name, attribute, destination, want string }{
		{"an e-mail address", "email", "anna@example.com", "a***@e***"},
		{"an address that is not ASCII", "email", "éa@öx.de", "é***@ö***"},
		{"a phone number", "phone_number", "+15550101234", "+*******1234"},
		{"a short number", "phone_number", "+123", "+123"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := *deliveryDetails(test.attribute, test.destination).Destination; got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func FuzzIssuerOf(f *testing.F) {
	for _, seed := range []string{"", "..", "a.b.c", "a.eyJpc3MiOiJ4In0.c", "a.eyJpc3MiOjF9.c", "a.bnVsbA.c", "a b.eyJpc3MiOiJ4In0.c"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, token string) {
		if issuer, ok := issuerOf(token); !ok && issuer != "" {
			t.Errorf("%q has no form and yet an issuer, %q", token, issuer)
		}
	})
}
