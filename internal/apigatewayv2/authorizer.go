package apigatewayv2

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"

	"github.com/poolgate/poolgate/internal/entity"
)

// CreateAuthorizer makes an authorizer, of tokens or by a function.
func (s *Service) CreateAuthorizer(ctx context.Context, in *apigatewayv2.CreateAuthorizerInput) (*apigatewayv2.CreateAuthorizerOutput, error) {
	id, err := s.newID(entityIDLength)
	if err != nil {
		return nil, err
	}
	made := types.Authorizer{
		AuthorizerId: &id, Name: in.Name, AuthorizerType: in.AuthorizerType, IdentitySource: in.IdentitySource,
		AuthorizerCredentialsArn: emptyIsNil(in.AuthorizerCredentialsArn), AuthorizerPayloadFormatVersion: emptyIsNil(in.AuthorizerPayloadFormatVersion),
		AuthorizerResultTtlInSeconds: in.AuthorizerResultTtlInSeconds, AuthorizerUri: emptyIsNil(in.AuthorizerUri),
		EnableSimpleResponses: in.EnableSimpleResponses, IdentityValidationExpression: emptyIsNil(in.IdentityValidationExpression),
		JwtConfiguration: in.JwtConfiguration,
	}
	err = s.change(ctx, in.ApiId, func(e *edit) error {
		if err := s.checkAuthorizer(e, &made); err != nil {
			return err
		}
		return authorizers.Insert(e.tx, e.id, id, entity.Document(made))
	})
	if err != nil {
		return nil, err
	}
	return answer[apigatewayv2.CreateAuthorizerOutput](made), nil
}

// GetAuthorizer returns one authorizer.
func (s *Service) GetAuthorizer(ctx context.Context, in *apigatewayv2.GetAuthorizerInput) (*apigatewayv2.GetAuthorizerOutput, error) {
	authorizer, err := find(ctx, s, &authorizers, in.ApiId, in.AuthorizerId, noAuthorizer)
	if err != nil {
		return nil, err
	}
	return answer[apigatewayv2.GetAuthorizerOutput](authorizer), nil
}

// GetAuthorizers lists an API's authorizers in the order of their ids.
func (s *Service) GetAuthorizers(ctx context.Context, in *apigatewayv2.GetAuthorizersInput) (*apigatewayv2.GetAuthorizersOutput, error) {
	key := func(item types.Authorizer) string { return *item.AuthorizerId }
	items, next, err := list(ctx, s, &authorizers, in.ApiId, key, in.MaxResults, in.NextToken)
	if err != nil {
		return nil, err
	}
	return &apigatewayv2.GetAuthorizersOutput{Items: items, NextToken: next}, nil
}

// UpdateAuthorizer changes the members that are given. Its type must stay one that the routes that use it can have.
func (s *Service) UpdateAuthorizer(ctx context.Context, in *apigatewayv2.UpdateAuthorizerInput) (*apigatewayv2.UpdateAuthorizerOutput, error) {
	var updated types.Authorizer
	err := s.change(ctx, in.ApiId, func(e *edit) error {
		found, err := entity.Get(e.tx, &authorizers, e.id, in.AuthorizerId, noAuthorizer)
		if err != nil {
			return err
		}
		a := &found.Value
		kind := a.AuthorizerType
		set(&a.Name, in.Name)
		setWord(&a.AuthorizerType, in.AuthorizerType)
		setText(&a.AuthorizerCredentialsArn, in.AuthorizerCredentialsArn)
		setText(&a.AuthorizerPayloadFormatVersion, in.AuthorizerPayloadFormatVersion)
		set(&a.AuthorizerResultTtlInSeconds, in.AuthorizerResultTtlInSeconds)
		setText(&a.AuthorizerUri, in.AuthorizerUri)
		set(&a.EnableSimpleResponses, in.EnableSimpleResponses)
		setText(&a.IdentityValidationExpression, in.IdentityValidationExpression)
		if in.IdentitySource != nil {
			a.IdentitySource = in.IdentitySource
		}
		if jwt := in.JwtConfiguration; jwt != nil {
			if a.JwtConfiguration == nil {
				a.JwtConfiguration = &types.JWTConfiguration{}
			}
			set(&a.JwtConfiguration.Issuer, jwt.Issuer)
			if jwt.Audience != nil {
				a.JwtConfiguration.Audience = jwt.Audience
			}
		}
		if err := s.checkAuthorizer(e, a); err != nil {
			return err
		}
		if a.AuthorizerType != kind {
			if err := unused(e, a); err != nil {
				return err
			}
		}
		updated = *a
		return authorizers.Put(e.tx, e.id, *in.AuthorizerId, found)
	})
	if err != nil {
		return nil, err
	}
	return answer[apigatewayv2.UpdateAuthorizerOutput](updated), nil
}

// DeleteAuthorizer deletes an authorizer that no route uses.
func (s *Service) DeleteAuthorizer(ctx context.Context, in *apigatewayv2.DeleteAuthorizerInput) (*apigatewayv2.DeleteAuthorizerOutput, error) {
	err := s.change(ctx, in.ApiId, func(e *edit) error {
		found, err := entity.Get(e.tx, &authorizers, e.id, in.AuthorizerId, noAuthorizer)
		if err != nil {
			return err
		}
		if err := unused(e, &found.Value); err != nil {
			return err
		}
		return authorizers.Delete(e.tx, e.id, *in.AuthorizerId)
	})
	if err != nil {
		return nil, err
	}
	return &apigatewayv2.DeleteAuthorizerOutput{}, nil
}

// unused refuses to take away an authorizer that a route uses (seen: anomalyco/sst issue 5586).
func unused(e *edit, a *types.Authorizer) error {
	list, err := entity.All(e.tx, &routes, e.id)
	if err != nil {
		return err
	}
	for _, route := range list {
		if aws.ToString(route.AuthorizerId) == *a.AuthorizerId {
			return conflict("Cannot delete authorizer '%s', is referenced in route: %s", aws.ToString(a.Name), *route.RouteKey)
		}
	}
	return nil
}

// ResetAuthorizersCache drops what a stage remembers of its authorizers' answers, on every node.
func (s *Service) ResetAuthorizersCache(ctx context.Context, in *apigatewayv2.ResetAuthorizersCacheInput) (*apigatewayv2.ResetAuthorizersCacheOutput, error) {
	err := s.settle(ctx, in.ApiId, func(e *edit) error {
		e.serve()
		_, err := entity.Get(e.tx, &stages, e.id, in.StageName, noStage)
		return err
	})
	if err != nil {
		return nil, err
	}
	if f, forgets := s.publisher.(Flusher); forgets {
		if err := f.FlushAuthorizers(ctx, *in.ApiId, *in.StageName); err != nil {
			return nil, err
		}
	}
	return &apigatewayv2.ResetAuthorizersCacheOutput{}, nil
}
