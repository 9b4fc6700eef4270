package authz

import (
	"unicode/utf8"
)

// A small strict JSON scanner for what tokens hold: one object, its members found by position, nothing decoded that nobody
// asks for. It accepts what encoding/json accepts, and beyond that refuses duplicate names, text that is
// not UTF-8 and deep nesting: where two readers of one token can disagree about it, the token is refused.

// maxDepth bounds the nesting of arrays and objects, the token's own object counted.
const maxDepth = 64

// kind is what a JSON value is.
type kind uint8

const (
	kindNone kind = iota
	kindString
	kindNumber
	kindTrue
	kindFalse
	kindNull
	kindArray
	kindObject
)

// member is one member of the object: where its name stands between the quotes, and where its value stands, a string's
// between its quotes.
type member struct {
	nameStart, nameEnd   uint16
	valueStart, valueEnd uint16
	kind                 kind
	// nameEscaped and valueEscaped say that the text holds a backslash and must be decoded to be compared.
	nameEscaped, valueEscaped bool
}

// Offsets are 16 bits wide, because no part of a token is longer than a token.
const _ = uint16(maxToken)

// scanObject appends the members of the one JSON object that data holds. It reports false for anything else.
func scanObject(data []byte, members []member) ([]member, bool) {
	if len(data) > maxToken || !utf8.Valid(data) {
		return members, false
	}
	i := skipSpace(data, 0)
	if i >= len(data) || data[i] != '{' {
		return members, false
	}
	i = skipSpace(data, i+1)
	if i < len(data) && data[i] == '}' {
		return members, skipSpace(data, i+1) == len(data)
	}
	for {
		var m member
		var next int
		if next, m.nameEscaped = scanString(data, i); next < 0 {
			return members, false
		}
		m.nameStart, m.nameEnd = uint16(i+1), uint16(next-1)
		if i = skipSpace(data, next); i >= len(data) || data[i] != ':' {
			return members, false
		}
		i = skipSpace(data, i+1)
		if next, m.kind, m.valueEscaped = scanValue(data, i, 1); next < 0 {
			return members, false
		}
		m.valueStart, m.valueEnd = uint16(i), uint16(next)
		if m.kind == kindString {
			m.valueStart, m.valueEnd = uint16(i+1), uint16(next-1)
		}
		members = append(members, m)
		if i = skipSpace(data, next); i >= len(data) {
			return members, false
		}
		switch data[i] {
		case ',':
			i = skipSpace(data, i+1)
		case '}':
			return members, skipSpace(data, i+1) == len(data) && !duplicateNames(data, members)
		default:
			return members, false
		}
	}
}

// skipSpace is the position of the first byte from i on that is not JSON white space.
func skipSpace(data []byte, i int) int {
	for i < len(data) {
		switch data[i] {
		case ' ', '\t', '\n', '\r':
			i++
		default:
			return i
		}
	}
	return i
}

// scanValue reads the value that begins at i inside depth arrays and objects and returns the position after it, or -1.
func scanValue(data []byte, i, depth int) (next int, k kind, escaped bool) {
	if i >= len(data) {
		return -1, kindNone, false
	}
	switch c := data[i]; c {
	case '"':
		next, escaped = scanString(data, i)
		return next, kindString, escaped
	case '{':
		return scanNested(data, i, depth+1), kindObject, false
	case '[':
		return scanNested(data, i, depth+1), kindArray, false
	case 't':
		return scanWord(data, i, "true"), kindTrue, false
	case 'f':
		return scanWord(data, i, "false"), kindFalse, false
	case 'n':
		return scanWord(data, i, "null"), kindNull, false
	default:
		return scanNumber(data, i), kindNumber, false
	}
}

func scanWord(data []byte, i int, word string) int {
	if len(data)-i < len(word) || string(data[i:i+len(word)]) != word {
		return -1
	}
	return i + len(word)
}

