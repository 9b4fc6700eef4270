package usage

import (
	"context"
	"hash/maphash"
	"sync"
	"time"
)

// Entry is what was counted of one ID on one day. Since is the first day of the period whose total is asked for.
type Entry struct {
	ID         ID
	Since, Day Day
	Requests   int64
}

// Ledger keeps counts where they survive the process and where other nodes find them.
type Ledger interface {
	// Count adds every entry's requests to its day, all or none, and returns for every entry what was used of its period from Since
	// on, by all nodes and less what was granted beyond the quota. Entries of one ID stand together.
	Count(ctx context.Context, entries []Entry) ([]int64, error)
}

// How counters are written.
const (
	// DefaultEvery is how long a count waits to be written at most, as long as writing takes less than a tenth of the time.
	DefaultEvery = time.Second
	// urgentEvery is how long it waits when a quota is nearly used up: other nodes should hear of it.
	urgentEvery = 50 * time.Millisecond
	// restAfter keeps writing to a tenth of the time: a write that took a second is followed by a pause of nine.
	restAfter = 9
	// batch is how many entries one transaction writes.
	batch = 200
	// askFor bounds how long a request waits for a total that nobody has read yet; askAgain is how long it is not asked for again
	// when that failed.
	askFor   = 2 * time.Second
	askAgain = time.Second
	// nearlyUsed is the part of what remains that may be counted here without telling the others soon.
	nearlyUsed = 8
)

// Counters count requests against quotas. The first request of an ID reads its total from the ledger; after that requests are
// counted here and written in batches, and every batch brings back what other nodes counted. On one node a quota is exact. Several
// nodes together may let through more than it by what the others admit between two of their writes. What a killed process counted
// since its last write is lost. They are safe for concurrent use.
type Counters struct {
	ledger Ledger
	every  time.Duration
	most   int
	now    func() time.Duration
	failed func(error)

	seed   maphash.Seed
	shards [shards]counterShard

	dirtyMu sync.Mutex
	dirty   []*counter
	wake    chan struct{}
	urgent  chan struct{}

	flushing sync.Mutex
	stop     chan struct{}
	stopped  sync.WaitGroup
	closing  sync.Once
}

type counterShard struct {
	mu       sync.Mutex
	counters map[ID]*counter
}

// Options say how counters behave. Ledger must be given.
type Options struct {
	Ledger Ledger
	// Every is how long counts wait to be written; zero means DefaultEvery.
	Every time.Duration
	// Most is about how many counters are kept in memory; one that has nothing to write is dropped for another and read again when
	// it is needed. Zero means 131,072.
	Most int
	// Failed is told of failures of the ledger; nil means that nobody is.
	Failed func(error)
}

// NewCounters returns counters that write until Close.
func NewCounters(o Options) *Counters {
	began := time.Now()
	c := &Counters{
		ledger: o.Ledger, every: o.Every, most: o.Most, failed: o.Failed, seed: maphash.MakeSeed(),
		now:  func() time.Duration { return time.Since(began) },
		wake: make(chan struct{}, 1), urgent: make(chan struct{}, 1), stop: make(chan struct{}),
	}
	if c.every <= 0 {
		c.every = DefaultEvery
	}
	if c.most <= 0 {
		c.most = 1 << 17
	}
	if c.failed == nil {
		c.failed = func(error) {}
	}
	c.stopped.Go(c.run)
	return c
}

// Take counts a request, unless the quota is used up; it tells whether it was counted. A total that cannot be read is an error, and
// the request is counted all the same: AWS serves requests whose usage plan it cannot check.
func (c *Counters) Take(ctx context.Context, id ID, q Quota) (bool, error) {
	n := c.hold(id)
	defer n.mu.Unlock()
	n.enter(q)
	var failure error
	if q.Limit >= 0 {
		if !n.fresh() {
			failure = c.read(ctx, n)
		}
		if n.known && n.used() >= q.Limit {
			return false, nil
		}
	}
	n.add(q.Today)
	if !n.dirty {
		n.dirty = true
		c.queue(n)
		signal(c.wake)
	}
	if q.Limit >= 0 && sum(n.pending, n.since)*nearlyUsed >= q.Limit-n.used() {
		signal(c.urgent)
	}
	return true, failure
}

func signal(to chan struct{}) {
	select {
	case to <- struct{}{}:
	default:
	}
}

// hold finds or makes a counter and locks it.
func (c *Counters) hold(id ID) *counter {
	s := &c.shards[maphash.Comparable(c.seed, id)%shards]
	for {
		s.mu.Lock()
		n := s.counters[id]
		if n == nil {
			if s.counters == nil {
				s.counters = make(map[ID]*counter)
			}
			s.dropOne(max(c.most/shards, 1))
			n = &counter{id: id}
			s.counters[id] = n
		}
		s.mu.Unlock()
		n.mu.Lock()
		if !n.gone {
			return n
		}
		n.mu.Unlock()
	}
}

// dropOne makes room for another counter by dropping one that has nothing to write, and that nobody uses just now.
func (s *counterShard) dropOne(most int) {
	if len(s.counters) < most {
		return
	}
	const tries = 16
	tried := 0
	for id, n := range s.counters {
		if tried++; tried > tries {
			return // they are all waiting to be written, which will not be long
		}
		if !n.mu.TryLock() {
			continue
		}
		if n.gone = !n.dirty && len(n.pending) == 0 && len(n.inFlight) == 0; n.gone {
			delete(s.counters, id)
		}
		n.mu.Unlock()
		if n.gone {
			return
		}
	}
}

// read gets the total of a counter that is held; others who need the same one wait for it.
func (c *Counters) read(ctx context.Context, n *counter) error {
	// While it is being written nobody can tell whether a total that is read holds it; the total comes back with the write.
	if c.now() < n.failedUntil || len(n.inFlight) > 0 {
		return nil
	}
	version := n.version.Load()
	// One client that goes away must not fail the others.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), askFor)
	defer cancel()
	totals, err := c.ledger.Count(ctx, []Entry{{ID: n.id, Since: n.since, Day: n.latest}})
	if err != nil {
		n.failedUntil = c.now() + askAgain
		c.failed(err)
		return err
	}
	n.total, n.known, n.seen = totals[0], true, version
	return nil
}

// Forget makes the counters of the IDs for which it returns true read their totals anew at their next request. It waits for nobody.
func (c *Counters) Forget(of func(ID) bool) {
	for i := range c.shards {
		s := &c.shards[i]
		s.mu.Lock()
		for id, n := range s.counters {
			if of(id) {
				n.version.Add(1)
			}
		}
		s.mu.Unlock()
	}
}

// Len is how many counters there are.
func (c *Counters) Len() (n int) {
	for i := range c.shards {
		s := &c.shards[i]
		s.mu.Lock()
		n += len(s.counters)
		s.mu.Unlock()
	}
	return n
}
