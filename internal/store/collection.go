package store

import "time"

// Collection is a kind of document. T is encoded with encoding/json; an AWS shape inside it is a wire.Document, so
// that it is stored by wire names. A document has a scope (the pool, the API: what it is deleted with) and an id
// that is unique within its scope. Declare one package variable per kind.
type Collection[T any] struct {
	// Name is the kind's name on disk. It never changes.
	Name string
	// Version is written with every document; Upgrade turns an older document's JSON into the current one's.
	Version int
	Upgrade func(version int, document []byte) ([]byte, error)
	// Keys gives a document's secondary keys; nil means none. Several documents may share a key.
	Keys func(*T) []Key
	// Expires tells when a document is as good as gone; nil or the zero time means never. An expired document is
	// never returned, and removed later.
	Expires func(*T) time.Time
}

// Key is a secondary key of a document.
type Key struct{ Index, Value string }

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

// Get returns the document, a fresh copy, or ErrNotFound.
func (c *Collection[T]) Get(tx *Tx, scope, id string) (*T, error) { panic("not written yet") }

// Insert stores a new document, or returns ErrExists.
func (c *Collection[T]) Insert(tx *Tx, scope, id string, value *T) error { panic("not written yet") }

// Put stores the document, new or not.
func (c *Collection[T]) Put(tx *Tx, scope, id string, value *T) error { panic("not written yet") }

// Delete removes the document, or returns ErrNotFound.
func (c *Collection[T]) Delete(tx *Tx, scope, id string) error { panic("not written yet") }

// DeleteScope removes every document of the scope and tells how many there were.
func (c *Collection[T]) DeleteScope(tx *Tx, scope string) (int, error) { panic("not written yet") }

// List returns the scope's documents in byte order of their ids, and more = true when others follow the last one.
func (c *Collection[T]) List(tx *Tx, scope string, page Page) (found []Found[T], more bool, err error) {
	panic("not written yet")
}

// Find returns the scope's documents with that key, in byte order of their ids.
func (c *Collection[T]) Find(tx *Tx, scope string, key Key, page Page) (found []Found[T], more bool, err error) {
	panic("not written yet")
}

// FindPrefix is Find for keys whose value begins with key.Value.
func (c *Collection[T]) FindPrefix(tx *Tx, scope string, key Key, page Page) (found []Found[T], more bool, err error) {
	panic("not written yet")
}

// Lookup returns the documents with that key in every scope (a client id names its pool), at most 100 of them.
func (c *Collection[T]) Lookup(tx *Tx, key Key) ([]Found[T], error) { panic("not written yet") }

// Count tells how many documents the scope has.
func (c *Collection[T]) Count(tx *Tx, scope string) (int, error) { panic("not written yet") }
