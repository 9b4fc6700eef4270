package logs

import (
	"context"
	"maps"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"

	"github.com/poolgate/poolgate/internal/store"
)

// TagResource adds tags to the group that an ARN names.
func (s *Service) TagResource(ctx context.Context, in *cloudwatchlogs.TagResourceInput) (*cloudwatchlogs.TagResourceOutput, error) {
	name, err := nameInARN(ctx, *in.ResourceArn)
	if err == nil {
		err = s.tag(ctx, name, in.Tags)
	}
	if err != nil {
		return nil, err
	}
	return &cloudwatchlogs.TagResourceOutput{}, nil
}

// UntagResource takes tags from the group that an ARN names.
func (s *Service) UntagResource(ctx context.Context, in *cloudwatchlogs.UntagResourceInput) (*cloudwatchlogs.UntagResourceOutput, error) {
	name, err := nameInARN(ctx, *in.ResourceArn)
	if err == nil {
		err = s.untag(ctx, name, in.TagKeys)
	}
	if err != nil {
		return nil, err
	}
	return &cloudwatchlogs.UntagResourceOutput{}, nil
}

// ListTagsForResource returns the tags of the group that an ARN names.
func (s *Service) ListTagsForResource(ctx context.Context, in *cloudwatchlogs.ListTagsForResourceInput) (*cloudwatchlogs.ListTagsForResourceOutput, error) {
	name, err := nameInARN(ctx, *in.ResourceArn)
	if err != nil {
		return nil, err
	}
	tags, err := s.tagsOf(ctx, name)
	if err != nil {
		return nil, err
	}
	return &cloudwatchlogs.ListTagsForResourceOutput{Tags: tags}, nil
}

// TagLogGroup adds tags to a group, the older way.
func (s *Service) TagLogGroup(ctx context.Context, in *cloudwatchlogs.TagLogGroupInput) (*cloudwatchlogs.TagLogGroupOutput, error) {
	if err := s.tag(ctx, *in.LogGroupName, in.Tags); err != nil {
		return nil, err
	}
	return &cloudwatchlogs.TagLogGroupOutput{}, nil
}

// UntagLogGroup takes tags from a group, the older way.
func (s *Service) UntagLogGroup(ctx context.Context, in *cloudwatchlogs.UntagLogGroupInput) (*cloudwatchlogs.UntagLogGroupOutput, error) {
	if err := s.untag(ctx, *in.LogGroupName, in.Tags); err != nil {
		return nil, err
	}
	return &cloudwatchlogs.UntagLogGroupOutput{}, nil
}

// ListTagsLogGroup returns the tags of a group, the older way.
func (s *Service) ListTagsLogGroup(ctx context.Context, in *cloudwatchlogs.ListTagsLogGroupInput) (*cloudwatchlogs.ListTagsLogGroupOutput, error) {
	tags, err := s.tagsOf(ctx, *in.LogGroupName)
	if err != nil {
		return nil, err
	}
	return &cloudwatchlogs.ListTagsLogGroupOutput{Tags: tags}, nil
}

func (s *Service) tag(ctx context.Context, name string, tags map[string]string) error {
	return s.changeGroup(ctx, name, func(_ *store.Tx, g *group) error {
		if g.Tags == nil {
			g.Tags = map[string]string{}
		}
		if maps.Copy(g.Tags, tags); len(g.Tags) > greatestTags {
			return tooManyTags
		}
		return nil
	})
}

func (s *Service) untag(ctx context.Context, name string, keys []string) error {
	return s.changeGroup(ctx, name, func(_ *store.Tx, g *group) error {
		for _, key := range keys {
			delete(g.Tags, key)
		}
		return nil
	})
}

func (s *Service) tagsOf(ctx context.Context, name string) (map[string]string, error) {
	tags := map[string]string{}
	err := s.store.View(ctx, func(tx *store.Tx) error {
		g, err := findGroup(tx, callOwner(ctx), name)
		if err == nil && g.Tags != nil {
			tags = g.Tags
		}
		return err
	})
	return tags, err
}
