package postgrestest_test

import (
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/poolgate/poolgate/internal/store/postgrestest"
)

func TestEachTestHasADatabaseOfItsOwn(t *testing.T) {
	t.Parallel()
	first, second := postgrestest.URL(t), postgrestest.URL(t)
	if first == second {
		t.Fatalf("both are %s", first)
	}
	for _, url := range []string{first, second} {
		conn, err := pgx.Connect(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		// The same table twice: the second would fail in the first one's database.
		if _, err := conn.Exec(t.Context(), "CREATE TABLE own (id INTEGER)"); err != nil {
			t.Error(err)
		}
		if err := conn.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
}
