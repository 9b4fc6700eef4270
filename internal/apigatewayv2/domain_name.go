package apigatewayv2

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	v1 "github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"

	"github.com/poolgate/poolgate/internal/wire"
)

var (
	oneConfiguration = badRequest("Invalid input. Expected one domain name configuration")
	noEdge           = badRequest("EDGE endpoint type is not supported for APIGatewayV2 domainName")
	// routingModes pairs the names that the two APIs have for one thing.
	routingModes = map[types.RoutingMode]v1.RoutingMode{
		types.RoutingModeApiMappingOnly:            v1.RoutingModeBasePathMappingOnly,
		types.RoutingModeRoutingRuleOnly:           v1.RoutingModeRoutingRuleOnly,
		types.RoutingModeRoutingRuleThenApiMapping: v1.RoutingModeRoutingRuleThenBasePathMapping,
	}
)

// CreateDomainName makes a custom domain name; REST APIs' service keeps it, and sees it as its own.
func (s *Service) CreateDomainName(ctx context.Context, in *apigatewayv2.CreateDomainNameInput) (*apigatewayv2.CreateDomainNameOutput, error) {
	if s.domains == nil {
		return nil, noDomain
	}
	if len(in.DomainNameConfigurations) != 1 {
		return nil, oneConfiguration
	}
	c := in.DomainNameConfigurations[0]
	if err := checkConfiguration(wire.CallFrom(ctx), c); err != nil {
		return nil, err
	}
	created := &apigateway.CreateDomainNameInput{
		DomainName:             in.DomainName,
		RegionalCertificateArn: c.CertificateArn, RegionalCertificateName: c.CertificateName,
		OwnershipVerificationCertificateArn: c.OwnershipVerificationCertificateArn, SecurityPolicy: v1.SecurityPolicy(c.SecurityPolicy),
		EndpointConfiguration: &v1.EndpointConfiguration{Types: []v1.EndpointType{v1.EndpointTypeRegional}, IpAddressType: v1.IpAddressType(c.IpAddressType)},
		RoutingMode:           routingModes[in.RoutingMode], Tags: in.Tags,
	}
	if m := in.MutualTlsAuthentication; m != nil {
		created.MutualTlsAuthentication = &v1.MutualTlsAuthenticationInput{TruststoreUri: m.TruststoreUri, TruststoreVersion: m.TruststoreVersion}
	}
	if _, err := s.domains.CreateDomainName(ctx, created); err != nil {
		return nil, err
	}
	domain, err := s.domain(ctx, in.DomainName)
	if err != nil {
		return nil, err
	}
	return answer[apigatewayv2.CreateDomainNameOutput](domain), nil
}

// checkConfiguration holds a domain's configuration against what only this API asks (seen of deployments on AWS).
func checkConfiguration(call wire.Call, c types.DomainNameConfiguration) error {
	if c.EndpointType == types.EndpointTypeEdge {
		return noEdge
	}
	parts := strings.SplitN(aws.ToString(c.CertificateArn), ":", 6)
	if len(parts) == 6 && parts[2] == "acm" && parts[3] != call.Region {
		return badRequest("Invalid certificate ARN: %s. Certificate must be in '%s'.", *c.CertificateArn, call.Region)
	}
	return nil
}

// domain is a custom domain name of the caller, as this API shows it.
func (s *Service) domain(ctx context.Context, name *string) (types.DomainName, error) {
	if s.domains == nil {
		return types.DomainName{}, noDomain
	}
	found, err := s.domains.GetDomainName(ctx, &apigateway.GetDomainNameInput{DomainName: name})
	if err != nil {
		return types.DomainName{}, err
	}
	return shownDomain(found), nil
}

// shownDomain is a domain as this API shows it: its endpoint as its one configuration.
func shownDomain(d *apigateway.GetDomainNameOutput) types.DomainName {
	c := types.DomainNameConfiguration{
		ApiGatewayDomainName: d.RegionalDomainName, HostedZoneId: d.RegionalHostedZoneId, EndpointType: types.EndpointTypeRegional,
		CertificateArn: d.RegionalCertificateArn, CertificateName: d.RegionalCertificateName, CertificateUploadDate: d.CertificateUploadDate,
		DomainNameStatus: types.DomainNameStatus(d.DomainNameStatus), DomainNameStatusMessage: d.DomainNameStatusMessage,
		SecurityPolicy: types.SecurityPolicy(d.SecurityPolicy), OwnershipVerificationCertificateArn: d.OwnershipVerificationCertificateArn,
	}
	if e := d.EndpointConfiguration; e != nil {
		c.IpAddressType = types.IpAddressType(e.IpAddressType)
	}
	if d.RegionalDomainName == nil {
		c.ApiGatewayDomainName, c.HostedZoneId, c.EndpointType = d.DistributionDomainName, d.DistributionHostedZoneId, types.EndpointTypeEdge
		c.CertificateArn, c.CertificateName = d.CertificateArn, d.CertificateName
	}
	shown := types.DomainName{
		DomainName: d.DomainName, DomainNameArn: d.DomainNameArn, ApiMappingSelectionExpression: aws.String("$request.basepath"),
		DomainNameConfigurations: []types.DomainNameConfiguration{c}, Tags: d.Tags,
	}
	if shown.Tags == nil {
		shown.Tags = map[string]string{}
	}
	for mode, same := range routingModes {
		if same == d.RoutingMode {
			shown.RoutingMode = mode
		}
	}
	if m := d.MutualTlsAuthentication; m != nil {
		shown.MutualTlsAuthentication = &types.MutualTlsAuthentication{
			TruststoreUri: m.TruststoreUri, TruststoreVersion: m.TruststoreVersion, TruststoreWarnings: m.TruststoreWarnings,
		}
	}
	return shown
}

