package wire

import (
	"encoding/base64"
	"net/url"
	"reflect"
	"strconv"
	"strings"

	"github.com/poolgate/poolgate/internal/wire/model"
)

// formNode is a form's parameters as the tree that their dotted names spell: Tags.member.1.Key.
type formNode struct {
	value    string
	set      bool
	children map[string]*formNode
}

// maxParameters bounds how many nodes a form may make.
const maxParameters = 50_000

func formTree(form url.Values) (*formNode, error) {
	root, nodes := new(formNode), 0
	for name, values := range form {
		node := root
		parts := strings.Split(name, ".")
		if nodes += len(parts); len(parts) > maxDepth || nodes > maxParameters {
			return nil, malformed("The request is nested too deeply")
		}
		for _, part := range parts {
			if node.children == nil {
				node.children = map[string]*formNode{}
			}
			if node.children[part] == nil {
				node.children[part] = new(formNode)
			}
			node = node.children[part]
		}
		node.value, node.set = values[0], true
	}
	return root, nil
}

// decodeForm fills an input from the parameters of a query request.
func decodeForm(p *plan, form url.Values, into reflect.Value) error {
	root, err := formTree(form)
	if err != nil {
		return err
	}
	return decodeFormValue(p, false, root, into)
}

func decodeFormValue(p *plan, flattened bool, node *formNode, into reflect.Value) error {
	place := into
	if p.pointer && p.shape.Kind == model.Structure {
		place = reflect.New(p.typ).Elem()
	}
	switch p.shape.Kind {
	case model.Structure:
		for i := range p.fields {
			f := &p.fields[i]
			child := node.children[f.member.Wire]
			if child == nil {
				continue
			}
			if err := decodeFormValue(f.plan, f.member.Flags.Has(model.Flattened), child, place.Field(f.index)); err != nil {
				return err
			}
		}
	case model.List:
		return decodeFormList(p, flattened || p.shape.Flags.Has(model.Flattened), node, into)
	case model.Map:
		return decodeFormMap(p, flattened || p.shape.Flags.Has(model.Flattened), node, into)
	case model.Blob:
		decoded, err := base64.StdEncoding.DecodeString(node.value)
		if err != nil {
			return malformed("Failed to decode base64 content")
		}
		into.SetBytes(decoded)
	default:
		if !node.set {
			return malformed("Unexpected complex element")
		}
		return setScalar(p, into, node.value)
	}
	if p.pointer {
		into.Set(place.Addr())
	}
	return nil
}

func (n *formNode) child(name string) *formNode {
	if child := n.children[name]; child != nil {
		return child
	}
	return new(formNode)
}

// decodeFormList reads X.member.1, X.member.2 … up to the first that is missing. X alone, empty, is an empty list.
func decodeFormList(p *plan, flattened bool, node *formNode, into reflect.Value) error {
	if !flattened {
		name := p.shape.ElemName
		if name == "" {
			name = "member"
		}
		node = node.child(name)
	}
	list := reflect.MakeSlice(p.typ, 0, len(node.children))
	for i := 1; ; i++ {
		child := node.children[strconv.Itoa(i)]
		if child == nil {
			break
		}
		list = reflect.Append(list, reflect.Zero(p.typ.Elem()))
		if err := decodeFormValue(p.elem, false, child, list.Index(list.Len()-1)); err != nil {
			return err
		}
	}
	into.Set(list)
	return nil
}

// decodeFormMap reads X.entry.1.key and X.entry.1.value.
func decodeFormMap(p *plan, flattened bool, node *formNode, into reflect.Value) error {
	if !flattened {
		node = node.child("entry")
	}
	keyName, valueName := p.shape.KeyName, p.shape.ElemName
	if keyName == "" {
		keyName = "key"
	}
	if valueName == "" {
		valueName = "value"
	}
	entries := reflect.MakeMap(p.typ)
	for i := 1; ; i++ {
		child := node.children[strconv.Itoa(i)]
		if child == nil {
			break
		}
		value := reflect.New(p.typ.Elem()).Elem()
		if err := decodeFormValue(p.elem, false, child.child(valueName), value); err != nil {
			return err
		}
		entries.SetMapIndex(reflect.ValueOf(child.child(keyName).value).Convert(p.typ.Key()), value)
	}
	into.Set(entries)
	return nil
}
