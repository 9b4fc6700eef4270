package logs

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"github.com/poolgate/poolgate/internal/store"
)

// The limits of a batch. Every event counts for its message and 26 bytes more.
const (
	batchBytes    = 1 << 20
	eventOverhead = 26
	batchSpan     = 24 * time.Hour
	oldestEvent   = 14 * 24 * time.Hour
	newestEvent   = 2 * time.Hour
)

// PutLogEvents writes a batch to a stream. Sequence tokens are not looked at, as on AWS since 2023.
func (s *Service) PutLogEvents(ctx context.Context, in *cloudwatchlogs.PutLogEventsInput) (*cloudwatchlogs.PutLogEventsOutput, error) {
	if err := checkBatch(in.LogEvents); err != nil {
		return nil, err
	}
	out := &cloudwatchlogs.PutLogEventsOutput{}
	err := s.store.Update(ctx, func(tx *store.Tx) error {
		g, err := findGroup(tx, callOwner(ctx), *in.LogGroupName)
		if err != nil {
			return err
		}
		st, err := findStream(tx, g, *in.LogStreamName)
		if err != nil {
			return err
		}
		accepted, rejected := s.accepted(g, in.LogEvents)
		out.RejectedLogEventsInfo = rejected
		if err := appendEvents(tx, g, st, accepted); err != nil {
			return err
		}
		out.NextSequenceToken = sequenceToken(st.Count)
		if err := streams.Put(tx, g.Contents, st.Name, st); err != nil {
			return err
		}
		if err := s.keepWithin(tx, g); err != nil {
			return err
		}
		return g.put(tx)
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

func checkBatch(batch []types.InputLogEvent) error {
	size := 0
	for i, e := range batch {
		size += len(*e.Message) + eventOverhead
		if i > 0 && *e.Timestamp < *batch[i-1].Timestamp {
			return invalid("Log events in a single PutLogEvents request must be in chronological order.")
		}
	}
	if size > batchBytes {
		return invalid("Upload too large: %d bytes exceeds limit of %d", size, batchBytes)
	}
	if *batch[len(batch)-1].Timestamp-*batch[0].Timestamp > batchSpan.Milliseconds() {
		return invalid("The batch of log events in a single PutLogEvents request cannot span more than 24 hours.")
	}
	return nil
}

// accepted are the events of a batch that are neither too old, nor past the group's retention, nor too far in the future. The
// batch is in the order of time, so that what is refused stands at its ends.
func (s *Service) accepted(g *group, batch []types.InputLogEvent) ([]event, *types.RejectedLogEventsInfo) {
	now := s.now()
	oldest, newest, kept := now.Add(-oldestEvent).UnixMilli(), now.Add(newestEvent).UnixMilli(), s.keptFrom(g)
	var rejected types.RejectedLogEventsInfo
	events := make([]event, 0, len(batch))
	for i, e := range batch {
		switch at := *e.Timestamp; {
		case at < kept:
			rejected.ExpiredLogEventEndIndex = aws.Int32(int32(i + 1))
		case at < oldest:
			rejected.TooOldLogEventEndIndex = aws.Int32(int32(i + 1))
		case at > newest:
			if rejected.TooNewLogEventStartIndex == nil {
				rejected.TooNewLogEventStartIndex = aws.Int32(int32(i))
			}
		default:
			events = append(events, event{Time: at, Ingested: now.UnixMilli(), Message: *e.Message})
		}
	}
	if len(events) == len(batch) {
		return events, nil
	}
	return events, &rejected
}

// sequenceToken has the form of AWS's. Nobody asks for it any more.
func sequenceToken(count int64) *string {
	token := fmt.Sprintf("49%054d", count)
	return &token
}
