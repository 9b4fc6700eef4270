package apigateway

import (
	"github.com/poolgate/poolgate/internal/entity"
	"github.com/poolgate/poolgate/internal/store"
	"github.com/poolgate/poolgate/internal/wire"
)

// ownerOf is the scope of what belongs to an account in a region and not to one API: keys, plans, links, certificates.
func ownerOf(call wire.Call) string { return owner(call.Account, call.Region) }

// tagsARN is the ARN under which something that belongs to an account is tagged (/apikeys/ID, /usageplans/ID, …).
func tagsARN(call wire.Call, path string) string {
	return "arn:aws:apigateway:" + call.Region + "::" + path
}

// listing reads one stretch of a list: List of a scope, or Find by a key of it.
type listing[T any] func(store.Page) (found []store.Found[T], more bool, err error)

// inScope lists all of a scope.
func inScope[T any](tx *store.Tx, c *store.Collection[T], scope string) listing[T] {
	return func(p store.Page) ([]store.Found[T], bool, error) { return c.List(tx, scope, p) }
}

// withKey lists those of a scope that have a secondary key.
func withKey[T any](tx *store.Tx, c *store.Collection[T], scope string, key store.Key) listing[T] {
	return func(p store.Page) ([]store.Found[T], bool, error) { return c.Find(tx, scope, key, p) }
}

// page returns the next items that keep lets through, as many as asked for, and the position after them.
func (l listing[T]) page(limit *int32, position *string, keep func(*T) bool) ([]store.Found[T], *string, error) {
	after, bad := entity.DecodePosition(position, badPosition)
	if bad != nil {
		return nil, nil, bad
	}
	size := pageSize(limit)
	kept := []store.Found[T]{}
	for {
		found, more, err := l(store.Page{After: after, Limit: greatestPage})
		if err != nil {
			return nil, nil, err
		}
		for _, f := range found {
			if keep != nil && !keep(f.Value) {
				continue
			}
			if len(kept) == size {
				return kept, entity.EncodePosition(kept[size-1].ID), nil
			}
			kept = append(kept, f)
		}
		if !more {
			return kept, nil, nil
		}
		after = found[len(found)-1].ID
	}
}

// each runs fn on every item.
func (l listing[T]) each(fn func(store.Found[T]) error) error {
	found, _, err := l(store.Page{})
	if err != nil {
		return err
	}
	for _, f := range found {
		if err := fn(f); err != nil {
			return err
		}
	}
	return nil
}
