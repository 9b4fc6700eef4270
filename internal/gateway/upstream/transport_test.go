package upstream

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
)

// rawBackend answers connections by a script of bytes: each request is answered with the next text, an empty text closes the
// connection before anything is said. It counts the connections.
func rawBackend(t *testing.T, serve func(connection int32, r *bufio.Reader, w net.Conn)) (url string, connections *atomic.Int32) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	connections = new(atomic.Int32)
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			n := connections.Add(1)
			go func() {
				defer func() { _ = conn.Close() }()
				serve(n, bufio.NewReader(conn), conn)
			}()
		}
	}()
	return "http://" + listener.Addr().String(), connections
}

// scripted answers every request of a connection with the same bytes.
func scripted(answer string) func(int32, *bufio.Reader, net.Conn) {
	return func(_ int32, r *bufio.Reader, w net.Conn) {
		for {
			request, err := http.ReadRequest(r)
			if err != nil {
				return
			}
			_, _ = io.Copy(io.Discard, request.Body)
			_, _ = io.WriteString(w, answer)
		}
	}
}

func request(t *testing.T, method, url, body string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		if r, err = http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body)); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

// ask sends one request and reads the whole answer.
func ask(t *testing.T, transport *Transport, r *http.Request) (status int, body string, err error) {
	t.Helper()
	response, err := transport.RoundTrip(r)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = response.Body.Close() }()
	data, err := io.ReadAll(response.Body)
	return response.StatusCode, string(data), err
}

// TestAnswers are the forms that answers have, and whether their connection serves the next request.
func TestAnswers(t *testing.T) {
	for _, tt := range []struct {
		name, method, answer string
		status               int
		body                 string
		kept                 bool
	}{
		{"a length", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", 200, "hi", true},
		{"no body", "GET", "HTTP/1.1 204 No Content\r\n\r\n", 204, "", true},
		{"not modified", "GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n", 304, "", true},
		{"an empty body", "POST", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 200, "", true},
		{"a HEAD", "HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", 200, "", true},
		{"chunks", "GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n", 200, "hi", true},
		{"chunks and a trailer", "GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nX-A: b\r\n\r\n", 200, "hi", true},
		{"a connection that is to close", "GET", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi", 200, "hi", false},
		{"HTTP/1.0", "GET", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi", 200, "hi", false},
		{"early hints before it", "GET", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", 200, "hi", true},
		{"more behind it than belongs to it", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhiHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil", 200, "hi", false},
		{"a redirect", "GET", "HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n", 302, "", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			url, connections := rawBackend(t, scripted(tt.answer))
			transport := NewTransport()
			defer transport.CloseIdleConnections()
			for range 3 {
				status, body, err := ask(t, transport, request(t, tt.method, url, ""))
				if err != nil || status != tt.status || body != tt.body {
					t.Fatalf("got %d %q, %v", status, body, err)
				}
			}
			if n := connections.Load(); (n == 1) != tt.kept {
				t.Errorf("three requests made %d connections, kept should be %v", n, tt.kept)
			}
		})
	}
}

// TestAnswersThatAreNone fail at once, and their connection serves nobody else.
func TestAnswersThatAreNone(t *testing.T) {
	for _, tt := range []struct{ name, answer, says string }{
		{"another protocol", "SSH-2.0-OpenSSH\r\n", "malformed"},
		{"half a header", "HTTP/1.1 200 OK\r\nX-A:", ""},
		{"protocols switched unasked", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n", "switches protocols"},
		{"informational answers without end", strings.Repeat("HTTP/1.1 103 Early Hints\r\n\r\n", informational+1), "informational"},
		{"a header without end", "HTTP/1.1 200 OK\r\n" + strings.Repeat("X-A: "+strings.Repeat("a", 1000)+"\r\n", 300), "longer than"},
		{"a line without end", "HTTP/1.1 200 OK\r\nX-A: " + strings.Repeat("a", headerLimit+10), "longer than"},
		{"two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nhi!", "Content-Length"},
		{"a length that is none", "HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nhi", "Content-Length"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			url, _ := rawBackend(t, func(_ int32, r *bufio.Reader, w net.Conn) {
				if _, err := http.ReadRequest(r); err == nil {
					_, _ = io.WriteString(w, tt.answer)
				}
			})
			transport := NewTransport()
			_, _, err := ask(t, transport, request(t, "POST", url, "x"))
			if err == nil || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("the error is %v", err)
			}
			if transport.idle.count != 0 {
				t.Error("the connection was kept")
			}
		})
	}
}

func TestABodyThatBreaksOffIsAnError(t *testing.T) {
	for name, answer := range map[string]string{
		"shorter than its length": "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
		"chunks without an end":   "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			url, _ := rawBackend(t, func(_ int32, r *bufio.Reader, w net.Conn) {
				if _, err := http.ReadRequest(r); err == nil {
					_, _ = io.WriteString(w, answer)
				}
			})
			if _, body, err := ask(t, NewTransport(), request(t, "GET", url, "")); !errors.Is(err, io.ErrUnexpectedEOF) || body != "half" {
				t.Errorf("got %q, %v", body, err)
			}
		})
	}
}
