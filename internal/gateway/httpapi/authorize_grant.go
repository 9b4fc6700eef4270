package httpapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/internal/gateway/urlpath"
	"github.com/poolgate/poolgate/internal/policy"
)

// grant is what a function answered. It never changes; many requests share it.
type grant struct {
	// policy is held against each request's route; nil when the answer was simple.
	policy    *policy.Document
	allowed   bool
	principal string
	// context is the object as it came; values are its members.
	context json.RawMessage
	values  map[string]any
}

// read reads the function's answer; problem says what makes it one that decides nothing.
func (f *functionGuard) read(payload []byte) (*grant, string) {
	if text := bytes.TrimSpace(payload); len(text) == 0 || text[0] != '{' {
		return nil, "the function's answer is not an object: " + clippedTo(string(text), 64)
	}
	var members map[string]json.RawMessage // by their exact names: isauthorized is another member
	if err := json.Unmarshal(payload, &members); err != nil {
		return nil, "the function's answer cannot be read: " + err.Error()
	}
	granted := &grant{}
	if context := members["context"]; len(context) > 0 && string(context) != "null" {
		d := json.NewDecoder(bytes.NewReader(context))
		d.UseNumber()
		if err := d.Decode(&granted.values); err != nil {
			return nil, "the context is no object"
		}
		granted.context = context
	}
	if principal := members["principalId"]; len(principal) > 0 && json.Unmarshal(principal, &granted.principal) != nil {
		return nil, "the principalId is no string"
	}
	if f.simple {
		switch isAuthorized := string(members["isAuthorized"]); isAuthorized {
		case "true":
			granted.allowed = true
		case "false":
		default:
			return nil, "isAuthorized is " + clippedTo(isAuthorized, 32) + "; it must be true or false"
		}
		return granted, ""
	}
	if len(members["policyDocument"]) == 0 {
		return nil, "the answer has no policyDocument"
	}
	var err error
	if granted.policy, err = policy.Parse(members["policyDocument"]); err != nil {
		return nil, "the policyDocument: " + err.Error()
	}
	return granted, ""
}

// judge holds the answer against this request, a remembered one as well.
func (a *grant) judge(x *exchange) *refusal {
	if a.policy == nil {
		if a.allowed {
			return nil
		}
		return refuse(authz.AuthorizerDenied).explained("isAuthorized is false", "isAuthorized: true")
	}
	verdict, arn := x.evaluate(a.policy.Evaluate)
	switch verdict {
	case policy.Allowed:
		return nil
	case policy.Denied:
		return refuse(authz.AuthorizerDeniedExplicitly).explained("a policy that denies "+arn, "a policy that allows it")
	}
	return refuse(authz.AuthorizerDenied).explained("a policy that does not allow "+arn, "a policy that allows it")
}

// evaluate holds a policy against the request, and returns the ARN that decided. A deny counts for every reading of the path that a backend
// may make of it: without the slash at its end, and as servers read it that take escaped slashes and backslashes for slashes and cut
// off what follows a semicolon. An allow must be one of the path as it is.
func (x *exchange) evaluate(ask func(policy.Request) policy.Verdict) (policy.Verdict, string) {
	request := policy.Request{Action: "execute-api:Invoke", Resource: x.routeARN(), Context: x.conditions()}
	verdict := ask(request)
	if verdict == policy.Denied || !x.path.Trailing && !x.path.Ambiguous {
		return verdict, request.Resource
	}
	plain, lenient := x.path, urlpath.Path{Segments: x.path.Leniently()}.Text()
	plain.Trailing = false
	for _, path := range [...]string{plain.Text(), lenient, lenient + "/"} {
		other := request
		other.Resource = x.arnOf(path)
		if ask(other) == policy.Denied {
			return policy.Denied, other.Resource
		}
	}
	return verdict, request.Resource
}

// conditions are the condition keys that a function's policy may ask for.
func (x *exchange) conditions() map[string][]string {
	return map[string][]string{"aws:sourceip": {x.sourceIP()}, "aws:useragent": {x.request.UserAgent()}, "aws:referer": {x.request.Referer()},
		"aws:currenttime": {x.began.UTC().Format(time.RFC3339)}}
}

// text is a member of the context as $context.authorizer shows it.
func (a *grant) text(name string) (string, bool) {
	value, ok := a.values[name]
	if !ok || value == nil {
		return "", false
	}
	switch v := value.(type) {
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	case bool:
		return fmt.Sprint(v), true
	}
	text, err := json.Marshal(value)
	return string(text), err == nil
}

// arn is the API's, execute-api's resources under which all of its stages stand.
func (s *stagePlan) arn() string {
	return "arn:aws:execute-api:" + s.region + ":" + s.account + ":" + s.api
}

// routeARN names the request for policies: its verb and its path, decoded.
func (x *exchange) routeARN() string { return x.arnOf(x.path.Text()) }

func (x *exchange) arnOf(path string) string {
	return x.stage.arn() + "/" + x.stage.name + "/" + x.request.Method + path
}
