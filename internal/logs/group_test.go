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
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestAGroupFromItsCreationToItsEnd(t *testing.T) {
	w := newWorld(t, 0)
	name := aws.String("/aws/lambda/fn")
	must(w.CreateLogGroup(t.Context(), &cwl.CreateLogGroupInput{LogGroupName: name, Tags: map[string]string{"a": "1"}}))(t)
	_, err := w.CreateLogGroup(t.Context(), &cwl.CreateLogGroupInput{LogGroupName: name})
	refused(t, err, "ResourceAlreadyExistsException", "The specified log group already exists")

	must(w.PutRetentionPolicy(t.Context(), &cwl.PutRetentionPolicyInput{LogGroupName: name, RetentionInDays: aws.Int32(7)}))(t)
	got := must(w.DescribeLogGroups(t.Context(), &cwl.DescribeLogGroupsInput{}))(t).LogGroups
	want := []types.LogGroup{{
		Arn: aws.String("arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/fn:*"), LogGroupArn: aws.String("arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/fn"),
		LogGroupName: name, CreationTime: aws.Int64(epoch.UnixMilli()), LogGroupClass: types.LogGroupClassStandard, MetricFilterCount: aws.Int32(0), StoredBytes: aws.Int64(0), RetentionInDays: aws.Int32(7),
	}}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(types.LogGroup{})); diff != "" {
		t.Error(diff)
	}
	must(w.DeleteRetentionPolicy(t.Context(), &cwl.DeleteRetentionPolicyInput{LogGroupName: name}))(t)
	if r := must(w.DescribeLogGroups(t.Context(), &cwl.DescribeLogGroupsInput{}))(t).LogGroups[0].RetentionInDays; r != nil {
		t.Errorf("without a policy the retention is %d", *r)
	}
	must(w.DeleteLogGroup(t.Context(), &cwl.DeleteLogGroupInput{LogGroupName: name}))(t)
	_, err = w.DeleteLogGroup(t.Context(), &cwl.DeleteLogGroupInput{LogGroupName: name})
	refused(t, err, "ResourceNotFoundException", "The specified log group does not exist.")
}

func TestNothingOfADeletedGroupComesBack(t *testing.T) {
	w := newWorld(t, 0)
	w.group(t, "g", "s")
	w.put(t, "g", "s", event(0, "old"))
	must(w.DeleteLogGroup(t.Context(), &cwl.DeleteLogGroupInput{LogGroupName: aws.String("g")}))(t)
	w.group(t, "g", "s")
	if got := must(w.FilterLogEvents(t.Context(), &cwl.FilterLogEventsInput{LogGroupName: aws.String("g")}))(t).Events; len(got) != 0 {
		t.Errorf("the new group holds %v", filtered(got))
	}
	must(w.DeleteLogStream(t.Context(), &cwl.DeleteLogStreamInput{LogGroupName: aws.String("g"), LogStreamName: aws.String("s")}))(t)
	_, err := w.GetLogEvents(t.Context(), &cwl.GetLogEventsInput{LogGroupName: aws.String("g"), LogStreamName: aws.String("s")})
	refused(t, err, "ResourceNotFoundException", "The specified log stream does not exist.")
}

func TestAProtectedGroupIsNotDeleted(t *testing.T) {
	w := newWorld(t, 0)
	must(w.CreateLogGroup(t.Context(), &cwl.CreateLogGroupInput{LogGroupName: aws.String("g"), DeletionProtectionEnabled: aws.Bool(true)}))(t)
	if _, err := w.DeleteLogGroup(t.Context(), &cwl.DeleteLogGroupInput{LogGroupName: aws.String("g")}); err == nil {
		t.Error("it was deleted")
	}
}

