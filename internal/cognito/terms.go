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

// terms are the links to the terms of an app client; this server's pages do not show them. Their id is the TermsId.
type terms struct {
	Detail wire.Document[types.TermsType]
}

var termsOfClients = store.Collection[terms]{Name: "cognito.terms", Version: 1, Keys: func(t *terms) []store.Key {
	return []store.Key{{Index: "client", Value: value(t.Detail.Value.ClientId)}}
}}

func noSuchTerms() error { return fault.NotFound("ResourceNotFoundException", "Terms do not exist.") }

// defaultLanguage is the language whose link must be there (API reference, CreateTerms).
const defaultLanguage = "cognito:default"

// checkTerms refuses links without a default, and a second document of one name for the client.
func checkTerms(tx *store.Tx, p *pool, t *types.TermsType) error {
	if _, given := t.Links[defaultLanguage]; !given {
		return invalidParameter("Links must contain a link for %s.", defaultLanguage)
	}
	found, _, err := termsOfClients.Find(tx, p.id(), store.Key{Index: "client", Value: value(t.ClientId)}, store.Page{})
	for _, f := range found {
		if f.ID != value(t.TermsId) && value(f.Value.Detail.Value.TermsName) == value(t.TermsName) {
			return fault.Conflict("TermsExistsException", "Terms %s already exist for client %s.", value(t.TermsName), value(t.ClientId))
		}
	}
	return err
}

// CreateTerms gives an app client terms of use or a privacy policy: one of each at most.
func (s *Service) CreateTerms(ctx context.Context, in *cip.CreateTermsInput) (*cip.CreateTermsOutput, error) {
	id, err := s.randomUUID()
	if err != nil {
		return nil, err
	}
	now := s.now()
	t := &terms{}
	t.Detail.Value = types.TermsType{
		TermsId: &id, UserPoolId: in.UserPoolId, ClientId: in.ClientId, TermsName: in.TermsName, TermsSource: in.TermsSource,
		Enforcement: in.Enforcement, Links: in.Links, CreationDate: &now, LastModifiedDate: &now,
	}
	err = s.withPool(ctx, in.UserPoolId, func(tx *store.Tx, p *pool) error {
		if _, err := s.clientByID(tx, p.id(), value(in.ClientId)); err != nil {
			return err
		}
		if err := checkTerms(tx, p, &t.Detail.Value); err != nil {
			return err
		}
		return termsOfClients.Insert(tx, p.id(), id, t)
	})
	return &cip.CreateTermsOutput{Terms: &t.Detail.Value}, err
}

func termsByID(tx *store.Tx, p *pool, id string) (*terms, error) {
	t, err := termsOfClients.Get(tx, p.id(), id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, noSuchTerms()
	}
	return t, err
}

// DescribeTerms returns terms as they were set.
func (s *Service) DescribeTerms(ctx context.Context, in *cip.DescribeTermsInput) (*cip.DescribeTermsOutput, error) {
	out := &cip.DescribeTermsOutput{}
	err := s.viewPool(ctx, in.UserPoolId, func(tx *store.Tx, p *pool) error {
		t, err := termsByID(tx, p, value(in.TermsId))
		if err == nil {
			out.Terms = &t.Detail.Value
		}
		return err
	})
	return out, err
}

// UpdateTerms replaces what is given.
func (s *Service) UpdateTerms(ctx context.Context, in *cip.UpdateTermsInput) (*cip.UpdateTermsOutput, error) {
	out := &cip.UpdateTermsOutput{}
	err := s.withPool(ctx, in.UserPoolId, func(tx *store.Tx, p *pool) error {
		t, err := termsByID(tx, p, value(in.TermsId))
		if err != nil {
			return err
		}
		detail := &t.Detail.Value
		detail.TermsName = orDefault(in.TermsName, detail.TermsName)
		if in.TermsSource != "" {
			detail.TermsSource = in.TermsSource
		}
		if in.Enforcement != "" {
			detail.Enforcement = in.Enforcement
		}
		if in.Links != nil {
			detail.Links = in.Links
		}
		detail.LastModifiedDate = aws.Time(s.now())
		if err := checkTerms(tx, p, detail); err != nil {
			return err
		}
		out.Terms = detail
		return termsOfClients.Put(tx, p.id(), value(in.TermsId), t)
	})
	return out, err
}

// DeleteTerms deletes terms.
func (s *Service) DeleteTerms(ctx context.Context, in *cip.DeleteTermsInput) (*cip.DeleteTermsOutput, error) {
	return &cip.DeleteTermsOutput{}, s.withPool(ctx, in.UserPoolId, func(tx *store.Tx, p *pool) error {
		err := termsOfClients.Delete(tx, p.id(), value(in.TermsId))
		if errors.Is(err, store.ErrNotFound) {
			return noSuchTerms()
		}
		return err
	})
}

// ListTerms lists the terms of a pool's app clients.
func (s *Service) ListTerms(ctx context.Context, in *cip.ListTermsInput) (*cip.ListTermsOutput, error) {
	const list = "terms"
	from, err := page(list, in.MaxResults, 60, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &cip.ListTermsOutput{}
	err = s.viewPool(ctx, in.UserPoolId, func(tx *store.Tx, p *pool) error {
		found, more, err := termsOfClients.List(tx, p.id(), from)
		out.Terms = make([]types.TermsDescriptionType, 0, len(found))
		for _, f := range found {
			d := f.Value.Detail.Value
			out.Terms = append(out.Terms, types.TermsDescriptionType{
				TermsId: d.TermsId, TermsName: d.TermsName, Enforcement: d.Enforcement, CreationDate: d.CreationDate, LastModifiedDate: d.LastModifiedDate,
			})
		}
		out.NextToken = nextOf(list, found, more)
		return err
	})
	return out, err
}
