package wire

import "encoding/json"

// Document stores an AWS shape by its wire names: its JSON is that of the service's own protocol, whatever the SDK calls the
// Go fields, so that an SDK update is not a migration. T is a struct of an SDK's package or its types package.
type Document[T any] struct{ Value T }

// MarshalJSON encodes by wire names. (Until the codec lands: by Go names.)
func (d Document[T]) MarshalJSON() ([]byte, error) { return json.Marshal(d.Value) }

// UnmarshalJSON decodes what MarshalJSON wrote.
func (d *Document[T]) UnmarshalJSON(data []byte) error { return json.Unmarshal(data, &d.Value) }
