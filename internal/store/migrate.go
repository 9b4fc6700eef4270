package store

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"
)

// Migrations go forward only and are never edited once released; a change is a new file.
//
//go:embed migrations/*.sql
var migrationFiles embed.FS

const (
	createSchemaVersion = `CREATE TABLE IF NOT EXISTS schema_version (id INTEGER NOT NULL PRIMARY KEY, version BIGINT NOT NULL)`
	selectSchemaVersion = `SELECT version FROM schema_version WHERE id = 1`
	upsertSchemaVersion = `INSERT INTO schema_version (id, version) VALUES (1, $1) ON CONFLICT (id) DO UPDATE SET version = excluded.version`
)

// migrate brings the schema up to date, one migration in one transaction. Several nodes may start at once: whoever
// comes second collides, looks again and finds it done.
func (s *Store) migrate(ctx context.Context) error {
	names, err := fs.Glob(migrationFiles, "migrations/*.sql")
	if err != nil {
		return fmt.Errorf("store: migrations: %w", err)
	}
	known := int64(len(names))
	version, err := s.schemaVersion(ctx)
	if err != nil {
		return fmt.Errorf("store: read the schema's version: %w", err)
	}
	if version > known {
		return &SetupError{
			Problem: fmt.Sprintf("the database was made by a newer poolgate (schema %d; this one knows %d)", version, known),
			Advice:  "use the newer poolgate: a database does not go back",
		}
	}
	for version < known {
		text, err := migrationFiles.ReadFile(names[version])
		if err != nil {
			return fmt.Errorf("store: migrations: %w", err)
		}
		next := version + 1
		// Two nodes that make the same table at once may collide in more ways than the database calls serialization
		// failures. All of them look like "not this version any more" when asked again.
		err = s.Update(ctx, func(tx *Tx) error { return tx.applyMigration(version, next, string(text)) })
		now, check := s.schemaVersion(ctx)
		if check != nil || now <= version {
			return fmt.Errorf("store: migration %s: %w", names[version], errors.Join(err, check))
		}
		version = now
	}
	return nil
}

// schemaVersion tells the version, and makes the table that holds it when there is none.
func (s *Store) schemaVersion(ctx context.Context) (version int64, err error) {
	const attempts = 3
	for attempt := 1; ; attempt++ {
		err = s.Update(ctx, func(tx *Tx) error {
			if _, err := tx.exec(createSchemaVersion); err != nil {
				return err
			}
			return tx.query(selectSchemaVersion, func(r row) error { return r.Scan(&version) })
		})
		if err == nil || attempt == attempts || ctx.Err() != nil {
			return version, err
		}
		time.Sleep(10 * time.Millisecond)
	}
}

var errMigrated = errors.New("store: another node migrated meanwhile")

func (tx *Tx) applyMigration(from, to int64, text string) error {
	var version int64
	if err := tx.query(selectSchemaVersion, func(r row) error { return r.Scan(&version) }); err != nil {
		return err
	}
	if version != from {
		return errMigrated
	}
	for _, statement := range splitStatements(text) {
		if _, err := tx.exec(statement); err != nil {
			return err
		}
	}
	_, err := tx.exec(upsertSchemaVersion, to)
	return err
}

// splitStatements cuts a migration at its semicolons. Migrations hold no text literals, so that this is enough.
func splitStatements(text string) []string {
	var clean strings.Builder
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(strings.TrimSpace(line), "--") {
			clean.WriteString(line)
		}
	}
	var statements []string
	for statement := range strings.SplitSeq(clean.String(), ";") {
		if statement = strings.TrimSpace(statement); statement != "" {
			statements = append(statements, statement)
		}
	}
	return statements
}
