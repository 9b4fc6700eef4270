package demo

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// answerLimit bounds what is kept of an answer for printing, in bytes.
const answerLimit = 1 << 20

// recorder remembers the last answer's body as it came over the wire.
type recorder struct {
	next http.RoundTripper
	last []byte
}

// RoundTrip sends the request and keeps a copy of the answer's body.
func (r *recorder) RoundTrip(request *http.Request) (*http.Response, error) {
	answer, err := r.next.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(io.LimitReader(answer.Body, answerLimit))
	if closeErr := answer.Body.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return nil, err
	}
	r.last = body
	answer.Body = io.NopCloser(bytes.NewReader(body))
	return answer, nil
}

// The shape of a printed answer.
const (
	longestText = 100
	// widest is the column at which an answer or a command goes on in the next line.
	widest = 100
	// cut stands where something was left out.
	cut = "…"
)

// abridge writes a JSON answer for people: of the members only those named (all when none is), in one line where it fits, else one
// member a line. A member that wraps everything, as UserPool does, is not a level of its own. What is left out leaves a mark.
func abridge(raw []byte, show ...string) string {
	if len(bytes.TrimSpace(raw)) == 0 {
		return "(empty)"
	}
	var value any
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	if err := decoder.Decode(&value); err != nil {
		return shorten(string(raw))
	}
	return layout(pick(value, show), 1)
}

// member is a member of an object in the order in which it is printed; an object that was cut ends with one without a name.
type member struct {
	name  string
	value any
}

// pick keeps the members that are named, in that order, and turns objects into lists of members.
func pick(value any, show []string) any {
	object, ok := value.(map[string]any)
	if !ok {
		return value
	}
	names := slices.Sorted(maps.Keys(object))
	if len(names) == 1 && len(show) > 0 {
		if inner, wraps := object[names[0]].(map[string]any); wraps {
			return []member{{names[0], pick(inner, show)}}
		}
	}
	kept := names
	if len(show) > 0 {
		kept = slices.DeleteFunc(slices.Clone(show), func(name string) bool { _, has := object[name]; return !has })
	}
	members := make([]member, 0, len(kept)+1)
	for _, name := range kept {
		members = append(members, member{name, pick(object[name], nil)})
	}
	if len(kept) < len(names) {
		members = append(members, member{value: cut})
	}
	return members
}

// layout writes a value that begins at so many levels of indentation.
func layout(value any, level int) string {
	if line := inline(value); len([]rune(line))+2*level <= widest {
		return line
	}
	members, ok := value.([]member)
	if !ok {
		return inline(value)
	}
	indent := strings.Repeat("  ", level+1)
	var b strings.Builder
	b.WriteString("{\n")
	for i, m := range members {
		b.WriteString(indent)
		if m.name == "" {
			b.WriteString(cut)
		} else {
			fmt.Fprintf(&b, "%q: %s", m.name, layout(m.value, level+1))
		}
		if i < len(members)-1 {
			b.WriteByte(',')
		}
		b.WriteByte('\n')
	}
	b.WriteString(strings.Repeat("  ", level) + "}")
	return b.String()
}

// inline writes a value in one line.
func inline(value any) string {
	switch v := value.(type) {
	case []member:
		words := make([]string, 0, len(v))
		for _, m := range v {
			if m.name == "" {
				words = append(words, cut)
				continue
			}
			words = append(words, fmt.Sprintf("%q: %s", m.name, inline(m.value)))
		}
		return "{" + strings.Join(words, ", ") + "}"
	case []any:
		words := make([]string, 0, len(v))
		for _, item := range v {
			words = append(words, inline(pick(item, nil)))
		}
		return "[" + strings.Join(words, ", ") + "]"
	case string:
		return literal(shorten(v))
	case nil:
		return "null"
	default:
		return fmt.Sprint(v)
	}
}

// literal is a text as JSON writes it, without turning <, > and & into escapes.
func literal(text string) string {
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(text)
	return strings.TrimSpace(b.String())
}

// shorten keeps the beginning of a long text; of a token that is its header, which tells what it is and opens nothing.
func shorten(text string) string {
	if strings.HasPrefix(text, "eyJ") && len(text) > 24 {
		return text[:16] + cut
	}
	if runes := []rune(text); len(runes) > longestText {
		return string(runes[:longestText]) + cut
	}
	return text
}
