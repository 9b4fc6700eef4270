package gateway

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/poolgate/poolgate/internal/gateway/urlpath"
	"github.com/poolgate/poolgate/internal/vtl"
)

// endpoint is the address of an HTTP integration: the uri with its stage variables put in, and the places of its path
// parameters.
type endpoint struct {
	// pieces are literal text and parameter names in turn, beginning and ending with text.
	pieces []string
	values map[string]pathValue
	query  []mapping
	// fixed is the address when there are no parameters.
	fixed *url.URL
}

// pathValue is where a parameter of the uri comes from: a path parameter of the route, kept escaped as the client sent it, or
// any other source.
type pathValue struct {
	routeName string
	from      source
}

func (c *compiler) endpoint(doc *types.Integration, mapped []mapping) (endpoint, error) {
	uri := aws.ToString(doc.Uri)
	if c.vars.known {
		uri = c.substitute(uri)
	}
	e := endpoint{values: map[string]pathValue{}}
	if c.vars.known && strings.Contains(uri, "${") {
		return e, fmt.Errorf("%w: the uri %s names a stage variable that is not set", errEndpoint, uri)
	}
	for {
		before, rest, found := strings.Cut(strings.ReplaceAll(uri, "${", "\x00"), "{")
		name, after, closed := strings.Cut(rest, "}")
		if !found || !closed {
			e.pieces = append(e.pieces, strings.ReplaceAll(uri, "\x00", "${"))
			break
		}
		e.pieces = append(e.pieces, before, strings.TrimSuffix(name, "+"))
		uri = after
	}
	for _, m := range mapped {
		switch m.place {
		case "querystring":
			e.query = append(e.query, m)
		case "path":
			value := pathValue{from: m.from}
			expression := doc.RequestParameters["integration.request.path."+m.name]
			value.routeName, _ = strings.CutPrefix(expression, "method.request.path.")
			if value.routeName == expression {
				value.routeName = ""
			}
			e.values[m.name] = value
		}
	}
	if len(e.pieces) > 1 || !c.vars.known {
		return e, nil
	}
	var err error
	e.fixed, err = parseEndpoint(e.pieces[0])
	return e, err
}

var errEndpoint = errors.New("invalid endpoint address")

func parseEndpoint(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("%w: %s", errEndpoint, text)
	}
	return u, nil
}

// address is where this request goes. The client's query string follows the uri's own where pass says so; mapped parameters
// come last.
func (e *endpoint) address(x *exchange, pass bool) (*url.URL, *refusal) {
	u := e.fixed
	if u == nil {
		text, refused := e.fill(x)
		if refused != nil {
			return nil, refused
		}
		parsed, err := parseEndpoint(text)
		if err != nil {
			return nil, internalError(err)
		}
		u = parsed
	} else {
		copied := *u
		u = &copied
	}
	u.Fragment, u.RawFragment = "", ""
	if pass {
		u.RawQuery = joinQuery(u.RawQuery, urlpath.ReadableQuery(x.request.URL.RawQuery, e.ownParameters(u)...))
	}
	for _, m := range e.query {
		values, refused := m.from(x, nil)
		if refused != nil {
			return nil, refused
		}
		for _, value := range values {
			u.RawQuery = joinQuery(u.RawQuery, url.QueryEscape(m.name)+"="+url.QueryEscape(value))
		}
	}
	if override := x.overrides("querystring"); override != nil && len(override.Keys()) > 0 {
		query := u.Query()
		for _, name := range override.Keys() {
			value, _ := override.Get(name)
			query.Set(name, vtl.Text(value))
		}
		u.RawQuery = query.Encode()
	}
	return u, nil
}

// ownParameters are the names of the query parameters that the integration sets itself, in its uri or by a mapping, with a value or
// without: no client can set them beside it.
func (e *endpoint) ownParameters(u *url.URL) []string {
	if len(e.query) == 0 && u.RawQuery == "" {
		return nil
	}
	names := slices.Collect(maps.Keys(u.Query()))
	for _, m := range e.query {
		names = append(names, m.name)
	}
	return names
}

func joinQuery(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + "&" + b
}

// fill puts the parameters in their places. A value keeps to its place: it can bring in no path, parameter or host of its own.
func (e *endpoint) fill(x *exchange) (string, *refusal) {
	var b strings.Builder
	for i, piece := range e.pieces {
		if i%2 == 0 {
			b.WriteString(piece)
			continue
		}
		text, escaped, refused := e.valueOf(x, piece)
		if refused != nil {
			return "", refused
		}
		if err := urlpath.Place(&b, text, escaped); err != nil {
			return "", internalError(fmt.Errorf("the path parameter %s: %w", piece, err))
		}
	}
	return b.String(), nil
}

// valueOf is the value of a parameter of the uri, decoded and escaped for a path.
func (e *endpoint) valueOf(x *exchange, name string) (text, escaped string, refused *refusal) {
	text = x.overridden("path", name)
	if text == "" {
		value, isMapped := e.values[name]
		if !isMapped {
			value.routeName = name // the console writes this mapping by itself
		}
		if value.routeName != "" {
			text, escaped, _ = x.pathParameter(value.routeName)
			return text, escaped, nil
		}
		values, refused := value.from(x, nil)
		if refused != nil || len(values) == 0 {
			return "", "", refused
		}
		text = values[0]
	}
	if !urlpath.Harmless(text) {
		return "", "", internalError(fmt.Errorf("the value of path parameter %s is a dot segment", name))
	}
	return text, url.PathEscape(text), nil
}
