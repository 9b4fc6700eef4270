// Package accesslog compiles the format of a stage's access log and fills it in, one line for each request. What a variable's
// value is, the API that was asked knows; this package knows how it is written so that a client cannot forge a line.
package accesslog

import (
	"strconv"
	"strings"
)

// Log is one stage's access log, compiled. It never changes.
type Log struct {
	// Account, Region and Group are where its lines go.
	Account, Region, Group string

	parts []part
	// escape makes a value safe where the format puts it: a client chooses some of them.
	escape *strings.Replacer
}

// part is a text, or the name of a variable of $context.
type part struct{ text, variable string }

const opening = "$context."

// Compile reads a stage's settings; nil when it has no access log, or one that goes to a delivery stream. account and region are
// the stage's own, for an ARN that leaves them out. variableName is the name that a text begins with, which differs between kinds
// of APIs; nil means VariableName.
func Compile(account, region, destinationARN, format string, variableName func(string) string) *Log {
	if format == "" {
		return nil
	}
	arn := strings.SplitN(destinationARN, ":", 8)
	if len(arn) < 7 || arn[2] != "logs" || arn[5] != "log-group" {
		return nil
	}
	l := &Log{Account: arn[4], Region: arn[3], Group: arn[6], escape: plainEscapes}
	if l.Account == "" {
		l.Account = account
	}
	if l.Region == "" {
		l.Region = region
	}
	if strings.HasPrefix(strings.TrimSpace(format), "{") {
		l.escape = jsonEscapes
	}
	if variableName == nil {
		variableName = VariableName
	}
	for {
		before, rest, found := strings.Cut(format, opening)
		if before != "" {
			l.parts = append(l.parts, part{text: before})
		}
		if !found {
			return l
		}
		name := variableName(rest)
		format = rest[len(name):]
		if name == "" {
			l.parts = append(l.parts, part{text: opening})
			continue
		}
		l.parts = append(l.parts, part{variable: name})
	}
}

// VariableName is the name that a text begins with. A claim's may hold colons; no name ends with a dot or a colon.
func VariableName(text string) string {
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

// Format is one request's line. What has no value is a dash, as on AWS; quoted tells that a value comes in its quotation marks,
// as error.messageString does.
func (l *Log) Format(value func(name string) (text string, quoted bool)) string {
	var b strings.Builder
	for _, p := range l.parts {
		if p.variable == "" {
			b.WriteString(p.text)
			continue
		}
		switch text, quoted := value(p.variable); {
		case text == "":
			b.WriteByte('-')
		case quoted:
			b.WriteString(text)
		default:
			l.escape.WriteString(&b, text) //nolint:errcheck // a builder takes all
		}
	}
	return b.String()
}
