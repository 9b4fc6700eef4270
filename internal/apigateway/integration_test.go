package apigateway

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
)

const (
	testFunction = "arn:aws:lambda:eu-west-1:111111111111:function:MyLambda"
	testInvoke   = "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/" + testFunction + "/invocations"
)

func TestPutIntegrationAnswersAsRecorded(t *testing.T) {
	for _, test := range []struct {
		name, want string
		in         apigateway.PutIntegrationInput
	}{
		{"MOCK", `{"type":"MOCK"}`, apigateway.PutIntegrationInput{Type: types.IntegrationTypeMock}},
		{"HTTP", `{"type":"HTTP","connectionType":"INTERNET","httpMethod":"POST","uri":"http://example.com"}`, apigateway.PutIntegrationInput{
			Type: types.IntegrationTypeHttp, IntegrationHttpMethod: aws.String("POST"), Uri: aws.String("http://example.com")}},
		{"HTTP_PROXY to a stage variable", `{"type":"HTTP_PROXY","connectionType":"INTERNET","httpMethod":"POST","uri":"http://${stageVariables.host}/a"}`, apigateway.PutIntegrationInput{
			Type: types.IntegrationTypeHttpProxy, IntegrationHttpMethod: aws.String("POST"), Uri: aws.String("http://${stageVariables.host}/a")}},
		{"a VPC link", `{"type":"HTTP_PROXY","connectionType":"VPC_LINK","connectionId":"${stageVariables.vpcLinkId}","httpMethod":"GET","uri":"http://nlb.example.com"}`,
			apigateway.PutIntegrationInput{Type: types.IntegrationTypeHttpProxy, IntegrationHttpMethod: aws.String("GET"), Uri: aws.String("http://nlb.example.com"),
				ConnectionType: types.ConnectionTypeVpcLink, ConnectionId: aws.String("${stageVariables.vpcLinkId}")}},
		{"AWS", `{"type":"AWS","credentials":"arn:aws:iam::111111111111:role/r","httpMethod":"POST","uri":"arn:aws:apigateway:eu-west-1:s3:path/b/k"}`, apigateway.PutIntegrationInput{
			Type: types.IntegrationTypeAws, IntegrationHttpMethod: aws.String("POST"), Uri: aws.String("arn:aws:apigateway:eu-west-1:s3:path/b/k"),
			Credentials: aws.String("arn:aws:iam::111111111111:role/r")}},
		{"AWS_PROXY", `{"type":"AWS_PROXY","httpMethod":"POST","uri":"` + testInvoke + `"}`, apigateway.PutIntegrationInput{
			Type: types.IntegrationTypeAwsProxy, IntegrationHttpMethod: aws.String("POST"), Uri: aws.String(testInvoke)}},
		{"AWS_PROXY to a delivery stream", `{"type":"AWS_PROXY","httpMethod":"POST","uri":"arn:aws:apigateway:eu-west-1:firehose:action/PutRecord"}`, apigateway.PutIntegrationInput{
			Type: types.IntegrationTypeAwsProxy, IntegrationHttpMethod: aws.String("POST"), Uri: aws.String("arn:aws:apigateway:eu-west-1:firehose:action/PutRecord")}},
	} {
		t.Run(test.name, func(t *testing.T) {
			g := newGate(t)
			api, root := g.createAPI()
			g.putMethod(api, root, "GET")
			test.in.RestApiId, test.in.ResourceId, test.in.HttpMethod = api, root, aws.String("GET")
			want := `{"cacheKeyParameters":[],"cacheNamespace":"` + *root + `","passthroughBehavior":"WHEN_NO_MATCH","timeoutInMillis":29000,` + test.want[1:]
			shows(t, ok(g.PutIntegration(g.ctx(), &test.in))(t), want)
			shows(t, ok(g.GetIntegration(g.ctx(), &apigateway.GetIntegrationInput{RestApiId: api, ResourceId: root, HttpMethod: aws.String("GET")}))(t), want)
		})
	}
}

