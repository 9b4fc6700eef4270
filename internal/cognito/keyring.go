package cognito

import (
	"context"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/internal/store"
)

// poolKey is one signing key of a pool. Its scope is the pool, its id the kid. ID tokens and access tokens are signed with
// different keys (fact 4.1). The private key is PKCS #1, sealed for "pool-key/POOL/KID".
type poolKey struct {
	Use           keyUse
	Created       time.Time
	SealedPrivate string `json:",omitempty"`
	// Public is a copied key, PKCS #1; Order is its place in the set that it was copied with.
	Public []byte `json:",omitempty"`
	Order  int    `json:",omitempty"`
	// Hidden keeps a key of a copied pool out of its published set until the key signs something.
	Hidden bool `json:",omitempty"`
}

// keyUse says which tokens a key signs.
type keyUse string

const (
	signsID     keyUse = "id"
	signsAccess keyUse = "access"
	// copied is a key of a pool that lives elsewhere: it verifies and never signs.
	copied keyUse = "copied"
)

var poolKeys = store.Collection[poolKey]{Name: "cognito.pool-key", Version: 1}

// keyring holds the pools' keys: a stock made ahead of need for new pools, and a cache of those in use. CreateUserPool
// takes a pair before its transaction (making one takes long) and stores it inside:
//
//	pair, err := s.keys.take(ctx)
//	…
//	err = s.keys.store(tx, poolID, pair)
type keyring struct {
	service *Service
	stock   *keyStock

	mu    sync.RWMutex
	cache map[string]*keyset
	// missing are pools that were asked for and do not exist: those of AWS that an authorizer trusts, and those that tokens make up.
	missing map[string]struct{}
	// generation grows with every invalidation: a set read from the store before one is not cached after it.
	generation uint64
}

// cachedKeysets bounds the cache, and what is known to be missing; a pool beyond it costs a read of the store.
const cachedKeysets = 1024

func newKeyring(s *Service) *keyring {
	k := &keyring{service: s, stock: newKeyStock(), cache: map[string]*keyset{}, missing: map[string]struct{}{}}
	s.store.Watch(poolTopic(""), func(topic string) { k.forget(strings.TrimPrefix(topic, poolTopic(""))) })
	return k
}

// Close stops making keys ahead of need.
func (s *Service) Close() { s.keys.stock.close() }

// take returns a pair of keys that belongs to nobody yet.
func (k *keyring) take(ctx context.Context) (keyPair, error) {
	if err := ctx.Err(); err != nil {
		return keyPair{}, err
	}
	return k.stock.take()
}

// store makes the pair the pool's.
func (k *keyring) store(tx *store.Tx, poolID string, pair keyPair) error {
	for use, key := range map[keyUse]*rsa.PrivateKey{signsID: pair.id, signsAccess: pair.access} {
		kid := keyID(&key.PublicKey)
		sealed := k.service.store.Seal(poolKeyPurpose(poolID, kid), x509.MarshalPKCS1PrivateKey(key))
		document := &poolKey{Use: use, Created: k.service.now(), SealedPrivate: sealed}
		if err := poolKeys.Insert(tx, poolID, kid, document); err != nil {
			return err
		}
	}
	return nil
}

func poolKeyPurpose(poolID, kid string) string { return "pool-key/" + poolID + "/" + kid }

// keyID is the kid: 44 characters of base64, as on AWS (fact 4.1), here the SHA-256 of the public key.
func keyID(key *rsa.PublicKey) string {
	sum := sha256.Sum256(x509.MarshalPKCS1PublicKey(key))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// keyset is a pool's keys, parsed. It is immutable.
type keyset struct {
	poolID     string
	id, access *signer
	public     map[string]*rsa.PublicKey
	jwks       []byte
	// mask is a secret of the pool from which answers about users who do not exist are made (fact 6.8).
	mask []byte
	// verifier judges the pool's own tokens.
	verifier *authz.Authorizer
	// hidden tells that the keys that sign are not published yet.
	hidden bool
}

// of returns a pool's keys, from the cache if they are there; authz.ErrPoolNotFound when the pool has none.
func (k *keyring) of(ctx context.Context, poolID string) (*keyset, error) {
	k.mu.RLock()
	set, generation := k.cache[poolID], k.generation
	_, missing := k.missing[poolID]
	k.mu.RUnlock()
	if set != nil {
		return set, nil
	}
	if missing {
		return nil, authz.ErrPoolNotFound
	}
	var found []store.Found[poolKey]
	err := k.service.store.View(ctx, func(tx *store.Tx) error {
		var err error
		found, _, err = poolKeys.List(tx, poolID, store.Page{})
		return err
	})
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		remember(k, k.missing, poolID, struct{}{}, generation)
		return nil, authz.ErrPoolNotFound
	}
	if set, err = k.parse(poolID, found); err != nil {
		return nil, err
	}
	remember(k, k.cache, poolID, set, generation)
	return set, nil
}

