package httpapi

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/poolgate/poolgate/internal/gateway/urlpath"
)

// mapping changes one parameter of a request to an integration, or of its response.
type mapping struct {
	action, place, name string
	from                *expression
}

// The actions, in the order in which they take effect.
const (
	actionRemove    = "remove"
	actionOverwrite = "overwrite"
	actionAppend    = "append"
)

var actionOrder = []string{actionRemove, actionOverwrite, actionAppend}

// reserved headers may not be mapped (guide, "Reserved headers").
var reserved = map[string]bool{
	"authorization": true, "connection": true, "content-encoding": true, "content-length": true, "content-location": true, "forwarded": true,
	"keep-alive": true, "origin": true, "proxy-authenticate": true, "proxy-authorization": true, "te": true, "trailers": true,
	"transfer-encoding": true, "upgrade": true, "x-forwarded-for": true, "x-forwarded-host": true, "x-forwarded-proto": true, "via": true,
}

func isReserved(header string) bool {
	name := strings.ToLower(header)
	return reserved[name] || strings.HasPrefix(name, "access-control-") || strings.HasPrefix(name, "apigw-") ||
		strings.HasPrefix(name, "x-amz-") || strings.HasPrefix(name, "x-amzn-")
}

// mappings compiles the parameters of an integration, "append:header.X" to an expression. places are those that may be changed.
func mappings(parameters map[string]string, places ...string) ([]mapping, error) {
	all := make([]mapping, 0, len(parameters))
	for key, text := range parameters {
		action, target, ok := strings.Cut(key, ":")
		place, name, named := strings.Cut(target, ".")
		if !ok || !slices.Contains(actionOrder, action) || !slices.Contains(places, place) || named == (name == "") {
			return nil, fmt.Errorf("the parameter %q cannot be mapped", key)
		}
		if wholes := place == placePath || place == placeStatus; wholes == named || wholes && action != actionOverwrite {
			return nil, fmt.Errorf("the parameter %q cannot be mapped", key)
		}
		if place == placeHeader && !isToken(name) {
			return nil, fmt.Errorf("%q cannot be the name of a header", name)
		}
		if place == placeHeader && isReserved(name) {
			return nil, fmt.Errorf("the header %q is reserved and may not be mapped", name)
		}
		from, err := compileExpression(text)
		if err != nil {
			return nil, fmt.Errorf("the parameter %q: %w", key, err)
		}
		all = append(all, mapping{action, place, name, from})
	}
	slices.SortFunc(all, func(a, b mapping) int {
		if d := slices.Index(actionOrder, a.action) - slices.Index(actionOrder, b.action); d != 0 {
			return d
		}
		return strings.Compare(a.place+"."+a.name, b.place+"."+b.name)
	})
	return all, nil
}

const (
	placeHeader = "header"
	placeQuery  = "querystring"
	placePath   = "path"
	placeStatus = "statuscode"
)

// outgoing is a request to an integration before it takes the integration's form.
type outgoing struct {
	header http.Header
	// rawQuery is the query as it stands; query is set once a mapping changed it.
	rawQuery string
	query    url.Values
	// path is what overwrite:path made, decoded and escaped; empty when it was not asked for.
	path, escapedPath string
}

// outgoing is the request before parameters are mapped. Of a query parameter that the request was judged by it has the first value alone,
// as of a header.
func (x *exchange) outgoing(header http.Header) *outgoing {
	out := &outgoing{header: header, rawQuery: x.request.URL.RawQuery}
	if name := x.route.judgedParameter(); name != "" && len(x.queryValues()[name]) > 1 {
		out.rawQuery = urlpath.FirstOfQuery(out.rawQuery, name)
		x.query[name] = x.query[name][:1]
	}
	return out
}

// queryText is the query string as the integration gets it.
func (o *outgoing) queryText() string {
	if o.query != nil {
		return o.query.Encode()
	}
	return o.rawQuery
}

// change applies request parameters.
func (o *outgoing) change(x *exchange, all []mapping) *refusal {
	for _, m := range all {
		if m.from.needsBody {
			if _, refused := x.readBody(); refused != nil {
				return refused
			}
		}
		value, ok := m.from.value(x, nil)
		if !ok && m.action == actionOverwrite && m.place != placePath {
			m.action = actionRemove // what the API says of a request, its client cannot say where the API has nothing to say
		}
		if !ok && m.action != actionRemove {
			continue
		}
		switch m.place {
		case placeHeader:
			changeHeader(o.header, m, oneLine(value))
		case placeQuery:
			if o.query == nil {
				o.query = cloneValues(x.queryValues())
			}
			changeValues(o.query, m, value)
		case placePath:
			if refused := o.setPath(value, m.from.escapedPath(x)); refused != nil {
				return refused
			}
		}
	}
	return nil
}

// setPath overwrites the path. It can bring in no step to another directory.
func (o *outgoing) setPath(value, escaped string) *refusal {
	if !strings.HasPrefix(value, "/") {
		value, escaped = "/"+value, "/"+escaped
	}
	for part := range strings.SplitSeq(value, "/") {
		if !urlpath.Harmless(part) {
			return internalError(fmt.Errorf("overwrite:path gave a path with dot segments or control characters"))
		}
	}
	o.path, o.escapedPath = value, escaped
	return nil
}

func cloneValues(values url.Values) url.Values {
	clone := make(url.Values, len(values))
	for name, list := range values {
		clone[name] = slices.Clone(list)
	}
	return clone
}

func changeValues(values url.Values, m mapping, value string) {
	switch m.action {
	case actionRemove:
		values.Del(m.name)
	case actionOverwrite:
		values.Set(m.name, value)
	case actionAppend:
		values.Add(m.name, value)
	}
}

func changeHeader(h http.Header, m mapping, value string) {
	switch m.action {
	case actionRemove:
		h.Del(m.name)
	case actionOverwrite:
		h.Set(m.name, value)
	case actionAppend:
		key := http.CanonicalHeaderKey(m.name)
		h[key] = append(slices.Clip(slices.Clone(h[key])), value)
	}
}

// oneLine keeps a mapped value from ending the header that it stands in: control characters become blanks.
func oneLine(value string) string {
	return strings.Map(func(c rune) rune {
		if c < ' ' && c != '\t' || c == 0x7f {
			return ' '
		}
		return c
	}, value)
}

// isToken tells that a text can be the name of a header (RFC 9110, section 5.6.2).
func isToken(name string) bool {
	for i := range len(name) {
		c := name[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && strings.IndexByte("!#$%&'*+-.^_`|~", c) < 0 {
			return false
		}
	}
	return name != ""
}
