package store

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"time"
)

// Expired documents are never returned; removing them only keeps the database small, a little at a time.
const (
	sweepEvery   = time.Minute
	sweepBatch   = 200
	sweepBatches = 50
)

const (
	selectExpired = `SELECT kind, scope, id FROM document WHERE expires > 0 AND expires <= $1 ORDER BY expires LIMIT CAST($2 AS BIGINT)`
	deleteExpired = `DELETE FROM document WHERE kind = $1 AND scope = $2 AND id = $3 AND expires > 0 AND expires <= $4 RETURNING keys`
)

func (s *Store) sweepExpired(ctx context.Context) {
	for {
		for range sweepBatches {
			n, err := s.sweepOnce(ctx)
			if err != nil && ctx.Err() == nil {
				slog.Warn("store: removing expired documents failed; trying again later", "error", err)
			}
			if err != nil || n < sweepBatch {
				break
			}
		}
		// Several nodes on one database should not all sweep at the same time.
		wait := time.NewTimer(sweepEvery + rand.N(sweepEvery/4))
		select {
		case <-wait.C:
		case <-ctx.Done():
			wait.Stop()
			return
		}
	}
}

// sweepOnce removes a batch of expired documents and tells how many there were. It writes only if there are any.
func (s *Store) sweepOnce(ctx context.Context) (int, error) {
	var expired []place
	err := s.View(ctx, func(tx *Tx) error {
		expired = nil
		return tx.query(selectExpired, func(r row) error {
			var p place
			if err := r.Scan(&p.kind, &p.scope, &p.id); err != nil {
				return err
			}
			expired = append(expired, p)
			return nil
		}, tx.now, int64(sweepBatch))
	})
	if err != nil || len(expired) == 0 {
		return 0, err
	}
	err = s.Update(ctx, func(tx *Tx) error {
		for _, p := range expired {
			// Another node may have removed it, or it was stored anew.
			var keys []byte
			scan := func(r row) error { return r.Scan(&keys) }
			if err := tx.change(deleteExpired, scan, p.kind, p.scope, p.id, tx.now); err != nil {
				return err
			}
			if err := tx.removeKeys(p, decodeKeys(keys)); err != nil {
				return err
			}
		}
		return nil
	})
	return len(expired), err
}
