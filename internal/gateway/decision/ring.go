package decision

import "sync"

// The bounds of a node's ring.
const (
	// RingRecords is how many requests a node remembers.
	RingRecords = 10_000
	// RingBytes is how much text these may hold together; the oldest are forgotten first.
	RingBytes = 8 << 20
)

// Ring remembers the latest records of this node, and no more than its bounds allow. It is safe for concurrent use.
type Ring struct {
	mu sync.Mutex
	// slots grows with use up to maxRecords and is then written round and round; count records begin at first.
	slots        []Record
	first, count int
	bytes        int

	maxRecords, maxBytes int
}

// NewRing returns a ring of so many records and bytes of text.
func NewRing(maxRecords, maxBytes int) *Ring {
	return &Ring{maxRecords: max(1, maxRecords), maxBytes: maxBytes}
}

// Add remembers a record; it forgets the oldest where there is no room. The record's slices must not be changed afterwards.
func (r *Ring) Add(record *Record) {
	size := record.size()
	r.mu.Lock()
	defer r.mu.Unlock()
	for r.count > 0 && (r.count == r.maxRecords || r.bytes+size > r.maxBytes) {
		r.forgetOldest()
	}
	if r.count == len(r.slots) && len(r.slots) < r.maxRecords {
		r.grow()
	}
	r.slots[(r.first+r.count)%len(r.slots)] = *record
	r.count++
	r.bytes += size
}

func (r *Ring) forgetOldest() {
	oldest := &r.slots[r.first]
	r.bytes -= oldest.size()
	*oldest = Record{}
	r.first = (r.first + 1) % len(r.slots)
	r.count--
}

// grow doubles the slots and puts the records at their beginning.
func (r *Ring) grow() {
	slots := make([]Record, min(max(64, 2*len(r.slots)), r.maxRecords))
	n := copy(slots, r.slots[r.first:])
	copy(slots[n:], r.slots[:r.first])
	r.slots, r.first = slots, 0
}

// Get returns a copy of the record of a request id, or false when it is not remembered.
func (r *Ring) Get(requestID string) (*Record, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := r.count - 1; i >= 0; i-- {
		if slot := &r.slots[(r.first+i)%len(r.slots)]; slot.RequestID == requestID {
			found := *slot
			return &found, true
		}
	}
	return nil, false
}

// Recent returns copies of up to n records, the newest first. A nil filter lets all pass.
func (r *Ring) Recent(n int, filter func(*Record) bool) []*Record {
	r.mu.Lock()
	defer r.mu.Unlock()
	recent := make([]*Record, 0, max(0, min(n, r.count)))
	for i := r.count - 1; i >= 0 && len(recent) < n; i-- {
		found := r.slots[(r.first+i)%len(r.slots)]
		if filter == nil || filter(&found) {
			recent = append(recent, &found)
		}
	}
	return recent
}

// size is how much text of its own a record holds. What it shares with the plan (resource, scopes, ids) is not counted.
func (r *Record) size() int {
	n := len(r.RequestID) + len(r.ExtendedRequestID) + len(r.SourceIP) + len(r.API) + len(r.Stage) + len(r.Method) + len(r.Path) + len(r.Saw) + len(r.Expected)
	for _, check := range r.Checks {
		n += len(check.Saw) + len(check.Expected) + 96
	}
	for _, mend := range r.Mend {
		n += len(mend)
	}
	return n
}
