package gateway_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/internal/wire"
)

func (a *api) model(name, schema string) *api {
	a.s.Models = append(a.s.Models, wire.Document[types.Model]{Value: types.Model{Name: &name, ContentType: aws.String("application/json"), Schema: &schema}})
	return a
}

// validating is a method whose validator holds bodies against models.
func validating(models map[string]string) types.Method {
	m := open()
	m.RequestValidatorId, m.RequestModels = aws.String("body"), models
	return m
}

const modelsAt = "https://apigateway.amazonaws.com/restapis/" + apiID + "/models/"

// TestBodiesAreHeldAgainstModels covers what AWS applies of JSON Schema draft 4, references between models, and which model counts.
func TestBodiesAreHeldAgainstModels(t *testing.T) {
	bodies := validator("body", false)
	bodies.Value.ValidateRequestBody = true
	onlyJSON := func(name string) types.Method { return validating(map[string]string{"application/json": name}) }
	a := newAPI().
		model("Pet", `{"$schema":"http://json-schema.org/draft-04/schema#","type":"object","required":["name"],"additionalProperties":false,
			"properties":{"name":{"type":"string","minLength":1,"pattern":"^[a-z]+$"},"age":{"type":"integer","minimum":0,"exclusiveMinimum":true},"kind":{"enum":["cat","dog"]},"born":{"type":"string","format":"date-time"}}}`).
		model("Pets", `{"type":"array","uniqueItems":true,"maxItems":2,"items":{"$ref":"`+modelsAt+`Pet"}}`).
		model("Either", `{"oneOf":[{"$ref":"`+modelsAt+`Pet"},{"$ref":"#/definitions/no"}],"definitions":{"no":{"type":"null"}}}`).
		model("Tree", `{"type":"object","properties":{"left":{"$ref":"`+modelsAt+`Tree"},"n":{"type":"number"}}}`).
		model("Broken", `{"type":"nonsense"}`).model("Elsewhere", `{"$ref":"https://example.com/schema"}`).model("File", `{"$ref":"file:///etc/passwd"}`).model("Text", `{{`).
		on("POST", "/pet", onlyJSON("Pet")).on("POST", "/pets", onlyJSON("Pets")).on("POST", "/either", onlyJSON("Either")).on("POST", "/tree", onlyJSON("Tree")).
		on("POST", "/broken", onlyJSON("Broken")).on("POST", "/elsewhere", onlyJSON("Elsewhere")).on("POST", "/file", onlyJSON("File")).on("POST", "/text", onlyJSON("Text")).on("POST", "/none", onlyJSON("None")).
		on("POST", "/by-type", validating(map[string]string{"application/vnd.pet+json": "Pet", "application/x-www-form-urlencoded": "Pet"})).
		on("POST", "/default", validating(map[string]string{"$default": "Pet"}))
	unchecked := validating(map[string]string{"application/json": "Pet"})
	unchecked.RequestValidatorId = nil
	a.on("POST", "/unchecked", unchecked)
	a.s.Validators = append(a.s.Validators, bodies)
	for _, resource := range a.s.Resources {
		resource.Value.ResourceMethods["POST"].MethodIntegration.RequestTemplates["$default"] = `{"statusCode": 200}`
	}
	w := newWorld(t, a, nil)
	for _, tt := range []struct {
		name, path, mediaType, body string
		status                      int
	}{
		{"a body that fits", "/pet", "application/json", `{"name":"tom","age":1,"kind":"cat","born":"2026-01-01T00:00:00Z"}`, 200},
		{"parameters of the media type play no part", "/pet", "application/json; charset=utf-8", `{"name":1}`, 400},
		{"no media type is JSON", "/pet", "", `{"name":1}`, 400},
		{"what is required is missing", "/pet", "application/json", `{}`, 400},
		{"no body is an empty object", "/pet", "application/json", ``, 400},
		{"no body fits where nothing is required", "/tree", "application/json", ``, 200},
		{"a wrong type", "/pet", "application/json", `{"name":1}`, 400},
		{"something more", "/pet", "application/json", `{"name":"tom","more":1}`, 400},
		{"a pattern", "/pet", "application/json", `{"name":"Tom"}`, 400},
		{"draft 4's exclusive minimum", "/pet", "application/json", `{"name":"tom","age":0}`, 400},
		{"one of a list", "/pet", "application/json", `{"name":"tom","kind":"cow"}`, 400},
		{"a format", "/pet", "application/json", `{"name":"tom","born":"yesterday"}`, 400},
		{"no JSON", "/pet", "application/json", `{"name":`, 400},
		{"something behind", "/pet", "application/json", `{"name":"tom"} x`, 400},
		{"a reference to another model", "/pets", "application/json", `[{"name":"tom"}]`, 200},
		{"a reference that does not fit", "/pets", "application/json", `[{"name":1}]`, 400},
		{"one item twice", "/pets", "application/json", `[{"name":"tom"},{"name":"tom"}]`, 400},
		{"one of two", "/either", "application/json", `null`, 200},
		{"none of two", "/either", "application/json", `1`, 400},
		{"a model that refers to itself", "/tree", "application/json", `{"left":{"left":{"n":1}}}`, 200},
		{"deep inside a model that refers to itself", "/tree", "application/json", `{"left":{"left":{"n":"x"}}}`, 400},
		{"another media type is not validated", "/pet", "text/plain", `nonsense`, 200},
		{"a media type of its own", "/by-type", "application/vnd.pet+json", `{}`, 400},
		{"a form cannot be held against a schema", "/by-type", "application/x-www-form-urlencoded", `a=b`, 200},
		{"the default is for every JSON", "/default", "application/problem+json", `{}`, 400},
		{"without a validator nothing is checked", "/unchecked", "application/json", `{}`, 200},
		{"a model that is no schema", "/broken", "application/json", `{}`, 500},
		{"a reference out of the API is not fetched", "/elsewhere", "application/json", `{}`, 500},
		{"nor is a file read", "/file", "application/json", `{}`, 500},
		{"a model that is no JSON", "/text", "application/json", `{}`, 500},
		{"a model that is not there", "/none", "application/json", `{}`, 500},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var headers []string
			if tt.mediaType != "" {
				headers = []string{"Content-Type", tt.mediaType}
			}
			got := sendBody(t, w, "POST", "/prod"+tt.path, tt.body, headers...)
			switch tt.status {
			case 200:
				expect(t, got, 200, `{"path":"`+tt.path+`","method":"POST"}`, "")
			case 400:
				expect(t, got, 400, `{"message":"Invalid request body"}`, "BadRequestException")
				if reason := got.Header.Get("x-poolgate-reason"); reason != string(authz.BodyInvalid) {
					t.Errorf("the reason is %q", reason)
				}
			default:
				expect(t, got, 500, `{"message":"Internal server error"}`, "InternalServerErrorException")
			}
		})
	}
}

