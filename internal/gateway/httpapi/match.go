package httpapi

import (
	"fmt"
	"net/url"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/internal/apigatewayv2"
	"github.com/poolgate/poolgate/internal/gateway/urlpath"
)

const defaultStage = apigatewayv2.DefaultStage

// aRoute is what is expected where no route was found; a look at the API tells which there are.
const aRoute = "a route of the deployment"

// match finds the API, the stage and the route. From here on the request has one path, x.path, and nobody looks at the URL again.
func (g *Gateway) match(x *exchange) (*answer, *refusal) {
	plan, err := g.plans.Get(x.context(), x.target.API, x.began)
	if err != nil {
		return nil, internalError(fmt.Errorf("the API could not be loaded: %w", err))
	}
	if plan == nil {
		return nil, refuse(authz.DomainMappingMissing).explained("there is no API "+quoted(x.target.API), "the id of an API")
	}
	ok := x.readPath(plan)
	if x.stage == nil {
		return nil, refuse(authz.StageNotFound).explained("the URL's path "+quoted(x.path.Text())+" begins with no stage, and there is no stage "+defaultStage, "a stage of the API")
	}
	if x.target.Region != "" && x.target.Region != x.stage.region {
		x.stage = nil
		return nil, refuse(authz.DomainMappingMissing).explained("the host names the region "+quoted(x.target.Region), "the API's region")
	}
	if x.stage.endpointOff && !x.target.ThroughDomain {
		return nil, refuse(authz.EndpointDisabled)
	}
	if !ok {
		return nil, refuse(authz.RouteNotFound).explained("the path holds dot segments, path parameters, control characters or broken escapes, which are never routed", "a plain path")
	}
	x.route, x.parameters = x.stage.find(&x.path, x.request.Method, x.parameterRoom[:0])
	if x.path.Ambiguous && x.route != nil {
		return nil, x.readInOneWay()
	}
	return nil, nil
}

// readPath normalises the path and finds the stage: the one that its first segment names, else $default, which is in no path.
func (x *exchange) readPath(plan *apiPlan) (ok bool) {
	x.path, ok = urlpath.Normalise(x.target.Path, x.segmentRoom[:])
	if name := x.target.Stage; name != "" {
		if text, err := url.PathUnescape(name); err == nil {
			name = text
		}
		x.stage = plan.stages[name]
		return ok
	}
	if ok && len(x.path.Segments) > 0 {
		name := x.path.Segments[0].Text
		if stage := plan.stages[name]; stage != nil && (name != defaultStage || x.target.PathStyle) {
			trailing := x.path.Trailing // After(1) of a path of one segment has none, but /dev/ is another path than /dev
			x.stage, x.path = stage, x.path.After(1)
			x.path.Trailing = trailing
			return true
		}
	}
	x.stage = plan.stages[defaultStage]
	return ok
}

// readInOneWay refuses a path with escaped separators that would lead a backend that decodes first to a route that asks for something
// else. An escaped slash itself stays inside its segment.
func (x *exchange) readInOneWay() *refusal {
	other := urlpath.Path{Segments: x.path.Leniently()}
	for _, trailing := range []bool{false, true} {
		other.Trailing = trailing
		if route, _ := x.stage.find(&other, x.request.Method, nil); route != nil && !x.route.guardedAlike(route) {
			x.route = nil
			return refuse(authz.RouteNotFound).explained("the path holds escaped separators; read as separators they lead to "+quoted(route.key)+", which is guarded differently", "a path that can be read in one way only")
		}
	}
	return nil
}

// noRoute is the refusal where no route takes the request (fact 2).
func (x *exchange) noRoute() *refusal {
	return refuse(authz.RouteNotFound).explained(x.request.Method+" "+quoted(x.path.Text()), aRoute)
}

// quoted shows a text that a client chose, cut to what people can read.
func quoted(text string) string {
	const most = 200
	if len(text) > most {
		text = text[:most] + "…"
	}
	return fmt.Sprintf("%q", text)
}
