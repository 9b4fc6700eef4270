package vtl

import (
	"errors"
	"strings"
)

// macroLimit is how many macros a template may define.
const macroLimit = 256

// macro reads #macro(name $a $b) … #end. The macro is known from its first line on, so that it can call itself.
func (p *parser) macro() (node, error) {
	if err := p.expect('('); err != nil {
		return nil, err
	}
	p.blanks()
	start := p.pos
	name := p.name()
	if name == "" || !startsName(name[0]) {
		return nil, p.failAt(start, "#macro needs a name")
	}
	m := &macro{}
	for {
		p.separators()
		if p.pos < len(p.text) && p.text[p.pos] == ')' {
			p.pos++
			break
		}
		if p.pos >= len(p.text) || p.text[p.pos] != '$' {
			return nil, p.fail("a parameter of #macro must be a reference")
		}
		parameter, err := p.reference()
		if err != nil {
			return nil, err
		}
		if len(parameter.steps) > 0 {
			return nil, p.fail("a parameter of #macro must be a plain reference")
		}
		m.parameters = append(m.parameters, parameter.name)
	}
	if p.macros == nil {
		p.macros = map[string]*macro{}
	}
	if len(p.macros) >= macroLimit {
		return nil, p.failAt(start, "too many macros")
	}
	if p.macros[name] == nil {
		p.macros[name] = m // as in Velocity, the first definition of a name counts
	}
	p.endOfLine()
	var err error
	if m.body, err = p.block([]string{"end"}); err != nil {
		return nil, err
	}
	p.skipDirective("end")
	p.endOfLine()
	return nil, nil
}

// separators steps over blanks and commas.
func (p *parser) separators() {
	for p.blanks(); p.pos < len(p.text) && p.text[p.pos] == ','; p.blanks() {
		p.pos++
	}
}

// macroAt finds the macro that text, which begins with '#', calls, and how long the call's opening is.
func (p *parser) macroAt(text string) (m *macro, length int) {
	if len(p.macros) == 0 {
		return nil, 0
	}
	name := text[1:]
	braced := strings.HasPrefix(name, "{")
	if braced {
		name = name[1:]
	}
	end := 0
	for end < len(name) && continuesName(name[end]) {
		end++
	}
	m = p.macros[name[:end]]
	length = 1 + end
	rest := name[end:]
	if braced {
		if !strings.HasPrefix(rest, "}") {
			return nil, 0
		}
		rest = rest[1:]
		length += 2
	}
	if m == nil || !strings.HasPrefix(strings.TrimLeft(rest, " \t"), "(") {
		return nil, 0
	}
	return m, length
}

// macroCall reads the arguments, between which blanks or commas stand.
func (p *parser) macroCall(m *macro) (node, error) {
	if err := p.expect('('); err != nil {
		return nil, err
	}
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	call := &macroNode{macro: m}
	for {
		p.separators()
		if p.pos < len(p.text) && p.text[p.pos] == ')' {
			p.pos++
			return call, nil
		}
		arg, err := p.primary()
		if err != nil {
			return nil, err
		}
		call.args = append(call.args, arg)
	}
}

// render runs the macro. Its parameters hide variables of the same name; whatever else it sets stays set, as in Velocity.
func (n *macroNode) render(r *run) error {
	if r.depth++; r.depth > depthLimit {
		return ErrLimit
	}
	defer func() { r.depth-- }()
	values, err := r.evalAll(n.args)
	if err != nil {
		return err
	}
	restore := r.keep(n.macro.parameters...)
	defer restore()
	for i, name := range n.macro.parameters {
		var value any
		if i < len(values) {
			value = values[i]
		}
		r.set(name, value)
	}
	if err := r.renderAll(n.macro.body); !errors.Is(err, errBreak) {
		return err
	}
	return nil
}

// block is what #define gives a name to.
type block []node

// define reads #define($name) … #end.
func (p *parser) define() (node, error) {
	if err := p.expect('('); err != nil {
		return nil, err
	}
	name, err := p.plainReference("#define")
	if err != nil {
		return nil, err
	}
	if err := p.expect(')'); err != nil {
		return nil, err
	}
	p.endOfLine()
	body, err := p.block([]string{"end"})
	if err != nil {
		return nil, err
	}
	p.skipDirective("end")
	p.endOfLine()
	return &defineNode{name.name, body}, nil
}

func (n *defineNode) render(r *run) error {
	r.set(n.name, block(n.body))
	return nil
}
