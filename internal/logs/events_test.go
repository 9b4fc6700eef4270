package logs_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cwl "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/google/go-cmp/cmp"

	"github.com/poolgate/poolgate/internal/logs"
)

func TestABatchIsRefusedOrTakenInPart(t *testing.T) {
	w := newWorld(t, 0)
	w.group(t, "g", "s")
	put := func(group, stream string, events ...types.InputLogEvent) error {
		_, err := w.PutLogEvents(t.Context(), &cwl.PutLogEventsInput{LogGroupName: &group, LogStreamName: &stream, LogEvents: events})
		return err
	}
	refused(t, put("none", "s", event(0, "x")), "ResourceNotFoundException", "The specified log group does not exist.")
	refused(t, put("g", "none", event(0, "x")), "ResourceNotFoundException", "The specified log stream does not exist.")
	refused(t, put("g", "s", event(1, "x"), event(0, "y")), "InvalidParameterException", "Log events in a single PutLogEvents request must be in chronological order.")
	refused(t, put("g", "s", event(-90_000, "x"), event(0, "y")), "InvalidParameterException", "The batch of log events in a single PutLogEvents request cannot span more than 24 hours.")
	const day = 24 * 3600
	old := w.put(t, "g", "s", event(-14*day-1, "too old"), event(-14*day+1, "just"))
	if r := old.RejectedLogEventsInfo; r == nil || *r.TooOldLogEventEndIndex != 1 || r.TooNewLogEventStartIndex != nil {
		t.Errorf("the old are %+v", r)
	}
	soon := w.put(t, "g", "s", event(0, "now"), event(7201, "too new"), event(7202, "too new"))
	if r := soon.RejectedLogEventsInfo; r == nil || *r.TooNewLogEventStartIndex != 1 {
		t.Errorf("the new are %+v", r)
	}
	if r := w.put(t, "g", "s", event(1, "fine")).RejectedLogEventsInfo; r != nil {
		t.Errorf("refused %+v", r)
	}
	if got := read(t, w, true, 0); cmp.Diff([]string{"just", "now", "fine"}, got) != "" {
		t.Errorf("the stream holds %q", got)
	}
}

func TestAFullBatchIsTaken(t *testing.T) {
	w := newWorld(t, 0)
	w.group(t, "g", "s")
	message := strings.Repeat(`"`, 1000) // twice as long in JSON
	events := make([]types.InputLogEvent, 1<<20/(len(message)+26))
	for i := range events {
		events[i] = event(0, message)
	}
	w.put(t, "g", "s", events...)
	if got := read(t, w, true, 0); len(got) != len(events) {
		t.Errorf("%d of %d events are there", len(got), len(events))
	}
	_, err := w.PutLogEvents(t.Context(), &cwl.PutLogEventsInput{LogGroupName: aws.String("g"), LogStreamName: aws.String("s"), LogEvents: append(events, event(0, message))})
	refused(t, err, "InvalidParameterException", "Upload too large: 1049598 bytes exceeds limit of 1048576")
}

// read reads stream s of group g page by page in one direction until the token repeats.
func read(t *testing.T, w *world, forward bool, limit int32) (all []string) {
	t.Helper()
	in := &cwl.GetLogEventsInput{LogGroupName: aws.String("g"), LogStreamName: aws.String("s"), StartFromHead: &forward}
	if limit > 0 {
		in.Limit = &limit
	}
	for range 100 {
		out := must(w.GetLogEvents(t.Context(), in))(t)
		next := out.NextForwardToken
		if forward {
			all = append(all, messages(out.Events)...)
		} else {
			all = append(messages(out.Events), all...)
			next = out.NextBackwardToken
		}
		if in.NextToken != nil && *next == *in.NextToken {
			if len(out.Events) > 0 {
				t.Errorf("the token repeats with %q", messages(out.Events))
			}
			return all
		}
		in.NextToken = next
	}
	t.Fatal("there is no end")
	return nil
}

