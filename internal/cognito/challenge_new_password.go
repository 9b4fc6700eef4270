package cognito

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/store"
)

// newPasswordRequired is the answer to NEW_PASSWORD_REQUIRED, which a temporary password leads to.
var newPasswordRequired = challengeAnswer{
	requires: []string{"NEW_PASSWORD"},
	answer:   (*Service).setNewPassword,
}

// userAttributesPrefix stands before an attribute's name in ChallengeResponses and in requiredAttributes.
const userAttributesPrefix = "userAttributes."

// askNewPassword makes the challenge. requiredAttributes and userAttributes are JSON inside strings (fact 6.4).
func (s *Service) askNewPassword(a *attempt) (outcome, error) {
	next := session{
		Challenge: types.ChallengeNameTypeNewPasswordRequired, Username: a.user.Username, Sub: a.user.Sub, Page: a.page,
	}
	sealed, err := s.sealSession(a, next)
	if err != nil {
		return outcome{}, err
	}
	required := []string{}
	for _, name := range missingAttributes(a.pool, a.user) {
		required = append(required, userAttributesPrefix+name)
	}
	known := make(map[string]string, len(a.user.Attributes))
	for _, has := range a.user.Attributes {
		if has.Value != "" {
			known[has.Name] = has.Value
		}
	}
	requiredJSON, err := json.Marshal(required)
	if err != nil {
		return outcome{}, err
	}
	knownJSON, err := json.Marshal(known)
	if err != nil {
		return outcome{}, err
	}
	return outcome{
		challenge: next.Challenge, session: sealed,
		parameters: map[string]string{
			"USER_ID_FOR_SRP":    a.user.Username,
			"requiredAttributes": string(requiredJSON),
			"userAttributes":     string(knownJSON),
		},
	}, nil
}

// setNewPassword takes the user's own password and the attributes that were missing, and signs the user in.
func (s *Service) setNewPassword(ctx context.Context, a *attempt) (outcome, error) {
	if a.user == nil {
		return outcome{}, invalidSession("").Becausef("the user was deleted meanwhile")
	}
	password := a.params["NEW_PASSWORD"]
	if err := checkPassword(a.pool.passwordPolicy(), password); err != nil {
		return outcome{}, err
	}
	given, err := a.givenAttributes()
	if err != nil {
		return outcome{}, err
	}
	changed := *a.user // its attributes are not touched
	if err := s.setPassword(&changed, a.poolID, password); err != nil {
		return outcome{}, err
	}
	return s.complete(ctx, a, func(tx *store.Tx, u *user) error {
		if u.Status != types.UserStatusTypeForceChangePassword {
			return invalidSession("").Becausef("the user's status is %s", u.Status)
		}
		for _, g := range given {
			u.set(g.Name, g.Value)
		}
		if missing := missingAttributes(a.pool, u); len(missing) > 0 {
			return fault.Invalid("InvalidParameterException", "Invalid attributes given, %s is missing", strings.Join(missing, ", "))
		}
		u.SealedVerifier, u.Status = changed.SealedVerifier, types.UserStatusTypeConfirmed
		u.TemporaryUntil, u.Modified = time.Time{}, a.now
		if len(given) > 0 {
			if err := s.claimAliases(tx, a.pool, u, false); err != nil {
				return err
			}
		}
		return users.Put(tx, a.poolID, u.Username, u)
	})
}

// givenAttributes are the answer's userAttributes.*, checked. What the schema requires and the user has already cannot be given (the
// model's text of ChallengeResponses); what is the same as before may.
func (a *attempt) givenAttributes() ([]attribute, error) {
	var given []types.AttributeType
	for _, name := range slices.Sorted(maps.Keys(a.params)) {
		to := a.params[name]
		attributeName, ok := strings.CutPrefix(name, userAttributesPrefix)
		if !ok {
			continue
		}
		has := a.user.attribute(attributeName)
		if has == to {
			continue
		}
		schema := attributeNamed(a.pool.Detail.Value.SchemaAttributes, attributeName)
		if has != "" && schema != nil && value(schema.Required) {
			return nil, fault.Invalid("InvalidParameterException", "Cannot modify an already provided %s", attributeName)
		}
		given = append(given, types.AttributeType{Name: aws.String(attributeName), Value: aws.String(to)})
	}
	return newAttributes(a.pool, given)
}
