package apigatewayv2

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/poolgate/poolgate/internal/openapi"
)

// petsDocument has all that an import reads, as people write it.
const petsDocument = `
openapi: "3.0.1"
info: {title: pets, version: "7", description: of pets}
servers: [{url: "https://x/{basePath}", variables: {basePath: {default: v1}}, x-amazon-apigateway-endpoint-configuration: {disableExecuteApiEndpoint: true}}]
tags: [{name: team, x-amazon-apigateway-tag-value: zoo}]
x-amazon-apigateway-cors:
  allowOrigins: [https://a.example]
  allowMethods: [GET, OPTIONS]
  allowHeaders: [x-a]
  exposeHeaders: [x-b]
  allowCredentials: true
  maxAge: 60
components:
  securitySchemes:
    tokens:
      type: openIdConnect
      openIdConnectUrl: https://issuer.example.com/.well-known/openid-configuration
      x-amazon-apigateway-authorizer: {type: jwt, identitySource: $request.header.Authorization, jwtConfiguration: {audience: [client]}}
    function:
      type: apiKey
      name: Authorization
      in: header
      x-amazon-apigateway-authorizer:
        type: request
        identitySource: "$request.header.Authorization, $request.querystring.t"
        authorizerUri: ` + testInvoke + `
        authorizerPayloadFormatVersion: "2.0"
        authorizerResultTtlInSeconds: 60
        enableSimpleResponses: true
  x-amazon-apigateway-integrations:
    backend: {type: http_proxy, httpMethod: ANY, uri: "https://b.example", payloadFormatVersion: "1.0", timeoutInMillis: 5000,
      requestParameters: {"append:header.a": b}, responseParameters: {"404": {"overwrite:statuscode": "403"}}, tlsConfig: {serverNameToVerify: c.example}}
paths:
  /pets/{id}:
    get:
      operationId: getPet
      security: [{tokens: [pets.read]}]
      x-amazon-apigateway-integration: {$ref: "#/components/x-amazon-apigateway-integrations/backend"}
    post:
      security: [{function: []}]
      x-amazon-apigateway-integration: {type: AWS-PROXY, httpMethod: POST, uri: ` + testFunction + `, payloadFormatVersion: "2.0"}
  /iam:
    x-amazon-apigateway-any-method:
      x-amazon-apigateway-auth: {type: aws_iam}
      x-amazon-apigateway-integration: {type: http_proxy, httpMethod: GET, uri: "https://b.example", payloadFormatVersion: "1.0"}
  $default:
    x-amazon-apigateway-any-method:
      isDefaultRoute: true
      x-amazon-apigateway-integration: {type: http_proxy, httpMethod: ANY, uri: "https://b.example", payloadFormatVersion: "1.0"}
`

// definition is what an API is, apart from its ids.
func (g *gate) definition(api *string) *openapi.HTTPDefinition {
	g.Helper()
	snapshot, err := g.Live(g.Context(), *api)
	if err != nil {
		g.Fatal(err)
	}
	def := define(snapshot)
	def.API.ApiId, def.API.CreatedDate = nil, nil
	for i := range def.Authorizers {
		def.Authorizers[i].AuthorizerId = nil
	}
	for i := range def.Routes {
		def.Routes[i].Route.RouteId, def.Routes[i].Route.Target = nil, nil
		integration := *def.Routes[i].Integration
		integration.IntegrationId = nil
		def.Routes[i].Integration = &integration
	}
	slices.SortFunc(def.Routes, func(a, b openapi.HTTPRoute) int { return strings.Compare(*a.Route.RouteKey, *b.Route.RouteKey) })
	return def
}

var ignoreSerde = cmpopts.IgnoreUnexported(
	types.Api{}, types.Route{}, types.Integration{}, types.Authorizer{}, types.Cors{}, types.JWTConfiguration{}, types.TlsConfig{},
)

