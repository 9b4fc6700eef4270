package cognito

import (
	"context"
	"maps"
	"strings"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"

	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/store"
)

// maxTags is how many tags a pool can have.
const maxTags = 50

// poolOfARN reads a pool's id off its ARN: arn:aws:cognito-idp:REGION:ACCOUNT:userpool/ID.
func poolOfARN(arn *string) (*string, error) {
	_, id, found := strings.Cut(value(arn), ":userpool/")
	if !found || !strings.HasPrefix(*arn, "arn:") || !strings.Contains(*arn, ":cognito-idp:") || !poolIDFormat.MatchString(id) {
		return nil, invalidParameter("Invalid resource ARN: %s", value(arn))
	}
	return &id, nil
}

// TagResource sets tags of a pool.
func (s *Service) TagResource(ctx context.Context, in *cip.TagResourceInput) (*cip.TagResourceOutput, error) {
	id, err := poolOfARN(in.ResourceArn)
	if err != nil {
		return nil, err
	}
	return &cip.TagResourceOutput{}, s.withPool(ctx, id, func(tx *store.Tx, p *pool) error {
		tags := maps.Clone(p.Detail.Value.UserPoolTags)
		if tags == nil {
			tags = map[string]string{}
		}
		maps.Copy(tags, in.Tags)
		if len(tags) > maxTags {
			return fault.Limit("LimitExceededException", "The number of tags exceeds the limit of %d.", maxTags)
		}
		p.Detail.Value.UserPoolTags = tags
		return putPool(tx, p.region(), p)
	})
}

// UntagResource removes tags of a pool; a tag that is not there is no error.
func (s *Service) UntagResource(ctx context.Context, in *cip.UntagResourceInput) (*cip.UntagResourceOutput, error) {
	id, err := poolOfARN(in.ResourceArn)
	if err != nil {
		return nil, err
	}
	return &cip.UntagResourceOutput{}, s.withPool(ctx, id, func(tx *store.Tx, p *pool) error {
		for _, key := range in.TagKeys {
			delete(p.Detail.Value.UserPoolTags, key)
		}
		return putPool(tx, p.region(), p)
	})
}

// ListTagsForResource returns the tags of a pool.
func (s *Service) ListTagsForResource(ctx context.Context, in *cip.ListTagsForResourceInput) (*cip.ListTagsForResourceOutput, error) {
	id, err := poolOfARN(in.ResourceArn)
	if err != nil {
		return nil, err
	}
	out := &cip.ListTagsForResourceOutput{Tags: map[string]string{}}
	return out, s.viewPool(ctx, id, func(_ *store.Tx, p *pool) error {
		maps.Copy(out.Tags, p.Detail.Value.UserPoolTags)
		return nil
	})
}
