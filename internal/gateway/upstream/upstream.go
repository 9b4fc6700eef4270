// Package upstream owns what both kinds of APIs need to talk HTTP with a backend: the transport, the headers that belong to one
// connection, bounded bodies. It knows no API.
package upstream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// PayloadLimit is AWS's for requests, 10 MB.
const PayloadLimit = 10 << 20

// ErrTooLarge says that a body passed PayloadLimit while it was read.
var ErrTooLarge = errors.New("gateway: the payload is larger than 10 MB")

// ErrBodyBroken says that a client's body could not be read: it is wrongly cut into chunks, breaks off or never comes.
var ErrBodyBroken = errors.New("gateway: the request's body is broken")

// IsTooLarge recognises the limits that readers of a request's body put on it.
func IsTooLarge(err error) bool {
	var tooLarge *http.MaxBytesError
	return errors.As(err, &tooLarge) || errors.Is(err, ErrTooLarge)
}

// HopByHop belong to one connection and are never passed on, nor is what the Connection header names.
var HopByHop = HeaderSet("Connection", "Proxy-Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "Te", "Trailer",
	"Transfer-Encoding", "Upgrade")

// HeaderSet is a set of header names in their canonical form.
func HeaderSet(names ...string) map[string]bool {
	set := make(map[string]bool, len(names))
	for _, name := range names {
		set[name] = true
	}
	return set
}

// ConnectionHeaders are those that the Connection header names.
func ConnectionHeaders(h http.Header) map[string]bool {
	if len(h["Connection"]) == 0 {
		return nil
	}
	named := map[string]bool{}
	for _, value := range h["Connection"] {
		for name := range strings.SplitSeq(value, ",") {
			named[http.CanonicalHeaderKey(strings.TrimSpace(name))] = true
		}
	}
	return named
}

// LimitedBody is a request's body up to Left bytes; behind them it fails with ErrTooLarge. What keeps it from being read otherwise is
// ErrBodyBroken too, so that the client's fault is not taken for the backend's.
type LimitedBody struct {
	io.ReadCloser
	Left int64
}

func (l *LimitedBody) Read(p []byte) (int, error) {
	n, err := l.ReadCloser.Read(p)
	if l.Left -= int64(n); l.Left < 0 {
		return 0, ErrTooLarge
	}
	if err == nil || errors.Is(err, io.EOF) || errors.Is(err, http.ErrBodyReadAfterClose) || IsTooLarge(err) {
		return n, err
	}
	return n, fmt.Errorf("%w: %w", ErrBodyBroken, err)
}

// Body ends the exchange with the backend when the answer was passed on.
type Body struct {
	io.ReadCloser
	Cancel context.CancelFunc
}

// Close closes the body and ends the exchange.
func (b *Body) Close() error {
	err := b.ReadCloser.Close()
	b.Cancel()
	return err
}