// GetDomainName returns one custom domain name, whichever API made it.
func (s *Service) GetDomainName(ctx context.Context, in *apigatewayv2.GetDomainNameInput) (*apigatewayv2.GetDomainNameOutput, error) {
	domain, err := s.domain(ctx, in.DomainName)
	if err != nil {
		return nil, err
	}
	return answer[apigatewayv2.GetDomainNameOutput](domain), nil
}

// GetDomainNames lists the caller's custom domain names in the order of the names. Private ones are REST APIs' alone.
func (s *Service) GetDomainNames(ctx context.Context, in *apigatewayv2.GetDomainNamesInput) (*apigatewayv2.GetDomainNamesOutput, error) {
	size, err := pageSize(in.MaxResults)
	if err != nil {
		return nil, err
	}
	out := &apigatewayv2.GetDomainNamesOutput{Items: []types.DomainName{}}
	if s.domains == nil {
		return out, nil
	}
	found, err := s.domains.GetDomainNames(ctx, &apigateway.GetDomainNamesInput{Limit: aws.Int32(int32(size)), Position: in.NextToken})
	if err != nil {
		return nil, err
	}
	for _, d := range found.Items {
		if d.DomainNameId == nil {
			out.Items = append(out.Items, shownDomain(wire.Reshape[apigateway.GetDomainNameOutput](d)))
		}
	}
	out.NextToken = found.Position
	return out, nil
}

// UpdateDomainName changes the members that are given.
func (s *Service) UpdateDomainName(ctx context.Context, in *apigatewayv2.UpdateDomainNameInput) (*apigatewayv2.UpdateDomainNameOutput, error) {
	if _, err := s.domain(ctx, in.DomainName); err != nil {
		return nil, err
	}
	var patches []v1.PatchOperation
	replace := func(path string, value *string) {
		if value != nil && *value != "" {
			patches = append(patches, v1.PatchOperation{Op: v1.OpReplace, Path: &path, Value: value})
		}
	}
	if len(in.DomainNameConfigurations) > 1 {
		return nil, oneConfiguration
	}
	for _, c := range in.DomainNameConfigurations {
		if err := checkConfiguration(wire.CallFrom(ctx), c); err != nil {
			return nil, err
		}
		replace("/regionalCertificateArn", c.CertificateArn)
		replace("/regionalCertificateName", c.CertificateName)
		replace("/ownershipVerificationCertificateArn", c.OwnershipVerificationCertificateArn)
		replace("/securityPolicy", aws.String(string(c.SecurityPolicy)))
		replace("/endpointConfiguration/ipAddressType", aws.String(string(c.IpAddressType)))
	}
	replace("/routingMode", aws.String(string(routingModes[in.RoutingMode])))
	if m := in.MutualTlsAuthentication; m != nil {
		// An empty truststore turns mutual TLS off, so that it is told though it is empty.
		patches = append(patches, v1.PatchOperation{
			Op: v1.OpReplace, Path: aws.String("/mutualTlsAuthentication/truststoreUri"), Value: aws.String(aws.ToString(m.TruststoreUri)),
		})
		replace("/mutualTlsAuthentication/truststoreVersion", m.TruststoreVersion)
	}
	if _, err := s.domains.UpdateDomainName(ctx, &apigateway.UpdateDomainNameInput{DomainName: in.DomainName, PatchOperations: patches}); err != nil {
		return nil, err
	}
	domain, err := s.domain(ctx, in.DomainName)
	if err != nil {
		return nil, err
	}
	return answer[apigatewayv2.UpdateDomainNameOutput](domain), nil
}

// DeleteDomainName deletes a custom domain name with its mappings.
func (s *Service) DeleteDomainName(ctx context.Context, in *apigatewayv2.DeleteDomainNameInput) (*apigatewayv2.DeleteDomainNameOutput, error) {
	if s.domains == nil {
		return nil, noDomain
	}
	if _, err := s.domains.DeleteDomainName(ctx, &apigateway.DeleteDomainNameInput{DomainName: in.DomainName}); err != nil {
		return nil, err
	}
	return &apigatewayv2.DeleteDomainNameOutput{}, nil
}
