package httpapi

import (
	"net/http"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/internal/gateway/decision"
)

// Judge tells what ServeAPI would decide about a request, as far as that can be known without doing anything: no integration and no
// function is called, nothing counts for a limit, nothing is logged or remembered. What only a function or an access key's owner
// could tell passes. The record's Status is 0 when nothing refuses; a preflight that the API answers itself has its own.
func (g *Gateway) Judge(r *http.Request, target Target) *decision.Record {
	x := g.begin(r, target)
	a := g.judged(x)
	record := x.recordOf(a)
	if j, is := x.guardOfTokens(); is && x.claims != nil { // the token was let in
		_, record.Checks = j.engine.Explain(x.context(), j.token(x), j.scopes, g.now())
	}
	if !record.Allowed {
		if published, err := g.apis.Published(x.context(), record.API); err == nil {
			g.look(x.context(), &record, published)
		}
	}
	return &record
}

// judged runs the phases up to the limits. Where nothing refuses the answer is empty.
func (g *Gateway) judged(x *exchange) *answer {
	for _, run := range [...]phase{(*Gateway).match, (*Gateway).preflight, (*Gateway).judgeCaller} {
		a, refused := run(g, x)
		if refused != nil {
			return x.refuse(refused)
		}
		if a != nil {
			return a
		}
	}
	return new(answer)
}

// judgeCaller is authorize without asking a function, and without the owners of access keys where nobody knows them.
func (g *Gateway) judgeCaller(x *exchange) (*answer, *refusal) {
	switch guard := x.route.guard.(type) {
	case *functionGuard:
		_, refused := guard.identify(x)
		return nil, refused
	case iamGuard:
		refused := guard.admit(g, x)
		if g.keys == nil && refused != nil && refused.reason == authz.AccessKeyUnknown {
			return nil, nil // what is wrong whoever signed is all that can be told
		}
		return nil, refused
	}
	return g.authorize(x)
}

// guardOfTokens is the JWT authorizer before the route, if there is one.
func (x *exchange) guardOfTokens() (*jwtGuard, bool) {
	if x.route == nil {
		return nil, false
	}
	j, is := x.route.guard.(*jwtGuard)
	return j, is
}
