package s3

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/store"
	"github.com/poolgate/poolgate/internal/wire/sigv4"
)

// exchange is one request with what is found out about it.
type exchange struct {
	*Service
	w         http.ResponseWriter
	r         *http.Request
	requestID string
	query     url.Values
	// bucket and key are what the request is about; either may be empty.
	bucket, key string
	// hostBucket is the bucket when the host names it.
	hostBucket      string
	account, region string
	// head is the verified signature; nil while signatures are not verified.
	head *sigv4.Head
	// operation is AWS's name of what is asked for.
	operation string
}

// ServeBucket answers a request. hostBucket is the bucket that its host names; empty means that the path names it.
func (s *Service) ServeBucket(w http.ResponseWriter, r *http.Request, hostBucket string) {
	x := &exchange{Service: s, w: w, r: r, bucket: hostBucket, hostBucket: hostBucket, requestID: requestID()}
	header := w.Header()
	header.Set("x-amz-request-id", x.requestID)
	header.Set("x-amz-id-2", base64.StdEncoding.EncodeToString([]byte(x.requestID+x.requestID)))
	header.Set("Server", "AmazonS3")
	if err := x.serve(); err != nil {
		x.refuse(err)
	}
}

// requestID is sixteen upper-case hexadecimal digits, as S3's are.
func requestID() string {
	var id [8]byte
	_, _ = rand.Read(id[:])
	return strings.ToUpper(hex.EncodeToString(id[:]))
}

func (x *exchange) serve() error {
	if err := x.address(); err != nil {
		return err
	}
	if err := x.authenticate(); err != nil {
		return err
	}
	o, err := x.route()
	if err != nil {
		return err
	}
	x.operation = o.name
	return o.run(x)
}

// maxKey is a key's greatest length, in bytes.
const maxKey = 1024

// address reads bucket, key and query from the URL as it was sent.
func (x *exchange) address() error {
	path := strings.TrimPrefix(x.r.URL.EscapedPath(), "/")
	var err error
	if x.query, err = url.ParseQuery(x.r.URL.RawQuery); err != nil {
		return fault.Malformed("InvalidURI", "Couldn't parse the specified URI.").Because(err)
	}
	if x.bucket == "" {
		x.bucket, path, _ = strings.Cut(path, "/")
		if x.bucket, err = url.PathUnescape(x.bucket); err != nil {
			return fault.Malformed("InvalidURI", "Couldn't parse the specified URI.").Because(err)
		}
	}
	x.key, err = url.PathUnescape(path)
	switch {
	case err != nil || !utf8.ValidString(x.key) || strings.Contains(x.key, "\x00"):
		return fault.Malformed("InvalidURI", "Couldn't parse the specified URI.").Because(err)
	case len(x.key) > maxKey:
		return fault.Invalid("KeyTooLongError", "Your key is too long").With("Size", len(x.key)).With("MaxSizeAllowed", maxKey)
	}
	return nil
}

// refuse is the one place that writes an error. An answer that has begun can only be cut off.
func (x *exchange) refuse(err error) {
	e := faultOf(err)
	if e.Kind == fault.KindInternal {
		x.log.Error("S3", "operation", x.operation, "request", x.requestID, "error", e.Cause)
	}
	status := statusOf(e)
	header := x.w.Header()
	if e.Code == "PermanentRedirect" || e.Code == "AuthorizationHeaderMalformed" {
		if region, ok := e.Members["Region"].(string); ok {
			header.Set("x-amz-bucket-region", region)
		}
	}
	if x.r.Method == http.MethodHead || status == http.StatusNotModified {
		header.Del("Content-Type")
		x.w.WriteHeader(status)
		return
	}
	body := errorXML(e, x.resource(), x.requestID, header.Get("x-amz-id-2"))
	header.Set("Content-Type", "application/xml")
	x.w.WriteHeader(status)
	_, _ = x.w.Write(body)
}

// faultOf finds the fault, also of what a body's reader gave.
func faultOf(err error) *fault.Error {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return entityTooLarge(0, tooLarge.Limit)
	}
	e := fault.From(err)
	if e.Kind == fault.KindInternal && e.Code == "InternalErrorException" {
		internal := *e
		internal.Code, internal.Message = "InternalError", "We encountered an internal error. Please try again."
		return &internal
	}
	return e
}

func (x *exchange) resource() string {
	if x.key == "" {
		return "/" + x.bucket
	}
	return "/" + x.bucket + "/" + x.key
}

// own runs fn in a View on the request's bucket, which must be the caller's.
func (x *exchange) own(fn func(*store.Tx, *bucket) error) error {
	return x.store.View(x.r.Context(), func(tx *store.Tx) error {
		b, err := x.ownBucket(tx)
		if err != nil {
			return err
		}
		return fn(tx, b)
	})
}

// change runs fn in an Update on the request's bucket, which must be the caller's. What fn does may be done more than once.
func (x *exchange) change(fn func(*store.Tx, *bucket) error) error {
	return x.store.Update(x.r.Context(), func(tx *store.Tx) error {
		b, err := x.ownBucket(tx)
		if err != nil {
			return err
		}
		return fn(tx, b)
	})
}

func (x *exchange) ownBucket(tx *store.Tx) (*bucket, error) {
	if err := checkName(x.bucket); err != nil {
		return nil, err
	}
	b, err := bucketNamed(tx, x.bucket)
	if err != nil {
		return nil, err
	}
	if b.Account != x.account {
		return nil, accessDenied()
	}
	if wanted := x.r.Header.Get("X-Amz-Expected-Bucket-Owner"); wanted != "" && wanted != b.Account {
		return nil, accessDenied()
	}
	// Where a bucket is may be asked from everywhere; all else is asked where it is.
	if x.region != b.Region && x.operation != "GetBucketLocation" {
		return nil, fault.Invalid("AuthorizationHeaderMalformed", "The authorization header is malformed; the region '%s' is wrong; expecting '%s'",
			x.region, b.Region).With("Region", b.Region)
	}
	return b, nil
}
