package server

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/google/go-cmp/cmp"
)

// deployed is an API of a running server, for what the recording says of the data plane.
type deployed struct {
	*caller
	id, root string
}

func newDeployed(t *testing.T, config Config) *deployed {
	t.Helper()
	c := callerOf(t, startTest(t, config))
	api, err := c.api.CreateRestApi(c.ctx(), &apigateway.CreateRestApiInput{Name: aws.String("recorded")})
	if err != nil {
		t.Fatal(err)
	}
	return &deployed{c, *api.Id, *api.RootResourceId}
}

func (d *deployed) must(err error) {
	d.Helper()
	if err != nil {
		d.Fatal(err)
	}
}

// on makes a resource below the root with one method, and returns the resource's id.
func (d *deployed) on(method, part string, in apigateway.PutMethodInput, integration apigateway.PutIntegrationInput, responses ...apigateway.PutIntegrationResponseInput) (resource string) {
	d.Helper()
	made, err := d.api.CreateResource(d.ctx(), &apigateway.CreateResourceInput{RestApiId: &d.id, ParentId: &d.root, PathPart: &part})
	d.must(err)
	in.RestApiId, in.ResourceId, in.HttpMethod, in.AuthorizationType = &d.id, made.Id, &method, aws.String("NONE")
	_, err = d.api.PutMethod(d.ctx(), &in)
	d.must(err)
	integration.RestApiId, integration.ResourceId, integration.HttpMethod = &d.id, made.Id, &method
	_, err = d.api.PutIntegration(d.ctx(), &integration)
	d.must(err)
	for _, r := range responses {
		parameters := map[string]bool{}
		for name := range r.ResponseParameters {
			parameters[name] = true
		}
		r.RestApiId, r.ResourceId, r.HttpMethod, r.StatusCode = &d.id, made.Id, &method, aws.String("200")
		_, err = d.api.PutMethodResponse(d.ctx(), &apigateway.PutMethodResponseInput{RestApiId: &d.id, ResourceId: made.Id, HttpMethod: &method, StatusCode: r.StatusCode, ResponseParameters: parameters})
		d.must(err)
		_, err = d.api.PutIntegrationResponse(d.ctx(), &r)
		d.must(err)
	}
	return *made.Id
}

func (d *deployed) deploy() {
	d.Helper()
	_, err := d.api.CreateDeployment(d.ctx(), &apigateway.CreateDeploymentInput{RestApiId: &d.id, StageName: aws.String("dev")})
	d.must(err)
}

// call sends a request to the deployed API; header is NAME: VALUE.
func (d *deployed) call(method, path, body string, header ...string) (*http.Response, string) {
	d.Helper()
	r, err := http.NewRequestWithContext(d.ctx(), method, d.url+"/_aws/execute-api/"+d.id+"/dev"+path, strings.NewReader(body))
	d.must(err)
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Add(name, value)
	}
	response, err := http.DefaultClient.Do(r)
	d.must(err)
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	d.must(err)
	return response, string(text)
}

// answers expects a status, a body and an error's name.
func (d *deployed) answers(response *http.Response, body string, status int, want, errorType string) {
	d.Helper()
	if response.StatusCode != status || body != want || response.Header.Get("X-Amzn-Errortype") != errorType {
		d.Errorf("answered %d %s %s, want %d %s %s", response.StatusCode, response.Header.Get("X-Amzn-Errortype"), body, status, errorType, want)
	}
}

var mockIntegration = apigateway.PutIntegrationInput{Type: types.IntegrationTypeMock, RequestTemplates: map[string]string{"application/json": `{"statusCode": 200}`}}

