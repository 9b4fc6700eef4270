package upstream

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// TestAConnectionThatTheBackendClosed is found before a request goes out on it, whatever the request.
func TestAConnectionThatTheBackendClosed(t *testing.T) {
	closed := make(chan struct{}, 8)
	url, connections := rawBackend(t, func(_ int32, r *bufio.Reader, w net.Conn) {
		if _, err := http.ReadRequest(r); err == nil {
			_, _ = io.WriteString(w, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")
		}
		_ = w.Close()
		closed <- struct{}{}
	})
	transport := NewTransport()
	for range 3 {
		if status, _, err := ask(t, transport, request(t, "POST", url, "payload")); err != nil || status != 200 {
			t.Fatal(status, err)
		}
		<-closed
	}
	if n := connections.Load(); n != 3 {
		t.Errorf("%d connections", n)
	}
}

// TestWhatMayBeSentTwice: a kept connection that dies under a request. Only what changes nothing is sent again (RFC 9110 9.2.2).
func TestWhatMayBeSentTwice(t *testing.T) {
	for _, tt := range []struct {
		method, body string
		again        bool
	}{{"GET", "", true}, {"HEAD", "", true}, {"OPTIONS", "", true}, {"POST", "x", false}, {"POST", "", false}, {"PUT", "x", false}, {"DELETE", "", false}} {
		t.Run(tt.method+tt.body, func(t *testing.T) {
			var requests atomic.Int32
			url, _ := rawBackend(t, func(n int32, r *bufio.Reader, w net.Conn) {
				for i := 0; ; i++ {
					if _, err := http.ReadRequest(r); err != nil {
						return
					}
					requests.Add(1)
					if n == 1 && i == 1 {
						return // the second request of the first connection gets no answer
					}
					_, _ = io.WriteString(w, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
				}
			})
			transport := NewTransport()
			defer transport.CloseIdleConnections()
			if _, _, err := ask(t, transport, request(t, "GET", url, "")); err != nil {
				t.Fatal(err)
			}
			_, _, err := ask(t, transport, request(t, tt.method, url, tt.body))
			if (err == nil) != tt.again {
				t.Errorf("the request ended with %v", err)
			}
			if want := map[bool]int32{true: 3, false: 2}[tt.again]; requests.Load() != want {
				t.Errorf("the backend saw %d requests, want %d", requests.Load(), want)
			}
		})
	}
}

// TestAnAnswerThatNobodyAskedFor is not taken for the answer of the next request.
func TestAnAnswerThatNobodyAskedFor(t *testing.T) {
	more, said := make(chan struct{}), make(chan struct{})
	url, connections := rawBackend(t, func(n int32, r *bufio.Reader, w net.Conn) {
		for {
			if _, err := http.ReadRequest(r); err != nil {
				return
			}
			_, _ = fmt.Fprintf(w, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n%d", n)
			if n == 1 {
				<-more
				_, _ = io.WriteString(w, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")
				close(said)
			}
		}
	})
	transport := NewTransport()
	defer transport.CloseIdleConnections()
	if _, body, err := ask(t, transport, request(t, "GET", url, "")); body != "1" {
		t.Fatal(body, err)
	}
	close(more)
	<-said
	if _, body, err := ask(t, transport, request(t, "GET", url, "")); body != "2" || connections.Load() != 2 {
		t.Errorf("the answer is %q over %d connections, %v", body, connections.Load(), err)
	}
}

func TestTheContextEndsEverything(t *testing.T) {
	quiet, half := make(chan struct{}), make(chan struct{})
	defer close(quiet)
	defer close(half)
	silent, _ := rawBackend(t, func(int32, *bufio.Reader, net.Conn) { <-quiet })
	stalls, _ := rawBackend(t, func(_ int32, r *bufio.Reader, w net.Conn) {
		if _, err := http.ReadRequest(r); err == nil {
			_, _ = io.WriteString(w, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
		}
		<-half
	})
	for name, url := range map[string]string{"before the answer": silent, "within the answer": stalls} {
		t.Run(name, func(t *testing.T) {
			transport := NewTransport()
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			began := time.Now()
			_, _, err := ask(t, transport, request(t, "POST", url, "x").WithContext(ctx))
			if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) > 5*time.Second {
				t.Errorf("after %s: %v", time.Since(began), err)
			}
			if transport.idle.count != 0 {
				t.Error("the connection was kept")
			}
		})
	}
}

// TestABackendThatRefusesEarly answers before it has read the request, and closes.
func TestABackendThatRefusesEarly(t *testing.T) {
	url, _ := rawBackend(t, func(_ int32, r *bufio.Reader, w net.Conn) {
		if _, err := r.Peek(1); err == nil {
			_, _ = io.WriteString(w, "HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
		}
		_, _ = io.Copy(io.Discard, r)
	})
	if status, _, err := ask(t, NewTransport(), request(t, "POST", url, strings.Repeat("x", shortBody))); status != 413 {
		t.Errorf("answered %d, %v", status, err)
	}
}

func TestHeadersThatWouldBreakARequest(t *testing.T) {
	for name, change := range map[string]func(*http.Request){
		"a line break in a value": func(r *http.Request) { r.Header["X-A"] = []string{"a\r\nX-B: c"} },
		"a null in a value":       func(r *http.Request) { r.Header["X-A"] = []string{"\x00"} },
		"a blank in a name":       func(r *http.Request) { r.Header["X A"] = []string{"a"} },
	} {
		t.Run(name, func(t *testing.T) {
			url, connections := rawBackend(t, scripted("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"))
			r := request(t, "POST", url, "x")
			change(r)
			if _, _, err := ask(t, NewTransport(), r); err == nil || connections.Load() != 0 {
				t.Errorf("%v, %d connections", err, connections.Load())
			}
		})
	}
}

// TestOneWrite: header and body arrive together, so that a backend is woken once.
func TestOneWrite(t *testing.T) {
	first := make(chan int, 1)
	url, _ := rawBackend(t, func(_ int32, _ *bufio.Reader, w net.Conn) {
		b := make([]byte, 32<<10)
		n, _ := w.Read(b)
		first <- bytes.IndexByte(b[:n], '!')
		_, _ = io.WriteString(w, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
	})
	if _, _, err := ask(t, NewTransport(), request(t, "POST", url, strings.Repeat("x", 1023)+"!")); err != nil || <-first < 1023 {
		t.Error("the body came by itself", err)
	}
}

// TestManyAtOnce runs under the race detector; nothing is left behind when the transport is done.
func TestManyAtOnce(t *testing.T) {
	before := runtime.NumGoroutine()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		_, _ = w.Write(body)
	}))
	transport := NewTransport()
	var wait sync.WaitGroup
	for worker := range 16 {
		wait.Go(func() {
			for i := range 50 {
				text := strings.Repeat(fmt.Sprintf("%d-%d ", worker, i), 1+i*20)
				r := request(t, "POST", server.URL, text)
				if i%5 == 0 {
					r.Body, r.GetBody, r.ContentLength = io.NopCloser(strings.NewReader(text)), nil, -1 // net/http's transport streams it
				}
				if _, body, err := ask(t, transport, r); err != nil || body != text {
					t.Errorf("%d bytes came back of %d: %v", len(body), len(text), err)
					return
				}
			}
		})
	}
	wait.Wait()
	transport.CloseIdleConnections()
	server.Close()
	for deadline := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before+2; {
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines are left of %d", runtime.NumGoroutine(), before)
		}
		runtime.Gosched()
	}
}

func TestThePoolIsBounded(t *testing.T) {
	p := newPool(time.Hour)
	for i := range idleInAll + 100 {
		mine, other := net.Pipe()
		t.Cleanup(func() { _ = mine.Close(); _ = other.Close() })
		p.put(newConn(mine, fmt.Sprint(i%3), p))
	}
	if p.count > idleInAll || len(p.idle["0"]) > idlePerBackend {
		t.Errorf("%d connections are kept, %d to one backend", p.count, len(p.idle["0"]))
	}
	p.drain()
	if p.count != 0 || p.sweep != nil {
		t.Error("the pool is not empty")
	}
}

func TestIdleConnectionsAreClosedInTime(t *testing.T) {
	p := newPool(10 * time.Millisecond)
	mine, other := net.Pipe()
	p.put(newConn(mine, "a", p))
	if _, err := other.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("the connection ended with %v", err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.count != 0 || len(p.idle) != 0 {
		t.Error("the pool is not empty")
	}
}
