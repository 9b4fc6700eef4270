// Package grants remembers what authorizers that are functions answered, so that they are not asked again for the same identity until
// their answer's time is up. It owns the bounds, the sharing of one question among those who wait for its answer, and the forgetting.
//
// It must not know what an answer means: whoever asks holds it against each request anew, as AWS does with a cached policy (facts 3.1).
// A failed question is not remembered. No identity is kept: a key holds its digest alone.
package grants

import (
	"context"
	"errors"
	"time"
)

// The bounds of a node's cache. What does not fit pushes out what was not asked for the longest.
const (
	// Entries is how many answers a node remembers.
	Entries = 131_072
	// Bytes is how much memory they may take together, by the sizes that their askers tell.
	Bytes = 128 << 20
)

// Cache remembers answers of type V, which must not change once they are given. It is safe for concurrent use.
type Cache[V any] struct {
	now    func() time.Time
	shards [shardCount]shard[V]
}

// New returns a cache of at most so many entries and bytes, by the time of now; it holds at least one entry in each of its shards.
func New[V any](entries, bytes int, now func() time.Time) *Cache[V] {
	c := &Cache[V]{now: now}
	for i := range c.shards {
		s := &c.shards[i]
		s.entries, s.flights = make(map[Key]*entry[V]), make(map[Key]*flight[V])
		s.maxEntries, s.maxBytes = max(1, entries/shardCount), max(1, bytes/shardCount)
	}
	return c
}

// Ask finds an answer. It may not be changed afterwards; size is about how many bytes of memory it holds.
type Ask[V any] func(context.Context) (answer V, size int, err error)

var errBrokenOff = errors.New("the question was broken off")

// Do returns the answer remembered under a key, or asks for it and remembers it for ttl. Of many who come for the same key meanwhile
// one asks and all get the answer, or its error. The context of the question is not cancelled when the one who asks goes away, because
// the others still wait: the question must have a time limit of its own. Whoever only waits stops when its own context ends.
//
// Without a ttl every call asks for itself and nothing is remembered. known tells that this call did not ask.
func (c *Cache[V]) Do(ctx context.Context, key Key, ttl time.Duration, ask Ask[V]) (answer V, known bool, err error) {
	if ttl <= 0 {
		answer, _, err = ask(ctx)
		return answer, false, err
	}
	s := c.shard(&key)
	s.mu.Lock()
	if e := s.get(key, c.now()); e != nil {
		answer = e.answer
		s.mu.Unlock()
		return answer, true, nil
	}
	if f := s.flights[key]; f != nil {
		s.mu.Unlock()
		select {
		case <-f.done:
			return f.answer, true, f.err
		case <-ctx.Done():
			return answer, true, ctx.Err()
		}
	}
	f := &flight[V]{done: make(chan struct{}), err: errBrokenOff}
	s.flights[key] = f
	s.mu.Unlock()
	size := 0
	defer func() { c.land(s, key, f, size, ttl) }()
	f.answer, size, f.err = ask(context.WithoutCancel(ctx))
	return f.answer, false, f.err
}

// land ends a question: it remembers a good answer, unless it was told to forget it meanwhile, and lets those who wait go on.
func (c *Cache[V]) land(s *shard[V], key Key, f *flight[V], size int, ttl time.Duration) {
	now := c.now()
	s.mu.Lock()
	if s.flights[key] == f {
		delete(s.flights, key)
		if f.err == nil {
			s.put(&entry[V]{key: key, answer: f.answer, size: size + overhead, from: now, until: now.Add(ttl)})
		}
	}
	s.mu.Unlock()
	close(f.done)
}

// Flush forgets all that a scope was answered. A question that is under way is answered to those who wait for it, and not remembered.
func (c *Cache[V]) Flush(scope Scope) {
	for i := range c.shards {
		s := &c.shards[i]
		s.mu.Lock()
		for key, e := range s.entries {
			if scope.holds(key.scope) {
				s.drop(e)
			}
		}
		for key := range s.flights {
			if scope.holds(key.scope) {
				delete(s.flights, key)
			}
		}
		s.mu.Unlock()
	}
}

// Size tells how much is remembered, what is past its time included.
func (c *Cache[V]) Size() (entries, bytes int) {
	for i := range c.shards {
		s := &c.shards[i]
		s.mu.Lock()
		entries += len(s.entries)
		bytes += s.bytes
		s.mu.Unlock()
	}
	return entries, bytes
}
