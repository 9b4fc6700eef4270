package apigateway

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
)

const badAuthorizerText = "Invalid authorizer ID specified. Setting the authorization type to CUSTOM or COGNITO_USER_POOLS requires a valid authorizer."

func TestPutMethodAnswersAsRecorded(t *testing.T) {
	g := newGate(t)
	api, root := g.createAPI()
	out := ok(g.PutMethod(g.ctx(), &apigateway.PutMethodInput{
		RestApiId: api, ResourceId: root, HttpMethod: aws.String("ANY"), AuthorizationType: aws.String("NONE"),
		RequestParameters: map[string]bool{
			"method.request.header.h_optional": false, "method.request.header.h_required": true,
			"method.request.querystring.q_optional": false, "method.request.querystring.q_required": true,
		},
	}))(t)
	want := `{"apiKeyRequired":false,"authorizationType":"NONE","httpMethod":"ANY","requestParameters":{
		"method.request.header.h_optional":false,"method.request.header.h_required":true,
		"method.request.querystring.q_optional":false,"method.request.querystring.q_required":true}}`
	shows(t, out, want)
	shows(t, ok(g.GetMethod(g.ctx(), &apigateway.GetMethodInput{RestApiId: api, ResourceId: root, HttpMethod: aws.String("ANY")}))(t), want)

	ok(g.DeleteMethod(g.ctx(), &apigateway.DeleteMethodInput{RestApiId: api, ResourceId: root, HttpMethod: aws.String("ANY")}))(t)
	refused(g.GetMethod(g.ctx(), &apigateway.GetMethodInput{RestApiId: api, ResourceId: root, HttpMethod: aws.String("ANY")}))(t, "NotFoundException", "Invalid Method identifier specified")
	refused(g.DeleteMethod(g.ctx(), &apigateway.DeleteMethodInput{RestApiId: api, ResourceId: root, HttpMethod: aws.String("ANY")}))(t, "NotFoundException", "Invalid Method identifier specified")
}

func TestPutMethodRefusesAsRecorded(t *testing.T) {
	g := newGate(t)
	api, root := g.createAPI()
	g.putMethod(api, root, "POST")
	for _, test := range []struct {
		name, code, want string
		change           func(*apigateway.PutMethodInput)
	}{
		{"an unknown API", "NotFoundException", "Invalid Resource identifier specified",
			func(in *apigateway.PutMethodInput) { in.RestApiId = aws.String("nosuch") }},
		{"an unknown resource", "NotFoundException", "Invalid Resource identifier specified",
			func(in *apigateway.PutMethodInput) { in.ResourceId = aws.String("nosuch") }},
		{"an unknown verb", "BadRequestException", "Invalid HttpMethod specified. Valid options are GET,PUT,POST,DELETE,PATCH,OPTIONS,HEAD,ANY",
			func(in *apigateway.PutMethodInput) { in.HttpMethod = aws.String("WRONG") }},
		{"CUSTOM without an authorizer", "BadRequestException", badAuthorizerText,
			func(in *apigateway.PutMethodInput) { in.AuthorizationType = aws.String("CUSTOM") }},
		{"COGNITO_USER_POOLS without an authorizer", "BadRequestException", badAuthorizerText,
			func(in *apigateway.PutMethodInput) { in.AuthorizationType = aws.String("COGNITO_USER_POOLS") }},
		{"COGNITO_USER_POOLS with an unknown authorizer", "BadRequestException", badAuthorizerText, func(in *apigateway.PutMethodInput) {
			in.AuthorizationType, in.AuthorizerId = aws.String("COGNITO_USER_POOLS"), aws.String("nosuch")
		}},
		{"an unknown request validator", "BadRequestException", "Invalid Request Validator identifier specified",
			func(in *apigateway.PutMethodInput) { in.RequestValidatorId = aws.String("nosuch") }},
		{"an unknown model", "BadRequestException", "Invalid model identifier specified: petModel",
			func(in *apigateway.PutMethodInput) {
				in.RequestModels = map[string]string{"application/json": "petModel"}
			}},
		{"a parameter's name in two places", "BadRequestException", "Parameter names must be unique across querystring, header and path",
			func(in *apigateway.PutMethodInput) {
				in.RequestParameters = map[string]bool{"method.request.header.foo": true, "method.request.querystring.foo": false}
			}},
		{"a method that is there", "ConflictException", "Method already exists for this resource",
			func(in *apigateway.PutMethodInput) { in.HttpMethod = aws.String("POST") }},
	} {
		t.Run(test.name, func(t *testing.T) {
			in := &apigateway.PutMethodInput{RestApiId: api, ResourceId: root, HttpMethod: aws.String("GET"), AuthorizationType: aws.String("NONE")}
			test.change(in)
			refused(g.PutMethod(g.ctx(), in))(t, test.code, test.want)
		})
	}
}

