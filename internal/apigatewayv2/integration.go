package apigatewayv2

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"

	"github.com/poolgate/poolgate/internal/entity"
)

// CreateIntegration makes an integration.
func (s *Service) CreateIntegration(ctx context.Context, in *apigatewayv2.CreateIntegrationInput) (*apigatewayv2.CreateIntegrationOutput, error) {
	var made types.Integration
	err := s.change(ctx, in.ApiId, func(e *edit) (err error) {
		made, err = s.insertIntegration(e, types.Integration{
			IntegrationType: in.IntegrationType, ConnectionId: emptyIsNil(in.ConnectionId), ConnectionType: in.ConnectionType,
			ContentHandlingStrategy: in.ContentHandlingStrategy, CredentialsArn: emptyIsNil(in.CredentialsArn),
			Description: emptyIsNil(in.Description), IntegrationMethod: emptyIsNil(in.IntegrationMethod),
			IntegrationSubtype: emptyIsNil(in.IntegrationSubtype), IntegrationUri: emptyIsNil(in.IntegrationUri),
			PassthroughBehavior: in.PassthroughBehavior, PayloadFormatVersion: emptyIsNil(in.PayloadFormatVersion),
			RequestParameters: in.RequestParameters, RequestTemplates: in.RequestTemplates, ResponseParameters: in.ResponseParameters,
			TemplateSelectionExpression: emptyIsNil(in.TemplateSelectionExpression), TimeoutInMillis: in.TimeoutInMillis, TlsConfig: tlsConfig(in.TlsConfig),
		}, false)
		return err
	})
	if err != nil {
		return nil, err
	}
	return answer[apigatewayv2.CreateIntegrationOutput](made), nil
}

func tlsConfig(in *types.TlsConfigInput) *types.TlsConfig {
	if in == nil || aws.ToString(in.ServerNameToVerify) == "" {
		return nil
	}
	return &types.TlsConfig{ServerNameToVerify: in.ServerNameToVerify}
}

// insertIntegration fills in what AWS shows of a new integration, checks and stores it.
func (s *Service) insertIntegration(e *edit, i types.Integration, quick bool) (types.Integration, error) {
	id, err := s.newID(routeIDLength)
	if err != nil {
		return i, err
	}
	i.IntegrationId = &id
	if quick {
		i.ApiGatewayManaged = aws.Bool(true)
	}
	fillIntegration(&i)
	if err := checkIntegration(&i); err != nil {
		return i, err
	}
	return i, integrations.Insert(e.tx, e.id, id, entity.Document(i))
}

// GetIntegration returns one integration.
func (s *Service) GetIntegration(ctx context.Context, in *apigatewayv2.GetIntegrationInput) (*apigatewayv2.GetIntegrationOutput, error) {
	integration, err := find(ctx, s, &integrations, in.ApiId, in.IntegrationId, noIntegration)
	if err != nil {
		return nil, err
	}
	return answer[apigatewayv2.GetIntegrationOutput](integration), nil
}

// GetIntegrations lists an API's integrations in the order of their ids.
func (s *Service) GetIntegrations(ctx context.Context, in *apigatewayv2.GetIntegrationsInput) (*apigatewayv2.GetIntegrationsOutput, error) {
	key := func(item types.Integration) string { return *item.IntegrationId }
	items, next, err := list(ctx, s, &integrations, in.ApiId, key, in.MaxResults, in.NextToken)
	if err != nil {
		return nil, err
	}
	return &apigatewayv2.GetIntegrationsOutput{Items: items, NextToken: next}, nil
}

// UpdateIntegration changes the members that are given. Of the maps it changes the entries that are given; an empty
// value takes an entry away.
func (s *Service) UpdateIntegration(ctx context.Context, in *apigatewayv2.UpdateIntegrationInput) (*apigatewayv2.UpdateIntegrationOutput, error) {
	var updated types.Integration
	err := s.change(ctx, in.ApiId, func(e *edit) error {
		found, err := entity.Get(e.tx, &integrations, e.id, in.IntegrationId, noIntegration)
		if err != nil {
			return err
		}
		patchIntegration(&found.Value, in)
		updated = found.Value
		if err := checkIntegration(&updated); err != nil {
			return err
		}
		return integrations.Put(e.tx, e.id, *in.IntegrationId, entity.Document(updated))
	})
	if err != nil {
		return nil, err
	}
	return answer[apigatewayv2.UpdateIntegrationOutput](updated), nil
}

func patchIntegration(i *types.Integration, in *apigatewayv2.UpdateIntegrationInput) {
	setText(&i.ConnectionId, in.ConnectionId)
	setText(&i.CredentialsArn, in.CredentialsArn)
	setText(&i.Description, in.Description)
	setText(&i.IntegrationMethod, in.IntegrationMethod)
	setText(&i.IntegrationSubtype, in.IntegrationSubtype)
	setText(&i.IntegrationUri, in.IntegrationUri)
	setText(&i.PayloadFormatVersion, in.PayloadFormatVersion)
	setText(&i.TemplateSelectionExpression, in.TemplateSelectionExpression)
	setWord(&i.ConnectionType, in.ConnectionType)
	setWord(&i.ContentHandlingStrategy, in.ContentHandlingStrategy)
	setWord(&i.IntegrationType, in.IntegrationType)
	setWord(&i.PassthroughBehavior, in.PassthroughBehavior)
	set(&i.TimeoutInMillis, in.TimeoutInMillis)
	if in.TlsConfig != nil {
		i.TlsConfig = tlsConfig(in.TlsConfig)
	}
	if in.RequestParameters != nil {
		i.RequestParameters = mergeTexts(i.RequestParameters, in.RequestParameters)
	}
	if in.RequestTemplates != nil {
		i.RequestTemplates = mergeTexts(i.RequestTemplates, in.RequestTemplates)
	}
	for status, mappings := range in.ResponseParameters {
		if i.ResponseParameters == nil {
			i.ResponseParameters = make(map[string]map[string]string, len(in.ResponseParameters))
		}
		if i.ResponseParameters[status] = maps.Clone(mappings); len(mappings) == 0 {
			delete(i.ResponseParameters, status)
		}
	}
	if len(i.ResponseParameters) == 0 {
		i.ResponseParameters = nil
	}
}

// DeleteIntegration deletes an integration that no route leads to (seen: milliHQ/terraform-aws-next-js issue 247).
func (s *Service) DeleteIntegration(ctx context.Context, in *apigatewayv2.DeleteIntegrationInput) (*apigatewayv2.DeleteIntegrationOutput, error) {
	err := s.change(ctx, in.ApiId, func(e *edit) error {
		found, err := entity.Get(e.tx, &integrations, e.id, in.IntegrationId, noIntegration)
		if err != nil {
			return err
		}
		if aws.ToBool(found.Value.ApiGatewayManaged) {
			return managed("integration")
		}
		list, err := entity.All(e.tx, &routes, e.id)
		if err != nil {
			return err
		}
		var ids []string
		for _, route := range list {
			if aws.ToString(route.Target) == targetPrefix+*in.IntegrationId {
				ids = append(ids, *route.RouteId)
			}
		}
		if slices.Sort(ids); len(ids) > 0 {
			return conflict("Cannot delete Integration because it is referenced by the following Routes with Ids: [%s]", strings.Join(ids, ", "))
		}
		return integrations.Delete(e.tx, e.id, *in.IntegrationId)
	})
	if err != nil {
		return nil, err
	}
	return &apigatewayv2.DeleteIntegrationOutput{}, nil
}
