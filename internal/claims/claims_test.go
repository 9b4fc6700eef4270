// Package claims puts the advice that people find on "Unauthorized" and "Forbidden" to the test, piece by piece. docs/claims.md is made
// from its table, so that no verdict stands there without an experiment that passes.
package claims

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
)

const page = "../../docs/claims.md"

var update = flag.Bool("update", false, "write docs/claims.md anew")

// verdict is what is to be thought of a piece of advice.
type verdict string

const (
	isTrue     verdict = "True"
	isFalse    verdict = "False"
	isPartly   verdict = "Partly true"
	isNoMatter verdict = "Makes no difference"
	isNotShown verdict = "Not shown"
)

// claim is a piece of advice with its verdict and the experiment that shows it.
type claim struct {
	// id names the experiment and the section of the page.
	id string
	// says is the advice, as people give it.
	says    string
	verdict verdict
	// because is the verdict in full sentences.
	because string
	// evidence says how AWS's behaviour is known, confidence how surely: the marks of docs/divergences.md.
	evidence, confidence string
	// try says what the experiment does; show does it.
	try  string
	show func(l *lab)
}

// chapters are all claims in the order of the page.
var chapters = []struct {
	title  string
	claims []claim
}{
	{"Which token", whichToken},
	{"How the token is sent", howSent},
	{"What the authorizer looks at", whatIsChecked},
	{"What the authorizer does not look at", whatIsNotChecked},
	{"What a refusal says", whatRefusalsSay},
	{"The authorizer's own test", theTest},
	{"After a change", afterChanges},
}

// TestClaims runs every experiment on a server of its own.
func TestClaims(t *testing.T) {
	seen := map[string]bool{}
	for _, chapter := range chapters {
		for _, c := range chapter.claims {
			if seen[c.id] || !regexp.MustCompile(`^[a-z0-9-]+$`).MatchString(c.id) {
				t.Errorf("%q does not name one experiment", c.id)
			}
			seen[c.id] = true
			t.Run(c.id, func(t *testing.T) {
				t.Parallel()
				c.show(newLab(t))
			})
		}
	}
}

// TestThePageIsMadeFromTheTable compares docs/claims.md with the table to the byte.
func TestThePageIsMadeFromTheTable(t *testing.T) {
	made := document()
	if *update {
		if err := os.WriteFile(page, made, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	written, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(made, written) {
		t.Errorf("docs/claims.md is not what the table says; write it anew with: go test ./internal/claims -run Page -update")
	}
}

// TestEveryClaimIsComplete fails when a verdict comes without a reason, evidence, confidence or experiment.
func TestEveryClaimIsComplete(t *testing.T) {
	for _, chapter := range chapters {
		for _, c := range chapter.claims {
			for what, text := range map[string]string{"advice": c.says, "reason": c.because, "evidence": c.evidence, "experiment": c.try, "verdict": string(c.verdict)} {
				if text == "" {
					t.Errorf("%s: the %s is missing", c.id, what)
				}
			}
			if !regexp.MustCompile(`^\[[DVRI]\]`).MatchString(c.confidence) {
				t.Errorf("%s: the confidence %q is none", c.id, c.confidence)
			}
		}
	}
}

// document is the whole page.
func document() []byte {
	var out bytes.Buffer
	out.WriteString(preface)
	for _, chapter := range chapters {
		fmt.Fprintf(&out, "\n**%s**\n\n| advice | verdict |\n|---|---|\n", chapter.title)
		for _, c := range chapter.claims {
			fmt.Fprintf(&out, "| [%s](#%s) | %s |\n", c.says, c.id, c.verdict)
		}
	}
	for _, chapter := range chapters {
		fmt.Fprintf(&out, "\n## %s\n", chapter.title)
		for _, c := range chapter.claims {
			fmt.Fprintf(&out, "\n### %s\n\n“%s”\n\n**%s.** %s\n\n", c.id, c.says, c.verdict, flat(c.because))
			fmt.Fprintf(&out, "- AWS: %s Confidence: %s.\n", flat(c.evidence), c.confidence)
			fmt.Fprintf(&out, "- Here: %s `go test ./internal/claims -run TestClaims/%s$`\n", flat(c.try), c.id)
		}
	}
	return out.Bytes()
}

// flat is a text of several lines in one.
func flat(text string) string { return strings.Join(strings.Fields(text), " ") }

const preface = `# Advice on 401 and 403, put to the test

<!-- Made from internal/claims: go test ./internal/claims -run Page -update -->

Who asks why API Gateway refuses a token gets checklists, and they contradict each other. This page takes them apart: each piece of
advice with a verdict, how AWS's behaviour is known, and an experiment that shows it on this server. The page is made from
the table of experiments, and a test fails where one does not bear out its verdict or the page says something else.

They speak of the ` + "`COGNITO_USER_POOLS`" + ` authorizer of a REST API unless something else is said. The confidence says how surely AWS's own behaviour
is known: **[D]** stated by AWS documentation or a service model, **[V]** captured from or validated on AWS, **[R]** reported by users or by code
that reacts to it, **[I]** inferred. An experiment shows what this server does, never what AWS does; where the two could differ, the
confidence tells. No AWS account was used for this page.

Why *your* request was refused: [troubleshooting.md](troubleshooting.md).
`
