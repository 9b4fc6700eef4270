package apigatewayv2

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"

	"github.com/poolgate/poolgate/internal/openapi"
)

const (
	// importTimeout is how long an import may take: it is one transaction, whatever the document holds.
	importTimeout = time.Minute
	// mostImported and mostAuthorizers bound what one document may store, as no other call can write while it does. AWS's
	// own quotas (300 routes, 10 authorizers) can be raised by request.
	mostImported    = 10_000
	mostAuthorizers = 100
)

var badDocument = badRequest("Unable to parse the OpenAPI document: HTTP APIs are imported from OpenAPI 3.0 in JSON or YAML")

// ImportApi makes an API of an OpenAPI document.
func (s *Service) ImportApi(ctx context.Context, in *apigatewayv2.ImportApiInput) (*apigatewayv2.ImportApiOutput, error) { //nolint:revive // AWS names the operation
	def, err := readDefinition(in.Body, in.Basepath, in.FailOnWarnings)
	if err != nil {
		return nil, err
	}
	api, err := newAPI(&apigatewayv2.CreateApiInput{
		Name: def.API.Name, ProtocolType: types.ProtocolTypeHttp, Description: def.API.Description, Version: def.API.Version,
		CorsConfiguration: def.API.CorsConfiguration, DisableExecuteApiEndpoint: def.API.DisableExecuteApiEndpoint,
		IpAddressType: def.API.IpAddressType, Tags: def.API.Tags,
	})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, importTimeout)
	defer cancel()
	stored, err := s.insertAPI(ctx, api, func(e *edit) error { return s.load(e, def) })
	if err != nil {
		return nil, err
	}
	shown := s.shown(stored)
	shown.Warnings = def.Warnings
	return answer[apigatewayv2.ImportApiOutput](shown), nil
}

// ReimportApi replaces what an API is by an OpenAPI document: its routes, integrations, authorizers and its own settings.
// Its id, tags, stages and deployments stay; routes keep their ids by their keys, authorizers by their names.
func (s *Service) ReimportApi(ctx context.Context, in *apigatewayv2.ReimportApiInput) (*apigatewayv2.ReimportApiOutput, error) { //nolint:revive // AWS names the operation
	def, err := readDefinition(in.Body, in.Basepath, in.FailOnWarnings)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, importTimeout)
	defer cancel()
	var shown types.Api
	err = s.change(ctx, in.ApiId, func(e *edit) error {
		api := &e.api.API.Value
		set(&api.Name, def.API.Name)
		api.Description, api.Version, api.CorsConfiguration = def.API.Description, def.API.Version, def.API.CorsConfiguration
		api.DisableExecuteApiEndpoint = aws.Bool(aws.ToBool(def.API.DisableExecuteApiEndpoint))
		setWord(&api.IpAddressType, def.API.IpAddressType)
		for name, value := range def.API.Tags {
			if api.Tags == nil {
				api.Tags = make(map[string]string, len(def.API.Tags))
			}
			api.Tags[name] = value
		}
		if err := checkAPI(api); err != nil {
			return err
		}
		shown = s.shown(e.api)
		return s.load(e, def)
	})
	if err != nil {
		return nil, err
	}
	shown.Warnings = def.Warnings
	return answer[apigatewayv2.ReimportApiOutput](shown), nil
}

// readDefinition reads a document as the parameters of an import ask, and refuses one with problems or, if asked to,
// with warnings.
func readDefinition(body, base *string, failOnWarnings *bool) (*openapi.HTTPDefinition, error) {
	basePath := openapi.BasePath(strings.ToLower(aws.ToString(base)))
	switch basePath {
	case "", openapi.IgnoreBasePath, openapi.PrependBasePath, openapi.SplitBasePath:
	default:
		return nil, badRequest("Invalid basepath parameter specified. Valid options are ignore,prepend,split")
	}
	def, err := openapi.ParseHTTP([]byte(aws.ToString(body)), openapi.ReadOptions{BasePath: basePath})
	if err != nil {
		return nil, badDocument.Because(err)
	}
	if kind := def.API.IpAddressType; kind != "" && !slices.Contains(kind.Values(), kind) {
		return nil, badRequest("ipAddressType must be either ipv4 or dualstack.")
	}
	if err := importErrors(def.Problems); err != nil {
		return nil, err
	}
	if aws.ToBool(failOnWarnings) && len(def.Warnings) > 0 {
		return nil, badRequest("Warnings found during import:\n\t%s", strings.Join(def.Warnings, "\n\t"))
	}
	switch {
	case len(def.Routes) > mostImported:
		return nil, badRequest("A document of an HTTP API has at most %d routes", mostImported)
	case len(def.Authorizers) > mostAuthorizers:
		return nil, badRequest("A document of an HTTP API has at most %d authorizers", mostAuthorizers)
	}
	return def, nil
}

// importErrors tells all that an import found at once.
func importErrors(problems []string) error {
	if len(problems) == 0 {
		return nil
	}
	return badRequest("Errors found during import:\n\t%s", strings.Join(problems, "\n\t"))
}
