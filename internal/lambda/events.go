package lambda

import (
	"context"
	"encoding/json"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/lambda/worker"
)

// mostEvents bounds the events that wait or run without a caller on a node. They are in the store, too: when a node stops,
// another one, or the same when it starts again, goes on with them.
const mostEvents = 1000

// events are the invocations that nobody waits for.
type events struct {
	retryAfter []time.Duration
	// node is this one's name in the store; lease how long it counts as alive after its last sign of life.
	node   string
	lease  time.Duration
	slots  chan struct{}
	ctx    context.Context //nolint:containedctx // it is the events' own life, not a call's
	cancel context.CancelFunc

	mu      sync.Mutex
	closed  bool
	running sync.WaitGroup
}

func newEvents(retryAfter []time.Duration, lease time.Duration) *events {
	if retryAfter == nil {
		retryAfter = []time.Duration{time.Minute, 2 * time.Minute} // [D]
	}
	if lease <= 0 {
		lease = 15 * time.Second
	}
	e := &events{retryAfter: retryAfter, node: uuid.NewString(), lease: lease, slots: make(chan struct{}, mostEvents)}
	e.ctx, e.cancel = context.WithCancel(context.Background())
	return e
}

// close stops taking events and gives up those that wait; wait returns when the last has ended.
func (e *events) close() {
	e.mu.Lock()
	e.closed = true
	e.mu.Unlock()
	e.cancel()
}

func (e *events) wait() { e.running.Wait() }

// enqueue takes an event, durably; it runs by itself from here on.
func (s *Service) enqueue(ctx context.Context, f *resolved, request worker.Request) error {
	e := s.events
	select {
	case e.slots <- struct{}{}:
	default:
		return errBusy.Becausef("%d events wait already", mostEvents)
	}
	kept := s.newEvent(f.reference, request)
	if err := s.keepEvent(ctx, request.ID, kept); err != nil {
		<-e.slots
		return err
	}
	if !s.begin(f.reference, request, kept) {
		<-e.slots
		return fault.Unavailable("ServiceException", "The server is stopping")
	}
	return nil
}

// begin runs an event that has a slot, unless the server is stopping.
func (s *Service) begin(r reference, request worker.Request, kept *event) bool {
	e := s.events
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return false
	}
	e.running.Go(func() {
		defer func() { <-e.slots }()
		if s.deliver(r, request, kept) {
			s.forgetEvent(request.ID)
		}
	})
	return true
}

// throttlePause is how long an event waits that found no process, at first; it doubles up to five minutes [D].
const (
	throttlePause    = time.Second
	throttlePauseMax = 5 * time.Minute
)

// deliver runs an event until it succeeds, its attempts are used up, or it is too old: then it is over. Being throttled uses
// up no attempt. It is not over when the server stops.
func (s *Service) deliver(r reference, request worker.Request, kept *event) (over bool) {
	ctx := s.events.ctx
	pause := throttlePause
	for {
		// The function may have changed since the last attempt.
		f, err := s.resolve(ctx, r)
		if fault.Is(err, "ResourceNotFoundException") {
			return true // it is gone, and nobody is left to tell
		}
		if err != nil {
			if !s.events.pause(throttlePause) {
				return false
			}
			continue
		}
		t := f.choose()
		result, err := s.run(ctx, t, request)
		var wait time.Duration
		switch {
		case ctx.Err() != nil:
			return false
		case fault.Is(err, "TooManyRequestsException"):
			wait, pause = pause, min(2*pause, throttlePauseMax)
		case err == nil && !result.Failed:
			s.tellDestination(f, t, f.onDone, "Success", kept.Attempt, request, result)
			return true
		case kept.Attempt > f.retries:
			s.tellDestination(f, t, f.onFailed, "RetriesExhausted", kept.Attempt, request, result)
			return true
		default:
			wait = s.events.retryAfter[min(kept.Attempt, len(s.events.retryAfter))-1]
			kept.Attempt++
			s.noteAttempt(request.ID, kept)
		}
		if time.Since(kept.Born)+wait > f.maxAge {
			s.tellDestination(f, t, f.onFailed, "EventAgeExceeded", kept.Attempt, request, result)
			return true
		}
		if !s.events.pause(wait) {
			return false
		}
	}
}

// pause waits; it is false when the server stops meanwhile.
func (e *events) pause(wait time.Duration) bool {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-e.ctx.Done():
		return false
	}
}

// destinationRecord is what a destination is told [D].
type destinationRecord struct {
	Version         string          `json:"version"`
	Timestamp       string          `json:"timestamp"`
	RequestContext  requestContext  `json:"requestContext"`
	RequestPayload  json.RawMessage `json:"requestPayload"`
	ResponseContext responseContext `json:"responseContext"`
	ResponsePayload json.RawMessage `json:"responsePayload"`
}

type requestContext struct {
	RequestID              string `json:"requestId"`
	FunctionARN            string `json:"functionArn"`
	Condition              string `json:"condition"`
	ApproximateInvokeCount int    `json:"approximateInvokeCount"`
}

type responseContext struct {
	StatusCode      int    `json:"statusCode"`
	ExecutedVersion string `json:"executedVersion"`
	FunctionError   string `json:"functionError,omitempty"`
}

// tellDestination tells another function what became of an event. Destinations of other services are stored and not served.
func (s *Service) tellDestination(f *resolved, t *target, destination, condition string, attempts int, request worker.Request, result worker.Result) {
	if destination == "" {
		return
	}
	record := destinationRecord{
		Version: "1.0", Timestamp: time.Now().UTC().Format("2006-01-02T15:04:05.000Z"),
		RequestContext: requestContext{request.ID, f.reference.with(t.spec.Version).arn(), condition, attempts},
		RequestPayload: request.Payload, ResponseContext: responseContext{StatusCode: 200, ExecutedVersion: t.spec.Version},
		ResponsePayload: result.Payload,
	}
	if result.Failed {
		record.ResponseContext.FunctionError = unhandled
	}
	if !json.Valid(record.ResponsePayload) {
		record.ResponsePayload = json.RawMessage("null")
	}
	payload, err := json.Marshal(record)
	if err == nil && strings.Contains(destination, ":lambda:") {
		_, err = s.Call(s.events.ctx, Invocation{Function: destination, SourceARN: f.reference.arn(), Payload: payload, Async: true})
	} else if err == nil {
		s.log.Warn("an event's destination is not served here", "destination", destination)
		return
	}
	if err != nil {
		s.log.Warn("an event's destination was not told", "destination", destination, "error", err)
	}
}
