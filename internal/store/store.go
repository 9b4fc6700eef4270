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
	"fmt"
	"strings"
	"sync"
	"time"
)

// Errors of the store. Everything else a method returns is a failure of the database itself.
var (
	// ErrNotFound says that no document has that id.
	ErrNotFound = errors.New("store: not found")
	// ErrExists says that a document with that id is there already.
	ErrExists = errors.New("store: exists")
)

var (
	errClosed   = errors.New("store: closed")
	errReadOnly = errors.New("store: a write in a View")
	errNested   = errors.New("store: View or Update was called inside View or Update")
)

// Every call has a deadline: this one, when the context has none.
const defaultDeadline = 10 * time.Second

// Options say where the documents are and how they are kept.
type Options struct {
	// Location is a directory (made when missing, mode 0700), ":memory:" or a "postgres://…" URL.
	Location string
	// SealKey is 32 bytes. Nil means: POOLGATE_SEAL_KEY (base64 or hex), else the file that POOLGATE_SEAL_KEY_FILE
	// names, else a file of mode 0600 beside the database, made at first start.
	SealKey []byte
	// Now is the clock by which documents expire. Nil means time.Now.
	Now func() time.Time
	// Poll is how often other nodes' revisions are asked for. Zero means 250 ms.
	Poll time.Duration
}

// SetupError is a failure to open that a person can mend.
type SetupError struct{ Problem, Advice string }

// Error gives the problem alone.
func (e *SetupError) Error() string { return "store: " + e.Problem }

// Hint gives what to do about it.
func (e *SetupError) Hint() string { return e.Advice }

// Store is an open database. It is safe for concurrent use.
type Store struct {
	engine   engine
	sealer   *sealer
	now      func() time.Time
	watchers watchers

	stop       context.CancelFunc
	background sync.WaitGroup
	closing    sync.Once
	closeError error
}

// Open opens the database, brings its schema up to date and starts polling revisions. A directory that another
// process holds open, or a seal key that is not the database's, is a clear error.
func Open(ctx context.Context, o Options) (_ *Store, err error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Poll <= 0 {
		o.Poll = 250 * time.Millisecond
	}
	ctx, cancel := withDeadline(ctx)
	defer cancel()
	e, keys, err := openEngine(ctx, o)
	if err != nil {
		return nil, err
	}
	s := &Store{engine: e, now: o.Now}
	defer func() {
		if err != nil {
			_ = e.close()
		}
	}()
	if err := s.migrate(ctx); err != nil {
		return nil, err
	}
	if s.sealer, err = s.openSealer(ctx, o.SealKey, keys); err != nil {
		return nil, err
	}
	if err := s.startBackground(ctx, o.Poll); err != nil {
		return nil, err
	}
	return s, nil
}

// openEngine chooses the database by the location's form, and with it where a seal key may be kept.
func openEngine(ctx context.Context, o Options) (engine, keySource, error) {
	switch {
	case o.Location == "":
		return nil, nil, &SetupError{Problem: "no location is given", Advice: "name a directory with --data, or a database with --store postgres://…"}
	case o.Location == memoryLocation:
		e, err := openSQLiteMemory()
		return e, randomKey, err
	case strings.HasPrefix(o.Location, "postgres://"), strings.HasPrefix(o.Location, "postgresql://"):
		e, err := openPostgres(ctx, o.Location)
		return e, noKey, err
	case strings.Contains(o.Location, "://"):
		return nil, nil, &SetupError{
			Problem: fmt.Sprintf("the location's scheme %q is not known", o.Location[:strings.Index(o.Location, "://")]),
			Advice:  "a location is a directory, :memory: or a postgres:// URL",
		}
	default:
		e, err := openSQLiteDirectory(o.Location)
		return e, keyFileIn(o.Location), err
	}
}

// startBackground starts what a store does on its own: it polls revisions where other nodes may bump them, and removes
// what expired.
func (s *Store) startBackground(ctx context.Context, poll time.Duration) error {
	background, stop := context.WithCancel(context.Background())
	s.stop = stop
	if s.engine.shared() {
		last, err := s.lastRevision(ctx)
		if err != nil {
			stop()
			return err
		}
		s.watchers.poll, s.watchers.told = true, map[int64]bool{}
		s.background.Go(func() { s.pollRevisions(background, poll, last) })
	}
	s.background.Go(func() { s.sweepExpired(background) })
	return nil
}

// Close stops polling and closes the database.
func (s *Store) Close() error {
	s.closing.Do(func() {
		s.stop()
		s.background.Wait()
		s.closeError = s.engine.close()
	})
	return s.closeError
}

// Check reads and writes for real; it is what the health check asks.
func (s *Store) Check(ctx context.Context) error {
	name := []byte("health")
	now := fmt.Appendf(nil, "%d", time.Now().UnixNano())
	err := s.Update(ctx, func(tx *Tx) error {
		if err := tx.setMeta(name, now); err != nil {
			return err
		}
		read, err := tx.meta(name)
		if err == nil && string(read) != string(now) {
			err = errors.New("what was written is not what is read")
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("store: health: %w", err)
	}
	return nil
}

func withDeadline(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, ok := ctx.Deadline(); ok {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, defaultDeadline)
}
