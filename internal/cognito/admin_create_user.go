package cognito

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/store"
)

// AdminCreateUser makes a user with a temporary password and invites them, or invites again with a new password.
func (s *Service) AdminCreateUser(ctx context.Context, in *cip.AdminCreateUserInput) (*cip.AdminCreateUserOutput, error) {
	p, err := s.readPool(ctx, in.UserPoolId)
	if err != nil {
		return nil, err
	}
	password, err := s.firstPassword(p, value(in.TemporaryPassword))
	if err != nil {
		return nil, err
	}
	if in.MessageAction == types.MessageActionTypeResend {
		return s.inviteAgain(ctx, in, password)
	}
	u, err := s.newInvitee(p, in)
	if err != nil {
		return nil, err
	}
	if err := s.preSignUp(ctx, p, nil, u, byAdminCreate, in.ValidationData, in.ClientMetadata); err != nil {
		return nil, err
	}
	if err := s.setPassword(u, p.id(), password); err != nil {
		return nil, err
	}
	err = s.withPool(ctx, in.UserPoolId, func(tx *store.Tx, p *pool) error {
		if err := s.insertUser(tx, p, u, in.ForceAliasCreation); err != nil {
			if errors.Is(err, errNameTaken) {
				return fault.Conflict("UsernameExistsException", "User account already exists")
			}
			return err
		}
		if in.MessageAction == types.MessageActionTypeSuppress {
			return nil
		}
		return s.invite(tx, p, u, password, in.DesiredDeliveryMediums)
	})
	if err != nil {
		return nil, err
	}
	return &cip.AdminCreateUserOutput{User: userOnWire(u, nil)}, nil
}

// readPool reads a pool by itself, for what is too slow to do inside a transaction.
func (s *Service) readPool(ctx context.Context, poolID *string) (*pool, error) {
	var p *pool
	err := s.viewPool(ctx, poolID, func(_ *store.Tx, found *pool) error {
		p = found
		return nil
	})
	return p, err
}

// firstPassword is the temporary password that the caller chose, or a new one.
func (s *Service) firstPassword(p *pool, chosen string) (string, error) {
	if chosen == "" {
		return s.temporaryPassword(p.passwordPolicy())
	}
	return chosen, checkPassword(p.passwordPolicy(), chosen)
}

// newInvitee is the user that the input describes, without a password.
func (s *Service) newInvitee(p *pool, in *cip.AdminCreateUserInput) (*user, error) {
	attributes, err := newAttributes(p, in.UserAttributes)
	if err != nil {
		return nil, err
	}
	now := s.now()
	u := &user{
		Status: types.UserStatusTypeForceChangePassword, Enabled: true, Attributes: attributes, Created: now, Modified: now,
		TemporaryUntil: s.temporaryUntil(p),
	}
	return u, s.nameUser(p, u, value(in.Username))
}

// temporaryUntil is when a temporary password given now ends.
func (s *Service) temporaryUntil(p *pool) time.Time {
	days := p.passwordPolicy().TemporaryPasswordValidityDays
	return s.now().AddDate(0, 0, int(days))
}

// inviteAgain sends an invitation with a new temporary password to a user who has not signed in yet.
func (s *Service) inviteAgain(ctx context.Context, in *cip.AdminCreateUserInput, password string) (*cip.AdminCreateUserOutput, error) {
	var invited *user
	err := s.changePassword(ctx, in.UserPoolId, value(in.Username), password, func(tx *store.Tx, p *pool, u *user) error {
		if u.Status != types.UserStatusTypeForceChangePassword {
			return fault.Invalid("UnsupportedUserStateException", "Resend not possible. %s status is not FORCE_CHANGE_PASSWORD", u.Username)
		}
		u.TemporaryUntil = s.temporaryUntil(p)
		invited = u
		return s.invite(tx, p, u, password, in.DesiredDeliveryMediums)
	})
	if err != nil {
		return nil, err
	}
	return &cip.AdminCreateUserOutput{User: userOnWire(invited, nil)}, nil
}

// The invitations of a pool that has no template of its own; {username} and {####} are replaced.
const (
	invitationSubject = "Your temporary password"
	invitationEmail   = "Your username is {username} and temporary password is {####}."
	invitationSMS     = "Your username is {username} and temporary password is {####}."
)

// invite puts the invitation into the mailbox: by the mediums that the caller desires, else by SMS or, for a user without
// a phone number, by e-mail. A user with neither gets none.
func (s *Service) invite(tx *store.Tx, p *pool, u *user, password string, desired []types.DeliveryMediumType) error {
	if len(desired) == 0 {
		desired = []types.DeliveryMediumType{types.DeliveryMediumTypeSms}
		if u.attribute("phone_number") == "" {
			desired = []types.DeliveryMediumType{types.DeliveryMediumTypeEmail}
		}
	}
	template := types.MessageTemplateType{}
	if c := p.Detail.Value.AdminCreateUserConfig; c != nil && c.InviteMessageTemplate != nil {
		template = *c.InviteMessageTemplate
	}
	// Who signs in with an attribute is told that attribute, not the UUID.
	name := u.Username
	for _, a := range []string{"email", "phone_number"} {
		if p.signsInWith(a) && u.attribute(a) != "" {
			name = u.attribute(a)
			break
		}
	}
	fill := strings.NewReplacer("{username}", name, "{####}", password)
	m := Message{PoolID: p.id(), Username: u.Username, Kind: "AdminCreateUser", Code: password}
	if email := u.attribute("email"); email != "" && slices.Contains(desired, types.DeliveryMediumTypeEmail) {
		m.Recipient, m.Medium = email, "EMAIL"
		m.Subject = fill.Replace(orDefault(value(template.EmailSubject), invitationSubject))
		m.Body = fill.Replace(orDefault(value(template.EmailMessage), invitationEmail))
		if err := s.deliver(tx, m); err != nil {
			return err
		}
	}
	if phone := u.attribute("phone_number"); phone != "" && slices.Contains(desired, types.DeliveryMediumTypeSms) {
		m.Recipient, m.Medium, m.Subject = phone, "SMS", ""
		m.Body = fill.Replace(orDefault(value(template.SMSMessage), invitationSMS))
		return s.deliver(tx, m)
	}
	return nil
}

// userOnWire is a user in lists and in AdminCreateUser's answer; wanted names the attributes to show, none means all.
func userOnWire(u *user, wanted []string) *types.UserType {
	attributes := attributesOf(u)
	if len(wanted) > 0 {
		attributes = slices.DeleteFunc(attributes, func(a types.AttributeType) bool { return !slices.Contains(wanted, *a.Name) })
	}
	return &types.UserType{
		Username: aws.String(u.Username), Attributes: attributes, Enabled: u.Enabled, UserStatus: u.Status,
		UserCreateDate: aws.Time(u.Created), UserLastModifiedDate: aws.Time(u.Modified),
	}
}
