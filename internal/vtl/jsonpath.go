package vtl

import (
	"fmt"
	"strconv"
	"strings"
)

// JSONPath finds a place in a value: $, .name, ['name'], [n], [a,b], [*], .* and ..name, with or without the leading "$.". A
// path that can name several places gives a list of them. Filters are refused by name.
func JSONPath(value any, path string) (found any, ok bool, err error) {
	rest := strings.TrimSpace(path)
	switch {
	case strings.HasPrefix(rest, "$"):
		rest = rest[1:]
	case rest != "" && rest[0] != '.' && rest[0] != '[':
		rest = "." + rest
	}
	places, several := []any{value}, false
	for rest != "" {
		var s selector
		if s, rest, err = readSelector(rest); err != nil {
			return nil, false, fmt.Errorf("vtl: the JSON path %q: %w", path, err)
		}
		several = several || s.several()
		var next []any
		for _, place := range places {
			if next, err = s.choose(next, place, 0); err != nil {
				return nil, false, err
			}
		}
		places = next
	}
	if several {
		return &List{Items: places, json: true}, true, nil
	}
	if len(places) == 0 {
		return nil, false, nil
	}
	return places[0], true, nil
}

// selector is one step of a JSON path.
type selector struct {
	names   []string
	indexes []int
	all     bool
	deep    bool
}

func (s selector) several() bool { return s.all || s.deep || len(s.names)+len(s.indexes) > 1 }

func readSelector(path string) (s selector, rest string, err error) {
	if strings.HasPrefix(path, "..") {
		s.deep = true
		path = path[1:]
		if strings.HasPrefix(path, ".[") {
			path = path[1:]
		}
	}
	switch path[0] {
	case '.':
		end := strings.IndexAny(path[1:], ".[")
		if end < 0 {
			end = len(path) - 1
		}
		name := path[1 : 1+end]
		switch name {
		case "":
			return s, "", fmt.Errorf("a name is missing")
		case "*":
			s.all = true
		default:
			s.names = []string{name}
		}
		return s, path[1+end:], nil
	case '[':
		return s.bracket(path)
	}
	return s, "", fmt.Errorf("unexpected %q", path)
}

func (s selector) bracket(path string) (selector, string, error) {
	at := 1
	for {
		for at < len(path) && path[at] == ' ' {
			at++
		}
		if at >= len(path) {
			return s, "", fmt.Errorf("a bracket is not closed")
		}
		switch c := path[at]; c {
		case '\'', '"':
			end := strings.IndexByte(path[at+1:], c)
			if end < 0 {
				return s, "", fmt.Errorf("a quote is not closed")
			}
			s.names = append(s.names, path[at+1:at+1+end])
			at += end + 2
		case '*':
			s.all = true
			at++
		default:
			end := strings.IndexAny(path[at:], ",] ")
			if end < 0 {
				return s, "", fmt.Errorf("a bracket is not closed")
			}
			index, err := strconv.Atoi(path[at : at+end])
			if err != nil {
				return s, "", fmt.Errorf("%q is not supported in brackets", path[at:at+end])
			}
			s.indexes = append(s.indexes, index)
			at += end
		}
		for at < len(path) && path[at] == ' ' {
			at++
		}
		switch {
		case at < len(path) && path[at] == ']':
			return s, path[at+1:], nil
		case at < len(path) && path[at] == ',':
			at++
		default:
			return s, "", fmt.Errorf("a bracket is not closed")
		}
	}
}

// choose appends what the selector finds in value.
func (s selector) choose(found []any, value any, depth int) ([]any, error) {
	if depth > depthLimit || len(found) > stepLimit/16 {
		return nil, ErrLimit
	}
	switch v := value.(type) {
	case *Map:
		if s.all {
			found = append(found, elements(v)...)
		}
		for _, name := range s.names {
			if member, ok := v.Get(name); ok {
				found = append(found, member)
			}
		}
	case *List:
		if s.all {
			found = append(found, v.Items...)
		}
		for _, index := range s.indexes {
			if index < 0 {
				index += len(v.Items)
			}
			if index >= 0 && index < len(v.Items) {
				found = append(found, v.Items[index])
			}
		}
	}
	if !s.deep {
		return found, nil
	}
	var err error
	for _, member := range elements(value) {
		if found, err = s.choose(found, member, depth+1); err != nil {
			return nil, err
		}
	}
	return found, nil
}
