package cognito

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	freeform "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/document"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/store"
	"github.com/poolgate/poolgate/internal/wire"
)

// branding is how the managed login pages of an app client are to look; this server's pages do not follow it. Its id is the
// ManagedLoginBrandingId.
type branding struct {
	ClientID string
	Detail   wire.Document[types.ManagedLoginBrandingType]
}

var brandings = store.Collection[branding]{Name: "cognito.branding", Version: 1, Keys: func(b *branding) []store.Key {
	return []store.Key{{Index: "client", Value: b.ClientID}}
}}

func noSuchBranding() error {
	return fault.NotFound("ResourceNotFoundException", "Managed login branding does not exist.")
}

// checkBranding refuses settings beside Cognito's own values (API reference, CreateManagedLoginBranding).
func checkBranding(own bool, settings freeform.Interface, assets []types.AssetType) error {
	if own && (settings != nil || len(assets) > 0) {
		return invalidParameter("Settings and assets cannot be set when UseCognitoProvidedValues is true.")
	}
	return nil
}

// CreateManagedLoginBranding gives an app client a branding: one at most.
func (s *Service) CreateManagedLoginBranding(ctx context.Context, in *cip.CreateManagedLoginBrandingInput) (*cip.CreateManagedLoginBrandingOutput, error) {
	if err := checkBranding(in.UseCognitoProvidedValues, in.Settings, in.Assets); err != nil {
		return nil, err
	}
	id, err := s.randomUUID()
	if err != nil {
		return nil, err
	}
	now := s.now()
	b := &branding{ClientID: value(in.ClientId)}
	b.Detail.Value = types.ManagedLoginBrandingType{
		ManagedLoginBrandingId: &id, UserPoolId: in.UserPoolId, UseCognitoProvidedValues: in.UseCognitoProvidedValues,
		Settings: in.Settings, Assets: in.Assets, CreationDate: &now, LastModifiedDate: &now,
	}
	err = s.withPool(ctx, in.UserPoolId, func(tx *store.Tx, p *pool) error {
		if _, err := s.clientByID(tx, p.id(), b.ClientID); err != nil {
			return err
		}
		_, err := brandingOf(tx, p, b.ClientID)
		if err == nil {
			return fault.Conflict("ManagedLoginBrandingExistsException", "Managed login branding already exists for client %s.", b.ClientID)
		}
		if !fault.Is(err, "ResourceNotFoundException") {
			return err
		}
		return brandings.Insert(tx, p.id(), id, b)
	})
	return &cip.CreateManagedLoginBrandingOutput{ManagedLoginBranding: &b.Detail.Value}, err
}

// brandingOf finds the branding of an app client.
func brandingOf(tx *store.Tx, p *pool, clientID string) (*branding, error) {
	found, _, err := brandings.Find(tx, p.id(), store.Key{Index: "client", Value: clientID}, store.Page{Limit: 1})
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, noSuchBranding()
	}
	return found[0].Value, nil
}

func brandingByID(tx *store.Tx, p *pool, id string) (*branding, error) {
	b, err := brandings.Get(tx, p.id(), id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, noSuchBranding()
	}
	return b, err
}

// DescribeManagedLoginBranding returns a branding as it was set. There are no defaults to merge it with.
func (s *Service) DescribeManagedLoginBranding(ctx context.Context, in *cip.DescribeManagedLoginBrandingInput) (*cip.DescribeManagedLoginBrandingOutput, error) {
	out := &cip.DescribeManagedLoginBrandingOutput{}
	err := s.viewPool(ctx, in.UserPoolId, func(tx *store.Tx, p *pool) error {
		b, err := brandingByID(tx, p, value(in.ManagedLoginBrandingId))
		if err == nil {
			out.ManagedLoginBranding = &b.Detail.Value
		}
		return err
	})
	return out, err
}

// DescribeManagedLoginBrandingByClient returns the branding of an app client.
func (s *Service) DescribeManagedLoginBrandingByClient(ctx context.Context, in *cip.DescribeManagedLoginBrandingByClientInput) (*cip.DescribeManagedLoginBrandingByClientOutput, error) {
	out := &cip.DescribeManagedLoginBrandingByClientOutput{}
	err := s.viewPool(ctx, in.UserPoolId, func(tx *store.Tx, p *pool) error {
		if _, err := s.clientByID(tx, p.id(), value(in.ClientId)); err != nil {
			return err
		}
		b, err := brandingOf(tx, p, value(in.ClientId))
		if err == nil {
			out.ManagedLoginBranding = &b.Detail.Value
		}
		return err
	})
	return out, err
}

// UpdateManagedLoginBranding replaces each of settings and assets that is given; going back to Cognito's own values takes both away.
func (s *Service) UpdateManagedLoginBranding(ctx context.Context, in *cip.UpdateManagedLoginBrandingInput) (*cip.UpdateManagedLoginBrandingOutput, error) {
	if err := checkBranding(in.UseCognitoProvidedValues, in.Settings, in.Assets); err != nil {
		return nil, err
	}
	out := &cip.UpdateManagedLoginBrandingOutput{}
	err := s.withPool(ctx, in.UserPoolId, func(tx *store.Tx, p *pool) error {
		b, err := brandingByID(tx, p, value(in.ManagedLoginBrandingId))
		if err != nil {
			return err
		}
		detail := &b.Detail.Value
		if in.UseCognitoProvidedValues || in.Settings != nil {
			detail.Settings = in.Settings
		}
		if in.UseCognitoProvidedValues || in.Assets != nil {
			detail.Assets = in.Assets
		}
		detail.UseCognitoProvidedValues, detail.LastModifiedDate = in.UseCognitoProvidedValues, aws.Time(s.now())
		out.ManagedLoginBranding = detail
		return brandings.Put(tx, p.id(), value(in.ManagedLoginBrandingId), b)
	})
	return out, err
}

// DeleteManagedLoginBranding deletes a branding.
func (s *Service) DeleteManagedLoginBranding(ctx context.Context, in *cip.DeleteManagedLoginBrandingInput) (*cip.DeleteManagedLoginBrandingOutput, error) {
	return &cip.DeleteManagedLoginBrandingOutput{}, s.withPool(ctx, in.UserPoolId, func(tx *store.Tx, p *pool) error {
		err := brandings.Delete(tx, p.id(), value(in.ManagedLoginBrandingId))
		if errors.Is(err, store.ErrNotFound) {
			return noSuchBranding()
		}
		return err
	})
}
