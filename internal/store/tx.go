package store

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"runtime"
	"slices"
	"time"
)

// Tx is a transaction in progress. It must not outlive the function it was given to, nor be shared by goroutines.
type Tx struct {
	ctx     context.Context //nolint:containedctx // a Tx does not outlive the call whose context this is
	session session
	write   bool
	// now is one time for the whole transaction, in milliseconds.
	now  int64
	bump bumped
	// failure is the first failure of the database. A transaction that met one is over, whatever fn makes of it.
	failure error
}

// View runs fn in a read-only transaction.
func (s *Store) View(ctx context.Context, fn func(*Tx) error) error {
	_, err := s.retry(ctx, false, fn)
	return err
}

// Update runs fn in a serializable transaction and makes it durable before it returns. What fn bumped is then told to
// this process's watchers, before Update returns, and to other nodes when they poll.
func (s *Store) Update(ctx context.Context, fn func(*Tx) error) error {
	// A nested View is found where it would wait for itself; a nested Update is always worth the microsecond.
	if nested() {
		return errNested
	}
	bump, err := s.retry(ctx, true, fn)
	if err != nil {
		return err
	}
	if len(bump.topics) > 0 {
		s.watchers.own(bump.number)
		s.watchers.tell(bump.topics)
	}
	return nil
}

// A transaction that collides is run again, after a random pause that doubles up to a limit.
const (
	maxAttempts = 40
	firstPause  = 2 * time.Millisecond
	maxPause    = 100 * time.Millisecond
)

func (s *Store) retry(ctx context.Context, write bool, fn func(*Tx) error) (bumped, error) {
	ctx, cancel := withDeadline(ctx)
	defer cancel()
	pause := firstPause
	for attempt := 1; ; attempt++ {
		var bump bumped
		session, err := s.engine.begin(ctx, write)
		failure := err
		if err == nil {
			bump, failure, err = s.transact(ctx, session, write, fn)
		}
		if failure == nil || !s.engine.retryable(failure) {
			return bump, err
		}
		if attempt == maxAttempts {
			return bumped{}, fmt.Errorf("store: gave up after %d attempts: %w", attempt, failure)
		}
		wait := time.NewTimer(rand.N(pause) + pause/4)
		select {
		case <-wait.C:
		case <-ctx.Done():
			wait.Stop()
			return bumped{}, fmt.Errorf("store: %w after %d attempts: %w", ctx.Err(), attempt, failure)
		}
		pause = min(2*pause, maxPause)
	}
}

// transact runs fn once. Beside the error to return it gives the database's own failure, if there was one: fn may have
// hidden it in an error of its own, and whether to run again depends on it alone.
//
//go:noinline
func (s *Store) transact(ctx context.Context, session session, write bool, fn func(*Tx) error) (bump bumped, failure, err error) {
	tx := &Tx{ctx: ctx, session: session, write: write, now: s.now().UnixMilli()}
	done := false
	defer func() {
		// fn panicked, or ended its goroutine.
		if !done {
			session.rollback()
		}
	}()
	err = fn(tx)
	if err == nil && tx.failure == nil {
		err = tx.bump.flush(tx)
	}
	done = true
	if err == nil {
		err = tx.failure
	}
	if err != nil {
		session.rollback()
		return bumped{}, tx.failure, err
	}
	if err := session.commit(ctx); err != nil {
		err = fmt.Errorf("store: commit: %w", err)
		return bumped{}, err, err
	}
	return tx.bump, nil, nil
}

// Bump marks topic ("restapi/abc123", "pool-keys/eu-west-1_x") as changed, in this transaction.
func (tx *Tx) Bump(topic string) {
	if !tx.write {
		_ = tx.fail(errReadOnly)
		return
	}
	if !slices.Contains(tx.bump.topics, topic) {
		tx.bump.topics = append(tx.bump.topics, topic)
	}
}

// exec runs a statement that writes.
func (tx *Tx) exec(query string, args ...any) (int64, error) {
	if !tx.write {
		return 0, tx.fail(errReadOnly)
	}
	if tx.failure != nil {
		return 0, tx.failure
	}
	n, err := tx.session.exec(tx.ctx, query, args...)
	if err != nil {
		return 0, tx.fail(fmt.Errorf("store: %w", err))
	}
	return n, nil
}

// query runs a statement that gives rows. An error of each ends it and is not a failure of the database.
func (tx *Tx) query(query string, each func(row) error, args ...any) error {
	if tx.failure != nil {
		return tx.failure
	}
	var own error
	err := tx.session.query(tx.ctx, query, func(r row) error {
		own = each(r)
		return own
	}, args...)
	switch {
	case own != nil:
		return own
	case err != nil:
		return tx.fail(fmt.Errorf("store: %w", err))
	}
	return nil
}

// change is query for a statement that writes and gives rows.
func (tx *Tx) change(query string, each func(row) error, args ...any) error {
	if !tx.write {
		return tx.fail(errReadOnly)
	}
	return tx.query(query, each, args...)
}

func (tx *Tx) fail(err error) error {
	if tx.failure == nil {
		tx.failure = err
	}
	return err
}

const (
	selectMeta = `SELECT value FROM meta WHERE name = $1`
	upsertMeta = `INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value`
)

// meta reads what the store remembers about itself, or ErrNotFound.
func (tx *Tx) meta(name []byte) ([]byte, error) {
	value, err := []byte(nil), ErrNotFound
	failed := tx.query(selectMeta, func(r row) error { err = nil; return r.Scan(&value) }, name)
	return value, errors.Join(failed, err)
}

func (tx *Tx) setMeta(name, value []byte) error {
	_, err := tx.exec(upsertMeta, name, value)
	return err
}

var transactEntry = reflect.ValueOf((*Store).transact).Pointer()

// nested tells whether this goroutine is inside a transaction already: with one writer it would wait for itself until
// the deadline, and with many it would read around its own writes.
func nested() bool {
	var counters [96]uintptr
	for _, pc := range counters[:runtime.Callers(2, counters[:])] {
		if fn := runtime.FuncForPC(pc - 1); fn != nil && fn.Entry() == transactEntry {
			return true
		}
	}
	return false
}
