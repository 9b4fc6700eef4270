package gateway

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/internal/gateway/upstream"
)

// httpIntegration sends the request on. As HTTP_PROXY (proxy) headers, query and body pass both ways as they come; as HTTP
// only what mappings and templates name does.
type httpIntegration struct {
	proxy    bool
	method   string
	endpoint endpoint
	headers  []mapping
	timeout  time.Duration
	// request has templates for HTTP only.
	request requestTemplates
	// responses are of HTTP only.
	responses integrationResponses
}

// The bounds of an integration's timeout, and its default (29 s).
const (
	shortestTimeout = 50 * time.Millisecond
	longestTimeout  = 29 * time.Second
)

// illegalHeaders may not be mapped to an HTTP integration: the request fails (AWS calls it a configuration error).
var illegalHeaders = upstream.HeaderSet("Content-Length", "Transfer-Encoding", "X-Amzn-Trace-Id", "X-Amzn-Apigateway-Api-Id")

func (c *compiler) httpBase(where string, doc *types.Integration) (*httpIntegration, error) {
	h := &httpIntegration{method: aws.ToString(doc.HttpMethod), timeout: timeoutOf(doc)}
	mapped := c.mappings(where, doc.RequestParameters, "integration.request.")
	for _, m := range mapped {
		if m.place != "header" {
			continue
		}
		if illegalHeaders[http.CanonicalHeaderKey(m.name)] {
			return nil, fmt.Errorf("%s: the header %s may not be mapped", where, m.name)
		}
		h.headers = append(h.headers, m)
	}
	var err error
	h.endpoint, err = c.endpoint(doc, mapped)
	return h, err
}

func (c *compiler) http(where string, doc *types.Integration) integration {
	h, err := c.httpBase(where, doc)
	if err != nil {
		return brokenIntegration{err}
	}
	h.request = compileRequestTemplates(doc)
	h.responses = c.integrationResponses(where, doc.IntegrationResponses)
	return h
}

func (c *compiler) httpProxy(where string, doc *types.Integration) integration {
	h, err := c.httpBase(where, doc)
	if err != nil {
		return brokenIntegration{err}
	}
	h.proxy, h.request.handling = true, string(doc.ContentHandling)
	return h
}

func (h *httpIntegration) invoke(g *Gateway, x *exchange) (*answer, *refusal) {
	if h.proxy && !isBodiless(h.verb(x)) && !h.streamsIn(x) {
		// A client may take its time with the body; that is not the backend's, whose timeout begins here.
		if _, refused := x.readBody(); refused != nil {
			return nil, refused
		}
	}
	ctx, cancel := context.WithTimeout(x.context(), h.timeout)
	request, refused := h.outgoing(ctx, x)
	if refused != nil {
		cancel()
		return nil, refused
	}
	x.trace.endpointRequest(request)
	sent := time.Now()
	response, err := g.transport.RoundTrip(request) //nolint:bodyclose // the answer that streams it closes it; a transport follows no redirects
	if err != nil {
		cancel()
		return nil, failed(ctx, err)
	}
	x.trace.endpointResponse(response, time.Since(sent))
	stream := &upstream.Body{ReadCloser: response.Body, Cancel: cancel}
	if h.proxy {
		return proxied(ctx, x, response, stream)
	}
	defer func() { _ = stream.Close() }()
	return h.mapped(ctx, x, response)
}

// failed tells a timeout from other failures, and both from a body that was too large.
func failed(ctx context.Context, err error) *refusal {
	switch {
	case upstream.IsTooLarge(err):
		return tooLong()
	case errors.Is(err, upstream.ErrBodyBroken):
		return refuse(authz.BodyInvalid).because(err).explained("a body that cannot be read to its end", "a whole body")
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return refuse(authz.IntegrationTimeout).because(err).explained("no answer within the integration's timeout", "an answer in time")
	}
	return integrationFailure(err).explained(err.Error(), "an answer")
}

// buffers are for streams and for short answers.
var buffers = sync.Pool{New: func() any {
	b := make([]byte, 32<<10)
	return &b
}}

// wholeAnswer is up to which length an answer is read before its first byte is passed on, so that one that breaks off is
// still answered properly.
const wholeAnswer = 64 << 10

// proxied passes the backend's answer on.
func proxied(ctx context.Context, x *exchange, response *http.Response, stream io.ReadCloser) (*answer, *refusal) {
	a := &answer{status: response.StatusCode, contentType: jsonType, headers: returnedHeaders(response), traced: true, length: response.ContentLength, stream: stream}
	isHead := x.request.Method == http.MethodHead
	if converts := x.stage.binary.proxied(x.request.Header, response.Header); converts != (conversion{}) && !isHead {
		if refused := a.convert(converts); refused != nil {
			return nil, refused
		}
	} else if a.length >= 0 && a.length <= wholeAnswer && !isHead {
		defer func() { _ = stream.Close() }()
		a.stream, a.body = nil, make([]byte, a.length)
		if _, err := io.ReadFull(stream, a.body); err != nil {
			return nil, failed(ctx, err)
		}
	}
	x.refusedByBackend(a.status)
	return a, nil
}

// convert turns the whole of a backend's answer into text or bytes. Text that is to become bytes and is no base64 stays as it is: no
// setting of this method asked for it, only what the client accepts.
func (a *answer) convert(converts conversion) *refusal {
	if err := a.whole(); err != nil {
		return unread(err)
	}
	if converts.encode {
		a.body = encodeBinary(a.body)
	} else if decoded, refused := decodeBinary(a.body); refused == nil {
		a.body = decoded
	}
	return nil
}

// mapped reads the backend's answer and maps it.
func (h *httpIntegration) mapped(ctx context.Context, x *exchange, response *http.Response) (*answer, *refusal) {
	body, err := io.ReadAll(io.LimitReader(response.Body, payloadLimit+1))
	if err != nil {
		return nil, failed(ctx, err)
	}
	if len(body) > payloadLimit {
		return nil, integrationFailure(upstream.ErrTooLarge)
	}
	x.trace.endpointBody(body)
	a, refused := h.responses.answer(x, &backendAnswer{status: response.StatusCode, header: response.Header, body: body})
	if refused != nil {
		return nil, refused
	}
	a.traced = true
	x.refusedByBackend(response.StatusCode)
	return a, nil
}
