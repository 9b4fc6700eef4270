package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"

	"modernc.org/sqlite"
)

// sqliteConn is one connection with its prepared statements. The statements are the constants of this package, so the
// map needs no bound.
type sqliteConn struct {
	raw        driver.Conn
	statements map[string]sqliteStatement
	arguments  []driver.NamedValue
	// group is the group whose transaction is open on this connection, if it is one that writes.
	group *commitGroup
}

// sqliteStatement is a prepared statement; the driver's has both methods.
type sqliteStatement interface {
	driver.StmtExecContext
	driver.StmtQueryContext
	Close() error
}

// Memory has to stay small: a page cache grows with use up to 2 MiB. What does not fit is read again from the system's
// cache, which costs a microsecond.
var (
	everySettings  = []string{"busy_timeout = 5000", "foreign_keys = ON", "temp_store = MEMORY", "trusted_schema = OFF"}
	writerSettings = []string{"journal_mode = WAL", "synchronous = FULL", "cache_size = -2048"}
	readerSettings = []string{"query_only = ON", "cache_size = -2048"}
)

func openSQLiteConn(location string, writer bool) (*sqliteConn, error) {
	raw, err := (&sqlite.Driver{}).Open(location)
	if err != nil {
		return nil, err
	}
	c := &sqliteConn{raw: raw, statements: map[string]sqliteStatement{}}
	settings := readerSettings
	if writer {
		settings = writerSettings
	}
	for _, group := range [][]string{everySettings, settings} {
		for _, pragma := range group {
			if err := c.script("PRAGMA " + pragma); err != nil {
				_ = raw.Close()
				return nil, err
			}
		}
	}
	return c, nil
}

// script runs statements that are not worth keeping prepared.
func (c *sqliteConn) script(text string) error {
	_, err := c.raw.(driver.ExecerContext).ExecContext(context.Background(), text, nil)
	return err
}

func (c *sqliteConn) close() error {
	for _, statement := range c.statements {
		_ = statement.Close()
	}
	return c.raw.Close()
}

func (c *sqliteConn) prepare(query string) (sqliteStatement, error) {
	if statement, ok := c.statements[query]; ok {
		return statement, nil
	}
	prepared, err := c.raw.(driver.ConnPrepareContext).PrepareContext(context.Background(), query)
	if err != nil {
		return nil, err
	}
	statement, ok := prepared.(sqliteStatement)
	if !ok {
		return nil, fmt.Errorf("the driver's statement is a %T", prepared)
	}
	c.statements[query] = statement
	return statement, nil
}

func (c *sqliteConn) bind(args []any) []driver.NamedValue {
	c.arguments = c.arguments[:0]
	for i, arg := range args {
		c.arguments = append(c.arguments, driver.NamedValue{Ordinal: i + 1, Value: arg})
	}
	return c.arguments
}

// exec gives the driver no context: cancelling costs a goroutine for every statement, and every statement of this
// package is short. The session looks at the deadline between them.
func (c *sqliteConn) exec(query string, args ...any) (int64, error) {
	statement, err := c.prepare(query)
	if err != nil {
		return 0, err
	}
	result, err := statement.ExecContext(context.Background(), c.bind(args))
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

func (c *sqliteConn) query(query string, each func(*sqliteRow) error, args ...any) (err error) {
	statement, err := c.prepare(query)
	if err != nil {
		return err
	}
	rows, err := statement.QueryContext(context.Background(), c.bind(args))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	current := &sqliteRow{values: make([]driver.Value, len(rows.Columns()))}
	for {
		switch err := rows.Next(current.values); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		if err := each(current); err != nil {
			return err
		}
	}
}

// sqliteRow gives the driver's values the types that the package asks for.
type sqliteRow struct{ values []driver.Value }

func (r *sqliteRow) Scan(destination ...any) error {
	if len(destination) != len(r.values) {
		return fmt.Errorf("store: %d destinations for %d columns", len(destination), len(r.values))
	}
	for i, to := range destination {
		switch to := to.(type) {
		case *[]byte:
			value, ok := r.values[i].([]byte)
			if !ok && r.values[i] != nil {
				return fmt.Errorf("store: column %d holds a %T and not bytes", i, r.values[i])
			}
			*to = value
		case *int64:
			value, ok := r.values[i].(int64)
			if !ok {
				return fmt.Errorf("store: column %d holds a %T and not a number", i, r.values[i])
			}
			*to = value
		default:
			return fmt.Errorf("store: cannot scan into a %T", to)
		}
	}
	return nil
}

// sqliteSession runs statements on a borrowed connection. How the transaction ends is a View's or an Update's own.
type sqliteSession struct{ conn *sqliteConn }

func (s *sqliteSession) exec(ctx context.Context, query string, args ...any) (int64, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	return s.conn.exec(query, args...)
}

func (s *sqliteSession) query(ctx context.Context, query string, each func(row) error, args ...any) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	seen := 0
	return s.conn.query(query, func(r *sqliteRow) error {
		if seen++; seen%64 == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		return each(r)
	}, args...)
}

// batch is one row: for a statement of several SQLite keeps a journal of its own, in case the second row fails.
func (s *sqliteSession) batch() int { return 1 }

// sqliteView is a transaction that reads, and sees one moment of the database.
type sqliteView struct {
	sqliteSession
	engine *sqliteEngine
}

// commit ends the transaction. There is nothing to keep.
func (v *sqliteView) commit(ctx context.Context) error {
	v.rollback()
	return ctx.Err()
}

func (v *sqliteView) rollback() {
	_, err := v.conn.exec("ROLLBACK")
	v.engine.putReader(v.conn, err != nil)
}
