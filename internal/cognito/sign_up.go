package cognito

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/store"
)

// SignUp makes an unconfirmed user and sends a code to what the pool verifies by itself.
func (s *Service) SignUp(ctx context.Context, in *cip.SignUpInput) (*cip.SignUpOutput, error) {
	a, err := s.selfService(ctx, value(in.ClientId), value(in.Username), value(in.SecretHash))
	if err != nil {
		return nil, err
	}
	if c := a.pool.Detail.Value.AdminCreateUserConfig; c != nil && c.AllowAdminCreateUserOnly {
		return nil, fault.Unauthorized("NotAuthorizedException", "SignUp is not permitted for this user pool")
	}
	if err := checkPassword(a.pool.passwordPolicy(), value(in.Password)); err != nil {
		return nil, err
	}
	u, err := s.newSignUp(a, in)
	if err != nil {
		return nil, err
	}
	if err := s.preSignUp(ctx, a.pool, a.client, u, bySignUp, in.ValidationData, in.ClientMetadata); err != nil {
		return nil, err
	}
	if err := s.setPassword(u, a.poolID, value(in.Password)); err != nil {
		return nil, err
	}
	confirmed := u.Status == types.UserStatusTypeConfirmed
	out := &cip.SignUpOutput{UserSub: aws.String(u.Sub), UserConfirmed: confirmed}
	err = s.store.Update(ctx, func(tx *store.Tx) error {
		fresh := *u
		fresh.Codes = nil // the function may run again
		if sendTo := a.pool.autoVerified(&fresh); sendTo != "" && !confirmed {
			var err error
			if out.CodeDeliveryDetails, err = s.sendCode(tx, a.pool, &fresh, signUpCode, sendTo); err != nil {
				return err
			}
		}
		return s.insertUser(tx, a.pool, &fresh, false)
	})
	if err != nil {
		return nil, err
	}
	if confirmed {
		err = s.postConfirmation(ctx, a.pool, a.client, u, byConfirmSignUp, in.ClientMetadata)
	}
	return out, err
}

// newSignUp is the user that the input describes, without a password.
func (s *Service) newSignUp(a *attempt, in *cip.SignUpInput) (*user, error) {
	if err := a.client.mayWrite(in.UserAttributes); err != nil {
		return nil, err
	}
	attributes, err := newAttributes(a.pool, in.UserAttributes)
	if err != nil {
		return nil, err
	}
	u := &user{
		Status: types.UserStatusTypeUnconfirmed, Enabled: true, Attributes: attributes, Created: a.now, Modified: a.now,
	}
	if err := s.nameUser(a.pool, u, value(in.Username)); err != nil {
		return nil, err
	}
	for _, name := range []string{"email", "phone_number"} {
		if u.attribute(name) != "" && a.pool.verifiesItself(name) {
			u.set(name+"_verified", "false")
		}
	}
	return u, requireAttributes(a.pool, u)
}

// selfService finds the client of an operation that a user calls without a token, and checks the secret hash.
func (s *Service) selfService(ctx context.Context, clientID, username, secretHash string) (*attempt, error) {
	a, err := s.newAttempt(ctx, nil, clientID, nil)
	if err != nil {
		return nil, err
	}
	a.username = username
	return a, s.checkSecretHash(a.poolID, a.client, secretHash, username)
}

// mayWrite refuses attributes that the client may not write. That an address is verified is never the client's to say.
func (c *client) mayWrite(given []types.AttributeType) error {
	writeList := c.Detail.Value.WriteAttributes
	for _, g := range given {
		name := value(g.Name)
		if name == "email_verified" || name == "phone_number_verified" || len(writeList) > 0 && !slices.Contains(writeList, name) {
			return fault.Unauthorized("NotAuthorizedException", "A client attempted to write unauthorized attribute")
		}
	}
	return nil
}

// noSuchCombination is the refusal for a user whom the operation's caller could not sign in as anyway (fact 6.7).
func noSuchCombination() error {
	return fault.NotFound("UserNotFoundException", "Username/client id combination not found.")
}

