// Package store owns everything that survives the process: documents in collections, their secondary keys, revisions
// that tell other nodes what changed, and the sealing of secrets at rest. It speaks SQL to SQLite or PostgreSQL with
// one SQL text, and knows no service: what a document means lives above it.
//
// All work happens in View or Update, inside one transaction with a deadline. Nothing inside a transaction calls the
// network, a trigger or the store again. Update may run its function more than once (a serialization failure is
// retried), so the function must not have effects outside the transaction.
package store

import (
	"context"
	"errors"
	"time"
)

// Errors of the store. Everything else a method returns is a failure of the database itself.
var (
	// ErrNotFound says that no document has that id.
	ErrNotFound = errors.New("store: not found")
	// ErrExists says that a document with that id is there already.
	ErrExists = errors.New("store: exists")
)

// Options say where the documents are and how they are kept.
type Options struct {
	// Location is a directory (made when missing, mode 0700), ":memory:" or a "postgres://…" URL.
	Location string
	// SealKey is 32 bytes. Nil means: POOLGATE_SEAL_KEY (base64 or hex), else a file of mode 0600 beside the database.
	SealKey []byte
	// Now is the clock by which documents expire. Nil means time.Now.
	Now func() time.Time
	// Poll is how often other nodes' revisions are asked for. Zero means 250 ms.
	Poll time.Duration
}

// Store is an open database. It is safe for concurrent use.
type Store struct {
	// filled in by the implementation
}

// Tx is a transaction in progress. It must not outlive the function it was given to, nor be shared by goroutines.
type Tx struct {
	// filled in by the implementation
}

// Open opens the database, brings its schema up to date and starts polling revisions. A directory that another
// process holds open, or a seal key that is not the database's, is a clear error.
func Open(ctx context.Context, o Options) (*Store, error) { panic("not written yet") }

// Close stops polling and closes the database.
func (s *Store) Close() error { panic("not written yet") }

// View runs fn in a read-only transaction.
func (s *Store) View(ctx context.Context, fn func(*Tx) error) error { panic("not written yet") }

// Update runs fn in a serializable transaction and makes it durable before it returns. What fn bumped is then told to
// this process's watchers, before Update returns, and to other nodes when they poll.
func (s *Store) Update(ctx context.Context, fn func(*Tx) error) error { panic("not written yet") }

// Check reads and writes for real; it is what the health check asks.
func (s *Store) Check(ctx context.Context) error { panic("not written yet") }

// Seal encrypts and authenticates plain with the store's key. The purpose ("client-secret/POOL/CLIENT") is bound in: a sealed
// value moved to another purpose does not open. The result is printable text.
func (s *Store) Seal(purpose string, plain []byte) string { panic("not written yet") }

// Unseal opens what Seal made for the same purpose.
func (s *Store) Unseal(purpose, sealed string) ([]byte, error) { panic("not written yet") }

// Watch calls fn with each bumped topic that begins with prefix, whichever node bumped it, until stop is called.
// Within this process fn has returned before the bumping Update returns; fn must be quick and must not use the store.
func (s *Store) Watch(prefix string, fn func(topic string)) (stop func()) { panic("not written yet") }

// Bump marks topic ("restapi/abc123", "pool-keys/eu-west-1_x") as changed, in this transaction.
func (tx *Tx) Bump(topic string) { panic("not written yet") }
