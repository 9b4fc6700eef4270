package logs_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	cwl "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/smithy-go"

	"github.com/poolgate/poolgate/internal/logs"
	"github.com/poolgate/poolgate/internal/store"
	"github.com/poolgate/poolgate/internal/wire"
	"github.com/poolgate/poolgate/internal/wire/model"
)

const (
	account = "123456789012"
	region  = "eu-west-1"
)

var epoch = time.Date(2026, 3, 1, 12, 30, 0, 0, time.UTC)

// world is a service with the SDK's own client in front of it, speaking AWS's protocol.
type world struct {
	*cwl.Client
	service *logs.Service
	now     time.Time
}

func newWorld(t testing.TB, groupBytes int64) *world {
	t.Helper()
	db, err := store.Open(context.Background(), store.Options{Location: ":memory:"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	w := &world{now: epoch}
	w.service = logs.New(logs.Config{Store: db, Now: func() time.Time { return w.now }, GroupBytes: groupBytes})
	t.Cleanup(w.service.Close)
	mux := wire.New(wire.Options{})
	mux.Register(&model.Logs, w.service)
	w.Client = cwl.New(cwl.Options{
		Region: region, BaseEndpoint: aws.String("http://127.0.0.1:4566"), RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider(account, "any", ""),
		HTTPClient:  &http.Client{Transport: wire.Transport(mux)},
	})
	return w
}

func must[T any](out T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
}

// refused expects an error by its code and its text.
func refused(t testing.TB, err error, code, message string) {
	t.Helper()
	var e smithy.APIError
	if !errors.As(err, &e) || e.ErrorCode() != code || e.ErrorMessage() != message {
		t.Errorf("answered %v, want %s: %s", err, code, message)
	}
}

func (w *world) group(t testing.TB, name string, streams ...string) {
	t.Helper()
	must(w.CreateLogGroup(t.Context(), &cwl.CreateLogGroupInput{LogGroupName: &name}))(t)
	for _, stream := range streams {
		must(w.CreateLogStream(t.Context(), &cwl.CreateLogStreamInput{LogGroupName: &name, LogStreamName: &stream}))(t)
	}
}

// event is one at so many seconds after the epoch of the tests.
func event(second int, message string) types.InputLogEvent {
	return types.InputLogEvent{Timestamp: millis(second), Message: &message}
}

func millis(second int) *int64 {
	return aws.Int64(epoch.Add(time.Duration(second) * time.Second).UnixMilli())
}

func (w *world) put(t testing.TB, group, stream string, events ...types.InputLogEvent) *cwl.PutLogEventsOutput {
	t.Helper()
	return must(w.PutLogEvents(t.Context(), &cwl.PutLogEventsInput{LogGroupName: &group, LogStreamName: &stream, LogEvents: events}))(t)
}

func messages(events []types.OutputLogEvent) []string {
	var all []string
	for _, e := range events {
		all = append(all, *e.Message)
	}
	return all
}

func filtered(events []types.FilteredLogEvent) []string {
	var all []string
	for _, e := range events {
		all = append(all, *e.Message)
	}
	return all
}
