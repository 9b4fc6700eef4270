package gateway

import (
	"slices"
	"strings"

	"github.com/poolgate/poolgate/internal/gateway/urlpath"
)

// router finds the method for a path and a verb. As on AWS a static segment beats a named one and that a greedy one, from
// left to right; a branch that has no method for the verb is left again for the next best (recorded: POST /test and OPTIONS
// /{proxy+} answer OPTIONS /test by the latter).
type router struct {
	static map[string]*router
	named  *router
	greedy *resourcePlan
	// resource is what a path that ends here matches.
	resource *resourcePlan
}

// resourcePlan is a resource with its methods by verb, anyVerb among them.
type resourcePlan struct {
	id, path string
	// names are the path parameters in order; a greedy one is the last.
	names   []string
	methods map[string]*methodPlan
}

const anyVerb = "ANY"

// verbs are those that ANY stands for.
var verbs = map[string]bool{"DELETE": true, "GET": true, "HEAD": true, "OPTIONS": true, "PATCH": true, "POST": true, "PUT": true}

// method returns the resource's method for a verb; the verb's own beats ANY.
func (r *resourcePlan) method(verb string) *methodPlan {
	if m := r.methods[verb]; m != nil {
		return m
	}
	if verbs[verb] {
		return r.methods[anyVerb]
	}
	return nil
}

// add puts a resource at its path template.
func (r *router) add(resource *resourcePlan) {
	at := r
	for part := range strings.SplitSeq(strings.Trim(resource.path, "/"), "/") {
		switch name, isParameter := parameterName(part); {
		case part == "":
		case isParameter && strings.HasSuffix(name, "+"):
			resource.names = append(resource.names, strings.TrimSuffix(name, "+"))
			at.greedy = resource
			return
		case isParameter:
			resource.names = append(resource.names, name)
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
	at.resource = resource
}

func parameterName(part string) (string, bool) {
	if strings.HasPrefix(part, "{") && strings.HasSuffix(part, "}") {
		return part[1 : len(part)-1], true
	}
	return "", false
}

// parameter is the place of a path parameter's value: segments from up to, but not with, to.
type parameter struct{ from, to int }

// match finds the method. The parameters, one for each of the resource's names, are appended to found.
func (r *router) match(segments []urlpath.Segment, verb string, found []parameter) (*methodPlan, []parameter) {
	return r.matchFrom(segments, 0, verb, found)
}

func (r *router) matchFrom(segments []urlpath.Segment, at int, verb string, found []parameter) (*methodPlan, []parameter) {
	if at == len(segments) {
		if r.resource == nil {
			return nil, found
		}
		return r.resource.method(verb), found
	}
	if next := r.static[segments[at].Text]; next != nil {
		if m, found := next.matchFrom(segments, at+1, verb, found); m != nil {
			return m, found
		}
	}
	if r.named != nil {
		if m, found := r.named.matchFrom(segments, at+1, verb, append(found, parameter{at, at + 1})); m != nil {
			return m, found
		}
	}
	if r.greedy != nil {
		if m := r.greedy.method(verb); m != nil {
			return m, append(found, parameter{at, len(segments)})
		}
	}
	return nil, found
}

// guardedAlike tells that two methods let in the same requests.
func (m *methodPlan) guardedAlike(other *methodPlan) bool {
	return m == other || m.authorization == other.authorization && m.authorizer == other.authorizer && m.keyRequired == other.keyRequired &&
		slices.Equal(m.scopes, other.scopes)
}
