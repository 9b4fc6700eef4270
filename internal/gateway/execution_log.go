package gateway

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/poolgate/poolgate/internal/gateway/mask"
)

// logLevel is a method's logging level.
type logLevel uint8

const (
	// logOff writes no line; the log then only remembers what the access log is asked for.
	logOff logLevel = iota
	// logError keeps nothing of a request unless something failed.
	logError
	logInfo
)

// executionLog is what API Gateway's execution log says of one request (recorded section 7). A nil log takes everything and keeps
// nothing.
type executionLog struct {
	requestID string
	level     logLevel
	// data tells that requests and answers are to be shown whole.
	data   bool
	failed bool
	lines  []logLine
	// mask hides the request's credentials in a text.
	mask func(string) string

	// What the backend's answer was like; answered is false while there is none.
	answered bool
	status   int
	latency  time.Duration
	// body is the line that shows the request's body, which is known only at the end.
	body  *bodyTap
	bodyI int
	// sent counts a streamed answer.
	sent *countedStream
}

type logLine struct {
	at   time.Time
	text string
}

// newExecutionLog is the log of a test invocation: all there is.
func newExecutionLog(requestID string) *executionLog {
	return &executionLog{requestID: requestID, level: logInfo, data: true}
}

// String is the log as one text, the form in which test invocations show it.
func (l *executionLog) String() string {
	var b strings.Builder
	b.WriteString("Execution log for request " + l.requestID + "\n")
	for _, line := range l.lines {
		b.WriteString(line.at.UTC().Format("Mon Jan 02 15:04:05 UTC 2006") + " : " + line.text + "\n")
	}
	return b.String()
}

// line says what happens.
func (l *executionLog) line(format string, args ...any) {
	if l != nil && l.level == logInfo {
		l.add(format, args)
	}
}

// fail says what went wrong.
func (l *executionLog) fail(format string, args ...any) {
	if l != nil && l.level != logOff {
		l.failed = true
		l.add(format, args)
	}
}

// detail shows a part of the request or the answer; what it takes to make the text is worth it only where the log is detailed.
func (l *executionLog) detail(format string, args ...any) {
	if l.detailed() {
		l.add(format, args)
	}
}

func (l *executionLog) detailed() bool { return l != nil && l.data && l.level != logOff }

func (l *executionLog) add(format string, args []any) {
	l.lines = append(l.lines, logLine{time.Now(), l.safe(fmt.Sprintf(format, args...))})
}

// safe takes credentials out of a text.
func (l *executionLog) safe(text string) string {
	if l.mask != nil {
		text = l.mask(text)
	}
	return withoutTokens(text)
}

// withoutTokens masks every token in a text, wherever it came from.
func withoutTokens(text string) string { return mask.Tokens(text) }

// truncated keeps lines to what AWS shows of them.
func truncated(text string) string {
	const most = 1024
	if len(text) > most {
		return strings.ToValidUTF8(text[:most], "") + " [TRUNCATED]"
	}
	return text
}

func (l *executionLog) endpointRequest(r *http.Request) {
	if l == nil || l.level == logOff {
		return
	}
	if l.data {
		l.detail("Endpoint request URI: %s", r.URL)
		l.detail("Endpoint request headers: %s", truncated(headerText(r.Header)))
	}
	l.line("Sending request to %s", r.URL)
}

func (l *executionLog) endpointResponse(r *http.Response, took time.Duration) {
	if l == nil {
		return
	}
	l.received(r.StatusCode, took)
	if l.detailed() {
		l.detail("Endpoint response headers: %s", truncated(headerText(r.Header)))
	}
}

// received remembers how the backend answered.
func (l *executionLog) received(status int, took time.Duration) {
	l.answered, l.status, l.latency = true, status, took
	l.line("Received response. Status: %d, Integration latency: %d ms", status, took.Milliseconds())
}

func (l *executionLog) endpointBody(body []byte) {
	if l.detailed() {
		l.detail("Endpoint response body before transformations: %s", truncated(string(body[:min(len(body), 2048)])))
	}
}

// headerText prints headers as AWS does, with credentials masked.
func headerText(h http.Header) string {
	flat := make(map[string]string, len(h))
	for name, values := range h {
		flat[name] = strings.Join(values, ",")
		if isCredential(name) {
			flat[name] = masked(flat[name])
		}
	}
	return mapText(flat)
}

func isCredential(header string) bool {
	return strings.EqualFold(header, "Authorization") || strings.EqualFold(header, "X-Api-Key") || strings.EqualFold(header, "Cookie") || strings.EqualFold(header, "X-Amz-Security-Token")
}

// masked hides all of a credential but its end, and all of a short one.
func masked(value string) string { return mask.Value(value) }

// mapText prints a map as Java does.
func mapText(m map[string]string) string {
	var b strings.Builder
	b.WriteByte('{')
	for i, key := range sortedKeys(m) {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(key + "=" + m[key])
	}
	return b.String() + "}"
}
