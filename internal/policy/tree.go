package policy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Error says what of a document cannot be read, and where.
type Error struct {
	// Place is such as Statement[0].Condition.IpAddress; empty for the document as a whole.
	Place string
	Text  string
}

func (e *Error) Error() string {
	if e.Place == "" {
		return e.Text
	}
	return e.Place + ": " + e.Text
}

// node is a value of a JSON document with its place.
type node struct {
	place string
	kind  nodeKind
	// text is a string, or a number or boolean as it was written.
	text    string
	members []member
	items   []node
}

type member struct {
	name  string
	value node
}

type nodeKind int

const (
	nullNode nodeKind = iota
	textNode
	// plainNode is a number or a boolean.
	plainNode
	objectNode
	listNode
)

func (n *node) fault(format string, args ...any) error {
	return &Error{Place: n.place, Text: fmt.Sprintf(format, args...)}
}

// maxDepth is more than any policy's.
const maxDepth = 16

// readTree reads one JSON value and nothing behind it. A member that an object has twice is refused: readers differ in which
// one they take, and a policy must not mean two things.
func readTree(data []byte) (node, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	root, err := readNode(d, "", 0)
	if err != nil {
		return root, syntaxFault(d, err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return root, &Error{Text: fmt.Sprintf("something follows the document at byte %d", d.InputOffset())}
	}
	return root, nil
}

func syntaxFault(d *json.Decoder, err error) error {
	if own := new(Error); errors.As(err, &own) {
		return own
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return &Error{Text: fmt.Sprintf("the document ends too early, at byte %d", d.InputOffset())}
	}
	return &Error{Text: fmt.Sprintf("the document is not JSON, at byte %d", d.InputOffset())}
}

func readNode(d *json.Decoder, place string, depth int) (node, error) {
	n := node{place: place}
	if depth > maxDepth {
		return n, n.fault("is nested too deeply")
	}
	token, err := d.Token()
	if err != nil {
		return n, err
	}
	switch token := token.(type) {
	case string:
		n.kind, n.text = textNode, token
	case json.Number:
		n.kind, n.text = plainNode, token.String()
	case bool:
		n.kind, n.text = plainNode, fmt.Sprint(token)
	case json.Delim:
		if token == '{' {
			return readObject(d, n, depth)
		}
		return readList(d, n, depth)
	}
	return n, nil
}

func readObject(d *json.Decoder, n node, depth int) (node, error) {
	n.kind = objectNode
	seen := map[string]bool{}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return n, err
		}
		name, _ := token.(string)
		place := name
		if n.place != "" {
			place = n.place + "." + name
		}
		if seen[name] {
			return n, &Error{Place: place, Text: "is there twice"}
		}
		seen[name] = true
		value, err := readNode(d, place, depth+1)
		if err != nil {
			return n, err
		}
		n.members = append(n.members, member{name, value})
	}
	_, err := d.Token()
	return n, err
}

func readList(d *json.Decoder, n node, depth int) (node, error) {
	n.kind = listNode
	for d.More() {
		item, err := readNode(d, fmt.Sprintf("%s[%d]", n.place, len(n.items)), depth+1)
		if err != nil {
			return n, err
		}
		n.items = append(n.items, item)
	}
	_, err := d.Token()
	return n, err
}

// each visits one text, or every text of a list.
func (n *node) each(plain bool, visit func(item *node) error) error {
	items := n.items
	if n.kind != listNode {
		items = []node{*n}
	}
	for i := range items {
		item := &items[i]
		if item.kind != textNode && (!plain || item.kind != plainNode) {
			return item.fault("must be a text or a list of texts")
		}
		if err := visit(item); err != nil {
			return err
		}
	}
	return nil
}
