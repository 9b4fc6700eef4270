package apigateway

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/poolgate/poolgate/internal/openapi"
	"github.com/poolgate/poolgate/internal/wire"
)

// Deployed makes a snapshot of a stage's export, for whoever can read an API and not its store. What has the path or the name of
// something in live gets its id; what is no longer there gets one that follows from the path or the name.
//
// An export leaves out what an OpenAPI document has no place for: a model's content type, an empty map, a default. So live is
// exported here too, and what comes out of both documents alike is taken from live as it is. live may be nil. The error is
// openapi.ErrInvalid for what is no document at all.
func Deployed(live *Snapshot, export []byte) (*Snapshot, error) {
	def, err := openapi.Parse(export, openapi.ReadOptions{BasePath: openapi.IgnoreBasePath, IgnoreDocumentation: true})
	if err != nil {
		return nil, err
	}
	if live == nil {
		return newAssembly(&Snapshot{}).assemble(def), nil
	}
	assembled := newAssembly(live).assemble(def)
	assembled.Account, assembled.Region = live.Account, live.Region
	mirror, err := mirrored(live)
	if err != nil {
		return assembled, nil //nolint:nilerr // live cannot be written as a document: nothing is taken from it
	}
	preferLive(assembled, mirror, live)
	return assembled, nil
}

// mirrored is what live would look like had it been exported.
func mirrored(live *Snapshot) (*Snapshot, error) {
	document, err := openapi.Write(define(live), openapi.WriteOptions{Extensions: openapi.Extensions{All: true}, Format: openapi.JSON})
	if err != nil {
		return nil, err
	}
	def, err := openapi.Parse(document, openapi.ReadOptions{BasePath: openapi.IgnoreBasePath, IgnoreDocumentation: true})
	if err != nil {
		return nil, err
	}
	return newAssembly(live).assemble(def), nil
}

// assembly makes a snapshot of a definition, with the ids of a live one.
type assembly struct {
	live *Snapshot
	// resourceIDs are by path, the others by name.
	resourceIDs, authorizerIDs, validatorIDs, modelIDs map[string]string
}

func newAssembly(live *Snapshot) *assembly {
	a := &assembly{
		live: live, resourceIDs: map[string]string{}, authorizerIDs: map[string]string{}, validatorIDs: map[string]string{}, modelIDs: map[string]string{},
	}
	for _, d := range live.Resources {
		a.resourceIDs[aws.ToString(d.Value.Path)] = aws.ToString(d.Value.Id)
	}
	for _, d := range live.Authorizers {
		a.authorizerIDs[aws.ToString(d.Value.Name)] = aws.ToString(d.Value.Id)
	}
	for _, d := range live.Validators {
		// An export tells validators of one name apart by their ids behind it.
		name, id := aws.ToString(d.Value.Name), aws.ToString(d.Value.Id)
		if _, taken := a.validatorIDs[name]; taken || name == "" {
			name += id
		}
		a.validatorIDs[name] = id
	}
	for _, d := range live.Models {
		a.modelIDs[aws.ToString(d.Value.Name)] = aws.ToString(d.Value.Id)
	}
	return a
}

// idFor is the id of what has that name, or one that follows from it.
func idFor(ids map[string]string, kind, name string) string {
	if id := ids[name]; id != "" {
		return id
	}
	return fmt.Sprintf("%x", sha256.Sum256([]byte(kind+"\x00"+name)))[:entityIDLength]
}

func (a *assembly) assemble(def *openapi.Definition) *Snapshot {
	s := &Snapshot{API: wire.Document[types.RestApi]{Value: a.api(def.API)}}
	for _, authorizer := range def.Authorizers {
		authorizer.Id = aws.String(idFor(a.authorizerIDs, "authorizer", *authorizer.Name))
		s.Authorizers = append(s.Authorizers, wire.Document[types.Authorizer]{Value: authorizer})
	}
	for _, validator := range def.Validators {
		validator.Id = aws.String(idFor(a.validatorIDs, "validator", *validator.Name))
		s.Validators = append(s.Validators, wire.Document[types.RequestValidator]{Value: validator})
	}
	for _, model := range def.Models {
		model.Id = aws.String(idFor(a.modelIDs, "model", *model.Name))
		model.Schema = aws.String(openapi.BoundSchema(aws.ToString(model.Schema), aws.ToString(s.API.Value.Id)))
		s.Models = append(s.Models, wire.Document[types.Model]{Value: model})
	}
	for _, said := range def.GatewayResponses {
		s.GatewayResponses = append(s.GatewayResponses, wire.Document[types.GatewayResponse]{Value: statedResponse(said)})
	}
	a.resources(def, s)
	slices.SortFunc(s.Authorizers, func(x, y wire.Document[types.Authorizer]) int { return strings.Compare(*x.Value.Id, *y.Value.Id) })
	slices.SortFunc(s.Validators, func(x, y wire.Document[types.RequestValidator]) int { return strings.Compare(*x.Value.Id, *y.Value.Id) })
	slices.SortFunc(s.Models, func(x, y wire.Document[types.Model]) int { return strings.Compare(*x.Value.Name, *y.Value.Name) })
	slices.SortFunc(s.GatewayResponses, func(x, y wire.Document[types.GatewayResponse]) int {
		return strings.Compare(string(x.Value.ResponseType), string(y.Value.ResponseType))
	})
	return s
}

