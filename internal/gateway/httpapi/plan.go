package httpapi

import (
	"net/http"

	"github.com/poolgate/poolgate/internal/apigatewayv2"
	"github.com/poolgate/poolgate/internal/gateway/accesslog"
)

// apiPlan is everything that an API's stages serve, compiled. It never changes; a change of the API makes a new one.
type apiPlan struct {
	id     string
	stages map[string]*stagePlan
}

// stagePlan is what one stage serves. Stage variables are in it already: a change of them is a change of the plan.
type stagePlan struct {
	api             string
	account, region string
	name            string
	deployment      string
	variables       map[string]string
	endpointOff     bool
	router          *router
	// fallback is the $default route; nil when there is none.
	fallback *routePlan
	routes   []*routePlan
	cors     *corsPlan
	access   *accesslog.Log
}

// Authorization types of a route.
const (
	authorizationNone   = "NONE"
	authorizationIAM    = "AWS_IAM"
	authorizationCustom = "CUSTOM"
	authorizationJWT    = "JWT"
)

// routePlan is one route.
type routePlan struct {
	id  string
	key string
	// verb is the route key's method, ANY among them; path is its template. Both are empty for $default.
	verb, path string
	// names are the path parameters in order; a greedy one is the last.
	names  []string
	greedy bool

	authorization string
	authorizerID  string
	authorizer    string
	scopes        []string
	// guard decides who is let in; nil lets everybody in.
	guard guard
	// limit is the route's token bucket; nil when nothing limits it.
	limit       *limit
	integration integration
	// integrationID is for $context.
	integrationID string
}

const anyVerb = "ANY"

// verbs are those that ANY and $default stand for.
var verbs = map[string]bool{
	http.MethodDelete: true, http.MethodGet: true, http.MethodHead: true, http.MethodOptions: true, http.MethodPatch: true, http.MethodPost: true, http.MethodPut: true,
}

// guard is what stands before a route. It fills in who was let in, or refuses.
type guard interface {
	admit(g *Gateway, x *exchange) *refusal
}

// integration is what answers the requests that were let in.
type integration interface {
	// invoke answers a request or refuses it. The body of the answer may still be to come.
	invoke(g *Gateway, x *exchange) (*answer, *refusal)
}

// Compile tells whether the snapshot can be served. What fails on AWS only when a request comes, such as a function that is not
// there, does not fail here; what could not be served at all does.
func (g *Gateway) Compile(snapshot *apigatewayv2.Snapshot) error {
	c := &compiler{engine: g.engine, snapshot: snapshot}
	c.stage(&apigatewayv2.Published{Snapshot: snapshot})
	if len(c.problems) > 0 {
		return c.problems[0]
	}
	return nil
}
