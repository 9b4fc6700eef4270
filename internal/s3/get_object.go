package s3

import (
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/store"
)

// readable finds a version that has content, or says why there is none.
func readable(tx *store.Tx, bucketName, key, versionID string) (*object, error) {
	v, err := lookUp(tx, bucketName, key, versionID)
	switch {
	case err != nil:
		return nil, err
	case v == nil && versionID != "":
		return nil, noSuchVersion(key, versionID)
	case v == nil:
		return nil, noSuchKey(key)
	case v.Marker && versionID != "":
		return v.object, fault.Invalid("MethodNotAllowed", "The specified method is not allowed against this resource.").
			With("Method", http.MethodGet).With("ResourceType", "DeleteMarker")
	case v.Marker:
		return v.object, noSuchKey(key)
	}
	return v.object, nil
}

// getObject gives an object, or a range of it; of a HEAD only what is said about it.
func (x *exchange) getObject() error {
	var o *object
	var versioned bool
	err := x.own(func(tx *store.Tx, b *bucket) (err error) {
		versioned = b.Versioning != ""
		o, err = readable(tx, x.bucket, x.key, x.query.Get("versionId"))
		return err
	})
	if o != nil && versioned {
		x.w.Header().Set("x-amz-version-id", o.VersionID)
	}
	if err != nil {
		if o != nil && o.Marker {
			x.w.Header().Set("x-amz-delete-marker", "true")
			if x.query.Has("versionId") {
				x.w.Header().Set("Allow", http.MethodDelete)
			}
		}
		return err
	}
	if err := x.unchanged(o); err != nil {
		return err
	}
	wanted, err := rangeOf(x.r.Header.Get("Range"), o.Size)
	if err != nil {
		return err
	}
	x.describe(o)
	header := x.w.Header()
	status := http.StatusOK
	if wanted.partial {
		status = http.StatusPartialContent
		header.Set("Content-Range", "bytes "+strconv.FormatInt(wanted.first, 10)+"-"+strconv.FormatInt(wanted.first+wanted.length-1, 10)+
			"/"+strconv.FormatInt(o.Size, 10))
	} else if x.r.Header.Get("X-Amz-Checksum-Mode") == "ENABLED" {
		o.Checksum.tell(header)
	}
	header.Set("Content-Length", strconv.FormatInt(wanted.length, 10))
	x.w.WriteHeader(status)
	if x.r.Method == http.MethodHead {
		return nil
	}
	if _, err := io.Copy(x.w, &unhurried{Reader: x.read(x.r.Context(), o.Segments, wanted.first, wanted.length), extend: x.moreTime}); err != nil {
		// The head is sent: only hanging up tells the client that not all came.
		panic(http.ErrAbortHandler)
	}
	return nil
}

// describe puts what is said of an object into the answer's header.
func (x *exchange) describe(o *object) {
	header := x.w.Header()
	header.Set("Content-Type", "binary/octet-stream")
	header.Set("Accept-Ranges", "bytes")
	header.Set("ETag", quoted(o.ETag))
	header.Set("Last-Modified", o.Modified.UTC().Format(http.TimeFormat))
	for name, value := range o.Headers {
		header.Set(name, value)
	}
	if header.Get("X-Amz-Storage-Class") == "STANDARD" {
		header.Del("X-Amz-Storage-Class")
	}
	for name, value := range o.Metadata {
		header.Set(metaPrefix+name, value)
	}
	if len(o.Tags) > 0 {
		header.Set("x-amz-tagging-count", strconv.Itoa(len(o.Tags)))
	}
	o.tellEncryption(header)
	for _, name := range []string{"Content-Type", "Cache-Control", "Content-Disposition", "Content-Encoding", "Content-Language", "Expires"} {
		if value := x.query.Get("response-" + strings.ToLower(name)); value != "" {
			header.Set(name, value)
		}
	}
}

// unchanged holds an object against the request's conditions, in the order of RFC 9110, section 13.2.2.
func (x *exchange) unchanged(o *object) error {
	header := x.r.Header
	modified := o.Modified.Truncate(time.Second)
	if match := header.Get("If-Match"); match != "" {
		if !etagIn(match, o.ETag) {
			return preconditionFailed("If-Match")
		}
	} else if since, err := http.ParseTime(header.Get("If-Unmodified-Since")); err == nil && modified.After(since) {
		return preconditionFailed("If-Unmodified-Since")
	}
	notModified := fault.Invalid("NotModified", "Not Modified")
	if noneMatch := header.Get("If-None-Match"); noneMatch != "" {
		if etagIn(noneMatch, o.ETag) {
			x.describe(o)
			return notModified
		}
	} else if since, err := http.ParseTime(header.Get("If-Modified-Since")); err == nil && !modified.After(since) {
		x.describe(o)
		return notModified
	}
	return nil
}

// span is the part of an object that was asked for.
type span struct {
	first, length int64
	partial       bool
}

// rangeOf reads a Range header. One that is no single range of bytes is as none, as RFC 9110, section 14.2 has it.
func rangeOf(text string, size int64) (span, error) {
	whole := span{length: size}
	spec, is := strings.CutPrefix(text, "bytes=")
	if !is || strings.Contains(spec, ",") {
		return whole, nil
	}
	from, to, found := strings.Cut(strings.TrimSpace(spec), "-")
	if !found {
		return whole, nil
	}
	first, fromOK := position(from)
	last, toOK := position(to)
	unsatisfiable := fault.Invalid("InvalidRange", "The requested range is not satisfiable").With("RangeRequested", text).With("ActualObjectSize", size)
	switch {
	case from == "" && toOK: // the last bytes
		if last == 0 || size == 0 {
			return whole, unsatisfiable
		}
		last = min(last, size)
		return span{size - last, last, true}, nil
	case !fromOK || to != "" && (!toOK || last < first):
		return whole, nil
	case first >= size:
		return whole, unsatisfiable
	case to == "" || last >= size:
		last = size - 1
	}
	return span{first, last - first + 1, true}, nil
}

// position reads a place in an object, or a length.
func position(text string) (int64, bool) {
	n, err := strconv.ParseInt(text, 10, 64)
	return n, err == nil && n >= 0
}
