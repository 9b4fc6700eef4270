package authz

import (
	"unicode/utf16"
	"unicode/utf8"
)

// unescape decodes the inside of a JSON string that the scanner accepted. Without escapes it is the text itself.
// Half of a surrogate pair becomes U+FFFD, as encoding/json has it.
func unescape(text string, escaped bool) string {
	if !escaped {
		return text
	}
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' {
			out = append(out, text[i])
			continue
		}
		i++
		switch c := text[i]; c {
		case 'b':
			out = append(out, '\b')
		case 'f':
			out = append(out, '\f')
		case 'n':
			out = append(out, '\n')
		case 'r':
			out = append(out, '\r')
		case 't':
			out = append(out, '\t')
		case 'u':
			r := hexRune(text[i+1:])
			i += 4
			if utf16.IsSurrogate(r) {
				low := rune(-1)
				if len(text)-i > 6 && text[i+1] == '\\' && text[i+2] == 'u' {
					low = hexRune(text[i+3:])
				}
				if r = utf16.DecodeRune(r, low); r != utf8.RuneError {
					i += 6
				}
			}
			out = utf8.AppendRune(out, r)
		default: // a quote, a backslash or a slash
			out = append(out, c)
		}
	}
	return string(out)
}

// hexRune is the code unit that the first four bytes of text spell.
func hexRune(text string) rune {
	return hexValue(text[0])<<12 | hexValue(text[1])<<8 | hexValue(text[2])<<4 | hexValue(text[3])
}
