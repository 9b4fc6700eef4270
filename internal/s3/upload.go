package s3

import (
	"encoding/xml"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/store"
)

// Bounds of an upload in parts [D].
const (
	greatestPart = 10_000
	smallestPart = 5 << 20
)

// mostUploads bounds the uploads that a bucket may have open.
const mostUploads = 1000

func partsScope(bucketName, uploadID string) string { return bucketName + "\x00" + uploadID }

func partID(number int) string { return fmt.Sprintf("%05d", number) }

// createUpload begins an upload in parts.
func (x *exchange) createUpload() error {
	u := &upload{Key: x.key, Started: x.now().UTC()}
	var err error
	if u.attributes, err = x.attributesOf(); err != nil {
		return err
	}
	if kind := x.r.Header.Get("X-Amz-Checksum-Algorithm"); kind != "" {
		if kinds[kind] == nil {
			return invalidRequest("Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]")
		}
		u.Checksum = checksum{Kind: kind, Composite: x.r.Header.Get("X-Amz-Checksum-Type") != "FULL_OBJECT" && kind != "CRC64NVME"}
		x.w.Header().Set("x-amz-checksum-algorithm", kind)
		x.w.Header().Set("x-amz-checksum-type", u.Checksum.scope())
	}
	id := newVersionID() + newVersionID()
	err = x.change(func(tx *store.Tx, _ *bucket) error {
		open, err := uploads.Count(tx, x.bucket)
		if err != nil {
			return err
		}
		if open >= mostUploads {
			return fault.Invalid("SlowDown", "The bucket has %d uploads that have not ended. Complete or abort some.", open)
		}
		return uploads.Insert(tx, x.bucket, id, u)
	})
	if err != nil {
		return err
	}
	u.tellEncryption(x.w.Header())
	return x.answerXML(struct {
		XMLName  xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ InitiateMultipartUploadResult"`
		Bucket   string
		Key      string
		UploadID string `xml:"UploadId"`
	}{Bucket: x.bucket, Key: x.key, UploadID: id})
}

// openUpload reads the upload that a request names.
func (x *exchange) openUpload(tx *store.Tx) (*upload, error) {
	id := x.query.Get("uploadId")
	if id == "" {
		return nil, noSuchUpload(id)
	}
	u, err := uploads.Get(tx, x.bucket, id)
	if errors.Is(err, store.ErrNotFound) || err == nil && u.Key != x.key {
		return nil, noSuchUpload(id)
	}
	return u, err
}

// uploadPart takes in one part, or copies it from an object. A part that comes again takes the place of the one before.
func (x *exchange) uploadPart() error {
	number, err := strconv.Atoi(x.query.Get("partNumber"))
	if err != nil || number < 1 || number > greatestPart {
		return invalidArgument("partNumber", x.query.Get("partNumber"), "Part number must be an integer between 1 and 10000, inclusive")
	}
	if err := x.own(func(tx *store.Tx, _ *bucket) error { _, err := x.openUpload(tx); return err }); err != nil {
		return err
	}
	copying := x.r.Header.Get("X-Amz-Copy-Source") != ""
	p, content, err := x.receivePart(copying)
	if err != nil {
		return err
	}
	err = x.change(func(tx *store.Tx, _ *bucket) error {
		if _, err := x.openUpload(tx); err != nil {
			return err
		}
		scope := partsScope(x.bucket, x.query.Get("uploadId"))
		before, err := parts.Get(tx, scope, partID(number))
		if err == nil {
			err = x.release(tx, before.segment)
		}
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		if err := content.commit(tx); err != nil {
			return err
		}
		return parts.Put(tx, scope, partID(number), p)
	})
	if err != nil {
		return err
	}
	if copying {
		return x.answerXML(struct {
			XMLName      xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ CopyPartResult"`
			LastModified string
			ETag         string
		}{LastModified: stamp(p.Modified), ETag: quoted(p.ETag)})
	}
	x.w.Header().Set("ETag", quoted(p.ETag))
	p.Checksum.tell(x.w.Header())
	x.w.Header().Del("x-amz-checksum-type")
	attributes{}.tellEncryption(x.w.Header())
	return x.done()
}

// receivePart reads a part's content.
func (x *exchange) receivePart(copying bool) (*part, *staged, error) {
	body, err := x.body(MaxObject)
	if err != nil {
		return nil, nil, err
	}
	if copying {
		if body.from, body.expected, err = x.copiedPart(); err != nil {
			return nil, nil, err
		}
		body.sha256 = nil // the hash was of a body that the request does not have
	}
	content, err := x.stage(x.r.Context(), body)
	if err != nil {
		return nil, nil, err
	}
	return &part{ETag: body.etag(), Modified: x.now().UTC().Truncate(time.Millisecond), Checksum: body.sum.value(), segment: content.segment}, content, nil
}

// abortUpload forgets an upload with its parts.
func (x *exchange) abortUpload() error {
	err := x.change(func(tx *store.Tx, _ *bucket) error {
		if _, err := x.openUpload(tx); err != nil {
			return err
		}
		return x.dropUpload(tx, x.query.Get("uploadId"))
	})
	if err != nil {
		return err
	}
	return x.noContent()
}

// dropUpload removes an upload and lets its parts be collected.
func (x *exchange) dropUpload(tx *store.Tx, id string) error {
	scope := partsScope(x.bucket, id)
	found, _, err := parts.List(tx, scope, store.Page{})
	if err != nil {
		return err
	}
	for _, p := range found {
		if err := x.release(tx, p.Value.segment); err != nil {
			return err
		}
	}
	if _, err := parts.DeleteScope(tx, scope); err != nil {
		return err
	}
	return uploads.Delete(tx, x.bucket, id)
}

// listUploads lists the uploads of a bucket that have not ended, all at once: there are at most a thousand.
func (x *exchange) listUploads() error {
	type listed struct {
		Key          string
		UploadID     string `xml:"UploadId"`
		Initiator    owner
		Owner        owner
		StorageClass string
		Initiated    string
	}
	out := struct {
		XMLName        xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ListMultipartUploadsResult"`
		Bucket         string
		KeyMarker      string
		UploadIDMarker string `xml:"UploadIdMarker"`
		Prefix         string
		MaxUploads     int
		IsTruncated    bool
		Uploads        []listed `xml:"Upload"`
	}{Bucket: x.bucket, Prefix: x.query.Get("prefix"), MaxUploads: mostUploads}
	err := x.own(func(tx *store.Tx, _ *bucket) error {
		out.Uploads = nil
		found, _, err := uploads.List(tx, x.bucket, store.Page{})
		if err != nil {
			return err
		}
		who := ownerOf(x.account)
		for _, u := range found {
			if strings.HasPrefix(u.Value.Key, out.Prefix) {
				out.Uploads = append(out.Uploads, listed{u.Value.Key, u.ID, who, who, "STANDARD", stamp(u.Value.Started)})
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return x.answerXML(out)
}
