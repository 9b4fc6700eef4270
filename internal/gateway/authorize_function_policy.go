package gateway

import (
	"strconv"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/internal/policy"
)

const (
	invokeAction = "execute-api:Invoke"
	// longestARN is how long the ARN of an authorized method may be, in bytes: a longer one is answered 414 (API Gateway guide, quotas).
	longestARN = 1600
)

// methodARN names what the request asks for: the verb and the path that it has, not the method's. The path is the one that the upstream
// gets, escapes and all.
func (x *exchange) methodARN() string {
	if x.arn == "" {
		s := x.stage
		x.arn = "arn:aws:execute-api:" + s.region + ":" + s.account + ":" + s.api + "/" + x.stageName + "/" + x.request.Method + x.path.Escaped()
	}
	return x.arn
}

// arnTooLong refuses a request for an authorized method whose ARN passes the limit.
func (x *exchange) arnTooLong() *refusal {
	if 3*len(x.target.Path) < longestARN-256 || len(x.methodARN()) <= longestARN { // the first is true of nearly all and costs nothing
		return nil
	}
	r := refuse(authz.URITooLong).explained("a method ARN of "+strconv.Itoa(len(x.methodARN()))+" bytes", "at most "+strconv.Itoa(longestARN))
	r.errorType = "RequestUriTooLongException"
	return r
}

// judge holds a policy against the request, together with what the resource policy said before: the guide's tables. Where the resource
// policy allows, the function's may be silent, except for a function of another account, which never decides alone.
func (x *exchange) judge(granted *grant, known bool) *refusal {
	verdict, by := x.weigh(granted.policy, policy.Principal{})
	resource := policy.Silent
	if x.opened {
		resource = policy.Allowed
	}
	crossAccount := x.stage.policy != nil && x.method.authorizer.function.account != x.stage.account
	switch combine(verdict, resource, crossAccount) {
	case policy.Allowed:
		return nil
	case policy.Denied:
		return refuse(authz.AuthorizerDeniedExplicitly).explained("the policy's "+by+" denies "+clipped(x.methodARN()), "no statement that denies it")
	}
	if verdict == policy.Allowed {
		return x.deniedByPolicy(resource, "")
	}
	expected := "a statement that allows " + invokeAction + " on it"
	if known {
		expected += "; the policy was remembered of an earlier request with the same identity"
	}
	return refuse(authz.AuthorizerDenied).explained("no statement of the policy allows "+clipped(x.methodARN()), expected)
}
