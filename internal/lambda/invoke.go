package lambda

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/google/uuid"

	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/lambda/worker"
	"github.com/poolgate/poolgate/internal/wire"
)

// AWS's bounds of an event: 6 MB when the caller waits, 1 MB when not [D].
const (
	maxPayload = 6 * 1024 * 1024
	maxEvent   = 1024 * 1024
)

// ordinaryTimeout is what a function may take without the server giving its caller more time than other callers have; and it
// is the time for a process to be found and the answer to be taken.
const ordinaryTimeout = time.Minute

// unhandled is the FunctionError of every function that failed: only runtimes that are gone said Handled.
const unhandled = "Unhandled"

// Invoke runs a function: the caller waits, or leaves the event, or asks whether it might.
func (s *Service) Invoke(ctx context.Context, in *lambda.InvokeInput) (*lambda.InvokeOutput, error) {
	call := wire.CallFrom(ctx)
	r, err := refer(call, in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	if err := checkPayload(in.Payload, in.InvocationType == types.InvocationTypeEvent); err != nil {
		return nil, err
	}
	f, err := s.resolve(ctx, r)
	if err != nil {
		return nil, err
	}
	request := worker.Request{ID: call.RequestID, ARN: r.arn(), Payload: orEmpty(in.Payload)}
	if request.ID == "" {
		request.ID = uuid.NewString()
	}
	if client := aws.ToString(in.ClientContext); client != "" {
		text, err := base64.StdEncoding.DecodeString(client)
		if err != nil || !json.Valid(text) || strings.ContainsAny(string(text), "\r\n") {
			return nil, user(fault.Invalid("InvalidRequestContentException", "Client context must be a valid Base64-encoded JSON object."))
		}
		request.ClientContext = string(text)
	}
	switch in.InvocationType {
	case types.InvocationTypeDryRun:
		return &lambda.InvokeOutput{StatusCode: http.StatusNoContent}, nil
	case types.InvocationTypeEvent:
		if err := s.enqueue(ctx, f, request); err != nil {
			return nil, err
		}
		return &lambda.InvokeOutput{StatusCode: http.StatusAccepted, Payload: []byte{}}, nil
	}
	request.Tail = in.LogType == types.LogTypeTail
	t := f.choose()
	if t.spec.Timeout > ordinaryTimeout {
		wire.MoreTime(ctx, t.spec.Timeout+ordinaryTimeout)
	}
	result, err := s.run(ctx, t, request)
	if err != nil {
		return nil, err
	}
	out := &lambda.InvokeOutput{StatusCode: http.StatusOK, Payload: result.Payload, ExecutedVersion: aws.String(t.spec.Version)}
	if request.Tail {
		out.LogResult = aws.String(base64.StdEncoding.EncodeToString(result.Tail))
	}
	if result.Failed {
		out.FunctionError = aws.String(unhandled)
	}
	return out, nil
}

func orEmpty(payload []byte) []byte {
	if len(payload) == 0 {
		return []byte("{}")
	}
	return payload
}

func checkPayload(payload []byte, event bool) error {
	limit := maxPayload
	if event {
		limit = maxEvent
	}
	if len(payload) > limit {
		return user(fault.TooLarge("RequestTooLargeException", "Request must be smaller than %d bytes for the InvokeFunction operation", limit))
	}
	if len(payload) > 0 && !json.Valid(payload) {
		return user(fault.Invalid("InvalidRequestContentException", "Could not parse request body into json: %s", whyInvalid(payload)))
	}
	return nil
}

// whyInvalid says what is wrong with a text that is not JSON.
func whyInvalid(payload []byte) string {
	var value json.RawMessage
	if err := json.Unmarshal(payload, &value); err != nil {
		return err.Error()
	}
	return "it is not JSON"
}

// Call runs a function for another service of this server, if the function's resource policy admits who calls.
func (s *Service) Call(ctx context.Context, in Invocation) (Answer, error) {
	r, ok := parseARN(in.Function)
	if !ok {
		return Answer{}, invalid("Invalid function name: %s", in.Function)
	}
	if err := checkPayload(in.Payload, in.Async); err != nil {
		return Answer{}, err
	}
	f, err := s.resolve(ctx, r)
	if err != nil {
		return Answer{}, err
	}
	if caller, admitted := f.admits(&in); !admitted {
		return Answer{}, fault.Forbidden("AccessDeniedException",
			"User: %s is not authorized to perform: lambda:InvokeFunction on resource: %s because no resource-based policy allows the lambda:InvokeFunction action",
			caller, r.arn()).Becausef("no statement of the function's policy admits %s for %s", caller, in.SourceARN)
	}
	request := worker.Request{ID: uuid.NewString(), ARN: r.arn(), Payload: orEmpty(in.Payload)}
	if in.Async {
		return Answer{}, s.enqueue(ctx, f, request)
	}
	result, err := s.run(ctx, f.choose(), request)
	if err != nil {
		return Answer{}, err
	}
	out := Answer{Payload: result.Payload, Failed: result.Failed}
	if result.Failed {
		out.Kind = unhandled
	}
	return out, nil
}

// run gives an event to a process, or to the endpoint that stands for the function.
func (s *Service) run(ctx context.Context, t *target, request worker.Request) (worker.Result, error) {
	if t.endpoint != "" {
		return s.post(ctx, t, request)
	}
	spec, err := t.specFor()
	if err != nil {
		return worker.Result{}, err
	}
	if request.Ended, err = s.holdCode(ctx, t.sets); err != nil {
		return worker.Result{}, err
	}
	result, err := s.pool.Invoke(ctx, spec, request)
	return result, refusal(err)
}

var (
	errThrottled = user(fault.Throttled("TooManyRequestsException", "Rate Exceeded.")).With("Reason", "ReservedFunctionConcurrentInvocationLimitExceeded")
	errBusy      = user(fault.Throttled("TooManyRequestsException", "Rate Exceeded.")).With("Reason", "ConcurrentInvocationLimitExceeded")
)

// refusal says in AWS's terms why an event reached no function.
func refusal(err error) error {
	var missing *worker.RuntimeError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, worker.ErrReserved):
		return errThrottled.Because(err)
	case errors.Is(err, worker.ErrBusy):
		return errBusy.Because(err)
	case errors.Is(err, worker.ErrClosed):
		return fault.Unavailable("ServiceException", "The server is stopping").Because(err)
	case errors.As(err, &missing):
		return user(&fault.Error{Kind: fault.KindUnavailable, Code: "InvalidRuntimeException", Cause: err,
			Message: "The runtime " + missing.Runtime + " cannot be run here: " + missing.Problem})
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return fault.Unavailable("ServiceException", "The caller did not wait for the function").Because(err)
	}
	return fault.Internal(err)
}
