package gateway

import "github.com/poolgate/poolgate/authz"

// askSignature is the answer of a method with AWS_IAM. Signatures are not verified here yet, so that a complete one is refused as
// one made with an unknown key.
func (g *Gateway) askSignature(x *exchange) *refusal {
	if x.request.Header.Get("Authorization") == "" {
		return refuse(authz.SignatureMissing)
	}
	if complaint := x.signatureComplaint(); complaint != "" {
		return incompleteSignature(authz.SignatureMissing, complaint).explained("an Authorization header that is no AWS signature", "an AWS signature, version 4")
	}
	r := refuse(authz.AccessKeyUnknown)
	r.errorType = "UnrecognizedClientException"
	return r.explained("an AWS signature; poolgate verifies none for REST APIs yet", "a method of another authorization type")
}
