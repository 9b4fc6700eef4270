package poolgate_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/poolgate/poolgate/"

// room is a row of ARCHITECTURE.md's table: a package and which of ours it may import.
type room struct {
	allowed []string
	// allBut lists what a room that sees everything must not import.
	allBut []string
}

func (r room) admits(pkg string) bool {
	if r.allBut != nil {
		return !slices.Contains(r.allBut, pkg)
	}
	return slices.Contains(r.allowed, pkg)
}

var codeSpan = regexp.MustCompile("`([^`]+)`")

// rooms reads the table that people read.
func rooms(t *testing.T) map[string]room {
	t.Helper()
	page, err := os.ReadFile("ARCHITECTURE.md")
	if err != nil {
		t.Fatal(err)
	}
	table := map[string]room{}
	for line := range strings.Lines(string(page)) {
		cells := strings.Split(line, "|")
		if len(cells) != 5 || !strings.HasPrefix(strings.TrimSpace(cells[1]), "`") {
			continue
		}
		var r room
		names := []string{}
		for _, span := range codeSpan.FindAllStringSubmatch(cells[3], -1) {
			names = append(names, span[1])
		}
		if strings.Contains(cells[3], "everything but") {
			r.allBut = names
		} else {
			r.allowed = names
		}
		table[strings.Trim(strings.TrimSpace(cells[1]), "`")] = r
	}
	if len(table) < 10 {
		t.Fatalf("ARCHITECTURE.md has a table of %d rooms; is its shape still one row per room?", len(table))
	}
	return table
}

func TestEveryImportIsInTheTableOfArchitecture(t *testing.T) {
	table := rooms(t)
	seen := map[string]bool{}
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && (strings.HasPrefix(entry.Name(), ".") && path != "." || entry.Name() == "node_modules" || path == "e2e" || path == "bench" || path == "examples") {
			return fs.SkipDir
		}
		if entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		pkg := filepath.ToSlash(filepath.Dir(path))
		r, listed := table[pkg]
		if !listed {
			t.Errorf("%s is in package %s, which ARCHITECTURE.md does not list", path, pkg)
			return nil
		}
		seen[pkg] = true
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range file.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			if ours, ok := strings.CutPrefix(imported, module); ok && !r.admits(ours) {
				t.Errorf("%s imports %s, which ARCHITECTURE.md does not allow %s", path, ours, pkg)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for pkg := range table {
		if !seen[pkg] {
			t.Errorf("ARCHITECTURE.md lists %s, which has no Go file", pkg)
		}
	}
}
