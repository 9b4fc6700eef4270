package authz

import (
	"hash/maphash"
	"sync"
	"sync/atomic"
)

// What an engine remembers at most: so many tokens, in so many bytes.
const (
	cacheTokens = 10_000
	cacheBytes  = 16 << 20
)

// verified is a token whose signature held, and whose it is.
type verified struct {
	claims Claims
	// pool or issuer is who vouched for it: the pool of a Cognito authorizer, the issuer of a JWT authorizer.
	pool   Pool
	issuer string
	token  string
	hash   uint64
	// size is about how many bytes of memory the entry holds.
	size int
	// matched is the audience expression that the claims last matched.
	matched atomic.Pointer[audience]
	// used says that the entry was asked for since the hand last passed.
	used atomic.Bool
}

// cache remembers verified tokens by their exact text. Reading takes no lock and no memory; writing, which only follows
// an RSA verification, takes one.
//
// It is a set-associative table: a token's hash names a bucket, and the token is in one of its ways or not in the cache at all.
// When the cache is full, a hand goes round over the table and takes what was not used since it last came by.
type cache struct {
	seed    maphash.Seed
	buckets []bucket

	mu        sync.Mutex
	tokens    int
	bytes     int
	maxTokens int
	maxBytes  int
	// hand is the way, counted through all buckets, that is looked at next for eviction.
	hand int
}

// ways is how many tokens a bucket holds.
const ways = 8

type bucket [ways]atomic.Pointer[verified]

// newCache makes a cache for so many tokens in so many bytes. Its table has twice the room, so that
// buckets seldom overflow before the cache is full.
func newCache(maxTokens, maxBytes int) *cache {
	n := 1
	for n*ways < 2*maxTokens {
		n *= 2
	}
	return &cache{seed: maphash.MakeSeed(), buckets: make([]bucket, n), maxTokens: maxTokens, maxBytes: maxBytes}
}

// hashed is how much of a token's end is hashed: 48 bytes of its signature.
const hashed = 64

// hashOf is the hash of a token's end. That is enough, because only verified tokens are in the table and no two of them have
// the same signature; a made-up token with the end of another one meets it and differs. The seed is the
// engine's secret: nobody can make tokens meet in one bucket.
func (c *cache) hashOf(token string) uint64 {
	return maphash.String(c.seed, token[max(0, len(token)-hashed):])
}

func (c *cache) bucket(hash uint64) *bucket { return &c.buckets[hash&uint64(len(c.buckets)-1)] }

// get returns the entry of a token, or nil.
func (c *cache) get(token string) *verified {
	hash := c.hashOf(token)
	b := c.bucket(hash)
	for i := range b {
		if v := b[i].Load(); v != nil && v.hash == hash && v.token == token {
			if !v.used.Load() {
				v.used.Store(true)
			}
			return v
		}
	}
	return nil
}

// put remembers a token, unless the generation is no more the one in which its verification began.
func (c *cache) put(v *verified, generation *atomic.Uint64, began uint64) {
	v.hash = c.hashOf(v.token)
	c.mu.Lock()
	defer c.mu.Unlock()
	if v.size > c.maxBytes || generation.Load() != began {
		return
	}
	b := c.bucket(v.hash)
	way := 0
	for i := range b {
		old := b[i].Load()
		if old == nil {
			way = i
			continue
		}
		if old.hash == v.hash && old.token == v.token {
			return // somebody else verified it meanwhile
		}
	}
	if b[way].Load() != nil { // the bucket is full
		way = leastUsed(b)
		c.drop(&b[way])
	}
	b[way].Store(v)
	c.tokens++
	c.bytes += v.size
	for c.tokens > c.maxTokens || c.bytes > c.maxBytes {
		c.evict(v)
	}
}

// leastUsed is a way of a full bucket that was not used lately, or else the first.
func leastUsed(b *bucket) int {
	for i := range b {
		if !b[i].Load().used.Load() {
			return i
		}
	}
	return 0
}

// evict moves the hand to the next entry that was not used since it last came by, and drops it; but never keep.
func (c *cache) evict(keep *verified) {
	for {
		slot := &c.buckets[c.hand/ways][c.hand%ways]
		c.hand = (c.hand + 1) % (len(c.buckets) * ways)
		v := slot.Load()
		if v == nil || v == keep {
			continue
		}
		if v.used.Load() {
			v.used.Store(false)
			continue
		}
		c.drop(slot)
		return
	}
}

// drop empties a way. The lock is held.
func (c *cache) drop(slot *atomic.Pointer[verified]) {
	if v := slot.Swap(nil); v != nil {
		c.tokens--
		c.bytes -= v.size
	}
}

// dropIf drops every token that this holds of.
func (c *cache) dropIf(gone func(*verified) bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range c.buckets {
		for j := range c.buckets[i] {
			if v := c.buckets[i][j].Load(); v != nil && gone(v) {
				c.drop(&c.buckets[i][j])
			}
		}
	}
}
