// Package explain tells why a request was refused: to people in words, to programs as JSON. It knows no rule of its own about
// tokens, routes or policies. [Diagnose] builds the API that an account has deployed anew, in memory, with the public keys of its
// pools, and lets the gateway and the engine judge the very request; what they say is then held against the answer that came, and
// where both disagree it says so instead of naming a cause. [OfRecord] tells what this server's own gateway decided.
//
// Everything is read through [Account], of which it never asks for more than a look, and nothing that a token or key could be
// taken from is told.
package explain

import (
	"fmt"
	"strings"

	"github.com/poolgate/poolgate/internal/gateway/decision"
)

// factsOf are what a record says was asked for, and where that led.
func factsOf(r *decision.Record) (facts []Fact) {
	add := func(name, format string, args ...any) {
		facts = append(facts, Fact{name, fmt.Sprintf(format, args...)})
	}
	where := "API " + r.API
	if r.Stage != "" {
		where = "stage " + r.Stage + " of " + where
	}
	add("request", "%s %s, %s", r.Method, r.Path, where)
	deployment := ""
	if r.Deployment != "" {
		deployment = " of deployment " + r.Deployment
	}
	if r.RouteKey != "" {
		add("route", "%s (%s)%s", r.RouteKey, r.ResourceID, deployment)
	} else if r.Resource != "" {
		add("method", "%s, resource %s%s", r.Resource, r.ResourceID, deployment)
	}
	if r.Authorizer != "" {
		add("authorizer", "%s (%s)", r.Authorizer, r.AuthorizerID)
	}
	if len(r.Scopes) > 0 {
		add("scopes", "%s", strings.Join(r.Scopes, ", "))
	} else if r.Authorizer != "" {
		add("scopes", "none")
	}
	return facts
}
