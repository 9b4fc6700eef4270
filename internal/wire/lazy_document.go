package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"sync"

	smithydocument "github.com/aws/smithy-go/document"
)

// Free-form documents in an SDK are an interface that only the service's own package can implement, so the service
// tells the codec how to make one.
var lazyDocuments sync.Map // reflect.Type of the interface → func(any) any

// LazyDocuments makes known how documents of one SDK package are made; the argument is that package's NewLazyDocument.
func LazyDocuments[T smithydocument.Marshaler](newLazyDocument func(any) T) {
	lazyDocuments.Store(reflect.TypeFor[T](), func(value any) any { return newLazyDocument(value) })
}

// setLazyDocument puts the JSON of a document into a place of the SDK's interface type.
func setLazyDocument(into reflect.Value, raw []byte) error {
	newDocument, known := lazyDocuments.Load(into.Type())
	if !known {
		return fmt.Errorf("wire: no LazyDocuments of %s", into.Type())
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return malformed("Could not parse request body into json")
	}
	if value == nil {
		return nil
	}
	into.Set(reflect.ValueOf(newDocument.(func(any) any)(smithyNumbers(value))))
	return nil
}

// smithyNumbers turns numbers into the type that keeps their digits in the SDK.
func smithyNumbers(value any) any {
	switch v := value.(type) {
	case json.Number:
		return smithydocument.Number(v)
	case []any:
		for i := range v {
			v[i] = smithyNumbers(v[i])
		}
	case map[string]any:
		for name := range v {
			v[name] = smithyNumbers(v[name])
		}
	}
	return value
}

// documentJSON gives the JSON of an SDK document.
func documentJSON(document reflect.Value) ([]byte, error) {
	marshaler, ok := document.Interface().(smithydocument.Marshaler)
	if !ok {
		return nil, fmt.Errorf("wire: %s is no document", document.Type())
	}
	raw, err := marshaler.MarshalSmithyDocument()
	if err != nil {
		return nil, err
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, raw); err != nil {
		return nil, err
	}
	return compact.Bytes(), nil
}