func TestParametersAreCheckedBeforeTheBody(t *testing.T) {
	both := validator("body", true)
	both.Value.ValidateRequestBody = true
	m := validating(map[string]string{"application/json": "Pet"})
	m.RequestParameters = map[string]bool{"method.request.querystring.qs1": true, "method.request.header.x-header-param": true, "method.request.path.issuer": true}
	a := newAPI().model("Pet", `{"type":"object","required":["name"]}`).on("POST", "/a", m)
	a.s.Validators = append(a.s.Validators, both)
	w := newWorld(t, a, nil)
	expect(t, sendBody(t, w, "POST", "/prod/a", "{}"), 400, `{"message":"Missing required request parameters: [x-header-param, issuer, qs1]"}`, "BadRequestException")
}

// TestARefusedBodyIsExplainedWithoutItsValues: the record names places and rules.
func TestARefusedBodyIsExplainedWithoutItsValues(t *testing.T) {
	bodies := validator("body", false)
	bodies.Value.ValidateRequestBody = true
	a := newAPI().model("Pet", `{"type":"object","properties":{"owner":{"type":"object","properties":{"mail":{"type":"string","format":"email"}}}}}`).
		on("POST", "/a", validating(map[string]string{"application/json": "Pet"}))
	a.s.Validators = append(a.s.Validators, bodies)
	w := newWorld(t, a, nil)
	got := sendBody(t, w, "POST", "/prod/a", `{"owner":{"mail":"my-secret"}}`)
	record := waitForRecord(t, w, got.Header.Get("x-amzn-RequestId"))
	if !strings.Contains(record.Saw, "/owner/mail") || strings.Contains(record.Saw, "my-secret") {
		t.Errorf("the record says %q", record.Saw)
	}
}
