package logs

import (
	"regexp"
	"strings"
	"unicode"
)

// pattern tells whether a message matches a filter pattern.
type pattern func(message string) bool

// parsePattern reads a filter pattern: terms that must all occur, ?terms of which one must, -terms that must not, "quoted" ones,
// %regular expressions% and { selectors of JSON }.
func parsePattern(text string) (pattern, error) {
	text = strings.TrimSpace(text)
	switch {
	case text == "":
		return func(string) bool { return true }, nil
	case strings.HasPrefix(text, "{"):
		return parseJSONPattern(text)
	case strings.HasPrefix(text, "["):
		return nil, invalid("Invalid filter pattern: poolgate does not match space-delimited patterns ([a, b, ...])")
	}
	return parseTerms(text)
}

// term is a test for one text or regular expression.
type term func(message string) bool

// parseTerms reads terms. Optional ones count only where there are no others, as AWS's documentation has it.
func parseTerms(text string) (pattern, error) {
	var all, anyOf, none []term
	for text = strings.TrimSpace(text); text != ""; text = strings.TrimLeftFunc(text, unicode.IsSpace) {
		into := &all
		switch text[0] {
		case '?':
			into, text = &anyOf, text[1:]
		case '-':
			into, text = &none, text[1:]
		}
		t, rest, err := nextTerm(text)
		if err != nil {
			return nil, err
		}
		*into, text = append(*into, t), rest
	}
	if len(all)+len(none) > 0 {
		anyOf = nil
	}
	return func(message string) bool {
		for _, t := range all {
			if !t(message) {
				return false
			}
		}
		for _, t := range none {
			if t(message) {
				return false
			}
		}
		for _, t := range anyOf {
			if t(message) {
				return true
			}
		}
		return len(anyOf) == 0
	}, nil
}

func nextTerm(text string) (t term, rest string, err error) {
	if text == "" {
		return nil, "", invalid("Invalid filter pattern")
	}
	switch text[0] {
	case '"':
		phrase, rest, ok := quotedPhrase(text)
		if !ok {
			return nil, "", invalid("Invalid filter pattern: a quotation mark is missing")
		}
		return contains(phrase), rest, nil
	case '%':
		expression, rest, closed := strings.Cut(text[1:], "%")
		compiled, err := regexp.Compile(expression)
		if !closed || err != nil {
			return nil, "", invalid("Invalid regex in filter pattern").Because(err)
		}
		return compiled.MatchString, rest, nil
	}
	end := strings.IndexFunc(text, unicode.IsSpace)
	if end < 0 {
		end = len(text)
	}
	word := text[:end]
	if strings.ContainsFunc(word, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '_' }) {
		return nil, "", invalid("Invalid character(s) in term '%s'", word)
	}
	return contains(word), text[end:], nil
}

func contains(phrase string) term {
	return func(message string) bool { return strings.Contains(message, phrase) }
}

// quotedPhrase reads a phrase in quotation marks, in which a backslash lets the next character stand for itself.
func quotedPhrase(text string) (phrase, rest string, ok bool) {
	var b strings.Builder
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			if i++; i == len(text) {
				return "", "", false
			}
			b.WriteByte(text[i])
		case '"':
			return b.String(), text[i+1:], true
		default:
			b.WriteByte(text[i])
		}
	}
	return "", "", false
}
