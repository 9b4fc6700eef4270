package apigatewayv2

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
	"github.com/google/go-cmp/cmp"
)

func proxyInput() *apigatewayv2.CreateIntegrationInput {
	return &apigatewayv2.CreateIntegrationInput{
		IntegrationType: types.IntegrationTypeHttpProxy, IntegrationUri: aws.String("https://pets.example.com/{proxy}"), IntegrationMethod: aws.String("ANY"),
	}
}

func lambdaInput() *apigatewayv2.CreateIntegrationInput {
	return &apigatewayv2.CreateIntegrationInput{
		IntegrationType: types.IntegrationTypeAwsProxy, IntegrationUri: aws.String(testFunction), PayloadFormatVersion: aws.String("2.0"),
	}
}

func serviceInput() *apigatewayv2.CreateIntegrationInput {
	return &apigatewayv2.CreateIntegrationInput{
		IntegrationType: types.IntegrationTypeAwsProxy, IntegrationSubtype: aws.String("SQS-SendMessage"), CredentialsArn: aws.String("arn:aws:iam::111111111111:role/r"),
		PayloadFormatVersion: aws.String("1.0"), RequestParameters: map[string]string{"QueueUrl": "$request.header.q", "MessageBody": "$request.body"},
	}
}

func TestNewIntegrationsShowWhatAWSShows(t *testing.T) {
	g := newGate(t)
	api := g.createAPI()
	for name, c := range map[string]struct {
		in   *apigatewayv2.CreateIntegrationInput
		want string
	}{
		"a backend": {proxyInput(), `{"integrationType":"HTTP_PROXY","integrationUri":"https://pets.example.com/{proxy}","integrationMethod":"ANY",
			"connectionType":"INTERNET","payloadFormatVersion":"1.0","timeoutInMillis":30000}`},
		"a function": {lambdaInput(), `{"integrationType":"AWS_PROXY","integrationUri":"` + testFunction + `","integrationMethod":"POST",
			"connectionType":"INTERNET","payloadFormatVersion":"2.0","timeoutInMillis":30000}`},
		"a service": {serviceInput(), `{"integrationType":"AWS_PROXY","integrationSubtype":"SQS-SendMessage","connectionType":"INTERNET",
			"credentialsArn":"arn:aws:iam::111111111111:role/r","payloadFormatVersion":"1.0","timeoutInMillis":30000,
			"requestParameters":{"QueueUrl":"$request.header.q","MessageBody":"$request.body"}}`},
	} {
		t.Run(name, func(t *testing.T) {
			c.in.ApiId = api
			made := ok(g.CreateIntegration(g.ctx(), c.in))(t)
			if len(*made.IntegrationId) != 7 {
				t.Errorf("id %s", *made.IntegrationId)
			}
			made.IntegrationId = nil
			shows(t, made, c.want)
		})
	}
}

