// Package httpapi is the data plane of HTTP APIs: it compiles what a stage serves into an immutable plan and answers requests from
// it. It owns the routing of HTTP APIs, the pipeline of a request, the enforcement of what authz and functions decide, CORS,
// parameter mapping, the two payload formats, access logs and the decision record that every request leaves behind.
//
// It must not know how documents are stored or edited (it asks APIs for snapshots), what an issuer's keys are (it asks the
// engine), nor which door a request came through (the server hands it a Target). REST APIs are the neighbour's; what both need
// (paths, plans' cache, ids, access log formats, HTTP backends, authorizers' answers) stands in packages beside this one.
//
// A request passes the phases match → preflight → authorize → meter → integrate. A phase fills in the exchange or refuses; only the
// outermost function, ServeAPI, writes. No request parses configuration or touches the database, except the first to an
// API after its stages changed, which compiles the plan that the others then share.
package httpapi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/internal/apigatewayv2"
	"github.com/poolgate/poolgate/internal/clock"
	"github.com/poolgate/poolgate/internal/gateway/decision"
	"github.com/poolgate/poolgate/internal/gateway/grants"
	"github.com/poolgate/poolgate/internal/gateway/peer"
	"github.com/poolgate/poolgate/internal/gateway/plancache"
	"github.com/poolgate/poolgate/internal/gateway/signed"
	"github.com/poolgate/poolgate/internal/gateway/upstream"
	"github.com/poolgate/poolgate/internal/gateway/usage"
	"github.com/poolgate/poolgate/internal/lambda"
	"github.com/poolgate/poolgate/internal/logs"
)

// APIs knows the HTTP APIs.
type APIs interface {
	// Published returns what the stages of an API serve, by stage name; an unknown API is a NotFoundException.
	Published(ctx context.Context, apiID string) (map[string]*apigatewayv2.Published, error)
	// Live returns an API as it is edited now, deployed or not.
	Live(ctx context.Context, apiID string) (*apigatewayv2.Snapshot, error)
}

// Functions runs functions; *lambda.Service does. An error is a fault: ResourceNotFoundException, AccessDeniedException when the
// function's resource policy does not let the principal in, TooManyRequestsException and the like.
type Functions interface {
	Call(ctx context.Context, in lambda.Invocation) (lambda.Answer, error)
}

// Topics tells what changed; *store.Store does.
type Topics interface {
	Watch(prefix string, fn func(topic string)) (stop func())
}

// Config is what a gateway is made of. APIs and Engine must be given.
type Config struct {
	APIs   APIs
	Engine *authz.Engine
	// Clock is the time that tokens and remembered answers are judged by; nil means the machine's.
	Clock *clock.Clock
	// Topics tells which APIs' stages changed. Nil means that nothing ever does.
	Topics Topics
	// Log gets one event for each request; nil means none.
	Log *slog.Logger
	// ReasonHeader tells whether a refusal of this request may carry x-poolgate-reason; nil means never.
	ReasonHeader func(*http.Request) bool
	// Transport carries HTTP integrations; nil means one of the gateway's own. It must not follow redirects.
	Transport http.RoundTripper
	// Logs takes access logs; nil means that no stage writes any.
	Logs logs.Writer
	// Functions runs functions; nil means that there are none, and what needs one refuses.
	Functions Functions
	// Keys finds the access keys that requests to routes with AWS_IAM may be signed with; nil means that there are none.
	Keys signed.Keys
	// Proxies are trusted to say where a request came from; nil means that none is.
	Proxies peer.Proxies
	// Ring keeps the decision records; nil means one of the gateway's own.
	Ring *decision.Ring
}

// Gateway serves HTTP APIs. It is safe for concurrent use.
type Gateway struct {
	apis         APIs
	engine       *authz.Engine
	clock        *clock.Clock
	log          *slog.Logger
	reasonHeader func(*http.Request) bool
	transport    http.RoundTripper
	functions    Functions
	logs         logs.Writer
	logStream    string
	plans        *plancache.Cache[apiPlan]
	grants       *grants.Cache[*grant]
	buckets      *usage.Buckets
	ring         *decision.Ring
	keys         signed.Keys
	proxies      peer.Proxies
	stop         func()
}

var (
	_ apigatewayv2.Publisher = (*Gateway)(nil)
	_ apigatewayv2.Flusher   = (*Gateway)(nil)
)