// changeNamed runs change on the user that the attempt names and stores them, also when change refuses: wrong codes are counted. For a user
// who does not exist it returns missing, or noSuchCombination when the client does not hide that.
func (s *Service) changeNamed(ctx context.Context, a *attempt, missing error, change func(*store.Tx, *user) (*fault.Error, error)) error {
	var refusal *fault.Error
	err := s.store.Update(ctx, func(tx *store.Tx) error {
		refusal = nil
		u, err := s.userByName(tx, a.pool, a.username)
		if err != nil {
			return err
		}
		if refusal, err = change(tx, u); err != nil {
			return err
		}
		return users.Put(tx, a.poolID, u.Username, u)
	})
	switch {
	case fault.Is(err, "UserNotFoundException"):
		if a.hidesUsers() {
			return missing
		}
		return noSuchCombination()
	case err != nil:
		return err
	case refusal != nil:
		return refusal
	}
	return nil
}

// ConfirmSignUp confirms a user by the code that SignUp sent, and with it the address the code went to.
func (s *Service) ConfirmSignUp(ctx context.Context, in *cip.ConfirmSignUpInput) (*cip.ConfirmSignUpOutput, error) {
	a, err := s.selfService(ctx, value(in.ClientId), value(in.Username), value(in.SecretHash))
	if err != nil {
		return nil, err
	}
	var confirmed *user
	err = s.changeNamed(ctx, a, expiredCode(), func(tx *store.Tx, u *user) (*fault.Error, error) {
		confirmed = u
		if u.Status != types.UserStatusTypeUnconfirmed {
			return nil, fault.Unauthorized("NotAuthorizedException", "User cannot be confirmed. Current status is %s", u.Status)
		}
		verified, refusal, err := s.checkCode(a.pool, u, signUpCode, value(in.ConfirmationCode))
		if err != nil || refusal != nil {
			return refusal, err
		}
		u.set(verified+"_verified", "true")
		u.Status, u.Modified = types.UserStatusTypeConfirmed, a.now
		return nil, s.claimAliases(tx, a.pool, u, in.ForceAliasCreation)
	})
	if err != nil {
		return nil, err
	}
	return &cip.ConfirmSignUpOutput{}, s.postConfirmation(ctx, a.pool, a.client, confirmed, byConfirmSignUp, in.ClientMetadata)
}

// ResendConfirmationCode sends a new code to a user who has not confirmed yet; the older one is void.
func (s *Service) ResendConfirmationCode(ctx context.Context, in *cip.ResendConfirmationCodeInput) (*cip.ResendConfirmationCodeOutput, error) {
	a, err := s.selfService(ctx, value(in.ClientId), value(in.Username), value(in.SecretHash))
	if err != nil {
		return nil, err
	}
	if len(a.pool.Detail.Value.AutoVerifiedAttributes) == 0 {
		return nil, invalidParameter("Cannot resend codes. Auto verification not turned on.")
	}
	out := &cip.ResendConfirmationCodeOutput{}
	err = s.changeNamed(ctx, a, nil, func(tx *store.Tx, u *user) (*fault.Error, error) {
		if u.Status != types.UserStatusTypeUnconfirmed {
			return nil, invalidParameter("User is already confirmed.")
		}
		sendTo := a.pool.autoVerified(u)
		if sendTo == "" {
			return nil, invalidParameter("Cannot resend codes. Auto verification not turned on.")
		}
		again := signUpCode
		again.kind = "ResendCode"
		var err error
		out.CodeDeliveryDetails, err = s.sendCode(tx, a.pool, u, again, sendTo)
		return nil, err
	})
	if err != nil {
		return nil, err
	}
	if out.CodeDeliveryDetails == nil {
		out.CodeDeliveryDetails = a.simulatedDelivery()
	}
	return out, nil
}

// simulatedDelivery is where a code would have gone had there been a user: always the same for the same name (fact 6.8).
func (a *attempt) simulatedDelivery() *types.CodeDeliveryDetailsType {
	name := a.pool.foldName(a.username)
	switch {
	case phoneFormat.MatchString(name):
		return deliveryDetails("phone_number", name)
	case emailFormat.MatchString(name):
		return deliveryDetails("email", name)
	}
	return deliveryDetails("email", name+"@example.com")
}
