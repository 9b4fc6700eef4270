package gateway

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/poolgate/poolgate/authz"
)

// answer is what a request gets. Only write turns it into bytes.
type answer struct {
	status      int
	contentType string
	errorType   string
	headers     []headerField
	// body is the whole body, unless stream is set; length is the stream's, or -1.
	body   []byte
	stream io.ReadCloser
	length int64
	// traced tells that the answer carries X-Amzn-Trace-Id, as those of HTTP integrations do (recorded section 10).
	traced bool
	// broken tells that the stream ended before its time, after the status was sent.
	broken bool
}

// headerField is a header that an API sets, by the name it was given.
type headerField struct {
	name   string
	values []string
}

// Headers of every answer, with the letters as AWS writes them: HTTP/1.1 clients that look at bytes see no difference.
const (
	headerRequestID  = "x-amzn-RequestId"
	headerExtendedID = "x-amz-apigw-id"
	headerErrorType  = "x-amzn-ErrorType"
	headerReason     = "x-poolgate-reason"
)

// sentAs is the key of a header in the answer: one spelling for each header, of which AWS's own for those it renames (clients
// of HTTP/1.1 print what they are sent).
func sentAs(name string) string {
	if strings.HasPrefix(name, remappedPrefix) {
		return name
	}
	return http.CanonicalHeaderKey(name)
}

// write sends the answer. The rules that hold for every answer are here: the ids, the default media type, the length, and
// the reason for those who may see it.
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
	set("Content-Type", a.contentType)
	for _, f := range a.headers {
		h[sentAs(f.name)] = f.values
	}
	set(headerRequestID, x.requestID)
	set(headerExtendedID, x.extendedID)
	if a.errorType != "" {
		set(headerErrorType, a.errorType)
	}
	if a.traced {
		set("X-Amzn-Trace-Id", x.traceHeader())
	}
	if x.refusal != nil && x.refusal.reason != "" && g.reasonHeader != nil && g.reasonHeader(x.request) {
		set(headerReason, string(x.refusal.reason))
	}
	if a.stream == nil {
		if bodyAllowed(a.status) {
			set("Content-Length", strconv.Itoa(len(a.body)))
		} else {
			delete(h, "Content-Type")
		}
		w.WriteHeader(a.status)
		if len(a.body) > 0 && bodyAllowed(a.status) && x.request.Method != http.MethodHead {
			_, _ = w.Write(a.body) // the client is gone when this fails
		}
		return
	}
	if a.length >= 0 {
		set("Content-Length", strconv.FormatInt(a.length, 10))
	}
	w.WriteHeader(a.status)
	g.copyStream(w, x, a)
}

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
			if _, writeErr := w.Write((*buffer)[:n]); writeErr != nil {
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
			x.refusal = refuse(reason).because(err).explained("the answer broke off: "+err.Error(), "a whole answer")
			return
		}
	}
}

// bodyAllowed tells that a status may have a body.
func bodyAllowed(status int) bool {
	return status >= 200 && status != http.StatusNoContent && status != http.StatusNotModified
}