func TestWhatNoIntegrationCanBe(t *testing.T) {
	g := newGate(t)
	api := g.createAPI()
	for _, c := range []struct {
		name string
		in   *apigatewayv2.CreateIntegrationInput
		set  func(*apigatewayv2.CreateIntegrationInput)
		want string
	}{
		{"one of WebSocket APIs", proxyInput(), func(i *apigatewayv2.CreateIntegrationInput) { i.IntegrationType = types.IntegrationTypeMock }, "Integration type MOCK is not supported for HTTP APIs. Valid options are AWS_PROXY,HTTP_PROXY"},
		{"too short a timeout", proxyInput(), func(i *apigatewayv2.CreateIntegrationInput) { i.TimeoutInMillis = aws.Int32(49) }, "Timeout should be between 50 ms and 30000 ms"},
		{"too long a timeout", proxyInput(), func(i *apigatewayv2.CreateIntegrationInput) { i.TimeoutInMillis = aws.Int32(30001) }, "Timeout should be between 50 ms and 30000 ms"},
		{"a backend without a method", proxyInput(), func(i *apigatewayv2.CreateIntegrationInput) { i.IntegrationMethod = nil }, "HttpMethod parameter method must be specified for integrationType HTTPPROXY"},
		{"a method that is none", proxyInput(), func(i *apigatewayv2.CreateIntegrationInput) { i.IntegrationMethod = aws.String("FETCH") }, "Invalid HTTP method specified: FETCH"},
		{"events for a backend", proxyInput(), func(i *apigatewayv2.CreateIntegrationInput) { i.PayloadFormatVersion = aws.String("2.0") }, "PayloadFormatVersion 2.0 is not supported for integration of type HTTP_PROXY"},
		{"a backend that is none", proxyInput(), func(i *apigatewayv2.CreateIntegrationInput) { i.IntegrationUri = aws.String("file:///etc/passwd") }, "Invalid HTTP endpoint specified for URI"},
		{"a backend without an address", proxyInput(), func(i *apigatewayv2.CreateIntegrationInput) { i.IntegrationUri = nil }, "Invalid HTTP endpoint specified for URI"},
		{"a link without an id", proxyInput(), func(i *apigatewayv2.CreateIntegrationInput) { i.ConnectionType = types.ConnectionTypeVpcLink }, "ConnectionId must be set to vpcLinkId for ConnectionType VPC_LINK"},
		{"a function without a version", lambdaInput(), func(i *apigatewayv2.CreateIntegrationInput) { i.PayloadFormatVersion = nil }, "PayloadFormatVersion is a required parameter for integration of type AWS_PROXY"},
		{"a version that is none", lambdaInput(), func(i *apigatewayv2.CreateIntegrationInput) { i.PayloadFormatVersion = aws.String("3.0") }, "Unsupported PayloadFormatVersion: 3.0"},
		{"a function that is none", lambdaInput(), func(i *apigatewayv2.CreateIntegrationInput) { i.IntegrationUri = aws.String("https://a.example") }, "Invalid function ARN or invalid uri specified: https://a.example"},
		{"a service that is none", serviceInput(), func(i *apigatewayv2.CreateIntegrationInput) { i.IntegrationSubtype = aws.String("S3-Everything") }, "Operation: S3-Everything is not supported."},
		{"a service's events", serviceInput(), func(i *apigatewayv2.CreateIntegrationInput) { i.PayloadFormatVersion = aws.String("2.0") }, "Operation: SQS-SendMessage is not supported."},
		{"a service without a role", serviceInput(), func(i *apigatewayv2.CreateIntegrationInput) { i.CredentialsArn = nil }, "Role ARN must be specified for AWS integration configuration with Subtype: SQS-SendMessage"},
		{"a service without its parameters", serviceInput(), func(i *apigatewayv2.CreateIntegrationInput) { delete(i.RequestParameters, "MessageBody") }, "Operation: SQS-SendMessage requires enabling passthrough, or defining all of the following parameters"},
		{"a service of a backend", proxyInput(), func(i *apigatewayv2.CreateIntegrationInput) { i.IntegrationSubtype = aws.String("SQS-SendMessage") }, "IntegrationSubtype can only be set for integrationType AWS_PROXY"},
		{"a mapping that is none", proxyInput(), func(i *apigatewayv2.CreateIntegrationInput) { i.RequestParameters = map[string]string{"header.x": "y"} }, "Invalid Request Actioned Parameter"},
		{"a path appended to", proxyInput(), func(i *apigatewayv2.CreateIntegrationInput) {
			i.RequestParameters = map[string]string{"append:path": "y"}
		}, "Invalid Request Actioned Parameter"},
		{"a mapping of a header that is API Gateway's", proxyInput(), func(i *apigatewayv2.CreateIntegrationInput) {
			i.RequestParameters = map[string]string{"overwrite:header.Authorization": "y"}
		}, "Operations on header authorization are restricted"},
		{"a mapping that would split a header", proxyInput(), func(i *apigatewayv2.CreateIntegrationInput) {
			i.RequestParameters = map[string]string{"append:header.a:b": "y"}
		}, "Invalid header name specified: a:b"},
		{"a status that is none", proxyInput(), func(i *apigatewayv2.CreateIntegrationInput) {
			i.ResponseParameters = map[string]map[string]string{"199": {}}
		}, "Status Code 199 is not valid"},
		{"an answer's mapping that is none", proxyInput(), func(i *apigatewayv2.CreateIntegrationInput) {
			i.ResponseParameters = map[string]map[string]string{"200": {"append:statuscode": "1"}}
		}, "Invalid Response Actioned Parameter destination specified: append:statuscode"},
		{"CORS by hand", proxyInput(), func(i *apigatewayv2.CreateIntegrationInput) {
			i.ResponseParameters = map[string]map[string]string{"200": {"append:header.Access-Control-Allow-Origin": "*"}}
		}, "Operations on header access-control-allow-origin are restricted"},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.in.ApiId = api
			c.set(c.in)
			refused(g.CreateIntegration(g.ctx(), c.in))(t, bad, c.want)
		})
	}
	if list := ok(g.GetIntegrations(g.ctx(), &apigatewayv2.GetIntegrationsInput{ApiId: api}))(t); len(list.Items) != 0 {
		t.Errorf("a refusal left %v", list.Items)
	}
}

