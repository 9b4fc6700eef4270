package cognito

import (
	"context"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/store"
)

type migrationRequest struct {
	Password       string            `json:"password"`
	ValidationData map[string]string `json:"validationData,omitempty"`
}

type migrationResponse struct {
	UserAttributes     map[string]string    `json:"userAttributes"`
	FinalUserStatus    types.UserStatusType `json:"finalUserStatus"`
	MessageAction      string               `json:"messageAction"`
	ForceAliasCreation bool                 `json:"forceAliasCreation"`
}

// migrate lets the pool's function bring in a user whom the pool does not know, with the password that was given (the Cognito guide's page
// "Migrate user Lambda trigger"). Whoever the function does not vouch for stays unknown.
func (s *Service) migrate(ctx context.Context, a *attempt) (*user, error) {
	var found migrationResponse
	asked, err := s.pull(ctx, a.pool, a.client, trigger{
		name: "UserMigration", source: "UserMigration_Authentication", function: a.pool.triggers().UserMigration, username: a.username,
		request: migrationRequest{Password: a.params["PASSWORD"], ValidationData: a.metadata}, response: &found,
	})
	unknown := fault.NotFound("UserNotFoundException", "User does not exist.")
	if err != nil {
		return nil, unknown.Because(err)
	}
	if !asked || len(found.UserAttributes) == 0 {
		return nil, unknown
	}
	u, err := s.migrated(a, &found)
	if err != nil {
		return nil, err
	}
	return u, s.store.Update(ctx, func(tx *store.Tx) error {
		fresh := *u
		return s.insertUser(tx, a.pool, &fresh, found.ForceAliasCreation)
	})
}

// migrated is the user that the function described. Its password was proven elsewhere, so that the pool's policy does not judge it.
func (s *Service) migrated(a *attempt, found *migrationResponse) (*user, error) {
	var given []types.AttributeType
	for _, name := range slices.Sorted(maps.Keys(found.UserAttributes)) {
		if name != "username" && name != "sub" {
			given = append(given, types.AttributeType{Name: aws.String(name), Value: aws.String(found.UserAttributes[name])})
		}
	}
	attributes, err := newAttributes(a.pool, given)
	if err != nil {
		return nil, err
	}
	u := &user{Status: types.UserStatusTypeConfirmed, Enabled: true, Attributes: attributes, Created: a.now, Modified: a.now}
	if found.FinalUserStatus == types.UserStatusTypeResetRequired {
		u.Status = types.UserStatusTypeResetRequired
	}
	if err := s.nameUser(a.pool, u, firstText(found.UserAttributes["username"], a.username)); err != nil {
		return nil, err
	}
	return u, s.setPassword(u, a.poolID, a.params["PASSWORD"])
}
