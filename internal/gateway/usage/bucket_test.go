package usage_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/poolgate/poolgate/internal/gateway/usage"
)

// hand is a clock that a test moves.
type hand struct{ at atomic.Int64 }

func (h *hand) now() time.Duration       { return time.Duration(h.at.Load()) }
func (h *hand) advance(d time.Duration)  { h.at.Add(int64(d)) }
func id(of string) usage.ID              { return usage.ID{Scope: "s", Who: of, What: "w"} }
func limit(r float64, b int) usage.Limit { return usage.Limit{Rate: r, Burst: b} }
func taken(b *usage.Buckets, l usage.Limit, times int) (n int) {
	for range times {
		if b.Take(id("x"), l) {
			n++
		}
	}
	return n
}

func TestABucketGivesItsBurstAndThenItsRate(t *testing.T) {
	for _, test := range []struct {
		name  string
		limit usage.Limit
		// passed is how many of ten pass at once, later how many of ten after the pause.
		passed int
		pause  time.Duration
		later  int
	}{
		{"burst and rate", limit(2, 3), 3, time.Second, 2},
		{"a rate below one a second", limit(0.1, 1), 1, 9 * time.Second, 0},
		{"a rate below one a second, long enough", limit(0.1, 1), 1, 10 * time.Second, 1},
		{"never more than the burst", limit(100, 3), 3, time.Hour, 3},
		{"nothing at all", limit(0, 0), 0, time.Hour, 0},
		{"no burst", limit(10, 0), 0, time.Hour, 0},
		{"no rate", limit(0, 2), 2, time.Hour, 0},
		{"no limit", usage.Unlimited, 10, 0, 10},
	} {
		t.Run(test.name, func(t *testing.T) {
			clock := &hand{}
			b := usage.NewBuckets(1000, clock.now)
			if got := taken(b, test.limit, 10); got != test.passed {
				t.Errorf("%d passed at once, want %d", got, test.passed)
			}
			clock.advance(test.pause)
			if got := taken(b, test.limit, 10); got != test.later {
				t.Errorf("%d passed after %v, want %d", got, test.pause, test.later)
			}
		})
	}
}

func TestAChangedLimitHoldsAtOnce(t *testing.T) {
	clock := &hand{}
	b := usage.NewBuckets(1000, clock.now)
	if got := taken(b, limit(1, 5), 2); got != 2 {
		t.Fatalf("%d passed", got)
	}
	if got := taken(b, limit(1, 1), 5); got != 1 {
		t.Errorf("%d passed after the burst shrank to 1", got)
	}
	if b.Take(id("x"), limit(1, 100)) {
		t.Error("a limit that grew filled the bucket")
	}
}

// TestNobodyGetsMoreThanTheLimitInAnyWindow is the property of a token bucket: in every window of time at most burst + rate × its
// length pass, and whoever keeps to the rate is never refused. The times are random.
func TestNobodyGetsMoreThanTheLimitInAnyWindow(t *testing.T) {
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 1))
	for round := range 300 {
		clock := &hand{}
		b := usage.NewBuckets(1000, clock.now)
		l := limit(random.Float64()*50, random.IntN(20))
		var passed []time.Duration
		for range 200 {
			clock.advance(time.Duration(random.ExpFloat64() * float64(20*time.Millisecond)))
			if b.Take(id("x"), l) {
				passed = append(passed, clock.now())
			}
		}
		for from := range passed {
			for to := from; to < len(passed); to++ {
				most := float64(l.Burst) + l.Rate*(passed[to]-passed[from]).Seconds()
				if n := to - from + 1; float64(n) > most+1e-6 {
					t.Fatalf("seed %d, round %d: %d passed within %v under %+v", seed, round, n, passed[to]-passed[from], l)
				}
			}
		}
		if l.Burst == 0 || l.Rate == 0 {
			continue
		}
		clock.advance(time.Duration(float64(time.Second)/l.Rate) + 1)
		for i := range 50 {
			if !b.Take(id("x"), l) {
				t.Fatalf("seed %d, round %d: request %d at the rate itself was refused under %+v", seed, round, i, l)
			}
			clock.advance(time.Duration(float64(time.Second)/l.Rate) + 1)
		}
	}
}

func TestManyAtOnceShareOneBucket(t *testing.T) {
	b := usage.NewBuckets(1000, (&hand{}).now)
	var passed atomic.Int64
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() { passed.Add(int64(taken(b, limit(1, 100), 50))) })
	}
	all.Wait()
	if passed.Load() != 100 {
		t.Errorf("%d passed through a bucket of 100", passed.Load())
	}
}

func TestBucketsAreBoundedAndFullOnesAreForgottenFirst(t *testing.T) {
	clock := &hand{}
	const most = 6400
	b := usage.NewBuckets(most, clock.now)
	for i := range 100_000 {
		b.Take(id(fmt.Sprint(i)), limit(1, 1))
		if i%10 == 0 {
			clock.advance(time.Millisecond)
		}
		if i%10_000 == 0 && b.Len() > most {
			t.Fatalf("%d buckets", b.Len())
		}
	}
	if b.Len() > most {
		t.Errorf("%d buckets, at most %d", b.Len(), most)
	}
	// One that is in use stays while full ones come and go.
	for i := range 3000 {
		b.Take(id(fmt.Sprint("idle", i)), limit(1000, 2))
		clock.advance(time.Millisecond)
		if b.Take(id("busy"), limit(0, 1)) && i > 0 {
			t.Fatalf("the bucket in use was forgotten after %d others", i)
		}
	}
}
