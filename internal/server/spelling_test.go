package server

import (
	"bufio"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/google/go-cmp/cmp"
)

// startSpelling serves what a request's names were spelled like, over the real listener.
func startSpelling(t *testing.T) net.Conn {
	t.Helper()
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := patient.server(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		of := spelled(r)
		if of == nil {
			of = func(name string) string { return name }
		}
		_, _ = io.WriteString(w, of("X-Test-Name")+" "+of("Accept")+" "+of("Content-Type"))
	}), slog.New(slog.DiscardHandler))
	go func() { _ = server.Serve(newListener(inner, nil, firstByteTimeout, maxSilent)) }()
	t.Cleanup(func() { _ = server.Close() })
	conn, err := net.Dial("tcp", inner.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// TestHeaderNamesKeepTheirLetters sends one request after the other over one connection, whole and byte by byte.
func TestHeaderNamesKeepTheirLetters(t *testing.T) {
	many := ""
	for i := range maxNames {
		many += fmt.Sprintf("x-%d: a\r\n", i)
	}
	rows := []struct{ name, request, want string }{
		{"the usual letters", "GET / HTTP/1.1\r\nHost: a\r\nX-Test-Name: 1\r\nAccept: b\r\n\r\n", "X-Test-Name Accept Content-Type"},
		{"small letters", "GET / HTTP/1.1\r\nhost: a\r\nx-test-name: 1\r\naccept: b\r\n\r\n", "x-test-name accept Content-Type"},
		{"a mixture", "GET / HTTP/1.1\r\nHost: a\r\nX-TEST-Name: 1\r\naCCept: b\r\n\r\n", "X-TEST-Name aCCept Content-Type"},
		{"the one before left nothing", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "X-Test-Name Accept Content-Type"},
		{"a name sent twice", "GET / HTTP/1.1\r\nHost: a\r\nx-test-NAME: 1\r\nx-test-name: 2\r\n\r\n", "x-test-NAME Accept Content-Type"},
		{"a body that looks like a header", "POST / HTTP/1.1\r\nHost: a\r\ncontent-type: b\r\nContent-Length: 22\r\n\r\n\r\nx-test-name: 1\r\n\r\n\r\n", "X-Test-Name Accept content-type"},
		{"chunks that look like one", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n10\r\nx-test-name: 1\r\n\r\n0\r\n\r\n", "X-Test-Name Accept Content-Type"},
		{"lines that end without a return", "GET / HTTP/1.1\nhost: a\nx-test-name: 1\n\n", "x-test-name Accept Content-Type"},
		{"more names than are kept", "GET / HTTP/1.1\r\nHost: a\r\n" + many + "x-test-name: 1\r\n\r\n", "X-Test-Name Accept Content-Type"},
		{"a long value, and a name behind it", "GET / HTTP/1.1\r\nHost: a\r\nX-Long: " + strings.Repeat("v", 9000) + "\r\nx-test-name: 1\r\n\r\n", "x-test-name Accept Content-Type"},
	}
	for _, pieces := range []int{1 << 20, 1, 7} {
		conn := startSpelling(t)
		answers := bufio.NewReader(conn)
		for _, row := range rows {
			if pieces < 100 && len(row.request) > 1000 {
				continue
			}
			t.Run(fmt.Sprintf("%s, %d bytes at a time", row.name, pieces), func(t *testing.T) {
				for rest := row.request; rest != ""; {
					n, err := io.WriteString(conn, rest[:min(pieces, len(rest))])
					if err != nil {
						t.Fatal(err)
					}
					rest = rest[n:]
				}
				response, err := http.ReadResponse(answers, nil)
				if err != nil {
					t.Fatal(err)
				}
				if got, err := io.ReadAll(response.Body); string(got) != row.want || err != nil {
					t.Errorf("spelled %q, want %q, %v", got, row.want, err)
				}
			})
		}
	}
}

// TestWhatIsKeptOfNamesIsBounded: a line that does not end, and names without end.
func TestWhatIsKeptOfNamesIsBounded(t *testing.T) {
	s := newSpelling()
	s.see([]byte("GET / HTTP/1.1\r\n"))
	for range 1000 {
		s.see([]byte(strings.Repeat("x", 1000)))
	}
	if len(s.line) > maxName+1 {
		t.Errorf("%d bytes of one line are kept", len(s.line))
	}
	s.see([]byte("\r\n" + strings.Repeat("x-name: v\r\n", 10*maxNames)))
	if len(s.names) > maxNames {
		t.Errorf("%d names are kept", len(s.names))
	}
}

func BenchmarkSpelling(b *testing.B) {
	head := []byte("POST /_aws/execute-api/abcde12345/dev/pets HTTP/1.1\r\nHost: 127.0.0.1:4566\r\nUser-Agent: tester\r\nAccept: */*\r\naccept-encoding: gzip\r\n" +
		"Authorization: Bearer " + strings.Repeat("t", 900) + "\r\nContent-Length: 1024\r\nContent-Type: application/json\r\n\r\n")
	s := newSpelling()
	b.ReportAllocs()
	for b.Loop() {
		s.see(head)
		s.reset()
	}
}

// TestAFunctionSeesTheClientsLetters goes the whole way: a client's bytes, the server, a function that answers its event.
func TestAFunctionSeesTheClientsLetters(t *testing.T) {
	var event struct {
		Headers           map[string]string
		MultiValueHeaders map[string][]string
	}
	function := http.Server{ReadHeaderTimeout: time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := json.NewDecoder(r.Body).Decode(&event); err != nil {
			t.Error(err)
		}
		_, _ = io.WriteString(w, `{"statusCode":200}`)
	})}
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = function.Serve(inner) }()
	t.Cleanup(func() { _ = function.Close() })
	s := startTest(t, Config{Functions: map[string]string{"echo": "http://" + inner.Addr().String()}})
	c := callerOf(t, s)
	api, err := c.api.CreateRestApi(t.Context(), &apigateway.CreateRestApiInput{Name: aws.String("letters")})
	if err != nil {
		t.Fatal(err)
	}
	steps := []func() error{
		func() error {
			_, err := c.api.PutMethod(t.Context(), &apigateway.PutMethodInput{RestApiId: api.Id, ResourceId: api.RootResourceId, HttpMethod: aws.String("GET"), AuthorizationType: aws.String("NONE")})
			return err
		},
		func() error {
			_, err := c.api.PutIntegration(t.Context(), &apigateway.PutIntegrationInput{RestApiId: api.Id, ResourceId: api.RootResourceId, HttpMethod: aws.String("GET"), Type: "AWS_PROXY",
				IntegrationHttpMethod: aws.String("POST"), Uri: aws.String("arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/arn:aws:lambda:eu-west-1:" + recordedAccount + ":function:echo/invocations")})
			return err
		},
		func() error {
			_, err := c.api.CreateDeployment(t.Context(), &apigateway.CreateDeploymentInput{RestApiId: api.Id, StageName: aws.String("dev")})
			return err
		},
	}
	for _, step := range steps {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	addr := s.listener.Addr().String()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, _ = fmt.Fprintf(conn, "GET /_aws/execute-api/%s/dev/ HTTP/1.1\r\nhost: %s\r\nx-small: 1\r\nX-Usual: 2\r\nX-LOUD: 3\r\nX-LOUD: 4\r\nuser-agent: me\r\nx-forwarded-for: 6.6.6.6\r\nx-amzn-trace-id: mine\r\n\r\n", *api.Id, addr)
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil || response.StatusCode != 200 {
		t.Fatal(response, err)
	}
	for name, value := range map[string]string{"x-small": "1", "X-Usual": "2", "X-LOUD": "4", "user-agent": "me", "Host": "127.0.0.1", "X-Forwarded-For": event.Headers["X-Forwarded-For"]} {
		if got, ok := event.Headers[name]; !ok || got != value {
			t.Errorf("%s is %q in %v", name, got, event.Headers)
		}
	}
	if diff := cmp.Diff([]string{"3", "4"}, event.MultiValueHeaders["X-LOUD"]); diff != "" {
		t.Error(diff)
	}
	for _, name := range []string{"X-Small", "X-Loud", "User-Agent", "x-forwarded-for", "x-amzn-trace-id", "host"} {
		if _, ok := event.Headers[name]; ok {
			t.Errorf("%s is there, too, in %v", name, event.Headers)
		}
	}
	t.Run("HTTP/2", func(t *testing.T) {
		client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, ForceAttemptHTTP2: true}}
		defer client.CloseIdleConnections()
		r, err := http.NewRequest(http.MethodGet, "https://"+addr+"/_aws/execute-api/"+*api.Id+"/dev/", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-Usual", "1")
		answer, err := client.Do(r)
		if err != nil {
			t.Fatal(err) // it failed while the limit of connections hid from net/http that they are TLS
		}
		_ = answer.Body.Close()
		if answer.ProtoMajor != 2 || event.Headers["x-usual"] != "1" || event.Headers["X-Forwarded-Proto"] != "https" {
			t.Errorf("%s, the function got %v", answer.Proto, event.Headers)
		}
	})
}