func TestUpdateMethodAnswersAsRecorded(t *testing.T) {
	g := newGate(t)
	api, root := g.createAPI()
	g.putMethod(api, root, "ANY")
	authorizer := g.createPoolAuthorizer(api, "pool")
	update := func(t *testing.T, want string, operations ...types.PatchOperation) {
		t.Helper()
		shows(t, ok(g.UpdateMethod(g.ctx(), &apigateway.UpdateMethodInput{
			RestApiId: api, ResourceId: root, HttpMethod: aws.String("ANY"), PatchOperations: operations,
		}))(t), want)
	}
	for _, test := range []struct {
		name, want string
		operations []types.PatchOperation
	}{
		{"parameters and models are added", `{"apiKeyRequired":false,"authorizationType":"NONE","httpMethod":"ANY",
			"requestModels":{"application/json":"Empty"},"requestParameters":{"method.request.querystring.optional":true}}`,
			[]types.PatchOperation{operation(opAdd, "/requestParameters/method.request.querystring.optional", "true"),
				operation(opAdd, "/requestModels/application~1json", "Empty")}},
		{"scalars are replaced", `{"apiKeyRequired":true,"authorizationType":"AWS_IAM","httpMethod":"ANY","operationName":"ReplacedOperationName",
			"requestModels":{"application/json":"Empty"},"requestParameters":{"method.request.querystring.optional":false}}`,
			[]types.PatchOperation{operation(opReplace, "/apiKeyRequired", "true"), operation(opReplace, "/authorizationType", "AWS_IAM"),
				operation(opReplace, "/operationName", "ReplacedOperationName"),
				operation(opReplace, "/requestParameters/method.request.querystring.optional", "false")}},
		{"an authorizer is set with its type", `{"apiKeyRequired":true,"authorizationType":"CUSTOM","authorizerId":"` + *authorizer + `","httpMethod":"ANY",
			"operationName":"ReplacedOperationName","requestModels":{"application/json":"Empty"},"requestParameters":{"method.request.querystring.optional":false}}`,
			[]types.PatchOperation{operation(opReplace, "/authorizationType", "CUSTOM"), operation(opReplace, "/authorizerId", *authorizer)}},
		{"maps that lost everything are left out", `{"apiKeyRequired":true,"authorizationType":"CUSTOM","authorizerId":"` + *authorizer + `","httpMethod":"ANY",
			"operationName":"ReplacedOperationName"}`,
			[]types.PatchOperation{operation(opRemove, "/requestParameters/method.request.querystring.optional"), operation(opRemove, "/requestModels/application~1json")}},
		{"a word that is no boolean is false", `{"apiKeyRequired":false,"authorizationType":"CUSTOM","authorizerId":"` + *authorizer + `","httpMethod":"ANY",
			"operationName":"ReplacedOperationName"}`, []types.PatchOperation{operation(opReplace, "/apiKeyRequired", "whatever")}},
		{"NONE drops the authorizer", `{"apiKeyRequired":false,"authorizationType":"NONE","httpMethod":"ANY","operationName":"ReplacedOperationName"}`,
			[]types.PatchOperation{operation(opReplace, "/authorizationType", "NONE")}},
		{"an authorizer of a method without authorization is ignored", `{"apiKeyRequired":false,"authorizationType":"NONE","httpMethod":"ANY","operationName":"ReplacedOperationName"}`,
			[]types.PatchOperation{operation(opReplace, "/authorizerId", "whatever")}},
	} {
		t.Run(test.name, func(t *testing.T) { update(t, test.want, test.operations...) })
	}
}

