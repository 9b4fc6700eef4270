package server

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"strings"
)

// spelling keeps the letters in which the client of a connection wrote header names. API Gateway hands them to functions as they came
// (recorded section 10), and net/http knows each name in one spelling only. It watches the bytes of plain HTTP/1.1 pass: those of a
// request's head, which begins where the one before it ended; a request that was sent before the one before it was answered (pipelining)
// may go unseen, and its names are then spelled as usual. TLS is not watched here, as the bytes that pass are not those of the request.
//
// One goroutine at a time uses it, the one that reads the connection or the one that answers what was read: net/http orders them.
type spelling struct {
	// watching is on within a head; begun is set behind its first line.
	watching, begun bool
	// line is the beginning of a line whose end was not read yet.
	line []byte
	// names are those of this request that are spelled in another way than net/http's.
	names []string
}

// What is kept of a request: so many names, each at most so long, in bytes. More are spelled as usual.
const maxNames, maxName = 64, 128

func newSpelling() *spelling { return &spelling{watching: true} }

// reset begins the next request.
func (s *spelling) reset() {
	s.watching, s.begun, s.line, s.names = true, false, s.line[:0], s.names[:0]
}

// see takes what was read.
func (s *spelling) see(p []byte) {
	for s.watching && len(p) > 0 {
		end := bytes.IndexByte(p, '\n')
		if end < 0 {
			s.line = append(s.line, p[:min(len(p), maxName+1-len(s.line))]...)
			return
		}
		line := p[:end]
		if len(s.line) > 0 {
			line = append(s.line, line[:min(len(line), maxName+1-len(s.line))]...)
			s.line = s.line[:0]
		}
		s.take(line)
		p = p[end+1:]
	}
}

func (s *spelling) take(line []byte) {
	if len(line) == 0 || line[0] == '\r' {
		s.watching = !s.begun // blank lines before a request are no end of its head
		return
	}
	if !s.begun {
		s.begun = true
		return
	}
	if end := bytes.IndexByte(line, ':'); end > 0 && end <= maxName && len(s.names) < maxNames && !isUsual(line[:end]) {
		s.names = append(s.names, string(line[:end]))
	}
}

// isUsual tells that a name is in the spelling that net/http gives to all: capital letters at the beginning and behind hyphens.
func isUsual(name []byte) bool {
	capital := true
	for _, c := range name {
		if capital && 'a' <= c && c <= 'z' || !capital && 'A' <= c && c <= 'Z' {
			return false
		}
		capital = c == '-'
	}
	return true
}

// of is a name as the client wrote it.
func (s *spelling) of(name string) string {
	for _, written := range s.names {
		if strings.EqualFold(written, name) {
			return written
		}
	}
	return name
}

type spellingKey struct{}

// watchSpelling lets requests find the spelling of their connection.
func watchSpelling(ctx context.Context, conn net.Conn) context.Context {
	if c, ok := conn.(*begunConn); ok {
		return context.WithValue(ctx, spellingKey{}, c.spelling)
	}
	return ctx
}

// nextSpelling begins a connection's next request behind an answered one.
func nextSpelling(conn net.Conn, state http.ConnState) {
	if c, ok := conn.(*begunConn); ok && state == http.StateIdle {
		c.spelling.reset()
	}
}

// spelled is how header names of a request were written; nil where that is the usual way. HTTP/2 has small letters only.
func spelled(r *http.Request) func(name string) string {
	if r.ProtoMajor >= 2 {
		return strings.ToLower
	}
	if s, ok := r.Context().Value(spellingKey{}).(*spelling); ok && len(s.names) > 0 {
		return s.of
	}
	return nil
}
