package vtl

import (
	"errors"
	"strings"
)

// run is one rendering: its output, what it set, and what it has used up.
type run struct {
	variables Variables
	// own holds what #set and #foreach made; it hides what variables says.
	own   map[string]any
	out   strings.Builder
	steps int
	depth int
}

var (
	errBreak = errors.New("vtl: #break")
	errStop  = errors.New("vtl: #stop")
)

func (r *run) use() error {
	if r.steps++; r.steps > stepLimit {
		return ErrLimit
	}
	return nil
}

// spend counts work by the bytes it goes over, so that few steps over much text are no way around the limit.
func (r *run) spend(bytes int) error {
	if r.steps += bytes >> 8; r.steps > stepLimit {
		return ErrLimit
	}
	return nil
}

func (r *run) write(s string) error {
	if r.out.Len()+len(s) > OutputLimit {
		return ErrLimit
	}
	r.out.WriteString(s)
	return nil
}

func (r *run) set(name string, value any) {
	if r.own == nil {
		r.own = make(map[string]any)
	}
	r.own[name] = value
}

func (r *run) variable(name string) (any, bool) {
	if value, ok := r.own[name]; ok {
		return value, true
	}
	if r.variables == nil {
		return nil, false
	}
	return r.variables.Variable(name)
}

func (r *run) renderAll(nodes []node) error {
	for _, n := range nodes {
		if err := r.use(); err != nil {
			return err
		}
		if err := n.render(r); err != nil {
			return err
		}
	}
	return nil
}

func (n textNode) render(r *run) error { return r.write(string(n)) }

func (n referenceNode) render(r *run) error {
	value, err := n.reference.eval(r)
	if err != nil {
		return err
	}
	text := Text(value)
	if err := r.spend(len(text)); err != nil {
		return err
	}
	return r.write(text)
}

// render sets the target. As in Velocity 1.7 with its default settings, a null value leaves the target as it was.
func (n *setNode) render(r *run) error {
	value, err := n.value.eval(r)
	if err != nil || value == nil {
		return err
	}
	if len(n.target.steps) == 0 {
		r.set(n.target.name, value)
		return nil
	}
	last := len(n.target.steps) - 1
	holder := &reference{name: n.target.name, steps: n.target.steps[:last]}
	in, err := holder.eval(r)
	if err != nil {
		return err
	}
	return r.assign(in, n.target.steps[last], value)
}

// Assignable is an Object whose properties a template may set, as $context.responseOverride is.
type Assignable interface {
	Assign(name string, value any)
}

func (r *run) assign(in any, s step, value any) error {
	key := s.property
	var index any
	if s.index != nil {
		var err error
		if index, err = s.index.eval(r); err != nil {
			return err
		}
		key = Text(index)
	}
	switch holder := in.(type) {
	case *Map:
		holder.Put(key, value)
	case Assignable:
		holder.Assign(key, value)
	case *List:
		if i, ok := index.(int64); ok && i >= 0 && i < int64(len(holder.Items)) {
			holder.Items[i] = value
		}
	}
	return nil
}

func (n *ifNode) render(r *run) error {
	for _, b := range n.branches {
		condition, err := b.condition.eval(r)
		if err != nil {
			return err
		}
		if truth(condition) {
			return r.renderAll(b.body)
		}
	}
	return r.renderAll(n.otherwise)
}

func (n *foreachNode) render(r *run) error {
	value, err := n.list.eval(r)
	if err != nil {
		return err
	}
	items := elements(value)
	if len(items) > LoopLimit {
		return ErrLimit
	}
	before := r.keep(n.name, "foreach", "velocityCount", "velocityHasNext")
	defer before()
	parent := r.own["foreach"]
	for i, item := range items {
		if err := r.use(); err != nil {
			return err
		}
		r.set(n.name, item)
		r.set("velocityCount", int64(i+1))
		r.set("velocityHasNext", i < len(items)-1)
		r.set("foreach", NewMap().
			Put("index", int64(i)).Put("count", int64(i+1)).
			Put("first", i == 0).Put("last", i == len(items)-1).
			Put("hasNext", i < len(items)-1).Put("parent", parent))
		err := r.renderAll(n.body)
		if errors.Is(err, errBreak) {
			break
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// keep returns a function that puts back what the names stood for.
func (r *run) keep(names ...string) (restore func()) {
	old := make(map[string]any, len(names))
	for _, name := range names {
		if value, ok := r.own[name]; ok {
			old[name] = value
		}
	}
	return func() {
		for _, name := range names {
			if value, ok := old[name]; ok {
				r.own[name] = value
			} else {
				delete(r.own, name)
			}
		}
	}
}

// Mapper is an Object that is a map to those who walk over it.
type Mapper interface {
	Map() *Map
}

// elements is what #foreach walks: a list's items or a map's values.
func elements(value any) []any {
	switch v := value.(type) {
	case *List:
		return v.Items
	case Mapper:
		return elements(v.Map())
	case *Map:
		items := make([]any, 0, len(v.keys))
		for _, key := range v.keys {
			items = append(items, v.values[key])
		}
		return items
	}
	return nil
}

func (breakNode) render(*run) error { return errBreak }
func (stopNode) render(*run) error  { return errStop }
