package openapi

import (
	"encoding/json"
	"slices"
	"strconv"
)

// A value of a document is nil, a bool, a json.Number, a string, a []any or an *object.

// object is a JSON object whose members keep their order. A nil object is empty and can be read.
type object struct {
	keys    []string
	members map[string]any
}

func newObject() *object { return &object{members: map[string]any{}} }

func (o *object) set(key string, value any) {
	if _, there := o.members[key]; !there {
		o.keys = append(o.keys, key)
	}
	o.members[key] = value
}

// setText sets a text that is not empty.
func (o *object) setText(key, value string) {
	if value != "" {
		o.set(key, value)
	}
}

func (o *object) remove(key string) {
	delete(o.members, key)
	o.keys = slices.DeleteFunc(o.keys, func(k string) bool { return k == key })
}

func (o *object) names() []string {
	if o == nil {
		return nil
	}
	return o.keys
}

func (o *object) get(key string) any {
	if o == nil {
		return nil
	}
	return o.members[key]
}

func (o *object) has(key string) bool {
	if o == nil {
		return false
	}
	_, there := o.members[key]
	return there
}

func (o *object) object(key string) *object {
	member, _ := o.get(key).(*object)
	return member
}

func (o *object) list(key string) []any {
	member, _ := o.get(key).([]any)
	return member
}

func (o *object) text(key string) string { return text(o.get(key)) }

// optional is the member's text, or nil when there is none.
func (o *object) optional(key string) *string {
	value := o.get(key)
	if value == nil {
		return nil
	}
	if _, scalar := scalarText(value); !scalar {
		return nil
	}
	s := text(value)
	return &s
}

// flag is a member that is true, as a boolean or as the word.
func (o *object) flag(key string) bool { return o.text(key) == "true" }

// texts is the member's list of texts.
func (o *object) texts(key string) []string {
	var list []string
	for _, item := range o.list(key) {
		if s, scalar := scalarText(item); scalar {
			list = append(list, s)
		}
	}
	return list
}

// textMap is the member's map of texts, nil when it is empty. Objects and lists are given as JSON.
func (o *object) textMap(key string) map[string]string {
	from := o.object(key)
	var texts map[string]string
	for _, name := range from.names() {
		if texts == nil {
			texts = make(map[string]string, len(from.keys))
		}
		s, scalar := scalarText(from.members[name])
		if !scalar && from.members[name] != nil {
			s = compactJSON(from.members[name])
		}
		texts[name] = s
	}
	return texts
}

// integer is a member that is a whole number.
func (o *object) integer(key string) (n int32, ok bool) {
	value, err := strconv.ParseInt(o.text(key), 10, 32)
	return int32(value), err == nil
}

func text(value any) string {
	s, _ := scalarText(value)
	return s
}

func scalarText(value any) (s string, scalar bool) {
	switch v := value.(type) {
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	case bool:
		return strconv.FormatBool(v), true
	}
	return "", false
}
