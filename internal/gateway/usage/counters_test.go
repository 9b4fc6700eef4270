package usage_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/poolgate/poolgate/internal/gateway/usage"
)

// ledger is what several nodes share: counts by ID and day.
type ledger struct {
	mu      sync.Mutex
	days    map[usage.ID]map[usage.Day]int64
	granted int64
	asked   int
	fail    error
	written chan struct{}
}

func (l *ledger) Count(_ context.Context, entries []usage.Entry) ([]int64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asked++
	if l.fail != nil {
		return nil, l.fail
	}
	wrote := false
	for _, e := range entries {
		if l.days == nil {
			l.days = map[usage.ID]map[usage.Day]int64{}
		}
		if l.days[e.ID] == nil {
			l.days[e.ID] = map[usage.Day]int64{}
		}
		l.days[e.ID][e.Day] += e.Requests
		wrote = wrote || e.Requests > 0
	}
	totals := make([]int64, len(entries))
	for i, e := range entries {
		totals[i] = -l.granted
		for day, n := range l.days[e.ID] {
			if day >= e.Since {
				totals[i] += n
			}
		}
	}
	if wrote && l.written != nil {
		l.written <- struct{}{}
	}
	return totals, nil
}

func (l *ledger) day(of string, on usage.Day) int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.days[id(of)][on]
}

func (l *ledger) set(change func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	change()
}

func counters(t testing.TB, l usage.Ledger, o usage.Options) *usage.Counters {
	t.Helper()
	o.Ledger = l
	if o.Every == 0 {
		o.Every = time.Hour
	}
	c := usage.NewCounters(o)
	t.Cleanup(func() { _ = c.Close(context.WithoutCancel(t.Context())) })
	return c
}

func take(t testing.TB, c *usage.Counters, of string, limit int64, since, today usage.Day) bool {
	t.Helper()
	ok, err := c.Take(t.Context(), id(of), usage.Quota{Limit: limit, Since: since, Today: today})
	if err != nil {
		t.Fatal(err)
	}
	return ok
}

