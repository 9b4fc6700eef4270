package s3

import (
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/poolgate/poolgate/internal/store"
)

// The collections. Names of buckets are one namespace for all accounts, as on AWS. An object's scope is its bucket and its id
// its key with what orders its versions, newest first; pieces have the blob that they are of as their scope.
var (
	buckets = store.Collection[bucket]{Name: "s3.bucket", Version: 1, Keys: func(b *bucket) []store.Key {
		return []store.Key{{Index: byAccount, Value: b.Account}}
	}}
	objects = store.Collection[object]{Name: "s3.object", Version: 1}
	pieces  = store.Collection[piece]{Name: "s3.piece", Version: 1}
	// loose are blobs that nothing refers to: uploads in progress, and what was deleted while somebody may still read it.
	loose   = store.Collection[looseBlob]{Name: "s3.loose", Version: 1}
	uploads = store.Collection[upload]{Name: "s3.upload", Version: 1}
	// parts have the bucket and the upload as their scope.
	parts = store.Collection[part]{Name: "s3.part", Version: 1}
)

const (
	byAccount = "account"
	// allBuckets is the scope of buckets, allLoose that of loose blobs.
	allBuckets = "buckets"
	allLoose   = "loose"
)

// bucket is a bucket with its settings.
type bucket struct {
	Account, Region string
	Created         time.Time
	// Versioning is empty, Enabled or Suspended.
	Versioning string `json:",omitempty"`
	// Settings are documents as they were sent, by subresource.
	Settings map[string]string `json:",omitempty"`
}

// object is one version of an object, or the marker that it was deleted.
type object struct {
	Key, VersionID string
	Modified       time.Time
	Size           int64
	ETag           string
	Marker         bool `json:",omitempty"`
	// Segments are where the content is, in order.
	Segments []segment `json:",omitempty"`
	attributes
}

// attributes are what a client says of an object beside its content.
type attributes struct {
	// Headers are Content-Type and the like, Metadata what x-amz-meta- headers say, by their names in lower case.
	Headers  map[string]string `json:",omitempty"`
	Metadata map[string]string `json:",omitempty"`
	Tags     []tag             `json:",omitempty"`
	// Checksum is the object's, of the kind that the client chose.
	Checksum checksum
}

// segment is a run of bytes that was uploaded at a time.
type segment struct {
	Blob string
	Size int64
}

// piece is part of a blob: a database likes many small values better than one large one.
type piece struct{ Data []byte }

// looseBlob is removed after Until.
type looseBlob struct{ Until time.Time }

// upload is an upload in parts that has not ended.
type upload struct {
	Key     string
	Started time.Time
	attributes
}

// part is one part of an upload.
type part struct {
	ETag     string
	Modified time.Time
	Checksum checksum
	segment
}

// nullVersion is the id of versions that were made while versioning was not enabled.
const nullVersion = "null"

// objectID orders versions of a key newest first. A key holds no NUL.
func objectID(key string, at time.Time) string {
	return fmt.Sprintf("%s\x00%016x", key, uint64(math.MaxInt64-at.UnixNano()))
}

// timeOf is when the version of an id was made.
func timeOf(id string) time.Time {
	raw, err := hex.DecodeString(id[strings.LastIndexByte(id, 0)+1:])
	if err != nil || len(raw) != 8 {
		return time.Time{}
	}
	var n int64
	for _, b := range raw {
		n = n<<8 | int64(b)
	}
	return time.Unix(0, math.MaxInt64-n)
}

// version is a version with the id that it is stored by.
type version struct {
	id string
	*object
}

// newest finds a key's newest version, a marker included; nil when there is none.
func newest(tx *store.Tx, bucketName, key string) (*version, error) {
	found, _, err := objects.List(tx, bucketName, store.Page{After: key + "\x00", Limit: 1})
	if err != nil || len(found) == 0 || found[0].Value.Key != key {
		return nil, err
	}
	return &version{found[0].ID, found[0].Value}, nil
}

// findVersion finds a version by its id; nil when there is none.
func findVersion(tx *store.Tx, bucketName, key, versionID string) (*version, error) {
	for after := key + "\x00"; ; {
		found, more, err := objects.List(tx, bucketName, store.Page{After: after, Limit: 100})
		if err != nil {
			return nil, err
		}
		for _, f := range found {
			if f.Value.Key != key {
				return nil, nil
			}
			if f.Value.VersionID == versionID {
				return &version{f.ID, f.Value}, nil
			}
			after = f.ID
		}
		if !more {
			return nil, nil
		}
	}
}

// lookUp finds what a request for a key and perhaps a version means.
func lookUp(tx *store.Tx, bucketName, key, versionID string) (*version, error) {
	if versionID == "" {
		return newest(tx, bucketName, key)
	}
	return findVersion(tx, bucketName, key, versionID)
}

// bucketNamed reads a bucket, or refuses.
func bucketNamed(tx *store.Tx, name string) (*bucket, error) {
	b, err := buckets.Get(tx, allBuckets, name)
	if errors.Is(err, store.ErrNotFound) {
		return nil, noSuchBucket(name)
	}
	return b, err
}
