package lambda

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/store"
	"github.com/poolgate/poolgate/internal/wire"
)

// codePiece is a part of an archive: a database likes many small values better than one large one.
type codePiece struct{ Data []byte }

// codeUse says that something needs an archive.
type codeUse struct{}

const pieceBytes = 1 << 20

// code is an archive that was checked.
type code struct {
	data []byte
	// sum is the SHA-256 in hexadecimal.
	sum string
}

func (c *code) digest() []byte {
	sum := sha256.Sum256(c.data)
	return sum[:]
}

// source is where a request says that code is.
type source struct {
	zip                  []byte
	bucket, key, version *string
	image                *string
}

// fetch gets the code that a request brings or names.
func (s *Service) fetch(ctx context.Context, from source) (*code, error) {
	data := from.zip
	switch {
	case from.image != nil:
		return nil, invalid("poolgate runs no container images: send the code as a zip archive")
	case from.bucket != nil || from.key != nil:
		if from.zip != nil {
			return nil, invalid("Please do not provide other FunctionCode parameters when providing a ZipFile.")
		}
		var err error
		if data, err = s.object(ctx, from); err != nil {
			return nil, err
		}
	case from.zip == nil:
		return nil, invalid("Please provide a source for function code.")
	case len(from.zip) > maxArchive:
		return nil, user(&fault.Error{
			Kind: fault.KindTooLarge, Code: "RequestEntityTooLargeException",
			Message: "Request must be smaller than 70167211 bytes for the CreateFunction operation",
		})
	}
	if _, err := readArchive(data); err != nil {
		return nil, err
	}
	c := &code{data: data}
	c.sum = hex.EncodeToString(c.digest())
	return c, nil
}

func (s *Service) object(ctx context.Context, from source) ([]byte, error) {
	const failed = "Error occurred while GetObject. S3 Error Code: %s. S3 Error Message: %s"
	if s.objects == nil {
		return nil, invalid(failed, "NotImplemented", "this poolgate has no S3; send the code as ZipFile")
	}
	call := wire.CallFrom(ctx)
	data, err := s.objects.Object(ctx, call.Account, call.Region, aws.ToString(from.bucket), aws.ToString(from.key), aws.ToString(from.version), maxUnpacked)
	if err != nil {
		e := fault.From(err)
		return nil, invalid(failed, e.Code, e.Message).Because(err)
	}
	return data, nil
}

// keepCode stores an archive, unless it is there, and notes who uses it.
func keepCode(tx *store.Tx, c *code, by string) error {
	count, err := codeUses.Count(tx, c.sum)
	if err != nil {
		return err
	}
	if count == 0 {
		for i := 0; i*pieceBytes < len(c.data); i++ {
			end := min((i+1)*pieceBytes, len(c.data))
			if err := codes.Put(tx, c.sum, fmt.Sprintf("%06d", i), &codePiece{c.data[i*pieceBytes : end]}); err != nil {
				return err
			}
		}
	}
	return codeUses.Put(tx, c.sum, by, &codeUse{})
}

// useCode notes one more who uses an archive that is there.
func useCode(tx *store.Tx, sum, by string) error {
	if sum == "" {
		return nil
	}
	return codeUses.Put(tx, sum, by, &codeUse{})
}

// releaseCode notes that somebody no longer uses an archive; the last one takes it along.
func releaseCode(tx *store.Tx, sum, by string) error {
	if sum == "" {
		return nil
	}
	if err := codeUses.Delete(tx, sum, by); err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	left, err := codeUses.Count(tx, sum)
	if err != nil || left > 0 {
		return err
	}
	_, err = codes.DeleteScope(tx, sum)
	return err
}

// loadCode reads an archive back and trusts nothing.
func (s *Service) loadCode(ctx context.Context, sum string) ([]byte, error) {
	var data bytes.Buffer
	err := s.store.View(ctx, func(tx *store.Tx) error {
		data.Reset()
		for after := ""; ; {
			pieces, more, err := codes.List(tx, sum, store.Page{After: after, Limit: 8})
			if err != nil {
				return err
			}
			for _, piece := range pieces {
				data.Write(piece.Value.Data)
				after = piece.ID
			}
			if !more {
				return nil
			}
		}
	})
	if err != nil {
		return nil, err
	}
	if got := sha256.Sum256(data.Bytes()); hex.EncodeToString(got[:]) != sum {
		return nil, fmt.Errorf("lambda: the stored code %s is damaged or gone", sum)
	}
	return data.Bytes(), nil
}
