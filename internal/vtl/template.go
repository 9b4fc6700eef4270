// Package vtl is the template language of API Gateway's mapping templates and gateway responses: Velocity 1.7 as far as
// AWS uses it, plus the objects $input and $util. It is usable alone and knows no gateway, no HTTP and no service: what
// $context is, the caller says.
//
// A template goes through three stages, each in its own files: Parse turns text into a tree (parse_*.go), the tree is a
// few kinds of node and expression (node.go, expression.go), and Render walks it (render.go). A parsed template is
// immutable and safe for concurrent use. Rendering is bounded in steps, loops, nesting and output, because templates and
// what they render both come from callers.
package vtl

import (
	"errors"
	"fmt"
)

// The bounds of one rendering. LoopLimit is AWS's quota for #foreach, OutputLimit its limit for payloads; the others
// only keep a hostile template from holding a processor.
const (
	LoopLimit   = 1000
	OutputLimit = 10 << 20
	stepLimit   = 1 << 20
	depthLimit  = 64
	sourceLimit = 300 << 10
)

// ErrLimit says that a rendering went over one of its bounds.
var ErrLimit = errors.New("vtl: the template goes over a limit")

// SyntaxError tells where a template cannot be read and why.
type SyntaxError struct {
	Line, Column int
	Problem      string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("vtl: line %d, column %d: %s", e.Line, e.Column, e.Problem)
}

// Variables gives the values of the references that a template did not set itself.
type Variables interface {
	// Variable returns the value of $name, and false when there is none.
	Variable(name string) (any, bool)
}

// Names are variables held in a map.
type Names map[string]any

// Variable returns the value of that name.
func (n Names) Variable(name string) (any, bool) {
	value, ok := n[name]
	return value, ok
}

// Template is a parsed template.
type Template struct {
	body []node
	// literal is the whole text of a template that has nothing to evaluate.
	literal   string
	isLiteral bool
}

// Parse reads a template. The error is a *SyntaxError.
func Parse(text string) (*Template, error) {
	if len(text) > sourceLimit {
		return nil, &SyntaxError{Line: 1, Column: 1, Problem: "the template is larger than 300 KiB"}
	}
	p := &parser{text: text}
	body, err := p.block(nil)
	if err != nil {
		return nil, err
	}
	t := &Template{body: body}
	switch len(body) {
	case 0:
		t.isLiteral = true
	case 1:
		if text, ok := body[0].(textNode); ok {
			t.literal, t.isLiteral = string(text), true
		}
	}
	return t, nil
}

// Literal returns the text of a template that has nothing to evaluate, so that a caller can prepare its answer once.
func (t *Template) Literal() (text string, ok bool) { return t.literal, t.isLiteral }

// Render evaluates the template. What it sets with #set is its own and gone afterwards.
func (t *Template) Render(variables Variables) (string, error) {
	if t.isLiteral {
		return t.literal, nil
	}
	r := &run{variables: variables}
	err := r.renderAll(t.body)
	if err != nil && !errors.Is(err, errStop) && !errors.Is(err, errBreak) {
		return "", err
	}
	return r.out.String(), nil
}
