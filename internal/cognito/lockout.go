package cognito

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"strconv"
	"time"

	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/store"
)

// The back-off after wrong passwords (fact 6.8): from the fifth in a row on, each locks the user for 1 s, 2 s, 4 s, … up to 15
// minutes. An attempt during the lock is refused unseen and does not extend it. Fifteen quiet minutes forgive everything.
const (
	freeFailures = 5
	longestLock  = 15 * time.Minute
	forgiveAfter = 15 * time.Minute
)

// failures counts wrong passwords in a row.
type failures struct {
	count int
	last  time.Time
}

// current is f with what was forgiven left out.
func (f failures) current(now time.Time) failures {
	if now.Sub(f.last) >= forgiveAfter {
		return failures{}
	}
	return f
}

// locked tells whether passwords are refused unseen at now.
func (f failures) locked(now time.Time) bool {
	f = f.current(now)
	if f.count < freeFailures {
		return false
	}
	lock := longestLock
	if doublings := f.count - freeFailures; doublings < 10 {
		lock = min(longestLock, time.Second<<doublings)
	}
	return now.Before(f.last.Add(lock))
}

// another is f after one more wrong password.
func (f failures) another(now time.Time) failures {
	return failures{count: f.current(now).count + 1, last: now}
}

func (u *user) failures() failures { return failures{count: u.FailedSignIns, last: u.LastFailed} }

func (u *user) setFailures(f failures) { u.FailedSignIns, u.LastFailed = f.count, f.last }

func attemptsExceeded() *fault.Error {
	return fault.Unauthorized("NotAuthorizedException", "Password attempts exceeded")
}

func incorrectPassword() *fault.Error {
	return fault.Unauthorized("NotAuthorizedException", "Incorrect username or password.")
}

// phantom counts wrong passwords of a user who does not exist, so that the lock does not tell who does. It is kept where users
// are, because another node must know of the lock too, and because the store's work would tell them apart by time. Its
// scope is the pool, its id one of a fixed number of places: a name that falls on another's place forgets the other.
type phantom struct {
	Name   string // what tells names of one place apart, not the name itself
	Failed int
	Last   time.Time
	// Sent counts the codes that seem to have been sent within the hour that began at Since.
	Sent  int       `json:",omitempty"`
	Since time.Time `json:",omitzero"`
}

var phantoms = store.Collection[phantom]{
	Name: "cognito.phantom", Version: 1,
	Expires: func(p *phantom) time.Time {
		forgiven, sendable := p.Last.Add(forgiveAfter), p.Since.Add(time.Hour)
		if sendable.After(forgiven) {
			return sendable
		}
		return forgiven
	},
}

// phantomPlaces bounds a pool's phantoms.
const phantomPlaces = 4096

// failures are those of the name; there are none at a place that is empty or another's.
func (p *phantom) failures(name string) failures {
	if p == nil || p.Name != name {
		return failures{}
	}
	return failures{count: p.Failed, last: p.Last}
}

// phantomAt finds a name's place in the attempt's pool, and what stands there; nil when nothing does.
func phantomAt(tx *store.Tx, a *attempt, keys *keyset) (id, name string, p *phantom, err error) {
	id, name = keys.phantomPlace(a.pool.foldName(a.username))
	p, err = phantoms.Get(tx, a.poolID, id)
	if errors.Is(err, store.ErrNotFound) {
		err = nil
	}
	return id, name, p, err
}

// phantomPlace is where a name's failures are counted. Only who knows the pool's keys can tell which names meet.
func (k *keyset) phantomPlace(username string) (id, name string) {
	mac := hmac.New(sha256.New, k.mask)
	mac.Write([]byte("place\x00" + username))
	sum := mac.Sum(nil)
	return strconv.Itoa(int(binary.BigEndian.Uint32(sum) % phantomPlaces)), hex.EncodeToString(sum[4:20])
}

// mayTryNobody is mayTry for a user who does not exist: refused at the same step, or the lock would tell who does.
func (s *Service) mayTryNobody(ctx context.Context, a *attempt) error {
	keys, err := s.keysOf(ctx, a.poolID)
	if err != nil {
		return err
	}
	return s.store.View(ctx, func(tx *store.Tx) error {
		_, name, p, err := phantomAt(tx, a, keys)
		if err == nil && p.failures(name).locked(a.now) {
			return attemptsExceeded()
		}
		return err
	})
}

// wrongPasswordOfNobody is wrongPassword for a user who does not exist.
func (s *Service) wrongPasswordOfNobody(ctx context.Context, a *attempt) error {
	return s.countNobody(ctx, a, incorrectPassword())
}

// countNobody counts what somebody who does not exist got wrong, and returns its refusal, or that of the lock.
func (s *Service) countNobody(ctx context.Context, a *attempt, wrong *fault.Error) error {
	keys, err := s.keysOf(ctx, a.poolID)
	if err != nil {
		return err
	}
	var refusal error
	err = s.store.Update(ctx, func(tx *store.Tx) error {
		id, name, p, err := phantomAt(tx, a, keys)
		if err != nil {
			return err
		}
		f := p.failures(name)
		if f.locked(a.now) {
			refusal = attemptsExceeded().Becausef("the user does not exist")
			return nil
		}
		refusal = wrong.Becausef("the user does not exist")
		f = f.another(a.now)
		next := phantom{Name: name, Failed: f.count, Last: f.last}
		if p != nil && p.Name == name {
			next.Sent, next.Since = p.Sent, p.Since
		}
		return phantoms.Put(tx, a.poolID, id, &next)
	})
	if err != nil {
		return err
	}
	return refusal
}
