package server

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
)

const (
	wrongOperation = "failed to satisfy constraint: Member must satisfy enum value set: [add, remove, move, test, replace, copy]"
	wrongStatus    = "Value 'wrong' at 'statusCode' failed to satisfy constraint: Member must satisfy regular expression pattern: [1-5]\\d\\d"
)

func TestRecordedErrorsOfMethods(t *testing.T) {
	const badAuthorizer = "Invalid authorizer ID specified. Setting the authorization type to CUSTOM or COGNITO_USER_POOLS requires a valid authorizer."
	put := func(change func(*apigateway.PutMethodInput)) func(*caller) error {
		return func(c *caller) error {
			api, root := c.newAPI()
			in := &apigateway.PutMethodInput{RestApiId: api, ResourceId: root, HttpMethod: aws.String("GET"), AuthorizationType: aws.String("NONE")}
			change(in)
			return only(c.api.PutMethod(c.ctx(), in))
		}
	}
	update := func(operations ...types.PatchOperation) func(*caller) error {
		return func(c *caller) error {
			api, root := c.newMethod()
			return only(c.api.UpdateMethod(c.ctx(), &apigateway.UpdateMethodInput{RestApiId: api, ResourceId: root, HttpMethod: aws.String("ANY"), PatchOperations: operations}))
		}
	}
	makeMistakes(t, []mistake{
		{"a verb that is none", 400, "BadRequestException", "Invalid HttpMethod specified. Valid options are GET,PUT,POST,DELETE,PATCH,OPTIONS,HEAD,ANY",
			put(func(in *apigateway.PutMethodInput) { in.HttpMethod = aws.String("wrong") })},
		{"CUSTOM without an authorizer", 400, "BadRequestException", badAuthorizer, put(func(in *apigateway.PutMethodInput) { in.AuthorizationType = aws.String("CUSTOM") })},
		{"CUSTOM without an authorizer later", 400, "BadRequestException", badAuthorizer, update(patchOf(types.OpReplace, "/authorizationType", "CUSTOM"))},
		{"CUSTOM with an unknown authorizer later", 400, "BadRequestException", badAuthorizer,
			update(patchOf(types.OpReplace, "/authorizationType", "CUSTOM"), patchOf(types.OpReplace, "/authorizerId", "nosuch"))},
		{"an unknown validator", 400, "BadRequestException", "Invalid Request Validator identifier specified", put(func(in *apigateway.PutMethodInput) { in.RequestValidatorId = aws.String("nosuch") })},
		{"an unknown validator later", 400, "BadRequestException", "Invalid Request Validator identifier specified", update(patchOf(types.OpReplace, "/requestValidatorId", "nosuch"))},
		{"an unknown model", 400, "BadRequestException", "Invalid model identifier specified: petModel",
			put(func(in *apigateway.PutMethodInput) {
				in.RequestModels = map[string]string{"application/json": "petModel"}
			})},
		{"a name in two places", 400, "BadRequestException", "Parameter names must be unique across querystring, header and path", put(func(in *apigateway.PutMethodInput) {
			in.RequestParameters = map[string]bool{"method.request.header.foo": true, "method.request.querystring.foo": true}
		})},
		{"a scalar added", 400, "BadRequestException", "Invalid patch operation specified. Must be one of: [replace]", update(patchOf(types.OpAdd, "/authorizationType", "AWS_IAM"))},
		{"the verb", 400, "BadRequestException", "Invalid patch path /httpMethod", update(patchOf(types.OpReplace, "/httpMethod", "GET"))},
		{"a slash that is not escaped", 400, "BadRequestException", "Invalid patch path /requestModels/application/json", update(patchOf(types.OpAdd, "/requestModels/application/json", "Empty"))},
		{"all parameters at once", 400, "BadRequestException", "Invalid patch path /requestParameters", update(patchOf(types.OpAdd, "/requestParameters", "x"))},
		{"an unknown resource", 404, "NotFoundException", "Invalid Resource identifier specified", put(func(in *apigateway.PutMethodInput) { in.ResourceId = aws.String("nosuch") })},
		{"an unknown method", 404, "NotFoundException", "Invalid Method identifier specified", func(c *caller) error {
			api, root := c.newAPI()
			return only(c.api.UpdateMethod(c.ctx(), &apigateway.UpdateMethodInput{RestApiId: api, ResourceId: root, HttpMethod: aws.String("GET"),
				PatchOperations: patches(patchOf(types.OpReplace, "/operationName", "x"))}))
		}},
	})
}

