package cognito

import (
	"context"
	"errors"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/store"
)

// maxResourceServers is the most resource servers of a pool (fact 6.9, the quota's maximum).
const maxResourceServers = 300

func noSuchResourceServer() error {
	return fault.NotFound("ResourceNotFoundException", "Resource server does not exist.")
}

// CreateResourceServer makes an API that custom scopes belong to.
func (s *Service) CreateResourceServer(ctx context.Context, in *cip.CreateResourceServerInput) (*cip.CreateResourceServerOutput, error) {
	if err := checkScopeNames(in.Scopes); err != nil {
		return nil, err
	}
	server := &resourceServer{}
	server.Detail.Value = types.ResourceServerType{Identifier: in.Identifier, Name: in.Name, Scopes: scopesOf(in.Scopes), UserPoolId: in.UserPoolId}
	err := s.withPool(ctx, in.UserPoolId, func(tx *store.Tx, p *pool) error {
		if count, err := resourceServers.Count(tx, p.id()); err != nil {
			return err
		} else if count >= maxResourceServers {
			return fault.Limit("LimitExceededException", "The maximum number of resource servers has been reached.")
		}
		err := resourceServers.Insert(tx, p.id(), value(in.Identifier), server)
		if errors.Is(err, store.ErrExists) {
			return invalidParameter("%s already exists in user pool %s.", value(in.Identifier), p.id())
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return &cip.CreateResourceServerOutput{ResourceServer: &server.Detail.Value}, nil
}

// checkScopeNames refuses two scopes of one name; the model has checked their form and number.
func checkScopeNames(scopes []types.ResourceServerScopeType) error {
	seen := make(map[string]bool, len(scopes))
	for _, scope := range scopes {
		name := value(scope.ScopeName)
		if seen[name] {
			return invalidParameter("Duplicate scope name %s.", name)
		}
		seen[name] = true
	}
	return nil
}

// scopesOf is never nil: AWS sends an empty list for a resource server without scopes.
func scopesOf(scopes []types.ResourceServerScopeType) []types.ResourceServerScopeType {
	if scopes == nil {
		return []types.ResourceServerScopeType{}
	}
	return scopes
}

// DescribeResourceServer returns a resource server as it was set.
func (s *Service) DescribeResourceServer(ctx context.Context, in *cip.DescribeResourceServerInput) (*cip.DescribeResourceServerOutput, error) {
	out := &cip.DescribeResourceServerOutput{}
	err := s.viewPool(ctx, in.UserPoolId, func(tx *store.Tx, p *pool) error {
		server, err := resourceServers.Get(tx, p.id(), value(in.Identifier))
		if errors.Is(err, store.ErrNotFound) {
			return noSuchResourceServer()
		}
		if err == nil {
			out.ResourceServer = &server.Detail.Value
		}
		return err
	})
	return out, err
}

// UpdateResourceServer replaces name and scopes. App clients keep a scope that is gone; no token gets it any more.
func (s *Service) UpdateResourceServer(ctx context.Context, in *cip.UpdateResourceServerInput) (*cip.UpdateResourceServerOutput, error) {
	if err := checkScopeNames(in.Scopes); err != nil {
		return nil, err
	}
	out := &cip.UpdateResourceServerOutput{}
	err := s.withPool(ctx, in.UserPoolId, func(tx *store.Tx, p *pool) error {
		server, err := resourceServers.Get(tx, p.id(), value(in.Identifier))
		if errors.Is(err, store.ErrNotFound) {
			return noSuchResourceServer()
		}
		if err != nil {
			return err
		}
		server.Detail.Value.Name, server.Detail.Value.Scopes = in.Name, scopesOf(in.Scopes)
		out.ResourceServer = &server.Detail.Value
		return resourceServers.Put(tx, p.id(), value(in.Identifier), server)
	})
	return out, err
}

// DeleteResourceServer deletes a resource server with its scopes.
func (s *Service) DeleteResourceServer(ctx context.Context, in *cip.DeleteResourceServerInput) (*cip.DeleteResourceServerOutput, error) {
	return &cip.DeleteResourceServerOutput{}, s.withPool(ctx, in.UserPoolId, func(tx *store.Tx, p *pool) error {
		err := resourceServers.Delete(tx, p.id(), value(in.Identifier))
		if errors.Is(err, store.ErrNotFound) {
			return noSuchResourceServer()
		}
		return err
	})
}

// ListResourceServers lists a pool's resource servers.
func (s *Service) ListResourceServers(ctx context.Context, in *cip.ListResourceServersInput) (*cip.ListResourceServersOutput, error) {
	const list = "resource-servers"
	from, err := page(list, in.MaxResults, 50, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &cip.ListResourceServersOutput{ResourceServers: []types.ResourceServerType{}}
	err = s.viewPool(ctx, in.UserPoolId, func(tx *store.Tx, p *pool) error {
		out.ResourceServers = out.ResourceServers[:0]
		found, more, err := resourceServers.List(tx, p.id(), from)
		for _, f := range found {
			out.ResourceServers = append(out.ResourceServers, f.Value.Detail.Value)
		}
		out.NextToken = nextOf(list, found, more)
		return err
	})
	return out, err
}