// api is the API as it was deployed: what no document says of it cannot be edited, but its tags and its name, which act at once.
func (a *assembly) api(said types.RestApi) types.RestApi {
	api := a.live.API.Value
	api.Name, api.Description = said.Name, said.Description
	api.ApiKeySource = cmp.Or(said.ApiKeySource, types.ApiKeySourceTypeHeader)
	api.BinaryMediaTypes, api.MinimumCompressionSize = said.BinaryMediaTypes, said.MinimumCompressionSize
	api.DisableExecuteApiEndpoint = said.DisableExecuteApiEndpoint
	api.Policy = nil
	if said.Policy != nil {
		api.Policy = aws.String(policyEscapes.Replace(*said.Policy))
	}
	if said.EndpointConfiguration != nil || api.EndpointConfiguration == nil {
		api.EndpointConfiguration = said.EndpointConfiguration
	}
	return api
}

// statedResponse is a gateway response with the defaults of what the document does not say.
func statedResponse(said types.GatewayResponse) types.GatewayResponse {
	response := builtinResponse(said.ResponseType)
	response.DefaultResponse = false
	put(&response.StatusCode, said.StatusCode)
	if said.ResponseParameters != nil {
		response.ResponseParameters = said.ResponseParameters
	}
	if said.ResponseTemplates != nil {
		response.ResponseTemplates = said.ResponseTemplates
	}
	return response
}

// resources makes the resources of the definition's paths and those above them, in the order of their paths.
func (a *assembly) resources(def *openapi.Definition, s *Snapshot) {
	byPath := map[string]types.Resource{}
	for path, methods := range def.Methods {
		a.ancestors(byPath, path)
		resource := byPath[path]
		for verb, method := range methods {
			if resource.ResourceMethods == nil {
				resource.ResourceMethods = make(map[string]types.Method, len(methods))
			}
			resource.ResourceMethods[verb] = a.method(*resource.Id, method)
		}
		byPath[path] = resource
	}
	a.ancestors(byPath, "/")
	for _, path := range slices.Sorted(maps.Keys(byPath)) {
		s.Resources = append(s.Resources, wire.Document[types.Resource]{Value: byPath[path]})
	}
}

// ancestors adds the resource of a path and all above it. openapi bounds how long a path is.
func (a *assembly) ancestors(byPath map[string]types.Resource, path string) {
	for {
		if _, there := byPath[path]; there {
			return
		}
		resource := types.Resource{Id: aws.String(idFor(a.resourceIDs, "resource", path)), Path: aws.String(path)}
		if path == "/" {
			byPath[path] = resource
			return
		}
		parent := parentPath(path)
		resource.ParentId = aws.String(idFor(a.resourceIDs, "resource", parent))
		resource.PathPart = aws.String(path[strings.LastIndexByte(path, '/')+1:])
		byPath[path] = resource
		path = parent
	}
}

func (a *assembly) method(resourceID string, m types.Method) types.Method {
	if m.AuthorizerId != nil {
		m.AuthorizerId = aws.String(idFor(a.authorizerIDs, "authorizer", *m.AuthorizerId))
	}
	if m.RequestValidatorId != nil {
		m.RequestValidatorId = aws.String(idFor(a.validatorIDs, "validator", *m.RequestValidatorId))
	}
	if m.MethodIntegration != nil {
		m.MethodIntegration = importedIntegration(resourceID, m.MethodIntegration)
	}
	return m
}

// preferLive replaces each part that live would have been exported as by live's own.
func preferLive(s, mirror, live *Snapshot) {
	if reflect.DeepEqual(s.API, mirror.API) {
		s.API = live.API
	}
	prefer(s.Authorizers, mirror.Authorizers, live.Authorizers, func(a types.Authorizer) string { return *a.Id })
	prefer(s.Validators, mirror.Validators, live.Validators, func(v types.RequestValidator) string { return *v.Id })
	prefer(s.Models, mirror.Models, live.Models, func(m types.Model) string { return *m.Name })
	prefer(s.GatewayResponses, mirror.GatewayResponses, live.GatewayResponses, func(r types.GatewayResponse) string { return string(r.ResponseType) })
	prefer(s.Resources, mirror.Resources, live.Resources, func(r types.Resource) string { return *r.Path })
	preferMethods(s.Resources, mirror.Resources, live.Resources)
}

func prefer[T any](list, mirror, live []wire.Document[T], key func(T) string) {
	mirrored, alive := keyed(mirror, key), keyed(live, key)
	for i := range list {
		name := key(list[i].Value)
		own, there := alive[name]
		if like, exported := mirrored[name]; there && exported && reflect.DeepEqual(list[i].Value, like) {
			list[i].Value = own
		}
	}
}

// preferMethods does the same with single methods, in resources of which others changed.
func preferMethods(list, mirror, live []wire.Document[types.Resource]) {
	path := func(r types.Resource) string { return *r.Path }
	mirrored, alive := keyed(mirror, path), keyed(live, path)
	for i := range list {
		methods := maps.Clone(list[i].Value.ResourceMethods)
		for verb, method := range methods {
			own, there := alive[path(list[i].Value)].ResourceMethods[verb]
			if there && reflect.DeepEqual(method, mirrored[path(list[i].Value)].ResourceMethods[verb]) {
				methods[verb] = own
			}
		}
		list[i].Value.ResourceMethods = methods
	}
}

func keyed[T any](list []wire.Document[T], key func(T) string) map[string]T {
	found := make(map[string]T, len(list))
	for _, d := range list {
		found[key(d.Value)] = d.Value
	}
	return found
}
