package httpapi

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/poolgate/poolgate/internal/gateway/upstream"
)

// Payload formats of events and answers.
const (
	format1 = "1.0"
	format2 = "2.0"
)

// eventHeader are the request's headers as a function sees them: the client's, Authorization among them, and those that API Gateway
// adds. Headers of the connection are not.
func (x *exchange) eventHeader() http.Header {
	from := x.request.Header
	named := upstream.ConnectionHeaders(from)
	judged := x.route.judged()
	to := make(http.Header, len(from)+6)
	for name, values := range from {
		switch {
		case upstream.HopByHop[name] || named[name] || name == "Expect":
		case name == judged:
			to[name] = values[:1:1]
		default:
			to[name] = values
		}
	}
	x.addForwarded(to)
	to["Host"] = x.one(x.domainName())
	to["X-Amzn-Trace-Id"] = x.one(x.traceHeader())
	if x.request.ContentLength >= 0 && to["Content-Length"] == nil {
		to["Content-Length"] = x.one(formatInt(x.request.ContentLength))
	}
	return to
}

// addForwarded says where the request came from. The address of the connection is put behind what a client claims to have
// forwarded, so that a backend that reads the last entry is not deceived.
func (x *exchange) addForwarded(h http.Header) {
	forwarded := x.sourceIP()
	if before := x.request.Header.Values("X-Forwarded-For"); len(before) > 0 {
		forwarded = strings.Join(before, ", ") + ", " + forwarded
	}
	h["X-Forwarded-For"] = x.one(forwarded)
	proto, port := "http", "80"
	if x.source.Secure {
		proto, port = "https", "443"
	}
	if _, p, err := net.SplitHostPort(x.request.Host); err == nil {
		port = p
	}
	h["X-Forwarded-Proto"] = x.one(proto)
	h["X-Forwarded-Port"] = x.one(port)
}

// joinedHeader are headers in lower case, several values of one joined by commas.
func joinedHeader(h http.Header) map[string]string {
	all := make(map[string]string, len(h))
	for name, values := range h {
		all[strings.ToLower(name)] = strings.Join(values, ",")
	}
	return all
}

// lowered are headers in lower case with the lists of their values.
func lowered(h http.Header) map[string][]string {
	all := make(map[string][]string, len(h))
	for name, values := range h {
		all[strings.ToLower(name)] = values
	}
	return all
}

// joinedValues are query parameters, several values of one joined by commas; null when there are none.
func joinedValues(values url.Values) map[string]string {
	if len(values) == 0 {
		return nil
	}
	all := make(map[string]string, len(values))
	for name, list := range values {
		all[name] = strings.Join(list, ",")
	}
	return all
}

// eventParameters are the path parameters, decoded; null when there are none.
func (x *exchange) eventParameters() map[string]string {
	if len(x.route.names) == 0 {
		return nil
	}
	all := make(map[string]string, len(x.route.names))
	for _, name := range x.route.names {
		if text, ok := x.pathParameter(name); ok {
			all[name] = text
		}
	}
	return all
}

// eventBody is the body as text, or as base64 where it is not: null when there is none.
func (x *exchange) eventBody() (body *string, encoded bool, refused *refusal) {
	data, refused := x.readBody()
	if refused != nil || len(data) == 0 {
		return nil, false, refused
	}
	text := ""
	if encoded = !isText(x.request.Header.Get("Content-Type"), data); encoded {
		text = base64.StdEncoding.EncodeToString(data)
	} else {
		text = string(data)
	}
	return &text, encoded, nil
}

// isText tells that a body is handed on as text: text/* and the media types of JSON, JavaScript and XML, if it is UTF-8.
func isText(contentType string, data []byte) bool {
	mediaType, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		mediaType = strings.ToLower(strings.TrimSpace(contentType))
	}
	switch {
	case strings.HasPrefix(mediaType, "text/"):
	case mediaType == jsonType, mediaType == "application/javascript", mediaType == "application/xml":
	case strings.HasSuffix(mediaType, "+json"), strings.HasSuffix(mediaType, "+xml"):
	default:
		return false
	}
	return utf8.Valid(data)
}

// cookies are the request's cookies, one entry each.
func cookies(h http.Header) []string {
	var all []string
	for _, line := range h["Cookie"] {
		for cookie := range strings.SplitSeq(line, ";") {
			if cookie = strings.TrimSpace(cookie); cookie != "" {
				all = append(all, cookie)
			}
		}
	}
	return all
}

// marshal writes JSON as AWS does, without escapes for HTML.
func marshal(value any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(value); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
