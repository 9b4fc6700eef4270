package vtl

import "strings"

// parser reads a template by recursive descent. pos is the next byte.
type parser struct {
	text  string
	pos   int
	depth int
	// macros are those defined so far: a name that is none yet is text, as in Velocity.
	macros map[string]*macro
}

func (p *parser) fail(problem string) error { return p.failAt(p.pos, problem) }

func (p *parser) failAt(pos int, problem string) error {
	before := p.text[:min(pos, len(p.text))]
	return &SyntaxError{
		Line:    1 + strings.Count(before, "\n"),
		Column:  len(before) - strings.LastIndexByte(before, '\n'),
		Problem: problem,
	}
}

func (p *parser) enter() error {
	if p.depth++; p.depth > depthLimit {
		return p.fail("nested too deeply")
	}
	return nil
}

func (p *parser) leave() { p.depth-- }

// block reads nodes until one of the directives in until, which it leaves unread, or the end of the text.
func (p *parser) block(until []string) ([]node, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	var nodes []node
	var text strings.Builder
	flush := func() {
		if text.Len() > 0 {
			nodes = append(nodes, textNode(text.String()))
			text.Reset()
		}
	}
	for p.pos < len(p.text) {
		switch c := p.text[p.pos]; {
		case c == '\\' && p.escapes():
			text.WriteByte(p.text[p.pos+1])
			p.pos += 2
		case c == '$':
			ref, err := p.textReference()
			if err != nil {
				return nil, err
			}
			if ref == nil {
				text.WriteByte('$')
				p.pos++
				continue
			}
			flush()
			nodes = append(nodes, referenceNode{ref})
		case c == '#':
			if p.stopsAt(until) {
				flush()
				return nodes, nil
			}
			n, literal, err := p.hash()
			if err != nil {
				return nil, err
			}
			text.WriteString(literal)
			if n != nil {
				flush()
				nodes = append(nodes, n)
			}
		default:
			next := strings.IndexAny(p.text[p.pos+1:], `$#\`)
			if next < 0 {
				next = len(p.text) - p.pos - 1
			}
			text.WriteString(p.text[p.pos : p.pos+1+next])
			p.pos += 1 + next
		}
	}
	flush()
	if len(until) > 0 {
		return nil, p.fail("the text ends before #end")
	}
	return nodes, nil
}

// escapes tells whether the backslash at pos takes the meaning from a reference or directive that follows it.
func (p *parser) escapes() bool {
	rest := p.text[p.pos+1:]
	if len(rest) < 2 {
		return false
	}
	switch rest[0] {
	case '$':
		return rest[1] == '!' || rest[1] == '{' || startsName(rest[1])
	case '#':
		return directiveAt(rest) != ""
	}
	return false
}

// textReference reads a reference in text; nil means that the dollar sign is only text.
func (p *parser) textReference() (*reference, error) {
	rest := p.text[p.pos+1:]
	rest = strings.TrimPrefix(rest, "!")
	rest = strings.TrimPrefix(rest, "{")
	if rest == "" || !startsName(rest[0]) {
		return nil, nil
	}
	return p.reference()
}

// directives are those of Velocity that AWS knows, and those that it is known by but that are refused here by name.
var directives = []string{"set", "if", "elseif", "else", "end", "foreach", "break", "stop", "macro", "define", "evaluate", "parse", "include"}

// directiveAt returns the name of the directive that text, which begins with '#', opens with.
func directiveAt(text string) string {
	name := text[1:]
	braced := strings.HasPrefix(name, "{")
	if braced {
		name = name[1:]
	}
	end := 0
	for end < len(name) && name[end] >= 'a' && name[end] <= 'z' {
		end++
	}
	if braced && (end == len(name) || name[end] != '}') {
		return ""
	}
	for _, d := range directives {
		if name[:end] == d {
			return d
		}
	}
	return ""
}

func (p *parser) stopsAt(until []string) bool {
	if len(until) == 0 {
		return false
	}
	name := directiveAt(p.text[p.pos:])
	for _, u := range until {
		if name == u {
			return true
		}
	}
	return false
}

// hash reads what begins with '#': a comment, unparsed text, a directive, or only text.
func (p *parser) hash() (n node, literal string, err error) {
	rest := p.text[p.pos:]
	switch {
	case strings.HasPrefix(rest, "##"):
		if end := strings.IndexByte(rest, '\n'); end >= 0 {
			p.pos += end + 1
		} else {
			p.pos = len(p.text)
		}
		return nil, "", nil
	case strings.HasPrefix(rest, "#*"):
		end := strings.Index(rest, "*#")
		if end < 0 {
			return nil, "", p.fail("the comment #* has no *#")
		}
		p.pos += end + 2
		return nil, "", nil
	case strings.HasPrefix(rest, "#[["):
		end := strings.Index(rest, "]]#")
		if end < 0 {
			return nil, "", p.fail("the unparsed text #[[ has no ]]#")
		}
		p.pos += end + 3
		return nil, rest[3:end], nil
	}
	name := directiveAt(rest)
	if name == "" {
		if m, length := p.macroAt(rest); m != nil {
			p.pos += length
			n, err = p.macroCall(m)
			return n, "", err
		}
		p.pos++
		return nil, "#", nil
	}
	n, err = p.directive(name)
	return n, "", err
}

// skipDirective steps over #name or #{name}.
func (p *parser) skipDirective(name string) {
	p.pos += 1 + len(name)
	if p.text[p.pos-len(name)] == '{' {
		p.pos += 2
	}
}

func (p *parser) directive(name string) (node, error) {
	start := p.pos
	p.skipDirective(name)
	switch name {
	case "set":
		return p.set()
	case "if":
		return p.conditional()
	case "foreach":
		return p.foreach()
	case "break":
		p.endOfLine()
		return breakNode{}, nil
	case "stop":
		p.endOfLine()
		return stopNode{}, nil
	case "macro":
		return p.macro()
	case "define":
		return p.define()
	case "elseif", "else", "end":
		return nil, p.failAt(start, "#"+name+" without #if or #foreach")
	}
	return nil, p.failAt(start, "#"+name+" is not supported")
}

func (p *parser) set() (node, error) {
	if err := p.expect('('); err != nil {
		return nil, err
	}
	p.blanks()
	if p.pos >= len(p.text) || p.text[p.pos] != '$' {
		return nil, p.fail("#set needs a reference to set")
	}
	target, err := p.reference()
	if err != nil {
		return nil, err
	}
	if err := p.expect('='); err != nil {
		return nil, err
	}
	value, err := p.expression()
	if err != nil {
		return nil, err
	}
	if err := p.expect(')'); err != nil {
		return nil, err
	}
	p.endOfLine()
	return &setNode{target: target, value: value}, nil
}

func (p *parser) conditional() (node, error) {
	n := &ifNode{}
	for {
		condition, err := p.parenthesised()
		if err != nil {
			return nil, err
		}
		p.endOfLine()
		body, err := p.block([]string{"elseif", "else", "end"})
		if err != nil {
			return nil, err
		}
		n.branches = append(n.branches, branch{condition, body})
		next := directiveAt(p.text[p.pos:])
		p.skipDirective(next)
		switch next {
		case "elseif":
			continue
		case "else":
			p.endOfLine()
			if n.otherwise, err = p.block([]string{"end"}); err != nil {
				return nil, err
			}
			p.skipDirective("end")
		}
		p.endOfLine()
		return n, nil
	}
}

// plainReference reads the $name that a directive gives a value to.
func (p *parser) plainReference(directive string) (*reference, error) {
	p.blanks()
	if p.pos >= len(p.text) || p.text[p.pos] != '$' {
		return nil, p.fail(directive + " needs a reference")
	}
	name, err := p.reference()
	if err != nil {
		return nil, err
	}
	if len(name.steps) > 0 {
		return nil, p.fail(directive + " needs a plain reference")
	}
	return name, nil
}

func (p *parser) foreach() (node, error) {
	if err := p.expect('('); err != nil {
		return nil, err
	}
	variable, err := p.plainReference("#foreach")
	if err != nil {
		return nil, err
	}
	p.blanks()
	if !strings.HasPrefix(p.text[p.pos:], "in") {
		return nil, p.fail("#foreach needs 'in'")
	}
	p.pos += 2
	list, err := p.expression()
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
	return &foreachNode{name: variable.name, list: list, body: body}, nil
}

// endOfLine eats blanks and a line break behind a directive, as Velocity 1.7 does; blanks before other text stay.
func (p *parser) endOfLine() {
	at := p.pos
	for at < len(p.text) && (p.text[at] == ' ' || p.text[at] == '\t') {
		at++
	}
	if strings.HasPrefix(p.text[at:], "\r\n") {
		p.pos = at + 2
	} else if at < len(p.text) && p.text[at] == '\n' {
		p.pos = at + 1
	}
}

func startsName(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_'
}

func continuesName(c byte) bool {
	return startsName(c) || c >= '0' && c <= '9' || c == '-'
}
