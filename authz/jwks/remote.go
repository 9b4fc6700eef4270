package jwks

import (
	"context"
	"crypto/rsa"
	"net/http"
	"sync"
	"time"

	"github.com/poolgate/poolgate/authz"
)

// Options are New's; every zero value means the default.
type Options struct {
	// Client makes the requests; by default one of its own. Its redirects are not followed.
	Client *http.Client
	// Issuer is the base URL of a pool, by default AWS's. Keys are fetched from its /.well-known/jwks.json, and tokens name it as iss.
	Issuer func(authz.Pool) string
	// Timeout bounds one fetch; 1.5 seconds, as API Gateway has it.
	Timeout time.Duration
	// TTL is how long keys are used before they are fetched again: two hours, which is also the most.
	TTL time.Duration
	// MinInterval is the shortest time between two fetches for one pool, whatever tokens come: 30 seconds.
	MinInterval time.Duration
	// Changed is called when a pool's keys came without one that they had. Pass it authz.Engine.Forget.
	Changed func(authz.Pool)
}

// The defaults, and what is not to be set.
const (
	defaultTimeout     = 1500 * time.Millisecond
	maxTTL             = 2 * time.Hour
	defaultMinInterval = 30 * time.Second
	// maxDocument is the longest key set that is read, in bytes.
	maxDocument = 150 << 10
	// maxPools bounds for how many pools keys are remembered.
	maxPools = 4096
)

// Remote fetches keys and remembers them. It implements authz.Keys.
//
// A pool's keys are fetched when first asked for, and in the background when they are older than TTL; while that fails they
// go on being used for as long again. A key id that the pool does not have makes them be fetched anew, since keys
// rotate, but never more often than MinInterval allows; failures are remembered for as long.
type Remote struct {
	options Options
	client  *http.Client

	mu    sync.Mutex
	pools map[authz.Pool]*entry
}

// entry is what is known of one pool's keys. It is guarded by the Remote's lock.
type entry struct {
	set     Set
	fetched time.Time // when set came
	tried   time.Time // when a fetch last ended
	err     error     // how it ended
	// ongoing is closed when the fetch that is on its way ends; nil when none is.
	ongoing chan struct{}
	issuers []string
}

// New returns keys that are fetched over HTTPS.
func New(o Options) *Remote {
	if o.Issuer == nil {
		o.Issuer = Issuer
	}
	if o.Timeout <= 0 {
		o.Timeout = defaultTimeout
	}
	if o.TTL <= 0 || o.TTL > maxTTL {
		o.TTL = maxTTL
	}
	if o.MinInterval <= 0 {
		o.MinInterval = defaultMinInterval
	}
	if o.Changed == nil {
		o.Changed = func(authz.Pool) {}
	}
	client := &http.Client{}
	if o.Client != nil {
		*client = *o.Client
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Remote{options: o, client: client, pools: map[authz.Pool]*entry{}}
}

// Issuers implements authz.Keys.
func (r *Remote) Issuers(pool authz.Pool) []string {
	if !OnAWS(pool) {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.entry(pool).issuers
}

// Key implements authz.Keys.
func (r *Remote) Key(ctx context.Context, pool authz.Pool, kid string) (*rsa.PublicKey, error) {
	if !OnAWS(pool) {
		return nil, authz.ErrPoolNotFound
	}
	k, wait, err := r.lookUp(pool, kid, true)
	if wait == nil {
		return k, err
	}
	select {
	case <-wait:
	case <-ctx.Done():
		return nil, authz.ErrKeysUnavailable
	}
	k, _, err = r.lookUp(pool, kid, false)
	return k, err
}

// lookUp answers from what is known, or, when it may fetch, says what to wait for.
func (r *Remote) lookUp(pool authz.Pool, kid string, mayFetch bool) (*rsa.PublicKey, <-chan struct{}, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e, now := r.entry(pool), time.Now()
	age := now.Sub(e.fetched)
	mayFetch = mayFetch && (e.tried.IsZero() || now.Sub(e.tried) >= r.options.MinInterval)
	k, found := e.set[kid]
	found = found && age < 2*r.options.TTL
	if found && (age < r.options.TTL || !mayFetch) {
		return k, nil, nil
	}
	if e.ongoing == nil && mayFetch {
		e.ongoing = make(chan struct{})
		go r.fetch(pool, e, e.ongoing)
	}
	switch {
	case found: // old, but still good while newer ones are on their way
		return k, nil, nil
	case e.ongoing != nil: // also one that somebody else began: its answer is as good
		return nil, e.ongoing, authz.ErrKeysUnavailable
	case e.err != nil:
		return nil, nil, e.err
	case age >= 2*r.options.TTL:
		return nil, nil, authz.ErrKeysUnavailable
	}
	return nil, nil, authz.ErrKeyUnknown
}

// entry finds or makes a pool's entry. The lock is held.
func (r *Remote) entry(pool authz.Pool) *entry {
	if e, ok := r.pools[pool]; ok {
		return e
	}
	if len(r.pools) >= maxPools { // forget any: it is only fetched again
		for other := range r.pools {
			delete(r.pools, other)
			break
		}
	}
	e := &entry{issuers: []string{r.options.Issuer(pool)}}
	r.pools[pool] = e
	return e
}
