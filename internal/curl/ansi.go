package curl

import (
	"strconv"
	"strings"
)

// ansiEscapes are the characters that bash's $'…' names by a letter.
var ansiEscapes = map[byte]byte{
	'n': '\n', 't': '\t', 'r': '\r', 'a': 7, 'b': 8, 'e': 27, 'E': 27, 'f': 12, 'v': 11, '\\': '\\', '\'': '\'', '"': '"', '?': '?',
}

// ansi reads the rest of $'…', behind its first quote.
func (s *shell) ansi() error {
	s.begun = true
	for s.at < len(s.text) {
		c := s.text[s.at]
		s.at++
		switch {
		case c == '\'':
			return nil
		case c == '\\' && s.at < len(s.text):
			s.ansiEscape()
		default:
			s.put(c)
		}
	}
	return unended("$'")
}

// ansiEscape reads what follows a backslash in $'…'; what is no escape stays as it is.
func (s *shell) ansiEscape() {
	c := s.text[s.at]
	s.at++
	if literal, ok := ansiEscapes[c]; ok {
		s.put(literal)
		return
	}
	switch c {
	case 'x':
		s.number(c, 2, 16, false)
	case 'u':
		s.number(c, 4, 16, true)
	case 'U':
		s.number(c, 8, 16, true)
	case '0', '1', '2', '3', '4', '5', '6', '7':
		s.at--
		s.number(c, 3, 8, false)
	default:
		s.put('\\')
		s.put(c)
	}
}

// number reads at most so many digits and puts the byte, or the character, that they name.
func (s *shell) number(letter byte, most, base int, character bool) {
	digits := "0123456789abcdefABCDEF"
	if base == 8 {
		digits = "01234567"
	}
	end := s.at
	for end < len(s.text) && end-s.at < most && strings.IndexByte(digits, s.text[end]) >= 0 {
		end++
	}
	n, err := strconv.ParseUint(s.text[s.at:end], base, 32)
	if s.at = end; err != nil { // no digits
		s.put('\\')
		s.put(letter)
		return
	}
	if s.begun = true; character {
		s.word.WriteRune(rune(n))
		return
	}
	s.put(byte(n)) // bash, too, takes the lowest eight bits
}
