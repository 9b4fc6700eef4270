package apigateway

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/openapi"
	"github.com/poolgate/poolgate/internal/store"
	"github.com/poolgate/poolgate/internal/wire"
)

// badDocument is how a body that is no OpenAPI document is refused (recorded section 8).
var badDocument = badRequest("Invalid OpenAPI input.")

// importTimeout is longer than the store's own: 10,000 paths are tens of thousands of documents in one transaction, which take a second
// on a machine that does nothing else.
const importTimeout = time.Minute

// ImportRestApi makes an API of an OpenAPI document, whole or not at all.
func (s *Service) ImportRestApi(ctx context.Context, in *apigateway.ImportRestApiInput) (*apigateway.ImportRestApiOutput, error) { //nolint:revive // AWS names the operation
	def, err := readDefinition(in.Body, in.Parameters, in.FailOnWarnings)
	if err != nil {
		return nil, err
	}
	if def.API.Name == nil {
		return nil, badDocument.Becausef("the document has no title")
	}
	api, err := newAPI(apiInput(def.API))
	if err != nil {
		return nil, err
	}
	id, err := s.apiID(def.API.Tags)
	if err != nil {
		return nil, err
	}
	rootID, err := s.newID(rootIDLength)
	if err != nil {
		return nil, err
	}
	call := wire.CallFrom(ctx)
	ctx, cancel := context.WithTimeout(ctx, importTimeout)
	defer cancel()
	api.Id, api.RootResourceId, api.CreatedDate = &id, &rootID, s.now()
	err = s.store.Update(ctx, func(tx *store.Tx) error {
		stored := &restAPI{Account: call.Account, Region: call.Region, Revision: 1, API: wire.Document[types.RestApi]{Value: *api}}
		if err := restAPIs.Insert(tx, apiScope, id, stored); err != nil {
			if errors.Is(err, store.ErrExists) {
				return conflict("REST API with id %s already exists", id).Because(err)
			}
			return err
		}
		root := types.Resource{Id: &rootID, Path: aws.String("/")}
		if err := resources.Insert(tx, id, rootID, document(root)); err != nil {
			return err
		}
		return s.load(&edit{tx: tx, call: call, id: id, api: stored}, def)
	})
	if err != nil {
		return nil, err
	}
	out := answer[apigateway.ImportRestApiOutput](*api)
	out.Warnings = def.Warnings
	return out, nil
}

// PutRestApi changes an API by an OpenAPI document: merge puts what the document says beside or over what is there,
// overwrite leaves nothing else. Stages serve what they served until the next deployment.
func (s *Service) PutRestApi(ctx context.Context, in *apigateway.PutRestApiInput) (*apigateway.PutRestApiOutput, error) { //nolint:revive // AWS names the operation
	def, err := readDefinition(in.Body, in.Parameters, in.FailOnWarnings)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, importTimeout)
	defer cancel()
	overwrite := in.Mode == types.PutModeOverwrite
	var api types.RestApi
	err = s.change(ctx, in.RestApiId, noAPI(wire.CallFrom(ctx), in.RestApiId), func(e *edit) error {
		if err := putAPI(&e.api.API.Value, def.API, overwrite); err != nil {
			return err
		}
		api = withTags(e.api.API.Value)
		if overwrite {
			if err := clearDefinition(e); err != nil {
				return err
			}
		}
		return s.load(e, def)
	})
	if err != nil {
		return nil, err
	}
	out := answer[apigateway.PutRestApiOutput](api)
	out.Warnings = def.Warnings
	return out, nil
}

// readDefinition reads a document as the parameters of an import ask, and refuses one with problems or, if asked to,
// with warnings.
func readDefinition(body []byte, parameters map[string]string, failOnWarnings bool) (*openapi.Definition, error) {
	basePath := openapi.BasePath(strings.ToLower(parameters["basepath"]))
	switch basePath {
	case "", openapi.IgnoreBasePath, openapi.PrependBasePath, openapi.SplitBasePath:
	default:
		return nil, badRequest("Invalid basepath parameter specified. Valid options are ignore,prepend,split")
	}
	def, err := openapi.Parse(body, openapi.ReadOptions{
		BasePath: basePath, IgnoreDocumentation: parameters["ignore"] == "documentation",
	})
	if err != nil {
		return nil, badDocument.Because(err)
	}
	if kinds := parameters["endpointConfigurationTypes"]; kinds != "" {
		if def.API.EndpointConfiguration == nil {
			def.API.EndpointConfiguration = &types.EndpointConfiguration{}
		}
		def.API.EndpointConfiguration.Types = nil
		for kind := range strings.SplitSeq(kinds, ",") {
			def.API.EndpointConfiguration.Types = append(def.API.EndpointConfiguration.Types, types.EndpointType(strings.ToUpper(strings.TrimSpace(kind))))
		}
	}
	if err := importErrors(def.Problems); err != nil {
		return nil, err
	}
	if failOnWarnings && len(def.Warnings) > 0 {
		return nil, badRequest("Warnings found during import:\n\t%s", strings.Join(def.Warnings, "\n\t"))
	}
	return def, checkWords(def.API)
}

