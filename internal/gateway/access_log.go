package gateway

import (
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/internal/gateway/accesslog"
	"github.com/poolgate/poolgate/internal/vtl"
)

// compileAccessLog reads the settings; nil when the stage has no access log, or one that goes to a delivery stream.
func compileAccessLog(plan *stagePlan, settings *types.AccessLogSettings) *accesslog.Log {
	if settings == nil {
		return nil
	}
	return accesslog.Compile(plan.account, plan.region, aws.ToString(settings.DestinationArn), aws.ToString(settings.Format), nil)
}

// accessLine is the line of a request that was answered. It holds no whole token.
func (x *exchange) accessLine(l *accesslog.Log, a *answer) string {
	return l.Format(func(name string) (string, bool) {
		value := withoutTokens(x.accessValue(a, name))
		if name == "error.messageString" {
			return value, true // it comes in quotation marks
		}
		return clipped(value), false
	})
}

// accessValue is a variable's value; what is known only behind the answer is here, the rest is what templates see.
func (x *exchange) accessValue(a *answer, name string) string {
	refused := x.refusal
	if refused != nil && refused.reason == authz.IntegrationRefused {
		refused = nil
	}
	switch name {
	case "status":
		return strconv.Itoa(a.status)
	case "responseLength":
		if x.trace != nil && x.trace.sent != nil {
			return strconv.FormatInt(x.trace.sent.length, 10)
		}
		return strconv.Itoa(len(a.body))
	case "responseLatency":
		return strconv.FormatInt(time.Since(x.began).Milliseconds(), 10)
	case "path":
		return x.stagePath()
	case "identity.apiKey":
		return masked(x.metered.value)
	}
	switch group, member, _ := strings.Cut(name, "."); {
	case name == "integrationLatency", name == "integrationStatus", group == "integration":
		return x.integrationValue(a, name)
	case name == "integrationErrorMessage":
		return x.integrationValue(a, "integration.error")
	case group == "error" && refused == nil:
		return ""
	case name == "error.validationErrorString":
		if outlines[refused.reason].refusedBy == authz.ByRequest {
			return failureText(refused)
		}
		return ""
	case group == "authorize", name == "authorizer.status", name == "authorizer.error":
		return x.authorizationValue(a, refused, member)
	}
	value := x.contextValue(name)
	if value == nil {
		return ""
	}
	return vtl.Text(value)
}

// integrationValue tells of the backend's answer. Of a function's two statuses integrationStatus is the service's.
func (x *exchange) integrationValue(a *answer, name string) string {
	if name == "integration.error" {
		if r := x.refusal; r != nil && r.reason != authz.IntegrationRefused && outlines[r.reason].refusedBy == authz.ByIntegration {
			return failureText(r)
		}
		return ""
	}
	l := x.trace
	if l == nil || !l.answered {
		return ""
	}
	switch name {
	case "integrationLatency", "integration.latency":
		return strconv.FormatInt(l.latency.Milliseconds(), 10)
	case "integrationStatus", "integration.integrationStatus":
		return strconv.Itoa(l.status)
	case "integration.status":
		if _, isFunction := x.method.integration.(*proxyIntegration); isFunction && x.refusal == nil {
			return strconv.Itoa(a.status)
		}
		return strconv.Itoa(l.status)
	}
	return ""
}

// authorizationValue tells how the authorizer answered; a method without one has no such value.
func (x *exchange) authorizationValue(a *answer, refused *refusal, member string) string {
	if x.method == nil || x.method.authorization == authorizationNone {
		return ""
	}
	denied := refused != nil && outlines[refused.reason].refusedBy == authz.ByAuthorizer
	switch {
	case member == "status" && denied:
		return strconv.Itoa(a.status)
	case member == "status" && x.trace != nil:
		return "200"
	case member == "error" && denied:
		return refused.message
	}
	return ""
}
