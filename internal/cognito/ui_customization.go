package cognito

import (
	"bytes"
	"context"
	"errors"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/poolgate/poolgate/internal/store"
	"github.com/poolgate/poolgate/internal/wire"
)

// allClients is the id of what is set for every app client of a pool.
const allClients = "ALL"

// uiCustomization is the style of the classic login pages; this server's pages do not follow it. Its id is the client's, or
// allClients.
type uiCustomization struct {
	Detail wire.Document[types.UICustomizationType]
	Image  []byte `json:",omitempty"`
}

var uiCustomizations = store.Collection[uiCustomization]{Name: "cognito.ui-customization", Version: 1}

// checkTarget makes sure that the client exists, unless all are meant.
func (s *Service) checkTarget(tx *store.Tx, p *pool, clientID string) error {
	if clientID == allClients {
		return nil
	}
	_, err := s.clientByID(tx, p.id(), clientID)
	return err
}

// clientOrAll is the app client that the caller named, or all of them.
func clientOrAll(clientID *string) string {
	if clientID == nil {
		return allClients
	}
	return *clientID
}

// SetUICustomization sets the style and the logo for one app client or for all. The pool must have a domain.
func (s *Service) SetUICustomization(ctx context.Context, in *cip.SetUICustomizationInput) (*cip.SetUICustomizationOutput, error) {
	if len(in.ImageFile) > 0 && !isPicture(in.ImageFile) {
		return nil, invalidParameter("Invalid image file. The image must be in PNG, JPG, or JPEG format.")
	}
	target, now := clientOrAll(in.ClientId), s.now()
	version := now.Format("20060102150405")
	u := &uiCustomization{Image: bytes.Clone(in.ImageFile)}
	err := s.withPool(ctx, in.UserPoolId, func(tx *store.Tx, p *pool) error {
		if p.Detail.Value.Domain == nil && p.Detail.Value.CustomDomain == nil {
			return invalidParameter("There has to be an existing domain associated with this user pool")
		}
		if err := s.checkTarget(tx, p, target); err != nil {
			return err
		}
		u.Detail.Value = types.UICustomizationType{
			UserPoolId: in.UserPoolId, ClientId: &target, CSS: in.CSS, CSSVersion: &version, CreationDate: &now, LastModifiedDate: &now,
		}
		before, err := uiCustomizations.Get(tx, p.id(), target)
		if err == nil {
			u.Detail.Value.CreationDate = before.Detail.Value.CreationDate
		} else if !errors.Is(err, store.ErrNotFound) {
			return err
		}
		if len(u.Image) > 0 {
			if u.Detail.Value.ImageUrl, err = imageURL(tx, p, target, version); err != nil {
				return err
			}
		}
		return uiCustomizations.Put(tx, p.id(), target, u)
	})
	return &cip.SetUICustomizationOutput{UICustomization: &u.Detail.Value}, err
}

// imageURL is where AWS would show the logo: at the distribution of the pool's domain. Nothing answers there.
func imageURL(tx *store.Tx, p *pool, target, version string) (*string, error) {
	name := value(p.Detail.Value.Domain)
	if name == "" {
		name = value(p.Detail.Value.CustomDomain)
	}
	d, err := ownDomain(tx, p, name)
	if err != nil {
		return nil, err
	}
	address := "https://" + value(d.Detail.Value.CloudFrontDistribution) + "/" + p.id() + "/" + target + "/" + version + "/assets/images/image.jpg"
	return &address, nil
}

// isPicture tells whether the bytes are of a kind of picture that AWS takes.
func isPicture(b []byte) bool {
	return bytes.HasPrefix(b, []byte("\x89PNG\r\n\x1a\n")) || bytes.HasPrefix(b, []byte("\xff\xd8\xff"))
}

// GetUICustomization returns what is set for an app client, or else for all; an empty answer when nothing is.
func (s *Service) GetUICustomization(ctx context.Context, in *cip.GetUICustomizationInput) (*cip.GetUICustomizationOutput, error) {
	out := &cip.GetUICustomizationOutput{}
	err := s.viewPool(ctx, in.UserPoolId, func(tx *store.Tx, p *pool) error {
		out.UICustomization = &types.UICustomizationType{}
		target := clientOrAll(in.ClientId)
		if err := s.checkTarget(tx, p, target); err != nil {
			return err
		}
		for _, id := range []string{target, allClients} {
			u, err := uiCustomizations.Get(tx, p.id(), id)
			if errors.Is(err, store.ErrNotFound) {
				continue
			}
			if err == nil {
				out.UICustomization = &u.Detail.Value
			}
			return err
		}
		return nil
	})
	return out, err
}
