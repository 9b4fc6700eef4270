package openapi

import (
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
)

// HTTPWriteOptions say how to write a document of an HTTP API.
type HTTPWriteOptions struct {
	Format Format
	// Extensions writes AWS's extensions, without which the document describes no more than the routes.
	Extensions bool
	// Server is the URL at which the API is served; Stage is empty for the $default one.
	Server, Stage string
	// Version is the document's version if the API has none of its own.
	Version string
}

// WriteHTTP writes a definition of an HTTP API as an OpenAPI 3.0.1 document.
func WriteHTTP(def *HTTPDefinition, options HTTPWriteOptions) ([]byte, error) {
	root := newObject()
	root.set("openapi", "3.0.1")
	info := newObject()
	info.set("title", aws.ToString(def.API.Name))
	info.setText("description", aws.ToString(def.API.Description))
	info.set("version", options.Version)
	if version := aws.ToString(def.API.Version); version != "" {
		info.set("version", version)
	}
	root.set("info", info)
	root.set("servers", []any{httpServer(def, options)})
	if options.Extensions && len(def.API.Tags) > 0 {
		var tags []any
		for _, name := range slices.Sorted(maps.Keys(def.API.Tags)) {
			tag := newObject()
			tag.set("name", name)
			tag.set("x-amazon-apigateway-tag-value", def.API.Tags[name])
			tags = append(tags, tag)
		}
		root.set("tags", tags)
	}
	root.set("paths", httpPaths(def, options))
	if schemes := httpSchemes(def, options); len(schemes.keys) > 0 {
		components := newObject()
		components.set("securitySchemes", schemes)
		root.set("components", components)
	}
	if options.Extensions {
		if cors := def.API.CorsConfiguration; cors != nil {
			root.set(corsExtension, corsObject(cors))
		}
		root.set("x-amazon-apigateway-importexport-version", "1.0")
	}
	return encode(root, options.Format)
}

func httpServer(def *HTTPDefinition, options HTTPWriteOptions) *object {
	server, variables, basePath := newObject(), newObject(), newObject()
	server.set("url", options.Server+"/{basePath}")
	basePath.set("default", options.Stage)
	variables.set("basePath", basePath)
	server.set("variables", variables)
	endpoint := newObject()
	if aws.ToBool(def.API.DisableExecuteApiEndpoint) {
		endpoint.set("disableExecuteApiEndpoint", true)
	}
	if kind := def.API.IpAddressType; kind != "" && kind != types.IpAddressTypeIpv4 {
		endpoint.set("ipAddressType", string(kind))
	}
	if options.Extensions {
		setUnlessEmpty(server, "x-amazon-apigateway-endpoint-configuration", endpoint)
	}
	return server
}

// httpPaths are the routes by path and method. The $default route has a path of its own and a mark.
func httpPaths(def *HTTPDefinition, options HTTPWriteOptions) *object {
	byKey := make(map[string]HTTPRoute, len(def.Routes))
	for _, route := range def.Routes {
		byKey[aws.ToString(route.Route.RouteKey)] = route
	}
	byPath := map[string]map[string]string{}
	for key := range byKey {
		member, path := anyMethod, "/"+defaultRoute
		if key != defaultRoute {
			method, place, _ := strings.Cut(key, " ")
			if path = place; method != "ANY" {
				member = strings.ToLower(method)
			}
		}
		if byPath[path] == nil {
			byPath[path] = map[string]string{}
		}
		byPath[path][member] = key
	}
	list := newObject()
	for _, path := range slices.Sorted(maps.Keys(byPath)) {
		item := newObject()
		for _, member := range slices.Sorted(maps.Keys(byPath[path])) {
			item.set(member, httpOperation(byKey[byPath[path][member]], path, options))
		}
		list.set(path, item)
	}
	return list
}

func httpOperation(r HTTPRoute, path string, options HTTPWriteOptions) *object {
	op, key := newObject(), aws.ToString(r.Route.RouteKey)
	op.setText("operationId", aws.ToString(r.Route.OperationName))
	if parameters := httpParameters(path); len(parameters) > 0 && key != defaultRoute {
		op.set("parameters", parameters)
	}
	response, responses := newObject(), newObject()
	response.set("description", "Default response for "+key)
	responses.set("default", response)
	op.set("responses", responses)
	if name := aws.ToString(r.Route.AuthorizerId); name != "" {
		requirement := newObject()
		requirement.set(name, anyList(r.Route.AuthorizationScopes))
		op.set("security", []any{requirement})
	}
	if !options.Extensions {
		return op
	}
	if key == defaultRoute {
		op.set(isDefault, true)
	}
	if r.Route.AuthorizationType == types.AuthorizationTypeAwsIam {
		auth := newObject()
		auth.set("type", authIAM)
		op.set("x-amazon-apigateway-auth", auth)
	}
	if r.Integration != nil {
		op.set("x-amazon-apigateway-integration", httpIntegrationObject(r.Integration))
	}
	return op
}

