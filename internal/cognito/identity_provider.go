package cognito

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/store"
	"github.com/poolgate/poolgate/internal/wire"
)

// maxIdentityProviders is the most identity providers of a pool (fact 6.9, the quota's maximum).
const maxIdentityProviders = 1000

// identityProvider is an external provider of a pool. Its id is its name. Secret details (a client secret, a private key)
// are left out of Detail and sealed for "identity-provider/POOL/NAME/DETAIL".
type identityProvider struct {
	Detail wire.Document[types.IdentityProviderType]
	Sealed map[string]string `json:",omitempty"`
}

var identityProviders = store.Collection[identityProvider]{
	Name: "cognito.identity-provider", Version: 1, Keys: func(i *identityProvider) []store.Key {
		keys := make([]store.Key, 0, len(i.Detail.Value.IdpIdentifiers))
		for _, identifier := range i.Detail.Value.IdpIdentifiers {
			keys = append(keys, store.Key{Index: "identifier", Value: identifier})
		}
		return keys
	},
}

func noSuchProvider(name string) error {
	return fault.NotFound("ResourceNotFoundException", "Identity provider %s does not exist.", name)
}

// CreateIdentityProvider makes an external provider known to a pool, checked as its type demands.
func (s *Service) CreateIdentityProvider(ctx context.Context, in *cip.CreateIdentityProviderInput) (*cip.CreateIdentityProviderOutput, error) {
	if err := checkProviderName(in.ProviderType, value(in.ProviderName)); err != nil {
		return nil, err
	}
	now := s.now()
	shown := types.IdentityProviderType{
		UserPoolId: in.UserPoolId, ProviderName: in.ProviderName, ProviderType: in.ProviderType,
		IdpIdentifiers: in.IdpIdentifiers, AttributeMapping: in.AttributeMapping, ProviderDetails: in.ProviderDetails,
		CreationDate: &now, LastModifiedDate: &now,
	}
	if err := completeProvider(&shown); err != nil {
		return nil, err
	}
	err := s.withPool(ctx, in.UserPoolId, func(tx *store.Tx, p *pool) error {
		if count, err := identityProviders.Count(tx, p.id()); err != nil {
			return err
		} else if count >= maxIdentityProviders {
			return fault.Limit("LimitExceededException", "The maximum number of identity providers has been reached.")
		}
		if err := checkProviderInPool(tx, p, &shown); err != nil {
			return err
		}
		err := identityProviders.Insert(tx, p.id(), value(in.ProviderName), s.sealedProvider(&shown))
		if errors.Is(err, store.ErrExists) {
			return fault.Conflict("DuplicateProviderException", "A provider with the name %s already exists in the user pool.", value(in.ProviderName))
		}
		tx.Bump(poolTopic(p.id()))
		return err
	})
	if err != nil {
		return nil, err
	}
	withoutPrivateKey(&shown)
	return &cip.CreateIdentityProviderOutput{IdentityProvider: &shown}, nil
}

// providerByName finds a provider of the pool, its secrets opened.
func (s *Service) providerByName(tx *store.Tx, p *pool, name string) (*types.IdentityProviderType, error) {
	stored, err := identityProviders.Get(tx, p.id(), name)
	if errors.Is(err, store.ErrNotFound) {
		return nil, noSuchProvider(name)
	}
	if err != nil {
		return nil, err
	}
	return s.openProvider(stored)
}

// DescribeIdentityProvider returns a provider with the details that AWS shows: the client secret is among them, a private
// key is not.
func (s *Service) DescribeIdentityProvider(ctx context.Context, in *cip.DescribeIdentityProviderInput) (*cip.DescribeIdentityProviderOutput, error) {
	out := &cip.DescribeIdentityProviderOutput{}
	err := s.viewPool(ctx, in.UserPoolId, func(tx *store.Tx, p *pool) error {
		found, err := s.providerByName(tx, p, value(in.ProviderName))
		if err == nil {
			withoutPrivateKey(found)
			out.IdentityProvider = found
		}
		return err
	})
	return out, err
}

