package wire

import (
	"regexp"
	"strings"
	"sync"
)

// equivalents are patterns that Go's regular expressions cannot say, said otherwise. The text of an error still shows the
// model's own. A pattern that is neither here nor understood is not checked: see TestEveryPatternIsUnderstood.
var equivalents = map[string]string{
	`^[0-9A-Za-z\.\-_]*(?<!\.)$`: `(?:[0-9A-Za-z.\-_]*[0-9A-Za-z\-_])?`,
	// Lambda's buckets, and its aliases: a name that is not a number.
	`[0-9A-Za-z\.\-_]*(?<!\.)`:     `(?:[0-9A-Za-z.\-_]*[0-9A-Za-z\-_])?`,
	`(?!^[0-9]+$)([a-zA-Z0-9-_]+)`: aliasName,
	`((?!^\d+$)^[0-9a-zA-Z-_]+$)`:  aliasName,
	`(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_]{1,64})(:((?!\d+$)[0-9a-zA-Z-_]+))?`: `(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_]{1,64})(:` + aliasName + `)?`,
	// Names that begin with "system." are another service's to refuse.
	`(^(?!(system\x2e)))(^[_a-zA-Z0-9])([^$]*)`: `[_a-zA-Z0-9][^$]*`,
	// Java reads \u10000 as \u1000 and a zero; the range is meant to reach U+10FFFF.
	`[\u0009\u000A\u000D\u0020-\u007E\u0085\u00A0-\uD7FF\uE000-\uFFFD\u10000-\u10FFFF]+`: "[\t\n\r\\x20-\\x7E\\x85\\xA0-\\x{D7FF}" +
		"\\x{E000}-\\x{FFFD}\\x{10000}-\\x{10FFFF}]+",
	// Domains of user pools: the pattern knows no custom domain ("auth.example.com"), which AWS takes, and AWS refuses a
	// malformed prefix in other words than the pattern's [R]. The operations check domains themselves.
	`^[a-z0-9](?:[a-z0-9\-]{0,61}[a-z0-9])?$`: `.+`,
	// Names of app clients (and pools): a name that pins an id, as emulators have it, begins with a text that has a colon.
	`[\w\s+=,.@-]+`: `(?:_custom_id_:)?[\w\s+=,.@-]+`,
}

// aliasName is the name of a function's alias.
const aliasName = `[a-zA-Z0-9_-]*[a-zA-Z_-][a-zA-Z0-9_-]*`

var javaUnicode = regexp.MustCompile(`\\u([0-9A-Fa-f]{4})`)

// compilePattern turns a Java pattern, which must match the whole value, into Go's.
func compilePattern(pattern string) (*regexp.Regexp, error) {
	if equivalent, known := equivalents[pattern]; known {
		pattern = equivalent
	}
	pattern = javaUnicode.ReplaceAllString(pattern, `\x{$1}`)
	return regexp.Compile(`\A(?:` + pattern + `)\z`)
}

var patterns sync.Map // string → func() *regexp.Regexp

// matchesPattern compiles each pattern once, when it is first needed.
func matchesPattern(pattern, text string) bool {
	compiled, found := patterns.Load(pattern)
	if !found {
		compiled, _ = patterns.LoadOrStore(pattern, sync.OnceValue(func() *regexp.Regexp {
			expression, err := compilePattern(pattern)
			if err != nil {
				return nil
			}
			return expression
		}))
	}
	expression := compiled.(func() *regexp.Regexp)()
	return expression == nil || expression.MatchString(strings.ToValidUTF8(text, "\uFFFD"))
}
