package gateway

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/poolgate/poolgate/internal/gateway/urlpath"
	"github.com/poolgate/poolgate/internal/policy"
)

// weigh holds a document against the request. A deny counts for every reading of the path that a backend may make of it; an allow
// must be one of the path as it is.
func (x *exchange) weigh(document *policy.Document, who policy.Principal) (policy.Verdict, string) {
	asked := policy.Request{Principal: who, Action: invokeAction, Resource: x.methodARN(), Context: x.conditions(document.Keys())}
	verdict, by := document.Decide(&asked)
	if verdict == policy.Denied {
		return verdict, by
	}
	for _, resource := range x.otherReadings() {
		asked.Resource = resource
		if other, statement := document.Decide(&asked); other == policy.Denied {
			return other, statement
		}
	}
	return verdict, by
}

// weighOwn holds the caller's own policy against the request, in the same way.
func (x *exchange) weighOwn() policy.Verdict {
	asked := policy.Request{Action: invokeAction, Resource: x.methodARN(), Context: x.conditions(x.caller.Keys())}
	verdict := x.caller.Evaluate(asked)
	for _, resource := range x.otherReadings() {
		if verdict == policy.Denied {
			break
		}
		asked.Resource = resource
		if x.caller.Evaluate(asked) == policy.Denied {
			verdict = policy.Denied
		}
	}
	return verdict
}

// otherReadings are the ARNs of the request by the other ways in which its path may be read: without its escapes, without the slash at
// its end, and as servers do that decode first, split then and cut off what follows a semicolon. Nearly all paths have none.
func (x *exchange) otherReadings() []string {
	if !x.readsOtherwise() {
		return nil
	}
	escaped, text := x.path.Escaped(), x.path.Text()
	lenient := urlpath.Path{Segments: x.path.Leniently()}.Text()
	front := strings.TrimSuffix(x.methodARN(), escaped)
	var others []string
	for _, path := range [...]string{text, strings.TrimSuffix(escaped, "/"), strings.TrimSuffix(text, "/"), lenient, lenient + "/"} {
		if path != escaped && path != "" {
			others = append(others, front+path)
		}
	}
	return others
}

// readsOtherwise tells that the path can be written in another way: without its escapes, or without the slash at its end.
func (x *exchange) readsOtherwise() bool {
	return x.path.Trailing || slices.ContainsFunc(x.path.Segments, func(s urlpath.Segment) bool { return s.Text != s.Escaped })
}

// conditions are the values of the condition keys that a document asks for; nil when it asks for none.
func (x *exchange) conditions(keys []string) map[string][]string {
	if len(keys) == 0 {
		return nil
	}
	values := make(map[string][]string, len(keys))
	for _, key := range keys {
		if of := x.condition(key); of != nil {
			values[key] = of
		}
	}
	return values
}

// condition is a condition key's value (guide, "AWS condition keys that can be used in API Gateway resource policies"); nil for
// what the request does not have: organizations, tags and multi-factor authentication do not exist here.
func (x *exchange) condition(key string) []string {
	switch key {
	case "aws:sourceip":
		if x.source.VPCEndpoint != "" {
			return nil // such requests have aws:VpcSourceIp
		}
		return value(x.source.IP)
	case "aws:vpcsourceip":
		if x.source.VPCEndpoint == "" {
			return nil
		}
		return value(x.source.IP)
	case "aws:sourcevpce":
		return value(x.source.VPCEndpoint)
	case "aws:sourcevpc":
		return value(x.source.VPC)
	case "aws:securetransport":
		return value(strconv.FormatBool(x.source.Secure))
	case "aws:currenttime":
		return value(x.began.UTC().Format(time.RFC3339))
	case "aws:epochtime":
		return value(strconv.FormatInt(x.began.Unix(), 10))
	case "aws:useragent":
		return value(x.request.UserAgent())
	case "aws:referer":
		return value(x.request.Header.Get("Referer"))
	case "aws:requestedregion":
		return value(x.stage.region)
	}
	return x.callerCondition(key)
}

// callerCondition are the keys that only signed requests have.
func (x *exchange) callerCondition(key string) []string {
	c := x.caller
	if c == nil {
		return nil
	}
	switch key {
	case "aws:principalaccount":
		return value(c.Account)
	case "aws:principalarn":
		return value(roleOf(c.ARN))
	case "aws:principaltype":
		return value(principalType(c.ARN))
	case "aws:userid":
		return value(c.UserID)
	case "aws:username":
		if principalType(c.ARN) == "User" {
			return value(c.ARN[strings.LastIndexByte(c.ARN, '/')+1:])
		}
	}
	return nil
}

func value(value string) []string {
	if value == "" {
		return nil
	}
	return []string{value}
}

// roleOf is the role of a role's session, for which aws:PrincipalArn stands; of any other principal it is the ARN itself.
func roleOf(arn string) string {
	front, rest, found := strings.Cut(arn, ":assumed-role/")
	if !found {
		return arn
	}
	role, _, _ := strings.Cut(rest, "/")
	return strings.Replace(front, ":sts:", ":iam:", 1) + ":role/" + role
}

func principalType(arn string) string {
	switch {
	case strings.Contains(arn, ":assumed-role/"):
		return "AssumedRole"
	case strings.Contains(arn, ":user/"):
		return "User"
	}
	return "Account"
}

// fromOutside recognises a request to a private API that did not come through a VPC endpoint. Only a trusted proxy can say that one did.
func (x *exchange) fromOutside() bool { return x.stage.private && x.source.VPCEndpoint == "" }
