package s3

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/store"
)

// putObject stores an object, or a copy of another one.
func (x *exchange) putObject() error {
	if x.r.Header.Get("X-Amz-Copy-Source") != "" {
		return x.copyObject()
	}
	o := &object{Key: x.key}
	var err error
	if o.attributes, err = x.attributesOf(); err != nil {
		return err
	}
	if x.r.ContentLength < 0 && x.r.Header.Get("X-Amz-Decoded-Content-Length") == "" {
		return fault.Invalid("MissingContentLength", "You must provide the Content-Length HTTP header.")
	}
	// Whoever may not write is told before the body has come.
	if err := x.own(x.mayWrite); err != nil {
		return err
	}
	body, err := x.body(MaxObject)
	if err != nil {
		return err
	}
	content, err := x.stage(x.r.Context(), body)
	if err != nil {
		return err
	}
	o.Size, o.ETag, o.Checksum, o.Segments = content.Size, body.etag(), body.sum.value(), content.segments()
	if err := x.write(content, o); err != nil {
		return err
	}
	return x.done()
}

// write makes staged content an object of the bucket, in one transaction, and tells what was written in the answer's head.
func (x *exchange) write(content *staged, o *object) error {
	versioned := false
	err := x.change(func(tx *store.Tx, b *bucket) error {
		if err := x.mayWrite(tx, b); err != nil {
			return err
		}
		if err := content.commit(tx); err != nil {
			return err
		}
		versioned = b.Versioning != ""
		return x.keep(tx, b, o)
	})
	if err != nil {
		return err
	}
	x.tellWritten(o, versioned)
	return nil
}

// tellWritten puts what a writer wants to know of an object into the answer.
func (x *exchange) tellWritten(o *object, versioned bool) {
	header := x.w.Header()
	header.Set("ETag", quoted(o.ETag))
	if versioned {
		header.Set("x-amz-version-id", o.VersionID)
	}
	o.Checksum.tell(header)
	o.tellEncryption(header)
}

// mayWrite holds the object that is there against the request's conditions.
func (x *exchange) mayWrite(tx *store.Tx, _ *bucket) error {
	match, noneMatch := x.r.Header.Get("If-Match"), x.r.Header.Get("If-None-Match")
	if match == "" && noneMatch == "" {
		return nil
	}
	there, err := newest(tx, x.bucket, x.key)
	if err != nil {
		return err
	}
	if there != nil && there.Marker {
		there = nil
	}
	switch {
	case noneMatch != "" && noneMatch != "*":
		return notImplemented("If-None-Match of an entity tag on a write")
	case noneMatch == "*" && there != nil:
		return preconditionFailed("If-None-Match")
	case match != "" && there == nil:
		return noSuchKey(x.key)
	case match != "" && !etagIn(match, there.ETag):
		return preconditionFailed("If-Match")
	}
	return nil
}

// keep stores a version of an object as the newest one. While versioning is not enabled it takes the place of the version
// that was made without it.
func (x *exchange) keep(tx *store.Tx, b *bucket, o *object) error {
	now := x.now()
	before, err := newest(tx, x.bucket, o.Key)
	if err != nil {
		return err
	}
	if before != nil {
		// A clock that went back must not bring an old version to the front.
		if made := timeOf(before.id); !now.After(made) {
			now = made.Add(time.Nanosecond)
		}
	}
	o.Modified, o.VersionID = now.UTC().Truncate(time.Millisecond), nullVersion
	if b.Versioning == versioningEnabled {
		o.VersionID = newVersionID()
	} else if err := x.dropNull(tx, b, o.Key, before); err != nil {
		return err
	}
	return objects.Put(tx, x.bucket, objectID(o.Key, now), o)
}

func newVersionID() string {
	a, b := uuid.New(), uuid.New()
	return fmt.Sprintf("%x", append(a[:], b[:]...))[:32]
}

// dropNull removes the version of a key that was made without versioning, if there is one.
func (x *exchange) dropNull(tx *store.Tx, b *bucket, key string, before *version) error {
	if b.Versioning != "" {
		var err error
		if before, err = findVersion(tx, x.bucket, key, nullVersion); err != nil {
			return err
		}
	}
	if before == nil {
		return nil
	}
	return x.drop(tx, before)
}

// drop removes one version.
func (s *Service) dropVersion(tx *store.Tx, bucketName string, v *version) error {
	if err := s.release(tx, v.Segments...); err != nil {
		return err
	}
	return objects.Delete(tx, bucketName, v.id)
}

func (x *exchange) drop(tx *store.Tx, v *version) error { return x.dropVersion(tx, x.bucket, v) }

// etagIn tells whether a condition names an entity tag.
func etagIn(condition, etag string) bool {
	for part := range strings.SplitSeq(condition, ",") {
		part = strings.Trim(strings.TrimPrefix(strings.TrimSpace(part), "W/"), `"`)
		if part == etag || part == "*" {
			return true
		}
	}
	return false
}

var _ http.Handler = (*Service)(nil)

// ServeHTTP answers a request whose path names the bucket.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.ServeBucket(w, r, "") }
