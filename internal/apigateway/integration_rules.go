package apigateway

import (
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
)

const leastTimeoutMillis = 50

var (
	badTimeout        = badRequest("Timeout should be between %d ms and %d ms", leastTimeoutMillis, defaultTimeoutMillis)
	badEndpoint       = badRequest("Invalid HTTP endpoint specified for URI")
	badARN            = badRequest("Invalid ARN specified in the request")
	noPathOrAction    = badRequest("AWS ARN for integration must contain path or action")
	proxyToOther      = badRequest("Integrations of type 'AWS_PROXY' currently only supports Lambda function and Firehose stream invocations.")
	noIntegrationVerb = badRequest("Enumeration value for HttpMethod must be non-empty")

	passthroughs = []string{"WHEN_NO_MATCH", "WHEN_NO_TEMPLATES", "NEVER"}

	integrationParameter = regexp.MustCompile(`^integration\.request\.(?:header|querystring|path|multivalueheader|multivaluequerystring)\.[^\s]+$`)
	lambdaInvocation     = regexp.MustCompile(`^path/+\d{4}-\d{2}-\d{2}/functions/.+/invocations$`)
	firehosePut          = regexp.MustCompile(`^action/PutRecord(?:Batch)?$`)
)

func isHTTP(kind types.IntegrationType) bool {
	return kind == types.IntegrationTypeHttp || kind == types.IntegrationTypeHttpProxy
}

// checkIntegration holds an integration against its method.
func checkIntegration(m *types.Method, i *types.Integration) error {
	if i.Type != types.IntegrationTypeMock {
		if aws.ToString(i.HttpMethod) == "" {
			return noIntegrationVerb
		}
		if !verbs[*i.HttpMethod] {
			return badVerb
		}
	}
	if err := checkIntegrationURI(i); err != nil {
		return err
	}
	if i.TimeoutInMillis < leastTimeoutMillis || i.TimeoutInMillis > defaultTimeoutMillis {
		return badTimeout
	}
	if !slices.Contains(passthroughs, aws.ToString(i.PassthroughBehavior)) {
		return badRequest("Invalid passthrough behavior specified. Valid options are %s", strings.Join(passthroughs, ","))
	}
	if err := checkRequestMappings(m, i.RequestParameters); err != nil {
		return err
	}
	return checkContentTypes(i.RequestTemplates)
}

// checkIntegrationURI checks where an integration goes (recorded: test_put_integration_validation and
// test_put_integration_aws_proxy_uri). Stage variables may stand in the place of anything but the scheme.
func checkIntegrationURI(i *types.Integration) error {
	uri := aws.ToString(i.Uri)
	switch i.Type {
	case types.IntegrationTypeHttp, types.IntegrationTypeHttpProxy:
		return checkEndpoint(uri)
	case types.IntegrationTypeAws, types.IntegrationTypeAwsProxy:
		// arn:partition:apigateway:region:service:path/… or :action/…
		parts := strings.SplitN(uri, ":", 6)
		if len(parts) != 6 || parts[0] != "arn" {
			return badARN
		}
		service, target := parts[4], parts[5]
		if parts[2] != "apigateway" || !strings.HasPrefix(target, "path/") && !strings.HasPrefix(target, "action/") {
			return noPathOrAction
		}
		if i.Type != types.IntegrationTypeAwsProxy ||
			service == "lambda" && lambdaInvocation.MatchString(target) ||
			service == "firehose" && firehosePut.MatchString(target) {
			return nil
		}
		return proxyToOther
	}
	return nil
}

func checkEndpoint(uri string) error {
	rest, secure := strings.CutPrefix(uri, "https://")
	if !secure {
		var plain bool
		if rest, plain = strings.CutPrefix(uri, "http://"); !plain {
			return badEndpoint
		}
	}
	host, _, _ := strings.Cut(rest, "/")
	if host == "" || strings.ContainsAny(rest, " \t\r\n") {
		return badEndpoint
	}
	if strings.ContainsAny(host, "${}") {
		return nil // a stage variable: known when a stage serves
	}
	if u, err := url.Parse("http://" + host); err != nil || u.Hostname() == "" {
		return badEndpoint
	}
	return nil
}

// checkRequestMappings checks what an integration takes from the request. AWS refuses what the method does not declare.
func checkRequestMappings(m *types.Method, mappings map[string]string) error {
	for _, to := range slices.Sorted(maps.Keys(mappings)) {
		if !integrationParameter.MatchString(to) {
			return invalidMapping("Invalid mapping expression parameter specified: " + to)
		}
		from := mappings[to]
		if isValueExpression(from) || from == "method.request.body" || strings.HasPrefix(from, "method.request.body.") {
			continue
		}
		if _, declared := m.RequestParameters[singleValued(from)]; !declared {
			return invalidMapping("Invalid mapping expression specified: " + from)
		}
	}
	return nil
}

// singleValued names the declaration that a multi-value expression refers to.
func singleValued(expression string) string {
	expression = strings.Replace(expression, "method.request.multivaluequerystring.", "method.request.querystring.", 1)
	return strings.Replace(expression, "method.request.multivalueheader.", "method.request.header.", 1)
}

// isValueExpression tells whether a mapping's value is a literal, of the context or of the stage.
func isValueExpression(value string) bool {
	literal := len(value) >= 2 && value[0] == '\'' && value[len(value)-1] == '\''
	return literal || hasName(value, "context.") || hasName(value, "stageVariables.")
}

func hasName(value, prefix string) bool {
	return len(value) > len(prefix) && strings.HasPrefix(value, prefix)
}
