package logs

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"github.com/poolgate/poolgate/internal/store"
)

// The collections. Groups are all in one scope, by account, region and name. A group's streams and chunks have the group's
// contents id as their scope: a group that is deleted and made anew has another, so that nothing of the old one shows.
var (
	groups  = store.Collection[group]{Name: "logs.group", Version: 1}
	streams = store.Collection[stream]{Name: "logs.stream", Version: 1}
	chunks  = store.Collection[chunk]{Name: "logs.chunk", Version: 1}
	// heads tell what is in the chunks of the same ids, so that a reader knows which ones it needs and in which order.
	heads = store.Collection[head]{
		Name: "logs.head", Version: 1,
		Keys: func(h *head) []store.Key { return []store.Key{{Index: streamIndex, Value: h.Stream}} },
	}
)

const (
	groupScope  = "groups"
	streamIndex = "stream"
)

// group is a log group. Times here and below are milliseconds since 1970, as the wire has them.
type group struct {
	Account, Region, Name string
	Contents              string
	Created               int64
	// Retention is in days; zero keeps events until there are too many.
	Retention int32               `json:",omitempty"`
	KMSKey    string              `json:",omitempty"`
	Class     types.LogGroupClass `json:",omitempty"`
	Protected bool                `json:",omitempty"`
	Tags      map[string]string   `json:",omitempty"`
	// Bytes is what the messages take.
	Bytes int64
}

// stream is a log stream. First and Last are the times of its oldest and newest event; Last is zero while it has had none.
type stream struct {
	Name     string
	Created  int64
	First    int64 `json:",omitempty"`
	Last     int64 `json:",omitempty"`
	Ingested int64 `json:",omitempty"`
	// Count is how many events were ever written; each event's number is the count before it.
	Count int64 `json:",omitempty"`
	// Open is the id of the chunk that was written last.
	Open string `json:",omitempty"`
}

// head describes a chunk: events of one stream from one window of time, in the order in which they came.
type head struct {
	Stream string
	// First and Last are the times of the oldest and the newest event.
	First, Last int64
	// Bytes is what the messages take.
	Bytes int
}

// chunk is the events that a head describes.
type chunk struct{ Events []event }

// event is one event of a stream.
type event struct {
	Time     int64  `json:"t"`
	Ingested int64  `json:"i"`
	Number   int64  `json:"n"`
	Message  string `json:"m"`
}

func (g *group) arn() string {
	return "arn:aws:logs:" + g.Region + ":" + g.Account + ":log-group:" + g.Name
}

func (g *group) shown() types.LogGroup {
	shown := types.LogGroup{
		Arn: aws.String(g.arn() + ":*"), LogGroupArn: aws.String(g.arn()), LogGroupName: &g.Name, CreationTime: &g.Created,
		LogGroupClass: g.Class, MetricFilterCount: aws.Int32(0), StoredBytes: &g.Bytes,
	}
	if g.Retention > 0 {
		shown.RetentionInDays = &g.Retention
	}
	if g.KMSKey != "" {
		shown.KmsKeyId = &g.KMSKey
	}
	if g.Protected {
		shown.DeletionProtectionEnabled = &g.Protected
	}
	return shown
}

// shown is a stream of g. AWS no longer counts a stream's bytes and always says 0.
func (s *stream) shown(g *group) types.LogStream {
	shown := types.LogStream{
		Arn: aws.String(g.arn() + ":log-stream:" + s.Name), LogStreamName: &s.Name, CreationTime: &s.Created, StoredBytes: aws.Int64(0), //nolint:staticcheck // AWS still says it
	}
	if s.Count > 0 {
		shown.FirstEventTimestamp, shown.LastEventTimestamp, shown.LastIngestionTime = &s.First, &s.Last, &s.Ingested
		shown.UploadSequenceToken = sequenceToken(s.Count)
	}
	return shown
}
