package gateway

import (
	"net/url"
	"strings"
)

// path is a request's path, normalised once: the router, the authorizer, the templates and the upstream all read this
// one value. A segment is what stands between two slashes; an encoded slash stays inside its segment.
type path struct {
	segments []segment
	// trailing tells that the path ended in a slash, which plays no part in matching (fact 1.10).
	trailing bool
	// ambiguous tells that a segment holds an escaped character that some servers take for a separator.
	ambiguous bool
}

// separators are the characters that some servers split a segment at, or cut it off from, after they decoded it.
const separators = `/\;`

// segment is one part of a path: decoded for matching and for parameters, escaped in one canonical way for the upstream.
type segment struct{ text, escaped string }

// normalise splits an escaped path. It collapses repeated slashes, and refuses what servers behind the gateway are known to
// read as a different path than the one that was authorised: dot segments however they are encoded, path parameters
// (";"), control characters, broken escapes. into is reused when it is large enough.
func normalise(escaped string, into []segment) (p path, ok bool) {
	p.segments = into[:0]
	p.trailing = strings.HasSuffix(escaped, "/")
	for part := range strings.SplitSeq(escaped, "/") {
		if part == "" {
			continue
		}
		s := segment{part, part}
		if strings.IndexByte(part, '%') >= 0 {
			text, err := url.PathUnescape(part)
			if err != nil {
				return path{}, false
			}
			s = segment{text, url.PathEscape(text)}
			p.ambiguous = p.ambiguous || strings.ContainsAny(text, separators)
		} else if strings.IndexByte(part, ';') >= 0 {
			return path{}, false
		} else if !isPlain(part) {
			s.escaped = url.PathEscape(part)
			p.ambiguous = p.ambiguous || strings.ContainsAny(part, separators)
		}
		if !harmless(s.text) {
			return path{}, false
		}
		p.segments = append(p.segments, s)
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

// harmless tells that a decoded segment cannot be taken for a step to another directory, by a server that decodes
// "%2F", takes backslashes for slashes or cuts off path parameters.
func harmless(text string) bool {
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

// after is the path behind its first n segments.
func (p path) after(n int) path {
	return path{segments: p.segments[n:], trailing: p.trailing && len(p.segments) > n, ambiguous: p.ambiguous}
}

// leniently is the path as a server reads it that decodes first and splits then.
func (p path) leniently() []segment {
	var read []segment
	for _, s := range p.segments {
		for part := range strings.FieldsFuncSeq(s.text, func(r rune) bool { return r == '/' || r == '\\' }) {
			if part, _, _ = strings.Cut(part, ";"); part != "" {
				read = append(read, segment{part, part})
			}
		}
	}
	return read
}

// text is the decoded path, for people, templates and records; escaped is its canonical form.
func (p path) text() string    { return p.join(func(s segment) string { return s.text }) }
func (p path) escaped() string { return p.join(func(s segment) string { return s.escaped }) }

func (p path) join(form func(segment) string) string {
	if len(p.segments) == 0 {
		return "/"
	}
	size := 1
	for _, s := range p.segments {
		size += 1 + len(form(s))
	}
	var b strings.Builder
	b.Grow(size)
	for _, s := range p.segments {
		b.WriteByte('/')
		b.WriteString(form(s))
	}
	if p.trailing {
		b.WriteByte('/')
	}
	return b.String()
}
