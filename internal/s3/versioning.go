package s3

import (
	"encoding/xml"

	"github.com/poolgate/poolgate/internal/store"
)

const (
	versioningEnabled   = "Enabled"
	versioningSuspended = "Suspended"
)

type versioningConfiguration struct {
	XMLName   xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ VersioningConfiguration"`
	Status    string   `xml:",omitempty"`
	MFADelete string   `xml:"MfaDelete,omitempty"`
}

func (x *exchange) getVersioning() error {
	out := versioningConfiguration{}
	err := x.own(func(_ *store.Tx, b *bucket) error { out.Status = b.Versioning; return nil })
	if err != nil {
		return err
	}
	return x.answerXML(out)
}

// putVersioning enables or suspends versioning. A bucket that had it never is without again, as on AWS.
func (x *exchange) putVersioning() error {
	in := struct {
		XMLName   xml.Name `xml:"VersioningConfiguration"`
		Status    string
		MFADelete string `xml:"MfaDelete"`
	}{}
	if err := x.readXML(&in); err != nil {
		return err
	}
	if in.MFADelete == versioningEnabled {
		return notImplemented("MFA delete")
	}
	if in.Status != versioningEnabled && in.Status != versioningSuspended {
		return malformedXML()
	}
	err := x.change(func(tx *store.Tx, b *bucket) error {
		b.Versioning = in.Status
		return buckets.Put(tx, allBuckets, x.bucket, b)
	})
	if err != nil {
		return err
	}
	return x.done()
}

// policyStatus tells whether the bucket is public. None is.
func (x *exchange) policyStatus() error {
	err := x.own(func(_ *store.Tx, b *bucket) error { _, err := b.setting("policy", settings["policy"]); return err })
	if err != nil {
		return err
	}
	return x.answerXML(struct {
		XMLName  xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ PolicyStatus"`
		IsPublic bool
	}{})
}
