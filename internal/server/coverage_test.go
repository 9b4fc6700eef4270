package server

import (
	"context"
	"flag"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/poolgate/poolgate/internal/wire"
)

var update = flag.Bool("update", false, "write the generated pages of docs/")

// TestCoveragePage keeps docs/coverage.md what the operation tables say.
func TestCoveragePage(t *testing.T) {
	s := startTest(t, Config{})
	want := wire.CoverageMarkdown(s.parts.apis.Rows())
	const page = "../../docs/coverage.md"
	if *update {
		if err := os.WriteFile(page, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("docs/coverage.md is not what the tables say; go test ./internal/server -run Coverage -update writes it\n%s", diff)
	}
}

// startTest starts a server that keeps nothing on a free loopback port.
func startTest(t *testing.T, config Config) *Server {
	t.Helper()
	config.Addr, config.Data = "127.0.0.1:0", Memory
	s, err := Start(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	return s
}
