package gateway

import (
	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/internal/gateway/signed"
)

// unmatched is the answer to a request that no method takes. Without an Authorization header it asks for a token. With one,
// API Gateway reads the header as a SigV4 signature and complains about it, whatever token it held (fact 1.10): this, not the
// authorizer, is the usual "403 with a valid token". A signature that is whole is verified (aws/aws-sdk-js#3571), and only one
// that is right is told that there is nothing here. saw and expected explain the reason.
func (g *Gateway) unmatched(x *exchange, reason authz.Reason, saw, expected string) *refusal {
	if refused := x.screenUnmatched(); refused != nil {
		return refused
	}
	return g.missing(x, reason).explained(saw, expected)
}

// missing is the answer where no policy denies.
func (g *Gateway) missing(x *exchange, reason authz.Reason) *refusal {
	complained := reason
	if reason == authz.RouteNotFound {
		complained = authz.RouteNotFoundSignatureExpected
	}
	if complaint := signed.Complaint(x.request); complaint != "" {
		return incompleteSignature(complained, complaint)
	}
	if !signed.Carried(x.request) {
		return refuse(reason)
	}
	region := x.target.Region
	if x.stage != nil {
		region = x.stage.region
	}
	if _, refused := g.verify(x, region); refused != nil {
		if refused.reason != authz.BodyTooLarge && refused.reason != authz.BodyInvalid {
			refused.reason = complained
		}
		return refused
	}
	return refuse(reason)
}

// incompleteSignature is not one of the gateway responses, so that no API can customise it.
func incompleteSignature(reason authz.Reason, complaint string) *refusal {
	r := refuse(reason).saying(complaint)
	r.responseType, r.errorType, r.status = "", "IncompleteSignatureException", 403
	return r
}
