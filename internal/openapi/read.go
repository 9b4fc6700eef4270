package openapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

const (
	// deepest is how far a document's values may be nested: no API comes near it.
	deepest = 200
	// mostValues is how many values a document may have, its YAML aliases unfolded.
	mostValues = 1_000_000
)

var (
	errTooDeep  = fmt.Errorf("%w: nested deeper than %d", ErrInvalid, deepest)
	errTooLarge = fmt.Errorf("%w: more than %d values", ErrInvalid, mostValues)
)

// readTree reads JSON or YAML.
func readTree(body []byte) (*object, error) {
	body = bytes.TrimPrefix(body, []byte("\ufeff"))
	if !utf8.Valid(body) {
		return nil, fmt.Errorf("%w: not UTF-8", ErrInvalid)
	}
	var value any
	var err error
	if trimmed := bytes.TrimLeft(body, " \t\r\n"); len(trimmed) > 0 && trimmed[0] == '{' {
		if value, err = readJSON(trimmed); err != nil && !errors.Is(err, errTooDeep) && !errors.Is(err, errTooLarge) {
			value, err = readYAML(body) // a flow mapping
		}
	} else {
		value, err = readYAML(body)
	}
	if err != nil {
		return nil, err
	}
	root, isObject := value.(*object)
	if !isObject {
		return nil, fmt.Errorf("%w: not an object", ErrInvalid)
	}
	return root, nil
}

// jsonReader reads one JSON value, token by token, so that members keep their order.
type jsonReader struct {
	tokens *json.Decoder
	left   int
}

func readJSON(body []byte) (any, error) {
	r := jsonReader{tokens: json.NewDecoder(bytes.NewReader(body)), left: mostValues}
	r.tokens.UseNumber()
	value, err := r.value(0)
	if err != nil {
		return nil, err
	}
	if _, err := r.tokens.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w: text after the document", ErrInvalid)
	}
	return value, nil
}

func (r *jsonReader) token() (json.Token, error) {
	token, err := r.tokens.Token()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	return token, nil
}

func (r *jsonReader) value(depth int) (any, error) {
	if r.left--; r.left < 0 {
		return nil, errTooLarge
	}
	if depth > deepest {
		return nil, errTooDeep
	}
	token, err := r.token()
	if err != nil {
		return nil, err
	}
	switch token {
	case json.Delim('{'):
		o := newObject()
		for r.tokens.More() {
			key, err := r.token()
			if err != nil {
				return nil, err
			}
			member, err := r.value(depth + 1)
			if err != nil {
				return nil, err
			}
			o.set(key.(string), member)
		}
		_, err = r.token()
		return o, err
	case json.Delim('['):
		list := []any{}
		for r.tokens.More() {
			item, err := r.value(depth + 1)
			if err != nil {
				return nil, err
			}
			list = append(list, item)
		}
		_, err = r.token()
		return list, err
	}
	return token, nil
}
