package logs

import (
	"context"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"github.com/poolgate/poolgate/internal/store"
)

// GetLogEvents reads one stream forward or backward. A page's tokens name the places at its two ends; where nothing more is, the
// token that was given comes back, as on AWS.
func (s *Service) GetLogEvents(ctx context.Context, in *cloudwatchlogs.GetLogEventsInput) (*cloudwatchlogs.GetLogEventsOutput, error) {
	name, err := groupName(ctx, in.LogGroupName, in.LogGroupIdentifier)
	if err != nil {
		return nil, err
	}
	from, backward, err := streamToken(in.NextToken)
	if err != nil {
		return nil, err
	}
	if in.NextToken == nil {
		backward = !aws.ToBool(in.StartFromHead)
		if !backward {
			from = place{-1, -1}
		}
	}
	var page []event
	err = s.store.View(ctx, func(tx *store.Tx) error {
		page = nil
		g, err := findGroup(tx, callOwner(ctx), name)
		if err != nil {
			return err
		}
		if _, err := findStream(tx, g, *in.LogStreamName); err != nil {
			return err
		}
		r := s.spanOf(g, in.StartTime, in.EndTime, false)
		r.streams = []string{*in.LogStreamName}
		if backward {
			r.to = min(r.to, max(from.time, from.time+1))
		} else {
			r.from = max(r.from, from.time)
		}
		page, err = r.page(tx, g, from, backward, limitOf(in.Limit, greatestPage))
		return err
	})
	if err != nil {
		return nil, err
	}
	return pageOfEvents(page, from, backward), nil
}

// page reads up to limit events behind from, or before it, and gives them in the order of time.
func (r span) page(tx *store.Tx, g *group, from place, backward bool, limit int) (page []event, err error) {
	size := 0
	err = r.walk(tx, g, backward, func(f found) bool {
		at := place{f.Time, f.Number}
		if c := at.compare(from); backward && c >= 0 || !backward && c <= 0 {
			return true
		}
		if size += len(f.Message) + eventOverhead; len(page) == limit || size > pageBytes && len(page) > 0 {
			return false
		}
		page = append(page, *f.event)
		return true
	})
	if backward {
		slices.Reverse(page)
	}
	return page, err
}

func pageOfEvents(page []event, from place, backward bool) *cloudwatchlogs.GetLogEventsOutput {
	out := &cloudwatchlogs.GetLogEventsOutput{Events: make([]types.OutputLogEvent, 0, len(page))}
	for _, e := range page {
		out.Events = append(out.Events, types.OutputLogEvent{Timestamp: aws.Int64(e.Time), IngestionTime: aws.Int64(e.Ingested), Message: aws.String(e.Message)})
	}
	first, last := from, from
	switch n := len(page); {
	case n > 0:
		first, last = place{page[0].Time, page[0].Number}, place{page[n-1].Time, page[n-1].Number}
	case backward && from.time != math.MaxInt64:
		last = place{from.time, from.number - 1} // forward from here begins with the event that backward stopped at
	case backward:
		last = place{-1, -1} // nothing is there yet: what comes is all to be read
	default:
		first = place{from.time, from.number + 1}
	}
	out.NextForwardToken, out.NextBackwardToken = last.token("f"), first.token("b")
	return out
}

// place is a place in the order of one stream's events.
type place struct{ time, number int64 }

func (p place) compare(other place) int {
	return position{Time: p.time, Number: p.number}.compare(position{Time: other.time, Number: other.number})
}

// token has the form of AWS's: f/ or b/ for the direction, 56 digits, /s. The digits are time and number, each one more than it is.
func (p place) token(direction string) *string {
	digits := func(n int64, width int) string {
		text := strconv.FormatUint(uint64(n)+1, 10)
		return strings.Repeat("0", width-len(text)) + text
	}
	token := direction + "/" + digits(p.time, 28) + digits(p.number, 28) + "/s"
	return &token
}

// streamToken reads a token; without one the place is behind everything.
func streamToken(token *string) (p place, backward bool, err error) {
	if token == nil {
		return place{math.MaxInt64, math.MaxInt64}, true, nil
	}
	direction, rest, _ := strings.Cut(*token, "/")
	digits, end, _ := strings.Cut(rest, "/")
	if direction != "f" && direction != "b" || end != "s" || len(digits) != 56 {
		return p, false, badToken
	}
	t, err1 := strconv.ParseUint(digits[:28], 10, 64)
	n, err2 := strconv.ParseUint(digits[28:], 10, 64)
	if err1 != nil || err2 != nil || t > math.MaxInt64+1 || n > math.MaxInt64+1 {
		return p, false, badToken
	}
	return place{int64(t - 1), int64(n - 1)}, direction == "b", nil
}
