package apigateway

import (
	"context"
	"errors"
	"maps"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/poolgate/poolgate/internal/store"
	"github.com/poolgate/poolgate/internal/wire"
)

// domainName is a custom domain name. A public one is known by its name alone, everywhere; a private one by its name
// and an id.
type domainName struct {
	Account, Region string
	// Uploaded tells that the certificate came in the call and is none of ACM's.
	Uploaded bool
	Domain   wire.Document[types.DomainName]
}

// domainNames are in one scope, because a request to the gateway names nothing but a host.
var domainNames = store.Collection[domainName]{
	Name: "apigateway.domainname", Version: 1,
	Keys: func(d *domainName) []store.Key {
		return []store.Key{{Index: ownerIndex, Value: owner(d.Account, d.Region)}}
	},
}

const (
	domainScope    = "domainnames"
	domainIDLength = 10
)

// DomainNameTopic is bumped when a custom domain name or its mappings change.
func DomainNameTopic(name string) string { return "domainname/" + name }

var (
	noDomain = notFound("Invalid domain name identifier specified")
	// hostName is a name of at least two labels, the first of which may be a wildcard.
	hostName = expression(`^(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)
)

// CreateDomainName makes a custom domain name, AVAILABLE at once. A certificate must be named, as on AWS; it is not
// looked at. A private key that comes along is forgotten.
func (s *Service) CreateDomainName(ctx context.Context, in *apigateway.CreateDomainNameInput) (*apigateway.CreateDomainNameOutput, error) {
	domain, err := s.newDomain(wire.CallFrom(ctx), in)
	if err != nil {
		return nil, err
	}
	call := wire.CallFrom(ctx)
	trusted, err := s.readTruststore(ctx, call, domain)
	if err != nil {
		return nil, err
	}
	id := domainID(domain.DomainName, domain.DomainNameId)
	err = s.store.Update(ctx, func(tx *store.Tx) error {
		stored := &domainName{Account: call.Account, Region: call.Region, Uploaded: uploadsCertificate(in), Domain: *document(*domain)}
		err := domainNames.Insert(tx, domainScope, id, stored)
		if errors.Is(err, store.ErrExists) {
			return badRequest("The domain name you provided already exists.").Because(err)
		}
		tx.Bump(DomainNameTopic(*domain.DomainName))
		if err != nil {
			return err
		}
		return keepTruststore(tx, id, domain, trusted)
	})
	if err != nil {
		return nil, err
	}
	return answer[apigateway.CreateDomainNameOutput](*domain), nil
}

// newDomain checks the input and fills in what AWS does.
func (s *Service) newDomain(call wire.Call, in *apigateway.CreateDomainNameInput) (*types.DomainName, error) {
	name := strings.ToLower(aws.ToString(in.DomainName))
	if len(name) > 253 || !hostName().MatchString(name) {
		return nil, badRequest("Invalid domain name specified")
	}
	endpoint, err := newEndpoint(in.EndpointConfiguration)
	if err != nil {
		return nil, err
	}
	domain := &types.DomainName{
		DomainName: &name, DomainNameStatus: types.DomainNameStatusAvailable, EndpointConfiguration: endpoint,
		CertificateArn: emptyIsNil(in.CertificateArn), CertificateName: emptyIsNil(in.CertificateName),
		RegionalCertificateArn: emptyIsNil(in.RegionalCertificateArn), RegionalCertificateName: emptyIsNil(in.RegionalCertificateName),
		OwnershipVerificationCertificateArn: emptyIsNil(in.OwnershipVerificationCertificateArn),
		EndpointAccessMode:                  in.EndpointAccessMode, RoutingMode: in.RoutingMode, SecurityPolicy: in.SecurityPolicy,
	}
	if domain.RoutingMode == "" {
		domain.RoutingMode = types.RoutingModeBasePathMappingOnly
	}
	if domain.SecurityPolicy == "" {
		domain.SecurityPolicy = types.SecurityPolicyTls12
	}
	if domain.Policy, err = compactPolicy(in.Policy); err != nil {
		return nil, err
	}
	if len(in.Tags) > 0 {
		domain.Tags = maps.Clone(in.Tags)
	}
	if m := in.MutualTlsAuthentication; m != nil && aws.ToString(m.TruststoreUri) != "" {
		domain.MutualTlsAuthentication = &types.MutualTlsAuthentication{TruststoreUri: m.TruststoreUri, TruststoreVersion: emptyIsNil(m.TruststoreVersion)}
	}
	if err := checkDomain(domain, uploadsCertificate(in)); err != nil {
		return nil, err
	}
	return domain, s.placeDomain(call, domain)
}

func uploadsCertificate(in *apigateway.CreateDomainNameInput) bool {
	return aws.ToString(in.CertificateBody) != "" && aws.ToString(in.CertificatePrivateKey) != ""
}

// placeDomain gives a domain the names that AWS gives one of its endpoint type.
func (s *Service) placeDomain(call wire.Call, domain *types.DomainName) error {
	id, err := s.newID(domainIDLength)
	if err != nil {
		return err
	}
	arn := tagsARN(call, "/domainnames/"+*domain.DomainName)
	switch domain.EndpointConfiguration.Types[0] {
	case types.EndpointTypeEdge:
		domain.DistributionDomainName = aws.String("d" + id + ".cloudfront.net")
		domain.DistributionHostedZoneId = aws.String("Z2FDTNDATAQYW2") // that of all distributions [D]
		domain.CertificateUploadDate = s.now()
	case types.EndpointTypeRegional:
		domain.RegionalDomainName = aws.String("d-" + id + ".execute-api." + call.Region + ".amazonaws.com")
		domain.RegionalHostedZoneId = emptyIsNil(aws.String(hostedZones[call.Region]))
	case types.EndpointTypePrivate:
		domain.DomainNameId = &id
		arn = "arn:aws:apigateway:" + call.Region + ":" + call.Account + ":/domainnames/" + *domain.DomainName + "+" + id
	}
	domain.DomainNameArn = &arn
	return nil
}

// hostedZones are the zones of regional endpoints, which people write into alias records [D, AWS General Reference].
var hostedZones = map[string]string{
	"us-east-1": "Z1UJRXOUMOOFQ8", "us-east-2": "ZOJJZC49E0EPZ", "us-west-1": "Z2MUQ32089INYE", "us-west-2": "Z2OJLYMUO9EFXC",
	"ca-central-1": "Z19DQILCV0OWEC", "sa-east-1": "ZCMLWB8V5SYIT", "eu-central-1": "Z1U9ULNL0V5AJ3", "eu-north-1": "Z3UWIKFBOOGXPP",
	"eu-west-1": "ZLY8HYME6SFDD", "eu-west-2": "ZJ5UAJN8Y3Z2Q", "eu-west-3": "Z3KY65QIEKYHQQ", "ap-northeast-1": "Z1YSHQZHG15GKL",
	"ap-northeast-2": "Z20JF4UZKIW1U8", "ap-south-1": "Z3VO1THU9YC4UR", "ap-southeast-1": "ZL327KTPIQFUL", "ap-southeast-2": "Z2RPCDW04V8134",
}

// GetDomainName returns one custom domain name.
func (s *Service) GetDomainName(ctx context.Context, in *apigateway.GetDomainNameInput) (*apigateway.GetDomainNameOutput, error) {
	var domain types.DomainName
	err := s.store.View(ctx, func(tx *store.Tx) error {
		found, err := findDomain(tx, wire.CallFrom(ctx), in.DomainName, in.DomainNameId)
		if err == nil {
			domain = found.Domain.Value
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return answer[apigateway.GetDomainNameOutput](domain), nil
}

// GetDomainNames lists the caller's custom domain names in the order of the names. Nobody shares theirs here, so that
// those of other accounts are none.
func (s *Service) GetDomainNames(ctx context.Context, in *apigateway.GetDomainNamesInput) (*apigateway.GetDomainNamesOutput, error) {
	call := wire.CallFrom(ctx)
	out := &apigateway.GetDomainNamesOutput{Items: []types.DomainName{}}
	if in.ResourceOwner == types.ResourceOwnerOtherAccounts {
		return out, nil
	}
	err := s.store.View(ctx, func(tx *store.Tx) error {
		key := store.Key{Index: ownerIndex, Value: ownerOf(call)}
		found, next, err := withKey(tx, &domainNames, domainScope, key).page(in.Limit, in.Position, nil)
		out.Items, out.Position = make([]types.DomainName, len(found)), next
		for i, f := range found {
			out.Items[i] = f.Value.Domain.Value
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// DeleteDomainName deletes a custom domain name with its mappings and access associations.
func (s *Service) DeleteDomainName(ctx context.Context, in *apigateway.DeleteDomainNameInput) (*apigateway.DeleteDomainNameOutput, error) {
	call := wire.CallFrom(ctx)
	err := s.store.Update(ctx, func(tx *store.Tx) error {
		found, err := findDomain(tx, call, in.DomainName, in.DomainNameId)
		if err != nil {
			return err
		}
		domain := found.Domain.Value
		id := domainID(domain.DomainName, domain.DomainNameId)
		if _, err := basePathMappings.DeleteScope(tx, id); err != nil {
			return err
		}
		if err := forgetTruststore(tx, id); err != nil {
			return err
		}
		if err := forgetAssociations(tx, call, *domain.DomainNameArn); err != nil {
			return err
		}
		tx.Bump(DomainNameTopic(*domain.DomainName))
		return domainNames.Delete(tx, domainScope, id)
	})
	if err != nil {
		return nil, err
	}
	return &apigateway.DeleteDomainNameOutput{}, nil
}

// domainID is a domain's id in the store: its name, and the id that a private one has beside it.
func domainID(name, id *string) string {
	if aws.ToString(id) == "" {
		return strings.ToLower(aws.ToString(name))
	}
	return strings.ToLower(aws.ToString(name)) + "+" + *id
}

// findDomain finds a domain of the caller. Those of others are as good as missing.
func findDomain(tx *store.Tx, call wire.Call, name, id *string) (*domainName, error) {
	stored := domainID(name, id)
	if stored == "" {
		return nil, noDomain
	}
	found, err := get(tx, &domainNames, domainScope, &stored, noDomain)
	if err == nil && (found.Account != call.Account || found.Region != call.Region) {
		return nil, noDomain.Becausef("the domain name %q belongs to account %s in %s", stored, found.Account, found.Region)
	}
	return found, err
}
