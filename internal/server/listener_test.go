package server

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"testing"
	"time"
)

// both is a server of both protocols, with an authority in memory.
type both struct {
	t       *testing.T
	addr    string
	asked   atomic.Int64
	roots   *x509.CertPool
	closing func() error
}

func startBoth(t *testing.T, timeout time.Duration) *both {
	t.Helper()
	certificates, err := newCertificates(Config{Data: Memory, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := &both{t: t, addr: inner.Addr().String(), roots: x509.NewCertPool()}
	l := newListener(inner, func() (*tls.Config, error) { b.asked.Add(1); return certificates.config() }, timeout, maxSilent)
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		proto := r.Proto
		if r.TLS != nil {
			proto += " TLS"
		}
		_, _ = io.WriteString(w, proto+" "+string(body))
	}), ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo)}
	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }()
	b.closing = func() error { return errors.Join(l.Close(), <-done) }
	t.Cleanup(func() {
		_ = server.Close()
	})
	public := func() []byte {
		text, err := certificates.authority.CACertPEM()
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	b.roots.AppendCertsFromPEM(public())
	return b
}

func (b *both) get(url string, http2 bool) (string, error) {
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: b.roots}, ForceAttemptHTTP2: http2}
	defer transport.CloseIdleConnections()
	response, err := (&http.Client{Transport: transport, Timeout: 10 * time.Second}).Get(url + b.addr + "/")
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return string(text), err
}

func TestOnePortServesBothProtocols(t *testing.T) {
	b := startBoth(t, firstByteTimeout)
	for _, row := range []struct {
		url   string
		http2 bool
		want  string
	}{
		{"http://", false, "HTTP/1.1 "},
		{"https://", false, "HTTP/1.1 TLS "},
		{"https://", true, "HTTP/2.0 TLS "},
		{"http://", false, "HTTP/1.1 "},
	} {
		if got, err := b.get(row.url, row.http2); err != nil || got != row.want {
			t.Errorf("%s, HTTP/2 %v: %q, %v", row.url, row.http2, got, err)
		}
	}
}

func TestNobodyIsAskedForTLSBeforeSomeoneSpeaksIt(t *testing.T) {
	b := startBoth(t, firstByteTimeout)
	if _, err := b.get("http://", false); err != nil {
		t.Fatal(err)
	}
	if n := b.asked.Load(); n != 0 {
		t.Errorf("asked %d times after HTTP alone", n)
	}
	if _, err := b.get("https://", false); err != nil {
		t.Fatal(err)
	}
	if n := b.asked.Load(); n != 1 {
		t.Errorf("asked %d times after one TLS connection", n)
	}
}

func TestARequestThatComesByteByByteIsRead(t *testing.T) {
	b := startBoth(t, firstByteTimeout)
	conn, err := net.Dial("tcp", b.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, c := range []byte("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\nhi") {
		if _, err := conn.Write([]byte{c}); err != nil {
			t.Fatal(err)
		}
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	if text, _ := io.ReadAll(response.Body); string(text) != "HTTP/1.1 hi" {
		t.Errorf("got %q", text)
	}
}

func TestASilentConnectionEndsAndHoldsNobodyUp(t *testing.T) {
	b := startBoth(t, 100*time.Millisecond)
	silent, err := net.Dial("tcp", b.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	if got, err := b.get("http://", false); err != nil || got != "HTTP/1.1 " {
		t.Errorf("beside a silent connection: %q, %v", got, err)
	}
	if err := silent.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := silent.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("it was not closed: %v", err)
	}
}

func TestClosingLeavesNothingBehind(t *testing.T) {
	b := startBoth(t, time.Hour)
	silent, err := net.Dial("tcp", b.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	// Once a later connection was served, the silent one has been taken too.
	if _, err := b.get("http://", false); err != nil {
		t.Fatal(err)
	}
	closed := make(chan error, 1)
	go func() { closed <- b.closing() }()
	select {
	case err := <-closed:
		if !errors.Is(err, net.ErrClosed) {
			t.Errorf("closed with %v", err)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("closing waits for the silent connection")
	}
	if err := silent.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := silent.Read(make([]byte, 1)); errors.Is(err, context.DeadlineExceeded) || err == nil {
		t.Errorf("the silent connection goes on: %v", err)
	}
}

func TestWithoutACertificateTLSIsRefusedAndHTTPGoesOn(t *testing.T) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := newListener(inner, func() (*tls.Config, error) { return nil, errors.New("no disk") }, firstByteTimeout, maxSilent)
	defer l.Close()
	if _, err := tls.Dial("tcp", inner.Addr().String(), &tls.Config{InsecureSkipVerify: true}); err == nil {
		t.Error("a handshake succeeded")
	}
	conn, err := net.Dial("tcp", inner.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "GET"); err != nil {
		t.Fatal(err)
	}
	accepted, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer accepted.Close()
	head := make([]byte, 3)
	if _, err := io.ReadFull(accepted, head); err != nil || string(head) != "GET" {
		t.Errorf("read %q, %v", head, err)
	}
}

// failing is a listener that has run out of descriptors for a while.
type failing struct {
	net.Listener
	failures atomic.Int64
}

var errTooMany = errors.New("too many open files")

func (f *failing) Accept() (net.Conn, error) {
	if f.failures.Add(-1) >= 0 {
		return nil, errTooMany
	}
	return f.Listener.Accept()
}

func TestTheServerHearsOfFailuresAndDecides(t *testing.T) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f := &failing{Listener: inner}
	f.failures.Store(2)
	l := newListener(f, nil, firstByteTimeout, maxSilent)
	defer l.Close()
	for range 2 {
		if _, err := l.Accept(); !errors.Is(err, errTooMany) {
			t.Errorf("got %v", err)
		}
	}
	conn, err := net.Dial("tcp", inner.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	accepted, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	accepted.Close()
}
