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

// The operations that users call on their own account with an access token.

// GetUser returns the bearer, with the attributes that the token's client may read.
func (s *Service) GetUser(ctx context.Context, in *cip.GetUserInput) (*cip.GetUserOutput, error) {
	b, err := s.authenticateAccess(ctx, value(in.AccessToken), adminScope)
	if err != nil {
		return nil, err
	}
	readList := b.client.Detail.Value.ReadAttributes
	attributes := slices.DeleteFunc(attributesOf(b.user), func(a types.AttributeType) bool {
		name := value(a.Name)
		return name != "sub" && len(readList) > 0 && !slices.Contains(readList, name)
	})
	out := &cip.GetUserOutput{Username: aws.String(b.user.Username), UserAttributes: attributes}
	out.PreferredMfaSetting, out.UserMFASettingList = b.pool.preferenceOf(b.user)
	return out, nil
}

// UpdateUserAttributes changes the bearer's attributes. A changed address that the pool verifies by itself is sent a code.
func (s *Service) UpdateUserAttributes(ctx context.Context, in *cip.UpdateUserAttributesInput) (*cip.UpdateUserAttributesOutput, error) {
	out := &cip.UpdateUserAttributesOutput{}
	err := s.changeBearer(ctx, value(in.AccessToken), func(tx *store.Tx, b *bearer) error {
		out.CodeDeliveryDetailsList = nil // the function may run again
		if err := b.client.mayWrite(in.UserAttributes); err != nil {
			return err
		}
		before := map[string]string{"email": b.user.attribute("email"), "phone_number": b.user.attribute("phone_number")}
		if err := changeAttributes(b.pool, b.user, in.UserAttributes); err != nil {
			return err
		}
		if err := s.claimAliases(tx, b.pool, b.user, false); err != nil {
			return err
		}
		b.user.Modified = s.now()
		for _, name := range []string{"phone_number", "email"} {
			now := b.user.attribute(name)
			if now == "" || now == before[name] || !b.pool.verifiesItself(name) {
				continue
			}
			details, err := s.sendCode(tx, b.pool, b.user, attributeCode(name), name)
			if err != nil {
				return err
			}
			out.CodeDeliveryDetailsList = append(out.CodeDeliveryDetailsList, *details)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// DeleteUserAttributes takes attributes from the bearer.
func (s *Service) DeleteUserAttributes(ctx context.Context, in *cip.DeleteUserAttributesInput) (*cip.DeleteUserAttributesOutput, error) {
	return &cip.DeleteUserAttributesOutput{}, s.changeBearer(ctx, value(in.AccessToken), func(_ *store.Tx, b *bearer) error {
		var given []types.AttributeType
		for _, name := range in.UserAttributeNames {
			given = append(given, types.AttributeType{Name: aws.String(name)})
		}
		if err := b.client.mayWrite(given); err != nil {
			return err
		}
		b.user.Modified = s.now()
		return deleteAttributes(b.pool, b.user, in.UserAttributeNames)
	})
}

// GetUserAttributeVerificationCode sends a code that verifies the bearer's address.
func (s *Service) GetUserAttributeVerificationCode(ctx context.Context, in *cip.GetUserAttributeVerificationCodeInput) (*cip.GetUserAttributeVerificationCodeOutput, error) {
	out := &cip.GetUserAttributeVerificationCodeOutput{}
	err := s.changeBearer(ctx, value(in.AccessToken), func(tx *store.Tx, b *bearer) error {
		name := value(in.AttributeName)
		if err := verifiable(b.user, name); err != nil {
			return err
		}
		var err error
		out.CodeDeliveryDetails, err = s.sendCode(tx, b.pool, b.user, attributeCode(name), name)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// VerifyUserAttribute marks the bearer's address as verified, by the code that was sent to it.
func (s *Service) VerifyUserAttribute(ctx context.Context, in *cip.VerifyUserAttributeInput) (*cip.VerifyUserAttributeOutput, error) {
	var refusal *fault.Error
	err := s.changeBearer(ctx, value(in.AccessToken), func(tx *store.Tx, b *bearer) error {
		refusal = nil // the function may run again
		name := value(in.AttributeName)
		if err := verifiable(b.user, name); err != nil {
			return err
		}
		var err error
		if _, refusal, err = s.checkCode(b.pool, b.user, attributeCode(name), value(in.Code)); err != nil || refusal != nil {
			return err // a wrong code is counted
		}
		b.user.set(name+"_verified", "true")
		b.user.Modified = s.now()
		return s.claimAliases(tx, b.pool, b.user, false)
	})
	if err != nil {
		return nil, err
	}
	if refusal != nil {
		return nil, refusal
	}
	return &cip.VerifyUserAttributeOutput{}, nil
}

// verifiable refuses what no code can verify.
func verifiable(u *user, attribute string) error {
	if attribute != "email" && attribute != "phone_number" {
		return invalidParameter("Invalid attribute name: %s", attribute)
	}
	if u.attribute(attribute) == "" {
		return invalidParameter("User does not have %s", attribute)
	}
	return nil
}

// ChangePassword replaces the bearer's password. A wrong old one counts as a failed sign-in.
func (s *Service) ChangePassword(ctx context.Context, in *cip.ChangePasswordInput) (*cip.ChangePasswordOutput, error) {
	b, err := s.authenticateAccess(ctx, value(in.AccessToken), adminScope)
	if err != nil {
		return nil, err
	}
	a := &attempt{poolID: b.pool.id(), pool: b.pool, client: b.client, username: b.user.Username, user: b.user, now: s.now()}
	if err := a.mayTry(); err != nil {
		return nil, err
	}
	right, err := s.verifyPassword(b.user, a.poolID, value(in.PreviousPassword))
	if err != nil {
		return nil, err
	}
	if !right {
		return nil, s.wrongPassword(ctx, a)
	}
	if err := checkPassword(b.pool.passwordPolicy(), value(in.ProposedPassword)); err != nil {
		return nil, err
	}
	changed := user{Username: b.user.Username}
	if err := s.setPassword(&changed, a.poolID, value(in.ProposedPassword)); err != nil {
		return nil, err
	}
	err = s.store.Update(ctx, func(tx *store.Tx) error {
		u, err := s.admit(tx, a)
		if err != nil {
			return err
		}
		u.SealedVerifier, u.Modified = changed.SealedVerifier, a.now
		return users.Put(tx, a.poolID, u.Username, u)
	})
	if err != nil {
		return nil, err
	}
	return &cip.ChangePasswordOutput{}, nil
}

// DeleteUser deletes the bearer.
func (s *Service) DeleteUser(ctx context.Context, in *cip.DeleteUserInput) (*cip.DeleteUserOutput, error) {
	claims, poolID, err := s.judgeAccess(ctx, value(in.AccessToken), adminScope)
	if err != nil {
		return nil, err
	}
	err = s.store.Update(ctx, func(tx *store.Tx) error {
		b := &bearer{claims: claims}
		if err := s.bearerIn(tx, b, poolID); err != nil {
			return err
		}
		return deleteUser(tx, poolID, b.user.Username)
	})
	if err != nil {
		return nil, err
	}
	return &cip.DeleteUserOutput{}, nil
}

// GlobalSignOut revokes what was issued to the bearer until now.
func (s *Service) GlobalSignOut(ctx context.Context, in *cip.GlobalSignOutInput) (*cip.GlobalSignOutOutput, error) {
	err := s.changeBearer(ctx, value(in.AccessToken), func(_ *store.Tx, b *bearer) error {
		b.user.SignedOutAt = s.now()
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &cip.GlobalSignOutOutput{}, nil
}
