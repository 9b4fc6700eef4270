package worker

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/poolgate/poolgate/internal/logs"
)

// reachable is a directory of the test's that the functions' users can enter.
func reachable(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Chmod(filepath.Dir(dir), 0o711); err != nil {
		t.Fatal(err)
	}
	return dir
}

// journal keeps what functions log.
type journal struct {
	mu    sync.Mutex
	lines []logs.Line
}

func (j *journal) Write(lines ...logs.Line) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lines = append(j.lines, lines...)
}

func (j *journal) text() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	var text strings.Builder
	for _, line := range j.lines {
		text.WriteString(line.Message)
	}
	return text.String()
}

// bench is a pool with its log.
type bench struct {
	*testing.T
	*Pool
	journal *journal
}

func newBench(t *testing.T, set ...func(*Options)) *bench {
	t.Helper()
	b := &bench{T: t, journal: &journal{}}
	options := Options{Dir: reachable(t), Logs: b.journal}
	for _, fn := range set {
		fn(&options)
	}
	pool, err := New(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := pool.Close(); err != nil {
			t.Error(err)
		}
		if n := pool.Processes(); n != 0 {
			t.Errorf("%d processes are left", n)
		}
	})
	b.Pool = pool
	return b
}

// function writes files and makes a spec of them.
func (b *bench) function(runtime, handler string, files map[string]string) *Spec {
	b.Helper()
	dir := reachable(b.T)
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			b.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
			b.Fatal(err)
		}
	}
	return &Spec{
		Key: uuid.NewString(), Function: dir, Name: "f", Version: "$LATEST", Account: "000000000000", Region: "eu-west-1",
		Runtime: runtime, Handler: handler, Code: dir, Timeout: 20 * time.Second, MemoryMB: 128, Reserved: -1, LogGroup: "/aws/lambda/f",
	}
}

func request(payload string) Request {
	return Request{ID: uuid.NewString(), ARN: "arn:aws:lambda:eu-west-1:000000000000:function:f", Payload: []byte(payload), Tail: true}
}

// invoke runs an event that must reach the function.
func (b *bench) invoke(spec *Spec, payload string) Result {
	b.Helper()
	result, err := b.Invoke(b.Context(), spec, request(payload))
	if err != nil {
		b.Fatal(err)
	}
	return result
}

// answers checks a function's answer.
func (b *bench) answers(spec *Spec, payload, want string) {
	b.Helper()
	if result := b.invoke(spec, payload); result.Failed || string(result.Payload) != want {
		b.Errorf("want %s\n got %s (failed: %t)\n%s", want, result.Payload, result.Failed, result.Tail)
	}
}

// fails checks a function's error object.
func (b *bench) fails(spec *Spec, kind, message string) Result {
	b.Helper()
	result := b.invoke(spec, `{}`)
	var got failure
	if err := json.Unmarshal(result.Payload, &got); err != nil || !result.Failed {
		b.Fatalf("no error object: %s\n%s", result.Payload, result.Tail)
	}
	if got.Type != kind || !strings.Contains(got.Message, message) {
		b.Errorf("want %s: …%s…\n got %s: %s\n%s", kind, message, got.Type, got.Message, result.Tail)
	}
	return result
}

// until polls for something that happens by itself.
func (b *bench) until(what string, done func() bool) {
	b.Helper()
	for end := time.Now().Add(20 * time.Second); !done(); {
		if time.Now().After(end) {
			b.Fatalf("it did not happen: %s\n%s", what, b.journal.text())
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// needs says loudly that a part is missing.
func needs(t *testing.T, program string) {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		t.Skipf("NOT TESTED: there is no %s on the PATH", program)
	}
}
