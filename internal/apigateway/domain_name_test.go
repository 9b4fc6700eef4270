package apigateway

import (
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/google/go-cmp/cmp"
)

const testCertificate = "arn:aws:acm:eu-west-1:111111111111:certificate/1"

func endpointOfType(kind types.EndpointType) *types.EndpointConfiguration {
	return &types.EndpointConfiguration{Types: []types.EndpointType{kind}}
}

func (g *gate) createRegionalDomain(name string) {
	g.Helper()
	ok(g.CreateDomainName(g.ctx(), &apigateway.CreateDomainNameInput{
		DomainName: &name, RegionalCertificateArn: aws.String(testCertificate), EndpointConfiguration: endpointOfType(types.EndpointTypeRegional),
	}))(g.T)
}

func (g *gate) createPrivateDomain(name string) *apigateway.CreateDomainNameOutput {
	g.Helper()
	return ok(g.CreateDomainName(g.ctx(), &apigateway.CreateDomainNameInput{
		DomainName: &name, CertificateArn: aws.String(testCertificate), EndpointConfiguration: endpointOfType(types.EndpointTypePrivate),
	}))(g.T)
}

func TestADomainNameHasWhatItsEndpointTypeNeeds(t *testing.T) {
	g := newGate(t)
	for _, test := range []struct {
		name string
		in   apigateway.CreateDomainNameInput
		want string
	}{
		{"regional", apigateway.CreateDomainNameInput{DomainName: aws.String("API.example.com"), RegionalCertificateArn: aws.String(testCertificate),
			EndpointConfiguration: endpointOfType(types.EndpointTypeRegional)},
			`{"domainName":"api.example.com","domainNameArn":"arn:aws:apigateway:eu-west-1::/domainnames/api.example.com","domainNameStatus":"AVAILABLE",
			"endpointConfiguration":{"ipAddressType":"ipv4","types":["REGIONAL"]},"regionalCertificateArn":"` + testCertificate + `",
			"regionalDomainName":"d-ID.execute-api.eu-west-1.amazonaws.com","regionalHostedZoneId":"ZLY8HYME6SFDD","routingMode":"BASE_PATH_MAPPING_ONLY","securityPolicy":"TLS_1_2"}`},
		{"edge", apigateway.CreateDomainNameInput{DomainName: aws.String("*.example.com"), CertificateArn: aws.String(testCertificate), SecurityPolicy: types.SecurityPolicyTls10},
			`{"domainName":"*.example.com","domainNameArn":"arn:aws:apigateway:eu-west-1::/domainnames/*.example.com","domainNameStatus":"AVAILABLE",
			"certificateArn":"` + testCertificate + `","distributionDomainName":"dID.cloudfront.net","distributionHostedZoneId":"Z2FDTNDATAQYW2",
			"endpointConfiguration":{"ipAddressType":"ipv4","types":["EDGE"]},"routingMode":"BASE_PATH_MAPPING_ONLY","securityPolicy":"TLS_1_0"}`},
		{"an uploaded certificate", apigateway.CreateDomainNameInput{DomainName: aws.String("old.example.com"), CertificateName: aws.String("old"),
			CertificateBody: aws.String("body"), CertificatePrivateKey: aws.String("private")},
			`{"domainName":"old.example.com","domainNameArn":"arn:aws:apigateway:eu-west-1::/domainnames/old.example.com","domainNameStatus":"AVAILABLE",
			"certificateName":"old","distributionDomainName":"dID.cloudfront.net","distributionHostedZoneId":"Z2FDTNDATAQYW2",
			"endpointConfiguration":{"ipAddressType":"ipv4","types":["EDGE"]},"routingMode":"BASE_PATH_MAPPING_ONLY","securityPolicy":"TLS_1_2"}`},
		{"private", apigateway.CreateDomainNameInput{DomainName: aws.String("in.example.com"), CertificateArn: aws.String(testCertificate), EndpointConfiguration: endpointOfType(types.EndpointTypePrivate)},
			`{"domainName":"in.example.com","domainNameArn":"arn:aws:apigateway:eu-west-1:111111111111:/domainnames/in.example.com+ID","domainNameId":"ID","domainNameStatus":"AVAILABLE",
			"certificateArn":"` + testCertificate + `","endpointConfiguration":{"ipAddressType":"dualstack","types":["PRIVATE"]},"routingMode":"BASE_PATH_MAPPING_ONLY","securityPolicy":"TLS_1_2"}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			out := ok(g.CreateDomainName(g.ctx(), &test.in))(t)
			out.CertificateUploadDate = nil
			id := regexp.MustCompile(`[a-z0-9]{10}\b`).FindString(strings.TrimPrefix(strings.TrimPrefix(
				aws.ToString(out.RegionalDomainName)+aws.ToString(out.DistributionDomainName)+aws.ToString(out.DomainNameId), "d-"), "d"))
			if out.DomainNameId != nil {
				id = *out.DomainNameId
			}
			shows(t, out, strings.ReplaceAll(test.want, "ID", id))
			got := ok(g.GetDomainName(g.ctx(), &apigateway.GetDomainNameInput{DomainName: test.in.DomainName, DomainNameId: out.DomainNameId}))(t)
			got.CertificateUploadDate = nil
			shows(t, got, strings.ReplaceAll(test.want, "ID", id))
		})
	}
	list := ok(g.GetDomainNames(g.ctx(), &apigateway.GetDomainNamesInput{Limit: aws.Int32(3)}))(t)
	if len(list.Items) != 3 || list.Position == nil {
		t.Fatalf("the first page: %d, %v", len(list.Items), list.Position)
	}
	if rest := ok(g.GetDomainNames(g.ctx(), &apigateway.GetDomainNamesInput{Position: list.Position}))(t); len(rest.Items) != 1 || rest.Position != nil {
		t.Errorf("the second page: %d, %v", len(rest.Items), rest.Position)
	}
	if others := ok(g.GetDomainNames(g.ctx(), &apigateway.GetDomainNamesInput{ResourceOwner: types.ResourceOwnerOtherAccounts}))(t); len(others.Items) != 0 {
		t.Errorf("others' domains: %v", others.Items)
	}
	refused(g.GetDomainName(as(t.Context(), "222222222222", testRegion), &apigateway.GetDomainNameInput{DomainName: aws.String("api.example.com")}))(t,
		"NotFoundException", "Invalid domain name identifier specified")
}

func TestDomainNamesAreRefused(t *testing.T) {
	g := newGate(t)
	g.createRegionalDomain("api.example.com")
	regional := endpointOfType(types.EndpointTypeRegional)
	for _, test := range []struct {
		name, want string
		in         apigateway.CreateDomainNameInput
	}{
		{"one that is there", "The domain name you provided already exists.",
			apigateway.CreateDomainNameInput{DomainName: aws.String("api.example.com"), RegionalCertificateArn: aws.String(testCertificate), EndpointConfiguration: regional}},
		{"edge without a certificate", "A certificate was not provided for the endpoint type EDGE.", apigateway.CreateDomainNameInput{}},
		{"regional without a certificate", "A certificate was not provided for the endpoint type REGIONAL.", apigateway.CreateDomainNameInput{EndpointConfiguration: regional}},
		{"regional with a certificate for edge", "Cannot import certificates for EDGE while REGIONAL is active.",
			apigateway.CreateDomainNameInput{CertificateArn: aws.String(testCertificate), EndpointConfiguration: regional}},
		{"edge with a certificate for regional", "Cannot import certificates for REGIONAL while EDGE is active.",
			apigateway.CreateDomainNameInput{RegionalCertificateArn: aws.String(testCertificate)}},
		{"a certificate that is no ARN", "Invalid certificate ARN: mine", apigateway.CreateDomainNameInput{CertificateArn: aws.String("mine")}},
		{"mutual TLS at the edge", "Mutual TLS is supported for the endpoint type REGIONAL only", apigateway.CreateDomainNameInput{
			CertificateArn: aws.String(testCertificate), MutualTlsAuthentication: &types.MutualTlsAuthenticationInput{TruststoreUri: aws.String("s3://b/k")}}},
		{"a truststore that is not in S3", "Invalid S3 URI provided for the truststore", apigateway.CreateDomainNameInput{RegionalCertificateArn: aws.String(testCertificate),
			EndpointConfiguration: regional, MutualTlsAuthentication: &types.MutualTlsAuthenticationInput{TruststoreUri: aws.String("http://b/k")}}},
		{"one label", "Invalid domain name specified", apigateway.CreateDomainNameInput{DomainName: aws.String("localhost")}},
		{"a slash", "Invalid domain name specified", apigateway.CreateDomainNameInput{DomainName: aws.String("a/b.example.com")}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.in.DomainName == nil {
				test.in.DomainName = aws.String("new.example.com")
			}
			refused(g.CreateDomainName(g.ctx(), &test.in))(t, "BadRequestException", test.want)
		})
	}
}

func TestDomainNamesArePatchedRowByRow(t *testing.T) {
	g := newGate(t)
	update := func(operations ...types.PatchOperation) (*apigateway.UpdateDomainNameOutput, error) {
		return g.UpdateDomainName(g.ctx(), &apigateway.UpdateDomainNameInput{DomainName: aws.String("api.example.com"), PatchOperations: operations})
	}
	refused(update())(t, "NotFoundException", "Invalid domain name identifier specified")
	g.createRegionalDomain("api.example.com")
	const other = "arn:aws:acm:eu-west-1:111111111111:certificate/2"
	out := ok(update(operation(opReplace, "/regionalCertificateArn", other), operation(opReplace, "/securityPolicy", "TLS_1_0"),
		operation(opReplace, "/routingMode", "ROUTING_RULE_ONLY"), operation(opReplace, "/endpointConfiguration/ipAddressType", "dualstack"),
		operation(opAdd, "/mutualTlsAuthentication/truststoreUri", "s3://b/k"), operation(opReplace, "/mutualTlsAuthentication/truststoreVersion", "1"),
		operation(opReplace, "/policy", `{ "Version": "2012-10-17" }`), operation(opReplace, "/managementPolicy", `{"Statement": []}`),
		operation(opAdd, "/ownershipVerificationCertificateArn", testCertificate), operation(opReplace, "/regionalCertificateName", "n")))(t)
	if *out.RegionalCertificateArn != other || out.SecurityPolicy != "TLS_1_0" || out.RoutingMode != "ROUTING_RULE_ONLY" || out.EndpointConfiguration.IpAddressType != "dualstack" ||
		*out.MutualTlsAuthentication.TruststoreUri != "s3://b/k" || *out.MutualTlsAuthentication.TruststoreVersion != "1" ||
		*out.OwnershipVerificationCertificateArn != testCertificate || *out.RegionalCertificateName != "n" ||
		*out.Policy != `{"Version":"2012-10-17"}` || *out.ManagementPolicy != `{"Statement":[]}` {
		t.Errorf("patched: %+v", out)
	}
	out = ok(update(operation(opRemove, "/mutualTlsAuthentication/truststoreUri"), operation(opRemove, "/ownershipVerificationCertificateArn"), operation(opRemove, "/regionalCertificateName")))(t)
	if out.MutualTlsAuthentication != nil || out.OwnershipVerificationCertificateArn != nil || out.RegionalCertificateName != nil {
		t.Errorf("removed: %+v", out)
	}
	out = ok(update(operation(opReplace, "/endpointConfiguration/types/REGIONAL", "EDGE"), operation(opReplace, "/certificateArn", testCertificate)))(t)
	if out.RegionalDomainName != nil || out.DistributionDomainName == nil || !cmp.Equal(out.EndpointConfiguration.Types, []types.EndpointType{"EDGE"}) {
		t.Errorf("moved to the edge: %+v", out)
	}
	for _, test := range []struct {
		name, want string
		operation  types.PatchOperation
	}{
		{"a policy that is no JSON", "Invalid policy document. Please check the policy syntax and ensure that Principals are valid.", operation(opReplace, "/policy", "{")},
		{"its name", "Invalid patch path /domainName", operation(opReplace, "/domainName", "x")},
		{"the certificate it needs", "Cannot import certificates for REGIONAL while EDGE is active.", operation(opRemove, "/certificateArn")},
		{"an unknown policy", "Invalid routing mode specified. Valid options are BASE_PATH_MAPPING_ONLY,ROUTING_RULE_ONLY,ROUTING_RULE_THEN_BASE_PATH_MAPPING", operation(opReplace, "/routingMode", "x")},
		{"another address type", "ipAddressType must be either ipv4 or dualstack.", operation(opReplace, "/endpointConfiguration/ipAddressType", "x")},
		{"public to private", "The endpoint type of a domain name cannot be changed from EDGE to PRIVATE", operation(opReplace, "/endpointConfiguration/types/EDGE", "PRIVATE")},
		{"a type there is not", "Invalid EndpointTypes specified. Valid options are REGIONAL,EDGE,PRIVATE", operation(opReplace, "/endpointConfiguration/types/EDGE", "x")},
		{"an added routing mode", "Invalid patch operation specified. Must be one of: [replace]", operation(opAdd, "/routingMode", "x")},
	} {
		t.Run(test.name, func(t *testing.T) {
			refused(update(test.operation))(t, "BadRequestException", test.want)
		})
	}
}

func TestBasePathsAreMappedToStages(t *testing.T) {
	g := newGate(t)
	api, _ := g.createMockAPI()
	g.deploy(api, "dev")
	g.createRegionalDomain("api.example.com")
	domain := aws.String("api.example.com")
	var bumped int
	defer g.store.Watch(DomainNameTopic("api.example.com"), func(string) { bumped++ })()
	create := func(basePath, stage string) (*apigateway.CreateBasePathMappingOutput, error) {
		return g.CreateBasePathMapping(g.ctx(), &apigateway.CreateBasePathMappingInput{DomainName: domain, RestApiId: api, BasePath: &basePath, Stage: &stage})
	}
	update := func(basePath string, o types.PatchOperation) (*apigateway.UpdateBasePathMappingOutput, error) {
		return g.UpdateBasePathMapping(g.ctx(), &apigateway.UpdateBasePathMappingInput{DomainName: domain, BasePath: &basePath, PatchOperations: []types.PatchOperation{o}})
	}
	root := `{"basePath":"(none)","restApiId":"` + *api + `","stage":"dev"}`
	shows(t, ok(create("", "dev"))(t), root)
	shows(t, ok(g.GetBasePathMapping(g.ctx(), &apigateway.GetBasePathMappingInput{DomainName: domain, BasePath: aws.String("(none)")}))(t), root)
	pets := `{"basePath":"pets","restApiId":"` + *api + `"}`
	shows(t, ok(create("pets", ""))(t), pets)
	shows(t, ok(g.GetBasePathMappings(g.ctx(), &apigateway.GetBasePathMappingsInput{DomainName: domain}))(t), `{"item":[`+root+`,`+pets+`]}`)

	refused(create("pets", "dev"))(t, "ConflictException", "Base path already exists for this domain name")
	refused(create("x", "nosuch"))(t, "BadRequestException", "Invalid stage identifier specified")
	refused(create("a/b", "dev"))(t, "BadRequestException",
		"API Gateway V1 doesn't support the slash character (/) in base path mappings. To create a multi-level base path mapping, use API Gateway V2.")
	refused(create("a b", "dev"))(t, "BadRequestException", "Invalid base path specified")
	refused(g.CreateBasePathMapping(g.ctx(), &apigateway.CreateBasePathMappingInput{DomainName: domain, RestApiId: aws.String("nosuch")}))(t,
		"BadRequestException", "Invalid REST API identifier specified")
	refused(g.CreateBasePathMapping(g.ctx(), &apigateway.CreateBasePathMappingInput{DomainName: aws.String("no.example.com"), RestApiId: api}))(t,
		"NotFoundException", "Invalid domain name identifier specified")

	shows(t, ok(update("pets", operation(opReplace, "/stage", "dev")))(t), `{"basePath":"pets","restApiId":"`+*api+`","stage":"dev"}`)
	shows(t, ok(update("pets", operation(opReplace, "/basePath", "cats")))(t), `{"basePath":"cats","restApiId":"`+*api+`","stage":"dev"}`)
	refused(g.GetBasePathMapping(g.ctx(), &apigateway.GetBasePathMappingInput{DomainName: domain, BasePath: aws.String("pets")}))(t,
		"NotFoundException", "Invalid base path mapping identifier specified")
	refused(update("cats", operation(opReplace, "/basepath", "(none)")))(t, "ConflictException", "Base path already exists for this domain name")
	refused(update("cats", operation(opReplace, "/restapiId", "nosuch")))(t, "BadRequestException", "Invalid REST API identifier specified")
	refused(update("cats", operation(opAdd, "/stage", "dev")))(t, "BadRequestException", "Invalid patch path  '/stage' specified for op 'add'. Please choose supported operations")
	refused(update("nosuch", operation(opReplace, "/stage", "dev")))(t, "NotFoundException", "Invalid base path mapping identifier specified")

	ok(g.DeleteBasePathMapping(g.ctx(), &apigateway.DeleteBasePathMappingInput{DomainName: domain, BasePath: aws.String("cats")}))(t)
	if bumped != 5 {
		t.Errorf("other nodes were told %d times, want 5", bumped)
	}
	ok(g.DeleteDomainName(g.ctx(), &apigateway.DeleteDomainNameInput{DomainName: domain}))(t)
	refused(g.DeleteDomainName(g.ctx(), &apigateway.DeleteDomainNameInput{DomainName: domain}))(t, "NotFoundException", "Invalid domain name identifier specified")
	g.createRegionalDomain("api.example.com")
	if left := ok(g.GetBasePathMappings(g.ctx(), &apigateway.GetBasePathMappingsInput{DomainName: domain}))(t).Items; len(left) != 0 {
		t.Errorf("a new domain has mappings: %v", left)
	}
}

func TestVPCEndpointsAreAssociatedWithPrivateDomains(t *testing.T) {
	g := newGate(t)
	domain := g.createPrivateDomain("in.example.com")
	create := func(arn, source string) (*apigateway.CreateDomainNameAccessAssociationOutput, error) {
		return g.CreateDomainNameAccessAssociation(g.ctx(), &apigateway.CreateDomainNameAccessAssociationInput{
			DomainNameArn: &arn, AccessAssociationSource: &source, AccessAssociationSourceType: types.AccessAssociationSourceTypeVpce,
		})
	}
	list := func(who types.ResourceOwner) []types.DomainNameAccessAssociation {
		t.Helper()
		return ok(g.GetDomainNameAccessAssociations(g.ctx(), &apigateway.GetDomainNameAccessAssociationsInput{ResourceOwner: who}))(t).Items
	}
	arn := "arn:aws:apigateway:eu-west-1:111111111111:/domainnameaccessassociations/domainname/in.example.com+" + *domain.DomainNameId + "/vpcesource/vpce-1"
	shows(t, ok(create(*domain.DomainNameArn, "vpce-1"))(t), `{"accessAssociationSource":"vpce-1","accessAssociationSourceType":"VPCE",
		"domainNameAccessAssociationArn":"`+arn+`","domainNameArn":"`+*domain.DomainNameArn+`"}`)
	refused(create(*domain.DomainNameArn, "vpce-1"))(t, "ConflictException", "The domain name access association already exists")
	refused(create(*domain.DomainNameArn, "vpc-1"))(t, "BadRequestException", "Invalid access association source specified")
	refused(create("arn:aws:apigateway:eu-west-1::/domainnames/in.example.com", "vpce-1"))(t, "BadRequestException", "Invalid ARN specified in the request")
	refused(create(*domain.DomainNameArn+"x", "vpce-1"))(t, "NotFoundException", "Invalid domain name identifier specified")
	if len(list("")) != 1 || len(list(types.ResourceOwnerSelf)) != 1 || len(list(types.ResourceOwnerOtherAccounts)) != 0 {
		t.Errorf("associations: %v", list(""))
	}
	reject := func(domainARN string) (*apigateway.RejectDomainNameAccessAssociationOutput, error) {
		return g.RejectDomainNameAccessAssociation(g.ctx(), &apigateway.RejectDomainNameAccessAssociationInput{DomainNameAccessAssociationArn: &arn, DomainNameArn: &domainARN})
	}
	refused(reject("arn:other"))(t, "NotFoundException", "Invalid domain name access association identifier specified")
	ok(reject(*domain.DomainNameArn))(t)
	refused(reject(*domain.DomainNameArn))(t, "NotFoundException", "Invalid domain name access association identifier specified")
	ok(create(*domain.DomainNameArn, "vpce-1"))(t)
	ok(g.DeleteDomainNameAccessAssociation(g.ctx(), &apigateway.DeleteDomainNameAccessAssociationInput{DomainNameAccessAssociationArn: &arn}))(t)
	refused(g.DeleteDomainNameAccessAssociation(g.ctx(), &apigateway.DeleteDomainNameAccessAssociationInput{DomainNameAccessAssociationArn: &arn}))(t,
		"NotFoundException", "Invalid domain name access association identifier specified")
	ok(create(*domain.DomainNameArn, "vpce-1"))(t)
	ok(g.DeleteDomainName(g.ctx(), &apigateway.DeleteDomainNameInput{DomainName: domain.DomainName, DomainNameId: domain.DomainNameId}))(t)
	if left := list(""); len(left) != 0 {
		t.Errorf("the deleted domain's associations: %v", left)
	}
}
