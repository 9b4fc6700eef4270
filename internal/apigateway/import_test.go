package apigateway

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/google/go-cmp/cmp"
)

func testdata(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func (g *gate) importAPI(body []byte, parameters ...string) *apigateway.ImportRestApiOutput {
	g.Helper()
	in := &apigateway.ImportRestApiInput{Body: body, Parameters: map[string]string{}}
	for i := 0; i+1 < len(parameters); i += 2 {
		in.Parameters[parameters[i]] = parameters[i+1]
	}
	return ok(g.ImportRestApi(g.ctx(), in))(g.T)
}

// methods are an API's methods by "VERB /path".
func (g *gate) methods(api *string) map[string]types.Method {
	g.Helper()
	live, err := g.Live(g.Context(), *api)
	if err != nil {
		g.Fatal(err)
	}
	list := map[string]types.Method{}
	for _, resource := range live.Resources {
		for verb, method := range resource.Value.ResourceMethods {
			list[verb+" "+*resource.Value.Path] = method
		}
	}
	return list
}

func (g *gate) authorizersByName(api *string) map[string]types.Authorizer {
	g.Helper()
	byName := map[string]types.Authorizer{}
	for _, a := range ok(g.GetAuthorizers(g.ctx(), &apigateway.GetAuthorizersInput{RestApiId: api}))(g.T).Items {
		byName[*a.Name] = a
	}
	return byName
}

// Recorded: openapi.cognito-auth.json, 02-07-2025.
func TestAnImportProtectsMethodsAsTheirSecuritySays(t *testing.T) {
	g := newGate(t)
	api := g.importAPI(testdata(t, "openapi.cognito-auth.json"))
	byName := g.authorizersByName(api.Id)
	for _, name := range []string{"scheme1", "scheme2"} {
		a := byName[name]
		if a.Id == nil {
			t.Fatalf("no authorizer %s in %v", name, byName)
		}
		shows(t, &a, `{"id":"`+*a.Id+`","name":"`+name+`","type":"COGNITO_USER_POOLS","providerARNs":["`+testPoolARN+`"],
			"authType":"cognito_user_pools","identitySource":"method.request.header.TestHeaderAuth"}`)
	}
	list := g.methods(api.Id)
	for _, test := range []struct{ path, authorizer, scopes string }{
		{"GET /default-no-scope", "scheme1", `"authorizationScopes":["email"],`},
		{"GET /default-scope-override", "scheme1", ``},
		{"GET /non-default-authorizer", "scheme2", `"authorizationScopes":["email","openid"],`},
		{"GET /openid", "scheme1", `"authorizationScopes":["openid"],`},
	} {
		m := list[test.path]
		m.MethodIntegration, m.MethodResponses = nil, nil
		t.Run(test.path, func(t *testing.T) {
			shows(t, &m, `{"apiKeyRequired":false,`+test.scopes+`"authorizationType":"COGNITO_USER_POOLS","authorizerId":"`+*byName[test.authorizer].Id+`","httpMethod":"GET"}`)
		})
	}
}

func TestAnImportAnswersAsAWS(t *testing.T) {
	g := newGate(t)
	api := g.importAPI(testdata(t, "openapi.cognito-auth.json"))
	id, root, created := *api.Id, *api.RootResourceId, api.CreatedDate
	if created == nil || time.Since(*created) > time.Hour {
		t.Errorf("created %v", created)
	}
	api.CreatedDate = nil
	shows(t, api, `{"id":"`+id+`","name":"TestAPI","version":"1.0.0","rootResourceId":"`+root+`","apiKeySource":"HEADER",
		"disableExecuteApiEndpoint":false,"endpointConfiguration":{"ipAddressType":"ipv4","types":["EDGE"]}}`)
}

// Recorded: the global REQUEST authorizer, 02-07-2025.
func TestAnAuthorizerDecidesOverTheSchemeBeingAnAPIKey(t *testing.T) {
	g := newGate(t)
	api := g.importAPI([]byte(`
openapi: 3.0.1
info: {title: global, version: "1"}
x-amazon-apigateway-api-key-source: AUTHORIZER
security: [{guard: []}]
paths:
  /a:
    get:
      x-amazon-apigateway-integration: {type: mock}
components:
  securitySchemes:
    guard:
      type: apiKey
      name: Custom-Authorization
      in: header
      x-amazon-apigateway-authtype: custom
      x-amazon-apigateway-authorizer:
        type: request
        identitySource: method.request.header.Custom-Authorization
        authorizerResultTtlInSeconds: 300
        authorizerUri: arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/arn:aws:lambda:eu-west-1:111111111111:function:auth/invocations
`))
	if api.ApiKeySource != types.ApiKeySourceTypeAuthorizer {
		t.Errorf("api key source %q", api.ApiKeySource)
	}
	a := g.authorizersByName(api.Id)["guard"]
	shows(t, &a, `{"id":"`+*a.Id+`","name":"guard","type":"REQUEST","authType":"custom","authorizerResultTtlInSeconds":300,
		"identitySource":"method.request.header.Custom-Authorization",
		"authorizerUri":"arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/arn:aws:lambda:eu-west-1:111111111111:function:auth/invocations"}`)
	m := g.methods(api.Id)["GET /a"]
	if *m.AuthorizationType != "CUSTOM" || *m.AuthorizerId != *a.Id || *m.ApiKeyRequired {
		t.Errorf("the method is %s by %s, key %v", *m.AuthorizationType, *m.AuthorizerId, *m.ApiKeyRequired)
	}
}

// Recorded: the Swagger 2 pet store, 03-07-2025, and the plain x-api-key scheme.
func TestASwaggerImportKeepsWhatAuthorizersSay(t *testing.T) {
	g := newGate(t)
	api := g.importAPI(testdata(t, "swagger.petstore.json"))
	byName := g.authorizersByName(api.Id)
	used, unused := byName["used"], byName["unused"]
	uri := "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/arn:aws:lambda:eu-west-1:111111111111:function:auth/invocations"
	shows(t, &used, `{"id":"`+*used.Id+`","name":"used","type":"TOKEN","authType":"oauth2","authorizerCredentials":"arn:aws:iam::111111111111:role/r",
		"authorizerResultTtlInSeconds":60,"identitySource":"method.request.header.auth_token","identityValidationExpression":"^x-[a-z]+","authorizerUri":"`+uri+`"}`)
	shows(t, &unused, `{"id":"`+*unused.Id+`","name":"unused","type":"TOKEN","authType":"oauth2",
		"identitySource":"method.request.header.Other","authorizerUri":"`+uri+`"}`)
	list := g.methods(api.Id)
	if m := list["GET /pets"]; *m.AuthorizationType != "NONE" || *m.ApiKeyRequired {
		t.Errorf("GET /pets is %s", *m.AuthorizationType)
	}
	if m := list["GET /keyed"]; *m.AuthorizationType != "NONE" || !*m.ApiKeyRequired {
		t.Errorf("GET /keyed is %s, key %v", *m.AuthorizationType, *m.ApiKeyRequired)
	}
	post := list["POST /pets"]
	if *post.AuthorizationType != "CUSTOM" || *post.AuthorizerId != *used.Id {
		t.Errorf("POST /pets is %s", *post.AuthorizationType)
	}
	if diff := cmp.Diff(map[string]string{"application/json": "Pet"}, post.RequestModels); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]bool{"method.request.querystring.kind": true, "method.request.header.X-Trace": false}, list["GET /pets"].RequestParameters); diff != "" {
		t.Error(diff)
	}
	model := ok(g.GetModel(g.ctx(), &apigateway.GetModelInput{RestApiId: api.Id, ModelName: aws.String("Pets")}))(t)
	want := `{"type":"array","items":{"$ref":"https://apigateway.amazonaws.com/restapis/` + *api.Id + `/models/Pet"}}`
	if *model.Schema != want {
		t.Errorf("schema %s", *model.Schema)
	}
}

