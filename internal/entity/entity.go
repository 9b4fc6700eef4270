// Package entity is what the control planes do alike with the entities that they keep: find one or tell AWS's fault,
// list a scope, cut a page, make an id. It knows no service; the faults are its callers'.
package entity

import (
	"encoding/base64"
	"errors"
	"io"
	"sort"

	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/store"
	"github.com/poolgate/poolgate/internal/wire"
)

// Get returns the document, or missing when there is none or id is nil.
func Get[T any](tx *store.Tx, c *store.Collection[T], scope string, id *string, missing *fault.Error) (*T, error) {
	if id == nil || *id == "" {
		return nil, missing
	}
	value, err := c.Get(tx, scope, *id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, missing
	}
	return value, err
}

// Remove deletes the document, or returns missing when there is none or id is nil.
func Remove[T any](tx *store.Tx, c *store.Collection[T], scope string, id *string, missing *fault.Error) error {
	if id == nil || *id == "" {
		return missing
	}
	err := c.Delete(tx, scope, *id)
	if errors.Is(err, store.ErrNotFound) {
		return missing
	}
	return err
}

// All returns the scope's entities in byte order of their ids.
func All[T any](tx *store.Tx, c *store.Collection[wire.Document[T]], scope string) ([]T, error) {
	found, _, err := c.List(tx, scope, store.Page{})
	if err != nil {
		return nil, err
	}
	list := make([]T, len(found))
	for i, f := range found {
		list[i] = f.Value.Value
	}
	return list, nil
}

// Documents reads the scope's documents in byte order of their ids.
func Documents[T any](tx *store.Tx, c *store.Collection[wire.Document[T]], scope string, into *[]wire.Document[T]) error {
	list, err := All(tx, c, scope)
	if err != nil {
		return err
	}
	*into = make([]wire.Document[T], len(list))
	for i, value := range list {
		(*into)[i].Value = value
	}
	return nil
}

// Document is an entity as it is stored.
func Document[T any](value T) *wire.Document[T] { return &wire.Document[T]{Value: value} }

const idLetters = "abcdefghijklmnopqrstuvwxyz0123456789"

// NewID returns n lower-case letters and digits, each as likely as the others.
func NewID(random io.Reader, n int) (string, error) {
	const even = 256 - 256%len(idLetters) // bytes from here on would favour the first letters
	id := make([]byte, 0, n)
	buffer := make([]byte, 2*n)
	for {
		if _, err := io.ReadFull(random, buffer); err != nil {
			return "", fault.Internal(err)
		}
		for _, b := range buffer {
			if int(b) >= even {
				continue
			}
			if id = append(id, idLetters[int(b)%len(idLetters)]); len(id) == n {
				return string(id), nil
			}
		}
	}
}

// EncodePosition makes the key of the last item of a page opaque.
func EncodePosition(key string) *string {
	text := base64.RawURLEncoding.EncodeToString([]byte(key))
	return &text
}

// DecodePosition is the key that a position holds; none is the empty key. One that EncodePosition did not make is bad.
func DecodePosition(position *string, bad *fault.Error) (string, error) {
	if position == nil || *position == "" {
		return "", nil
	}
	key, err := base64.RawURLEncoding.DecodeString(*position)
	if err != nil {
		return "", bad.Because(err)
	}
	return string(key), nil
}

// Page cuts one page of at most size items out of items, which are sorted by key, no two keys alike; next is the
// position of the page after it, nil when there is none. An item that was deleted meanwhile does no harm: the next page
// begins after where it was.
func Page[T any](items []T, key func(T) string, after string, size int) (page []T, next *string) {
	if after != "" {
		items = items[sort.Search(len(items), func(i int) bool { return key(items[i]) > after }):]
	}
	if len(items) <= size {
		return items, nil
	}
	return items[:size], EncodePosition(key(items[size-1]))
}
