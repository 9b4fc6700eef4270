package apigatewayv2

import (
	"context"
	"maps"
	"regexp"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"

	"github.com/poolgate/poolgate/internal/entity"
	"github.com/poolgate/poolgate/internal/store"
	"github.com/poolgate/poolgate/internal/wire"
)

const greatestTags = 50

var (
	tooManyTags = badRequest("The number of tags exceeds the limit of %d", greatestTags)
	badARN      = badRequest("Invalid ARN specified in the request")
	// taggedARN is the ARN of an API, one of its stages, a VPC link or a custom domain name.
	taggedARN = regexp.MustCompile(`^arn:aws[a-z-]*:apigateway:([a-z0-9-]+)::/(apis|vpclinks|domainnames)/([^/]+)(?:/stages/([^/]+))?$`)
)

// TagResource adds tags to what an ARN names.
func (s *Service) TagResource(ctx context.Context, in *apigatewayv2.TagResourceInput) (*apigatewayv2.TagResourceOutput, error) {
	if s.isDomain(in.ResourceArn) {
		_, err := s.domains.TagResource(ctx, &apigateway.TagResourceInput{ResourceArn: in.ResourceArn, Tags: in.Tags})
		return &apigatewayv2.TagResourceOutput{}, err
	}
	err := s.changeTags(ctx, in.ResourceArn, func(tags map[string]string) { maps.Copy(tags, in.Tags) })
	if err != nil {
		return nil, err
	}
	return &apigatewayv2.TagResourceOutput{}, nil
}

// UntagResource takes tags from what an ARN names.
func (s *Service) UntagResource(ctx context.Context, in *apigatewayv2.UntagResourceInput) (*apigatewayv2.UntagResourceOutput, error) {
	if s.isDomain(in.ResourceArn) {
		_, err := s.domains.UntagResource(ctx, &apigateway.UntagResourceInput{ResourceArn: in.ResourceArn, TagKeys: in.TagKeys})
		return &apigatewayv2.UntagResourceOutput{}, err
	}
	err := s.changeTags(ctx, in.ResourceArn, func(tags map[string]string) {
		for _, key := range in.TagKeys {
			delete(tags, key)
		}
	})
	if err != nil {
		return nil, err
	}
	return &apigatewayv2.UntagResourceOutput{}, nil
}

// GetTags returns the tags of what an ARN names.
func (s *Service) GetTags(ctx context.Context, in *apigatewayv2.GetTagsInput) (*apigatewayv2.GetTagsOutput, error) {
	out := &apigatewayv2.GetTagsOutput{}
	if s.isDomain(in.ResourceArn) {
		found, err := s.domains.GetTags(ctx, &apigateway.GetTagsInput{ResourceArn: in.ResourceArn})
		if err != nil {
			return nil, err
		}
		out.Tags = found.Tags
		return out, nil
	}
	err := s.store.View(ctx, func(tx *store.Tx) error {
		found, err := findTagged(tx, wire.CallFrom(ctx), in.ResourceArn)
		if err == nil {
			out.Tags = found.tags
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// isDomain tells whether an ARN names a custom domain name, which is REST APIs' to keep.
func (s *Service) isDomain(arn *string) bool {
	match := taggedARN.FindStringSubmatch(aws.ToString(arn))
	return match != nil && match[2] == "domainnames" && s.domains != nil
}

func (s *Service) changeTags(ctx context.Context, arn *string, change func(map[string]string)) error {
	return s.store.Update(ctx, func(tx *store.Tx) error {
		found, err := findTagged(tx, wire.CallFrom(ctx), arn)
		if err != nil {
			return err
		}
		if change(found.tags); len(found.tags) > greatestTags {
			return tooManyTags
		}
		return found.put(found.tags)
	})
}

// tagged is something with tags, never nil; put stores it with other ones.
type tagged struct {
	tags map[string]string
	put  func(map[string]string) error
}

// findTagged finds what an ARN names. Tags are neither frozen by a deployment nor served, so that no revision counts.
func findTagged(tx *store.Tx, call wire.Call, arn *string) (*tagged, error) {
	match := taggedARN.FindStringSubmatch(aws.ToString(arn))
	if match == nil || match[1] != call.Region {
		return nil, badARN
	}
	id, stage := match[3], match[4]
	switch {
	case match[2] == "vpclinks" && stage == "":
		link, err := entity.Get(tx, &vpcLinks, ownerOf(call), &id, noVPCLink)
		if err != nil {
			return nil, err
		}
		return taggedBy(&link.Value.Tags, func() error { return vpcLinks.Put(tx, ownerOf(call), id, link) }), nil
	case match[2] != "apis":
		return nil, badARN
	}
	api, err := findAPI(tx, call, id)
	if err != nil {
		return nil, err
	}
	if stage == "" {
		return taggedBy(&api.API.Value.Tags, func() error { return apis.Put(tx, apiScope, id, api) }), nil
	}
	found, err := entity.Get(tx, &stages, id, &stage, noStage)
	if err != nil {
		return nil, err
	}
	return taggedBy(&found.Value.Tags, func() error { return stages.Put(tx, id, stage, found) }), nil
}

func taggedBy(tags *map[string]string, put func() error) *tagged {
	t := &tagged{tags: *tags, put: func(changed map[string]string) error {
		*tags = changed
		return put()
	}}
	if t.tags == nil {
		t.tags = map[string]string{}
	}
	return t
}
