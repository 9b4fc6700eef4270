package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Collection is a kind of document. T is encoded with encoding/json; an AWS shape inside it is a wire.Document, so
// that it is stored by wire names. A document has a scope (the pool, the API: what it is deleted with) and an id
// that is unique within its scope. Declare one package variable per kind.
type Collection[T any] struct {
	// Name is the kind's name on disk. It never changes.
	Name string
	// Version is written with every document; Upgrade turns an older document's JSON into the current one's. The keys
	// of an older document are those it was stored with, until it is stored again.
	Version int
	Upgrade func(version int, document []byte) ([]byte, error)
	// Keys gives a document's secondary keys; nil means none. Several documents may share a key.
	Keys func(*T) []Key
	// Expires tells when a document is as good as gone; nil or the zero time means never. An expired document is
	// never returned, and removed later.
	Expires func(*T) time.Time
}

// Page asks for part of a list. The zero value asks for all.
type Page struct {
	// After is the id after which to begin; empty means from the start.
	After string
	// Limit is the greatest number of documents to return; zero means no limit.
	Limit int
}

// Found is a document with the place it was found at.
type Found[T any] struct {
	Scope, ID string
	Value     *T
}

// maxLookup bounds what a key that is the same in every scope can bring up.
const maxLookup = 100

var errEmptyID = errors.New("store: a document needs an id")

// Get returns the document, a fresh copy, or ErrNotFound.
func (c *Collection[T]) Get(tx *Tx, scope, id string) (*T, error) {
	var version int64
	var body []byte
	found := false
	scan := func(r row) error { found = true; return r.Scan(&version, &body) }
	if err := tx.query(selectDocument, scan, []byte(c.Name), []byte(scope), []byte(id), tx.now); err != nil {
		return nil, err
	}
	if !found {
		return nil, ErrNotFound
	}
	return c.decode(scope, id, version, body)
}

// Insert stores a new document, or returns ErrExists.
func (c *Collection[T]) Insert(tx *Tx, scope, id string, value *T) error {
	d, err := c.encode(scope, id, value)
	if err != nil {
		return err
	}
	inserted, err := tx.exec(insertDocument, d.arguments()...)
	if err != nil {
		return err
	}
	if inserted == 0 {
		// There is one by that id. If it expired it is as good as gone.
		keys, live, err := tx.storedKeys(d.place)
		if err != nil {
			return err
		}
		if live {
			return ErrExists
		}
		return tx.overwrite(d, keys)
	}
	return tx.addKeys(d.place, d.keys)
}

// Put stores the document, new or not.
func (c *Collection[T]) Put(tx *Tx, scope, id string, value *T) error {
	d, err := c.encode(scope, id, value)
	if err != nil {
		return err
	}
	keys, _, err := tx.storedKeys(d.place)
	if err != nil {
		return err
	}
	return tx.overwrite(d, keys)
}

// Delete removes the document, or returns ErrNotFound.
func (c *Collection[T]) Delete(tx *Tx, scope, id string) error {
	p := place{kind: []byte(c.Name), scope: []byte(scope), id: []byte(id)}
	return tx.remove(p)
}

// DeleteScope removes every document of the scope and tells how many there were.
func (c *Collection[T]) DeleteScope(tx *Tx, scope string) (int, error) {
	count, err := c.Count(tx, scope)
	if err != nil {
		return 0, err
	}
	kind := []byte(c.Name)
	if _, err := tx.exec(deleteScopeKeys, kind, []byte(scope)); err != nil {
		return 0, err
	}
	if _, err := tx.exec(deleteScope, kind, []byte(scope)); err != nil {
		return 0, err
	}
	return count, nil
}

// List returns the scope's documents in byte order of their ids, and more = true when others follow the last one.
func (c *Collection[T]) List(tx *Tx, scope string, page Page) (found []Found[T], more bool, err error) {
	return c.page(tx, page, selectScope, []byte(c.Name), []byte(scope), []byte(page.After), tx.now, page.rows())
}

