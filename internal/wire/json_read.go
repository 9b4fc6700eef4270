package wire

import (
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/poolgate/poolgate/internal/fault"
)

// maxDepth bounds how deep JSON, forms and documents may nest: no model comes near it.
const maxDepth = 64

// jsonReader reads JSON strictly (RFC 8259, UTF-8 only) and without recursion into what it was not asked for. Its errors
// are SerializationExceptions.
type jsonReader struct {
	data  []byte
	pos   int
	depth int
}

// token is what a JSON value begins with.
type token byte

const (
	tokenObject token = '{'
	tokenArray  token = '['
	tokenString token = '"'
	tokenNumber token = '0'
	tokenTrue   token = 't'
	tokenFalse  token = 'f'
	tokenNull   token = 'n'
)

func malformed(text string) *fault.Error {
	return fault.Malformed("SerializationException", "%s", text)
}

func (r *jsonReader) broken(what string) *fault.Error {
	return malformed("Could not parse request body into json: " + what + " at offset " + strconv.Itoa(r.pos))
}

func (r *jsonReader) space() {
	for r.pos < len(r.data) {
		switch r.data[r.pos] {
		case ' ', '\t', '\n', '\r':
			r.pos++
		default:
			return
		}
	}
}

// peek tells what the next value is without consuming it.
func (r *jsonReader) peek() (token, error) {
	r.space()
	if r.pos == len(r.data) {
		return 0, r.broken("unexpected end of input")
	}
	switch c := r.data[r.pos]; {
	case c == '-' || c >= '0' && c <= '9':
		return tokenNumber, nil
	case c == '{' || c == '[' || c == '"' || c == 't' || c == 'f' || c == 'n':
		return token(c), nil
	default:
		return 0, r.broken("unexpected character")
	}
}

// end says whether nothing but white space is left.
func (r *jsonReader) end() error {
	if r.space(); r.pos != len(r.data) {
		return r.broken("unexpected character after the end")
	}
	return nil
}

func (r *jsonReader) literal(word string) error {
	if len(r.data)-r.pos < len(word) || string(r.data[r.pos:r.pos+len(word)]) != word {
		return r.broken("unexpected character")
	}
	r.pos += len(word)
	return nil
}

// enter consumes the bracket that opens an object or array, leave counts its end.
func (r *jsonReader) enter() error {
	if r.depth++; r.depth > maxDepth {
		return malformed("The request is nested too deeply")
	}
	r.pos++
	return nil
}

// more moves to the next entry of an object or array that closes with closing. first is true before the first one.
func (r *jsonReader) more(first bool, closing byte) (bool, error) {
	r.space()
	if r.pos == len(r.data) {
		return false, r.broken("unexpected end of input")
	}
	if r.data[r.pos] == closing {
		r.pos++
		r.depth--
		return false, nil
	}
	if first {
		return true, nil
	}
	if r.data[r.pos] != ',' {
		return false, r.broken("unexpected character")
	}
	r.pos++
	return true, nil
}

// name reads an object's key and its colon.
func (r *jsonReader) name() ([]byte, error) {
	r.space()
	if r.pos == len(r.data) || r.data[r.pos] != '"' {
		return nil, r.broken("expected a name")
	}
	name, err := r.text()
	if err != nil {
		return nil, err
	}
	if r.space(); r.pos == len(r.data) || r.data[r.pos] != ':' {
		return nil, r.broken("expected a colon")
	}
	r.pos++
	return name, nil
}

// text reads a string. The result may share the input's memory: copy what is kept.
func (r *jsonReader) text() ([]byte, error) {
	start := r.pos + 1
	for i := start; i < len(r.data); i++ {
		switch c := r.data[i]; {
		case c == '"':
			if text := r.data[start:i]; utf8.Valid(text) {
				r.pos = i + 1
				return text, nil
			}
			return nil, r.broken("invalid UTF-8")
		case c == '\\':
			return r.escapedText(start, i)
		case c < 0x20:
			r.pos = i
			return nil, r.broken("unexpected control character")
		}
	}
	r.pos = len(r.data)
	return nil, r.broken("unexpected end of input")
}

var simpleEscapes = [256]byte{
	'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t',
}