func TestMappingsChangeOneByOne(t *testing.T) {
	g := newGate(t)
	api := g.createAPI()
	in := proxyInput()
	in.ApiId, in.RequestParameters = api, map[string]string{"append:header.a": "1", "append:header.b": "2", "overwrite:path": "$request.path"}
	in.ResponseParameters = map[string]map[string]string{"200": {"append:header.a": "1"}, "404": {"overwrite:statuscode": "403"}}
	id := ok(g.CreateIntegration(g.ctx(), in))(t).IntegrationId
	got := ok(g.UpdateIntegration(g.ctx(), &apigatewayv2.UpdateIntegrationInput{
		ApiId: api, IntegrationId: id, TimeoutInMillis: aws.Int32(50),
		RequestParameters:  map[string]string{"append:header.a": "", "append:header.c": "3"},
		ResponseParameters: map[string]map[string]string{"200": {}, "500": {"remove:header.x": "''"}},
	}))(t)
	want := map[string]string{"append:header.b": "2", "append:header.c": "3", "overwrite:path": "$request.path"}
	if diff := cmp.Diff(want, got.RequestParameters); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]map[string]string{"404": {"overwrite:statuscode": "403"}, "500": {"remove:header.x": "''"}}, got.ResponseParameters); diff != "" {
		t.Error(diff)
	}
	if *got.TimeoutInMillis != 50 || *got.IntegrationUri != *in.IntegrationUri {
		t.Errorf("%+v", got)
	}
	refused(g.UpdateIntegration(g.ctx(), &apigatewayv2.UpdateIntegrationInput{ApiId: api, IntegrationId: id, IntegrationMethod: aws.String("")}))(t, bad, noMethod.Message)
	if after := ok(g.GetIntegration(g.ctx(), &apigatewayv2.GetIntegrationInput{ApiId: api, IntegrationId: id}))(t); aws.ToString(after.IntegrationMethod) != "ANY" {
		t.Error("a refused update was kept")
	}
}

func TestAnIntegrationThatARouteLeadsToStays(t *testing.T) {
	g := newGate(t)
	api := g.createAPI()
	route := g.createRoute(api, "GET /")
	id := ok(g.GetIntegrations(g.ctx(), &apigatewayv2.GetIntegrationsInput{ApiId: api}))(t).Items[0].IntegrationId
	remove := func() (*apigatewayv2.DeleteIntegrationOutput, error) {
		return g.DeleteIntegration(g.ctx(), &apigatewayv2.DeleteIntegrationInput{ApiId: api, IntegrationId: id})
	}
	refused(remove())(t, taken, "Cannot delete Integration because it is referenced by the following Routes with Ids: ["+*route+"]")
	ok(g.DeleteRoute(g.ctx(), &apigatewayv2.DeleteRouteInput{ApiId: api, RouteId: route}))(t)
	ok(remove())(t)
	refused(remove())(t, missing, noIntegration.Message)
	refused(g.GetIntegration(g.ctx(), &apigatewayv2.GetIntegrationInput{ApiId: api, IntegrationId: id}))(t, missing, noIntegration.Message)
	refused(g.UpdateIntegration(g.ctx(), &apigatewayv2.UpdateIntegrationInput{ApiId: api, IntegrationId: id}))(t, missing, noIntegration.Message)
}
