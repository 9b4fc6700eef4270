package server

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// step is a call by hand and what AWS was recorded to answer. Texts in angle brackets are the recorder's placeholders: the
// first that meets one gives it its value, in later paths, bodies and answers it is that value. <date> is any number.
type step struct {
	name, method, path, body string
	status                   int
	// code is that of a refusal, whose want is its message alone.
	code, want string
}

var placeholder = regexp.MustCompile(`<[a-z0-9:]+>`)

// walk makes the steps one after the other; each goes on from what the ones before left behind.
func walk(t *testing.T, steps []step) {
	t.Helper()
	c := newCaller(t)
	bound := map[string]string{}
	fill := func(text string) string {
		return placeholder.ReplaceAllStringFunc(text, func(name string) string {
			if value, ok := bound[name]; ok {
				return value
			}
			return name
		})
	}
	for _, s := range steps {
		if !t.Run(s.name, func(t *testing.T) {
			mine := *c
			mine.T = t
			status, code, answer := mine.byHand(s.method, fill(s.path), fill(s.body))
			want := any(map[string]any{"message": fill(s.want)})
			switch {
			case s.code == "" && s.want == "":
				want = nil
			case s.code == "":
				if err := json.Unmarshal([]byte(s.want), &want); err != nil {
					t.Fatalf("%v in %s", err, s.want)
				}
			}
			want = bind(want, answer, bound)
			if status != s.status || code != s.code {
				t.Errorf("want %d %s, got %d %s", s.status, s.code, status, code)
			}
			if diff := cmp.Diff(want, answer); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		}) {
			t.Fatal("the steps after this one need it")
		}
	}
}

// bind puts the answer's values for the placeholders of want.
func bind(want, got any, bound map[string]string) any {
	switch w := want.(type) {
	case string:
		if w == "<date>" {
			if _, number := got.(float64); number {
				return got
			}
		}
		if placeholder.FindString(w) == w && bound[w] == "" {
			if text, ok := got.(string); ok && text != "" {
				bound[w] = text
			}
		}
		return placeholder.ReplaceAllStringFunc(w, func(name string) string {
			if value, ok := bound[name]; ok {
				return value
			}
			return name
		})
	case map[string]any:
		g, _ := got.(map[string]any)
		filled := make(map[string]any, len(w))
		for key, value := range w {
			name, _ := bind(key, "", bound).(string)
			filled[name] = bind(value, g[name], bound)
		}
		return filled
	case []any:
		g, _ := got.([]any)
		filled := make([]any, len(w))
		for i, value := range w {
			var other any
			if i < len(g) {
				other = g[i]
			}
			filled[i] = bind(value, other, bound)
		}
		return filled
	}
	return want
}

// byHand sends a request of API Gateway's protocol and tells status, the refusal's code and the body.
func (c *caller) byHand(method, path, body string) (status int, code string, answer any) {
	c.Helper()
	r, err := http.NewRequestWithContext(c.ctx(), method, c.url+path, strings.NewReader(body))
	if err != nil {
		c.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	// The signature is not verified, as no access keys are configured.
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+recordedAccount+"/20260101/eu-west-1/apigateway/aws4_request, SignedHeaders=host, Signature=0")
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		c.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		c.Fatal(err)
	}
	code, _, _ = strings.Cut(response.Header.Get("X-Amzn-Errortype"), ":")
	if len(data) > 0 {
		if err := json.Unmarshal(data, &answer); err != nil {
			c.Fatalf("%s: %v", data, err)
		}
	}
	return response.StatusCode, code, answer
}

// patchBody is the body of a PATCH: OP PATH VALUE, one line each; a line may do without a value.
func patchBody(lines ...string) string {
	operations := make([]string, len(lines))
	for i, line := range lines {
		op, rest, _ := strings.Cut(line, " ")
		path, value, valued := strings.Cut(rest, " ")
		operations[i] = fmt.Sprintf(`{"op":%q,"path":%q}`, op, path)
		if valued {
			operations[i] = fmt.Sprintf(`{"op":%q,"path":%q,"value":%q}`, op, path, value)
		}
	}
	return `{"patchOperations":[` + strings.Join(operations, ",") + `]}`
}

// made is the step that makes an API.
var made = step{"an API", "POST", "/restapis", `{"name":"pets"}`, 201, "",
	`{"apiKeySource":"HEADER","createdDate":"<date>","disableExecuteApiEndpoint":false,"endpointConfiguration":{"ipAddressType":"ipv4","types":["EDGE"]},"id":"<api>","name":"pets","rootResourceId":"<root>"}`}

const badAuthorizerID = "Invalid authorizer ID specified. Setting the authorization type to CUSTOM or COGNITO_USER_POOLS requires a valid authorizer."

// The recording, section 1.
func TestRecordedAnswersOfAuthorizers(t *testing.T) {
	const uri = "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/arn:aws:lambda:eu-west-1:111111111111:function:f/invocations"
	const shown = `{"authType":"custom","authorizerUri":"` + uri + `","id":"<authorizer>","identitySource":"method.request.header.Auth","name":"a","type":"TOKEN"}`
	walk(t, []step{
		{"an authorizer of an unknown API", "POST", "/restapis/test-fake-rest-id/authorizers", `{"name":"a","type":"TOKEN"}`, 409, "ConflictException",
			"Unable to complete operation due to concurrent modification. Please try again later."},
		{"authorizers of an unknown API", "GET", "/restapis/test-fake-rest-id/authorizers", "", 404, "NotFoundException", "Invalid API identifier specified 111111111111:test-fake-rest-id"},
		made,
		{"an authorizer without a TTL", "POST", "/restapis/<api>/authorizers", `{"name":"a","type":"TOKEN","authorizerUri":"` + uri + `","identitySource":"method.request.header.Auth"}`, 201, "", shown},
		{"a method with it", "PUT", "/restapis/<api>/resources/<root>/methods/GET", `{"authorizationType":"CUSTOM","authorizerId":"<authorizer>","apiKeyRequired":true}`, 201, "",
			`{"apiKeyRequired":true,"authorizationType":"CUSTOM","authorizerId":"<authorizer>","httpMethod":"GET"}`},
		{"the list", "GET", "/restapis/<api>/authorizers", "", 200, "", `{"item":[` + shown + `]}`},
	})
}

