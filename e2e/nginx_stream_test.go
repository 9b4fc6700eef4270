package e2e

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
)

// TestNginxStreams: what nginx sends in pieces arrives in pieces, and a client's body reaches nginx's own backend before its end.
func TestNginxStreams(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	arrived := make(chan string)
	behind := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(w).EnableFullDuplex()
		lines := bufio.NewScanner(r.Body)
		for lines.Scan() {
			arrived <- lines.Text()
			_, _ = fmt.Fprintf(w, "echo %s\n", lines.Text())
			_ = http.NewResponseController(w).Flush()
		}
	})}
	go func() { _ = behind.Serve(listener) }()
	t.Cleanup(func() { _ = behind.Close() })
	base := nginxIn(t, `server { listen %ADDR%; location / { proxy_pass http://`+listener.Addr().String()+`; proxy_http_version 1.1; proxy_request_buffering off; proxy_buffering off; } }`, nil)
	b := serve(t).newBackendAPI(t)
	b.on(t, "proxy", &apigateway.PutIntegrationInput{Type: types.IntegrationTypeHttpProxy, Uri: aws.String(base.url + "/{proxy}")})
	reader, writer := io.Pipe()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.deploy(t)+"/proxy/lines", reader)
	must(t, err)
	answered := make(chan *http.Response, 1)
	go func() {
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Error(err)
		}
		answered <- answer
	}()
	for _, word := range []string{"one", "two", "three"} {
		_, err := io.WriteString(writer, word+"\n")
		must(t, err)
		if got := <-arrived; got != word { // although the body goes on
			t.Fatalf("%q arrived", got)
		}
	}
	_ = writer.Close()
	answer := <-answered
	if answer == nil {
		return
	}
	defer answer.Body.Close()
	if text, err := io.ReadAll(answer.Body); string(text) != "echo one\necho two\necho three\n" {
		t.Errorf("answered %q, %v", text, err)
	}
}
