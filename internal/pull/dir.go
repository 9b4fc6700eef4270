package pull

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
)

// What a directory may hold; what is beyond is not read.
const (
	largestFile = 64 << 20
	mostFiles   = 500_000
	// mostBytes is for all files together: they are read before the first of them is looked at.
	mostBytes       = 1 << 30
	largestManifest = 8 << 20

	readmeFile   = "README.md"
	stagingName  = ".poolgate-new"
	mayOwnerRead = 0o600
	mayOwnerOpen = 0o700
)

// What an account and a region are called.
var (
	accountID  = regexp.MustCompile(`^[0-9]{12}$`)
	regionName = regexp.MustCompile(`^[a-z0-9-]{1,32}$`)
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
// that was left half written says so of itself and is not served. Nothing is written outside of it, whatever links an earlier copy has
// and whatever ids the account gave.
func Write(dir string, c *Copy) error {
	if err := MayWrite(dir); err != nil {
		return err
	}
	t, err := c.tree()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, mayOwnerOpen); err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	if err := stage(root, t); err != nil {
		return errors.Join(err, root.RemoveAll(stagingName))
	}
	c.Complete = false
	if err := writeManifest(root, c.Manifest); err != nil {
		return err
	}
	for _, part := range parts {
		if err := root.RemoveAll(part); err != nil {
			return err
		}
		err := root.Rename(path.Join(stagingName, part), part)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if err := replace(root, readmeFile, []byte(c.readme())); err != nil {
		return err
	}
	c.Complete = true
	return errors.Join(writeManifest(root, c.Manifest), root.RemoveAll(stagingName))
}

// stage writes all files beside those that they will replace.
func stage(root *os.Root, t *tree) error {
	if err := root.RemoveAll(stagingName); err != nil {
		return err
	}
	if err := root.Mkdir(stagingName, mayOwnerOpen); err != nil {
		return err
	}
	staging, err := root.OpenRoot(stagingName)
	if err != nil {
		return err
	}
	defer func() { _ = staging.Close() }()
	for _, name := range slices.Sorted(maps.Keys(t.files)) {
		if err := staging.MkdirAll(path.Dir(name), mayOwnerOpen); err != nil {
			return err
		}
		if err := staging.WriteFile(name, t.files[name], mayOwnerRead); err != nil {
			return err
		}
	}
	return nil
}

// replace replaces a file at once: it is the old one or the new one, never a part. Where the old one is a link, the link goes and not
// what it leads to.
func replace(root *os.Root, name string, content []byte) error {
	fresh := name + ".new"
	if err := root.RemoveAll(fresh); err != nil {
		return err
	}
	if err := root.WriteFile(fresh, content, mayOwnerRead); err != nil {
		return err
	}
	return root.Rename(fresh, name)
}

func writeManifest(root *os.Root, m Manifest) error {
	content, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	return replace(root, manifestFile, append(content, '\n'))
}

// readManifest reads a directory's manifest, which is a file and no link, pipe or device.
func readManifest(dir string) (Manifest, error) {
	var m Manifest
	root, err := os.OpenRoot(dir)
	if err != nil {
		return m, err
	}
	defer func() { _ = root.Close() }()
	info, err := root.Lstat(manifestFile)
	if err != nil {
		return m, err
	}
	if !info.Mode().IsRegular() || info.Size() > largestManifest {
		return m, fmt.Errorf("%s is no file, or larger than %d bytes", manifestFile, largestManifest)
	}
	content, err := root.ReadFile(manifestFile)
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
	case !accountID.MatchString(m.Account) || !regionName.MatchString(m.Region):
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
		if t.size += info.Size(); info.Size() > largestFile || len(t.files) >= mostFiles || t.size > mostBytes {
			return fmt.Errorf("%s: more than %d bytes, or one of more than %d files or %d bytes in all", path, largestFile, mostFiles, mostBytes)
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
