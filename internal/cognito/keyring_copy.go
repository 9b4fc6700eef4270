package cognito

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"

	"github.com/poolgate/poolgate/internal/store"
)

// putKeyCopies replaces a copied pool's public keys. The pair that signs here is made with the first copy and stays; it is not in the
// published set until somebody signs in here, so that what is published is what was copied.
func (s *Service) putKeyCopies(tx *store.Tx, p *pool, set json.RawMessage) error {
	found, _, err := poolKeys.List(tx, p.id(), store.Page{})
	if err != nil {
		return err
	}
	signs := false
	for _, f := range found {
		if f.Value.Use != copied {
			signs = true
			continue
		}
		if err := poolKeys.Delete(tx, p.id(), f.ID); err != nil {
			return err
		}
	}
	if !signs {
		if err := s.hidePair(tx, p); err != nil {
			return err
		}
	}
	if len(set) == 0 {
		return nil
	}
	list, err := publicKeys(set)
	if err != nil {
		return err
	}
	for i, k := range list {
		copy := &poolKey{Use: copied, Created: s.now(), Public: x509.MarshalPKCS1PublicKey(k.key), Order: i}
		err := poolKeys.Insert(tx, p.id(), k.kid, copy)
		if err != nil && !errors.Is(err, store.ErrExists) { // the pair of this very server, come back by a detour
			return err
		}
	}
	return nil
}

// hidePair makes the pair of keys that signs here.
func (s *Service) hidePair(tx *store.Tx, p *pool) error {
	pair, err := s.keys.stock.take()
	if err != nil {
		return err
	}
	if err := s.keys.store(tx, p.id(), pair); err != nil {
		return err
	}
	return s.markPair(tx, p.id(), true)
}

// markPair hides or publishes the keys that sign.
func (s *Service) markPair(tx *store.Tx, poolID string, hidden bool) error {
	found, _, err := poolKeys.List(tx, poolID, store.Page{})
	if err != nil {
		return err
	}
	for _, f := range found {
		if f.Value.Use == copied || f.Value.Hidden == hidden {
			continue
		}
		f.Value.Hidden = hidden
		if err := poolKeys.Put(tx, poolID, f.ID, f.Value); err != nil {
			return err
		}
	}
	return nil
}

// publish returns a pool's keys with those that sign published, because they are about to.
func (s *Service) publish(ctx context.Context, keys *keyset) (*keyset, error) {
	if !keys.hidden {
		return keys, nil
	}
	err := s.store.Update(ctx, func(tx *store.Tx) error {
		tx.Bump(poolTopic(keys.poolID))
		return s.markPair(tx, keys.poolID, false)
	})
	if err != nil {
		return nil, err
	}
	s.keys.forget(keys.poolID)
	return s.keysOf(ctx, keys.poolID)
}
