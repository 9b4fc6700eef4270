// Package gateway is the data plane of REST APIs: it compiles what a stage serves into an immutable plan and answers
// requests from it. It owns routing, the pipeline of a request, the enforcement of what authz decides, integrations,
// gateway responses and the decision record that every request leaves behind.
//
// It must not know how documents are stored or edited (it asks APIs for snapshots), what a user pool is (it asks the
// engine), nor which door a request came through (the server hands it a Target).
//
// A request passes the phases match → screen → authorize → permit → meter → validate → integrate: screen and permit are the
// resource policy before and after the authorizer. A phase fills in the exchange or refuses; only the outermost function,
// ServeAPI, writes. No request parses configuration or touches the database, except the first to an API after its stages
// changed, which compiles the plan that the others then share, and the first with an API key of a shard that changed or with one whose
// use is not known yet.
package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/internal/apigateway"
	"github.com/poolgate/poolgate/internal/clock"
	"github.com/poolgate/poolgate/internal/gateway/decision"
	"github.com/poolgate/poolgate/internal/gateway/grants"
	"github.com/poolgate/poolgate/internal/gateway/peer"
	"github.com/poolgate/poolgate/internal/gateway/plancache"
	"github.com/poolgate/poolgate/internal/gateway/signed"
	"github.com/poolgate/poolgate/internal/gateway/upstream"
	"github.com/poolgate/poolgate/internal/gateway/usage"
	"github.com/poolgate/poolgate/internal/logs"
)

// APIs knows the REST APIs.
type APIs interface {
	// Published returns what the stages of an API serve, by stage name; an unknown API is a NotFoundException.
	Published(ctx context.Context, apiID string) (map[string]*apigateway.Published, error)
	// Live returns an API as it is edited now, deployed or not.
	Live(ctx context.Context, apiID string) (*apigateway.Snapshot, error)
}

// Topics tells what changed; *store.Store does.
type Topics interface {
	Watch(prefix string, fn func(topic string)) (stop func())
}

// Config is what a gateway is made of. APIs and Engine must be given.
type Config struct {
	APIs   APIs
	Engine *authz.Engine
	// Clock is the time that tokens are judged by; nil means the machine's.
	Clock *clock.Clock
	// Topics tells which APIs' stages changed. Nil means that nothing ever does.
	Topics Topics
	// Log gets one event for each request; nil means none.
	Log *slog.Logger
	// ReasonHeader tells whether a refusal of this request may carry x-poolgate-reason; nil means never.
	ReasonHeader func(*http.Request) bool
	// Transport carries HTTP integrations; nil means one of the gateway's own. It must not follow redirects.
	Transport http.RoundTripper
	// Logs takes execution and access logs; nil means that no stage writes any.
	Logs logs.Writer
	// Functions runs the functions of AWS and AWS_PROXY integrations; nil means that there are none, and such integrations refuse.
	Functions Functions
	// Keys knows API keys and usage plans; nil means that there are none, and methods that ask for a key refuse.
	Keys Keys
	// CountEvery is how long counts of API keys' requests wait to be written; zero means usage.DefaultEvery.
	CountEvery time.Duration
	// AccountLimit is the rate of all requests of an account in a region at this node together; nil means none.
	AccountLimit *usage.Limit
	// Monotonic is the clock that rates are measured by; nil means the machine's.
	Monotonic func() time.Duration
	// Chance draws from [0, 1) to choose the requests that a canary serves; nil means the machine's.
	Chance func() float64
	// Ring keeps the decision records, with those of HTTP APIs; nil means one of the gateway's own.
	Ring *decision.Ring
	// AccessKeys finds the access keys that requests to methods with AWS_IAM are signed with; nil knows none.
	AccessKeys signed.Keys
	// Proxies are trusted to say where requests came from.
	Proxies peer.Proxies
}

// Gateway serves REST APIs. It is safe for concurrent use.
type Gateway struct {
	apis         APIs
	engine       *authz.Engine
	clock        *clock.Clock
	log          *slog.Logger
	reasonHeader func(*http.Request) bool
	transport    http.RoundTripper
	functions    Functions
	accessKeys   signed.Keys
	proxies      peer.Proxies
	logs         logs.Writer
	logStream    string
	plans        *plancache.Cache[apiPlan]
	grants       *grants.Cache[*grant]
	policies     policyTable
	ring         *decision.Ring
	meters       *meters
	responses    *responses
	chance       func() float64
	stop         func()
}

