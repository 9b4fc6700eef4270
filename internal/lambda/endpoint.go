package lambda

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/poolgate/poolgate/internal/lambda/worker"
)

// endpointClient calls functions that are plain HTTP endpoints. It follows no redirect: an event goes where it was said to.
func endpointClient() *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			MaxIdleConnsPerHost: 100, IdleConnTimeout: time.Minute, TLSHandshakeTimeout: 10 * time.Second, MaxResponseHeaderBytes: 64 << 10,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// post gives an event to an endpoint: its body is the event, the answer's body the result. A status of 300 and above, or the
// header that Lambda itself sends, says that the function failed.
func (s *Service) post(ctx context.Context, t *target, request worker.Request) (worker.Result, error) {
	ctx, cancel := context.WithTimeout(ctx, t.spec.Timeout)
	defer cancel()
	call, err := http.NewRequestWithContext(ctx, http.MethodPost, t.endpoint, bytes.NewReader(request.Payload))
	if err != nil {
		return worker.Result{}, err
	}
	call.Header.Set("Content-Type", "application/json")
	call.Header.Set("Lambda-Runtime-Aws-Request-Id", request.ID)
	call.Header.Set("Lambda-Runtime-Invoked-Function-Arn", request.ARN)
	out, err := s.client.Do(call)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return endpointFailure("Sandbox.Timedout", "RequestId: %s Error: Task timed out after %.2f seconds", request.ID, t.spec.Timeout.Seconds()), nil
	case err != nil:
		return endpointFailure("Runtime.ExitError", "RequestId: %s Error: %s", request.ID, err), nil
	}
	defer func() { _ = out.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(out.Body, maxPayload+1))
	switch {
	case err != nil:
		return endpointFailure("Runtime.TruncatedResponse", "RequestId: %s Error: %s", request.ID, err), nil
	case len(body) > maxPayload:
		return endpointFailure("Function.ResponseSizeTooLarge", "Response payload size exceeded maximum allowed payload size (6291556 bytes)."), nil
	}
	failed := out.StatusCode >= http.StatusMultipleChoices || out.Header.Get("X-Amz-Function-Error") != ""
	if failed && !json.Valid(body) {
		return endpointFailure("Runtime.ExitError", "RequestId: %s Error: the endpoint answered %s", request.ID, out.Status), nil
	}
	return worker.Result{Payload: body, Failed: failed}, nil
}

func endpointFailure(kind, format string, args ...any) worker.Result {
	text, err := json.Marshal(map[string]string{"errorType": kind, "errorMessage": fmt.Sprintf(format, args...)})
	if err != nil {
		text = []byte(`{}`)
	}
	return worker.Result{Payload: text, Failed: true}
}
