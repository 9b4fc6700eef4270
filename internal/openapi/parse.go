package openapi

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
)

// mostHops bounds a chain of references.
const mostHops = 32

// mostWarnings is how many warnings are told of one document; a document of 10,000 paths could have as many.
const mostWarnings = 500

// reader makes a Definition of one document.
type reader struct {
	ReadOptions
	root *object
	// swagger is a document of version 2.0.
	swagger  bool
	schemes  map[string]scheme
	security []any
	// validator is the document's default request validator.
	validator *string
	// documented is a document that lists its documentation parts: descriptions are not read as parts then.
	documented bool
	// named are the schemas that have a name.
	named map[string]bool
	// inline are the names of models made of schemas that have none, by their text.
	inline map[string]string
	def    *Definition
}

// Parse reads a document. The error is ErrInvalid for what is no OpenAPI document at all; what is wrong inside of one are
// the definition's Problems.
func Parse(body []byte, options ReadOptions) (*Definition, error) {
	root, err := readTree(body)
	if err != nil {
		return nil, err
	}
	r := &reader{ReadOptions: options, root: root, inline: map[string]string{}, def: &Definition{Methods: map[string]map[string]types.Method{}}}
	switch {
	case root.text("swagger") == "2.0":
		r.swagger = true
	case strings.HasPrefix(root.text("openapi"), "3."):
	default:
		return nil, fmt.Errorf("%w: neither swagger 2.0 nor openapi 3", ErrInvalid)
	}
	for _, section := range []string{"info", "paths", "components", "definitions", "securityDefinitions", "parameters", "responses"} {
		if value := root.get(section); value != nil && root.object(section) == nil {
			return nil, fmt.Errorf("%w: %s is no object", ErrInvalid, section)
		}
	}
	if root.object("paths") == nil && root.object("components") == nil && root.object("webhooks") == nil {
		return nil, fmt.Errorf("%w: no paths", ErrInvalid)
	}
	r.documentation()
	r.api()
	r.models()
	r.validators()
	r.securitySchemes()
	r.gatewayResponses()
	r.paths()
	return r.def, nil
}

func (r *reader) warn(format string, args ...any) {
	if len(r.def.Warnings) < mostWarnings {
		r.def.Warnings = append(r.def.Warnings, fmt.Sprintf(format, args...))
	}
}

func (r *reader) problem(format string, args ...any) {
	if len(r.def.Problems) < mostWarnings {
		r.def.Problems = append(r.def.Problems, fmt.Sprintf(format, args...))
	}
}

// section is a map of reusable parts, which the two versions keep in different places.
func (r *reader) section(swagger, components string) *object {
	if r.swagger {
		return r.root.object(swagger)
	}
	return r.root.object("components").object(components)
}

// resolve returns the object that a value is or refers to within the document; nil when there is none.
func (r *reader) resolve(value any) *object {
	for range mostHops {
		o, _ := value.(*object)
		ref, refers := o.get("$ref").(string)
		if !refers {
			return o
		}
		pointer, local := strings.CutPrefix(ref, "#")
		if !local {
			r.warn("Unable to resolve reference %s: only references within the document are supported", ref)
			return nil
		}
		if value = lookup(r.root, pointer); value == nil {
			r.warn("Unable to resolve reference %s", ref)
			return nil
		}
	}
	r.warn("Unable to resolve reference: a chain of more than %d references", mostHops)
	return nil
}

// lookup finds a JSON pointer's value (RFC 6901, in a URI's fragment).
func lookup(value any, pointer string) any {
	for segment := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		if plain, err := url.PathUnescape(segment); err == nil {
			segment = plain
		}
		segment = strings.ReplaceAll(strings.ReplaceAll(segment, "~1", "/"), "~0", "~")
		o, isObject := value.(*object)
		if !isObject {
			return nil
		}
		value = o.get(segment)
	}
	return value
}

