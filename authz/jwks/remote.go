package jwks

import (
	"context"
	"crypto/rsa"
	"net/http"
	"sync"
	"time"

	"github.com/poolgate/poolgate/authz"
)

// Remote fetches keys and remembers them. It implements authz.Keys for pools on AWS, and authz.IssuerKeys for them and for any other
// OpenID provider.
//
// Keys are fetched when first asked for, once for all who wait, and again ahead of their TTL, so that nobody waits. While that fails the last good
// ones serve, for as long as KeepFor says. A key id that is not among the keys makes them be fetched anew, since keys rotate, but
// never more often than MinInterval allows; failures are remembered for as long.
type Remote struct {
	options Options
	client  *http.Client
	// fetches holds a place for every fetch that is on its way.
	fetches chan struct{}

	mu      sync.Mutex
	entries map[string]*entry
	closed  bool
}

// address is whose keys an entry holds: a pool's on AWS, or those of another issuer when pool is zero.
type address struct {
	issuer string
	pool   authz.Pool
}

// entry is what is known of one issuer's keys. It is guarded by the Remote's lock.
type entry struct {
	at      address
	names   []string
	set     Set
	asked   time.Time // when a key was last asked for
	fetched time.Time // when set came
	tried   time.Time // when a fetch last ended
	err     error     // how it ended
	// failures is how many fetches have failed since set came.
	failures int
	// ongoing is closed when the fetch that is on its way ends; nil when none is.
	ongoing chan struct{}
	// next refreshes the set, or drops it when it cannot be used any more; nil when there is nothing to do.
	next *time.Timer
}

// New returns keys that are fetched over HTTPS. Close it when it is no longer used.
func New(o Options) *Remote {
	return &Remote{options: o.withDefaults(), client: newClient(o.Client), fetches: make(chan struct{}, maxFetches), entries: map[string]*entry{}}
}

// Close ends the refreshing. Keys that are at hand go on serving; no others are fetched.
func (r *Remote) Close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	for _, e := range r.entries {
		e.stop()
	}
}

// Issuers implements authz.Keys.
func (r *Remote) Issuers(pool authz.Pool) []string {
	if !OnAWS(pool) {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.entry(r.poolAddress(pool)).names
}

// Key implements authz.Keys.
func (r *Remote) Key(ctx context.Context, pool authz.Pool, kid string) (*rsa.PublicKey, error) {
	if !OnAWS(pool) {
		return nil, authz.ErrPoolNotFound
	}
	k, err := r.key(ctx, r.poolAddress(pool), kid)
	if err == nil && !usableWith(k.Algorithm, rs256) {
		return nil, authz.ErrKeyUnknown
	}
	return k.RSA, err
}

// IssuerNames implements authz.IssuerKeys.
func (r *Remote) IssuerNames(issuer string) []string { return []string{issuer} }

// IssuerKey implements authz.IssuerKeys. An issuer that is neither an https URL nor an http URL on loopback is never asked.
func (r *Remote) IssuerKey(ctx context.Context, issuer, kid string) (authz.IssuerKey, error) {
	if pool, ok := PoolOf(issuer); ok && r.options.Issuer(pool) == issuer {
		return r.key(ctx, r.poolAddress(pool), kid)
	}
	if err := checkIssuer(issuer); err != nil {
		return authz.IssuerKey{}, noDiscovery(err)
	}
	return r.key(ctx, address{issuer: issuer}, kid)
}

func (r *Remote) poolAddress(pool authz.Pool) address {
	return address{issuer: r.options.Issuer(pool), pool: pool}
}

// key answers from what is known, or waits for a fetch and answers then.
func (r *Remote) key(ctx context.Context, at address, kid string) (authz.IssuerKey, error) {
	k, wait, err := r.lookUp(at, kid)
	if wait == nil {
		return k, err
	}
	select {
	case <-wait:
	case <-ctx.Done():
		return authz.IssuerKey{}, authz.ErrKeysUnavailable
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.known(r.entry(at), kid, time.Now())
}

// lookUp answers from what is known, or says what to wait for.
func (r *Remote) lookUp(at address, kid string) (authz.IssuerKey, <-chan struct{}, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e, now := r.entry(at), time.Now()
	e.asked = now
	k, err := r.known(e, kid, now)
	// Keys past their time are only good while the issuer is known not to answer.
	if err == nil && (now.Sub(e.fetched) < r.options.TTL || e.err != nil) {
		return k, nil, nil
	}
	if e.ongoing == nil && r.mayFetch(e, now) {
		r.begin(e)
	}
	if e.ongoing != nil { // also one that somebody else began: its answer is as good
		return authz.IssuerKey{}, e.ongoing, nil
	}
	return k, nil, err
}

// known is the key as far as it is at hand.
func (r *Remote) known(e *entry, kid string, now time.Time) (authz.IssuerKey, error) {
	if now.Sub(e.fetched) < r.options.TTL+r.options.KeepFor {
		if k, ok := e.set[kid]; ok {
			return k, nil
		}
		if e.err == nil {
			return authz.IssuerKey{}, authz.ErrKeyUnknown
		}
	}
	if e.err != nil {
		return authz.IssuerKey{}, e.err
	}
	return authz.IssuerKey{}, authz.ErrKeysUnavailable
}

// mayFetch tells whether a token may bring about a fetch.
func (r *Remote) mayFetch(e *entry, now time.Time) bool {
	interval := r.options.MinInterval
	if len(e.set) == 0 {
		interval = min(interval, withoutKeys)
	}
	return !r.closed && (e.tried.IsZero() || now.Sub(e.tried) >= interval)
}

// entry finds or makes an issuer's entry. The lock is held.
func (r *Remote) entry(at address) *entry {
	if e, ok := r.entries[at.issuer]; ok {
		return e
	}
	if len(r.entries) >= maxIssuers {
		r.evict()
	}
	e := &entry{at: at, names: []string{at.issuer}}
	r.entries[at.issuer] = e
	return e
}

// evict forgets the issuer whose keys were asked for the longest ago: they are only fetched again.
func (r *Remote) evict() {
	var oldest *entry
	for _, e := range r.entries {
		if oldest == nil || e.asked.Before(oldest.asked) {
			oldest = e
		}
	}
	oldest.stop()
	delete(r.entries, oldest.at.issuer)
}
