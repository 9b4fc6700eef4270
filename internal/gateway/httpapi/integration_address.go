package httpapi

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/poolgate/poolgate/internal/gateway/urlpath"
)

func parseEndpoint(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("invalid endpoint address: %s", text)
	}
	u.Fragment, u.RawFragment = "", ""
	return u, nil
}

// address is where this request goes. The client's query string follows the uri's own, without the parameters that this one sets.
func (h *httpIntegration) address(x *exchange, out *outgoing) (*url.URL, *refusal) {
	u := h.fixed
	if u == nil {
		text, err := h.fill(x)
		if err != nil {
			return nil, internalError(err)
		}
		if u, err = parseEndpoint(text); err != nil {
			return nil, internalError(err)
		}
	} else {
		copied := *u
		u = &copied
		h.extend(u, x)
	}
	if out.path != "" {
		u.Path, u.RawPath = out.path, out.escapedPath
	}
	if u.RawQuery == "" {
		u.RawQuery = urlpath.ReadableQuery(out.queryText())
		return u, nil
	}
	if query := urlpath.ReadableQuery(out.queryText(), slices.Collect(maps.Keys(u.Query()))...); query != "" {
		u.RawQuery += "&" + query
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

// fill puts the path parameters in their places. None can bring in a path, a query parameter or a host of its own.
func (h *httpIntegration) fill(x *exchange) (string, error) {
	var b strings.Builder
	for i, piece := range h.pieces {
		if i%2 == 0 {
			b.WriteString(piece)
			continue
		}
		if p, ok := x.parameterPath(piece); ok && len(p.Segments) > 0 {
			if err := urlpath.Place(&b, p.Text()[1:], p.Escaped()[1:]); err != nil {
				return "", fmt.Errorf("the path parameter %s: %w", piece, err)
			}
		}
	}
	return b.String(), nil
}
