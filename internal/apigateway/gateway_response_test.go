package apigateway

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/google/go-cmp/cmp"
)

const builtinTemplate = `{"application/json":"{\"message\":$context.error.messageString}"}`

func (g *gate) listResponses(api *string) map[types.GatewayResponseType]types.GatewayResponse {
	g.Helper()
	list := map[types.GatewayResponseType]types.GatewayResponse{}
	for _, r := range ok(g.GetGatewayResponses(g.ctx(), &apigateway.GetGatewayResponsesInput{RestApiId: api}))(g.T).Items {
		list[r.ResponseType] = r
	}
	return list
}

func TestAFreshAPIListsItsGatewayResponsesAsRecorded(t *testing.T) {
	g := newGate(t)
	api, _ := g.createAPI()
	var got [][2]string
	for _, r := range ok(g.GetGatewayResponses(g.ctx(), &apigateway.GetGatewayResponsesInput{RestApiId: api}))(t).Items {
		got = append(got, [2]string{string(r.ResponseType), aws.ToString(r.StatusCode)})
		if !r.DefaultResponse || len(r.ResponseParameters) != 0 || r.ResponseTemplates["application/json"] != `{"message":$context.error.messageString}` {
			t.Errorf("default of %s: %+v", r.ResponseType, r)
		}
	}
	want := [][2]string{
		{"ACCESS_DENIED", "403"}, {"API_CONFIGURATION_ERROR", "500"}, {"AUTHORIZER_CONFIGURATION_ERROR", "500"}, {"AUTHORIZER_FAILURE", "500"},
		{"BAD_REQUEST_BODY", "400"}, {"BAD_REQUEST_PARAMETERS", "400"}, {"DEFAULT_4XX", ""}, {"DEFAULT_5XX", ""}, {"EXPIRED_TOKEN", "403"},
		{"INTEGRATION_FAILURE", "504"}, {"INTEGRATION_TIMEOUT", "504"}, {"INVALID_API_KEY", "403"}, {"INVALID_SIGNATURE", "403"},
		{"MISSING_AUTHENTICATION_TOKEN", "403"}, {"QUOTA_EXCEEDED", "429"}, {"REQUEST_TOO_LARGE", "413"}, {"RESOURCE_NOT_FOUND", "404"},
		{"THROTTLED", "429"}, {"UNAUTHORIZED", "401"}, {"UNSUPPORTED_MEDIA_TYPE", "415"}, {"WAF_FILTERED", "403"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	family := ok(g.GetGatewayResponse(g.ctx(), &apigateway.GetGatewayResponseInput{RestApiId: api, ResponseType: types.GatewayResponseTypeDefault4xx}))(t)
	shows(t, family, `{"defaultResponse":true,"responseParameters":{},"responseTemplates":`+builtinTemplate+`,"responseType":"DEFAULT_4XX"}`)
}

func TestWhatIsLeftOutOfAGatewayResponseIsItsOwnDefault(t *testing.T) {
	g := newGate(t)
	api, _ := g.createAPI()
	kind := types.GatewayResponseTypeMissingAuthenticationToken
	put := func(in apigateway.PutGatewayResponseInput) *apigateway.PutGatewayResponseOutput {
		t.Helper()
		in.RestApiId, in.ResponseType = api, kind
		return ok(g.PutGatewayResponse(g.ctx(), &in))(t)
	}
	shows(t, put(apigateway.PutGatewayResponseInput{StatusCode: aws.String("404")}),
		`{"defaultResponse":false,"responseParameters":{},"responseTemplates":`+builtinTemplate+`,"responseType":"MISSING_AUTHENTICATION_TOKEN","statusCode":"404"}`)
	shows(t, put(apigateway.PutGatewayResponseInput{ResponseParameters: map[string]string{"gatewayresponse.header.A": "'a.b.c'", "gatewayresponse.header.B": "method.request.header.Accept"}}),
		`{"defaultResponse":false,"responseParameters":{"gatewayresponse.header.A":"'a.b.c'","gatewayresponse.header.B":"method.request.header.Accept"},
		"responseTemplates":`+builtinTemplate+`,"responseType":"MISSING_AUTHENTICATION_TOKEN","statusCode":"403"}`)

	in := &apigateway.DeleteGatewayResponseInput{RestApiId: api, ResponseType: kind}
	ok(g.DeleteGatewayResponse(g.ctx(), in))(t)
	if r := g.listResponses(api)[kind]; !r.DefaultResponse || *r.StatusCode != "403" {
		t.Errorf("after the deletion: %+v", r)
	}
	refused(g.DeleteGatewayResponse(g.ctx(), in))(t, "NotFoundException", "Gateway response type not defined on api")
}

func TestAFamilyChangesWhatTypesNotSetShow(t *testing.T) {
	g := newGate(t)
	api, _ := g.createAPI()
	ok(g.PutGatewayResponse(g.ctx(), &apigateway.PutGatewayResponseInput{RestApiId: api, ResponseType: types.GatewayResponseTypeAuthorizerFailure,
		ResponseParameters: map[string]string{"gatewayresponse.header.A": "'own'"}}))(t)
	ok(g.PutGatewayResponse(g.ctx(), &apigateway.PutGatewayResponseInput{RestApiId: api, ResponseType: types.GatewayResponseTypeDefault5xx, StatusCode: aws.String("599"),
		ResponseParameters: map[string]string{"gatewayresponse.header.A": "'family'"}, ResponseTemplates: map[string]string{"application/json": "{}"}}))(t)
	list := g.listResponses(api)
	for _, test := range []struct {
		kind             types.GatewayResponseType
		status, header   string
		template         string
		isDefault, empty bool
	}{
		{types.GatewayResponseTypeIntegrationTimeout, "599", "'family'", "{}", true, false},
		{types.GatewayResponseTypeApiConfigurationError, "599", "'family'", "{}", true, false},
		{types.GatewayResponseTypeAuthorizerFailure, "500", "'own'", `{"message":$context.error.messageString}`, false, false},
		{types.GatewayResponseTypeDefault5xx, "599", "'family'", "{}", false, false},
		{types.GatewayResponseTypeUnauthorized, "401", "", `{"message":$context.error.messageString}`, true, true},
	} {
		r := list[test.kind]
		if aws.ToString(r.StatusCode) != test.status || r.ResponseParameters["gatewayresponse.header.A"] != test.header ||
			r.ResponseTemplates["application/json"] != test.template || r.DefaultResponse != test.isDefault || (len(r.ResponseParameters) == 0) != test.empty {
			t.Errorf("%s: %+v", test.kind, r)
		}
	}
}

func TestUpdateGatewayResponseAnswersAsRecorded(t *testing.T) {
	g := newGate(t)
	api, _ := g.createAPI()
	update := func(operations ...types.PatchOperation) (*apigateway.UpdateGatewayResponseOutput, error) {
		return g.UpdateGatewayResponse(g.ctx(), &apigateway.UpdateGatewayResponseInput{RestApiId: api, ResponseType: types.GatewayResponseTypeDefault4xx, PatchOperations: operations})
	}
	const set = `{"defaultResponse":false,"responseParameters":{},"responseTemplates":` + builtinTemplate + `,"responseType":"DEFAULT_4XX","statusCode":"444"}`
	shows(t, ok(update(operation(opReplace, "/statusCode", "444")))(t), set)
	shows(t, ok(g.GetGatewayResponse(g.ctx(), &apigateway.GetGatewayResponseInput{RestApiId: api, ResponseType: types.GatewayResponseTypeDefault4xx}))(t), set)
	for _, test := range []struct {
		name, code, want string
		operation        types.PatchOperation
	}{
		{"a status added", "BadRequestException", "Invalid patch path /statusCode", operation(opAdd, "/statusCode", "444")},
		{"a status removed", "BadRequestException", "Invalid patch path /statusCode", operation(opRemove, "/statusCode", "444")},
		{"an unknown parameter replaced", "NotFoundException", "Invalid parameter name specified", operation(opReplace, "/responseParameters/gatewayresponse.header.X", "'x'")},
		{"no path", "BadRequestException", "Invalid patch path null", types.PatchOperation{Op: opAdd, Value: aws.String("x")}},
		{"another path", "BadRequestException", "Invalid patch path /wrongPath", operation(opReplace, "/wrongPath", "x")},
		{"a template without a value", "BadRequestException", "Invalid null or empty value in responseTemplates", operation(opReplace, "/responseTemplates/application~1json")},
		{"a parameter without a value", "BadRequestException", "Invalid null or empty value in responseParameters", operation(opReplace, "/responseParameters/gatewayresponse.header.A")},
	} {
		t.Run(test.name, func(t *testing.T) { refused(update(test.operation))(t, test.code, test.want) })
	}
	shows(t, ok(update(operation(opAdd, "/responseParameters/gatewayresponse.header.A", "'a'"), operation(opAdd, "/responseTemplates/application~1xml", "<a/>"),
		operation(opReplace, "/responseParameters/gatewayresponse.header.A", "'b'")))(t),
		`{"defaultResponse":false,"responseParameters":{"gatewayresponse.header.A":"'b'"},"responseTemplates":{"application/json":"{\"message\":$context.error.messageString}",
		"application/xml":"<a/>"},"responseType":"DEFAULT_4XX","statusCode":"444"}`)
	if r := ok(update(operation(opRemove, "/responseParameters/gatewayresponse.header.A")))(t); r.ResponseParameters == nil {
		t.Error("emptied parameters are not shown")
	}
}

func TestGatewayResponsesOfAnUnknownAPI(t *testing.T) {
	g := newGate(t)
	api, kind := aws.String("fake-api-id"), types.GatewayResponseTypeUnauthorized
	const want = "Invalid API identifier specified 111111111111:fake-api-id"
	refused(g.GetGatewayResponses(g.ctx(), &apigateway.GetGatewayResponsesInput{RestApiId: api}))(t, "NotFoundException", want)
	refused(g.GetGatewayResponse(g.ctx(), &apigateway.GetGatewayResponseInput{RestApiId: api, ResponseType: kind}))(t, "NotFoundException", want)
	refused(g.DeleteGatewayResponse(g.ctx(), &apigateway.DeleteGatewayResponseInput{RestApiId: api, ResponseType: kind}))(t, "NotFoundException", want)
	refused(g.UpdateGatewayResponse(g.ctx(), &apigateway.UpdateGatewayResponseInput{RestApiId: api, ResponseType: kind}))(t, "NotFoundException", want)
	refused(g.PutGatewayResponse(g.ctx(), &apigateway.PutGatewayResponseInput{RestApiId: api, ResponseType: kind}))(t, "NotFoundException", want)
}
