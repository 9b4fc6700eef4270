package apigateway

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/poolgate/poolgate/internal/store"
	"github.com/poolgate/poolgate/internal/wire"
)

// UpdateDomainName patches a custom domain name. One that changes its endpoint type gets new names of AWS's.
func (s *Service) UpdateDomainName(ctx context.Context, in *apigateway.UpdateDomainNameInput) (*apigateway.UpdateDomainNameOutput, error) {
	call := wire.CallFrom(ctx)
	named, trusted, err := s.renewedTruststore(ctx, call, in)
	if err != nil {
		return nil, err
	}
	var domain types.DomainName
	err = s.store.Update(ctx, func(tx *store.Tx) error {
		found, err := findDomain(tx, call, in.DomainName, in.DomainNameId)
		if err != nil {
			return err
		}
		before := found.Domain.Value.EndpointConfiguration.Types[0]
		if err := domainPatches.apply(&found.Domain.Value, in.PatchOperations); err != nil {
			return err
		}
		domain = found.Domain.Value
		if err := checkDomain(&domain, found.Uploaded); err != nil {
			return err
		}
		if now := domain.EndpointConfiguration.Types[0]; now != before {
			if before == types.EndpointTypePrivate || now == types.EndpointTypePrivate {
				return badRequest("The endpoint type of a domain name cannot be changed from %s to %s", before, now)
			}
			domain.DistributionDomainName, domain.DistributionHostedZoneId, domain.CertificateUploadDate = nil, nil, nil
			domain.RegionalDomainName, domain.RegionalHostedZoneId = nil, nil
			if err := s.placeDomain(call, &domain); err != nil {
				return err
			}
		}
		id := domainID(domain.DomainName, domain.DomainNameId)
		if named != nil && domain.MutualTlsAuthentication != nil {
			if !sameTruststore(named, domain.MutualTlsAuthentication) {
				return conflict("The domain name is being changed by another request.")
			}
			domain.MutualTlsAuthentication.TruststoreWarnings = named.TruststoreWarnings
		}
		if err := keepTruststore(tx, id, &domain, trusted); err != nil {
			return err
		}
		found.Domain.Value = domain
		tx.Bump(DomainNameTopic(*domain.DomainName))
		return domainNames.Put(tx, domainScope, id, found)
	})
	if err != nil {
		return nil, err
	}
	return answer[apigateway.UpdateDomainNameOutput](domain), nil
}

// checkDomain checks that a domain has the certificate of its endpoint type and none of another (seen:
// hashicorp/terraform-provider-aws issue 3276, sst issue 4131). uploaded tells that a certificate came in the call.
func checkDomain(domain *types.DomainName, uploaded bool) error {
	edge := uploaded || domain.CertificateArn != nil || domain.CertificateName != nil
	regional := domain.RegionalCertificateArn != nil || domain.RegionalCertificateName != nil
	kind := domain.EndpointConfiguration.Types[0]
	switch {
	case kind == types.EndpointTypeRegional && !regional && domain.CertificateArn != nil:
		return badRequest("Cannot import certificates for EDGE while REGIONAL is active.")
	case kind == types.EndpointTypeEdge && !edge && regional:
		return badRequest("Cannot import certificates for REGIONAL while EDGE is active.")
	case kind == types.EndpointTypeEdge && !edge, kind == types.EndpointTypeRegional && !regional, kind == types.EndpointTypePrivate && !edge:
		return badRequest("A certificate was not provided for the endpoint type %s.", kind)
	}
	for _, arn := range []*string{domain.CertificateArn, domain.RegionalCertificateArn, domain.OwnershipVerificationCertificateArn} {
		if arn != nil && (!strings.HasPrefix(*arn, "arn:") || strings.Count(*arn, ":") < 5) {
			return badRequest("Invalid certificate ARN: %s", *arn)
		}
	}
	m := domain.MutualTlsAuthentication
	switch {
	case m == nil:
	case kind != types.EndpointTypeRegional:
		return badRequest("Mutual TLS is supported for the endpoint type REGIONAL only")
	case !strings.HasPrefix(aws.ToString(m.TruststoreUri), "s3://"):
		return badRequest("Invalid S3 URI provided for the truststore")
	}
	return nil
}

