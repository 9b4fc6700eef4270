package httpapi

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/internal/gateway/upstream"
)

// integrate lets the route's integration answer.
func (g *Gateway) integrate(x *exchange) (*answer, *refusal) {
	if x.request.ContentLength > upstream.PayloadLimit {
		return nil, tooLarge()
	}
	a, refused := x.route.integration.invoke(g, x)
	if refused == nil && (a.status == http.StatusUnauthorized || a.status == http.StatusForbidden) {
		x.refusal = refuse(authz.IntegrationRefused).explained("the backend answered "+http.StatusText(a.status), "an answer that lets the request in")
	}
	return a, refused
}

// The bounds of an integration's timeout; the longest is its default.
const (
	shortestTimeout = 50 * time.Millisecond
	longestTimeout  = 30 * time.Second
)

// timeoutOf is the integration's timeout within its bounds.
func timeoutOf(doc *types.Integration) time.Duration {
	timeout := time.Duration(aws.ToInt32(doc.TimeoutInMillis)) * time.Millisecond
	if timeout == 0 {
		return longestTimeout
	}
	return min(max(timeout, shortestTimeout), longestTimeout)
}

// base is what all integrations have.
type base struct {
	timeout  time.Duration
	requests []mapping
	answers  responseMappings
}

func compileBase(doc *types.Integration) (base, error) {
	b := base{timeout: timeoutOf(doc)}
	var err error
	if b.requests, err = mappings(doc.RequestParameters, placeHeader, placeQuery, placePath); err != nil {
		return b, err
	}
	b.answers, err = compileResponseMappings(doc.ResponseParameters)
	return b, err
}

// brokenIntegration answers 500 and leaves the cause in the decision record.
type brokenIntegration struct{ cause error }

func (b brokenIntegration) invoke(*Gateway, *exchange) (*answer, *refusal) {
	return nil, internalError(b.cause).explained(b.cause.Error(), "an integration that can be run")
}

var errNoTarget = errors.New("the route has no integration")

// integration compiles a route's integration. One that cannot be compiled refuses when it is invoked.
func (c *compiler) integration(route *routePlan, doc *types.Integration) integration {
	if doc == nil {
		return brokenIntegration{errNoTarget}
	}
	b, err := compileBase(doc)
	if err != nil {
		return brokenIntegration{c.problem("the integration of %s: %w", route.key, err)}
	}
	var made integration
	switch {
	case doc.ConnectionType == types.ConnectionTypeVpcLink:
		err = fmt.Errorf("the integration of %s goes through VPC link %s, and there is no VPC here", route.key, aws.ToString(doc.ConnectionId))
	case doc.IntegrationSubtype != nil:
		err = fmt.Errorf("the integration of %s is with %s; poolgate calls functions and HTTP backends only", route.key, *doc.IntegrationSubtype)
	case doc.IntegrationType == types.IntegrationTypeAwsProxy:
		made, err = c.function(b, doc)
	case doc.IntegrationType == types.IntegrationTypeHttpProxy:
		made, err = c.http(b, route, doc)
	default:
		err = fmt.Errorf("integrations of type %q are not for HTTP APIs", doc.IntegrationType)
	}
	if err != nil {
		return brokenIntegration{err} // stored and deployed as on AWS; it refuses when it is called
	}
	return made
}

// ownHeader tells that a header belongs to a connection or is the gateway's to set, and never a backend's.
func ownHeader(name string) bool {
	return upstream.HopByHop[name] || name == "Content-Length" || name == headerRequestID || name == headerReason || name == "X-Amzn-Trace-Id"
}

// substitute puts stage variables in the place of ${stageVariables.name}; those that are not set stay.
func substitute(text string, variables map[string]string) string {
	const opening = "${stageVariables."
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, opening)
		b.WriteString(before)
		if !found {
			return b.String()
		}
		name, after, closed := strings.Cut(rest, "}")
		value, known := variables[name]
		if !closed || !known {
			b.WriteString(opening)
			text = rest
			continue
		}
		b.WriteString(value)
		text = after
	}
}

func formatInt(n int64) string { return strconv.FormatInt(n, 10) }
