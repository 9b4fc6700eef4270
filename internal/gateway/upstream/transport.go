package upstream

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/http/httpguts"
)

// The limits that hold for every backend.
const (
	// shortBody is up to which length, in bytes, a request's body is sent in one write with its header.
	shortBody = 64 << 10
	// headerLimit bounds an answer's header, in bytes, those of informational answers before it included.
	headerLimit = 256 << 10
	// dialTimeout is for opening a connection, handshakeTimeout for TLS on it.
	dialTimeout, handshakeTimeout = 5 * time.Second, 5 * time.Second
	// idleTimeout is how long a connection is kept for the next request.
	idleTimeout = 45 * time.Second
	// idlePerBackend and idleInAll are how many connections are kept.
	idlePerBackend, idleInAll = 128, 512
	// informational is how many answers of the 1xx kind may come before the answer.
	informational = 5
)

// Transport carries requests to HTTP backends. What is short and speaks plain HTTP/1.1, which is nearly everything that a gateway
// sends, it carries by itself: the whole request leaves in one write, and the goroutine that asks is the one that reads the answer.
// net/http's transport has two goroutines a connection, and every hand-over between them is a wake-up that a request waits for; on a
// machine with few cores those are most of what a gateway costs.
//
// Everything else (TLS, bodies that stream or are long) goes through net/http's transport. Neither follows redirects, takes a proxy
// from the environment or touches bodies. It is an http.RoundTripper with net/http's own rules: an answer's body must be closed, a
// request's context ends everything. It is safe for concurrent use.
type Transport struct {
	dial  func(ctx context.Context, network, address string) (net.Conn, error)
	other *http.Transport
	idle  *pool
}

// NewTransport returns a transport that keeps connections for the next request.
func NewTransport() *Transport {
	dial := (&net.Dialer{Timeout: dialTimeout, KeepAlive: 30 * time.Second}).DialContext
	return &Transport{dial: dial, idle: newPool(idleTimeout), other: &http.Transport{
		DialContext:            dial,
		MaxIdleConns:           idleInAll,
		MaxIdleConnsPerHost:    idlePerBackend,
		IdleConnTimeout:        idleTimeout,
		TLSHandshakeTimeout:    handshakeTimeout,
		MaxResponseHeaderBytes: headerLimit,
		DisableCompression:     true,
		ForceAttemptHTTP2:      true,
	}}
}

// CloseIdleConnections closes the connections that no request uses.
func (t *Transport) CloseIdleConnections() {
	t.idle.drain()
	t.other.CloseIdleConnections()
}

// RoundTrip sends one request and returns the answer as soon as its header is there. An error of a request whose context is done is
// the context's.
func (t *Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if !isShort(r) {
		return t.other.RoundTrip(r)
	}
	message := messages.Get().(*bytes.Buffer)
	message.Reset()
	defer messages.Put(message)
	if err := encode(message, r); err != nil {
		return nil, err
	}
	address := addressOf(r.URL)
	for {
		c, err := t.connection(r.Context(), address)
		if err != nil {
			return nil, ofContext(r.Context(), err)
		}
		response, err := c.exchange(r, message.Bytes())
		if err == nil {
			return response, nil
		}
		if !c.reused || r.Context().Err() != nil || !mayRepeat(r, err) {
			return nil, ofContext(r.Context(), err)
		}
	}
}

// messages are buffers for whole requests.
var messages = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// isShort tells that a request can be carried here: plain HTTP to a host of plain letters, with no body or one that is in memory.
func isShort(r *http.Request) bool {
	if r.URL == nil || r.URL.Scheme != "http" || r.URL.Host == "" || r.Close || len(r.TransferEncoding) > 0 || len(r.Trailer) > 0 || r.Header["Upgrade"] != nil {
		return false
	}
	for i := range len(r.URL.Host) {
		if r.URL.Host[i] >= 0x80 {
			return false
		}
	}
	if r.Body == nil || r.Body == http.NoBody {
		return true
	}
	return r.GetBody != nil && r.ContentLength > 0 && r.ContentLength <= shortBody
}

// encode writes the whole request. net/http checks what a method and a header may be before its own transport writes it; so does this,
// and it checks the host and the target, of which net/http sends what remains.
func encode(to *bytes.Buffer, r *http.Request) error {
	if r.Method != "" && !httpguts.ValidHeaderFieldName(r.Method) { // both are tokens (RFC 9110, sections 5.1 and 9.1)
		return closing(r, fmt.Errorf("upstream: invalid method %q", r.Method))
	}
	if !httpguts.ValidHostHeader(r.Host) {
		return closing(r, fmt.Errorf("upstream: invalid host %q", r.Host))
	}
	if strings.IndexByte(r.URL.RawQuery, ' ') >= 0 || strings.IndexByte(r.URL.Opaque, ' ') >= 0 {
		return closing(r, errors.New("upstream: a blank in the address"))
	}
	for name, values := range r.Header {
		if !httpguts.ValidHeaderFieldName(name) {
			return closing(r, fmt.Errorf("upstream: invalid header name %q", name))
		}
		for _, value := range values {
			if !httpguts.ValidHeaderFieldValue(value) {
				return closing(r, fmt.Errorf("upstream: invalid value of the header %s", name))
			}
		}
	}
	return r.Write(to)
}

// closing closes the request's body, as every RoundTripper must, also where it fails.
func closing(r *http.Request, err error) error {
	if r.Body != nil {
		_ = r.Body.Close()
	}
	return err
}

func addressOf(u *url.URL) string {
	if port := u.Port(); port != "" {
		return net.JoinHostPort(u.Hostname(), port)
	}
	return net.JoinHostPort(u.Hostname(), "80")
}

// connection is one that was kept, or a new one.
func (t *Transport) connection(ctx context.Context, address string) (*conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if c := t.idle.take(address); c != nil {
		return c, nil
	}
	opened, err := t.dial(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	return newConn(opened, address, t.idle), nil
}

// ofContext prefers the context's error to the one that its end caused.
func ofContext(ctx context.Context, err error) error {
	if ended := ctx.Err(); ended != nil {
		return ended
	}
	return err
}

// unanswered is an error before the first byte of an answer.
type unanswered struct {
	cause error
	// unsent tells that no byte of the request left either.
	unsent bool
}

func (u *unanswered) Error() string { return "no answer: " + u.cause.Error() }
func (u *unanswered) Unwrap() error { return u.cause }

// mayRepeat tells that a request which failed on a kept connection may be sent again on another (RFC 9110 9.2.2, RFC 9112 9.3.1): the
// backend closed the connection before it answered, and either saw nothing of the request or the method changes nothing.
func mayRepeat(r *http.Request, err error) bool {
	var none *unanswered
	if !errors.As(err, &none) {
		return false
	}
	if none.unsent {
		return true
	}
	if r.ContentLength != 0 || errors.Is(err, errUnasked) {
		return false
	}
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace:
		return true
	}
	return false
}

var errUnasked = errors.New("upstream: the backend switches protocols that nobody asked it to")

var _ http.RoundTripper = (*Transport)(nil)
