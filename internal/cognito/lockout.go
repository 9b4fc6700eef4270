package cognito

import (
	"hash/maphash"
	"sync"
	"time"

	"github.com/poolgate/poolgate/internal/fault"
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

// phantoms counts wrong passwords of users who do not exist, so that the lock does not tell who does. It is a table of
// fixed size on this node: a name that falls on another's place forgets the other.
type phantoms struct {
	seed  maphash.Seed
	mu    sync.Mutex
	slots [4096]struct {
		hash     uint64
		failures failures
	}
}

func newPhantoms() *phantoms { return &phantoms{seed: maphash.MakeSeed()} }

// failed judges an attempt for a name: refused unseen while locked, counted otherwise.
func (p *phantoms) failed(poolID, username string, now time.Time) *fault.Error {
	hash := p.hash(poolID, username)
	p.mu.Lock()
	defer p.mu.Unlock()
	slot := &p.slots[hash%uint64(len(p.slots))]
	if slot.hash != hash {
		slot.hash, slot.failures = hash, failures{}
	}
	if slot.failures.locked(now) {
		return attemptsExceeded().Becausef("user %q does not exist", username)
	}
	slot.failures = slot.failures.another(now)
	return incorrectPassword().Becausef("user %q does not exist", username)
}

// locked tells whether a name is refused unseen at now.
func (p *phantoms) locked(poolID, username string, now time.Time) bool {
	hash := p.hash(poolID, username)
	p.mu.Lock()
	defer p.mu.Unlock()
	slot := &p.slots[hash%uint64(len(p.slots))]
	return slot.hash == hash && slot.failures.locked(now)
}

func (p *phantoms) hash(poolID, username string) uint64 {
	return maphash.String(p.seed, poolID+"\x00"+username)
}
