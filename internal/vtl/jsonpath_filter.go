package vtl

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// filter is the condition of a selector [?(…)]: it chooses the members of a list, or of a map, for which it holds.
type filter interface {
	// holds judges a member, which is @.
	holds(r *pathRun, member any) (bool, error)
}

type (
	filterOr  struct{ left, right filter }
	filterAnd struct{ left, right filter }
	filterNot struct{ operand filter }
	// filterExists is a path alone: it holds where the path finds something.
	filterExists  struct{ operand filterOperand }
	filterCompare struct {
		operator    string
		left, right filterOperand
	}
	filterMatch struct {
		operand filterOperand
		pattern *regexp.Regexp
	}
)

// filterOperand is a path from the member, or a value.
type filterOperand struct {
	path   string
	isPath bool
	value  any
}

func (o filterOperand) find(r *pathRun, member any) (value any, ok bool, err error) {
	if !o.isPath {
		return o.value, true, nil
	}
	return r.find(member, "$"+o.path)
}

func (f filterOr) holds(r *pathRun, member any) (bool, error) {
	if ok, err := f.left.holds(r, member); ok || err != nil {
		return ok, err
	}
	return f.right.holds(r, member)
}

func (f filterAnd) holds(r *pathRun, member any) (bool, error) {
	if ok, err := f.left.holds(r, member); !ok || err != nil {
		return false, err
	}
	return f.right.holds(r, member)
}

func (f filterNot) holds(r *pathRun, member any) (bool, error) {
	ok, err := f.operand.holds(r, member)
	return !ok, err
}

func (f filterExists) holds(r *pathRun, member any) (bool, error) {
	_, ok, err := f.operand.find(r, member)
	return ok, err
}

func (f filterMatch) holds(r *pathRun, member any) (bool, error) {
	value, ok, err := f.operand.find(r, member)
	text, isText := value.(string)
	return ok && isText && f.pattern.MatchString(text), err
}

func (f filterCompare) holds(r *pathRun, member any) (bool, error) {
	left, leftOK, err := f.left.find(r, member)
	if err != nil {
		return false, err
	}
	right, rightOK, err := f.right.find(r, member)
	if err != nil {
		return false, err
	}
	if !leftOK || !rightOK {
		return f.operator == "!=" && leftOK != rightOK, nil
	}
	switch f.operator {
	case "==":
		return sameJSON(left, right), nil
	case "!=":
		return !sameJSON(left, right), nil
	case "in", "nin":
		among := false
		for _, item := range elements(right) {
			among = among || sameJSON(left, item)
		}
		return among == (f.operator == "in"), nil
	}
	x, isText := left.(string)
	y, isTextToo := right.(string)
	if isText && isTextToo {
		return compare(f.operator, int64(strings.Compare(x, y)), int64(0)), nil
	}
	return compare(f.operator, left, right), nil
}

// sameJSON compares without turning one kind of value to another: 1 is not "1".
func sameJSON(a, b any) bool {
	x, isNumber := number(a)
	y, isNumberToo := number(b)
	if isNumber || isNumberToo {
		return isNumber && isNumberToo && x == y
	}
	switch a := a.(type) {
	case nil, bool, string:
		return a == b
	}
	switch b.(type) {
	case *List, *Map:
		return JSON(a) == JSON(b)
	}
	return false
}

// filterParser reads a condition by recursive descent.
type filterParser struct {
	text  string
	pos   int
	depth int
}

var errFilter = errors.New("the filter cannot be read")

// readFilter reads the condition behind "[?(" and returns what follows the closing ")".
func readFilter(text string) (f filter, rest string, err error) {
	p := &filterParser{text: text}
	if f, err = p.or(); err != nil {
		return nil, "", err
	}
	if !p.take(")") {
		return nil, "", fmt.Errorf("%w at %q", errFilter, p.text[p.pos:])
	}
	return f, p.text[p.pos:], nil
}

// take reads a symbol, with blanks before it.
func (p *filterParser) take(symbol string) bool {
	at := p.pos
	for at < len(p.text) && p.text[at] == ' ' {
		at++
	}
	if !strings.HasPrefix(p.text[at:], symbol) {
		return false
	}
	p.pos = at + len(symbol)
	return true
}

func (p *filterParser) or() (filter, error) {
	if p.depth++; p.depth > depthLimit {
		return nil, ErrLimit
	}
	defer func() { p.depth-- }()
	left, err := p.and()
	for err == nil && p.take("||") {
		var right filter
		right, err = p.and()
		left = filterOr{left, right}
	}
	return left, err
}

func (p *filterParser) and() (filter, error) {
	left, err := p.condition()
	for err == nil && p.take("&&") {
		var right filter
		right, err = p.condition()
		left = filterAnd{left, right}
	}
	return left, err
}

