package store

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	bumpCounter     = `UPDATE revision_counter SET number = number + 1 WHERE id = 1 RETURNING number`
	selectCounter   = `SELECT number FROM revision_counter WHERE id = 1`
	upsertRevision  = `INSERT INTO revision (topic, number) VALUES ($1, $2) ON CONFLICT (topic) DO UPDATE SET number = excluded.number`
	selectRevisions = `SELECT topic, number FROM revision WHERE number > $1 ORDER BY number`
)

const maxTold = 10_000

// watchers are told which topics changed. Their zero value is ready.
type watchers struct {
	mu   sync.Mutex
	list []*watcher
	// told holds the numbers that this node's own Updates were given and its watchers were told of, until the poller
	// has passed them.
	told map[int64]bool
	poll bool
}

type watcher struct {
	prefix string
	fn     func(topic string)
}

// Watch calls fn with each bumped topic that begins with prefix, whichever node bumped it, until stop is called.
// Within this process fn has returned before the bumping Update returns; fn must be quick and must not use the store.
// Calls may come from several goroutines at once, and a call that is under way does not hold stop up.
func (s *Store) Watch(prefix string, fn func(topic string)) (stop func()) {
	w := &watcher{prefix: prefix, fn: fn}
	s.watchers.mu.Lock()
	defer s.watchers.mu.Unlock()
	// The list is replaced and never changed: whoever is telling holds the old one.
	s.watchers.list = append(slices.Clip(slices.Clone(s.watchers.list)), w)
	return func() {
		s.watchers.mu.Lock()
		defer s.watchers.mu.Unlock()
		s.watchers.list = slices.DeleteFunc(slices.Clone(s.watchers.list), func(other *watcher) bool { return other == w })
	}
}

func (w *watchers) tell(topics []string) {
	if len(topics) == 0 {
		return
	}
	w.mu.Lock()
	list := w.list
	w.mu.Unlock()
	for _, topic := range topics {
		for _, watcher := range list {
			if strings.HasPrefix(topic, watcher.prefix) {
				watcher.fn(topic)
			}
		}
	}
}

// bumped is what a transaction changed: its topics share one number.
type bumped struct {
	topics []string
	number int64
}

// own notes a number whose topics this node's watchers are told of without the poller.
func (w *watchers) own(number int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.poll {
		return
	}
	// While the database cannot be polled the numbers pile up. Without them watchers are told twice, which is harmless.
	if len(w.told) >= maxTold {
		clear(w.told)
	}
	w.told[number] = true
}

// foreign tells whether a number is another node's.
func (w *watchers) foreign(number int64) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return !w.told[number]
}

// passed forgets the numbers that the poller will not meet again.
func (w *watchers) passed(number int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for own := range w.told {
		if own <= number {
			delete(w.told, own)
		}
	}
}

// flush writes what was bumped, as the last thing before the commit: the counter's row is the one row that every
// bumping transaction writes, and is held as briefly as can be. Because it is written in the same transaction, numbers
// become visible in their order, and a poller that has seen one has seen all below it.
func (b *bumped) flush(tx *Tx) error {
	if len(b.topics) == 0 {
		return nil
	}
	if err := tx.change(bumpCounter, func(r row) error { return r.Scan(&b.number) }); err != nil {
		return err
	}
	slices.Sort(b.topics)
	for _, topic := range b.topics {
		if _, err := tx.exec(upsertRevision, []byte(topic), b.number); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) lastRevision(ctx context.Context) (last int64, err error) {
	err = s.View(ctx, func(tx *Tx) error {
		return tx.query(selectCounter, func(r row) error { return r.Scan(&last) })
	})
	return last, err
}

// pollRevisions tells this node's watchers what other nodes bumped.
func (s *Store) pollRevisions(ctx context.Context, every time.Duration, last int64) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	failing := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		topics, seen, err := s.revisionsAfter(ctx, last)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			// Said once and not four times a second; what was bumped meanwhile is told when the database is back.
			if !failing {
				slog.Error("store: polling revisions failed; trying on", "error", err)
			}
			failing = true
			continue
		case failing:
			slog.Info("store: polling revisions works again")
			failing = false
		}
		last = seen
		s.watchers.tell(topics)
		s.watchers.passed(last)
	}
}

// revisionsAfter gives the topics that other nodes bumped after that number, and the number up to which they are complete.
func (s *Store) revisionsAfter(ctx context.Context, last int64) (topics []string, seen int64, err error) {
	err = s.View(ctx, func(tx *Tx) error {
		topics, seen = nil, last
		return tx.query(selectRevisions, func(r row) error {
			var topic []byte
			if err := r.Scan(&topic, &seen); err != nil {
				return err
			}
			if s.watchers.foreign(seen) {
				topics = append(topics, string(topic))
			}
			return nil
		}, last)
	})
	return topics, seen, err
}
