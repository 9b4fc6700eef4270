package gateway

import (
	"net/http"
	"strings"
	"time"

	"github.com/poolgate/poolgate/internal/lambda"
)

// functionRequest writes the lines around a function's call (recorded section 7). API Gateway speaks to Lambda over HTTP, and its log
// shows that request; the one here is what it would be.
func (l *executionLog) functionRequest(x *exchange, f *function, payload []byte) {
	if l == nil || l.level == logOff {
		return
	}
	uri := "https://lambda." + x.stage.region + ".amazonaws.com/2015-03-31/functions/" + f.arn + "/invocations"
	if !l.data {
		l.line("Sending request to %s", uri)
		return
	}
	header := http.Header{
		"x-amzn-lambda-integration-tag": {x.requestID}, "x-amzn-apigateway-api-id": {x.target.API}, "Accept": {jsonType},
		"User-Agent": {"AmazonAPIGateway_" + x.target.API}, "X-Amzn-Trace-Id": {x.traceHeader()}, "Content-Type": {jsonType},
		"X-Amz-Date": {x.began.UTC().Format("20060102T150405Z")},
	}
	l.detail("Endpoint request URI: %s", uri)
	l.detail("Endpoint request headers: %s", truncated(headerText(header)))
	l.detail("Endpoint request body after transformations: %s", truncated(x.withoutCredentials(string(payload))))
	l.line("Sending request to %s", uri)
}

func (l *executionLog) functionAnswer(x *exchange, out *lambda.Answer, took time.Duration) {
	if l == nil {
		return
	}
	l.received(http.StatusOK, took)
	if !l.detailed() {
		return
	}
	header := http.Header{"Content-Type": {jsonType}, "X-Amzn-Trace-Id": {x.traceHeader()}}
	if out.Failed {
		header["X-Amz-Function-Error"] = []string{out.Kind}
	}
	l.detail("Endpoint response headers: %s", truncated(headerText(header)))
	l.detail("Endpoint response body before transformations: %s", truncated(x.withoutCredentials(string(out.Payload))))
}

// withoutCredentials masks the request's credentials in a text that may hold them, as a function's event does.
func (x *exchange) withoutCredentials(text string) string {
	for name, values := range x.request.Header {
		isSource := x.method != nil && x.method.authorizer != nil && strings.EqualFold(name, x.method.authorizer.header)
		if !isSource && !isCredential(name) {
			continue
		}
		for _, value := range values {
			if value != "" {
				text = strings.ReplaceAll(text, value, masked(value))
			}
			if _, token, ok := strings.Cut(value, " "); ok && token != "" {
				text = strings.ReplaceAll(text, token, masked(token))
			}
		}
	}
	for _, secret := range x.identitySecrets() {
		text = strings.ReplaceAll(text, secret, masked(secret))
	}
	return text
}
