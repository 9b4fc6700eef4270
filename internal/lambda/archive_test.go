package lambda

import (
	"archive/zip"
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/poolgate/poolgate/internal/fault"
)

// entry is a file of an archive as somebody with bad intentions would write it.
type entry struct {
	name, text string
	mode       fs.FileMode
}

func archiveOf(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, e := range entries {
		header := &zip.FileHeader{Name: e.name, Method: zip.Deflate}
		header.SetMode(e.mode)
		f, err := w.CreateHeader(header)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte(e.text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// tryUnpack checks and unpacks as a deployment does, into a directory inside of another that must stay as it is.
func tryUnpack(t testing.TB, data []byte) (dir string, err error) {
	t.Helper()
	outside := t.TempDir()
	dir = filepath.Join(outside, "inside")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	reader, err := readArchive(data)
	if err == nil {
		err = unpack(reader, dir)
	}
	if left, readErr := os.ReadDir(outside); readErr != nil || len(left) != 1 {
		t.Errorf("something was written outside: %v %v", left, readErr)
	}
	return dir, err
}

func TestArchivesThatWantOut(t *testing.T) {
	for _, test := range []struct {
		name    string
		entries []entry
	}{
		{"a parent directory", []entry{{"../x", "", 0o644}}},
		{"a parent directory inside", []entry{{"a/../../x", "", 0o644}}},
		{"an absolute name", []entry{{"/x", "", 0o644}}},
		{"a backslash", []entry{{`..\x`, "", 0o644}}},
		{"a link to a parent", []entry{{"l", "../..", fs.ModeSymlink | 0o777}}},
		{"an absolute link", []entry{{"l", "/etc", fs.ModeSymlink | 0o777}}},
		{"a device", []entry{{"d", "", fs.ModeDevice | 0o644}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if _, err := tryUnpack(t, archiveOf(t, test.entries...)); !fault.Is(err, "InvalidParameterValueException") {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestALinkAndAFileOfItsName(t *testing.T) {
	// The file is written before any link is there, so that nothing goes through one.
	dir, err := tryUnpack(t, archiveOf(t, entry{"l", "a", fs.ModeSymlink | 0o777}, entry{"l/x", "text", 0o644}, entry{"a/y", "", 0o644}))
	if err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(filepath.Join(dir, "l", "x")); err != nil || string(text) != "text" {
		t.Errorf("%q %v", text, err)
	}
}

func TestLinksInsideAreKept(t *testing.T) {
	dir, err := tryUnpack(t, archiveOf(t, entry{"bin/run", "../lib/run", fs.ModeSymlink | 0o777}, entry{"lib/run", "text", 0o755}))
	if err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(filepath.Join(dir, "bin/run")); err != nil || string(text) != "text" {
		t.Errorf("%q %v", text, err)
	}
	if info, err := os.Stat(filepath.Join(dir, "lib/run")); err != nil || info.Mode().Perm() != 0o755 {
		t.Errorf("%v %v", info, err)
	}
}

// TestBombs has an archive that says how large it is, and one that lies about it.
func TestBombs(t *testing.T) {
	zeros := strings.Repeat("\x00", maxUnpacked/4)
	honest := archiveOf(t, entry{"1", zeros, 0o644}, entry{"2", zeros, 0o644}, entry{"3", zeros, 0o644}, entry{"4", zeros, 0o644}, entry{"5", "x", 0o644})
	if _, err := tryUnpack(t, honest); !fault.Is(err, "InvalidParameterValueException") || !strings.Contains(err.Error(), "Unzipped size must be smaller than") {
		t.Errorf("%v", err)
	}
	small := archiveOf(t, entry{"1", "0123456789", 0o644})
	reader, err := readArchive(small)
	if err != nil {
		t.Fatal(err)
	}
	// What an entry may still have is what counts, whatever the archive says.
	root, err := os.OpenRoot(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = root.Close() }()
	if _, err := unpackFile(root, reader.File[0], "1", 9); !fault.Is(err, "InvalidParameterValueException") {
		t.Errorf("%v", err)
	}
}

func FuzzUnpack(f *testing.F) {
	f.Add(archiveOf(f, entry{"a/b", "text", 0o644}, entry{"l", "a", fs.ModeSymlink | 0o777}))
	f.Add(archiveOf(f, entry{"../x", "", 0o644}))
	f.Add(archiveOf(f, entry{"l", "a", fs.ModeSymlink | 0o777}, entry{"l/../x", "", 0o644}))
	f.Fuzz(func(t *testing.T, data []byte) { _, _ = tryUnpack(t, data) })
}