func TestRecordedErrorsOfMethodResponses(t *testing.T) {
	const op = "at 'updateMethodResponseInput.patchOperations."
	update := func(status string, operations ...types.PatchOperation) func(*caller) error {
		return func(c *caller) error {
			api, root := c.newMethod()
			out, err := c.api.PutMethodResponse(c.ctx(), &apigateway.PutMethodResponseInput{RestApiId: api, ResourceId: root, HttpMethod: aws.String("ANY"), StatusCode: aws.String("200")})
			done(c, out, err)
			return only(c.api.UpdateMethodResponse(c.ctx(), &apigateway.UpdateMethodResponseInput{
				RestApiId: api, ResourceId: root, HttpMethod: aws.String("ANY"), StatusCode: &status, PatchOperations: operations}))
		}
	}
	const header = "/responseParameters/method.response.header.my-header"
	wrong, right := patchOf("wrong_op", header, "true"), patchOf(types.OpAdd, header, "true")
	makeMistakes(t, []mistake{
		{"a parameter that is not there", 404, "NotFoundException", "Invalid parameter name specified", update("200", patchOf(types.OpReplace, header, "true"))},
		{"a content type that is not there", 404, "NotFoundException", "Content-Type specified was not found", update("200", patchOf(types.OpReplace, "/responseModels/application~1json", "Empty"))},
		{"another path", 400, "BadRequestException", "Invalid patch path /wrong/method.response.header.my-header", update("200", patchOf(types.OpAdd, "/wrong/method.response.header.my-header", "true"))},
		{"an unknown status", 404, "NotFoundException", "Invalid Response status code specified", update("201", right)},
		{"a status that is none", 400, "ValidationException", "1 validation error detected: " + wrongStatus, update("wrong", right)},
		{"an operation that is none", 400, "ValidationException", "1 validation error detected: Value 'wrong_op' " + op + "1.member.op' " + wrongOperation, update("200", wrong)},
		{"an operation and a status that are none", 400, "ValidationException",
			"2 validation errors detected: Value 'wrong_op' " + op + "1.member.op' " + wrongOperation + "; " + wrongStatus, update("wrong", wrong)},
		{"two operations that are none", 400, "ValidationException",
			"2 validation errors detected: Value 'wrong_op' " + op + "1.member.op' " + wrongOperation + "; Value 'wrong_op' " + op + "2.member.op' " + wrongOperation, update("200", wrong, wrong)},
		{"the first and the third operation", 400, "ValidationException",
			"2 validation errors detected: Value 'wrong_op' " + op + "1.member.op' " + wrongOperation + "; Value 'wrong_op' " + op + "3.member.op' " + wrongOperation, update("200", wrong, right, wrong)},
		{"four operations that are none", 400, "ValidationException",
			"4 validation errors detected: Value 'wrong_op' " + op + "1.member.op' " + wrongOperation + "; Value 'wrong_op' " + op + "2.member.op' " + wrongOperation +
				"; Value 'wrong_op' " + op + "3.member.op' " + wrongOperation + "; Value 'wrong_op' " + op + "4.member.op' " + wrongOperation, update("200", wrong, wrong, wrong, wrong)},
	})
}

