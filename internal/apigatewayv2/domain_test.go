package apigatewayv2

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	v1 "github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
)

const testCertificate = "arn:aws:acm:eu-west-1:111111111111:certificate/c"

func (g *gate) createDomain(name string) *string {
	g.Helper()
	ok(g.CreateDomainName(g.ctx(), &apigatewayv2.CreateDomainNameInput{
		DomainName: &name, DomainNameConfigurations: []types.DomainNameConfiguration{{CertificateArn: aws.String(testCertificate)}},
	}))(g.T)
	return &name
}

func TestADomainIsOneThingToBothAPIs(t *testing.T) {
	g := newGate(t)
	name := g.createDomain("api.example.com")
	shown := ok(g.GetDomainName(g.ctx(), &apigatewayv2.GetDomainNameInput{DomainName: name}))(t)
	c := &shown.DomainNameConfigurations[0]
	old := ok(g.rest.GetDomainName(g.ctx(), &apigateway.GetDomainNameInput{DomainName: name}))(t)
	if *old.RegionalDomainName != *c.ApiGatewayDomainName || *old.RegionalCertificateArn != testCertificate || old.RoutingMode != v1.RoutingModeBasePathMappingOnly {
		t.Errorf("REST APIs see %+v", old)
	}
	c.ApiGatewayDomainName, c.HostedZoneId = nil, nil
	shows(t, shown, `{"domainName":"api.example.com","domainNameArn":"arn:aws:apigateway:eu-west-1::/domainnames/api.example.com","apiMappingSelectionExpression":"$request.basepath",
		"routingMode":"API_MAPPING_ONLY","tags":{},"domainNameConfigurations":[{"certificateArn":"`+testCertificate+`","domainNameStatus":"AVAILABLE",
		"endpointType":"REGIONAL","securityPolicy":"TLS_1_2","ipAddressType":"ipv4"}]}`)

	ok(g.rest.CreateDomainName(g.ctx(), &apigateway.CreateDomainNameInput{DomainName: aws.String("edge.example.com"), CertificateArn: aws.String(testCertificate)}))(t)
	list := ok(g.GetDomainNames(g.ctx(), &apigatewayv2.GetDomainNamesInput{}))(t)
	if len(list.Items) != 2 || list.Items[1].DomainNameConfigurations[0].EndpointType != types.EndpointTypeEdge {
		t.Errorf("%+v", list.Items)
	}
	refused(g.CreateApiMapping(g.ctx(), &apigatewayv2.CreateApiMappingInput{DomainName: aws.String("edge.example.com"), ApiId: g.createAPI(), Stage: aws.String("a")}))(t, bad, notManaged.Message)

	updated := ok(g.UpdateDomainName(g.ctx(), &apigatewayv2.UpdateDomainNameInput{
		DomainName: name, RoutingMode: types.RoutingModeRoutingRuleThenApiMapping,
		MutualTlsAuthentication: &types.MutualTlsAuthenticationInput{TruststoreUri: aws.String("s3://b/t.pem")},
	}))(t)
	if updated.RoutingMode != types.RoutingModeRoutingRuleThenApiMapping || *updated.MutualTlsAuthentication.TruststoreUri != "s3://b/t.pem" {
		t.Errorf("%+v", updated)
	}
	updated = ok(g.UpdateDomainName(g.ctx(), &apigatewayv2.UpdateDomainNameInput{DomainName: name, MutualTlsAuthentication: &types.MutualTlsAuthenticationInput{TruststoreUri: aws.String("")}}))(t)
	if updated.MutualTlsAuthentication != nil {
		t.Error("mutual TLS is still on")
	}
	ok(g.DeleteDomainName(g.ctx(), &apigatewayv2.DeleteDomainNameInput{DomainName: name}))(t)
	refused(g.rest.GetDomainName(g.ctx(), &apigateway.GetDomainNameInput{DomainName: name}))(t, missing, noDomain.Message)
	refused(g.GetDomainName(g.ctx(), &apigatewayv2.GetDomainNameInput{DomainName: name}))(t, missing, noDomain.Message)
	refused(g.UpdateDomainName(g.ctx(), &apigatewayv2.UpdateDomainNameInput{DomainName: name}))(t, missing, noDomain.Message)
}

