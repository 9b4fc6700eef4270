package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// v2 runs one operation of HTTP APIs by the CLI, its input as JSON, because version 1 of the CLI fetches words that are URLs.
func (p *process) v2(t *testing.T, operation string, input map[string]any, more ...string) map[string]any {
	t.Helper()
	document, err := json.Marshal(input)
	if err != nil {
		t.Fatal(err)
	}
	return p.aws(t, append([]string{"apigatewayv2", operation, "--cli-input-json", string(document)}, more...)...)
}

// refusedV2 checks that the CLI was refused, with that code and a text that holds those words.
func (p *process) refusedV2(t *testing.T, operation string, input map[string]any, code, words string) {
	t.Helper()
	document, err := json.Marshal(input)
	if err != nil {
		t.Fatal(err)
	}
	_, complaint := p.tryAWS(t, "apigatewayv2", operation, "--cli-input-json", string(document))
	if !strings.Contains(complaint, "("+code+")") || !strings.Contains(complaint, words) {
		t.Errorf("%s: want %s: %s\n got %s", operation, code, words, complaint)
	}
}

type in = map[string]any

// TestTheCLIKeepsAnHTTPAPI uses every operation of HTTP APIs once through the real CLI; the two tests behind it have those of domains and
// of what HTTP APIs have not.
func TestTheCLIKeepsAnHTTPAPI(t *testing.T) {
	t.Parallel()
	p := serve(t)
	api := text(t, p.v2(t, "create-api", in{"Name": "pets", "ProtocolType": "HTTP", "CorsConfiguration": in{"AllowOrigins": []string{"https://a.example"}}}), "ApiId")
	of := func(more in) in {
		more["ApiId"] = api
		return more
	}
	p.v2(t, "update-api", of(in{"Description": "of pets"}))
	p.v2(t, "delete-cors-configuration", of(in{}))
	if got := text(t, p.v2(t, "get-api", of(in{})), "ApiEndpoint"); !strings.HasPrefix(got, "http://"+api+".execute-api.eu-west-1.localhost:") {
		t.Errorf("the API is said to be at %s", got)
	}
	if got := text(t, p.v2(t, "get-apis", in{}), "Items", 0, "ApiId"); got != api {
		t.Errorf("the list has %s", got)
	}

	integration := text(t, p.v2(t, "create-integration", of(in{"IntegrationType": "HTTP_PROXY", "IntegrationMethod": "ANY", "IntegrationUri": "https://b.example", "PayloadFormatVersion": "1.0"})), "IntegrationId")
	p.v2(t, "update-integration", of(in{"IntegrationId": integration, "TimeoutInMillis": 5000}))
	p.v2(t, "get-integration", of(in{"IntegrationId": integration}))
	p.v2(t, "get-integrations", of(in{}))
	authorizer := text(t, p.v2(t, "create-authorizer", of(in{"Name": "tokens", "AuthorizerType": "JWT", "IdentitySource": []string{"$request.header.Authorization"},
		"JwtConfiguration": in{"Issuer": "https://issuer.example.com", "Audience": []string{"client"}}})), "AuthorizerId")
	p.v2(t, "update-authorizer", of(in{"AuthorizerId": authorizer, "Name": "jwt"}))
	p.v2(t, "get-authorizer", of(in{"AuthorizerId": authorizer}))
	p.v2(t, "get-authorizers", of(in{}))
	route := text(t, p.v2(t, "create-route", of(in{"RouteKey": "GET /pets/{id}", "Target": "integrations/" + integration, "AuthorizationType": "JWT", "AuthorizerId": authorizer,
		"AuthorizationScopes": []string{"read"}, "RequestParameters": in{"route.request.querystring.a": in{"Required": true}}})), "RouteId")
	p.v2(t, "update-route", of(in{"RouteId": route, "OperationName": "getPet"}))
	p.v2(t, "delete-route-request-parameter", of(in{"RouteId": route, "RequestParameterKey": "route.request.querystring.a"}))
	p.v2(t, "get-route", of(in{"RouteId": route}))
	p.v2(t, "get-routes", of(in{}))

	p.v2(t, "create-stage", of(in{"StageName": "$default", "AutoDeploy": true}))
	deployment := text(t, p.v2(t, "create-deployment", of(in{})), "DeploymentId")
	p.v2(t, "update-deployment", of(in{"DeploymentId": deployment, "Description": "by hand"}))
	p.v2(t, "get-deployment", of(in{"DeploymentId": deployment}))
	p.v2(t, "get-deployments", of(in{}))
	p.v2(t, "create-stage", of(in{"StageName": "prod", "DeploymentId": deployment}))
	p.v2(t, "update-stage", of(in{"StageName": "prod", "RouteSettings": in{"GET /pets/{id}": in{"ThrottlingBurstLimit": 1, "ThrottlingRateLimit": 0.5}},
		"AccessLogSettings": in{"DestinationArn": "arn:aws:logs:eu-west-1:000000000000:log-group:pets", "Format": "$context.requestId"}}))
	p.v2(t, "delete-route-settings", of(in{"StageName": "prod", "RouteKey": "GET /pets/{id}"}))
	p.v2(t, "delete-access-log-settings", of(in{"StageName": "prod"}))
	p.v2(t, "reset-authorizers-cache", of(in{"StageName": "prod"}))
	p.v2(t, "get-stage", of(in{"StageName": "$default"}))
	if got := text(t, p.v2(t, "get-stages", of(in{})), "Items", 0, "LastDeploymentStatusMessage"); !strings.HasPrefix(got, "Successfully deployed stage with deployment ID '") {
		t.Errorf("the default stage says %s", got)
	}

	arn := "arn:aws:apigateway:eu-west-1::/apis/" + api + "/stages/$default"
	p.v2(t, "tag-resource", in{"ResourceArn": arn, "Tags": in{"a": "1", "b": "2"}})
	p.v2(t, "untag-resource", in{"ResourceArn": arn, "TagKeys": []string{"a"}})
	if got := text(t, p.v2(t, "get-tags", in{"ResourceArn": arn}), "Tags", "b"); got != "2" {
		t.Errorf("the tag is %s", got)
	}

	file := filepath.Join(t.TempDir(), "pets.json")
	p.exportAPI(t, api, file)
	body, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	imported := text(t, p.v2(t, "import-api", in{"Body": string(body), "FailOnWarnings": true}), "ApiId")
	p.v2(t, "reimport-api", in{"ApiId": imported, "Body": string(body), "FailOnWarnings": true})
	again := filepath.Join(t.TempDir(), "again.json")
	p.exportAPI(t, imported, again)
	second, err := os.ReadFile(again)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.ReplaceAll(string(second), imported, api); got != string(body) {
		t.Errorf("an import of an export is another API:\n%s\n%s", body, got)
	}

	p.v2(t, "delete-route", of(in{"RouteId": route}))
	p.v2(t, "delete-integration", of(in{"IntegrationId": integration}))
	p.v2(t, "delete-authorizer", of(in{"AuthorizerId": authorizer}))
	p.v2(t, "delete-stage", of(in{"StageName": "prod"}))
	p.v2(t, "delete-deployment", of(in{"DeploymentId": deployment}))
	p.v2(t, "delete-api", of(in{}))
	p.refusedV2(t, "get-api", of(in{}), "NotFoundException", "Invalid API identifier specified 000000000000:"+api)
}

