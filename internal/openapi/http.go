package openapi

import (
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	v1 "github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
)

// HTTPDefinition is an HTTP API as a document describes it.
type HTTPDefinition struct {
	// API has what the document says of the API itself. Members that it does not mention are zero.
	API types.Api
	// Routes are in the document's order. AuthorizerId holds the authorizer's name; Target is not set.
	Routes []HTTPRoute
	// Authorizers are by their names, used or not.
	Authorizers []types.Authorizer
	// Warnings tell what of the document was left out, Problems what makes it impossible to import.
	Warnings, Problems []string
}

// HTTPRoute is a route with its integration.
type HTTPRoute struct {
	Route       types.Route
	Integration *types.Integration
}

// The members of a document that stand for the $default route and mark it.
const (
	defaultRoute  = "$default"
	isDefault     = "isDefaultRoute"
	corsExtension = "x-amazon-apigateway-cors"
)

// restOnly are extensions that HTTP APIs do not know (the guide's list of what they support).
var restOnly = []string{
	"x-amazon-apigateway-policy", "x-amazon-apigateway-gateway-responses", "x-amazon-apigateway-request-validators",
	"x-amazon-apigateway-request-validator", "x-amazon-apigateway-api-key-source", "x-amazon-apigateway-binary-media-types",
	"x-amazon-apigateway-minimum-compression-size", documentationExtension,
}

// httpReader makes an HTTPDefinition of one document.
type httpReader struct {
	*reader
	def *HTTPDefinition
	// kinds are the authorizers' types by their names.
	kinds map[string]types.AuthorizerType
}

// ParseHTTP reads a document of an HTTP API: OpenAPI 3 only, as on AWS. The error is ErrInvalid for what is no such
// document at all; what is wrong inside of one are the definition's Problems.
func ParseHTTP(body []byte, options ReadOptions) (*HTTPDefinition, error) {
	root, err := readTree(body)
	if err != nil {
		return nil, err
	}
	if !strings.HasPrefix(root.text("openapi"), "3.") {
		return nil, fmt.Errorf("%w: not openapi 3", ErrInvalid)
	}
	if root.object("paths") == nil {
		return nil, fmt.Errorf("%w: no paths", ErrInvalid)
	}
	h := &httpReader{
		reader: &reader{ReadOptions: options, root: root, def: &Definition{Methods: map[string]map[string]v1.Method{}}},
		def:    &HTTPDefinition{}, kinds: map[string]types.AuthorizerType{},
	}
	h.readAPI()
	h.readAuthorizers()
	h.readRoutes()
	h.def.Warnings, h.def.Problems = h.reader.def.Warnings, h.reader.def.Problems
	return h.def, nil
}

func (h *httpReader) readAPI() {
	api, info := &h.def.API, h.root.object("info")
	api.Name, api.Version, api.Description = notEmpty(info.text("title")), notEmpty(info.text("version")), notEmpty(info.text("description"))
	for _, name := range restOnly {
		if h.root.has(name) {
			h.warn("%s is for REST APIs only and was ignored", name)
		}
	}
	if cors := h.root.object(corsExtension); cors != nil {
		api.CorsConfiguration = readCORS(cors)
	}
	endpoints := []*object{h.root.object("x-amazon-apigateway-endpoint-configuration")}
	for _, server := range h.root.list("servers") {
		server, _ := server.(*object)
		endpoints = append(endpoints, server.object("x-amazon-apigateway-endpoint-configuration"))
	}
	for _, endpoint := range endpoints {
		if endpoint.flag("disableExecuteApiEndpoint") {
			api.DisableExecuteApiEndpoint = aws.Bool(true)
		}
		if word := endpoint.text("ipAddressType"); word != "" {
			api.IpAddressType = types.IpAddressType(word)
		}
	}
	for _, tag := range h.root.list("tags") {
		tag, _ := tag.(*object)
		if name := tag.text("name"); name != "" && tag.has("x-amazon-apigateway-tag-value") {
			if api.Tags == nil {
				api.Tags = map[string]string{}
			}
			api.Tags[name] = tag.text("x-amazon-apigateway-tag-value")
		}
	}
}

func readCORS(from *object) *types.Cors {
	cors := &types.Cors{
		AllowHeaders: from.texts("allowHeaders"), AllowMethods: from.texts("allowMethods"), AllowOrigins: from.texts("allowOrigins"),
		ExposeHeaders: from.texts("exposeHeaders"),
	}
	if from.has("allowCredentials") {
		cors.AllowCredentials = aws.Bool(from.flag("allowCredentials"))
	}
	if age, ok := from.integer("maxAge"); ok {
		cors.MaxAge = &age
	}
	return cors
}

// readAuthorizers makes the authorizers of the security schemes that have one, used or not.
func (h *httpReader) readAuthorizers() {
	schemes := h.root.object("components").object("securitySchemes")
	for _, name := range schemes.names() {
		scheme := h.resolve(schemes.get(name))
		said := h.resolve(scheme.get("x-amazon-apigateway-authorizer"))
		if said == nil {
			h.warn("Security scheme %s has no authorizer: it protects nothing", name)
			continue
		}
		a := types.Authorizer{
			Name: aws.String(name), AuthorizerType: types.AuthorizerType(strings.ToUpper(said.text("type"))),
			AuthorizerUri: said.optional("authorizerUri"), AuthorizerCredentialsArn: said.optional("authorizerCredentials"),
			AuthorizerPayloadFormatVersion: said.optional("authorizerPayloadFormatVersion"),
			IdentityValidationExpression:   said.optional("identityValidationExpression"), IdentitySource: readSources(said.get("identitySource")),
		}
		if ttl, ok := said.integer("authorizerResultTtlInSeconds"); ok {
			a.AuthorizerResultTtlInSeconds = &ttl
		}
		if said.has("enableSimpleResponses") {
			a.EnableSimpleResponses = aws.Bool(said.flag("enableSimpleResponses"))
		}
		if jwt := said.object("jwtConfiguration"); jwt != nil {
			a.JwtConfiguration = &types.JWTConfiguration{Issuer: jwt.optional("issuer"), Audience: jwt.texts("audience")}
			if discovery, known := strings.CutSuffix(scheme.text("openIdConnectUrl"), "/.well-known/openid-configuration"); known && a.JwtConfiguration.Issuer == nil {
				a.JwtConfiguration.Issuer = &discovery
			}
		}
		h.kinds[name] = a.AuthorizerType
		h.def.Authorizers = append(h.def.Authorizers, a)
	}
}

// readSources reads identity sources, a text with commas or a list.
func readSources(value any) []string {
	if list, isList := value.([]any); isList {
		var sources []string
		for _, item := range list {
			sources = append(sources, text(item))
		}
		return sources
	}
	var sources []string
	for source := range strings.SplitSeq(text(value), ",") {
		if source = strings.TrimSpace(source); source != "" {
			sources = append(sources, source)
		}
	}
	return sources
}
