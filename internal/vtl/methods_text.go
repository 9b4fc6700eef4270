package vtl

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf16"
)

// callText runs one of java.lang.String's methods. Positions count UTF-16 units, as in Java.
func callText(s, method string, args []any) (any, bool, error) {
	switch len(args) {
	case 0:
		return callTextPlain(s, method)
	case 1:
		return callTextOne(s, method, args[0])
	case 2:
		return callTextTwo(s, method, args[0], args[1])
	}
	return nil, false, nil
}

func callTextPlain(s, method string) (any, bool, error) {
	switch method {
	case "length":
		return int64(len(utf16.Encode([]rune(s)))), true, nil
	case "isEmpty":
		return s == "", true, nil
	case "trim":
		return strings.TrimFunc(s, func(r rune) bool { return r <= ' ' }), true, nil
	case "toLowerCase":
		return strings.ToLower(s), true, nil
	case "toUpperCase":
		return strings.ToUpper(s), true, nil
	case "toString", "intern":
		return s, true, nil
	case "isBlank":
		return strings.TrimSpace(s) == "", true, nil
	case "strip":
		return strings.TrimSpace(s), true, nil
	case "hashCode":
		var hash int32
		for _, unit := range utf16.Encode([]rune(s)) {
			hash = 31*hash + int32(unit)
		}
		return int64(hash), true, nil
	}
	return nil, false, nil
}

func callTextOne(s, method string, arg any) (any, bool, error) {
	if method == "equals" {
		other, isText := arg.(string)
		return isText && other == s, true, nil
	}
	if method == "substring" || method == "charAt" {
		return cut(s, method, arg, nil), true, nil
	}
	other := Text(arg)
	switch method {
	case "equalsIgnoreCase":
		return strings.EqualFold(s, other), true, nil
	case "contains":
		return strings.Contains(s, other), true, nil
	case "startsWith":
		return strings.HasPrefix(s, other), true, nil
	case "endsWith":
		return strings.HasSuffix(s, other), true, nil
	case "concat":
		return s + other, true, nil
	case "compareTo":
		return int64(strings.Compare(s, other)), true, nil
	case "compareToIgnoreCase":
		return int64(strings.Compare(strings.ToLower(s), strings.ToLower(other))), true, nil
	case "repeat":
		return repeat(s, arg)
	case "indexOf":
		return utf16Index(s, strings.Index(s, other)), true, nil
	case "lastIndexOf":
		return utf16Index(s, strings.LastIndex(s, other)), true, nil
	case "matches":
		pattern, err := compile(`\A(?:` + other + `)\z`)
		if err != nil {
			return nil, true, err
		}
		return pattern.MatchString(s), true, nil
	case "split":
		return split(s, other, 0)
	}
	return nil, false, nil
}

func repeat(s string, count any) (any, bool, error) {
	n, ok := count.(int64)
	switch {
	case !ok || n < 0:
		return nil, true, nil
	case len(s) > 0 && n > int64(OutputLimit/len(s)):
		return nil, true, ErrLimit
	case s == "":
		return "", true, nil
	}
	return strings.Repeat(s, int(n)), true, nil
}

func callTextTwo(s, method string, first, second any) (any, bool, error) {
	switch method {
	case "substring":
		return cut(s, method, first, second), true, nil
	case "replace":
		replaced, err := bounded(s, Text(first), Text(second))
		return replaced, true, err
	case "replaceAll", "replaceFirst":
		pattern, err := compile(Text(first))
		if err != nil {
			return nil, true, err
		}
		return replacePattern(s, pattern, Text(second), method == "replaceFirst")
	case "split":
		limit, _ := second.(int64)
		return split(s, Text(first), limit)
	case "indexOf", "startsWith":
		from, ok := second.(int64)
		if !ok {
			return nil, true, nil
		}
		from = max(from, 0)
		rest, isText := cut(s, "substring", from, nil).(string)
		if method == "startsWith" {
			return isText && strings.HasPrefix(rest, Text(first)), true, nil
		}
		at := utf16Index(rest, strings.Index(rest, Text(first)))
		if !isText || at < 0 {
			return int64(-1), true, nil
		}
		return from + at, true, nil
	}
	return nil, false, nil
}

// bounded replaces, after a look at how long the result would be.
func bounded(s, from, to string) (string, error) {
	if n := strings.Count(s, from); n > 0 && len(to) > OutputLimit/n {
		return "", ErrLimit
	}
	return strings.ReplaceAll(s, from, to), nil
}

func compile(pattern string) (*regexp.Regexp, error) {
	re, err := regexp.Compile(pattern)
	if err != nil {
		return nil, fmt.Errorf("vtl: %w", err)
	}
	return re, nil
}

var (
	javaGroup = regexp.MustCompile(`\\(.)|\$(\d)|\$\{(\w+)\}`)
	goDollar  = strings.NewReplacer("$", "$$")
)

// goReplacement turns Java's replacement text ($1, ${name}, \$) into Go's.
func goReplacement(java string) string {
	var b strings.Builder
	end := 0
	for _, m := range javaGroup.FindAllStringSubmatchIndex(java, -1) {
		b.WriteString(goDollar.Replace(java[end:m[0]]))
		switch {
		case m[2] >= 0:
			b.WriteString(goDollar.Replace(java[m[2]:m[3]]))
		case m[4] >= 0:
			b.WriteString("${" + java[m[4]:m[5]] + "}")
		default:
			b.WriteString("${" + java[m[6]:m[7]] + "}")
		}
		end = m[1]
	}
	b.WriteString(goDollar.Replace(java[end:]))
	return b.String()
}

func replacePattern(s string, pattern *regexp.Regexp, java string, first bool) (any, bool, error) {
	replacement := goReplacement(java)
	matches := -1
	if first {
		matches = 1
	}
	var out []byte
	end := 0
	for _, m := range pattern.FindAllStringSubmatchIndex(s, matches) {
		out = append(out, s[end:m[0]]...)
		out = pattern.ExpandString(out, replacement, s, m)
		end = m[1]
		if len(out) > OutputLimit {
			return nil, true, ErrLimit
		}
	}
	return string(append(out, s[end:]...)), true, nil
}

// split drops empty texts at the end when there is no limit, as Java does; a positive limit is how many parts there may be.
func split(s, separator string, limit int64) (any, bool, error) {
	pattern, err := compile(separator)
	if err != nil {
		return nil, true, err
	}
	const most = stepLimit / 16
	n := most + 1
	if limit > 0 {
		n = int(min(limit, int64(n)))
	}
	parts := pattern.Split(s, n)
	if len(parts) > most {
		return nil, true, ErrLimit
	}
	for limit == 0 && len(parts) > 1 && parts[len(parts)-1] == "" {
		parts = parts[:len(parts)-1]
	}
	list := &List{}
	for _, part := range parts {
		list.Items = append(list.Items, part)
	}
	return list, true, nil
}

func utf16Index(s string, index int) int64 {
	if index < 0 {
		return -1
	}
	return int64(len(utf16.Encode([]rune(s[:index]))))
}

// cut is substring and charAt; positions outside the text give null, where Java throws and Velocity renders nothing.
func cut(s, method string, from, to any) any {
	units := utf16.Encode([]rune(s))
	start, ok := from.(int64)
	end := int64(len(units))
	if method == "charAt" {
		end = start + 1
	} else if to != nil {
		var isNumber bool
		if end, isNumber = to.(int64); !isNumber {
			return nil
		}
	}
	if !ok || start < 0 || end < start || end > int64(len(units)) {
		return nil
	}
	return string(utf16.Decode(units[start:end]))
}
