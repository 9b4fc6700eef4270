package s3

import (
	"encoding/xml"
	"fmt"

	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/store"
)

// ownerOf is an account's canonical user, which has the form of AWS's and is always the same for an account.
func ownerOf(account string) owner { return owner{ID: fmt.Sprintf("%064s", account)} }

type grant struct {
	Grantee struct {
		XSI  string `xml:"xmlns:xsi,attr"`
		Type string `xml:"xsi:type,attr"`
		ID   string
	}
	Permission string
}

// getACL shows that the owner may do everything and nobody else anything, which is so.
func (x *exchange) getACL() error {
	out := struct {
		XMLName xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ AccessControlPolicy"`
		Owner   owner    `xml:"Owner"`
		Grants  []grant  `xml:"AccessControlList>Grant"`
	}{Owner: ownerOf(x.account)}
	full := grant{Permission: "FULL_CONTROL"}
	full.Grantee.XSI, full.Grantee.Type, full.Grantee.ID = "http://www.w3.org/2001/XMLSchema-instance", "CanonicalUser", out.Owner.ID
	out.Grants = []grant{full}
	err := x.own(func(tx *store.Tx, _ *bucket) error {
		if x.key == "" {
			return nil
		}
		_, err := readable(tx, x.bucket, x.key, x.query.Get("versionId"))
		return err
	})
	if err != nil {
		return err
	}
	return x.answerXML(out)
}

// plainACL refuses what would open something to others: here, as in every new bucket on AWS, lists of access are off.
func (x *exchange) plainACL() error {
	header := x.r.Header
	switch header.Get("X-Amz-Acl") {
	case "", "private", "bucket-owner-full-control", "bucket-owner-read":
	default:
		return aclsOff()
	}
	for _, name := range []string{"Read", "Write", "Read-Acp", "Write-Acp", "Full-Control"} {
		if header.Get("X-Amz-Grant-"+name) != "" {
			return aclsOff()
		}
	}
	return nil
}

func aclsOff() error {
	return fault.Invalid("AccessControlListNotSupported", "The bucket does not allow ACLs")
}

// putACL takes a list that changes nothing: one that gives the owner everything.
func (x *exchange) putACL() error {
	if err := x.plainACL(); err != nil {
		return err
	}
	text, err := x.readDocument()
	if err != nil {
		return err
	}
	if len(text) > 0 {
		in := struct {
			XMLName xml.Name `xml:"AccessControlPolicy"`
			Grants  []struct {
				Grantee    struct{ ID string }
				Permission string
			} `xml:"AccessControlList>Grant"`
		}{}
		if err := xml.Unmarshal(text, &in); err != nil {
			return malformedXML().Because(err)
		}
		for _, g := range in.Grants {
			if g.Grantee.ID != ownerOf(x.account).ID {
				return aclsOff()
			}
		}
	}
	err = x.own(func(tx *store.Tx, _ *bucket) error {
		if x.key == "" {
			return nil
		}
		_, err := readable(tx, x.bucket, x.key, x.query.Get("versionId"))
		return err
	})
	if err != nil {
		return err
	}
	return x.done()
}
