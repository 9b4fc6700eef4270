package apigatewayv2

import (
	"context"
	"errors"
	"maps"
	"regexp"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"

	"github.com/poolgate/poolgate/internal/store"
	"github.com/poolgate/poolgate/internal/wire"
)

// customIDTag pins an API's id at creation, as the tools for local development expect.
const customIDTag = "_custom_id_"

// What AWS shows of an HTTP API that says nothing else.
const (
	routeSelection = "$request.method $request.path"
	// routeSelectionAlias is the spelling that AWS's own refusal has; both are accepted.
	routeSelectionAlias = "${request.method} ${request.path}"
	keySelection        = "$request.header.x-api-key"
)

var (
	customID    = regexp.MustCompile(`^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$`)
	noWebSocket = badRequest("Invalid protocol specified: WEBSOCKET. poolgate has no WebSocket APIs; HTTP APIs have the protocol HTTP")
	badAPIName  = badRequest("Invalid API name specified")
)

// CreateApi makes an HTTP API. With a target it is made whole at once (quick create): an integration, a route, and a
// $default stage that deploys every change.
func (s *Service) CreateApi(ctx context.Context, in *apigatewayv2.CreateApiInput) (*apigatewayv2.CreateApiOutput, error) { //nolint:revive // AWS names the operation
	api, err := newAPI(in)
	if err != nil {
		return nil, err
	}
	if in.RouteKey != nil && in.Target == nil {
		return nil, badRequest("A routeKey can only be specified together with a target")
	}
	stored, err := s.insertAPI(ctx, api, func(e *edit) error {
		if in.Target == nil {
			return nil
		}
		return s.quickCreate(e, in)
	})
	if err != nil {
		return nil, err
	}
	return answer[apigatewayv2.CreateApiOutput](s.shown(stored)), nil
}

// insertAPI stores a new API, runs fill on it in the same transaction, and deploys it where it asks for that.
func (s *Service) insertAPI(ctx context.Context, api *types.Api, fill func(*edit) error) (*httpAPI, error) {
	id, pinned := api.Tags[customIDTag]
	if pinned && !customID.MatchString(id) {
		return nil, badRequest("Invalid value of the tag %s: lower-case letters, digits and inner hyphens, at most 63 in all", customIDTag)
	}
	if !pinned {
		var err error
		if id, err = s.newID(apiIDLength); err != nil {
			return nil, err
		}
	}
	call := wire.CallFrom(ctx)
	api.ApiId, api.CreatedDate = &id, s.now()
	stored := &httpAPI{Account: call.Account, Region: call.Region, Revision: 1, API: wire.Document[types.Api]{Value: *api}}
	err := s.store.Update(ctx, func(tx *store.Tx) error {
		err := apis.Insert(tx, apiScope, id, stored)
		if errors.Is(err, store.ErrExists) {
			return conflict("API with id %s already exists", id).Because(err)
		}
		if err != nil {
			return err
		}
		tx.Bump(StageTopic(id))
		return fill(&edit{tx: tx, call: call, id: id, api: stored})
	})
	if err != nil {
		return nil, err
	}
	return stored, s.autoDeploy(ctx, id)
}

// newAPI checks the input and fills in the defaults that AWS shows.
func newAPI(in *apigatewayv2.CreateApiInput) (*types.Api, error) {
	if in.ProtocolType == types.ProtocolTypeWebsocket {
		return nil, noWebSocket
	}
	api := &types.Api{
		Name: in.Name, ProtocolType: types.ProtocolTypeHttp, Description: emptyIsNil(in.Description), Version: emptyIsNil(in.Version),
		CorsConfiguration: in.CorsConfiguration, DisableSchemaValidation: in.DisableSchemaValidation,
		DisableExecuteApiEndpoint: aws.Bool(aws.ToBool(in.DisableExecuteApiEndpoint)), IpAddressType: in.IpAddressType,
		RouteSelectionExpression: aws.String(routeSelection), ApiKeySelectionExpression: aws.String(keySelection),
	}
	setText(&api.RouteSelectionExpression, in.RouteSelectionExpression)
	setText(&api.ApiKeySelectionExpression, in.ApiKeySelectionExpression)
	if api.IpAddressType == "" {
		api.IpAddressType = types.IpAddressTypeIpv4
	}
	if len(in.Tags) > 0 {
		api.Tags = maps.Clone(in.Tags)
	}
	return api, checkAPI(api)
}

// checkAPI holds an API against AWS's rules.
func checkAPI(api *types.Api) error {
	switch selection := aws.ToString(api.RouteSelectionExpression); {
	case aws.ToString(api.Name) == "":
		return badAPIName
	case len(api.Tags) > greatestTags:
		return tooManyTags
	case selection != "" && selection != routeSelection && selection != routeSelectionAlias:
		return badRequest(`Route selection expression is currently limited to "${request.method} ${request.path}"`)
	}
	return checkCORS(api.CorsConfiguration)
}
