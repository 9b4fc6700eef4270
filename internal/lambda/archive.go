package lambda

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
)

// AWS's bounds of an archive that is uploaded and of what it unpacks to; the number of entries is ours.
const (
	maxArchive  = 50 << 20
	maxUnpacked = 262_144_000
	maxEntries  = 100_000
	maxLink     = 4096
)

var (
	errNoArchive     = invalid("Could not unzip uploaded file. Please check your file, then try to upload again.")
	errEmptyArchive  = invalid("Uploaded file must be a non-empty zip")
	errUnpackedLarge = invalid("Unzipped size must be smaller than %d bytes", maxUnpacked)
)

// readArchive checks an archive before it is kept: that it is one, that no name leaves the directory, that it says it is
// small enough. What it says about sizes is checked again when it is unpacked.
func readArchive(data []byte) (*zip.Reader, error) {
	if len(data) == 0 {
		return nil, errEmptyArchive
	}
	archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, errNoArchive.Because(err)
	}
	if len(archive.File) == 0 {
		return nil, errEmptyArchive
	}
	if len(archive.File) > maxEntries {
		return nil, errNoArchive.Becausef("%d entries", len(archive.File))
	}
	var total uint64
	for _, file := range archive.File {
		if _, err := entryName(file.Name); err != nil {
			return nil, errNoArchive.Because(err)
		}
		if kind := file.Mode().Type(); kind != 0 && kind != fs.ModeDir && kind != fs.ModeSymlink {
			return nil, errNoArchive.Becausef("%s is neither file, directory nor link", file.Name)
		}
		if total += file.UncompressedSize64; file.UncompressedSize64 > maxUnpacked || total > maxUnpacked {
			return nil, errUnpackedLarge
		}
	}
	return archive, nil
}

// entryName is where an entry goes, relative to the root; empty is the root itself.
func entryName(name string) (string, error) {
	if strings.ContainsAny(name, "\x00\\") || strings.HasPrefix(name, "/") {
		return "", fmt.Errorf("the name %q is not a relative path", name)
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == ".." {
			return "", fmt.Errorf("the name %q leaves the archive", name)
		}
	}
	clean := path.Clean(name)
	if clean == "." {
		return "", nil
	}
	return clean, nil
}

// unpack writes an archive into a directory, readable for everyone and writable for none but the server. Links come last, so
// that nothing is written through one, and lead nowhere but inside.
func unpack(archive *zip.Reader, dir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	left := int64(maxUnpacked)
	links := map[string]string{}
	for _, file := range archive.File {
		name, err := entryName(file.Name)
		if err != nil || name == "" {
			continue // readArchive refused it, or it is the root
		}
		if parent := path.Dir(name); parent != "." {
			if err := root.MkdirAll(parent, 0o755); err != nil {
				return err
			}
		}
		switch file.Mode().Type() {
		case fs.ModeDir:
			err = root.MkdirAll(name, 0o755)
		case fs.ModeSymlink:
			links[name], err = linkTarget(file, name)
		default:
			var written int64
			written, err = unpackFile(root, file, name, left)
			left -= written
		}
		if err != nil {
			return err
		}
	}
	for name, target := range links {
		if err := root.Symlink(target, name); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	return nil
}

func unpackFile(root *os.Root, file *zip.File, name string, left int64) (int64, error) {
	mode := fs.FileMode(0o644)
	if file.Mode().Perm()&0o111 != 0 {
		mode = 0o755
	}
	from, err := file.Open()
	if err != nil {
		return 0, errNoArchive.Because(err)
	}
	defer func() { _ = from.Close() }()
	to, err := root.OpenFile(name, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, mode)
	if err != nil {
		return 0, err
	}
	written, err := io.Copy(to, io.LimitReader(from, left+1))
	if closing := to.Close(); err == nil {
		err = closing
	}
	if err != nil {
		return written, errNoArchive.Because(err)
	}
	if written > left {
		return written, errUnpackedLarge
	}
	// The server's umask may have taken away what the functions' users need.
	return written, root.Chmod(name, mode)
}

// linkTarget reads where a link leads, and refuses one that leaves the archive.
func linkTarget(file *zip.File, name string) (string, error) {
	from, err := file.Open()
	if err != nil {
		return "", errNoArchive.Because(err)
	}
	defer func() { _ = from.Close() }()
	text, err := io.ReadAll(io.LimitReader(from, maxLink))
	if err != nil {
		return "", errNoArchive.Because(err)
	}
	target := string(text)
	if inside := path.Join(path.Dir(name), target); path.IsAbs(target) || inside == ".." || strings.HasPrefix(inside, "../") || target == "" {
		return "", errNoArchive.Becausef("the link %q leads to %q", name, target)
	}
	return target, nil
}
