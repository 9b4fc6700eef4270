package wire

import (
	"net/url"
	"sort"
	"strings"

	"github.com/poolgate/poolgate/internal/fault"
)

// route is a node of a REST service's tree of URIs, by segments of the path. Matching works on the escaped path, so that
// an ARN with %2F is one segment, and nothing redirects or cleans: what the client signed is what is routed.
type route struct {
	literal map[string]*route
	label   *route
	greedy  *route
	ends    []routeEnd
}

// routeEnd is an operation at the end of a path.
type routeEnd struct {
	operation *operation
	labels    []string
	// query are the literal parameters of the URI ("mode=import"), which must be there.
	query url.Values
}

func (n *route) add(o *operation) {
	path, rawQuery, _ := strings.Cut(o.model.URI, "?")
	query, _ := url.ParseQuery(rawQuery)
	var labels []string
	for _, segment := range strings.Split(strings.TrimPrefix(path, "/"), "/") {
		if !strings.HasPrefix(segment, "{") {
			if n.literal == nil {
				n.literal = map[string]*route{}
			}
			if n.literal[segment] == nil {
				n.literal[segment] = new(route)
			}
			n = n.literal[segment]
			continue
		}
		name := strings.Trim(segment, "{}")
		child := &n.label
		if strings.HasSuffix(name, "+") {
			child = &n.greedy
		}
		if *child == nil {
			*child = new(route)
		}
		n, labels = *child, append(labels, strings.TrimSuffix(name, "+"))
	}
	n.ends = append(n.ends, routeEnd{o, labels, query})
	sort.SliceStable(n.ends, func(i, j int) bool { return len(n.ends[i].query) > len(n.ends[j].query) })
}

// find returns the operation of a request and its labels, still escaped. Literal segments win over labels, URIs with a literal
// query over those without.
func (n *route) find(method, escapedPath string, query url.Values) (*routeEnd, []string) {
	segments := strings.Split(strings.TrimPrefix(escapedPath, "/"), "/")
	if end, labels := n.walk(segments, nil, method, query); end != nil {
		return end, labels
	}
	// Some models end a path with a slash and some clients send one more or one less.
	if last := len(segments) - 1; last > 0 && segments[last] == "" {
		return n.walk(segments[:last], nil, method, query)
	}
	return n.walk(append(segments, ""), nil, method, query)
}

func (n *route) walk(segments, labels []string, method string, query url.Values) (*routeEnd, []string) {
	if len(segments) == 0 {
		for i := range n.ends {
			if end := &n.ends[i]; end.operation.model.Method == method && holds(query, end.query) {
				return end, labels
			}
		}
		return nil, nil
	}
	if next := n.literal[segments[0]]; next != nil {
		if end, found := next.walk(segments[1:], labels, method, query); end != nil {
			return end, found
		}
	}
	if n.label != nil && segments[0] != "" {
		if end, found := n.label.walk(segments[1:], append(labels, segments[0]), method, query); end != nil {
			return end, found
		}
	}
	if n.greedy != nil && segments[0] != "" {
		return n.greedy.walk(nil, append(labels, strings.Join(segments, "/")), method, query)
	}
	return nil, nil
}

func holds(query, wanted url.Values) bool {
	for name, values := range wanted {
		if have, found := query[name]; !found || values[0] != "" && have[0] != values[0] {
			return false
		}
	}
	return true
}

// unescapeLabel decodes one label of a path.
func unescapeLabel(escaped string) (string, error) {
	text, err := url.PathUnescape(escaped)
	if err != nil || !validText(text) {
		return "", fault.Malformed("SerializationException", "The path holds an invalid escape")
	}
	return text, nil
}
