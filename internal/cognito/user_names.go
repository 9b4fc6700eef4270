package cognito

import (
	"errors"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/store"
)

// How users are named and found. A pool is one of three sorts: people sign in with a username; with a username or an
// alias (AliasAttributes); or with an attribute that takes the username's place (UsernameAttributes), and then the real
// username is a UUID.

var (
	emailFormat = regexp.MustCompile(`^[^@\s]+@[^@\s]+\.[^@\s.]+$`)
	phoneFormat = regexp.MustCompile(`^\+[0-9]{2,15}$`)
)

// id is the pool's id.
func (p *pool) id() string { return value(p.Detail.Value.Id) }

// region is the pool's region, which begins its id.
func (p *pool) region() string {
	region, _, _ := strings.Cut(p.id(), "_")
	return region
}

// caseSensitive tells whether the pool tells "Ann" and "ann" apart. Pools do so only when they ask for it.
func (p *pool) caseSensitive() bool {
	c := p.Detail.Value.UsernameConfiguration
	return c != nil && value(c.CaseSensitive)
}

// sameName compares two names as the pool does.
func (p *pool) sameName(a, b string) bool {
	return a == b || !p.caseSensitive() && fold(a) == fold(b)
}

// signsInWith tells whether attribute takes the username's place in the pool.
func (p *pool) signsInWith(attribute string) bool {
	return slices.Contains(p.Detail.Value.UsernameAttributes, types.UsernameAttributeType(attribute))
}

// hasAlias tells whether attribute is an alias of the username in the pool.
func (p *pool) hasAlias(attribute string) bool {
	return slices.Contains(p.Detail.Value.AliasAttributes, types.AliasAttributeType(attribute))
}

// attribute is the value of one of the user's attributes, sub included; empty when the user does not have it.
func (u *user) attribute(name string) string {
	if name == "sub" {
		return u.Sub
	}
	for _, a := range u.Attributes {
		if a.Name == name {
			return a.Value
		}
	}
	return ""
}

// set gives the user an attribute; an empty value keeps the attribute with an empty value, as on AWS.
func (u *user) set(name, to string) {
	for i := range u.Attributes {
		if u.Attributes[i].Name == name {
			u.Attributes[i].Value = to
			return
		}
	}
	u.Attributes = append(u.Attributes, attribute{name, to})
}

// unset takes an attribute from the user.
func (u *user) unset(name string) {
	u.Attributes = slices.DeleteFunc(u.Attributes, func(a attribute) bool { return a.Name == name })
}

// userByName finds the user that name means in the pool: by username, by what takes its place, by alias, by sub.
func (s *Service) userByName(tx *store.Tx, p *pool, name string) (*user, error) {
	u, err := users.Get(tx, p.id(), name)
	if err == nil || !errors.Is(err, store.ErrNotFound) {
		return u, err
	}
	keys := []store.Key{{Index: "username", Value: fold(name)}, {Index: "sub", Value: name}}
	for _, a := range aliasesLike(name) {
		if p.signsInWith(a) || p.hasAlias(a) {
			keys = append(keys, store.Key{Index: a, Value: fold(name)})
		}
	}
	for _, key := range keys {
		found, _, err := users.Find(tx, p.id(), key, store.Page{})
		if err != nil {
			return nil, err
		}
		for _, f := range found {
			if p.answersTo(f.Value, key.Index, name) {
				return f.Value, nil
			}
		}
	}
	return nil, noSuchUser()
}

func noSuchUser() error { return fault.NotFound("UserNotFoundException", "User does not exist.") }

// aliasesLike are the attributes that could hold a name of this form.
func aliasesLike(name string) []string {
	switch {
	case strings.Contains(name, "@"):
		return []string{"email", "preferred_username"}
	case strings.HasPrefix(name, "+"):
		return []string{"phone_number", "preferred_username"}
	default:
		return []string{"preferred_username"}
	}
}

// answersTo tells whether u, found by index, goes by that name.
func (p *pool) answersTo(u *user, index, name string) bool {
	switch index {
	case "username":
		return p.sameName(u.Username, name)
	case "sub":
		return u.Sub == name
	}
	return p.sameName(u.attribute(index), name) && p.aliasActive(u, index)
}

