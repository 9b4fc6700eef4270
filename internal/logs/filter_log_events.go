package logs

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"hash/fnv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"github.com/poolgate/poolgate/internal/store"
)

// scanLimit is how much of a group one call looks through; a page may then be short, or empty, and still have a token, as on AWS.
const scanLimit = 32 << 20

// FilterLogEvents reads the events of a group that match a pattern, those of all streams in one order of time. Events are always
// interleaved, as on AWS since 2019.
func (s *Service) FilterLogEvents(ctx context.Context, in *cloudwatchlogs.FilterLogEventsInput) (*cloudwatchlogs.FilterLogEventsOutput, error) {
	name, err := groupName(ctx, in.LogGroupName, in.LogGroupIdentifier)
	if err != nil {
		return nil, err
	}
	matches, err := parsePattern(aws.ToString(in.FilterPattern))
	if err != nil {
		return nil, err
	}
	if in.LogStreamNamePrefix != nil && len(in.LogStreamNames) > 0 {
		return nil, invalid("LogStreamNames and LogStreamNamePrefix are mutually exclusive.")
	}
	if in.StartTime != nil && in.EndTime != nil && *in.StartTime > *in.EndTime {
		return nil, invalid("endTime must be greater than or equal to startTime.")
	}
	behind, err := filterToken(in.NextToken)
	if err != nil {
		return nil, err
	}
	f := &filterPage{matches: matches, behind: behind, limit: limitOf(in.Limit, greatestPage)}
	err = s.store.View(ctx, func(tx *store.Tx) error {
		f.reset()
		g, err := findGroup(tx, callOwner(ctx), name)
		if err != nil {
			return err
		}
		r := s.spanOf(g, in.StartTime, in.EndTime, true)
		if behind != nil {
			r.from = max(r.from, behind.Time)
		}
		if r.streams, err = namedStreams(tx, g, in); err != nil {
			return err
		}
		return r.walk(tx, g, false, f.visit)
	})
	if err != nil {
		return nil, err
	}
	out := &cloudwatchlogs.FilterLogEventsOutput{Events: f.events, SearchedLogStreams: []types.SearchedLogStream{}}
	if f.more {
		out.NextToken = f.seen.token()
	}
	return out, nil
}

// namedStreams are the streams that a request asks for; nil means all.
func namedStreams(tx *store.Tx, g *group, in *cloudwatchlogs.FilterLogEventsInput) ([]string, error) {
	for _, name := range in.LogStreamNames {
		if _, err := findStream(tx, g, name); err != nil {
			return nil, err
		}
	}
	if in.LogStreamNamePrefix == nil {
		return in.LogStreamNames, nil
	}
	list, err := streamsOf(tx, g, *in.LogStreamNamePrefix)
	names := make([]string, 0, len(list))
	for _, st := range list {
		names = append(names, st.Name)
	}
	return names, err
}

// filterPage takes events until it is full.
type filterPage struct {
	matches pattern
	behind  *position
	limit   int

	events        []types.FilteredLogEvent
	size, scanned int
	seen          position
	more          bool
}

func (f *filterPage) reset() {
	f.events, f.size, f.scanned, f.more = []types.FilteredLogEvent{}, 0, 0, false
}

func (f *filterPage) visit(e found) bool {
	at := e.position()
	if f.behind != nil && at.compare(*f.behind) <= 0 {
		return true
	}
	if f.scanned > scanLimit {
		f.more = true
		return false
	}
	f.scanned += len(e.Message) + eventOverhead
	if !f.matches(e.Message) {
		f.seen = at
		return true
	}
	if f.size += len(e.Message) + eventOverhead; len(f.events) == f.limit || f.size > pageBytes && len(f.events) > 0 {
		f.more = true
		return false
	}
	f.seen = at
	f.events = append(f.events, types.FilteredLogEvent{
		EventId: aws.String(at.eventID()), LogStreamName: aws.String(e.stream), Timestamp: aws.Int64(e.Time),
		IngestionTime: aws.Int64(e.Ingested), Message: aws.String(e.Message),
	})
	return true
}

// eventID has the form of AWS's, 56 digits in the order of time: the time, the stream, the number in the stream.
func (p position) eventID() string {
	h := fnv.New64a()
	_, _ = h.Write([]byte(p.Stream))
	return fmt.Sprintf("3%015d%020d%020d", p.Time, h.Sum64(), p.Number)
}

func (p position) token() *string {
	text, _ := json.Marshal(p) // it holds nothing that could fail
	token := base64.RawURLEncoding.EncodeToString(text)
	return &token
}

func filterToken(token *string) (*position, error) {
	if token == nil {
		return nil, nil
	}
	text, err := base64.RawURLEncoding.DecodeString(*token)
	if err != nil {
		return nil, badToken.Because(err)
	}
	p := &position{}
	if err := json.Unmarshal(text, p); err != nil {
		return nil, badToken.Because(err)
	}
	return p, nil
}
