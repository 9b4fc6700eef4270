package s3

import (
	"encoding/xml"

	"github.com/poolgate/poolgate/internal/store"
)

// deletion is what became of a key.
type deletion struct {
	// version is the one that was removed or made; marker says that it is a marker.
	version string
	marker  bool
	// made says that a marker was made, not removed.
	made bool
}

// delete removes a version, or makes a marker where versioning is in use. A key that is not there is deleted too.
func (x *exchange) delete(tx *store.Tx, b *bucket, key, versionID string) (deletion, error) {
	if versionID != "" {
		v, err := findVersion(tx, x.bucket, key, versionID)
		if err != nil || v == nil {
			return deletion{version: versionID}, err
		}
		return deletion{version: versionID, marker: v.Marker}, x.drop(tx, v)
	}
	if b.Versioning == "" {
		v, err := newest(tx, x.bucket, key)
		if err != nil || v == nil {
			return deletion{}, err
		}
		return deletion{}, x.drop(tx, v)
	}
	marker := &object{Key: key, Marker: true}
	err := x.keep(tx, b, marker)
	return deletion{version: marker.VersionID, marker: true, made: true}, err
}

func (x *exchange) deleteObject() error {
	var gone deletion
	err := x.change(func(tx *store.Tx, b *bucket) (err error) {
		if match := x.r.Header.Get("If-Match"); match != "" {
			if err := x.mayWrite(tx, b); err != nil {
				return err
			}
		}
		gone, err = x.delete(tx, b, x.key, x.query.Get("versionId"))
		return err
	})
	if err != nil {
		return err
	}
	if gone.version != "" {
		x.w.Header().Set("x-amz-version-id", gone.version)
	}
	if gone.marker {
		x.w.Header().Set("x-amz-delete-marker", "true")
	}
	return x.noContent()
}

// maxDeletes is how many keys one request may name.
const maxDeletes = 1000

type deletedKey struct {
	Key                   string
	VersionID             string `xml:"VersionId,omitempty"`
	DeleteMarker          bool   `xml:",omitempty"`
	DeleteMarkerVersionID string `xml:"DeleteMarkerVersionId,omitempty"`
}

// deleteObjects deletes up to a thousand keys, all or none.
func (x *exchange) deleteObjects() error {
	in := struct {
		XMLName xml.Name `xml:"Delete"`
		Quiet   bool
		Objects []struct {
			Key       string
			VersionID string `xml:"VersionId"`
		} `xml:"Object"`
	}{}
	if x.r.Header.Get("Content-Md5") == "" && x.r.Header.Get("X-Amz-Sdk-Checksum-Algorithm") == "" && !x.carriesChecksum() {
		return invalidRequest("Missing required header for this request: Content-MD5 OR x-amz-checksum-*")
	}
	if err := x.readXML(&in); err != nil {
		return err
	}
	if len(in.Objects) == 0 || len(in.Objects) > maxDeletes {
		return malformedXML()
	}
	out := struct {
		XMLName xml.Name     `xml:"http://s3.amazonaws.com/doc/2006-03-01/ DeleteResult"`
		Deleted []deletedKey `xml:"Deleted"`
	}{}
	err := x.change(func(tx *store.Tx, b *bucket) error {
		out.Deleted = nil
		for _, o := range in.Objects {
			gone, err := x.delete(tx, b, o.Key, o.VersionID)
			if err != nil {
				return err
			}
			told := deletedKey{Key: o.Key, VersionID: o.VersionID, DeleteMarker: gone.marker}
			if gone.marker {
				told.DeleteMarkerVersionID = gone.version
			}
			if !in.Quiet {
				out.Deleted = append(out.Deleted, told)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return x.answerXML(out)
}

func (x *exchange) carriesChecksum() bool {
	for kind := range kinds {
		if x.r.Header.Get(checksumHeader(kind)) != "" {
			return true
		}
	}
	return x.r.Header.Get("X-Amz-Trailer") != ""
}