// importErrors tells all that an import found at once (seen in reports of deployments that failed).
func importErrors(problems []string) error {
	if len(problems) == 0 {
		return nil
	}
	return badRequest("Errors found during import:\n\t%s", strings.Join(problems, "\n\t"))
}

// checkWords checks the words that the wire checks of CreateRestApi, and of a document nobody yet did.
func checkWords(api types.RestApi) error {
	err := errors.Join(
		oneOf("API key source", api.ApiKeySource), oneOf("security policy", api.SecurityPolicy),
		oneOf("endpoint access mode", api.EndpointAccessMode),
	)
	if endpoint := api.EndpointConfiguration; endpoint != nil {
		err = errors.Join(err, oneOf("ipAddressType", endpoint.IpAddressType))
		for _, kind := range endpoint.Types {
			err = errors.Join(err, oneOf("EndpointTypes", kind))
		}
	}
	var first *fault.Error
	if errors.As(err, &first) {
		return first
	}
	return err
}

func apiInput(api types.RestApi) *apigateway.CreateRestApiInput {
	return &apigateway.CreateRestApiInput{
		Name: api.Name, Description: api.Description, Version: api.Version, ApiKeySource: api.ApiKeySource,
		BinaryMediaTypes: api.BinaryMediaTypes, MinimumCompressionSize: api.MinimumCompressionSize, Policy: api.Policy,
		DisableExecuteApiEndpoint: api.DisableExecuteApiEndpoint, EndpointConfiguration: api.EndpointConfiguration,
		EndpointAccessMode: api.EndpointAccessMode, SecurityPolicy: api.SecurityPolicy, Tags: api.Tags,
	}
}

// putAPI changes the API itself. Its endpoint, its name and its tags stay unless the document says other ones.
func putAPI(api *types.RestApi, said types.RestApi, overwrite bool) error {
	checked, err := newAPI(apiInput(said))
	if err != nil {
		return err
	}
	if overwrite {
		api.Description, api.Version, api.Policy, api.ApiKeySource = checked.Description, checked.Version, checked.Policy, checked.ApiKeySource
		api.BinaryMediaTypes, api.MinimumCompressionSize = checked.BinaryMediaTypes, checked.MinimumCompressionSize
	}
	put(&api.Name, said.Name)
	put(&api.Description, said.Description)
	put(&api.Version, said.Version)
	put(&api.Policy, checked.Policy)
	put(&api.MinimumCompressionSize, said.MinimumCompressionSize)
	putWord(&api.ApiKeySource, said.ApiKeySource)
	putWord(&api.SecurityPolicy, said.SecurityPolicy)
	putWord(&api.EndpointAccessMode, said.EndpointAccessMode)
	for _, kind := range said.BinaryMediaTypes {
		if !slices.Contains(api.BinaryMediaTypes, kind) {
			api.BinaryMediaTypes = append(api.BinaryMediaTypes, kind)
		}
	}
	api.DisableExecuteApiEndpoint = api.DisableExecuteApiEndpoint || said.DisableExecuteApiEndpoint
	if endpoint := said.EndpointConfiguration; endpoint != nil {
		own := endpointOf(api)
		if endpoint.Types != nil {
			own.Types, own.IpAddressType = checked.EndpointConfiguration.Types, checked.EndpointConfiguration.IpAddressType
		}
		putWord(&own.IpAddressType, endpoint.IpAddressType)
		if endpoint.VpcEndpointIds != nil {
			own.VpcEndpointIds = endpoint.VpcEndpointIds
		}
	}
	if len(said.Tags) > 0 {
		tags := maps.Clone(api.Tags)
		if tags == nil {
			tags = make(map[string]string, len(said.Tags))
		}
		maps.Copy(tags, said.Tags)
		api.Tags = tags
	}
	return nil
}

func put[T any](member **T, said *T) {
	if said != nil {
		*member = said
	}
}

func putWord[W ~string](member *W, said W) {
	if said != "" {
		*member = said
	}
}

// clearDefinition deletes what an overwriting document replaces: all that is inside the API but its root, its deployments
// and its stages.
func clearDefinition(e *edit) error {
	for _, deleteScope := range []func(*store.Tx, string) (int, error){
		resources.DeleteScope, authorizers.DeleteScope, models.DeleteScope, validators.DeleteScope,
		gatewayResponses.DeleteScope, documentationParts.DeleteScope,
	} {
		if _, err := deleteScope(e.tx, e.id); err != nil {
			return err
		}
	}
	root := e.api.API.Value.RootResourceId
	return resources.Insert(e.tx, e.id, *root, document(types.Resource{Id: root, Path: aws.String("/")}))
}
