package s3

import (
	"errors"
	"net/http"
	"strings"

	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/wire/sigv4"
)

const unsignedPayload = "UNSIGNED-PAYLOAD"

// authenticate finds out who asks, and verifies the signature where access keys are configured. Nothing is open to people
// without a signature, whatever a bucket's policy says.
func (x *exchange) authenticate() error {
	for _, name := range []string{"X-Amz-Server-Side-Encryption-Customer-Algorithm", "X-Amz-Copy-Source-Server-Side-Encryption-Customer-Algorithm"} {
		if x.r.Header.Get(name) != "" {
			return notImplemented("encryption with a key of the customer's (" + name + ")")
		}
	}
	scope, signed := sigv4.ScopeOf(x.r)
	if !signed && PresignedOld(x.r) {
		return x.authenticateOld(x.hostBucket)
	}
	if !signed {
		if x.r.Header.Get("Authorization") != "" {
			return invalidRequest("The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.")
		}
		return accessDenied()
	}
	if scope.AccessKeyID == "" || scope.Region == "" || scope.Service != "s3" {
		return malformedSignature(x.r)
	}
	x.account, _ = x.callers.Caller(scope.AccessKeyID)
	x.region = scope.Region
	lookup, enforced := x.callers.Lookup(x.r)
	if !enforced {
		return nil
	}
	var err error
	x.head, err = sigv4.VerifyHead(x.r, "s3", x.declaredHash(), lookup, x.now())
	if err != nil {
		return refusalOf(err, x.r, scope)
	}
	if unsigned := sigv4.Unsigned(x.r); len(unsigned) > 0 {
		return fault.Forbidden("AccessDenied", "There were headers present in the request which were not signed").With("HeadersNotSigned", strings.Join(unsigned, ", "))
	}
	return nil
}

// declaredHash is what the client says that its payload's hash is. A presigned request signs none unless it says so.
func (x *exchange) declaredHash() string {
	if declared := x.r.Header.Get("X-Amz-Content-Sha256"); declared != "" {
		return declared
	}
	return unsignedPayload
}

func malformedSignature(r *http.Request) error {
	if r.Header.Get("Authorization") == "" {
		return fault.Invalid("AuthorizationQueryParametersError", "Query-string authentication version 4 requires the X-Amz-Algorithm, "+
			"X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.")
	}
	return fault.Invalid("AuthorizationHeaderMalformed", "The authorization header is malformed; the authorization header requires three components: "+
		"Credential, SignedHeaders, and Signature.")
}

// refusalOf says in S3's words why a signature does not hold.
func refusalOf(err error, r *http.Request, scope sigv4.Scope) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, sigv4.ErrUnknownKey):
		return fault.Forbidden("InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.").With("AWSAccessKeyId", scope.AccessKeyID)
	case errors.Is(err, sigv4.ErrMismatch):
		return fault.Forbidden("SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided. "+
			"Check your key and signing method.").With("AWSAccessKeyId", scope.AccessKeyID)
	case errors.Is(err, sigv4.ErrSkewed):
		return fault.Forbidden("RequestTimeTooSkewed", "The difference between the request time and the current time is too large.")
	case errors.Is(err, sigv4.ErrExpired):
		return fault.Forbidden("AccessDenied", "Request has expired")
	}
	return malformedSignature(r)
}
