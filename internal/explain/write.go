package explain

import (
	"io"
	"strings"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/internal/account"
)

// Options are how a verdict is shown.
type Options struct {
	// Width is the terminal's in columns; zero means 100. A command or a word may be wider.
	Width int
	// Colour tells that the terminal shows colours.
	Colour bool
}

// Write tells a verdict to people, the most needed first: the verdict, the failing check with what was seen and what was
// expected, what mends it, the other checks, warnings.
func Write(w io.Writer, v *Verdict, o Options) error {
	p := newPage(o)
	p.verdict(v)
	p.facts(v)
	p.mend("What mends it:", v.Mend)
	p.checks(v.Checks)
	p.warnings(v.Warned)
	p.gaps(v)
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

func (p *page) verdict(v *Verdict) {
	switch {
	case !v.Certain && v.Reason != "":
		p.heading(yellow, "Cannot tell for certain; most likely: %s", v.Reason)
	case !v.Certain:
		p.heading(yellow, "Cannot tell.")
	case v.Allowed && v.Status == 0:
		p.heading(green, "Allowed: the request would be let in.")
	case v.Allowed:
		p.heading(green, "Allowed: the request was answered %d.", v.Status)
	default:
		by := refusers[v.RefusedBy]
		if by == "" {
			by = "by " + v.RefusedBy
		}
		p.heading(red, "Refused with %d %s: %s", v.Status, by, v.Reason)
	}
	if v.Sentence != "" {
		p.text("", v.Sentence)
	}
}

// facts are what was asked for, where that led, and what was wrong with it.
func (p *page) facts(v *Verdict) {
	p.line("")
	for _, f := range v.Facts {
		p.fact(f.Name, f.Value)
	}
	if v.Saw != "" {
		p.fact("saw", v.Saw)
	}
	if v.Expected != "" {
		p.fact("expected", v.Expected)
	}
}

func (p *page) mend(title string, steps []string) {
	if len(steps) == 0 {
		return
	}
	p.line("")
	p.bold(title)
	p.steps("  - ", steps)
}

func (p *page) steps(begin string, steps []string) {
	for _, step := range steps {
		prose, command := SplitMend(step)
		if prose != "" {
			p.text(begin, prose)
		}
		if command != "" {
			p.command(command)
		}
	}
}

// tools are what the commands of mends begin with.
var tools = []string{"aws ", "curl ", "poolgate "}

// SplitMend parts a step into what to do and the command that does it; either may be empty.
func SplitMend(step string) (prose, command string) {
	at := -1
	for _, tool := range tools {
		if strings.HasPrefix(step, tool) {
			return "", step
		}
		if i := strings.Index(step, ": "+tool); i >= 0 && (at < 0 || i < at) {
			at = i
		}
	}
	if at < 0 {
		return step, ""
	}
	return step[:at+1], step[at+2:]
}

// checks are those that were done; those that were not are only named.
func (p *page) checks(all []authz.Check) {
	if len(all) == 0 {
		return
	}
	p.line("")
	p.bold("Checks, in order:")
	colours := map[string]string{authz.Passed: green, authz.Failed: red}
	var skipped, unreached []string
	for _, c := range all {
		switch c.Outcome {
		case authz.Skipped:
			skipped = append(skipped, c.Name)
		case authz.NotReached:
			unreached = append(unreached, c.Name)
		default:
			p.check(colours[c.Outcome], c)
		}
	}
	if len(skipped) > 0 {
		p.text("  skipped     ", strings.Join(skipped, ", ")+" (nothing to check)")
	}
	if len(unreached) > 0 {
		p.text("  not done    ", strings.Join(unreached, ", "))
	}
}

func (p *page) warnings(all []Warned) {
	if len(all) == 0 {
		return
	}
	p.line("")
	p.bold("Beware:")
	for _, w := range all {
		p.text("  - ", w.Sentence)
	}
}

// gaps are what could not be looked at.
func (p *page) gaps(v *Verdict) {
	if len(v.Missing) == 0 && len(v.Gaps) == 0 {
		return
	}
	p.line("")
	if v.Certain {
		p.bold("What could not be looked at:")
	} else {
		p.bold("What is missing to tell:")
	}
	for _, missing := range v.Missing {
		p.text("  - ", missing)
	}
	noCredentials := false
	for _, gap := range v.Gaps {
		if gap.Kind == account.GapCredentials { // one cause, however much it hides
			noCredentials = true
			continue
		}
		text := gap.Operation
		if gap.Permission != "" {
			text += " (" + gap.Permission + ")"
		}
		text += ": " + string(gap.Kind)
		p.text("  - ", text)
	}
	if noCredentials {
		p.text("  - ", "the account's settings: there are no AWS credentials here, or none that are valid. aws configure gives some, --profile chooses others, and they may be allowed to read only.")
	}
}