// exportAPI writes what an API is to a file.
func (p *process) exportAPI(t *testing.T, api, file string) {
	t.Helper()
	if _, complaint := p.tryAWS(t, "apigatewayv2", "export-api", "--api-id", api, "--specification", "OAS30", "--output-type", "JSON", file); complaint != "" {
		t.Fatal(complaint)
	}
}

// TestTheCLIKeepsADomainOfAnHTTPAPI makes a custom domain name with what belongs to one.
func TestTheCLIKeepsADomainOfAnHTTPAPI(t *testing.T) {
	t.Parallel()
	p := serve(t)
	api := text(t, p.v2(t, "create-api", in{"Name": "pets", "ProtocolType": "HTTP"}), "ApiId")
	p.v2(t, "create-stage", in{"ApiId": api, "StageName": "prod"})
	of := func(more in) in {
		more["DomainName"] = "api.example.com"
		return more
	}
	p.v2(t, "create-domain-name", of(in{"DomainNameConfigurations": []in{{"CertificateArn": "arn:aws:acm:eu-west-1:000000000000:certificate/c"}}}))
	p.v2(t, "update-domain-name", of(in{"RoutingMode": "ROUTING_RULE_THEN_API_MAPPING"}))
	if got := text(t, p.v2(t, "get-domain-name", of(in{})), "RoutingMode"); got != "ROUTING_RULE_THEN_API_MAPPING" {
		t.Errorf("the routing mode is %s", got)
	}
	if got := text(t, p.aws(t, "apigateway", "get-domain-name", "--domain-name", "api.example.com"), "routingMode"); got != "ROUTING_RULE_THEN_BASE_PATH_MAPPING" {
		t.Errorf("REST APIs see %s", got)
	}
	p.v2(t, "get-domain-names", in{})
	mapping := text(t, p.v2(t, "create-api-mapping", of(in{"ApiId": api, "Stage": "prod", "ApiMappingKey": "v1/pets"})), "ApiMappingId")
	p.v2(t, "update-api-mapping", of(in{"ApiId": api, "ApiMappingId": mapping, "ApiMappingKey": "v2"}))
	p.v2(t, "get-api-mapping", of(in{"ApiMappingId": mapping}))
	p.v2(t, "get-api-mappings", of(in{}))
	p.v2(t, "delete-api-mapping", of(in{"ApiMappingId": mapping}))
	rule := in{"Priority": 10, "Conditions": []in{{"MatchBasePaths": in{"AnyOf": []string{"pets"}}}}, "Actions": []in{{"InvokeApi": in{"ApiId": api, "Stage": "prod"}}}}
	id := text(t, p.v2(t, "create-routing-rule", of(rule)), "RoutingRuleId")
	p.v2(t, "get-routing-rule", of(in{"RoutingRuleId": id}))
	p.v2(t, "put-routing-rule", of(in{"RoutingRuleId": id, "Priority": 20, "Conditions": rule["Conditions"], "Actions": rule["Actions"]}))
	p.v2(t, "list-routing-rules", of(in{}))
	p.v2(t, "delete-routing-rule", of(in{"RoutingRuleId": id}))
	p.v2(t, "delete-domain-name", of(in{}))
}

