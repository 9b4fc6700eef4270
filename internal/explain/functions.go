package explain

import (
	"context"
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/poolgate/poolgate/authz"
)

// permission is whether a function lets API Gateway in.
type permission int

const (
	unknown permission = iota
	granted
	withheld
)

// functionURI is the function's ARN in the URI of an integration or authorizer.
var functionURI = regexp.MustCompile(`functions/(arn:[^/]+)/invocations`)

func functionIn(uri string) string {
	if m := functionURI.FindStringSubmatch(uri); m != nil {
		return m[1]
	}
	if strings.HasPrefix(uri, "arn:") && strings.Contains(uri, ":lambda:") {
		return uri
	}
	return ""
}

// functionARN is the function that answers the request; empty when something else does.
func (l *look) functionARN() string {
	if m, _ := l.method(l.deployed); m != nil && m.MethodIntegration != nil {
		return functionIn(l.withVariables(aws.ToString(m.MethodIntegration.Uri)))
	}
	if route := l.route(l.deployed); route != nil {
		for _, doc := range l.httpSnapshot(false).Integrations {
			if "integrations/"+aws.ToString(doc.Value.IntegrationId) == aws.ToString(route.Target) {
				return functionIn(aws.ToString(doc.Value.IntegrationUri))
			}
		}
	}
	return ""
}

// authorizerFunction is the function that decides; empty when none does.
func (l *look) authorizerFunction() string {
	if l.deployed == nil || l.deployed.AuthorizerID == "" {
		return ""
	}
	if a := l.restAuthorizer(l.deployed.AuthorizerID, false); a != nil {
		return functionIn(l.withVariables(aws.ToString(a.AuthorizerUri)))
	}
	if a := l.httpAuthorizer(l.deployed.AuthorizerID); a != nil {
		return functionIn(aws.ToString(a.AuthorizerUri))
	}
	return ""
}

// readPermission finds out whether the function that failed lets the API in, where the answer may mean that it does not.
func (l *look) readPermission(ctx context.Context) error {
	if l.deployed == nil || l.c.Account == nil || !l.evidence.could(authz.FunctionPermissionMissing) && !l.evidence.could(authz.AuthorizerMisconfigured) {
		return nil
	}
	arn, source := l.functionARN(), l.methodARN()
	if l.deployed.AuthorizationType == "CUSTOM" && l.evidence.could(authz.AuthorizerMisconfigured) {
		arn, source = l.authorizerFunction(), l.authorizerARN()
	}
	if arn == "" {
		return nil
	}
	text, err := l.c.Account.FunctionPolicy(ctx, arn)
	if err != nil {
		return err
	}
	for _, gap := range l.c.Account.Gaps() {
		if gap.Operation == "lambda:GetPolicy" {
			return nil
		}
	}
	if l.permission = withheld; lets(text, source) {
		l.permission = granted
	}
	return nil
}

// authorizerARN names the authorizer as the policies of functions do.
func (l *look) authorizerARN() string {
	r := l.deployed
	return "arn:" + partitionOf(r.Region) + ":execute-api:" + r.Region + ":" + r.Account + ":" + r.API + "/authorizers/" + r.AuthorizerID
}

// lets tells whether a function's resource policy lets API Gateway call it for a source. Conditions that are not understood count as met:
// what is told for certain must not be wrong.
func lets(policy, source string) bool {
	var document struct{ Statement []statement }
	if json.Unmarshal([]byte(policy), &document) != nil {
		return policy != ""
	}
	return slices.ContainsFunc(document.Statement, func(s statement) bool { return s.lets(source) })
}

// statement is what add-permission writes.
type statement struct {
	Effect    string
	Principal json.RawMessage
	Action    json.RawMessage
	Condition map[string]map[string]json.RawMessage
}

func (s *statement) lets(source string) bool {
	principal, action := string(s.Principal), string(s.Action)
	if s.Effect != "Allow" || !strings.Contains(principal, "apigateway.amazonaws.com") && !strings.Contains(principal, "*") ||
		!strings.Contains(action, "InvokeFunction") && !strings.Contains(action, "*") {
		return false
	}
	for _, condition := range s.Condition {
		for key, value := range condition {
			if strings.EqualFold(key, "aws:SourceArn") && !slices.ContainsFunc(oneOrMany(value), func(pattern string) bool { return wildcard(pattern, source) }) {
				return false
			}
		}
	}
	return true
}

// wildcard matches a text with a pattern of * and ?.
func wildcard(pattern, text string) bool {
	quoted := regexp.QuoteMeta(pattern)
	expression := strings.NewReplacer(`\*`, ".*", `\?`, ".").Replace(quoted)
	matched, err := regexp.MatchString("^"+expression+"$", text)
	return err == nil && matched
}
