package lambda

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestWhatAKilledServerLeftIsRemoved(t *testing.T) {
	parent := t.TempDir()
	living, err := newTempDir(parent)
	if err != nil {
		t.Fatal(err)
	}
	abandoned, other, young := filepath.Join(parent, tempPrefix+"1"), filepath.Join(parent, "other"), filepath.Join(parent, tempPrefix+"2")
	for _, path := range []string{abandoned, other, young} {
		if err := os.MkdirAll(filepath.Join(path, "code"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	long := time.Now().Add(-time.Hour)
	for _, path := range []string{abandoned, other, living.path} {
		if err := os.Chtimes(path, long, long); err != nil {
			t.Fatal(err)
		}
	}
	second, err := newTempDir(parent)
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]bool{abandoned: false, other: true, young: true, living.path: true, second.path: true} {
		if _, err := os.Stat(path); (err == nil) != want {
			t.Errorf("%s is there: %t", path, err == nil)
		}
	}
	for _, d := range []*tempDir{living, second} {
		if err := d.remove(); err != nil {
			t.Error(err)
		}
	}
}
