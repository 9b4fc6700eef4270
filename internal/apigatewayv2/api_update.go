package apigatewayv2

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
)

// UpdateApi changes the members that are given; an empty text takes a member away. A CORS configuration replaces the one
// that was there.
func (s *Service) UpdateApi(ctx context.Context, in *apigatewayv2.UpdateApiInput) (*apigatewayv2.UpdateApiOutput, error) { //nolint:revive // AWS names the operation
	var updated types.Api
	err := s.change(ctx, in.ApiId, func(e *edit) error {
		api := &e.api.API.Value
		set(&api.Name, in.Name)
		setText(&api.Description, in.Description)
		setText(&api.Version, in.Version)
		set(&api.CorsConfiguration, in.CorsConfiguration)
		set(&api.DisableExecuteApiEndpoint, in.DisableExecuteApiEndpoint)
		set(&api.DisableSchemaValidation, in.DisableSchemaValidation)
		setWord(&api.IpAddressType, in.IpAddressType)
		if aws.ToString(in.RouteSelectionExpression) != "" {
			api.RouteSelectionExpression = in.RouteSelectionExpression
		}
		if aws.ToString(in.ApiKeySelectionExpression) != "" {
			api.ApiKeySelectionExpression = in.ApiKeySelectionExpression
		}
		if err := checkAPI(api); err != nil {
			return err
		}
		updated = s.shown(e.api)
		return s.updateQuick(e, in)
	})
	if err != nil {
		return nil, err
	}
	return answer[apigatewayv2.UpdateApiOutput](updated), nil
}
