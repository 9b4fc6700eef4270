package cognito

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/store"
)

// changeUser runs change on the user that name means and stores them.
func (s *Service) changeUser(ctx context.Context, poolID *string, name string, change func(*store.Tx, *pool, *user) error) error {
	return s.withPool(ctx, poolID, func(tx *store.Tx, p *pool) error {
		u, err := s.userByName(tx, p, name)
		if err != nil {
			return err
		}
		if err := change(tx, p, u); err != nil {
			return err
		}
		u.Modified = s.now()
		return users.Put(tx, p.id(), u.Username, u)
	})
}

// changePassword gives a user a new password and runs change in the same transaction. The verifier, which takes long to
// compute, is made before it; it depends on nothing but the real username, which never changes.
func (s *Service) changePassword(ctx context.Context, poolID *string, name, password string, change func(*store.Tx, *pool, *user) error) error {
	var holder user
	err := s.viewPool(ctx, poolID, func(tx *store.Tx, p *pool) error {
		u, err := s.userByName(tx, p, name)
		if err != nil {
			return err
		}
		holder.Username = u.Username
		return nil
	})
	if err != nil {
		return err
	}
	if err := s.setPassword(&holder, value(poolID), password); err != nil {
		return err
	}
	return s.changeUser(ctx, poolID, holder.Username, func(tx *store.Tx, p *pool, u *user) error {
		if u.Username != holder.Username {
			return noSuchUser() // deleted meanwhile, and the name now means another
		}
		u.SealedVerifier = holder.SealedVerifier
		u.FailedSignIns, u.LastFailed = 0, time.Time{}
		return change(tx, p, u)
	})
}

// AdminSetUserPassword gives a user a password, their own or a temporary one.
func (s *Service) AdminSetUserPassword(ctx context.Context, in *cip.AdminSetUserPasswordInput) (*cip.AdminSetUserPasswordOutput, error) {
	p, err := s.readPool(ctx, in.UserPoolId)
	if err != nil {
		return nil, err
	}
	if err := checkPassword(p.passwordPolicy(), value(in.Password)); err != nil {
		return nil, err
	}
	return &cip.AdminSetUserPasswordOutput{}, s.changePassword(ctx, in.UserPoolId, value(in.Username), value(in.Password), func(_ *store.Tx, p *pool, u *user) error {
		if in.Permanent {
			u.Status, u.TemporaryUntil = types.UserStatusTypeConfirmed, time.Time{}
		} else {
			u.Status, u.TemporaryUntil = types.UserStatusTypeForceChangePassword, s.temporaryUntil(p)
		}
		return nil
	})
}

// AdminGetUser returns a user.
func (s *Service) AdminGetUser(ctx context.Context, in *cip.AdminGetUserInput) (*cip.AdminGetUserOutput, error) {
	out := &cip.AdminGetUserOutput{}
	err := s.viewPool(ctx, in.UserPoolId, func(tx *store.Tx, p *pool) error {
		u, err := s.userByName(tx, p, value(in.Username))
		if err != nil {
			return err
		}
		*out = cip.AdminGetUserOutput{
			Username: aws.String(u.Username), UserAttributes: attributesOf(u), Enabled: u.Enabled, UserStatus: u.Status,
			UserCreateDate: aws.Time(u.Created), UserLastModifiedDate: aws.Time(u.Modified),
		}
		out.PreferredMfaSetting, out.UserMFASettingList = p.preferenceOf(u)
		return nil
	})
	return out, err
}

