package worker

import (
	"errors"
	"io"
	"net/http"
	"strings"
)

// maxStream bounds an answer that is streamed: 200 MB [D], many times what an answer that is given whole may have.
const maxStream = 200 << 20

// isStreamed tells whether a runtime sends its answer while the function makes it (custom runtimes, "response streaming" [D]).
func isStreamed(header http.Header) bool {
	return strings.EqualFold(header.Get("Lambda-Runtime-Function-Response-Mode"), "streaming")
}

// stream hands a streamed answer to whoever listens, piece by piece. The event stays the process's until its answer's end: its time runs on,
// and a process that ends meanwhile fails it. When nobody listens any more the function goes on, as on AWS.
func (w *process) stream(out http.ResponseWriter, r *http.Request, t *task) {
	kind := r.Header.Get("Content-Type")
	body := http.MaxBytesReader(out, r.Body, maxStream)
	err := relay(t.request.Streaming(kind), body)
	if err != nil && w.isKilled() {
		return // why it was killed is told by who waits for its end
	}
	if w.take(t.request.ID) == nil {
		refuse(out, http.StatusBadRequest, "InvalidRequestID", "Invalid request ID")
		return
	}
	w.finished()
	tooLarge := new(http.MaxBytesError)
	switch told := r.Trailer.Get("Lambda-Runtime-Function-Error-Type"); {
	case errors.As(err, &tooLarge):
		t.answer(failed("Function.ResponseSizeTooLarge", "Response payload size exceeded maximum allowed payload size (209715200 bytes)."))
		refuse(out, http.StatusRequestEntityTooLarge, "RequestEntityTooLarge", "Exceeded maximum allowed payload size (209715200 bytes).")
		return
	case err != nil:
		t.answer(failed("Runtime.TruncatedResponse", "RequestId: "+t.request.ID+" Error: "+err.Error()))
		return
	case told != "":
		t.answer(failed(told, "The function failed while it streamed its answer"))
	default:
		t.answer(Result{Streamed: true, ContentType: kind})
	}
	accept(out)
}

// relay copies from a function to a listener, and goes on reading when the listener is gone. Its error is the function's.
func relay(to io.Writer, from io.Reader) error {
	piece := make([]byte, 32<<10)
	for {
		n, err := from.Read(piece)
		if n > 0 && to != nil {
			if _, gone := to.Write(piece[:n]); gone != nil {
				to = nil
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (w *process) isKilled() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.killed
}

// holds finds the current event by its id; it stays current.
func (w *process) holds(id string) *task {
	w.mu.Lock()
	defer w.mu.Unlock()
	if t := w.current; t != nil && t.request.ID == id {
		return t
	}
	return nil
}