func TestGroupsArePagedByPrefix(t *testing.T) {
	w := newWorld(t, 0)
	for i := range 7 {
		w.group(t, fmt.Sprintf("/a/%d", i))
	}
	w.group(t, "/b/1")
	var names []string
	pages := cwl.NewDescribeLogGroupsPaginator(w, &cwl.DescribeLogGroupsInput{LogGroupNamePrefix: aws.String("/a/"), Limit: aws.Int32(3)})
	for n := 0; pages.HasMorePages(); n++ {
		page := must(pages.NextPage(t.Context()))(t)
		for _, g := range page.LogGroups {
			names = append(names, *g.LogGroupName)
		}
		if n > 3 {
			t.Fatal("there is no end")
		}
	}
	if diff := cmp.Diff([]string{"/a/0", "/a/1", "/a/2", "/a/3", "/a/4", "/a/5", "/a/6"}, names); diff != "" {
		t.Error(diff)
	}
	found := must(w.DescribeLogGroups(t.Context(), &cwl.DescribeLogGroupsInput{LogGroupNamePattern: aws.String("B/")}))(t).LogGroups
	if len(found) != 1 || *found[0].LogGroupName != "/b/1" {
		t.Errorf("the pattern finds %v", found)
	}
	_, err := w.DescribeLogGroups(t.Context(), &cwl.DescribeLogGroupsInput{NextToken: aws.String("nonsense")})
	refused(t, err, "InvalidParameterException", "The specified nextToken is invalid.")
}

//nolint:staticcheck // deployment tools still use the older operations
func TestTagsByNameAndByARN(t *testing.T) {
	w := newWorld(t, 0)
	w.group(t, "g")
	arn := aws.String("arn:aws:logs:eu-west-1:123456789012:log-group:g")
	must(w.TagResource(t.Context(), &cwl.TagResourceInput{ResourceArn: arn, Tags: map[string]string{"a": "1", "b": "2"}}))(t)
	must(w.UntagResource(t.Context(), &cwl.UntagResourceInput{ResourceArn: arn, TagKeys: []string{"a"}}))(t)
	must(w.TagLogGroup(t.Context(), &cwl.TagLogGroupInput{LogGroupName: aws.String("g"), Tags: map[string]string{"c": "3", "d": "4"}}))(t)
	must(w.UntagLogGroup(t.Context(), &cwl.UntagLogGroupInput{LogGroupName: aws.String("g"), Tags: []string{"d"}}))(t)
	want := map[string]string{"b": "2", "c": "3"}
	if diff := cmp.Diff(want, must(w.ListTagsForResource(t.Context(), &cwl.ListTagsForResourceInput{ResourceArn: arn}))(t).Tags); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(want, must(w.ListTagsLogGroup(t.Context(), &cwl.ListTagsLogGroupInput{LogGroupName: aws.String("g")}))(t).Tags); diff != "" {
		t.Error(diff)
	}
	_, err := w.ListTagsForResource(t.Context(), &cwl.ListTagsForResourceInput{ResourceArn: aws.String("arn:aws:logs:us-east-1:123456789012:log-group:g")})
	refused(t, err, "ResourceNotFoundException", "The specified log group does not exist.")
	many := map[string]string{}
	for i := range 50 {
		many[fmt.Sprint(i)] = ""
	}
	_, err = w.TagResource(t.Context(), &cwl.TagResourceInput{ResourceArn: arn, Tags: many})
	refused(t, err, "InvalidParameterException", "The number of tags exceeds the limit of 50.")
}

