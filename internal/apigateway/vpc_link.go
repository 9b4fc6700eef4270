package apigateway

import (
	"context"
	"maps"
	"regexp"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/poolgate/poolgate/internal/store"
	"github.com/poolgate/poolgate/internal/wire"
)

// vpcLinks have their owner as their scope. There are no VPCs here: a link is kept and shown, nothing goes through it.
var vpcLinks = store.Collection[wire.Document[types.VpcLink]]{Name: "apigateway.vpclink", Version: 1}

var (
	noVPCLink  = notFound("Invalid Vpc Link identifier specified")
	noLinkName = badRequest("Name cannot be empty")
	wellFormed = regexp.MustCompile(`^arn:[^:]+:[^:]+:[^:]*:[^:]*:.+$`)
)

// CreateVpcLink makes a VPC link. The answer shows it PENDING, as AWS's does; it is AVAILABLE from then on.
func (s *Service) CreateVpcLink(ctx context.Context, in *apigateway.CreateVpcLinkInput) (*apigateway.CreateVpcLinkOutput, error) {
	if aws.ToString(in.Name) == "" {
		return nil, noLinkName
	}
	for _, arn := range in.TargetArns {
		if !wellFormed.MatchString(arn) {
			return nil, badRequest("Invalid ARN. ARN is not well formed %s", arn)
		}
	}
	if len(in.TargetArns) != 1 {
		return nil, badRequest("A VPC link has exactly one target ARN")
	}
	id, err := s.newID(entityIDLength)
	if err != nil {
		return nil, err
	}
	link := types.VpcLink{
		Id: &id, Name: in.Name, Description: emptyIsNil(in.Description), TargetArns: in.TargetArns, Status: types.VpcLinkStatusAvailable,
		StatusMessage: aws.String("Your vpc link is ready for use"),
	}
	if len(in.Tags) > 0 {
		link.Tags = maps.Clone(in.Tags)
	}
	err = s.store.Update(ctx, func(tx *store.Tx) error {
		return vpcLinks.Insert(tx, ownerOf(wire.CallFrom(ctx)), id, document(link))
	})
	if err != nil {
		return nil, err
	}
	link.Status, link.StatusMessage = types.VpcLinkStatusPending, nil
	return answer[apigateway.CreateVpcLinkOutput](link), nil
}

// GetVpcLink returns one VPC link.
func (s *Service) GetVpcLink(ctx context.Context, in *apigateway.GetVpcLinkInput) (*apigateway.GetVpcLinkOutput, error) {
	var link types.VpcLink
	err := s.store.View(ctx, func(tx *store.Tx) error {
		found, err := get(tx, &vpcLinks, ownerOf(wire.CallFrom(ctx)), in.VpcLinkId, noVPCLink)
		if err == nil {
			link = found.Value
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return answer[apigateway.GetVpcLinkOutput](link), nil
}

// GetVpcLinks lists the caller's VPC links in the order of their ids.
func (s *Service) GetVpcLinks(ctx context.Context, in *apigateway.GetVpcLinksInput) (*apigateway.GetVpcLinksOutput, error) {
	out := &apigateway.GetVpcLinksOutput{}
	err := s.store.View(ctx, func(tx *store.Tx) error {
		found, next, err := inScope(tx, &vpcLinks, ownerOf(wire.CallFrom(ctx))).page(in.Limit, in.Position, nil)
		out.Items, out.Position = make([]types.VpcLink, len(found)), next
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

// UpdateVpcLink patches a VPC link.
func (s *Service) UpdateVpcLink(ctx context.Context, in *apigateway.UpdateVpcLinkInput) (*apigateway.UpdateVpcLinkOutput, error) {
	var link types.VpcLink
	err := s.store.Update(ctx, func(tx *store.Tx) error {
		scope := ownerOf(wire.CallFrom(ctx))
		found, err := get(tx, &vpcLinks, scope, in.VpcLinkId, noVPCLink)
		if err != nil {
			return err
		}
		if err := vpcLinkPatches.apply(&found.Value, in.PatchOperations); err != nil {
			return err
		}
		link = found.Value
		return vpcLinks.Put(tx, scope, *in.VpcLinkId, found)
	})
	if err != nil {
		return nil, err
	}
	return answer[apigateway.UpdateVpcLinkOutput](link), nil
}

// DeleteVpcLink deletes a VPC link.
func (s *Service) DeleteVpcLink(ctx context.Context, in *apigateway.DeleteVpcLinkInput) (*apigateway.DeleteVpcLinkOutput, error) {
	err := s.store.Update(ctx, func(tx *store.Tx) error {
		return remove(tx, &vpcLinks, ownerOf(wire.CallFrom(ctx)), in.VpcLinkId, noVPCLink)
	})
	if err != nil {
		return nil, err
	}
	return &apigateway.DeleteVpcLinkOutput{}, nil
}

var vpcLinkPatches = patchTable[types.VpcLink]{
	refuse: refuseByList[types.VpcLink],
	rows: []patchRow[types.VpcLink]{
		{path: "/name", ops: ops(opReplace), apply: func(l *types.VpcLink, p patch) error {
			if p.text() == "" {
				return noLinkName
			}
			l.Name = p.Value
			return nil
		}},
		replaceText("/description", func(l *types.VpcLink) **string { return &l.Description }),
	},
}
