package vtl

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// JSONPath finds a place in a value: $, .name, ['name'], [n], [a,b], [from:to], [*], .*, ..name, [?(@.name == 'x')] and a function at the
// end such as .length(), with or without the leading "$.". A path that can name several places gives a list of them.
func JSONPath(value any, path string) (found any, ok bool, err error) {
	return (&pathRun{}).find(value, path)
}

// pathRun counts what JSON paths look at, so that few of them over much text, or filters within filters, come to an end.
type pathRun struct{ visits int }

// visitLimit is how many members the paths of one rendering may look at.
const visitLimit = 1 << 20

func (r *pathRun) visit() error {
	if r.visits++; r.visits > visitLimit {
		return ErrLimit
	}
	return nil
}

func (r *pathRun) find(value any, path string) (found any, ok bool, err error) {
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
		if s.function != "" {
			return applied(s.function, places, several, rest)
		}
		several = several || s.several()
		var next []any
		for _, place := range places {
			if next, err = s.choose(r, next, place, 0); err != nil {
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
	filter  filter
	slice   *slice
	// function stands at the end of a path.
	function string
}

// slice is [from:to]; negative positions count from the end.
type slice struct{ from, to int }

func (s *slice) of(items []any) []any {
	at := func(i int) int {
		if i < 0 {
			i += len(items)
		}
		return min(max(i, 0), len(items))
	}
	from, to := at(s.from), at(s.to)
	if from >= to {
		return nil
	}
	return items[from:to]
}

func (s selector) several() bool {
	return s.all || s.deep || s.filter != nil || s.slice != nil || len(s.names)+len(s.indexes) > 1
}

// applied runs a path's function on what the path found.
func applied(function string, places []any, several bool, rest string) (any, bool, error) {
	if rest != "" {
		return nil, false, fmt.Errorf("vtl: %s() must end the JSON path", function)
	}
	var value any
	switch {
	case several:
		value = &List{Items: places, json: true}
	case len(places) == 0:
		return nil, false, nil
	default:
		value = places[0]
	}
	result, err := callPath(function, value)
	return result, result != nil, err
}

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
			if function, isFunction := strings.CutSuffix(name, "()"); isFunction && !s.deep {
				s.function = function
			} else {
				s.names = []string{name}
			}
		}
		return s, path[1+end:], nil
	case '[':
		return s.bracket(path)
	}
	return s, "", fmt.Errorf("unexpected %q", path)
}

func (s selector) bracket(path string) (selector, string, error) {
	if rest, isFilter := strings.CutPrefix(path, "[?("); isFilter {
		var err error
		if s.filter, rest, err = readFilter(rest); err != nil {
			return s, "", err
		}
		rest, closed := strings.CutPrefix(rest, "]")
		if !closed {
			return s, "", fmt.Errorf("a bracket is not closed")
		}
		return s, rest, nil
	}
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
			if err := s.position(path[at : at+end]); err != nil {
				return s, "", err
			}
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

// position reads an index or a slice.
func (s *selector) position(text string) error {
	from, to, isSlice := strings.Cut(text, ":")
	if !isSlice {
		index, err := strconv.Atoi(text)
		if err != nil {
			return fmt.Errorf("%q is not supported in brackets", text)
		}
		s.indexes = append(s.indexes, index)
		return nil
	}
	s.slice = &slice{0, math.MaxInt}
	for _, end := range []struct {
		text string
		at   *int
	}{{from, &s.slice.from}, {to, &s.slice.to}} {
		if end.text == "" {
			continue
		}
		n, err := strconv.Atoi(end.text)
		if err != nil {
			return fmt.Errorf("%q is not supported in brackets", text)
		}
		*end.at = n
	}
	return nil
}

// choose appends what the selector finds in value.
func (s selector) choose(r *pathRun, found []any, value any, depth int) ([]any, error) {
	if depth > depthLimit || len(found) > stepLimit/16 {
		return nil, ErrLimit
	}
	if err := r.visit(); err != nil {
		return nil, err
	}
	if s.filter != nil {
		for _, member := range elements(value) {
			ok, err := s.filter.holds(r, member)
			if err != nil {
				return nil, err
			}
			if ok {
				found = append(found, member)
			}
		}
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
		if s.slice != nil {
			found = append(found, s.slice.of(v.Items)...)
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
		if found, err = s.choose(r, found, member, depth+1); err != nil {
			return nil, err
		}
	}
	return found, nil
}
