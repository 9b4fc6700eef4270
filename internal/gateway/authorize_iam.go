package gateway

import (
	"errors"
	"time"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/internal/gateway/signed"
	"github.com/poolgate/poolgate/internal/policy"
)

// errBody stands for the refusal of a body that could not be read while its signature was verified.
var errBody = errors.New("gateway: the body could not be read")

// askSignature verifies who signed a request for a method with AWS_IAM. Whether that caller may is permit's to say.
func (g *Gateway) askSignature(x *exchange) (refused *refusal) {
	x.caller, refused = g.verify(x, x.stage.region)
	return refused
}

// verify finds who signed the request. It is held against the machine's time, whatever the clock of tokens says.
func (g *Gateway) verify(x *exchange, region string) (*signed.Caller, *refusal) {
	var unread *refusal
	body := func() ([]byte, error) {
		sent, refused := x.sentBody()
		if unread = refused; refused != nil {
			return nil, errBody
		}
		return sent, nil
	}
	caller, refused, err := signed.Verify(x.request, body, region, g.accessKeys, time.Now())
	switch {
	case err != nil:
		return nil, unread
	case refused != nil:
		return nil, unsigned(refused)
	}
	return caller, nil
}

// unsigned is the answer to a request whose signature does not count. What is wrong with its form, and a key that nobody has, are
// none of the gateway responses.
func unsigned(s *signed.Refusal) *refusal {
	r := refuse(s.Reason).saying(s.Message).explained(s.Saw, s.Expected)
	if s.ErrorType == "IncompleteSignatureException" {
		r = incompleteSignature(s.Reason, s.Message).explained(s.Saw, s.Expected)
	}
	r.errorType = s.ErrorType
	return r
}

// permitCaller is what the caller's own policy and the resource policy come to.
func (x *exchange) permitCaller() *refusal {
	own, resource, by := x.weighOwn(), policy.Silent, ""
	if p := x.stage.policy; p != nil {
		if p.broken != nil {
			return x.deniedByPolicy(policy.Silent, p.broken.Error())
		}
		resource, by = x.weigh(p.document, x.caller.Principal())
	}
	switch combine(own, resource, x.caller.Account != x.stage.account) {
	case policy.Allowed:
		return nil
	case policy.Denied:
		if own != policy.Denied {
			return x.deniedByPolicy(resource, by)
		}
		return refuse(authz.IAMDenied).saying(x.notAuthorized(x.caller.ARN, " with an explicit deny in an identity-based policy")).
			explained("the policy of "+x.caller.ARN+" denies "+clipped(x.methodARN()), "no statement that denies it")
	}
	if own == policy.Allowed { // and the API is another account's
		return x.deniedByPolicy(resource, by)
	}
	return refuse(authz.IAMDenied).saying(x.notAuthorized(x.caller.ARN, " because no identity-based policy allows the execute-api:Invoke action")).
		explained("no statement of the policy of "+x.caller.ARN+" allows "+clipped(x.methodARN()), "a statement that allows execute-api:Invoke on it")
}
