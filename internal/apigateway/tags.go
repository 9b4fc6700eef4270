package apigateway

import (
	"context"
	"maps"
	"regexp"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"

	"github.com/poolgate/poolgate/internal/store"
	"github.com/poolgate/poolgate/internal/wire"
)

// taggedARN is the ARN of an API or one of its stages; what else can have tags is in tags_owned.go.
var taggedARN = regexp.MustCompile(`^arn:aws[a-z-]*:apigateway:([a-z0-9-]+)::/restapis/([^/]+)(?:/stages/([^/]+))?$`)

// TagResource adds tags to what an ARN names.
func (s *Service) TagResource(ctx context.Context, in *apigateway.TagResourceInput) (*apigateway.TagResourceOutput, error) {
	err := s.changeTags(ctx, in.ResourceArn, func(tags map[string]string) { maps.Copy(tags, in.Tags) })
	if err != nil {
		return nil, err
	}
	return &apigateway.TagResourceOutput{}, nil
}

// UntagResource takes tags from what an ARN names.
func (s *Service) UntagResource(ctx context.Context, in *apigateway.UntagResourceInput) (*apigateway.UntagResourceOutput, error) {
	err := s.changeTags(ctx, in.ResourceArn, func(tags map[string]string) {
		for _, key := range in.TagKeys {
			delete(tags, key)
		}
	})
	if err != nil {
		return nil, err
	}
	return &apigateway.UntagResourceOutput{}, nil
}

// GetTags returns the tags of what an ARN names, all on one page: there are never more than fifty.
func (s *Service) GetTags(ctx context.Context, in *apigateway.GetTagsInput) (*apigateway.GetTagsOutput, error) {
	out := &apigateway.GetTagsOutput{}
	err := s.store.View(ctx, func(tx *store.Tx) error {
		tagged, err := findTagged(tx, wire.CallFrom(ctx), in.ResourceArn)
		if err == nil {
			out.Tags = tagged.tags
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

const greatestTags = 50

func (s *Service) changeTags(ctx context.Context, arn *string, change func(map[string]string)) error {
	return s.store.Update(ctx, func(tx *store.Tx) error {
		tagged, err := findTagged(tx, wire.CallFrom(ctx), arn)
		if err != nil {
			return err
		}
		if change(tagged.tags); len(tagged.tags) > greatestTags {
			return badRequest("The number of tags exceeds the limit of %d", greatestTags)
		}
		return tagged.put()
	})
}

// tagged is something with tags; put stores it with the tags as they are now.
type tagged struct {
	tags map[string]string
	put  func() error
}

// findTagged finds what an ARN names. Tags are neither frozen by a deployment nor served, so that no revision counts.
func findTagged(tx *store.Tx, call wire.Call, arn *string) (*tagged, error) {
	match := taggedARN.FindStringSubmatch(aws.ToString(arn))
	if match == nil {
		return findOwnedTagged(tx, call, aws.ToString(arn))
	}
	if match[1] != call.Region {
		return nil, badARN
	}
	apiID, stageName := match[2], match[3]
	api, err := findAPI(tx, call, apiID, noAPI(call, &apiID))
	if err != nil {
		return nil, err
	}
	if stageName != "" {
		stage, err := get(tx, &stages, apiID, &stageName, noStage)
		if err != nil {
			return nil, err
		}
		t := newTagged(stage.Value.Tags)
		t.put = func() error {
			stage.Value.Tags = t.shown()
			return stages.Put(tx, apiID, stageName, stage)
		}
		return t, nil
	}
	t := newTagged(api.API.Value.Tags)
	t.put = func() error {
		api.API.Value.Tags = t.shown()
		return restAPIs.Put(tx, apiScope, apiID, api)
	}
	return t, nil
}

func newTagged(tags map[string]string) *tagged {
	if tags == nil {
		tags = map[string]string{}
	}
	return &tagged{tags: tags}
}

// shown is nil when no tag is left: documents leave empty tags out.
func (t *tagged) shown() map[string]string {
	if len(t.tags) == 0 {
		return nil
	}
	return t.tags
}
