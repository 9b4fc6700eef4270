package server

import (
	"net/http"
	"strings"

	"github.com/poolgate/poolgate/internal/s3"
	"github.com/poolgate/poolgate/internal/wire/sigv4"
)

// enterS3ByHost recognises S3's own host names, with a bucket before them or without: s3.REGION.…, BUCKET.s3.REGION.….
func enterS3ByHost(labels []string, path string) (entry, bool) {
	at := len(labels) - 1
	switch {
	case at >= 0 && (labels[at] == "s3" || strings.HasPrefix(labels[at], "s3-")):
	case at >= 1 && labels[at-1] == "s3":
		at--
	case at >= 2 && labels[at-1] == "dualstack" && labels[at-2] == "s3":
		at -= 2
	default:
		return entry{}, false
	}
	return entry{door: doorS3, bucket: strings.Join(labels[:at], "."), rest: path}, true
}

// enterS3Signed recognises what is signed for S3 at this server's own address. SDKs put the bucket before a host that is a
// name (BUCKET.localhost), and into the path where the host is an address.
func enterS3Signed(r *http.Request, host, path string) (entry, bool) {
	scope, signed := sigv4.ScopeOf(r)
	if (!signed || scope.Service != "s3") && !s3.PresignedOld(r) {
		return entry{}, false
	}
	e := entry{door: doorS3, rest: path}
	for _, suffix := range localSuffixes {
		if name, ok := strings.CutSuffix(host, suffix); ok && s3.ValidBucket(name) {
			e.bucket = name
		}
	}
	return e, true
}
