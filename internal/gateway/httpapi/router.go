package httpapi

import (
	"slices"
	"strings"

	"github.com/poolgate/poolgate/internal/gateway/urlpath"
)

// router finds the route for a path and a verb, in the order of the guide ("Create routes for HTTP APIs"): a full match, then the
// longest greedy match. $default, the last, stands beside it. Within both a static segment beats a parameter and the verb's own
// route beats ANY; a branch without a route for the verb is left again for the next best.
type router struct {
	static map[string]*router
	named  *router
	// full and greedy are the routes that end here, by verb.
	full, greedy map[string]*routePlan
}

// add puts a route at its path template.
func (r *router) add(route *routePlan) {
	at := r
	for part := range strings.SplitSeq(strings.Trim(route.path, "/"), "/") {
		switch name, isParameter := parameterName(part); {
		case part == "":
		case isParameter && strings.HasSuffix(name, "+"):
			route.names = append(route.names, strings.TrimSuffix(name, "+"))
			route.greedy = true
			put(&at.greedy, route)
			return
		case isParameter:
			route.names = append(route.names, name)
			if at.named == nil {
				at.named = &router{}
			}
			at = at.named
		default:
			next := at.static[part]
			if next == nil {
				if next = (&router{}); at.static == nil {
					at.static = make(map[string]*router)
				}
				at.static[part] = next
			}
			at = next
		}
	}
	put(&at.full, route)
}

func put(into *map[string]*routePlan, route *routePlan) {
	if *into == nil {
		*into = make(map[string]*routePlan, 1)
	}
	if (*into)[route.verb] == nil { // of two routes with one key, which only parameters of other names make, the first stays
		(*into)[route.verb] = route
	}
}

func parameterName(part string) (string, bool) {
	if strings.HasPrefix(part, "{") && strings.HasSuffix(part, "}") {
		return part[1 : len(part)-1], true
	}
	return "", false
}

// parameter is the place of a path parameter's value: segments from up to, but not with, to.
type parameter struct{ from, to int }

// match finds the route of a normalised path. The parameters, one for each of the route's names, are appended to found.
//
// A path that ends in a slash is another than the one without (a route key cannot end in one): only a greedy route takes it, also
// with nothing behind the slash.
func (r *router) match(p *urlpath.Path, verb string, found []parameter) (*routePlan, []parameter) {
	if !p.Trailing || len(p.Segments) == 0 {
		if route, found := r.matchFull(p.Segments, 0, verb, found); route != nil {
			return route, found
		}
	}
	return r.matchGreedy(p, 0, verb, found)
}

func (r *router) matchFull(segments []urlpath.Segment, at int, verb string, found []parameter) (*routePlan, []parameter) {
	if at == len(segments) {
		return choose(r.full, verb), found
	}
	if next := r.static[segments[at].Text]; next != nil {
		if route, found := next.matchFull(segments, at+1, verb, found); route != nil {
			return route, found
		}
	}
	if r.named != nil {
		return r.named.matchFull(segments, at+1, verb, append(found, parameter{at, at + 1}))
	}
	return nil, found
}

func (r *router) matchGreedy(p *urlpath.Path, at int, verb string, found []parameter) (*routePlan, []parameter) {
	segments := p.Segments
	if at < len(segments) {
		if next := r.static[segments[at].Text]; next != nil {
			if route, found := next.matchGreedy(p, at+1, verb, found); route != nil {
				return route, found
			}
		}
		if r.named != nil {
			if route, found := r.named.matchGreedy(p, at+1, verb, append(found, parameter{at, at + 1})); route != nil {
				return route, found
			}
		}
	}
	if at < len(segments) || p.Trailing && at > 0 {
		if route := choose(r.greedy, verb); route != nil {
			return route, append(found, parameter{at, len(segments)})
		}
	}
	return nil, found
}

// choose is the route for a verb; the verb's own beats ANY.
func choose(routes map[string]*routePlan, verb string) *routePlan {
	if route := routes[verb]; route != nil {
		return route
	}
	if verbs[verb] {
		return routes[anyVerb]
	}
	return nil
}

// find is match with $default behind it.
func (s *stagePlan) find(p *urlpath.Path, verb string, found []parameter) (*routePlan, []parameter) {
	route, found := s.router.match(p, verb, found)
	if route == nil && verbs[verb] {
		return s.fallback, nil
	}
	return route, found
}

// guardedAlike tells that two routes let in the same requests.
func (r *routePlan) guardedAlike(other *routePlan) bool {
	if r == other {
		return true
	}
	return other != nil && r.authorization == other.authorization && r.authorizerID == other.authorizerID && slices.Equal(r.scopes, other.scopes)
}
