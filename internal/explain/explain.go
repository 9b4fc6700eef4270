// Package explain tells a decision to people: the verdict in one sentence, the failing check with what was seen and what was
// expected, what mends it, then the other checks and the warnings. It decides nothing; everything it says is in the
// decision record that the engine's own checks wrote.
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
	var b strings.Builder
	writeVerdict(&b, r)
	if !r.Allowed {
		writeFailure(&b, r)
	}
	writeChecks(&b, r.Checks)
	writeWarnings(&b, r.Warnings)
	_, err := io.WriteString(w, b.String())
	return err
}

func writeVerdict(b *strings.Builder, r *decision.Record) {
	target := fmt.Sprintf("%s %s on stage %s of API %s", r.Method, r.Path, r.Stage, r.API)
	if r.Allowed {
		fmt.Fprintf(b, "Allowed: %s was answered %d.\n", target, r.Status)
		return
	}
	fmt.Fprintf(b, "Refused with %d by the %s: %s\n", r.Status, r.RefusedBy, r.Reason.Info().Sentence)
	fmt.Fprintf(b, "  %s\n", target)
}

func writeFailure(b *strings.Builder, r *decision.Record) {
	fmt.Fprintf(b, "\n  reason    %s\n", r.Reason)
	if r.Saw != "" {
		fmt.Fprintf(b, "  saw       %s\n", r.Saw)
	}
	if r.Expected != "" {
		fmt.Fprintf(b, "  expected  %s\n", r.Expected)
	}
	if len(r.Mend) > 0 {
		b.WriteString("\nTo mend it:\n")
		for _, line := range r.Mend {
			fmt.Fprintf(b, "  %s\n", line)
		}
	}
}

// marks show an outcome; the word stands beside it, so that nothing hangs on the mark.
var marks = map[string]string{"passed": "+", "failed": "x", "skipped": "-", "not_reached": " "}

func writeChecks(b *strings.Builder, checks []authz.Check) {
	if len(checks) == 0 {
		return
	}
	b.WriteString("\nChecks, in order:\n")
	for _, c := range checks {
		fmt.Fprintf(b, "  %s %-12s %-12s", marks[c.Outcome], c.Name, strings.ReplaceAll(c.Outcome, "_", " "))
		if c.Saw != "" {
			fmt.Fprintf(b, " %s", c.Saw)
		}
		b.WriteByte('\n')
	}
}

func writeWarnings(b *strings.Builder, warnings []authz.Warning) {
	if len(warnings) == 0 {
		return
	}
	b.WriteString("\nAlso:\n")
	for _, warning := range warnings {
		fmt.Fprintf(b, "  %s: %s\n", warning, warning.Info().Sentence)
	}
}