// AdminConfirmSignUp confirms a user who signed up.
func (s *Service) AdminConfirmSignUp(ctx context.Context, in *cip.AdminConfirmSignUpInput) (*cip.AdminConfirmSignUpOutput, error) {
	var p *pool
	var confirmed *user
	err := s.changeUser(ctx, in.UserPoolId, value(in.Username), func(_ *store.Tx, in *pool, u *user) error {
		if u.Status != types.UserStatusTypeUnconfirmed {
			return fault.Unauthorized("NotAuthorizedException", "User cannot be confirmed. Current status is %s", u.Status)
		}
		u.Status = types.UserStatusTypeConfirmed
		delete(u.Codes, "sign-up")
		p, confirmed = in, u
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &cip.AdminConfirmSignUpOutput{}, s.postConfirmation(ctx, p, nil, confirmed, byConfirmSignUp, in.ClientMetadata)
}

// AdminUpdateUserAttributes changes attributes, the verified marks among them.
func (s *Service) AdminUpdateUserAttributes(ctx context.Context, in *cip.AdminUpdateUserAttributesInput) (*cip.AdminUpdateUserAttributesOutput, error) {
	return &cip.AdminUpdateUserAttributesOutput{}, s.changeUser(ctx, in.UserPoolId, value(in.Username), func(tx *store.Tx, p *pool, u *user) error {
		if err := changeAttributes(p, u, in.UserAttributes); err != nil {
			return err
		}
		err := s.claimAliases(tx, p, u, false)
		if fault.Is(err, "UsernameExistsException") {
			return fault.Conflict("AliasExistsException", "%s", fault.From(err).Message)
		}
		return err
	})
}

// AdminDeleteUserAttributes takes attributes from a user; one that the user does not have is no error.
func (s *Service) AdminDeleteUserAttributes(ctx context.Context, in *cip.AdminDeleteUserAttributesInput) (*cip.AdminDeleteUserAttributesOutput, error) {
	return &cip.AdminDeleteUserAttributesOutput{}, s.changeUser(ctx, in.UserPoolId, value(in.Username), func(_ *store.Tx, p *pool, u *user) error {
		return deleteAttributes(p, u, in.UserAttributeNames)
	})
}

// deleteAttributes takes attributes from the user. One that the schema requires, or that takes the username's place, stays.
func deleteAttributes(p *pool, u *user, names []string) error {
	for _, name := range names {
		a := attributeNamed(p.Detail.Value.SchemaAttributes, name)
		switch {
		case a == nil:
			return invalidParameter("Attributes did not conform to the schema: %s: Attribute does not exist in the schema.\n", name)
		case value(a.Required), p.signsInWith(name):
			return invalidParameter("Cannot delete required attribute %s", name)
		case !value(a.Mutable):
			return invalidParameter("user.%s: Attribute cannot be updated.\n", name)
		}
	}
	for _, name := range names {
		u.unset(name)
		if name == "email" || name == "phone_number" {
			u.unset(name + "_verified")
		}
	}
	return nil
}

// AdminDisableUser bars a user from signing in and revokes their refresh tokens; access tokens live on to their end at
// gateways, which do not look (fact 1.5).
func (s *Service) AdminDisableUser(ctx context.Context, in *cip.AdminDisableUserInput) (*cip.AdminDisableUserOutput, error) {
	return &cip.AdminDisableUserOutput{}, s.changeUser(ctx, in.UserPoolId, value(in.Username), func(_ *store.Tx, _ *pool, u *user) error {
		u.Enabled = false
		return nil
	})
}

// AdminEnableUser lets a user sign in again.
func (s *Service) AdminEnableUser(ctx context.Context, in *cip.AdminEnableUserInput) (*cip.AdminEnableUserOutput, error) {
	return &cip.AdminEnableUserOutput{}, s.changeUser(ctx, in.UserPoolId, value(in.Username), func(_ *store.Tx, _ *pool, u *user) error {
		u.Enabled = true
		return nil
	})
}

// AdminUserGlobalSignOut revokes what was issued to the user until now.
func (s *Service) AdminUserGlobalSignOut(ctx context.Context, in *cip.AdminUserGlobalSignOutInput) (*cip.AdminUserGlobalSignOutOutput, error) {
	return &cip.AdminUserGlobalSignOutOutput{}, s.changeUser(ctx, in.UserPoolId, value(in.Username), func(_ *store.Tx, _ *pool, u *user) error {
		u.SignedOutAt = s.now()
		return nil
	})
}

// AdminDeleteUser deletes a user and their memberships.
func (s *Service) AdminDeleteUser(ctx context.Context, in *cip.AdminDeleteUserInput) (*cip.AdminDeleteUserOutput, error) {
	return &cip.AdminDeleteUserOutput{}, s.withPool(ctx, in.UserPoolId, func(tx *store.Tx, p *pool) error {
		u, err := s.userByName(tx, p, value(in.Username))
		if err != nil {
			return err
		}
		return deleteUser(tx, p.id(), u.Username)
	})
}

// deleteUser deletes a user by the real username.
func deleteUser(tx *store.Tx, poolID, username string) error {
	memberships, _, err := members.Find(tx, poolID, store.Key{Index: "user", Value: username}, store.Page{})
	if err != nil {
		return err
	}
	for _, m := range memberships {
		if err := members.Delete(tx, poolID, m.ID); err != nil {
			return err
		}
	}
	if err := forgetDevices(tx, poolID, username); err != nil {
		return err
	}
	err = users.Delete(tx, poolID, username)
	if errors.Is(err, store.ErrNotFound) {
		return noSuchUser()
	}
	return err
}
