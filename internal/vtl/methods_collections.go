package vtl

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"
)

// callList runs one of java.util.List's methods.
func callList(l *List, method string, args []any) (any, bool) {
	if len(args) == 0 {
		switch method {
		case "size":
			return int64(len(l.Items)), true
		case "isEmpty":
			return len(l.Items) == 0, true
		case "toString":
			return Text(l), true
		case "clear":
			l.Items = nil
			return "", true
		case "toArray", "iterator":
			return l, true
		}
		return nil, false
	}
	switch method {
	case "get":
		return at(l, args[0]), true
	case "subList":
		return l.subList(args), true
	case "equals":
		return equal(l, args[0]), true
	case "contains":
		return l.index(args[0]) >= 0, true
	case "indexOf":
		return int64(l.index(args[0])), true
	}
	return l.change(method, args)
}

// change runs the methods that change a list, with one argument or more.
func (l *List) change(method string, args []any) (any, bool) {
	switch method {
	case "add":
		if len(l.Items) >= stepLimit/16 {
			return false, true
		}
		if i, ok := args[0].(int64); ok && len(args) == 2 {
			if i >= 0 && i <= int64(len(l.Items)) {
				l.Items = slices.Insert(l.Items, int(i), args[1])
			}
			return "", true
		}
		l.Items = append(l.Items, args[0])
		return true, true
	case "addAll":
		if items := elements(args[0]); len(l.Items)+len(items) < stepLimit/16 {
			l.Items = append(l.Items, items...)
		}
		return true, true
	case "set":
		if i, ok := args[0].(int64); ok && len(args) == 2 && i >= 0 && i < int64(len(l.Items)) {
			old := l.Items[i]
			l.Items[i] = args[1]
			return old, true
		}
		return nil, true
	case "remove":
		if i, ok := args[0].(int64); ok && i >= 0 && i < int64(len(l.Items)) {
			old := l.Items[i]
			l.Items = append(l.Items[:i:i], l.Items[i+1:]...)
			return old, true
		}
		return nil, true
	}
	return nil, false
}

// subList is a copy of the items from one position up to another; positions that are none give null.
func (l *List) subList(args []any) any {
	if len(args) != 2 {
		return nil
	}
	from, ok := args[0].(int64)
	to, okToo := args[1].(int64)
	if !ok || !okToo || from < 0 || to < from || to > int64(len(l.Items)) {
		return nil
	}
	return &List{Items: slices.Clone(l.Items[from:to]), json: l.json}
}

func (l *List) index(value any) int {
	for i, item := range l.Items {
		if equal(item, value) {
			return i
		}
	}
	return -1
}

// callMap runs one of java.util.Map's methods.
func callMap(m *Map, method string, args []any) (any, bool) {
	if len(args) == 0 {
		return callMapPlain(m, method)
	}
	key := Text(args[0])
	value, found := m.Get(key)
	switch method {
	case "get":
		return value, true
	case "containsKey":
		return found, true
	case "containsValue":
		return (&List{Items: elements(m)}).index(args[0]) >= 0, true
	case "remove":
		return m.remove(key), true
	case "put":
		if len(args) == 2 && len(m.keys) < stepLimit/16 {
			m.Put(key, args[1])
		}
		return value, true
	case "putIfAbsent":
		if !found && len(args) == 2 && len(m.keys) < stepLimit/16 {
			m.Put(key, args[1])
		}
		return value, true
	case "equals":
		return equal(m, args[0]), true
	case "getOrDefault":
		if !found && len(args) == 2 {
			value = args[1]
		}
		return value, true
	case "putAll":
		if other, ok := args[0].(*Map); ok && other != m && len(m.keys)+len(other.keys) < stepLimit/16 {
			for _, k := range other.keys {
				m.Put(k, other.values[k])
			}
		}
		return "", true
	}
	return nil, false
}

func callMapPlain(m *Map, method string) (any, bool) {
	switch method {
	case "size":
		return int64(len(m.keys)), true
	case "isEmpty":
		return len(m.keys) == 0, true
	case "keySet":
		keys := &List{}
		for _, key := range m.keys {
			keys.Items = append(keys.Items, key)
		}
		return keys, true
	case "values":
		return &List{Items: elements(m)}, true
	case "entrySet":
		entries := &List{}
		for _, key := range m.keys {
			entries.Items = append(entries.Items, entry{key, m.values[key]})
		}
		return entries, true
	case "toString":
		return Text(m), true
	case "clear":
		m.keys, m.values = nil, map[string]any{}
		return "", true
	}
	return nil, false
}

// entry is one of Map.entrySet.
type entry struct {
	key   string
	value any
}

func (e entry) String() string { return Text(e) }

// Property returns the key or the value.
func (e entry) Property(name string) (any, bool) {
	switch name {
	case "key":
		return e.key, true
	case "value":
		return e.value, true
	}
	return nil, false
}

// Call runs getKey, getValue and toString.
func (e entry) Call(method string, _ []any) (any, bool, error) {
	if method == "toString" {
		return Text(e), true, nil
	}
	name := strings.ToLower(strings.TrimPrefix(method, "get"))
	value, ok := e.Property(name)
	return value, ok, nil
}

// callScalar runs a method of a number or a truth value.
func callScalar(value any, method string, args []any) (any, bool) {
	switch method {
	case "toString":
		return Text(value), true
	case "equals":
		return len(args) == 1 && equal(value, args[0]), true
	}
	n, isNumber := number(value)
	if !isNumber {
		return nil, false
	}
	switch method {
	case "intValue", "longValue":
		if n < math.MinInt64 || n >= math.MaxInt64 {
			return nil, true
		}
		return int64(n), true
	case "doubleValue", "floatValue":
		return n, true
	case "compareTo":
		if len(args) == 1 {
			if other, ok := number(args[0]); ok {
				return int64(cmp.Compare(n, other)), true
			}
		}
		return nil, true
	}
	return parseNumber(method, args)
}

// parseNumber is how templates turn texts to numbers: any number lends them Integer's static methods.
func parseNumber(method string, args []any) (any, bool) {
	if len(args) != 1 {
		return nil, false
	}
	text := strings.TrimSpace(Text(args[0]))
	switch method {
	case "parseInt", "parseLong", "valueOf":
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			return n, true
		}
		return nil, true
	case "parseDouble", "parseFloat":
		if n, err := strconv.ParseFloat(text, 64); err == nil {
			return n, true
		}
		return nil, true
	}
	return nil, false
}
