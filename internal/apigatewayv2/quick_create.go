package apigatewayv2

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"

	"github.com/poolgate/poolgate/internal/entity"
)

// quickCreate makes what a target asks for, all of it managed by API Gateway: it can be changed and not deleted.
func (s *Service) quickCreate(e *edit, in *apigatewayv2.CreateApiInput) error {
	integration, err := s.insertIntegration(e, quickIntegration(in.Target, in.CredentialsArn), true)
	if err != nil {
		return err
	}
	key := aws.ToString(in.RouteKey)
	if key == "" {
		key = DefaultRouteKey
	}
	route := types.Route{RouteKey: &key, Target: aws.String(targetPrefix + *integration.IntegrationId), ApiGatewayManaged: aws.Bool(true)}
	if _, err := s.insertRoute(e, route); err != nil {
		return err
	}
	return s.insertStage(e, types.Stage{StageName: aws.String(DefaultStage), AutoDeploy: aws.Bool(true), ApiGatewayManaged: aws.Bool(true)})
}

// quickIntegration is the integration with a target: a function by its ARN, or else a URL.
func quickIntegration(target, credentials *string) types.Integration {
	i := types.Integration{IntegrationUri: target, CredentialsArn: emptyIsNil(credentials)}
	if strings.HasPrefix(aws.ToString(target), "arn:") {
		i.IntegrationType, i.IntegrationMethod, i.PayloadFormatVersion = types.IntegrationTypeAwsProxy, aws.String("POST"), aws.String(payload2)
	} else {
		i.IntegrationType, i.IntegrationMethod, i.PayloadFormatVersion = types.IntegrationTypeHttpProxy, aws.String("ANY"), aws.String(payload1)
	}
	return i
}

// updateQuick changes what quick create made: the target and the credentials of the managed integration, the key of the
// managed route. An API that was made otherwise has neither.
func (s *Service) updateQuick(e *edit, in *apigatewayv2.UpdateApiInput) error {
	if in.Target != nil || in.CredentialsArn != nil {
		if err := s.updateQuickIntegration(e, in); err != nil {
			return err
		}
	}
	if in.RouteKey == nil {
		return nil
	}
	list, err := entity.All(e.tx, &routes, e.id)
	if err != nil {
		return err
	}
	for _, route := range list {
		if aws.ToBool(route.ApiGatewayManaged) {
			route.RouteKey = in.RouteKey
			if err := checkRoute(e, &route); err != nil {
				return err
			}
			return routes.Put(e.tx, e.id, *route.RouteId, entity.Document(route))
		}
	}
	return notQuick
}

var notQuick = badRequest("target, routeKey and credentialsArn can only be updated for an API that was made by quick create")

func (s *Service) updateQuickIntegration(e *edit, in *apigatewayv2.UpdateApiInput) error {
	list, err := entity.All(e.tx, &integrations, e.id)
	if err != nil {
		return err
	}
	for _, old := range list {
		if !aws.ToBool(old.ApiGatewayManaged) {
			continue
		}
		target, credentials := old.IntegrationUri, old.CredentialsArn
		set(&target, in.Target)
		setText(&credentials, in.CredentialsArn)
		updated := quickIntegration(target, credentials)
		updated.IntegrationId, updated.ApiGatewayManaged = old.IntegrationId, old.ApiGatewayManaged
		fillIntegration(&updated)
		if err := checkIntegration(&updated); err != nil {
			return err
		}
		return integrations.Put(e.tx, e.id, *old.IntegrationId, entity.Document(updated))
	}
	return notQuick
}