// The recording, sections 4 and 6.
func TestRecordedRefusalsOfRequests(t *testing.T) {
	d := newDeployed(t, Config{})
	validator, err := d.api.CreateRequestValidator(d.ctx(), &apigateway.CreateRequestValidatorInput{RestApiId: &d.id, Name: aws.String("all"), ValidateRequestBody: true, ValidateRequestParameters: true})
	d.must(err)
	for name, schema := range map[string]string{
		"Name":  `{"$schema":"http://json-schema.org/draft-04/schema#","type":"string","minLength":2}`,
		"Pet":   `{"type":"object","required":["name"],"properties":{"name":{"$ref":"https://apigateway.amazonaws.com/restapis/` + d.id + `/models/Name"}}}`,
		"OneOf": `{"oneOf":[{"type":"object","required":["a"]},{"type":"object","required":["b"]}]}`,
	} {
		_, err := d.api.CreateModel(d.ctx(), &apigateway.CreateModelInput{RestApiId: &d.id, Name: &name, ContentType: aws.String("application/json"), Schema: &schema})
		d.must(err)
	}
	validated := func(model string, parameters map[string]bool) apigateway.PutMethodInput {
		in := apigateway.PutMethodInput{RequestValidatorId: validator.Id, RequestParameters: parameters}
		if model != "" {
			in.RequestModels = map[string]string{"application/json": model}
		}
		return in
	}
	ok := apigateway.PutIntegrationResponseInput{}
	issuer := d.on("GET", "{issuer}", validated("", map[string]bool{"method.request.header.x-header-param": true, "method.request.querystring.qs1": true, "method.request.path.issuer": true}), mockIntegration, ok)
	d.on("POST", "pet", validated("Pet", nil), mockIntegration, ok)
	d.on("POST", "oneof", validated("OneOf", nil), mockIntegration, ok)
	d.deploy()
	out, err := d.api.TestInvokeMethod(d.ctx(), &apigateway.TestInvokeMethodInput{RestApiId: &d.id, ResourceId: &issuer, HttpMethod: aws.String("GET"), PathWithQueryString: aws.String("/")})
	d.must(err)
	if out.Status != 400 || aws.ToString(out.Body) != `{"message":"Missing required request parameters: [x-header-param, issuer, qs1]"}` {
		t.Errorf("answered %d %s", out.Status, aws.ToString(out.Body))
	}
	const noRoute, badBody = `{"message":"Missing Authentication Token"}`, `{"message":"Invalid request body"}`
	for _, tt := range []struct {
		name, method, path, body string
		status                   int
		want, errorType          string
	}{
		{"an unknown path", "GET", "/pet/unknown", "", 403, noRoute, "MissingAuthenticationTokenException"},
		{"a known path with another verb", "DELETE", "/pet", "", 403, noRoute, "MissingAuthenticationTokenException"},
		{"parameters that are missing", "GET", "/x", "", 400, `{"message":"Missing required request parameters: [x-header-param, qs1]"}`, "BadRequestException"},
		{"a body that fits, by $ref", "POST", "/pet", `{"name":"Ann"}`, 200, "", ""},
		{"a body that does not, by $ref", "POST", "/pet", `{"name":"A"}`, 400, badBody, "BadRequestException"},
		{"a member that is missing", "POST", "/pet", `{}`, 400, badBody, "BadRequestException"},
		{"no JSON", "POST", "/pet", `{`, 400, badBody, "BadRequestException"},
		{"one of two", "POST", "/oneof", `{"a":1}`, 200, "", ""},
		{"both of two", "POST", "/oneof", `{"a":1,"b":1}`, 400, badBody, "BadRequestException"},
		{"none of two", "POST", "/oneof", `{}`, 400, badBody, "BadRequestException"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			response, body := d.call(tt.method, tt.path, tt.body, "Content-Type: application/json")
			d.answers(response, body, tt.status, tt.want, tt.errorType)
		})
	}
}

