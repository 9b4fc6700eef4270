package gateway

import (
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/internal/gateway/decision"
	"github.com/poolgate/poolgate/internal/gateway/mask"
)

// recordedPath is how much of a path a record keeps.
const recordedPath = 2048

// record writes the request's one decision record and its one event. It runs after the answer was sent.
func (g *Gateway) record(x *exchange, a *answer) {
	r := x.recordOf(a)
	g.ring.Add(&r)
	g.event(x, &r)
	if x.stage != nil && x.stage.logging != nil {
		g.writeLogs(x, a)
	}
}

// recordOf is what there is to tell of a request.
func (x *exchange) recordOf(a *answer) decision.Record {
	r := decision.Record{
		Version: 1, RequestID: x.requestID, ExtendedRequestID: x.extendedID, Time: x.began,
		DurationMicros: time.Since(x.began).Microseconds(), SourceIP: x.sourceIP(),
		API: x.target.API, Domain: x.target.domainOf(), Region: x.target.Region, Stage: clipped(x.stageName), Method: clipped(x.request.Method), Path: clipped(x.path.Escaped()),
		Status: a.status, Allowed: x.refusal == nil,
	}
	if s := x.stage; s != nil {
		r.Account, r.Region, r.Deployment = s.account, s.region, s.deployment
	}
	if m := x.method; m != nil {
		r.Resource, r.ResourceID, r.AuthorizationType, r.Scopes = m.resource.path, m.resource.id, m.authorization, m.scopes
		if m.authorizer != nil {
			r.Authorizer, r.AuthorizerID = m.authorizer.name, m.authorizer.id
		}
	}
	x.metered.fill(&r)
	if x.refusal != nil {
		x.fillRefusal(&r, a)
	}
	return r
}

// fillRefusal writes down what only a refused request is asked about.
func (x *exchange) fillRefusal(r *decision.Record, a *answer) {
	refused := x.refusal
	r.Reason = refused.reason
	r.RefusedBy = string(outlines[refused.reason].refusedBy)
	r.ResponseType = refused.responseType
	if d := x.target.Domain; d != nil && d.Refused != nil {
		r.Sentence = d.Refused.Sentence
	}
	r.Saw, r.Expected, r.Checks = refused.saw, refused.expected, refused.checks
	if r.Saw == "" && refused.cause != nil {
		r.Saw = clipped(mask.Tokens(refused.cause.Error()))
	}
	if refused.reason == authz.IntegrationRefused {
		return
	}
	if x.request.Header.Get("Origin") != "" && !a.sets("Access-Control-Allow-Origin") {
		r.Warnings = append(r.Warnings, authz.CORSHeadersMissing)
	}
	if x.request.Method == http.MethodOptions && r.RefusedBy == string(authz.ByAuthorizer) {
		r.Warnings = append(r.Warnings, authz.PreflightBehindAuthorizer)
	}
}

func (a *answer) sets(header string) bool {
	for _, f := range a.headers {
		if strings.EqualFold(f.name, header) {
			return true
		}
	}
	return false
}

func clipped(text string) string {
	if len(text) > recordedPath {
		return strings.Clone(text[:recordedPath])
	}
	return text
}

// event is the request's line in the log. It holds no header, no query and no body.
func (g *Gateway) event(x *exchange, r *decision.Record) {
	ctx := x.context()
	if !g.log.Enabled(ctx, slog.LevelInfo) {
		return
	}
	attributes := []slog.Attr{
		slog.String("requestId", r.RequestID), slog.String("api", r.API), slog.String("stage", r.Stage),
		slog.String("method", r.Method), slog.String("path", r.Path), slog.String("resource", r.Resource),
		slog.Int("status", r.Status), slog.Int64("micros", r.DurationMicros), slog.String("sourceIp", r.SourceIP),
	}
	if x.refusal != nil {
		attributes = append(attributes, slog.String("reason", string(r.Reason)), slog.String("refusedBy", r.RefusedBy))
		if x.refusal.cause != nil {
			attributes = append(attributes, slog.String("cause", mask.Tokens(x.refusal.cause.Error())))
		}
	}
	g.log.LogAttrs(ctx, slog.LevelInfo, "request", attributes...)
}

// Recent returns up to n records of this node, the newest first; a nil filter lets all pass. Mends and the warnings that need
// a look at the API are Describe's.
func (g *Gateway) Recent(n int, filter func(*decision.Record) bool) []*decision.Record {
	return g.ring.Recent(n, filter)
}
