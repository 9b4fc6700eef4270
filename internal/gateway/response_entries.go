package gateway

import (
	"container/list"
	"crypto/sha256"
	"strings"
	"sync"
	"time"
)

// Bounds of the cache of answers, which is the node's and not a stage's: the size of a stage's cluster is for AWS's machines.
const (
	// responseBytes is how much memory cached answers take at most, all stages together. What was not asked for the longest goes first.
	responseBytes = 64 << 20
	// responseLimit is the largest answer that is cached (guide, "Cache settings for REST APIs").
	responseLimit = 1 << 20
	// responseOverhead is about what an entry takes beside its answer.
	responseOverhead = 512
)

// responseKey names a cached answer: the stage and its deployment, and a digest of what the method's cache key is made of.
type responseKey struct {
	api, stage, deployment string
	digest                 [sha256.Size]byte
}

// responses are the answers that stages cached. They are safe for concurrent use.
type responses struct {
	now  func() time.Duration
	most int

	mu      sync.Mutex
	entries map[responseKey]*list.Element
	// order has the entry that was asked for last in front.
	order *list.List
	bytes int
}

type responseEntry struct {
	key    responseKey
	answer *answer
	size   int
	until  time.Duration
}

func newResponses(most int, now func() time.Duration) *responses {
	if now == nil {
		began := time.Now()
		now = func() time.Duration { return time.Since(began) }
	}
	return &responses{now: now, most: most, entries: make(map[responseKey]*list.Element), order: list.New()}
}

// get returns an answer whose time is not up; it must not be changed.
func (r *responses) get(key responseKey) *answer {
	r.mu.Lock()
	defer r.mu.Unlock()
	at := r.entries[key]
	if at == nil {
		return nil
	}
	e := at.Value.(*responseEntry)
	if r.now() >= e.until {
		r.drop(at)
		return nil
	}
	r.order.MoveToFront(at)
	return e.answer
}

// put keeps an answer for a while, in the place of an older one.
func (r *responses) put(key responseKey, a *answer, ttl time.Duration) {
	size := responseOverhead + len(a.body)
	for _, h := range a.headers {
		size += len(h.name) + len(strings.Join(h.values, ""))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if old := r.entries[key]; old != nil {
		r.drop(old)
	}
	if size > r.most {
		return
	}
	r.entries[key] = r.order.PushFront(&responseEntry{key, a, size, r.now() + ttl})
	r.bytes += size
	for r.bytes > r.most {
		r.drop(r.order.Back())
	}
}

// flush forgets what a stage cached.
func (r *responses) flush(api, stage string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for key, at := range r.entries {
		if key.api == api && key.stage == stage {
			r.drop(at)
		}
	}
}

func (r *responses) drop(at *list.Element) {
	e := r.order.Remove(at).(*responseEntry)
	delete(r.entries, e.key)
	r.bytes -= e.size
}
