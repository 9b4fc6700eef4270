package httpapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/internal/gateway/upstream"
)

// httpIntegration is HTTP_PROXY: headers, query and body pass both ways as they come, but for what parameters change.
type httpIntegration struct {
	base
	method string
	// pieces of the uri are text and names of path parameters in turn, beginning and ending with text.
	pieces []string
	// fixed is the address when there are no parameters; rest is then the name of the greedy parameter that is put behind it, or
	// whole tells that the whole path is.
	fixed *url.URL
	rest  string
	whole bool
}

func (c *compiler) http(b base, route *routePlan, doc *types.Integration) (integration, error) {
	h := &httpIntegration{base: b, method: aws.ToString(doc.IntegrationMethod)}
	uri := c.substitute(aws.ToString(doc.IntegrationUri))
	if strings.Contains(uri, "${") && c.known {
		return nil, fmt.Errorf("the uri %s names a stage variable that is not set", uri)
	}
	for {
		before, rest, found := strings.Cut(strings.ReplaceAll(uri, "${", "\x00"), "{")
		name, after, closed := strings.Cut(rest, "}")
		if !found || !closed {
			h.pieces = append(h.pieces, strings.ReplaceAll(uri, "\x00", "${"))
			break
		}
		h.pieces = append(h.pieces, before, strings.TrimSuffix(name, "+"))
		uri = after
	}
	if len(h.pieces) > 1 || !c.known {
		return h, nil
	}
	var err error
	h.fixed, err = parseEndpoint(h.pieces[0])
	if h.whole = route.path == ""; route.greedy {
		h.rest = route.names[len(route.names)-1]
	}
	return h, err
}

func (h *httpIntegration) invoke(g *Gateway, x *exchange) (*answer, *refusal) {
	ctx, cancel := context.WithTimeout(x.context(), h.timeout)
	request, refused := h.request(ctx, x)
	if refused != nil {
		cancel()
		return nil, refused
	}
	sent := time.Now()
	response, err := g.transport.RoundTrip(request) //nolint:bodyclose // the answer that streams it closes it; a transport follows no redirects
	if err != nil {
		cancel()
		return nil, failed(ctx, err)
	}
	x.backend = backendTrace{
		answered: true, status: response.StatusCode, service: response.StatusCode, latency: time.Since(sent), requestID: response.Header.Get("X-Amzn-Requestid"),
	}
	return h.answer(ctx, x, response, &upstream.Body{ReadCloser: response.Body, Cancel: cancel})
}

// request is the request to the backend. The body streams, unless a parameter looks into it.
func (h *httpIntegration) request(ctx context.Context, x *exchange) (*http.Request, *refusal) {
	out := x.outgoing(x.backendHeader())
	h.dropLookalikes(x, out.header)
	if refused := out.change(x, h.requests); refused != nil {
		return nil, refused
	}
	address, refused := h.address(x, out)
	if refused != nil {
		return nil, refused
	}
	method := h.method
	if method == "" || method == anyVerb {
		method = x.request.Method
	}
	body, length := x.backendBody(method)
	request, err := http.NewRequestWithContext(ctx, method, address.String(), body)
	if err != nil {
		return nil, internalError(err)
	}
	request.ContentLength, request.Header = length, out.header
	if host := out.header.Get("Host"); host != "" {
		request.Host = host
		out.header.Del("Host")
	}
	return request, nil
}

// dropLookalikes leaves out headers that a backend may take for one that the API sets or that the request was judged by.
func (h *httpIntegration) dropLookalikes(x *exchange, header http.Header) {
	judged := x.route.judged()
	upstream.DropLookalikes(header, func(name string) bool {
		return name == judged || name == "Forwarded" || name == "Via" ||
			slices.ContainsFunc(h.requests, func(m mapping) bool { return m.place == placeHeader && strings.EqualFold(m.name, name) })
	})
}

