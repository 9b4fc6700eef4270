package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// directoryLock keeps other processes out of a data directory. The system releases it with the process, however that
// ends; the file stays, and says who holds or held it.
type directoryLock struct{ file *os.File }

func lockDirectory(directory string) (*directoryLock, error) {
	path := filepath.Join(directory, "poolgate.lock")
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("store: open the lock of the data directory: %w", err)
	}
	if err := flock(file); err != nil {
		defer func() { _ = file.Close() }()
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("store: lock %s: %w", path, err)
		}
		return nil, heldBy(directory, file)
	}
	if err := file.Truncate(0); err == nil {
		_, _ = file.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	}
	return &directoryLock{file: file}, nil
}

func flock(file *os.File) error {
	for {
		err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}

func heldBy(directory string, file *os.File) error {
	holder := "another process"
	text := make([]byte, 20)
	n, _ := file.ReadAt(text, 0)
	if pid, err := strconv.Atoi(strings.TrimSpace(string(text[:n]))); err == nil {
		holder = fmt.Sprintf("process %d", pid)
		if pid == os.Getpid() {
			holder = "this process"
		}
	}
	return &SetupError{
		Problem: fmt.Sprintf("the data directory %s is in use by %s", directory, holder),
		Advice:  "stop that process, or choose another directory with --data",
	}
}

func (l *directoryLock) release() error { return l.file.Close() }
