package vtl

import (
	"fmt"
	"math"
)

func (l literal) eval(*run) (any, error) { return l.value, nil }

func (i *interpolated) eval(r *run) (any, error) {
	return r.inside(i.template)
}

// inside renders nodes to a text of their own. What they set is seen behind them.
func (r *run) inside(nodes []node) (string, error) {
	if r.depth >= depthLimit {
		return "", ErrLimit
	}
	if r.own == nil {
		r.own = make(map[string]any)
	}
	inner := &run{variables: r.variables, own: r.own, steps: r.steps, depth: r.depth + 1}
	err := inner.renderAll(nodes)
	r.steps = inner.steps
	if err == nil {
		err = r.spend(inner.out.Len())
	}
	return inner.out.String(), err
}

func (l *listLiteral) eval(r *run) (any, error) {
	items, err := r.evalAll(l.items)
	return &List{Items: items}, err
}

func (r *run) evalAll(expressions []expression) ([]any, error) {
	values := make([]any, 0, len(expressions))
	for _, e := range expressions {
		value, err := e.eval(r)
		if err != nil {
			return nil, err
		}
		values = append(values, value)
	}
	return values, nil
}

func (l *rangeLiteral) eval(r *run) (any, error) {
	ends, err := r.evalAll([]expression{l.from, l.to})
	if err != nil {
		return nil, err
	}
	from, fromOK := ends[0].(int64)
	to, toOK := ends[1].(int64)
	if !fromOK || !toOK {
		return nil, nil
	}
	direction := int64(1)
	if to < from {
		direction = -1
	}
	list := &List{}
	for i := from; ; i += direction {
		if len(list.Items) > LoopLimit {
			return nil, ErrLimit
		}
		list.Items = append(list.Items, i)
		if i == to {
			return list, nil
		}
	}
}

func (m *mapLiteral) eval(r *run) (any, error) {
	result := NewMap()
	for i := range m.keys {
		pair, err := r.evalAll([]expression{m.keys[i], m.values[i]})
		if err != nil {
			return nil, err
		}
		result.Put(Text(pair[0]), pair[1])
	}
	return result, nil
}

func (u *unary) eval(r *run) (any, error) {
	value, err := u.operand.eval(r)
	if err != nil {
		return nil, err
	}
	if u.operator == "!" {
		return !truth(value), nil
	}
	switch v := value.(type) {
	case int64:
		return -v, nil
	case float64:
		return -v, nil
	}
	return nil, nil
}

func (b *binary) eval(r *run) (any, error) {
	if err := r.use(); err != nil {
		return nil, err
	}
	left, err := b.left.eval(r)
	if err != nil {
		return nil, err
	}
	switch {
	case b.operator == "&&" && !truth(left):
		return false, nil
	case b.operator == "||" && truth(left):
		return true, nil
	}
	right, err := b.right.eval(r)
	if err != nil {
		return nil, err
	}
	switch b.operator {
	case "&&", "||":
		return truth(right), nil
	case "==":
		return equal(left, right), r.spend(textSize(left) + textSize(right))
	case "!=":
		return !equal(left, right), r.spend(textSize(left) + textSize(right))
	case "<", "<=", ">", ">=":
		return compare(b.operator, left, right), nil
	}
	return r.arithmetic(b.operator, left, right)
}

// compare is false when one side is no number, as Velocity has it.
func compare(operator string, left, right any) bool {
	x, xOK := number(left)
	y, yOK := number(right)
	if !xOK || !yOK {
		return false
	}
	switch operator {
	case "<":
		return x < y
	case "<=":
		return x <= y
	case ">":
		return x > y
	}
	return x >= y
}

// arithmetic is integer arithmetic when both sides are integers. A plus sign with text joins. Everything else that is no
// number, and a division by zero, is null.
func (r *run) arithmetic(operator string, left, right any) (any, error) {
	a, aOK := left.(int64)
	b, bOK := right.(int64)
	if aOK && bOK {
		return integers(operator, a, b), nil
	}
	x, xOK := number(left)
	y, yOK := number(right)
	if xOK && yOK {
		return floats(operator, x, y), nil
	}
	_, leftText := left.(string)
	_, rightText := right.(string)
	if operator == "+" && (leftText || rightText) {
		joined := Text(left) + Text(right)
		if len(joined) > OutputLimit {
			return nil, ErrLimit
		}
		return joined, r.spend(len(joined))
	}
	return nil, nil
}

func integers(operator string, a, b int64) any {
	switch operator {
	case "+":
		return a + b
	case "-":
		return a - b
	case "*":
		return a * b
	}
	if b == 0 || a == math.MinInt64 && b == -1 {
		return nil
	}
	if operator == "/" {
		return a / b
	}
	return a % b
}

