package lambda

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/logs"
	"github.com/poolgate/poolgate/internal/store"
	"github.com/poolgate/poolgate/internal/wire"
)

const (
	testAccount = "111111111111"
	testRegion  = "eu-west-1"
	testRole    = "arn:aws:iam::111111111111:role/r"
	testARN     = "arn:aws:lambda:eu-west-1:111111111111:function:"
)

// lab is a Service with a caller.
type lab struct {
	*testing.T
	*Service
	journal *journal
}

type journal struct {
	mu    sync.Mutex
	lines []logs.Line
}

func (j *journal) Write(lines ...logs.Line) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lines = append(j.lines, lines...)
}

// has tells whether a group got a line that contains text.
func (j *journal) has(group, text string) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, line := range j.lines {
		if line.Group == group && strings.Contains(line.Message, text) {
			return true
		}
	}
	return false
}

// reachable is a directory of the test's that the functions' users can enter.
func reachable(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Chmod(filepath.Dir(dir), 0o711); err != nil {
		t.Fatal(err)
	}
	return dir
}

func newLab(t *testing.T, set ...func(*Config)) *lab {
	t.Helper()
	db, err := store.Open(t.Context(), store.Options{Location: ":memory:"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	j := &journal{}
	config := Config{Store: db, Logs: j, Temp: reachable(t)}
	for _, fn := range set {
		fn(&config)
	}
	s, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.Close()
		if left, err := os.ReadDir(config.Temp); err != nil || len(left) > 0 {
			t.Errorf("left behind: %v %v", left, err)
		}
	})
	return &lab{T: t, Service: s, journal: j}
}

// ctx is that of the caller all tests share.
func (l *lab) ctx() context.Context {
	return wire.WithCall(l.Context(), wire.Call{Service: "lambda", Account: testAccount, Region: testRegion})
}

// ok ends the test when an operation that should succeed did not.
func ok[T any](out *T, err error) func(*testing.T) *T {
	return func(t *testing.T) *T {
		t.Helper()
		if err != nil {
			t.Fatalf("unexpected: %v", err)
		}
		return out
	}
}

// refused checks that an operation failed with that code and exactly that text.
func refused[T any](out *T, err error) func(t *testing.T, code, message string) {
	return func(t *testing.T, code, message string) {
		t.Helper()
		var e *fault.Error
		if !errors.As(err, &e) {
			t.Fatalf("want %s: %s\n got %v, %v", code, message, out, err)
		}
		if e.Code != code || e.Message != message {
			t.Errorf("want %s: %s\n got %s: %s", code, message, e.Code, e.Message)
		}
	}
}

// archive makes a zip of files.
func archive(t *testing.T, files map[string]string) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for name, text := range files {
		header := &zip.FileHeader{Name: name, Method: zip.Deflate}
		header.SetMode(0o755)
		f, err := w.CreateHeader(header)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// node creates a node function out of one file.
func (l *lab) node(name, code string, set ...func(*lambda.CreateFunctionInput)) *lambda.CreateFunctionOutput {
	l.Helper()
	needs(l.T, "node")
	in := &lambda.CreateFunctionInput{
		FunctionName: &name, Role: aws.String(testRole), Runtime: types.RuntimeNodejs20x, Handler: aws.String("index.handler"), Timeout: aws.Int32(20),
		Code: &types.FunctionCode{ZipFile: archive(l.T, map[string]string{"index.js": code})},
	}
	for _, fn := range set {
		fn(in)
	}
	return ok(l.CreateFunction(l.ctx(), in))(l.T)
}

// invoke runs an event and checks the answer.
func (l *lab) invoke(name, payload, want string) *lambda.InvokeOutput {
	l.Helper()
	out := ok(l.Invoke(l.ctx(), &lambda.InvokeInput{FunctionName: &name, Payload: []byte(payload), LogType: types.LogTypeTail}))(l.T)
	if string(out.Payload) != want {
		tail, _ := base64.StdEncoding.DecodeString(aws.ToString(out.LogResult))
		l.Errorf("want %s\n got %s\n%s", want, out.Payload, tail)
	}
	return out
}

// until polls for something that happens by itself.
func (l *lab) until(what string, done func() bool) {
	l.Helper()
	for end := time.Now().Add(20 * time.Second); !done(); {
		if time.Now().After(end) {
			l.Fatalf("it did not happen: %s", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func needs(t *testing.T, program string) {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		t.Skipf("NOT TESTED: there is no %s on the PATH", program)
	}
}
