package lambda

import (
	"context"
	"errors"
	"time"

	"github.com/poolgate/poolgate/internal/lambda/worker"
	"github.com/poolgate/poolgate/internal/store"
)

// event is an invocation without a caller, as it is in the store until it is over.
type event struct {
	Account, Region, Name, Qualifier string
	// Payload is sealed: it may hold what a person sent, a token included.
	Payload       string
	ClientContext string `json:",omitempty"`
	Born          time.Time
	// Attempt is the one that runs, or comes next; the first is 1.
	Attempt int
	// Node has it in hand.
	Node string
}

// eventNode says until when a node counts as alive.
type eventNode struct{ Until time.Time }

const (
	byNode       = "node"
	eventScope   = "events"
	eventPurpose = "lambda event"
)

func (s *Service) newEvent(r reference, request worker.Request) *event {
	return &event{
		Account: r.account, Region: r.region, Name: r.name, Qualifier: r.qualifier, Payload: s.store.Seal(eventPurpose, request.Payload),
		ClientContext: request.ClientContext, Born: time.Now(), Attempt: 1, Node: s.events.node,
	}
}

func (e *event) reference() reference {
	return reference{account: e.Account, region: e.Region, name: e.Name, qualifier: e.Qualifier}
}

// keepEvent stores an event, and with it that this node lives.
func (s *Service) keepEvent(ctx context.Context, id string, kept *event) error {
	return s.store.Update(ctx, func(tx *store.Tx) error {
		if err := s.signOfLife(tx); err != nil {
			return err
		}
		return keptEvents.Put(tx, eventScope, id, kept)
	})
}

func (s *Service) signOfLife(tx *store.Tx) error {
	return eventNodes.Put(tx, eventScope, s.events.node, &eventNode{time.Now().Add(s.events.lease)})
}

// noteAttempt keeps how often an event was tried. When that fails it is tried once more than it should be after a restart.
func (s *Service) noteAttempt(id string, kept *event) {
	if err := s.store.Update(s.events.ctx, func(tx *store.Tx) error { return keptEvents.Put(tx, eventScope, id, kept) }); err != nil {
		s.log.Warn("an event's attempt was not noted", "request", id, "error", err)
	}
}

// forgetEvent removes an event that is over. When that fails it runs again after a restart: at least once is what AWS promises too.
func (s *Service) forgetEvent(id string) {
	err := s.store.Update(context.WithoutCancel(s.events.ctx), func(tx *store.Tx) error { return keptEvents.Delete(tx, eventScope, id) })
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		s.log.Warn("an event that is over was not removed", "request", id, "error", err)
	}
}

// adopt takes over the events of nodes that are gone, until this one stops; while it has events it tells that it lives.
func (s *Service) adopt() {
	e := s.events
	ticker := time.NewTicker(max(e.lease/3, time.Millisecond))
	defer ticker.Stop()
	for {
		if err := s.adoptOnce(e.ctx); err != nil && e.ctx.Err() == nil {
			s.log.Warn("events of other nodes were not looked for", "error", err)
		}
		select {
		case <-ticker.C:
		case <-e.ctx.Done():
			s.leave()
			return
		}
		if len(e.slots) == 0 {
			continue
		}
		if err := s.store.Update(e.ctx, s.signOfLife); err != nil && e.ctx.Err() == nil {
			s.log.Warn("this node's sign of life failed", "error", err)
		}
	}
}

// leave tells that this node is gone, so that another one need not wait for that.
func (s *Service) leave() {
	err := s.store.Update(context.WithoutCancel(s.events.ctx), func(tx *store.Tx) error {
		if _, err := eventNodes.Get(tx, eventScope, s.events.node); errors.Is(err, store.ErrNotFound) {
			return nil
		}
		return eventNodes.Put(tx, eventScope, s.events.node, &eventNode{})
	})
	if err != nil {
		s.log.Debug("this node did not sign off", "error", err)
	}
}

// adoptOnce takes as many events of nodes that are gone as there is room for.
func (s *Service) adoptOnce(ctx context.Context) error {
	var dead []string
	err := s.store.View(ctx, func(tx *store.Tx) error {
		dead = dead[:0]
		nodes, _, err := eventNodes.List(tx, eventScope, store.Page{})
		for _, n := range nodes {
			if n.ID != s.events.node && !time.Now().Before(n.Value.Until) {
				dead = append(dead, n.ID)
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, node := range dead {
		if err := s.adoptFrom(ctx, node); err != nil {
			return err
		}
	}
	return nil
}

// adoptFrom takes the events of one node; a node without any is forgotten.
func (s *Service) adoptFrom(ctx context.Context, node string) error {
	const atOnce = 50
	var found []store.Found[event]
	err := s.store.Update(ctx, func(tx *store.Tx) (err error) {
		found, _, err = keptEvents.Find(tx, eventScope, store.Key{Index: byNode, Value: node}, store.Page{Limit: atOnce})
		if err != nil || len(found) > 0 {
			return err
		}
		living, err := lives(tx, node)
		if err == nil && !living {
			err = eventNodes.Delete(tx, eventScope, node)
		}
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, f := range found {
		if err := s.take(ctx, f.ID); err != nil {
			return err
		}
	}
	return nil
}

func lives(tx *store.Tx, node string) (bool, error) {
	n, err := eventNodes.Get(tx, eventScope, node)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return err == nil && time.Now().Before(n.Until), err
}

// take makes an event this node's own, if it is still a dead node's, and runs it.
func (s *Service) take(ctx context.Context, id string) error {
	select {
	case s.events.slots <- struct{}{}:
	default:
		return nil // there is no room now
	}
	var kept *event
	err := s.store.Update(ctx, func(tx *store.Tx) error {
		kept = nil
		found, err := keptEvents.Get(tx, eventScope, id)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		living, err := lives(tx, found.Node)
		if err != nil || living || found.Node == s.events.node {
			return err
		}
		if err := s.signOfLife(tx); err != nil {
			return err
		}
		found.Node, kept = s.events.node, found
		return keptEvents.Put(tx, eventScope, id, found)
	})
	begun := false
	if err == nil && kept != nil {
		var payload []byte
		if payload, err = s.store.Unseal(eventPurpose, kept.Payload); err == nil {
			r := kept.reference()
			begun = s.begin(r, worker.Request{ID: id, ARN: r.arn(), Payload: payload, ClientContext: kept.ClientContext}, kept)
		}
	}
	if !begun {
		<-s.events.slots
	}
	return err
}
