package wire

import (
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"reflect"

	"github.com/poolgate/poolgate/internal/wire/model"
)

// xmlEncoder writes SDK types as a service's XML. Member names come from the model, so they are names already.
type xmlEncoder struct {
	out   []byte
	depth int
}

func (x *xmlEncoder) open(name, namespace string) {
	x.out = append(append(x.out, '<'), name...)
	if namespace != "" {
		x.out = append(append(append(x.out, ` xmlns="`...), namespace...), '"')
	}
	x.out = append(x.out, '>')
}

func (x *xmlEncoder) close(name string) {
	x.out = append(append(append(x.out, "</"...), name...), '>')
}

func (x *xmlEncoder) text(name, text string) {
	x.open(name, "")
	var escaped bytes.Buffer
	_ = xml.EscapeText(&escaped, []byte(text)) // a buffer takes everything
	x.out = append(x.out, escaped.Bytes()...)
	x.close(name)
}

// members writes the members of a structure.
func (x *xmlEncoder) members(p *plan, v reflect.Value) error {
	if x.depth++; x.depth > 2*maxDepth {
		return fmt.Errorf("wire: the value is nested too deeply")
	}
	for i := range p.fields {
		f := &p.fields[i]
		member := v.Field(f.index)
		if f.member.At != model.Body || absent(member) {
			continue
		}
		if err := x.value(f.plan, f.member.Wire, f.member.Flags.Has(model.Flattened), member); err != nil {
			return err
		}
	}
	x.depth--
	return nil
}

func (x *xmlEncoder) value(p *plan, name string, flattened bool, v reflect.Value) error {
	if p.pointer {
		if v.IsNil() {
			return nil
		}
		v = v.Elem()
	}
	flattened = flattened || p.shape.Flags.Has(model.Flattened)
	switch p.shape.Kind {
	case model.Structure:
		x.open(name, "")
		if err := x.members(p, v); err != nil {
			return err
		}
		x.close(name)
	case model.List:
		return x.list(p, name, flattened, v)
	case model.Map:
		return x.mapping(p, name, flattened, v)
	case model.Blob:
		x.text(name, base64.StdEncoding.EncodeToString(v.Bytes()))
	default:
		x.text(name, scalarText(p, v, model.ISO8601))
	}
	return nil
}

func (x *xmlEncoder) list(p *plan, name string, flattened bool, v reflect.Value) error {
	item := p.shape.ElemName
	if flattened {
		if item == "" {
			item = name
		}
	} else {
		if item == "" {
			item = "member"
		}
		x.open(name, "")
	}
	for i := range v.Len() {
		if err := x.value(p.elem, item, false, v.Index(i)); err != nil {
			return err
		}
	}
	if !flattened {
		x.close(name)
	}
	return nil
}

func (x *xmlEncoder) mapping(p *plan, name string, flattened bool, v reflect.Value) error {
	entry, keyName, valueName := "entry", p.shape.KeyName, p.shape.ElemName
	if keyName == "" {
		keyName = "key"
	}
	if valueName == "" {
		valueName = "value"
	}
	if flattened {
		entry = name
	} else {
		x.open(name, "")
	}
	for _, key := range sortedMapKeys(v) {
		x.open(entry, "")
		x.text(keyName, key.String())
		if err := x.value(p.elem, valueName, false, v.MapIndex(key)); err != nil {
			return err
		}
		x.close(entry)
	}
	if !flattened {
		x.close(name)
	}
	return nil
}

// encodeResult writes a query operation's answer around its result.
func encodeResult(o *operation, result reflect.Value, requestID string) ([]byte, error) {
	x := &xmlEncoder{out: make([]byte, 0, 512)}
	response := o.model.Name + "Response"
	x.open(response, o.binding.service.XMLNamespace)
	if o.outPlan != nil {
		wrapper := o.model.Wrapper
		if wrapper != "" {
			x.open(wrapper, "")
		}
		if err := x.members(o.outPlan, result); err != nil {
			return nil, err
		}
		if wrapper != "" {
			x.close(wrapper)
		}
	}
	x.open("ResponseMetadata", "")
	x.text("RequestId", requestID)
	x.close("ResponseMetadata")
	x.close(response)
	return x.out, nil
}
