package store

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// PostgreSQL's codes that a transaction may be run again after: it lost against another one.
const (
	serializationFailure = "40001"
	deadlockDetected     = "40P01"
	// Two transactions that make the same new row: the loser may be told so instead of being told to try again.
	uniqueViolation = "23505"
)

// postgresEngine uses nothing but what databases that speak PostgreSQL's protocol have in common: serializable
// transactions and their failures. It prepares statements once per connection.
type postgresEngine struct{ pool *pgxpool.Pool }

func openPostgres(ctx context.Context, location string) (*postgresEngine, error) {
	config, err := pgxpool.ParseConfig(location)
	if err != nil {
		// The error's text holds the URL, password and all.
		return nil, &SetupError{Problem: "the database's URL cannot be read", Advice: "write it as postgres://USER:PASSWORD@HOST:PORT/DATABASE"}
	}
	config.MaxConnIdleTime = 5 * time.Minute
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("store: open the database: %w", err)
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		where := fmt.Sprintf("%s:%d/%s", config.ConnConfig.Host, config.ConnConfig.Port, config.ConnConfig.Database)
		return nil, &SetupError{
			Problem: fmt.Sprintf("the database at %s does not let us in: %s", where, innermost(err)),
			Advice:  "check that PostgreSQL runs there, and its URL: --store postgres://USER:PASSWORD@HOST:PORT/DATABASE",
		}
	}
	return &postgresEngine{pool: pool}, nil
}

// innermost is what kept a connection from being made, on one line: the driver lists every address and protocol that it tried.
func innermost(err error) string {
	var refused *pgconn.PgError
	var network *net.OpError
	var name *net.DNSError
	switch {
	case errors.As(err, &refused):
		return refused.Message
	case errors.As(err, &name):
		return name.Error()
	case errors.As(err, &network):
		return network.Error()
	}
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}

func (e *postgresEngine) begin(ctx context.Context, write bool) (session, error) {
	options := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	if write {
		options = pgx.TxOptions{IsoLevel: pgx.Serializable, AccessMode: pgx.ReadWrite}
	}
	tx, err := e.pool.BeginTx(ctx, options)
	if err != nil {
		return nil, fmt.Errorf("store: begin: %w", err)
	}
	return &postgresSession{tx: tx}, nil
}

func (e *postgresEngine) retryable(err error) bool {
	var failure *pgconn.PgError
	if errors.As(err, &failure) {
		switch failure.Code {
		case serializationFailure, deadlockDetected, uniqueViolation:
			return true
		}
		return false
	}
	// A connection that had gone away was noticed before anything was sent on it.
	return pgconn.SafeToRetry(err)
}

func (e *postgresEngine) shared() bool { return true }

func (e *postgresEngine) close() error {
	e.pool.Close()
	return nil
}

// postgresSession is a transaction on a connection of the pool.
type postgresSession struct{ tx pgx.Tx }

func (s *postgresSession) exec(ctx context.Context, query string, args ...any) (int64, error) {
	tag, err := s.tx.Exec(ctx, query, args...)
	return tag.RowsAffected(), err
}

func (s *postgresSession) query(ctx context.Context, query string, each func(row) error, args ...any) error {
	rows, err := s.tx.Query(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := each(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (s *postgresSession) batch() int { return 16 }

func (s *postgresSession) commit(ctx context.Context) error { return s.tx.Commit(ctx) }

// rollback has its own deadline: the transaction's may be the reason for it.
func (s *postgresSession) rollback() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = s.tx.Rollback(ctx)
}
