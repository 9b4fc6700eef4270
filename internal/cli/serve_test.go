package cli

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
)

// TestServeEndsInPeace starts a server as main does, and interrupts it as a signal does.
func TestServeEndsInPeace(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	out, in := io.Pipe()
	var stderr bytes.Buffer
	ended := make(chan int, 1)
	go func() {
		ended <- Run(ctx, []string{"serve", "--addr", "127.0.0.1:0", "--data", t.TempDir()}, in, &stderr)
		_ = in.Close()
	}()
	lines := bufio.NewScanner(out)
	lines.Scan()
	url, found := strings.CutPrefix(lines.Text(), "poolgate listens on ")
	if !found {
		t.Fatalf("the first line is %q, and it ended with %d: %s", lines.Text(), <-ended, &stderr)
	}
	var rest []string
	for range 3 {
		lines.Scan()
		rest = append(rest, strings.Fields(lines.Text())[0])
	}
	if got := strings.Join(rest, " "); got != "data try health" {
		t.Errorf("then it says %q", got)
	}
	answer, err := http.Get(url + "/_poolgate/health")
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Errorf("health is %d", answer.StatusCode)
	}
	interrupt()
	for lines.Scan() {
		t.Errorf("it goes on to say %q", lines.Text())
	}
	if code := <-ended; code != 0 || stderr.Len() > 0 {
		t.Errorf("it ended with %d and said %q", code, &stderr)
	}
}
