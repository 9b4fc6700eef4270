package gateway

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"

	"github.com/poolgate/poolgate/authz"
)

// unmatched is the answer to a request that no method takes. Without an Authorization header it asks for a token. With one,
// API Gateway reads the header as a SigV4 signature and complains about it, whatever token it held (fact 1.10): this, not the
// authorizer, is the usual "403 with a valid token".
func (x *exchange) unmatched(reason authz.Reason) *refusal {
	complaint := x.signatureComplaint()
	if complaint == "" {
		return refuse(reason)
	}
	if reason == authz.RouteNotFound {
		reason = authz.RouteNotFoundSignatureExpected
	}
	return incompleteSignature(reason, complaint)
}

// incompleteSignature is not one of the gateway responses, so that no API can customise it.
func incompleteSignature(reason authz.Reason, complaint string) *refusal {
	r := refuse(reason).saying(complaint)
	r.responseType, r.errorType, r.status = "", "IncompleteSignatureException", 403
	return r
}

// signatureComplaint is what AWS finds wrong with the Authorization header as a SigV4 signature; empty when there is no header
// or when it has all that a signature needs.
//
// Which bytes are hashed is not settled (fact 10.6). Chosen here: the whole header value, because the text that the hash
// replaced quoted the whole value in its place.
func (x *exchange) signatureComplaint() string {
	header := x.request.Header.Get("Authorization")
	if header == "" {
		return ""
	}
	algorithm, rest, hasRest := strings.Cut(strings.TrimSpace(header), " ")
	if strings.Contains(algorithm, "=") {
		return "Authorization header must begin with the algorithm name, which cannot include an equal-sign (hashed with SHA-256 and encoded with Base64): '" + hashed(header) + "'."
	}
	given := map[string]bool{}
	if hasRest {
		for part := range strings.SplitSeq(rest, ",") {
			key, _, hasValue := strings.Cut(strings.TrimSpace(part), "=")
			if !hasValue {
				return "Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded with Base64): '" + hashed(header) + "'."
			}
			given[key] = true
		}
	}
	var missing []string
	for _, name := range []string{"Credential", "Signature", "SignedHeaders"} {
		if !given[name] {
			missing = append(missing, "Authorization header requires '"+name+"' parameter.")
		}
	}
	if x.request.Header.Get("X-Amz-Date") == "" && x.request.Header.Get("Date") == "" {
		missing = append(missing, "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
	}
	if len(missing) == 0 {
		return ""
	}
	return strings.Join(missing, " ") + " (Hashed with SHA-256 and encoded with Base64) Authorization=" + hashed(header)
}

func hashed(text string) string {
	sum := sha256.Sum256([]byte(text))
	return base64.StdEncoding.EncodeToString(sum[:])
}
