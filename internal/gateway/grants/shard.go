package grants

import (
	"sync"
	"time"
)

// shardCount is how many parts a cache has, each with a lock and bounds of its own. Keys are digests: they spread evenly.
const shardCount = 16

// overhead is about what an entry takes beside its answer: itself, its place in the table, its key there.
const overhead = 256

// shard is one part: a table, and the order in which its entries were last asked for.
type shard[V any] struct {
	mu      sync.Mutex
	entries map[Key]*entry[V]
	flights map[Key]*flight[V]
	// newest and oldest are the ends of the list.
	newest, oldest       *entry[V]
	bytes                int
	maxEntries, maxBytes int
}

type entry[V any] struct {
	key          Key
	answer       V
	size         int
	from, until  time.Time
	newer, older *entry[V]
}

// flight is a question under way; done is closed once answer and err are there.
type flight[V any] struct {
	done   chan struct{}
	answer V
	err    error
}

func (c *Cache[V]) shard(key *Key) *shard[V] { return &c.shards[key.digest[0]%shardCount] }

// get returns an entry whose time is not up. A clock that was set back before the entry's beginning ends it too.
func (s *shard[V]) get(key Key, now time.Time) *entry[V] {
	e := s.entries[key]
	if e == nil {
		return nil
	}
	if now.Before(e.from) || !now.Before(e.until) {
		s.drop(e)
		return nil
	}
	if s.newest != e {
		s.unlink(e)
		s.link(e)
	}
	return e
}

// put remembers an entry and drops the oldest ones as long as the bounds are passed. What is larger than all the room is not kept.
func (s *shard[V]) put(e *entry[V]) {
	if old := s.entries[e.key]; old != nil {
		s.drop(old)
	}
	if e.size > s.maxBytes {
		return
	}
	s.entries[e.key] = e
	s.link(e)
	s.bytes += e.size
	for len(s.entries) > s.maxEntries || s.bytes > s.maxBytes {
		s.drop(s.oldest)
	}
}

func (s *shard[V]) drop(e *entry[V]) {
	delete(s.entries, e.key)
	s.unlink(e)
	s.bytes -= e.size
}

func (s *shard[V]) link(e *entry[V]) {
	e.older, e.newer = s.newest, nil
	if s.newest != nil {
		s.newest.newer = e
	}
	s.newest = e
	if s.oldest == nil {
		s.oldest = e
	}
}

func (s *shard[V]) unlink(e *entry[V]) {
	if e.newer != nil {
		e.newer.older = e.older
	} else {
		s.newest = e.older
	}
	if e.older != nil {
		e.older.newer = e.newer
	} else {
		s.oldest = e.newer
	}
	e.newer, e.older = nil, nil
}
