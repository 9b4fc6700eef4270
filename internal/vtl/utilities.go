package vtl

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"strings"
	"unicode/utf16"
)

// Utilities is $util.
type Utilities struct{}

// Property finds nothing: $util has only functions.
func (Utilities) Property(string) (any, bool) { return nil, false }

// Call runs one of the functions, each of which takes one value.
func (Utilities) Call(method string, args []any) (any, bool, error) {
	if len(args) != 1 {
		return nil, false, nil
	}
	text := Text(args[0])
	switch method {
	case "escapeJavaScript":
		return escapeJavaScript(text), true, nil
	case "base64Encode":
		return base64.StdEncoding.EncodeToString([]byte(text)), true, nil
	case "base64Decode":
		decoded, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return nil, true, fmt.Errorf("vtl: base64Decode: %w", err)
		}
		return string(decoded), true, nil
	case "urlEncode":
		return url.QueryEscape(text), true, nil
	case "urlDecode":
		decoded, err := url.QueryUnescape(text)
		if err != nil {
			return nil, true, fmt.Errorf("vtl: urlDecode: %w", err)
		}
		return decoded, true, nil
	case "parseJson":
		value, err := ParseJSON(text)
		return value, true, err
	}
	return nil, false, nil
}

// escapeJavaScript escapes as commons-lang 2 does: both quotes, the backslash, the slash, control characters, and
// everything beyond ASCII. Single quotes come out as \', which is not JSON; AWS documents that.
func escapeJavaScript(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '\'' || r == '"' || r == '\\' || r == '/':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\b':
			b.WriteString(`\b`)
		case r == '\f':
			b.WriteString(`\f`)
		case r < 0x20 || r > 0x7f:
			for _, unit := range utf16.Encode([]rune{r}) {
				fmt.Fprintf(&b, `\u%04X`, unit)
			}
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
