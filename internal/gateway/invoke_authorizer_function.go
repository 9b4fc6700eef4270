package gateway

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/internal/gateway/proxyevent"
	"github.com/poolgate/poolgate/internal/gateway/urlpath"
)

// What the event of a test says in the place of what a test has not, as recorded on AWS.
const (
	testARNStage   = "ESTestInvoke-stage"
	testResourceID = "test-invoke-resource-id"
	testSourceIP   = "test-invoke-source-ip"
	testPrefix     = "testPrefix"
	testDomain     = "testPrefix.testDomainName"
)

// tryFunction asks a Lambda authorizer for GET / as it is edited. The answer is neither taken from the cache nor remembered, and its
// policy is shown, not enforced: one that denies is a success (fact 1.9).
func (g *Gateway) tryFunction(ctx context.Context, stage *stagePlan, a *authorizerPlan, in *apigateway.TestInvokeAuthorizerInput, log *executionLog, out *apigateway.TestInvokeAuthorizerOutput) {
	tested := *a
	tested.function = a.function.withContext(in.AdditionalContext)
	f, x := tested.function, g.testExchange(ctx, stage, &tested, in, log)
	if identity := tested.identityText(x); identity != "" {
		log.line("Incoming identity: %s", identity)
	}
	_, refused := f.identify(x)
	if refused == nil {
		granted, answer, err := g.askGrant(ctx, x, f, x.testEvent(f, in))
		if err == nil {
			x.showGrant(granted, answer, out)
			return
		}
		refused = notGranted(err)
	}
	out.ClientStatus = http.StatusInternalServerError
	if outlines[refused.reason].status == http.StatusUnauthorized {
		out.ClientStatus = http.StatusUnauthorized
	}
	x.logRefusal(refused)
	if refused.reason == authz.AuthorizerUnauthorized {
		log.line("%s", unauthorizedError)
	}
}

func (x *exchange) showGrant(granted *grant, answer []byte, out *apigateway.TestInvokeAuthorizerOutput) {
	x.trace.line("Using valid authorizer policy for principal: %s", masked(granted.principalID))
	x.trace.line("Successfully completed authorizer execution")
	out.PrincipalId = aws.String(granted.principalID)
	_ = eachMember(answer, func(name string, value json.RawMessage) *refusal {
		if name == "policyDocument" {
			out.Policy = aws.String(string(value))
		}
		return nil
	})
	for _, v := range granted.context {
		if out.Authorization == nil {
			out.Authorization = map[string][]string{}
		}
		out.Authorization[v.name] = []string{v.value}
	}
}

// testExchange is the request that a test stands for. A path that cannot be read is the root's.
func (g *Gateway) testExchange(ctx context.Context, stage *stagePlan, a *authorizerPlan, in *apigateway.TestInvokeAuthorizerInput, log *executionLog) *exchange {
	rawPath, query, _ := strings.Cut(aws.ToString(in.PathWithQueryString), "?")
	request := (&http.Request{
		Method: http.MethodGet, URL: &url.URL{Path: "/", RawQuery: query}, Proto: "HTTP/1.1", Host: testDomain, RemoteAddr: testSourceIP,
		Header: testHeaders(&apigateway.TestInvokeMethodInput{Headers: in.Headers, MultiValueHeaders: in.MultiValueHeaders}),
	}).WithContext(ctx)
	x := g.begin(request, Target{API: stage.api, Region: stage.region, Path: rawPath})
	x.requestID, x.stage, x.stageName, x.trace = log.requestID, stage, testStage, log
	x.method = &methodPlan{verb: http.MethodGet, authorization: authorizationCustom, authorizer: a, resource: &resourcePlan{id: testResourceID, path: "/"}}
	if path, ok := urlpath.Normalise(rawPath, x.segmentRoom[:]); ok {
		x.path = path
	}
	x.arn = "arn:aws:execute-api:" + stage.region + ":" + stage.account + ":" + stage.api + "/" + testARNStage + "/GET" + x.path.Escaped()
	log.mask = x.withoutCredentials
	return x
}

// testEvent is the event of a test. Its headers are those that the caller gave, and no others.
func (x *exchange) testEvent(f *functionAuthorizer, in *apigateway.TestInvokeAuthorizerInput) any {
	event, isRequest := x.authorizerEvent(f).(*requestEvent)
	if !isRequest {
		return &tokenEvent{"TOKEN", x.methodARN(), x.identity}
	}
	event.MultiValueHeaders = map[string][]string{}
	for name, values := range in.MultiValueHeaders {
		event.MultiValueHeaders[name] = values
	}
	for name, value := range in.Headers {
		event.MultiValueHeaders[name] = []string{value}
	}
	event.Headers = orEmpty(proxyevent.LastValues(event.MultiValueHeaders))
	event.RequestContext.Path, event.RequestContext.DomainPrefix = x.rawPath(), testPrefix
	return event
}

// withContext is the authorizer with values that a caller gives in the place of those of $context.
func (f *functionAuthorizer) withContext(given map[string]string) *functionAuthorizer {
	if len(given) == 0 {
		return f
	}
	changed := *f
	changed.sources = make([]identitySource, len(f.sources))
	for i, source := range f.sources {
		name, isContext := strings.CutPrefix(source.expression, "context.")
		if value, ok := given[name]; ok && isContext {
			source.values = func(*exchange) []string { return []string{value} }
		}
		changed.sources[i] = source
	}
	return &changed
}