func TestPutIntegrationRefusesAsRecorded(t *testing.T) {
	const (
		noVerb  = "Enumeration value for HttpMethod must be non-empty"
		notHTTP = "Invalid HTTP endpoint specified for URI"
		notARN  = "Invalid ARN specified in the request"
		noPath  = "AWS ARN for integration must contain path or action"
		proxy   = "Integrations of type 'AWS_PROXY' currently only supports Lambda function and Firehose stream invocations."
	)
	g := newGate(t)
	api, root := g.createAPI()
	g.putMethod(api, root, "GET")
	for _, test := range []struct {
		name      string
		kind      types.IntegrationType
		verb, uri string
		want      string
	}{
		{"HTTP without a verb", types.IntegrationTypeHttp, "", "http://example.com", noVerb},
		{"HTTP_PROXY without a verb", types.IntegrationTypeHttpProxy, "", "http://example.com", noVerb},
		{"AWS without a verb", types.IntegrationTypeAws, "", testInvoke, noVerb},
		{"HTTP without a URI", types.IntegrationTypeHttp, "POST", "", notHTTP},
		{"HTTP without a scheme", types.IntegrationTypeHttp, "POST", "non-sense", notHTTP},
		{"HTTP_PROXY without a host", types.IntegrationTypeHttpProxy, "POST", "http:///a", notHTTP},
		{"AWS to no ARN", types.IntegrationTypeAws, "POST", "non-sense", notARN},
		{"AWS_PROXY to no ARN", types.IntegrationTypeAwsProxy, "POST", "http://example.com", notARN},
		{"AWS to an ARN without a path", types.IntegrationTypeAws, "POST", "arn:aws:apigateway:eu-west-1:firehose:wrong/PutRecord", noPath},
		{"AWS_PROXY to a function's own ARN", types.IntegrationTypeAwsProxy, "POST", testFunction, noPath},
		{"AWS_PROXY to a bucket", types.IntegrationTypeAwsProxy, "POST", "arn:aws:apigateway:eu-west-1:s3:path/b/k", proxy},
		{"AWS_PROXY to another action of a stream", types.IntegrationTypeAwsProxy, "POST", "arn:aws:apigateway:eu-west-1:firehose:path/PutRecord", proxy},
	} {
		t.Run(test.name, func(t *testing.T) {
			in := &apigateway.PutIntegrationInput{RestApiId: api, ResourceId: root, HttpMethod: aws.String("GET"), Type: test.kind, Uri: &test.uri}
			if test.verb != "" {
				in.IntegrationHttpMethod = &test.verb
			}
			refused(g.PutIntegration(g.ctx(), in))(t, "BadRequestException", test.want)
		})
	}

	const wrapped = "Invalid mapping expression specified: Validation Result: warnings : [], errors : "
	for _, test := range []struct{ name, to, from, want string }{
		{"a mapping of a bare word", "integration.request.path.testPath", "true", wrapped + "[Invalid mapping expression specified: true]"},
		{"a mapping of what the method does not declare", "integration.request.path.p", "method.request.path.p", wrapped + "[Invalid mapping expression specified: method.request.path.p]"},
		{"a mapping to another place", "integration.response.header.p", "'x'", wrapped + "[Invalid mapping expression parameter specified: integration.response.header.p]"},
	} {
		t.Run(test.name, func(t *testing.T) {
			refused(g.PutIntegration(g.ctx(), &apigateway.PutIntegrationInput{RestApiId: api, ResourceId: root, HttpMethod: aws.String("GET"),
				Type: types.IntegrationTypeMock, RequestParameters: map[string]string{test.to: test.from}}))(t, "BadRequestException", test.want)
		})
	}
	refused(g.PutIntegration(g.ctx(), &apigateway.PutIntegrationInput{RestApiId: api, ResourceId: root, HttpMethod: aws.String("PUT"), Type: types.IntegrationTypeMock}))(t,
		"NotFoundException", "Invalid Method identifier specified")
	refused(g.PutIntegration(g.ctx(), &apigateway.PutIntegrationInput{RestApiId: api, ResourceId: aws.String("nosuch"), HttpMethod: aws.String("GET"), Type: types.IntegrationTypeMock}))(t,
		"NotFoundException", "Invalid Resource identifier specified")
}

