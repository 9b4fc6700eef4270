package jwks

import (
	"context"
	"crypto/rsa"
	"fmt"
	"os"

	"github.com/poolgate/poolgate/authz"
)

// Bound is a key set that belongs to one pool and to no other. It implements authz.Keys.
type Bound struct {
	pool    authz.Pool
	set     Set
	issuers []string
}

// Static binds a set to a pool. Without issuers, the pool's tokens are those that AWS issues.
func Static(pool authz.Pool, set Set, issuers ...string) *Bound {
	if len(issuers) == 0 {
		issuers = []string{Issuer(pool)}
	}
	return &Bound{pool: pool, set: set, issuers: issuers}
}

// File binds the key set of a file, a jwks.json as a pool serves it, to a pool.
func File(pool authz.Pool, path string) (*Bound, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("jwks: %w", err)
	}
	if info.Size() > maxDocument {
		return nil, fmt.Errorf("jwks: %s has %d bytes, more than a key set may", path, info.Size())
	}
	document, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("jwks: %w", err)
	}
	set, err := Parse(document)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return Static(pool, set), nil
}

// Owns tells whether the keys are this pool's.
func (b *Bound) Owns(pool authz.Pool) bool { return pool == b.pool }

// Key implements authz.Keys.
func (b *Bound) Key(_ context.Context, pool authz.Pool, kid string) (*rsa.PublicKey, error) {
	if pool != b.pool {
		return nil, authz.ErrPoolNotFound
	}
	if k, ok := b.set[kid]; ok && usableWith(k.Algorithm, rs256) {
		return k.RSA, nil
	}
	return nil, authz.ErrKeyUnknown
}

// Issuers implements authz.Keys.
func (b *Bound) Issuers(pool authz.Pool) []string {
	if pool != b.pool {
		return nil
	}
	return b.issuers
}
