package e2e

import (
	"encoding/json"
	"net/http"
	neturl "net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/google/go-cmp/cmp"
)

// frameworkMethod is an AWS::ApiGateway::Method as the Serverless Framework writes it.
type frameworkMethod struct {
	HTTPMethod        string `json:"HttpMethod"`
	ResourceID        ref    `json:"ResourceId"`
	RequestParameters map[string]bool
	Integration       struct {
		Type                 types.IntegrationType
		PassthroughBehavior  string
		RequestTemplates     map[string]string
		IntegrationResponses []struct {
			StatusCode, SelectionPattern string
			ResponseParameters           map[string]string
			ResponseTemplates            map[string]string
		}
	}
}

// ref is {"Ref": name}; other values are an empty one.
type ref struct{ Ref string }

// packaged runs the real tool on the fixture and returns the methods of the template that it writes, by path.
func packaged(t *testing.T) map[string]frameworkMethod {
	t.Helper()
	program, err := filepath.Abs("node_modules/.bin/serverless")
	must(t, err)
	if _, err := os.Stat(program); err != nil {
		missing(t, "the npm packages of e2e/package.json are not installed; `make setup` installs them where it can")
	}
	dir := t.TempDir()
	must(t, os.CopyFS(dir, os.DirFS("serverless")))
	cmd := exec.CommandContext(t.Context(), program, "package")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "HOME="+dir, "AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test", "SLS_TELEMETRY_DISABLED=1", "SLS_TRACKING_DISABLED=1", "SLS_NOTIFICATIONS_MODE=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("serverless package: %v\n%s", err, out)
	}
	text, err := os.ReadFile(filepath.Join(dir, ".serverless", "cloudformation-template-update-stack.json"))
	must(t, err)
	var template struct {
		Resources map[string]struct {
			Type       string
			Properties json.RawMessage
		}
	}
	must(t, json.Unmarshal(text, &template))
	methods := map[string]frameworkMethod{}
	for _, resource := range template.Resources {
		if resource.Type != "AWS::ApiGateway::Method" {
			continue
		}
		var m frameworkMethod
		must(t, json.Unmarshal(resource.Properties, &m))
		path := ""
		for at := m.ResourceID.Ref; at != ""; {
			var part struct {
				PathPart string
				ParentID json.RawMessage `json:"ParentId"`
			}
			must(t, json.Unmarshal(template.Resources[at].Properties, &part))
			var parent ref
			_ = json.Unmarshal(part.ParentID, &parent) // the root is a Fn::GetAtt
			path, at = "/"+part.PathPart+path, parent.Ref
		}
		methods[path] = m
	}
	return methods
}

// serveFramework puts the methods on an API as a deployment would, and deploys it.
func (b *backendAPI) serveFramework(t *testing.T, methods map[string]frameworkMethod, functionARN string) (base string) {
	t.Helper()
	made := map[string]*string{"": &b.rootID}
	for path, m := range methods {
		at := ""
		for part := range strings.SplitSeq(path[1:], "/") {
			if made[at+"/"+part] == nil {
				resource, err := b.apis.CreateResource(t.Context(), &apigateway.CreateResourceInput{RestApiId: &b.id, ParentId: made[at], PathPart: &part})
				must(t, err)
				made[at+"/"+part] = resource.Id
			}
			at += "/" + part
		}
		_, err := b.apis.PutMethod(t.Context(), &apigateway.PutMethodInput{RestApiId: &b.id, ResourceId: made[path], HttpMethod: &m.HTTPMethod, AuthorizationType: aws.String("NONE"), RequestParameters: m.RequestParameters})
		must(t, err)
		_, err = b.apis.PutIntegration(t.Context(), &apigateway.PutIntegrationInput{RestApiId: &b.id, ResourceId: made[path], HttpMethod: &m.HTTPMethod, Type: m.Integration.Type,
			IntegrationHttpMethod: aws.String("POST"), PassthroughBehavior: &m.Integration.PassthroughBehavior, RequestTemplates: m.Integration.RequestTemplates,
			Uri: aws.String("arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/" + functionARN + "/invocations")})
		must(t, err)
		for _, r := range m.Integration.IntegrationResponses {
			headers := map[string]bool{}
			for name := range r.ResponseParameters {
				headers[name] = true
			}
			_, err = b.apis.PutMethodResponse(t.Context(), &apigateway.PutMethodResponseInput{RestApiId: &b.id, ResourceId: made[path], HttpMethod: &m.HTTPMethod, StatusCode: &r.StatusCode, ResponseParameters: headers})
			must(t, err)
			_, err = b.apis.PutIntegrationResponse(t.Context(), &apigateway.PutIntegrationResponseInput{RestApiId: &b.id, ResourceId: made[path], HttpMethod: &m.HTTPMethod, StatusCode: &r.StatusCode,
				SelectionPattern: &r.SelectionPattern, ResponseParameters: r.ResponseParameters, ResponseTemplates: r.ResponseTemplates})
			must(t, err)
		}
	}
	return b.deploy(t)
}

