package gateway

import (
	"encoding/json"
	"slices"
	"strings"
)

// closedByPolicy reads a resource policy as far as it opens the API to everybody without condition; it says why, when it does
// not. Policies that tell callers apart are not evaluated: the API is then closed rather than open to those whom its policy
// keeps out.
func closedByPolicy(policy string) string {
	if strings.TrimSpace(policy) == "" {
		return ""
	}
	var document struct {
		Statement statements `json:"Statement"`
	}
	if err := json.Unmarshal([]byte(unescapePolicy(policy)), &document); err != nil {
		return "the resource policy cannot be read"
	}
	open := false
	for _, s := range document.Statement {
		if s.Effect != "Allow" {
			return "the resource policy has a statement that denies, which poolgate does not evaluate"
		}
		open = open || s.opensToAll()
	}
	if !open {
		return "the resource policy allows some callers only, which poolgate does not evaluate"
	}
	return ""
}

// unescapePolicy undoes the backslashes with which API Gateway answers policies.
func unescapePolicy(policy string) string {
	if strings.HasPrefix(strings.TrimSpace(policy), `{\"`) {
		return strings.ReplaceAll(policy, `\"`, `"`)
	}
	return policy
}

type statement struct {
	Effect    string
	Principal json.RawMessage
	Action    oneOrMore
	Resource  oneOrMore
	Condition map[string]any
	// NotPrincipal, NotAction and NotResource turn a statement around.
	NotPrincipal, NotAction, NotResource json.RawMessage
}

// opensToAll tells that a statement allows everybody to invoke every method.
func (s statement) opensToAll() bool {
	if len(s.Condition) > 0 || s.NotPrincipal != nil || s.NotAction != nil || s.NotResource != nil {
		return false
	}
	var principal struct{ AWS oneOrMore }
	var anybody string
	if json.Unmarshal(s.Principal, &anybody) != nil {
		if json.Unmarshal(s.Principal, &principal) != nil || !slices.Contains(principal.AWS, "*") {
			return false
		}
	} else if anybody != "*" {
		return false
	}
	invokes := slices.ContainsFunc(s.Action, func(a string) bool {
		return a == "*" || strings.EqualFold(a, "execute-api:*") || strings.EqualFold(a, "execute-api:Invoke")
	})
	return invokes && slices.ContainsFunc(s.Resource, coversAll)
}

// coversAll tells that a resource of a policy names every method of every stage.
func coversAll(resource string) bool {
	if resource == "*" || resource == "execute-api:/*" || resource == "execute-api:/*/*/*" || resource == "execute-api:/*/*" {
		return true
	}
	parts := strings.SplitN(resource, ":", 6)
	if len(parts) != 6 || parts[2] != "execute-api" {
		return false
	}
	_, methods, hasMethods := strings.Cut(parts[5], "/")
	return parts[5] == "*" || hasMethods && (methods == "*" || methods == "*/*" || methods == "*/*/*")
}

// oneOrMore is a text or a list of texts.
type oneOrMore []string

func (o *oneOrMore) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*o = oneOrMore{one}
		return nil
	}
	return json.Unmarshal(data, (*[]string)(o))
}

// statements are one statement or a list of them.
type statements []statement

func (s *statements) UnmarshalJSON(data []byte) error {
	var one statement
	if json.Unmarshal(data, &one) == nil {
		*s = statements{one}
		return nil
	}
	return json.Unmarshal(data, (*[]statement)(s))
}
