package s3

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/poolgate/poolgate/internal/fault"
)

// Bounds of what is said of an object: AWS's 2 KB of metadata and ten tags.
const (
	maxMetadata = 2 << 10
	maxTags     = 10
	metaPrefix  = "X-Amz-Meta-"
)

// keptHeaders are an object's headers that are given back as they were sent.
var keptHeaders = []string{
	"Content-Type", "Cache-Control", "Content-Disposition", "Content-Encoding", "Content-Language", "Expires",
	"X-Amz-Website-Redirect-Location", "X-Amz-Storage-Class", "X-Amz-Server-Side-Encryption",
	"X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id", "X-Amz-Server-Side-Encryption-Bucket-Key-Enabled",
}

// attributesOf reads what a request says of the object that it makes.
func (x *exchange) attributesOf() (attributes, error) {
	a := attributes{Headers: map[string]string{}}
	if x.r.Header.Get("X-Amz-Object-Lock-Mode") != "" || x.r.Header.Get("X-Amz-Object-Lock-Legal-Hold") != "" {
		return a, invalidRequest("Bucket is missing Object Lock Configuration")
	}
	if err := x.plainACL(); err != nil {
		return a, err
	}
	for _, name := range keptHeaders {
		value := x.r.Header.Get(name)
		if name == "Content-Encoding" {
			value = withoutChunked(value)
		}
		if value != "" {
			a.Headers[name] = value
		}
	}
	size := 0
	for name, values := range x.r.Header {
		meta, is := strings.CutPrefix(name, metaPrefix)
		if !is {
			continue
		}
		if a.Metadata == nil {
			a.Metadata = map[string]string{}
		}
		value := strings.Join(values, ",")
		a.Metadata[strings.ToLower(meta)] = value
		size += len(meta) + len(value)
	}
	if size > maxMetadata {
		return a, fault.Invalid("MetadataTooLarge", "Your metadata headers exceed the maximum allowed metadata size").
			With("Size", size).With("MaxSizeAllowed", maxMetadata)
	}
	var err error
	a.Tags, err = tagsOf(x.r.Header.Get("X-Amz-Tagging"))
	return a, err
}

// withoutChunked takes away the coding that ends with the request.
func withoutChunked(value string) string {
	var kept []string
	for part := range strings.SplitSeq(value, ",") {
		if part = strings.TrimSpace(part); part != "" && part != "aws-chunked" {
			kept = append(kept, part)
		}
	}
	return strings.Join(kept, ",")
}

// tagsOf reads tags that are written like a query.
func tagsOf(text string) ([]tag, error) {
	if text == "" {
		return nil, nil
	}
	bad := invalidArgument("x-amz-tagging", text, "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.")
	var tags []tag
	for pair := range strings.SplitSeq(text, "&") {
		key, value, _ := strings.Cut(pair, "=")
		key, err1 := url.QueryUnescape(key)
		value, err2 := url.QueryUnescape(value)
		if err1 != nil || err2 != nil {
			return nil, bad
		}
		tags = append(tags, tag{key, value})
	}
	return tags, checkTags(tags)
}

func checkTags(tags []tag) error {
	if len(tags) > maxTags {
		return fault.Invalid("BadRequest", "Object tags cannot be greater than 10")
	}
	seen := map[string]bool{}
	for _, t := range tags {
		switch {
		case t.Key == "" || len(t.Key) > 128*4:
			return fault.Invalid("InvalidTag", "The TagKey you have provided is invalid").With("TagKey", t.Key)
		case len(t.Value) > 256*4:
			return fault.Invalid("InvalidTag", "The TagValue you have provided is invalid").With("TagKey", t.Key)
		case seen[t.Key]:
			return fault.Invalid("InvalidTag", "Cannot provide multiple Tags with the same key").With("TagKey", t.Key)
		}
		seen[t.Key] = true
	}
	return nil
}

// tellEncryption says that an object is encrypted at rest. What is not a key of KMS's is AES256, as for every object on AWS.
func (a attributes) tellEncryption(header http.Header) {
	header.Set("x-amz-server-side-encryption", "AES256")
	for _, name := range keptHeaders {
		if value := a.Headers[name]; value != "" && strings.HasPrefix(name, "X-Amz-Server-Side-Encryption") {
			header.Set(name, value)
		}
	}
}
