package authz

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"
)

// audience is a compiled identityValidationExpression; nil when there is none.
type audience struct {
	expression string
	// literal is the only text that matches, when the expression is a plain text, as the id of an app client is.
	literal   string
	isLiteral bool
	whole     *regexp.Regexp
}

// javaClasses are Java's names of ASCII classes, and Go's.
var javaClasses = map[string]string{
	"Lower": "[:lower:]", "Upper": "[:upper:]", "ASCII": "[:ascii:]", "Alpha": "[:alpha:]", "Digit": "[:digit:]", "Alnum": "[:alnum:]",
	"Punct": "[:punct:]", "Graph": "[:graph:]", "Print": "[:print:]", "Blank": "[:blank:]", "Cntrl": "[:cntrl:]", "XDigit": "[:xdigit:]",
	"Space": "[:space:]",
}

// translateClasses spells Java's ASCII classes as Go does, inside of brackets and outside of them.
func translateClasses(expression string) string {
	var out strings.Builder
	inClass := false
	for i := 0; i < len(expression); i++ {
		switch rest := expression[i:]; {
		case strings.HasPrefix(rest, `\Q`): // quoted text stays as it is
			quoted, _, _ := strings.Cut(rest, `\E`)
			out.WriteString(quoted + `\E`)
			i += len(quoted) + len(`\E`) - 1
		case strings.HasPrefix(rest, `\p{`):
			name, _, closed := strings.Cut(rest[3:], "}")
			class, known := javaClasses[name]
			if !closed || !known {
				out.WriteByte('\\')
				continue
			}
			if !inClass {
				class = "[" + class + "]"
			}
			out.WriteString(class)
			i += len(`\p{}`) + len(name) - 1
		case rest[0] == '\\' && len(rest) > 1:
			out.WriteString(rest[:2])
			i++
		default:
			switch rest[0] {
			case '[':
				inClass = true
			case ']':
				inClass = false
			}
			out.WriteByte(rest[0])
		}
	}
	return out.String()
}

// compileAudience compiles an identityValidationExpression. It matches the whole of aud or not at all, as Java's matches does.
func compileAudience(expression string) (*audience, error) {
	if expression == "" {
		return nil, nil
	}
	alone, err := compileBounded(translateClasses(expression))
	if err != nil {
		return nil, fmt.Errorf("authz: audience expression: %w", err)
	}
	whole, err := regexp.Compile(`\A(?:` + alone.String() + `)\z`)
	if err != nil {
		return nil, fmt.Errorf("authz: audience expression: %w", err)
	}
	literal, isLiteral := alone.LiteralPrefix()
	return &audience{expression: expression, literal: literal, isLiteral: isLiteral, whole: whole}, nil
}

// maxProgram bounds how large an expression may become, in instructions of the matcher.
const maxProgram = 10_000

// compileBounded compiles an expression that stays small: a few characters of nested repetition can ask for megabytes.
func compileBounded(expression string) (*regexp.Regexp, error) {
	parsed, err := syntax.Parse(expression, syntax.Perl)
	if err != nil {
		return nil, err
	}
	program, err := syntax.Compile(parsed.Simplify())
	if err != nil {
		return nil, err
	}
	if len(program.Inst) > maxProgram {
		return nil, errors.New("too large")
	}
	return regexp.Compile(expression)
}

// matches tells whether one of a token's audiences is what the expression asks for.
func (a *audience) matches(audiences []string) bool {
	for _, aud := range audiences {
		if a.isLiteral && aud == a.literal || !a.isLiteral && a.whole.MatchString(aud) {
			return true
		}
	}
	return false
}

// matchesKnown is matches for a token that may be asked about again: what matched once always will.
func (a *audience) matchesKnown(v *verified) bool {
	if v.matched.Load() == a {
		return true
	}
	if !a.matches(v.claims.audience) {
		return false
	}
	v.matched.Store(a)
	return true
}
