package worker

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/google/uuid"
)

// cause is why a process was killed.
type cause uint8

const (
	causeNone    cause = iota // it ended by itself
	causeTimeout              // the event took longer than the function may
	causeStart                // it never asked for an event
	causeLost                 // it took an event and hung up
	causeIdle                 // it was idle, or of an old version
	causeClosed               // the server stops
)

// state is who has a process, guarded by the pool's lock.
type state uint8

const (
	stateOwned     state = iota // an invocation has it
	stateFinishing              // it has answered and not yet asked for more
	stateIdle                   // it waits for an event
)

// process is one process of a function, from before it is started until it is gone.
type process struct {
	pool *Pool
	spec *Spec
	user int

	// Guarded by the pool's lock.
	state     state
	retired   bool
	idleSince time.Time

	// credentials are variables that say who the process is, until revoke is called.
	credentials map[string]string
	revoke      func()

	work     string
	os       *os.Process
	listener net.Listener
	server   *http.Server
	output   *output

	// events hands an event to the process that asks for one; nobody takes it before that.
	events chan *task
	// started is closed when the process asks for its first event, gone when it has ended with all it had started.
	started, gone chan struct{}
	startOnce     sync.Once
	born          time.Time
	initDuration  time.Duration
	// turn is held from an event's START line to its REPORT line, so that output is told apart.
	turn sync.Mutex

	mu        sync.Mutex
	current   *task
	deadline  *time.Timer
	why       cause
	killed    bool
	initError *Result
	exit      string
}

// newProcess reserves a process's place and user. The pool's lock is held.
func newProcess(p *Pool, spec *Spec) *process {
	w := &process{
		pool: p, spec: spec, user: p.users.take(), born: time.Now(),
		events: make(chan *task), started: make(chan struct{}), gone: make(chan struct{}),
	}
	stream := w.born.UTC().Format("2006/01/02") + "/[" + spec.Version + "]" + hex32()
	w.output = newOutput(p.options.Logs, spec, stream)
	return w
}

// hex32 is 32 random hexadecimal digits, as the names of log streams end.
func hex32() string {
	id := uuid.New()
	return fmt.Sprintf("%x", id[:])
}

// start runs the process. When that fails the process is gone.
func (w *process) start() (err error) {
	defer func() {
		if err != nil {
			w.cleanUp()
		}
	}()
	if w.work, err = os.MkdirTemp(w.pool.options.Dir, "work-"); err != nil {
		return err
	}
	if w.user >= 0 {
		if err := os.Chown(w.work, w.user, w.user); err != nil {
			return err
		}
	}
	if w.listener, err = new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0"); err != nil {
		return err
	}
	if issue := w.pool.options.Credentials; issue != nil {
		w.credentials, w.revoke = issue(w.spec)
	}
	command, err := w.command()
	if err != nil {
		return err
	}
	stdout, stderr, err := w.output.open()
	if err != nil {
		return err
	}
	defer func() { _, _ = stdout.Close(), stderr.Close() }()
	attributes := &os.ProcAttr{
		Dir: w.spec.Code, Env: command.environment, Files: []*os.File{nil, stdout, stderr}, Sys: attributesFor(w.user),
	}
	w.serve()
	var child *os.Process
	w.pool.starter.do(func() {
		if child, err = os.StartProcess(command.path, command.args, attributes); err == nil {
			limit(child.Pid, w.spec.MemoryMB, w.user)
		}
	})
	if err != nil {
		return entrypointError{err}
	}
	w.output.pid = child.Pid
	w.mu.Lock()
	w.os = child
	if w.killed {
		killGroup(child.Pid)
	}
	w.mu.Unlock()
	go w.wait()
	return nil
}

// kill ends the process and everything in its group, once.
func (w *process) kill(why cause) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.killed {
		return
	}
	w.killed, w.why = true, why
	// A process that is being started is killed by whoever starts it.
	if w.os != nil {
		killGroup(w.os.Pid)
	}
}