// Find returns the scope's documents with that key, in byte order of their ids.
func (c *Collection[T]) Find(tx *Tx, scope string, key Key, page Page) (found []Found[T], more bool, err error) {
	return c.page(tx, page, selectByKey, []byte(c.Name), []byte(scope), []byte(page.After), tx.now, page.rows(),
		[]byte(key.Index), []byte(key.Value))
}

// FindPrefix is Find for keys whose value begins with key.Value.
func (c *Collection[T]) FindPrefix(tx *Tx, scope string, key Key, page Page) (found []Found[T], more bool, err error) {
	query := selectByKeyFrom
	args := []any{
		[]byte(c.Name), []byte(scope), []byte(page.After), tx.now, page.rows(), []byte(key.Index), []byte(key.Value),
	}
	if end := prefixEnd(key.Value); end != nil {
		query = selectByKeyRange
		args = append(args, end)
	}
	return c.page(tx, page, query, args...)
}

// Lookup returns the documents with that key in every scope (a client id names its pool), at most 100 of them.
func (c *Collection[T]) Lookup(tx *Tx, key Key) ([]Found[T], error) {
	found, _, err := c.page(tx, Page{Limit: maxLookup}, selectByKeyAnywhere,
		[]byte(c.Name), []byte(key.Index), []byte(key.Value), tx.now, int64(maxLookup))
	return found, err
}

// Count tells how many documents the scope has.
func (c *Collection[T]) Count(tx *Tx, scope string) (int, error) {
	var count int64
	scan := func(r row) error { return r.Scan(&count) }
	err := tx.query(countScope, scan, []byte(c.Name), []byte(scope), tx.now)
	return int(count), err
}

// page reads what a query gives and decodes it. Queries ask for one row more than the page holds, to know of it.
func (c *Collection[T]) page(tx *Tx, page Page, query string, args ...any) (found []Found[T], more bool, err error) {
	err = tx.query(query, func(r row) error {
		if page.Limit > 0 && len(found) == page.Limit {
			more = true
			return nil
		}
		var scope, id, body []byte
		var version int64
		if err := r.Scan(&scope, &id, &version, &body); err != nil {
			return err
		}
		value, err := c.decode(string(scope), string(id), version, body)
		if err != nil {
			return err
		}
		found = append(found, Found[T]{Scope: string(scope), ID: string(id), Value: value})
		return nil
	}, args...)
	if err != nil {
		return nil, false, err
	}
	return found, more, nil
}

func (c *Collection[T]) encode(scope, id string, value *T) (document, error) {
	if id == "" {
		return document{}, errEmptyID
	}
	body, err := json.Marshal(value)
	if err != nil {
		return document{}, fmt.Errorf("store: encode %s %s/%s: %w", c.Name, scope, id, err)
	}
	d := document{
		place:   place{kind: []byte(c.Name), scope: []byte(scope), id: []byte(id)},
		version: int64(c.Version),
		body:    body,
	}
	if c.Keys != nil {
		d.keys = sortKeys(c.Keys(value))
	}
	if c.Expires != nil {
		if at := c.Expires(value); !at.IsZero() {
			// Zero means never; what ended before 1970 ended then.
			d.expires = max(at.UnixMilli(), 1)
		}
	}
	return d, nil
}

func (c *Collection[T]) decode(scope, id string, version int64, body []byte) (*T, error) {
	fail := func(err error) (*T, error) {
		return nil, fmt.Errorf("store: decode %s %s/%s of version %d: %w", c.Name, scope, id, version, err)
	}
	switch {
	case int(version) > c.Version:
		return fail(fmt.Errorf("this poolgate knows %d and no later", c.Version))
	case int(version) < c.Version && c.Upgrade == nil:
		return fail(errors.New("it has no upgrade"))
	case int(version) < c.Version:
		upgraded, err := c.Upgrade(int(version), body)
		if err != nil {
			return fail(err)
		}
		body = upgraded
	}
	value := new(T)
	if err := json.Unmarshal(body, value); err != nil {
		return fail(err)
	}
	return value, nil
}
