package s3

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // Signature Version 2 is made of it
	"crypto/subtle"
	"encoding/base64"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/store"
)

// PresignedOld tells whether a request is presigned by Signature Version 2, as older tools still do for S3: its query has
// AWSAccessKeyId, Expires and Signature.
func PresignedOld(r *http.Request) bool {
	if !strings.Contains(r.URL.RawQuery, "AWSAccessKeyId=") {
		return false
	}
	query := r.URL.Query()
	return query.Has("AWSAccessKeyId") && query.Has("Signature") && query.Has("Expires")
}

// signedQuery are the parameters that Signature Version 2 covers.
var signedQuery = []string{
	"acl", "cors", "delete", "encryption", "lifecycle", "location", "logging", "notification", "partNumber", "policy", "requestPayment",
	"response-cache-control", "response-content-disposition", "response-content-encoding", "response-content-language",
	"response-content-type", "response-expires", "tagging", "torrent", "uploadId", "uploads", "versionId", "versioning", "versions", "website",
}

// authenticateOld verifies a presigned request of the old kind. It names no region: it is for where the bucket is.
func (x *exchange) authenticateOld(hostBucket string) error {
	id := x.query.Get("AWSAccessKeyId")
	seconds, err := strconv.ParseInt(x.query.Get("Expires"), 10, 64)
	if err != nil {
		return fault.Forbidden("AccessDenied", "Invalid date (should be seconds since epoch): %s", x.query.Get("Expires"))
	}
	if x.now().After(time.Unix(seconds, 0)) {
		return fault.Forbidden("AccessDenied", "Request has expired").With("Expires", time.Unix(seconds, 0).UTC().Format(time.RFC3339))
	}
	if lookup, enforced := x.callers.Lookup(x.r); enforced {
		secret, known := lookup(id)
		if !known {
			return fault.Forbidden("InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.").With("AWSAccessKeyId", id)
		}
		mac := hmac.New(sha1.New, []byte(secret))
		_, _ = mac.Write([]byte(x.stringToSign(hostBucket)))
		want := base64.StdEncoding.EncodeToString(mac.Sum(nil))
		if subtle.ConstantTimeCompare([]byte(want), []byte(x.query.Get("Signature"))) != 1 {
			return errChunkSign.With("AWSAccessKeyId", id)
		}
	}
	x.account, _ = x.callers.Caller(id)
	x.region = classic
	return x.store.View(x.r.Context(), func(tx *store.Tx) error {
		if b, err := bucketNamed(tx, x.bucket); err == nil {
			x.region = b.Region
		}
		return nil
	})
}

// stringToSign is what Signature Version 2 covers of a presigned request.
func (x *exchange) stringToSign(hostBucket string) string {
	amz := map[string]string{}
	for name, values := range x.r.Header {
		if name = strings.ToLower(name); strings.HasPrefix(name, "x-amz-") {
			amz[name] = strings.TrimSpace(strings.Join(values, ","))
		}
	}
	for name, values := range x.query {
		if lower := strings.ToLower(name); strings.HasPrefix(lower, "x-amz-") {
			amz[lower] = values[0]
		}
	}
	var text strings.Builder
	text.WriteString(x.r.Method + "\n" + x.r.Header.Get("Content-Md5") + "\n" + x.r.Header.Get("Content-Type") + "\n" + x.query.Get("Expires") + "\n")
	for _, name := range slices.Sorted(maps.Keys(amz)) {
		text.WriteString(name + ":" + amz[name] + "\n")
	}
	if hostBucket != "" {
		text.WriteString("/" + hostBucket)
	}
	text.WriteString(x.r.URL.EscapedPath())
	separator := "?"
	for _, name := range signedQuery {
		if !x.query.Has(name) {
			continue
		}
		text.WriteString(separator + name)
		separator = "&"
		if value := x.query.Get(name); value != "" {
			text.WriteString("=" + value)
		}
	}
	return text.String()
}
