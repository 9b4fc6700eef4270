package pull

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/poolgate/poolgate/internal/wire"
)

// tree is a directory's files by their paths, which are relative and have slashes.
type tree struct {
	files map[string][]byte
	// folded are the paths in small letters: some file systems take capitals for the same.
	folded map[string]bool
	// size is how many bytes were read from a directory.
	size int64
	// err is the first thing that went wrong.
	err error
}

func newTree() *tree { return &tree{files: map[string][]byte{}, folded: map[string]bool{}} }

// put adds an AWS shape.
func put[T any](t *tree, dir, name string, value T) {
	encoded, err := json.Marshal(wire.Document[T]{Value: value})
	t.add(dir, name, encoded, err)
}

// add adds a JSON document.
func (t *tree) add(dir, name string, document []byte, err error) {
	if err == nil {
		document, err = canonical(document)
	}
	if err != nil {
		if t.err == nil {
			t.err = fmt.Errorf("%s/%s: %w", dir, name, err)
		}
		return
	}
	path := dir + fileName(name)
	if t.folded[strings.ToLower(path)] {
		path += "-" + digest(name)
	}
	t.folded[strings.ToLower(path)] = true
	t.files[path+".json"] = document
}

// canonical is a JSON document with its members sorted, a line for each, whatever order they came in.
func canonical(document []byte) ([]byte, error) {
	decoder := json.NewDecoder(bytes.NewReader(document))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	err := encoder.Encode(value)
	return out.Bytes(), err
}

var (
	unsafeInName = regexp.MustCompile(`[^A-Za-z0-9_.@$+=-]+|\.\.+`)
	safeName     = regexp.MustCompile(`^[A-Za-z0-9_$][A-Za-z0-9_.@$+=-]{0,100}$`)
)

// fileName is a name that every file system takes and that leads nowhere else. One that had to be changed ends in a digest of what it was.
func fileName(name string) string {
	if safeName.MatchString(name) {
		return name
	}
	readable := strings.Trim(unsafeInName.ReplaceAllString(name, "_"), "_.-")
	return readable[:min(len(readable), 60)] + "-" + digest(name)
}

func digest(name string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(name)))[:8] }

// get reads an AWS shape. A file that is not there is the shape's zero value; mustGet wants it.
func get[T any](t *tree, path string) (value T, there bool) {
	content, there := t.files[path]
	if !there {
		return value, false
	}
	var document wire.Document[T]
	if err := json.Unmarshal(content, &document); err != nil {
		t.wrong(path, err)
	}
	return document.Value, true
}

func mustGet[T any](t *tree, path string) T {
	value, there := get[T](t, path)
	if !there {
		t.wrong(path, errMissing)
	}
	return value
}

// list reads the AWS shapes in a directory, in the order of their files' names.
func list[T any](t *tree, dir string) []T {
	var all []T
	for _, path := range t.in(dir) {
		all = append(all, mustGet[T](t, path))
	}
	return all
}

// in are the paths of the files right in a directory, sorted.
func (t *tree) in(dir string) []string {
	var paths []string
	for _, path := range slices.Sorted(maps.Keys(t.files)) {
		if rest, ok := strings.CutPrefix(path, dir); ok && !strings.Contains(rest, "/") {
			paths = append(paths, path)
		}
	}
	return paths
}

// under are the names of the directories right in a directory, sorted.
func (t *tree) under(dir string) []string {
	names := map[string]bool{}
	for path := range t.files {
		if rest, ok := strings.CutPrefix(path, dir); ok {
			if name, _, is := strings.Cut(rest, "/"); is {
				names[name] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(names))
}

func (t *tree) wrong(path string, err error) {
	if t.err == nil {
		t.err = fmt.Errorf("%s: %w", path, err)
	}
}
