package gateway

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"sync"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/internal/logs"
)

// newLogStream names the streams that this node writes to; AWS's have names of the same form.
func newLogStream() string {
	var name [16]byte
	_, _ = rand.Read(name[:])
	return hex.EncodeToString(name[:])
}

// beginLog is the phase behind match: from here on the request's log is kept, if its stage keeps one.
func (g *Gateway) beginLog(x *exchange) *refusal {
	if x.stage.logging != nil {
		x.openLog()
	}
	return nil
}

func (x *exchange) openLog() {
	of := x.stage.logging.levels[x.method]
	x.trace = &executionLog{requestID: x.requestID, level: of.level, data: of.data, mask: x.withoutCredentials}
	if of.level == logOff {
		return
	}
	x.trace.add("Extended Request Id: %s", []any{x.extendedID})
	if a := x.method.authorizer; a != nil {
		x.trace.line("Starting authorizer: %s for request: %s", a.id, x.requestID)
		if identity := a.identityText(x); identity != "" {
			x.trace.line("Incoming identity: %s", identity)
		}
	}
}

// logAuthorized is the phase behind authorize: the request was let in.
func (g *Gateway) logAuthorized(x *exchange) *refusal {
	l := x.trace
	if l == nil || l.level == logOff {
		return nil
	}
	if x.method.authorizer != nil {
		l.line("Successfully completed authorizer execution")
	}
	l.line("Verifying Usage Plan for request: %s. API Key: %s API Stage: %s", x.requestID, x.loggedKey(), x.stage.api+"/"+x.stage.name)
	return nil
}

// logMetered is the phase behind meter: the execution starts.
func (g *Gateway) logMetered(x *exchange) *refusal {
	l := x.trace
	if l == nil || l.level == logOff {
		return nil
	}
	x.logUsagePlan()
	l.line("Starting execution for request: %s", x.requestID)
	l.line("HTTP Method: %s, Resource Path: %s", x.request.Method, x.path.Text())
	if l.data {
		x.traceRequest("")
		l.bodyI = len(l.lines) - 1
		if x.request.Body != nil && x.request.Body != http.NoBody {
			l.body = &bodyTap{ReadCloser: x.request.Body}
			x.request.Body = l.body
		}
	}
	return nil
}

// logged is how much of a body a line needs.
const logged = 1025

// bodyTap keeps the beginning of a body that passes through it. A transport may still read when the answer is already there.
type bodyTap struct {
	io.ReadCloser
	mu   sync.Mutex
	kept []byte
}

func (t *bodyTap) Read(p []byte) (int, error) {
	n, err := t.ReadCloser.Read(p)
	t.mu.Lock()
	t.kept = append(t.kept, p[:min(n, logged-len(t.kept))]...)
	t.mu.Unlock()
	return n, err
}

func (t *bodyTap) text() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.kept)
}

// countedStream counts an answer's stream and keeps its beginning.
type countedStream struct {
	io.ReadCloser
	length int64
	kept   []byte
}

func (s *countedStream) Read(p []byte) (int, error) {
	n, err := s.ReadCloser.Read(p)
	s.length += int64(n)
	s.kept = append(s.kept, p[:min(n, logged-len(s.kept))]...)
	return n, err
}

// observe lets the log see an answer that is still to come.
func (l *executionLog) observe(a *answer) {
	if l != nil && a.stream != nil {
		l.sent = &countedStream{ReadCloser: a.stream}
		a.stream = l.sent
	}
}

// writeLogs writes what the stage logs of a request that was answered. It waits for nothing.
func (g *Gateway) writeLogs(x *exchange, a *answer) {
	if x.trace == nil && x.method != nil {
		x.openLog() // match refused a method that it had found
	}
	var lines []logs.Line
	if l := x.trace; l != nil && l.level != logOff {
		x.closeLog(a)
		if l.level == logInfo || l.failed {
			for _, line := range l.lines {
				lines = append(lines, logs.Line{
					Account: x.stage.account, Region: x.stage.region, Group: x.stage.logging.group, Stream: g.logStream,
					Time: line.at, Message: "(" + x.requestID + ") " + line.text,
				})
			}
		}
	}
	if access := x.stage.logging.access; access != nil {
		lines = append(lines, logs.Line{
			Account: access.Account, Region: access.Region, Group: access.Group, Stream: g.logStream,
			Time: x.began, Message: x.accessLine(access, a),
		})
	}
	if len(lines) > 0 {
		g.logs.Write(lines...)
	}
}

