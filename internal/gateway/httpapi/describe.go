package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/internal/apigatewayv2"
	"github.com/poolgate/poolgate/internal/gateway/decision"
	"github.com/poolgate/poolgate/internal/gateway/urlpath"
)

// Describe returns the record of a request with what would mend a refusal, filled in with the API's own ids, and with a look at
// whether the API as edited would answer differently. It is nil when the request is not remembered here or was for no HTTP
// API. It is for people and asks the store.
func (g *Gateway) Describe(ctx context.Context, requestID string) (*decision.Record, error) {
	r, ok := g.ring.Get(requestID)
	if !ok || r.Protocol != decision.HTTP {
		return nil, nil
	}
	if r.Allowed {
		return r, nil
	}
	r.Warnings = slices.Clone(r.Warnings)
	published, err := g.apis.Published(ctx, r.API)
	if err == nil {
		g.look(ctx, r, published)
	}
	fill := placeholders(r)
	for _, line := range mends(r.Reason) {
		r.Mend = append(r.Mend, fill(line))
	}
	for _, warning := range r.Warnings {
		for _, line := range warned[warning] {
			r.Mend = append(r.Mend, fill(line))
		}
	}
	return r, nil
}

// mends are what mends a reason here: the API's own, else those of the closed list that are not about REST APIs.
func mends(reason authz.Reason) []string {
	if own, exists := told[reason]; exists {
		return own.mend
	}
	return slices.DeleteFunc(slices.Clone(reason.Info().Mend), func(line string) bool { return strings.Contains(line, "aws apigateway ") })
}

// look fills in what only a look at the API tells.
func (g *Gateway) look(ctx context.Context, r *decision.Record, published map[string]*apigatewayv2.Published) {
	if r.Reason == authz.StageNotFound {
		r.Expected = named(slices.Sorted(maps.Keys(published)), "the API has no stage", "one of the API's stages: ")
		return
	}
	p := published[r.Stage]
	if p == nil {
		return
	}
	compile := func(s *apigatewayv2.Snapshot) *stagePlan {
		return (&compiler{engine: g.engine, snapshot: s}).stage(&apigatewayv2.Published{Snapshot: s, Stage: p.Stage})
	}
	deployed := compile(p.Snapshot)
	if r.Expected == aRoute {
		keys := make([]string, len(deployed.routes))
		for i, route := range deployed.routes {
			keys[i] = route.key
		}
		slices.Sort(keys)
		r.Expected = named(keys, "the stage serves no route at all", "one of the deployed routes: ")
	}
	live, err := g.apis.Live(ctx, r.API)
	if err != nil {
		return
	}
	if edited := compile(live); !bytes.Equal(relevant(edited, live, r), relevant(deployed, p.Snapshot, r)) {
		r.Warnings = append(r.Warnings, authz.UndeployedChange)
	}
}

// relevant is all of a version that decides how the request is answered, as JSON.
func relevant(plan *stagePlan, s *apigatewayv2.Snapshot, r *decision.Record) []byte {
	p, ok := urlpath.Normalise(r.Path, nil)
	if !ok || s == nil {
		return nil
	}
	route, _ := plan.find(&p, r.Method, nil)
	parts := []any{s.API.Value.CorsConfiguration, s.API.Value.DisableExecuteApiEndpoint}
	if route != nil {
		for i := range s.Routes {
			if aws.ToString(s.Routes[i].Value.RouteId) == route.id {
				parts = append(parts, s.Routes[i])
			}
		}
		for i := range s.Authorizers {
			if aws.ToString(s.Authorizers[i].Value.AuthorizerId) == route.authorizerID {
				parts = append(parts, s.Authorizers[i])
			}
		}
		for i := range s.Integrations {
			if aws.ToString(s.Integrations[i].Value.IntegrationId) == route.integrationID {
				parts = append(parts, s.Integrations[i])
			}
		}
	}
	text, err := json.Marshal(parts)
	if err != nil {
		return nil
	}
	return text
}

// mostNamed is how many routes or stages an explanation names.
const mostNamed = 10

func named(names []string, none, some string) string {
	switch more := len(names) - mostNamed; {
	case len(names) == 0:
		return none
	case more > 0:
		return fmt.Sprintf("%s%s and %d more", some, strings.Join(names[:mostNamed], ", "), more)
	}
	return some + strings.Join(names, ", ")
}

var (
	placeholder = regexp.MustCompile(`\b[A-Z]+\b`)
	// filledFrom is where a mend turns from prose to something to type or to compare.
	filledFrom = regexp.MustCompile(`\b(aws |curl |https?://|arn:)`)
)

// placeholders replaces the words in capital letters of a mend's commands by what the record knows of them.
func placeholders(r *decision.Record) func(string) string {
	stage := r.Stage
	if strings.HasPrefix(stage, "$") {
		stage = "'" + stage + "'"
	}
	known := map[string]string{"API": r.API, "STAGE": stage, "REGION": r.Region, "ACCOUNT": r.Account, "AUTHORIZER": r.AuthorizerID, "RESOURCE": r.ResourceID}
	return func(line string) string {
		at := filledFrom.FindStringIndex(line)
		if at == nil {
			return line
		}
		return line[:at[0]] + placeholder.ReplaceAllStringFunc(line[at[0]:], func(word string) string {
			if value := known[word]; value != "" {
				return value
			}
			return word
		})
	}
}

// Recent returns up to n records of this node, the newest first; a nil filter lets all pass.
func (g *Gateway) Recent(n int, filter func(*decision.Record) bool) []*decision.Record {
	return g.ring.Recent(n, filter)
}