func TestAStreamIsReadForwardAndBackward(t *testing.T) {
	w := newWorld(t, 0)
	w.group(t, "g", "s", "other")
	var want []string
	for batch := range 5 {
		var events []types.InputLogEvent
		for i := range 5 {
			message := fmt.Sprintf("%d.%d", batch, i)
			events = append(events, event((batch-5)*3600+i/2, message)) // pairs share their time; batches are an hour apart
			want = append(want, message)
		}
		w.put(t, "g", "s", events...)
	}
	w.put(t, "g", "other", event(0, "not mine"))
	for _, limit := range []int32{0, 1, 2, 3, 7} {
		for _, forward := range []bool{true, false} {
			if diff := cmp.Diff(want, read(t, w, forward, limit)); diff != "" {
				t.Errorf("limit %d, forward %t:\n%s", limit, forward, diff)
			}
		}
	}
	in := &cwl.GetLogEventsInput{LogGroupName: aws.String("g"), LogStreamName: aws.String("s"), Limit: aws.Int32(2)}
	latest := must(w.GetLogEvents(t.Context(), in))(t)
	if diff := cmp.Diff([]string{"4.3", "4.4"}, messages(latest.Events)); diff != "" {
		t.Errorf("without a token come the latest:\n%s", diff)
	}
	in.NextToken = latest.NextForwardToken
	w.put(t, "g", "s", event(1, "5.0"))
	if got := messages(must(w.GetLogEvents(t.Context(), in))(t).Events); cmp.Diff([]string{"5.0"}, got) != "" {
		t.Errorf("behind the latest comes %q", got)
	}
	in.NextToken, in.Limit = nil, nil
	in.StartTime, in.EndTime = millis(-3600), millis(-3599)
	if got := messages(must(w.GetLogEvents(t.Context(), in))(t).Events); cmp.Diff([]string{"4.0", "4.1"}, got) != "" {
		t.Errorf("the end is not excluded: %q", got)
	}
	in.NextToken = aws.String("f/1/s")
	_, err := w.GetLogEvents(t.Context(), in)
	refused(t, err, "InvalidParameterException", "The specified nextToken is invalid.")
}

func TestAReaderOfAnEmptyStreamSeesWhatComes(t *testing.T) {
	w := newWorld(t, 0)
	w.group(t, "g", "s")
	for _, head := range []bool{false, true} {
		in := &cwl.GetLogEventsInput{LogGroupName: aws.String("g"), LogStreamName: aws.String("s"), StartFromHead: &head}
		in.NextToken = must(w.GetLogEvents(t.Context(), in))(t).NextForwardToken
		message := fmt.Sprintf("from the head: %t", head)
		w.put(t, "g", "s", event(0, message))
		if got := messages(must(w.GetLogEvents(t.Context(), in))(t).Events); len(got) == 0 || got[len(got)-1] != message {
			t.Errorf("it sees %q", got)
		}
	}
}

func TestFilteringInterleavesStreams(t *testing.T) {
	w := newWorld(t, 0)
	w.group(t, "g", "a1", "a2", "b")
	w.put(t, "g", "a1", event(-10, "1"), event(-7, "4"), event(-6, "5 ERROR"))
	w.put(t, "g", "a2", event(-9, "2"), event(-5, "6"))
	w.put(t, "g", "b", event(-8, "3"), event(-4, "7 ERROR"))
	for name, row := range map[string]struct {
		in   cwl.FilterLogEventsInput
		want string
	}{
		"everything":              {cwl.FilterLogEventsInput{}, "1|2|3|4|5 ERROR|6|7 ERROR"},
		"times, both included":    {cwl.FilterLogEventsInput{StartTime: millis(-9), EndTime: millis(-7)}, "2|3|4"},
		"named streams":           {cwl.FilterLogEventsInput{LogStreamNames: []string{"a1", "b"}}, "1|3|4|5 ERROR|7 ERROR"},
		"a prefix":                {cwl.FilterLogEventsInput{LogStreamNamePrefix: aws.String("a")}, "1|2|4|5 ERROR|6"},
		"a prefix that none has":  {cwl.FilterLogEventsInput{LogStreamNamePrefix: aws.String("z")}, ""},
		"a pattern":               {cwl.FilterLogEventsInput{FilterPattern: aws.String("ERROR")}, "5 ERROR|7 ERROR"},
		"a pattern and a stream":  {cwl.FilterLogEventsInput{FilterPattern: aws.String("ERROR"), LogStreamNames: []string{"b"}, Interleaved: aws.Bool(true)}, "7 ERROR"}, //nolint:staticcheck // the CLI still sends it
		"the group's ARN instead": {cwl.FilterLogEventsInput{LogGroupIdentifier: aws.String("arn:aws:logs:eu-west-1:123456789012:log-group:g"), EndTime: millis(-9)}, "1|2"},
	} {
		t.Run(name, func(t *testing.T) {
			if row.in.LogGroupIdentifier == nil {
				row.in.LogGroupName = aws.String("g")
			}
			for _, limit := range []int32{1, 2, 10} {
				row.in.Limit, row.in.NextToken = &limit, nil
				var got []string
				pages := cwl.NewFilterLogEventsPaginator(w, &row.in)
				for pages.HasMorePages() && len(got) < 20 {
					got = append(got, filtered(must(pages.NextPage(t.Context()))(t).Events)...)
				}
				if text := strings.Join(got, "|"); text != row.want {
					t.Errorf("limit %d: got %s, want %s", limit, text, row.want)
				}
			}
		})
	}
	ids := map[string]bool{}
	last := ""
	for _, e := range must(w.FilterLogEvents(t.Context(), &cwl.FilterLogEventsInput{LogGroupName: aws.String("g")}))(t).Events {
		if len(*e.EventId) != 56 || ids[*e.EventId] || *e.EventId < last {
			t.Errorf("event id %s after %s", *e.EventId, last)
		}
		last, ids[*e.EventId] = *e.EventId, true
	}
	_, err := w.FilterLogEvents(t.Context(), &cwl.FilterLogEventsInput{LogGroupName: aws.String("none")})
	refused(t, err, "ResourceNotFoundException", "The specified log group does not exist.")
	_, err = w.FilterLogEvents(t.Context(), &cwl.FilterLogEventsInput{LogGroupName: aws.String("g"), LogStreamNames: []string{"none"}})
	refused(t, err, "ResourceNotFoundException", "The specified log stream does not exist.")
	_, err = w.FilterLogEvents(t.Context(), &cwl.FilterLogEventsInput{LogGroupName: aws.String("g"), NextToken: aws.String("{")})
	refused(t, err, "InvalidParameterException", "The specified nextToken is invalid.")
}