func TestGetIntegrationRefusesAsRecorded(t *testing.T) {
	g := newGate(t)
	api, root := g.createAPI()
	g.putMethod(api, root, "GET")
	for _, test := range []struct{ name, api, resource, verb, want string }{
		{"an unknown API", "nosuch", *root, "GET", "Invalid Resource identifier specified"},
		{"an unknown resource", *api, "nosuch", "GET", "Invalid Resource identifier specified"},
		{"an unknown method", *api, *root, "PUT", "Invalid Method identifier specified"},
		{"no integration", *api, *root, "GET", "Invalid Integration identifier specified"},
	} {
		t.Run(test.name, func(t *testing.T) {
			refused(g.GetIntegration(g.ctx(), &apigateway.GetIntegrationInput{RestApiId: &test.api, ResourceId: &test.resource, HttpMethod: &test.verb}))(t,
				"NotFoundException", test.want)
		})
	}
}

func TestUpdateIntegrationPatchesByTheTable(t *testing.T) {
	g := newGate(t)
	api, root := g.createMockAPI()
	update := func(operations ...types.PatchOperation) (*apigateway.UpdateIntegrationOutput, error) {
		return g.UpdateIntegration(g.ctx(), &apigateway.UpdateIntegrationInput{RestApiId: api, ResourceId: root, HttpMethod: aws.String("GET"), PatchOperations: operations})
	}
	out := ok(update(
		operation(opReplace, "/timeoutInMillis", "5000"), operation(opReplace, "/passthroughBehavior", "NEVER"),
		operation(opAdd, "/requestTemplates/application~1json", `{"statusCode":200}`), operation(opAdd, "/cacheKeyParameters/method.request.header.a"),
		operation(opReplace, "/cacheNamespace", "own"), operation(opAdd, "/requestParameters/integration.request.header.a", "'a'"),
	))(t)
	shows(t, out, `{"type":"MOCK","cacheNamespace":"own","cacheKeyParameters":["method.request.header.a"],"timeoutInMillis":5000,"passthroughBehavior":"NEVER",
		"requestTemplates":{"application/json":"{\"statusCode\":200}"},"requestParameters":{"integration.request.header.a":"'a'"}}`)
	refused(update(operation(opReplace, "/timeoutInMillis", "1")))(t, "BadRequestException", "Timeout should be between 50 ms and 29000 ms")
	refused(update(operation(opReplace, "/type", "HTTP")))(t, "BadRequestException", "Invalid patch path /type")
	refused(update(operation(opRemove, "/uri")))(t, "BadRequestException", "Invalid patch operation specified. Must be one of: [replace]")

	ok(g.DeleteIntegration(g.ctx(), &apigateway.DeleteIntegrationInput{RestApiId: api, ResourceId: root, HttpMethod: aws.String("GET")}))(t)
	refused(update())(t, "NotFoundException", "Invalid Integration identifier specified")
	refused(g.DeleteIntegration(g.ctx(), &apigateway.DeleteIntegrationInput{RestApiId: api, ResourceId: root, HttpMethod: aws.String("GET")}))(t,
		"NotFoundException", "Invalid Integration identifier specified")
}

