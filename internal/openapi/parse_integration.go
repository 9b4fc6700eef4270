package openapi

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
)

// defaultPattern is the key of the integration response that has no selection pattern.
const defaultPattern = "default"

// integration reads x-amazon-apigateway-integration. Words of AWS's lists may be in any case.
func (o *operation) integration(from *object) *types.Integration {
	i := &types.Integration{
		Type: types.IntegrationType(strings.ToUpper(from.text("type"))), HttpMethod: from.optional("httpMethod"), Uri: from.optional("uri"),
		Credentials: from.optional("credentials"), ConnectionType: types.ConnectionType(strings.ToUpper(from.text("connectionType"))),
		ConnectionId: from.optional("connectionId"), IntegrationTarget: from.optional("integrationTarget"),
		ContentHandling:      types.ContentHandlingStrategy(strings.ToUpper(from.text("contentHandling"))),
		ResponseTransferMode: types.ResponseTransferMode(strings.ToUpper(from.text("responseTransferMode"))),
		CacheNamespace:       from.optional("cacheNamespace"), CacheKeyParameters: from.texts("cacheKeyParameters"),
		RequestParameters: from.textMap("requestParameters"), RequestTemplates: from.textMap("requestTemplates"),
	}
	if i.Type == "HTTP-PROXY" || i.Type == "AWS-PROXY" { // both spellings are in AWS's examples
		i.Type = types.IntegrationType(strings.ReplaceAll(string(i.Type), "-", "_"))
	}
	if i.HttpMethod != nil {
		i.HttpMethod = notEmpty(strings.ToUpper(*i.HttpMethod))
	}
	if behaviour := strings.ToUpper(from.text("passthroughBehavior")); behaviour != "" {
		i.PassthroughBehavior = &behaviour
	}
	if timeout, ok := from.integer("timeoutInMillis"); ok {
		i.TimeoutInMillis = timeout
	} else if from.has("timeoutInMillis") {
		o.warn("The timeout of the integration of %s is no number and was ignored", o.where())
	}
	if tls := from.object("tlsConfig"); tls != nil {
		i.TlsConfig = &types.TlsConfig{InsecureSkipVerification: tls.flag("insecureSkipVerification")}
	}
	responses := from.object("responses")
	for _, pattern := range responses.names() {
		response := integrationResponse(pattern, o.resolve(responses.get(pattern)))
		if i.IntegrationResponses == nil {
			i.IntegrationResponses = map[string]types.IntegrationResponse{}
		}
		if _, twice := i.IntegrationResponses[*response.StatusCode]; twice {
			o.warn("The integration of %s has more than one response with status %s: the last one counts", o.where(), *response.StatusCode)
		}
		i.IntegrationResponses[*response.StatusCode] = response
	}
	return i
}

func integrationResponse(pattern string, from *object) types.IntegrationResponse {
	status := from.text("statusCode")
	if status == "" {
		status = "200"
	}
	response := types.IntegrationResponse{
		StatusCode: &status, ContentHandling: types.ContentHandlingStrategy(strings.ToUpper(from.text("contentHandling"))),
		ResponseParameters: from.textMap("responseParameters"), ResponseTemplates: from.textMap("responseTemplates"),
	}
	if pattern != defaultPattern {
		response.SelectionPattern = &pattern
	}
	return response
}