func TestRecordedErrorsOfIntegrations(t *testing.T) {
	const (
		function = "arn:aws:lambda:eu-west-1:111111111111:function:MyLambda"
		invoke   = "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/" + function + "/invocations"
	)
	put := func(kind types.IntegrationType, verb, uri string) func(*caller) error {
		return func(c *caller) error {
			api, root := c.newMethod()
			in := &apigateway.PutIntegrationInput{RestApiId: api, ResourceId: root, HttpMethod: aws.String("ANY"), Type: kind, Uri: &uri}
			if verb != "" {
				in.IntegrationHttpMethod = &verb
			}
			return only(c.api.PutIntegration(c.ctx(), in))
		}
	}
	raw := func(rest, body string) func(*caller) error {
		return func(c *caller) error {
			api, root := c.newMock()
			return c.raw("PUT", "/restapis/"+*api+"/resources/"+*root+"/methods/ANY/integration"+rest, body)
		}
	}
	response := func(make func(c *caller) (api, root *string), status string) func(*caller) error {
		return func(c *caller) error {
			api, root := make(c)
			return only(c.api.GetIntegrationResponse(c.ctx(), &apigateway.GetIntegrationResponseInput{RestApiId: api, ResourceId: root, HttpMethod: aws.String("ANY"), StatusCode: &status}))
		}
	}
	makeMistakes(t, []mistake{
		{"no path or action", 400, "BadRequestException", "AWS ARN for integration must contain path or action", put(types.IntegrationTypeAwsProxy, "POST", function)},
		{"no verb", 400, "BadRequestException", "Enumeration value for HttpMethod must be non-empty", put(types.IntegrationTypeHttp, "", "http://example.com")},
		{"a proxy to another service", 400, "BadRequestException", "Integrations of type 'AWS_PROXY' currently only supports Lambda function and Firehose stream invocations.",
			put(types.IntegrationTypeAwsProxy, "POST", "arn:aws:apigateway:eu-west-1:s3:path/b/k")},
		{"no ARN", 400, "BadRequestException", "Invalid ARN specified in the request", put(types.IntegrationTypeAws, "POST", "non-sense")},
		{"no URL", 400, "BadRequestException", "Invalid HTTP endpoint specified for URI", put(types.IntegrationTypeHttpProxy, "POST", "non-sense")},
		{"a type that is none", 400, "ValidationException",
			"1 validation error detected: Value 'HTTPS_PROXY' at 'putIntegrationInput.type' failed to satisfy constraint: Member must satisfy enum value set: [HTTP, MOCK, AWS_PROXY, HTTP_PROXY, AWS]",
			put("HTTPS_PROXY", "POST", "https://example.com")},
		{"a mapping of the word true", 400, "BadRequestException", "Invalid mapping expression specified: Validation Result: warnings : [], errors : [Invalid mapping expression specified: true]",
			func(c *caller) error {
				api, root := c.newMethod()
				return only(c.api.PutIntegration(c.ctx(), &apigateway.PutIntegrationInput{RestApiId: api, ResourceId: root, HttpMethod: aws.String("ANY"), Type: types.IntegrationTypeAwsProxy,
					IntegrationHttpMethod: aws.String("POST"), Uri: aws.String(invoke), RequestParameters: map[string]string{"integration.request.path.testPath": "true"}}))
			}},
		{"a mapping of the boolean true", 400, "SerializationException", "class java.lang.Boolean can not be converted to an String",
			raw("", `{"type":"MOCK","requestParameters":{"integration.request.path.testPath":true}}`)},
		{"a template that is a number", 400, "SerializationException", "class com.amazon.coral.value.json.numbers.TruncatingBigNumber can not be converted to an String",
			raw("/responses/200", `{"responseTemplates":{"application/json":123}}`)},
		{"a content type that is none", 400, "BadRequestException", "Validation Result: warnings : [], errors : [Invalid content type specified: 123]",
			raw("/responses/200", `{"responseTemplates":{"123":"x"}}`)},
		{"a status that is none", 400, "ValidationException", "1 validation error detected: " + wrongStatus, raw("/responses/wrong", `{}`)},
		{"the response of a status that is none", 400, "ValidationException", "1 validation error detected: " + wrongStatus, response((*caller).newMock, "wrong")},
		{"the response of no integration", 404, "NotFoundException", "Invalid Integration identifier specified", response((*caller).newMethod, "200")},
		{"an unknown response", 404, "NotFoundException", "Invalid Response status code specified", response((*caller).newMock, "200")},
	})
}

