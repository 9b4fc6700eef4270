package s3

import (
	"crypto/md5" //nolint:gosec // an ETag is an MD5, and Content-MD5 is one
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"strconv"
	"strings"

	"github.com/poolgate/poolgate/internal/fault"
)

func entityTooLarge(size, limit int64) *fault.Error {
	e := fault.TooLarge("EntityTooLarge", "Your proposed upload exceeds the maximum allowed size").With("MaxSizeAllowed", limit)
	if size > 0 {
		e = e.With("ProposedSize", size)
	}
	return e
}

// content reads a request's body and, at its end, holds it against everything that the client said of it.
type content struct {
	from  io.Reader
	limit int64
	read  int64
	// expected is the length that was announced, or negative.
	expected int64
	// declared is the hexadecimal SHA-256 that the client signed, contentMD5 the digest that it sent; each may be empty.
	declared   string
	contentMD5 []byte

	md5, sha256 hash.Hash
	sum         *summing
	// trailers gives what came behind a chunked body, once it has been read.
	trailers func() map[string]string
	ended    bool
	// extend gives the client more time, whenever it has sent so much that next is reached.
	extend func()
	next   int64
}

// body gives the request's body, decoded and verified as it is read. More than limit bytes are refused.
func (x *exchange) body(limit int64) (*content, error) {
	header := x.r.Header
	c := &content{from: x.r.Body, limit: limit, expected: x.r.ContentLength, md5: md5.New(), extend: x.moreTime, next: pieceBytes} //nolint:gosec // an ETag is an MD5
	var err error
	if c.sum, err = announced(header); err != nil {
		return nil, err
	}
	declared := x.declaredHash()
	switch {
	case strings.HasPrefix(declared, "STREAMING-"):
		if err := x.chunked(c, declared); err != nil {
			return nil, err
		}
	case declared == unsignedPayload:
	case len(declared) != hex.EncodedLen(sha256.Size):
		return nil, invalidArgument("x-amz-content-sha256", declared, "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, "+
			"STREAMING-UNSIGNED-PAYLOAD-TRAILER, STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER, "+
			"or a valid sha256 value.")
	default:
		c.declared, c.sha256 = strings.ToLower(declared), sha256.New()
	}
	if c.expected > limit {
		return nil, entityTooLarge(c.expected, limit)
	}
	if text := header.Get("Content-Md5"); text != "" {
		c.contentMD5, err = base64.StdEncoding.DecodeString(text)
		if err != nil || len(c.contentMD5) != md5.Size {
			return nil, fault.Invalid("InvalidDigest", "The Content-MD5 you specified is not valid.").With("Content-MD5", text)
		}
	}
	return c, nil
}

// chunked puts a decoder in front of a body that comes in signed chunks or with headers behind it.
func (x *exchange) chunked(c *content, kind string) error {
	length, err := strconv.ParseInt(x.r.Header.Get("X-Amz-Decoded-Content-Length"), 10, 64)
	if err != nil || length < 0 {
		return &fault.Error{Kind: fault.KindInvalid, Code: "MissingContentLength", Message: "You must provide the Content-Length HTTP header."}
	}
	d, err := newChunks(x.r.Body, kind, x.head)
	if err != nil {
		return err
	}
	c.from, c.expected, c.trailers = d, length, d.trailers
	return nil
}

// Read implements io.Reader. The end is only told once everything was verified.
func (c *content) Read(p []byte) (int, error) {
	if c.ended {
		return 0, io.EOF
	}
	n, err := c.from.Read(p)
	c.read += int64(n)
	if c.read > c.limit {
		return 0, entityTooLarge(0, c.limit)
	}
	if c.read >= c.next {
		c.next += pieceBytes
		c.extend()
	}
	_, _ = c.md5.Write(p[:n])
	if c.sha256 != nil {
		_, _ = c.sha256.Write(p[:n])
	}
	c.sum.write(p[:n])
	switch {
	case errors.Is(err, io.EOF):
		if err := c.verify(); err != nil {
			return 0, err
		}
		c.ended = true
		return n, io.EOF
	case errors.Is(err, io.ErrUnexpectedEOF):
		return 0, incompleteBody().Because(err)
	case err != nil:
		var own *fault.Error
		if errors.As(err, &own) {
			return 0, own
		}
		return 0, fault.Invalid("RequestTimeout", "Your socket connection to the server was not read from or written to within the timeout period.").Because(err)
	}
	return n, nil
}

func incompleteBody() *fault.Error {
	return fault.Invalid("IncompleteBody", "You did not provide the number of bytes specified by the Content-Length HTTP header")
}

func (c *content) verify() error {
	switch {
	case c.expected >= 0 && c.read != c.expected:
		return incompleteBody().Becausef("%d bytes of %d", c.read, c.expected)
	case c.sha256 != nil && hex.EncodeToString(c.sha256.Sum(nil)) != c.declared:
		return fault.Invalid("XAmzContentSHA256Mismatch", "The provided 'x-amz-content-sha256' header does not match what was computed.").
			With("ClientComputedContentSHA256", c.declared).With("S3ComputedContentSHA256", hex.EncodeToString(c.sha256.Sum(nil)))
	case c.contentMD5 != nil && string(c.contentMD5) != string(c.md5.Sum(nil)):
		return fault.Invalid("BadDigest", "The Content-MD5 you specified did not match what we received.").
			With("ExpectedDigest", hex.EncodeToString(c.contentMD5)).With("CalculatedDigest", base64.StdEncoding.EncodeToString(c.md5.Sum(nil)))
	}
	var trailers map[string]string
	if c.trailers != nil {
		trailers = c.trailers()
	}
	return c.sum.verify(trailers)
}

// etag is the MD5 of what was read, in hexadecimal.
func (c *content) etag() string { return hex.EncodeToString(c.md5.Sum(nil)) }