// escapedText goes on where text met the first backslash.
func (r *jsonReader) escapedText(start, backslash int) ([]byte, error) {
	text := append(make([]byte, 0, 2*(backslash-start)+16), r.data[start:backslash]...)
	for r.pos = backslash; r.pos < len(r.data); {
		switch c := r.data[r.pos]; {
		case c == '"':
			r.pos++
			if !utf8.Valid(text) {
				return nil, r.broken("invalid UTF-8")
			}
			return text, nil
		case c == '\\':
			decoded, err := r.escape()
			if err != nil {
				return nil, err
			}
			text = utf8.AppendRune(text, decoded)
		case c < 0x20:
			return nil, r.broken("unexpected control character")
		default:
			text = append(text, c)
			r.pos++
		}
	}
	return nil, r.broken("unexpected end of input")
}

// escape reads one escape sequence, or the two of a surrogate pair. A lone surrogate becomes U+FFFD.
func (r *jsonReader) escape() (rune, error) {
	if r.pos+1 >= len(r.data) {
		return 0, r.broken("unexpected end of input")
	}
	if c := simpleEscapes[r.data[r.pos+1]]; c != 0 {
		r.pos += 2
		return rune(c), nil
	}
	first, ok := r.hex4(r.pos)
	if !ok {
		return 0, r.broken("invalid escape")
	}
	r.pos += 6
	if !utf16.IsSurrogate(first) {
		return first, nil
	}
	if second, ok := r.hex4(r.pos); ok {
		if pair := utf16.DecodeRune(first, second); pair != utf8.RuneError {
			r.pos += 6
			return pair, nil
		}
	}
	return utf8.RuneError, nil
}

func (r *jsonReader) hex4(at int) (rune, bool) {
	if at+6 > len(r.data) || r.data[at] != '\\' || r.data[at+1] != 'u' {
		return 0, false
	}
	var value rune
	for _, c := range r.data[at+2 : at+6] {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		case c >= 'A' && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		value = value<<4 | rune(c)
	}
	return value, true
}

func (r *jsonReader) digits() bool {
	start := r.pos
	for r.pos < len(r.data) && r.data[r.pos] >= '0' && r.data[r.pos] <= '9' {
		r.pos++
	}
	return r.pos > start
}

// number reads a number as it is written.
func (r *jsonReader) number() (string, error) {
	start := r.pos
	if r.data[r.pos] == '-' {
		r.pos++
	}
	leading := r.pos
	if !r.digits() || r.data[leading] == '0' && r.pos > leading+1 {
		return "", r.broken("invalid number")
	}
	if r.pos < len(r.data) && r.data[r.pos] == '.' {
		if r.pos++; !r.digits() {
			return "", r.broken("invalid number")
		}
	}
	if r.pos < len(r.data) && (r.data[r.pos] == 'e' || r.data[r.pos] == 'E') {
		r.pos++
		if r.pos < len(r.data) && (r.data[r.pos] == '+' || r.data[r.pos] == '-') {
			r.pos++
		}
		if !r.digits() {
			return "", r.broken("invalid number")
		}
	}
	if r.pos-start > maxNumber {
		return "", r.broken("number too long")
	}
	return string(r.data[start:r.pos]), nil
}

// maxNumber bounds the digits of a number; the longest that a model holds has 25.
const maxNumber = 400

// skip reads one value of any kind and drops it.
func (r *jsonReader) skip() error {
	next, err := r.peek()
	if err != nil {
		return err
	}
	switch next {
	case tokenObject, tokenArray:
		return r.skipInside(byte(next) + 2) // the closing bracket is two after the opening one
	case tokenString:
		_, err = r.text()
	case tokenNumber:
		_, err = r.number()
	case tokenTrue:
		err = r.literal("true")
	case tokenFalse:
		err = r.literal("false")
	case tokenNull:
		err = r.literal("null")
	}
	return err
}

func (r *jsonReader) skipInside(closing byte) error {
	if err := r.enter(); err != nil {
		return err
	}
	for first := true; ; first = false {
		more, err := r.more(first, closing)
		if err != nil || !more {
			return err
		}
		if closing == '}' {
			if _, err := r.name(); err != nil {
				return err
			}
		}
		if err := r.skip(); err != nil {
			return err
		}
	}
}

// raw reads one value of any kind and returns its text.
func (r *jsonReader) raw() ([]byte, error) {
	r.space()
	start := r.pos
	if err := r.skip(); err != nil {
		return nil, err
	}
	return r.data[start:r.pos], nil
}
