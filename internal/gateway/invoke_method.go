package gateway

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"

	"github.com/poolgate/poolgate/authz"
	docs "github.com/poolgate/poolgate/internal/apigateway"
	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/gateway/upstream"
	"github.com/poolgate/poolgate/internal/gateway/urlpath"
)

// testStage is the name of the stage that test invocations run in.
const testStage = "test-invoke-stage"

// TestMethod runs a method as edited. Its authorizer is not run, as on AWS (fact 1.9).
func (g *Gateway) TestMethod(ctx context.Context, snapshot *docs.Snapshot, in *apigateway.TestInvokeMethodInput) (*apigateway.TestInvokeMethodOutput, error) {
	c := &compiler{engine: g.engine, snapshot: snapshot}
	stage := c.stage(testStage, "", variablesOf{in.StageVariables, true})
	resource := stage.resources[aws.ToString(in.ResourceId)]
	if resource == nil {
		return nil, fault.NotFound("NotFoundException", "Invalid Resource identifier specified")
	}
	method := resource.methods[aws.ToString(in.HttpMethod)]
	if method == nil {
		return nil, fault.NotFound("NotFoundException", "Invalid Method identifier specified")
	}
	x, refused := g.beginTest(ctx, stage, method, in)
	x.trace.line("Starting execution for request: %s", x.requestID)
	x.trace.line("HTTP Method: %s, Resource Path: %s", x.request.Method, x.path.Text())
	x.traceRequest(aws.ToString(in.Body))
	if refused == nil {
		refused = g.validate(x)
	}
	var a *answer
	if refused != nil {
		a = x.refuse(refused)
	} else {
		a = g.integrate(x)
	}
	if err := a.whole(); err != nil {
		a = x.refuse(integrationFailure(err))
	}
	return x.testOutput(a), nil
}

// beginTest makes an exchange of what a caller wants tested. A path that does not match the resource is run all the same.
func (g *Gateway) beginTest(ctx context.Context, stage *stagePlan, method *methodPlan, in *apigateway.TestInvokeMethodInput) (*exchange, *refusal) {
	text := aws.ToString(in.PathWithQueryString)
	if text == "" {
		text = (&url.URL{Path: method.resource.path}).EscapedPath()
	}
	rawPath, query, _ := strings.Cut(text, "?")
	verb := method.verb
	if verb == anyVerb {
		verb = http.MethodGet
	}
	request := (&http.Request{
		Method: verb, URL: &url.URL{Path: "/", RawQuery: query}, Proto: "HTTP/1.1", Header: testHeaders(in), Host: stage.api + ".execute-api." + stage.region + ".amazonaws.com",
		Body: io.NopCloser(strings.NewReader(aws.ToString(in.Body))), ContentLength: int64(len(aws.ToString(in.Body))), RemoteAddr: "test-invoke-source-ip",
	}).WithContext(ctx)
	x := g.begin(request, Target{API: stage.api, Region: stage.region, Path: rawPath})
	x.stage, x.stageName, x.method = stage, testStage, method
	x.trace = newExecutionLog(x.requestID)
	x.trace.mask = x.withoutCredentials
	var ok bool
	if x.path, ok = urlpath.Normalise(rawPath, x.segmentRoom[:]); !ok {
		return x, refuse(authz.RouteNotFound)
	}
	only := &router{}
	copied := *method.resource
	copied.names = nil
	only.add(&copied)
	_, x.parameters = only.match(x.path.Segments, verb, x.parameterRoom[:0])
	return x, nil
}

func testHeaders(in *apigateway.TestInvokeMethodInput) http.Header {
	h := http.Header{}
	for name, values := range in.MultiValueHeaders {
		for _, value := range values {
			h.Add(name, value)
		}
	}
	for name, value := range in.Headers {
		h.Set(name, value)
	}
	return h
}

func (x *exchange) traceRequest(body string) {
	pathParameters, query := map[string]string{}, map[string]string{}
	for _, name := range x.method.resource.names {
		if text, _, ok := x.pathParameter(name); ok {
			pathParameters[name] = text
		}
	}
	for name, values := range x.queryValues() {
		query[name] = strings.Join(values, ",")
	}
	x.trace.detail("Method request path: %s", mapText(pathParameters))
	x.trace.detail("Method request query string: %s", mapText(query))
	x.trace.detail("Method request headers: %s", truncated(headerText(x.request.Header)))
	x.trace.detail("Method request body before transformations: %s", truncated(body))
}

// whole reads the rest of a streamed answer into its body.
func (a *answer) whole() error {
	if a.stream == nil {
		return nil
	}
	stream := a.stream
	defer func() { _ = stream.Close() }()
	body, err := io.ReadAll(io.LimitReader(stream, payloadLimit+1))
	if err == nil && len(body) > payloadLimit {
		err = upstream.ErrTooLarge
	}
	a.body, a.stream = body, nil
	return err
}

// testOutput shows the answer with its headers and the log.
func (x *exchange) testOutput(a *answer) *apigateway.TestInvokeMethodOutput {
	header := http.Header{"Content-Type": {a.contentType}}
	for _, f := range a.headers {
		header[http.CanonicalHeaderKey(f.name)] = f.values
	}
	if a.traced {
		header["X-Amzn-Trace-Id"] = []string{x.traceHeader()}
	}
	if a.errorType != "" {
		header[headerErrorType] = []string{a.errorType}
	}
	if r := x.refusal; r != nil && r.reason != authz.IntegrationRefused {
		x.logRefusal(r)
	} else {
		x.trace.line("Method response body after transformations: %s", truncated(string(a.body)))
		x.trace.line("Method response headers: %s", truncated(headerText(header)))
		x.trace.line("Successfully completed execution")
	}
	x.trace.line("Method completed with status: %d", a.status)
	flat := make(map[string]string, len(header))
	for name, values := range header {
		flat[name] = strings.Join(values, ",")
	}
	return &apigateway.TestInvokeMethodOutput{
		Status: int32(a.status), Body: aws.String(string(a.body)), Headers: flat, MultiValueHeaders: header,
		Latency: time.Since(x.began).Milliseconds(), Log: aws.String(x.trace.String()),
	}
}

func failureText(r *refusal) string {
	switch {
	case r.complaint != "":
		return r.complaint
	case errors.Is(r.cause, errEndpoint):
		return "Invalid endpoint address"
	case r.saw != "":
		return r.saw
	case r.cause != nil:
		return r.cause.Error()
	}
	return r.message
}
