package apigatewayv2

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"

	"github.com/poolgate/poolgate/internal/entity"
)

// CreateRoute makes a route.
func (s *Service) CreateRoute(ctx context.Context, in *apigatewayv2.CreateRouteInput) (*apigatewayv2.CreateRouteOutput, error) {
	var made types.Route
	err := s.change(ctx, in.ApiId, func(e *edit) (err error) {
		made, err = s.insertRoute(e, types.Route{
			RouteKey: in.RouteKey, ApiKeyRequired: in.ApiKeyRequired, AuthorizationScopes: in.AuthorizationScopes,
			AuthorizationType: in.AuthorizationType, AuthorizerId: in.AuthorizerId, ModelSelectionExpression: in.ModelSelectionExpression,
			OperationName: in.OperationName, RequestModels: in.RequestModels, RequestParameters: in.RequestParameters,
			RouteResponseSelectionExpression: in.RouteResponseSelectionExpression, Target: in.Target,
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	return answer[apigatewayv2.CreateRouteOutput](made), nil
}

// insertRoute checks a new route, fills in what AWS shows of every route and stores it.
func (s *Service) insertRoute(e *edit, route types.Route) (types.Route, error) {
	id, err := s.newID(routeIDLength)
	if err != nil {
		return route, err
	}
	route.RouteId = &id
	if err := checkRoute(e, &route); err != nil {
		return route, err
	}
	return route, routes.Insert(e.tx, e.id, id, entity.Document(route))
}

// GetRoute returns one route.
func (s *Service) GetRoute(ctx context.Context, in *apigatewayv2.GetRouteInput) (*apigatewayv2.GetRouteOutput, error) {
	route, err := find(ctx, s, &routes, in.ApiId, in.RouteId, noRoute)
	if err != nil {
		return nil, err
	}
	return answer[apigatewayv2.GetRouteOutput](route), nil
}

// GetRoutes lists an API's routes in the order of their ids.
func (s *Service) GetRoutes(ctx context.Context, in *apigatewayv2.GetRoutesInput) (*apigatewayv2.GetRoutesOutput, error) {
	key := func(item types.Route) string { return *item.RouteId }
	items, next, err := list(ctx, s, &routes, in.ApiId, key, in.MaxResults, in.NextToken)
	if err != nil {
		return nil, err
	}
	return &apigatewayv2.GetRoutesOutput{Items: items, NextToken: next}, nil
}

// UpdateRoute changes the members that are given. Authorization that needs no authorizer, or no scopes, drops those that
// were there: otherwise a route could never be opened again.
func (s *Service) UpdateRoute(ctx context.Context, in *apigatewayv2.UpdateRouteInput) (*apigatewayv2.UpdateRouteOutput, error) {
	var updated types.Route
	err := s.change(ctx, in.ApiId, func(e *edit) error {
		found, err := entity.Get(e.tx, &routes, e.id, in.RouteId, noRoute)
		if err != nil {
			return err
		}
		old := found.Value
		updated = found.Value
		patchRoute(&updated, in)
		if err := checkRoute(e, &updated); err != nil {
			return err
		}
		if err := moveRouteSettings(e, *old.RouteKey, *updated.RouteKey); err != nil {
			return err
		}
		return routes.Put(e.tx, e.id, *in.RouteId, entity.Document(updated))
	})
	if err != nil {
		return nil, err
	}
	return answer[apigatewayv2.UpdateRouteOutput](updated), nil
}

func patchRoute(r *types.Route, in *apigatewayv2.UpdateRouteInput) {
	set(&r.RouteKey, in.RouteKey)
	set(&r.ApiKeyRequired, in.ApiKeyRequired)
	setText(&r.AuthorizerId, in.AuthorizerId)
	setText(&r.ModelSelectionExpression, in.ModelSelectionExpression)
	setText(&r.OperationName, in.OperationName)
	setText(&r.RouteResponseSelectionExpression, in.RouteResponseSelectionExpression)
	setText(&r.Target, in.Target)
	if in.AuthorizationType != "" {
		if r.AuthorizationType = in.AuthorizationType; in.AuthorizationType != types.AuthorizationTypeJwt {
			r.AuthorizationScopes = nil
		}
	}
	if in.AuthorizationScopes != nil {
		r.AuthorizationScopes = in.AuthorizationScopes
	}
	if in.RequestModels != nil {
		r.RequestModels = mergeTexts(r.RequestModels, in.RequestModels)
	}
	for key, constraints := range in.RequestParameters {
		if r.RequestParameters == nil {
			r.RequestParameters = make(map[string]types.ParameterConstraints, len(in.RequestParameters))
		}
		r.RequestParameters[key] = constraints
	}
}

// DeleteRoute deletes a route, and what stages set for it.
func (s *Service) DeleteRoute(ctx context.Context, in *apigatewayv2.DeleteRouteInput) (*apigatewayv2.DeleteRouteOutput, error) {
	err := s.change(ctx, in.ApiId, func(e *edit) error {
		found, err := entity.Get(e.tx, &routes, e.id, in.RouteId, noRoute)
		if err != nil {
			return err
		}
		if aws.ToBool(found.Value.ApiGatewayManaged) {
			return managed("route")
		}
		if err := moveRouteSettings(e, *found.Value.RouteKey, ""); err != nil {
			return err
		}
		return routes.Delete(e.tx, e.id, *in.RouteId)
	})
	if err != nil {
		return nil, err
	}
	return &apigatewayv2.DeleteRouteOutput{}, nil
}

// managed is how the deletion of what quick create made is refused.
func managed(what string) error {
	return badRequest("Cannot delete %s that is managed by API Gateway", what)
}

// DeleteRouteRequestParameter takes a request parameter from a route.
func (s *Service) DeleteRouteRequestParameter(ctx context.Context, in *apigatewayv2.DeleteRouteRequestParameterInput) (*apigatewayv2.DeleteRouteRequestParameterOutput, error) {
	err := s.change(ctx, in.ApiId, func(e *edit) error {
		found, err := entity.Get(e.tx, &routes, e.id, in.RouteId, noRoute)
		if err != nil {
			return err
		}
		key := aws.ToString(in.RequestParameterKey)
		if _, there := found.Value.RequestParameters[key]; !there {
			return noParameter
		}
		if delete(found.Value.RequestParameters, key); len(found.Value.RequestParameters) == 0 {
			found.Value.RequestParameters = nil
		}
		return routes.Put(e.tx, e.id, *in.RouteId, found)
	})
	if err != nil {
		return nil, err
	}
	return &apigatewayv2.DeleteRouteRequestParameterOutput{}, nil
}

// moveRouteSettings keeps what stages set for a route with it when its key changes; an empty new key drops it.
func moveRouteSettings(e *edit, from, to string) error {
	if from == to {
		return nil
	}
	list, err := entity.All(e.tx, &stages, e.id)
	if err != nil {
		return err
	}
	var failed error
	for _, stage := range list {
		settings, there := stage.RouteSettings[from]
		if !there {
			continue
		}
		delete(stage.RouteSettings, from)
		if to != "" {
			stage.RouteSettings[to] = settings
		}
		e.serve()
		failed = errors.Join(failed, stages.Put(e.tx, e.id, *stage.StageName, entity.Document(stage)))
	}
	return failed
}
