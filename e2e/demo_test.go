package e2e

import (
	"os/exec"
	"strings"
	"testing"
)

// TestTheDemo runs the README's first command, and has the real aws CLI read every aws command that it printed.
func TestTheDemo(t *testing.T) {
	demo := exec.CommandContext(t.Context(), binary, "demo")
	out, err := demo.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, part := range []string{"Every answer was the expected one.", "scope_missing", "token_use_access_expected", "session expired", "token_expired"} {
		if !strings.Contains(string(out), part) {
			t.Errorf("the demo does not show %q", part)
		}
	}
	if longest := widest(string(out)); longest > 160 {
		t.Errorf("a line of the demo is %d columns wide", longest)
	}
	need(t, "aws")
	commands := 0
	// A command goes on in the next line after a backslash, as in a shell.
	for line := range strings.Lines(strings.ReplaceAll(string(out), "\\\n", "")) {
		command, found := strings.CutPrefix(strings.TrimSpace(line), "$ aws ")
		if !found {
			continue
		}
		commands++
		// The CLI reads every option and writes a skeleton of the input, without sending anything.
		parse := exec.CommandContext(t.Context(), "sh", "-c", "TOKEN=t aws "+command+" --generate-cli-skeleton input")
		parse.Env = append(parse.Environ(), "AWS_REGION=eu-west-1", "AWS_DEFAULT_REGION=eu-west-1", "AWS_PAGER=")
		if said, err := parse.CombinedOutput(); err != nil {
			t.Errorf("aws %s: %v %s", command, err, said)
		}
	}
	if commands < 15 {
		t.Errorf("only %d aws commands were printed", commands)
	}
}

// widest is the number of columns of the widest line. A URL to open cannot be broken.
func widest(text string) (columns int) {
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "$ LOGIN=") {
			columns = max(columns, len([]rune(line)))
		}
	}
	return columns
}
