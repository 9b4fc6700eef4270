package gateway

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/poolgate/poolgate/internal/vtl"
)

// mapping sets one parameter of what goes out: a header of an answer, or a header, query parameter or path parameter of
// an integration request.
type mapping struct {
	place, name string
	from        source
}

// source is where a mapped value comes from. No value at all means that nothing is set.
type source func(x *exchange, backend *backendAnswer) ([]string, *refusal)

// backendAnswer is what an integration answered, for integration.response.* and templates.
type backendAnswer struct {
	status int
	header http.Header
	body   []byte
	// selection, when selected is set, is what selection patterns are held against instead of the status.
	selection string
	selected  bool

	parsed   any
	isParsed bool
}

// mappings compiles parameters such as {"integration.request.header.X": "method.request.querystring.y"} in the order of their
// keys. One that cannot be read is a problem when nothing could be served; here it maps nothing, as on AWS.
func (c *compiler) mappings(where string, parameters map[string]string, prefix string) []mapping {
	var all []mapping
	for _, key := range slices.Sorted(maps.Keys(parameters)) {
		place, name, ok := strings.Cut(strings.TrimPrefix(key, prefix), ".")
		if !ok || !strings.HasPrefix(key, prefix) {
			_ = c.problem("%s: the parameter %q is not one of %s*", where, key, prefix)
			continue
		}
		from := c.source(parameters[key])
		if from == nil {
			_ = c.problem("%s: the value %q of parameter %q is no mapping expression", where, parameters[key], key)
			continue
		}
		all = append(all, mapping{place, name, from})
	}
	return all
}

// source compiles a mapping expression; nil when it is none.
func (c *compiler) source(expression string) source {
	if text, ok := literalText(expression); ok {
		return func(*exchange, *backendAnswer) ([]string, *refusal) { return []string{text}, nil }
	}
	kind, rest, _ := strings.Cut(expression, ".")
	switch kind {
	case "context":
		return fromContext(rest)
	case "stageVariables":
		value, ok := c.vars.values[rest]
		if !ok {
			return nothing
		}
		return func(*exchange, *backendAnswer) ([]string, *refusal) { return []string{value}, nil }
	case "method":
		if rest, ok := strings.CutPrefix(rest, "request."); ok {
			return fromRequest(rest)
		}
	case "integration":
		if rest, ok := strings.CutPrefix(rest, "response."); ok {
			return fromBackend(rest)
		}
	}
	return nil
}

// literalText is the text between single quotes.
func literalText(expression string) (string, bool) {
	if len(expression) >= 2 && expression[0] == '\'' && expression[len(expression)-1] == '\'' {
		return expression[1 : len(expression)-1], true
	}
	return "", false
}

func nothing(*exchange, *backendAnswer) ([]string, *refusal) { return nil, nil }

// one is a list of a value that is there.
func one(value string, ok bool) ([]string, *refusal) {
	if !ok || value == "" {
		return nil, nil
	}
	return []string{value}, nil
}

func fromContext(name string) source {
	return func(x *exchange, _ *backendAnswer) ([]string, *refusal) {
		value := x.contextValue(name)
		return one(vtl.Text(value), value != nil)
	}
}

// fromRequest reads a part of the request. The single forms give the last of several values, as AWS does.
func fromRequest(expression string) source {
	place, name, _ := strings.Cut(expression, ".")
	switch place {
	case "header":
		return func(x *exchange, _ *backendAnswer) ([]string, *refusal) { return last(x.request.Header.Values(name)) }
	case "multivalueheader":
		return func(x *exchange, _ *backendAnswer) ([]string, *refusal) {
			return one(strings.Join(x.request.Header.Values(name), ","), true)
		}
	case "querystring":
		return func(x *exchange, _ *backendAnswer) ([]string, *refusal) { return last(x.queryValues()[name]) }
	case "multivaluequerystring":
		return func(x *exchange, _ *backendAnswer) ([]string, *refusal) { return x.queryValues()[name], nil }
	case "path":
		return func(x *exchange, _ *backendAnswer) ([]string, *refusal) {
			text, _, ok := x.pathParameter(name)
			return one(text, ok)
		}
	case "body":
		return func(x *exchange, _ *backendAnswer) ([]string, *refusal) {
			body, refused := x.readBody()
			if refused != nil {
				return nil, refused
			}
			return inBody(&backendAnswer{body: body}, name)
		}
	}
	return nil
}

func last(values []string) ([]string, *refusal) {
	if len(values) == 0 {
		return nil, nil
	}
	return one(values[len(values)-1], true)
}

// fromBackend reads a part of what the integration answered.
func fromBackend(expression string) source {
	place, name, _ := strings.Cut(expression, ".")
	from := func(read func(*backendAnswer) ([]string, *refusal)) source {
		return func(_ *exchange, b *backendAnswer) ([]string, *refusal) {
			if b == nil {
				return nil, nil
			}
			return read(b)
		}
	}
	switch place {
	case "header":
		return from(func(b *backendAnswer) ([]string, *refusal) { return last(b.header.Values(name)) })
	case "multivalueheader":
		return from(func(b *backendAnswer) ([]string, *refusal) {
			return one(strings.Join(b.header.Values(name), ","), true)
		})
	case "body":
		return from(func(b *backendAnswer) ([]string, *refusal) { return inBody(b, name) })
	}
	return nil
}

// inBody finds a place in a JSON body, or gives the whole body for no path.
func inBody(b *backendAnswer, jsonPath string) ([]string, *refusal) {
	if jsonPath == "" {
		return one(string(b.body), true)
	}
	if !b.isParsed {
		b.isParsed = true
		value, err := vtl.ParseJSON(string(b.body))
		if err == nil {
			b.parsed = value
		}
	}
	found, ok, err := vtl.JSONPath(b.parsed, jsonPath)
	if err != nil || found == nil {
		return nil, nil
	}
	return one(vtl.Text(found), ok)
}

// mapAll evaluates mappings to headers. A value that cannot be had is left out.
func (x *exchange) mapAll(mappings []mapping, backend *backendAnswer) []headerField {
	var fields []headerField
	for _, m := range mappings {
		if values, refused := m.from(x, backend); refused == nil && len(values) > 0 && m.place == "header" {
			fields = append(fields, headerField{m.name, values})
		}
	}
	return fields
}
