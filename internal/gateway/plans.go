package gateway

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

// plans holds the compiled APIs. Reading one takes no lock: the table is replaced, never changed.
type plans struct {
	load  func(ctx context.Context, apiID string) (*apiPlan, error)
	table atomic.Pointer[map[string]*planSlot]
	mu    sync.Mutex // guards replacing the table
}

// planSlot is the place of one API's plan, compiled or to be compiled.
type planSlot struct {
	plan atomic.Pointer[apiPlan]
	// used is when the plan was last asked for, in nanoseconds; unknownUntil is set when there is no such API.
	used         atomic.Int64
	unknownUntil atomic.Int64
	// version counts the changes that were told of; a plan loaded under an older one is not kept.
	version atomic.Uint64
	loading sync.Mutex
}

func newPlans(load func(ctx context.Context, apiID string) (*apiPlan, error)) *plans {
	p := &plans{load: load}
	p.table.Store(&map[string]*planSlot{})
	return p
}

// get returns an API's plan, compiling it when nobody did; nil when there is no such API.
func (p *plans) get(ctx context.Context, apiID string, now time.Time) (*apiPlan, error) {
	slot := (*p.table.Load())[apiID]
	if slot == nil {
		if !couldBeAPI(apiID) {
			return nil, nil
		}
		slot = p.insert(apiID, now)
	}
	slot.used.Store(now.UnixNano())
	if plan := slot.plan.Load(); plan != nil {
		return plan, nil
	}
	return p.fill(ctx, apiID, slot, now)
}

// fill loads a slot's plan; others who ask meanwhile wait for the same one. A change that is told of while it loads makes it
// load again.
func (p *plans) fill(ctx context.Context, apiID string, slot *planSlot, now time.Time) (*apiPlan, error) {
	slot.loading.Lock()
	defer slot.loading.Unlock()
	// One client that goes away must not fail the others.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), loadTimeout)
	defer cancel()
	for {
		if plan := slot.plan.Load(); plan != nil {
			return plan, nil
		}
		version := slot.version.Load()
		if now.UnixNano() < slot.unknownUntil.Load() {
			return nil, nil
		}
		plan, err := p.load(ctx, apiID)
		if fault.Is(err, "NotFoundException") {
			slot.unknownUntil.Store(now.Add(unknownFor).UnixNano())
			if slot.version.Load() == version {
				return nil, nil
			}
			slot.unknownUntil.Store(0)
			continue
		}
		if err != nil {
			return nil, err
		}
		slot.plan.Store(plan)
		if slot.version.Load() == version {
			return plan, nil
		}
		slot.plan.CompareAndSwap(plan, nil)
	}
}

// changed forgets an API's plan; the next request compiles it anew.
func (p *plans) changed(apiID string) {
	slot := (*p.table.Load())[apiID]
	if slot == nil {
		return
	}
	slot.version.Add(1)
	slot.plan.Store(nil)
	slot.unknownUntil.Store(0)
}

// insert makes a slot and, where there are too many, drops the ones asked for longest ago.
func (p *plans) insert(apiID string, now time.Time) *planSlot {
	p.mu.Lock()
	defer p.mu.Unlock()
	old := *p.table.Load()
	if slot := old[apiID]; slot != nil {
		return slot
	}
	next := make(map[string]*planSlot, len(old)+1)
	known, unknown := 0, 0
	for id, slot := range old {
		next[id] = slot
		if slot.plan.Load() != nil {
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
	slot := &planSlot{}
	slot.used.Store(now.UnixNano())
	next[apiID] = slot
	p.table.Store(&next)
	return slot
}

// dropOldest drops the slot asked for longest ago among those with a plan, or among those without.
func dropOldest(table map[string]*planSlot, withPlan bool) {
	oldest, oldestUse := "", int64(0)
	for id, slot := range table {
		if (slot.plan.Load() != nil) == withPlan && (oldest == "" || slot.used.Load() < oldestUse) {
			oldest, oldestUse = id, slot.used.Load()
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

// load compiles what an API's stages serve.
func (g *Gateway) load(ctx context.Context, apiID string) (*apiPlan, error) {
	published, err := g.apis.Published(ctx, apiID)
	if err != nil {
		return nil, err
	}
	plan := &apiPlan{id: apiID, stages: make(map[string]*stagePlan, len(published))}
	for name, p := range published {
		c := &compiler{engine: g.engine, snapshot: p.Snapshot}
		stage := c.stage(name, p.DeploymentID, variablesOf{p.Stage.Variables, true})
		if g.logs != nil {
			stage.logging = loggingOf(stage, &p.Stage)
		}
		plan.stages[name] = stage
		for _, problem := range c.problems {
			g.log.WarnContext(ctx, "a part of a stage cannot be served", "api", apiID, "stage", name, "problem", problem)
		}
	}
	return plan, nil
}
