package gateway

import (
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/internal/vtl"
)

// accessLog writes one line for each request in a stage's own format.
type accessLog struct {
	account, region, group string
	parts                  []accessPart
	// escape makes a value safe where the format puts it: a client chooses some of them.
	escape *strings.Replacer
}

// accessPart is a text, or the name of a variable of $context.
type accessPart struct{ text, variable string }

// compileAccessLog reads the settings; nil when the stage has no access log, or one that goes to a delivery stream.
func compileAccessLog(plan *stagePlan, settings *types.AccessLogSettings) *accessLog {
	if settings == nil || aws.ToString(settings.Format) == "" {
		return nil
	}
	parts := strings.SplitN(aws.ToString(settings.DestinationArn), ":", 8)
	if len(parts) < 7 || parts[2] != "logs" || parts[5] != "log-group" {
		return nil
	}
	l := &accessLog{account: parts[4], region: parts[3], group: parts[6], escape: plainEscapes}
	if l.account == "" {
		l.account = plan.account
	}
	if l.region == "" {
		l.region = plan.region
	}
	format := *settings.Format
	if strings.HasPrefix(strings.TrimSpace(format), "{") {
		l.escape = jsonEscapes
	}
	const opening = "$context."
	for {
		before, rest, found := strings.Cut(format, opening)
		if before != "" {
			l.parts = append(l.parts, accessPart{text: before})
		}
		if !found {
			return l
		}
		name := variableName(rest)
		format = rest[len(name):]
		if name == "" {
			l.parts = append(l.parts, accessPart{text: opening})
			continue
		}
		l.parts = append(l.parts, accessPart{variable: name})
	}
}

// variableName is the name that a text begins with. A claim's may hold colons; no name ends with a dot or a colon.
func variableName(text string) string {
	claims := strings.HasPrefix(text, "authorizer.claims.")
	end := 0
	for end < len(text) {
		c := text[end]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '_' && c != '.' && (c != ':' && c != '-' || !claims) {
			break
		}
		end++
	}
	return strings.TrimRight(text[:end], ".:-")
}

var (
	// A line break would let a client write lines of its own.
	plainEscapes = strings.NewReplacer("\n", `\n`, "\r", `\r`)
	jsonEscapes  = func() *strings.Replacer {
		pairs := []string{`"`, `\"`, `\`, `\\`, "\n", `\n`, "\r", `\r`, "\t", `\t`}
		for c := range byte(0x20) {
			if c != '\n' && c != '\r' && c != '\t' {
				pairs = append(pairs, string(rune(c)), `\u00`+strconv.FormatInt(int64(c)+0x100, 16)[1:])
			}
		}
		return strings.NewReplacer(pairs...)
	}()
)

// format is the line of a request that was answered. What has no value is a dash, as on AWS.
func (l *accessLog) format(x *exchange, a *answer) string {
	var b strings.Builder
	for _, part := range l.parts {
		if part.variable == "" {
			b.WriteString(part.text)
			continue
		}
		value := withoutTokens(x.accessValue(a, part.variable))
		switch {
		case value == "":
			b.WriteByte('-')
		case part.variable == "error.messageString":
			b.WriteString(value) // it comes in quotation marks
		default:
			b.WriteString(l.escape.Replace(clipped(value)))
		}
	}
	return b.String()
}

// accessValue is a variable's value; what is known only behind the answer is here, the rest is what templates see.
func (x *exchange) accessValue(a *answer, name string) string {
	refused := x.refusal
	if refused != nil && refused.reason == authz.IntegrationRefused {
		refused = nil
	}
	switch name {
	case "status":
		return strconv.Itoa(a.status)
	case "responseLength":
		if x.trace != nil && x.trace.sent != nil {
			return strconv.FormatInt(x.trace.sent.length, 10)
		}
		return strconv.Itoa(len(a.body))
	case "responseLatency":
		return strconv.FormatInt(time.Since(x.began).Milliseconds(), 10)
	case "path":
		return x.stagePath()
	}
	switch group, member, _ := strings.Cut(name, "."); {
	case name == "integrationLatency", name == "integrationStatus", group == "integration":
		return x.integrationValue(a, name)
	case name == "integrationErrorMessage":
		return x.integrationValue(a, "integration.error")
	case group == "error" && refused == nil:
		return ""
	case name == "error.validationErrorString":
		if outlines[refused.reason].refusedBy == authz.ByRequest {
			return failureText(refused)
		}
		return ""
	case group == "authorize", name == "authorizer.status", name == "authorizer.error":
		return x.authorizationValue(a, refused, member)
	}
	value := x.contextValue(name)
	if value == nil {
		return ""
	}
	return vtl.Text(value)
}

// integrationValue tells of the backend's answer. Of a function's two statuses integrationStatus is the service's.
func (x *exchange) integrationValue(a *answer, name string) string {
	if name == "integration.error" {
		if r := x.refusal; r != nil && r.reason != authz.IntegrationRefused && outlines[r.reason].refusedBy == authz.ByIntegration {
			return failureText(r)
		}
		return ""
	}
	l := x.trace
	if l == nil || !l.answered {
		return ""
	}
	switch name {
	case "integrationLatency", "integration.latency":
		return strconv.FormatInt(l.latency.Milliseconds(), 10)
	case "integrationStatus", "integration.integrationStatus":
		return strconv.Itoa(l.status)
	case "integration.status":
		if _, isFunction := x.method.integration.(*proxyIntegration); isFunction && x.refusal == nil {
			return strconv.Itoa(a.status)
		}
		return strconv.Itoa(l.status)
	}
	return ""
}

// authorizationValue tells how the authorizer answered; a method without one has no such value.
func (x *exchange) authorizationValue(a *answer, refused *refusal, member string) string {
	if x.method == nil || x.method.authorization == authorizationNone {
		return ""
	}
	denied := refused != nil && outlines[refused.reason].refusedBy == authz.ByAuthorizer
	switch {
	case member == "status" && denied:
		return strconv.Itoa(a.status)
	case member == "status" && x.trace != nil:
		return "200"
	case member == "error" && denied:
		return refused.message
	}
	return ""
}