func TestWhatIsNoOpenAPIDocumentIsRefused(t *testing.T) {
	g := newGate(t)
	id, _ := g.createAPI()
	before := len(ok(g.GetRestApis(g.ctx(), &apigateway.GetRestApisInput{}))(t).Items)
	for name, body := range map[string]string{
		"broken JSON":          `{"openapi": "3.0.1", "paths": `,
		"broken YAML":          "openapi: 3.0.1\n\tpaths: [",
		"a text":               "nothing of the kind",
		"a list":               "[1, 2]",
		"empty":                " ",
		"no version":           `{"info":{"title":"x"},"paths":{}}`,
		"another version":      `{"swagger":"1.2","info":{"title":"x"},"paths":{}}`,
		"no title and no path": `{"openapi":"3.0.1"}`,
		"paths as a list":      `{"openapi":"3.0.1","info":{"title":"x"},"paths":[]}`,
		"not UTF-8":            "openapi: 3.0.1\ninfo: \xff\xfe",
		"nested very deep":     strings.Repeat("[", 1<<20),
		"deep in JSON":         `{"openapi":"3.0.1","x":` + strings.Repeat("[", 9000) + strings.Repeat("]", 9000) + `}`,
		"an alias of itself":   "openapi: 3.0.1\ninfo: &a {title: x, again: *a}\npaths: {}",
		"a billion laughs":     laughs(),
	} {
		t.Run(name, func(t *testing.T) {
			refused(g.ImportRestApi(g.ctx(), &apigateway.ImportRestApiInput{Body: []byte(body)}))(t, "BadRequestException", "Invalid OpenAPI input.")
			refused(g.PutRestApi(g.ctx(), &apigateway.PutRestApiInput{RestApiId: id, Body: []byte(body)}))(t, "BadRequestException", "Invalid OpenAPI input.")
		})
	}
	if after := len(ok(g.GetRestApis(g.ctx(), &apigateway.GetRestApisInput{}))(t).Items); after != before {
		t.Errorf("%d APIs were made", after-before)
	}
}

