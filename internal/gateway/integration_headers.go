package gateway

import (
	"net"
	"net/http"
	"slices"
	"strings"

	"github.com/poolgate/poolgate/internal/gateway/upstream"
)

// notForwarded are further headers of a client that do not reach an HTTP backend, as recorded on AWS.
var notForwarded = upstream.HeaderSet("Content-Length", "Content-Md5", "Content-Encoding", "Expect", "Host", "Max-Forwards", "Server", "Via", "Www-Authenticate",
	"X-Amzn-Trace-Id", "X-Amzn-Apigateway-Api-Id")

// forwardedHeaders are the client's headers as an HTTP_PROXY backend gets them; Authorization is one of them (recorded section 10).
func forwardedHeaders(from http.Header) http.Header {
	named := upstream.ConnectionHeaders(from)
	to := make(http.Header, len(from)+6)
	for name, values := range from {
		if !upstream.HopByHop[name] && !notForwarded[name] && !named[name] {
			to[name] = values
		}
	}
	return to
}

// forwardIdentity leaves of an identity source that came more than once the value that was judged: a backend that reads the
// last one must not read a token that nobody verified.
func (x *exchange) forwardIdentity(h http.Header) {
	if x.method.authorizer == nil {
		return
	}
	name := http.CanonicalHeaderKey(x.method.authorizer.header)
	if values := h[name]; len(values) > 1 {
		h[name] = values[:1:1]
	}
}

// dropMapped leaves out the client's headers of the names that the integration maps, also where the mapping then has no value: what
// an API says of its caller, the caller cannot say. So it does with those that a backend may take for one of them.
func (h *httpIntegration) dropMapped(x *exchange, header http.Header) {
	for i := range h.headers {
		if !strings.EqualFold(h.headers[i].name, "Host") {
			header.Del(h.headers[i].name)
		}
	}
	upstream.DropLookalikes(header, func(name string) bool {
		return x.method.authorizer != nil && strings.EqualFold(name, x.method.authorizer.header) ||
			slices.ContainsFunc(h.headers, func(m mapping) bool { return strings.EqualFold(m.name, name) })
	})
}

// addGatewayHeaders adds what API Gateway sends to every HTTP backend. The address of the connection is put behind what a
// client claims to have forwarded, so that a backend that reads the last entry is not deceived.
func addGatewayHeaders(x *exchange, h http.Header) {
	if h.Get("User-Agent") == "" {
		h.Set("User-Agent", "AmazonAPIGateway_"+x.target.API)
	}
	if h.Get("Accept") == "" {
		h.Set("Accept", jsonType)
	}
	h.Set("X-Amzn-Trace-Id", x.traceHeader())
	h.Set("X-Amzn-Apigateway-Api-Id", x.target.API)
	addForwarded(x, h)
}

// addForwarded says where the request came from.
func addForwarded(x *exchange, h http.Header) {
	forwarded := x.sourceIP()
	if before := x.request.Header.Values("X-Forwarded-For"); len(before) > 0 {
		forwarded = strings.Join(before, ", ") + ", " + forwarded
	}
	h.Set("X-Forwarded-For", forwarded)
	proto, port := "http", "80"
	if x.source.Secure {
		proto, port = "https", "443"
	}
	if _, p, err := net.SplitHostPort(x.request.Host); err == nil {
		port = p
	}
	h.Set("X-Forwarded-Proto", proto)
	h.Set("X-Forwarded-Port", port)
}

// returnedHeaders are a backend's headers as the client gets them: those of its connection stay behind, those that are API
// Gateway's to set come under another name.
func returnedHeaders(response *http.Response) []headerField {
	named := upstream.ConnectionHeaders(response.Header)
	fields := make([]headerField, 0, len(response.Header))
	for name, values := range response.Header {
		switch {
		case name == "Connection" || remappedHeaders[name]:
			fields = append(fields, headerField{remapped(name), values})
		case upstream.HopByHop[name] || named[name] || name == "X-Amzn-Trace-Id":
		default:
			fields = append(fields, headerField{name, values})
		}
	}
	return fields
}
