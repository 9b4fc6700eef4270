package lambda

import (
	"context"
	"maps"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"github.com/poolgate/poolgate/internal/store"
)

// greatestTags is AWS's bound [D].
const greatestTags = 50

// TagResource adds tags to a function. Functions are all that has tags here; a version has none.
func (s *Service) TagResource(ctx context.Context, in *lambda.TagResourceInput) (*lambda.TagResourceOutput, error) {
	err := s.changeTags(ctx, in.Resource, func(tags map[string]string) { maps.Copy(tags, in.Tags) })
	if err != nil {
		return nil, err
	}
	return &lambda.TagResourceOutput{}, nil
}

// UntagResource takes tags away.
func (s *Service) UntagResource(ctx context.Context, in *lambda.UntagResourceInput) (*lambda.UntagResourceOutput, error) {
	err := s.changeTags(ctx, in.Resource, func(tags map[string]string) {
		for _, key := range in.TagKeys {
			delete(tags, key)
		}
	})
	if err != nil {
		return nil, err
	}
	return &lambda.UntagResourceOutput{}, nil
}

// ListTags returns a function's tags.
func (s *Service) ListTags(ctx context.Context, in *lambda.ListTagsInput) (*lambda.ListTagsOutput, error) {
	out := &lambda.ListTagsOutput{}
	if err := taggable(in.Resource); err != nil {
		return nil, err
	}
	err := s.look(ctx, in.Resource, nil, func(_ *store.Tx, f *function, _ reference) error {
		if out.Tags = f.Tags; out.Tags == nil {
			out.Tags = map[string]string{}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

func taggable(arn *string) error {
	r, ok := parseARN(aws.ToString(arn))
	if !ok {
		return invalid("Invalid ARN: %s", aws.ToString(arn))
	}
	if r.qualifier != "" {
		return invalid("Tags on function aliases and versions are not supported. Please specify a function ARN.")
	}
	return nil
}

func (s *Service) changeTags(ctx context.Context, arn *string, fn func(map[string]string)) error {
	if err := taggable(arn); err != nil {
		return err
	}
	return s.change(ctx, arn, nil, func(_ *store.Tx, f *function, _ reference) error {
		if f.Tags == nil {
			f.Tags = map[string]string{}
		}
		if fn(f.Tags); len(f.Tags) > greatestTags {
			return invalid("The number of tags exceeds the limit of %d", greatestTags)
		}
		return nil
	})
}