// closeLog writes the lines that tell how it ended.
func (x *exchange) closeLog(a *answer) {
	l := x.trace
	if l.body != nil && l.bodyI < len(l.lines) {
		l.lines[l.bodyI].text += l.safe(truncated(l.body.text()))
	}
	r := x.refusal
	if r == nil || r.reason == authz.IntegrationRefused {
		x.logAnswer(a, "Method response body after transformations: %s", "Method response headers: %s")
		l.line("Successfully completed execution")
		l.line("Method completed with status: %d", a.status)
		return
	}
	x.logRefusal(r)
	if r.responseType != "" {
		l.fail("Gateway response type: %s with status code: %d", r.responseType, a.status)
		x.logAnswer(a, "Gateway response body: %s", "Gateway response headers: %s")
	}
	if by := outlines[r.reason].refusedBy; by == authz.ByIntegration || by == authz.ByRequest || a.status == http.StatusTooManyRequests {
		l.fail("Method completed with status: %d", a.status)
	}
}

func (x *exchange) logAnswer(a *answer, body, headers string) {
	if !x.trace.detailed() {
		return
	}
	shown := a.body[:min(len(a.body), 2*logged)]
	if x.trace.sent != nil {
		shown = x.trace.sent.kept
	}
	header := http.Header{"Content-Type": {a.contentType}}
	for _, f := range a.headers {
		header[f.name] = f.values
	}
	if a.traced {
		header["X-Amzn-Trace-Id"] = []string{x.traceHeader()}
	}
	if a.errorType != "" {
		header[headerErrorType] = []string{a.errorType}
	}
	x.trace.detail(body, truncated(string(shown)))
	x.trace.detail(headers, truncated(headerText(header)))
}

// logRefusal says why a request was refused, in AWS's words where they are known (fact 1.9).
func (x *exchange) logRefusal(r *refusal) {
	l := x.trace
	switch r.reason {
	case authz.AuthorizerDenied, authz.AuthorizerDeniedExplicitly:
		l.fail("The client is not authorized to perform this operation.")
	case authz.AuthorizerMisconfigured, authz.AuthorizerFailed:
		l.fail("Execution failed due to configuration error: %s", failureText(r))
		if r.reason == authz.AuthorizerMisconfigured {
			l.fail("Execution failed due to configuration error: Authorizer error")
		}
		l.fail("AuthorizerConfigurationException")
	case authz.APIKeyMissing, authz.APIKeyInvalid, authz.Throttled, authz.QuotaExceeded:
		x.logUnmetered(r)
	case authz.ParametersMissing:
		l.fail("%s", r.message)
	case authz.BodyInvalid:
		l.fail("Request body does not match model schema for content type %s: %s", mediaTypeOf(x.request), failureText(r))
	case authz.IntegrationTimeout:
		l.fail("Execution failed due to a timeout error")
	case authz.FunctionPermissionMissing:
		l.fail("Execution failed due to configuration error: Invalid permissions on Lambda function")
	case authz.FunctionAnswerMalformed:
		l.fail("Execution failed due to configuration error: Malformed Lambda proxy response")
	case authz.IntegrationFailed:
		if errors.Is(r.cause, errEndpoint) || r.responseType == typeAPIConfiguration {
			l.fail("Execution failed due to configuration error: %s", failureText(r))
			return
		}
		if r.status == http.StatusBadGateway {
			l.fail("Lambda execution failed with status 200 due to customer function error: %s", failureText(r))
			return
		}
		l.fail("Execution failed due to an internal error: %s", failureText(r))
	default:
		if outlines[r.reason].refusedBy == authz.ByAuthorizer {
			l.fail("Unauthorized request: %s", x.requestID)
			return
		}
		l.fail("%s", failureText(r))
	}
}

func mediaTypeOf(r *http.Request) string {
	if t := r.Header.Get("Content-Type"); t != "" {
		return t
	}
	return jsonType
}
