package wire

import (
	"encoding/base64"
	"fmt"
	"math"
	"reflect"
	"sort"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/poolgate/poolgate/internal/wire/model"
)

// jsonEncoder writes SDK types as a service's JSON.
type jsonEncoder struct {
	out []byte
	// everything writes also the members that travel outside a body, and time to the nanosecond, as stored documents have them.
	everything bool
	depth      int
}

// absent tells whether a member is left out: nil pointers, collections and interfaces, and empty enums. Plain booleans and
// numbers are always sent.
func absent(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map, reflect.Interface:
		return v.IsNil()
	case reflect.String:
		return v.Len() == 0
	}
	return false
}

func (e *jsonEncoder) value(p *plan, v reflect.Value) error {
	if p.pointer {
		if v.IsNil() {
			e.out = append(e.out, "null"...)
			return nil
		}
		v = v.Elem()
	}
	switch p.shape.Kind {
	case model.Structure:
		return e.structure(p, v)
	case model.List:
		return e.list(p, v)
	case model.Map:
		return e.mapping(p, v)
	case model.String:
		e.out = appendJSONString(e.out, v.String())
	case model.Blob:
		e.out = append(e.out, '"')
		e.out = base64.StdEncoding.AppendEncode(e.out, v.Bytes())
		e.out = append(e.out, '"')
	case model.Boolean:
		e.out = strconv.AppendBool(e.out, v.Bool())
	case model.Integer, model.Long:
		e.out = strconv.AppendInt(e.out, v.Int(), 10)
	case model.Float, model.Double:
		e.out = appendFloat(e.out, v.Float(), v.Type().Bits())
	case model.Timestamp:
		e.timestamp(p, v.Interface().(time.Time))
	case model.Document:
		raw, err := documentJSON(v)
		if err != nil {
			return err
		}
		e.out = append(e.out, raw...)
	}
	return nil
}

func (e *jsonEncoder) timestamp(p *plan, t time.Time) {
	switch {
	case e.everything:
		e.out = appendEpoch(e.out, t, 9)
	case p.time == model.ISO8601 || p.time == model.RFC822:
		e.out = appendJSONString(e.out, formatTime(t, p.time, p.time))
	default:
		e.out = appendEpoch(e.out, t, 3)
	}
}

// deeper guards against values that contain themselves.
func (e *jsonEncoder) deeper() error {
	if e.depth++; e.depth > 2*maxDepth {
		return fmt.Errorf("wire: the value is nested too deeply")
	}
	return nil
}

func (e *jsonEncoder) structure(p *plan, v reflect.Value) error {
	if err := e.deeper(); err != nil {
		return err
	}
	e.out = append(e.out, '{')
	first := true
	for i := range p.fields {
		f := &p.fields[i]
		member := v.Field(f.index)
		if !e.everything && f.member.At != model.Body || absent(member) {
			continue
		}
		if !first {
			e.out = append(e.out, ',')
		}
		first = false
		e.out = append(appendJSONString(e.out, f.member.Wire), ':')
		if err := e.value(f.plan, member); err != nil {
			return err
		}
	}
	e.out = append(e.out, '}')
	e.depth--
	return nil
}

func (e *jsonEncoder) list(p *plan, v reflect.Value) error {
	if err := e.deeper(); err != nil {
		return err
	}
	e.out = append(e.out, '[')
	for i := range v.Len() {
		if i > 0 {
			e.out = append(e.out, ',')
		}
		if err := e.value(p.elem, v.Index(i)); err != nil {
			return err
		}
	}
	e.out = append(e.out, ']')
	e.depth--
	return nil
}

// mapping writes keys in order, so that the same value always has the same text.
func (e *jsonEncoder) mapping(p *plan, v reflect.Value) error {
	if err := e.deeper(); err != nil {
		return err
	}
	e.out = append(e.out, '{')
	for i, key := range sortedMapKeys(v) {
		if i > 0 {
			e.out = append(e.out, ',')
		}
		e.out = append(appendJSONString(e.out, key.String()), ':')
		if err := e.value(p.elem, v.MapIndex(key)); err != nil {
			return err
		}
	}
	e.out = append(e.out, '}')
	e.depth--
	return nil
}

func sortedMapKeys(v reflect.Value) []reflect.Value {
	keys := v.MapKeys()
	sort.Slice(keys, func(i, j int) bool { return keys[i].String() < keys[j].String() })
	return keys
}

func appendFloat(out []byte, f float64, bits int) []byte {
	switch {
	case math.IsNaN(f):
		return append(out, `"NaN"`...)
	case math.IsInf(f, 1):
		return append(out, `"Infinity"`...)
	case math.IsInf(f, -1):
		return append(out, `"-Infinity"`...)
	}
	if size := math.Abs(f); size != 0 && (size < 1e-6 || size >= 1e21) {
		return strconv.AppendFloat(out, f, 'e', -1, bits)
	}
	return strconv.AppendFloat(out, f, 'f', -1, bits)
}

// appendJSONString escapes what JSON asks for and nothing else: <, > and & stay as they are on AWS.
func appendJSONString(out []byte, text string) []byte {
	const hex = "0123456789abcdef"
	out = append(out, '"')
	for i := 0; i < len(text); {
		c := text[i]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(text[i:])
			out = utf8.AppendRune(out, r) // U+FFFD for what is not UTF-8
			i += size
			continue
		}
		switch {
		case c == '"' || c == '\\':
			out = append(out, '\\', c)
		case c == '\n':
			out = append(out, `\n`...)
		case c == '\r':
			out = append(out, `\r`...)
		case c == '\t':
			out = append(out, `\t`...)
		case c < 0x20 || c == 0x7f:
			out = append(out, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		default:
			out = append(out, c)
		}
		i++
	}
	return append(out, '"')
}

// encodeJSON writes a structure.
func encodeJSON(p *plan, v reflect.Value, everything bool) ([]byte, error) {
	e := jsonEncoder{out: make([]byte, 0, 512), everything: everything}
	if err := e.value(p, v); err != nil {
		return nil, err
	}
	return e.out, nil
}
