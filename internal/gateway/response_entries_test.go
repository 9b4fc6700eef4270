package gateway

import (
	"crypto/sha256"
	"fmt"
	"testing"
	"time"
)

func TestCachedAnswersAreBoundedAndTheOldestGoFirst(t *testing.T) {
	now := time.Duration(0)
	r := newResponses(100*(responseOverhead+1000), func() time.Duration { return now })
	key := func(i int) responseKey {
		return responseKey{api: "a", stage: fmt.Sprint(i % 2), digest: sha256.Sum256(fmt.Append(nil, i))}
	}
	a := func() *answer { return &answer{body: make([]byte, 1000)} }
	for i := range 1000 {
		r.put(key(i), a(), time.Minute)
		if r.get(key(0)) == nil {
			t.Fatalf("what is asked for all the time was dropped after %d others", i)
		}
		if r.bytes > r.most || len(r.entries) > 100 || len(r.entries) != r.order.Len() {
			t.Fatalf("%d entries in %d bytes", len(r.entries), r.bytes)
		}
	}
	if r.get(key(999)) == nil || r.get(key(500)) != nil {
		t.Error("the newest is gone, or an old one is not")
	}
	r.put(key(999), &answer{body: make([]byte, r.most)}, time.Minute)
	if r.get(key(999)) != nil {
		t.Error("what is larger than all of the cache was kept, or did not take the older one away")
	}
	r.flush("a", "1")
	if r.get(key(997)) != nil || r.get(key(998)) == nil {
		t.Error("one stage's flush was another's")
	}
	now = time.Minute
	if r.get(key(998)) != nil {
		t.Error("an answer outlived its time")
	}
	r.flush("a", "0")
	if r.bytes != 0 || len(r.entries) != 0 {
		t.Errorf("%d entries in %d bytes after all was flushed", len(r.entries), r.bytes)
	}
}
