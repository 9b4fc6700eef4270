package store

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// ear writes down what a watcher is told.
type ear struct {
	mu     sync.Mutex
	topics []string
}

func (e *ear) listen(topic string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.topics = append(e.topics, topic)
}

func (e *ear) heard() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.topics)
}

func bump(topics ...string) func(*Tx) error {
	return func(tx *Tx) error {
		for _, topic := range topics {
			tx.Bump(topic)
		}
		return nil
	}
}

func TestWatchersKnowBeforeUpdateReturns(t *testing.T) {
	eachBackend(t, func(t *testing.T, d *database) {
		s := d.node()
		var apis, all ear
		stop := s.Watch("restapi/", apis.listen)
		s.Watch("", all.listen)
		update(t, s, bump("restapi/b", "pool/x", "restapi/a", "restapi/b"))
		if diff := cmp.Diff([]string{"restapi/a", "restapi/b"}, apis.heard()); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]string{"pool/x", "restapi/a", "restapi/b"}, all.heard()); diff != "" {
			t.Error(diff)
		}
		stop()
		stop()
		update(t, s, bump("restapi/c"))
		if got := apis.heard(); len(got) != 2 {
			t.Errorf("after stop: %v", got)
		}
		if got := all.heard(); len(got) != 4 {
			t.Errorf("another watcher was stopped too: %v", got)
		}
	})
}

func TestAWatcherMayStopItselfAndStartAnother(t *testing.T) {
	eachBackend(t, func(t *testing.T, d *database) {
		s := d.node()
		var first, second ear
		var stop func()
		stop = s.Watch("a", func(topic string) {
			first.listen(topic)
			stop()
			s.Watch("a", second.listen)
		})
		update(t, s, bump("a1"))
		update(t, s, bump("a2"))
		if !slices.Equal(first.heard(), []string{"a1"}) || !slices.Equal(second.heard(), []string{"a2"}) {
			t.Errorf("%v, %v", first.heard(), second.heard())
		}
	})
}

func TestEveryNodeHearsOfEveryBumpWithinASecond(t *testing.T) {
	eachBackend(t, func(t *testing.T, d *database) {
		nodes := []*Store{d.node(), d.node(), d.node()}
		ears := make([]ear, len(nodes))
		for i, s := range nodes {
			s.Watch("t/", ears[i].listen)
		}
		for _, topic := range []string{"t/0", "t/1", "t/2"} {
			update(t, nodes[topic[2]-'0'], bump(topic, "other/"+topic))
		}
		for i := range ears {
			eventually(t, time.Second, "node hears all three", func() bool {
				return slices.Equal(slices.Compact(slices.Sorted(slices.Values(ears[i].heard()))), []string{"t/0", "t/1", "t/2"})
			})
		}
	})
}

func TestANodeIsNotToldAgainOfWhatItBumpedItself(t *testing.T) {
	eachBackend(t, func(t *testing.T, d *database) {
		first, second := d.open(Options{Poll: 20 * time.Millisecond}), d.node()
		var own ear
		first.Watch("", own.listen)
		const bumps = 30
		for i := range bumps {
			update(t, first, bump(fmt.Sprint(i)))
		}
		// Once the other node's bump has come through, the poller has passed all that went before.
		update(t, second, bump("last"))
		eventually(t, time.Second, "the other node's bump", func() bool { return slices.Contains(own.heard(), "last") })
		// One that the poller meets between its commit and the telling is told twice, which is harmless and rare.
		if n := len(own.heard()); n < bumps+1 || n > bumps+bumps/3 {
			t.Errorf("told %d times of %d bumps", n, bumps+1)
		}
		eventually(t, time.Second, "the numbers that were passed are forgotten", func() bool {
			first.watchers.mu.Lock()
			defer first.watchers.mu.Unlock()
			return len(first.watchers.told) == 0
		})
	})
}

func TestANewNodeIsNotToldOfThePast(t *testing.T) {
	eachBackend(t, func(t *testing.T, d *database) {
		first := d.node()
		update(t, first, bump("past"))
		second := d.open(Options{Poll: 5 * time.Millisecond})
		var heard ear
		second.Watch("", heard.listen)
		update(t, first, bump("present"))
		eventually(t, time.Second, "the present", func() bool { return len(heard.heard()) > 0 })
		if got := heard.heard(); !slices.Equal(got, []string{"present"}) {
			t.Errorf("heard %v", got)
		}
	})
}

func TestNoBumpIsMissedWhileManyBump(t *testing.T) {
	eachBackend(t, func(t *testing.T, d *database) {
		nodes := []*Store{d.node(), d.node()}
		var heard ear
		listener := d.open(Options{Poll: 2 * time.Millisecond})
		listener.Watch("", heard.listen)
		var want []string
		for _, worker := range "abcd" {
			for _, round := range "0123456789" {
				want = append(want, string(worker)+string(round))
			}
		}
		together(4, func(i int) {
			for _, topic := range want[i*10 : i*10+10] {
				if err := nodes[i%2].Update(t.Context(), bump(topic)); err != nil {
					t.Error(err)
				}
			}
		})
		eventually(t, 2*time.Second, "all of them", func() bool {
			return slices.Equal(slices.Compact(slices.Sorted(slices.Values(heard.heard()))), want)
		})
	})
}

func TestTheNumbersOfOwnBumpsAreBounded(t *testing.T) {
	w := watchers{poll: true, told: map[int64]bool{}}
	for number := range int64(3 * maxTold) {
		w.own(number)
	}
	if len(w.told) > maxTold {
		t.Errorf("%d numbers are remembered", len(w.told))
	}
}

func TestATopicIsAnyText(t *testing.T) {
	eachBackend(t, func(t *testing.T, d *database) {
		first, second := d.node(), d.node()
		var heard ear
		second.Watch("", heard.listen)
		update(t, first, bump(strange...))
		eventually(t, time.Second, "all of them", func() bool { return len(heard.heard()) >= len(strange) })
		got := heard.heard()
		slices.Sort(got)
		if diff := cmp.Diff(byteOrder(strange), slices.Compact(got)); diff != "" {
			t.Error(strings.ToValidUTF8(diff, "?"))
		}
	})
}
