package gateway

import (
	"net/http"
	"strconv"
	"strings"
	"time"

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

// judge holds a policy against the request. A deny counts for every reading of the path that a backend may make of it; an allow must be
// one of the path as it is.
func (x *exchange) judge(granted *grant, known bool) *refusal {
	asked := policy.Request{Action: invokeAction, Resource: x.methodARN()}
	if granted.conditional {
		asked.Context = x.conditionKeys()
	}
	verdict, by := granted.policy.Decide(&asked)
	if verdict == policy.Allowed {
		verdict, by = x.deniedOtherwise(granted.policy, asked, verdict, by)
	}
	expected := "a statement that allows " + invokeAction + " on it"
	if known {
		expected += "; the policy was remembered of an earlier request with the same identity"
	}
	switch verdict {
	case policy.Allowed:
		return nil
	case policy.Denied:
		return refuse(authz.AuthorizerDeniedExplicitly).explained("the policy's "+by+" denies "+clipped(x.arn), "no statement that denies it")
	}
	return refuse(authz.AuthorizerDenied).explained("no statement of the policy allows "+clipped(x.arn), expected)
}

// deniedOtherwise looks for a deny of the other ways to write the path: decoded, and without the slash at its end.
func (x *exchange) deniedOtherwise(document *policy.Document, asked policy.Request, verdict policy.Verdict, by string) (policy.Verdict, string) {
	escaped, text := x.path.Escaped(), x.path.Text()
	front := strings.TrimSuffix(asked.Resource, escaped)
	for _, path := range [...]string{text, strings.TrimSuffix(escaped, "/"), strings.TrimSuffix(text, "/")} {
		if path == escaped || path == "" {
			continue
		}
		asked.Resource = front + path
		if other, statement := document.Decide(&asked); other == policy.Denied {
			return other, statement
		}
	}
	return verdict, by
}

// conditionKeys are what the conditions of a policy may ask of a request.
func (x *exchange) conditionKeys() map[string][]string {
	now := time.Now().UTC()
	keys := map[string][]string{
		"aws:sourceip": {x.sourceIP()}, "aws:currenttime": {now.Format(time.RFC3339)}, "aws:epochtime": {strconv.FormatInt(now.Unix(), 10)},
		"aws:securetransport": {strconv.FormatBool(x.request.TLS != nil)}, "aws:requestedregion": {x.stage.region},
	}
	add := func(key string, values ...string) {
		if len(values) > 0 && values[0] != "" {
			keys[key] = values
		}
	}
	add("aws:useragent", x.request.UserAgent())
	add("aws:referer", x.request.Header[http.CanonicalHeaderKey("Referer")]...)
	return keys
}