// New returns a gateway that watches for changes until Close.
func New(c Config) *Gateway {
	g := &Gateway{
		apis: c.APIs, engine: c.Engine, clock: c.Clock, log: c.Log, reasonHeader: c.ReasonHeader, transport: c.Transport,
		functions: c.Functions, logs: c.Logs, logStream: newLogStream(), ring: c.Ring, keys: c.Keys, proxies: c.Proxies, stop: func() {},
	}
	if g.clock == nil {
		g.clock = &clock.Clock{}
	}
	if g.log == nil {
		g.log = slog.New(slog.DiscardHandler)
	}
	if g.transport == nil {
		g.transport = upstream.NewTransport()
	}
	if g.ring == nil {
		g.ring = decision.NewRing(decision.RingRecords, decision.RingBytes)
	}
	g.plans = plancache.New(g.load)
	g.buckets = usage.NewBuckets(bucketLimit, nil)
	g.grants = grants.New[*grant](grants.Entries, grants.Bytes, g.clock.Now)
	if c.Topics != nil {
		prefix := apigatewayv2.StageTopic("")
		g.stop = c.Topics.Watch(prefix, func(topic string) { g.changed(topic[len(prefix):]) })
	}
	return g
}

// changed forgets what was compiled of an API, and what its authorizers answered.
func (g *Gateway) changed(apiID string) {
	g.plans.Changed(apiID)
	g.grants.Flush(grants.Scope{API: apiID})
}

// FlushAuthorizers forgets what a stage's authorizers answered. Other nodes are told by the stage's topic.
func (g *Gateway) FlushAuthorizers(_ context.Context, apiID, stage string) error {
	g.grants.Flush(grants.Scope{API: apiID, Stage: stage})
	return nil
}

// Close stops watching for changes and closes the connections to backends that no request uses.
func (g *Gateway) Close() {
	g.stop()
	if t, ok := g.transport.(interface{ CloseIdleConnections() }); ok {
		t.CloseIdleConnections()
	}
}

// Target is what a request is for, as the server read it from the Host or the path.
type Target struct {
	API string
	// Region is the one that the host named; empty when it named none.
	Region string
	// Stage is the stage that a custom domain's mapping leads to; empty when the path or $default decides.
	Stage string
	// Path is the escaped path behind what named the API, with its leading slash.
	Path string
	// PathStyle tells that the API was named by the path; $default may then be written out as the first segment.
	PathStyle bool
	// ThroughDomain tells that a custom domain led here, so that a disabled execute-api endpoint does not matter.
	ThroughDomain bool
	// Domain is that domain's name; BasePath is the part of the path that its mapping took, with its leading slash; empty for the root's.
	Domain, BasePath string
	// MutualTLS tells that the client proved to have a certificate that the domain trusts.
	MutualTLS bool
}

// Serves tells whether an id is that of an HTTP API. It asks the store once for an id that it does not know, and remembers for a
// while that it is nobody's.
func (g *Gateway) Serves(ctx context.Context, apiID string) bool {
	plan, err := g.plans.Get(ctx, apiID, time.Now())
	return plan != nil || err != nil // what could not be loaded is answered with the error, by ServeAPI
}

// ServeAPI answers one request.
func (g *Gateway) ServeAPI(w http.ResponseWriter, r *http.Request, target Target) {
	x := g.begin(r, target)
	a := g.answer(x)
	g.write(w, x, a)
	g.record(x, a)
	if a.broken {
		panic(http.ErrAbortHandler) // the client must see that the answer it got is not whole
	}
}

// phase is a part of the pipeline. It may end the request by an answer of its own or by a refusal.
type phase func(*Gateway, *exchange) (*answer, *refusal)

var phases = [...]phase{
	(*Gateway).match,
	(*Gateway).preflight,
	(*Gateway).authorize,
	(*Gateway).meter,
	(*Gateway).integrate,
}

// answer runs the phases; it writes nothing. A panic in one of them is an internal error, answered as any other.
func (g *Gateway) answer(x *exchange) (a *answer) {
	defer func() {
		p := recover()
		if p == nil {
			return
		}
		if err, is := p.(error); is && errors.Is(err, http.ErrAbortHandler) {
			panic(p)
		}
		g.log.ErrorContext(x.context(), "panic", "requestId", x.requestID, "value", p, "stack", string(debug.Stack()))
		a = x.refuse(internalError(fmt.Errorf("panic: %v", p)))
	}()
	for _, run := range phases {
		a, refused := run(g, x)
		if refused != nil {
			return x.refuse(refused)
		}
		if a != nil {
			return x.withCORS(a)
		}
	}
	return x.refuse(internalError(errors.New("no phase answered")))
}

// now is the time that decisions are judged by.
func (g *Gateway) now() time.Time { return g.clock.Now() }
