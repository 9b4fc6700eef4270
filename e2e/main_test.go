// Package e2e drives the real binary with real clients: the aws CLI, curl, Amplify, aws-jwt-verify, go-oidc, PostgreSQL.
package e2e

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// binary is the poolgate that TestMain built.
var binary string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "poolgate-e2e")
	if err != nil {
		panic(err)
	}
	binary = filepath.Join(dir, "poolgate")
	build := exec.Command("go", "build", "-o", binary, "../cmd/poolgate")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "e2e: poolgate does not build:", err)
		os.Exit(1)
	}
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// need finds a real client on the PATH. Where it is missing the test says so and is skipped; under CI=true that is a failure.
func need(t *testing.T, client string) string {
	t.Helper()
	path, err := exec.LookPath(client)
	if err != nil {
		missing(t, client+" is not installed; `make setup` installs it where it can")
	}
	return path
}

func missing(t *testing.T, why string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(why)
	}
	t.Skip(why)
}

// process is a running poolgate serve.
type process struct {
	url    string
	cmd    *exec.Cmd
	stderr *safeBuffer
	// started is how long it took from the process's start to its first line.
	started time.Duration
}

// safeBuffer collects output that a goroutine writes while a test reads.
type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// serve starts poolgate on a free loopback port and stops it when the test ends. Without --data it keeps nothing.
func serve(t *testing.T, args ...string) *process {
	t.Helper()
	return serveWith(t, nil, args...)
}

func serveWith(t *testing.T, env []string, args ...string) *process {
	t.Helper()
	if !strings.Contains(strings.Join(args, " "), "--data") {
		args = append(args, "--data", ":memory:")
	}
	p := &process{stderr: &safeBuffer{}}
	p.cmd = exec.Command(binary, append([]string{"serve", "--addr", "127.0.0.1:0"}, args...)...)
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.Stderr = p.stderr
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.stop)
	lines := bufio.NewReader(stdout)
	line, err := lines.ReadString('\n')
	p.started = time.Since(begin)
	url, found := strings.CutPrefix(strings.TrimSpace(line), "poolgate listens on ")
	if err != nil || !found {
		_ = p.cmd.Wait()
		t.Fatalf("poolgate serve %s said %q and %s", strings.Join(args, " "), line, p.stderr)
	}
	go func() { _, _ = io.Copy(io.Discard, lines) }()
	p.url = url
	return p
}

func (p *process) stop() {
	if p.cmd.ProcessState != nil {
		return
	}
	_ = p.cmd.Process.Signal(os.Interrupt)
	_ = p.cmd.Wait()
}

// kill is kill -9: the process has no chance to tidy up.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
}

// aws runs the real aws CLI and returns its JSON answer; a failure fails the test.
func (p *process) aws(t *testing.T, args ...string) map[string]any {
	t.Helper()
	out, errText := p.tryAWS(t, args...)
	if errText != "" {
		t.Fatalf("aws %s: %s", strings.Join(args, " "), errText)
	}
	if len(bytes.TrimSpace(out)) == 0 {
		return nil
	}
	var answer map[string]any
	if err := json.Unmarshal(out, &answer); err != nil {
		t.Fatalf("aws %s answered %q: %v", strings.Join(args, " "), out, err)
	}
	return answer
}

// tryAWS runs the real aws CLI; errText is what it complained about.
func (p *process) tryAWS(t *testing.T, args ...string) (out []byte, errText string) {
	t.Helper()
	return p.tryAWSAs(t, "test", "test", args...)
}

// tryAWSAs is tryAWS with other credentials.
func (p *process) tryAWSAs(t *testing.T, accessKey, secret string, args ...string) (out []byte, errText string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, need(t, "aws"), append([]string{"--endpoint-url", p.url, "--output", "json"}, args...)...)
	cmd.Env = append(os.Environ(),
		"AWS_ACCESS_KEY_ID="+accessKey, "AWS_SECRET_ACCESS_KEY="+secret, "AWS_REGION=eu-west-1", "AWS_DEFAULT_REGION=eu-west-1",
		"AWS_PAGER=", "AWS_EC2_METADATA_DISABLED=true", "AWS_CONFIG_FILE=/dev/null", "AWS_SHARED_CREDENTIALS_FILE=/dev/null",
		"AWS_MAX_ATTEMPTS=1")
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return stdout.Bytes(), strings.TrimSpace(stderr.String() + " " + err.Error())
	}
	return stdout.Bytes(), ""
}

// at walks into an answer by member names and list indices.
func at(t *testing.T, answer any, path ...any) any {
	t.Helper()
	for _, step := range path {
		switch s := step.(type) {
		case string:
			object, _ := answer.(map[string]any)
			answer = object[s]
		case int:
			list, _ := answer.([]any)
			if s >= len(list) {
				t.Fatalf("no element %d of %v", s, list)
			}
			answer = list[s]
		}
	}
	return answer
}

// text is at for a member that must be a string.
func text(t *testing.T, answer any, path ...any) string {
	t.Helper()
	s, ok := at(t, answer, path...).(string)
	if !ok {
		t.Fatalf("%v is no string in %v", path, answer)
	}
	return s
}

// reply is what an HTTP request was answered with.
type reply struct {
	status int
	header http.Header
	body   string
}

// send makes one HTTP request without following redirects.
func send(t *testing.T, method, url, body string, header http.Header) reply {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for name, values := range header {
		request.Header[name] = values
	}
	if host := header.Get("Host"); host != "" {
		request.Host = host
	}
	client := http.Client{
		Timeout:       30 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	answer, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	read, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{answer.StatusCode, answer.Header, string(read)}
}

// eventually polls until the condition holds; a test that waits has a deadline.
func eventually(t *testing.T, within time.Duration, what string, condition func() bool) {
	t.Helper()
	deadline := time.Now().Add(within)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !condition() {
		if time.Now().After(deadline) {
			t.Fatalf("not within %s: %s", within, what)
		}
		<-tick.C
	}
}
