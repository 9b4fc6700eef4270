package lambda

import (
	"os"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	tempPrefix = "poolgate-functions-"
	tempLock   = "lock"
	// tempYoung is how long a directory is left alone that may just be being made.
	tempYoung = time.Minute
)

// tempDir is a directory that one server has for itself while it lives.
type tempDir struct {
	path string
	lock *os.File
}

// newTempDir makes one, and removes those that servers left behind which were killed.
func newTempDir(parent string) (*tempDir, error) {
	if parent == "" {
		parent = os.TempDir()
	}
	removeAbandoned(parent)
	path, err := os.MkdirTemp(parent, tempPrefix)
	if err != nil {
		return nil, err
	}
	d := &tempDir{path: path}
	if d.lock, err = lockIn(path); err == nil {
		// Functions run as other users: they pass through, and see no names.
		err = os.Chmod(path, 0o711) //nolint:gosec // see above
	}
	if err != nil {
		_ = d.remove()
		return nil, err
	}
	return d, nil
}

// lockIn takes the lock of a directory, which ends with the process that has it, however that ends.
func lockIn(path string) (*os.File, error) {
	file, err := os.OpenFile(filepath.Join(path, tempLock), os.O_CREATE|os.O_RDWR|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		_ = file.Close()
		return nil, err
	}
	return file, nil
}

func removeAbandoned(parent string) {
	found, err := filepath.Glob(filepath.Join(parent, tempPrefix+"*"))
	if err != nil {
		return
	}
	for _, path := range found {
		info, err := os.Lstat(path)
		if err != nil || !info.IsDir() || time.Since(info.ModTime()) < tempYoung {
			continue
		}
		// Another user's directory is that user's to remove, and may be a trap.
		if system, ok := info.Sys().(*syscall.Stat_t); !ok || int(system.Uid) != os.Geteuid() {
			continue
		}
		lock, err := lockIn(path)
		if err != nil {
			continue
		}
		_ = os.RemoveAll(path)
		_ = lock.Close()
	}
}

func (d *tempDir) remove() error {
	err := os.RemoveAll(d.path)
	if d.lock != nil {
		_ = d.lock.Close()
	}
	return err
}
