package store

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/poolgate/poolgate/internal/store/postgrestest"
)

// The conformance suite is every test that runs eachBackend. A backend cannot opt out of any of them.

// database is a place that a test may open several times at once, as several nodes do. Where only one process may
// have it open, every node is the same Store.
type database struct {
	t    *testing.T
	open func(Options) *Store
}

var testKey = bytes.Repeat([]byte{7}, sealKeySize)

func eachBackend(t *testing.T, test func(t *testing.T, d *database)) {
	one := func(location func(*testing.T) string) func(t *testing.T) {
		return func(t *testing.T) {
			at := location(t)
			var opened *Store
			test(t, &database{t: t, open: func(o Options) *Store {
				if opened == nil {
					o.Location = at
					opened = mustOpen(t, o)
				}
				return opened
			}})
		}
	}
	t.Run("sqlite", one(func(t *testing.T) string { return t.TempDir() }))
	t.Run("memory", one(func(*testing.T) string { return memoryLocation }))
	t.Run("postgres", func(t *testing.T) {
		at := postgrestest.URL(t)
		test(t, &database{t: t, open: func(o Options) *Store {
			o.Location = at
			return mustOpen(t, o)
		}})
	})
}

func mustOpen(t testing.TB, o Options) *Store {
	t.Helper()
	if o.SealKey == nil {
		o.SealKey = testKey
	}
	s, err := Open(t.Context(), o)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

// node opens one more node with nothing special about it.
func (d *database) node() *Store { return d.open(Options{}) }

// update and view fail the test when the transaction fails.
func update(t testing.TB, s *Store, fn func(*Tx) error) {
	t.Helper()
	if err := s.Update(t.Context(), fn); err != nil {
		t.Fatalf("update: %v", err)
	}
}

func view(t testing.TB, s *Store, fn func(*Tx) error) {
	t.Helper()
	if err := s.View(t.Context(), fn); err != nil {
		t.Fatalf("view: %v", err)
	}
}

// person is the kind of document that the suite stores.
type person struct {
	Name    string
	Emails  []string
	Age     int
	Note    string
	Expires time.Time
}

var people = &Collection[person]{
	Name:    "person",
	Version: 2,
	Keys: func(p *person) []Key {
		keys := []Key{{Index: "name", Value: p.Name}}
		for _, email := range p.Emails {
			keys = append(keys, Key{Index: "email", Value: email})
		}
		return keys
	},
	Expires: func(p *person) time.Time { return p.Expires },
}

// hand is a clock that a test moves.
type hand struct {
	mu  sync.Mutex
	now time.Time
}

func newHand() *hand { return &hand{now: time.UnixMilli(1_800_000_000_000)} }

func (h *hand) Now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now
}

func (h *hand) advance(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = h.now.Add(d)
}

// ids gives where documents were found, as "scope/id".
func ids[T any](found []Found[T]) []string {
	places := []string{}
	for _, f := range found {
		places = append(places, f.Scope+"/"+f.ID)
	}
	return places
}

// eventually polls until the condition holds.
func eventually(t testing.TB, within time.Duration, what string, condition func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	for !condition() {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			t.Fatalf("not within %v: %s", within, what)
		}
	}
}

// together runs fn n times at once and waits for all of them.
func together(n int, fn func(i int)) {
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() { fn(i) })
	}
	group.Wait()
}

func byteOrder(texts []string) []string {
	return slices.SortedFunc(slices.Values(texts), func(a, b string) int { return cmp.Compare(a, b) })
}
