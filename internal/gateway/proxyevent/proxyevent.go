// Package proxyevent owns what the events and answers of functions have in common in REST and HTTP APIs.
package proxyevent

import (
	"encoding/json"
	"strconv"
)

// Scalar is the text of a string, number or truth value of an answer; null is empty.
func Scalar(value any) (text string, ok bool) {
	switch v := value.(type) {
	case nil:
		return "", true
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	case bool:
		return strconv.FormatBool(v), true
	}
	return "", false
}

// KindOf says in words what a value of an answer is.
func KindOf(value any) string {
	switch value.(type) {
	case nil:
		return "null"
	case string:
		return "a string"
	case json.Number:
		return "a number"
	case bool:
		return "a truth value"
	case []any:
		return "a list"
	}
	return "an object"
}

// LastValues are the last of each name's values, as an event's single-valued members have them; null when there are none.
func LastValues(all map[string][]string) map[string]string {
	if len(all) == 0 {
		return nil
	}
	last := make(map[string]string, len(all))
	for name, values := range all {
		if len(values) > 0 {
			last[name] = values[len(values)-1]
		}
	}
	return last
}

// OrNull is nil, which prints as null, for an empty map.
func OrNull[M ~map[string]V, V any](m M) map[string]V {
	if len(m) == 0 {
		return nil
	}
	return m
}
