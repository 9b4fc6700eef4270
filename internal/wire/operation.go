package wire

import (
	"context"
	"fmt"
	"reflect"
	"sync"

	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/wire/model"
)

// operation is one row of a service and, when it is implemented, the method that runs it.
type operation struct {
	binding *binding
	model   *model.Operation
	method  reflect.Value
	in, out reflect.Type

	once            sync.Once
	inPlan, outPlan *plan
	planErr         error
}

var (
	contextType = reflect.TypeFor[context.Context]()
	errorType   = reflect.TypeFor[error]()
)

// bind checks the method's signature against the SDK's names. Plans wait for the first call: start-up is for serving.
func (o *operation) bind(method reflect.Value) error {
	t := method.Type()
	want := fmt.Sprintf("func(context.Context, *%[1]s.%[2]sInput) (*%[1]s.%[2]sOutput, error)", o.binding.service.Package, o.model.Name)
	fits := t.NumIn() == 2 && t.NumOut() == 2 && t.In(0) == contextType && t.Out(1) == errorType &&
		o.ownType(t.In(1), "Input") && o.ownType(t.Out(0), "Output")
	if !fits {
		return fmt.Errorf("wire: %s %s is %s, and must be %s", o.binding.service.Name, o.model.Name, t, want)
	}
	o.method, o.in, o.out = method, t.In(1).Elem(), t.Out(0).Elem()
	return nil
}

func (o *operation) ownType(t reflect.Type, suffix string) bool {
	return t.Kind() == reflect.Pointer && t.Elem().Kind() == reflect.Struct && t.Elem().Name() == o.model.Name+suffix &&
		model.ForPackage(t.Elem().PkgPath()) == o.binding.service
}

// prepare compiles the plans at the first call.
func (o *operation) prepare() error {
	if !o.method.IsValid() {
		return fault.Unimplemented("NotImplementedException", "poolgate does not implement %s %s", o.binding.service.Name, o.model.Name)
	}
	o.once.Do(func() {
		if o.model.Input != 0 {
			if o.inPlan, o.planErr = o.binding.codec.plan(o.model.Input, o.in); o.planErr != nil {
				return
			}
		}
		if o.model.Output != 0 {
			o.outPlan, o.planErr = o.binding.codec.plan(o.model.Output, o.out)
		}
	})
	return o.planErr
}

// run calls the method. A missing output is an empty one.
func (o *operation) run(ctx context.Context, in reflect.Value) (reflect.Value, error) {
	results := o.method.Call([]reflect.Value{reflect.ValueOf(ctx), in})
	if err, failed := results[1].Interface().(error); failed {
		return reflect.Value{}, err
	}
	if results[0].IsNil() {
		return reflect.New(o.out).Elem(), nil
	}
	return results[0].Elem(), nil
}
