// Package usage limits how often somebody may do something: token buckets for rates, counters for quotas. It owns the arithmetic
// and the bounds of its own memory.
//
// It must not know what an API key, a plan or a stage is: whoever asks names what is limited by an ID of its own, and keeps
// counts behind a Ledger. Buckets are this node's alone; counters learn what other nodes counted when they are synchronised.
package usage

import (
	"hash/maphash"
	"sync"
	"time"
)

// Limit is a rate and the burst above it: a bucket of Burst tokens into which Rate tokens fall each second, and from which
// every request takes one. Where Burst is zero no request passes, and where Rate is zero none passes after the first Burst.
type Limit struct {
	// Rate is in requests a second.
	Rate  float64
	Burst int
}

// Unlimited is the limit that nothing exceeds.
var Unlimited = Limit{Rate: -1}

// IsUnlimited tells that there is no limit at all: nothing needs to be counted.
func (l Limit) IsUnlimited() bool { return l.Rate < 0 }

// ID names what is limited. The three texts are compared as a whole; what each means is the caller's affair.
type ID struct{ Scope, Who, What string }

// bucket holds what is left of a limit. Its zero value is not ready: buckets begin full.
type bucket struct {
	tokens float64
	// at is when tokens was right, by the monotonic clock.
	at time.Duration
}

// refill lets fall in what is due since the last time. A limit that shrank takes tokens away at once.
func (b *bucket) refill(l Limit, now time.Duration) {
	if now > b.at {
		b.tokens += (now - b.at).Seconds() * l.Rate
		b.at = now
	}
	b.tokens = min(b.tokens, float64(l.Burst))
}

// nearlyOne is what counts as a token: sums of fractions of seconds miss whole numbers by a hair.
const nearlyOne = 1 - 1e-9

func (b *bucket) take(l Limit, now time.Duration) bool {
	b.refill(l, now)
	if b.tokens < nearlyOne {
		return false
	}
	b.tokens = max(b.tokens-1, 0)
	return true
}

// shards spread the buckets over locks that hold each other up rarely.
const shards = 64

// Buckets are token buckets by ID. A bucket is made, full, when it is first asked for, and may be forgotten once it is full
// again, which nobody can tell. They are safe for concurrent use.
type Buckets struct {
	seed   maphash.Seed
	now    func() time.Duration
	most   int
	shards [shards]bucketShard
}

type bucketShard struct {
	mu      sync.Mutex
	buckets map[ID]*kept
	// sweepAt is the number of buckets at which full ones are looked for.
	sweepAt int
}

// kept is a bucket with the limit that it was last asked about, by which it is judged full.
type kept struct {
	bucket
	limit Limit
}

// leastSweep keeps small tables from being swept all the time.
const leastSweep = 64

// NewBuckets returns buckets of which there are at most so many, about; when all of them are in use the next one takes the place
// of another, whose owner then begins anew with a full one. now is a monotonic clock; nil means the machine's.
func NewBuckets(most int, now func() time.Duration) *Buckets {
	if now == nil {
		began := time.Now()
		now = func() time.Duration { return time.Since(began) }
	}
	return &Buckets{seed: maphash.MakeSeed(), now: now, most: max(most/shards, 1)}
}

// Take takes a token of the bucket and tells whether there was one. The limit is the one that holds now: the bucket goes on with
// what is in it when it changes.
func (b *Buckets) Take(id ID, l Limit) bool {
	if l.IsUnlimited() {
		return true
	}
	now := b.now()
	s := &b.shards[maphash.Comparable(b.seed, id)%shards]
	s.mu.Lock()
	defer s.mu.Unlock()
	k := s.buckets[id]
	if k == nil {
		k = s.add(id, now, b.most)
		k.tokens, k.at = float64(l.Burst), now
	}
	k.limit = l
	return k.take(l, now)
}

// Len is how many buckets there are.
func (b *Buckets) Len() int {
	n := 0
	for i := range b.shards {
		s := &b.shards[i]
		s.mu.Lock()
		n += len(s.buckets)
		s.mu.Unlock()
	}
	return n
}

func (s *bucketShard) add(id ID, now time.Duration, most int) *kept {
	if s.buckets == nil {
		s.buckets, s.sweepAt = make(map[ID]*kept), min(leastSweep, most)
	}
	if len(s.buckets) >= s.sweepAt {
		s.sweep(now)
		s.sweepAt = min(max(2*len(s.buckets), leastSweep), most)
	}
	if len(s.buckets) >= most {
		for other := range s.buckets {
			delete(s.buckets, other)
			break
		}
	}
	k := &kept{}
	s.buckets[id] = k
	return k
}

// sweep forgets the buckets that are full.
func (s *bucketShard) sweep(now time.Duration) {
	for id, k := range s.buckets {
		k.refill(k.limit, now)
		if k.tokens >= float64(k.limit.Burst)*nearlyOne {
			delete(s.buckets, id)
		}
	}
}
