package worker

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// shell is a custom runtime in sh: it asks for events with curl and answers each by what handle prints.
func shell(handle string) map[string]string {
	return map[string]string{"bootstrap": `#!/bin/sh
api=http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation
while true; do
  event=$(curl -s -D head $api/next) || exit 1
  id=$(tr -d '\r' < head | sed -n 's/^[Ll]ambda-[Rr]untime-[Aa]ws-[Rr]equest-[Ii]d: //p')
  ` + handle + `
done
`}
}

// inWork makes the current directory one that the function may write to.
const inWork = "#!/bin/sh\ncd $TMPDIR\n"

func (b *bench) shell(handle string) *Spec {
	b.Helper()
	needs(b.T, "curl")
	files := shell(handle)
	files["bootstrap"] = inWork + strings.TrimPrefix(files["bootstrap"], "#!/bin/sh\n")
	return b.function("provided.al2", "h", files)
}

const echoBack = `printf '%s' "$event" | curl -s -o /dev/null --data-binary @- $api/$id/response`

func TestEventsAtATimeHaveAProcessEach(t *testing.T) {
	needs(t, "node")
	b := newBench(t)
	// Each event waits until all three are there: with fewer than three processes it would take the timeout.
	meeting := t.TempDir()
	if err := os.Chmod(filepath.Dir(meeting), 0o711); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(meeting, 0o777); err != nil {
		t.Fatal(err)
	}
	spec := b.function("nodejs20.x", "index.handler", map[string]string{"index.js": `
const fs = require("fs")
exports.handler = async (event) => {
  fs.writeFileSync("` + meeting + `/" + process.pid, "")
  while (fs.readdirSync("` + meeting + `").length < 3) await new Promise((r) => setTimeout(r, 1))
  return "met"
}`})
	var all sync.WaitGroup
	for range 3 {
		all.Go(func() {
			if result, err := b.Invoke(t.Context(), spec, request(`{}`)); err != nil || string(result.Payload) != `"met"` {
				t.Errorf("%s %v", result.Payload, err)
			}
		})
	}
	all.Wait()
	if n := b.Processes(); n != 3 {
		t.Errorf("%d processes", n)
	}
	// They are kept warm.
	b.answers(spec, `{}`, `"met"`)
	if n := b.Processes(); n != 3 {
		t.Errorf("%d processes", n)
	}
}

func TestIdleProcessesAreStopped(t *testing.T) {
	b := newBench(t, func(o *Options) { o.IdleAfter = 20 * time.Millisecond })
	b.answers(b.shell(echoBack), `1`, `1`)
	b.until("the process is stopped", func() bool { return b.Processes() == 0 })
}

func TestAChangedFunctionIsRetired(t *testing.T) {
	b := newBench(t)
	spec := b.shell(echoBack)
	b.answers(spec, `1`, `1`)
	b.Retire(spec.Function)
	b.until("the process is stopped", func() bool { return b.Processes() == 0 })
	b.answers(spec, `2`, `2`)
}

func TestTheNumberOfProcessesIsBounded(t *testing.T) {
	b := newBench(t, func(o *Options) { o.Most, o.Patience = 1, 10*time.Millisecond })
	hanging := b.shell(`echo hangs; sleep 1000`)
	ctx, cancel := context.WithCancel(t.Context())
	hung := make(chan error, 1)
	go func() {
		_, err := b.Invoke(ctx, hanging, request(`{}`))
		hung <- err
	}()
	b.until("the first event hangs", func() bool { return strings.Contains(b.journal.text(), "hangs") })
	if _, err := b.Invoke(t.Context(), b.shell(echoBack), request(`{}`)); !errors.Is(err, ErrBusy) {
		t.Errorf("all processes are busy, and yet: %v", err)
	}
	// The caller may go; the function does not end with it.
	cancel()
	if err := <-hung; !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if n := b.Processes(); n != 1 {
		t.Errorf("%d processes", n)
	}
}

func TestAnIdleProcessMakesRoom(t *testing.T) {
	b := newBench(t, func(o *Options) { o.Most, o.Patience = 1, 20*time.Second })
	b.answers(b.shell(echoBack), `1`, `1`)
	b.answers(b.shell(echoBack), `2`, `2`)
}

func TestReservedConcurrencyBounds(t *testing.T) {
	b := newBench(t)
	spec := b.shell(echoBack)
	spec.Reserved = 0
	if _, err := b.Invoke(t.Context(), spec, request(`{}`)); !errors.Is(err, ErrReserved) {
		t.Errorf("%v", err)
	}
}

func TestCloseStopsWhatRuns(t *testing.T) {
	b := newBench(t)
	spec := b.shell(`echo hangs; sleep 1000`)
	done := make(chan Result, 1)
	go func() {
		result, _ := b.Invoke(t.Context(), spec, request(`{}`))
		done <- result
	}()
	b.until("the event hangs", func() bool { return strings.Contains(b.journal.text(), "hangs") })
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if result := <-done; !result.Failed || !strings.Contains(string(result.Payload), "the server stopped") {
		t.Errorf("%s", result.Payload)
	}
	if _, err := b.Invoke(t.Context(), spec, request(`{}`)); !errors.Is(err, ErrClosed) {
		t.Errorf("%v", err)
	}
}

func TestAProcessThatNeverAsksIsStopped(t *testing.T) {
	b := newBench(t, func(o *Options) { o.StartWithin = 50 * time.Millisecond })
	b.fails(b.function("provided.al2", "h", map[string]string{"bootstrap": "#!/bin/sh\nsleep 1000\n"}), "Sandbox.Timedout", "Task timed out after 0.05 seconds")
	b.until("the process is stopped", func() bool { return b.Processes() == 0 })
}