func TestRecordedErrorsOfGatewayResponses(t *testing.T) {
	update := func(o types.PatchOperation) func(*caller) error {
		return func(c *caller) error {
			api, _ := c.newAPI()
			return only(c.api.UpdateGatewayResponse(c.ctx(), &apigateway.UpdateGatewayResponseInput{RestApiId: api, ResponseType: types.GatewayResponseTypeDefault4xx, PatchOperations: patches(o)}))
		}
	}
	makeMistakes(t, []mistake{
		{"a status added", 400, "BadRequestException", "Invalid patch path /statusCode", update(patchOf(types.OpAdd, "/statusCode", "444"))},
		{"a status removed", 400, "BadRequestException", "Invalid patch path /statusCode", update(patchOf(types.OpRemove, "/statusCode"))},
		{"another path", 400, "BadRequestException", "Invalid patch path /wrongPath", update(patchOf(types.OpReplace, "/wrongPath", "x"))},
		{"no path", 400, "BadRequestException", "Invalid patch path null", update(types.PatchOperation{Op: types.OpAdd, Value: aws.String("x")})},
		{"a parameter without a value", 400, "BadRequestException", "Invalid null or empty value in responseParameters", update(patchOf(types.OpReplace, "/responseParameters/gatewayresponse.header.A"))},
		{"a template without a value", 400, "BadRequestException", "Invalid null or empty value in responseTemplates", update(patchOf(types.OpReplace, "/responseTemplates/application~1json"))},
		{"an unknown parameter", 404, "NotFoundException", "Invalid parameter name specified", update(patchOf(types.OpReplace, "/responseParameters/gatewayresponse.header.X", "'x'"))},
		{"an operation that is none", 400, "ValidationException",
			"1 validation error detected: Value 'wrong-op' at 'updateGatewayResponseInput.patchOperations.1.member.op' " + wrongOperation, update(patchOf("wrong-op", "/statusCode", "444"))},
		{"a type that was never set", 404, "NotFoundException", "Gateway response type not defined on api", func(c *caller) error {
			api, _ := c.newAPI()
			return only(c.api.DeleteGatewayResponse(c.ctx(), &apigateway.DeleteGatewayResponseInput{RestApiId: api, ResponseType: types.GatewayResponseTypeDefault4xx}))
		}},
		{"an unknown API", 404, "NotFoundException", "Invalid API identifier specified 111111111111:fake-api-id", func(c *caller) error {
			return only(c.api.GetGatewayResponses(c.ctx(), &apigateway.GetGatewayResponsesInput{RestApiId: aws.String("fake-api-id")}))
		}},
		{"a type that is none", 400, "ValidationException",
			"1 validation error detected: Value 'FAKE_RESPONSE_TYPE' at 'responseType' failed to satisfy constraint: Member must satisfy enum value set: " +
				"[REQUEST_TOO_LARGE, RESOURCE_NOT_FOUND, AUTHORIZER_CONFIGURATION_ERROR, MISSING_AUTHENTICATION_TOKEN, BAD_REQUEST_BODY, INVALID_SIGNATURE, INVALID_API_KEY, BAD_REQUEST_PARAMETERS, " +
				"AUTHORIZER_FAILURE, UNAUTHORIZED, INTEGRATION_TIMEOUT, ACCESS_DENIED, DEFAULT_4XX, DEFAULT_5XX, WAF_FILTERED, QUOTA_EXCEEDED, THROTTLED, API_CONFIGURATION_ERROR, " +
				"UNSUPPORTED_MEDIA_TYPE, INTEGRATION_FAILURE, EXPIRED_TOKEN]",
			func(c *caller) error {
				api, _ := c.newAPI()
				return only(c.api.GetGatewayResponse(c.ctx(), &apigateway.GetGatewayResponseInput{RestApiId: api, ResponseType: "FAKE_RESPONSE_TYPE"}))
			}},
	})
}
