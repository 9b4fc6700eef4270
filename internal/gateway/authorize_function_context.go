package gateway

import (
	"bytes"
	"encoding/json"
	"time"

	"github.com/poolgate/poolgate/internal/vtl"
)

// grantObject is $context.authorizer behind a Lambda authorizer.
type grantObject struct {
	grant   *grant
	latency time.Duration
}

// Property returns $context.authorizer.name.
func (o grantObject) Property(name string) (any, bool) {
	switch name {
	case memberPrincipal:
		return o.grant.principalID, true
	case memberLatency:
		return o.latency.Milliseconds(), true
	}
	value, ok := o.grant.value(name)
	return value, ok
}

// Call runs a method of the map that the authorizer is.
func (o grantObject) Call(method string, args []any) (any, bool, error) {
	if method == "get" && len(args) == 1 {
		value, _ := o.Property(vtl.Text(args[0]))
		return value, true, nil
	}
	return vtl.Call(o.Map(), method, args)
}

// Map is the authorizer as templates walk over it.
func (o grantObject) Map() *vtl.Map {
	m := vtl.NewMap().Put(memberPrincipal, o.grant.principalID)
	for _, v := range o.grant.context {
		m.Put(v.name, v.value)
	}
	return m.Put(memberLatency, o.latency.Milliseconds())
}

// MarshalJSON writes requestContext.authorizer as functions behind the authorizer see it (facts 3.1): who it is, the answer's own values
// in their order, how long the authorizer took in milliseconds.
func (o grantObject) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	member := func(name string, value any) error {
		if err := e.Encode(name); err != nil {
			return err
		}
		b.Truncate(b.Len() - 1)
		b.WriteByte(':')
		if err := e.Encode(value); err != nil {
			return err
		}
		b.Truncate(b.Len() - 1)
		b.WriteByte(',')
		return nil
	}
	b.WriteByte('{')
	if err := member(memberPrincipal, o.grant.principalID); err != nil {
		return nil, err
	}
	for _, v := range o.grant.context {
		if err := member(v.name, v.value); err != nil {
			return nil, err
		}
	}
	if err := member(memberLatency, o.latency.Milliseconds()); err != nil {
		return nil, err
	}
	b.Truncate(b.Len() - 1)
	b.WriteByte('}')
	return b.Bytes(), nil
}
