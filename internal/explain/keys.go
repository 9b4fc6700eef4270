package explain

import (
	"context"
	"crypto/rsa"
	"net/url"
	"strings"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/authz/jwks"
	"github.com/poolgate/poolgate/internal/account"
)

// poolKeys are the published keys of the pools that were read. It implements authz.Keys and authz.IssuerKeys.
type poolKeys struct {
	byID map[string]*heldPool
	// remote fetches the published keys of OpenID providers that are no pools; nil fetches none.
	remote *jwks.Remote
}

// heldPool is a pool as the engine needs it.
type heldPool struct {
	pool    authz.Pool
	gone    bool
	set     jwks.Set
	issuers []string
}

var (
	_ authz.Keys       = (*poolKeys)(nil)
	_ authz.IssuerKeys = (*poolKeys)(nil)
)

// add holds a pool. said is the iss of the token at hand: a local server's tokens name the server by the URL that it was started with. Where
// it does not tell that, a local address with this pool's id at its end counts as the pool's.
func (k *poolKeys) add(p *account.Pool, said string, local bool) {
	if p == nil {
		return
	}
	pool := authz.Pool{Region: regionOfPool(p.ID), ID: p.ID}
	held := &heldPool{pool: pool, gone: p.Gone, issuers: []string{jwks.Issuer(pool)}}
	if p.Issuer != "" {
		held.issuers = []string{p.Issuer, jwks.Issuer(pool)}
	} else if local && isPoolAt(said, p.ID) {
		held.issuers = []string{said, jwks.Issuer(pool)}
	}
	if set, err := jwks.Parse(p.JWKS); err == nil {
		held.set = set
	}
	k.byID[p.ID] = held
}

// isPoolAt tells whether an issuer is an address of this machine that ends with the pool's id.
func isPoolAt(issuer, poolID string) bool {
	u, err := url.Parse(issuer)
	return err == nil && u.Host != "" && strings.HasSuffix(u.Path, "/"+poolID) && isLocalHost(u.Hostname())
}

func isLocalHost(host string) bool {
	return host == "localhost" || host == "127.0.0.1" || host == "::1" || strings.HasSuffix(host, ".localhost")
}

// regionOfPool is the region that a pool's id begins with.
func regionOfPool(id string) string {
	region, _, _ := strings.Cut(id, "_")
	return region
}

// Key implements authz.Keys.
func (k *poolKeys) Key(_ context.Context, pool authz.Pool, kid string) (*rsa.PublicKey, error) {
	held := k.byID[pool.ID]
	switch {
	case held == nil || held.gone:
		return nil, authz.ErrPoolNotFound
	case held.set == nil:
		return nil, authz.ErrKeysUnavailable
	}
	if key, ok := held.set[kid]; ok {
		return key.RSA, nil
	}
	return nil, authz.ErrKeyUnknown
}

// Issuers implements authz.Keys. A pool that could not be read is not one that does not exist: its name is known from its id.
func (k *poolKeys) Issuers(pool authz.Pool) []string {
	held := k.byID[pool.ID]
	if held == nil || held.gone {
		return nil
	}
	return held.issuers
}

// ofIssuer finds the pool that an issuer's address ends with.
func (k *poolKeys) ofIssuer(issuer string) *heldPool {
	return k.byID[issuer[strings.LastIndexByte(issuer, '/')+1:]]
}

// IssuerKey implements authz.IssuerKeys.
func (k *poolKeys) IssuerKey(ctx context.Context, issuer, kid string) (authz.IssuerKey, error) {
	held := k.ofIssuer(issuer)
	switch {
	case held == nil && k.remote != nil && strings.HasPrefix(issuer, "https://") && (&token{issuer: issuer}).poolID() == "":
		return k.remote.IssuerKey(ctx, issuer, kid)
	case held == nil:
		return authz.IssuerKey{}, authz.ErrDiscoveryUnavailable
	case held.gone:
		return authz.IssuerKey{}, authz.ErrPoolNotFound
	case held.set == nil:
		return authz.IssuerKey{}, authz.ErrKeysUnavailable
	}
	if key, ok := held.set[kid]; ok {
		return key, nil
	}
	return authz.IssuerKey{}, authz.ErrKeyUnknown
}

// IssuerNames implements authz.IssuerKeys.
func (k *poolKeys) IssuerNames(issuer string) []string {
	held := k.ofIssuer(issuer)
	if held == nil || held.gone {
		return []string{issuer}
	}
	for _, name := range held.issuers {
		if name == issuer {
			return held.issuers
		}
	}
	return append([]string{issuer}, held.issuers...)
}
