package curl

import (
	"strings"
)

// LongestText is the longest pasted command that is read, in bytes.
const LongestText = 16 << 20

// Split parts a pasted command into its words, as the shell that it was copied for does: bash or zsh, or Windows's cmd where carets
// stand before quotes or ends of lines. It stops where the shell would begin something else: a pipe, a redirection, the next command.
// What only that shell could fill in (a variable, a substitution) is a *Problem, and so is a quote that does not end.
func Split(text string) ([]string, error) {
	if len(text) > LongestText {
		return nil, &Problem{"the command is longer than 16 MiB", "leave its payload out: --data '' keeps the method"}
	}
	text = strings.TrimPrefix(strings.TrimSpace(text), "$ ") // a prompt that was copied along
	if isCmd(text) {
		return splitCmd(text)
	}
	s := &shell{text: text}
	return s.words()
}

// isCmd tells whether a command was copied for Windows's cmd.
func isCmd(text string) bool {
	return strings.Contains(text, ` ^"`) || strings.Contains(text, "^\n") || strings.Contains(text, "^\r\n")
}

// shell reads words as a POSIX shell does, and bash's $'…'.
type shell struct {
	text string
	at   int
	word strings.Builder
	// begun tells that there is a word, if an empty one.
	begun bool
	found []string
}

func (s *shell) end() {
	if s.begun {
		s.found = append(s.found, s.word.String())
	}
	s.word.Reset()
	s.begun = false
}

func (s *shell) put(c byte) {
	s.word.WriteByte(c)
	s.begun = true
}

func (s *shell) words() ([]string, error) {
	for s.at < len(s.text) {
		c := s.text[s.at]
		s.at++
		switch c {
		case ' ', '\t', '\r':
			s.end()
		case '\n', '|', ';', '&', '<', '>':
			if isDigits(s.word.String()) && (c == '<' || c == '>') { // 2>/dev/null
				s.word.Reset()
				s.begun = false
			}
			if s.end(); c != '\n' || len(s.found) > 0 {
				return s.found, nil
			}
		case '#':
			if !s.begun {
				return s.found, nil
			}
			s.put(c)
		case '\\':
			s.escaped()
		default:
			if err := s.quoted(c); err != nil {
				return nil, err
			}
		}
	}
	s.end()
	return s.found, nil
}

// escaped takes the character behind a backslash as it is; a line's end is none.
func (s *shell) escaped() {
	rest := s.text[s.at:]
	switch {
	case rest == "":
	case strings.HasPrefix(rest, "\r\n"):
		s.at += 2
	case rest[0] == '\n':
		s.at++
	default:
		s.put(rest[0])
		s.at++
	}
}

// quoted takes what a quote, or a character that is none, begins.
func (s *shell) quoted(c byte) error {
	switch c {
	case '\'':
		return s.single()
	case '"':
		return s.double()
	case '`':
		return substitution("`…`")
	case '$':
		return s.dollar(true)
	}
	s.put(c)
	return nil
}

func (s *shell) single() error {
	text, _, found := strings.Cut(s.text[s.at:], "'")
	if !found {
		return unended("'")
	}
	s.at += len(text) + 1
	s.word.WriteString(text)
	s.begun = true
	return nil
}

func (s *shell) double() error {
	s.begun = true
	for s.at < len(s.text) {
		c := s.text[s.at]
		s.at++
		switch c {
		case '"':
			return nil
		case '`':
			return substitution("`…`")
		case '$':
			if err := s.dollar(false); err != nil {
				return err
			}
		case '\\':
			if s.at < len(s.text) && !strings.ContainsRune("$`\"\\\n", rune(s.text[s.at])) {
				s.put(c)
			}
			s.escaped()
		default:
			s.put(c)
		}
	}
	return unended(`"`)
}

// dollar reads $'…', and refuses what only the shell could fill in.
func (s *shell) dollar(mayQuote bool) error {
	rest := s.text[s.at:]
	switch {
	case mayQuote && strings.HasPrefix(rest, "'"):
		s.at++
		return s.ansi()
	case mayQuote && strings.HasPrefix(rest, `"`):
		s.at++
		return s.double()
	case strings.HasPrefix(rest, "("):
		return substitution("$(…)")
	case strings.HasPrefix(rest, "{") || rest != "" && isNameByte(rest[0]):
		name := strings.TrimPrefix(rest, "{")
		end := 0
		for end < len(name) && isNameByte(name[end]) {
			end++
		}
		return substitution("$" + name[:end])
	}
	s.put('$')
	return nil
}

func isNameByte(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

func isDigits(text string) bool { return text != "" && strings.Trim(text, "0123456789") == "" }

func substitution(what string) error {
	return &Problem{"the pasted command has " + what + ", which only your shell can fill in",
		"put the command itself behind, without quotes around it: poolgate explain curl …"}
}

func unended(quote string) error {
	return &Problem{"the pasted command has a " + quote + " that does not end", "copy the whole command; on the way through a shell it needs quotes, or comes on standard input: poolgate explain -"}
}