// api reads what the document says of the API itself.
func (r *reader) api() {
	api, info := &r.def.API, r.root.object("info")
	api.Name, api.Version, api.Description = notEmpty(info.text("title")), notEmpty(info.text("version")), notEmpty(info.text("description"))
	r.describe(types.DocumentationPartLocation{Type: types.DocumentationPartTypeApi}, info, "description", "termsOfService", "contact", "license")

	api.ApiKeySource = types.ApiKeySourceType(strings.ToUpper(r.root.text("x-amazon-apigateway-api-key-source")))
	api.BinaryMediaTypes = r.root.texts("x-amazon-apigateway-binary-media-types")
	if size, ok := r.root.integer("x-amazon-apigateway-minimum-compression-size"); ok {
		api.MinimumCompressionSize = &size
	}
	if policy := r.root.get("x-amazon-apigateway-policy"); policy != nil {
		plain, isText := policy.(string)
		if !isText {
			plain = compactJSON(policy)
		}
		api.Policy = &plain
	}
	api.SecurityPolicy = types.SecurityPolicy(r.root.text("x-amazon-apigateway-security-policy"))
	api.EndpointAccessMode = types.EndpointAccessMode(r.root.text("x-amazon-apigateway-endpoint-access-mode"))
	if r.root.has("x-amazon-apigateway-cors") {
		r.warn("x-amazon-apigateway-cors is for HTTP APIs only and was ignored")
	}
	r.endpoint(r.root.object("x-amazon-apigateway-endpoint-configuration"))
	for _, server := range r.root.list("servers") {
		server, _ := server.(*object)
		r.endpoint(server.object("x-amazon-apigateway-endpoint-configuration"))
	}
	for _, tag := range r.root.list("tags") {
		tag, _ := tag.(*object)
		if name := tag.text("name"); name != "" && tag.has("x-amazon-apigateway-tag-value") {
			if api.Tags == nil {
				api.Tags = map[string]string{}
			}
			api.Tags[name] = tag.text("x-amazon-apigateway-tag-value")
		}
	}
}

// endpoint reads x-amazon-apigateway-endpoint-configuration. Types and the address type are not in AWS's documentation
// of the extension; an export with all extensions writes them where they are not the defaults.
func (r *reader) endpoint(from *object) {
	if from == nil {
		return
	}
	api := &r.def.API
	api.DisableExecuteApiEndpoint = api.DisableExecuteApiEndpoint || from.flag("disableExecuteApiEndpoint")
	endpoint := types.EndpointConfiguration{
		IpAddressType: types.IpAddressType(from.text("ipAddressType")), VpcEndpointIds: from.texts("vpcEndpointIds"),
	}
	for _, kind := range from.texts("types") {
		endpoint.Types = append(endpoint.Types, types.EndpointType(strings.ToUpper(kind)))
	}
	if endpoint.Types != nil || endpoint.IpAddressType != "" || endpoint.VpcEndpointIds != nil {
		api.EndpointConfiguration = &endpoint
	}
}

func (r *reader) validators() {
	defined := r.root.object("x-amazon-apigateway-request-validators")
	for _, name := range defined.names() {
		from := defined.object(name)
		r.def.Validators = append(r.def.Validators, types.RequestValidator{
			Name:                aws.String(name),
			ValidateRequestBody: from.flag("validateRequestBody"), ValidateRequestParameters: from.flag("validateRequestParameters"),
		})
	}
	r.validator = r.root.optional("x-amazon-apigateway-request-validator")
}

func (r *reader) gatewayResponses() {
	set := r.root.object("x-amazon-apigateway-gateway-responses")
	for _, name := range set.names() {
		from := r.resolve(set.get(name))
		response := types.GatewayResponse{
			ResponseType: types.GatewayResponseType(name), ResponseParameters: from.textMap("responseParameters"),
			ResponseTemplates: from.textMap("responseTemplates"),
		}
		if status := from.text("statusCode"); status != "" {
			response.StatusCode = &status
		}
		r.def.GatewayResponses = append(r.def.GatewayResponses, response)
	}
}

func notEmpty(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// readObject reads a text that is a JSON object.
func readObject(s string) (*object, bool) {
	if !json.Valid([]byte(s)) {
		return nil, false
	}
	value, err := readJSON([]byte(s))
	o, isObject := value.(*object)
	return o, err == nil && isObject
}
