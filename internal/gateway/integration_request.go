package gateway

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"

	"github.com/poolgate/poolgate/internal/gateway/upstream"
	"github.com/poolgate/poolgate/internal/vtl"
)

// outgoing is the request to the backend. A template comes first, as it may override the rest; a body that is passed on comes last,
// as a mapping may have read it.
func (h *httpIntegration) outgoing(ctx context.Context, x *exchange) (*http.Request, *refusal) {
	payload := ""
	if !h.proxy {
		var refused *refusal
		if payload, refused = h.request.payload(x); refused != nil {
			return nil, refused
		}
	}
	address, refused := h.endpoint.address(x, h.proxy)
	if refused != nil {
		return nil, refused
	}
	request, err := http.NewRequestWithContext(ctx, h.verb(x), address.String(), nil)
	if err != nil {
		return nil, internalError(err)
	}
	if refused := h.setHeaders(x, request, payload != ""); refused != nil {
		return nil, refused
	}
	return request, h.setBody(x, request, payload)
}

func (h *httpIntegration) setHeaders(x *exchange, request *http.Request, hasPayload bool) *refusal {
	if h.proxy {
		request.Header = forwardedHeaders(x.request.Header)
		x.forwardIdentity(request.Header)
		h.dropMapped(x, request.Header)
	} else if contentType := x.request.Header.Get("Content-Type"); contentType != "" && hasPayload && !isBodiless(request.Method) {
		request.Header.Set("Content-Type", contentType)
	}
	for _, m := range h.headers {
		values, refused := m.from(x, nil)
		if refused != nil {
			return refused
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
	return nil
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

// setBody is what is sent along: the client's body as it comes for HTTP_PROXY, the template's text for HTTP.
func (h *httpIntegration) setBody(x *exchange, request *http.Request, payload string) *refusal {
	switch {
	case isBodiless(request.Method):
	case !h.proxy:
		setBytes(request, []byte(payload))
	case h.streamsIn(x):
		request.Body = &upstream.LimitedBody{ReadCloser: x.request.Body, Left: payloadLimit}
		request.ContentLength = x.request.ContentLength
	default:
		body, refused := x.readBody()
		if refused == nil {
			body, refused = h.request.converted(x, body)
		}
		if refused != nil {
			return refused
		}
		setBytes(request, body)
	}
	return nil
}

// setBytes gives a request a body that is in memory.
func setBytes(request *http.Request, body []byte) {
	if len(body) == 0 {
		return
	}
	request.ContentLength = int64(len(body))
	request.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	request.Body, _ = request.GetBody()
}

// isBodiless tells that requests of a method are sent without a body.
func isBodiless(method string) bool {
	return method == http.MethodGet || method == http.MethodHead || method == http.MethodOptions
}

// wholeRequest is up to which length a request's body is read before the backend is asked.
const wholeRequest = 64 << 10

// streamsIn tells that the client's body is passed on while it comes: it is long or of unknown length, nothing has read it, and
// nothing must be done to it.
func (h *httpIntegration) streamsIn(x *exchange) bool {
	r := x.request
	return !x.hasBody && r.Body != nil && r.Body != http.NoBody && (r.ContentLength < 0 || r.ContentLength > wholeRequest) &&
		h.request.handling == "" && encodingOf(r) == ""
}

// verb is what the backend is asked with.
func (h *httpIntegration) verb(x *exchange) string {
	if h.method == "" || h.method == anyVerb {
		return x.request.Method
	}
	return h.method
}