func TestStreamsAreOrderedByNameOrByTheirLatestEvent(t *testing.T) {
	w := newWorld(t, 0)
	w.group(t, "g", "a1", "a2", "b1")
	_, err := w.CreateLogStream(t.Context(), &cwl.CreateLogStreamInput{LogGroupName: aws.String("g"), LogStreamName: aws.String("a1")})
	refused(t, err, "ResourceAlreadyExistsException", "The specified log stream already exists")
	_, err = w.CreateLogStream(t.Context(), &cwl.CreateLogStreamInput{LogGroupName: aws.String("none"), LogStreamName: aws.String("a1")})
	refused(t, err, "ResourceNotFoundException", "The specified log group does not exist.")
	w.put(t, "g", "a1", event(-60, "first"), event(-30, "second"))
	w.put(t, "g", "b1", event(-40, "x"))
	for name, row := range map[string]struct {
		in   cwl.DescribeLogStreamsInput
		want string
	}{
		"by name":             {cwl.DescribeLogStreamsInput{}, "a1 a2 b1"},
		"by name, descending": {cwl.DescribeLogStreamsInput{Descending: aws.Bool(true)}, "b1 a2 a1"},
		"with a prefix":       {cwl.DescribeLogStreamsInput{LogStreamNamePrefix: aws.String("a")}, "a1 a2"},
		"by time":             {cwl.DescribeLogStreamsInput{OrderBy: types.OrderByLastEventTime}, "a2 b1 a1"},
		"by time, descending": {cwl.DescribeLogStreamsInput{OrderBy: types.OrderByLastEventTime, Descending: aws.Bool(true)}, "a1 b1 a2"},
	} {
		t.Run(name, func(t *testing.T) {
			row.in.LogGroupName, row.in.Limit = aws.String("g"), aws.Int32(2)
			var names []string
			pages := cwl.NewDescribeLogStreamsPaginator(w, &row.in)
			for pages.HasMorePages() && len(names) < 10 {
				for _, s := range must(pages.NextPage(t.Context()))(t).LogStreams {
					names = append(names, *s.LogStreamName)
				}
			}
			if got := strings.Join(names, " "); got != row.want {
				t.Errorf("got %s, want %s", got, row.want)
			}
		})
	}
	s := must(w.DescribeLogStreams(t.Context(), &cwl.DescribeLogStreamsInput{LogGroupIdentifier: aws.String("arn:aws:logs:eu-west-1:123456789012:log-group:g")}))(t).LogStreams[0]
	if *s.FirstEventTimestamp != *millis(-60) || *s.LastEventTimestamp != *millis(-30) || *s.LastIngestionTime != epoch.UnixMilli() ||
		*s.Arn != "arn:aws:logs:eu-west-1:123456789012:log-group:g:log-stream:a1" {
		t.Errorf("the stream is %+v", s)
	}
	_, err = w.DescribeLogStreams(t.Context(), &cwl.DescribeLogStreamsInput{LogGroupName: aws.String("g"), OrderBy: types.OrderByLastEventTime, LogStreamNamePrefix: aws.String("a")})
	refused(t, err, "InvalidParameterException", "Cannot order by LastEventTime with a logStreamNamePrefix.")
}

func TestAStreamThatIsDeletedBetweenPagesStopsNoReader(t *testing.T) {
	w := newWorld(t, 0)
	w.group(t, "g", "a", "b", "c", "d")
	in := &cwl.DescribeLogStreamsInput{LogGroupName: aws.String("g"), Limit: aws.Int32(2)}
	in.NextToken = must(w.DescribeLogStreams(t.Context(), in))(t).NextToken
	must(w.DeleteLogStream(t.Context(), &cwl.DeleteLogStreamInput{LogGroupName: aws.String("g"), LogStreamName: aws.String("b")}))(t)
	out := must(w.DescribeLogStreams(t.Context(), in))(t)
	if len(out.LogStreams) != 2 || *out.LogStreams[0].LogStreamName != "c" || out.NextToken != nil {
		t.Errorf("behind b comes %+v", out)
	}
	in.NextToken = aws.String("bm9uc2Vuc2U")
	_, err := w.DescribeLogStreams(t.Context(), in)
	refused(t, err, "InvalidParameterException", "The specified nextToken is invalid.")
}

func TestEventsPastTheRetentionAreGone(t *testing.T) {
	w := newWorld(t, 0)
	w.group(t, "g", "s")
	w.put(t, "g", "s", event(-3600, "old"))
	must(w.PutRetentionPolicy(t.Context(), &cwl.PutRetentionPolicyInput{LogGroupName: aws.String("g"), RetentionInDays: aws.Int32(1)}))(t)
	_, err := w.PutRetentionPolicy(t.Context(), &cwl.PutRetentionPolicyInput{LogGroupName: aws.String("g"), RetentionInDays: aws.Int32(2)})
	if err == nil || !strings.Contains(err.Error(), "Member must satisfy enum value set: [1, 3, 5, 7") {
		t.Errorf("two days: %v", err)
	}
	w.now = epoch.Add(23*time.Hour + 30*time.Minute)
	out := w.put(t, "g", "s", types.InputLogEvent{Timestamp: millis(-3601), Message: aws.String("late")}, types.InputLogEvent{Timestamp: aws.Int64(w.now.Add(-time.Hour).UnixMilli()), Message: aws.String("new")})
	if out.RejectedLogEventsInfo == nil || *out.RejectedLogEventsInfo.ExpiredLogEventEndIndex != 1 {
		t.Errorf("the batch was taken: %+v", out)
	}
	if got := filtered(must(w.FilterLogEvents(t.Context(), &cwl.FilterLogEventsInput{LogGroupName: aws.String("g")}))(t).Events); cmp.Diff([]string{"new"}, got) != "" {
		t.Errorf("the group holds %q", got)
	}
}
