package logs

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"github.com/poolgate/poolgate/internal/store"
)

// CreateLogStream makes an empty stream.
func (s *Service) CreateLogStream(ctx context.Context, in *cloudwatchlogs.CreateLogStreamInput) (*cloudwatchlogs.CreateLogStreamOutput, error) {
	made := &stream{Name: *in.LogStreamName, Created: s.millis()}
	err := s.store.Update(ctx, func(tx *store.Tx) error {
		g, err := findGroup(tx, callOwner(ctx), *in.LogGroupName)
		if err != nil {
			return err
		}
		err = streams.Insert(tx, g.Contents, made.Name, made)
		if errors.Is(err, store.ErrExists) {
			return streamExists
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return &cloudwatchlogs.CreateLogStreamOutput{}, nil
}

// DescribeLogStreams lists a group's streams by name or by their newest event.
func (s *Service) DescribeLogStreams(ctx context.Context, in *cloudwatchlogs.DescribeLogStreamsInput) (*cloudwatchlogs.DescribeLogStreamsOutput, error) {
	name, err := groupName(ctx, in.LogGroupName, in.LogGroupIdentifier)
	if err != nil {
		return nil, err
	}
	byTime := in.OrderBy == types.OrderByLastEventTime
	if byTime && in.LogStreamNamePrefix != nil {
		return nil, invalid("Cannot order by LastEventTime with a logStreamNamePrefix.")
	}
	after, err := pageAfter("streams", in.NextToken)
	if err != nil {
		return nil, err
	}
	var g *group
	var list []*stream
	err = s.store.View(ctx, func(tx *store.Tx) (err error) {
		if g, err = findGroup(tx, callOwner(ctx), name); err == nil {
			list, err = streamsOf(tx, g, aws.ToString(in.LogStreamNamePrefix))
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	order := func(a, b *stream) int {
		if byTime {
			if c := cmp.Compare(a.Last, b.Last); c != 0 {
				return c
			}
		}
		return strings.Compare(a.Name, b.Name)
	}
	if aws.ToBool(in.Descending) {
		ascending := order
		order = func(a, b *stream) int { return ascending(b, a) }
	}
	slices.SortFunc(list, order)
	if after != "" {
		last, err := placeOf(after)
		if err != nil {
			return nil, err
		}
		from, found := slices.BinarySearchFunc(list, last, order)
		if found {
			from++
		}
		list = list[from:]
	}
	return pageOfStreams(g, list, limitOf(in.Limit, 50)), nil
}

// pageOfStreams is the beginning of a list. Its token holds the place of the last stream, which may be gone by the next call.
func pageOfStreams(g *group, list []*stream, limit int) *cloudwatchlogs.DescribeLogStreamsOutput {
	shown := list[:min(limit, len(list))]
	out := &cloudwatchlogs.DescribeLogStreamsOutput{LogStreams: make([]types.LogStream, 0, len(shown))}
	for _, f := range shown {
		out.LogStreams = append(out.LogStreams, f.shown(g))
	}
	if len(shown) < len(list) {
		last := shown[len(shown)-1]
		out.NextToken = pageToken("streams", strconv.FormatInt(last.Last, 10)+"\x00"+last.Name)
	}
	return out
}

// placeOf reads the place in a token.
func placeOf(after string) (*stream, error) {
	at, name, _ := strings.Cut(after, "\x00")
	last, err := strconv.ParseInt(at, 10, 64)
	if err != nil {
		return nil, badToken.Because(err)
	}
	return &stream{Name: name, Last: last}, nil
}

// streamsOf are a group's streams whose names begin with prefix, in the order of their names.
func streamsOf(tx *store.Tx, g *group, prefix string) ([]*stream, error) {
	var list []*stream
	err := each(tx, &streams, g.Contents, beforePrefix(prefix), func(name string, f *stream) (bool, error) {
		if !strings.HasPrefix(name, prefix) {
			return name < prefix, nil
		}
		list = append(list, f)
		return true, nil
	})
	return list, err
}

// DeleteLogStream deletes a stream with its events.
func (s *Service) DeleteLogStream(ctx context.Context, in *cloudwatchlogs.DeleteLogStreamInput) (*cloudwatchlogs.DeleteLogStreamOutput, error) {
	err := s.changeGroup(ctx, *in.LogGroupName, func(tx *store.Tx, g *group) error {
		if _, err := findStream(tx, g, *in.LogStreamName); err != nil {
			return err
		}
		found, _, err := heads.Find(tx, g.Contents, store.Key{Index: streamIndex, Value: *in.LogStreamName}, store.Page{})
		if err != nil {
			return err
		}
		for _, f := range found {
			if err := g.removeChunk(tx, f); err != nil {
				return err
			}
		}
		return streams.Delete(tx, g.Contents, *in.LogStreamName)
	})
	if err != nil {
		return nil, err
	}
	return &cloudwatchlogs.DeleteLogStreamOutput{}, nil
}
