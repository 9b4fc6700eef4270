package apigateway

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/google/go-cmp/cmp"

	"github.com/poolgate/poolgate/internal/openapi"
)

func (g *gate) export(api *string, kind, accepts, extensions string) *apigateway.GetExportOutput {
	g.Helper()
	in := &apigateway.GetExportInput{RestApiId: api, StageName: aws.String("dev"), ExportType: &kind, Accepts: &accepts}
	if extensions != "" {
		in.Parameters = map[string]string{"extensions": extensions}
	}
	return ok(g.GetExport(g.ctx(), in))(g.T)
}

// shape is an API as it is edited, its ids replaced by names and paths.
func (g *gate) shape(api *string) string {
	g.Helper()
	live, err := g.Live(g.Context(), *api)
	if err != nil {
		g.Fatal(err)
	}
	def := define(live)
	def.API.Id, def.API.RootResourceId, def.API.CreatedDate, def.API.Tags = nil, nil, nil, nil
	for i := range def.Authorizers {
		def.Authorizers[i].Id = nil
	}
	byName := map[string]any{}
	for _, a := range def.Authorizers {
		byName["authorizer "+*a.Name] = a
	}
	for _, v := range def.Validators {
		v.Id = nil
		byName["validator "+*v.Name] = v
	}
	for _, m := range def.Models {
		m.Id = nil
		byName["model "+*m.Name] = strings.ReplaceAll(asJSON(g.T, m), *api, "API")
	}
	shape, err := json.MarshalIndent([]any{def.API, def.Methods, def.GatewayResponses, byName}, "", " ")
	if err != nil {
		g.Fatal(err)
	}
	return string(shape)
}

func TestAnExportOfAStageImportsToTheSameAPI(t *testing.T) {
	for _, file := range []string{"openapi.cognito-auth.json", "swagger.petstore.json", "everything.yaml"} {
		for _, kind := range []string{"oas30", "swagger"} {
			for _, accepts := range []string{"application/json", "application/yaml"} {
				t.Run(file+" as "+kind+" in "+accepts, func(t *testing.T) {
					g := newGate(t)
					first := g.importAPI(testdata(t, file))
					g.deploy(first.Id, "dev")
					exported := g.export(first.Id, kind, accepts, "apigateway")
					if *exported.ContentType != accepts {
						t.Errorf("content type %s", *exported.ContentType)
					}
					second := g.importAPI(exported.Body)
					if second.Warnings != nil {
						t.Errorf("an export has warnings: %q", second.Warnings)
					}
					if diff := cmp.Diff(g.shape(first.Id), g.shape(second.Id)); diff != "" {
						t.Errorf("(-first +second)\n%s", diff)
					}
					overwritten := ok(g.PutRestApi(g.ctx(), &apigateway.PutRestApiInput{RestApiId: second.Id, Mode: "overwrite", Body: exported.Body}))(t)
					if diff := cmp.Diff(g.shape(first.Id), g.shape(overwritten.Id)); diff != "" {
						t.Errorf("overwritten by its own export (-first +second)\n%s", diff)
					}
				})
			}
		}
	}
}

// An API made by hand has models of its own, permissive defaults and required response headers.
func TestAnAPIMadeByHandSurvivesItsExport(t *testing.T) {
	g := newGate(t)
	api, root := g.createMockAPI()
	authorizer := g.createPoolAuthorizer(api, "pool")
	id := g.createResource(api, g.createResource(api, root, "pets"), "{id}")
	get := aws.String("GET")
	ok(g.PutMethod(g.ctx(), &apigateway.PutMethodInput{RestApiId: api, ResourceId: id, HttpMethod: get, AuthorizationType: aws.String("COGNITO_USER_POOLS"),
		AuthorizerId: authorizer, AuthorizationScopes: []string{"a/b"}, ApiKeyRequired: true, RequestParameters: map[string]bool{"method.request.path.id": true}}))(t)
	ok(g.PutMethodResponse(g.ctx(), &apigateway.PutMethodResponseInput{RestApiId: api, ResourceId: id, HttpMethod: get, StatusCode: aws.String("200"),
		ResponseParameters: map[string]bool{"method.response.header.X": true}, ResponseModels: map[string]string{"application/json": "Empty"}}))(t)
	g.putMock(api, id, "GET")
	g.deploy(api, "dev")
	second := g.importAPI(g.export(api, "oas30", "application/json", "apigateway").Body)
	want := g.methods(api)["GET /pets/{id}"]
	got := g.methods(second.Id)["GET /pets/{id}"]
	if *got.AuthorizerId != *g.authorizersByName(second.Id)["pool"].Id {
		t.Errorf("the authorizer is %s", *got.AuthorizerId)
	}
	got.AuthorizerId, got.MethodIntegration.CacheNamespace = want.AuthorizerId, want.MethodIntegration.CacheNamespace
	if diff := cmp.Diff(asJSON(t, want), asJSON(t, got)); diff != "" {
		t.Error(diff)
	}
}

