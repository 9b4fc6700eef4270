package s3

import (
	"bufio"
	"crypto/sha256"
	"errors"
	"hash"
	"io"
	"strconv"
	"strings"

	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/wire/sigv4"
)

// Bounds of what is not content in a chunked body: a chunk's line, and the headers behind the last chunk.
const (
	maxChunkLine    = 4 << 10
	maxTrailerLines = 16
)

// chunks decodes the aws-chunked coding: "size;chunk-signature=…\r\n" before each chunk, headers behind the last one. Signed
// chunks are verified as they end, where the request's own signature was.
type chunks struct {
	from    *bufio.Reader
	head    *sigv4.Head
	signed  bool
	trailer bool

	left      int64
	signature string
	hash      hash.Hash
	begun     bool
	ended     bool
	found     map[string]string
}

func newChunks(from io.Reader, kind string, head *sigv4.Head) (*chunks, error) {
	c := &chunks{from: bufio.NewReaderSize(from, maxChunkLine), head: head, hash: sha256.New(), found: map[string]string{}}
	switch kind {
	case "STREAMING-AWS4-HMAC-SHA256-PAYLOAD":
		c.signed = true
	case "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER":
		c.signed, c.trailer = true, true
	case "STREAMING-UNSIGNED-PAYLOAD-TRAILER":
		c.trailer = true
	default:
		return nil, notImplemented("payload of kind " + kind)
	}
	return c, nil
}

func (c *chunks) trailers() map[string]string { return c.found }

var (
	errBadChunk  = fault.Malformed("InvalidRequest", "The body is not encoded as aws-chunked.")
	errChunkSign = fault.Forbidden("SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided. "+
		"Check your key and signing method.")
)

// Read implements io.Reader.
func (c *chunks) Read(p []byte) (int, error) {
	if c.ended {
		return 0, io.EOF
	}
	if c.left == 0 {
		if err := c.next(); err != nil {
			return 0, err
		}
		if c.ended {
			return 0, io.EOF
		}
	}
	if int64(len(p)) > c.left {
		p = p[:c.left]
	}
	n, err := c.from.Read(p)
	c.left -= int64(n)
	_, _ = c.hash.Write(p[:n])
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// next ends the chunk that was read and begins the one that follows.
func (c *chunks) next() error {
	if c.begun {
		if line, err := c.line(); err != nil || line != "" {
			return errors.Join(errBadChunk, err)
		}
		if err := c.check(); err != nil {
			return err
		}
	}
	line, err := c.line()
	if err != nil {
		return err
	}
	size, extension, _ := strings.Cut(line, ";")
	if c.left, err = strconv.ParseInt(strings.TrimSpace(size), 16, 64); err != nil || c.left < 0 {
		return errBadChunk.Because(err)
	}
	c.signature, _ = strings.CutPrefix(extension, "chunk-signature=")
	c.begun = true
	c.hash.Reset()
	if c.left > 0 {
		return nil
	}
	if err := c.check(); err != nil {
		return err
	}
	c.ended = true
	return c.readTrailers()
}

// check verifies the signature of the chunk that has been read.
func (c *chunks) check() error {
	if !c.signed || c.head == nil {
		return nil
	}
	if !c.head.Chunk([sha256.Size]byte(c.hash.Sum(nil)), c.signature) {
		return errChunkSign
	}
	return nil
}

// readTrailers reads the headers behind the last chunk; their own signature is the last of them.
func (c *chunks) readTrailers() error {
	sum := sha256.New()
	for range maxTrailerLines {
		line, err := c.line()
		if errors.Is(err, io.ErrUnexpectedEOF) || err == nil && line == "" {
			if c.trailer && c.signed && c.head != nil && !c.head.Trailer([sha256.Size]byte(sum.Sum(nil)), c.found["x-amz-trailer-signature"]) {
				return errChunkSign
			}
			return nil
		}
		if err != nil {
			return err
		}
		name, value, found := strings.Cut(line, ":")
		if !found {
			return errBadChunk
		}
		name, value = strings.ToLower(strings.TrimSpace(name)), strings.TrimSpace(value)
		c.found[name] = value
		if name != "x-amz-trailer-signature" {
			_, _ = io.WriteString(sum, name+":"+value+"\n")
		}
	}
	return errBadChunk
}

// line reads up to the next line feed, which need not follow a carriage return.
func (c *chunks) line() (string, error) {
	text, err := c.from.ReadSlice('\n')
	switch {
	case errors.Is(err, bufio.ErrBufferFull):
		return "", errBadChunk
	case errors.Is(err, io.EOF):
		return "", io.ErrUnexpectedEOF
	case err != nil:
		return "", err
	}
	return strings.TrimRight(string(text), "\r\n"), nil
}