// The recording, section 2.
func TestRecordedAnswersOfMethods(t *testing.T) {
	const method = "/restapis/<api>/resources/<root>/methods/GET"
	refused := func(name, patch, message string) step {
		return step{name, "PATCH", method, patchBody(patch), 400, "BadRequestException", message}
	}
	walk(t, []step{
		made,
		{"a method of an unknown API", "PUT", "/restapis/nosuch/resources/<root>/methods/GET", `{"authorizationType":"NONE"}`, 404, "NotFoundException", "Invalid Resource identifier specified"},
		{"a method of an unknown resource", "PUT", "/restapis/<api>/resources/nosuch/methods/GET", `{"authorizationType":"NONE"}`, 404, "NotFoundException", "Invalid Resource identifier specified"},
		{"a verb that is none", "PUT", "/restapis/<api>/resources/<root>/methods/wrong", `{"authorizationType":"NONE"}`, 400, "BadRequestException",
			"Invalid HttpMethod specified. Valid options are GET,PUT,POST,DELETE,PATCH,OPTIONS,HEAD,ANY"},
		{"CUSTOM without an authorizer", "PUT", method, `{"authorizationType":"CUSTOM"}`, 400, "BadRequestException", badAuthorizerID},
		{"COGNITO_USER_POOLS without an authorizer", "PUT", method, `{"authorizationType":"COGNITO_USER_POOLS"}`, 400, "BadRequestException", badAuthorizerID},
		{"an unknown validator", "PUT", method, `{"authorizationType":"NONE","requestValidatorId":"nosuch"}`, 400, "BadRequestException", "Invalid Request Validator identifier specified"},
		{"an unknown model", "PUT", method, `{"authorizationType":"NONE","requestModels":{"application/json":"petModel"}}`, 400, "BadRequestException", "Invalid model identifier specified: petModel"},
		{"one name in two places", "PUT", method, `{"authorizationType":"NONE","requestParameters":{"method.request.header.foo":true,"method.request.querystring.foo":true}}`, 400, "BadRequestException",
			"Parameter names must be unique across querystring, header and path"},
		{"a plain method", "PUT", method, `{"authorizationType":"NONE"}`, 201, "", `{"apiKeyRequired":false,"authorizationType":"NONE","httpMethod":"GET"}`},
		refused("a scalar added", "add /authorizationType AWS_IAM", "Invalid patch operation specified. Must be one of: [replace]"),
		refused("a scalar removed", "remove /apiKeyRequired true", "Invalid patch operation specified. Must be one of: [replace]"),
		refused("the verb", "replace /httpMethod PUT", "Invalid patch path /httpMethod"),
		refused("all parameters", "add /requestParameters x", "Invalid patch path /requestParameters"),
		refused("a slash that is not escaped", "add /requestModels/application/json Empty", "Invalid patch path /requestModels/application/json"),
		{"a text for a boolean", "PATCH", method, patchBody("replace /apiKeyRequired whatever"), 200, "", `{"apiKeyRequired":false,"authorizationType":"NONE","httpMethod":"GET"}`},
		refused("CUSTOM later, without an authorizer", "replace /authorizationType CUSTOM", badAuthorizerID),
		{"an authorizer of a method that has no use for it", "PATCH", method, patchBody("replace /authorizerId abc123"), 200, "", `{"apiKeyRequired":false,"authorizationType":"NONE","httpMethod":"GET"}`},
		{"CUSTOM with an unknown authorizer", "PATCH", method, patchBody("replace /authorizationType CUSTOM", "replace /authorizerId abc123"), 400, "BadRequestException", badAuthorizerID},
		{"AWS_IAM", "PATCH", method, patchBody("replace /authorizationType AWS_IAM"), 200, "", `{"apiKeyRequired":false,"authorizationType":"AWS_IAM","httpMethod":"GET"}`},
		{"an authorizer", "POST", "/restapis/<api>/authorizers", `{"name":"pool","type":"COGNITO_USER_POOLS","identitySource":"method.request.header.Authorization",` +
			`"providerARNs":["arn:aws:cognito-idp:eu-west-1:111111111111:userpool/eu-west-1_AbCdEf123"]}`, 201, "",
			`{"authType":"cognito_user_pools","id":"<authorizer>","identitySource":"method.request.header.Authorization","name":"pool",` +
				`"providerARNs":["arn:aws:cognito-idp:eu-west-1:111111111111:userpool/eu-west-1_AbCdEf123"],"type":"COGNITO_USER_POOLS"}`},
		{"CUSTOM with an authorizer", "PATCH", method, patchBody("replace /authorizationType CUSTOM", "replace /authorizerId <authorizer>"), 200, "",
			`{"apiKeyRequired":false,"authorizationType":"CUSTOM","authorizerId":"<authorizer>","httpMethod":"GET"}`},
		{"an unknown method", "GET", "/restapis/<api>/resources/<root>/methods/PUT", "", 404, "NotFoundException", "Invalid Method identifier specified"},
		{"the method deleted", "DELETE", method, "", 204, "", ""},
		{"the method deleted again", "DELETE", method, "", 404, "NotFoundException", "Invalid Method identifier specified"},
	})
}
