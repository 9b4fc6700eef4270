package e2e

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	apiTypes "github.com/aws/aws-sdk-go-v2/service/apigateway/types"
)

const (
	// fromElsewhere lets in callers of one address only, which none of the tests has.
	fromElsewhere = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke","Resource":"execute-api:/*"},` +
		`{"Effect":"Deny","Principal":"*","Action":"execute-api:Invoke","Resource":"execute-api:/*","Condition":{"NotIpAddress":{"aws:SourceIp":"203.0.113.7/32"}}}]}`
	// onlyOpen allows one path.
	onlyOpen = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke","Resource":"execute-api:/*/GET/open"}]}`
	everyone = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke","Resource":"execute-api:/*"}]}`
)

// routeFaults are what keeps a request from reaching a method, and what is not deployed.
var routeFaults = []fault{
	{"a path that is not there", "route_not_found", "", func(t *testing.T, l *lab) broken {
		r := l.rest(t)
		return broken{curled: get(r.at("/plian")), instead: then(get(r.at("/plain"), bearer(l.admin.id)))}
	}},
	{"a path that is not there, with a token", "route_not_found_signature_expected", "", func(t *testing.T, l *lab) broken {
		r := l.rest(t)
		return broken{curled: get(r.at("/plain/1"), bearer(l.admin.id)), instead: then(get(r.at("/plain"), bearer(l.admin.id)))}
	}},
	{"another case in the path", "route_not_found_signature_expected", "", func(t *testing.T, l *lab) broken {
		r := l.rest(t)
		return broken{curled: get(r.at("/Plain"), bearer(l.admin.id)), instead: then(get(r.at("/plain"), bearer(l.admin.id)))}
	}},
	{"a verb that is not there", "route_not_found_signature_expected", "", func(t *testing.T, l *lab) broken {
		r := l.rest(t)
		return broken{curled: ask("POST", r.at("/plain"), bearer(l.admin.id)), flags: []string{"--send"}, instead: then(get(r.at("/plain"), bearer(l.admin.id)))}
	}},
	{"OPTIONS that nobody made", "route_not_found", "", func(t *testing.T, l *lab) broken {
		r := l.rest(t)
		return broken{curled: ask("OPTIONS", r.at("/plain")), instead: then(get(r.at("/plain"), bearer(l.admin.id)))}
	}},
	{"the stage is not in the URL", "stage_not_found", "", func(t *testing.T, l *lab) broken {
		r := l.rest(t)
		return broken{curled: get(strings.Replace(r.at("/plain"), "/dev/", "/", 1), bearer(l.admin.id)), instead: then(get(r.at("/plain"), bearer(l.admin.id)))}
	}},
	{"a stage that is not there", "stage_not_found", "", func(t *testing.T, l *lab) broken {
		r := l.rest(t)
		return broken{curled: get(strings.Replace(r.at("/plain"), "/dev/", "/prod/", 1), bearer(l.admin.id)), instead: then(get(r.at("/plain"), bearer(l.admin.id)))}
	}},
	{"an API that is not there", "domain_mapping_missing", "", func(t *testing.T, l *lab) broken {
		r := l.rest(t)
		return broken{curled: get(strings.Replace(r.at("/plain"), r.id, "nosuchapi0", 1), bearer(l.admin.id)), instead: then(get(r.at("/plain"), bearer(l.admin.id)))}
	}},
	{"a method that is not deployed", "route_not_found_signature_expected", "aws apigateway create-deployment", func(t *testing.T, l *lab) broken {
		r := l.rest(t)
		r.addOpen(t, "added")
		return broken{curled: get(r.at("/added"), bearer(l.admin.id)), warns: "undeployed_change"}
	}},
	{"scopes that are not deployed", "scope_missing", "aws apigateway create-deployment", func(t *testing.T, l *lab) broken {
		r := l.rest(t)
		r.editMethod(t, "/scoped", "add /authorizationScopes=openid")
		return broken{curled: get(r.at("/scoped"), bearer(l.narrow.access)), warns: "undeployed_change"}
	}},
	{"an authorizer whose edit is not deployed", "token_issuer", "aws apigateway create-deployment", func(t *testing.T, l *lab) broken {
		r := l.rest(t)
		r.editAuthorizer(t, "add /providerARNs="+l.stranger.poolARN)
		return broken{curled: get(r.at("/plain"), bearer(l.foreign.id)), warns: "undeployed_change"}
	}},
	{"a method whose authorizer was taken off without deploying", "identity_source_missing", "aws apigateway create-deployment", func(t *testing.T, l *lab) broken {
		r := l.rest(t)
		r.editMethod(t, "/plain", "replace /authorizationType=NONE")
		return broken{curled: get(r.at("/plain")), warns: "undeployed_change"}
	}},
	{"the API's own endpoint is disabled", "endpoint_disabled", "aws apigateway update-rest-api", func(t *testing.T, l *lab) broken {
		r := l.rest(t)
		r.edit(t, "replace /disableExecuteApiEndpoint=true")
		r.deploy(t)
		return broken{curled: get(r.at("/plain"), bearer(l.admin.id))}
	}},
	{"a private API", "private_api", "aws apigateway update-rest-api", func(t *testing.T, l *lab) broken {
		r := l.rest(t, func(d in) { put(d, jsonOf(t, everyone), "x-amazon-apigateway-policy") })
		r.edit(t, "replace /endpointConfiguration/types/REGIONAL=PRIVATE")
		r.deploy(t)
		return broken{curled: get(r.at("/plain"), bearer(l.admin.id))}
	}},
	{"a resource policy that denies the address", "resource_policy_denied", "aws apigateway update-rest-api", func(t *testing.T, l *lab) broken {
		r := l.rest(t, func(d in) { put(d, jsonOf(t, fromElsewhere), "x-amazon-apigateway-policy") })
		return broken{curled: get(r.at("/open"))}
	}},
	{"a resource policy that does not allow the path", "resource_policy_denied", "aws apigateway update-rest-api", func(t *testing.T, l *lab) broken {
		r := l.rest(t, func(d in) {
			put(d, jsonOf(t, onlyOpen), "x-amazon-apigateway-policy")
			put(d, operation(""), "paths", "/more", "get")
		})
		return broken{curled: get(r.at("/more"))}
	}},
	{"a resource policy whose edit is not deployed", "resource_policy_denied", "aws apigateway create-deployment", func(t *testing.T, l *lab) broken {
		r := l.rest(t, func(d in) { put(d, jsonOf(t, fromElsewhere), "x-amazon-apigateway-policy") })
		r.edit(t, "replace /policy="+everyone)
		return broken{curled: get(r.at("/open")), warns: "undeployed_change"}
	}},
	{"a custom domain that maps another path", "domain_mapping_missing", "", func(t *testing.T, l *lab) broken {
		r := l.rest(t)
		host := "Host: " + r.domain(t, "v1")
		return broken{curled: get(l.url+"/v2/plain", host, bearer(l.admin.id)), instead: then(get(l.url+"/v1/plain", host, bearer(l.admin.id)))}
	}},
	{"a custom domain whose root is not mapped", "domain_mapping_missing", "aws apigatewayv2 create-api-mapping", func(t *testing.T, l *lab) broken {
		r := l.rest(t)
		return broken{curled: get(l.url+"/plain", "Host: "+r.domain(t, "v1"), bearer(l.admin.id))}
	}},
	{"the stage in the URL of a custom domain", "route_not_found_signature_expected", "", func(t *testing.T, l *lab) broken {
		r := l.rest(t)
		host := "Host: " + r.domain(t, "(none)")
		return broken{curled: get(l.url+"/dev/plain", host, bearer(l.admin.id)), instead: then(get(l.url+"/plain", host, bearer(l.admin.id)))}
	}},
	{"a preflight that asks for a token", "identity_source_missing", "aws apigateway update-method", func(t *testing.T, l *lab) broken {
		r := l.rest(t, func(d in) { put(d, operation("pool"), "paths", "/plain", "options") })
		preflight := ask("OPTIONS", r.at("/plain"), "Origin: https://app.example.com", "Access-Control-Request-Method: GET")
		return broken{curled: preflight, warns: "preflight_behind_authorizer"}
	}},
}

func jsonOf(t *testing.T, text string) any {
	t.Helper()
	return decoded(t, text)
}

// addOpen adds a path with a method that asks for nothing, and does not deploy it.
func (r *rest) addOpen(t *testing.T, part string) {
	t.Helper()
	root := r.resource(t, "/")
	made, err := r.apis.CreateResource(t.Context(), &apigateway.CreateResourceInput{RestApiId: &r.id, ParentId: root, PathPart: &part})
	must(t, err)
	verb, ok := aws.String("GET"), aws.String("200")
	_, err = r.apis.PutMethod(t.Context(), &apigateway.PutMethodInput{RestApiId: &r.id, ResourceId: made.Id, HttpMethod: verb, AuthorizationType: aws.String("NONE")})
	must(t, err)
	_, err = r.apis.PutIntegration(t.Context(), &apigateway.PutIntegrationInput{RestApiId: &r.id, ResourceId: made.Id, HttpMethod: verb, Type: "MOCK",
		RequestTemplates: map[string]string{"application/json": `{"statusCode":200}`}})
	must(t, err)
	_, err = r.apis.PutMethodResponse(t.Context(), &apigateway.PutMethodResponseInput{RestApiId: &r.id, ResourceId: made.Id, HttpMethod: verb, StatusCode: ok})
	must(t, err)
	_, err = r.apis.PutIntegrationResponse(t.Context(), &apigateway.PutIntegrationResponseInput{RestApiId: &r.id, ResourceId: made.Id, HttpMethod: verb, StatusCode: ok})
	must(t, err)
}

// domain makes a custom domain name that maps a base path to the stage.
func (r *rest) domain(t *testing.T, basePath string) string {
	t.Helper()
	name := unique(t) + ".example.com"
	_, err := r.apis.CreateDomainName(t.Context(), &apigateway.CreateDomainNameInput{DomainName: &name, RegionalCertificateArn: aws.String("arn:aws:acm:eu-west-1:000000000000:certificate/c"),
		EndpointConfiguration: &apiTypes.EndpointConfiguration{Types: []apiTypes.EndpointType{apiTypes.EndpointTypeRegional}}})
	must(t, err)
	_, err = r.apis.CreateBasePathMapping(t.Context(), &apigateway.CreateBasePathMappingInput{DomainName: &name, BasePath: &basePath, RestApiId: &r.id, Stage: aws.String("dev")})
	must(t, err)
	return name
}
