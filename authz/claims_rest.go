package authz

import (
	"iter"
	"strings"
	"time"
)

// REST renders the claims as REST APIs hand them to an integration in requestContext.authorizer.claims: every value a
// string. Arrays are joined by commas, booleans are "true" and "false", objects are JSON text, and exp and iat are dates as Java
// prints them (fact 1.8). A claim that is null is left out.
func (c *Claims) REST() map[string]string {
	out := make(map[string]string, c.Len())
	for _, m := range c.orEmpty().members {
		if value, ok := c.rest(m); ok {
			out[c.name(m)] = value
		}
	}
	return out
}

// RESTValue is one claim as REST renders it; false when there is none of that name.
func (c *Claims) RESTValue(name string) (string, bool) {
	m, ok := c.find(name)
	if !ok {
		return "", false
	}
	return c.rest(m)
}

// javaDate is how Java prints a date (EEE MMM dd HH:mm:ss zzz yyyy), always in UTC here.
const javaDate = "Mon Jan 02 15:04:05 UTC 2006"

func (c *Claims) rest(m member) (string, bool) {
	switch m.kind {
	case kindNull:
		return "", false
	case kindString:
		return unescape(c.payload[m.valueStart:m.valueEnd], m.valueEscaped), true
	case kindNumber:
		switch c.name(m) {
		case "exp":
			return restDate(c.expires), true
		case "iat":
			return restDate(c.issuedAt), true
		}
	case kindArray:
		var joined strings.Builder
		first := true
		for e := range elements(c.raw(m)) {
			if !first {
				joined.WriteByte(',')
			}
			first = false
			joined.WriteString(e.text)
		}
		return joined.String(), true
	}
	return c.raw(m), true
}

func restDate(t time.Time) string { return t.UTC().Format(javaDate) }

// element is an element of an array: a string's own text, anything else's JSON text.
type element struct {
	text string
	kind kind
}

// elements walks over the elements of an array that the scanner accepted.
func elements(array string) iter.Seq[element] {
	return func(yield func(element) bool) {
		data := []byte(array)
		for i := skipSpace(data, 1); i < len(data) && data[i] != ']'; i = skipSpace(data, i+1) {
			next, k, escaped := scanValue(data, i, 1)
			if next < 0 {
				return
			}
			text := array[i:next]
			if k == kindString {
				text = unescape(array[i+1:next-1], escaped)
			}
			if !yield(element{text: text, kind: k}) {
				return
			}
			if i = skipSpace(data, next); i >= len(data) || data[i] == ']' {
				return
			}
		}
	}
}
