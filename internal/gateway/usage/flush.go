package usage

import (
	"context"
	"time"
)

// run writes what was counted. It sleeps while nothing is.
func (c *Counters) run() {
	var rest time.Duration
	for {
		select {
		case <-c.stop:
			return
		case <-c.wake:
		}
		if !c.wait(rest) {
			return
		}
		began := c.now()
		if err := c.Flush(context.Background()); err != nil {
			c.failed(err)
		}
		rest = restAfter * (c.now() - began)
	}
}

// wait lets counts gather: for the usual time, or a shorter one when a quota is nearly used up, and never less than rest. It is
// false when the counters are closed.
func (c *Counters) wait(rest time.Duration) bool {
	select { // what was urgent before the last write is written
	case <-c.urgent:
		rest = max(rest, urgentEvery)
	default:
		timer := time.NewTimer(max(c.every, rest))
		defer timer.Stop()
		select {
		case <-timer.C:
			return true
		case <-c.stop:
			return false
		case <-c.urgent:
			rest = max(rest, urgentEvery)
		}
	}
	timer := time.NewTimer(rest)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-c.stop:
		return false
	}
}

// Flush writes what was counted until now, a batch at a time, and learns what others counted. What could not be written stays
// counted here and is written with the next flush.
func (c *Counters) Flush(ctx context.Context) error {
	c.flushing.Lock()
	defer c.flushing.Unlock()
	c.dirtyMu.Lock()
	todo := c.dirty
	c.dirty = nil
	c.dirtyMu.Unlock()
	for len(todo) > 0 {
		n := min(batch, len(todo))
		if err := c.write(ctx, todo[:n]); err != nil {
			c.queue(todo[n:]...)
			signal(c.wake)
			return err
		}
		todo = todo[n:]
	}
	return nil
}

// queue lets counters that are dirty wait for the next flush.
func (c *Counters) queue(some ...*counter) {
	c.dirtyMu.Lock()
	defer c.dirtyMu.Unlock()
	c.dirty = append(c.dirty, some...)
}

// write writes some counters in one transaction. No counter is held meanwhile: requests go on being counted.
func (c *Counters) write(ctx context.Context, some []*counter) error {
	var entries []Entry
	for _, n := range some {
		n.mu.Lock()
		entries = n.begin(entries)
		n.mu.Unlock()
	}
	totals, err := c.ledger.Count(ctx, entries)
	if err != nil {
		for _, n := range some {
			n.mu.Lock()
			again := n.fail()
			n.mu.Unlock()
			if again {
				c.queue(n)
			}
		}
		return err
	}
	last := make(map[ID]int, len(some))
	for i, e := range entries {
		last[e.ID] = i
	}
	for _, n := range some {
		n.mu.Lock()
		i := last[n.id]
		n.end(entries[i].Since, totals[i])
		n.mu.Unlock()
	}
	return nil
}

// Close writes what was counted and stops. It must be called once nothing is counted any more.
func (c *Counters) Close(ctx context.Context) (err error) {
	c.closing.Do(func() {
		close(c.stop)
		c.stopped.Wait()
		err = c.Flush(ctx)
	})
	return err
}
