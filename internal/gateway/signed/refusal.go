package signed

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"strings"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/internal/wire/sigv4"
)

// expectedSignature is what every refusal of a signature expects.
const expectedSignature = "an AWS signature, version 4, for the service execute-api"

// refused puts API Gateway's answer to what is wrong with a signature.
func refused(f *sigv4.Failure, scope sigv4.Scope) *Refusal {
	r := &Refusal{ErrorType: f.Fault.Code, Message: f.Fault.Message, Expected: expectedSignature}
	switch f.Problem {
	case sigv4.NotSigned:
		r.Reason, r.Saw = authz.SignatureMissing, "a request without a signature"
	case sigv4.UnknownKey:
		r.Reason, r.Saw = authz.AccessKeyUnknown, "the access key "+quoted(scope.AccessKeyID)
		r.Expected = "a key that the server was given, with its session token if it has one"
	case sigv4.Untimely:
		r.Reason, r.Saw, r.Expected = authz.SignatureExpired, f.Fault.Message, "a signature made within five minutes, or within X-Amz-Expires"
	case sigv4.Mismatched:
		r.Reason, r.Saw = authz.SignatureInvalid, "a signature that is not this request's"
		r.Expected = "the signature over the canonical request that the answer shows, by the key's own secret"
		r.Message = withCanonical(f)
	default:
		r.Reason, r.Saw = authz.SignatureInvalid, f.Fault.Message
	}
	return r
}

// withCanonical adds what should have been signed, in the form that API Gateway answers (mhart/aws4#33).
func withCanonical(f *sigv4.Failure) string {
	if f.Canonical == "" {
		return f.Fault.Message
	}
	return f.Fault.Message + "\n\nThe Canonical String for this request should have been\n'" + f.Canonical +
		"'\n\nThe String-to-Sign should have been\n'" + f.ToSign + "'\n"
}

func incomplete(complaint string) *Refusal {
	return &Refusal{
		Reason: authz.SignatureMissing, ErrorType: "IncompleteSignatureException", Message: complaint,
		Saw: "an Authorization header that is no AWS signature", Expected: expectedSignature,
	}
}

// sameToken compares the session token of a request with the key's.
func sameToken(r *http.Request, token string) bool {
	sent := r.Header.Get("X-Amz-Security-Token")
	if sent == "" {
		sent = r.URL.Query().Get("X-Amz-Security-Token")
	}
	return subtle.ConstantTimeCompare([]byte(sent), []byte(token)) == 1
}

// quoted shows an access key's id as far as one is long.
func quoted(id string) string {
	const most = 128
	if len(id) > most {
		id = strings.ToValidUTF8(id[:most], "") + "…"
	}
	return `"` + id + `"`
}

// Complaint is what AWS finds wrong with the form of the Authorization header as a SigV4 signature; empty when there is no header
// or when it has all that a signature needs (fact 1.10).
//
// Which bytes are hashed is not settled (fact 10.6). Chosen here: the whole header value, because the text that the hash
// replaced quoted the whole value in its place.
func Complaint(r *http.Request) string {
	header := r.Header.Get("Authorization")
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
	if r.Header.Get("X-Amz-Date") == "" && r.Header.Get("Date") == "" {
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
