package httpapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/lambda"
)

// invoker is who API Gateway is to a function's resource policy.
const invoker = "apigateway.amazonaws.com"

// eventLimit is how large a synchronous invocation's payload may be, both ways; Lambda's, below API Gateway's own.
const eventLimit = 6 << 20

var errNoFunctions = errors.New("this server runs no functions")

// The texts that $context.integrationErrorMessage was seen to have on AWS.
const (
	saidPermission = "The IAM role configured on the integration or API Gateway doesn't have permissions to call the integration. Check the permissions and try again."
	saidMalformed  = "The response from the Lambda function doesn't match the format that API Gateway expects. Lambda function returned an invalid response."
	saidTimeout    = "Endpoint request timed out"
)

// functionIntegration is AWS_PROXY: the whole request goes in as one event, the whole answer comes out as one object.
type functionIntegration struct {
	base
	arn     string
	version string
	// principal is who calls: API Gateway, or nobody that a resource policy knows when the integration has a role of its own.
	principal string
}

func (c *compiler) function(b base, doc *types.Integration) (integration, error) {
	arn, err := functionARN(c.substitute(aws.ToString(doc.IntegrationUri)))
	if err != nil {
		return nil, err
	}
	f := &functionIntegration{base: b, arn: arn, version: aws.ToString(doc.PayloadFormatVersion), principal: invoker}
	if f.version != format2 {
		f.version = format1
	}
	if aws.ToString(doc.CredentialsArn) != "" {
		f.principal = "" // the role's policy decides on AWS, not the function's; roles are not evaluated here
	}
	return f, nil
}

// functionARN reads a function's ARN, by itself or in arn:aws:apigateway:REGION:lambda:path/DATE/functions/ARN/invocations.
func functionARN(uri string) (string, error) {
	parts := strings.SplitN(uri, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" || strings.Contains(uri, "${") {
		return "", fmt.Errorf("the uri %s is no function's ARN", uri)
	}
	if parts[2] == "lambda" && strings.HasPrefix(parts[5], "function:") {
		return uri, nil
	}
	if parts[2] == "apigateway" && parts[4] == "lambda" {
		_, arn, ok := strings.Cut(parts[5], "/functions/")
		if arn, isInvocation := strings.CutSuffix(arn, "/invocations"); ok && isInvocation && arn != "" {
			return arn, nil
		}
	}
	return "", fmt.Errorf("the uri %s is no function's ARN", uri)
}

func (f *functionIntegration) invoke(g *Gateway, x *exchange) (*answer, *refusal) {
	out := x.outgoing(x.eventHeader())
	if refused := out.change(x, f.requests); refused != nil {
		return nil, refused
	}
	event, refused := f.event(x, out)
	if refused != nil {
		return nil, refused
	}
	called, refused := f.call(g, x, event)
	if refused != nil {
		return nil, refused
	}
	a, problem := readReply(called.Payload, f.version)
	if problem != "" {
		return nil, refuse(authz.FunctionAnswerMalformed).because(errors.New(problem)).reporting(saidMalformed).
			explained(problem, `{"statusCode": 200, "headers": {…}, "body": "a string"}`)
	}
	x.backend.status = a.status
	f.answers.apply(x, a)
	return a, nil
}

func (f *functionIntegration) event(x *exchange, out *outgoing) ([]byte, *refusal) {
	event, refused := x.integrationEvent(f.version, out)
	if refused == nil && len(event) > eventLimit {
		return nil, refuse(authz.BodyTooLarge).explained("an event of more than 6 MB", "at most 6 MB for a function")
	}
	return event, refused
}

func (x *exchange) integrationEvent(version string, out *outgoing) ([]byte, *refusal) {
	if version == format1 {
		return x.integrationEvent1(out)
	}
	return x.integrationEvent2(out)
}

// call invokes the function in the name of this API.
func (f *functionIntegration) call(g *Gateway, x *exchange, event []byte) (lambda.Answer, *refusal) {
	if g.functions == nil {
		return lambda.Answer{}, internalError(errNoFunctions).explained("an integration with the function "+f.arn, "a server that runs functions")
	}
	ctx, cancel := context.WithTimeout(x.context(), f.timeout)
	defer cancel()
	sent := time.Now()
	out, err := g.functions.Call(ctx, lambda.Invocation{Function: f.arn, Principal: f.principal, SourceARN: x.sourceARN(), Payload: event})
	if err != nil {
		return out, f.failed(ctx, err)
	}
	x.backend = backendTrace{answered: true, status: http.StatusOK, service: http.StatusOK, latency: time.Since(sent)}
	if out.Failed {
		said := clippedTo(string(out.Payload), 256)
		return out, refuse(authz.IntegrationFailed).because(fmt.Errorf("the function failed (%s)", out.Kind)).
			explained("the function failed ("+out.Kind+"): "+said, "an answer of the function").reporting("Lambda function failed: " + withoutTokens(said))
	}
	return out, nil
}

// sourceARN names the request in a function's resource policy: the route's verb and its path template, as the console's permissions
// have it; the request's verb where the route takes any.
func (x *exchange) sourceARN() string {
	r, stage := x.route, x.stage.arn()+"/"+x.stage.name+"/"
	if r.path == "" {
		return stage + r.key
	}
	verb := r.verb
	if verb == anyVerb {
		verb = x.request.Method
	}
	return stage + verb + r.path
}

func (f *functionIntegration) failed(ctx context.Context, err error) *refusal {
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return refuse(authz.IntegrationTimeout).because(err).reporting(saidTimeout).explained("no answer of "+f.arn+" within the integration's timeout", "an answer in time")
	case fault.Is(err, "AccessDeniedException"):
		return refuse(authz.FunctionPermissionMissing).because(err).reporting(saidPermission).
			explained("the policy of "+f.arn+" does not let this API in", "lambda:InvokeFunction for "+invoker)
	case fault.Is(err, "ResourceNotFoundException"):
		return internalError(err).explained("no function "+f.arn, "a function of that name")
	case fault.Is(err, "RequestTooLargeException"):
		return refuse(authz.BodyTooLarge).because(err)
	case fault.Is(err, "TooManyRequestsException"):
		return unavailable(err).explained("the function "+f.arn+" is throttled", "fewer calls at a time")
	}
	return internalError(err).explained("the function "+f.arn+" could not be run: "+err.Error(), "an answer")
}
