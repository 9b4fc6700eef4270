package server

import (
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/authz/jwks"
	"github.com/poolgate/poolgate/internal/store"
)

// engine makes the one engine. A pool's keys are those of its bound file, else this server's, else AWS's when that is allowed; an
// issuer that is no pool is asked for its own.
func (p *parts) engine(config Config, db *store.Store) (*authz.Engine, error) {
	sources, err := boundKeys(config.JWKS)
	if err != nil {
		return nil, err
	}
	var engine *authz.Engine
	remote := jwks.New(jwks.Options{
		KeepFor: config.KeepKeys, Log: config.Log,
		Changed:       func(pool authz.Pool) { engine.Forget(pool) },
		IssuerChanged: func(issuer string) { engine.ForgetIssuer(issuer) },
	})
	p.closers = append(p.closers, remote.Close)
	var rest authz.Keys = p.pools
	if config.AWSPools {
		rest = localFirst{p.pools, remote}
	}
	pools := authz.KeysFor(append(sources, authz.Source{Keys: rest})...)
	engine = authz.New(pools, authz.WithIssuers(issuers{pools: pools, remote: remote, onAWS: config.AWSPools}))
	p.forgetChangedPools(engine, db)
	return engine, nil
}

// boundKeys reads the files whose keys are bound to pools.
func boundKeys(bindings []BoundKeys) ([]authz.Source, error) {
	var sources []authz.Source
	for _, binding := range bindings {
		pool, err := authz.ParsePoolARN(binding.PoolARN)
		if err != nil {
			return nil, hinted(err, "write it as --jwks arn:aws:cognito-idp:REGION:ACCOUNT:userpool/ID=FILE")
		}
		bound, err := jwks.File(pool, binding.File)
		if err != nil {
			return nil, hinted(fmt.Errorf("the keys of %s: %w", pool.ID, err), "the file must hold the pool's jwks.json")
		}
		sources = append(sources, authz.Source{Keys: bound, Owns: bound.Owns})
	}
	return sources, nil
}

// forgetChangedPools lets no verified token outlive its pool or its pool's keys, on whichever node they were changed.
func (p *parts) forgetChangedPools(engine *authz.Engine, db *store.Store) {
	const changedPool = "pool/"
	p.closers = append(p.closers, db.Watch(changedPool, func(topic string) {
		pool := poolNamed(strings.TrimPrefix(topic, changedPool))
		engine.Forget(pool)
		for _, issuer := range p.pools.Issuers(pool) {
			engine.ForgetIssuer(issuer)
		}
	}))
}

// poolNamed is the pool of an id, which begins with its region.
func poolNamed(id string) authz.Pool {
	region, _, _ := strings.Cut(id, "_")
	return authz.Pool{Region: region, ID: id}
}

// issuers finds the keys of what JWT authorizers name as their issuer. A user pool is one under its local and its AWS address, and
// its keys are had without a request when they are at hand.
type issuers struct {
	pools  authz.Keys
	remote *jwks.Remote
	// onAWS allows to ask pools on AWS for their keys.
	onAWS bool
}

// poolOf is the pool that an issuer names, and the names it goes by. That follows from the issuer's text alone, not from which
// pools there are.
func (i issuers) poolOf(issuer string) (pool authz.Pool, names []string, ok bool) {
	pool = poolNamed(issuer[strings.LastIndexByte(issuer, '/')+1:])
	names = i.pools.Issuers(pool)
	return pool, names, slices.Contains(names, issuer)
}

// IssuerNames implements authz.IssuerKeys.
func (i issuers) IssuerNames(issuer string) []string {
	if _, names, ok := i.poolOf(issuer); ok {
		return names
	}
	return []string{issuer}
}

// IssuerKey implements authz.IssuerKeys.
func (i issuers) IssuerKey(ctx context.Context, issuer, kid string) (authz.IssuerKey, error) {
	if pool, _, ok := i.poolOf(issuer); ok {
		key, err := i.pools.Key(ctx, pool, kid)
		return authz.IssuerKey{RSA: key, Algorithm: "RS256"}, err
	}
	if !i.onAWS && isOnAWS(issuer) {
		return authz.IssuerKey{}, authz.ErrPoolNotFound
	}
	return i.remote.IssuerKey(ctx, issuer, kid)
}

// isOnAWS tells whether an issuer is a user pool on AWS, by either of the hosts that pools there have (fact 1.5).
func isOnAWS(issuer string) bool {
	u, err := url.Parse(issuer)
	if err != nil {
		return false
	}
	host := strings.ToLower(u.Hostname())
	return (strings.HasPrefix(host, "cognito-idp") || strings.HasPrefix(host, "issuer-cognito-idp")) &&
		(strings.HasSuffix(host, ".amazonaws.com") || strings.HasSuffix(host, ".amazonaws.com.cn"))
}

// localFirst asks AWS for the keys of a pool that this server does not have.
type localFirst struct{ local, remote authz.Keys }

// Key implements authz.Keys.
func (k localFirst) Key(ctx context.Context, pool authz.Pool, kid string) (*rsa.PublicKey, error) {
	key, err := k.local.Key(ctx, pool, kid)
	if errors.Is(err, authz.ErrPoolNotFound) && jwks.OnAWS(pool) {
		return k.remote.Key(ctx, pool, kid)
	}
	return key, err
}

// Issuers implements authz.Keys: a local pool's tokens may name AWS's issuer too, so the local list holds both.
func (k localFirst) Issuers(pool authz.Pool) []string { return k.local.Issuers(pool) }
