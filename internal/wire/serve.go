package wire

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"reflect"
	"runtime/debug"
	"strconv"

	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/wire/model"
)

// How large a request may be: API definitions and functions' code are the only large things that are uploaded.
const (
	maxBody    = 1 << 20
	maxPayload = 10 << 20
	maxUpload  = 70_167_211 // CreateFunction's [R]: 50 MB of code in base64
)

// answer is what an exchange ends in; it is written once, in ServeHTTP.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// contentType sets the type unless a member set it.
func (a *answer) contentType(value string) {
	if a.header.Get("Content-Type") == "" {
		a.header.Set("Content-Type", value)
	}
}

// exchange is one call on its way through the phases: identify, read, authenticate, decode, validate, run, encode.
type exchange struct {
	mux     *Mux
	request *http.Request
	target  target
	body    []byte
	call    Call
}

// ServeHTTP answers one API call. It is the only place that writes.
func (m *Mux) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := &exchange{mux: m, request: r, call: Call{RequestID: newRequestID(), SourceIP: sourceIP(r)}}
	if preflight(r) {
		answerPreflight(w.Header())
		w.WriteHeader(http.StatusOK)
		return
	}
	out, err := x.serve(withClient(r.Context(), w))
	if err != nil {
		out = x.refuse(r.Context(), err)
	}
	header := w.Header()
	for name, values := range out.header {
		header[name] = values
	}
	// As AWS writes it; net/http would change its case.
	header["x-amzn-RequestId"] = []string{x.call.RequestID}
	header.Set("Content-Length", strconv.Itoa(len(out.body)))
	x.allowOrigin(header)
	w.WriteHeader(out.status)
	_, _ = w.Write(out.body)
}

// serve runs the phases; a panic in an operation is an internal error.
func (x *exchange) serve(ctx context.Context) (out *answer, err error) {
	defer func() {
		if p := recover(); p != nil {
			if e, is := p.(error); is && errors.Is(e, http.ErrAbortHandler) {
				panic(p)
			}
			out, err = nil, fault.Internal(fmt.Errorf("panic: %v\n%s", p, debug.Stack()))
		}
	}()
	if err := x.identify(); err != nil {
		return nil, err
	}
	if err := x.authenticate(); err != nil {
		return nil, err
	}
	o := x.target.operation
	if err := o.prepare(); err != nil {
		return nil, err
	}
	in := reflect.New(o.in)
	if o.inPlan != nil {
		if err := x.decode(in.Elem()); err != nil {
			return nil, err
		}
		if err := validate(o, in.Elem()); err != nil {
			return nil, err
		}
	}
	result, err := o.run(WithCall(ctx, x.call), in)
	if err != nil {
		return nil, err
	}
	out, err = x.encode(result)
	x.mux.options.Log.LogAttrs(ctx, slog.LevelDebug, "api call", x.attributes()...)
	return out, err
}

func (x *exchange) attributes() []slog.Attr {
	return []slog.Attr{
		slog.String("service", x.call.Service), slog.String("operation", x.call.Operation),
		slog.String("request", x.call.RequestID), slog.String("account", x.call.Account), slog.String("region", x.call.Region),
	}
}

// read takes the body in, up to what the operation may need.
func (x *exchange) read(limit int64) error {
	if x.body != nil || x.request.Body == nil {
		return nil
	}
	body, err := io.ReadAll(io.LimitReader(x.request.Body, limit+1))
	if err != nil {
		return fault.Malformed("SerializationException", "The request body could not be read").Because(err)
	}
	if int64(len(body)) > limit {
		return fault.TooLarge("RequestEntityTooLargeException", "Request entity too large: the limit is %d bytes", limit)
	}
	x.body = body
	return nil
}

func (x *exchange) decode(into reflect.Value) error {
	o := x.target.operation
	switch o.binding.service.Protocol {
	case model.JSON:
		return decodeJSON(o.inPlan, x.body, into, false)
	case model.Query:
		return decodeForm(o.inPlan, x.target.form, into)
	}
	labels := make(map[string]string, len(x.target.labels))
	for i, escaped := range x.target.labels {
		text, err := unescapeLabel(escaped)
		if err != nil {
			return err
		}
		labels[x.target.end.labels[i]] = text
	}
	return decodeREST(o.inPlan, restRequest{
		header: x.request.Header, query: x.target.form, labels: labels, literal: x.target.end.query, body: x.body,
	}, into)
}

func (x *exchange) encode(result reflect.Value) (*answer, error) {
	o := x.target.operation
	out := &answer{status: int(o.model.Status), header: http.Header{}}
	var err error
	switch protocol := o.binding.service.Protocol; {
	case protocol == model.Query:
		out.contentType("text/xml")
		out.body, err = encodeResult(o, result, x.call.RequestID)
	case o.outPlan == nil:
		if protocol == model.JSON {
			out.contentType(jsonType(o.binding.service))
		}
	case protocol == model.JSON:
		out.contentType(jsonType(o.binding.service))
		out.body, err = encodeJSON(o.outPlan, result, false)
	default:
		err = encodeREST(o.outPlan, result, out)
	}
	return out, err
}

func jsonType(service *model.Service) string { return "application/x-amz-json-" + service.JSONVersion }

// refuse renders an error and writes it down. What only the log may know is the cause.
func (x *exchange) refuse(ctx context.Context, err error) *answer {
	e := fault.From(err)
	level := slog.LevelDebug
	if e.Kind == fault.KindInternal {
		level = slog.LevelError
	}
	attributes := append(x.attributes(), slog.String("code", e.Code), slog.String("kind", e.Kind.String()))
	if e.Cause != nil {
		attributes = append(attributes, slog.String("cause", e.Cause.Error()))
	}
	x.mux.options.Log.LogAttrs(context.WithoutCancel(ctx), level, "api call refused", attributes...)
	return renderError(x.target.protocol, x.target.service(), e, x.call.RequestID)
}

func newRequestID() string {
	var id [16]byte
	_, _ = rand.Read(id[:]) // never fails
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80
	text := hex.EncodeToString(id[:])
	return text[:8] + "-" + text[8:12] + "-" + text[12:16] + "-" + text[16:20] + "-" + text[20:]
}

func sourceIP(r *http.Request) string {
	if host, _, err := net.SplitHostPort(r.RemoteAddr); err == nil {
		return host
	}
	return r.RemoteAddr
}

// parseForm reads a query or a form; what cannot be read is malformed.
func parseForm(text string) (url.Values, error) {
	values, err := url.ParseQuery(text)
	if err != nil {
		return nil, fault.Malformed("SerializationException", "The query holds an invalid escape")
	}
	return values, nil
}
