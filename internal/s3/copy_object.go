package s3

import (
	"encoding/xml"
	"net/url"
	"strings"

	"github.com/poolgate/poolgate/internal/store"
)

// sourceOf reads X-Amz-Copy-Source: /bucket/key?versionId=…, escaped.
func (x *exchange) sourceOf() (bucketName, key, versionID string, err error) {
	text := x.r.Header.Get("X-Amz-Copy-Source")
	bad := invalidArgument("x-amz-copy-source", text, "Copy Source must mention the source bucket and key: sourcebucket/sourcekey")
	path, query, _ := strings.Cut(text, "?versionId=")
	if path, err = url.PathUnescape(path); err != nil {
		return "", "", "", bad
	}
	bucketName, key, found := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	if !found || key == "" {
		return "", "", "", bad
	}
	return bucketName, key, query, nil
}

// source finds the object that is to be copied and checks the request's conditions on it.
func (x *exchange) source() (*object, string, error) {
	bucketName, key, versionID, err := x.sourceOf()
	if err != nil {
		return nil, "", err
	}
	var from *object
	err = x.store.View(x.r.Context(), func(tx *store.Tx) error {
		b, err := bucketNamed(tx, bucketName)
		if err != nil {
			return err
		}
		if b.Account != x.account {
			return accessDenied()
		}
		from, err = readable(tx, bucketName, key, versionID)
		return err
	})
	if err != nil {
		return nil, "", err
	}
	header := x.r.Header
	if match := header.Get("X-Amz-Copy-Source-If-Match"); match != "" && !etagIn(match, from.ETag) {
		return nil, "", preconditionFailed("x-amz-copy-source-If-Match")
	}
	if none := header.Get("X-Amz-Copy-Source-If-None-Match"); none != "" && etagIn(none, from.ETag) {
		return nil, "", preconditionFailed("x-amz-copy-source-If-None-Match")
	}
	if from.VersionID != nullVersion {
		x.w.Header().Set("x-amz-copy-source-version-id", from.VersionID)
	}
	return from, bucketName, nil
}

// copyObject makes an object of the content of another one, wherever it is.
func (x *exchange) copyObject() error {
	said, err := x.attributesOf()
	if err != nil {
		return err
	}
	if _, err := x.readDocument(); err != nil {
		return err
	}
	from, fromBucket, err := x.source()
	if err != nil {
		return err
	}
	o := &object{Key: x.key, Size: from.Size, ETag: from.ETag, attributes: from.attributes}
	replace := x.r.Header.Get("X-Amz-Metadata-Directive") == "REPLACE"
	if replace {
		o.Headers, o.Metadata = said.Headers, said.Metadata
	}
	if x.r.Header.Get("X-Amz-Tagging-Directive") == "REPLACE" {
		o.Tags = said.Tags
	}
	changed := replace || said.Headers["X-Amz-Storage-Class"] != "" || said.Headers["X-Amz-Server-Side-Encryption"] != "" || said.Headers["X-Amz-Website-Redirect-Location"] != ""
	if fromBucket == x.bucket && from.Key == x.key && from.VersionID == nullVersion && !changed {
		return invalidRequest("This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, " +
			"storage class, website redirect location or encryption attributes.")
	}
	content, err := x.stage(x.r.Context(), x.read(x.r.Context(), from.Segments, 0, from.Size))
	if err != nil {
		return err
	}
	o.Segments = content.segments()
	if err := x.write(content, o); err != nil {
		return err
	}
	return x.answerXML(struct {
		XMLName      xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ CopyObjectResult"`
		LastModified string
		ETag         string
	}{LastModified: stamp(o.Modified), ETag: quoted(o.ETag)})
}
