package lambda

import (
	"context"
	"os"
	"sync"
	"time"

	"github.com/poolgate/poolgate/internal/store"
)

const (
	// sweepEvery is how often unpacked code is looked through, besides after every change of a function.
	sweepEvery = time.Minute
	// sweepAgain is the pause until code is looked at again that is gone from the store while a process still runs it.
	sweepAgain = 100 * time.Millisecond
	// unusedAfter is how long code stays unpacked that nobody runs though somebody might.
	unusedAfter = 30 * time.Minute
)

// sweeper removes unpacked code by itself: soon after a change, and once in a while.
type sweeper struct {
	woken   chan struct{}
	cancel  context.CancelFunc
	running sync.WaitGroup
}

// newSweeper runs sweep until close. Sweep says whether there is something that could not be removed yet.
func newSweeper(sweep func(context.Context) (pending bool)) *sweeper {
	ctx, cancel := context.WithCancel(context.Background())
	w := &sweeper{woken: make(chan struct{}, 1), cancel: cancel}
	w.running.Go(func() {
		timer := time.NewTimer(sweepEvery)
		defer timer.Stop()
		for {
			select {
			case <-w.woken:
			case <-timer.C:
			case <-ctx.Done():
				return
			}
			if sweep(ctx) {
				timer.Reset(sweepAgain)
			} else {
				timer.Reset(sweepEvery)
			}
		}
	})
	return w
}

func (w *sweeper) wake() {
	select {
	case w.woken <- struct{}{}:
	default: // it has not looked yet since it was woken last
	}
}

func (w *sweeper) close() {
	w.cancel()
	w.running.Wait()
}

// sweepCode removes directories of code that no function has any more, or that nobody has run for long, once no process
// runs them. It says whether some had to stay.
func (s *Service) sweepCode(ctx context.Context) (pending bool) {
	for _, u := range s.codes.all() {
		orphan, err := s.orphan(ctx, u.set)
		if err != nil {
			return false // the store is closing, or broken: another time
		}
		if !orphan && !s.codes.unused(u) {
			continue
		}
		if !s.remove(u) {
			pending = pending || orphan
		}
	}
	return pending
}

func (c *codeCache) all() []*unpacked {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := make([]*unpacked, 0, len(c.known))
	for _, u := range c.known {
		all = append(all, u)
	}
	return all
}

func (c *codeCache) unused(u *unpacked) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return u.holds == 0 && time.Since(u.used) > unusedAfter
}

// orphan tells whether the store no longer has one of a set's archives.
func (s *Service) orphan(ctx context.Context, set codeSet) (orphan bool, err error) {
	err = s.store.View(ctx, func(tx *store.Tx) error {
		orphan = false
		for _, sum := range set.sums {
			uses, err := codeUses.Count(tx, sum)
			if err != nil {
				return err
			}
			orphan = orphan || uses == 0
		}
		return nil
	})
	return orphan, err
}

// remove takes a directory away, unless somebody needs it.
func (s *Service) remove(u *unpacked) bool {
	if !s.codes.claim(u) {
		return false
	}
	// Whoever wants it from here on waits for the lock, and then makes it anew; who had it before shows in the processes.
	defer u.mu.Unlock()
	if s.pool.Directories()[s.dirOf(u.set)] {
		return false
	}
	if err := os.RemoveAll(s.dirOf(u.set)); err != nil {
		s.log.Warn("a function's unpacked code was not removed", "error", err)
	}
	s.codes.mu.Lock()
	defer s.codes.mu.Unlock()
	u.gone = true
	delete(s.codes.known, u.set.name)
	return true
}

// claim takes an entry's lock when nobody needs the entry.
func (c *codeCache) claim(u *unpacked) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return u.holds == 0 && u.mu.TryLock()
}
