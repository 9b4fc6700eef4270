package wire

import (
	"fmt"
	"reflect"
	"strings"
	"sync"

	"github.com/poolgate/poolgate/internal/wire/model"
)

// Document stores an AWS shape by its wire names: its JSON is that of the service's own protocol, whatever the SDK calls the
// Go fields, so that an SDK update is not a migration. T is a struct of an SDK's package or its types package.
//
// What differs from an answer on the wire: members that travel in headers, paths and queries are there too, under their
// names on the wire, and timestamps are epoch seconds to the nanosecond. Nothing that was set is lost: nil and empty
// collections stay apart. Times come back in UTC.
type Document[T any] struct{ Value T }

// MarshalJSON encodes by wire names.
func (d Document[T]) MarshalJSON() ([]byte, error) {
	p, err := documentPlan(reflect.TypeFor[T]())
	if err != nil {
		return nil, err
	}
	return encodeJSON(p, reflect.ValueOf(&d.Value).Elem(), true)
}

// UnmarshalJSON decodes what MarshalJSON wrote. Names that the model does not know are ignored.
func (d *Document[T]) UnmarshalJSON(data []byte) error {
	p, err := documentPlan(reflect.TypeFor[T]())
	if err != nil {
		return err
	}
	var value T
	if err := decodeJSON(p, data, reflect.ValueOf(&value).Elem(), true); err != nil {
		return err
	}
	d.Value = value
	return nil
}

var documentPlans sync.Map // reflect.Type → *plan

// documentPlan finds the shape of an SDK struct by the package and the name of its type.
func documentPlan(typ reflect.Type) (*plan, error) {
	if p, found := documentPlans.Load(typ); found {
		return p.(*plan), nil
	}
	service, id := shapeOf(typ)
	if id == 0 {
		return nil, fmt.Errorf("wire: no model has a shape for %s.%s", typ.PkgPath(), typ.Name())
	}
	p, err := codecOf(service).plan(id, typ)
	if err != nil {
		return nil, err
	}
	documentPlans.Store(typ, p)
	return p, nil
}

// shapeOf finds the shape of a Go type: XInput and XOutput of a service's package are the operation X's, all others are
// named as their shape.
func shapeOf(typ reflect.Type) (*model.Service, model.ShapeID) {
	service := model.ForPackage(typ.PkgPath())
	if service == nil {
		return nil, 0
	}
	if strings.HasSuffix(typ.PkgPath(), "/types") {
		return service, structureOf(service, typ.Name())
	}
	if name, is := strings.CutSuffix(typ.Name(), "Input"); is {
		if operation := service.Operation(name); operation != nil {
			return service, operation.Input
		}
	}
	if name, is := strings.CutSuffix(typ.Name(), "Output"); is {
		if operation := service.Operation(name); operation != nil {
			return service, operation.Output
		}
	}
	return service, 0
}

// structureOf finds a structure whose name may begin with a small letter in the model.
func structureOf(service *model.Service, goName string) model.ShapeID {
	if id := service.Structure(goName); id != 0 {
		return id
	}
	return service.Structure(lowerFirst(goName))
}