func TestWhatNoDomainCanBe(t *testing.T) {
	g := newGate(t)
	g.createDomain("taken.example.com")
	certificate := types.DomainNameConfiguration{CertificateArn: aws.String(testCertificate)}
	for _, c := range []struct {
		name, domain string
		in           []types.DomainNameConfiguration
		want         string
	}{
		{"without a configuration", "a.example.com", nil, "Invalid input. Expected one domain name configuration"},
		{"with two", "a.example.com", []types.DomainNameConfiguration{certificate, certificate}, "Invalid input. Expected one domain name configuration"},
		{"at the edge", "a.example.com", []types.DomainNameConfiguration{{EndpointType: types.EndpointTypeEdge}}, "EDGE endpoint type is not supported for APIGatewayV2 domainName"},
		{"with a certificate of elsewhere", "a.example.com", []types.DomainNameConfiguration{{CertificateArn: aws.String("arn:aws:acm:us-east-1:111111111111:certificate/c")}}, "Invalid certificate ARN: arn:aws:acm:us-east-1:111111111111:certificate/c. Certificate must be in 'eu-west-1'."},
		{"that is there already", "taken.example.com", []types.DomainNameConfiguration{certificate}, "The domain name you provided already exists."},
		{"that is no name", "a_b", []types.DomainNameConfiguration{certificate}, "Invalid domain name specified"},
	} {
		t.Run(c.name, func(t *testing.T) {
			refused(g.CreateDomainName(g.ctx(), &apigatewayv2.CreateDomainNameInput{DomainName: &c.domain, DomainNameConfigurations: c.in}))(t, bad, c.want)
		})
	}
}

func TestMappingsAreOneNamespace(t *testing.T) {
	g := newGate(t)
	domain, api := g.createDomain("api.example.com"), g.createAPI()
	g.createStage(api, "prod", false)
	stage := aws.String("prod")
	create := func(key string) (*apigatewayv2.CreateApiMappingOutput, error) {
		return g.CreateApiMapping(g.ctx(), &apigatewayv2.CreateApiMappingInput{DomainName: domain, ApiId: api, Stage: stage, ApiMappingKey: &key})
	}
	root := ok(create(""))(t)
	deep := ok(create("v1/pets"))(t)
	refused(create("v1/pets"))(t, taken, "ApiMapping key already exists for this domain name")
	for _, key := range []string{"/", "/a", "a/", "a//b", "a b", "ä"} {
		refused(create(key))(t, bad, "An ApiMapping key may contain only letters, numbers and one of $-_.+!*'()")
	}
	refused(g.CreateApiMapping(g.ctx(), &apigatewayv2.CreateApiMappingInput{DomainName: domain, ApiId: api, Stage: aws.String("none"), ApiMappingKey: aws.String("x")}))(t, bad, badMapped.Message)
	refused(g.CreateApiMapping(g.ctx(), &apigatewayv2.CreateApiMappingInput{DomainName: domain, ApiId: aws.String("none"), Stage: stage}))(t, missing, "Invalid API identifier specified 111111111111:none")
	refused(g.CreateApiMapping(g.ctx(), &apigatewayv2.CreateApiMappingInput{DomainName: aws.String("none.example.com"), ApiId: api, Stage: stage}))(t, missing, noDomain.Message)

	seen := ok(g.rest.GetBasePathMapping(g.ctx(), &apigateway.GetBasePathMappingInput{DomainName: domain, BasePath: aws.String("(none)")}))(t)
	if *seen.RestApiId != *api {
		t.Errorf("REST APIs see %+v", seen)
	}
	rest := ok(g.rest.CreateRestApi(g.ctx(), &apigateway.CreateRestApiInput{Name: aws.String("rest")}))(t).Id
	ok(g.rest.CreateBasePathMapping(g.ctx(), &apigateway.CreateBasePathMappingInput{DomainName: domain, RestApiId: rest, BasePath: aws.String("rest")}))(t)
	refused(create("rest"))(t, taken, "ApiMapping key already exists for this domain name")
	list := ok(g.GetApiMappings(g.ctx(), &apigatewayv2.GetApiMappingsInput{DomainName: domain}))(t)
	if len(list.Items) != 3 {
		t.Errorf("%+v", list.Items)
	}

	// A mapping keeps its id when it moves, and the place it leaves is free.
	moved := ok(g.UpdateApiMapping(g.ctx(), &apigatewayv2.UpdateApiMappingInput{DomainName: domain, ApiMappingId: deep.ApiMappingId, ApiId: api, ApiMappingKey: aws.String("v2")}))(t)
	if *moved.ApiMappingId != *deep.ApiMappingId || *moved.ApiMappingKey != "v2" || *moved.Stage != "prod" {
		t.Errorf("%+v", moved)
	}
	ok(create("v1/pets"))(t)
	refused(g.UpdateApiMapping(g.ctx(), &apigatewayv2.UpdateApiMappingInput{DomainName: domain, ApiMappingId: deep.ApiMappingId, ApiId: api, ApiMappingKey: aws.String("rest")}))(t, taken, "ApiMapping key already exists for this domain name")
	if still := ok(g.GetApiMapping(g.ctx(), &apigatewayv2.GetApiMappingInput{DomainName: domain, ApiMappingId: deep.ApiMappingId}))(t); *still.ApiMappingKey != "v2" {
		t.Errorf("a refused update moved it to %s", *still.ApiMappingKey)
	}
	ok(g.DeleteApiMapping(g.ctx(), &apigatewayv2.DeleteApiMappingInput{DomainName: domain, ApiMappingId: root.ApiMappingId}))(t)
	refused(g.GetApiMapping(g.ctx(), &apigatewayv2.GetApiMappingInput{DomainName: domain, ApiMappingId: root.ApiMappingId}))(t, missing, noMapping.Message)
	refused(g.DeleteApiMapping(g.ctx(), &apigatewayv2.DeleteApiMappingInput{DomainName: domain, ApiMappingId: root.ApiMappingId}))(t, missing, noMapping.Message)
	refused(g.UpdateApiMapping(g.ctx(), &apigatewayv2.UpdateApiMappingInput{DomainName: domain, ApiMappingId: root.ApiMappingId, ApiId: api}))(t, missing, noMapping.Message)
}