func floats(operator string, x, y float64) any {
	switch operator {
	case "+":
		return x + y
	case "-":
		return x - y
	case "*":
		return x * y
	}
	if y == 0 {
		return nil
	}
	if operator == "/" {
		return x / y
	}
	return math.Mod(x, y)
}

// eval follows the steps; the first that finds nothing makes the whole reference null.
func (ref *reference) eval(r *run) (any, error) {
	if err := r.use(); err != nil {
		return nil, err
	}
	value, _ := r.variable(ref.name)
	if b, isBlock := value.(block); isBlock {
		text, err := r.inside(b)
		if err != nil {
			return nil, err
		}
		value = text
	}
	for i := range ref.steps {
		if value == nil {
			return nil, nil
		}
		next, err := r.follow(value, &ref.steps[i])
		if err != nil {
			return nil, err
		}
		value = next
	}
	return value, nil
}

func (r *run) follow(value any, s *step) (any, error) {
	switch {
	case s.method != "":
		args, err := r.evalAll(s.args)
		if err != nil {
			return nil, err
		}
		if err := r.spend(weight(value, s.method, args)); err != nil {
			return nil, err
		}
		result, ok, err := call(value, s.method, args)
		if err != nil || !ok {
			return nil, err
		}
		if text, isText := result.(string); isText {
			if len(text) > OutputLimit {
				return nil, ErrLimit
			}
			return text, r.spend(len(text))
		}
		return result, nil
	case s.index != nil:
		index, err := s.index.eval(r)
		if err != nil {
			return nil, err
		}
		return at(value, index), nil
	}
	return property(value, s.property), nil
}

// weight is how many bytes a method goes over. Regular expressions cost more for each, and a search compares texts.
func weight(value any, method string, args []any) int {
	size := 0
	for _, arg := range args {
		size += textSize(arg)
	}
	switch v := value.(type) {
	case string:
		switch method {
		case "matches", "split", "replaceAll", "replaceFirst":
			return size + 64*len(v)
		}
		return size + len(v)
	case *List:
		switch method {
		case "contains", "indexOf":
			return size*len(v.Items) + textSize(v)
		case "equals", "toString":
			return size + textSize(v)
		}
	case *Map:
		switch method {
		case "containsValue":
			return size*len(v.keys) + textSize(v)
		case "equals", "toString":
			return size + textSize(v)
		}
	}
	return size
}

// textSize is what the text of a value costs, in bytes; nothing where it has only a few.
func textSize(value any) int {
	switch v := value.(type) {
	case string:
		return len(v)
	case *List, *Map, entry:
		return 4 * len(Text(v)) // it is made for this, and made again for what it is needed for
	}
	return 0
}

// property is value.name: a map's key, an object's property, else a getter without arguments (entry.key, text.empty).
func property(value any, name string) any {
	switch v := value.(type) {
	case *Map:
		if found, ok := v.Get(name); ok {
			return found
		}
		if name == "empty" {
			return len(v.keys) == 0
		}
		return nil
	case Object:
		found, _ := v.Property(name)
		return found
	case string:
		if name == "empty" {
			return v == ""
		}
	case *List:
		if name == "empty" {
			return len(v.Items) == 0
		}
	}
	return nil
}

// at is value[index].
func at(value, index any) any {
	switch v := value.(type) {
	case *List:
		if i, ok := index.(int64); ok {
			if i < 0 {
				i += int64(len(v.Items))
			}
			if i >= 0 && i < int64(len(v.Items)) {
				return v.Items[i]
			}
		}
		return nil
	case *Map, Object:
		if m, ok := v.(*Map); ok {
			found, _ := m.Get(Text(index))
			return found
		}
		found, _ := v.(Object).Property(Text(index))
		return found
	}
	return nil
}

// Call runs a method of a value, as $value.method(args…) does in a template; false when it has none of that name.
func Call(value any, method string, args []any) (result any, ok bool, err error) {
	return call(value, method, args)
}

func call(value any, method string, args []any) (result any, ok bool, err error) {
	switch v := value.(type) {
	case string:
		return callText(v, method, args)
	case *List:
		result, ok = callList(v, method, args)
	case *Map:
		result, ok = callMap(v, method, args)
	case Object:
		return v.Call(method, args)
	case int64, float64, bool:
		result, ok = callScalar(v, method, args)
	default:
		return nil, false, fmt.Errorf("vtl: a value of type %T", value)
	}
	return result, ok, nil
}
