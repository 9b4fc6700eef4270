package logs

import (
	"cmp"
	"math"
	"slices"
	"sort"
	"strings"

	"github.com/poolgate/poolgate/internal/store"
)

// position is a place in the order of a group's events: by time, then by stream, then as they came.
type position struct {
	Time   int64
	Stream string
	Number int64
}

func (p position) compare(other position) int {
	if c := cmp.Compare(p.Time, other.Time); c != 0 {
		return c
	}
	if c := strings.Compare(p.Stream, other.Stream); c != 0 {
		return c
	}
	return cmp.Compare(p.Number, other.Number)
}

// found is an event with its stream.
type found struct {
	*event
	stream string
}

func (f found) position() position { return position{f.Time, f.stream, f.Number} }

// span is what a reader is after: events from From to before To, of some streams.
type span struct {
	from, to int64
	// streams are the streams to read; nil means all of the group's.
	streams []string
}

// spanOf clips the times of a request to what the group still shows.
func (s *Service) spanOf(g *group, start, end *int64, inclusive bool) span {
	r := span{from: s.keptFrom(g), to: math.MaxInt64}
	if start != nil {
		r.from = max(r.from, *start)
	}
	if end != nil {
		r.to = *end
		if inclusive && r.to < math.MaxInt64 {
			r.to++
		}
	}
	return r
}

// headsOf are the heads of the chunks that may hold events of the span, by id. It reads no event.
func (r span) headsOf(tx *store.Tx, g *group) ([]store.Found[head], error) {
	after, end := chunkPrefix(windowOf(r.from)), chunkPrefix(windowOf(r.to)+1)
	var list []store.Found[head]
	keep := func(all []store.Found[head]) (goOn bool) {
		for _, f := range all {
			if f.ID >= end && r.to != math.MaxInt64 {
				return false
			}
			if f.Value.Last >= r.from && f.Value.First < r.to {
				list = append(list, f)
			}
		}
		return true
	}
	if r.streams == nil {
		for {
			all, more, err := heads.List(tx, g.Contents, store.Page{After: after, Limit: listPage})
			if err != nil || !keep(all) || !more {
				return list, err
			}
			after = all[len(all)-1].ID
		}
	}
	for _, name := range r.streams {
		all, _, err := heads.Find(tx, g.Contents, store.Key{Index: streamIndex, Value: name}, store.Page{After: after})
		if err != nil {
			return nil, err
		}
		keep(all)
	}
	return list, nil
}

// walk visits the span's events in order, or backward, until visit says that it has seen enough. Chunks are read one after the other;
// in memory are only those that overlap in time.
func (r span) walk(tx *store.Tx, g *group, backward bool, visit func(found) bool) error {
	list, err := r.headsOf(tx, g)
	if err != nil {
		return err
	}
	slices.SortFunc(list, func(a, b store.Found[head]) int {
		if backward {
			return cmp.Compare(b.Value.Last, a.Value.Last)
		}
		return cmp.Compare(a.Value.First, b.Value.First)
	})
	order := func(a, b found) int {
		if backward {
			a, b = b, a
		}
		return a.position().compare(b.position())
	}
	var waiting []found
	for i, f := range list {
		body, err := chunks.Get(tx, g.Contents, f.ID)
		if err != nil {
			return err
		}
		for j := range body.Events {
			if e := &body.Events[j]; e.Time >= r.from && e.Time < r.to {
				waiting = append(waiting, found{e, f.Value.Stream})
			}
		}
		slices.SortFunc(waiting, order)
		ready := len(waiting)
		if i+1 < len(list) {
			next := list[i+1].Value
			ready = sort.Search(len(waiting), func(k int) bool {
				return backward && waiting[k].Time <= next.Last || !backward && waiting[k].Time >= next.First
			})
		}
		for _, w := range waiting[:ready] {
			if !visit(w) {
				return nil
			}
		}
		waiting = waiting[ready:]
	}
	return nil
}

// A page of events is bounded by their number and by what they take.
const (
	greatestPage = 10_000
	pageBytes    = 1 << 20
)
