package worker

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"
)

// AWS's bounds: an answer may have 6 MB and a little, an error object as much.
const (
	maxAnswer = 6*1024*1024 + 100
	runtimes  = "/2018-06-01/runtime/"
)

// routes is the Runtime API of one process.
func (w *process) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+runtimes+"invocation/next", w.next)
	mux.HandleFunc("POST "+runtimes+"invocation/{id}/response", w.response)
	mux.HandleFunc("POST "+runtimes+"invocation/{id}/error", w.failure)
	mux.HandleFunc("POST "+runtimes+"init/error", w.initFailure)
	return mux
}

// next waits for an event and hands it out. Asking means to be ready.
func (w *process) next(out http.ResponseWriter, r *http.Request) {
	if t := w.take(""); t != nil {
		w.finished()
		t.answer(failed("Runtime.NoResponse", "RequestId: "+t.request.ID+" Error: Runtime asked for the next event without a response"))
	}
	first := false
	w.startOnce.Do(func() {
		first = true
		w.initDuration = time.Since(w.born)
		close(w.started)
	})
	if !first {
		w.pool.ready(w)
	}
	var t *task
	select {
	case t = <-w.events:
	case <-r.Context().Done():
		return
	case <-w.gone:
		return
	}
	w.begin(t)
	defer close(t.delivered)
	header := out.Header()
	header.Set("Content-Type", "application/json")
	header.Set("Content-Length", strconv.Itoa(len(t.request.Payload)))
	header.Set("Lambda-Runtime-Aws-Request-Id", t.request.ID)
	header.Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(t.deadline.UnixMilli(), 10))
	header.Set("Lambda-Runtime-Invoked-Function-Arn", t.request.ARN)
	header.Set("Lambda-Runtime-Trace-Id", t.trace)
	if t.request.ClientContext != "" {
		header.Set("Lambda-Runtime-Client-Context", t.request.ClientContext)
	}
	if _, err := out.Write(t.request.Payload); err != nil {
		w.kill(causeLost)
	}
}

func (w *process) response(out http.ResponseWriter, r *http.Request) {
	if t := w.holds(r.PathValue("id")); t != nil && t.request.Streaming != nil && isStreamed(r.Header) {
		w.stream(out, r, t)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(out, r.Body, maxAnswer))
	t := w.take(r.PathValue("id"))
	if t == nil {
		refuse(out, http.StatusBadRequest, "InvalidRequestID", "Invalid request ID")
		return
	}
	w.finished()
	if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) {
		t.answer(failed("Function.ResponseSizeTooLarge", "Response payload size exceeded maximum allowed payload size (6291556 bytes)."))
		refuse(out, http.StatusRequestEntityTooLarge, "RequestEntityTooLarge", "Exceeded maximum allowed payload size (6291556 bytes).")
		return
	}
	if err != nil {
		t.answer(failed("Runtime.TruncatedResponse", "RequestId: "+t.request.ID+" Error: "+err.Error()))
		return
	}
	result := Result{Payload: body, Streamed: isStreamed(r.Header)}
	if result.Streamed {
		result.ContentType = r.Header.Get("Content-Type")
		if told := r.Trailer.Get("Lambda-Runtime-Function-Error-Type"); told != "" {
			result = failed(told, "The function failed while it streamed its answer")
		}
	}
	t.answer(result)
	accept(out)
}

func (w *process) failure(out http.ResponseWriter, r *http.Request) {
	result, err := failureOf(out, r)
	t := w.take(r.PathValue("id"))
	if t == nil || err != nil {
		refuse(out, http.StatusBadRequest, "InvalidRequestID", "Invalid request ID")
		return
	}
	w.finished()
	t.answer(result)
	accept(out)
}

// initFailure keeps why a process cannot start; it is told when the process has ended.
func (w *process) initFailure(out http.ResponseWriter, r *http.Request) {
	result, err := failureOf(out, r)
	if err != nil {
		refuse(out, http.StatusBadRequest, "InvalidErrorShape", "Invalid error shape")
		return
	}
	w.mu.Lock()
	if w.initError == nil {
		w.initError = &result
	}
	w.mu.Unlock()
	accept(out)
}

// failureOf reads an error object. What is no JSON object is told by the type in the header.
func failureOf(out http.ResponseWriter, r *http.Request) (Result, error) {
	body, err := io.ReadAll(http.MaxBytesReader(out, r.Body, maxAnswer))
	if err != nil {
		return Result{}, err
	}
	var object map[string]json.RawMessage
	if json.Unmarshal(body, &object) == nil {
		return Result{Payload: body, Failed: true}, nil
	}
	kind := r.Header.Get("Lambda-Runtime-Function-Error-Type")
	if kind == "" {
		kind = "Runtime.Unknown"
	}
	return failed(kind, "Unknown application error occurred"), nil
}

func accept(out http.ResponseWriter) {
	write(out, http.StatusAccepted, map[string]string{"status": "OK"})
}

func refuse(out http.ResponseWriter, status int, kind, message string) {
	write(out, status, failure{Type: kind, Message: message})
}

func write(out http.ResponseWriter, status int, body any) {
	text, err := json.Marshal(body)
	if err != nil {
		status = http.StatusInternalServerError
	}
	out.Header().Set("Content-Type", "application/json")
	out.Header().Set("Content-Length", strconv.Itoa(len(text)))
	out.WriteHeader(status)
	_, _ = out.Write(text)
}
