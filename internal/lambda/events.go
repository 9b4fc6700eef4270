package lambda

import (
	"context"
	"encoding/json"
	"strings"
	"sync"
	"time"

	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/lambda/worker"
)

// mostEvents bounds the events that wait or run without a caller. They are kept in memory: a server that stops forgets them.
const mostEvents = 1000

// events are the invocations that nobody waits for.
type events struct {
	retryAfter []time.Duration
	slots      chan struct{}
	ctx        context.Context //nolint:containedctx // it is the events' own life, not a call's
	cancel     context.CancelFunc

	mu      sync.Mutex
	closed  bool
	running sync.WaitGroup
}

func newEvents(retryAfter []time.Duration) *events {
	if retryAfter == nil {
		retryAfter = []time.Duration{time.Minute, 2 * time.Minute} // [D]
	}
	e := &events{retryAfter: retryAfter, slots: make(chan struct{}, mostEvents)}
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

// enqueue takes an event; it runs by itself from here on.
func (s *Service) enqueue(f *resolved, request worker.Request) error {
	e := s.events
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return fault.Unavailable("ServiceException", "The server is stopping")
	}
	select {
	case e.slots <- struct{}{}:
	default:
		return errBusy.Becausef("%d events wait already", mostEvents)
	}
	e.running.Go(func() {
		defer func() { <-e.slots }()
		s.deliver(f, request)
	})
	return nil
}

// throttlePause is how long an event waits that found no process, at first; it doubles up to five minutes [D].
const (
	throttlePause    = time.Second
	throttlePauseMax = 5 * time.Minute
)

// deliver runs an event until it succeeds, its attempts are used up, or it is too old. Being throttled uses up no attempt.
func (s *Service) deliver(f *resolved, request worker.Request) {
	ctx := s.events.ctx
	born := time.Now()
	pause := throttlePause
	for attempt := 1; ; {
		// The function may have changed since the last attempt.
		if current, err := s.resolve(ctx, f.reference); err == nil {
			f = current
		}
		t := f.choose()
		result, err := s.run(ctx, t, request)
		var wait time.Duration
		switch {
		case ctx.Err() != nil:
			return
		case fault.Is(err, "TooManyRequestsException"):
			wait, pause = pause, min(2*pause, throttlePauseMax)
		case err == nil && !result.Failed:
			s.tellDestination(f, t, f.onDone, "Success", attempt, request, result)
			return
		case attempt > f.retries:
			s.tellDestination(f, t, f.onFailed, "RetriesExhausted", attempt, request, result)
			return
		default:
			wait = s.events.retryAfter[min(attempt, len(s.events.retryAfter))-1]
			attempt++
		}
		if time.Since(born)+wait > f.maxAge {
			s.tellDestination(f, t, f.onFailed, "EventAgeExceeded", attempt, request, result)
			return
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return
		}
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
		_, err = s.Call(s.events.ctx, Invocation{Function: destination, Payload: payload, Async: true})
	} else if err == nil {
		s.log.Warn("an event's destination is not served here", "destination", destination)
		return
	}
	if err != nil {
		s.log.Warn("an event's destination was not told", "destination", destination, "error", err)
	}
}
