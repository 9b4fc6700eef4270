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
	writer chan *sqliteConn
	// readers holds the idle readers; spare holds a token for each reader that was not opened yet.
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
			lock.release()
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
	e := newSQLiteEngine(location, readers)
	e.lock = lock
	writer, err := openSQLiteConn(location, true)
	if err != nil {
		return nil, fmt.Errorf("store: open %s: %w", path, err)
	}
	e.writer <- writer
	return e, nil
}

func openSQLiteMemory() (*sqliteEngine, error) {
	e := newSQLiteEngine(memoryLocation, 0)
	e.readers = e.writer
	conn, err := openSQLiteConn(memoryLocation, true)
	if err != nil {
		return nil, fmt.Errorf("store: open a database in memory: %w", err)
	}
	e.writer <- conn
	return e, nil
}

func newSQLiteEngine(path string, readers int) *sqliteEngine {
	e := &sqliteEngine{
		path:    path,
		writer:  make(chan *sqliteConn, 1),
		readers: make(chan *sqliteConn, max(readers, 1)),
		spare:   make(chan struct{}, max(readers, 1)),
		closed:  make(chan struct{}),
	}
	for range readers {
		e.spare <- struct{}{}
	}
	return e
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
	home := e.readers
	statement := "BEGIN"
	if write {
		home = e.writer
		// A deferred transaction that turns into a writing one can fail in its middle; this one fails here or not at all.
		statement = "BEGIN IMMEDIATE"
	}
	conn, err := e.take(ctx, home)
	if err != nil {
		return nil, err
	}
	if _, err := conn.exec(statement); err != nil {
		e.put(home, conn, true)
		return nil, err
	}
	return &sqliteSession{engine: e, conn: conn, home: home}, nil
}

// take waits for a connection. Whoever has to wait may be waiting for itself.
func (e *sqliteEngine) take(ctx context.Context, home chan *sqliteConn) (*sqliteConn, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	select {
	case <-e.closed:
		return nil, errClosed
	default:
	}
	select {
	case conn := <-home:
		return e.ready(home, conn)
	default:
	}
	spare := e.spare
	if home == e.writer {
		spare = nil
	}
	select {
	case <-spare:
		return e.openReader()
	default:
	}
	if nested() {
		return nil, errNested
	}
	select {
	case conn := <-home:
		return e.ready(home, conn)
	case <-spare:
		return e.openReader()
	case <-e.closed:
		return nil, errClosed
	case <-ctx.Done():
		return nil, fmt.Errorf("store: waiting for a connection: %w", ctx.Err())
	}
}

// ready replaces the writer's connection when it was thrown away.
func (e *sqliteEngine) ready(home chan *sqliteConn, conn *sqliteConn) (*sqliteConn, error) {
	if conn != nil {
		return conn, nil
	}
	conn, err := openSQLiteConn(e.path, true)
	if err != nil {
		home <- nil
		return nil, fmt.Errorf("store: open the database again: %w", err)
	}
	return conn, nil
}

func (e *sqliteEngine) openReader() (*sqliteConn, error) {
	conn, err := openSQLiteConn(e.path, false)
	if err != nil {
		e.spare <- struct{}{}
		return nil, fmt.Errorf("store: open a connection for reading: %w", err)
	}
	return conn, nil
}

// put gives a connection back; one that is broken is closed and opened anew by the next who needs it.
func (e *sqliteEngine) put(home chan *sqliteConn, conn *sqliteConn, broken bool) {
	if !broken || e.path == memoryLocation {
		home <- conn
		return
	}
	_ = conn.close()
	if home == e.writer {
		home <- nil
		return
	}
	e.spare <- struct{}{}
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
		if e.readers != e.writer {
			for range cap(e.readers) {
				select {
				case conn := <-e.readers:
					errs = append(errs, conn.close())
				case <-e.spare:
				}
			}
		}
		if conn := <-e.writer; conn != nil {
			errs = append(errs, conn.close())
		}
		if e.lock != nil {
			errs = append(errs, e.lock.release())
		}
	})
	return errors.Join(errs...)
}
