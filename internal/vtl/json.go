package vtl

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// ParseJSON reads JSON into values, keeping the order of keys. Whole numbers become int64, others float64.
func ParseJSON(text string) (any, error) {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	value, err := decode(d, 0)
	if err != nil {
		return nil, fmt.Errorf("vtl: not JSON: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("vtl: not JSON: something follows the value")
	}
	return value, nil
}

func decode(d *json.Decoder, depth int) (any, error) {
	if depth > depthLimit {
		return nil, ErrLimit
	}
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch t := token.(type) {
	case json.Number:
		if i, err := strconv.ParseInt(t.String(), 10, 64); err == nil {
			return i, nil
		}
		return t.Float64()
	case json.Delim:
		if t == '[' {
			return decodeList(d, depth)
		}
		return decodeMap(d, depth)
	}
	return token, nil // a string, a bool or nil
}

func decodeList(d *json.Decoder, depth int) (any, error) {
	list := &List{json: true}
	for d.More() {
		item, err := decode(d, depth+1)
		if err != nil {
			return nil, err
		}
		list.Items = append(list.Items, item)
	}
	_, err := d.Token()
	return list, err
}

func decodeMap(d *json.Decoder, depth int) (any, error) {
	m := NewMap()
	m.json = true
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, err
		}
		value, err := decode(d, depth+1)
		if err != nil {
			return nil, err
		}
		m.Put(key.(string), value)
	}
	_, err := d.Token()
	return m, err
}

// JSON is the value as compact JSON. An Object is its text, as a string. It is bounded as Text is.
func JSON(value any) string { return string(appendJSON(nil, value, 0)) }

func appendJSON(b []byte, value any, depth int) []byte {
	if depth > depthLimit {
		return append(b, "null"...)
	}
	switch v := value.(type) {
	case nil:
		return append(b, "null"...)
	case string:
		return appendString(b, v)
	case bool:
		return strconv.AppendBool(b, v)
	case int64:
		return strconv.AppendInt(b, v, 10)
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return append(b, "null"...)
		}
		return append(b, floatText(v)...)
	case *List:
		b = append(b, '[')
		for i, item := range v.Items {
			if len(b) > OutputLimit {
				return b
			}
			if i > 0 {
				b = append(b, ',')
			}
			b = appendJSON(b, item, depth+1)
		}
		return append(b, ']')
	case *Map:
		b = append(b, '{')
		for i, key := range v.keys {
			if len(b) > OutputLimit {
				return b
			}
			if i > 0 {
				b = append(b, ',')
			}
			b = appendString(b, key)
			b = append(b, ':')
			b = appendJSON(b, v.values[key], depth+1)
		}
		return append(b, '}')
	}
	return appendString(b, string(appendText(nil, value, depth+1)))
}

// appendString writes a JSON string without the HTML escapes of encoding/json, which AWS does not make.
func appendString(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c == '\n':
			b = append(b, `\n`...)
		case c == '\r':
			b = append(b, `\r`...)
		case c == '\t':
			b = append(b, `\t`...)
		case c == '\b':
			b = append(b, `\b`...)
		case c == '\f':
			b = append(b, `\f`...)
		case c < 0x20:
			b = append(b, `\u00`...)
			b = append(b, hex[c>>4], hex[c&15])
		case c < utf8.RuneSelf:
			b = append(b, c)
		default:
			r, size := utf8.DecodeRuneInString(s[i:])
			b = utf8.AppendRune(b, r) // an invalid byte becomes U+FFFD
			i += size
			continue
		}
		i++
	}
	return append(b, '"')
}

// Quote is s as a JSON string.
func Quote(s string) string { return string(appendString(make([]byte, 0, len(s)+2), s)) }
