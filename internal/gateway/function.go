package gateway

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/lambda"
)

// Functions runs functions; *lambda.Service does. An error is a fault: ResourceNotFoundException, AccessDeniedException when the
// function's resource policy does not let the principal in, TooManyRequestsException and the like.
type Functions interface {
	Call(ctx context.Context, in lambda.Invocation) (lambda.Answer, error)
}

// invoker is who API Gateway is to a function's resource policy.
const invoker = "apigateway.amazonaws.com"

// eventLimit is how large a synchronous invocation's payload may be, both ways; Lambda's, below API Gateway's own.
const eventLimit = 6 << 20

// function is what an AWS or AWS_PROXY integration calls.
type function struct {
	arn     string
	timeout time.Duration
	// principal is who calls: API Gateway, or nobody that a resource policy knows when the integration has a role of its own.
	principal string
	headers   []mapping
}

var (
	errNoFunctions = errors.New("this server runs no functions")
	errNotPOST     = errors.New("a function is invoked with POST; the integration's httpMethod is another")
)

// function compiles the part that both kinds of integration with a function share.
func (c *compiler) function(where string, doc *types.Integration) (*function, error) {
	arn, err := c.functionARN(aws.ToString(doc.Uri))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	if method := aws.ToString(doc.HttpMethod); method != "" && method != http.MethodPost {
		return nil, fmt.Errorf("%s: %w", where, errNotPOST) // recorded: a GET integration answers 500
	}
	f := &function{arn: arn, timeout: timeoutOf(doc), principal: invoker}
	if aws.ToString(doc.Credentials) != "" {
		f.principal = "" // the role's policy decides on AWS, not the function's; roles are not evaluated here
	}
	for _, m := range c.mappings(where, doc.RequestParameters, "integration.request.") {
		if m.place != "header" {
			continue
		}
		if strings.EqualFold(m.name, "Authorization") || illegalHeaders[http.CanonicalHeaderKey(m.name)] {
			return nil, fmt.Errorf("%s: the header %s may not be mapped", where, m.name) // recorded section 10
		}
		f.headers = append(f.headers, m)
	}
	return f, nil
}

// functionARN reads arn:aws:apigateway:REGION:lambda:path/DATE/functions/ARN/invocations. Stage variables may name the function
// or any part of it.
func (c *compiler) functionARN(uri string) (string, error) {
	if c.vars.known {
		if uri = c.substitute(uri); strings.Contains(uri, "${") {
			return "", fmt.Errorf("the uri %s names a stage variable that is not set", uri)
		}
	}
	parts := strings.SplitN(uri, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" || parts[2] != "apigateway" {
		return "", fmt.Errorf("the uri %s is no ARN of API Gateway", uri)
	}
	if parts[4] != "lambda" {
		return "", fmt.Errorf("integrations with the service %q are stored, but poolgate calls functions only", parts[4])
	}
	_, arn, ok := strings.Cut(parts[5], "/functions/")
	arn, isInvocation := strings.CutSuffix(arn, "/invocations")
	if !ok || !isInvocation || arn == "" {
		return "", fmt.Errorf("the uri %s does not invoke a function", uri)
	}
	return arn, nil
}

// timeoutOf is the integration's timeout within its bounds.
func timeoutOf(doc *types.Integration) time.Duration {
	timeout := time.Duration(doc.TimeoutInMillis) * time.Millisecond
	if timeout == 0 {
		return longestTimeout
	}
	return min(max(timeout, shortestTimeout), longestTimeout)
}

// call invokes the function in the name of this API.
func (f *function) call(g *Gateway, x *exchange, payload []byte, async bool) (lambda.Answer, *refusal) {
	if g.functions == nil {
		return lambda.Answer{}, internalError(errNoFunctions).explained("an integration with the function "+f.arn, "a server that runs functions")
	}
	if len(payload) > eventLimit {
		return lambda.Answer{}, tooLong()
	}
	ctx, cancel := context.WithTimeout(x.context(), f.timeout)
	defer cancel()
	x.trace.functionRequest(x, f, payload)
	sent := time.Now()
	out, err := g.functions.Call(ctx, lambda.Invocation{
		Function: f.arn, Principal: f.principal, SourceARN: x.sourceARN(), Payload: payload, Async: async,
	})
	if err != nil {
		return out, f.failed(ctx, err)
	}
	x.trace.functionAnswer(x, &out, time.Since(sent))
	return out, nil
}

// sourceARN names the request in a function's resource policy: its verb, also where the method is ANY, and the resource's path.
func (x *exchange) sourceARN() string {
	s := x.stage
	return "arn:aws:execute-api:" + s.region + ":" + s.account + ":" + s.api + "/" + x.stageName + "/" + x.request.Method + x.method.resource.starred()
}

// starred is the path with an asterisk for each parameter.
func (r *resourcePlan) starred() string {
	if !strings.Contains(r.path, "{") {
		return r.path
	}
	parts := strings.Split(r.path, "/")
	for i, part := range parts {
		if _, isParameter := parameterName(part); isParameter {
			parts[i] = "*"
		}
	}
	return strings.Join(parts, "/")
}

// functionOf is what the method's integration calls; nil when that is no function.
func functionOf(m *methodPlan) *function {
	switch i := m.integration.(type) {
	case *proxyIntegration:
		return i.function
	case *mappedFunction:
		return i.function
	}
	return nil
}

func (f *function) failed(ctx context.Context, err error) *refusal {
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return refuse(authz.IntegrationTimeout).because(err).explained("no answer of "+f.arn+" within the integration's timeout", "an answer in time")
	case fault.Is(err, "AccessDeniedException"):
		return refuse(authz.FunctionPermissionMissing).because(err).
			explained("the policy of "+f.arn+" does not let this API in", "lambda:InvokeFunction for "+invoker)
	case fault.Is(err, "ResourceNotFoundException"):
		return internalError(err).explained("no function "+f.arn, "a function of that name")
	case fault.Is(err, "RequestTooLargeException"):
		return tooLong().because(err)
	case fault.Is(err, "InvalidRequestContentException"):
		return internalError(err).explained("an event that is not JSON", "JSON")
	}
	return integrationFailure(err).explained("the function "+f.arn+" could not be run: "+err.Error(), "an answer")
}

// functionError is the answer when the function threw or died: 502, behind which its own message stays hidden.
func functionError(out *lambda.Answer) *refusal {
	r := integrationFailure(nil).explained("the function failed ("+out.Kind+"): "+clippedTo(string(out.Payload), 256), "an answer of the function")
	r.status = http.StatusBadGateway
	return r
}

// malformedAnswer is the answer when what the function returned is not a proxy integration's.
func malformedAnswer(problem string) *refusal {
	r := refuse(authz.FunctionAnswerMalformed).because(errors.New(problem)).
		explained(problem, `{"statusCode": 200, "headers": {…}, "body": "a string"}`)
	r.status = http.StatusBadGateway
	return r
}

func clippedTo(text string, most int) string {
	if len(text) > most {
		return strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}
