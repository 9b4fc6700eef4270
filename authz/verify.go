package authz

import (
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"errors"
	"slices"
	"sync"
)

// scratch lends the memory that taking a token apart needs.
var scratch = sync.Pool{New: func() any { return new(parsed) }}

// verify runs the checks up to the signature on a token that is not remembered, and remembers it when they hold.
func (a *Authorizer) verify(ctx context.Context, token string, view *view) verdict {
	p := scratch.Get().(*parsed)
	defer scratch.Put(p)
	reason, detail := p.parse(token)
	if reason != "" {
		view.seeRefused(p, reason, detail)
		return verdict{failed: checkShape, reason: reason}
	}
	v := a.verifyParsed(ctx, p, len(token), view)
	if v.reason != "" {
		view.seeRefused(p, "", detail)
	}
	return v
}

// verifyParsed is verify for a token that has the shape of one.
func (a *Authorizer) verifyParsed(ctx context.Context, p *parsed, tokenLen int, view *view) verdict {
	generation := a.engine.generation.Load()
	if p.headerRead.alg != rs256 {
		return verdict{failed: checkAlgorithm, reason: TokenAlgorithm}
	}
	pool, failed := a.issuer(p)
	if failed.reason != "" {
		return failed
	}
	view.seePool(pool)
	key, failed := a.key(ctx, pool, p)
	if failed.reason != "" {
		return failed
	}
	if !p.signedBy(key, crypto.SHA256) {
		return verdict{failed: checkSignature, reason: TokenSignature}
	}
	v := p.verified(tokenLen, pool)
	a.engine.known.put(v, &a.engine.generation, generation)
	return verdict{failed: passedAll, token: v}
}

// issuer finds the pool that the token's iss names among the authorizer's.
func (a *Authorizer) issuer(p *parsed) (Pool, verdict) {
	refused := verdict{failed: checkIssuer, reason: TokenIssuer}
	iss, ok := p.textClaim(p.claims.iss)
	if !ok {
		return Pool{}, refused
	}
	// An issuer ends with its pool's id: with a thousand pools, the right one is asked first.
	for _, pool := range a.pools {
		if hasSuffix(iss, pool.ID) && containsText(a.engine.keys.Issuers(pool), iss) {
			return pool, verdict{}
		}
	}
	known := false
	for _, pool := range a.pools {
		issuers := a.engine.keys.Issuers(pool)
		if containsText(issuers, iss) {
			return pool, verdict{}
		}
		known = known || len(issuers) > 0
	}
	if !known {
		refused.reason = PoolNotFound
	}
	return Pool{}, refused
}

func hasSuffix(text []byte, suffix string) bool {
	return len(text) >= len(suffix) && string(text[len(text)-len(suffix):]) == suffix
}

func containsText(values []string, text []byte) bool {
	for _, v := range values {
		if v == string(text) {
			return true
		}
	}
	return false
}

// key finds the pool's key that the token's kid names.
func (a *Authorizer) key(ctx context.Context, pool Pool, p *parsed) (*rsa.PublicKey, verdict) {
	if !p.headerRead.hasKid {
		return nil, verdict{failed: checkKey, reason: TokenKeyUnknown}
	}
	key, err := a.engine.keys.Key(ctx, pool, p.headerRead.kid)
	switch {
	case err == nil && key != nil:
		return key, verdict{}
	case errors.Is(err, ErrKeyUnknown):
		return nil, verdict{failed: checkKey, reason: TokenKeyUnknown}
	case errors.Is(err, ErrPoolNotFound):
		return nil, verdict{failed: checkKey, reason: PoolNotFound}
	default:
		return nil, verdict{failed: checkKey, reason: KeysUnavailable}
	}
}

// signedBy tells whether the signature is the key's, of exactly the header and payload that were read.
func (p *parsed) signedBy(key *rsa.PublicKey, hash crypto.Hash) bool {
	signed := p.text[:p.signedLen]
	switch hash {
	case crypto.SHA256:
		digest := sha256.Sum256(signed)
		return rsa.VerifyPKCS1v15(key, hash, digest[:], p.signature) == nil
	case crypto.SHA384:
		digest := sha512.Sum384(signed)
		return rsa.VerifyPKCS1v15(key, hash, digest[:], p.signature) == nil
	case crypto.SHA512:
		digest := sha512.Sum512(signed)
		return rsa.VerifyPKCS1v15(key, hash, digest[:], p.signature) == nil
	}
	return false
}

// verified makes the entry to remember out of a token whose signature held. It owns all its memory.
func (p *parsed) verified(tokenLen int, pool Pool) *verified {
	text := string(p.text)
	v := &verified{pool: pool, token: text[:tokenLen]}
	c := &v.claims
	c.payload = text[tokenLen:]
	c.members = slices.Clone(p.members)
	c.keyID, c.algorithm = p.headerRead.kid, p.headerRead.alg
	c.fill(&p.claims)
	const fixed = 512 // the entry itself and what the allocator rounds up
	v.size = fixed + len(text) + len(c.members)*12 + len(c.keyID) + 16*len(c.audience)
	for _, scope := range c.otherScopes {
		v.size += 16 + len(scope)
	}
	return v
}