// httpParameters declares the variables of a path, as the specification wants.
func httpParameters(path string) []any {
	var list []any
	for segment := range strings.SplitSeq(path, "/") {
		if !strings.HasPrefix(segment, "{") {
			continue
		}
		parameter, schema := newObject(), newObject()
		schema.set("type", "string")
		parameter.set("name", strings.Trim(segment, "{}"))
		parameter.set("in", "path")
		parameter.set("description", "Generated path parameter for "+strings.Trim(segment, "{}"))
		parameter.set("required", true)
		parameter.set("schema", schema)
		list = append(list, parameter)
	}
	return list
}

func httpIntegrationObject(i *types.Integration) *object {
	o := newObject()
	o.setText("payloadFormatVersion", aws.ToString(i.PayloadFormatVersion))
	o.set("type", strings.ToLower(string(i.IntegrationType)))
	o.setText("integrationSubtype", aws.ToString(i.IntegrationSubtype))
	o.setText("description", aws.ToString(i.Description))
	o.setText("httpMethod", aws.ToString(i.IntegrationMethod))
	o.setText("uri", aws.ToString(i.IntegrationUri))
	o.setText("credentials", aws.ToString(i.CredentialsArn))
	o.setText("connectionType", string(i.ConnectionType))
	o.setText("connectionId", aws.ToString(i.ConnectionId))
	if i.TimeoutInMillis != nil {
		o.set("timeoutInMillis", number(*i.TimeoutInMillis))
	}
	setUnlessEmpty(o, "requestParameters", textObject(i.RequestParameters))
	responses := newObject()
	for _, status := range slices.Sorted(maps.Keys(i.ResponseParameters)) {
		responses.set(status, textObject(i.ResponseParameters[status]))
	}
	setUnlessEmpty(o, "responseParameters", responses)
	if i.TlsConfig != nil {
		tls := newObject()
		tls.setText("serverNameToVerify", aws.ToString(i.TlsConfig.ServerNameToVerify))
		o.set("tlsConfig", tls)
	}
	return o
}

// httpSchemes are the authorizers as security schemes: one of tokens is an oauth2 scheme, as AWS writes it, and one that
// is a function names where it finds its caller.
func httpSchemes(def *HTTPDefinition, options HTTPWriteOptions) *object {
	list := newObject()
	for _, a := range def.Authorizers {
		scheme := newObject()
		if a.AuthorizerType == types.AuthorizerTypeJwt {
			scheme.set("type", "oauth2")
		} else {
			scheme = apiKeyScheme("Authorization")
			for _, source := range a.IdentitySource {
				if header, isHeader := strings.CutPrefix(source, "$request.header."); isHeader {
					scheme.set("name", header)
					break
				}
			}
		}
		if options.Extensions {
			scheme.set("x-amazon-apigateway-authorizer", httpAuthorizerObject(a))
		}
		list.set(aws.ToString(a.Name), scheme)
	}
	return list
}

func httpAuthorizerObject(a types.Authorizer) *object {
	o := newObject()
	o.setText("identitySource", strings.Join(a.IdentitySource, ","))
	o.setText("authorizerUri", aws.ToString(a.AuthorizerUri))
	o.setText("authorizerPayloadFormatVersion", aws.ToString(a.AuthorizerPayloadFormatVersion))
	if ttl := a.AuthorizerResultTtlInSeconds; ttl != nil {
		o.set("authorizerResultTtlInSeconds", number(*ttl))
	}
	if a.EnableSimpleResponses != nil {
		o.set("enableSimpleResponses", *a.EnableSimpleResponses)
	}
	o.setText("authorizerCredentials", aws.ToString(a.AuthorizerCredentialsArn))
	o.setText("identityValidationExpression", aws.ToString(a.IdentityValidationExpression))
	o.set("type", strings.ToLower(string(a.AuthorizerType)))
	if jwt := a.JwtConfiguration; jwt != nil {
		said := newObject()
		said.setText("issuer", aws.ToString(jwt.Issuer))
		said.set("audience", anyList(jwt.Audience))
		o.set("jwtConfiguration", said)
	}
	return o
}

func corsObject(cors *types.Cors) *object {
	o := newObject()
	for name, list := range map[string][]string{
		"allowHeaders": cors.AllowHeaders, "allowMethods": cors.AllowMethods, "allowOrigins": cors.AllowOrigins, "exposeHeaders": cors.ExposeHeaders,
	} {
		if len(list) > 0 {
			o.set(name, anyList(list))
		}
	}
	slices.Sort(o.keys)
	if cors.AllowCredentials != nil {
		o.set("allowCredentials", *cors.AllowCredentials)
	}
	if cors.MaxAge != nil {
		o.set("maxAge", number(*cors.MaxAge))
	}
	return o
}
