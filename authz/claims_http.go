package authz

import (
	"slices"
	"strings"
)

// HTTP renders the claims as HTTP APIs hand them to an integration in requestContext.authorizer.jwt.claims: every value a string.
// Numbers keep their digits, booleans are "true" and "false", arrays are written as Go prints them ("[a b]"),
// objects are JSON text. A claim that is null is left out (fact 2).
func (c *Claims) HTTP() map[string]string {
	out := make(map[string]string, c.Len())
	for _, m := range c.orEmpty().members {
		if m.kind != kindNull {
			out[c.name(m)] = c.http(m)
		}
	}
	return out
}

// HTTPValue is one claim as HTTP renders it; false when there is none of that name.
func (c *Claims) HTTPValue(name string) (string, bool) {
	m, ok := c.find(name)
	if !ok || m.kind == kindNull {
		return "", false
	}
	return c.http(m), true
}

// HTTPScopes is every scope that the token carries, in scope and then in scp: requestContext.authorizer.jwt.scopes of a route
// that has scopes. Other routes hand on null.
func (c *Claims) HTTPScopes() []string {
	c = c.orEmpty()
	return slices.Concat(strings.Fields(c.scope), c.otherScopes)
}

func (c *Claims) http(m member) string {
	switch m.kind {
	case kindString:
		return unescape(c.payload[m.valueStart:m.valueEnd], m.valueEscaped)
	case kindArray:
		var out strings.Builder
		writeGoArray(&out, c.raw(m))
		return out.String()
	}
	return c.raw(m)
}

// writeGoArray writes an array as Go's %v has it; objects in it stay JSON text. The scanner bounded its depth.
func writeGoArray(out *strings.Builder, array string) {
	out.WriteByte('[')
	first := true
	for e := range elements(array) {
		if !first {
			out.WriteByte(' ')
		}
		first = false
		switch e.kind {
		case kindArray:
			writeGoArray(out, e.text)
		case kindNull:
			out.WriteString("<nil>")
		default:
			out.WriteString(e.text)
		}
	}
	out.WriteByte(']')
}

// readOtherScopes are the scopes that stand elsewhere than in a scope that is a string: in scp, which is a string or a list, and
// in a scope that is a list.
func (c *Claims) readOtherScopes(f *claimFields) {
	for _, at := range []uint16{f.scope, f.scp} {
		if at == 0 {
			continue
		}
		switch m := c.members[at-1]; {
		case m.kind == kindArray:
			for e := range elements(c.raw(m)) {
				if e.kind == kindString {
					c.otherScopes = append(c.otherScopes, e.text)
				}
			}
		case m.kind == kindString && at == f.scp:
			text, _ := c.text(at)
			c.otherScopes = append(c.otherScopes, strings.Fields(text)...)
		}
	}
}

// grantsAny tells whether the token carries one of these scopes, in scope or scp.
func (c *Claims) grantsAny(scopes []string) bool {
	if holdsAny(c.scope, scopes) {
		return true
	}
	for _, scope := range c.otherScopes {
		if scope != "" && slices.Contains(scopes, scope) {
			return true
		}
	}
	return false
}
