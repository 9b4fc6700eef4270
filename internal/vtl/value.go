package vtl

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// A value is nil, a string, a bool, an int64, a float64, a *List, a *Map or an Object. Nothing else is ever handed to a
// template.

// Object is a value with properties and methods of its own, as $input, $util and $context are. An Object that is also a
// fmt.Stringer renders as its String; another renders nothing.
type Object interface {
	// Property returns the value of object.name or object['name'].
	Property(name string) (value any, ok bool)
	// Call returns the value of object.method(args…), and false when there is no such method.
	Call(method string, args []any) (value any, ok bool, err error)
}

// List is a list of values.
type List struct {
	Items []any
	// json tells that the list came out of JSON, whose text form is JSON again; one from a template has Java's.
	json bool
}

// Map is a map of values that keeps the order in which keys came.
type Map struct {
	keys   []string
	values map[string]any
	json   bool
	// shown is what the map renders as, when that is not its content.
	shown *string
}

// NewMap returns an empty map.
func NewMap() *Map { return &Map{values: map[string]any{}} }

// Put sets the value of a key and returns the map.
func (m *Map) Put(key string, value any) *Map {
	if _, ok := m.values[key]; !ok {
		m.keys = append(m.keys, key)
	}
	m.values[key] = value
	return m
}

// Get returns the value of a key.
func (m *Map) Get(key string) (any, bool) {
	value, ok := m.values[key]
	return value, ok
}

// Keys returns the keys in order. The caller must not change them.
func (m *Map) Keys() []string { return m.keys }

// ShowAs makes the map render as text, whatever it holds, and returns it: $context.authorizer.claims renders null.
func (m *Map) ShowAs(text string) *Map {
	m.shown = &text
	return m
}

func (m *Map) remove(key string) any {
	value, ok := m.values[key]
	if !ok {
		return nil
	}
	delete(m.values, key)
	for i, k := range m.keys {
		if k == key {
			m.keys = append(m.keys[:i:i], m.keys[i+1:]...)
			break
		}
	}
	return value
}

// Text is what a value renders as: JSON for what came out of JSON, Java's toString for the rest, nothing for nil. Of a text longer
// than an output may be only the beginning is made, which still is longer: a list that holds itself twice over would have
// no end.
func Text(value any) string {
	switch v := value.(type) {
	case *List, *Map, entry:
		return string(appendText(nil, v, 0))
	case nil:
		return ""
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return floatText(v)
	case fmt.Stringer:
		return v.String()
	}
	return ""
}

func appendText(b []byte, value any, depth int) []byte {
	if depth > depthLimit {
		return b
	}
	switch v := value.(type) {
	case *List:
		if v.json {
			return appendJSON(b, v, depth)
		}
		b = append(b, '[')
		for i, item := range v.Items {
			if len(b) > OutputLimit {
				return b
			}
			if i > 0 {
				b = append(b, ", "...)
			}
			b = appendInner(b, item, depth)
		}
		return append(b, ']')
	case *Map:
		if v.shown != nil {
			return append(b, *v.shown...)
		}
		if v.json {
			return appendJSON(b, v, depth)
		}
		b = append(b, '{')
		for i, key := range v.keys {
			if len(b) > OutputLimit {
				return b
			}
			if i > 0 {
				b = append(b, ", "...)
			}
			b = append(append(b, key...), '=')
			b = appendInner(b, v.values[key], depth)
		}
		return append(b, '}')
	case entry:
		b = append(append(b, v.key...), '=')
		return appendInner(b, v.value, depth)
	}
	return append(b, Text(value)...)
}

// appendInner is the text of a value inside Java's toString of a collection, where null is spelled out.
func appendInner(b []byte, value any, depth int) []byte {
	if value == nil {
		return append(b, "null"...)
	}
	return appendText(b, value, depth+1)
}

// floatText is Java's Double.toString: always a fraction, scientific from 10^7 on and below 10^-3.
func floatText(f float64) string {
	switch abs := math.Abs(f); {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 1):
		return "Infinity"
	case math.IsInf(f, -1):
		return "-Infinity"
	case abs != 0 && (abs >= 1e7 || abs < 1e-3):
		mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(f, 'E', -1, 64), "E")
		if !strings.Contains(mantissa, ".") {
			mantissa += ".0"
		}
		n, _ := strconv.Atoi(exponent)
		return mantissa + "E" + strconv.Itoa(n)
	}
	s := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}

// truth is Velocity 1.7's: false and null are false, everything else is true, the empty string too.
func truth(value any) bool {
	b, isBool := value.(bool)
	return value != nil && (!isBool || b)
}

// equal compares as Velocity does: numbers by value, things of different kinds by their text.
func equal(a, b any) bool {
	if a == nil || b == nil {
		return a == b
	}
	if x, ok := number(a); ok {
		if y, ok := number(b); ok {
			return x == y
		}
	}
	return Text(a) == Text(b)
}

// number returns a numeric value; a string is none.
func number(value any) (float64, bool) {
	switch v := value.(type) {
	case int64:
		return float64(v), true
	case float64:
		return v, true
	}
	return 0, false
}
