package wire

import (
	"fmt"
	"reflect"
)

// Reshape makes an operation's output of an entity: in AWS's models the two have the same members, which the SDK writes out as two Go
// types each. Every exported field of the entity must be in the output; one that is not is a mistake of the program, and panics.
func Reshape[Out, Entity any](entity Entity) *Out {
	out := new(Out)
	from, to := reflect.ValueOf(entity), reflect.ValueOf(out).Elem()
	for _, field := range reflect.VisibleFields(from.Type()) {
		if !field.IsExported() {
			continue
		}
		target := to.FieldByName(field.Name)
		if !target.IsValid() {
			panic(fmt.Sprintf("wire: %s has no field %s of %s", to.Type(), field.Name, from.Type()))
		}
		target.Set(from.FieldByIndex(field.Index))
	}
	return out
}
