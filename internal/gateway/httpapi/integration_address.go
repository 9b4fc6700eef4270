package httpapi

import (
	"fmt"
	"net/url"
	"strings"
)

func parseEndpoint(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("invalid endpoint address: %s", text)
	}
	u.Fragment, u.RawFragment = "", ""
	return u, nil
}

// address is where this request goes. The client's query string follows the uri's own.
func (h *httpIntegration) address(x *exchange, out *outgoing) (*url.URL, *refusal) {
	u := h.fixed
	if u == nil {
		parsed, err := parseEndpoint(h.fill(x))
		if err != nil {
			return nil, internalError(err)
		}
		u = parsed
	} else {
		copied := *u
		u = &copied
		h.extend(u, x)
	}
	if out.path != "" {
		u.Path, u.RawPath = out.path, ""
	}
	if query := out.queryText(); query != "" && u.RawQuery != "" {
		u.RawQuery += "&" + query
	} else if query != "" {
		u.RawQuery = query
	}
	return u, nil
}

// extend puts behind the address what the route left open: the whole path for $default, the greedy parameter's part of it for a
// greedy route.
func (h *httpIntegration) extend(u *url.URL, x *exchange) {
	tail := ""
	switch {
	case h.whole:
		tail = x.path.Escaped()
	case h.rest != "":
		if p, ok := x.parameterPath(h.rest); ok && len(p.Segments) > 0 {
			tail = p.Escaped()
		}
	}
	if tail == "" || tail == "/" {
		return
	}
	escaped := strings.TrimSuffix(u.EscapedPath(), "/") + tail
	if text, err := url.PathUnescape(escaped); err == nil {
		u.Path, u.RawPath = text, escaped
	}
}

// fill puts the path parameters in their places, escaped in their one canonical way: none can bring in a path of its own.
func (h *httpIntegration) fill(x *exchange) string {
	var b strings.Builder
	for i, piece := range h.pieces {
		if i%2 == 0 {
			b.WriteString(piece)
			continue
		}
		if p, ok := x.parameterPath(piece); ok && len(p.Segments) > 0 {
			b.WriteString(p.Escaped()[1:])
		}
	}
	return b.String()
}
