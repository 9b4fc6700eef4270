package gateway_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/poolgate/poolgate/authz"
)

// rudeBackend accepts connections, reads one request and does as it likes.
func rudeBackend(t *testing.T, answer func(conn *net.TCPConn)) string {
	t.Helper()
	listener, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.AcceptTCP()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = conn.Close() }()
				if request, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
					_, _ = io.Copy(io.Discard, request.Body)
					answer(conn)
				}
			}()
		}
	}()
	return "http://" + listener.Addr().String()
}

// say writes until the other side has enough.
func say(conn net.Conn, first, again string) {
	_, err := io.WriteString(conn, first)
	for err == nil && again != "" {
		_, err = io.WriteString(conn, again)
	}
}

// TestHostileBackends: each is answered in time with an error that says nothing of it, leaves a reason, disturbs no other request and
// leaves nothing running.
func TestHostileBackends(t *testing.T) {
	const internal, late = `{"message":"Internal server error"}`, `{"message":"Endpoint request timed out"}`
	waits := func(conn net.Conn) { _, _ = conn.Read(make([]byte, 1)) } // until the gateway has had enough
	for _, tt := range []struct {
		name   string
		answer func(*net.TCPConn)
		// status is of both kinds; streams tells that HTTP_PROXY had begun to pass it on, and breaks off.
		status  int
		reason  authz.Reason
		streams bool
	}{
		{"closes at once", func(*net.TCPConn) {}, 500, authz.IntegrationFailed, false},
		{"resets", func(c *net.TCPConn) { _ = c.SetLinger(0) }, 500, authz.IntegrationFailed, false},
		{"says nothing", func(c *net.TCPConn) { waits(c) }, 504, authz.IntegrationTimeout, false},
		{"stalls in its header", func(c *net.TCPConn) { say(c, "HTTP/1.1 200 OK\r\nX-A:", ""); waits(c) }, 504, authz.IntegrationTimeout, false},
		{"has headers without end", func(c *net.TCPConn) { say(c, "HTTP/1.1 200 OK\r\n", "X-A: "+strings.Repeat("a", 4000)+"\r\n") }, 500, authz.IntegrationFailed, false},
		{"has a header line without end", func(c *net.TCPConn) { say(c, "HTTP/1.1 200 OK\r\nX-A: ", strings.Repeat("a", 4096)) }, 500, authz.IntegrationFailed, false},
		{"stalls in a short body", func(c *net.TCPConn) { say(c, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", ""); waits(c) }, 504, authz.IntegrationTimeout, false},
		{"lies about a short body's length", func(c *net.TCPConn) { say(c, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", "") }, 500, authz.IntegrationFailed, false},
		{"lies about a long body's length", func(c *net.TCPConn) { say(c, "HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\nhalf", "") }, 500, authz.IntegrationFailed, true},
		{"stalls between chunks", func(c *net.TCPConn) {
			say(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n", "")
			waits(c)
		}, 504, authz.IntegrationTimeout, true},
		{"has chunks that are none", func(c *net.TCPConn) {
			say(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\nnonsense\r\n", "")
		}, 500, authz.IntegrationFailed, true},
		{"has chunks without end", func(c *net.TCPConn) {
			say(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "10000\r\n"+strings.Repeat("x", 0x10000)+"\r\n")
		}, 0, "", true},
		{"speaks no HTTP", func(c *net.TCPConn) { say(c, "+OK POP3 ready\r\n", "") }, 500, authz.IntegrationFailed, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			url := rudeBackend(t, tt.answer)
			impatient := proxy(url, nil)
			impatient.MethodIntegration.TimeoutInMillis = 300
			mapped := openWith(&types.Integration{
				Type: types.IntegrationTypeHttp, HttpMethod: aws.String("POST"), Uri: aws.String(url), TimeoutInMillis: 300,
				IntegrationResponses: map[string]types.IntegrationResponse{"200": response("200", "", nil, nil)},
			})
			w := newWorld(t, newAPI().on("POST", "/proxy", impatient).on("POST", "/http", mapped).on("GET", "/fine", openWith(mockOf("fine"))), nil)
			front := httptest.NewServer(w)
			defer front.Close()
			before := runtime.NumGoroutine()
			for _, kind := range []string{"proxy", "http"} {
				breaksOff := kind == "proxy" && tt.streams
				status, body, id, err := post(t, front.URL+"/prod/"+kind)
				expect(t, send(t, w, "GET", "/prod/fine"), 200, "fine", "")
				if breaksOff {
					if err == nil {
						t.Errorf("%s: %d bytes were taken for the whole", kind, len(body))
					}
					continue
				}
				if tt.status == 0 { // as much as comes within the timeout: too much or too late
					if status != 500 && status != 504 {
						t.Errorf("%s answered %d", kind, status)
					}
					continue
				}
				if want := map[int]string{500: internal, 504: late}[tt.status]; status != tt.status || body != want || err != nil {
					t.Errorf("%s answered %d %.60q, %v", kind, status, body, err)
				}
				if record := waitForRecord(t, w, id); record.Reason != tt.reason {
					t.Errorf("%s: the reason is %q", kind, record.Reason)
				}
			}
			http.DefaultClient.CloseIdleConnections()
			eventually(t, func() bool { return runtime.NumGoroutine() <= before+2 })
		})
	}
}

func post(t *testing.T, url string) (status int, body, id string, err error) {
	t.Helper()
	response, err := http.Post(url, "application/json", strings.NewReader(`{}`))
	if err != nil {
		return 0, "", "", err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return response.StatusCode, string(text), response.Header.Get("x-amzn-RequestId"), err
}

// TestABackendThatHoldsManyRequestsHoldsNoOther: fifty requests wait for a silent backend while others are answered.
func TestABackendThatHoldsManyRequestsHoldsNoOther(t *testing.T) {
	arrived := make(chan struct{}, 64)
	silent := rudeBackend(t, func(conn *net.TCPConn) {
		arrived <- struct{}{}
		_, _ = conn.Read(make([]byte, 1))
	})
	w := newWorld(t, newAPI().on("POST", "/silent", proxy(silent, nil)).on("GET", "/fine", openWith(mockOf("fine"))), nil)
	front := httptest.NewServer(w)
	client := &http.Client{Transport: &http.Transport{}}
	const waiting = 50
	for range waiting {
		go func() {
			if answer, err := client.Post(front.URL+"/prod/silent", "text/plain", strings.NewReader("x")); err == nil {
				_ = answer.Body.Close()
			}
		}()
	}
	for range waiting {
		<-arrived
	}
	began := time.Now()
	for range 20 {
		expect(t, send(t, w, "GET", "/prod/fine"), 200, "fine", "")
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Error(fmt.Sprint("others took ", took))
	}
	front.CloseClientConnections() // whoever asked is gone: nothing waits any longer
	front.Close()
}