func TestUpdateMethodRefusesAsRecorded(t *testing.T) {
	g := newGate(t)
	api, root := g.createAPI()
	g.putMethod(api, root, "ANY")
	for _, test := range []struct {
		name, code, want string
		operations       []types.PatchOperation
	}{
		{"adding a scalar", "BadRequestException", "Invalid patch operation specified. Must be one of: [replace]",
			[]types.PatchOperation{operation(opAdd, "/authorizationType", "AWS_IAM")}},
		{"removing a scalar", "BadRequestException", "Invalid patch operation specified. Must be one of: [replace]",
			[]types.PatchOperation{operation(opRemove, "/operationName")}},
		{"the verb", "BadRequestException", "Invalid patch path /httpMethod", []types.PatchOperation{operation(opReplace, "/httpMethod", "GET")}},
		{"all parameters", "BadRequestException", "Invalid patch path /requestParameters", []types.PatchOperation{operation(opReplace, "/requestParameters", "x")}},
		{"a slash that is not escaped", "BadRequestException", "Invalid patch path /requestModels/application/json",
			[]types.PatchOperation{operation(opAdd, "/requestModels/application/json", "Empty")}},
		{"CUSTOM without an authorizer", "BadRequestException", badAuthorizerText, []types.PatchOperation{operation(opReplace, "/authorizationType", "CUSTOM")}},
		{"CUSTOM with an unknown authorizer", "BadRequestException", badAuthorizerText, []types.PatchOperation{
			operation(opReplace, "/authorizationType", "CUSTOM"), operation(opReplace, "/authorizerId", "nosuch")}},
		{"an unknown request validator", "BadRequestException", "Invalid Request Validator identifier specified",
			[]types.PatchOperation{operation(opReplace, "/requestValidatorId", "nosuch")}},
		{"a parameter that is not there", "NotFoundException", "Invalid parameter name specified",
			[]types.PatchOperation{operation(opRemove, "/requestParameters/method.request.header.x")}},
	} {
		t.Run(test.name, func(t *testing.T) {
			refused(g.UpdateMethod(g.ctx(), &apigateway.UpdateMethodInput{
				RestApiId: api, ResourceId: root, HttpMethod: aws.String("ANY"), PatchOperations: test.operations,
			}))(t, test.code, test.want)
		})
	}
	for _, test := range []struct{ name, api, resource, verb, want string }{
		{"an unknown API", "nosuch", *root, "ANY", "Invalid Resource identifier specified"},
		{"an unknown resource", *api, "nosuch", "ANY", "Invalid Resource identifier specified"},
		{"an unknown method", *api, *root, "GET", "Invalid Method identifier specified"},
	} {
		t.Run(test.name, func(t *testing.T) {
			refused(g.UpdateMethod(g.ctx(), &apigateway.UpdateMethodInput{
				RestApiId: &test.api, ResourceId: &test.resource, HttpMethod: &test.verb,
			}))(t, "NotFoundException", test.want)
		})
	}
}

