package gateway

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/internal/gateway/urlpath"
)

// aMethod is what is expected where no method was found; a look at the API tells which there are.
const aMethod = "a method of the deployment"

// match finds the API, the stage and the method. From here on the request has one path, x.path, and nobody looks at the URL again.
func (g *Gateway) match(x *exchange) *refusal {
	if refused := x.refuseDomain(); refused != nil {
		return refused
	}
	plan, err := g.plans.Get(x.context(), x.target.API, x.began)
	if err != nil {
		return internalError(fmt.Errorf("the API could not be loaded: %w", err))
	}
	if plan == nil {
		return forbidden(authz.DomainMappingMissing).explained("there is no API "+quoted(x.target.API), "the id of an API")
	}
	ok := x.readPath()
	x.stage = g.canaryOr(plan.stages[x.stageName])
	if x.stage == nil {
		return g.unmatched(x, authz.StageNotFound, "the URL names the stage "+quoted(x.stageName), "a stage of the API")
	}
	if x.target.Region != "" && x.target.Region != x.stage.region {
		x.stage = nil
		return forbidden(authz.DomainMappingMissing).explained("the host names the region "+quoted(x.target.Region), "the API's region")
	}
	if x.stage.endpointOff && !x.target.ThroughDomain {
		return forbidden(authz.EndpointDisabled)
	}
	if x.fromOutside() {
		return forbidden(authz.PrivateAPI).explained("a request from "+x.source.IP+", through no VPC endpoint", "a request through a VPC endpoint, which a trusted proxy names in X-Amzn-Vpce-Id")
	}
	if !ok {
		return g.unmatched(x, authz.RouteNotFound, "the path holds dot segments, path parameters, control characters or broken escapes, which are never routed", "a plain path")
	}
	x.method, x.parameters = x.stage.router.match(x.path.Segments, x.request.Method, x.parameterRoom[:0])
	if x.method == nil {
		return g.unmatched(x, authz.RouteNotFound, x.request.Method+" "+quoted(x.path.Text()), aMethod)
	}
	if x.path.Ambiguous {
		// An encoded slash stays inside its segment, on AWS too. A backend that reads it as a slash must not be led to a
		// path that asks for something else than what was asked for here.
		if other, _ := x.stage.router.match(x.path.Leniently(), x.request.Method, nil); other != nil && !x.method.guardedAlike(other) {
			x.method = nil
			return g.unmatched(x, authz.RouteNotFound, "the path holds escaped separators; read as separators they lead to "+quoted(other.resource.path)+", which is guarded differently", "a path that can be read in one way only")
		}
	}
	return nil
}

// readPath normalises the path and takes the stage's name from it where the address did not name it otherwise. A path that is
// never routed still names a stage, whose gateway response answers.
func (x *exchange) readPath() (ok bool) {
	x.path, ok = urlpath.Normalise(x.target.Path, x.segmentRoom[:])
	switch {
	case x.target.Stage != "":
		x.stageName = x.target.Stage
		if name, err := url.PathUnescape(x.stageName); err == nil {
			x.stageName = name
		}
	case ok && len(x.path.Segments) > 0:
		x.stageName = x.path.Segments[0].Text
		x.path = x.path.After(1)
	case !ok:
		x.stageName, _, _ = strings.Cut(strings.TrimLeft(x.target.Path, "/"), "/")
	}
	return ok
}

// forbidden is the answer where no API speaks for itself (fact 1.10); it cannot be customised.
func forbidden(reason authz.Reason) *refusal {
	r := refuse(reason).saying("Forbidden")
	r.errorType = "ForbiddenException"
	return r
}

// quoted shows a text that a client chose, cut to what people can read.
func quoted(text string) string {
	const most = 200
	if len(text) > most {
		text = text[:most] + "…"
	}
	return fmt.Sprintf("%q", text)
}
