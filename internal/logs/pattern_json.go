package logs

import (
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

// selection is a condition on a JSON document.
type selection func(document any) bool

// parseJSONPattern reads { $.selector = value && … }. A message that is no JSON object never matches.
func parseJSONPattern(text string) (pattern, error) {
	p := &jsonParser{rest: text}
	if !p.take("{") {
		return nil, p.bad()
	}
	condition, ok := p.either(0)
	if !ok || !p.take("}") || strings.TrimSpace(p.rest) != "" {
		return nil, p.bad()
	}
	return func(message string) bool {
		if !strings.HasPrefix(strings.TrimSpace(message), "{") {
			return false
		}
		var document any
		return json.Unmarshal([]byte(message), &document) == nil && condition(document)
	}, nil
}

// jsonParser reads a condition from the left; every step skips blanks first.
type jsonParser struct{ rest string }

// deepest is how many parentheses may be open: a pattern has at most 1024 characters.
const deepest = 64

func (p *jsonParser) bad() error { return invalid("Invalid filter pattern") }

func (p *jsonParser) take(token string) bool {
	trimmed := strings.TrimLeftFunc(p.rest, unicode.IsSpace)
	if !strings.HasPrefix(trimmed, token) {
		return false
	}
	p.rest = trimmed[len(token):]
	return true
}

func (p *jsonParser) either(depth int) (selection, bool) {
	left, ok := p.both(depth)
	for ok && p.take("||") {
		first := left
		var second selection
		second, ok = p.both(depth)
		left = func(d any) bool { return first(d) || second(d) }
	}
	return left, ok
}

func (p *jsonParser) both(depth int) (selection, bool) {
	left, ok := p.one(depth)
	for ok && p.take("&&") {
		first := left
		var second selection
		second, ok = p.one(depth)
		left = func(d any) bool { return first(d) && second(d) }
	}
	return left, ok
}

func (p *jsonParser) one(depth int) (selection, bool) {
	if p.take("(") {
		if depth == deepest {
			return nil, false
		}
		inner, ok := p.either(depth + 1)
		return inner, ok && p.take(")")
	}
	path, ok := p.selector()
	if !ok {
		return nil, false
	}
	for _, test := range []struct {
		words string
		holds func(value any, exists bool) bool
	}{
		{"NOT EXISTS", func(_ any, exists bool) bool { return !exists }},
		{"IS NULL", func(value any, exists bool) bool { return exists && value == nil }},
		{"IS TRUE", func(value any, _ bool) bool { return value == true }},
		{"IS FALSE", func(value any, _ bool) bool { return value == false }},
	} {
		if first, second, _ := strings.Cut(test.words, " "); p.takeBoth(first, second) {
			return func(d any) bool { return test.holds(path.find(d)) }, true
		}
	}
	for _, operator := range []string{"!=", ">=", "<=", "=", ">", "<"} {
		if p.take(operator) {
			compare, ok := p.operand(operator)
			return func(d any) bool {
				value, exists := path.find(d)
				return exists && compare(value)
			}, ok
		}
	}
	return nil, false
}

func (p *jsonParser) takeBoth(first, second string) bool {
	before := p.rest
	if p.take(first) && p.take(second) {
		return true
	}
	p.rest = before
	return false
}

// operand reads what a value is compared with: a number, a text in quotation marks or without, where * stands for anything, or a
// %regular expression%.
func (p *jsonParser) operand(operator string) (func(value any) bool, bool) {
	p.rest = strings.TrimLeftFunc(p.rest, unicode.IsSpace)
	equal := operator == "="
	if expression, isRegexp := strings.CutPrefix(p.rest, "%"); isRegexp {
		expression, rest, closed := strings.Cut(expression, "%")
		compiled, err := regexp.Compile(expression)
		p.rest = rest
		return func(value any) bool {
			text, isText := scalarText(value)
			return isText && compiled.MatchString(text) == equal
		}, closed && err == nil && (equal || operator == "!=")
	}
	var word string
	if strings.HasPrefix(p.rest, `"`) {
		phrase, rest, ok := quotedPhrase(p.rest)
		if !ok {
			return nil, false
		}
		word, p.rest = phrase, rest
	} else {
		end := strings.IndexFunc(p.rest, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune("(){}&|", r) })
		if end <= 0 {
			return nil, false
		}
		word, p.rest = p.rest[:end], p.rest[end:]
		if number, err := strconv.ParseFloat(word, 64); err == nil {
			return func(value any) bool { n, is := value.(float64); return is && compareNumbers(n, operator, number) }, true
		}
	}
	matches := wildcard(word)
	return func(value any) bool {
		text, isText := scalarText(value)
		return isText && matches(text) == equal
	}, equal || operator == "!="
}

func compareNumbers(a float64, operator string, b float64) bool {
	switch operator {
	case "=":
		return a == b
	case "!=":
		return a != b
	case ">":
		return a > b
	case ">=":
		return a >= b
	case "<":
		return a < b
	}
	return a <= b
}

// wildcard matches a whole text, * standing for anything.
func wildcard(word string) func(string) bool {
	if !strings.Contains(word, "*") {
		return func(text string) bool { return text == word }
	}
	expression := `(?s)\A` + strings.ReplaceAll(regexp.QuoteMeta(word), `\*`, `.*`) + `\z`
	return regexp.MustCompile(expression).MatchString
}

// scalarText is a value as a text; objects, arrays and null are none.
func scalarText(value any) (string, bool) {
	switch v := value.(type) {
	case string:
		return v, true
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64), true
	case bool:
		return strconv.FormatBool(v), true
	}
	return "", false
}

// selector is a way into a document: names of members, and indexes as [n].
type selector []string

func (p *jsonParser) selector() (selector, bool) {
	if !p.take("$") {
		return nil, false
	}
	var path selector
	for {
		switch {
		case strings.HasPrefix(p.rest, "."):
			p.rest = p.rest[1:]
			end := strings.IndexFunc(p.rest, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune(".[]=!<>(){}&|", r) })
			if end <= 0 {
				return nil, false
			}
			path, p.rest = append(path, p.rest[:end]), p.rest[end:]
		case strings.HasPrefix(p.rest, "["):
			inside, rest, closed := strings.Cut(p.rest[1:], "]")
			if !closed {
				return nil, false
			}
			if name, isName := unquotedName(inside); isName {
				inside = name
			} else if _, err := strconv.Atoi(inside); err != nil {
				return nil, false
			}
			path, p.rest = append(path, inside), rest
		default:
			return path, len(path) > 0
		}
	}
}

// unquotedName is the name in ['name'] or ["name"].
func unquotedName(text string) (string, bool) {
	if len(text) > 2 && (text[0] == '\'' || text[0] == '"') && text[len(text)-1] == text[0] {
		return text[1 : len(text)-1], true
	}
	return "", false
}

func (s selector) find(document any) (value any, exists bool) {
	value = document
	for _, name := range s {
		switch v := value.(type) {
		case map[string]any:
			if value, exists = v[name]; !exists {
				return nil, false
			}
		case []any:
			i, err := strconv.Atoi(name)
			if err != nil || i < 0 || i >= len(v) {
				return nil, false
			}
			value = v[i]
		default:
			return nil, false
		}
	}
	return value, true
}
