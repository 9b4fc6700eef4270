// Package explain tells a decision to people: the verdict in one sentence, what was asked for, the failing check with what was
// seen and what was expected, what to beware of, what mends it, and the other checks. It decides nothing; everything it says is in
// the decision record that the engine's own checks wrote.
package explain

import (
	"fmt"
	"io"
	"strings"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/internal/gateway/decision"
)

// Write tells what was decided about one request.
func Write(w io.Writer, r *decision.Record) error {
	p := new(page)
	verdict(p, r)
	facts(p, r)
	warnings(p, r.Warnings)
	mend(p, r.Mend)
	checks(p, r.Checks)
	_, err := io.WriteString(w, p.String())
	return err
}

// refusers says who refused, as it is put after "Refused with 401".
var refusers = map[string]string{
	string(authz.ByAuthorizer):  "by the authorizer",
	string(authz.ByRoute):       "before a method was found",
	string(authz.ByPolicy):      "by a policy, key or limit",
	string(authz.ByRequest):     "for what the request holds",
	string(authz.ByIntegration): "in the integration",
}

func verdict(p *page, r *decision.Record) {
	if r.Allowed {
		p.line("Allowed: the request was answered %d.", r.Status)
		return
	}
	by := refusers[r.RefusedBy]
	if by == "" {
		by = "by " + r.RefusedBy
	}
	p.line("Refused with %d %s: %s", r.Status, by, r.Reason)
	sentence := r.Sentence
	if sentence == "" {
		sentence = r.Reason.Info().Sentence
	}
	if sentence != "" {
		p.text("", sentence)
	}
}

// facts are what was asked for, where that led, and what was wrong with it.
func facts(p *page, r *decision.Record) {
	p.line("")
	where := "API " + r.API
	if r.Stage != "" {
		where = "stage " + r.Stage + " of " + where
	}
	p.fact("request", fmt.Sprintf("%s %s, %s", r.Method, r.Path, where))
	if r.RouteKey != "" {
		p.fact("route", fmt.Sprintf("%s (%s) of deployment %s", r.RouteKey, r.ResourceID, r.Deployment))
	} else if r.Resource != "" {
		p.fact("method", fmt.Sprintf("%s, resource %s of deployment %s", r.Resource, r.ResourceID, r.Deployment))
	}
	if r.Authorizer != "" {
		p.fact("authorizer", fmt.Sprintf("%s (%s)", r.Authorizer, r.AuthorizerID))
	}
	if len(r.Scopes) > 0 {
		p.fact("scopes", strings.Join(r.Scopes, ", "))
	} else if r.Authorizer != "" {
		p.fact("scopes", "none")
	}
	if r.Saw != "" {
		p.fact("saw", r.Saw)
	}
	if r.Expected != "" {
		p.fact("expected", r.Expected)
	}
}

func warnings(p *page, codes []authz.Warning) {
	if len(codes) == 0 {
		return
	}
	p.line("\nBeware:")
	for _, code := range codes {
		sentence := code.Info().Sentence
		if sentence == "" {
			sentence = string(code) // of a server that is newer than this program
		}
		p.text("  - ", sentence)
	}
}

func mend(p *page, steps []string) {
	if len(steps) == 0 {
		return
	}
	p.line("\nWhat mends it:")
	for _, step := range steps {
		prose, command := split(step)
		if prose != "" {
			p.text("  - ", prose)
		}
		if command != "" {
			p.command(command)
		}
	}
}

// split parts a step into what to do and the command that does it; either may be empty.
func split(step string) (prose, command string) {
	for _, tool := range []string{"aws ", "curl "} {
		if strings.HasPrefix(step, tool) {
			return "", step
		}
		if before, after, found := strings.Cut(step, ": "+tool); found {
			return before + ":", tool + after
		}
	}
	return step, ""
}

// checks are those that were done; those that were not are only named.
func checks(p *page, all []authz.Check) {
	if len(all) == 0 {
		return
	}
	p.line("\nChecks, in order:")
	var skipped, unreached []string
	for _, c := range all {
		switch c.Outcome {
		case authz.Skipped:
			skipped = append(skipped, c.Name)
		case authz.NotReached:
			unreached = append(unreached, c.Name)
		default:
			p.line("  %-10s  %-10s  %s", c.Outcome, c.Name, c.Saw)
		}
	}
	if len(skipped) > 0 {
		p.line("  %-10s  %s (nothing to check)", authz.Skipped, strings.Join(skipped, ", "))
	}
	if len(unreached) > 0 {
		p.line("  %-10s  %s", "not done", strings.Join(unreached, ", "))
	}
}
