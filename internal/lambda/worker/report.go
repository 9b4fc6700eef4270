package worker

import (
	"encoding/json"
	"fmt"
	"time"
)

// platformEvent is a line that the platform writes about an event, in the JSON format. Its shapes are those of the Telemetry
// API's events of the same name, as far as they are known here [D].
type platformEvent struct {
	Time   string `json:"time"`
	Type   string `json:"type"`
	Record any    `json:"record"`
}

type startRecord struct {
	RequestID string `json:"requestId"`
	Version   string `json:"version"`
}

type reportRecord struct {
	RequestID string        `json:"requestId"`
	Metrics   reportMetrics `json:"metrics"`
	Status    string        `json:"status"`
}

type reportMetrics struct {
	Duration  float64 `json:"durationMs"`
	Billed    int64   `json:"billedDurationMs"`
	Memory    int     `json:"memorySizeMB"`
	MaxMemory int     `json:"maxMemoryUsedMB"`
	Init      float64 `json:"initDurationMs,omitempty"`
}

// systemLevels order the levels of the platform's lines: what is of a level is written from that level down.
var systemLevels = map[string]int{"DEBUG": 0, "INFO": 1, "WARN": 2}

// platform writes a line about an event, unless the function wants only what is worse.
func (o *output) platform(level, kind string, record any) {
	if systemLevels[level] < systemLevels[o.spec.Logging.System] {
		return
	}
	now := time.Now()
	text, err := json.Marshal(platformEvent{now.UTC().Format("2006-01-02T15:04:05.000Z"), kind, record})
	if err == nil {
		o.line(now, string(text))
	}
}

// begin starts an event's part of the log.
func (o *output) begin(t *task) {
	o.mu.Lock()
	o.keep, o.last = t.request.Tail, o.last[:0]
	o.mu.Unlock()
	if o.spec.Logging.JSON {
		o.platform("INFO", "platform.start", startRecord{t.request.ID, o.spec.Version})
		return
	}
	o.line(time.Now(), "START RequestId: "+t.request.ID+" Version: "+o.spec.Version)
}

// end ends it. Status is success, failure or timeout.
func (o *output) end(t *task, took, start time.Duration, status string) {
	ms := float64(took.Microseconds()) / 1000
	billed := int64((took + time.Millisecond - 1) / time.Millisecond)
	initMs := float64(start.Microseconds()) / 1000
	used := memoryUsed(o.pid)
	if o.spec.Logging.JSON {
		level := "INFO"
		if status != "success" {
			level = "WARN"
		}
		o.platform(level, "platform.report", reportRecord{t.request.ID, reportMetrics{ms, billed, o.spec.MemoryMB, used, initMs}, status})
		return
	}
	text := fmt.Sprintf("REPORT RequestId: %s\tDuration: %.2f ms\tBilled Duration: %d ms\tMemory Size: %d MB\tMax Memory Used: %d MB\t",
		t.request.ID, ms, billed, o.spec.MemoryMB, used)
	if start > 0 {
		text += fmt.Sprintf("Init Duration: %.2f ms\t", initMs)
	}
	o.line(time.Now(), "END RequestId: "+t.request.ID)
	o.line(time.Now(), text)
}

// statusOf is how an event ended, for its report.
func (w *process) statusOf(r Result) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.why == causeTimeout && r.Failed:
		return "timeout"
	case r.Failed:
		return "failure"
	}
	return "success"
}
