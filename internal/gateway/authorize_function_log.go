package gateway

import (
	"net/http"
	"strings"
)

// authorizerRequest writes the lines around the call of an authorizer's function, as functionRequest does for integrations.
func (l *executionLog) authorizerRequest(x *exchange, f *functionAuthorizer, event []byte) {
	if l == nil || l.level == logOff {
		return
	}
	uri := "https://lambda." + x.stage.region + ".amazonaws.com/2015-03-31/functions/" + f.arn + "/invocations"
	if l.data {
		header := http.Header{
			"x-amzn-lambda-integration-tag": {x.requestID}, "X-Amz-Date": {x.began.UTC().Format("20060102T150405Z")},
			"x-amzn-apigateway-api-id": {x.stage.api}, "X-Amz-Source-Arn": {f.sourceARN}, "Accept": {jsonType},
			"User-Agent": {"AmazonAPIGateway_" + x.stage.api}, "X-Amzn-Trace-Id": {x.traceHeader()},
		}
		l.detail("Endpoint request URI: %s", uri)
		l.detail("Endpoint request headers: %s", truncated(headerText(header)))
		l.detail("Endpoint request body after transformations: %s", truncated(x.withoutCredentials(string(event))))
	}
	l.line("Sending request to %s", uri)
}

// identityText shows the identity that an authorizer is about to judge, masked; empty when the request has none. A REQUEST authorizer's is
// a map of its sources.
func (a *authorizerPlan) identityText(x *exchange) string {
	f := a.function
	if f == nil || f.isToken {
		return masked(firstValue(x.request.Header, a.header))
	}
	shown := make(map[string]string, len(f.sources))
	for _, source := range f.sources {
		values := source.values(x)
		if !present(values) {
			return ""
		}
		shown[source.expression] = masked(strings.Join(values, ","))
	}
	return mapText(shown)
}

// shortSecret is how long an identity must be to be taken for a secret: masking less than that would mask half of every line.
const shortSecret = 8

// identitySecrets are the values of a REQUEST authorizer's sources that a client chose, to be masked where they are shown.
func (x *exchange) identitySecrets() []string {
	if x.method == nil || x.method.authorizer == nil || x.method.authorizer.function == nil {
		return nil
	}
	var secrets []string
	for _, source := range x.method.authorizer.function.sources {
		if !strings.HasPrefix(source.expression, "method.request.") {
			continue
		}
		for _, value := range source.values(x) {
			if len(value) >= shortSecret {
				secrets = append(secrets, value)
			}
		}
	}
	return secrets
}
