package cognito

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"time"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/store"
)

const (
	// identitiesAttribute holds who a user is elsewhere, as JSON.
	identitiesAttribute = "identities"
	// maxIdentities is the most identities of a user (Cognito guide, quotas).
	maxIdentities = 5
	// localProvider and cognitoSubject are the names of the API for the pool itself and for a provider's own id of a user.
	localProvider  = "Cognito"
	cognitoSubject = "Cognito_Subject"
)

// identity is one identity of a user at a provider, in the form of the attribute and of the ID token's claim.
type identity struct {
	UserID       string  `json:"userId"`
	ProviderName string  `json:"providerName"`
	ProviderType string  `json:"providerType"`
	Issuer       *string `json:"issuer"`
	Primary      bool    `json:"primary"`
	// DateCreated is in milliseconds since 1970.
	DateCreated string `json:"dateCreated"`
}

// identities reads a user's identities; text that is none of ours counts as none.
func (u *user) identities() []identity {
	var all []identity
	if json.Unmarshal([]byte(u.attribute(identitiesAttribute)), &all) != nil {
		return nil
	}
	return all
}

// setIdentities writes a user's identities; without any the attribute is gone.
func (u *user) setIdentities(all []identity) error {
	if len(all) == 0 {
		u.unset(identitiesAttribute)
		return nil
	}
	text, err := json.Marshal(all)
	u.set(identitiesAttribute, string(text))
	return err
}

// identityKey is what a user is found by through an identity.
func identityKey(provider, userID string) store.Key {
	return store.Key{Index: "identity", Value: provider + "\x00" + userID}
}

// linkedUser finds the user of an identity; nil when nobody has it.
func linkedUser(tx *store.Tx, p *pool, provider, userID string) (*user, error) {
	found, _, err := users.Find(tx, p.id(), identityKey(provider, userID), store.Page{Limit: 1})
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return found[0].Value, nil
}

// AdminLinkProviderForUser makes an external identity that never signed in one of an existing user's.
func (s *Service) AdminLinkProviderForUser(ctx context.Context, in *cip.AdminLinkProviderForUserInput) (*cip.AdminLinkProviderForUserOutput, error) {
	source, name := in.SourceUser, destinationName(in.DestinationUser)
	if value(source.ProviderAttributeValue) == "" || value(source.ProviderAttributeName) == "" || name == "" {
		return nil, invalidParameter("ProviderName, ProviderAttributeName and ProviderAttributeValue are required for the users to link.")
	}
	return &cip.AdminLinkProviderForUserOutput{}, s.changeUser(ctx, in.UserPoolId, name, func(tx *store.Tx, p *pool, u *user) error {
		provider, err := s.sourceProvider(tx, p, source)
		if err != nil {
			return err
		}
		userID := value(source.ProviderAttributeValue)
		if _, err := users.Get(tx, p.id(), value(source.ProviderName)+"_"+userID); err == nil {
			return invalidParameter("Merging is not currently supported, provide a SourceUser that has not been signed up in order to link")
		}
		switch linked, err := linkedUser(tx, p, value(source.ProviderName), userID); {
		case err != nil:
			return err
		case linked != nil:
			return invalidParameter("SourceUser is already linked to DestinationUser")
		}
		all := u.identities()
		if len(all) >= maxIdentities {
			return fault.Limit("LimitExceededException", "The maximum number of identities for the user has been reached.")
		}
		return u.setIdentities(append(all, newIdentity(provider, userID, s.now())))
	})
}

func newIdentity(provider *types.IdentityProviderType, userID string, now time.Time) identity {
	i := identity{
		UserID: userID, ProviderName: value(provider.ProviderName), ProviderType: string(provider.ProviderType),
		DateCreated: strconv.FormatInt(now.UnixMilli(), 10),
	}
	if issuer, known := provider.ProviderDetails["oidc_issuer"]; known && provider.ProviderType == types.IdentityProviderTypeTypeOidc {
		i.Issuer = &issuer
	}
	return i
}

// destinationName is the username of the user who is to get the identity: a federated user's is PROVIDER_ID.
func destinationName(to *types.ProviderUserIdentifierType) string {
	name := value(to.ProviderAttributeValue)
	if provider := value(to.ProviderName); provider != localProvider && provider != "" && name != "" {
		return provider + "_" + name
	}
	return name
}

// sourceProvider finds the provider of an external identity, and checks that its attribute is one that the provider tells.
func (s *Service) sourceProvider(tx *store.Tx, p *pool, source *types.ProviderUserIdentifierType) (*types.IdentityProviderType, error) {
	if value(source.ProviderName) == localProvider {
		return nil, invalidParameter("SourceUser cannot be a native user.")
	}
	stored, err := s.providerByName(tx, p, value(source.ProviderName))
	if err != nil {
		return nil, err
	}
	attribute := value(source.ProviderAttributeName)
	if _, mapped := stored.AttributeMapping[attribute]; attribute != cognitoSubject && !mapped {
		return nil, invalidParameter("The attribute %s is not mapped by the identity provider %s.", attribute, value(source.ProviderName))
	}
	return stored, nil
}

// AdminDisableProviderForUser takes an external identity from the user who has it. For a user of the pool itself it takes the
// password away.
func (s *Service) AdminDisableProviderForUser(ctx context.Context, in *cip.AdminDisableProviderForUserInput) (*cip.AdminDisableProviderForUserOutput, error) {
	provider, id := value(in.User.ProviderName), value(in.User.ProviderAttributeValue)
	if provider == "" || id == "" {
		return nil, invalidParameter("ProviderName and ProviderAttributeValue are required for the user.")
	}
	if provider == localProvider {
		return &cip.AdminDisableProviderForUserOutput{}, s.changeUser(ctx, in.UserPoolId, id, func(_ *store.Tx, _ *pool, u *user) error {
			u.SealedVerifier, u.TemporaryUntil = "", time.Time{}
			return nil
		})
	}
	return &cip.AdminDisableProviderForUserOutput{}, s.withPool(ctx, in.UserPoolId, func(tx *store.Tx, p *pool) error {
		u, err := linkedUser(tx, p, provider, id)
		if err != nil {
			return err
		}
		if u == nil {
			return fault.NotFound("UserNotFoundException", "User does not exist.")
		}
		if err := u.setIdentities(slices.DeleteFunc(u.identities(), func(i identity) bool { return i.ProviderName == provider && i.UserID == id })); err != nil {
			return err
		}
		u.Modified = s.now()
		return users.Put(tx, p.id(), u.Username, u)
	})
}
