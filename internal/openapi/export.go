package openapi

import (
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
)

// Extensions say which of AWS's extensions a document is to have.
type Extensions struct {
	Integrations, Authorizers, Validators, Documentation bool
	// All is every extension, those of the API as a whole among them.
	All bool
}

// WriteOptions say how to write a document.
type WriteOptions struct {
	Extensions
	Format Format
	// Swagger is version 2.0; else it is OpenAPI 3.0.1.
	Swagger bool
	// Host and Stage say where the API is served.
	Host, Stage string
	// Version is the document's version if the API has none of its own.
	Version string
	// Documented is when the documentation version was made.
	Documented string
}

// writer makes a document of one Definition.
type writer struct {
	WriteOptions
	def *Definition
	// apiKey and iam are the names of the schemes that are no authorizer's.
	apiKey, iam string
	kinds       map[string]types.AuthorizerType
	parts       map[partKey][]*types.DocumentationPart
}

// Write writes a definition as a document.
func Write(def *Definition, options WriteOptions) ([]byte, error) {
	w := &writer{WriteOptions: options, def: def, kinds: make(map[string]types.AuthorizerType, len(def.Authorizers))}
	if w.All {
		w.Extensions = Extensions{Integrations: true, Authorizers: true, Validators: true, Documentation: true, All: true}
	}
	for _, a := range def.Authorizers {
		w.kinds[aws.ToString(a.Name)] = a.Type
	}
	w.indexDocumentation()
	w.apiKey, w.iam = w.freeName("api_key"), w.freeName("sigv4")
	return encode(w.document(), w.Format)
}

// freeName is a scheme's name that no authorizer has.
func (w *writer) freeName(name string) string {
	for _, taken := w.kinds[name]; taken; _, taken = w.kinds[name] {
		name += "_"
	}
	return name
}

func (w *writer) document() *object {
	root := newObject()
	if w.Swagger {
		root.set("swagger", "2.0")
	} else {
		root.set("openapi", "3.0.1")
	}
	root.set("info", w.info())
	if w.Swagger {
		root.setText("host", w.Host)
		root.set("basePath", "/"+w.Stage)
		root.set("schemes", []any{"https"})
	} else {
		root.set("servers", []any{w.server()})
	}
	if tags := w.tags(); len(tags) > 0 && w.All {
		root.set("tags", tags)
	}
	root.set("paths", w.paths())
	schemes, schemas := w.securitySchemes(), w.schemas()
	if w.Swagger {
		setUnlessEmpty(root, "securityDefinitions", schemes)
		setUnlessEmpty(root, "definitions", schemas)
	} else {
		components := newObject()
		setUnlessEmpty(components, "schemas", schemas)
		setUnlessEmpty(components, "securitySchemes", schemes)
		setUnlessEmpty(root, "components", components)
	}
	w.extend(root)
	return root
}

func setUnlessEmpty(o *object, key string, value *object) {
	if len(value.keys) > 0 {
		o.set(key, value)
	}
}

func (w *writer) info() *object {
	info, api := newObject(), w.def.API
	info.set("title", aws.ToString(api.Name))
	info.setText("description", aws.ToString(api.Description))
	version := aws.ToString(api.Version)
	if version == "" {
		version = w.Version
	}
	info.set("version", version)
	w.describeItself(info, types.DocumentationPartLocation{Type: types.DocumentationPartTypeApi})
	return info
}

func (w *writer) server() *object {
	server, variables, basePath := newObject(), newObject(), newObject()
	server.set("url", "https://"+w.Host+"/{basePath}")
	basePath.set("default", "/"+w.Stage)
	variables.set("basePath", basePath)
	server.set("variables", variables)
	if endpoint := w.endpoint(); w.All && len(endpoint.keys) > 0 {
		server.set("x-amazon-apigateway-endpoint-configuration", endpoint)
	}
	return server
}

// endpoint tells of the API's endpoint what is not the default.
func (w *writer) endpoint() *object {
	o := newObject()
	if w.def.API.DisableExecuteApiEndpoint {
		o.set("disableExecuteApiEndpoint", true)
	}
	endpoint := w.def.API.EndpointConfiguration
	if endpoint == nil {
		return o
	}
	if len(endpoint.Types) == 1 && endpoint.Types[0] != types.EndpointTypeEdge {
		o.set("types", []any{string(endpoint.Types[0])})
	}
	usual := types.IpAddressTypeIpv4
	if slices.Contains(endpoint.Types, types.EndpointTypePrivate) {
		usual = types.IpAddressTypeDualstack
	}
	if endpoint.IpAddressType != "" && endpoint.IpAddressType != usual {
		o.set("ipAddressType", string(endpoint.IpAddressType))
	}
	if len(endpoint.VpcEndpointIds) > 0 {
		o.set("vpcEndpointIds", anyList(endpoint.VpcEndpointIds))
	}
	return o
}

