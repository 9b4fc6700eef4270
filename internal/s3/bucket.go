package s3

import (
	"encoding/xml"
	"errors"
	"net/http"
	"net/netip"
	"regexp"
	"strings"
	"time"

	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/store"
)

// classic is the region that was there first: its location is written as nothing.
const classic = "us-east-1"

var bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)

// ValidBucket tells whether a text can be a bucket's name, by the rules for general purpose buckets [D].
func ValidBucket(name string) bool {
	if !bucketName.MatchString(name) || strings.Contains(name, "..") {
		return false
	}
	_, err := netip.ParseAddr(name)
	return err != nil
}

func checkName(name string) error {
	if ValidBucket(name) {
		return nil
	}
	return fault.Invalid("InvalidBucketName", "The specified bucket is not valid.").With("BucketName", name)
}

// createBucket makes a bucket where the request was signed for.
func (x *exchange) createBucket() error {
	if err := checkName(x.bucket); err != nil {
		return err
	}
	if err := x.checkLocation(); err != nil {
		return err
	}
	if x.r.Header.Get("X-Amz-Bucket-Object-Lock-Enabled") == "true" {
		return notImplemented("object lock")
	}
	if err := x.plainACL(); err != nil {
		return err
	}
	err := x.store.Update(x.r.Context(), func(tx *store.Tx) error {
		b := &bucket{Account: x.account, Region: x.region, Created: x.now().UTC().Truncate(time.Second)}
		if ownership := x.r.Header.Get("X-Amz-Object-Ownership"); ownership != "" {
			b.Settings = map[string]string{"ownershipControls": ownershipDocument(ownership)}
		}
		err := buckets.Insert(tx, allBuckets, x.bucket, b)
		if errors.Is(err, store.ErrExists) {
			return x.takenBucket(tx)
		}
		return err
	})
	if err != nil {
		return err
	}
	x.w.Header().Set("Location", "/"+x.bucket)
	return x.done()
}

// takenBucket says whose a bucket is. In the classic region, making one's own again is no error, as on AWS.
func (x *exchange) takenBucket(tx *store.Tx) error {
	there, err := bucketNamed(tx, x.bucket)
	switch {
	case err != nil:
		return err
	case there.Account != x.account:
		return fault.Conflict("BucketAlreadyExists", "The requested bucket name is not available. The bucket namespace is shared by all users "+
			"of the system. Please select a different name and try again.").With("BucketName", x.bucket)
	case there.Region == classic && x.region == classic:
		return nil
	}
	return fault.Conflict("BucketAlreadyOwnedByYou", "Your previous request to create the named bucket succeeded and you already own it.").
		With("BucketName", x.bucket)
}

// checkLocation holds the region that a request names against the one that it was sent to.
func (x *exchange) checkLocation() error {
	text, err := x.readDocument()
	if err != nil {
		return err
	}
	var wanted struct {
		XMLName            xml.Name `xml:"CreateBucketConfiguration"`
		LocationConstraint string
		Tags               *struct{} `xml:"Tags"`
	}
	if len(text) > 0 {
		if err := xml.Unmarshal(text, &wanted); err != nil {
			return malformedXML().Because(err)
		}
	}
	location := wanted.LocationConstraint
	if location == "EU" {
		location = "eu-west-1"
	}
	switch {
	case location == x.region && location != classic, location == "" && x.region == classic:
		return nil
	case location == classic:
		return fault.Invalid("InvalidLocationConstraint", "The specified location-constraint is not valid").With("LocationConstraint", location)
	case location == "":
		location = "unspecified"
	}
	return fault.Invalid("IllegalLocationConstraintException",
		"The %s location constraint is incompatible for the region specific endpoint this request was sent to.", location)
}

func (x *exchange) headBucket() error {
	var region string
	err := x.own(func(_ *store.Tx, b *bucket) error { region = b.Region; return nil })
	if err != nil {
		return err
	}
	x.w.Header().Set("x-amz-bucket-region", region)
	x.w.Header().Set("x-amz-access-point-alias", "false")
	x.w.Header().Set("Content-Type", "application/xml")
	x.w.WriteHeader(http.StatusOK)
	return nil
}

// deleteBucket removes an empty bucket. Uploads that have not ended do not keep it, as on AWS.
func (x *exchange) deleteBucket() error {
	err := x.change(func(tx *store.Tx, _ *bucket) error {
		found, _, err := objects.List(tx, x.bucket, store.Page{Limit: 1})
		if err != nil {
			return err
		}
		if len(found) > 0 {
			text := "The bucket you tried to delete is not empty"
			if found[0].Value.VersionID != nullVersion {
				text += ". You must delete all versions in the bucket."
			}
			return fault.Conflict("BucketNotEmpty", "%s", text).With("BucketName", x.bucket)
		}
		open, _, err := uploads.List(tx, x.bucket, store.Page{})
		if err != nil {
			return err
		}
		for _, u := range open {
			if err := x.dropUpload(tx, u.ID); err != nil {
				return err
			}
		}
		return buckets.Delete(tx, allBuckets, x.bucket)
	})
	if err != nil {
		return err
	}
	return x.noContent()
}

type owner struct {
	ID          string
	DisplayName string `xml:",omitempty"`
}

type listedBucket struct {
	Name         string
	CreationDate string
	BucketRegion string `xml:",omitempty"`
}

func (x *exchange) listBuckets() error {
	out := struct {
		XMLName           xml.Name       `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ListAllMyBucketsResult"`
		Owner             owner          `xml:"Owner"`
		Buckets           []listedBucket `xml:"Buckets>Bucket"`
		Prefix            string         `xml:",omitempty"`
		ContinuationToken string         `xml:",omitempty"`
	}{Owner: ownerOf(x.account), Prefix: x.query.Get("prefix")}
	limit, err := x.number("max-buckets", 10_000)
	if err != nil {
		return err
	}
	after, err := unsealToken(x.query.Get("continuation-token"))
	if err != nil {
		return err
	}
	err = x.store.View(x.r.Context(), func(tx *store.Tx) error {
		out.Buckets = []listedBucket{}
		found, _, err := buckets.Find(tx, allBuckets, store.Key{Index: byAccount, Value: x.account}, store.Page{After: after})
		if err != nil {
			return err
		}
		region := x.query.Get("bucket-region")
		for _, f := range found {
			if !strings.HasPrefix(f.ID, out.Prefix) || region != "" && region != f.Value.Region {
				continue
			}
			if len(out.Buckets) == limit {
				out.ContinuationToken = sealToken(out.Buckets[limit-1].Name)
				return nil
			}
			out.Buckets = append(out.Buckets, listedBucket{f.ID, stamp(f.Value.Created), f.Value.Region})
		}
		return nil
	})
	if err != nil {
		return err
	}
	return x.answerXML(out)
}

func (x *exchange) bucketLocation() error {
	out := struct {
		XMLName  xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ LocationConstraint"`
		Location string   `xml:",chardata"`
	}{}
	err := x.own(func(_ *store.Tx, b *bucket) error {
		if b.Region != classic {
			out.Location = b.Region
		}
		return nil
	})
	if err != nil {
		return err
	}
	return x.answerXML(out)
}
