package openapi

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
)

// readRoutes makes a route of every operation that has an integration; AWS leaves the others out, with a warning.
func (h *httpReader) readRoutes() {
	prefix := h.basePath()
	items := h.root.object("paths")
	for _, path := range items.names() {
		bare := strings.TrimPrefix(path, "/")
		if !strings.HasPrefix(path, "/") && bare != defaultRoute {
			if !strings.HasPrefix(path, "x-") {
				h.problem("Unable to create route at path '%s': a path begins with a slash", path)
			}
			continue
		}
		if len(prefix)+len(path) > longestPath {
			h.problem("Unable to create route at path '%.100s…': a path has at most %d characters", path, longestPath)
			continue
		}
		item := h.resolve(items.get(path))
		for _, member := range item.names() {
			method, isOperation := verbs[strings.ToLower(member)]
			if !isOperation {
				if member == "trace" {
					h.warn("Method TRACE on %s is not supported and was ignored", path)
				}
				continue
			}
			op := h.resolve(item.get(member))
			key := method + " " + prefix + path
			if bare == defaultRoute || op.flag(isDefault) {
				key = defaultRoute
			}
			h.readRoute(key, op)
		}
	}
}

func (h *httpReader) readRoute(key string, op *object) {
	from := h.resolve(op.get("x-amazon-apigateway-integration"))
	if from == nil {
		h.warn("No integration defined for route '%s'. Ignoring the route", key)
		return
	}
	route := types.Route{RouteKey: &key, OperationName: notEmpty(op.text("operationId")), AuthorizationType: types.AuthorizationTypeNone}
	h.secureRoute(key, op, &route)
	for _, name := range restOnly {
		if op.has(name) {
			h.warn("%s of %s is for REST APIs only and was ignored", name, key)
		}
	}
	h.def.Routes = append(h.def.Routes, HTTPRoute{Route: route, Integration: readHTTPIntegration(from)})
}

// secureRoute applies an operation's own security, or the document's, to its route. A scheme that has no authorizer
// protects nothing on AWS either, but the warning tells.
func (h *httpReader) secureRoute(key string, op *object, route *types.Route) {
	requirements := h.root.list("security")
	if op.has("security") {
		requirements = op.list("security")
	}
	for _, requirement := range requirements {
		requirement, _ := requirement.(*object)
		for _, name := range requirement.names() {
			kind, defined := h.kinds[name]
			switch {
			case !defined:
				h.warn("Security scheme %s of %s is not defined or has no authorizer", name, key)
			case route.AuthorizerId != nil:
				h.warn("Only one authorizer can protect %s: %s was ignored", key, name)
			default:
				route.AuthorizerId, route.AuthorizationType = aws.String(name), types.AuthorizationTypeCustom
				if kind == types.AuthorizerTypeJwt {
					route.AuthorizationType, route.AuthorizationScopes = types.AuthorizationTypeJwt, requirement.texts(name)
				}
			}
		}
	}
	if kind := strings.ToUpper(op.object("x-amazon-apigateway-auth").text("type")); kind == authNone || kind == authIAM {
		route.AuthorizerId, route.AuthorizationScopes, route.AuthorizationType = nil, nil, types.AuthorizationType(kind)
	}
}

// readHTTPIntegration reads x-amazon-apigateway-integration as HTTP APIs understand it. Words of AWS's lists may be in
// any case.
func readHTTPIntegration(from *object) *types.Integration {
	i := &types.Integration{
		IntegrationType: types.IntegrationType(strings.ReplaceAll(strings.ToUpper(from.text("type")), "-", "_")), IntegrationUri: from.optional("uri"),
		IntegrationSubtype: from.optional("integrationSubtype"), PayloadFormatVersion: from.optional("payloadFormatVersion"),
		ConnectionType: types.ConnectionType(strings.ToUpper(from.text("connectionType"))), ConnectionId: from.optional("connectionId"),
		CredentialsArn: from.optional("credentials"), Description: from.optional("description"),
		IntegrationMethod: notEmpty(strings.ToUpper(from.text("httpMethod"))), RequestParameters: from.textMap("requestParameters"),
	}
	if i.IntegrationMethod != nil && *i.IntegrationMethod == "X-AMAZON-APIGATEWAY-ANY-METHOD" {
		i.IntegrationMethod = aws.String("ANY")
	}
	if timeout, ok := from.integer("timeoutInMillis"); ok {
		i.TimeoutInMillis = &timeout
	}
	if name := from.object("tlsConfig").text("serverNameToVerify"); name != "" {
		i.TlsConfig = &types.TlsConfig{ServerNameToVerify: &name}
	}
	responses := from.object("responseParameters")
	for _, status := range responses.names() {
		if i.ResponseParameters == nil {
			i.ResponseParameters = map[string]map[string]string{}
		}
		i.ResponseParameters[status] = responses.textMap(status)
	}
	return i
}