func TestLinesOfTheServerAreWrittenInOrderOfTime(t *testing.T) {
	w := newWorld(t, 0)
	line := func(group, stream string, second int, message string) logs.Line {
		return logs.Line{Account: account, Region: region, Group: group, Stream: stream, Time: epoch.Add(time.Duration(second) * time.Second), Message: message}
	}
	w.service.Write(line("g", "s", 2, "two"), line("h", "s", 0, "other"))
	w.service.Write(line("g", "s", 1, "one"), line("g", "s", 3, "broken \xff"), line("g", "s", 4, ""))
	waitFor(t, func() bool {
		out, err := w.FilterLogEvents(t.Context(), &cwl.FilterLogEventsInput{LogGroupName: aws.String("g")})
		return err == nil && cmp.Equal([]string{"one", "two", "broken \uFFFD"}, filtered(out.Events))
	})
	if n := w.service.Dropped(); n != 0 {
		t.Errorf("%d lines were dropped", n)
	}
}

func TestCloseWritesWhatWaits(t *testing.T) {
	w := newWorld(t, 0)
	w.service.Write(logs.Line{Account: account, Region: region, Group: "g", Stream: "s", Time: epoch, Message: "last words"})
	w.service.Close()
	if got := filtered(must(w.FilterLogEvents(t.Context(), &cwl.FilterLogEventsInput{LogGroupName: aws.String("g")}))(t).Events); cmp.Diff([]string{"last words"}, got) != "" {
		t.Errorf("the group holds %q", got)
	}
	w.service.Write(logs.Line{Account: account, Region: region, Group: "g", Stream: "s", Time: epoch, Message: "too late"})
	if n := w.service.Dropped(); n != 1 {
		t.Errorf("%d lines were dropped, want the late one", n)
	}
}

func TestWhatFindsNoRoomIsDroppedAndCounted(t *testing.T) {
	w := newWorld(t, 1<<20)
	long := strings.Repeat("x", 256<<10)
	lines := make([]logs.Line, 100) // 25 MiB at once
	for i := range lines {
		lines[i] = logs.Line{Account: account, Region: region, Group: "g", Stream: "s", Time: epoch, Message: long}
	}
	w.service.Write(lines...)
	if n := w.service.Dropped(); n < 30 || n > 50 {
		t.Errorf("%d of 100 lines were dropped", n)
	}
}

func TestAGroupKeepsItsLatestEvents(t *testing.T) {
	const most = 1 << 20
	w := newWorld(t, most)
	w.group(t, "g", "s")
	body := strings.Repeat("x", 50<<10)
	for i := range 30 {
		w.put(t, "g", "s", event(i, fmt.Sprintf("%02d%s", i, body)))
	}
	stored := *must(w.DescribeLogGroups(t.Context(), &cwl.DescribeLogGroupsInput{}))(t).LogGroups[0].StoredBytes
	if stored > most || stored < most/2 {
		t.Errorf("the group holds %d bytes of at most %d", stored, most)
	}
	kept := read(t, w, true, 0)
	if len(kept) < 10 || len(kept) > 20 || kept[len(kept)-1][:2] != "29" {
		t.Errorf("%d events are left", len(kept))
	}
}

func waitFor(t *testing.T, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); !done(); {
		if time.Now().After(deadline) {
			t.Fatal("it did not happen")
		}
		time.Sleep(5 * time.Millisecond)
	}
}