func TestAWarmProcessThatEndedIsReplaced(t *testing.T) {
	b := newBench(t)
	spec := b.shell(echoBack + "; exit 0")
	for _, event := range []string{`1`, `2`, `3`} {
		b.answers(spec, event, event)
	}
}

func TestFunctionsThatMisbehave(t *testing.T) {
	b := newBench(t)
	for _, test := range []struct{ name, handle, kind, message string }{
		{"asks again without an answer", `:`, "Runtime.NoResponse", "without a response"},
		{"answers too much", `head -c 7000000 /dev/zero | curl -s -o /dev/null -H Expect: --data-binary @- $api/$id/response`,
			"Function.ResponseSizeTooLarge", "Response payload size exceeded maximum allowed payload size (6291556 bytes)."},
		{"tells an error that is no object", `curl -s -o /dev/null -H 'Lambda-Runtime-Function-Error-Type: Mine' -d nonsense $api/$id/error`, "Mine", "Unknown"},
		{"answers for another event, then dies", `curl -s -o /dev/null -d 1 $api/other/response; exit 4`, "Runtime.ExitError", "exit status 4"},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := &bench{T: t, Pool: b.Pool, journal: b.journal}
			b.fails(b.shell(test.handle), test.kind, test.message)
		})
	}
}

func TestNonsenseIsHandedOn(t *testing.T) {
	b := newBench(t)
	b.answers(b.shell(`printf '<html>' | curl -s -o /dev/null --data-binary @- $api/$id/response`), `{}`, `<html>`)
}

// TestOutputWithoutEnd lets a function print until it is killed, while another one answers.
func TestOutputWithoutEnd(t *testing.T) {
	b := newBench(t)
	b.journal = nil
	b.options.Logs = nil
	spec := b.shell(`yes; sleep 1000`)
	spec.Timeout = 500 * time.Millisecond
	printing := make(chan Result, 1)
	go func() {
		result, _ := b.Invoke(t.Context(), spec, request(`{}`))
		printing <- result
	}()
	other := b.shell(echoBack)
	if result, err := b.Invoke(t.Context(), other, request(`1`)); err != nil || string(result.Payload) != `1` {
		t.Errorf("%s %v", result.Payload, err)
	}
	result := <-printing
	if len(result.Tail) > tailBytes || !strings.Contains(string(result.Payload), "Task timed out after 0.50 seconds") {
		t.Errorf("%d bytes of tail, %s", len(result.Tail), result.Payload)
	}
}

func TestALineWithoutEndIsToldInPieces(t *testing.T) {
	b := newBench(t)
	b.answers(b.shell(`head -c 600000 /dev/zero | tr '\0' x; echo; `+echoBack), `1`, `1`)
	b.journal.mu.Lock()
	defer b.journal.mu.Unlock()
	total := 0
	for _, line := range b.journal.lines {
		if len(line.Message) > maxLine+1 {
			t.Errorf("a line of %d bytes", len(line.Message))
		}
		total += strings.Count(line.Message, "x")
	}
	if total < 600000 {
		t.Errorf("%d of 600000 bytes are logged", total)
	}
}

// TestWhatAFunctionSees looks at a function's environment, user and limits from inside.
func TestWhatAFunctionSees(t *testing.T) {
	t.Setenv("POOLGATE_SEAL_KEY", "secret")
	b := newBench(t)
	closed := t.TempDir()
	if err := os.WriteFile(filepath.Join(closed, "data"), []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	spec := b.shell(`(env; id -u; ulimit -c; ulimit -n; cat ` + closed + `/data) 2>&1 | curl -s -o /dev/null --data-binary @- $api/$id/response`)
	spec.Environment = map[string]string{"MINE": "mine", "_HANDLER": "not this"}
	seen := string(b.invoke(spec, `{}`).Payload)
	for _, want := range []string{"MINE=mine\n", "_HANDLER=h\n", "AWS_LAMBDA_FUNCTION_NAME=f\n", "AWS_REGION=eu-west-1\n", "LAMBDA_TASK_ROOT=" + spec.Code + "\n"} {
		if !strings.Contains(seen, want) {
			t.Errorf("%q is missing", want)
		}
	}
	if strings.Contains(seen, "POOLGATE") {
		t.Errorf("the server's environment is seen:\n%s", seen)
	}
	if os.Geteuid() == 0 && (strings.Contains(seen, "\n0\n0\n1024") || strings.Contains(seen, "secret") || !strings.Contains(seen, "Permission denied")) {
		t.Errorf("it runs as the server's user:\n%s", seen)
	}
	if !strings.HasSuffix(strings.Split(seen, "cat: ")[0], "\n0\n1024\n") {
		t.Errorf("limits:\n%s", seen)
	}
}

// TestAFunctionThatForks starts more than its user may have, and others go on.
func TestAFunctionThatForks(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("NOT TESTED: without a user of its own a function's processes cannot be counted")
	}
	b := newBench(t)
	spec := b.shell(`n=0; while [ $n -lt 3000 ]; do sleep 1000 & n=$((n+1)); done`)
	spec.Timeout = 2 * time.Second
	result := b.invoke(spec, `{}`)
	if !result.Failed {
		t.Errorf("%s", result.Payload)
	}
	b.until("all are gone", func() bool { return b.Processes() == 0 })
	b.answers(b.shell(echoBack), `1`, `1`)
}
