package gateway

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/internal/gateway/ids"
	"github.com/poolgate/poolgate/internal/gateway/peer"
	"github.com/poolgate/poolgate/internal/gateway/signed"
	"github.com/poolgate/poolgate/internal/gateway/upstream"
	"github.com/poolgate/poolgate/internal/gateway/urlpath"
	"github.com/poolgate/poolgate/internal/vtl"
)

// exchange is one request on its way through the phases: what came, what was found out about it.
type exchange struct {
	request *http.Request
	target  Target
	// began is the machine's time, for durations and $context.requestTime.
	began      time.Time
	requestID  string
	extendedID string
	// source is where the request came from.
	source peer.Source

	// From match: stage is nil when there is none, method when no route matched; the request is then refused.
	stageName  string
	stage      *stagePlan
	path       urlpath.Path
	method     *methodPlan
	parameters []parameter

	// From authorize: the identity source's value, what the engine decided, and the claims when it allowed.
	identity string
	claims   *authz.Claims
	// granted is what a Lambda authorizer answered, also when it does not allow this request; grantLatency is how long that took, nothing
	// for an answer that was remembered. arn is methodArn once somebody asked for it.
	granted      *grant
	grantLatency time.Duration
	arn          string

	// From meter: the API key and what it is limited by.
	metered metered

	// caller is who signed the request; opened tells that the resource policy allowed it before an authorizer was asked.
	caller *signed.Caller
	opened bool

	// trace is the execution log; nil where nobody asked for one.
	trace *executionLog

	refusal *refusal
	query   url.Values
	body    []byte
	// sent is the body as it came, which signatures are about.
	sent    []byte
	bodyErr *refusal
	hasBody bool
	traceID string
	// override is $context.requestOverride, once a template asked for it.
	override *vtl.Map

	// Room for what nearly every request needs, so that it costs no allocation of its own.
	segmentRoom   [12]urlpath.Segment
	parameterRoom [4]parameter
	headerRoom    [8]string
	backendRoom   backendAnswer
}

// payloadLimit is AWS's for requests and for what templates read of an integration's answer.
const payloadLimit = upstream.PayloadLimit

func (g *Gateway) begin(r *http.Request, target Target) *exchange {
	x := &exchange{request: r, target: target, began: time.Now(), source: g.proxies.Source(r)}
	x.requestID, x.extendedID = ids.New()
	return x
}

func (x *exchange) context() context.Context { return x.request.Context() }

// sourceIP is the client's address: the connection's, or what a trusted proxy says.
func (x *exchange) sourceIP() string { return x.source.IP }

// pathParameter returns a path parameter decoded, and escaped as the upstream gets it.
func (x *exchange) pathParameter(name string) (text, escaped string, ok bool) {
	if x.method == nil {
		return "", "", false
	}
	for i, n := range x.method.resource.names {
		if n != name || i >= len(x.parameters) {
			continue
		}
		value := urlpath.Path{Segments: x.path.Segments[x.parameters[i].from:x.parameters[i].to]}
		return value.Text()[1:], value.Escaped()[1:], true
	}
	return "", "", false
}

// queryValues are the parameters of the query string; those that cannot be read are left out.
func (x *exchange) queryValues() url.Values {
	if x.query == nil {
		x.query = x.request.URL.Query()
	}
	return x.query
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
	body, err := io.ReadAll(io.LimitReader(x.request.Body, payloadLimit+1))
	switch {
	case len(body) > payloadLimit || upstream.IsTooLarge(err):
		x.bodyErr = tooLong()
	case err != nil:
		x.bodyErr = refuse(authz.BodyInvalid).because(err)
	default:
		x.sent = body
		x.body, x.bodyErr = x.decode(body)
	}
	return x.body, x.bodyErr
}

// sentBody is the payload as it came.
func (x *exchange) sentBody() ([]byte, *refusal) {
	if _, refused := x.readBody(); refused != nil && x.sent == nil {
		return nil, refused
	}
	return x.sent, nil
}
