package jwks

import (
	"errors"
	"math/rand/v2"
	"time"

	"github.com/poolgate/poolgate/authz"
)

// begin starts a fetch. The lock is held, and none is on its way.
func (r *Remote) begin(e *entry) {
	e.ongoing = make(chan struct{})
	go r.fetch(e, e.ongoing)
}

// fetch gets an issuer's keys and ends what waits on done. Nobody's request is its context: several may wait for it.
func (r *Remote) fetch(e *entry, done chan struct{}) {
	set, err := r.inTurn(e.at)
	r.mu.Lock()
	gone := false
	e.tried, e.err = time.Now(), err
	if err == nil || errors.Is(err, authz.ErrPoolNotFound) { // a pool that is gone takes its keys along
		gone = !e.set.keptBy(set)
		e.set, e.fetched, e.failures = set, e.tried, 0
	} else {
		e.failures++
	}
	e.ongoing = nil
	r.plan(e)
	keptUntil := e.fetched.Add(r.options.TTL + r.options.KeepFor)
	failed := err != nil && len(e.set) > 0
	r.mu.Unlock()
	if failed {
		r.options.Log.Warn("an issuer's keys could not be refreshed; the last good ones serve", "issuer", e.at.issuer, "until", keptUntil.UTC().Format(time.RFC3339), "error", err)
	}
	if gone {
		r.tell(e.at)
	}
	close(done)
}

// inTurn is get, when it is the address's turn before long.
func (r *Remote) inTurn(at address) (Set, error) {
	timeout := time.NewTimer(r.options.Timeout)
	defer timeout.Stop()
	select {
	case r.fetches <- struct{}{}:
		defer func() { <-r.fetches }()
		return r.get(at)
	case <-timeout.C:
		return nil, unavailable(errors.New("too many other issuers are being asked"))
	}
}

// tell says that what was verified with an issuer's keys is in doubt.
func (r *Remote) tell(at address) {
	if at.pool != (authz.Pool{}) {
		r.options.Changed(at.pool)
	}
	r.options.IssuerChanged(at.issuer)
}

// plan sets the time at which the keys are fetched again, or dropped if that has kept failing. The lock is held.
func (r *Remote) plan(e *entry) {
	e.stop()
	if len(e.set) == 0 || r.closed || r.entries[e.at.issuer] != e {
		return
	}
	now := time.Now()
	end := e.fetched.Add(r.options.TTL + r.options.KeepFor)
	at := end
	switch {
	case now.Sub(e.asked) >= idleAfter: // nobody needs them
	case e.failures > 0:
		at = now.Add(min(r.options.MinInterval<<min(e.failures-1, 10), maxBackoff))
	default: // a little apart, so that many nodes do not ask at once
		at = e.fetched.Add(r.options.TTL*3/4 - rand.N(r.options.TTL/20+1))
	}
	if at.After(end) {
		at = end
	}
	e.next = time.AfterFunc(at.Sub(now), func() { r.due(e) })
}

// due does what was planned.
func (r *Remote) due(e *entry) {
	r.mu.Lock()
	ended := !r.closed && len(e.set) > 0 && time.Since(e.fetched) >= r.options.TTL+r.options.KeepFor
	switch {
	case ended:
		e.set = nil
		e.stop()
	case !r.closed && e.ongoing == nil && r.entries[e.at.issuer] == e:
		r.begin(e)
	}
	r.mu.Unlock()
	if ended {
		r.tell(e.at)
	}
}

func (e *entry) stop() {
	if e.next != nil {
		e.next.Stop()
		e.next = nil
	}
}
