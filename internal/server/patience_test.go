package server

import (
	"bufio"
	"bytes"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/poolgate/poolgate/internal/clock"
)

// hurried serves h with little patience, and gives a connection to it.
func hurried(t *testing.T, h http.HandlerFunc) net.Conn {
	t.Helper()
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := patience{header: 200 * time.Millisecond, request: 300 * time.Millisecond, answer: 500 * time.Millisecond, idle: 200 * time.Millisecond}
	server := p.server(h, slog.New(slog.DiscardHandler))
	go func() { _ = server.Serve(newListener(inner, nil, p.header, maxSilent)) }()
	t.Cleanup(func() { _ = server.Close() })
	conn, err := net.Dial("tcp", inner.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	return conn
}

func TestWhoSendsTooSlowlyIsNotWaitedFor(t *testing.T) {
	for name, sent := range map[string]string{
		"half a header":         "POST / HTTP/1.1\r\nHost: localhost\r\nX-",
		"half a body":           "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nhalf",
		"half a chunked body":   "POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
		"a body nobody reads":   "POST /unread HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n",
		"no second request":     "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
		"half a second request": "GET / HTTP/1.1\r\nHost: localhost\r\n\r\nGET",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn := hurried(t, func(_ http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/unread" {
					_, _ = io.ReadAll(r.Body)
				}
			})
			if _, err := io.WriteString(conn, sent); err != nil {
				t.Fatal(err)
			}
			if _, err := io.Copy(io.Discard, conn); err != nil {
				t.Errorf("the connection was not closed: %v", err)
			}
		})
	}
}

func TestWhoDoesNotTakeTheAnswerIsNotWaitedFor(t *testing.T) {
	ended := make(chan error, 1)
	conn := hurried(t, func(w http.ResponseWriter, _ *http.Request) {
		var err error
		for block := make([]byte, 1<<20); err == nil; {
			_, err = w.Write(block)
		}
		ended <- err
	})
	if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		t.Error("the answer still waits to be taken")
	}
}

func TestAServerIsPatientWithinBounds(t *testing.T) {
	s, err := Start(t.Context(), Config{Addr: "127.0.0.1:0", Data: Memory})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close(t.Context())
	for name, wait := range map[string]time.Duration{
		"ReadHeaderTimeout": s.http.ReadHeaderTimeout, "ReadTimeout": s.http.ReadTimeout, "WriteTimeout": s.http.WriteTimeout, "IdleTimeout": s.http.IdleTimeout,
	} {
		if wait <= 0 || wait > 5*time.Minute {
			t.Errorf("%s is %s", name, wait)
		}
	}
	if s.http.ReadTimeout < 60*time.Second || s.http.WriteTimeout < s.http.ReadTimeout+29*time.Second {
		t.Errorf("an integration of 29 s behind a slow upload is cut off: %+v", patient)
	}
}

func TestManySilentConnectionsDoNotKeepOthersOut(t *testing.T) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	const most = 8
	l := newListener(inner, nil, time.Hour, most)
	defer l.Close()
	var silent []net.Conn
	for range 3 * most {
		conn, err := net.Dial("tcp", inner.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		silent = append(silent, conn)
	}
	// All but as many as are waited for are ended.
	var ended sync.WaitGroup
	closed := make(chan struct{}, len(silent))
	for _, conn := range silent {
		_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
		ended.Go(func() {
			if _, err := conn.Read(make([]byte, 1)); err != nil && !isTimeout(err) {
				closed <- struct{}{}
			}
		})
	}
	for range 2 * most {
		select {
		case <-closed:
		case <-time.After(10 * time.Second):
			t.Fatal("silent connections are not ended")
		}
	}
	for range 5 {
		conn, err := net.Dial("tcp", inner.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(conn, "x"); err != nil {
			t.Fatal(err)
		}
		accepted, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		_ = accepted.Close()
		_ = conn.Close()
	}
	for _, conn := range silent {
		_ = conn.Close()
	}
	ended.Wait()
}

func isTimeout(err error) bool {
	timeout, is := err.(net.Error)
	return is && timeout.Timeout()
}

func TestAPanicEndsTheConnectionAndIsLogged(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelWarn}))
	for value, logged := range map[any]bool{"broken": true, http.ErrAbortHandler: false} {
		out.Reset()
		func() {
			defer func() {
				if p := recover(); p != http.ErrAbortHandler {
					t.Errorf("ended with %v", p)
				}
			}()
			reporting(log, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(value) })).
				ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil))
		}()
		if said := strings.Contains(out.String(), "broken"); said != logged {
			t.Errorf("%v: logged %q", value, out.String())
		}
	}
}

func TestTheClockKeepsToYearsThatExist(t *testing.T) {
	for body, want := range map[string]int{
		`{"now":"2030-01-01T00:00:00Z"}`: 200, `{"advance":"2h"}`: 200, `{"advance":"-2h"}`: 200,
		`{"now":"9999-12-31T23:59:59Z"}`: 400, `{"now":"0001-01-01T00:00:00Z"}`: 400, `{"advance":"2562047h"}`: 400, `{"advance":"-2562047h"}`: 400,
		`{"advance":"99999999999h"}`: 400, `{"now":"soon"}`: 400, `{"advance":""}`: 400, `{}`: 400, `[`: 400, ``: 400,
		`{"advance":"1h","now":"2030-01-01T00:00:00Z"}`: 400,
	} {
		o := &own{clock: new(clock.Clock), clockMayMove: true}
		r := onThisMachine(http.MethodPut, "/clock")
		r.Body = io.NopCloser(bufio.NewReader(strings.NewReader(body)))
		w := httptest.NewRecorder()
		o.handler().ServeHTTP(w, r)
		if w.Code != want || (want != 200 && o.clock.Offset() != 0) {
			t.Errorf("%s: %d %s, moved by %s", body, w.Code, strings.TrimSpace(w.Body.String()), o.clock.Offset())
		}
		if want == 200 && o.clock.Offset() == 0 {
			t.Errorf("%s moved nothing", body)
		}
	}
}
