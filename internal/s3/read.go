package s3

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/poolgate/poolgate/internal/store"
)

// reader reads a range of an object, a piece at a time.
type reader struct {
	service  *Service
	ctx      context.Context //nolint:containedctx // a reader does not outlive the request whose context this is
	segments []segment
	// at is where the next piece begins within the first segment; skip is what of it was not asked for.
	number int
	skip   int64
	left   int64
	// inSegment is how much of the first segment is yet to come, what is skipped included.
	inSegment int64
	data      []byte
}

// read gives length bytes from offset on.
func (s *Service) read(ctx context.Context, segments []segment, offset, length int64) io.Reader {
	for len(segments) > 0 && offset >= segments[0].Size {
		offset -= segments[0].Size
		segments = segments[1:]
	}
	r := &reader{service: s, ctx: ctx, segments: segments, number: int(offset / pieceBytes), skip: offset % pieceBytes, left: length}
	if len(segments) > 0 {
		r.inSegment = segments[0].Size - int64(r.number)*pieceBytes
	}
	return r
}

// Read implements io.Reader.
func (r *reader) Read(p []byte) (int, error) {
	if r.left <= 0 {
		return 0, io.EOF
	}
	for len(r.data) == 0 {
		if err := r.next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, r.data[:min(int64(len(r.data)), r.left)])
	r.data = r.data[n:]
	r.left -= int64(n)
	return n, nil
}

// next loads the piece that follows.
func (r *reader) next() error {
	if r.inSegment <= 0 && len(r.segments) > 0 {
		if r.segments = r.segments[1:]; len(r.segments) > 0 {
			r.number, r.inSegment = 0, r.segments[0].Size
		}
	}
	if len(r.segments) == 0 {
		return io.ErrUnexpectedEOF
	}
	blob := r.segments[0].Blob
	err := r.service.store.View(r.ctx, func(tx *store.Tx) error {
		found, err := pieces.Get(tx, blob, pieceID(r.number))
		if errors.Is(err, store.ErrNotFound) {
			return fmt.Errorf("s3: a piece of blob %s is gone: %w", blob, err)
		}
		if err == nil {
			r.data = found.Data
		}
		return err
	})
	if err != nil {
		return err
	}
	r.number++
	r.inSegment -= int64(len(r.data))
	if int64(len(r.data)) < r.skip || len(r.data) == 0 {
		return io.ErrUnexpectedEOF
	}
	r.data, r.skip = r.data[r.skip:], 0
	return nil
}
