package gateway

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/internal/vtl"
)

const (
	// defaultTTL is how long an authorizer's answer is remembered when the authorizer does not say (facts 3.1).
	defaultTTL = 300 * time.Second
	// authorizerTimeout is how long an authorizer's function may take. AWS documents it for HTTP APIs; chosen here for REST APIs too.
	authorizerTimeout = 10 * time.Second
)

// functionAuthorizer is an authorizer of type TOKEN or REQUEST.
type functionAuthorizer struct {
	// account is the function's.
	arn, account string
	// sourceARN is what asks, as the function's resource policy knows it: the authorizer, whatever stage and method are asked for.
	sourceARN string
	// principal is API Gateway, or nobody when the authorizer has a role of its own.
	principal string
	// isToken tells TOKEN from REQUEST.
	isToken bool
	sources []identitySource
	// expression is what a token must match before the function is asked; nil when it need not.
	expression *authz.Expression
	ttl        time.Duration
	// name is the part of the cache's key that makes another authorizer, or another version of this one, another.
	name string
}

// identitySource is one of the places where a request shows who it comes from.
type identitySource struct {
	expression string
	values     func(*exchange) []string
}

// roleARN is an IAM role, which an authorizer's credentials must name.
var roleARN = regexp.MustCompile(`^arn:aws[a-z-]*:iam::\d{12}:role/.+$`)

// functionAuthorizer compiles an authorizer that is a function. One that cannot be asked fails its requests, not the deployment, as on AWS.
func (c *compiler) functionAuthorizer(doc *types.Authorizer) *authorizerPlan {
	a := &authorizerPlan{id: aws.ToString(doc.Id), name: aws.ToString(doc.Name)}
	f, err := c.functionOfAuthorizer(a, doc)
	if err != nil {
		a.broken = fmt.Errorf("authorizer %s: %w", a.name, err)
		return a
	}
	if f.isToken {
		a.header = strings.TrimPrefix(f.sources[0].expression, headerSource)
	}
	a.function = f
	return a
}

func (c *compiler) functionOfAuthorizer(a *authorizerPlan, doc *types.Authorizer) (*functionAuthorizer, error) {
	s := c.snapshot
	f := &functionAuthorizer{
		isToken: doc.Type == types.AuthorizerTypeToken, ttl: defaultTTL, principal: invoker,
		sourceARN: "arn:aws:execute-api:" + s.Region + ":" + s.Account + ":" + c.plan.api + "/authorizers/" + a.id,
	}
	if role := aws.ToString(doc.AuthorizerCredentials); role != "" {
		if !roleARN.MatchString(role) {
			return nil, fmt.Errorf("API Gateway does not have permission to assume the provided role %s", role)
		}
		f.principal = "" // the role's policy decides on AWS, not the function's; roles are not evaluated here
	}
	if doc.AuthorizerResultTtlInSeconds != nil {
		f.ttl = time.Duration(*doc.AuthorizerResultTtlInSeconds) * time.Second
	}
	var err error
	if f.arn, err = c.functionARN(aws.ToString(doc.AuthorizerUri)); err != nil {
		return nil, err
	}
	source := aws.ToString(doc.IdentitySource)
	if f.sources, err = identitySources(source); err != nil {
		return nil, err
	}
	switch {
	case f.isToken && (len(f.sources) != 1 || !strings.HasPrefix(source, headerSource)):
		return nil, fmt.Errorf("the identity source %q is not a header", source)
	case f.isToken:
		if f.expression, err = authz.CompileExpression(aws.ToString(doc.IdentityValidationExpression)); err != nil {
			return nil, err
		}
	case len(f.sources) == 0:
		f.ttl = 0 // nothing tells one caller's answer from another's
	}
	if fields := strings.SplitN(f.arn, ":", 6); len(fields) == 6 {
		f.account = fields[4]
	}
	f.name = strings.Join([]string{a.id, string(doc.Type), f.arn, source}, "\n")
	return f, nil
}

const headerSource = "method.request.header."

var errNoSource = errors.New("is no identity source")

// identitySources compiles a list of mapping expressions, separated by commas.
func identitySources(list string) ([]identitySource, error) {
	var sources []identitySource
	for expression := range strings.SplitSeq(list, ",") {
		if expression = strings.TrimSpace(expression); expression == "" {
			continue
		}
		values := identityValues(expression)
		if values == nil {
			return nil, fmt.Errorf("%q %w", expression, errNoSource)
		}
		sources = append(sources, identitySource{expression, values})
	}
	return sources, nil
}

// identityValues compiles one expression; nil when it is none.
func identityValues(expression string) func(*exchange) []string {
	if name, ok := strings.CutPrefix(expression, "context."); ok {
		return func(x *exchange) []string {
			if value := x.contextValue(name); value != nil {
				return []string{vtl.Text(value)}
			}
			return nil
		}
	}
	if name, ok := strings.CutPrefix(expression, "stageVariables."); ok {
		return func(x *exchange) []string { return []string{x.stage.variables[name]} }
	}
	place, name, _ := strings.Cut(strings.TrimPrefix(expression, "method.request."), ".")
	switch place {
	case "header", "multivalueheader":
		if name = http.CanonicalHeaderKey(name); name == "Host" {
			return func(x *exchange) []string { return []string{domainName(x.request)} }
		}
		return func(x *exchange) []string { return x.request.Header[name] }
	case "querystring", "multivaluequerystring":
		return func(x *exchange) []string { return x.queryValues()[name] }
	}
	return nil
}

// present tells that a source has a value; of several the last counts, which is the one that the event's single-valued members have.
func present(values []string) bool { return len(values) > 0 && values[len(values)-1] != "" }
