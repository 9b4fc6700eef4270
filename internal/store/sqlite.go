package store

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"sync"
)

const (
	memoryLocation = ":memory:"
	maxReaders     = 4
)

// sqliteEngine has one connection that writes and a few that read, opened when they are first needed. A database in
// memory has one connection for both, because nothing but a connection holds it.
//
// The connections are driven through database/sql/driver and not through database/sql: one writer and prepared
// statements per connection are all there is to pool, and a read by id costs half.
type sqliteEngine struct {
	path   string
	lock   *directoryLock
	writer sqliteWriter
	// readers holds the idle readers; spare holds a token for each reader that is not open. Both are nil in memory.
	readers chan *sqliteConn
	spare   chan struct{}

	closing sync.Once
	closed  chan struct{}
}

func openSQLiteDirectory(directory string) (_ *sqliteEngine, err error) {
	if err := os.MkdirAll(directory, 0o700); err != nil {
		return nil, fmt.Errorf("store: make the data directory: %w", err)
	}
	lock, err := lockDirectory(directory)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			_ = lock.release()
		}
	}()
	path := filepath.Join(directory, "poolgate.db")
	if err := makePrivate(path); err != nil {
		return nil, err
	}
	// A path may hold any character; only as a URL does SQLite take them all.
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	location := (&url.URL{Scheme: "file", Path: filepath.ToSlash(absolute)}).String()
	readers := min(max(runtime.GOMAXPROCS(0), 2), maxReaders)
	e, err := newSQLiteEngine(location, readers)
	if err != nil {
		return nil, fmt.Errorf("store: open %s: %w", path, err)
	}
	e.lock = lock
	return e, nil
}

func openSQLiteMemory() (*sqliteEngine, error) {
	e, err := newSQLiteEngine(memoryLocation, 0)
	if err != nil {
		return nil, fmt.Errorf("store: open a database in memory: %w", err)
	}
	return e, nil
}

func newSQLiteEngine(path string, readers int) (*sqliteEngine, error) {
	e := &sqliteEngine{path: path, closed: make(chan struct{})}
	e.writer.open = func() (*sqliteConn, error) { return openSQLiteConn(path, true) }
	e.writer.closed = e.closed
	if readers > 0 {
		e.writer.grouping, e.writer.age = true, maxGroupAge
		e.readers, e.spare = make(chan *sqliteConn, readers), make(chan struct{}, readers)
	}
	for range readers {
		e.spare <- struct{}{}
	}
	var err error
	e.writer.idle, err = e.writer.open()
	return e, err
}

// makePrivate makes the database file before SQLite does, because its journal and index take over its mode.
func makePrivate(path string) error {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("store: open the database: %w", err)
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err != nil {
		return fmt.Errorf("store: open the database: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		if err := file.Chmod(0o600); err != nil {
			return fmt.Errorf("store: make the database private: %w", err)
		}
	}
	if info.Size() == 0 {
		return syncDirectory(filepath.Dir(path))
	}
	return nil
}

// syncDirectory makes the names in a directory durable.
func syncDirectory(path string) error {
	directory, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	defer func() { _ = directory.Close() }()
	if err := directory.Sync(); err != nil {
		return fmt.Errorf("store: sync %s: %w", path, err)
	}
	return nil
}

func (e *sqliteEngine) begin(ctx context.Context, write bool) (session, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	select {
	case <-e.closed:
		return nil, errClosed
	default:
	}
	if write {
		return e.writer.begin(ctx)
	}
	conn, err := e.takeReader(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := conn.exec("BEGIN"); err != nil {
		e.putReader(conn, true)
		return nil, err
	}
	return &sqliteView{sqliteSession: sqliteSession{conn: conn}, engine: e}, nil
}

func (e *sqliteEngine) takeReader(ctx context.Context) (*sqliteConn, error) {
	if e.readers == nil {
		return e.writer.take(ctx)
	}
	select {
	case conn := <-e.readers:
		return conn, nil
	default:
	}
	select {
	case <-e.spare:
		return e.openReader()
	default:
	}
	// Whoever has to wait may be waiting for itself.
	if nested() {
		return nil, errNested
	}
	select {
	case conn := <-e.readers:
		return conn, nil
	case <-e.spare:
		return e.openReader()
	case <-e.closed:
		return nil, errClosed
	case <-ctx.Done():
		return nil, fmt.Errorf("store: waiting for a connection: %w", ctx.Err())
	}
}

func (e *sqliteEngine) openReader() (*sqliteConn, error) {
	conn, err := openSQLiteConn(e.path, false)
	if err != nil {
		e.spare <- struct{}{}
		return nil, fmt.Errorf("store: open a connection for reading: %w", err)
	}
	return conn, nil
}

// putReader gives a reader back; one that is broken is closed, and opened anew by the next who needs it.
func (e *sqliteEngine) putReader(conn *sqliteConn, broken bool) {
	switch {
	case e.readers == nil:
		e.writer.give(conn)
	case broken:
		_ = conn.close()
		e.spare <- struct{}{}
	default:
		e.readers <- conn
	}
}

// retryable is never true: with one writer there is nothing to collide with.
func (e *sqliteEngine) retryable(error) bool { return false }

// shared is false: the lock keeps other processes out.
func (e *sqliteEngine) shared() bool { return false }

// close waits for the transactions in progress, which have deadlines, and closes every connection.
func (e *sqliteEngine) close() error {
	var errs []error
	e.closing.Do(func() {
		close(e.closed)
		// Readers first: the last connection to close folds the journal into the database.
		for range cap(e.readers) {
			select {
			case conn := <-e.readers:
				errs = append(errs, conn.close())
			case <-e.spare:
			}
		}
		errs = append(errs, e.writer.close())
		if e.lock != nil {
			errs = append(errs, e.lock.release())
		}
	})
	return errors.Join(errs...)
}