func laughs() string {
	var b strings.Builder
	b.WriteString("openapi: 3.0.1\ninfo: {title: x}\npaths: {}\nx-a0: &a0 [ha, ha, ha, ha, ha, ha, ha, ha, ha, ha]\n")
	for i := 1; i < 10; i++ {
		fmt.Fprintf(&b, "x-a%d: &a%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 10), ", "))
	}
	return b.String()
}

func TestAnImportTellsAllErrorsAtOnceAndMakesNothing(t *testing.T) {
	g := newGate(t)
	body := []byte(`
openapi: 3.0.1
info: {title: broken, version: "1"}
paths:
  /a/{x}:
    get:
      x-amazon-apigateway-integration: {type: aws, httpMethod: POST, uri: "nonsense"}
  /a/{y}: {}
  /b:
    get:
      x-amazon-apigateway-request-validator: missing
  /c/{proxy+}/d: {}
`)
	refused(g.ImportRestApi(g.ctx(), &apigateway.ImportRestApiInput{Body: body}))(t, "BadRequestException", "Errors found during import:"+
		"\n\tUnable to put integration on 'GET' for resource at path '/a/{x}': Invalid ARN specified in the request"+
		"\n\tUnable to create resource at path '/a/{y}': A sibling ({x}) of this resource already has a variable path part -- only one is allowed"+
		"\n\tUnable to put method 'GET' on resource at path '/b': Invalid Request Validator identifier specified"+
		"\n\tUnable to create resource at path '/c/{proxy+}/d': Cannot create a child of a resource with a greedy path variable: {proxy+}")
	if list := ok(g.GetRestApis(g.ctx(), &apigateway.GetRestApisInput{}))(t).Items; len(list) != 0 {
		t.Errorf("%d APIs were made", len(list))
	}
	named := []byte(`{"openapi":"3.0.1","info":{"title":"x"},"paths":{},"components":{"schemas":{"body_1":{"type":"object"}}}}`)
	refused(g.ImportRestApi(g.ctx(), &apigateway.ImportRestApiInput{Body: named}))(t, "BadRequestException",
		"Errors found during import:\n\tUnable to create model for 'body_1': Model name must be alphanumeric: body_1")
}

func TestWarningsAreToldOrFail(t *testing.T) {
	g := newGate(t)
	body := []byte(`{"openapi":"3.0.1","info":{"title":"x"},"paths":{"/a":{"get":{"responses":{"default":{"description":"any"}}}}}}`)
	if api := g.importAPI(body); !cmp.Equal(api.Warnings, []string{"Response default of GET /a is no status code and was ignored"}) {
		t.Errorf("warnings %q", api.Warnings)
	}
	refused(g.ImportRestApi(g.ctx(), &apigateway.ImportRestApiInput{Body: body, FailOnWarnings: true}))(t, "BadRequestException",
		"Warnings found during import:\n\tResponse default of GET /a is no status code and was ignored")
}

func TestTheBasePathIsIgnoredPrependedOrSplit(t *testing.T) {
	g := newGate(t)
	swagger := `{"swagger":"2.0","info":{"title":"x"},"basePath":"/a/b/c","paths":{"/e":{"get":{}}}}`
	servers := `{"openapi":"3.0.1","info":{"title":"x"},"servers":[{"url":"https://x.example/{base}/c","variables":{"base":{"default":"a/b"}}}],"paths":{"/e":{"get":{}}}}`
	for _, body := range []string{swagger, servers} {
		for _, test := range []struct{ how, want string }{
			{"", "GET /e"}, {"ignore", "GET /e"}, {"prepend", "GET /a/b/c/e"}, {"split", "GET /b/c/e"},
		} {
			api := g.importAPI([]byte(body), "basepath", test.how)
			if list := g.methods(api.Id); len(list) != 1 || list[test.want].HttpMethod == nil {
				t.Errorf("basepath=%s of %s made %v, want %s", test.how, body, list, test.want)
			}
		}
	}
	refused(g.ImportRestApi(g.ctx(), &apigateway.ImportRestApiInput{Body: []byte(swagger), Parameters: map[string]string{"basepath": "drop"}}))(t,
		"BadRequestException", "Invalid basepath parameter specified. Valid options are ignore,prepend,split")
}

func TestTheParametersChooseTheEndpoint(t *testing.T) {
	g := newGate(t)
	body := []byte(`{"openapi":"3.0.1","info":{"title":"x"},"paths":{}}`)
	api := g.importAPI(body, "endpointConfigurationTypes", "REGIONAL")
	if got := api.EndpointConfiguration.Types; !cmp.Equal(got, []types.EndpointType{"REGIONAL"}) {
		t.Errorf("types %v", got)
	}
	refused(g.ImportRestApi(g.ctx(), &apigateway.ImportRestApiInput{Body: body, Parameters: map[string]string{"endpointConfigurationTypes": "ROUND"}}))(t,
		"BadRequestException", "Invalid EndpointTypes specified. Valid options are REGIONAL,EDGE,PRIVATE")
}

func TestPutMergesOrOverwrites(t *testing.T) {
	first := `{"openapi":"3.0.1","info":{"title":"first","version":"1","description":"kept"},"x-amazon-apigateway-binary-media-types":["image/png"],
		"paths":{"/a":{"get":{"operationId":"old"},"post":{}},"/b":{"get":{}}},"components":{"schemas":{"Old":{"type":"object"},"Both":{"type":"object"}}}}`
	second := `{"openapi":"3.0.1","info":{"title":"second","version":"2"},
		"paths":{"/a":{"get":{"operationId":"new"}},"/c":{"get":{}}},"components":{"schemas":{"Both":{"type":"array"},"New":{"type":"object"}}}}`
	for _, test := range []struct {
		mode            types.PutMode
		methods, models []string
		description     *string
		binary          []string
	}{
		{types.PutModeMerge, []string{"GET /a", "GET /b", "GET /c", "POST /a"}, []string{"Both", "New", "Old"}, aws.String("kept"), []string{"image/png"}},
		{types.PutModeOverwrite, []string{"GET /a", "GET /c"}, []string{"Both", "New"}, nil, nil},
	} {
		t.Run(string(test.mode), func(t *testing.T) {
			g := newGate(t)
			api := g.importAPI([]byte(first))
			old := g.methods(api.Id)
			out := ok(g.PutRestApi(g.ctx(), &apigateway.PutRestApiInput{RestApiId: api.Id, Mode: test.mode, Body: []byte(second)}))(t)
			if *out.Name != "second" || *out.RootResourceId != *api.RootResourceId || !cmp.Equal(out.Description, test.description) || !cmp.Equal(out.BinaryMediaTypes, test.binary) {
				t.Errorf("the API is %s, %v, %v", *out.Name, aws.ToString(out.Description), out.BinaryMediaTypes)
			}
			list := g.methods(api.Id)
			for _, key := range test.methods {
				if list[key].HttpMethod == nil {
					t.Errorf("no %s in %v", key, list)
				}
			}
			if len(list) != len(test.methods) || *list["GET /a"].OperationName != "new" || len(old) != 3 {
				t.Errorf("methods %v", list)
			}
			var names []string
			for _, m := range ok(g.GetModels(g.ctx(), &apigateway.GetModelsInput{RestApiId: api.Id}))(t).Items {
				names = append(names, *m.Name)
			}
			if diff := cmp.Diff(test.models, names); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAPutThatFailsChangesNothing(t *testing.T) {
	g := newGate(t)
	api := g.importAPI(testdata(t, "openapi.cognito-auth.json"))
	before, err := g.Live(t.Context(), *api.Id)
	if err != nil {
		t.Fatal(err)
	}
	for _, mode := range []types.PutMode{types.PutModeMerge, types.PutModeOverwrite} {
		_, err := g.PutRestApi(g.ctx(), &apigateway.PutRestApiInput{RestApiId: api.Id, Mode: mode, Body: []byte(
			`{"openapi":"3.0.1","info":{"title":"x"},"paths":{"/fine":{"get":{}},"/not fine":{"get":{}}}}`)})
		if err == nil {
			t.Fatal("a path with a blank was accepted")
		}
	}
	after, err := g.Live(t.Context(), *api.Id)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(asJSON(t, before), asJSON(t, after)); diff != "" {
		t.Error(diff)
	}
	refused(g.PutRestApi(g.ctx(), &apigateway.PutRestApiInput{RestApiId: aws.String("nowhere"), Body: testdata(t, "openapi.cognito-auth.json")}))(t,
		"NotFoundException", "Invalid API identifier specified 111111111111:nowhere")
}

func asJSON(t *testing.T, value any) string {
	t.Helper()
	data, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestTenThousandPathsAreImportedAndExported(t *testing.T) {
	g := newGate(t)
	var b strings.Builder
	b.WriteString(`{"openapi":"3.0.1","info":{"title":"many"},"paths":{`)
	const many = 10_000
	for i := range many {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `"/p%d":{"get":{"summary":"number %d","x-amazon-apigateway-integration":{"type":"mock"}}}`, i, i)
	}
	b.WriteString(`}}`)
	started := time.Now()
	api := g.importAPI([]byte(b.String()))
	if got := len(g.methods(api.Id)); got != many {
		t.Fatalf("%d methods", got)
	}
	g.deploy(api.Id, "dev")
	out := ok(g.GetExport(g.ctx(), &apigateway.GetExportInput{RestApiId: api.Id, StageName: aws.String("dev"), ExportType: aws.String("oas30")}))(t)
	if got := strings.Count(string(out.Body), `"get"`); got != many {
		t.Errorf("%d methods were exported", got)
	}
	if took := time.Since(started); took > time.Minute {
		t.Errorf("took %v", took)
	}
}

func TestAnImportIsBounded(t *testing.T) {
	g := newGate(t)
	document := func(paths int, path func(i int) string) []byte {
		var b strings.Builder
		b.WriteString("openapi: 3.0.1\ninfo: {title: x}\npaths:\n")
		for i := range paths {
			fmt.Fprintf(&b, "  %s: {}\n", path(i))
		}
		return []byte(b.String())
	}
	wide := document(mostResources+1, func(i int) string { return fmt.Sprintf("/%d", i) })
	deep := document(mostResources/500, func(i int) string { return fmt.Sprintf("/%d", i) + strings.Repeat("/a", 501) })
	for _, body := range [][]byte{wide, deep} {
		refused(g.ImportRestApi(g.ctx(), &apigateway.ImportRestApiInput{Body: body}))(t,
			"LimitExceededException", "Maximum number of resources for this API has been reached")
	}
	long := `{"openapi":"3.0.1","info":{"title":"x"},"paths":{"` + strings.Repeat("/a", 1<<20) + `":{}}}`
	refused(g.ImportRestApi(g.ctx(), &apigateway.ImportRestApiInput{Body: []byte(long)}))(t, "BadRequestException",
		"Errors found during import:\n\tUnable to create resource at path '"+strings.Repeat("/a", 50)+"…': a path has at most 2048 characters")
	if list := ok(g.GetRestApis(g.ctx(), &apigateway.GetRestApisInput{}))(t).Items; len(list) != 0 {
		t.Errorf("%d APIs were made", len(list))
	}
}

// fewIDs is randomness that makes the same few ids again and again.
type fewIDs struct{ calls int }

func (r *fewIDs) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(r.calls / 3 % 200)
	}
	r.calls++
	return len(p), nil
}

func TestIDsThatComeTwiceAreNotTakenTwice(t *testing.T) {
	g := newGate(t, func(c *Config) { c.Random = &fewIDs{} })
	api := g.importAPI([]byte(`{"openapi":"3.0.1","info":{"title":"x","description":"y"},
		"paths":{"/a":{"get":{"summary":"s"}},"/b":{"get":{"summary":"s"}},"/c":{"get":{"summary":"s"}}}}`))
	if got := len(g.methods(api.Id)); got != 3 {
		t.Errorf("%d methods", got)
	}
	if parts := ok(g.GetDocumentationParts(g.ctx(), &apigateway.GetDocumentationPartsInput{RestApiId: api.Id}))(t).Items; len(parts) != 4 {
		t.Errorf("%d documentation parts", len(parts))
	}
}
