package cognito

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/poolgate/poolgate/internal/store"
)

var (
	prefixDomainFormat = expression(`^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$`)
	customDomainFormat = expression(`^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){2,}[a-z]{2,63}$`)
)

// distribution is the name of the CloudFront distribution that AWS would put in front of a domain. Nothing answers there;
// tools only show it, or make an alias record of it.
func (s *Service) distribution() (string, error) {
	name, err := s.randomText(lowerAlphanumerics, 13)
	return "d" + name + ".cloudfront.net", err
}

// CreateUserPoolDomain gives a pool a prefix domain, or with a certificate a custom domain: one of each at most.
func (s *Service) CreateUserPoolDomain(ctx context.Context, in *cip.CreateUserPoolDomainInput) (*cip.CreateUserPoolDomainOutput, error) {
	if err := checkDomain(value(in.Domain), in.CustomDomainConfig != nil); err != nil {
		return nil, err
	}
	front, err := s.distribution()
	if err != nil {
		return nil, err
	}
	d := &domain{}
	d.Detail.Value = types.DomainDescriptionType{
		Domain: in.Domain, UserPoolId: in.UserPoolId, AWSAccountId: aws.String(accountOf(ctx)), CustomDomainConfig: in.CustomDomainConfig,
		CloudFrontDistribution: &front, Status: types.DomainStatusTypeActive, Version: aws.String(s.now().Format("20060102150405")),
		ManagedLoginVersion: orDefault(in.ManagedLoginVersion, aws.Int32(1)), Routing: in.Routing,
		S3Bucket: aws.String("aws-cognito-prod-" + regionOf(ctx, value(in.UserPoolId)) + "-assets"),
	}
	out := &cip.CreateUserPoolDomainOutput{ManagedLoginVersion: d.Detail.Value.ManagedLoginVersion, Routing: in.Routing}
	if in.CustomDomainConfig != nil {
		out.CloudFrontDomain = &front
	}
	return out, s.withPool(ctx, in.UserPoolId, func(tx *store.Tx, p *pool) error {
		if err := checkLoginVersion(p, in.ManagedLoginVersion); err != nil {
			return err
		}
		slot := p.domainSlot(in.CustomDomainConfig != nil)
		if *slot != nil {
			return invalidParameter("User pool already has a domain configured")
		}
		err := domains.Insert(tx, p.region(), value(in.Domain), d)
		if errors.Is(err, store.ErrExists) {
			return invalidParameter("Domain already associated with another user pool.")
		}
		if err != nil {
			return err
		}
		*slot = in.Domain
		return putPool(tx, p.region(), p)
	})
}

// domainSlot is where the pool's document names its domain of that sort.
func (p *pool) domainSlot(custom bool) **string {
	if custom {
		return &p.Detail.Value.CustomDomain
	}
	return &p.Detail.Value.Domain
}

// checkDomain holds a domain's name against AWS's rules.
func checkDomain(name string, custom bool) error {
	if custom {
		if len(name) > 63 || !customDomainFormat().MatchString(name) {
			return invalidParameter("Custom domain is not a valid subdomain")
		}
		return nil
	}
	if !prefixDomainFormat().MatchString(name) {
		return invalidParameter("The domain name contains an invalid character. Domain names can only contain lower-case letters, numbers, and hyphens.")
	}
	words := strings.Split(name, "-")
	for _, reserved := range []string{"aws", "amazon", "cognito"} {
		if slices.Contains(words, reserved) {
			return invalidParameter("Domain cannot contain reserved word: %s", reserved)
		}
	}
	return nil
}

func checkLoginVersion(p *pool, version *int32) error {
	switch v := value(version); {
	case version == nil || v == 1:
		return nil
	case v != 2:
		return invalidParameter("Invalid managed login version: %d", v)
	case p.Detail.Value.UserPoolTier == types.UserPoolTierTypeLite:
		return featureUnavailable("Managed Login Version 2")
	}
	return nil
}

// DescribeUserPoolDomain returns a domain of the region; for an unknown one an empty description, as on AWS.
func (s *Service) DescribeUserPoolDomain(ctx context.Context, in *cip.DescribeUserPoolDomainInput) (*cip.DescribeUserPoolDomainOutput, error) {
	out := &cip.DescribeUserPoolDomainOutput{DomainDescription: &types.DomainDescriptionType{}}
	err := s.store.View(ctx, func(tx *store.Tx) error {
		d, err := domains.Get(tx, regionOf(ctx, ""), value(in.Domain))
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		if err == nil {
			out.DomainDescription = &d.Detail.Value
		}
		return err
	})
	return out, err
}

// ownDomain finds a domain that must be the pool's.
func ownDomain(tx *store.Tx, p *pool, name string) (*domain, error) {
	d, err := domains.Get(tx, p.region(), name)
	if errors.Is(err, store.ErrNotFound) || err == nil && value(d.Detail.Value.UserPoolId) != p.id() {
		return nil, invalidParameter("No such domain or user pool exists.")
	}
	return d, err
}

// UpdateUserPoolDomain changes the certificate of a custom domain, and which login pages a domain has.
func (s *Service) UpdateUserPoolDomain(ctx context.Context, in *cip.UpdateUserPoolDomainInput) (*cip.UpdateUserPoolDomainOutput, error) {
	out := &cip.UpdateUserPoolDomainOutput{}
	err := s.withPool(ctx, in.UserPoolId, func(tx *store.Tx, p *pool) error {
		d, err := ownDomain(tx, p, value(in.Domain))
		if err != nil {
			return err
		}
		if err := checkLoginVersion(p, in.ManagedLoginVersion); err != nil {
			return err
		}
		detail := &d.Detail.Value
		if custom := detail.CustomDomainConfig != nil; in.CustomDomainConfig != nil {
			if !custom {
				return invalidParameter("CustomDomainConfig can only be updated for a custom domain.")
			}
			detail.CustomDomainConfig = in.CustomDomainConfig
		}
		detail.ManagedLoginVersion = orDefault(in.ManagedLoginVersion, detail.ManagedLoginVersion)
		detail.Routing = orDefault(in.Routing, detail.Routing)
		detail.Version = aws.String(s.now().Format("20060102150405"))
		out.ManagedLoginVersion, out.Routing = detail.ManagedLoginVersion, detail.Routing
		if detail.CustomDomainConfig != nil {
			out.CloudFrontDomain = detail.CloudFrontDistribution
		}
		tx.Bump(poolTopic(p.id()))
		return domains.Put(tx, p.region(), value(in.Domain), d)
	})
	return out, err
}

// DeleteUserPoolDomain takes a domain from its pool.
func (s *Service) DeleteUserPoolDomain(ctx context.Context, in *cip.DeleteUserPoolDomainInput) (*cip.DeleteUserPoolDomainOutput, error) {
	return &cip.DeleteUserPoolDomainOutput{}, s.withPool(ctx, in.UserPoolId, func(tx *store.Tx, p *pool) error {
		d, err := ownDomain(tx, p, value(in.Domain))
		if err != nil {
			return err
		}
		*p.domainSlot(d.Detail.Value.CustomDomainConfig != nil) = nil
		if err := domains.Delete(tx, p.region(), value(in.Domain)); err != nil {
			return err
		}
		return putPool(tx, p.region(), p)
	})
}