func TestRoutingRules(t *testing.T) {
	g := newGate(t)
	domain := g.createDomain("api.example.com")
	action := []types.RoutingRuleAction{{InvokeApi: &types.RoutingRuleActionInvokeApi{ApiId: aws.String("a"), Stage: aws.String("prod")}}}
	path := types.RoutingRuleCondition{MatchBasePaths: &types.RoutingRuleMatchBasePaths{AnyOf: []string{"pets"}}}
	create := func(priority int32, conditions ...types.RoutingRuleCondition) (*apigatewayv2.CreateRoutingRuleOutput, error) {
		return g.CreateRoutingRule(g.ctx(), &apigatewayv2.CreateRoutingRuleInput{DomainName: domain, Priority: &priority, Actions: action, Conditions: conditions})
	}
	second := ok(create(20, path))(t)
	first := ok(create(10))(t)
	if want := "arn:aws:apigateway:eu-west-1:111111111111:/domainnames/api.example.com/routingrules/" + *first.RoutingRuleId; *first.RoutingRuleArn != want {
		t.Errorf("%s", *first.RoutingRuleArn)
	}
	refused(create(10))(t, taken, "A routing rule with priority 10 already exists for this domain name")
	refused(create(30, path, path))(t, bad, "A routing rule has at most 1 matchBasePaths and 2 matchHeaders conditions")
	refused(create(30, types.RoutingRuleCondition{}))(t, bad, "A condition of a routing rule is either matchBasePaths or matchHeaders")
	refused(g.CreateRoutingRule(g.ctx(), &apigatewayv2.CreateRoutingRuleInput{DomainName: domain, Priority: aws.Int32(1)}))(t, bad, "A routing rule has exactly one action, invokeApi")
	ok(g.PutRoutingRule(g.ctx(), &apigatewayv2.PutRoutingRuleInput{DomainName: domain, RoutingRuleId: second.RoutingRuleId, Priority: aws.Int32(5), Actions: action}))(t)
	list := ok(g.ListRoutingRules(g.ctx(), &apigatewayv2.ListRoutingRulesInput{DomainName: domain, MaxResults: aws.Int32(1)}))(t)
	if len(list.RoutingRules) != 1 || *list.RoutingRules[0].RoutingRuleId != *second.RoutingRuleId || list.NextToken == nil {
		t.Errorf("%+v", list)
	}
	ok(g.GetRoutingRule(g.ctx(), &apigatewayv2.GetRoutingRuleInput{DomainName: domain, RoutingRuleId: first.RoutingRuleId}))(t)
	ok(g.DeleteRoutingRule(g.ctx(), &apigatewayv2.DeleteRoutingRuleInput{DomainName: domain, RoutingRuleId: first.RoutingRuleId}))(t)
	refused(g.GetRoutingRule(g.ctx(), &apigatewayv2.GetRoutingRuleInput{DomainName: domain, RoutingRuleId: first.RoutingRuleId}))(t, missing, noRoutingRule.Message)
	refused(g.DeleteRoutingRule(g.ctx(), &apigatewayv2.DeleteRoutingRuleInput{DomainName: domain, RoutingRuleId: first.RoutingRuleId}))(t, missing, noRoutingRule.Message)

	// A domain that is made anew has no rules.
	ok(g.DeleteDomainName(g.ctx(), &apigatewayv2.DeleteDomainNameInput{DomainName: domain}))(t)
	g.createDomain("api.example.com")
	if list := ok(g.ListRoutingRules(g.ctx(), &apigatewayv2.ListRoutingRulesInput{DomainName: domain}))(t); len(list.RoutingRules) != 0 {
		t.Errorf("%+v", list.RoutingRules)
	}
}
