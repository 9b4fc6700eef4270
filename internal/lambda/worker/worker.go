// Package worker owns the processes that functions run in: it starts them, speaks the Lambda Runtime API to them, keeps them
// warm, bounds how many there are, and stops them, with everything they started, at the timeout, when idle and when the
// server ends. It must not know what a function is stored as, who may call it, or where its code came from: a Spec says
// everything.
//
// A process is no sandbox. It gets a clean environment, limits, a process group and, where the server is root, a user id
// of its own that cannot read what others may not; nothing more.
package worker

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"time"
)

// Spec says how to run one function at one version. It is immutable once given to a Pool.
type Spec struct {
	// Key tells processes apart: a process serves events of its key only. It changes whenever anything else here does.
	Key string
	// Function is what the key belongs to, whatever its version: it is what a change retires and what Reserved counts.
	Function string

	Name, Version, Account, Region string
	// Runtime is AWS's identifier (nodejs20.x); Handler what it shall call.
	Runtime, Handler string
	// Code is the directory with the function's code; Layers the directory that its layers were merged into, or empty.
	Code, Layers string
	Environment  map[string]string
	Timeout      time.Duration
	// MemoryMB is the function's memory.
	MemoryMB int
	// Reserved bounds how many processes the function may have; negative means no bound of its own.
	Reserved int
	// LogGroup is where the output goes.
	LogGroup string
	// Logging says how it is written there.
	Logging Logging
	// Role is the ARN of the role that the function acts as.
	Role string
}

// Logging is the form of a function's log: plain lines, or JSON from a level on.
type Logging struct {
	JSON bool
	// Application and System are the least levels that are written (TRACE to FATAL; DEBUG, INFO, WARN), with JSON only.
	Application, System string
}

// Request is one event on its way to a function.
type Request struct {
	// ID is the invocation's request id. ARN is what the caller asked for, with its qualifier.
	ID, ARN string
	Payload []byte
	// ClientContext is JSON that a mobile SDK sends along.
	ClientContext string
	// Ended is called when the event has run its course, whether or not somebody waited; nil is not.
	Ended func()
	// Tail asks for the end of what the invocation logged.
	Tail bool
	// Streaming is called at most once, when the function begins to stream its answer, with its content type; what it returns is written to
	// until the result is told, or until it fails. Nil collects a streamed answer in the result.
	Streaming func(contentType string) io.Writer
}

// Result is what became of an event.
type Result struct {
	Payload []byte
	// Failed says that Payload is an error object.
	Failed bool
	// Tail is the last 4 KiB of the log, when it was asked for.
	Tail []byte
	// Streamed says that the function streamed its answer, which is then of ContentType and need not be JSON. Where the request said who
	// listens, Payload is empty.
	Streamed    bool
	ContentType string
}

// Errors of the pool: the event reached no function.
var (
	// ErrReserved says that all processes the function may have are busy.
	ErrReserved = errors.New("worker: the function's reserved concurrency is used up")
	// ErrBusy says that all processes the server may have are busy.
	ErrBusy = errors.New("worker: all processes are busy")
	// ErrClosed says that the server is stopping.
	ErrClosed = errors.New("worker: closed")
)

// RuntimeError says that this machine cannot run the runtime.
type RuntimeError struct{ Runtime, Problem string }

// Error tells the problem.
func (e *RuntimeError) Error() string { return "worker: " + e.Runtime + ": " + e.Problem }

// failure is an error object as the Runtime API shapes it.
type failure struct {
	Type    string `json:"errorType"`
	Message string `json:"errorMessage"`
}

func failed(kind, message string) Result {
	payload, err := json.Marshal(failure{kind, message})
	if err != nil {
		payload = []byte(`{"errorType":"Runtime.Unknown"}`)
	}
	return Result{Payload: payload, Failed: true}
}

// task is an event while it is with a process.
type task struct {
	request  Request
	deadline time.Time
	began    time.Time
	trace    string
	// done gets the first answer and has room for it.
	done chan Result
	// delivered is closed when the process has the event.
	delivered chan struct{}
}

// answer gives the event's result; whoever comes second is not heard.
func (t *task) answer(r Result) {
	select {
	case t.done <- r:
	default:
	}
}

// Invoke runs one event and returns when the function answered, failed or was stopped at its timeout, or when ctx is done:
// then the function goes on without a listener, as on AWS.
func (p *Pool) Invoke(ctx context.Context, spec *Spec, request Request) (Result, error) {
	type outcome struct {
		result Result
		err    error
	}
	told := make(chan outcome, 1)
	ended := request.Ended
	if ended == nil {
		ended = func() {}
	}
	if !p.enter() {
		ended()
		return Result{}, ErrClosed
	}
	go func() {
		defer p.running.Done()
		defer ended()
		tell := func(r Result, err error) { told <- outcome{r, err} }
		p.run(spec, request, tell)
	}()
	select {
	case o := <-told:
		return o.result, o.err
	case <-ctx.Done():
		return Result{}, ctx.Err()
	}
}