// TestTheCLIIsToldWhatHTTPAPIsHaveNot uses what is kept without effect, and what HTTP APIs have not.
func TestTheCLIIsToldWhatHTTPAPIsHaveNot(t *testing.T) {
	t.Parallel()
	p := serve(t)
	api := text(t, p.v2(t, "create-api", in{"Name": "pets", "ProtocolType": "HTTP"}), "ApiId")
	of := func(more in) in {
		more["ApiId"] = api
		return more
	}
	integration := text(t, p.v2(t, "create-integration", of(in{"IntegrationType": "HTTP_PROXY", "IntegrationMethod": "ANY", "IntegrationUri": "https://b.example", "PayloadFormatVersion": "1.0"})), "IntegrationId")
	route := text(t, p.v2(t, "create-route", of(in{"RouteKey": "GET /pets"})), "RouteId")
	link := text(t, p.v2(t, "create-vpc-link", in{"Name": "link", "SubnetIds": []string{"subnet-1"}}), "VpcLinkId")
	p.v2(t, "update-vpc-link", in{"VpcLinkId": link, "Name": "other"})
	p.v2(t, "get-vpc-link", in{"VpcLinkId": link})
	p.v2(t, "get-vpc-links", in{})
	p.v2(t, "delete-vpc-link", in{"VpcLinkId": link})

	const none = "NotFoundException"
	p.refusedV2(t, "create-api", in{"Name": "chat", "ProtocolType": "WEBSOCKET"}, "BadRequestException", "poolgate has no WebSocket APIs")
	p.refusedV2(t, "create-model", of(in{"Name": "a", "Schema": "{}"}), "BadRequestException", "Currently, Models are not permitted for APIs with a protocol type of HTTP")
	p.v2(t, "get-models", of(in{}))
	for _, operation := range []string{"get-model", "update-model", "delete-model", "get-model-template"} {
		p.refusedV2(t, operation, of(in{"ModelId": "a"}), none, "Invalid Model identifier specified")
	}
	p.refusedV2(t, "create-route-response", of(in{"RouteId": route, "RouteResponseKey": "$default"}), "BadRequestException", "RouteResponses are currently not supported for this API protocol type.")
	p.v2(t, "get-route-responses", of(in{"RouteId": route}))
	for _, operation := range []string{"get-route-response", "update-route-response", "delete-route-response"} {
		p.refusedV2(t, operation, of(in{"RouteId": route, "RouteResponseId": "a"}), none, "Invalid RouteResponse identifier specified")
	}
	p.refusedV2(t, "create-integration-response", of(in{"IntegrationId": integration, "IntegrationResponseKey": "$default"}), "BadRequestException", "IntegrationResponses are currently not supported for this API protocol type.")
	p.v2(t, "get-integration-responses", of(in{"IntegrationId": integration}))
	for _, operation := range []string{"get-integration-response", "update-integration-response", "delete-integration-response"} {
		p.refusedV2(t, operation, of(in{"IntegrationId": integration, "IntegrationResponseId": "a"}), none, "Invalid IntegrationResponse identifier specified")
	}
}