// backendBody is the client's body as it comes, up to AWS's limit.
func (x *exchange) backendBody(method string) (io.Reader, int64) {
	bodiless := method == http.MethodGet || method == http.MethodHead
	switch {
	case bodiless && x.request.ContentLength <= 0 || x.request.Body == nil || x.request.ContentLength == 0:
		return http.NoBody, 0
	case x.hasBody:
		return strings.NewReader(string(x.body)), int64(len(x.body))
	}
	return &upstream.LimitedBody{ReadCloser: x.request.Body, Left: upstream.PayloadLimit}, x.request.ContentLength
}

// backendHeader are the client's headers as an HTTP backend gets them, Authorization among them, with what API Gateway adds.
func (x *exchange) backendHeader() http.Header {
	h := x.eventHeader()
	for _, name := range []string{"Host", "Content-Length", "Max-Forwards"} {
		delete(h, name)
	}
	const via = "HTTP/1.1 AmazonAPIGateway"
	if before := h["Via"]; len(before) > 0 {
		h["Via"] = append(before[:len(before):len(before)], via)
	} else {
		h["Via"] = x.one(via)
	}
	proto := "http"
	if x.source.Secure {
		proto = "https"
	}
	forwarded := "for=" + forwardedNode(x.sourceIP()) + ";host=" + x.domainName() + ";proto=" + proto
	if before := h["Forwarded"]; len(before) > 0 {
		forwarded = strings.Join(before, ", ") + ", " + forwarded
	}
	h["Forwarded"] = x.one(forwarded)
	if h.Get("User-Agent") == "" {
		h["User-Agent"] = x.one("AmazonAPIGateway_" + x.target.API)
	}
	return h
}

// forwardedNode writes an address as RFC 7239, section 6 asks for: that of IPv6 in brackets and quotation marks.
func forwardedNode(address string) string {
	if strings.Contains(address, ":") {
		return `"[` + address + `]"`
	}
	return address
}

// failed tells a timeout from other failures, and both from a body that was too large.
func failed(ctx context.Context, err error) *refusal {
	switch {
	case upstream.IsTooLarge(err):
		return tooLarge()
	case errors.Is(err, upstream.ErrBodyBroken):
		return refuse(authz.BodyInvalid).because(err).explained("a body that cannot be read to its end", "a whole body")
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return refuse(authz.IntegrationTimeout).because(err).reporting(saidTimeout).explained("no answer within the integration's timeout", "an answer in time")
	}
	return unavailable(err).explained(err.Error(), "an answer")
}

// wholeAnswer is up to which length an answer is read before its first byte is passed on, so that one that breaks off is still
// answered properly.
const wholeAnswer = 64 << 10

// answer passes the backend's answer on.
func (h *httpIntegration) answer(ctx context.Context, x *exchange, response *http.Response, stream io.ReadCloser) (*answer, *refusal) {
	a := &answer{status: response.StatusCode, headers: returnedHeaders(response), length: response.ContentLength}
	switch short := a.length >= 0 && a.length <= wholeAnswer && x.request.Method != http.MethodHead; {
	case h.answers.needBody(a.status):
		defer func() { _ = stream.Close() }()
		var err error
		if a.body, err = io.ReadAll(io.LimitReader(stream, upstream.PayloadLimit+1)); err != nil {
			return nil, failed(ctx, err)
		}
		if len(a.body) > upstream.PayloadLimit {
			return nil, unavailable(upstream.ErrTooLarge)
		}
	case short:
		defer func() { _ = stream.Close() }()
		a.body = make([]byte, a.length)
		if _, err := io.ReadFull(stream, a.body); err != nil {
			return nil, failed(ctx, err)
		}
	default:
		a.stream = stream
	}
	h.answers.apply(x, a)
	return a, nil
}

// returnedHeaders are a backend's headers as the client gets them: those of its connection stay behind.
func returnedHeaders(response *http.Response) []headerField {
	named := upstream.ConnectionHeaders(response.Header)
	fields := make([]headerField, 0, len(response.Header))
	for name, values := range response.Header {
		if !ownHeader(name) && !named[name] {
			fields = append(fields, headerField{name, values})
		}
	}
	return fields
}
