package lambda

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// codeSet is archives that are unpacked into one directory, one over the other: a function's one, or its layers' in order.
type codeSet struct {
	name string
	sums []string
}

func newCodeSet(sums ...string) codeSet {
	if len(sums) == 1 {
		return codeSet{sums[0], sums}
	}
	all := sha256.Sum256([]byte(strings.Join(sums, " ")))
	return codeSet{hex.EncodeToString(all[:]), sums}
}

func (s *Service) dirOf(set codeSet) string { return filepath.Join(s.dir, "code-"+set.name) }

// codeCache knows what is unpacked on this node.
type codeCache struct {
	mu    sync.Mutex
	known map[string]*unpacked
}

// unpacked is a directory in the making, in use or about to go; whoever comes second waits for whoever came first.
type unpacked struct {
	set codeSet
	// holds counts who needs the directory, used is when the last of them did. Both are guarded by the cache's lock.
	holds int
	used  time.Time

	mu sync.Mutex
	// done says that the directory is there; gone that the entry is no longer the cache's.
	done, gone bool
}

// entry finds a set's entry, or makes it, and counts one more who needs it.
func (c *codeCache) entry(set codeSet) *unpacked {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known == nil {
		c.known = map[string]*unpacked{}
	}
	u := c.known[set.name]
	if u == nil {
		u = &unpacked{set: set}
		c.known[set.name] = u
	}
	u.holds++
	return u
}

func (c *codeCache) release(u *unpacked) {
	c.mu.Lock()
	defer c.mu.Unlock()
	u.holds--
	u.used = time.Now()
}

// holdCode unpacks what a version needs, unless it is there, and keeps it until release is called.
func (s *Service) holdCode(ctx context.Context, sets []codeSet) (release func(), err error) {
	held := make([]*unpacked, 0, len(sets))
	release = func() {
		for _, u := range held {
			s.codes.release(u)
		}
	}
	for _, set := range sets {
		u, err := s.hold(ctx, set)
		if err != nil {
			release()
			return nil, err
		}
		held = append(held, u)
	}
	return release, nil
}

func (s *Service) hold(ctx context.Context, set codeSet) (*unpacked, error) {
	for {
		u := s.codes.entry(set)
		again, err := s.ensure(ctx, u)
		if err == nil && !again {
			return u, nil
		}
		s.codes.release(u)
		if err != nil {
			return nil, err
		}
	}
}

// ensure unpacks an entry's directory if it is not there. It says again when the entry was swept away meanwhile.
func (s *Service) ensure(ctx context.Context, u *unpacked) (again bool, err error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.gone || u.done {
		return u.gone, nil
	}
	dir := s.dirOf(u.set)
	if err := s.unpackInto(ctx, dir, u.set.sums); err != nil {
		_ = os.RemoveAll(dir)
		return false, err
	}
	u.done = true
	return false, nil
}

func (s *Service) unpackInto(ctx context.Context, dir string, sums []string) error {
	if err := os.Mkdir(dir, 0o755); err != nil { //nolint:gosec // the functions' users read it
		return err
	}
	for _, sum := range sums {
		data, err := s.loadCode(ctx, sum)
		if err != nil {
			return err
		}
		archive, err := readArchive(data)
		if err != nil {
			return err
		}
		if err := unpack(archive, dir); err != nil {
			return err
		}
	}
	// The server's umask may have closed directories to the functions' users.
	return filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return err
		}
		return os.Chmod(path, 0o755) //nolint:gosec // see above
	})
}
