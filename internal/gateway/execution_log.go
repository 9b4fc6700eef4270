package gateway

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// executionLog is the log of a test invocation, in the lines of API Gateway's execution log (recorded section 7). A nil log
// takes everything and keeps nothing.
type executionLog struct {
	text strings.Builder
	at   string
}

func newExecutionLog(requestID string, at time.Time) *executionLog {
	l := &executionLog{at: at.UTC().Format("Mon Jan 02 15:04:05 UTC 2006")}
	l.text.WriteString("Execution log for request " + requestID + "\n")
	return l
}

func (l *executionLog) line(format string, args ...any) {
	if l != nil {
		fmt.Fprintf(&l.text, "%s : %s\n", l.at, fmt.Sprintf(format, args...))
	}
}

// truncated keeps lines to what AWS shows of them.
func truncated(text string) string {
	const most = 1024
	if len(text) > most {
		return text[:most] + " [TRUNCATED]"
	}
	return text
}

func (l *executionLog) endpointRequest(r *http.Request) {
	if l == nil {
		return
	}
	l.line("Endpoint request URI: %s", r.URL)
	l.line("Endpoint request headers: %s", truncated(headerText(r.Header)))
	l.line("Sending request to %s", r.URL)
}

func (l *executionLog) endpointResponse(r *http.Response, took time.Duration) {
	if l == nil {
		return
	}
	l.line("Received response. Status: %d, Integration latency: %d ms", r.StatusCode, took.Milliseconds())
	l.line("Endpoint response headers: %s", truncated(headerText(r.Header)))
}

func (l *executionLog) endpointBody(body []byte) {
	if l != nil {
		l.line("Endpoint response body before transformations: %s", truncated(string(body)))
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
func masked(value string) string {
	const shown = 6
	if len(value) < 4*shown {
		return strings.Repeat("*", len(value))
	}
	return strings.Repeat("*", min(len(value)-shown, 50)) + value[len(value)-shown:]
}

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
