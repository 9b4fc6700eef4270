package gateway

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/internal/gateway/upstream"
	"github.com/poolgate/poolgate/internal/vtl"
)

// httpIntegration sends the request on. As HTTP_PROXY (proxy) headers, query and body pass both ways as they come; as HTTP
// only what mappings and templates name does.
type httpIntegration struct {
	proxy    bool
	method   string
	endpoint endpoint
	headers  []mapping
	timeout  time.Duration

	// Of HTTP only.
	request   requestTemplates
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
	h.proxy = true
	return h
}

func (h *httpIntegration) invoke(g *Gateway, x *exchange) (*answer, *refusal) {
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

// outgoing is the request to the backend. The body comes first: its template may override the rest.
func (h *httpIntegration) outgoing(ctx context.Context, x *exchange) (*http.Request, *refusal) {
	method := h.method
	if method == "" || method == anyVerb {
		method = x.request.Method
	}
	body, length, refused := h.body(x, method)
	if refused != nil {
		return nil, refused
	}
	address, refused := h.endpoint.address(x, h.proxy)
	if refused != nil {
		return nil, refused
	}
	request, err := http.NewRequestWithContext(ctx, method, address.String(), body)
	if err != nil {
		return nil, internalError(err)
	}
	request.ContentLength = length
	if h.proxy {
		request.Header = forwardedHeaders(x.request.Header)
		x.forwardIdentity(request.Header)
	} else if contentType := x.request.Header.Get("Content-Type"); contentType != "" && length != 0 {
		request.Header.Set("Content-Type", contentType)
	}
	for _, m := range h.headers {
		values, refused := m.from(x, nil)
		if refused != nil {
			return nil, refused
		}
		for i, value := range values {
			switch {
			case strings.EqualFold(m.name, "Host"):
				request.Host = value
			case i == 0:
				request.Header.Set(m.name, value)
			default:
				request.Header.Add(m.name, value)
			}
		}
	}
	x.overrideHeaders(request)
	addGatewayHeaders(x, request.Header)
	return request, nil
}

// overrideHeaders sets what the request template set of $context.requestOverride.header.
func (x *exchange) overrideHeaders(request *http.Request) {
	headers := x.overrides("header")
	if headers == nil {
		return
	}
	for _, name := range headers.Keys() {
		value, _ := headers.Get(name)
		switch text := vtl.Text(value); {
		case illegalHeaders[http.CanonicalHeaderKey(name)]:
		case strings.EqualFold(name, "Host"):
			request.Host = text
		default:
			request.Header.Set(name, text)
		}
	}
}

// body is what is sent along: the client's body as it comes for HTTP_PROXY, the template's text for HTTP.
func (h *httpIntegration) body(x *exchange, method string) (io.Reader, int64, *refusal) {
	bodiless := method == http.MethodGet || method == http.MethodHead || method == http.MethodOptions
	if h.proxy {
		if bodiless || x.request.Body == nil || x.request.ContentLength == 0 {
			return http.NoBody, 0, nil
		}
		return &upstream.LimitedBody{ReadCloser: x.request.Body, Left: payloadLimit}, x.request.ContentLength, nil
	}
	payload, refused := h.request.payload(x)
	if refused != nil || bodiless || payload == "" {
		return http.NoBody, 0, refused
	}
	return strings.NewReader(payload), int64(len(payload)), nil
}

// failed tells a timeout from other failures, and both from a body that was too large.
func failed(ctx context.Context, err error) *refusal {
	switch {
	case upstream.IsTooLarge(err):
		return tooLong()
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
	a := &answer{status: response.StatusCode, contentType: jsonType, headers: returnedHeaders(response), traced: true, length: response.ContentLength}
	if a.length >= 0 && a.length <= wholeAnswer && x.request.Method != http.MethodHead {
		defer func() { _ = stream.Close() }()
		a.body = make([]byte, a.length)
		if _, err := io.ReadFull(stream, a.body); err != nil {
			return nil, failed(ctx, err)
		}
	} else {
		a.stream = stream
	}
	x.refusedByBackend(a.status)
	return a, nil
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
