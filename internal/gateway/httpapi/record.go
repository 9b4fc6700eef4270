package httpapi

import (
	"crypto/rand"
	"encoding/hex"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/internal/gateway/decision"
	"github.com/poolgate/poolgate/internal/gateway/mask"
	"github.com/poolgate/poolgate/internal/logs"
)

// recordedPath is how much of a path a record keeps.
const recordedPath = 2048

// record writes the request's one decision record, its one event and its access log. It runs after the answer was sent.
func (g *Gateway) record(x *exchange, a *answer) {
	r := x.recordOf(a)
	g.ring.Add(&r)
	g.event(x, &r)
	if x.stage != nil && x.stage.access != nil && g.logs != nil {
		l := x.stage.access
		g.logs.Write(logs.Line{Account: l.Account, Region: l.Region, Group: l.Group, Stream: g.logStream, Time: x.began, Message: x.accessLine(a)})
	}
}

// recordOf is what there is to tell of a request.
func (x *exchange) recordOf(a *answer) decision.Record {
	r := decision.Record{
		Version: 1, Protocol: decision.HTTP, RequestID: x.requestID, ExtendedRequestID: x.requestID, Time: x.began,
		DurationMicros: time.Since(x.began).Microseconds(), SourceIP: x.sourceIP(),
		API: x.target.API, Domain: x.target.Domain, Region: x.target.Region, Method: clipped(x.request.Method), Path: clipped(x.path.Escaped()),
		Status: a.status, Allowed: x.refusal == nil,
	}
	if s := x.stage; s != nil {
		r.Stage, r.Account, r.Region, r.Deployment = s.name, s.account, s.region, s.deployment
	}
	if route := x.route; route != nil {
		r.RouteKey, r.Resource, r.ResourceID, r.AuthorizationType = route.key, route.resourcePath(), route.id, route.authorization
		r.Scopes, r.Authorizer, r.AuthorizerID = route.scopes, route.authorizer, route.authorizerID
	}
	if x.refusal != nil {
		x.fillRefusal(&r)
	}
	return r
}

// fillRefusal writes down what only a refused request is asked about.
func (x *exchange) fillRefusal(r *decision.Record) {
	refused := x.refusal
	r.Reason = refused.reason
	r.RefusedBy = string(refusers[refused.reason])
	if told, exists := told[refused.reason]; exists {
		r.Sentence = told.sentence
	}
	r.Saw, r.Expected, r.Checks = refused.saw, refused.expected, refused.checks
	if r.Saw == "" && refused.cause != nil {
		r.Saw = clipped(withoutTokens(refused.cause.Error()))
	}
	if refused.reason == authz.IntegrationRefused {
		return
	}
	origin := x.request.Header.Get("Origin")
	if origin != "" && (x.stage == nil || x.stage.cors == nil || x.stage.cors.allows(origin) == "") {
		r.Warnings = append(r.Warnings, authz.CORSHeadersMissing)
	}
	if x.request.Method == http.MethodOptions && r.RefusedBy == string(authz.ByAuthorizer) {
		r.Warnings = append(r.Warnings, authz.PreflightBehindAuthorizer)
	}
}

// accessLine is the line of a request that was answered. It holds no whole token.
func (x *exchange) accessLine(a *answer) string {
	return x.stage.access.Format(func(name string) (string, bool) {
		value := withoutTokens(x.loggedValue(a, name))
		if name == "error.messageString" {
			return value, true // it comes in quotation marks
		}
		return clipped(value), false
	})
}

func withoutTokens(text string) string { return mask.Tokens(text) }

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
		slog.String("method", r.Method), slog.String("path", r.Path), slog.String("route", r.RouteKey),
		slog.Int("status", r.Status), slog.Int64("micros", r.DurationMicros), slog.String("sourceIp", r.SourceIP),
	}
	if x.refusal != nil {
		attributes = append(attributes, slog.String("reason", string(r.Reason)), slog.String("refusedBy", r.RefusedBy))
		if x.refusal.cause != nil {
			attributes = append(attributes, slog.String("cause", withoutTokens(x.refusal.cause.Error())))
		}
	}
	g.log.LogAttrs(ctx, slog.LevelInfo, "request", attributes...)
}

// newLogStream names the streams that this node writes to; AWS's have names of the same form.
func newLogStream() string {
	var name [16]byte
	_, _ = rand.Read(name[:])
	return hex.EncodeToString(name[:])
}