var (
	_ apigateway.Publisher = (*Gateway)(nil)
	_ apigateway.Tester    = (*Gateway)(nil)
)

// New returns a gateway that watches for changes until Close.
func New(c Config) *Gateway {
	g := &Gateway{
		apis: c.APIs, engine: c.Engine, clock: c.Clock, log: c.Log, reasonHeader: c.ReasonHeader, transport: c.Transport, functions: c.Functions,
		accessKeys: c.AccessKeys, proxies: c.Proxies,
		logs: c.Logs, logStream: newLogStream(),
		ring: c.Ring, stop: func() {},
	}
	if g.ring == nil {
		g.ring = decision.NewRing(decision.RingRecords, decision.RingBytes)
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
	if g.chance = c.Chance; g.chance == nil {
		g.chance = rand.Float64
	}
	g.plans = plancache.New(g.load)
	g.grants = grants.New[*grant](grants.Entries, grants.Bytes, g.now)
	g.meters, g.responses = newMeters(c, g.log), newResponses(responseBytes, c.Monotonic)
	if c.Topics != nil {
		stages := apigateway.StageTopic("")
		stopStages := c.Topics.Watch(stages, func(topic string) { g.plans.Changed(topic[len(stages):]) })
		stopGrants := c.Topics.Watch(apigateway.AuthorizersTopic("", ""), g.flushGrants)
		stopResponses := c.Topics.Watch(apigateway.ResponsesTopic("", ""), g.flushResponses)
		g.stop = func() { stopStages(); stopGrants(); stopResponses() }
	}
	return g
}

// Close stops watching for changes, writes what was counted and closes the connections to backends that no request uses.
func (g *Gateway) Close() {
	g.stop()
	g.meters.close(g.log)
	if t, ok := g.transport.(interface{ CloseIdleConnections() }); ok {
		t.CloseIdleConnections()
	}
}

// Holds tells whether an id is that of a REST API that was asked for lately. It asks nobody.
func (g *Gateway) Holds(apiID string) bool { return g.plans.Holds(apiID) }

// Target is what a request is for, as the server read it from the Host or the path.
type Target struct {
	API string
	// Region is the one that the host named; empty when it named none.
	Region string
	// Stage is the stage's name as it stood in the path; empty when it is the first segment of Path.
	Stage string
	// Path is the escaped path behind what named the API (and the stage), with its leading slash.
	Path string
	// ThroughDomain tells that a custom domain led here, so that a disabled execute-api endpoint does not matter.
	ThroughDomain bool
	// Domain tells of that domain; nil where none led here or nothing is known of it.
	Domain *Domain
	// Spelled tells how the client wrote the name of a header, given in Go's spelling; nil where that is the client's.
	Spelled func(name string) string
}

// ServeAPI answers one request.
func (g *Gateway) ServeAPI(w http.ResponseWriter, r *http.Request, target Target) {
	x := g.begin(r, target)
	a := g.answer(x)
	x.trace.observe(a)
	g.write(w, x, a)
	g.record(x, a)
	if a.broken {
		panic(http.ErrAbortHandler) // the client must see that the answer it got is not whole
	}
}

// phases are the pipeline up to the integration. Each fills in the exchange or refuses.
var phases = [...]func(*Gateway, *exchange) *refusal{
	(*Gateway).match,
	(*Gateway).screen,
	(*Gateway).beginLog,
	(*Gateway).authorize,
	(*Gateway).permit,
	(*Gateway).logAuthorized,
	(*Gateway).meter,
	(*Gateway).logMetered,
	(*Gateway).validate,
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
	for _, phase := range phases {
		if refused := phase(g, x); refused != nil {
			return x.refuse(refused)
		}
	}
	return g.integrate(x)
}

// decisions are judged by this time.
func (g *Gateway) now() time.Time { return g.clock.Now() }
