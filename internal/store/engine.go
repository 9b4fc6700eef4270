package store

import "context"

// engine is a database that lends transactions. There are two: SQLite and PostgreSQL. What differs between them is
// here and nowhere else; the SQL text is the same.
type engine interface {
	// begin starts a transaction: serializable when it may write, a snapshot when it may not.
	begin(ctx context.Context, write bool) (session, error)
	// retryable tells, by the driver's code, whether a failed transaction may succeed when it is run again.
	retryable(err error) bool
	// shared tells whether other processes may write to this database, so that their revisions have to be polled.
	shared() bool
	close() error
}

// session is one transaction. Arguments are []byte and int64 only, destinations *[]byte and *int64: the types that
// mean the same to both drivers.
type session interface {
	// exec runs a statement and tells how many rows it changed.
	exec(ctx context.Context, query string, args ...any) (int64, error)
	// query runs a statement and gives its rows, one after the other. The cursor is closed before it returns.
	query(ctx context.Context, query string, each func(row) error, args ...any) error
	// batch is how many rows one statement should insert: where a statement is a round trip, many.
	batch() int
	commit(ctx context.Context) error
	// rollback never fails as far as the caller is concerned: a connection that cannot roll back is thrown away.
	rollback()
}

// row is the row that a cursor stands on. Bytes that were scanned belong to the caller.
type row interface {
	Scan(destination ...any) error
}
