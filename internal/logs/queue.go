package logs

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/store"
)

// What may wait to be written, and for how long. A line that finds no room is dropped and counted: nobody waits for the store.
const (
	queuedBytes = 16 << 20
	queuedLines = 50_000
	writeEvery  = 150 * time.Millisecond
	// longestLine is what one line may take; the rest of a longer one is cut off.
	longestLine = 256 << 10
)

// queue holds lines until they are written.
type queue struct {
	mu     sync.Mutex
	lines  []Line
	size   int
	closed bool

	// pending holds a token while lines wait.
	pending    chan struct{}
	stop       chan struct{}
	background sync.WaitGroup
	dropped    atomic.Int64
}

func newQueue() *queue {
	return &queue{pending: make(chan struct{}, 1), stop: make(chan struct{})}
}

func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.closed {
		q.closed = true
		close(q.stop)
	}
}

// Write takes lines without waiting for the store.
func (s *Service) Write(lines ...Line) {
	q := s.queue
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, line := range lines {
		if line.Message == "" {
			continue
		}
		if len(line.Message) > longestLine {
			line.Message = strings.ToValidUTF8(line.Message[:longestLine], "")
		}
		size := len(line.Message) + len(line.Group) + len(line.Stream)
		if q.closed || len(q.lines) >= queuedLines || q.size+size > queuedBytes {
			q.dropped.Add(1)
			continue
		}
		q.lines = append(q.lines, line)
		q.size += size
	}
	if len(q.lines) > 0 {
		select {
		case q.pending <- struct{}{}:
		default:
		}
	}
}

// Dropped is how many lines found no room or could not be written.
func (s *Service) Dropped() int64 { return s.queue.dropped.Load() }

func (q *queue) take() []Line {
	q.mu.Lock()
	defer q.mu.Unlock()
	lines := q.lines
	q.lines, q.size = nil, 0
	return lines
}

// writeQueued writes what waits, a moment after the first line came, until the service is closed and nothing waits any more.
func (s *Service) writeQueued() {
	var told int64
	for open := true; open; {
		select {
		case <-s.queue.pending:
			pause := time.NewTimer(writeEvery)
			select {
			case <-pause.C:
			case <-s.queue.stop:
				pause.Stop()
			}
		case <-s.queue.stop:
			open = false
		}
		s.writeLines(s.queue.take())
		if dropped := s.Dropped(); dropped > told {
			s.log.Warn("logs: lines were dropped", "lines", dropped-told)
			told = dropped
		}
	}
}

// writeLines writes lines, one transaction for each group.
func (s *Service) writeLines(lines []Line) {
	slices.SortStableFunc(lines, func(a, b Line) int {
		return cmp.Or(strings.Compare(a.Account, b.Account), strings.Compare(a.Region, b.Region), strings.Compare(a.Group, b.Group),
			strings.Compare(a.Stream, b.Stream), a.Time.Compare(b.Time))
	})
	for len(lines) > 0 {
		same := func(line Line) bool {
			return line.Account == lines[0].Account && line.Region == lines[0].Region && line.Group == lines[0].Group
		}
		end := slices.IndexFunc(lines, func(line Line) bool { return !same(line) })
		if end < 0 {
			end = len(lines)
		}
		if err := s.writeGroup(lines[:end]); err != nil {
			s.queue.dropped.Add(int64(end))
			s.log.Warn("logs: lines could not be written", "group", lines[0].Group, "lines", end, "error", err)
		}
		lines = lines[end:]
	}
}

// writeGroup writes the lines of one group, which are in the order of their streams. What is missing is made.
func (s *Service) writeGroup(lines []Line) error {
	now := s.millis()
	owner, name := ownerOf(lines[0].Account, lines[0].Region), lines[0].Group
	return s.store.Update(context.Background(), func(tx *store.Tx) error {
		g, err := findGroup(tx, owner, name)
		if fault.Is(err, noGroup.Code) {
			g, err = s.newGroup(lines[0].Account, lines[0].Region, name), nil
		}
		if err != nil {
			return err
		}
		for rest := lines; len(rest) > 0; {
			of := rest[0].Stream
			var events []event
			for len(rest) > 0 && rest[0].Stream == of {
				events = append(events, event{Time: max(rest[0].Time.UnixMilli(), 0), Ingested: now, Message: strings.ToValidUTF8(rest[0].Message, "\uFFFD")})
				rest = rest[1:]
			}
			st, err := findStream(tx, g, of)
			if fault.Is(err, noStream.Code) {
				st, err = &stream{Name: of, Created: now}, nil
			}
			if err != nil {
				return err
			}
			if err := appendEvents(tx, g, st, events); err != nil {
				return err
			}
			if err := streams.Put(tx, g.Contents, of, st); err != nil {
				return err
			}
		}
		if err := s.keepWithin(tx, g); err != nil {
			return err
		}
		return g.put(tx)
	})
}
