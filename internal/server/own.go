package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/poolgate/poolgate/internal/clock"
	"github.com/poolgate/poolgate/internal/cognito"
	"github.com/poolgate/poolgate/internal/gateway/decision"
)

// own is what lives under /_poolgate/: health, clock, mailbox and decision records, as JSON. The guard has already decided who may ask.
type own struct {
	clock *clock.Clock
	// clockMayMove tells whether time may be moved at all: only while no access keys are configured.
	clockMayMove bool
	check        func(context.Context) error
	describe     func(ctx context.Context, requestID string) (*decision.Record, error)
	recent       func(n int, filter func(*decision.Record) bool) []*decision.Record
	mailbox      func(ctx context.Context, recipient string) ([]cognito.Message, error)
	minted       func(ctx context.Context, m cognito.Minting) (string, error)
}

// bodyLimit bounds what is read of a request to /_poolgate/, in bytes.
const bodyLimit = 4 << 10

// recordsAtOnce is how many decision records a list holds at the most.
const recordsAtOnce = 1000

func (o *own) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /health", answering(o.health))
	mux.HandleFunc("GET /clock", answering(o.readClock))
	mux.HandleFunc("PUT /clock", answering(o.moveClock))
	mux.HandleFunc("GET /requests", answering(o.requests))
	mux.HandleFunc("GET /requests/{id}", answering(o.request))
	mux.HandleFunc("GET /mailbox", answering(o.mail))
	mux.HandleFunc("POST /tokens", answering(o.mint))
	mux.HandleFunc("/", answering(nothing))
	return mux
}

// problem is an answer that says what is wrong and what to do.
type problem struct {
	status    int
	Message   string `json:"message"`
	Hint      string `json:"hint,omitempty"`
	permanent error
}

func (p *problem) Error() string { return p.Message }
func (p *problem) Unwrap() error { return p.permanent }

// answering turns a function that returns a value or an error into a handler; it alone writes.
func answering(run func(*http.Request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		value, err := run(r)
		status := http.StatusOK
		if err != nil {
			p := &problem{status: http.StatusInternalServerError, Message: "Internal server error"}
			errors.As(err, &p)
			status, value = p.status, p
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.WriteHeader(status)
		encoder := json.NewEncoder(w)
		encoder.SetEscapeHTML(false)
		_ = encoder.Encode(value)
	}
}

// nothing answers what is none of the addresses above, or not with that method.
func nothing(r *http.Request) (any, error) {
	return nil, &problem{status: http.StatusNotFound, Message: "there is no " + r.Method + " " + clipped(ownPrefix+strings.TrimPrefix(r.URL.Path, "/")),
		Hint: "there are GET health, clock, requests, requests/REQUEST_ID and mailbox?to=ADDRESS, PUT clock and POST tokens"}
}

func (o *own) health(r *http.Request) (any, error) {
	if err := o.check(r.Context()); err != nil {
		return nil, &problem{status: http.StatusServiceUnavailable, Message: "the store does not read and write", permanent: err}
	}
	return map[string]string{"status": "ok"}, nil
}

func (o *own) clockNow() any {
	return map[string]any{"now": o.clock.Now().UTC().Format(time.RFC3339Nano), "offset": o.clock.Offset().Round(time.Millisecond).String()}
}

func (o *own) readClock(*http.Request) (any, error) { return o.clockNow(), nil }

// moveClock takes {"advance":"2h"} or {"now":"2030-01-01T00:00:00Z"}. It moves tokens, codes and sessions, not the Date header, SigV4 or TLS.
func (o *own) moveClock(r *http.Request) (any, error) {
	const hint = `send {"advance":"2h"} or {"now":"2030-01-01T00:00:00Z"}`
	if !o.clockMayMove || !onLoopback(r) {
		return nil, &problem{status: http.StatusForbidden, Message: "the clock moves on loopback only, and only while no access keys are configured"}
	}
	raw, err := io.ReadAll(io.LimitReader(r.Body, bodyLimit))
	if err != nil {
		return nil, &problem{status: http.StatusBadRequest, Message: "the body could not be read", permanent: err}
	}
	var move struct {
		Advance string `json:"advance"`
		Now     string `json:"now"`
	}
	if err := json.Unmarshal(raw, &move); err != nil || (move.Advance == "") == (move.Now == "") {
		return nil, &problem{status: http.StatusBadRequest, Message: "the clock needs either advance or now", Hint: hint, permanent: err}
	}
	if move.Now != "" {
		now, err := time.Parse(time.RFC3339Nano, move.Now)
		if err != nil {
			return nil, &problem{status: http.StatusBadRequest, Message: "now is not an RFC 3339 time", Hint: hint, permanent: err}
		}
		return o.moveTo(now)
	}
	by, err := time.ParseDuration(move.Advance)
	if err != nil {
		return nil, &problem{status: http.StatusBadRequest, Message: "advance is not a duration", Hint: hint, permanent: err}
	}
	// 292 years more or less, at the most, so that the sum is a time.
	return o.moveTo(o.clock.Now().Add(by))
}

// The first and the last year that the clock may be moved to. A Go duration spans 292 years, and what is made at such a time
// expires years after it.
const firstYear, lastYear = 1970, 2200

func (o *own) moveTo(now time.Time) (any, error) {
	if year := now.Year(); year < firstYear || year > lastYear {
		return nil, &problem{status: http.StatusBadRequest, Message: fmt.Sprintf("the clock moves between the years %d and %d", firstYear, lastYear)}
	}
	o.clock.Set(now)
	return o.clockNow(), nil
}

func (o *own) request(r *http.Request) (any, error) {
	record, err := o.describe(r.Context(), r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	if record == nil {
		return nil, &problem{status: http.StatusNotFound, Message: "no such request among the last ones",
			Hint: "the id is in the answer's x-amzn-RequestId header"}
	}
	return record, nil
}

func (o *own) requests(r *http.Request) (any, error) {
	limit := 100
	if asked := r.URL.Query().Get("limit"); asked != "" {
		n, err := strconv.Atoi(asked)
		if err != nil || n < 1 || n > recordsAtOnce {
			return nil, &problem{status: http.StatusBadRequest, Message: "limit must be a number from 1 to " + strconv.Itoa(recordsAtOnce), permanent: err}
		}
		limit = n
	}
	return map[string]any{"requests": o.recent(limit, nil)}, nil
}

func (o *own) mail(r *http.Request) (any, error) {
	if !onLoopback(r) {
		return nil, &problem{status: http.StatusForbidden, Message: "the mailbox opens on loopback only"}
	}
	to := r.URL.Query().Get("to")
	if to == "" {
		return nil, &problem{status: http.StatusBadRequest, Message: "whose mail?", Hint: "ask /_poolgate/mailbox?to=jo@example.com"}
	}
	messages, err := o.mailbox(r.Context(), to)
	if err != nil {
		return nil, err
	}
	return map[string]any{"messages": messages}, nil
}
