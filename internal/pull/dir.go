package pull

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// What a directory may hold; what is beyond is not read.
const (
	largestFile  = 64 << 20
	mostFiles    = 500_000
	readmeFile   = "README.md"
	stagingName  = ".poolgate-new"
	mayOwnerRead = 0o600
	mayOwnerOpen = 0o700
)

// ErrNotOurs tells that a directory holds something that pull did not write.
var ErrNotOurs = errors.New("is not a directory that pull wrote")

// MayWrite tells whether a directory can be written over: it is not there, empty, or an earlier copy.
func MayWrite(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(entries) == 0 {
		return nil
	}
	if err != nil {
		return err
	}
	if _, err := readManifest(dir); err != nil {
		return fmt.Errorf("%s %w", dir, ErrNotOurs)
	}
	return nil
}

// Write puts a copy into a directory, in the place of an earlier copy. Files that are not the copy's (a .git, notes) stay. A directory
// that was left half written says so of itself and is not served.
func Write(dir string, c *Copy) error {
	if err := MayWrite(dir); err != nil {
		return err
	}
	t, err := c.tree()
	if err != nil {
		return err
	}
	staging := filepath.Join(dir, stagingName)
	if err := os.RemoveAll(staging); err != nil {
		return err
	}
	if err := os.MkdirAll(staging, mayOwnerOpen); err != nil {
		return err
	}
	for _, path := range slices.Sorted(maps.Keys(t.files)) {
		if err := writeFile(filepath.Join(staging, filepath.FromSlash(path)), t.files[path]); err != nil {
			return errors.Join(err, os.RemoveAll(staging))
		}
	}
	c.Complete = false
	if err := writeManifest(dir, c.Manifest); err != nil {
		return err
	}
	for _, part := range parts {
		if err := os.RemoveAll(filepath.Join(dir, part)); err != nil {
			return err
		}
		err := os.Rename(filepath.Join(staging, part), filepath.Join(dir, part))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if err := writeFile(filepath.Join(dir, readmeFile), []byte(c.readme())); err != nil {
		return err
	}
	c.Complete = true
	return errors.Join(writeManifest(dir, c.Manifest), os.RemoveAll(staging))
}

func writeFile(path string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), mayOwnerOpen); err != nil {
		return err
	}
	return os.WriteFile(path, content, mayOwnerRead)
}

// writeManifest replaces the manifest at once: it is the old one or the new one, never a part.
func writeManifest(dir string, m Manifest) error {
	content, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	path := filepath.Join(dir, manifestFile)
	if err := writeFile(path+".new", append(content, '\n')); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

func readManifest(dir string) (Manifest, error) {
	var m Manifest
	content, err := os.ReadFile(filepath.Join(dir, manifestFile))
	if err != nil {
		return m, err
	}
	if err := json.Unmarshal(content, &m); err != nil || m.Format == 0 {
		return m, errors.Join(fmt.Errorf("%s says no format", manifestFile), err)
	}
	return m, nil
}

// Read reads a copy out of a directory. Whatever is wrong with it is an error that names the file; nothing is guessed.
func Read(dir string) (*Copy, error) {
	m, err := readManifest(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s %w: it has no %s", dir, ErrNotOurs, manifestFile)
	}
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s: %w", dir, err)
	case m.Format > format:
		return nil, fmt.Errorf("%s was written by a later poolgate, in format %d", dir, m.Format)
	case !m.Complete:
		return nil, fmt.Errorf("%s was not written to its end", dir)
	case m.Account == "" || m.Region == "":
		return nil, fmt.Errorf("%s: %s names no account or no region", dir, manifestFile)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer func() { _ = root.Close() }()
	t := newTree()
	for _, part := range parts {
		if err := t.read(root, part); err != nil {
			return nil, fmt.Errorf("%s: %w", dir, err)
		}
	}
	c, err := copyOf(t, m)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", dir, err)
	}
	return c, nil
}

// read reads the JSON files below a part. Links and what is no file are not followed.
func (t *tree) read(root *os.Root, part string) error {
	if _, err := root.Lstat(part); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return fs.WalkDir(root.FS(), part, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() || !strings.HasSuffix(path, ".json") {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		if info.Size() > largestFile || len(t.files) >= mostFiles {
			return fmt.Errorf("%s: more than %d bytes, or one of more than %d files", path, largestFile, mostFiles)
		}
		content, err := root.ReadFile(path)
		if err != nil {
			return err
		}
		if !json.Valid(content) {
			return fmt.Errorf("%s: no JSON", path)
		}
		t.files[path] = content
		return nil
	})
}