func TestIntegrationResponsesAnswerAsRecorded(t *testing.T) {
	g := newGate(t)
	api, root := g.createAPI()
	g.putMethod(api, root, "GET")
	get, status := aws.String("GET"), aws.String("200")
	read := &apigateway.GetIntegrationResponseInput{RestApiId: api, ResourceId: root, HttpMethod: get, StatusCode: status}
	refused(g.GetIntegrationResponse(g.ctx(), read))(t, "NotFoundException", "Invalid Integration identifier specified")
	g.putMock(api, root, "GET")
	refused(g.GetIntegrationResponse(g.ctx(), read))(t, "NotFoundException", "Invalid Response status code specified")

	put := func(in apigateway.PutIntegrationResponseInput) (*apigateway.PutIntegrationResponseOutput, error) {
		in.RestApiId, in.ResourceId, in.HttpMethod, in.StatusCode = api, root, get, status
		return g.PutIntegrationResponse(g.ctx(), &in)
	}
	want := `{"responseTemplates":{"application/json":"\"created\""},"selectionPattern":"","statusCode":"200"}`
	shows(t, ok(put(apigateway.PutIntegrationResponseInput{SelectionPattern: aws.String(""), ResponseTemplates: map[string]string{"application/json": `"created"`}}))(t), want)
	shows(t, ok(g.GetIntegrationResponse(g.ctx(), read))(t), want)
	shows(t, ok(g.UpdateIntegrationResponse(g.ctx(), &apigateway.UpdateIntegrationResponseInput{RestApiId: api, ResourceId: root, HttpMethod: get, StatusCode: status,
		PatchOperations: []types.PatchOperation{operation(opReplace, "/selectionPattern", "updated-pattern")}}))(t), strings.Replace(want, `Pattern":""`, `Pattern":"updated-pattern"`, 1))
	shows(t, ok(put(apigateway.PutIntegrationResponseInput{SelectionPattern: aws.String("overwrite-pattern"), ResponseTemplates: map[string]string{}}))(t),
		`{"responseTemplates":{},"selectionPattern":"overwrite-pattern","statusCode":"200"}`)

	const wrapped = "Invalid mapping expression specified: Validation Result: warnings : [], errors : "
	refused(put(apigateway.PutIntegrationResponseInput{ResponseTemplates: map[string]string{"123": "x"}}))(t,
		"BadRequestException", "Validation Result: warnings : [], errors : [Invalid content type specified: 123]")
	refused(put(apigateway.PutIntegrationResponseInput{ResponseParameters: map[string]string{"method.response.header.a": "'x'"}}))(t,
		"BadRequestException", wrapped+"[Invalid mapping expression parameter specified: method.response.header.a]")

	remove := func(api, resource, verb, status string) (*apigateway.DeleteIntegrationResponseOutput, error) {
		return g.DeleteIntegrationResponse(g.ctx(), &apigateway.DeleteIntegrationResponseInput{RestApiId: &api, ResourceId: &resource, HttpMethod: &verb, StatusCode: &status})
	}
	refused(remove("nosuch", *root, "GET", "200"))(t, "NotFoundException", "Invalid Resource identifier specified")
	refused(remove(*api, "nosuch", "GET", "200"))(t, "NotFoundException", "Invalid Resource identifier specified")
	refused(remove(*api, *root, "POST", "200"))(t, "NotFoundException", "Invalid Integration identifier specified")
	refused(remove(*api, *root, "WRONG", "200"))(t, "NotFoundException", "Invalid Integration identifier specified")
	refused(remove(*api, *root, "GET", "201"))(t, "NotFoundException", "Invalid Response status code specified")
	ok(remove(*api, *root, "GET", "200"))(t)

	in := &apigateway.PutIntegrationResponseInput{RestApiId: aws.String("nosuch"), ResourceId: root, HttpMethod: get, StatusCode: status}
	refused(g.PutIntegrationResponse(g.ctx(), in))(t, "NotFoundException", "Invalid Resource identifier specified")
	in = &apigateway.PutIntegrationResponseInput{RestApiId: api, ResourceId: root, HttpMethod: aws.String("PUT"), StatusCode: status}
	refused(g.PutIntegrationResponse(g.ctx(), in))(t, "NotFoundException", "Invalid Method identifier specified")
}
