package lambda

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/lambda/worker"
	"github.com/poolgate/poolgate/internal/wire"
	"github.com/poolgate/poolgate/internal/wire/sigv4"
)

// URLTarget is what a request's address says: the name of a function's URL, and the escaped path that the function sees.
type URLTarget struct{ ID, Path string }

// urlCall is one request at a function's address.
type urlCall struct {
	*Service
	w      http.ResponseWriter
	r      *http.Request
	target URLTarget
	served *servedURL
	id     string
	// caller is who signed; nil for anybody.
	caller *urlCaller
	body   []byte
}

// urlCaller is who signed a request.
type urlCaller struct{ accessKey, account, principal string }

// ServeURL answers a request at a function's URL.
func (s *Service) ServeURL(w http.ResponseWriter, r *http.Request, target URLTarget) {
	c := &urlCall{Service: s, w: w, r: r, target: target, id: uuid.NewString()}
	w.Header().Set("x-amzn-RequestId", c.id)
	if err := c.serve(); err != nil {
		c.refuse(err)
	}
}

// whyForbidden is what AWS has told since October 2025.
const whyForbidden = "Forbidden. For troubleshooting Function URL authorization issues, see: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"

var errForbidden = fault.Forbidden("AccessDeniedException", whyForbidden)

func (c *urlCall) serve() error {
	var err error
	if c.served, err = c.Service.served(c.r.Context(), c.target.ID); err != nil {
		return err
	}
	if c.served == nil {
		return errForbidden.Becausef("no function has the URL %q", c.target.ID)
	}
	if c.preflight() {
		return nil
	}
	c.body, err = io.ReadAll(http.MaxBytesReader(c.w, c.r.Body, maxPayload))
	if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) {
		return fault.TooLarge("RequestEntityTooLargeException", "Request must be smaller than %d bytes for the InvokeFunction operation", maxPayload)
	}
	if err != nil {
		return fault.Malformed("InvalidRequestContentException", "Could not read request body").Because(err)
	}
	if err := c.permit(); err != nil {
		return err
	}
	return c.invoke()
}

// permit asks the signature, if one is wanted, and the function's policy.
func (c *urlCall) permit() error {
	if !c.served.signed {
		if !c.served.permits("", "") {
			return errForbidden.Becausef("no statement of the function's policy lets anybody invoke its URL")
		}
		return nil
	}
	scope, signed := sigv4.ScopeOf(c.r)
	if !signed || c.callers == nil {
		return errForbidden.Becausef("the request carries no signature")
	}
	if lookup, enforced := c.callers.Lookup(c.r); enforced {
		if err := sigv4.Verify(c.r, c.body, "lambda", c.served.reference.region, lookup, time.Now()); err != nil {
			return err
		}
		if sigv4.Ambiguous(c.r) {
			return errForbidden.Becausef("the signature would hold for another path, too")
		}
	}
	caller := &urlCaller{accessKey: scope.AccessKeyID}
	caller.account, caller.principal = c.callers.Caller(scope.AccessKeyID)
	c.caller = caller
	// Within an account the caller's own policies decide, and here every key of it may do everything.
	if caller.account != c.served.reference.account && !c.served.permits(caller.account, caller.principal) {
		return errForbidden.Becausef("no statement of the function's policy lets account %s invoke its URL", caller.account)
	}
	return nil
}

// invoke gives the request to the function and its answer to the client.
func (c *urlCall) invoke() error {
	event, err := json.Marshal(c.event(time.Now()))
	if err != nil {
		return err
	}
	if len(event) > maxEventText {
		return fault.TooLarge("RequestEntityTooLargeException", "Request must be smaller than %d bytes for the InvokeFunction operation", maxPayload)
	}
	f, err := c.resolve(c.r.Context(), c.served.reference)
	if err != nil {
		return err
	}
	t := f.choose()
	if t.spec.Timeout > ordinaryTimeout {
		wire.Extend(http.NewResponseController(c.w), t.spec.Timeout+ordinaryTimeout)
	}
	request := worker.Request{ID: c.id, ARN: c.served.reference.arn(), Payload: event}
	if c.served.streams {
		return c.stream(t, request)
	}
	result, err := c.run(c.r.Context(), t, request)
	if err != nil {
		return err
	}
	return c.tell(result)
}

// tell answers the client with what the function gave as a whole.
func (c *urlCall) tell(result worker.Result) error {
	answer, err := urlAnswerOf(result)
	if err != nil {
		c.log.Info("a function's URL got no answer", "function", c.served.reference.arn(), "request", c.id, "problem", err.Error())
		return badGateway.Because(err)
	}
	return c.write(answer)
}

// maxEventText bounds an event: a body of 6 MB in base64, and what is around it.
const maxEventText = maxPayload/3*4 + 2<<20

var badGateway = &fault.Error{Kind: fault.KindUnavailable, Code: "InternalFailure", Message: "Internal Server Error"}

// refuse writes an error as the front of functions' URLs does: {"Message":…}, and plain text where the function failed.
func (c *urlCall) refuse(err error) {
	e := fault.From(err)
	if e.Kind == fault.KindInternal {
		c.log.Error("a function's URL", "request", c.id, "error", e.Cause)
	}
	header := c.w.Header()
	status, body := e.Kind.Status(), []byte(e.Message)
	switch {
	case errors.Is(e.Cause, context.Canceled):
		return // nobody listens
	case e.Code == badGateway.Code, e.Kind == fault.KindInternal:
		if status = http.StatusBadGateway; e.Kind == fault.KindInternal {
			body = []byte(badGateway.Message)
		}
		header.Set("Content-Type", "application/json")
	default:
		body, _ = json.Marshal(struct{ Message string }{e.Message})
		header.Set("Content-Type", "application/json")
		header.Set("x-amzn-ErrorType", e.Code)
	}
	c.allowOrigin()
	header.Set("Content-Length", strconv.Itoa(len(body)))
	c.w.WriteHeader(status)
	if c.r.Method != http.MethodHead {
		_, _ = c.w.Write(body)
	}
}
