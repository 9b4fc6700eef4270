package apigateway

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/poolgate/poolgate/internal/openapi"
	"github.com/poolgate/poolgate/internal/store"
	"github.com/poolgate/poolgate/internal/wire"
)

var badExportType = badRequest("Invalid export type specified. Valid options are oas30,swagger")

// exportFormats are the media types an export can be asked for. A client that asks for nothing gets JSON.
var exportFormats = map[string]openapi.Format{
	"": openapi.JSON, "*/*": openapi.JSON, "application/json": openapi.JSON, "application/yaml": openapi.YAML,
}

// GetExport writes what a stage serves as an OpenAPI document: the API as it was deployed, not as it is edited.
func (s *Service) GetExport(ctx context.Context, in *apigateway.GetExportInput) (*apigateway.GetExportOutput, error) {
	kind, accepts := aws.ToString(in.ExportType), aws.ToString(in.Accepts)
	if kind != "oas30" && kind != "swagger" {
		return nil, badExportType
	}
	format, known := exportFormats[accepts]
	if !known {
		return nil, badRequest("Invalid content type specified: %s. Valid options are application/json,application/yaml", accepts)
	}
	options := openapi.WriteOptions{
		Format: format, Swagger: kind == "swagger", Stage: aws.ToString(in.StageName), Extensions: extensions(in.Parameters["extensions"]),
	}
	var def *openapi.Definition
	var made *time.Time
	err := s.look(ctx, in.RestApiId, noAPI(wire.CallFrom(ctx), in.RestApiId), func(e *edit) error {
		stage, err := get(e.tx, &stages, e.id, in.StageName, noStage)
		if err != nil {
			return err
		}
		id := stage.Value.DeploymentId
		deployment, err := get(e.tx, &deployments, e.id, id, noDeployment)
		if err != nil {
			return err
		}
		snapshot, err := get(e.tx, &snapshots, e.id, id, noDeployment)
		if err != nil {
			return err
		}
		made = deployment.Value.CreatedDate
		def = define(snapshot)
		return publishDocumentation(e, stage.Value.DocumentationVersion, def, &options)
	})
	if err != nil {
		return nil, err
	}
	call := wire.CallFrom(ctx)
	options.Host = fmt.Sprintf("%s.execute-api.%s.amazonaws.com", aws.ToString(in.RestApiId), call.Region)
	options.Version = made.UTC().Format(time.RFC3339)
	body, err := openapi.Write(def, options)
	if err != nil {
		return nil, err
	}
	ending, contentType := "json", "application/json"
	if format == openapi.YAML {
		ending, contentType = "yaml", "application/yaml"
	}
	name := fmt.Sprintf("%s_%s.%s", kind, made.UTC().Format("2006-01-02_15-04-05Z"), ending)
	return &apigateway.GetExportOutput{
		Body: body, ContentType: &contentType, ContentDisposition: aws.String(`attachment; filename="` + name + `"`),
	}, nil
}

// extensions reads the parameter that names which extensions to write, several by commas.
func extensions(names string) openapi.Extensions {
	var wanted openapi.Extensions
	for name := range strings.SplitSeq(names, ",") {
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "apigateway":
			wanted.All = true
		case "integrations":
			wanted.Integrations = true
		case "authorizers":
			wanted.Authorizers = true
		case "validators":
			wanted.Validators = true
		case "documentation":
			wanted.Documentation = true
		}
	}
	return wanted
}

// publishDocumentation adds the documentation parts of the version that the stage publishes.
func publishDocumentation(e *edit, version *string, def *openapi.Definition, options *openapi.WriteOptions) error {
	if aws.ToString(version) == "" {
		return nil
	}
	published, err := documentationVersions.Get(e.tx, e.id, *version)
	if errors.Is(err, store.ErrNotFound) {
		return nil // a stage may name a version that was never made: it publishes nothing
	}
	if err != nil {
		return err
	}
	def.DocumentationVersion = *version
	options.Documented = published.Version.Value.CreatedDate.UTC().Format(time.RFC3339)
	for _, part := range published.Parts {
		def.Documentation = append(def.Documentation, part.Value)
	}
	return nil
}

// define is a snapshot without its ids: what is inside names its like by path and name.
func define(snapshot *Snapshot) *openapi.Definition {
	def := &openapi.Definition{API: snapshot.API.Value, Methods: make(map[string]map[string]types.Method, len(snapshot.Resources))}
	if def.API.Policy != nil {
		def.API.Policy = aws.String(PolicyText(def.API.Policy))
	}
	authorizerNames := map[string]string{}
	for _, d := range snapshot.Authorizers {
		authorizerNames[*d.Value.Id] = aws.ToString(d.Value.Name)
		def.Authorizers = append(def.Authorizers, d.Value)
	}
	validatorNames, taken := map[string]string{}, map[string]bool{}
	for _, d := range snapshot.Validators {
		validator := d.Value
		name := aws.ToString(validator.Name)
		if name == "" || taken[name] { // names need not be unique here, but are in a document
			name += *validator.Id
		}
		taken[name], validatorNames[*validator.Id] = true, name
		validator.Name = &name
		def.Validators = append(def.Validators, validator)
	}
	for _, d := range snapshot.Models {
		def.Models = append(def.Models, d.Value)
	}
	for _, d := range snapshot.GatewayResponses {
		def.GatewayResponses = append(def.GatewayResponses, d.Value)
	}
	leaves := leafPaths(snapshot)
	for _, d := range snapshot.Resources {
		resource := d.Value
		if len(resource.ResourceMethods) == 0 && !leaves[*resource.Id] {
			continue // the paths below bring it back
		}
		methods := make(map[string]types.Method, len(resource.ResourceMethods))
		for verb, method := range resource.ResourceMethods {
			methods[verb] = defineMethod(method, *resource.Id, authorizerNames, validatorNames)
		}
		def.Methods[*resource.Path] = methods
	}
	return def
}

// leafPaths are the resources that have none below them, the root apart.
func leafPaths(snapshot *Snapshot) map[string]bool {
	leaves := make(map[string]bool, len(snapshot.Resources))
	for _, d := range snapshot.Resources {
		leaves[*d.Value.Id] = d.Value.ParentId != nil
	}
	for _, d := range snapshot.Resources {
		if d.Value.ParentId != nil {
			leaves[*d.Value.ParentId] = false
		}
	}
	return leaves
}

func defineMethod(m types.Method, resourceID string, authorizerNames, validatorNames map[string]string) types.Method {
	if m.AuthorizerId != nil {
		m.AuthorizerId = aws.String(authorizerNames[*m.AuthorizerId])
	}
	if m.RequestValidatorId != nil {
		m.RequestValidatorId = aws.String(validatorNames[*m.RequestValidatorId])
	}
	if m.MethodIntegration == nil {
		return m
	}
	integration := *m.MethodIntegration
	if aws.ToString(integration.CacheNamespace) == resourceID {
		integration.CacheNamespace = nil
	}
	if integration.TimeoutInMillis == defaultTimeoutMillis {
		integration.TimeoutInMillis = 0
	}
	m.MethodIntegration = &integration
	return m
}
