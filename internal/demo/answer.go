package demo

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sort"
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

// The shape of a printed answer: what is longer or deeper is cut, with a mark where.
const (
	longestText  = 100
	longestList  = 3
	deepestLevel = 3
)

// abridge writes a JSON answer in a few lines: long lists, deep objects and long texts (tokens among them) are cut.
func abridge(raw []byte) string {
	var value any
	if len(bytes.TrimSpace(raw)) == 0 {
		return "(empty)"
	}
	if err := json.Unmarshal(raw, &value); err != nil {
		return shorten(string(raw))
	}
	var b strings.Builder
	writeValue(&b, value, 0)
	return b.String()
}

func writeValue(b *strings.Builder, value any, level int) {
	switch v := value.(type) {
	case map[string]any:
		writeObject(b, v, level)
	case []any:
		writeList(b, v, level)
	case string:
		_, _ = fmt.Fprintf(b, "%q", shorten(v))
	case float64:
		_, _ = fmt.Fprintf(b, "%v", json.Number(strings.TrimSuffix(fmt.Sprintf("%.3f", v), ".000")))
	default:
		_, _ = fmt.Fprint(b, v)
	}
}

func writeObject(b *strings.Builder, object map[string]any, level int) {
	if level >= deepestLevel && len(object) > 0 {
		b.WriteString("{…}")
		return
	}
	names := make([]string, 0, len(object))
	for name := range object {
		names = append(names, name)
	}
	sort.Strings(names)
	b.WriteByte('{')
	for i, name := range names {
		if i > 0 {
			b.WriteString(", ")
		}
		_, _ = fmt.Fprintf(b, "%q: ", name)
		writeValue(b, object[name], level+1)
	}
	b.WriteByte('}')
}

func writeList(b *strings.Builder, list []any, level int) {
	b.WriteByte('[')
	for i, item := range list {
		if i == longestList {
			_, _ = fmt.Fprintf(b, ", … %d more", len(list)-longestList)
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		writeValue(b, item, level+1)
	}
	b.WriteByte(']')
}

// shorten keeps the beginning of a long text; of a token that is its header, which tells what it is and opens nothing.
func shorten(text string) string {
	if strings.HasPrefix(text, "eyJ") && len(text) > 24 {
		return text[:16] + "…"
	}
	if runes := []rune(text); len(runes) > longestText {
		return string(runes[:longestText]) + "…"
	}
	return text
}
