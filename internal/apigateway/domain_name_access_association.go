package apigateway

import (
	"context"
	"errors"
	"maps"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/poolgate/poolgate/internal/store"
	"github.com/poolgate/poolgate/internal/wire"
)

// accessAssociations let a VPC endpoint reach a private custom domain name. There are no VPCs here: an association is
// kept and shown, and every caller of this server reaches the domain. Scope owner, id ARN.
var accessAssociations = store.Collection[wire.Document[types.DomainNameAccessAssociation]]{
	Name: "apigateway.accessassociation", Version: 1,
	Keys: func(a *wire.Document[types.DomainNameAccessAssociation]) []store.Key {
		return []store.Key{{Index: domainIndex, Value: aws.ToString(a.Value.DomainNameArn)}}
	},
}

const domainIndex = "domain"

var (
	noAssociation = notFound("Invalid domain name access association identifier specified")
	// privateDomainARN has the domain's name and id.
	privateDomainARN = regexp.MustCompile(`^arn:aws[a-z-]*:apigateway:([a-z0-9-]+):(\d{12}):/domainnames/([^+/]+)\+([a-z0-9]+)$`)
)

// CreateDomainNameAccessAssociation lets a VPC endpoint reach a private custom domain name of the caller.
func (s *Service) CreateDomainNameAccessAssociation(ctx context.Context, in *apigateway.CreateDomainNameAccessAssociationInput) (*apigateway.CreateDomainNameAccessAssociationOutput, error) {
	call := wire.CallFrom(ctx)
	match := privateDomainARN.FindStringSubmatch(aws.ToString(in.DomainNameArn))
	switch {
	case match == nil || match[1] != call.Region:
		return nil, badARN
	case !strings.HasPrefix(aws.ToString(in.AccessAssociationSource), "vpce-"):
		return nil, badRequest("Invalid access association source specified")
	}
	arn := "arn:aws:apigateway:" + call.Region + ":" + call.Account + ":/domainnameaccessassociations/domainname/" +
		match[3] + "+" + match[4] + "/vpcesource/" + *in.AccessAssociationSource
	association := types.DomainNameAccessAssociation{
		DomainNameArn: in.DomainNameArn, DomainNameAccessAssociationArn: &arn,
		AccessAssociationSource: in.AccessAssociationSource, AccessAssociationSourceType: in.AccessAssociationSourceType,
	}
	if len(in.Tags) > 0 {
		association.Tags = maps.Clone(in.Tags)
	}
	err := s.store.Update(ctx, func(tx *store.Tx) error {
		domain, err := findDomain(tx, call, &match[3], &match[4])
		if err != nil {
			return err
		}
		if aws.ToString(domain.Domain.Value.DomainNameArn) != *in.DomainNameArn {
			return noDomain
		}
		err = accessAssociations.Insert(tx, ownerOf(call), arn, document(association))
		if errors.Is(err, store.ErrExists) {
			return conflict("The domain name access association already exists").Because(err)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return answer[apigateway.CreateDomainNameAccessAssociationOutput](association), nil
}

// GetDomainNameAccessAssociations lists the caller's associations in the order of their ARNs. Those that other accounts
// made with the caller's domains are none: domains are not shared here.
func (s *Service) GetDomainNameAccessAssociations(ctx context.Context, in *apigateway.GetDomainNameAccessAssociationsInput) (*apigateway.GetDomainNameAccessAssociationsOutput, error) {
	out := &apigateway.GetDomainNameAccessAssociationsOutput{Items: []types.DomainNameAccessAssociation{}}
	if in.ResourceOwner == types.ResourceOwnerOtherAccounts {
		return out, nil
	}
	err := s.store.View(ctx, func(tx *store.Tx) error {
		found, next, err := inScope(tx, &accessAssociations, ownerOf(wire.CallFrom(ctx))).page(in.Limit, in.Position, nil)
		out.Items, out.Position = make([]types.DomainNameAccessAssociation, len(found)), next
		for i, f := range found {
			out.Items[i] = f.Value.Value
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// DeleteDomainNameAccessAssociation deletes an association of the caller.
func (s *Service) DeleteDomainNameAccessAssociation(ctx context.Context, in *apigateway.DeleteDomainNameAccessAssociationInput) (*apigateway.DeleteDomainNameAccessAssociationOutput, error) {
	err := s.store.Update(ctx, func(tx *store.Tx) error {
		return remove(tx, &accessAssociations, ownerOf(wire.CallFrom(ctx)), in.DomainNameAccessAssociationArn, noAssociation)
	})
	if err != nil {
		return nil, err
	}
	return &apigateway.DeleteDomainNameAccessAssociationOutput{}, nil
}

// RejectDomainNameAccessAssociation ends an association with a domain of the caller.
func (s *Service) RejectDomainNameAccessAssociation(ctx context.Context, in *apigateway.RejectDomainNameAccessAssociationInput) (*apigateway.RejectDomainNameAccessAssociationOutput, error) {
	err := s.store.Update(ctx, func(tx *store.Tx) error {
		scope := ownerOf(wire.CallFrom(ctx))
		found, err := get(tx, &accessAssociations, scope, in.DomainNameAccessAssociationArn, noAssociation)
		if err != nil {
			return err
		}
		if aws.ToString(found.Value.DomainNameArn) != aws.ToString(in.DomainNameArn) {
			return noAssociation
		}
		return accessAssociations.Delete(tx, scope, *in.DomainNameAccessAssociationArn)
	})
	if err != nil {
		return nil, err
	}
	return &apigateway.RejectDomainNameAccessAssociationOutput{}, nil
}

// forgetAssociations deletes the associations with a domain.
func forgetAssociations(tx *store.Tx, call wire.Call, domainARN string) error {
	list := withKey(tx, &accessAssociations, ownerOf(call), store.Key{Index: domainIndex, Value: domainARN})
	return list.each(func(f store.Found[wire.Document[types.DomainNameAccessAssociation]]) error {
		return accessAssociations.Delete(tx, ownerOf(call), f.ID)
	})
}
