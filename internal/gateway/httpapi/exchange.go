package httpapi

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/internal/gateway/ids"
	"github.com/poolgate/poolgate/internal/gateway/peer"
	"github.com/poolgate/poolgate/internal/gateway/upstream"
	"github.com/poolgate/poolgate/internal/gateway/urlpath"
)

// exchange is one request on its way through the phases: what came, what was found out about it.
type exchange struct {
	request *http.Request
	target  Target
	// began is the machine's time, for durations and $context.requestTime.
	began time.Time
	// requestID is also $context.extendedRequestId and apigw-requestid: an HTTP API has but one.
	requestID string
	// source is where it came from.
	source peer.Source

	// From match: stage is nil when there is none, route when none matched; the request is then refused.
	stage      *stagePlan
	path       urlpath.Path
	route      *routePlan
	parameters []parameter
	// isPreflight tells that the API's CORS configuration answered.
	isPreflight bool

	// From authorize: claims of a token, what a function granted, or who signed.
	claims  *authz.Claims
	granted *grant
	caller  *caller
	// authorizerError is $context.authorizer.error.
	authorizerError string

	// backend is what the access log tells of the integration.
	backend backendTrace

	refusal *refusal
	query   url.Values
	body    []byte
	bodyErr *refusal
	hasBody bool
	traceID string

	// Room for what nearly every request needs, so that it costs no allocation of its own.
	segmentRoom   [12]urlpath.Segment
	parameterRoom [4]parameter
	headerRoom    [8]string
	valueRoom     [12]string
	values        int
}

// backendTrace is how the integration answered.
type backendTrace struct {
	answered bool
	// status is the integration's own: of a function the one that it returned; service is that of the call, 200 for a function.
	status, service int
	latency         time.Duration
	requestID       string
}

func (g *Gateway) begin(r *http.Request, target Target) *exchange {
	return &exchange{request: r, target: target, began: time.Now(), requestID: ids.Extended(), source: g.proxies.Source(r)}
}

func (x *exchange) context() context.Context { return x.request.Context() }

// sourceIP is the client's address: the connection's, or what trusted proxies say.
func (x *exchange) sourceIP() string { return x.source.IP }

// stageName is the stage's name, or nothing when none was found.
func (x *exchange) stageName() string {
	if x.stage == nil {
		return ""
	}
	return x.stage.name
}

// fullPath is the decoded path with the stage before it, unless that is $default: rawPath and $context.path.
func (x *exchange) fullPath() string {
	if x.stage == nil || x.stage.name == defaultStage {
		return x.path.Text()
	}
	if len(x.path.Segments) == 0 && !x.path.Trailing {
		return "/" + x.stage.name
	}
	return "/" + x.stage.name + x.path.Text()
}

// parameterPath is the part of the path that a parameter stands for.
func (x *exchange) parameterPath(name string) (urlpath.Path, bool) {
	if x.route == nil {
		return urlpath.Path{}, false
	}
	for i, n := range x.route.names {
		if n == name && i < len(x.parameters) {
			at := x.parameters[i]
			greedy := x.route.greedy && i == len(x.route.names)-1
			return urlpath.Path{Segments: x.path.Segments[at.from:at.to], Trailing: greedy && x.path.Trailing && at.to > at.from}, true
		}
	}
	return urlpath.Path{}, false
}

// pathParameter returns a path parameter decoded.
func (x *exchange) pathParameter(name string) (string, bool) {
	p, ok := x.parameterPath(name)
	if !ok || len(p.Segments) == 0 {
		return "", ok
	}
	return p.Text()[1:], true
}

// queryValues are the parameters of the query string; those that cannot be read are left out.
func (x *exchange) queryValues() url.Values {
	if x.query == nil {
		x.query = x.request.URL.Query()
	}
	return x.query
}

// headerValue is a header's values as one text, by its name in any case (fact 2); empty when it was not sent.
func (x *exchange) headerValue(name string) string {
	if strings.EqualFold(name, "Host") {
		return x.request.Host
	}
	switch values := x.request.Header.Values(name); len(values) {
	case 0:
		return ""
	case 1:
		return values[0]
	default:
		return strings.Join(values, ",")
	}
}

// one is a header's list of one value, without an allocation of its own for the first dozen. Appending to it copies it.
func (x *exchange) one(value string) []string {
	if x.values == len(x.valueRoom) {
		return []string{value}
	}
	at := x.values
	x.values++
	x.valueRoom[at] = value
	return x.valueRoom[at : at+1 : at+1]
}

// readBody reads the payload once, up to AWS's limit.
func (x *exchange) readBody() ([]byte, *refusal) {
	if x.hasBody {
		return x.body, x.bodyErr
	}
	x.hasBody = true
	if x.request.Body == nil {
		return nil, nil
	}
	if x.request.ContentLength > upstream.PayloadLimit {
		x.bodyErr = tooLarge()
		return nil, x.bodyErr
	}
	body, err := io.ReadAll(io.LimitReader(x.request.Body, upstream.PayloadLimit+1))
	switch {
	case len(body) > upstream.PayloadLimit || upstream.IsTooLarge(err):
		x.bodyErr = tooLarge()
	case err != nil:
		x.bodyErr = refuse(authz.BodyInvalid).because(err)
	default:
		x.body = body
	}
	return x.body, x.bodyErr
}

// traceHeader is the request's X-Amzn-Trace-Id: the client's root when it sent one, else a new one.
func (x *exchange) traceHeader() string {
	if x.traceID == "" {
		x.traceID = ids.Trace(x.request.Header.Get("X-Amzn-Trace-Id"), x.began)
	}
	return x.traceID
}

// domainName is the host that the client named, without its port.
func (x *exchange) domainName() string {
	host := x.request.Host
	if i := strings.LastIndexByte(host, ':'); i >= 0 && !strings.HasSuffix(host, "]") {
		return host[:i]
	}
	return host
}
