package apigateway

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/openapi"
	"github.com/poolgate/poolgate/internal/store"
)

const (
	// mostProblems is how many problems an import tells of.
	mostProblems = 100
	// mostResources and mostParts bound what one document may store, as no other call can write while it does. AWS's own
	// quotas are lower and can be raised by request.
	mostResources = 20_000
	mostParts     = 50_000
)

var (
	tooManyResources = fault.Limit("LimitExceededException", "Maximum number of resources for this API has been reached")
	tooManyModels    = fault.Limit("LimitExceededException", "Maximum number of models for this API has been reached")
	tooManyParts     = fault.Limit("LimitExceededException", "Maximum number of documentation parts for this API has been reached")
)

// loader puts a definition into an API, over what is there. Whatever is wrong is gathered, so that one answer tells all.
type loader struct {
	*Service
	*edit
	def      *openapi.Definition
	problems []string
	// authorizerIDs and validatorIDs are by name.
	authorizerIDs, validatorIDs map[string]string
	// taken are the ids in use: of 20,000 ids that AWS's length allows, two are alike once in ten times.
	taken map[string]bool
	// made counts the resources that are new.
	made int
	// documented are the ids of the documentation parts that were put.
	documented []string
}

// load stores a definition, or nothing of it: the fault it returns ends the transaction.
func (s *Service) load(e *edit, def *openapi.Definition) error {
	switch {
	case len(def.Methods) > mostResources:
		return tooManyResources
	case len(def.Models) > mostResources:
		return tooManyModels
	}
	l := &loader{Service: s, edit: e, def: def}
	for _, step := range []func() error{
		l.models, l.authorizers, l.validators, l.gatewayResponses, l.resources, l.documentation,
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return importErrors(l.problems)
}

// found gathers what is the document's fault; any other error ends the import. It tells whether there was none.
func (l *loader) found(err error, format string, args ...any) (fine bool, other error) {
	if err == nil {
		return true, nil
	}
	var f *fault.Error
	if !errors.As(err, &f) || f.Kind == fault.KindInternal {
		return false, err
	}
	if len(l.problems) < mostProblems {
		l.problems = append(l.problems, fmt.Sprintf(format, args...)+": "+f.Message)
	}
	return false, nil
}

func (l *loader) models() error {
	for _, model := range l.def.Models {
		model.Schema = aws.String(openapi.BoundSchema(aws.ToString(model.Schema), l.id))
		if fine, err := l.found(checkSchema(model), "Unable to create model for '%s'", *model.Name); err != nil {
			return err
		} else if !fine {
			continue
		}
		existing, err := models.Get(l.tx, l.id, *model.Name)
		switch {
		case err == nil:
			model.Id = existing.Value.Id
		case !errors.Is(err, store.ErrNotFound):
			return err
		default:
			id, err := l.freshID()
			if err != nil {
				return err
			}
			model.Id = &id
		}
		if err := models.Put(l.tx, l.id, *model.Name, document(model)); err != nil {
			return err
		}
	}
	return nil
}

func (l *loader) authorizers() error {
	existing, err := all(l.tx, &authorizers, l.id)
	if err != nil {
		return err
	}
	l.authorizerIDs = namedIDs(l, existing, func(a types.Authorizer) (name, id *string) { return a.Name, a.Id })
	for _, authorizer := range l.def.Authorizers {
		id, err := l.idFor(l.authorizerIDs, *authorizer.Name)
		if err != nil {
			return err
		}
		authorizer.Id = &id
		err = oneOf("authorizer type", authorizer.Type)
		if authorizer.Type == "" {
			err = badRequest("Invalid authorizer type specified. Valid options are TOKEN,REQUEST,COGNITO_USER_POOLS")
		}
		if err == nil {
			err = checkAuthorizer(l.tx, l.id, &authorizer)
		}
		fine, err := l.found(err, "Unable to create authorizer '%s'", *authorizer.Name)
		if err != nil {
			return err
		}
		if fine {
			if err := authorizers.Put(l.tx, l.id, id, document(authorizer)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (l *loader) validators() error {
	existing, err := all(l.tx, &validators, l.id)
	if err != nil {
		return err
	}
	l.validatorIDs = namedIDs(l, existing, func(v types.RequestValidator) (name, id *string) { return v.Name, v.Id })
	for _, validator := range l.def.Validators {
		if strings.TrimSpace(*validator.Name) == "" {
			if _, err := l.found(blankValidatorName, "Unable to create request validator '%s'", *validator.Name); err != nil {
				return err
			}
			continue
		}
		id, err := l.idFor(l.validatorIDs, *validator.Name)
		if err != nil {
			return err
		}
		validator.Id = &id
		if err := validators.Put(l.tx, l.id, id, document(validator)); err != nil {
			return err
		}
	}
	return nil
}

func namedIDs[T any](l *loader, list []T, read func(T) (name, id *string)) map[string]string {
	ids := make(map[string]string, len(list))
	for _, item := range list {
		name, id := read(item)
		l.take(*id)
		if name != nil {
			ids[*name] = *id
		}
	}
	return ids
}

func (l *loader) take(id string) {
	if l.taken == nil {
		l.taken = map[string]bool{}
	}
	l.taken[id] = true
}

// freshID is an id that nothing the loader knows has.
func (l *loader) freshID() (string, error) {
	for {
		id, err := l.newID(entityIDLength)
		if err != nil || !l.taken[id] {
			l.take(id)
			return id, err
		}
	}
}

// idFor is the id of what has that name, a new one if nothing has.
func (l *loader) idFor(ids map[string]string, name string) (string, error) {
	if id, there := ids[name]; there {
		return id, nil
	}
	id, err := l.freshID()
	if err == nil {
		ids[name] = id
	}
	return id, err
}

func (l *loader) gatewayResponses() error {
	for _, said := range l.def.GatewayResponses {
		var err error
		if _, known := builtinStatus[said.ResponseType]; !known {
			err = badRequest("Invalid gateway response type specified")
		}
		response := builtinResponse(said.ResponseType)
		response.DefaultResponse = false
		put(&response.StatusCode, said.StatusCode)
		if said.ResponseParameters != nil {
			response.ResponseParameters = said.ResponseParameters
		}
		if said.ResponseTemplates != nil {
			response.ResponseTemplates = said.ResponseTemplates
		}
		if err == nil {
			err = checkGatewayResponse(response)
		}
		fine, err := l.found(err, "Unable to put gateway response '%s'", said.ResponseType)
		if err != nil {
			return err
		}
		if fine {
			if err := gatewayResponses.Put(l.tx, l.id, string(said.ResponseType), document(response)); err != nil {
				return err
			}
		}
	}
	return nil
}

// resources makes the resources of the paths, and their methods.
func (l *loader) resources() error {
	list, err := all(l.tx, &resources, l.id)
	if err != nil {
		return err
	}
	paths := pathTree{byPath: make(map[string]*types.Resource, len(list)), variable: map[string]string{}}
	for i := range list {
		l.take(*list[i].Id)
		paths.add(&list[i])
	}
	for _, path := range slices.Sorted(maps.Keys(l.def.Methods)) {
		resource, err := l.resource(&paths, path)
		if err != nil {
			return err
		}
		if resource == nil {
			continue
		}
		methods := l.def.Methods[path]
		for _, verb := range slices.Sorted(maps.Keys(methods)) {
			method, err := l.method(path, *resource.Id, methods[verb])
			if err != nil {
				return err
			}
			if resource.ResourceMethods == nil {
				resource.ResourceMethods = make(map[string]types.Method, len(methods))
			}
			resource.ResourceMethods[verb] = method
		}
		if err := resources.Put(l.tx, l.id, *resource.Id, document(*resource)); err != nil {
			return err
		}
	}
	return nil
}

// pathTree finds resources by path, and of each path the child that is a variable: an API may have 10,000.
type pathTree struct {
	byPath   map[string]*types.Resource
	variable map[string]string
}

func (t *pathTree) add(r *types.Resource) {
	t.byPath[*r.Path] = r
	if isVariable(r.PathPart) {
		t.variable[parentPath(*r.Path)] = *r.PathPart
	}
}

func parentPath(path string) string {
	if slash := strings.LastIndexByte(path, '/'); slash > 0 {
		return path[:slash]
	}
	return "/"
}

// resource finds or makes the resource of a path and those above it; nil when one of them cannot be.
func (l *loader) resource(t *pathTree, path string) (*types.Resource, error) {
	if r := t.byPath[path]; r != nil {
		return r, nil
	}
	parent, err := l.resource(t, parentPath(path))
	if parent == nil || err != nil {
		return nil, err
	}
	part := path[strings.LastIndexByte(path, '/')+1:]
	if fine, err := l.found(t.check(parent, part), "Unable to create resource at path '%s'", path); err != nil || !fine {
		return nil, err
	}
	if l.made++; l.made > mostResources {
		return nil, tooManyResources
	}
	id, err := l.freshID()
	if err != nil {
		return nil, err
	}
	made := &types.Resource{Id: &id, ParentId: parent.Id, PathPart: &part, Path: &path}
	t.add(made)
	return made, resources.Insert(l.tx, l.id, id, document(*made))
}

func (t *pathTree) check(parent *types.Resource, part string) error {
	switch sibling := t.variable[*parent.Path]; {
	case !pathPart.MatchString(part):
		return badRequest("Resource's path part only allow a-zA-Z0-9._-: or a valid greedy path variable and curly braces at the beginning and the end.")
	case isGreedy(parent.PathPart):
		return badRequest("Cannot create a child of a resource with a greedy path variable: %s", *parent.PathPart)
	case sibling != "" && isVariable(&part):
		return badRequest("A sibling (%s) of this resource already has a variable path part -- only one is allowed", sibling)
	}
	return nil
}

// method checks a method with all that is inside, in the order in which it would be put together by hand.
func (l *loader) method(path, resourceID string, m types.Method) (types.Method, error) {
	if m.AuthorizerId != nil {
		m.AuthorizerId = aws.String(l.authorizerIDs[*m.AuthorizerId])
	}
	if m.RequestValidatorId != nil {
		m.RequestValidatorId = aws.String(l.validatorIDs[*m.RequestValidatorId])
	}
	verb := *m.HttpMethod
	if _, err := l.found(checkMethod(l.edit, &m), "Unable to put method '%s' on resource at path '%s'", verb, path); err != nil {
		return m, err
	}
	for _, status := range slices.Sorted(maps.Keys(m.MethodResponses)) {
		err := checkMethodResponse(l.edit, m.MethodResponses[status])
		if _, err = l.found(err, "Unable to put method response '%s' on '%s' for resource at path '%s'", status, verb, path); err != nil {
			return m, err
		}
	}
	if m.MethodIntegration == nil {
		return m, nil
	}
	m.MethodIntegration = importedIntegration(resourceID, m.MethodIntegration)
	err := checkImportedIntegration(&m, m.MethodIntegration)
	if fine, err := l.found(err, "Unable to put integration on '%s' for resource at path '%s'", verb, path); err != nil || !fine {
		return m, err
	}
	for _, status := range slices.Sorted(maps.Keys(m.MethodIntegration.IntegrationResponses)) {
		response := m.MethodIntegration.IntegrationResponses[status]
		err := oneOf("content handling", response.ContentHandling)
		if err == nil {
			err = checkIntegrationResponse(&m, response)
		}
		if _, err = l.found(err, "Unable to put integration response on '%s' for resource at path '%s'", verb, path); err != nil {
			return m, err
		}
	}
	return m, nil
}

// importedIntegration fills in what PutIntegration fills in.
func importedIntegration(resourceID string, said *types.Integration) *types.Integration {
	in := &apigateway.PutIntegrationInput{
		ResourceId: &resourceID, Type: said.Type, IntegrationHttpMethod: said.HttpMethod, Uri: said.Uri, Credentials: said.Credentials,
		ConnectionType: said.ConnectionType, ConnectionId: said.ConnectionId, IntegrationTarget: said.IntegrationTarget,
		ContentHandling: said.ContentHandling, PassthroughBehavior: said.PassthroughBehavior, TlsConfig: said.TlsConfig,
		RequestParameters: said.RequestParameters, RequestTemplates: said.RequestTemplates, CacheNamespace: said.CacheNamespace,
		CacheKeyParameters: said.CacheKeyParameters, ResponseTransferMode: said.ResponseTransferMode,
	}
	if said.TimeoutInMillis != 0 {
		in.TimeoutInMillis = &said.TimeoutInMillis
	}
	integration := newIntegration(in)
	integration.IntegrationResponses = said.IntegrationResponses
	return integration
}

func checkImportedIntegration(m *types.Method, i *types.Integration) error {
	if i.Type == "" {
		return badRequest("Enumeration value for Type must be non-empty")
	}
	for _, err := range []error{
		oneOf("integration type", i.Type), oneOf("content handling", i.ContentHandling), oneOf("connection type", i.ConnectionType),
		oneOf("response transfer mode", i.ResponseTransferMode),
	} {
		if err != nil {
			return err
		}
	}
	return checkIntegration(m, i)
}
