package decision

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func ids(records []*Record) (ids []string) {
	for _, r := range records {
		ids = append(ids, r.RequestID)
	}
	return ids
}

func TestARingForgetsTheOldest(t *testing.T) {
	ring := NewRing(3, 1<<20)
	for i := range 200 {
		ring.Add(&Record{RequestID: fmt.Sprint(i), Allowed: i%2 == 0})
	}
	if diff := cmp.Diff([]string{"199", "198", "197"}, ids(ring.Recent(10, nil))); diff != "" {
		t.Error(diff)
	}
	refused := func(r *Record) bool { return !r.Allowed }
	if diff := cmp.Diff([]string{"199"}, ids(ring.Recent(1, refused))); diff != "" {
		t.Error(diff)
	}
	if _, ok := ring.Get("196"); ok {
		t.Error("a forgotten record was found")
	}
	if found, ok := ring.Get("197"); !ok || found.RequestID != "197" {
		t.Errorf("got %v, %v", found, ok)
	}
}

func TestARingKeepsItsOrderWhileItGrows(t *testing.T) {
	ring := NewRing(1000, 1<<20)
	var want []string
	for i := range 300 {
		ring.Add(&Record{RequestID: fmt.Sprint(i)})
		want = append([]string{fmt.Sprint(i)}, want...)
	}
	if diff := cmp.Diff(want, ids(ring.Recent(1000, nil))); diff != "" {
		t.Error(diff)
	}
}

func TestARingIsBoundedInBytes(t *testing.T) {
	ring := NewRing(1000, 10_000)
	for i := range 100 {
		ring.Add(&Record{RequestID: fmt.Sprintf("%04d", i), Path: strings.Repeat("x", 996)})
	}
	if got := len(ring.Recent(1000, nil)); got != 10 {
		t.Errorf("%d records of 1,000 bytes are kept in 10,000", got)
	}
	if _, ok := ring.Get("0099"); !ok {
		t.Error("the newest is not kept")
	}
}

func TestARecordLargerThanTheRingIsKeptAlone(t *testing.T) {
	ring := NewRing(10, 100)
	ring.Add(&Record{RequestID: "a"})
	ring.Add(&Record{RequestID: "b", Path: strings.Repeat("x", 1000)})
	if diff := cmp.Diff([]string{"b"}, ids(ring.Recent(10, nil))); diff != "" {
		t.Error(diff)
	}
}

func TestWhatWasReadIsACopy(t *testing.T) {
	ring := NewRing(10, 1000)
	ring.Add(&Record{RequestID: "a"})
	found, _ := ring.Get("a")
	found.RequestID = "b"
	if _, ok := ring.Get("a"); !ok {
		t.Error("the record in the ring was changed from outside")
	}
}
