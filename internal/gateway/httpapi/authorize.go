package httpapi

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/poolgate/poolgate/authz"
)

// authorize lets a request in or refuses it.
func (g *Gateway) authorize(x *exchange) (*answer, *refusal) {
	if x.route.guard == nil {
		return nil, nil
	}
	return nil, x.route.guard.admit(g, x)
}

// brokenGuard stands before a route whose authorizer cannot decide; it lets nobody in.
type brokenGuard struct{ cause error }

func (b brokenGuard) admit(*Gateway, *exchange) *refusal {
	return refuse(authz.AuthorizerMisconfigured).because(b.cause).explained(b.cause.Error(), "an authorizer that can be run")
}

// jwtGuard is a JWT authorizer. What it decides is the engine's (facts 2).
type jwtGuard struct {
	engine *authz.JWTAuthorizer
	// source is where the token comes from.
	source variable
	scopes []string
}

func (j *jwtGuard) admit(g *Gateway, x *exchange) *refusal {
	// Refusals are few, and each pays for its own explanation: the token is at hand only now.
	decided, checks := j.engine.Examine(x.context(), j.token(x), j.scopes, g.now())
	if decided.Allowed {
		x.claims = decided.Claims
		return nil
	}
	x.authorizerError = decided.AuthorizerError()
	refused := refuse(decided.Reason).answered(decided.Status)
	refused.message = decided.Message()
	refused.challenge = decided.WWWAuthenticate(j.scopes)
	refused.checks = checks
	for _, check := range refused.checks {
		if check.Outcome == "failed" {
			refused.explained(check.Saw, check.Expected)
		}
	}
	return refused
}

// token is the value of the identity source; of several the first counts.
func (j *jwtGuard) token(x *exchange) string {
	if j.source.place == inQuery {
		return x.queryValues().Get(j.source.name)
	}
	return x.request.Header.Get(j.source.name)
}

// jwtSource reads the one identity source of a JWT authorizer: a header or a query parameter.
func jwtSource(sources []string) (variable, error) {
	if len(sources) != 1 {
		return variable{}, fmt.Errorf("a JWT authorizer needs one identity source; it has %d", len(sources))
	}
	name, ok := strings.CutPrefix(sources[0], "$")
	v, known := readVariable(name)
	if !ok || !known || v.place != inHeader && v.place != inQuery {
		return variable{}, fmt.Errorf("the identity source %q is neither a header nor a query parameter", sources[0])
	}
	return v, nil
}

// judgedParameter is the query parameter by whose first value a request was judged; empty when it was none.
func (r *routePlan) judgedParameter() string {
	if j, is := r.guard.(*jwtGuard); is && j.source.place == inQuery {
		return j.source.name
	}
	return ""
}

// judged is the header by whose first value a request was judged; empty when it was none. A backend that reads the last one must not
// read a token that nobody verified.
func (r *routePlan) judged() string {
	if j, is := r.guard.(*jwtGuard); is && j.source.place == inHeader {
		return http.CanonicalHeaderKey(j.source.name)
	}
	return ""
}
