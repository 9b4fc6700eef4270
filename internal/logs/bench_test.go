package logs_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cwl "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"

	"github.com/poolgate/poolgate/internal/logs"
	"github.com/poolgate/poolgate/internal/store"
)

// BenchmarkWrite is what a line costs whoever writes it as fast as it can; most find no room and are dropped.
func BenchmarkWrite(b *testing.B) {
	db, err := store.Open(context.Background(), store.Options{Location: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	service := logs.New(logs.Config{Store: db})
	line := logs.Line{Account: account, Region: region, Group: "g", Stream: "s", Message: strings.Repeat("x", 150)}
	b.ReportAllocs()
	for b.Loop() {
		line.Time = time.Now()
		service.Write(line)
	}
	b.StopTimer()
	service.Close()
	b.ReportMetric(float64(service.Dropped())/float64(b.N), "dropped/op")
}

// BenchmarkFilter reads the latest minute of a group of 50,000 events.
func BenchmarkFilter(b *testing.B) {
	w := newWorld(b, 0)
	for i := range 50_000 {
		w.service.Write(logs.Line{Account: account, Region: region, Group: "g", Stream: "s", Time: epoch.Add(time.Duration(i-50_000) * time.Second), Message: strings.Repeat("x", 150)})
	}
	w.service.Close()
	in := &cwl.FilterLogEventsInput{LogGroupName: aws.String("g"), StartTime: millis(-60)}
	for b.Loop() {
		if out, err := w.FilterLogEvents(b.Context(), in); err != nil || len(out.Events) != 60 {
			b.Fatal(err, len(out.Events))
		}
	}
}