// GetIdentityProviderByIdentifier finds a provider by one of its identifiers.
func (s *Service) GetIdentityProviderByIdentifier(ctx context.Context, in *cip.GetIdentityProviderByIdentifierInput) (*cip.GetIdentityProviderByIdentifierOutput, error) {
	out := &cip.GetIdentityProviderByIdentifierOutput{}
	err := s.viewPool(ctx, in.UserPoolId, func(tx *store.Tx, p *pool) error {
		found, err := providersIdentifiedBy(tx, p, value(in.IdpIdentifier))
		if err != nil {
			return err
		}
		if len(found) == 0 {
			return fault.NotFound("ResourceNotFoundException", "Identity provider with identifier %s does not exist.", value(in.IdpIdentifier))
		}
		opened, err := s.openProvider(found[0].Value)
		if err == nil {
			withoutPrivateKey(opened)
			out.IdentityProvider = opened
		}
		return err
	})
	return out, err
}

func providersIdentifiedBy(tx *store.Tx, p *pool, identifier string) ([]store.Found[identityProvider], error) {
	found, _, err := identityProviders.Find(tx, p.id(), store.Key{Index: "identifier", Value: identifier}, store.Page{})
	return found, err
}

// UpdateIdentityProvider replaces each of details, mapping and identifiers that is given. A secret that new details leave out
// is gone.
func (s *Service) UpdateIdentityProvider(ctx context.Context, in *cip.UpdateIdentityProviderInput) (*cip.UpdateIdentityProviderOutput, error) {
	out := &cip.UpdateIdentityProviderOutput{}
	err := s.withPool(ctx, in.UserPoolId, func(tx *store.Tx, p *pool) error {
		shown, err := s.providerByName(tx, p, value(in.ProviderName))
		if err != nil {
			return err
		}
		if in.ProviderDetails != nil {
			shown.ProviderDetails = in.ProviderDetails
		}
		if in.AttributeMapping != nil {
			shown.AttributeMapping = in.AttributeMapping
		}
		if in.IdpIdentifiers != nil {
			shown.IdpIdentifiers = in.IdpIdentifiers
		}
		shown.LastModifiedDate = aws.Time(s.now())
		if err := completeProvider(shown); err != nil {
			return err
		}
		if err := checkProviderInPool(tx, p, shown); err != nil {
			return err
		}
		if err := identityProviders.Put(tx, p.id(), value(in.ProviderName), s.sealedProvider(shown)); err != nil {
			return err
		}
		tx.Bump(poolTopic(p.id()))
		withoutPrivateKey(shown)
		out.IdentityProvider = shown
		return nil
	})
	return out, err
}

// DeleteIdentityProvider deletes a provider. App clients keep its name; nobody can sign in through it any more.
func (s *Service) DeleteIdentityProvider(ctx context.Context, in *cip.DeleteIdentityProviderInput) (*cip.DeleteIdentityProviderOutput, error) {
	return &cip.DeleteIdentityProviderOutput{}, s.withPool(ctx, in.UserPoolId, func(tx *store.Tx, p *pool) error {
		err := identityProviders.Delete(tx, p.id(), value(in.ProviderName))
		if errors.Is(err, store.ErrNotFound) {
			return noSuchProvider(value(in.ProviderName))
		}
		tx.Bump(poolTopic(p.id()))
		return err
	})
}

// ListIdentityProviders lists a pool's providers by name.
func (s *Service) ListIdentityProviders(ctx context.Context, in *cip.ListIdentityProvidersInput) (*cip.ListIdentityProvidersOutput, error) {
	const list = "identity-providers"
	from, err := page(list, in.MaxResults, 60, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &cip.ListIdentityProvidersOutput{}
	err = s.viewPool(ctx, in.UserPoolId, func(tx *store.Tx, p *pool) error {
		found, more, err := identityProviders.List(tx, p.id(), from)
		out.Providers = make([]types.ProviderDescription, 0, len(found))
		for _, f := range found {
			d := f.Value.Detail.Value
			out.Providers = append(out.Providers, types.ProviderDescription{
				ProviderName: d.ProviderName, ProviderType: d.ProviderType, CreationDate: d.CreationDate, LastModifiedDate: d.LastModifiedDate,
			})
		}
		out.NextToken = nextOf(list, found, more)
		return err
	})
	return out, err
}