// scanNested reads the array or object that begins at i and returns the position after it, or -1.
func scanNested(data []byte, i, depth int) int {
	if depth > maxDepth {
		return -1
	}
	object := data[i] == '{'
	closing := byte(']')
	if object {
		closing = '}'
	}
	if i = skipSpace(data, i+1); i < len(data) && data[i] == closing {
		return i + 1
	}
	for {
		if object {
			if i, _ = scanString(data, i); i < 0 {
				return -1
			}
			if i = skipSpace(data, i); i >= len(data) || data[i] != ':' {
				return -1
			}
			i = skipSpace(data, i+1)
		}
		if i, _, _ = scanValue(data, i, depth); i < 0 {
			return -1
		}
		if i = skipSpace(data, i); i >= len(data) {
			return -1
		}
		switch data[i] {
		case ',':
			i = skipSpace(data, i+1)
		case closing:
			return i + 1
		default:
			return -1
		}
	}
}

// scanString reads the string that begins at i and returns the position after its closing quote, or -1.
func scanString(data []byte, i int) (next int, escaped bool) {
	if i >= len(data) || data[i] != '"' {
		return -1, false
	}
	for i++; i < len(data); i++ {
		c := data[i]
		if plain[c] {
			continue
		}
		switch c {
		case '"':
			return i + 1, escaped
		case '\\':
			escaped = true
			if i = skipEscape(data, i+1); i < 0 {
				return -1, true
			}
		default: // a control character
			return -1, escaped
		}
	}
	return -1, escaped
}

// plain marks the bytes that mean themselves in a string.
var plain = func() (table [256]bool) {
	for c := range table {
		table[c] = c >= ' ' && c != '"' && c != '\\'
	}
	return table
}()

// skipEscape checks the escape whose letter is at i and returns the position of its last byte, or -1.
func skipEscape(data []byte, i int) int {
	if i >= len(data) {
		return -1
	}
	switch data[i] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return i
	case 'u':
		if len(data)-i < 5 {
			return -1
		}
		for _, c := range data[i+1 : i+5] {
			if hexValue(c) < 0 {
				return -1
			}
		}
		return i + 4
	}
	return -1
}

// scanNumber reads the number that begins at i and returns the position after it, or -1.
func scanNumber(data []byte, i int) int {
	if i < len(data) && data[i] == '-' {
		i++
	}
	whole := skipDigits(data, i)
	if whole == i || data[i] == '0' && whole != i+1 {
		return -1
	}
	i = whole
	if i < len(data) && data[i] == '.' {
		fraction := skipDigits(data, i+1)
		if fraction == i+1 {
			return -1
		}
		i = fraction
	}
	if i < len(data) && (data[i] == 'e' || data[i] == 'E') {
		i++
		if i < len(data) && (data[i] == '+' || data[i] == '-') {
			i++
		}
		exponent := skipDigits(data, i)
		if exponent == i {
			return -1
		}
		i = exponent
	}
	return i
}

func skipDigits(data []byte, i int) int {
	for i < len(data) && '0' <= data[i] && data[i] <= '9' {
		i++
	}
	return i
}

func hexValue(c byte) rune {
	switch {
	case '0' <= c && c <= '9':
		return rune(c - '0')
	case 'a' <= c && c <= 'f':
		return rune(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return rune(c-'A') + 10
	}
	return -1
}

// fewNames is up to how many members duplicates are looked for pair by pair, which needs no memory.
const fewNames = 48

// duplicateNames tells whether two members have one name, escapes decoded.
func duplicateNames(data []byte, members []member) bool {
	escaped := false
	for _, m := range members {
		escaped = escaped || m.nameEscaped
	}
	if escaped || len(members) > fewNames {
		seen := make(map[string]struct{}, len(members))
		for _, m := range members {
			seen[unescape(string(data[m.nameStart:m.nameEnd]), m.nameEscaped)] = struct{}{}
		}
		return len(seen) < len(members)
	}
	for i, m := range members {
		name := data[m.nameStart:m.nameEnd]
		for _, n := range members[:i] {
			if n.nameEnd-n.nameStart == m.nameEnd-m.nameStart && string(data[n.nameStart:n.nameEnd]) == string(name) {
				return true
			}
		}
	}
	return false
}