func (p *filterParser) condition() (filter, error) {
	switch {
	case p.take("!"):
		if p.depth++; p.depth > depthLimit {
			return nil, ErrLimit
		}
		defer func() { p.depth-- }()
		operand, err := p.condition()
		return filterNot{operand}, err
	case p.take("("):
		inner, err := p.or()
		if err == nil && !p.take(")") {
			err = fmt.Errorf("%w: a parenthesis is not closed", errFilter)
		}
		return inner, err
	}
	left, err := p.operand()
	if err != nil {
		return nil, err
	}
	if p.take("=~") {
		pattern, err := p.pattern()
		return filterMatch{left, pattern}, err
	}
	for _, operator := range []string{"==", "!=", "<=", ">=", "<", ">", "nin ", "in ", "nin[", "in["} {
		if !p.take(operator) {
			continue
		}
		if strings.HasSuffix(operator, "[") {
			p.pos--
		}
		right, err := p.operand()
		return filterCompare{strings.TrimRight(operator, " ["), left, right}, err
	}
	if !left.isPath {
		return nil, fmt.Errorf("%w: a value alone is no condition", errFilter)
	}
	return filterExists{left}, nil
}

// operand reads @.path, or a value as in JSON; texts may be in single quotes.
func (p *filterParser) operand() (filterOperand, error) {
	for p.pos < len(p.text) && p.text[p.pos] == ' ' {
		p.pos++
	}
	if p.pos >= len(p.text) {
		return filterOperand{}, fmt.Errorf("%w: it ends too early", errFilter)
	}
	switch c := p.text[p.pos]; c {
	case '@':
		p.pos++
		return filterOperand{path: p.path(), isPath: true}, nil
	case '\'', '"':
		end := strings.IndexByte(p.text[p.pos+1:], c)
		if end < 0 {
			return filterOperand{}, fmt.Errorf("%w: a quote is not closed", errFilter)
		}
		value := p.text[p.pos+1 : p.pos+1+end]
		p.pos += end + 2
		return filterOperand{value: value}, nil
	case '[':
		return p.list()
	}
	end := p.pos
	for end < len(p.text) && !strings.ContainsRune(" )&|=!<>,]", rune(p.text[end])) {
		end++
	}
	word := p.text[p.pos:end]
	p.pos = end
	switch word {
	case "true", "false":
		return filterOperand{value: word == "true"}, nil
	case "null":
		return filterOperand{}, nil
	}
	if i, err := strconv.ParseInt(word, 10, 64); err == nil {
		return filterOperand{value: i}, nil
	}
	f, err := strconv.ParseFloat(word, 64)
	if err != nil {
		return filterOperand{}, fmt.Errorf("%w at %q", errFilter, word)
	}
	return filterOperand{value: f}, nil
}

// path reads names and brackets behind @.
func (p *filterParser) path() string {
	start, brackets := p.pos, 0
	for ; p.pos < len(p.text); p.pos++ {
		switch c := p.text[p.pos]; {
		case c == '[':
			brackets++
		case c == ']' && brackets > 0:
			brackets--
		case strings.HasPrefix(p.text[p.pos:], "()"):
			p.pos++ // a function, whose closing parenthesis is not the filter's
		case brackets == 0 && strings.IndexByte(" )&|=!<>,]", c) >= 0:
			return p.text[start:p.pos]
		}
	}
	return p.text[start:p.pos]
}

func (p *filterParser) list() (filterOperand, error) {
	list := &List{json: true}
	p.pos++
	for !p.take("]") {
		if len(list.Items) > 0 && !p.take(",") {
			return filterOperand{}, fmt.Errorf("%w: a list is not closed", errFilter)
		}
		item, err := p.operand()
		if err != nil {
			return filterOperand{}, err
		}
		list.Items = append(list.Items, item.value)
		if len(list.Items) > LoopLimit {
			return filterOperand{}, ErrLimit
		}
	}
	return filterOperand{value: list}, nil
}

// pattern reads /…/ or /…/i, which must fit the whole text.
func (p *filterParser) pattern() (*regexp.Regexp, error) {
	if !p.take("/") {
		return nil, fmt.Errorf("%w: a pattern is expected", errFilter)
	}
	end := strings.IndexByte(p.text[p.pos:], '/')
	if end < 0 {
		return nil, fmt.Errorf("%w: a pattern is not closed", errFilter)
	}
	expression := `\A(?:` + p.text[p.pos:p.pos+end] + `)\z`
	p.pos += end + 1
	if p.pos < len(p.text) && p.text[p.pos] == 'i' {
		p.pos++
		expression = "(?i)" + expression
	}
	return compile(expression)
}