// domainPatches is the table of a custom domain name.
var domainPatches = patchTable[types.DomainName]{
	refuse: refusePlainly[types.DomainName],
	rows: []patchRow[types.DomainName]{
		patchText("/certificateArn", func(d *types.DomainName) **string { return &d.CertificateArn }),
		patchText("/certificateName", func(d *types.DomainName) **string { return &d.CertificateName }),
		patchText("/regionalCertificateArn", func(d *types.DomainName) **string { return &d.RegionalCertificateArn }),
		patchText("/regionalCertificateName", func(d *types.DomainName) **string { return &d.RegionalCertificateName }),
		patchText("/ownershipVerificationCertificateArn", func(d *types.DomainName) **string { return &d.OwnershipVerificationCertificateArn }),
		replaceWord("/securityPolicy", "security policy", func(d *types.DomainName) *types.SecurityPolicy { return &d.SecurityPolicy }),
		replaceWord("/routingMode", "routing mode", func(d *types.DomainName) *types.RoutingMode { return &d.RoutingMode }),
		replaceWord("/endpointAccessMode", "endpoint access mode", func(d *types.DomainName) *types.EndpointAccessMode { return &d.EndpointAccessMode }),
		{path: "/policy", ops: ops(opReplace), apply: func(d *types.DomainName, p patch) (err error) {
			d.Policy, err = compactPolicy(p.Value)
			return err
		}},
		{path: "/managementPolicy", ops: ops(opReplace), apply: func(d *types.DomainName, p patch) (err error) {
			d.ManagementPolicy, err = compactPolicy(p.Value)
			return err
		}},
		{path: "/endpointConfiguration/types/{}", ops: ops(opReplace), apply: func(d *types.DomainName, p patch) error {
			kind := types.EndpointType(p.text())
			if err := oneOf("EndpointTypes", kind); err != nil {
				return err
			}
			if kind == "" {
				return noEndpointType
			}
			d.EndpointConfiguration.Types = []types.EndpointType{kind}
			return nil
		}},
		{path: "/endpointConfiguration/ipAddressType", ops: ops(opReplace), apply: func(d *types.DomainName, p patch) error {
			kind := types.IpAddressType(p.text())
			if kind != types.IpAddressTypeIpv4 && kind != types.IpAddressTypeDualstack {
				return badRequest("ipAddressType must be either ipv4 or dualstack.")
			}
			d.EndpointConfiguration.IpAddressType = kind
			return nil
		}},
		{path: "/mutualTlsAuthentication/truststoreUri", ops: ops(opAdd, opReplace, opRemove), apply: func(d *types.DomainName, p patch) error {
			if p.Op == opRemove || p.text() == "" { // without a truststore there is no mutual TLS
				d.MutualTlsAuthentication = nil
				return nil
			}
			mutualTLSOf(d).TruststoreUri = p.Value
			return nil
		}},
		{path: "/mutualTlsAuthentication/truststoreVersion", ops: ops(opAdd, opReplace, opRemove), apply: func(d *types.DomainName, p patch) error {
			mutualTLSOf(d).TruststoreVersion = nil
			if p.Op != opRemove {
				mutualTLSOf(d).TruststoreVersion = emptyIsNil(p.Value)
			}
			return nil
		}},
	},
}

func mutualTLSOf(d *types.DomainName) *types.MutualTlsAuthentication {
	if d.MutualTlsAuthentication == nil {
		d.MutualTlsAuthentication = &types.MutualTlsAuthentication{}
	}
	return d.MutualTlsAuthentication
}

// patchText is the row of a text that can be added, replaced and removed.
func patchText[T any](path string, field func(*T) **string) patchRow[T] {
	return patchRow[T]{path: path, ops: ops(opAdd, opReplace, opRemove), apply: func(doc *T, p patch) error {
		*field(doc) = nil
		if p.Op != opRemove {
			*field(doc) = emptyIsNil(p.Value)
		}
		return nil
	}}
}
