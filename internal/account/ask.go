package account

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

const (
	// mostDelay is the longest that is waited between two repetitions.
	mostDelay = 5 * time.Second
	// mostFailures is how often a call is sent that gets no answer, or one that says that the service is broken.
	mostFailures = 3
	// mostBytes bounds one answer: an export of 10,000 paths is some 20 MiB.
	mostBytes = 64 << 20
	// longestMessage bounds what a gap repeats of a service's text, in bytes.
	longestMessage = 300
)

// question is one thing to ask.
type question struct {
	// operation and permission are as Gap has them.
	operation, permission string
	// page tells the pages of one list apart.
	page string
	// pages is how many pages of a list are read, where that is more than mostPages.
	pages int
	// public needs no credentials.
	public bool
}

// asked is a question that was asked, or is being asked now.
type asked struct {
	done  chan struct{}
	value any
	// there is false for what the service says there is not, and for what could not be read; gap is set then.
	there bool
	gap   *Gap
	err   error
}

// ask asks once in a Reader's life. there is false for what the service does not have (absent) and for what could not be read, which
// has become a gap. The error is the context's own.
func ask[T any](ctx context.Context, r *Reader, q question, run func(context.Context) (T, error)) (value T, there, absent bool, err error) {
	key := q.operation + " " + q.permission + " " + q.page
	r.mu.Lock()
	a, known := r.asked[key]
	if !known {
		a = &asked{done: make(chan struct{})}
		r.asked[key] = a
	}
	r.mu.Unlock()
	if !known {
		a.value, a.gap, a.err = r.answer(ctx, q, func(ctx context.Context) (any, error) { return run(ctx) })
		a.there = a.value != nil
		if a.err != nil { // whoever asks next may have more time
			r.mu.Lock()
			delete(r.asked, key)
			r.mu.Unlock()
		}
		if a.gap != nil {
			r.gap(*a.gap)
		}
		close(a.done)
	}
	select {
	case <-a.done:
	case <-ctx.Done():
		return value, false, false, ctx.Err()
	}
	if a.err != nil || !a.there {
		return value, false, a.gap == nil, a.err
	}
	return a.value.(T), true, false, nil
}

// answer asks until there is an answer, or no more time.
func (r *Reader) answer(ctx context.Context, q question, run func(context.Context) (any, error)) (any, *Gap, error) {
	if r.noCredentials != nil && !q.public {
		return nil, &Gap{q.operation, q.permission, GapCredentials, oneLine(r.noCredentials.Error())}, nil
	}
	select {
	case r.slots <- struct{}{}:
		defer func() { <-r.slots }()
	case <-ctx.Done():
		return nil, nil, ctx.Err()
	}
	bounded, cancel := context.WithTimeout(ctx, r.options.Budget)
	defer cancel()
	var gap *Gap
	for attempt, delay := 1, r.options.FirstDelay; ; attempt, delay = attempt+1, min(2*delay, mostDelay) {
		value, err := run(bounded)
		if err == nil {
			r.gaveUp.Store(false)
			return value, nil, nil
		}
		if ctx.Err() != nil {
			return nil, nil, ctx.Err()
		}
		if isAbsent(err) {
			return nil, nil, nil
		}
		if gap == nil || bounded.Err() == nil { // running out of time tells less than what was answered before
			gap = &Gap{q.operation, q.permission, kindOf(err), messageOf(err)}
		}
		again := gap.Kind == GapThrottled && !r.gaveUp.Load() || attempt < mostFailures && mayPass(err)
		if !again || !sleep(bounded, delay) {
			if gap.Kind == GapThrottled { // what is asked next has no better chance, and waiting for each would add up
				r.gaveUp.Store(true)
			}
			return nil, gap, ctx.Err()
		}
	}
}

// sleep waits for about so long, and tells whether there is time left after.
func sleep(ctx context.Context, delay time.Duration) bool {
	timer := time.NewTimer(delay/2 + rand.N(delay/2+1))
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}

// sortedGaps are the gaps by operation and permission.
func sortedGaps(gaps []Gap) []Gap {
	list := slices.Clone(gaps)
	slices.SortFunc(list, func(a, b Gap) int {
		if a.Operation != b.Operation {
			return strings.Compare(a.Operation, b.Operation)
		}
		return strings.Compare(a.Permission, b.Permission)
	})
	return slices.CompactFunc(list, func(a, b Gap) bool { return a.Operation == b.Operation && a.Permission == b.Permission })
}

var errTooLong = fmt.Errorf("the answer is longer than %d MiB", mostBytes>>20)

// bounded is a client whose answers end.
type bounded struct{ client aws.HTTPClient }

// Do implements aws.HTTPClient.
func (b bounded) Do(r *http.Request) (*http.Response, error) {
	response, err := b.client.Do(r)
	if err == nil && response.Body != nil {
		response.Body = &limited{ReadCloser: response.Body, left: mostBytes}
	}
	return response, err
}

type limited struct {
	io.ReadCloser
	left int64
}

// Read implements io.Reader.
func (l *limited) Read(p []byte) (int, error) {
	if l.left <= 0 {
		return 0, errTooLong
	}
	n, err := l.ReadCloser.Read(p[:min(int64(len(p)), l.left)])
	l.left -= int64(n)
	return n, err
}

// partition is the one that a region is in.
func partition(region string) string {
	switch {
	case strings.HasPrefix(region, "cn-"):
		return "aws-cn"
	case strings.HasPrefix(region, "us-gov-"):
		return "aws-us-gov"
	}
	return "aws"
}

// gateway is a question to API Gateway, whose permissions are HTTP methods on paths.
func (r *Reader) gateway(operation, path string) question {
	return question{
		operation:  "apigateway:" + operation,
		permission: "apigateway:GET on arn:" + partition(r.config.Region) + ":apigateway:" + r.config.Region + "::" + path,
	}
}
