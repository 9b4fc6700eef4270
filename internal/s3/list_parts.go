package s3

import (
	"encoding/xml"
	"strconv"

	"github.com/poolgate/poolgate/internal/store"
)

// listParts lists the parts of an upload that have come.
func (x *exchange) listParts() error {
	type listed struct {
		PartNumber   int
		LastModified string
		ETag         string
		Size         int64
	}
	out := struct {
		XMLName      xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ListPartsResult"`
		Bucket       string
		Key          string
		UploadID     string `xml:"UploadId"`
		Initiator    owner
		Owner        owner
		StorageClass string
		Marker       int `xml:"PartNumberMarker"`
		NextMarker   int `xml:"NextPartNumberMarker"`
		MaxParts     int
		IsTruncated  bool
		Parts        []listed `xml:"Part"`
	}{Bucket: x.bucket, Key: x.key, UploadID: x.query.Get("uploadId"), StorageClass: "STANDARD", Owner: ownerOf(x.account), Initiator: ownerOf(x.account)}
	var err error
	if out.MaxParts, err = x.number("max-parts", greatestPage); err != nil {
		return err
	}
	if x.query.Get("part-number-marker") != "" {
		if out.Marker, err = x.number("part-number-marker", greatestPart); err != nil {
			return err
		}
	}
	err = x.own(func(tx *store.Tx, _ *bucket) error {
		if _, err := x.openUpload(tx); err != nil {
			return err
		}
		out.Parts = nil
		found, more, err := parts.List(tx, partsScope(x.bucket, out.UploadID), store.Page{After: partID(out.Marker), Limit: max(out.MaxParts, 1)})
		for _, p := range found {
			number, err := strconv.Atoi(p.ID)
			if err != nil {
				return err
			}
			out.NextMarker = number
			out.Parts = append(out.Parts, listed{number, stamp(p.Value.Modified), quoted(p.Value.ETag), p.Value.Size})
		}
		out.IsTruncated = more
		return err
	})
	if err != nil {
		return err
	}
	return x.answerXML(out)
}