func (w *writer) tags() []any {
	var list []any
	for _, name := range slices.Sorted(maps.Keys(w.def.API.Tags)) {
		tag := newObject()
		tag.set("name", name)
		tag.set("x-amazon-apigateway-tag-value", w.def.API.Tags[name])
		list = append(list, tag)
	}
	return list
}

// extend writes the extensions of the API as a whole.
func (w *writer) extend(root *object) {
	if w.Documentation && len(w.def.Documentation) > 0 {
		root.set(documentationExtension, w.documentationParts())
	}
	if w.Validators && len(w.def.Validators) > 0 {
		list := newObject()
		for _, v := range w.def.Validators {
			validator := newObject()
			validator.set("validateRequestParameters", v.ValidateRequestParameters)
			validator.set("validateRequestBody", v.ValidateRequestBody)
			list.set(aws.ToString(v.Name), validator)
		}
		root.set("x-amazon-apigateway-request-validators", list)
	}
	if !w.All {
		return
	}
	api := w.def.API
	if api.ApiKeySource != "" && api.ApiKeySource != types.ApiKeySourceTypeHeader {
		root.set("x-amazon-apigateway-api-key-source", string(api.ApiKeySource))
	}
	if api.MinimumCompressionSize != nil {
		root.set("x-amazon-apigateway-minimum-compression-size", number(*api.MinimumCompressionSize))
	}
	if len(api.BinaryMediaTypes) > 0 {
		root.set("x-amazon-apigateway-binary-media-types", anyList(api.BinaryMediaTypes))
	}
	if policy := aws.ToString(api.Policy); policy != "" {
		if o, isObject := readObject(policy); isObject {
			root.set("x-amazon-apigateway-policy", o)
		}
	}
	root.setText("x-amazon-apigateway-security-policy", string(api.SecurityPolicy))
	root.setText("x-amazon-apigateway-endpoint-access-mode", string(api.EndpointAccessMode))
	if endpoint := w.endpoint(); w.Swagger && len(endpoint.keys) > 0 {
		root.set("x-amazon-apigateway-endpoint-configuration", endpoint)
	}
	responses := newObject()
	for _, r := range w.def.GatewayResponses {
		response := newObject()
		response.setText("statusCode", aws.ToString(r.StatusCode))
		response.set("responseParameters", textObject(r.ResponseParameters))
		response.set("responseTemplates", textObject(r.ResponseTemplates))
		responses.set(string(r.ResponseType), response)
	}
	setUnlessEmpty(root, "x-amazon-apigateway-gateway-responses", responses)
	root.set("x-amazon-apigateway-importexport-version", "1.0")
}

// schemas are the models. A schema in no JSON is written as one that accepts everything.
func (w *writer) schemas() *object {
	list := newObject()
	for _, model := range w.def.Models {
		schema, isObject := readObject(aws.ToString(model.Schema))
		if !isObject {
			schema = newObject()
		}
		schema.remove("$schema") // no member of an OpenAPI schema
		schema = w.schema(schema).(*object)
		if !schema.has("description") {
			schema.setText("description", aws.ToString(model.Description))
		}
		w.describeItself(schema, types.DocumentationPartLocation{Type: types.DocumentationPartTypeModel, Name: model.Name})
		list.set(aws.ToString(model.Name), schema)
	}
	return list
}

// schema is a model's schema with its references to models made references within the document.
func (w *writer) schema(value any) any {
	switch v := value.(type) {
	case *object:
		for _, key := range v.names() {
			if ref, isText := v.members[key].(string); key == "$ref" && isText {
				if match := modelReference.FindStringSubmatch(ref); match != nil {
					v.members[key] = w.reference(match[1])
				}
				continue
			}
			v.members[key] = w.schema(v.members[key])
		}
	case []any:
		for i := range v {
			v[i] = w.schema(v[i])
		}
	}
	return value
}

func (w *writer) reference(model string) string {
	if w.Swagger {
		return "#/definitions/" + model
	}
	return "#/components/schemas/" + model
}

func (w *writer) schemaOf(model string) *object {
	o := newObject()
	o.set("$ref", w.reference(model))
	return o
}

// paths are the API's paths and their methods, in order.
func (w *writer) paths() *object {
	list := newObject()
	for _, path := range slices.Sorted(maps.Keys(w.def.Methods)) {
		item := newObject()
		methods := w.def.Methods[path]
		for _, verb := range slices.Sorted(maps.Keys(methods)) {
			key := strings.ToLower(verb)
			if verb == "ANY" {
				key = anyMethod
			}
			item.set(key, w.operation(path, verb, methods[verb]))
		}
		w.describe(item, types.DocumentationPartLocation{Type: types.DocumentationPartTypeResource, Path: &path})
		list.set(path, item)
	}
	return list
}

func anyList(texts []string) []any {
	list := make([]any, len(texts))
	for i, s := range texts {
		list[i] = s
	}
	return list
}

func textObject(texts map[string]string) *object {
	o := newObject()
	for _, key := range slices.Sorted(maps.Keys(texts)) {
		o.set(key, texts[key])
	}
	return o
}
