package store

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestAnUpdateThatFailsBesideOthersTakesNothingOfTheirsAlong(t *testing.T) {
	eachBackend(t, func(t *testing.T, d *database) {
		s := d.node()
		const workers, rounds = 6, 20
		outcome := func(worker, round int) int { return (worker + round) % 4 }
		together(workers, func(worker int) {
			for round := range rounds {
				done := make(chan struct{})
				go func() {
					defer close(done)
					defer func() { _ = recover() }()
					err := s.Update(context.Background(), func(tx *Tx) error {
						id := fmt.Sprintf("%d-%d", worker, round)
						if err := people.Insert(tx, "pool", id, &person{Name: id}); err != nil {
							return err
						}
						switch outcome(worker, round) {
						case 1:
							return errOwn
						case 2:
							panic(errOwn)
						case 3:
							runtime.Goexit()
						}
						return nil
					})
					if want := []error{nil, errOwn}[outcome(worker, round)]; !errors.Is(err, want) {
						t.Errorf("worker %d, round %d: %v", worker, round, err)
					}
				}()
				<-done
			}
		})
		view(t, s, func(tx *Tx) error {
			for worker := range workers {
				for round := range rounds {
					id := fmt.Sprintf("%d-%d", worker, round)
					_, err := people.Get(tx, "pool", id)
					found, lookup := people.Lookup(tx, Key{"name", id})
					if there := err == nil; lookup != nil || there != (outcome(worker, round) == 0) || there != (len(found) == 1) {
						t.Errorf("%s with outcome %d: %v, %d by key", id, outcome(worker, round), err, len(found))
					}
				}
			}
			return nil
		})
	})
}

// queue runs Updates of which all but the first wait until the first has begun, and tells how each ended.
func queue(t *testing.T, s *Store, fns ...func(*Tx) error) []error {
	t.Helper()
	writer := &s.engine.(*sqliteEngine).writer
	writer.age = time.Hour
	errs := make([]error, len(fns))
	var group sync.WaitGroup
	waiting := func(n int) func() bool {
		return func() bool {
			writer.mu.Lock()
			defer writer.mu.Unlock()
			return len(writer.waiting) == n
		}
	}
	begun, goOn := make(chan struct{}), make(chan struct{})
	group.Go(func() {
		errs[0] = s.Update(context.Background(), func(tx *Tx) error {
			close(begun)
			<-goOn
			return fns[0](tx)
		})
	})
	<-begun
	for i, fn := range fns[1:] {
		group.Go(func() { errs[i+1] = s.Update(context.Background(), fn) })
		eventually(t, 5*time.Second, "it waits", waiting(i+1))
	}
	close(goOn)
	group.Wait()
	return errs
}

func insert(id string) func(*Tx) error {
	return func(tx *Tx) error { return people.Insert(tx, "pool", id, &person{}) }
}

func expectPeople(t *testing.T, s *Store, want int) {
	t.Helper()
	view(t, s, func(tx *Tx) error {
		if n, err := people.Count(tx, "pool"); n != want || err != nil {
			t.Errorf("%d people and not %d, %v", n, want, err)
		}
		return nil
	})
}

func TestUpdatesThatWaitShareOneCommit(t *testing.T) {
	s := mustOpen(t, Options{Location: t.TempDir()})
	var mu sync.Mutex
	groups := map[*commitGroup]int{}
	fns := make([]func(*Tx) error, 20)
	for i := range fns {
		fns[i] = func(tx *Tx) error {
			mu.Lock()
			defer mu.Unlock()
			groups[tx.session.(*sqliteUpdate).group]++
			return insert(fmt.Sprint(i))(tx)
		}
	}
	if err := errors.Join(queue(t, s, fns...)...); err != nil {
		t.Error(err)
	}
	if len(groups) != 1 {
		t.Errorf("%d commits for %d updates", len(groups), len(fns))
	}
	expectPeople(t, s, len(fns))
}

func TestAGroupIsBounded(t *testing.T) {
	s := mustOpen(t, Options{Location: t.TempDir()})
	var mu sync.Mutex
	groups := map[*commitGroup]int{}
	fns := make([]func(*Tx) error, 2*maxGroup+3)
	for i := range fns {
		fns[i] = func(tx *Tx) error {
			mu.Lock()
			defer mu.Unlock()
			groups[tx.session.(*sqliteUpdate).group]++
			return nil
		}
	}
	if err := errors.Join(queue(t, s, fns...)...); err != nil {
		t.Error(err)
	}
	for _, members := range groups {
		if members > maxGroup {
			t.Errorf("%d updates in one commit", members)
		}
	}
}

func TestALaterUpdateSeesWhatAnEarlierOneOfItsGroupDid(t *testing.T) {
	s := mustOpen(t, Options{Location: t.TempDir()})
	errs := queue(t, s, insert("a"), insert("a"), insert("b"),
		func(tx *Tx) error { _, err := people.Get(tx, "pool", "b"); return err })
	if errs[0] != nil || !errors.Is(errs[1], ErrExists) || errs[2] != nil || errs[3] != nil {
		t.Errorf("they ended with %v", errs)
	}
	expectPeople(t, s, 2)
}

func TestWhatTheDatabaseRollsBackOnItsOwnFailsTheWholeGroup(t *testing.T) {
	s := mustOpen(t, Options{Location: t.TempDir()})
	errs := queue(t, s, insert("a"), insert("b"),
		func(tx *Tx) error { _, err := tx.session.exec(tx.ctx, "ROLLBACK"); return err }, // as SQLite does when the disk is full
		insert("c"))
	for i, err := range errs[:3] {
		if err == nil {
			t.Errorf("%d was acknowledged", i)
		}
	}
	if errs[3] != nil {
		t.Errorf("the next one: %v", errs[3])
	}
	expectPeople(t, s, 1)
	update(t, s, insert("d"))
	expectPeople(t, s, 2)
}

func TestWhoGivesUpWaitingHoldsNobodyUp(t *testing.T) {
	s := mustOpen(t, Options{Location: t.TempDir()})
	var stored atomic.Int64
	together(8, func(worker int) {
		for i := range 60 {
			ctx, cancel := context.WithTimeout(context.Background(), rand.N(2*time.Millisecond))
			err := s.Update(ctx, insert(fmt.Sprintf("%d-%d", worker, i)))
			cancel()
			switch {
			case err == nil:
				stored.Add(1)
			case !errors.Is(err, context.DeadlineExceeded):
				t.Error(err)
			}
		}
	})
	update(t, s, insert("last"))
	expectPeople(t, s, int(stored.Load())+1)
}

func TestClosingCommitsWhatIsUnderWay(t *testing.T) {
	directory := t.TempDir()
	var acknowledged atomic.Int64
	s, err := Open(t.Context(), Options{Location: directory, SealKey: testKey})
	if err != nil {
		t.Fatal(err)
	}
	together(5, func(worker int) {
		if worker == 0 {
			eventually(t, 10*time.Second, "some are stored", func() bool { return acknowledged.Load() > 20 })
			if err := s.Close(); err != nil {
				t.Error(err)
			}
			return
		}
		for i := 0; ; i++ {
			err := s.Update(context.Background(), insert(fmt.Sprintf("%d-%d", worker, i)))
			if errors.Is(err, errClosed) {
				return
			}
			if err != nil {
				t.Error(err)
				return
			}
			acknowledged.Add(1)
		}
	})
	s = mustOpen(t, Options{Location: directory})
	expectPeople(t, s, int(acknowledged.Load()))
}
