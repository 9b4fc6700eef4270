package httpapi

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/poolgate/poolgate/internal/vtl"
)

// expression is the value of a parameter mapping or of an identity source, compiled: text and variables in turn (guide: "Transform
// API requests and responses for HTTP APIs").
type expression struct {
	parts []expressionPart
	// needsBody tells that the request's body must be read for it.
	needsBody bool
}

// expressionPart is text, or a variable when of is set.
type expressionPart struct {
	text string
	of   variable
}

// variable is one selection expression without its dollar sign: "request.header" with the name "X-User".
type variable struct {
	place, name string
}

// The places that a variable may name.
const (
	inHeader         = "request.header"
	inQuery          = "request.querystring"
	inPath           = "request.path"
	inBody           = "request.body"
	inContext        = "context"
	inStageVariables = "stageVariables"
	inResponseHeader = "response.header"
	inResponseBody   = "response.body"
)

var variablePlaces = []string{inHeader, inQuery, inPath, inBody, inContext, inStageVariables, inResponseHeader, inResponseBody}

// readVariable reads "request.header.X-User"; a place that can stand alone (request.path, a body) needs no name.
func readVariable(text string) (variable, bool) {
	for _, place := range variablePlaces {
		rest, is := strings.CutPrefix(text, place)
		switch {
		case !is:
		case rest == "" && (place == inPath || place == inBody || place == inResponseBody):
			return variable{place: place}, true
		case len(rest) > 1 && rest[0] == '.':
			return variable{place, rest[1:]}, true
		case len(rest) > 1 && rest[0] == '[' && (place == inBody || place == inResponseBody):
			return variable{place, rest}, true
		}
	}
	return variable{}, false
}

// compileExpression reads "$request.header.X", "text ${context.requestId} text" or plain text.
func compileExpression(text string) (*expression, error) {
	e := &expression{}
	if name, ok := strings.CutPrefix(text, "$"); ok && !strings.HasPrefix(name, "{") && !strings.Contains(name, "${") {
		of, known := readVariable(name)
		if !known {
			return nil, fmt.Errorf("%q names nothing that can be mapped", text)
		}
		e.add(expressionPart{of: of})
		return e, nil
	}
	for rest := text; ; {
		before, after, found := strings.Cut(rest, "${")
		if before != "" {
			e.add(expressionPart{text: before})
		}
		if !found {
			return e, nil
		}
		name, behind, closed := strings.Cut(after, "}")
		of, known := readVariable(name)
		if !closed || !known {
			return nil, fmt.Errorf("%q names nothing that can be mapped", "${"+name)
		}
		e.add(expressionPart{of: of})
		rest = behind
	}
}

func (e *expression) add(p expressionPart) {
	e.parts = append(e.parts, p)
	e.needsBody = e.needsBody || p.of.place == inBody
}

// response is what an integration answered, for expressions of response parameters.
type response struct {
	header http.Header
	body   []byte
}

// value fills the expression in; false when it is one variable that has no value. Within a longer text such a variable is empty.
func (e *expression) value(x *exchange, r *response) (string, bool) {
	if len(e.parts) == 1 {
		p := e.parts[0]
		if p.of.place == "" {
			return p.text, true
		}
		return x.variable(p.of, r)
	}
	var b strings.Builder
	for _, p := range e.parts {
		text := p.text
		if p.of.place != "" {
			text, _ = x.variable(p.of, r)
		}
		b.WriteString(text)
	}
	return b.String(), true
}

// escapedPath is the value as part of a path: a path parameter keeps the escapes that it has in the request's path, so that a slash which
// stood escaped in it does not end its segment.
func (e *expression) escapedPath(x *exchange) string {
	var b strings.Builder
	for _, p := range e.parts {
		text := p.text
		if p.of.place == inPath {
			path, ok := x.path, true
			if p.of.name != "" {
				path, ok = x.parameterPath(p.of.name)
			}
			if ok && len(path.Segments) > 0 {
				b.WriteString(path.Escaped()[min(len(p.of.name), 1):])
				continue
			}
		}
		if p.of.place != "" {
			text, _ = x.variable(p.of, nil)
		}
		b.WriteString((&url.URL{Path: text}).EscapedPath())
	}
	return b.String()
}

// variable finds a value. Several values of a header or of a query parameter are joined by commas; header names match in any
// case, others as they are written.
func (x *exchange) variable(v variable, r *response) (string, bool) {
	switch v.place {
	case inHeader:
		text := x.headerValue(v.name)
		return text, text != ""
	case inQuery:
		values, sent := x.queryValues()[v.name]
		return strings.Join(values, ","), sent
	case inPath:
		if v.name == "" {
			return x.path.Text(), true
		}
		return x.pathParameter(v.name)
	case inBody:
		return bodyValue(x.body, v.name)
	case inContext:
		return x.contextValue(v.name)
	case inStageVariables:
		if x.stage == nil {
			return "", false
		}
		text, ok := x.stage.variables[v.name]
		return text, ok
	case inResponseHeader:
		if r == nil {
			return "", false
		}
		values := r.header.Values(v.name)
		return strings.Join(values, ","), len(values) > 0
	case inResponseBody:
		if r == nil {
			return "", false
		}
		return bodyValue(r.body, v.name)
	}
	return "", false
}

// selectable is how much of a body a JSON path sees: 100 KB, as on AWS. What is cut off there is no JSON any more.
const selectable = 100 << 10

// bodyValue is a body, or the place in it that a JSON path names.
func bodyValue(body []byte, path string) (string, bool) {
	if path == "" {
		return string(body), len(body) > 0
	}
	value, err := vtl.ParseJSON(string(body[:min(len(body), selectable)]))
	if err != nil {
		return "", false
	}
	found, ok, err := vtl.JSONPath(value, path)
	if err != nil || !ok || found == nil {
		return "", false
	}
	if text, isText := found.(string); isText {
		return text, true
	}
	return vtl.JSON(found), true
}