func TestMethodResponsesAnswerAsRecorded(t *testing.T) {
	g := newGate(t)
	api, root := g.createAPI()
	g.putMethod(api, root, "GET")
	get, status := aws.String("GET"), aws.String("200")
	put := func(status string, parameters map[string]bool, models map[string]string) (*apigateway.PutMethodResponseOutput, error) {
		return g.PutMethodResponse(g.ctx(), &apigateway.PutMethodResponseInput{
			RestApiId: api, ResourceId: root, HttpMethod: get, StatusCode: &status, ResponseParameters: parameters, ResponseModels: models,
		})
	}
	update := func(status string, operations ...types.PatchOperation) (*apigateway.UpdateMethodResponseOutput, error) {
		return g.UpdateMethodResponse(g.ctx(), &apigateway.UpdateMethodResponseInput{
			RestApiId: api, ResourceId: root, HttpMethod: get, StatusCode: &status, PatchOperations: operations,
		})
	}
	shows(t, ok(put("200", map[string]bool{}, map[string]string{}))(t), `{"responseModels":{},"responseParameters":{},"statusCode":"200"}`)
	shows(t, ok(g.GetMethodResponse(g.ctx(), &apigateway.GetMethodResponseInput{RestApiId: api, ResourceId: root, HttpMethod: get, StatusCode: status}))(t),
		`{"responseModels":{},"responseParameters":{},"statusCode":"200"}`)
	refused(put("200", nil, nil))(t, "ConflictException", "Response already exists for this resource")
	refused(put("201", nil, map[string]string{"application/json": "petModel"}))(t, "BadRequestException", "Invalid model identifier specified: petModel")

	for _, test := range []struct {
		name, code, want string
		operation        types.PatchOperation
	}{
		{"a parameter that is not there is replaced", "NotFoundException", "Invalid parameter name specified",
			operation(opReplace, "/responseParameters/method.response.header.my-header", "true")},
		{"a parameter that is not there is removed", "NotFoundException", "Invalid parameter name specified",
			operation(opRemove, "/responseParameters/method.response.header.my-header")},
		{"a model that is not there is replaced", "NotFoundException", "Content-Type specified was not found",
			operation(opReplace, "/responseModels/application~1json", "Empty")},
		{"a model that is not there is removed", "NotFoundException", "Content-Type specified was not found",
			operation(opRemove, "/responseModels/application~1json")},
		{"another path", "BadRequestException", "Invalid patch path /wrong/method.response.header.my-header",
			operation(opAdd, "/wrong/method.response.header.my-header", "true")},
	} {
		t.Run(test.name, func(t *testing.T) { refused(update("200", test.operation))(t, test.code, test.want) })
	}
	refused(update("404"))(t, "NotFoundException", "Invalid Response status code specified")

	shows(t, ok(update("200", operation(opAdd, "/responseModels/application~1json", "Empty"), operation(opAdd, "/responseParameters/method.response.header.my-header", "true")))(t),
		`{"responseModels":{"application/json":"Empty"},"responseParameters":{"method.response.header.my-header":true},"statusCode":"200"}`)
	shows(t, ok(update("200", operation(opRemove, "/responseModels/application~1json"), operation(opRemove, "/responseParameters/method.response.header.my-header")))(t),
		`{"statusCode":"200"}`)

	ok(g.DeleteMethodResponse(g.ctx(), &apigateway.DeleteMethodResponseInput{RestApiId: api, ResourceId: root, HttpMethod: get, StatusCode: status}))(t)
	refused(g.DeleteMethodResponse(g.ctx(), &apigateway.DeleteMethodResponseInput{RestApiId: api, ResourceId: root, HttpMethod: get, StatusCode: status}))(t,
		"NotFoundException", "Invalid Response status code specified")
	refused(g.UpdateMethodResponse(g.ctx(), &apigateway.UpdateMethodResponseInput{RestApiId: api, ResourceId: aws.String("nosuch"), HttpMethod: get, StatusCode: status}))(t,
		"NotFoundException", "Invalid Resource identifier specified")
	refused(g.UpdateMethodResponse(g.ctx(), &apigateway.UpdateMethodResponseInput{RestApiId: api, ResourceId: root, HttpMethod: aws.String("POST"), StatusCode: status}))(t,
		"NotFoundException", "Invalid Method identifier specified")
}
