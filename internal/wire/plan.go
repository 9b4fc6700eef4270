package wire

import (
	"fmt"
	"io"
	"reflect"
	"strings"
	"sync"
	"time"

	"github.com/poolgate/poolgate/internal/wire/model"
)

// plan says how one shape of a model meets one Go type of the SDK. Plans are compiled when an operation is first called and
// then shared; they are immutable from then on.
type plan struct {
	shape *model.Shape
	// typ is the Go type without its pointer, pointer tells that the place holds a pointer to it.
	typ     reflect.Type
	pointer bool
	// fields of a structure in the model's order; byWire finds one by its name in a JSON body or document.
	fields []field
	byWire map[string]int
	// order is that in which violations of the fields are told.
	order []int
	// elem is a list's member or a map's value, key a map's key.
	elem, key *plan
	time      model.TimeFormat
	// stream tells that the Go type is a reader instead of bytes.
	stream bool
}

// field is a member of a structure and the struct field that holds it.
type field struct {
	member *model.Member
	index  int
	plan   *plan
	// path is the member's name in validation texts: the first letter in lower case.
	path string
}

// codec compiles and keeps the plans of one service.
type codec struct {
	service *model.Service
	mu      sync.Mutex
	plans   map[planKey]*plan
}

type planKey struct {
	shape model.ShapeID
	typ   reflect.Type
	time  model.TimeFormat
}

var codecs sync.Map // *model.Service → *codec

func codecOf(service *model.Service) *codec {
	if c, found := codecs.Load(service); found {
		return c.(*codec)
	}
	c, _ := codecs.LoadOrStore(service, &codec{service: service, plans: map[planKey]*plan{}})
	return c.(*codec)
}

// plan compiles, or finds, the plan of a shape in a Go type. It fails when the SDK's type does not fit the model.
func (c *codec) plan(id model.ShapeID, typ reflect.Type) (*plan, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.compile(id, typ, model.DefaultTime)
}

func (c *codec) compile(id model.ShapeID, typ reflect.Type, format model.TimeFormat) (*plan, error) {
	key := planKey{id, typ, format}
	if p, found := c.plans[key]; found {
		return p, nil
	}
	p := &plan{shape: c.service.Shape(id), typ: typ, time: format}
	if typ.Kind() == reflect.Pointer {
		p.typ, p.pointer = typ.Elem(), true
	}
	c.plans[key] = p // before its members, which may be of its own type
	if err := c.fill(p); err != nil {
		delete(c.plans, key)
		return nil, err
	}
	return p, nil
}

var (
	timeType   = reflect.TypeFor[time.Time]()
	readerType = reflect.TypeFor[io.Reader]()
)

// goKinds are the Go kinds that the SDK uses for scalar shapes.
var goKinds = map[model.Kind]reflect.Kind{
	model.String: reflect.String, model.Boolean: reflect.Bool, model.Integer: reflect.Int32, model.Long: reflect.Int64,
	model.Float: reflect.Float32, model.Double: reflect.Float64, model.List: reflect.Slice, model.Map: reflect.Map,
	model.Blob: reflect.Slice, model.Structure: reflect.Struct, model.Timestamp: reflect.Struct, model.Document: reflect.Interface,
}

func (c *codec) fill(p *plan) error {
	if p.shape.Kind == model.Blob && p.typ.Kind() == reflect.Interface && p.typ.Implements(readerType) {
		p.stream = true
		return nil
	}
	if p.shape.Flags&(model.Union|model.EventStream) != 0 {
		return fmt.Errorf("wire: %s is a union or an event stream, which the codec does not speak", p.shape.Name)
	}
	if p.typ.Kind() != goKinds[p.shape.Kind] || (p.shape.Kind == model.Timestamp && p.typ != timeType) {
		return fmt.Errorf("wire: %s of %s does not fit the Go type %s", p.shape.Name, c.service.Name, p.typ)
	}
	var err error
	switch p.shape.Kind {
	case model.Structure:
		return c.fillStructure(p)
	case model.List:
		p.elem, err = c.compile(p.shape.Elem, p.typ.Elem(), model.DefaultTime)
	case model.Map:
		if p.key, err = c.compile(p.shape.Key, p.typ.Key(), model.DefaultTime); err == nil {
			p.elem, err = c.compile(p.shape.Elem, p.typ.Elem(), model.DefaultTime)
		}
	case model.Timestamp:
		if p.time == model.DefaultTime {
			p.time = p.shape.Time
		}
	}
	return err
}

func (c *codec) fillStructure(p *plan) error {
	members := p.shape.Members
	p.fields = make([]field, 0, len(members))
	p.byWire = make(map[string]int, len(members))
	for i := range members {
		member := &members[i]
		goField, found := p.typ.FieldByName(goName(member.Name))
		if !found { // the model may be newer than the SDK: what the SDK does not know is as if nobody had said it
			continue
		}
		child, err := c.compile(member.Shape, goField.Type, member.Time)
		if err != nil {
			return err
		}
		// A body member wins over one bound elsewhere that has the same name on the wire.
		if _, taken := p.byWire[member.Wire]; !taken || member.At == model.Body {
			p.byWire[member.Wire] = len(p.fields)
		}
		p.fields = append(p.fields, field{member: member, index: goField.Index[0], plan: child, path: lowerFirst(member.Name)})
	}
	p.order = checkOrder(p.fields)
	return nil
}

// goName is the SDK's name of the field that holds a member.
func goName(member string) string { return strings.ToUpper(member[:1]) + member[1:] }

func lowerFirst(name string) string { return strings.ToLower(name[:1]) + name[1:] }

// payload returns the field that is the HTTP body; nil when there is none.
func (p *plan) payload() *field {
	for i := range p.fields {
		if p.fields[i].member.At == model.Payload {
			return &p.fields[i]
		}
	}
	return nil
}
