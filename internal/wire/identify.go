package wire

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/wire/model"
	"github.com/poolgate/poolgate/internal/wire/sigv4"
)

// target is the operation that a request names, as far as it could be told.
type target struct {
	binding   *binding
	operation *operation
	// protocol is that of the service or, when there is none, the one that the request seems to speak.
	protocol model.Protocol
	// end and labels are where a REST request was routed to.
	end    *routeEnd
	labels []string
	// form holds the query of a REST request, or the parameters of a query request.
	form url.Values
}

func (t *target) service() *model.Service {
	if t.binding == nil {
		return nil
	}
	return t.binding.service
}

// identify finds the operation and reads the body: by X-Amz-Target, by the service of the signature's scope, or by the
// Action of a form.
func (x *exchange) identify() error {
	r := x.request
	scope, signed := sigv4.ScopeOf(r)
	x.call.AccessKeyID, x.call.Region = scope.AccessKeyID, scope.Region
	x.call.Account, x.call.Principal = x.mux.Caller(scope.AccessKeyID)
	if name := r.Header.Get("X-Amz-Target"); name != "" {
		return x.identifyTarget(name)
	}
	if bound := x.mux.bySigning[scope.Service]; !signed || len(bound) == 0 || bound[0].service.Protocol == model.Query {
		if formRequest(r) || r.URL.Query().Has("Action") {
			return x.identifyAction(scope)
		}
	}
	x.target.protocol = model.RESTJSON
	if !signed {
		return fault.Forbidden("MissingAuthenticationTokenException", "Missing Authentication Token")
	}
	return x.identifyRoute(scope)
}

// account is the access key when it looks like an account id.
func account(accessKeyID string) string {
	if len(accessKeyID) == 12 && strings.Trim(accessKeyID, "0123456789") == "" {
		return accessKeyID
	}
	return "000000000000"
}

func (x *exchange) found(o *operation) {
	x.target.operation = o
	x.call.Service, x.call.Operation = o.binding.service.Name, o.model.Name
	if x.call.Region == "" && !o.model.Unsigned {
		x.call.Region = x.mux.options.DefaultRegion
	}
}

func (x *exchange) identifyTarget(name string) error {
	x.target.protocol = model.JSON
	b, o := x.mux.byTargetName(name)
	x.target.binding = b
	if o == nil {
		return fault.Malformed("UnknownOperationException", "")
	}
	x.found(o)
	if hasBatch(b.service, o.model.Input) {
		return x.read(maxPayload)
	}
	return x.read(maxBody)
}

// byTargetName finds the service and the operation of an X-Amz-Target.
func (m *Mux) byTargetName(name string) (*binding, *operation) {
	prefix, operation, _ := strings.Cut(name, ".")
	b := m.byTarget[prefix]
	if b == nil {
		return nil, nil
	}
	return b, b.operations[operation]
}

func (x *exchange) identifyAction(scope sigv4.Scope) error {
	x.target.protocol = model.Query
	if err := x.read(maxBody); err != nil {
		return err
	}
	text := x.request.URL.RawQuery
	if formRequest(x.request) && len(x.body) > 0 {
		text = string(x.body)
	}
	form, err := parseForm(text)
	if err != nil {
		return err
	}
	x.target.form = form
	action, version := form.Get("Action"), form.Get("Version")
	for _, b := range x.mux.bindings {
		if b.service.Protocol != model.Query || scope.Service != "" && b.service.SigningName != scope.Service ||
			version != "" && b.service.APIVersion != version {
			continue
		}
		x.target.binding = b
		if o := b.operations[action]; o != nil {
			x.found(o)
			return nil
		}
	}
	return fault.Malformed("InvalidAction", "Could not find operation %s for version %s", shortened(action), shortened(version))
}

func (x *exchange) identifyRoute(scope sigv4.Scope) error {
	r := x.request
	query, err := parseForm(r.URL.RawQuery)
	if err != nil {
		return err
	}
	x.target.form = query
	if sigv4.Ambiguous(r) { // what is routed must be what was signed
		return unknownRoute(r)
	}
	for _, b := range x.mux.bySigning[scope.Service] {
		if x.target.binding == nil {
			x.target.binding, x.target.protocol = b, b.service.Protocol
		}
		end, labels := b.routes.find(r.Method, r.URL.EscapedPath(), query)
		if end == nil {
			continue
		}
		x.target.binding, x.target.protocol, x.target.end, x.target.labels = b, b.service.Protocol, end, labels
		x.found(end.operation)
		limit := int64(maxBody)
		switch input := end.operation.model.Input; {
		case hasPayload(b.service, input):
			limit = maxPayload
		case hasUpload(b.service, input):
			limit = maxUpload
		}
		return x.read(limit)
	}
	return unknownRoute(r)
}

func unknownRoute(r *http.Request) error {
	return fault.NotFound("UnknownOperationException", "Unknown operation: %s %s", r.Method, shortened(r.URL.EscapedPath()))
}

func hasPayload(service *model.Service, id model.ShapeID) bool {
	for i := range service.Shape(id).Members {
		if service.Shape(id).Members[i].At == model.Payload {
			return true
		}
	}
	return false
}

// hasBatch tells whether an input holds a list of thousands, as PutLogEvents does, whose batch of up to 1 MiB is longer as JSON.
func hasBatch(service *model.Service, id model.ShapeID) bool {
	const many = 10_000
	for _, member := range service.Shape(id).Members {
		if shape := service.Shape(member.Shape); shape.Kind == model.List && shape.Rule != nil && shape.Rule.Max >= many {
			return true
		}
	}
	return false
}

// hasUpload tells whether an input's JSON holds bytes, by itself or in one of its structures, as a function's code does.
func hasUpload(service *model.Service, id model.ShapeID) bool {
	for _, member := range service.Shape(id).Members {
		shape := service.Shape(member.Shape)
		if member.At == model.Body && shape.Kind == model.Blob {
			return true
		}
		for _, inner := range shape.Members {
			if service.Shape(inner.Shape).Kind == model.Blob {
				return true
			}
		}
	}
	return false
}

func formRequest(r *http.Request) bool {
	return r.Method == http.MethodPost && strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded")
}

// Claims tells whether a request is an AWS API call, for this Mux to answer, and not for the gateway or a page: it names
// an X-Amz-Target, carries a SigV4 signature (for another service than execute-api, whose requests are the gateway's), has an
// Action, or asks beforehand whether a browser may send a target.
func (m *Mux) Claims(r *http.Request) bool {
	if r.Header.Get("X-Amz-Target") != "" || preflight(r) {
		return true
	}
	if scope, signed := sigv4.ScopeOf(r); signed {
		return scope.Service != "execute-api"
	}
	if r.URL.Path != "/" {
		return false
	}
	return r.URL.Query().Has("Action") || formRequest(r) && formHasAction(r)
}

// formHasAction looks into an unsigned form and puts it back.
func formHasAction(r *http.Request) bool {
	if r.Body == nil {
		return false
	}
	head, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	r.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(head), r.Body), r.Body}
	return err == nil && (bytes.HasPrefix(head, []byte("Action=")) || bytes.Contains(head, []byte("&Action=")))
}
