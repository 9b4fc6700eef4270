package s3

import (
	"encoding/xml"

	"github.com/poolgate/poolgate/internal/store"
)

type tag struct{ Key, Value string }

type tagging struct {
	XMLName xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ Tagging"`
	Tags    []tag    `xml:"TagSet>Tag"`
}

func (x *exchange) getObjectTagging() error {
	out := tagging{}
	err := x.own(func(tx *store.Tx, b *bucket) error {
		o, err := readable(tx, x.bucket, x.key, x.query.Get("versionId"))
		if err != nil {
			return err
		}
		if b.Versioning != "" {
			x.w.Header().Set("x-amz-version-id", o.VersionID)
		}
		out.Tags = o.Tags
		return nil
	})
	if err != nil {
		return err
	}
	return x.answerXML(out)
}

func (x *exchange) putObjectTagging() error {
	in := struct {
		XMLName xml.Name `xml:"Tagging"`
		Tags    []tag    `xml:"TagSet>Tag"`
	}{}
	if err := x.readXML(&in); err != nil {
		return err
	}
	if err := checkTags(in.Tags); err != nil {
		return err
	}
	if err := x.setTags(in.Tags); err != nil {
		return err
	}
	return x.done()
}

func (x *exchange) deleteObjectTagging() error {
	if err := x.setTags(nil); err != nil {
		return err
	}
	return x.noContent()
}

// setTags replaces a version's tags; the version stays what it is.
func (x *exchange) setTags(tags []tag) error {
	return x.change(func(tx *store.Tx, b *bucket) error {
		versionID := x.query.Get("versionId")
		if _, err := readable(tx, x.bucket, x.key, versionID); err != nil {
			return err
		}
		v, err := lookUp(tx, x.bucket, x.key, versionID)
		if err != nil {
			return err
		}
		if b.Versioning != "" {
			x.w.Header().Set("x-amz-version-id", v.VersionID)
		}
		v.Tags = tags
		return objects.Put(tx, x.bucket, v.id, v.object)
	})
}
