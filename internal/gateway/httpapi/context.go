package httpapi

import (
	"strconv"
	"strings"
	"time"

	"github.com/poolgate/poolgate/authz"
)

// contextValue finds a value of $context by its dotted name (guide: "Customize HTTP API access logs"); false when it has none. What
// is known only behind the answer has a value only in the access log.
func (x *exchange) contextValue(name string) (string, bool) {
	switch group, member, _ := strings.Cut(name, "."); group {
	case "authorizer":
		return x.authorizerValue(member)
	case "identity":
		return x.identityValue(member)
	case "error":
		return x.errorValue(member)
	}
	text := x.requestValue(name)
	return text, text != ""
}

func (x *exchange) requestValue(name string) string {
	switch name {
	case "requestId", "extendedRequestId":
		return x.requestID
	case "apiId":
		return x.target.API
	case "accountId":
		if x.stage != nil {
			return x.stage.account
		}
	case "stage":
		return x.stageName()
	case "routeKey":
		if x.route != nil {
			return x.route.key
		}
	case "httpMethod":
		return x.request.Method
	case "path":
		return x.fullPath()
	case "protocol":
		return x.request.Proto
	case "domainName":
		return x.domainName()
	case "domainPrefix":
		prefix, _, _ := strings.Cut(x.domainName(), ".")
		return prefix
	case "requestTime":
		return x.requestTime()
	case "requestTimeEpoch":
		return strconv.FormatInt(x.began.UnixMilli(), 10)
	case "customDomain.basePathMatched":
		return strings.TrimPrefix(x.target.BasePath, "/")
	case "xrayTraceId":
		return x.traceHeader()
	}
	return ""
}

// requestTime is $context.requestTime, in the form of access logs.
func (x *exchange) requestTime() string { return x.began.UTC().Format("02/Jan/2006:15:04:05 -0700") }

func (x *exchange) authorizerValue(name string) (string, bool) {
	if claim, ok := strings.CutPrefix(name, "claims."); ok {
		if x.claims == nil {
			return "", false
		}
		return x.claims.HTTPValue(claim)
	}
	switch {
	case name == "error":
		return x.authorizerError, x.authorizerError != ""
	case x.granted == nil:
		return "", false
	case name == "principalId":
		return x.granted.principal, x.granted.principal != ""
	}
	return x.granted.text(name)
}

func (x *exchange) identityValue(name string) (string, bool) {
	switch name {
	case "sourceIp":
		return x.sourceIP(), true
	case "userAgent":
		agent := x.request.UserAgent()
		return agent, agent != ""
	}
	if member, ok := strings.CutPrefix(name, "clientCert."); ok {
		certificate := x.certificate()
		if certificate == nil {
			return "", false
		}
		text := certificate.Value(member)
		return text, text != ""
	}
	if x.caller == nil {
		return "", false
	}
	text := x.caller.value(name)
	return text, text != ""
}

// errorValue is what the client was told; a backend's own refusal is no error of the gateway's.
func (x *exchange) errorValue(name string) (string, bool) {
	r := x.refusal
	if r == nil || r.reason == authz.IntegrationRefused {
		return "", false
	}
	switch name {
	case "message":
		return r.message, true
	case "messageString":
		return strconv.Quote(r.message), true
	case "responseType":
		return r.responseType(), true
	}
	return "", false
}

// responseType is $context.error.responseType. HTTP APIs have no gateway responses; the names are those of REST APIs' types.
func (r *refusal) responseType() string {
	switch {
	case r.status == 401:
		return "UNAUTHORIZED"
	case r.status == 403:
		return "ACCESS_DENIED"
	case r.status == 404:
		return "RESOURCE_NOT_FOUND"
	case r.status == 413:
		return "REQUEST_TOO_LARGE"
	case r.status == 429:
		return "THROTTLED"
	case r.reason == authz.IntegrationTimeout:
		return "INTEGRATION_TIMEOUT"
	case refusers[r.reason] == authz.ByIntegration:
		return "INTEGRATION_FAILURE"
	case refusers[r.reason] == authz.ByAuthorizer:
		return "AUTHORIZER_FAILURE"
	}
	return "BAD_REQUEST_BODY"
}

// loggedValue is contextValue with what is known behind the answer.
func (x *exchange) loggedValue(a *answer, name string) string {
	switch name {
	case "status":
		return strconv.Itoa(a.status)
	case "responseLength", "dataProcessed":
		return strconv.FormatInt(a.sent, 10)
	case "responseLatency":
		return strconv.FormatInt(time.Since(x.began).Milliseconds(), 10)
	case "integrationErrorMessage", "integration.error":
		if x.refusal != nil {
			return x.refusal.integrationError
		}
		return ""
	}
	if text, ok := x.backend.value(name); ok {
		return text
	}
	text, _ := x.contextValue(name)
	return text
}

// value tells of the integration's answer; false for a name that is not the integration's. Of a function's two statuses
// integrationStatus is the service's.
func (b *backendTrace) value(name string) (string, bool) {
	text := ""
	switch name {
	case "integrationLatency", "integration.latency":
		text = strconv.FormatInt(b.latency.Milliseconds(), 10)
	case "integrationStatus", "integration.integrationStatus":
		text = strconv.Itoa(b.service)
	case "integration.status":
		text = strconv.Itoa(b.status)
	case "awsEndpointRequestId", "integration.requestId":
		text = b.requestID
	case "awsEndpointRequestId2":
	default:
		return "", false
	}
	if !b.answered {
		text = ""
	}
	return text, true
}
