package httpapi

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/poolgate/poolgate/authz"
)

// answer is what a request gets. Only write turns it into bytes.
type answer struct {
	status int
	// contentType is the media type where the headers name none; empty leaves the answer without.
	contentType string
	headers     []headerField
	// body is the whole body, unless stream is set; length is the stream's, or -1.
	body   []byte
	stream io.ReadCloser
	length int64
	// sent is how many bytes of the body were written.
	sent int64
	// broken tells that the stream ended before its time, after the status was sent.
	broken bool
}

// headerField is a header of an answer, by the name it was given.
type headerField struct {
	name   string
	values []string
}

const (
	headerRequestID = "Apigw-Requestid"
	headerReason    = "X-Poolgate-Reason"
	jsonType        = "application/json"
)

// refuse turns a refusal into its answer and remembers it for the record. CORS headers are the API's on every answer, so that a
// page of an allowed origin can read why it was refused.
func (x *exchange) refuse(r *refusal) *answer {
	x.refusal = r
	a := &answer{status: r.status, contentType: jsonType, body: []byte(`{"message":"` + r.message + `"}`)}
	if r.challenge != "" {
		a.headers = append(a.headers, headerField{"Www-Authenticate", []string{r.challenge}})
	}
	return x.withCORS(a)
}

func (a *answer) header(name string) string {
	for i := len(a.headers) - 1; i >= 0; i-- {
		if f := a.headers[i]; strings.EqualFold(f.name, name) && len(f.values) > 0 {
			return f.values[0]
		}
	}
	return ""
}

// write sends the answer. The rules that hold for every answer are here: the id, the length, and the reason for those who may see
// it.
func (g *Gateway) write(w http.ResponseWriter, x *exchange, a *answer) {
	if a.status < 200 || a.status > 599 {
		a.status = http.StatusInternalServerError // no such status can be sent
	}
	h := w.Header()
	room := x.headerRoom[:0]
	set := func(name, value string) {
		room = append(room, value)
		h[name] = room[len(room)-1 : len(room) : len(room)]
	}
	if a.contentType != "" {
		set("Content-Type", a.contentType)
	}
	for _, f := range a.headers {
		h[http.CanonicalHeaderKey(f.name)] = f.values
	}
	set(headerRequestID, x.requestID)
	if x.refusal != nil && x.refusal.reason != "" && g.reasonHeader != nil && g.reasonHeader(x.request) {
		set(headerReason, string(x.refusal.reason))
	}
	if a.stream != nil {
		if a.length >= 0 {
			set("Content-Length", strconv.FormatInt(a.length, 10))
		}
		w.WriteHeader(a.status)
		g.copyStream(w, x, a)
		return
	}
	if bodyAllowed(a.status) {
		set("Content-Length", strconv.Itoa(len(a.body)))
	} else {
		delete(h, "Content-Type")
	}
	w.WriteHeader(a.status)
	if len(a.body) > 0 && bodyAllowed(a.status) && x.request.Method != http.MethodHead {
		n, _ := w.Write(a.body) // the client is gone when this fails
		a.sent = int64(n)
	}
}

// buffers are for streams.
var buffers = sync.Pool{New: func() any {
	b := make([]byte, 32<<10)
	return &b
}}

// copyStream sends the body as it comes. What was not sent whole is broken.
func (g *Gateway) copyStream(w http.ResponseWriter, x *exchange, a *answer) {
	defer func() { _ = a.stream.Close() }()
	if x.request.Method == http.MethodHead || !bodyAllowed(a.status) {
		return
	}
	buffer := buffers.Get().(*[]byte)
	defer buffers.Put(buffer)
	flusher := http.NewResponseController(w)
	for {
		n, err := a.stream.Read(*buffer)
		if n > 0 {
			written, writeErr := w.Write((*buffer)[:n])
			a.sent += int64(written)
			if writeErr != nil {
				a.broken = true
				return
			}
			if a.length < 0 {
				_ = flusher.Flush() // what comes in pieces is passed on in pieces
			}
		}
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			a.broken = true
			reason := authz.IntegrationFailed
			if errors.Is(err, context.DeadlineExceeded) {
				reason = authz.IntegrationTimeout
			}
			x.refusal = refuse(reason).because(err).explained("the answer broke off: "+err.Error(), "a whole answer").reporting("the answer broke off")
			return
		}
	}
}

// bodyAllowed tells that a status may have a body.
func bodyAllowed(status int) bool {
	return status >= 200 && status != http.StatusNoContent && status != http.StatusNotModified
}
