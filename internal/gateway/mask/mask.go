// Package mask hides credentials in texts that people read: logs, records, explanations.
package mask

import (
	"regexp"
	"strings"
)

// tokenText finds what looks like a token: a JWT, whole or cut off behind its header.
var tokenText = regexp.MustCompile(`eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]+)+`)

// Tokens masks every token in a text, wherever it came from.
func Tokens(text string) string {
	if !strings.Contains(text, "eyJ") {
		return text
	}
	return tokenText.ReplaceAllStringFunc(text, Value)
}

// Value hides all of a credential but its last six characters, and all of a short one.
func Value(value string) string {
	const shown = 6
	if len(value) < 4*shown {
		return strings.Repeat("*", len(value))
	}
	return strings.Repeat("*", min(len(value)-shown, 50)) + value[len(value)-shown:]
}
