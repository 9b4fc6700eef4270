package logs

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"github.com/poolgate/poolgate/internal/store"
	"github.com/poolgate/poolgate/internal/wire"
)

// greatestTags is AWS's limit for a group.
const greatestTags = 50

var tooManyTags = invalid("The number of tags exceeds the limit of %d.", greatestTags)

func (s *Service) newGroup(account, region, name string) *group {
	return &group{Account: account, Region: region, Name: name, Contents: rand.Text(), Created: s.millis(), Class: types.LogGroupClassStandard}
}

// CreateLogGroup makes a group without streams.
func (s *Service) CreateLogGroup(ctx context.Context, in *cloudwatchlogs.CreateLogGroupInput) (*cloudwatchlogs.CreateLogGroupOutput, error) {
	call := wire.CallFrom(ctx)
	if strings.HasPrefix(*in.LogGroupName, "aws/") {
		return nil, invalid("Log groups starting with AWS/ are reserved for AWS.")
	}
	if len(in.Tags) > greatestTags {
		return nil, tooManyTags
	}
	g := s.newGroup(call.Account, call.Region, *in.LogGroupName)
	g.KMSKey, g.Protected = aws.ToString(in.KmsKeyId), aws.ToBool(in.DeletionProtectionEnabled)
	if in.LogGroupClass != "" {
		g.Class = in.LogGroupClass
	}
	if len(in.Tags) > 0 {
		g.Tags = in.Tags
	}
	err := s.store.Update(ctx, func(tx *store.Tx) error {
		err := groups.Insert(tx, groupScope, g.id(), g)
		if errors.Is(err, store.ErrExists) {
			return groupExists
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return &cloudwatchlogs.CreateLogGroupOutput{}, nil
}

// DescribeLogGroups lists groups by name: all, those with a prefix, or those that hold a text in any case.
func (s *Service) DescribeLogGroups(ctx context.Context, in *cloudwatchlogs.DescribeLogGroupsInput) (*cloudwatchlogs.DescribeLogGroupsOutput, error) {
	if in.LogGroupNamePrefix != nil && in.LogGroupNamePattern != nil {
		return nil, invalid("LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.")
	}
	after, err := pageAfter("groups", in.NextToken)
	if err != nil {
		return nil, err
	}
	limit := limitOf(in.Limit, 50)
	prefix := callOwner(ctx) + aws.ToString(in.LogGroupNamePrefix)
	pattern := strings.ToLower(aws.ToString(in.LogGroupNamePattern))
	named := make(map[string]bool, len(in.LogGroupIdentifiers))
	for _, identifier := range in.LogGroupIdentifiers {
		name, err := groupName(ctx, nil, &identifier)
		if err != nil {
			return nil, err
		}
		named[name] = true
	}
	out := &cloudwatchlogs.DescribeLogGroupsOutput{LogGroups: []types.LogGroup{}}
	err = s.store.View(ctx, func(tx *store.Tx) error {
		out.LogGroups, out.NextToken = out.LogGroups[:0], nil
		return each(tx, &groups, groupScope, max(after, beforePrefix(prefix)), func(id string, g *group) (bool, error) {
			if !strings.HasPrefix(id, prefix) {
				return id < prefix, nil
			}
			if len(named) > 0 && !named[g.Name] || in.LogGroupClass != "" && g.Class != in.LogGroupClass || !strings.Contains(strings.ToLower(g.Name), pattern) {
				return true, nil
			}
			if len(out.LogGroups) == limit {
				out.NextToken = pageToken("groups", callOwner(ctx)+*out.LogGroups[limit-1].LogGroupName)
				return false, nil
			}
			out.LogGroups = append(out.LogGroups, g.shown())
			return true, nil
		})
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// DeleteLogGroup deletes a group with all that it holds.
func (s *Service) DeleteLogGroup(ctx context.Context, in *cloudwatchlogs.DeleteLogGroupInput) (*cloudwatchlogs.DeleteLogGroupOutput, error) {
	err := s.store.Update(ctx, func(tx *store.Tx) error {
		g, err := findGroup(tx, callOwner(ctx), *in.LogGroupName)
		if err != nil {
			return err
		}
		if g.Protected {
			return invalid("The specified log group cannot be deleted because deletion protection is enabled.")
		}
		if _, err := streams.DeleteScope(tx, g.Contents); err != nil {
			return err
		}
		if _, err := heads.DeleteScope(tx, g.Contents); err != nil {
			return err
		}
		if _, err := chunks.DeleteScope(tx, g.Contents); err != nil {
			return err
		}
		return groups.Delete(tx, groupScope, g.id())
	})
	if err != nil {
		return nil, err
	}
	return &cloudwatchlogs.DeleteLogGroupOutput{}, nil
}

// changeGroup stores a group as change leaves it.
func (s *Service) changeGroup(ctx context.Context, name string, change func(tx *store.Tx, g *group) error) error {
	return s.store.Update(ctx, func(tx *store.Tx) error {
		g, err := findGroup(tx, callOwner(ctx), name)
		if err != nil {
			return err
		}
		if err := change(tx, g); err != nil {
			return err
		}
		return g.put(tx)
	})
}