func TestAnImportReadsWhatPeopleWrite(t *testing.T) {
	g := newGate(t)
	made := ok(g.ImportApi(g.ctx(), &apigatewayv2.ImportApiInput{Body: aws.String(petsDocument), FailOnWarnings: aws.Bool(true)}))(t)
	def := g.definition(made.ApiId)
	if api := def.API; *api.Name != "pets" || *api.Version != "7" || *api.Description != "of pets" || !*api.DisableExecuteApiEndpoint || api.Tags["team"] != "zoo" {
		t.Errorf("%+v", api)
	}
	want := &types.Cors{
		AllowOrigins: []string{"https://a.example"}, AllowMethods: []string{"GET", "OPTIONS"}, AllowHeaders: []string{"x-a"}, ExposeHeaders: []string{"x-b"},
		AllowCredentials: aws.Bool(true), MaxAge: aws.Int32(60),
	}
	if diff := cmp.Diff(want, def.API.CorsConfiguration, ignoreSerde); diff != "" {
		t.Error(diff)
	}
	var keys []string
	byKey := map[string]openapi.HTTPRoute{}
	for _, r := range def.Routes {
		keys, byKey[*r.Route.RouteKey] = append(keys, *r.Route.RouteKey), r
	}
	if !slices.Equal(keys, []string{"$default", "ANY /iam", "GET /pets/{id}", "POST /pets/{id}"}) {
		t.Errorf("%v", keys)
	}
	get := byKey["GET /pets/{id}"]
	if r := get.Route; r.AuthorizationType != types.AuthorizationTypeJwt || *r.AuthorizerId != "tokens" || r.AuthorizationScopes[0] != "pets.read" || *r.OperationName != "getPet" {
		t.Errorf("%+v", r)
	}
	if i := get.Integration; *i.TimeoutInMillis != 5000 || i.RequestParameters["append:header.a"] != "b" || i.ResponseParameters["404"]["overwrite:statuscode"] != "403" || *i.TlsConfig.ServerNameToVerify != "c.example" {
		t.Errorf("%+v", i)
	}
	if kind := byKey["ANY /iam"].Route.AuthorizationType; kind != types.AuthorizationTypeAwsIam {
		t.Errorf("%s", kind)
	}
	if r := byKey["POST /pets/{id}"].Route; r.AuthorizationType != types.AuthorizationTypeCustom || *r.AuthorizerId != "function" {
		t.Errorf("%+v", r)
	}
	if jwt := def.Authorizers[1].JwtConfiguration; *jwt.Issuer != "https://issuer.example.com" {
		t.Errorf("%s", *jwt.Issuer)
	}
	if sources := def.Authorizers[0].IdentitySource; !slices.Equal(sources, []string{"$request.header.Authorization", "$request.querystring.t"}) {
		t.Errorf("%v", sources)
	}
}

