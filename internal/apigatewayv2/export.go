package apigatewayv2

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"

	"github.com/poolgate/poolgate/internal/entity"
	"github.com/poolgate/poolgate/internal/openapi"
)

// exportFormats are what an export can be asked for.
var exportFormats = map[string]openapi.Format{"JSON": openapi.JSON, "YAML": openapi.YAML}

// ExportApi writes an API as an OpenAPI document: as a stage serves it, or, when none is named, as it is edited now.
func (s *Service) ExportApi(ctx context.Context, in *apigatewayv2.ExportApiInput) (*apigatewayv2.ExportApiOutput, error) { //nolint:revive // AWS names the operation
	format, known := exportFormats[aws.ToString(in.OutputType)]
	switch {
	case aws.ToString(in.Specification) != "OAS30":
		return nil, badRequest("Invalid specification specified. Valid options are OAS30")
	case !known:
		return nil, badRequest("Invalid output type specified. Valid options are JSON,YAML")
	case in.ExportVersion != nil && *in.ExportVersion != "1.0":
		return nil, badRequest("Invalid export version specified. Valid options are 1.0")
	}
	options := openapi.HTTPWriteOptions{Format: format, Extensions: in.IncludeExtensions == nil || *in.IncludeExtensions}
	var snapshot *Snapshot
	err := s.look(ctx, in.ApiId, func(e *edit) (err error) {
		options.Server = s.endpoint(e.id, e.api.Region)
		options.Version = e.api.API.Value.CreatedDate.UTC().Format(time.RFC3339)
		if in.StageName == nil {
			snapshot, err = takeSnapshot(e.tx, e.id, e.api)
			return err
		}
		if *in.StageName != DefaultStage {
			options.Stage = *in.StageName
		}
		stage, err := entity.Get(e.tx, &stages, e.id, in.StageName, noStage)
		if err != nil {
			return err
		}
		snapshot, err = entity.Get(e.tx, &snapshots, e.id, stage.Value.DeploymentId, noDeployment)
		return err
	})
	if err != nil {
		return nil, err
	}
	body, err := openapi.WriteHTTP(define(snapshot), options)
	if err != nil {
		return nil, err
	}
	return &apigatewayv2.ExportApiOutput{Body: body}, nil
}

// define makes of a snapshot what a document says: parts that name each other by name and not by id.
func define(snapshot *Snapshot) *openapi.HTTPDefinition {
	def := &openapi.HTTPDefinition{API: snapshot.API.Value}
	names := make(map[string]*string, len(snapshot.Authorizers))
	for _, a := range snapshot.Authorizers {
		names[*a.Value.AuthorizerId] = a.Value.Name
		def.Authorizers = append(def.Authorizers, a.Value)
	}
	slices.SortFunc(def.Authorizers, func(a, b types.Authorizer) int { return strings.Compare(*a.Name, *b.Name) })
	byID := make(map[string]*types.Integration, len(snapshot.Integrations))
	for i := range snapshot.Integrations {
		byID[*snapshot.Integrations[i].Value.IntegrationId] = &snapshot.Integrations[i].Value
	}
	for _, r := range snapshot.Routes {
		route := openapi.HTTPRoute{Route: r.Value, Integration: byID[strings.TrimPrefix(aws.ToString(r.Value.Target), targetPrefix)]}
		if id := aws.ToString(route.Route.AuthorizerId); id != "" {
			route.Route.AuthorizerId = names[id]
		}
		def.Routes = append(def.Routes, route)
	}
	return def
}
