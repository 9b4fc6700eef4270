// Package plancache holds what APIs compile to, one plan for each API. It owns which plans a node keeps and when one is made again,
// and knows nothing of what a plan is.
package plancache

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/poolgate/poolgate/internal/fault"
)

const (
	// planLimit is how many APIs a node holds plans of. The one that was asked longest ago goes first.
	planLimit = 256
	// unknownLimit is how many ids are remembered to be nobody's, and unknownFor for how long, should no topic tell.
	unknownLimit = 1024
	unknownFor   = 5 * time.Second
	loadTimeout  = 10 * time.Second
)

// Cache holds the compiled APIs. Reading one takes no lock: the table is replaced, never changed. It is safe for concurrent use.
type Cache[P any] struct {
	load  func(ctx context.Context, apiID string) (*P, error)
	table atomic.Pointer[map[string]*slot[P]]
	mu    sync.Mutex // guards replacing the table
}

// slot is the place of one API's plan, compiled or to be compiled.
type slot[P any] struct {
	plan atomic.Pointer[P]
	// used is when the plan was last asked for, in nanoseconds; unknownUntil is set when there is no such API.
	used         atomic.Int64
	unknownUntil atomic.Int64
	// version counts the changes that were told of; a plan loaded under an older one is not kept.
	version atomic.Uint64
	loading sync.Mutex
}

// New returns an empty cache. load compiles an API's plan; that an API is unknown it says by a NotFoundException.
func New[P any](load func(ctx context.Context, apiID string) (*P, error)) *Cache[P] {
	p := &Cache[P]{load: load}
	p.table.Store(&map[string]*slot[P]{})
	return p
}

// Get returns an API's plan, compiling it when nobody did; nil when there is no such API, which is remembered for a while.
func (p *Cache[P]) Get(ctx context.Context, apiID string, now time.Time) (*P, error) {
	s := (*p.table.Load())[apiID]
	if s == nil {
		if !couldBeAPI(apiID) {
			return nil, nil
		}
		s = p.insert(apiID, now)
	}
	s.used.Store(now.UnixNano())
	if plan := s.plan.Load(); plan != nil {
		return plan, nil
	}
	return p.fill(ctx, apiID, s, now)
}

// Holds tells whether an API's plan is at hand, without loading it.
func (p *Cache[P]) Holds(apiID string) bool {
	s := (*p.table.Load())[apiID]
	return s != nil && s.plan.Load() != nil
}

// fill loads a slot's plan; others who ask meanwhile wait for the same one. A change that is told of while it loads makes it
// load again.
func (p *Cache[P]) fill(ctx context.Context, apiID string, s *slot[P], now time.Time) (*P, error) {
	s.loading.Lock()
	defer s.loading.Unlock()
	// One client that goes away must not fail the others.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), loadTimeout)
	defer cancel()
	for {
		if plan := s.plan.Load(); plan != nil {
			return plan, nil
		}
		version := s.version.Load()
		if now.UnixNano() < s.unknownUntil.Load() {
			return nil, nil
		}
		plan, err := p.load(ctx, apiID)
		if fault.Is(err, "NotFoundException") {
			s.unknownUntil.Store(now.Add(unknownFor).UnixNano())
			if s.version.Load() == version {
				return nil, nil
			}
			s.unknownUntil.Store(0)
			continue
		}
		if err != nil {
			return nil, err
		}
		s.plan.Store(plan)
		if s.version.Load() == version {
			return plan, nil
		}
		s.plan.CompareAndSwap(plan, nil)
	}
}

// Changed forgets an API's plan; the next request compiles it anew.
func (p *Cache[P]) Changed(apiID string) {
	s := (*p.table.Load())[apiID]
	if s == nil {
		return
	}
	s.version.Add(1)
	s.plan.Store(nil)
	s.unknownUntil.Store(0)
}

// insert makes a slot and, where there are too many, drops the ones asked for longest ago.
func (p *Cache[P]) insert(apiID string, now time.Time) *slot[P] {
	p.mu.Lock()
	defer p.mu.Unlock()
	old := *p.table.Load()
	if s := old[apiID]; s != nil {
		return s
	}
	next := make(map[string]*slot[P], len(old)+1)
	known, unknown := 0, 0
	for id, s := range old {
		next[id] = s
		if s.plan.Load() != nil {
			known++
		} else {
			unknown++
		}
	}
	if known >= planLimit {
		dropOldest(next, true)
	}
	if unknown >= unknownLimit {
		dropOldest(next, false)
	}
	s := &slot[P]{}
	s.used.Store(now.UnixNano())
	next[apiID] = s
	p.table.Store(&next)
	return s
}

// dropOldest drops the slot asked for longest ago among those with a plan, or among those without.
func dropOldest[P any](table map[string]*slot[P], withPlan bool) {
	oldest, oldestUse := "", int64(0)
	for id, s := range table {
		if (s.plan.Load() != nil) == withPlan && (oldest == "" || s.used.Load() < oldestUse) {
			oldest, oldestUse = id, s.used.Load()
		}
	}
	delete(table, oldest)
}

// couldBeAPI keeps what can be no id away from the table and the store.
func couldBeAPI(id string) bool {
	if id == "" || len(id) > 64 {
		return false
	}
	for i := range len(id) {
		c := id[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_' {
			return false
		}
	}
	return true
}
