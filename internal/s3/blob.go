package s3

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/google/uuid"

	"github.com/poolgate/poolgate/internal/store"
)

const (
	pieceBytes = 1 << 20
	// pendingPieces are held in memory before they are stored in one transaction.
	pendingPieces = 4
	// uploadLife is how long a body may take to come in; collectAfter how long what was deleted can still be read.
	uploadLife   = 24 * time.Hour
	collectAfter = 15 * time.Minute
	collectEvery = time.Minute
)

// staged is content that was taken in and belongs to nothing yet: commit makes it part of the transaction that uses it. What
// is never committed is collected.
type staged struct {
	segment
	// pending are the last pieces, from the one of number first on; what came before is in the store.
	pending [][]byte
	first   int
}

// stage takes in a body of any length; whoever made the reader bounds it.
func (s *Service) stage(ctx context.Context, body io.Reader) (*staged, error) {
	select {
	case s.writing <- struct{}{}:
		defer func() { <-s.writing }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	out := &staged{segment: segment{Blob: uuid.NewString()}}
	for {
		buffer, err := readPiece(body)
		if err != nil {
			return nil, err
		}
		if len(buffer) > 0 {
			out.pending = append(out.pending, buffer)
			out.Size += int64(len(buffer))
		}
		if len(buffer) < pieceBytes {
			return out, nil
		}
		if len(out.pending) == pendingPieces {
			if err := s.flush(ctx, out); err != nil {
				return nil, err
			}
		}
	}
}

// readPiece reads until a piece is full or the body ends. Small bodies take small buffers.
func readPiece(body io.Reader) ([]byte, error) {
	buffer := make([]byte, 0, 16<<10)
	for len(buffer) < pieceBytes {
		if len(buffer) == cap(buffer) {
			grown := make([]byte, len(buffer), min(4*cap(buffer), pieceBytes))
			copy(grown, buffer)
			buffer = grown
		}
		n, err := body.Read(buffer[len(buffer):cap(buffer)])
		buffer = buffer[:len(buffer)+n]
		if errors.Is(err, io.EOF) {
			return buffer, nil
		}
		if err != nil {
			return nil, err
		}
	}
	return buffer, nil
}

// flush stores the pieces that are in memory, and notes that nothing refers to the blob yet.
func (s *Service) flush(ctx context.Context, out *staged) error {
	err := s.store.Update(ctx, func(tx *store.Tx) error {
		if err := loose.Put(tx, allLoose, out.Blob, &looseBlob{Until: s.now().Add(uploadLife)}); err != nil {
			return err
		}
		return out.store(tx)
	})
	out.first += len(out.pending)
	out.pending = nil
	return err
}

func (st *staged) store(tx *store.Tx) error {
	for i, data := range st.pending {
		if err := pieces.Put(tx, st.Blob, pieceID(st.first+i), &piece{data}); err != nil {
			return err
		}
	}
	return nil
}

// commit makes the blob part of what the transaction stores.
func (st *staged) commit(tx *store.Tx) error {
	if st.first > 0 {
		err := loose.Delete(tx, allLoose, st.Blob)
		if errors.Is(err, store.ErrNotFound) {
			return errors.New("s3: the body took so long that it was collected")
		}
		if err != nil {
			return err
		}
	}
	return st.store(tx)
}

// segments is the content as an object refers to it.
func (st *staged) segments() []segment {
	if st.Size == 0 {
		return nil
	}
	return []segment{st.segment}
}

func pieceID(number int) string { return fmt.Sprintf("%06d", number) }

// release notes that nothing refers to blobs any more; whoever reads them may go on for a while.
func (s *Service) release(tx *store.Tx, segments ...segment) error {
	for _, g := range segments {
		if err := loose.Put(tx, allLoose, g.Blob, &looseBlob{Until: s.now().Add(collectAfter)}); err != nil {
			return err
		}
	}
	return nil
}

// collect removes loose blobs whose time is over, until ctx is done.
func (s *Service) collect(ctx context.Context) {
	ticker := time.NewTicker(collectEvery)
	defer ticker.Stop()
	for {
		if err := s.collectOnce(ctx); err != nil && ctx.Err() == nil {
			s.log.Warn("deleted objects were not removed from the store", "error", err)
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

// collectOnce removes each blob in a transaction of its own, because removing one takes a while.
func (s *Service) collectOnce(ctx context.Context) error {
	for after := ""; ; {
		var found []store.Found[looseBlob]
		var more bool
		err := s.store.View(ctx, func(tx *store.Tx) (err error) {
			found, more, err = loose.List(tx, allLoose, store.Page{After: after, Limit: 100})
			return err
		})
		if err != nil {
			return err
		}
		for _, f := range found {
			after = f.ID
			if s.now().Before(f.Value.Until) {
				continue
			}
			if err := s.store.Update(ctx, func(tx *store.Tx) error { return collectBlob(tx, f.ID) }); err != nil {
				return err
			}
		}
		if !more {
			return nil
		}
	}
}

// collectBlob removes a blob if it is still loose.
func collectBlob(tx *store.Tx, blob string) error {
	err := loose.Delete(tx, allLoose, blob)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = pieces.DeleteScope(tx, blob)
	return err
}