// aliasActive tells whether the user can be found by the attribute. An e-mail address or phone number is an alias only
// once it is verified; where it takes the username's place it is one from the start.
func (p *pool) aliasActive(u *user, attribute string) bool {
	switch {
	case u.attribute(attribute) == "":
		return false
	case p.signsInWith(attribute), attribute == "preferred_username":
		return p.signsInWith(attribute) || p.hasAlias(attribute)
	default:
		return p.hasAlias(attribute) && u.attribute(attribute+"_verified") == "true"
	}
}

// nameUser gives a new user the real username and the sub. given is what the caller named the user; u.Attributes are
// set already. AdminCreateUser and SignUp both name users by it.
func (s *Service) nameUser(p *pool, u *user, given string) error {
	sub, err := s.randomUUID()
	if err != nil {
		return err
	}
	u.Sub = sub
	byEmail, byPhone := p.signsInWith("email"), p.signsInWith("phone_number")
	switch {
	case !byEmail && !byPhone:
		if emailFormat.MatchString(given) && p.hasAlias("email") {
			return fault.Invalid("InvalidParameterException", "Username cannot be of email format, since user pool is configured for email alias.")
		}
		if phoneFormat.MatchString(given) && p.hasAlias("phone_number") {
			return fault.Invalid("InvalidParameterException", "Username cannot be of phone number format, since user pool is configured for phone number alias.")
		}
		u.Username = given
		return nil
	case byEmail && emailFormat.MatchString(given):
		u.set("email", given)
	case byPhone && phoneFormat.MatchString(given):
		u.set("phone_number", given)
	case byEmail && byPhone:
		return fault.Invalid("InvalidParameterException", "Username should be either an email or a phone number.")
	case byEmail:
		return fault.Invalid("InvalidParameterException", "Username should be an email.")
	default:
		return fault.Invalid("InvalidParameterException", "Username should be a phone number.")
	}
	u.Username = sub
	return nil
}

// insertUser stores a new user whose names nobody else has. With force an alias that another user holds moves to the
// new one, as ForceAliasCreation says.
func (s *Service) insertUser(tx *store.Tx, p *pool, u *user, force bool) error {
	found, _, err := users.Find(tx, p.id(), store.Key{Index: "username", Value: fold(u.Username)}, store.Page{})
	if err != nil {
		return err
	}
	for _, f := range found {
		if p.sameName(f.Value.Username, u.Username) {
			return nameTaken()
		}
	}
	if err := s.claimAliases(tx, p, u, force); err != nil {
		return err
	}
	err = users.Insert(tx, p.id(), u.Username, u)
	if errors.Is(err, store.ErrExists) {
		return nameTaken()
	}
	return err
}

// errNameTaken is the cause of a UsernameExistsException for the username itself, which AdminCreateUser words otherwise
// than SignUp.
var errNameTaken = errors.New("cognito: the username is taken")

func nameTaken() error {
	return fault.Conflict("UsernameExistsException", "User already exists").Because(errNameTaken)
}

// claimAliases makes sure that nobody else answers to what u signs in with. With force the other one loses the alias:
// its attribute stays, no longer verified.
func (s *Service) claimAliases(tx *store.Tx, p *pool, u *user, force bool) error {
	for _, alias := range []string{"email", "phone_number", "preferred_username"} {
		if !p.aliasActive(u, alias) {
			continue
		}
		name := u.attribute(alias)
		found, _, err := users.Find(tx, p.id(), store.Key{Index: alias, Value: fold(name)}, store.Page{})
		if err != nil {
			return err
		}
		for _, f := range found {
			other := f.Value
			if other.Username == u.Username || !p.answersTo(other, alias, name) {
				continue
			}
			if p.signsInWith(alias) {
				return fault.Conflict("UsernameExistsException", "An account with the given %s already exists.", alias)
			}
			if !force || alias == "preferred_username" {
				return fault.Conflict("AliasExistsException", "An account with the %s already exists.", alias)
			}
			other.set(alias+"_verified", "false")
			other.Modified = s.now()
			if err := users.Put(tx, p.id(), other.Username, other); err != nil {
				return err
			}
		}
	}
	return nil
}
