package upstream

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"time"
)

// conn is one connection to a backend. One request at a time uses it.
type conn struct {
	net     net.Conn
	address string
	pool    *pool
	// limit is between the connection and the reader; it runs out when a header does not end.
	limit  *io.LimitedReader
	reader *bufio.Reader
	// reused tells that it carried a request before.
	reused bool
	// since is when it became idle.
	since time.Time
}

func newConn(opened net.Conn, address string, p *pool) *conn {
	c := &conn{net: opened, address: address, pool: p}
	c.limit = &io.LimitedReader{R: opened}
	c.reader = bufio.NewReader(c.limit)
	return c
}

// abort makes reads and writes fail at once; the context of the request is done.
func (c *conn) abort() { _ = c.net.SetDeadline(time.Unix(1, 0)) }

// exchange sends a message and reads the answer's header. When it fails the connection is closed.
func (c *conn) exchange(r *http.Request, message []byte) (*http.Response, error) {
	stop := context.AfterFunc(r.Context(), c.abort)
	response, err := c.ask(r, message)
	if err != nil {
		stop()
		_ = c.net.Close()
		return nil, err
	}
	body := &answerBody{inner: response.Body, c: c, stop: stop, ctx: r.Context(), keep: !response.Close}
	if response.Body == http.NoBody {
		body.end(body.keep)
	} else {
		response.Body = body
	}
	return response, nil
}

func (c *conn) ask(r *http.Request, message []byte) (*http.Response, error) {
	c.limit.N = headerLimit
	n, writeErr := c.net.Write(message)
	if writeErr != nil && n == 0 {
		return nil, &unanswered{writeErr, true}
	}
	// A backend that refuses early answers and closes without reading all: what it said counts.
	if _, err := c.reader.Peek(1); err != nil {
		return nil, &unanswered{errors.Join(writeErr, err), false}
	}
	for range informational {
		response, err := http.ReadResponse(c.reader, r)
		switch {
		case err != nil && c.limit.N <= 0:
			return nil, fmt.Errorf("upstream: the answer's header is longer than %d bytes", headerLimit)
		case errors.Is(err, io.EOF):
			return nil, io.ErrUnexpectedEOF
		case err != nil:
			return nil, err
		case response.StatusCode == http.StatusSwitchingProtocols:
			return nil, errUnasked
		case response.StatusCode >= 200:
			c.limit.N = math.MaxInt64
			if writeErr != nil {
				response.Close = true
			}
			return response, nil
		}
	}
	return nil, fmt.Errorf("upstream: more than %d informational answers", informational)
}

// answerBody gives the connection back when all of it was read.
type answerBody struct {
	inner io.ReadCloser
	c     *conn
	stop  func() bool
	ctx   context.Context //nolint:containedctx // a body lives as long as its request, and fails with the request's own reason
	keep  bool
	ended error
}

var errClosed = errors.New("upstream: the body was closed")

func (b *answerBody) Read(p []byte) (int, error) {
	if b.ended != nil {
		return 0, b.ended
	}
	n, err := b.inner.Read(p)
	switch {
	case err == nil:
		return n, nil
	case errors.Is(err, io.EOF):
		b.ended = io.EOF
		b.end(b.keep)
	default:
		b.ended = ofContext(b.ctx, err)
		b.end(false)
	}
	return n, b.ended
}

// Close ends the exchange. A connection whose answer was not read to its end cannot be used again.
func (b *answerBody) Close() error {
	if b.ended == nil {
		b.ended = errClosed
		b.end(false)
	}
	return nil
}

// end keeps the connection or closes it. What came behind the answer belongs to no request: such a connection is not kept.
func (b *answerBody) end(keep bool) {
	if b.stop() && keep && b.c.reader.Buffered() == 0 {
		b.c.pool.put(b.c)
		return
	}
	_ = b.c.net.Close()
}
