package server

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"sync"
	"time"

	"golang.org/x/net/netutil"
)

// The listener tells HTTP from TLS by a connection's first byte, so that one port serves both.
const (
	// firstByteTimeout is how long a connection may be silent. Browsers open connections ahead of need.
	firstByteTimeout = 10 * time.Second
	// maxSilent is how many silent connections are waited for at once. One more ends one of them, any one: who opens connections
	// and says nothing must not keep those out who speak at once.
	maxSilent = 1024
	// tlsRecord is the first byte of every TLS handshake.
	tlsRecord = 0x16
)

// listen listens for both protocols. The configuration of TLS is asked for at the first TLS connection and not before.
// What Accept returns for TLS is a *tls.Conn whose handshake is the server's to do, as net/http expects it.
func listen(addr string, config func() (*tls.Config, error)) (net.Listener, error) {
	inner, err := new(net.ListenConfig).Listen(context.Background(), "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", addr, err)
	}
	// The limit counts what was accepted from the network. Around the finished connections it would hide from net/http that they are TLS.
	return newListener(netutil.LimitListener(inner, connectionLimit), config, firstByteTimeout, maxSilent), nil
}

func newListener(inner net.Listener, config func() (*tls.Config, error), timeout time.Duration, most int) *listener {
	l := &listener{
		Listener: inner,
		config:   config,
		timeout:  timeout,
		most:     most,
		accepted: make(chan result),
		closed:   make(chan struct{}),
		silent:   map[net.Conn]bool{},
	}
	l.running.Go(l.run)
	return l
}

type listener struct {
	net.Listener
	config  func() (*tls.Config, error)
	timeout time.Duration
	most    int

	accepted chan result
	closed   chan struct{}
	closing  sync.Once
	running  sync.WaitGroup

	mu     sync.Mutex
	silent map[net.Conn]bool
}

type result struct {
	conn net.Conn
	err  error
}

// Accept gives the next connection that has said something.
func (l *listener) Accept() (net.Conn, error) {
	select {
	case r := <-l.accepted:
		return r.conn, r.err
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Close stops listening, closes the connections that nobody has accepted, and waits until nothing of the listener runs.
func (l *listener) Close() error {
	err := net.ErrClosed
	l.closing.Do(func() {
		close(l.closed)
		err = l.Listener.Close()
		l.mu.Lock()
		for conn := range l.silent {
			_ = conn.Close()
		}
		l.silent = nil
		l.mu.Unlock()
		l.running.Wait()
	})
	return err
}

func (l *listener) run() {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			// The server decides whether to try again, and after which pause: until it asks, nothing happens here.
			if !l.deliver(nil, err) {
				return
			}
			continue
		}
		l.running.Go(func() { l.receive(conn) })
	}
}

func (l *listener) deliver(conn net.Conn, err error) bool {
	select {
	case l.accepted <- result{conn, err}:
		return true
	case <-l.closed:
		return false
	}
}

// receive waits for a connection's first byte and hands it on as what it is.
func (l *listener) receive(conn net.Conn) {
	if !l.watch(conn) {
		_ = conn.Close()
		return
	}
	told, err := l.tell(conn)
	l.unwatch(conn)
	if err != nil || !l.deliver(told, nil) {
		_ = conn.Close()
	}
}

func (l *listener) watch(conn net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.silent == nil {
		return false
	}
	for other := range l.silent { // in no order, so that nobody can arrange whose turn it is
		if len(l.silent) < l.most {
			break
		}
		delete(l.silent, other)
		_ = other.Close()
	}
	l.silent[conn] = true
	return true
}

func (l *listener) unwatch(conn net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.silent, conn)
}

func (l *listener) tell(conn net.Conn) (net.Conn, error) {
	if err := conn.SetReadDeadline(time.Now().Add(l.timeout)); err != nil {
		return nil, err
	}
	begun := &begunConn{Conn: conn, unread: true, spelling: newSpelling()}
	if _, err := conn.Read(begun.first[:]); err != nil {
		return nil, err
	}
	if err := conn.SetReadDeadline(time.Time{}); err != nil {
		return nil, err
	}
	if begun.first[0] != tlsRecord {
		return begun, nil
	}
	begun.spelling = nil // what passes here is not the request
	config, err := l.config()
	if err != nil {
		return nil, err
	}
	return tls.Server(begun, config), nil
}

// begunConn is a connection whose first byte was read already, and is read again.
type begunConn struct {
	net.Conn
	first  [1]byte
	unread bool
	// spelling watches what is read of plain HTTP; nil for TLS.
	spelling *spelling
}

// Read gives the first byte alone, then what the connection gives. Like every connection it has one reader at a time.
func (c *begunConn) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	n, err := 1, error(nil)
	if c.unread {
		p[0], c.unread = c.first[0], false
	} else {
		n, err = c.Conn.Read(p)
	}
	if c.spelling != nil {
		c.spelling.see(p[:n])
	}
	return n, err
}
