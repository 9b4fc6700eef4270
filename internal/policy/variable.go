package policy

import (
	"errors"
	"strings"
)

// part is a stretch of a pattern's text: a literal, a wildcard or a variable.
type part struct {
	kind partKind
	// text is the literal, or the variable's name in lower case.
	text string
	// fallback is what a variable without a value stands for, if hasFallback.
	fallback    string
	hasFallback bool
}

type partKind int

const (
	literalPart partKind = iota
	onePart
	starPart
	variablePart
)

var (
	errVariableOpen  = errors.New("a policy variable has no closing brace")
	errVariableEmpty = errors.New("a policy variable has no name")
)

// compileOptions say how a text is read.
type compileOptions struct {
	// wildcards gives * and ? their meaning.
	wildcards bool
	// variables gives ${…} its meaning; documents of version 2008-10-17 have none.
	variables bool
	// fold makes the case of ASCII letters not matter.
	fold bool
}

// compilePattern reads a text of a policy.
func compilePattern(text string, o compileOptions) (pattern, error) {
	parts, dynamic, err := splitParts(text, o)
	if err != nil {
		return pattern{}, err
	}
	if dynamic {
		return pattern{parts: parts, glob: glob{fold: o.fold}}, nil
	}
	b := globBuilder{fold: o.fold}
	b.expand(parts, nil)
	return pattern{glob: b.glob()}, nil
}

// splitParts splits a text into its parts; dynamic tells that a variable is among them.
func splitParts(text string, o compileOptions) (parts []part, dynamic bool, err error) {
	from := 0
	flush := func(to int) {
		if to > from {
			parts = append(parts, part{kind: literalPart, text: text[from:to]})
		}
	}
	for i := 0; i < len(text); i++ {
		switch {
		case o.wildcards && text[i] == '*':
			flush(i)
			parts, from = append(parts, part{kind: starPart}), i+1
		case o.wildcards && text[i] == '?':
			flush(i)
			parts, from = append(parts, part{kind: onePart}), i+1
		case o.variables && strings.HasPrefix(text[i:], "${"):
			flush(i)
			length := strings.IndexByte(text[i:], '}')
			if length < 0 {
				return nil, false, errVariableOpen
			}
			v, err := readVariable(text[i+2 : i+length])
			if err != nil {
				return nil, false, err
			}
			dynamic = dynamic || v.kind == variablePart
			parts = append(parts, v)
			i += length
			from = i + 1
		}
	}
	flush(len(text))
	return parts, dynamic, nil
}

// readVariable reads what stands between the braces: a condition key, with a default behind a comma, or one of the characters
// that have a meaning of their own otherwise.
func readVariable(text string) (part, error) {
	switch text {
	case "*", "?", "$":
		return part{kind: literalPart, text: text}, nil
	}
	name, fallback, hasFallback := strings.Cut(text, ",")
	v := part{kind: variablePart, text: strings.ToLower(strings.TrimSpace(name))}
	if v.text == "" {
		return v, errVariableEmpty
	}
	if hasFallback {
		fallback = strings.TrimSpace(fallback)
		if len(fallback) >= 2 && fallback[0] == '\'' && fallback[len(fallback)-1] == '\'' {
			fallback = fallback[1 : len(fallback)-1]
		}
		v.fallback, v.hasFallback = fallback, true
	}
	return v, nil
}

// expand adds the parts, variables by their value. It tells whether every variable has one: a key with several values has none.
func (b *globBuilder) expand(parts []part, context map[string][]string) bool {
	for _, p := range parts {
		switch p.kind {
		case literalPart:
			b.literal(p.text)
		case onePart:
			b.one()
		case starPart:
			b.star()
		case variablePart:
			values := context[p.text]
			switch {
			case len(values) == 1:
				b.literal(strings.ToValidUTF8(values[0], "\ufffd"))
			case p.hasFallback && len(values) == 0:
				b.literal(p.fallback)
			default:
				return false
			}
		}
	}
	return true
}
