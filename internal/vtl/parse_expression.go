package vtl

import (
	"errors"
	"strconv"
	"strings"
)

func (p *parser) blanks() {
	for p.pos < len(p.text) {
		switch p.text[p.pos] {
		case ' ', '\t', '\n', '\r':
			p.pos++
		default:
			return
		}
	}
}

func (p *parser) expect(c byte) error {
	p.blanks()
	if p.pos >= len(p.text) || p.text[p.pos] != c {
		return p.fail("expected '" + string(c) + "'")
	}
	p.pos++
	return nil
}

func (p *parser) parenthesised() (expression, error) {
	if err := p.expect('('); err != nil {
		return nil, err
	}
	e, err := p.expression()
	if err != nil {
		return nil, err
	}
	return e, p.expect(')')
}

// levels are the binary operators by rising precedence; each has a symbol and perhaps a word.
var levels = [][]struct{ symbol, word string }{
	{{"||", "or"}},
	{{"&&", "and"}},
	{{"==", "eq"}, {"!=", "ne"}},
	{{"<=", "le"}, {">=", "ge"}, {"<", "lt"}, {">", "gt"}},
	{{"+", ""}, {"-", ""}},
	{{"*", ""}, {"/", ""}, {"%", ""}},
}

func (p *parser) expression() (expression, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	return p.level(0)
}

func (p *parser) level(n int) (expression, error) {
	if n == len(levels) {
		return p.unary()
	}
	left, err := p.level(n + 1)
	if err != nil {
		return nil, err
	}
	for {
		operator := p.operator(n)
		if operator == "" {
			return left, nil
		}
		right, err := p.level(n + 1)
		if err != nil {
			return nil, err
		}
		left = &binary{operator, left, right}
	}
}

// operator reads an operator of level n and returns its symbol, or "".
func (p *parser) operator(n int) string {
	p.blanks()
	rest := p.text[p.pos:]
	for _, o := range levels[n] {
		if strings.HasPrefix(rest, o.symbol) {
			p.pos += len(o.symbol)
			return o.symbol
		}
		if o.word != "" && strings.HasPrefix(rest, o.word) && (len(rest) == len(o.word) || !continuesName(rest[len(o.word)])) {
			p.pos += len(o.word)
			return o.symbol
		}
	}
	return ""
}

func (p *parser) unary() (expression, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	p.blanks()
	rest := p.text[p.pos:]
	switch {
	case strings.HasPrefix(rest, "!"):
		p.pos++
	case strings.HasPrefix(rest, "not") && len(rest) > 3 && !continuesName(rest[3]):
		p.pos += 3
	case len(rest) > 1 && rest[0] == '-' && (rest[1] < '0' || rest[1] > '9'):
		p.pos++
		operand, err := p.unary()
		return &unary{"-", operand}, err
	default:
		return p.primary()
	}
	operand, err := p.unary()
	return &unary{"!", operand}, err
}

func (p *parser) primary() (expression, error) {
	if p.pos >= len(p.text) {
		return nil, p.fail("the text ends where a value is expected")
	}
	switch c := p.text[p.pos]; {
	case c == '$':
		return p.reference()
	case c == '\'':
		return p.singleQuoted()
	case c == '"':
		return p.doubleQuoted()
	case c == '(':
		return p.parenthesised()
	case c == '[':
		return p.list()
	case c == '{':
		return p.mapping()
	case c == '-' || c >= '0' && c <= '9':
		return p.number()
	case startsName(c):
		start := p.pos
		switch word := p.name(); word {
		case "true":
			return literal{true}, nil
		case "false":
			return literal{false}, nil
		case "null":
			return literal{nil}, nil
		default:
			return nil, p.failAt(start, "unexpected word "+strconv.Quote(word))
		}
	}
	return nil, p.fail("expected a value")
}

func (p *parser) name() string {
	start := p.pos
	for p.pos < len(p.text) && continuesName(p.text[p.pos]) {
		p.pos++
	}
	return p.text[start:p.pos]
}

// singleQuoted reads '…', in which a doubled quote stands for one and nothing else is special.
func (p *parser) singleQuoted() (expression, error) {
	var text strings.Builder
	for at := p.pos + 1; at < len(p.text); at++ {
		if p.text[at] != '\'' {
			text.WriteByte(p.text[at])
			continue
		}
		if at+1 < len(p.text) && p.text[at+1] == '\'' {
			text.WriteByte('\'')
			at++
			continue
		}
		p.pos = at + 1
		return literal{text.String()}, nil
	}
	return nil, p.fail("the string has no closing quote")
}

// doubleQuoted reads "…", which is a template of its own; a doubled quote stands for one.
func (p *parser) doubleQuoted() (expression, error) {
	var text strings.Builder
	for at := p.pos + 1; at < len(p.text); at++ {
		if p.text[at] != '"' {
			text.WriteByte(p.text[at])
			continue
		}
		if at+1 < len(p.text) && p.text[at+1] == '"' {
			text.WriteByte('"')
			at++
			continue
		}
		inner := &parser{text: text.String(), depth: p.depth, macros: p.macros}
		if !strings.ContainsAny(inner.text, "$#") {
			p.pos = at + 1
			return literal{inner.text}, nil
		}
		nodes, err := inner.block(nil)
		if err != nil {
			var inside *SyntaxError
			errors.As(err, &inside)
			return nil, p.fail("inside the string: " + inside.Problem)
		}
		p.pos = at + 1
		return &interpolated{nodes}, nil
	}
	return nil, p.fail("the string has no closing quote")
}