// The recording, section 7: the whole log, of which only ids and times differ.
func TestRecordedLogOfATestInvocation(t *testing.T) {
	d := newDeployed(t, Config{})
	resource := d.on("GET", "pets", apigateway.PutMethodInput{}, mockIntegration, apigateway.PutIntegrationResponseInput{ResponseTemplates: map[string]string{"application/json": `{"ok":true}`}})
	broken := d.on("GET", "broken", apigateway.PutMethodInput{}, apigateway.PutIntegrationInput{Type: types.IntegrationTypeHttpProxy, IntegrationHttpMethod: aws.String("GET"), Uri: aws.String("http://${stageVariables.none}/")})
	run := func(resource string) *apigateway.TestInvokeMethodOutput {
		t.Helper()
		out, err := d.api.TestInvokeMethod(d.ctx(), &apigateway.TestInvokeMethodInput{RestApiId: &d.id, ResourceId: &resource, HttpMethod: aws.String("GET")})
		d.must(err)
		return out
	}
	uuid, stamp := regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`), regexp.MustCompile(`(?m)^[A-Z][a-z]{2} [A-Z][a-z]{2} \d\d \d\d:\d\d:\d\d UTC \d{4} : `)
	told := func(out *apigateway.TestInvokeMethodOutput) string {
		return stamp.ReplaceAllString(uuid.ReplaceAllString(aws.ToString(out.Log), "ID"), "DATE : ")
	}
	out := run(resource)
	const want = `Execution log for request ID
DATE : Starting execution for request: ID
DATE : HTTP Method: GET, Resource Path: /pets
DATE : Method request path: {}
DATE : Method request query string: {}
DATE : Method request headers: {}
DATE : Method request body before transformations: ` + `
DATE : Method response body after transformations: {"ok":true}
DATE : Method response headers: {Content-Type=application/json}
DATE : Successfully completed execution
DATE : Method completed with status: 200
`
	if diff := cmp.Diff(want, told(out)); diff != "" {
		t.Error(diff)
	}
	if out.Status != 200 || aws.ToString(out.Body) != `{"ok":true}` || !cmp.Equal(out.Headers, map[string]string{"Content-Type": "application/json"}) ||
		!cmp.Equal(out.MultiValueHeaders, map[string][]string{"Content-Type": {"application/json"}}) {
		t.Errorf("answered %+v", out)
	}
	out = run(broken)
	if out.Status != 500 || aws.ToString(out.Body) != `{"message":"Internal server error"}` || out.Headers["x-amzn-ErrorType"] != "InternalServerErrorException" ||
		!strings.HasSuffix(told(out), "DATE : Method completed with status: 500\n") || !strings.Contains(told(out), "DATE : Execution failed due to configuration error: Invalid endpoint address\n") {
		t.Errorf("answered %+v with %s", out, told(out))
	}
}

// The recording, section 10: what a function's answer becomes, what comes back under another name, which headers every answer has.
func TestRecordedAnswersOfIntegrations(t *testing.T) {
	var payload string
	var seen http.Header
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen = r.Header.Clone()
		_, _ = io.WriteString(w, payload)
	}))
	t.Cleanup(backend.Close)
	d := newDeployed(t, Config{Functions: map[string]string{"f": backend.URL}})
	function := apigateway.PutIntegrationInput{Type: types.IntegrationTypeAwsProxy, IntegrationHttpMethod: aws.String("POST"),
		Uri: aws.String("arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/arn:aws:lambda:eu-west-1:" + recordedAccount + ":function:f/invocations")}
	d.on("GET", "function", apigateway.PutMethodInput{}, function)
	function.RequestParameters = map[string]string{"integration.request.header.Authorization": "'x'"}
	d.on("GET", "authorization", apigateway.PutMethodInput{}, function)
	d.on("GET", "backend", apigateway.PutMethodInput{}, apigateway.PutIntegrationInput{Type: types.IntegrationTypeHttpProxy, IntegrationHttpMethod: aws.String("GET"), Uri: &backend.URL})
	remapped := []string{"Authorization", "Connection", "Content-Length", "Content-MD5", "Date", "Expect", "Host", "Max-Forwards", "Proxy-Authenticate", "Server", "Trailer", "Upgrade", "User-Agent", "WWW-Authenticate"}
	mappings := map[string]string{}
	for _, name := range remapped {
		mappings["method.response.header."+name] = "'mapped'"
	}
	d.on("GET", "mock", apigateway.PutMethodInput{}, mockIntegration, apigateway.PutIntegrationResponseInput{ResponseParameters: mappings})
	d.deploy()
	const internal = `{"message":"Internal server error"}`
	for _, tt := range []struct {
		name, payload string
		status        int
		want          string
	}{
		{"a text", `"text"`, 502, internal}, {"a list", `[]`, 502, internal}, {"a bad status", `{"statusCode":"wrong"}`, 502, internal},
		{"bad headers", `{"statusCode":200,"headers":"wrong"}`, 502, internal}, {"no body", `{"statusCode":200}`, 200, ""}, {"a status as text", `{"statusCode":"200","body":"x"}`, 200, "x"},
	} {
		t.Run("a function answers "+tt.name, func(t *testing.T) {
			payload = tt.payload
			response, body := d.call("GET", "/function", "")
			d.answers(response, body, tt.status, tt.want, map[int]string{502: "InternalServerErrorException"}[tt.status])
			if traced := response.Header.Get("X-Amzn-Trace-Id") != ""; traced != (tt.status == 200) {
				t.Errorf("a trace id: %v", traced)
			}
		})
	}
	response, body := d.call("GET", "/authorization", "")
	d.answers(response, body, 500, internal, "InternalServerErrorException")

	payload = `{"statusCode":200,"headers":{` + strings.Join(remappedHeaders(remapped), ",") + `}}`
	for _, path := range []string{"/mock", "/function"} {
		response, _ := d.call("GET", path, "")
		for _, name := range remapped {
			if response.Header.Get("x-amzn-Remapped-"+name) != "mapped" {
				t.Errorf("%s: %s did not come back under another name: %v", path, name, response.Header)
			}
		}
	}
	payload = "plain"
	for path, traced := range map[string]bool{"/backend": true, "/mock": false, "/nowhere": false} {
		response, _ := d.call("GET", path, "", "Authorization: Bearer mine")
		for _, name := range []string{"X-Amzn-Requestid", "X-Amz-Apigw-Id", "Content-Type"} {
			if response.Header.Get(name) == "" {
				t.Errorf("%s: no %s in %v", path, name, response.Header)
			}
		}
		if got := response.Header.Get("X-Amzn-Trace-Id") != ""; got != traced {
			t.Errorf("%s: a trace id: %v", path, got)
		}
		if path == "/backend" && (seen.Get("Authorization") != "Bearer mine" || seen.Get("X-Amzn-Trace-Id") != response.Header.Get("X-Amzn-Trace-Id")) {
			t.Errorf("the backend got %v", seen)
		}
	}
}

// remappedHeaders are members of a JSON object.
func remappedHeaders(names []string) []string {
	members := make([]string, len(names))
	for i, name := range names {
		key, _ := json.Marshal(name)
		members[i] = string(key) + `:"mapped"`
	}
	return members
}