// TestTheServerlessFrameworksTemplates serves what `serverless package` generates for `integration: lambda`.
func TestTheServerlessFrameworksTemplates(t *testing.T) {
	t.Parallel()
	methods := packaged(t)
	dir, err := filepath.Abs("serverless")
	must(t, err)
	p := serve(t, "--function", "pets="+dir)
	url := p.newBackendAPI(t).serveFramework(t, methods, "arn:aws:lambda:eu-west-1:000000000000:function:pets")
	jsonSent := http.Header{"Content-Type": {"application/json"}, "X-Quote": {`it's "so"`}, "User-Agent": {"tester"}}

	event := func(t *testing.T, got reply) map[string]any {
		t.Helper()
		var e map[string]any
		if err := json.Unmarshal([]byte(got.body), &e); got.status != http.StatusOK || err != nil {
			t.Fatalf("answered %d %s", got.status, got.body)
		}
		return e
	}
	t.Run("JSON", func(t *testing.T) {
		e := event(t, send(t, http.MethodPost, url+"/pets/it's%20me?q=a%22b&kind=cat", `{"name":"Ann","tags":["x"],"n":1.50}`, jsonSent))
		headers, identity := e["headers"].(map[string]any), e["identity"].(map[string]any)
		if headers["X-Quote"] != `it's "so"` || identity["sourceIp"] != "127.0.0.1" || identity["userAgent"] != "tester" || identity["accessKey"] != "" {
			t.Errorf("headers %v, identity %v", headers, identity)
		}
		delete(e, "headers")
		delete(e, "identity")
		want := map[string]any{
			"body": map[string]any{"name": "Ann", "tags": []any{"x"}, "n": 1.5}, "method": "POST", "principalId": "", "stage": "dev",
			"cognitoPoolClaims": map[string]any{"sub": ""}, "enhancedAuthContext": map[string]any{},
			"query": map[string]any{"q": `a"b`, "kind": "cat"}, "path": map[string]any{"id": "it's me"},
			"stageVariables": map[string]any{}, "requestPath": "/pets/{id}",
		}
		if diff := cmp.Diff(want, e); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("a form", func(t *testing.T) {
		form := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
		e := event(t, send(t, http.MethodPost, url+"/pets/1", "name=it%27s+%22Ann%22&none=&alone&n=1", form))
		if diff := cmp.Diff(map[string]any{"name": `it's "Ann"`, "none": "", "alone": "", "n": "1"}, e["body"]); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("no body", func(t *testing.T) {
		e := event(t, send(t, http.MethodGet, url+"/pets?kind=dog", "", nil))
		if diff := cmp.Diff(map[string]any{}, e["body"]); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(map[string]any{"kind": "dog"}, e["query"]); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("a type that no template is for", func(t *testing.T) {
		got := send(t, http.MethodPost, url+"/pets/1", "x", http.Header{"Content-Type": {"text/plain"}})
		if got.status != 415 || got.body != `{"message":"Unsupported Media Type"}` || got.header.Get("X-Amzn-Errortype") != "BadRequestException" {
			t.Errorf("answered %d %s", got.status, got.body)
		}
	})
	t.Run("a body that is not JSON is a text", func(t *testing.T) {
		if e := event(t, send(t, http.MethodPost, url+"/pets/1", "{no", jsonSent)); e["body"] != "{no" {
			t.Errorf("the body is %v", e["body"])
		}
	})
	t.Run("errors select their response", func(t *testing.T) {
		for said, want := range map[string]int{
			"[400] bad": 400, "[401] who": 401, "[403] no": 403, "no pet [404]\nat all": 404, "[422] odd": 422, "[500] oh": 500, "[502] oh": 502, "[504] late": 504, "unforeseen": 200,
		} {
			got := send(t, http.MethodGet, url+"/pets?"+neturl.Values{"kind": {"x"}, "fail": {said}}.Encode(), "", nil)
			var failure struct{ ErrorMessage string }
			if err := json.Unmarshal([]byte(got.body), &failure); err != nil || got.status != want || failure.ErrorMessage != said {
				t.Errorf("%q answered %d %s, want %d", said, got.status, got.body, want)
			}
		}
	})
	t.Run("own headers, templates and patterns", func(t *testing.T) {
		got := send(t, http.MethodGet, url+"/page", "", nil)
		if got.status != 200 || got.body != "<p>GET</p>" || got.header.Get("Content-Type") != "text/html" || got.header.Get("X-Kind") != "GET" {
			t.Errorf("answered %d %s with %v", got.status, got.body, got.header)
		}
		got = send(t, http.MethodGet, url+"/page?fail=%5B404%5D+%22gone%22", "", nil)
		if got.status != 404 || got.body != `{"missing":"[404] \"gone\""}` || got.header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("answered %d %s with %v", got.status, got.body, got.header)
		}
	})
	t.Run("a function that dies", func(t *testing.T) {
		got := send(t, http.MethodGet, url+"/pets?kind=x&fail=exit", "", nil)
		if got.status != 200 || !strings.Contains(got.body, "Runtime exited with error: exit status 1") { // no pattern of the framework knows this text
			t.Errorf("answered %d %s", got.status, got.body)
		}
	})
}