// remember puts what was read of the store into one of the keyring's maps, unless it was made invalid meanwhile.
func remember[T any](k *keyring, into map[string]T, poolID string, value T, generation uint64) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.generation != generation {
		return
	}
	for other := range into {
		if len(into) < cachedKeysets {
			break
		}
		delete(into, other)
	}
	into[strings.Clone(poolID)] = value
}

func (k *keyring) forget(poolID string) {
	k.mu.Lock()
	delete(k.cache, poolID)
	delete(k.missing, poolID)
	k.generation++
	k.mu.Unlock()
	if region, _, ok := strings.Cut(poolID, "_"); ok && k.service.engine != nil {
		k.service.engine.Forget(authz.Pool{Region: region, ID: poolID})
	}
}

// parse opens a pool's keys. The newest key of each use signs; every key is published.
func (k *keyring) parse(poolID string, found []store.Found[poolKey]) (*keyset, error) {
	slices.SortFunc(found, func(a, b store.Found[poolKey]) int { return a.Value.Created.Compare(b.Value.Created) })
	set := &keyset{poolID: poolID, public: make(map[string]*rsa.PublicKey, len(found))}
	var copies []store.Found[poolKey]
	for _, f := range found {
		if f.Value.Use == copied {
			public, err := x509.ParsePKCS1PublicKey(f.Value.Public)
			if err != nil {
				return nil, fmt.Errorf("cognito: a key of pool %s is damaged: %w", poolID, err)
			}
			set.public[f.ID], copies = public, append(copies, f)
			continue
		}
		set.hidden = f.Value.Hidden
		if err := k.open(set, f); err != nil {
			return nil, err
		}
	}
	if set.id == nil || set.access == nil {
		return nil, fmt.Errorf("cognito: pool %s has no key for ID tokens or none for access tokens", poolID)
	}
	set.jwks = encodeJWKS(set.published(copies), set.public)
	region, _, _ := strings.Cut(poolID, "_")
	var err error
	set.verifier, err = k.service.engine.Compile(authz.Settings{Pools: []authz.Pool{{Region: region, ID: poolID}}})
	return set, err
}

// open adds a pair of keys that signs.
func (k *keyring) open(set *keyset, f store.Found[poolKey]) error {
	der, err := k.service.store.Unseal(poolKeyPurpose(set.poolID, f.ID), f.Value.SealedPrivate)
	if err != nil {
		return fmt.Errorf("cognito: a key of pool %s does not open: %w", set.poolID, err)
	}
	private, err := x509.ParsePKCS1PrivateKey(der)
	if err != nil {
		return fmt.Errorf("cognito: a key of pool %s is damaged: %w", set.poolID, err)
	}
	set.public[f.ID] = &private.PublicKey
	switch f.Value.Use {
	case signsID:
		set.id = newSigner(f.ID, private)
		mac := hmac.New(sha256.New, der)
		mac.Write([]byte("users who do not exist"))
		set.mask = mac.Sum(nil)
	case signsAccess:
		set.access = newSigner(f.ID, private)
	}
	return nil
}

// published are the ids of the keys that the pool's set shows, in its order: those that sign now first. A copied pool shows the keys that
// it was copied with, in their order, before its own.
func (set *keyset) published(copies []store.Found[poolKey]) []string {
	var kids []string
	slices.SortStableFunc(copies, func(a, b store.Found[poolKey]) int { return a.Value.Order - b.Value.Order })
	for _, f := range copies {
		kids = append(kids, f.ID)
	}
	if set.hidden {
		return kids
	}
	return append(append(kids, set.id.kid, set.access.kid), slices.Sorted(maps.Keys(set.public))...)
}