func TestAnImportOfAnExportIsTheSameAPI(t *testing.T) {
	g := newGate(t)
	first := ok(g.ImportApi(g.ctx(), &apigatewayv2.ImportApiInput{Body: aws.String(petsDocument)}))(t).ApiId
	want := g.definition(first)
	for _, format := range []string{"JSON", "YAML"} {
		t.Run(format, func(t *testing.T) {
			body := string(ok(g.ExportApi(g.ctx(), &apigatewayv2.ExportApiInput{ApiId: first, Specification: aws.String("OAS30"), OutputType: &format}))(t).Body)
			second := ok(g.ImportApi(g.ctx(), &apigatewayv2.ImportApiInput{Body: &body, FailOnWarnings: aws.Bool(true)}))(t).ApiId
			if diff := cmp.Diff(want, g.definition(second), ignoreSerde); diff != "" {
				t.Errorf("%s\n%s", diff, body)
			}
			ok(g.ReimportApi(g.ctx(), &apigatewayv2.ReimportApiInput{ApiId: second, Body: &body, FailOnWarnings: aws.Bool(true)}))(t)
			if diff := cmp.Diff(want, g.definition(second), ignoreSerde); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAnExportIsOfWhatAStageServes(t *testing.T) {
	g := newGate(t)
	api := g.createAPI()
	g.createRoute(api, "GET /deployed")
	g.createStage(api, "prod", false)
	in := &apigatewayv2.ExportApiInput{ApiId: api, Specification: aws.String("OAS30"), OutputType: aws.String("JSON"), StageName: aws.String("prod")}
	refused(g.ExportApi(g.ctx(), in))(t, missing, noDeployment.Message)
	g.deploy(api, "prod")
	g.createRoute(api, "GET /later")
	body := string(ok(g.ExportApi(g.ctx(), in))(t).Body)
	if !strings.Contains(body, "/deployed") || strings.Contains(body, "/later") || !strings.Contains(body, `"default" : "prod"`) {
		t.Error(body)
	}
	bare := &apigatewayv2.ExportApiInput{ApiId: api, Specification: aws.String("OAS30"), OutputType: aws.String("JSON"), IncludeExtensions: aws.Bool(false)}
	body = string(ok(g.ExportApi(g.ctx(), bare))(t).Body)
	if !strings.Contains(body, "/later") || strings.Contains(body, "x-amazon-apigateway-integration") {
		t.Error(body)
	}
	for want, change := range map[string]func(*apigatewayv2.ExportApiInput){
		"Invalid specification specified. Valid options are OAS30":   func(in *apigatewayv2.ExportApiInput) { in.Specification = aws.String("swagger") },
		"Invalid output type specified. Valid options are JSON,YAML": func(in *apigatewayv2.ExportApiInput) { in.OutputType = aws.String("XML") },
		"Invalid export version specified. Valid options are 1.0":    func(in *apigatewayv2.ExportApiInput) { in.ExportVersion = aws.String("2.0") },
	} {
		wrong := *in
		change(&wrong)
		refused(g.ExportApi(g.ctx(), &wrong))(t, bad, want)
	}
}

func TestAReimportKeepsWhatStages(t *testing.T) {
	g := newGate(t)
	api := g.createAPI()
	kept, gone := g.createRoute(api, "GET /kept"), g.createRoute(api, "GET /gone")
	ok(g.CreateStage(g.ctx(), &apigatewayv2.CreateStageInput{ApiId: api, StageName: aws.String("prod"), AutoDeploy: aws.Bool(true), RouteSettings: map[string]types.RouteSettings{
		"GET /kept": {ThrottlingBurstLimit: aws.Int32(1)}, "GET /gone": {ThrottlingBurstLimit: aws.Int32(1)},
	}}))(t)
	body := `{"openapi":"3.0.1","info":{"title":"new"},"paths":{"/kept":{"get":{"x-amazon-apigateway-integration":{"type":"http_proxy","httpMethod":"GET","uri":"https://b.example","payloadFormatVersion":"1.0"}}}}}`
	ok(g.ReimportApi(g.ctx(), &apigatewayv2.ReimportApiInput{ApiId: api, Body: &body}))(t)
	ok(g.GetRoute(g.ctx(), &apigatewayv2.GetRouteInput{ApiId: api, RouteId: kept}))(t)
	refused(g.GetRoute(g.ctx(), &apigatewayv2.GetRouteInput{ApiId: api, RouteId: gone}))(t, missing, noRoute.Message)
	stage := ok(g.GetStage(g.ctx(), &apigatewayv2.GetStageInput{ApiId: api, StageName: aws.String("prod")}))(t)
	if _, still := stage.RouteSettings["GET /gone"]; still || len(stage.RouteSettings) != 1 {
		t.Errorf("%v", stage.RouteSettings)
	}
	if served := g.served(api, "prod"); len(served) != 1 || !served["GET /kept"] {
		t.Errorf("serves %v", served)
	}
}

func TestWhatNoDocumentCanBe(t *testing.T) {
	g := newGate(t)
	const integration = `"x-amazon-apigateway-integration":{"type":"http_proxy","httpMethod":"GET","uri":"https://b.example","payloadFormatVersion":"1.0"}`
	document := func(paths string) string {
		return `{"openapi":"3.0.1","info":{"title":"a"},"paths":{` + paths + `}}`
	}
	var many strings.Builder
	for i := range mostImported + 1 {
		fmt.Fprintf(&many, `"/%d":{"get":{%s}},`, i, integration)
	}
	for _, c := range []struct{ name, body, want string }{
		{"no document", "", badDocument.Message},
		{"Swagger 2.0", `{"swagger":"2.0","info":{"title":"a"},"paths":{}}`, badDocument.Message},
		{"no paths", `{"openapi":"3.0.1","info":{"title":"a"}}`, badDocument.Message},
		{"no title", `{"openapi":"3.0.1","paths":{}}`, "Invalid API name specified"},
		{"a path that is none", document(`"pets":{"get":{` + integration + `}}`), "Errors found during import:\n\tUnable to create route at path 'pets': a path begins with a slash"},
		{"two problems at once", document(`"/a//b":{"get":{` + integration + `}},"/c":{"get":{"x-amazon-apigateway-integration":{"type":"mock"}}}`), "Errors found during import:\n" +
			"\tUnable to create route 'GET /a//b': Invalid path /a//b specified in the route key\n" +
			"\tUnable to create integration for route 'GET /c': Integration type MOCK is not supported for HTTP APIs. Valid options are AWS_PROXY,HTTP_PROXY"},
		{"two routes for one request", document(`"/{a}":{"get":{` + integration + `}},"/{b}":{"get":{` + integration + `}}`), "Errors found during import:\n" +
			"\tUnable to create route 'GET /{b}': The provided route key \"GET /{b}\" has a conflicting variable on the same hierarchical level as \"GET /{a}\""},
		{"an authorizer that is none", `{"openapi":"3.0.1","info":{"title":"a"},"paths":{},"components":{"securitySchemes":{"s":{"x-amazon-apigateway-authorizer":{"type":"token"}}}}}`, "Errors found during import:\n" +
			"\tUnable to create authorizer 's': Invalid authorizer type specified. Valid options are JWT,REQUEST"},
		{"more routes than one document may have", document(strings.TrimSuffix(many.String(), ",")), "A document of an HTTP API has at most 10000 routes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			refused(g.ImportApi(g.ctx(), &apigatewayv2.ImportApiInput{Body: &c.body}))(t, bad, c.want)
		})
	}
	if list := ok(g.GetApis(g.ctx(), &apigatewayv2.GetApisInput{}))(t); len(list.Items) != 0 {
		t.Errorf("a refused document left %v", list.Items)
	}
	refused(g.ImportApi(g.ctx(), &apigatewayv2.ImportApiInput{Body: aws.String(document("")), Basepath: aws.String("x")}))(t, bad, "Invalid basepath parameter specified. Valid options are ignore,prepend,split")

	// A route without an integration is left out, and told.
	bare := document(`"/a":{"get":{}}`)
	made := ok(g.ImportApi(g.ctx(), &apigatewayv2.ImportApiInput{Body: &bare}))(t)
	const warning = "No integration defined for route 'GET /a'. Ignoring the route"
	if !slices.Equal(made.Warnings, []string{warning}) {
		t.Errorf("%v", made.Warnings)
	}
	refused(g.ImportApi(g.ctx(), &apigatewayv2.ImportApiInput{Body: &bare, FailOnWarnings: aws.Bool(true)}))(t, bad, "Warnings found during import:\n\t"+warning)

	prefixed := ok(g.ImportApi(g.ctx(), &apigatewayv2.ImportApiInput{Body: aws.String(petsDocument), Basepath: aws.String("prepend")}))(t)
	if routes := ok(g.GetRoutes(g.ctx(), &apigatewayv2.GetRoutesInput{ApiId: prefixed.ApiId}))(t); !slices.ContainsFunc(routes.Items, func(r types.Route) bool { return *r.RouteKey == "GET /v1/pets/{id}" }) {
		t.Errorf("%v", routes.Items)
	}
}
