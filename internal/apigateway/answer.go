package apigateway

import (
	"fmt"
	"reflect"
)

// answer makes an operation's output of an entity: in AWS's model the two have the same members, which the SDK writes
// out as two Go types each. Every field of the entity must be in the output; a test walks all pairs that are used.
func answer[Out, Entity any](entity Entity) *Out {
	out := new(Out)
	from, to := reflect.ValueOf(entity), reflect.ValueOf(out).Elem()
	for _, field := range reflect.VisibleFields(from.Type()) {
		if !field.IsExported() {
			continue
		}
		target := to.FieldByName(field.Name)
		if !target.IsValid() {
			panic(fmt.Sprintf("apigateway: %s has no field %s of %s", to.Type(), field.Name, from.Type()))
		}
		target.Set(from.FieldByIndex(field.Index))
	}
	return out
}
