package apigatewayv2

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"

	"github.com/poolgate/poolgate/internal/entity"
	"github.com/poolgate/poolgate/internal/fault"
)

// What WebSocket APIs have and HTTP APIs have not: models, and responses of routes and of integrations. The refusals of
// making one were seen of deployments on AWS; there being none, every id is unknown and every list is empty.
var (
	noModels               = badRequest("Currently, Models are not permitted for APIs with a protocol type of HTTP")
	noRouteResponses       = badRequest("RouteResponses are currently not supported for this API protocol type.")
	noIntegrationResponses = badRequest("IntegrationResponses are currently not supported for this API protocol type.")
	noModel                = notFound("Invalid Model identifier specified")
	noRouteResponse        = notFound("Invalid RouteResponse identifier specified")
	noIntegrationResponse  = notFound("Invalid IntegrationResponse identifier specified")
)

// refuse gives a refusal, unless the API is not the caller's.
func (s *Service) refuse(ctx context.Context, apiID *string, refusal *fault.Error) error {
	return s.look(ctx, apiID, func(*edit) error { return refusal })
}

// inRoute gives a refusal, unless the route is not there; nil is none.
func (s *Service) inRoute(ctx context.Context, apiID, routeID *string, refusal *fault.Error) error {
	return s.look(ctx, apiID, func(e *edit) error {
		if _, err := entity.Get(e.tx, &routes, e.id, routeID, noRoute); err != nil || refusal == nil {
			return err
		}
		return refusal
	})
}

// inIntegration gives a refusal, unless the integration is not there; nil is none.
func (s *Service) inIntegration(ctx context.Context, apiID, integrationID *string, refusal *fault.Error) error {
	return s.look(ctx, apiID, func(e *edit) error {
		if _, err := entity.Get(e.tx, &integrations, e.id, integrationID, noIntegration); err != nil || refusal == nil {
			return err
		}
		return refusal
	})
}

// CreateModel refuses.
func (s *Service) CreateModel(ctx context.Context, in *apigatewayv2.CreateModelInput) (*apigatewayv2.CreateModelOutput, error) {
	return nil, s.refuse(ctx, in.ApiId, noModels)
}

// GetModel refuses.
func (s *Service) GetModel(ctx context.Context, in *apigatewayv2.GetModelInput) (*apigatewayv2.GetModelOutput, error) {
	return nil, s.refuse(ctx, in.ApiId, noModel)
}

// GetModels lists none.
func (s *Service) GetModels(ctx context.Context, in *apigatewayv2.GetModelsInput) (*apigatewayv2.GetModelsOutput, error) {
	if err := s.look(ctx, in.ApiId, func(*edit) error { return nil }); err != nil {
		return nil, err
	}
	return &apigatewayv2.GetModelsOutput{Items: []types.Model{}}, nil
}

// GetModelTemplate refuses.
func (s *Service) GetModelTemplate(ctx context.Context, in *apigatewayv2.GetModelTemplateInput) (*apigatewayv2.GetModelTemplateOutput, error) {
	return nil, s.refuse(ctx, in.ApiId, noModel)
}

// UpdateModel refuses.
func (s *Service) UpdateModel(ctx context.Context, in *apigatewayv2.UpdateModelInput) (*apigatewayv2.UpdateModelOutput, error) {
	return nil, s.refuse(ctx, in.ApiId, noModel)
}

// DeleteModel refuses.
func (s *Service) DeleteModel(ctx context.Context, in *apigatewayv2.DeleteModelInput) (*apigatewayv2.DeleteModelOutput, error) {
	return nil, s.refuse(ctx, in.ApiId, noModel)
}

// CreateRouteResponse refuses.
func (s *Service) CreateRouteResponse(ctx context.Context, in *apigatewayv2.CreateRouteResponseInput) (*apigatewayv2.CreateRouteResponseOutput, error) {
	return nil, s.inRoute(ctx, in.ApiId, in.RouteId, noRouteResponses)
}

// GetRouteResponse refuses.
func (s *Service) GetRouteResponse(ctx context.Context, in *apigatewayv2.GetRouteResponseInput) (*apigatewayv2.GetRouteResponseOutput, error) {
	return nil, s.inRoute(ctx, in.ApiId, in.RouteId, noRouteResponse)
}

// UpdateRouteResponse refuses.
func (s *Service) UpdateRouteResponse(ctx context.Context, in *apigatewayv2.UpdateRouteResponseInput) (*apigatewayv2.UpdateRouteResponseOutput, error) {
	return nil, s.inRoute(ctx, in.ApiId, in.RouteId, noRouteResponse)
}

// DeleteRouteResponse refuses.
func (s *Service) DeleteRouteResponse(ctx context.Context, in *apigatewayv2.DeleteRouteResponseInput) (*apigatewayv2.DeleteRouteResponseOutput, error) {
	return nil, s.inRoute(ctx, in.ApiId, in.RouteId, noRouteResponse)
}

// GetRouteResponses lists none.
func (s *Service) GetRouteResponses(ctx context.Context, in *apigatewayv2.GetRouteResponsesInput) (*apigatewayv2.GetRouteResponsesOutput, error) {
	if err := s.inRoute(ctx, in.ApiId, in.RouteId, nil); err != nil {
		return nil, err
	}
	return &apigatewayv2.GetRouteResponsesOutput{Items: []types.RouteResponse{}}, nil
}

// CreateIntegrationResponse refuses.
func (s *Service) CreateIntegrationResponse(ctx context.Context, in *apigatewayv2.CreateIntegrationResponseInput) (*apigatewayv2.CreateIntegrationResponseOutput, error) {
	return nil, s.inIntegration(ctx, in.ApiId, in.IntegrationId, noIntegrationResponses)
}

// GetIntegrationResponse refuses.
func (s *Service) GetIntegrationResponse(ctx context.Context, in *apigatewayv2.GetIntegrationResponseInput) (*apigatewayv2.GetIntegrationResponseOutput, error) {
	return nil, s.inIntegration(ctx, in.ApiId, in.IntegrationId, noIntegrationResponse)
}

// UpdateIntegrationResponse refuses.
func (s *Service) UpdateIntegrationResponse(ctx context.Context, in *apigatewayv2.UpdateIntegrationResponseInput) (*apigatewayv2.UpdateIntegrationResponseOutput, error) {
	return nil, s.inIntegration(ctx, in.ApiId, in.IntegrationId, noIntegrationResponse)
}

// DeleteIntegrationResponse refuses.
func (s *Service) DeleteIntegrationResponse(ctx context.Context, in *apigatewayv2.DeleteIntegrationResponseInput) (*apigatewayv2.DeleteIntegrationResponseOutput, error) {
	return nil, s.inIntegration(ctx, in.ApiId, in.IntegrationId, noIntegrationResponse)
}

// GetIntegrationResponses lists none.
func (s *Service) GetIntegrationResponses(ctx context.Context, in *apigatewayv2.GetIntegrationResponsesInput) (*apigatewayv2.GetIntegrationResponsesOutput, error) {
	if err := s.inIntegration(ctx, in.ApiId, in.IntegrationId, nil); err != nil {
		return nil, err
	}
	return &apigatewayv2.GetIntegrationResponsesOutput{Items: []types.IntegrationResponse{}}, nil
}