// wait reaps the process and removes all that is left of it.
func (w *process) wait() {
	awaitExit(w.os.Pid)
	// The leader is dead and not reaped, so that its number cannot be another group's yet.
	killGroup(w.os.Pid)
	ended, err := w.os.Wait()
	w.mu.Lock()
	switch {
	case err != nil:
		w.exit = "Runtime exited with error: " + err.Error()
	case ended.Success():
		w.exit = "Runtime exited without providing a reason"
	default:
		w.exit = "Runtime exited with error: " + ended.String()
	}
	w.mu.Unlock()
	killStragglers(w.user, w.marker())
	w.cleanUp()
}

// marker is what only this process and those that it started have in their environment.
func (w *process) marker() string { return "AWS_LAMBDA_RUNTIME_API=" + w.listener.Addr().String() }

func (w *process) cleanUp() {
	w.output.close()
	if w.server != nil {
		_ = w.server.Close()
	} else if w.listener != nil {
		_ = w.listener.Close()
	}
	if w.work != "" {
		_ = os.RemoveAll(w.work)
	}
	if w.revoke != nil {
		w.revoke()
	}
	w.pool.forget(w)
	close(w.gone)
}

// settle ends an event's time with the process: whatever comes now belongs to none. The pool's lock is held.
func (w *process) settle() {
	if w.state == stateFinishing {
		if w.pool.finishing[w.spec.Key]--; w.pool.finishing[w.spec.Key] == 0 {
			delete(w.pool.finishing, w.spec.Key)
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.deadline != nil {
		w.deadline.Stop()
		w.deadline = nil
	}
}

// finished notes that the process has answered, before the answer is told: whoever calls again finds it about to be free.
func (w *process) finished() {
	w.pool.mu.Lock()
	defer w.pool.mu.Unlock()
	if w.state == stateOwned {
		w.state = stateFinishing
		w.pool.finishing[w.spec.Key]++
	}
}

// begin takes an event into the process: from here on it counts as delivered, and its time runs.
func (w *process) begin(t *task) {
	w.turn.Lock()
	w.output.begin(t)
	now := time.Now()
	w.mu.Lock()
	defer w.mu.Unlock()
	t.began, t.deadline = now, now.Add(w.spec.Timeout)
	w.current = t
	w.deadline = time.AfterFunc(w.spec.Timeout, func() { w.kill(causeTimeout) })
}

// take ends the current event, if its id is that one; an empty id is any.
func (w *process) take(id string) *task {
	w.mu.Lock()
	defer w.mu.Unlock()
	t := w.current
	if t == nil || (id != "" && t.request.ID != id) {
		return nil
	}
	w.current = nil
	return t
}

// run gives an event to a process and tells what came of it, exactly once.
func (p *Pool) run(spec *Spec, request Request, tell func(Result, error)) {
	const attempts = 5
	for range attempts {
		w, err := p.acquire(spec)
		var entry entrypointError
		switch {
		case errors.As(err, &entry):
			tell(failed("Runtime.InvalidEntrypoint", "RequestId: "+request.ID+" Error: "+entry.Error()), nil)
			return
		case err != nil:
			tell(Result{}, err)
			return
		}
		t := &task{request: request, done: make(chan Result, 1), delivered: make(chan struct{}), trace: trace()}
		// A warm process that ended before it took the event did it no harm: another one gets it.
		if w.handle(t, tell) {
			return
		}
	}
	tell(failed("Runtime.ExitError", "RequestId: "+request.ID+" Error: Runtime exited before it took the event"), nil)
}

// handle sees an event through. It is false when the process ended before it took the event; then nothing was told.
func (w *process) handle(t *task, tell func(Result, error)) bool {
	select {
	case <-w.started:
	default:
		if !w.awaitStart(t, tell) {
			return true
		}
	}
	limit := time.NewTimer(w.spec.Timeout)
	defer limit.Stop()
	select {
	case w.events <- t:
	case <-w.gone:
		return false
	case <-limit.C:
		// It hung up while it waited for an event and never came back.
		w.kill(causeLost)
		<-w.gone
		return false
	}
	var result Result
	select {
	case result = <-t.done:
	case <-w.gone:
		select {
		case result = <-t.done:
		default:
			result = w.ended(t)
		}
	}
	<-t.delivered
	took := time.Since(t.began)
	if t.request.Tail {
		w.output.drain()
		w.output.end(t, took, w.takeInit(), w.statusOf(result))
		result.Tail = w.output.tail()
		w.turn.Unlock()
		tell(result, nil)
		return true
	}
	tell(result, nil)
	w.output.drain()
	w.output.end(t, took, w.takeInit(), w.statusOf(result))
	w.turn.Unlock()
	return true
}

// awaitStart waits for a fresh process to ask for its first event. When it does not, the event is answered here.
func (w *process) awaitStart(t *task, tell func(Result, error)) bool {
	limit := time.NewTimer(w.pool.options.StartWithin)
	defer limit.Stop()
	select {
	case <-w.started:
		return true
	case <-w.gone:
	case <-limit.C:
		w.kill(causeStart)
		<-w.gone
	}
	w.turn.Lock()
	defer w.turn.Unlock()
	t.began = w.born
	w.output.begin(t)
	result := w.ended(t)
	w.output.end(t, time.Since(w.born), 0, w.statusOf(result))
	result.Tail = w.output.tail()
	tell(result, nil)
	return false
}

// takeInit is how long the start took, for the first event only.
func (w *process) takeInit() time.Duration {
	d := w.initDuration
	w.initDuration = 0
	return d
}

// ended is the result of an event whose process ended, in the words of AWS's runtime.
func (w *process) ended(t *task) Result {
	w.mu.Lock()
	defer w.mu.Unlock()
	prefix := "RequestId: " + t.request.ID + " Error: "
	switch {
	case w.why == causeTimeout || w.why == causeStart:
		limit := w.spec.Timeout
		if w.why == causeStart {
			limit = w.pool.options.StartWithin
		}
		text := fmt.Sprintf("Task timed out after %.2f seconds", limit.Seconds())
		w.output.line(time.Now(), time.Now().UTC().Format("2006-01-02T15:04:05.000Z")+" "+t.request.ID+" "+text)
		return failed("Sandbox.Timedout", prefix+text)
	case w.initError != nil:
		return *w.initError
	case w.why == causeClosed:
		return failed("Runtime.ExitError", prefix+"the server stopped")
	}
	w.output.line(time.Now(), "RequestId: "+t.request.ID+" Error: "+w.exit)
	w.output.line(time.Now(), "Runtime.ExitError")
	return failed("Runtime.ExitError", prefix+w.exit)
}

// trace is an X-Ray trace header that says that nothing is sampled.
func trace() string {
	id := uuid.New()
	return fmt.Sprintf("Root=1-%s-%x;Parent=%x;Sampled=0", strconv.FormatInt(time.Now().Unix(), 16), id[:12], id[8:])
}

// entrypointError says that there is nothing to run, or that it cannot be run.
type entrypointError struct{ err error }

func (e entrypointError) Error() string {
	if path := new(os.PathError); errors.As(e.err, &path) {
		return path.Op + " /var/task/" + filepath.Base(path.Path) + ": " + path.Err.Error()
	}
	return e.err.Error()
}

func (e entrypointError) Unwrap() error { return e.err }

// serve answers the process's calls of the Runtime API.
func (w *process) serve() {
	w.server = &http.Server{Handler: unbrowsed(w.routes()), ReadHeaderTimeout: time.Minute, BaseContext: func(net.Listener) context.Context {
		return context.Background()
	}}
	go func() { _ = w.server.Serve(ownListener{w.listener, w.owner()}) }()
}
