package apigatewayv2

import (
	"context"
	"maps"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"

	"github.com/poolgate/poolgate/internal/entity"
	"github.com/poolgate/poolgate/internal/store"
	"github.com/poolgate/poolgate/internal/wire"
)

// vpcLinks have their owner as their scope. There are no VPCs here: a link is kept and shown, nothing goes through it.
// They are another kind than the links of REST APIs, as on AWS.
var vpcLinks = store.Collection[wire.Document[types.VpcLink]]{Name: "httpapi.vpclink", Version: 1}

func ownerOf(call wire.Call) string { return owner(call.Account, call.Region) }

// CreateVpcLink makes a VPC link. The answer shows it PENDING, as AWS's does; it is AVAILABLE from then on.
func (s *Service) CreateVpcLink(ctx context.Context, in *apigatewayv2.CreateVpcLinkInput) (*apigatewayv2.CreateVpcLinkOutput, error) {
	switch {
	case len(in.SubnetIds) == 0:
		return nil, badRequest("SubnetIds for a vpc link cannot be empty")
	case len(in.Tags) > greatestTags:
		return nil, tooManyTags
	}
	id, err := s.newID(entityIDLength)
	if err != nil {
		return nil, err
	}
	link := types.VpcLink{
		VpcLinkId: &id, Name: in.Name, SubnetIds: in.SubnetIds, SecurityGroupIds: in.SecurityGroupIds, CreatedDate: s.now(),
		Tags: maps.Clone(in.Tags), VpcLinkStatus: types.VpcLinkStatusAvailable, VpcLinkVersion: types.VpcLinkVersionV2,
		VpcLinkStatusMessage: aws.String("VPC link is ready to route traffic"),
	}
	if link.SecurityGroupIds == nil {
		link.SecurityGroupIds = []string{}
	}
	err = s.store.Update(ctx, func(tx *store.Tx) error {
		return vpcLinks.Insert(tx, ownerOf(wire.CallFrom(ctx)), id, entity.Document(link))
	})
	if err != nil {
		return nil, err
	}
	link.VpcLinkStatus, link.VpcLinkStatusMessage = types.VpcLinkStatusPending, aws.String("VPC link is provisioning ENIs")
	return answer[apigatewayv2.CreateVpcLinkOutput](shownLink(link)), nil
}

func shownLink(link types.VpcLink) types.VpcLink {
	if link.Tags == nil {
		link.Tags = map[string]string{}
	}
	return link
}

// GetVpcLink returns one VPC link.
func (s *Service) GetVpcLink(ctx context.Context, in *apigatewayv2.GetVpcLinkInput) (*apigatewayv2.GetVpcLinkOutput, error) {
	var link types.VpcLink
	err := s.store.View(ctx, func(tx *store.Tx) error {
		found, err := entity.Get(tx, &vpcLinks, ownerOf(wire.CallFrom(ctx)), in.VpcLinkId, noVPCLink)
		if err == nil {
			link = shownLink(found.Value)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return answer[apigatewayv2.GetVpcLinkOutput](link), nil
}

// GetVpcLinks lists the caller's VPC links in the order of their ids.
func (s *Service) GetVpcLinks(ctx context.Context, in *apigatewayv2.GetVpcLinksInput) (*apigatewayv2.GetVpcLinksOutput, error) {
	out := &apigatewayv2.GetVpcLinksOutput{}
	err := s.store.View(ctx, func(tx *store.Tx) error {
		list, err := entity.All(tx, &vpcLinks, ownerOf(wire.CallFrom(ctx)))
		if err != nil {
			return err
		}
		for i := range list {
			list[i] = shownLink(list[i])
		}
		out.Items, out.NextToken, err = page(list, func(l types.VpcLink) string { return *l.VpcLinkId }, in.MaxResults, in.NextToken)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// UpdateVpcLink renames a VPC link.
func (s *Service) UpdateVpcLink(ctx context.Context, in *apigatewayv2.UpdateVpcLinkInput) (*apigatewayv2.UpdateVpcLinkOutput, error) {
	var link types.VpcLink
	err := s.store.Update(ctx, func(tx *store.Tx) error {
		scope := ownerOf(wire.CallFrom(ctx))
		found, err := entity.Get(tx, &vpcLinks, scope, in.VpcLinkId, noVPCLink)
		if err != nil {
			return err
		}
		set(&found.Value.Name, in.Name)
		link = shownLink(found.Value)
		return vpcLinks.Put(tx, scope, *in.VpcLinkId, found)
	})
	if err != nil {
		return nil, err
	}
	return answer[apigatewayv2.UpdateVpcLinkOutput](link), nil
}

// DeleteVpcLink deletes a VPC link.
func (s *Service) DeleteVpcLink(ctx context.Context, in *apigatewayv2.DeleteVpcLinkInput) (*apigatewayv2.DeleteVpcLinkOutput, error) {
	err := s.store.Update(ctx, func(tx *store.Tx) error {
		return entity.Remove(tx, &vpcLinks, ownerOf(wire.CallFrom(ctx)), in.VpcLinkId, noVPCLink)
	})
	if err != nil {
		return nil, err
	}
	return &apigatewayv2.DeleteVpcLinkOutput{}, nil
}
