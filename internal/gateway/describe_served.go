package gateway

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/internal/apigateway"
	"github.com/poolgate/poolgate/internal/gateway/decision"
	"github.com/poolgate/poolgate/internal/gateway/urlpath"
)

// mostNamed is how many methods or stages an explanation names.
const mostNamed = 10

// look fills in what only a look at the API tells: what there is instead of a method, a stage or a token that was not found.
func (g *Gateway) look(ctx context.Context, r *decision.Record, deployed *version) {
	switch {
	case r.Reason == authz.StageNotFound:
		if published, err := g.apis.Published(ctx, r.API); err == nil {
			r.Expected = stagesOf(published)
		}
	case deployed == nil:
	case r.Expected == aMethod:
		r.Expected = deployed.served(r)
	case r.Reason == authz.IdentitySourceMissing:
		if header, _ := deployed.source(deployed.route(r)); header != "" {
			r.Expected = "a token in the header " + header
		}
	}
}

// served names the methods of a version, those that the request's path would have led to with another verb before all others.
func (v *version) served(r *decision.Record) string {
	var near, far []string
	p, plain := urlpath.Normalise(r.Path, nil)
	for _, resource := range slices.SortedFunc(maps.Values(v.plan.resources), func(a, b *resourcePlan) int { return strings.Compare(a.path, b.path) }) {
		for _, verb := range slices.Sorted(maps.Keys(resource.methods)) {
			name := verb + " " + resource.path
			if plain && v.leadsTo(p.Segments, verb, resource) {
				near = append(near, name)
			} else {
				far = append(far, name)
			}
		}
	}
	return named(append(near, far...), "the stage serves no method at all", "one of the deployed methods: ")
}

func (v *version) leadsTo(segments []urlpath.Segment, verb string, resource *resourcePlan) bool {
	m, _ := v.plan.router.match(segments, verb, nil)
	return m != nil && m.resource == resource
}

// stagesOf names an API's stages.
func stagesOf(published map[string]*apigateway.Published) string {
	return named(slices.Sorted(maps.Keys(published)), "the API has no stage; deploy it", "one of the API's stages: ")
}

func named(names []string, none, some string) string {
	switch more := len(names) - mostNamed; {
	case len(names) == 0:
		return none
	case more > 0:
		return fmt.Sprintf("%s%s and %d more", some, strings.Join(names[:mostNamed], ", "), more)
	}
	return some + strings.Join(names, ", ")
}

// source tells the header that the method's authorizer reads and, where it trusts one pool only, that pool's id.
func (v *version) source(m *methodPlan) (header, pool string) {
	if m == nil || m.authorizer == nil {
		return "", ""
	}
	for i := range v.snapshot.Authorizers {
		doc := v.snapshot.Authorizers[i].Value
		if aws.ToString(doc.Id) == m.authorizer.id && len(doc.ProviderARNs) == 1 {
			_, pool, _ = strings.Cut(doc.ProviderARNs[0], ":userpool/")
		}
	}
	return m.authorizer.header, pool
}