func (p *parser) number() (expression, error) {
	start := p.pos
	if p.text[p.pos] == '-' {
		p.pos++
	}
	p.digits()
	isFloat := false
	if p.pos+1 < len(p.text) && p.text[p.pos] == '.' && p.text[p.pos+1] >= '0' && p.text[p.pos+1] <= '9' {
		isFloat = true
		p.pos++
		p.digits()
	}
	text := p.text[start:p.pos]
	if isFloat {
		f, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return nil, p.failAt(start, "not a number: "+text)
		}
		return literal{f}, nil
	}
	i, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return nil, p.failAt(start, "not a number: "+text)
	}
	return literal{i}, nil
}

func (p *parser) digits() {
	for p.pos < len(p.text) && p.text[p.pos] >= '0' && p.text[p.pos] <= '9' {
		p.pos++
	}
}

func (p *parser) list() (expression, error) {
	p.pos++
	p.blanks()
	if strings.HasPrefix(p.text[p.pos:], "]") {
		p.pos++
		return &listLiteral{}, nil
	}
	first, err := p.expression()
	if err != nil {
		return nil, err
	}
	p.blanks()
	if strings.HasPrefix(p.text[p.pos:], "..") {
		p.pos += 2
		to, err := p.expression()
		if err != nil {
			return nil, err
		}
		return &rangeLiteral{first, to}, p.expect(']')
	}
	rest, err := p.rest(']')
	return &listLiteral{append([]expression{first}, rest...)}, err
}

// rest reads ", expression" until the closing character, which it takes too.
func (p *parser) rest(closing byte) ([]expression, error) {
	var items []expression
	for {
		p.blanks()
		if p.pos < len(p.text) && p.text[p.pos] == closing {
			p.pos++
			return items, nil
		}
		if err := p.expect(','); err != nil {
			return nil, err
		}
		item, err := p.expression()
		if err != nil {
			return nil, err
		}
		items = append(items, item)
	}
}

func (p *parser) mapping() (expression, error) {
	p.pos++
	m := &mapLiteral{}
	p.blanks()
	if strings.HasPrefix(p.text[p.pos:], "}") {
		p.pos++
		return m, nil
	}
	for {
		key, err := p.expression()
		if err != nil {
			return nil, err
		}
		if err := p.expect(':'); err != nil {
			return nil, err
		}
		value, err := p.expression()
		if err != nil {
			return nil, err
		}
		m.keys, m.values = append(m.keys, key), append(m.values, value)
		p.blanks()
		if p.pos < len(p.text) && p.text[p.pos] == ',' {
			p.pos++
			continue
		}
		return m, p.expect('}')
	}
}

// reference reads $name, $!name, ${name…} or $!{name…} with the steps behind the name.
func (p *parser) reference() (*reference, error) {
	p.pos++
	ref := &reference{}
	if strings.HasPrefix(p.text[p.pos:], "!") {
		ref.quiet = true
		p.pos++
	}
	formal := strings.HasPrefix(p.text[p.pos:], "{")
	if formal {
		p.pos++
	}
	if p.pos >= len(p.text) || !startsName(p.text[p.pos]) {
		return nil, p.fail("expected a name")
	}
	ref.name = p.name()
	for {
		s, ok, err := p.step()
		if err != nil {
			return nil, err
		}
		if !ok {
			break
		}
		ref.steps = append(ref.steps, s)
	}
	if formal {
		if p.pos >= len(p.text) || p.text[p.pos] != '}' {
			return nil, p.fail("the reference ${" + ref.name + " has no closing brace")
		}
		p.pos++
	}
	return ref, nil
}

// step reads .property, .method(…) or [index]. A dot that no name follows is text, and so is a bracket that holds no value:
// templates write JSON arrays right behind references.
func (p *parser) step() (s step, ok bool, err error) {
	rest := p.text[p.pos:]
	switch {
	case len(rest) > 1 && rest[0] == '.' && startsName(rest[1]):
		p.pos++
		name := p.name()
		if p.pos >= len(p.text) || p.text[p.pos] != '(' {
			return step{property: name}, true, nil
		}
		p.pos++
		args, err := p.arguments()
		return step{method: name, args: args}, true, err
	case strings.HasPrefix(rest, "["):
		start := p.pos
		p.pos++
		if index, err := p.expression(); err == nil && p.expect(']') == nil {
			return step{index: index}, true, nil
		}
		p.pos = start
	}
	return step{}, false, nil
}

func (p *parser) arguments() ([]expression, error) {
	p.blanks()
	if p.pos < len(p.text) && p.text[p.pos] == ')' {
		p.pos++
		return nil, nil
	}
	first, err := p.expression()
	if err != nil {
		return nil, err
	}
	rest, err := p.rest(')')
	return append([]expression{first}, rest...), err
}
