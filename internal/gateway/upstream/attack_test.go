package upstream

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
)

// TestNothingOfARequestEndsItsLines: what would make two requests of one is an error, and nothing is sent.
func TestNothingOfARequestEndsItsLines(t *testing.T) {
	url, connections := rawBackend(t, scripted("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
	for name, change := range map[string]func(*http.Request){
		"method":              func(r *http.Request) { r.Method = "GET /evil HTTP/1.1\r\nX: y" },
		"method with a blank": func(r *http.Request) { r.Method = "GET /evil" },
		"header name":         func(r *http.Request) { r.Header["X\r\nEvil"] = []string{"1"} },
		"header name, blank":  func(r *http.Request) { r.Header["Transfer-Encoding "] = []string{"chunked"} },
		"header name, empty":  func(r *http.Request) { r.Header[""] = []string{"1"} },
		"header value":        func(r *http.Request) { r.Header["X"] = []string{"a\r\nEvil: 1"} },
		"header value, CR":    func(r *http.Request) { r.Header["X"] = []string{"a\rEvil: 1"} },
		"header value, NUL":   func(r *http.Request) { r.Header["X"] = []string{"a\x00"} },
		"host":                func(r *http.Request) { r.Host = "a\r\nEvil: 1" },
		"path":                func(r *http.Request) { r.URL.Opaque = "/a\r\nEvil: 1" },
		"path with a blank":   func(r *http.Request) { r.URL.Opaque = "/a HTTP/1.1 " },
		"query":               func(r *http.Request) { r.URL.RawQuery = "a\r\nEvil: 1" },
		"query with a blank":  func(r *http.Request) { r.URL.RawQuery = "a HTTP/1.1" },
		"a length that is none": func(r *http.Request) {
			r.ContentLength, r.Body, r.GetBody = 10, io.NopCloser(strings.NewReader("short")), bodyOf("short")
		},
		"a body beyond the length": func(r *http.Request) {
			r.ContentLength, r.Body, r.GetBody = 2, io.NopCloser(strings.NewReader("GET / HTTP/1.1\r\n\r\n")), bodyOf("x")
		},
	} {
		transport := NewTransport()
		r := request(t, http.MethodPost, url, "body")
		change(r)
		if response, err := transport.RoundTrip(r); err == nil {
			_ = response.Body.Close()
			t.Errorf("%s: answered %d", name, response.StatusCode)
		}
		transport.CloseIdleConnections()
	}
	if n := connections.Load(); n > 0 {
		t.Errorf("%d connections were opened", n)
	}
}

func bodyOf(text string) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil }
}

// TestHeadersOfTheMessageAreItsOwn: a header cannot change how long the request is.
func TestHeadersOfTheMessageAreItsOwn(t *testing.T) {
	heads := make(chan string, 1)
	url, _ := rawBackend(t, func(_ int32, r *bufio.Reader, w net.Conn) {
		var head strings.Builder
		for {
			line, err := r.ReadString('\n')
			if err != nil || line == "\r\n" {
				break
			}
			head.WriteString(line)
		}
		heads <- head.String()
		_, _ = io.WriteString(w, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
	})
	transport := NewTransport()
	defer transport.CloseIdleConnections()
	r := request(t, http.MethodPost, url, "body")
	r.Header["Content-Length"], r.Header["Transfer-Encoding"], r.Header["Host"], r.Header["Trailer"] = []string{"99"}, []string{"chunked"}, []string{"evil"}, []string{"X"}
	if status, _, err := ask(t, transport, r); err != nil || status != 200 {
		t.Fatal(status, err)
	}
	head := <-heads
	if strings.Contains(head, "99") || strings.Contains(head, "chunked") || strings.Contains(head, "evil") || strings.Contains(head, "Trailer") || !strings.Contains(head, "Content-Length: 4\r\n") {
		t.Errorf("the backend got\n%s", head)
	}
}