func flush(t testing.TB, c *usage.Counters) {
	t.Helper()
	if err := c.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestAQuotaIsExactOnOneNodeWheneverItWrites(t *testing.T) {
	l := &ledger{}
	c := counters(t, l, usage.Options{})
	passed := 0
	for i := range 30 {
		if take(t, c, "k", 7, 100, 100) {
			passed++
		}
		if i%3 == 0 {
			flush(t, c)
		}
	}
	flush(t, c)
	if passed != 7 || l.day("k", 100) != 7 {
		t.Errorf("%d passed, the ledger says %d", passed, l.day("k", 100))
	}
	if l.asked > 15 {
		t.Errorf("the ledger was asked %d times", l.asked)
	}
}

func TestAPeriodEndsAtMidnightAndItsDaysAreCountedApart(t *testing.T) {
	l := &ledger{}
	c := counters(t, l, usage.Options{})
	for _, step := range []struct {
		name         string
		since, today usage.Day
		want         bool
	}{
		{"the first day", 100, 100, true},
		{"the second day of the same period", 100, 101, true},
		{"a third request", 100, 101, false},
		{"the next period", 107, 107, true},
		{"its second", 107, 108, true},
		{"its third", 107, 108, false},
		{"the quota is by the month from now on: all days count", 90, 108, false},
		{"by the day again: one request was today", 108, 108, true},
		{"and now two", 108, 108, false},
	} {
		if got := take(t, c, "k", 2, step.since, step.today); got != step.want {
			t.Errorf("%s: %v", step.name, got)
		}
		flush(t, c)
	}
	for day, want := range map[usage.Day]int64{100: 1, 101: 1, 107: 1, 108: 2} {
		if got := l.day("k", day); got != want {
			t.Errorf("day %d has %d, want %d", day, got, want)
		}
	}
}

func TestWhatWasUsedBeforeTheProcessStartedCounts(t *testing.T) {
	l := &ledger{}
	first := counters(t, l, usage.Options{})
	take(t, first, "k", 1, 100, 100)
	if err := first.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if second := counters(t, l, usage.Options{}); take(t, second, "k", 1, 100, 100) {
		t.Error("the quota began anew")
	}
}

func TestAGrantIsSeenOnceTheCounterIsToldOfIt(t *testing.T) {
	l := &ledger{}
	c := counters(t, l, usage.Options{})
	if !take(t, c, "k", 1, 100, 100) || take(t, c, "k", 1, 100, 100) {
		t.Fatal("a quota of one is not one")
	}
	flush(t, c)
	l.set(func() { l.granted = 2 })
	c.Forget(func(id usage.ID) bool { return id.Who == "other" })
	if take(t, c, "k", 1, 100, 100) {
		t.Error("another key's grant counted")
	}
	c.Forget(func(id usage.ID) bool { return id.Who == "k" })
	for i, want := range []bool{true, true, false} {
		if got := take(t, c, "k", 1, 100, 100); got != want {
			t.Errorf("request %d after the grant: %v", i+1, got)
		}
	}
}

func TestWhatCannotBeWrittenIsWrittenLaterAndOnce(t *testing.T) {
	l := &ledger{}
	c := counters(t, l, usage.Options{})
	take(t, c, "k", 10, 100, 100)
	broken := errors.New("the database is away")
	l.set(func() { l.fail = broken })
	for range 2 {
		if err := c.Flush(t.Context()); !errors.Is(err, broken) {
			t.Fatalf("flushed: %v", err)
		}
		take(t, c, "k", 10, 100, 101)
	}
	// A total that nobody has read lets the request through and says why.
	if ok, err := c.Take(t.Context(), id("new"), usage.Quota{Limit: 1, Since: 100, Today: 100}); !ok || !errors.Is(err, broken) {
		t.Errorf("an unreadable quota: %v, %v", ok, err)
	}
	l.set(func() { l.fail = nil })
	flush(t, c)
	flush(t, c)
	if l.day("k", 100) != 1 || l.day("k", 101) != 2 || l.day("new", 100) != 1 {
		t.Errorf("the ledger says %v", l.days)
	}
	if take(t, c, "new", 1, 100, 100) {
		t.Error("the quota holds no more once it can be read")
	}
}

func TestCountsAreWrittenSoonAndSoonerNearTheEndOfAQuota(t *testing.T) {
	l := &ledger{written: make(chan struct{}, 10)}
	c := counters(t, l, usage.Options{}) // every hour: only what is urgent is written within the test
	take(t, c, "k", 2, 100, 100)
	select {
	case <-l.written:
	case <-time.After(10 * time.Second):
		t.Fatal("a quota that is nearly used up was not written")
	}
	often := counters(t, l, usage.Options{Every: time.Millisecond})
	take(t, often, "free", -1, 100, 100)
	select {
	case <-l.written:
	case <-time.After(10 * time.Second):
		t.Fatal("nothing was written")
	}
}

func TestCountersAreBounded(t *testing.T) {
	l := &ledger{}
	c := counters(t, l, usage.Options{Most: 640})
	for i := range 20_000 {
		of := string(rune('a'+i%26)) + time.Duration(i).String()
		take(t, c, of, 1, 100, 100)
		if i%500 == 0 {
			flush(t, c)
		}
		if n := c.Len(); i > 5000 && i%500 == 1 && n > 640+600 {
			t.Fatalf("%d counters after %d IDs", n, i)
		}
	}
	flush(t, c)
	if take(t, c, "a"+time.Duration(0).String(), 1, 100, 100) {
		t.Error("a counter that was dropped forgot its count")
	}
}

// TestNodesOvershootByWhatTheOthersAdmitBetweenWrites runs random schedules of several nodes over one ledger: what is let through beyond
// the quota is never more than what the nodes counted after they last heard of each other, and nothing is lost or counted twice.
func TestNodesOvershootByWhatTheOthersAdmitBetweenWrites(t *testing.T) {
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 2))
	for round := range 50 {
		l := &ledger{}
		const nodes = 3
		var all [nodes]*usage.Counters
		var unwritten, most [nodes]int64
		for i := range all {
			all[i] = counters(t, l, usage.Options{})
		}
		limit, passed := int64(random.IntN(200)), int64(0)
		for range 600 {
			n := random.IntN(nodes)
			if random.IntN(10) == 0 {
				flush(t, all[n])
				unwritten[n] = 0
				continue
			}
			if take(t, all[n], "k", limit, 100, 100) {
				passed++
				unwritten[n]++
				most[n] = max(most[n], unwritten[n])
			}
		}
		var bound int64
		for _, n := range most {
			bound += n
		}
		if passed > limit+bound {
			t.Fatalf("seed %d, round %d: %d passed a quota of %d, bound %d", seed, round, passed, limit, bound)
		}
		for _, n := range all {
			_ = n.Close(t.Context())
		}
		if got := l.day("k", 100); got != passed {
			t.Fatalf("seed %d, round %d: %d passed, the ledger says %d", seed, round, passed, got)
		}
	}
}

func TestManyRequestsAtOnceKeepToTheQuota(t *testing.T) {
	l := &ledger{}
	c := counters(t, l, usage.Options{Every: time.Millisecond})
	var passed sync.Map
	var all sync.WaitGroup
	for worker := range 8 {
		all.Go(func() {
			n := 0
			for range 100 {
				if take(t, c, "k", 333, 100, 100) {
					n++
				}
			}
			passed.Store(worker, n)
		})
	}
	all.Wait()
	total := 0
	passed.Range(func(_, n any) bool { total += n.(int); return true })
	if err := c.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if total != 333 || l.day("k", 100) != 333 {
		t.Errorf("%d passed, the ledger says %d", total, l.day("k", 100))
	}
}

func TestDaysAreThoseOfUTC(t *testing.T) {
	for text, want := range map[string]usage.Day{"1970-01-01T23:59:59Z": 0, "1970-01-02T00:00:00Z": 1, "1969-12-31T23:59:59Z": -1, "2026-03-01T01:00:00+02:00": 20512} {
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		if got := usage.DayOf(at); got != want || got.Time().After(at) || at.Sub(got.Time()) >= 24*time.Hour {
			t.Errorf("%s is day %d, %v; want %d", text, got, got.Time(), want)
		}
	}
}
