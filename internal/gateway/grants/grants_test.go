package grants_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/poolgate/poolgate/internal/gateway/grants"
)

var prod = grants.Scope{API: "api", Stage: "prod"}

// counter answers with how often it was asked.
type counter struct{ asked atomic.Int64 }

func (c *counter) ask(context.Context) (int64, int, error) { return c.asked.Add(1), 10, nil }

// timer is a clock that the test moves.
type timer struct{ at atomic.Int64 }

func (t *timer) now() time.Time              { return time.Unix(0, t.at.Load()) }
func (t *timer) advance(d time.Duration)     { t.at.Add(int64(d)) }
func newTimer() *timer                       { t := &timer{}; t.at.Store(int64(time.Hour)); return t }
func newCache(t *timer) *grants.Cache[int64] { return grants.New[int64](1600, 1<<20, t.now) }

func do(t *testing.T, c *grants.Cache[int64], key grants.Key, ask grants.Ask[int64]) int64 {
	t.Helper()
	answer, _, err := c.Do(context.Background(), key, time.Minute, ask)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

func TestAnAnswerIsRememberedForItsTime(t *testing.T) {
	clock, n := newTimer(), &counter{}
	c, key := newCache(clock), grants.KeyOf(prod, "a", "token")
	for _, step := range []struct {
		name  string
		after time.Duration
		want  int64
	}{
		{"the first asks", 0, 1},
		{"the second does not", 0, 1},
		{"nor does one just before the time is up", time.Minute - 1, 1},
		{"one at the end of the time asks", 1, 2},
		{"and is remembered in turn", time.Second, 2},
		{"a clock set back before the answer asks again", -2 * time.Second, 3},
	} {
		clock.advance(step.after)
		if got := do(t, c, key, n.ask); got != step.want {
			t.Errorf("%s: got %d, want %d", step.name, got, step.want)
		}
	}
}

func TestWithoutATimeNothingIsRemembered(t *testing.T) {
	n, c := &counter{}, newCache(newTimer())
	for want := int64(1); want < 4; want++ {
		got, known, err := c.Do(context.Background(), grants.KeyOf(prod, "a"), 0, n.ask)
		if got != want || known || err != nil {
			t.Errorf("got %d, %v, %v", got, known, err)
		}
	}
	if entries, _ := c.Size(); entries != 0 {
		t.Errorf("%d entries are remembered", entries)
	}
}

// TestKeysAreTheirParts: no two of these identities are one.
func TestKeysAreTheirParts(t *testing.T) {
	long := strings.Repeat("x", 5000)
	keys := map[grants.Key]string{}
	for name, key := range map[string]grants.Key{
		"plain":                      grants.KeyOf(prod, "a", "bc"),
		"another API":                grants.KeyOf(grants.Scope{API: "other", Stage: "prod"}, "a", "bc"),
		"another stage":              grants.KeyOf(grants.Scope{API: "api", Stage: "dev"}, "a", "bc"),
		"another authorizer":         grants.KeyOf(prod, "b", "bc"),
		"another value":              grants.KeyOf(prod, "a", "bd"),
		"a letter moved":             grants.KeyOf(prod, "ab", "c"),
		"two values":                 grants.KeyOf(prod, "a", "b", "c"),
		"two values, cut elsewhere":  grants.KeyOf(prod, "a", "", "bc"),
		"values in the other order":  grants.KeyOf(prod, "a", "c", "b"),
		"a separator in the value":   grants.KeyOf(prod, "a", "b\x01c"),
		"no value":                   grants.KeyOf(prod, "a"),
		"an empty value":             grants.KeyOf(prod, "a", ""),
		"a long value":               grants.KeyOf(prod, "a", long),
		"a long value and its end":   grants.KeyOf(prod, "a", long+"y"),
		"a long value, cut in two":   grants.KeyOf(prod, "a", long[:4000], long[4000:]),
		"API and stage run together": grants.KeyOf(grants.Scope{API: "ap", Stage: "iprod"}, "a", "bc"),
	} {
		if other, ok := keys[key]; ok {
			t.Errorf("%s and %s share a key", name, other)
		}
		keys[key] = name
	}
	if keys[grants.KeyOf(prod, "a", "b", "c")] != "two values" {
		t.Error("a key is not its parts' alone")
	}
}

func TestAFailureIsNotRemembered(t *testing.T) {
	c, n, key := newCache(newTimer()), &counter{}, grants.KeyOf(prod, "a")
	broken := errors.New("broken")
	_, known, err := c.Do(context.Background(), key, time.Minute, func(context.Context) (int64, int, error) { return 7, 10, broken })
	if known || !errors.Is(err, broken) {
		t.Errorf("got %v, %v", known, err)
	}
	if got := do(t, c, key, n.ask); got != 1 {
		t.Errorf("got %d", got)
	}
}

// TestManyWaitForOneQuestion: whoever comes while a question is under way gets its answer, also when the one who asked is gone.
func TestManyWaitForOneQuestion(t *testing.T) {
	for _, failure := range []error{nil, errors.New("broken")} {
		t.Run(fmt.Sprint(failure), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, n, key := grants.New[int64](1600, 1<<20, time.Now), &counter{}, grants.KeyOf(prod, "a")
				ctx, leave := context.WithCancel(context.Background())
				ask := func(ctx context.Context) (int64, int, error) {
					time.Sleep(time.Second)
					if ctx.Err() != nil {
						t.Error("the question was cancelled")
					}
					answer, size, _ := n.ask(ctx)
					return answer, size, failure
				}
				var wg sync.WaitGroup
				var known atomic.Int64
				for i := range 50 {
					wg.Go(func() {
						askerContext := context.Background()
						if i == 0 {
							askerContext = ctx
						}
						answer, shared, err := c.Do(askerContext, key, time.Minute, ask)
						if !errors.Is(err, failure) || failure == nil && answer != 1 {
							t.Errorf("got %d, %v", answer, err)
						}
						if shared {
							known.Add(1)
						}
					})
					synctest.Wait() // the first is under way before the others come
				}
				leave()
				wg.Wait()
				if n.asked.Load() != 1 || known.Load() != 49 {
					t.Errorf("%d questions, %d shared", n.asked.Load(), known.Load())
				}
			})
		})
	}
}

func TestWhoWaitsStopsWithItsOwnContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, key, answer := grants.New[int64](16, 1<<20, time.Now), grants.KeyOf(prod, "a"), make(chan struct{})
		go func() {
			_, _, _ = c.Do(context.Background(), key, time.Minute, func(context.Context) (int64, int, error) { <-answer; return 1, 1, nil })
		}()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if _, _, err := c.Do(ctx, key, time.Minute, (&counter{}).ask); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		close(answer)
	})
}

func TestAPanicLetsThoseWhoWaitGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, key, proceed := grants.New[int64](16, 1<<20, time.Now), grants.KeyOf(prod, "a"), make(chan struct{})
		go func() {
			defer func() { _ = recover() }()
			_, _, _ = c.Do(context.Background(), key, time.Minute, func(context.Context) (int64, int, error) { <-proceed; panic("lost") })
		}()
		synctest.Wait()
		var wg sync.WaitGroup
		wg.Go(func() {
			if _, _, err := c.Do(context.Background(), key, time.Minute, (&counter{}).ask); err == nil {
				t.Error("an answer came of a question that was broken off")
			}
		})
		synctest.Wait()
		close(proceed)
		wg.Wait()
		if got := do(t, c, key, (&counter{}).ask); got != 1 {
			t.Errorf("the next got %d", got)
		}
	})
}

func TestFlush(t *testing.T) {
	for _, tt := range []struct {
		name  string
		scope grants.Scope
		gone  map[string]bool
	}{
		{"a stage", prod, map[string]bool{"api/prod": true}},
		{"an API", grants.Scope{API: "api"}, map[string]bool{"api/prod": true, "api/dev": true}},
		{"another API", grants.Scope{API: "ap"}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := newCache(newTimer())
			scopes := []grants.Scope{prod, {API: "api", Stage: "dev"}, {API: "api2", Stage: "prod"}}
			for _, scope := range scopes {
				do(t, c, grants.KeyOf(scope, "a"), (&counter{}).ask)
			}
			c.Flush(tt.scope)
			for _, scope := range scopes {
				_, known, _ := c.Do(context.Background(), grants.KeyOf(scope, "a"), time.Minute, (&counter{}).ask)
				if name := scope.API + "/" + scope.Stage; known == tt.gone[name] {
					t.Errorf("%s: known is %v", name, known)
				}
			}
		})
	}
}

func TestAFlushReachesWhatIsUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, n, key, proceed := grants.New[int64](16, 1<<20, time.Now), &counter{}, grants.KeyOf(prod, "a"), make(chan struct{})
		var wg sync.WaitGroup
		wg.Go(func() {
			answer, _, err := c.Do(context.Background(), key, time.Minute, func(ctx context.Context) (int64, int, error) { <-proceed; return n.ask(ctx) })
			if answer == 0 || err != nil {
				t.Errorf("who waited for the old answer got %d, %v", answer, err)
			}
		})
		synctest.Wait()
		c.Flush(prod)
		if got := do(t, c, key, n.ask); got != 1 {
			t.Errorf("after the flush: %d", got)
		}
		close(proceed)
		wg.Wait()
		if got := do(t, c, key, n.ask); got != 1 {
			t.Errorf("the flushed question's answer was kept: %d", got)
		}
	})
}

// TestAFloodStaysWithinItsBounds: however many identities come, no more than the bounds is kept, and who comes often stays.
func TestAFloodStaysWithinItsBounds(t *testing.T) {
	for _, tt := range []struct {
		name           string
		entries, bytes int
		size           int
	}{
		{"by number", 160, 1 << 30, 10},
		{"by bytes", 1 << 20, 64 << 10, 100},
		{"answers larger than all the room", 160, 64 << 10, 64 << 10},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := grants.New[int64](tt.entries, tt.bytes, newTimer().now)
			ask := func(context.Context) (int64, int, error) { return 1, tt.size, nil }
			regular, asked := grants.KeyOf(prod, "a", "regular"), 0
			for i := range 20_000 {
				do(t, c, grants.KeyOf(prod, "a", fmt.Sprint(i)), ask)
				do(t, c, regular, func(ctx context.Context) (int64, int, error) { asked++; return ask(ctx) })
				if entries, bytes := c.Size(); i%1000 == 0 && (entries > tt.entries || bytes > tt.bytes) {
					t.Fatalf("%d entries, %d bytes", entries, bytes)
				}
			}
			if fits := tt.size < tt.bytes/16; fits && asked != 1 {
				t.Errorf("the regular identity was asked for %d times", asked)
			}
		})
	}
}

func TestConcurrentUse(t *testing.T) {
	c, n := grants.New[int64](64, 1<<20, time.Now), &counter{}
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 2000 {
				_, _, _ = c.Do(context.Background(), grants.KeyOf(prod, "a", fmt.Sprint((g*i)%100)), time.Minute, n.ask)
				if i%500 == 0 {
					c.Flush(prod)
				}
			}
		})
	}
	wg.Wait()
	if entries, _ := c.Size(); entries > 64 {
		t.Errorf("%d entries", entries)
	}
}

// BenchmarkKnown is what a remembered identity costs, with its key: it does not grow with how many are remembered.
func BenchmarkKnown(b *testing.B) {
	token := strings.Repeat("t", 1000)
	for _, n := range []int{1, 1000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			c := grants.New[int64](grants.Entries, grants.Bytes, time.Now)
			ask := func(context.Context) (int64, int, error) { return 1, 64, nil }
			tokens := make([]string, n)
			for i := range tokens {
				tokens[i] = token + fmt.Sprint(i)
				_, _, _ = c.Do(context.Background(), grants.KeyOf(prod, "a", tokens[i]), time.Hour, ask)
			}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if _, known, _ := c.Do(context.Background(), grants.KeyOf(prod, "a", tokens[i%n]), time.Hour, ask); !known {
					b.Fatal("it was forgotten")
				}
			}
		})
	}
}
