package curl

import (
	"strings"
)

// splitCmd parts a command that was copied for Windows's cmd: first cmd takes the carets away, then curl.exe parts what is left at its
// quotes, as Microsoft's C runtime does.
func splitCmd(text string) ([]string, error) {
	return splitArguments(withoutCarets(strings.ReplaceAll(text, "\r\n", "\n")))
}

// withoutCarets takes the character behind a caret as it is. Between quotes a caret is a caret; a quote behind a caret is none for cmd. A
// caret before a line's end joins the lines, and the next character is taken as it is, so that a caret and two line ends are one.
func withoutCarets(text string) string {
	var b strings.Builder
	quoted := false
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '^' && strings.HasPrefix(text[i+1:], "\n\n"):
			i += 2
			c = '\n'
		case c == '^' && strings.HasPrefix(text[i+1:], "\n"):
			i++
			continue
		case c == '^' && i+1 < len(text):
			i++
			c = text[i]
		case c == '&' || c == '|' || c == '\n': // the next command
			return b.String()
		}
		b.WriteByte(c)
	}
	return b.String()
}

// splitArguments parts a command line at white space outside of quotes. Backslashes count only before a quote, two of them as one; two
// quotes within quotes are one.
func splitArguments(text string) (words []string, err error) {
	var word strings.Builder
	begun, quoted := false, false
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c == '\\':
			run := len(text[i:]) - len(strings.TrimLeft(text[i:], `\`))
			begun = true
			if i+run < len(text) && text[i+run] == '"' {
				word.WriteString(strings.Repeat(`\`, run/2))
				if i += run - 1; run%2 == 1 {
					word.WriteByte('"')
					i++
				}
				continue
			}
			word.WriteString(strings.Repeat(`\`, run))
			i += run - 1
		case c == '"' && quoted && strings.HasPrefix(text[i+1:], `"`):
			word.WriteByte(c)
			i++
		case c == '"':
			quoted, begun = !quoted, true
		case !quoted && (c == ' ' || c == '\t' || c == '\n'):
			if begun {
				words = append(words, word.String())
			}
			word.Reset()
			begun = false
		default:
			word.WriteByte(c)
			begun = true
		}
	}
	if quoted {
		return nil, unended(`"`)
	}
	if begun {
		words = append(words, word.String())
	}
	return words, nil
}
