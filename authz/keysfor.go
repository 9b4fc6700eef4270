package authz

import (
	"context"
	"crypto/rsa"
)

// Source is one place where pools' keys are found.
type Source struct {
	Keys Keys
	// Owns tells whether the place answers for the pool; then no later one is asked, whatever it answers.
	Owns func(Pool) bool
}

// KeysFor asks, for each pool, the first source that owns it: a server's own pools before bound files before AWS. A pool that
// none owns does not exist.
func KeysFor(sources ...Source) Keys { return keysFor(sources) }

type keysFor []Source

func (s keysFor) of(pool Pool) Keys {
	for _, source := range s {
		if source.Owns == nil || source.Owns(pool) {
			return source.Keys
		}
	}
	return nil
}

// Key implements Keys.
func (s keysFor) Key(ctx context.Context, pool Pool, kid string) (*rsa.PublicKey, error) {
	if keys := s.of(pool); keys != nil {
		return keys.Key(ctx, pool, kid)
	}
	return nil, ErrPoolNotFound
}

// Issuers implements Keys.
func (s keysFor) Issuers(pool Pool) []string {
	if keys := s.of(pool); keys != nil {
		return keys.Issuers(pool)
	}
	return nil
}