func TestAnExportIsOfWhatTheStageServes(t *testing.T) {
	g := newGate(t)
	api, root := g.createMockAPI()
	g.deploy(api, "dev")
	g.putMethod(api, root, "POST")
	body := string(g.export(api, "oas30", "", "").Body)
	if !strings.Contains(body, `"get"`) || strings.Contains(body, `"post"`) {
		t.Errorf("exported %s", body)
	}
	for _, want := range []string{`"openapi" : "3.0.1"`, `"title" : "pets"`, `https://` + *api + `.execute-api.eu-west-1.amazonaws.com/{basePath}`, `"default" : "/dev"`} {
		if !strings.Contains(body, want) {
			t.Errorf("no %s in %s", want, body)
		}
	}
	if swagger := string(g.export(api, "swagger", "*/*", "").Body); !strings.Contains(swagger, `"basePath" : "/dev"`) {
		t.Errorf("exported %s", swagger)
	}
	in := apigateway.GetExportInput{RestApiId: api, StageName: aws.String("prod"), ExportType: aws.String("oas30")}
	refused(g.GetExport(g.ctx(), &in))(t, "NotFoundException", "Invalid stage identifier specified")
	in.StageName, in.ExportType = aws.String("dev"), aws.String("raml")
	refused(g.GetExport(g.ctx(), &in))(t, "BadRequestException", "Invalid export type specified. Valid options are oas30,swagger")
	in.ExportType, in.Accepts = aws.String("oas30"), aws.String("text/html")
	refused(g.GetExport(g.ctx(), &in))(t, "BadRequestException", "Invalid content type specified: text/html. Valid options are application/json,application/yaml")
	in.Accepts, in.RestApiId = nil, aws.String("nowhere")
	refused(g.GetExport(g.ctx(), &in))(t, "NotFoundException", "Invalid API identifier specified 111111111111:nowhere")
}

func TestAnExportPublishesTheStagesDocumentation(t *testing.T) {
	g := newGate(t)
	api := g.importAPI([]byte(`{"openapi":"3.0.1","info":{"title":"x"},"paths":{"/a":{"get":{"summary":"the first","x-amazon-apigateway-integration":{"type":"mock"}}}}}`))
	g.deploy(api.Id, "dev")
	if body := string(g.export(api.Id, "oas30", "", "documentation").Body); strings.Contains(body, "the first") {
		t.Errorf("documentation that was not published: %s", body)
	}
	ok(g.CreateDocumentationVersion(g.ctx(), &apigateway.CreateDocumentationVersionInput{RestApiId: api.Id, DocumentationVersion: aws.String("v1"), StageName: aws.String("dev")}))(t)
	if body := string(g.export(api.Id, "oas30", "", "").Body); !strings.Contains(body, `"summary" : "the first"`) {
		t.Errorf("exported %s", body)
	}
	def, err := openapi.Parse(g.export(api.Id, "oas30", "", "documentation").Body, openapi.ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if def.DocumentationVersion != "v1" || len(def.Documentation) != 1 || *def.Documentation[0].Properties != `{"summary":"the first"}` {
		t.Errorf("version %q, parts %v", def.DocumentationVersion, def.Documentation)
	}
}

func TestAModelsTemplateTakesItApart(t *testing.T) {
	g := newGate(t)
	api := g.importAPI([]byte(`{"openapi":"3.0.1","info":{"title":"x"},"paths":{},"components":{"schemas":{
		"Pet":{"type":"object","properties":{"name":{"type":"string"},"age":{"type":"integer"},"tags":{"type":"array","items":{"type":"string"}}}},
		"Pets":{"type":"array","items":{"$ref":"#/components/schemas/Pet"}},
		"Self":{"type":"object","properties":{"self":{"$ref":"#/components/schemas/Self"}}}}}}`))
	template := func(name string) string {
		t.Helper()
		return *ok(g.GetModelTemplate(g.ctx(), &apigateway.GetModelTemplateInput{RestApiId: api.Id, ModelName: &name}))(t).Value
	}
	want := `#set($inputRoot = $input.path('$'))
[
#foreach($elem in $inputRoot)
  {
    "name" : "$elem.name",
    "age" : $elem.age,
    "tags" : [
    #foreach($elem2 in $elem.tags)
      "$elem2"#if($foreach.hasNext),#end
    #end
    ]
  }#if($foreach.hasNext),#end
#end
]`
	if diff := cmp.Diff(want, template("Pets")); diff != "" {
		t.Error(diff)
	}
	if got := template("Self"); strings.Count(got, "self") < 3 || len(got) > 2000 {
		t.Errorf("a model that refers to itself: %s", got)
	}
	refused(g.GetModelTemplate(g.ctx(), &apigateway.GetModelTemplateInput{RestApiId: api.Id, ModelName: aws.String("None")}))(t,
		"NotFoundException", "Invalid model name specified: None")
}

func TestSDKTypesAreKnownAndNoneIsGenerated(t *testing.T) {
	g := newGate(t)
	var ids []string
	for _, kind := range ok(g.GetSdkTypes(g.ctx(), &apigateway.GetSdkTypesInput{}))(t).Items {
		ids = append(ids, *kind.Id)
	}
	if diff := cmp.Diff([]string{"android", "java", "javascript", "objectivec", "ruby", "swift"}, ids); diff != "" {
		t.Error(diff)
	}
	if p := ok(g.GetSdkType(g.ctx(), &apigateway.GetSdkTypeInput{Id: aws.String("swift")}))(t).ConfigurationProperties; len(p) != 1 || *p[0].Name != "classPrefix" || !p[0].Required {
		t.Errorf("swift asks %v", p)
	}
	refused(g.GetSdkType(g.ctx(), &apigateway.GetSdkTypeInput{Id: aws.String("cobol")}))(t, "NotFoundException", "Invalid SDK type identifier specified")
	api, _ := g.createMockAPI()
	g.deploy(api, "dev")
	in := &apigateway.GetSdkInput{RestApiId: api, StageName: aws.String("dev"), SdkType: aws.String("swift")}
	refused(g.GetSdk(g.ctx(), in))(t, "BadRequestException", "Missing required parameter: classPrefix")
	in.Parameters = map[string]string{"classPrefix": "PG"}
	refused(g.GetSdk(g.ctx(), in))(t, "BadRequestException",
		"SDK generation is not available: export the API with GetExport and generate a client of type swift from it")
	in.StageName = aws.String("prod")
	refused(g.GetSdk(g.ctx(), in))(t, "NotFoundException", "Invalid stage identifier specified")
}
