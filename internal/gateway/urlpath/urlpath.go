// Package urlpath owns the one reading of a request's path and query that everything in the data plane shares, and how parts of them are
// put into other addresses. It knows neither routes nor requests.
package urlpath

import (
	"net/url"
	"strings"
)

// Path is a request's path, normalised once: the router, the authorizer, the templates and the upstream all read this
// one value. A segment is what stands between two slashes; an encoded slash stays inside its segment.
type Path struct {
	Segments []Segment
	// Trailing tells that the path ended in a slash, which plays no part in matching (fact 1.10).
	Trailing bool
	// Ambiguous tells that a segment holds an escaped character that some servers take for a separator.
	Ambiguous bool
}

// separators are the characters that some servers split a segment at, or cut it off from, after they decoded it.
const separators = `/\;`

// Segment is one part of a path: decoded for matching and for parameters, escaped in one canonical way for the upstream.
type Segment struct{ Text, Escaped string }

// Normalise splits an escaped path. It collapses repeated slashes, and refuses what servers behind the gateway are known to
// read as a different path than the one that was authorised: dot segments however they are encoded, path parameters
// (";"), control characters, broken escapes. into is reused when it is large enough.
func Normalise(escaped string, into []Segment) (p Path, ok bool) {
	p.Segments = into[:0]
	p.Trailing = strings.HasSuffix(escaped, "/")
	for part := range strings.SplitSeq(escaped, "/") {
		if part == "" {
			continue
		}
		s := Segment{part, part}
		if strings.IndexByte(part, '%') >= 0 {
			text, err := url.PathUnescape(part)
			if err != nil {
				return Path{}, false
			}
			s = Segment{text, url.PathEscape(text)}
			p.Ambiguous = p.Ambiguous || strings.ContainsAny(text, separators)
		} else if strings.IndexByte(part, ';') >= 0 {
			return Path{}, false
		} else if !isPlain(part) {
			s.Escaped = url.PathEscape(part)
			p.Ambiguous = p.Ambiguous || strings.ContainsAny(part, separators)
		}
		if !Harmless(s.Text) {
			return Path{}, false
		}
		p.Segments = append(p.Segments, s)
	}
	return p, true
}

// isPlain tells that every byte of a segment may stand in a path unescaped.
func isPlain(part string) bool {
	for i := range len(part) {
		c := part[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && strings.IndexByte("-._~!$&'()*+,:=@", c) < 0 {
			return false
		}
	}
	return true
}

// Harmless tells that a decoded segment cannot be taken for a step to another directory, by a server that decodes
// "%2F", takes backslashes for slashes or cuts off path parameters.
func Harmless(text string) bool {
	for i := range len(text) {
		if text[i] < 0x20 || text[i] == 0x7f {
			return false
		}
	}
	if strings.IndexByte(text, '.') < 0 {
		return true
	}
	for part := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == '/' || r == '\\' }) {
		if part, _, _ = strings.Cut(part, ";"); part == "." || part == ".." {
			return false
		}
	}
	return true
}

// After is the path behind its first n segments.
func (p Path) After(n int) Path {
	return Path{Segments: p.Segments[n:], Trailing: p.Trailing && len(p.Segments) > n, Ambiguous: p.Ambiguous}
}

// Leniently is the path as a server reads it that decodes first and splits then.
func (p Path) Leniently() []Segment {
	var read []Segment
	for _, s := range p.Segments {
		for part := range strings.FieldsFuncSeq(s.Text, func(r rune) bool { return r == '/' || r == '\\' }) {
			if part, _, _ = strings.Cut(part, ";"); part != "" {
				read = append(read, Segment{part, part})
			}
		}
	}
	return read
}

// Text is the decoded path, for people, templates and records.
func (p Path) Text() string { return p.join(func(s Segment) string { return s.Text }) }

// Escaped is the path in its canonical form, which the upstream gets.
func (p Path) Escaped() string { return p.join(func(s Segment) string { return s.Escaped }) }

func (p Path) join(form func(Segment) string) string {
	if len(p.Segments) == 0 {
		return "/"
	}
	size := 1
	for _, s := range p.Segments {
		size += 1 + len(form(s))
	}
	var b strings.Builder
	b.Grow(size)
	for _, s := range p.Segments {
		b.WriteByte('/')
		b.WriteString(form(s))
	}
	if p.Trailing {
		b.WriteByte('/')
	}
	return b.String()
}
