package openapi

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"

	"go.yaml.in/yaml/v3"
)

func readYAML(body []byte) (any, error) {
	var document yaml.Node
	if err := yaml.Unmarshal(body, &document); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	if len(document.Content) == 0 {
		return nil, fmt.Errorf("%w: empty", ErrInvalid)
	}
	r := yamlReader{left: mostValues}
	return r.value(document.Content[0], 0)
}

// yamlReader unfolds aliases, each a copy of its own, and counts what comes of it.
type yamlReader struct{ left int }

func (r *yamlReader) value(n *yaml.Node, depth int) (any, error) {
	if r.left--; r.left < 0 {
		return nil, errTooLarge
	}
	if depth > deepest { // an alias inside its own anchor ends here too
		return nil, errTooDeep
	}
	switch n.Kind {
	case yaml.AliasNode:
		return r.value(n.Alias, depth+1)
	case yaml.MappingNode:
		return r.mapping(n, depth)
	case yaml.SequenceNode:
		list := make([]any, 0, len(n.Content))
		for _, item := range n.Content {
			value, err := r.value(item, depth+1)
			if err != nil {
				return nil, err
			}
			list = append(list, value)
		}
		return list, nil
	}
	return scalar(n), nil
}

func (r *yamlReader) mapping(n *yaml.Node, depth int) (any, error) {
	o := newObject()
	var merged []any
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if key.Kind == yaml.AliasNode {
			key = key.Alias
		}
		if key.Kind != yaml.ScalarNode {
			return nil, fmt.Errorf("%w: a key that is no text, line %d", ErrInvalid, key.Line)
		}
		value, err := r.value(n.Content[i+1], depth+1)
		if err != nil {
			return nil, err
		}
		if key.ShortTag() == "!!merge" {
			if list, several := value.([]any); several {
				merged = append(merged, list...)
			} else {
				merged = append(merged, value)
			}
			continue
		}
		o.set(key.Value, value) // as written: 200 is the key "200", on is "on"
	}
	for _, from := range merged {
		from, _ := from.(*object)
		for _, name := range from.names() {
			if !o.has(name) {
				o.set(name, from.members[name])
			}
		}
	}
	return o, nil
}

// scalar is what a plain YAML value means in JSON. Dates and binary values stay the text they are written as.
func scalar(n *yaml.Node) any {
	switch n.ShortTag() {
	case "!!null":
		return nil
	case "!!bool":
		var b bool
		if n.Decode(&b) == nil {
			return b
		}
	case "!!int":
		if json.Valid([]byte(n.Value)) {
			return json.Number(n.Value)
		}
		var i int64 // octal, hexadecimal, with underscores or a sign
		if n.Decode(&i) == nil {
			return json.Number(strconv.FormatInt(i, 10))
		}
	case "!!float":
		if json.Valid([]byte(n.Value)) {
			return json.Number(n.Value)
		}
		var f float64
		if n.Decode(&f) == nil && !math.IsInf(f, 0) && !math.IsNaN(f) {
			return json.Number(strconv.FormatFloat(f, 'g', -1, 64))
		}
	}
	return n.Value
}
