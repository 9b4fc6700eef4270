package openapi

import (
	"bytes"
	"encoding/json"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Format is how a document is written down.
type Format int

// The formats of documents.
const (
	JSON Format = iota
	YAML
)

// encode writes a tree down, in the layout of AWS's exports.
func encode(root *object, format Format) ([]byte, error) {
	if format == JSON {
		var b strings.Builder
		writeJSON(&b, root, "\n", " : ")
		return []byte(b.String()), nil
	}
	var out bytes.Buffer
	out.WriteString("---\n")
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	if err := encoder.Encode(yamlNode(root)); err != nil {
		return nil, err
	}
	err := encoder.Close()
	return out.Bytes(), err
}

func compactJSON(value any) string {
	var b strings.Builder
	writeJSON(&b, value, "", ":")
	return b.String()
}

// writeJSON writes a value; line is a line break with the indentation so far, or empty for one line in all.
func writeJSON(b *strings.Builder, value any, line, colon string) {
	inner := line
	if line != "" {
		inner += "  "
	}
	switch v := value.(type) {
	case *object:
		if len(v.names()) == 0 {
			b.WriteString("{}")
			return
		}
		b.WriteByte('{')
		for i, key := range v.keys {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(inner)
			writeText(b, key)
			b.WriteString(colon)
			writeJSON(b, v.members[key], inner, colon)
		}
		b.WriteString(line)
		b.WriteByte('}')
	case []any:
		b.WriteByte('[')
		for i, item := range v {
			if i > 0 {
				b.WriteByte(',')
				if line != "" {
					b.WriteByte(' ')
				}
			}
			writeJSON(b, item, line, colon)
		}
		b.WriteByte(']')
	case string:
		writeText(b, v)
	case nil:
		b.WriteString("null")
	default:
		b.WriteString(text(v))
	}
}

func writeText(b *strings.Builder, s string) {
	var quoted bytes.Buffer
	encoder := json.NewEncoder(&quoted)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(s) // a string into memory: neither can fail
	b.Write(bytes.TrimSuffix(quoted.Bytes(), []byte("\n")))
}

func yamlNode(value any) *yaml.Node {
	switch v := value.(type) {
	case *object:
		n := &yaml.Node{Kind: yaml.MappingNode}
		for _, key := range v.names() {
			n.Content = append(n.Content, yamlText(key), yamlNode(v.members[key]))
		}
		return n
	case []any:
		n := &yaml.Node{Kind: yaml.SequenceNode}
		for _, item := range v {
			n.Content = append(n.Content, yamlNode(item))
		}
		return n
	case string:
		return yamlText(v)
	case nil:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null", Value: "null"}
	case bool:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: text(v)}
	}
	// A number is plain: its own text says whether it is whole.
	return &yaml.Node{Kind: yaml.ScalarNode, Value: text(value)}
}

// yamlText is quoted unless it is a plain word, so that no reader takes it for a number, a date or a boolean.
func yamlText(s string) *yaml.Node {
	n := &yaml.Node{}
	n.SetString(s)
	if n.Style == 0 {
		plain := yaml.Node{Kind: yaml.ScalarNode, Value: s}
		if plain.ShortTag() != "!!str" {
			n.Style = yaml.DoubleQuotedStyle
		}
	}
	return n
}
