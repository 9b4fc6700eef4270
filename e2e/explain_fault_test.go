package e2e

import (
	"bytes"
	"context"
	"net/http"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/poolgate/poolgate/internal/explain"

	"github.com/poolgate/poolgate/authz"
)

// fault is something that is wrong, built on purpose.
type fault struct {
	name, reason string
	// follow is a part of the step of the mend that is followed; empty follows the first.
	follow string
	build  func(t *testing.T, l *lab) broken
}

// broken is a request that fails.
type broken struct {
	curled
	// flags are further ones of explain.
	flags []string
	// instead is what a person does that no command does, after the step's command where it has one, whose output it gets: it returns
	// the request to make then. Nil makes the same again.
	instead func(out string) curled
	// passes is the status of the request that passes; 0 means 200.
	passes int
	// warns is a warning that must be told as well; quiet says that reason is none: the request passes and is only warned of.
	warns string
	quiet bool
	// skipStep says that a person does it otherwise than by the step's command.
	skipStep bool
	// check is the check that must have failed, where the reason alone does not name the cause.
	check string
	// guarded says that the server has access keys and therefore keeps its reasons to itself.
	guarded bool
	// then looks at the last answer.
	then func(reply)
}

// step is the step of the mend that is followed.
func (v *told) step(t *testing.T, part string) string {
	t.Helper()
	for _, step := range v.Mend {
		if strings.Contains(step, part) {
			return step
		}
	}
	t.Fatalf("no step of the mend says %q: %q", part, v.Mend)
	return ""
}

// checkMend checks that every command of a mend can be run as it stands.
func (v *told) checkMend(t *testing.T) {
	t.Helper()
	for _, step := range v.Mend {
		if _, command := explain.SplitMend(step); command != "" {
			if left := placeholders(command); left != nil {
				t.Errorf("a command holds %q: %s", left, command)
			}
		}
	}
}

// runStep runs the command of a step as a shell does.
func runStep(t *testing.T, step string) (out string, ran bool) {
	t.Helper()
	_, command := explain.SplitMend(step)
	if command == "" {
		return "", false
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", command)
	cmd.Env = desk()
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	printed, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s\n%v: %s", command, err, stderr.String())
	}
	return string(printed), true
}

// mend names the fault, follows the mend and returns what the request is then answered.
func (f fault) mend(t *testing.T, b broken) {
	t.Helper()
	refused := b.send(t)
	if !b.quiet && refused.status < 400 {
		t.Fatalf("the fault is none: answered %d %s", refused.status, refused.body)
	}
	if got := refused.header.Get("X-Poolgate-Reason"); got != f.reason && !b.quiet && !b.guarded {
		t.Errorf("the server says %q (%d %s), the fault is %s", got, refused.status, refused.body, f.reason)
	}
	v := explained(t, b.curled, b.flags...)
	f.checkTold(t, b, v, refused)
	v.checkMend(t)
	step := ""
	if f.follow != "" || len(v.Mend) > 0 {
		step = v.step(t, f.follow)
	}
	var out string
	ran := false
	if !b.skipStep {
		out, ran = runStep(t, step)
	}
	again := b.curled
	if b.instead != nil {
		again = b.instead(out)
	} else if !ran {
		t.Fatalf("the step %q has no command, and nobody follows it", step)
	}
	want := b.passes
	if want == 0 {
		want = http.StatusOK
	}
	got := again.send(t)
	if got.status != want {
		t.Errorf("after %q the request was answered %d %s (%s)", step, got.status, got.body, got.header.Get("X-Poolgate-Reason"))
	}
	if b.then != nil {
		b.then(got)
	}
}

func (f fault) checkTold(t *testing.T, b broken, v told, refused reply) {
	t.Helper()
	wantExit := 1
	if b.quiet {
		wantExit = 0
	}
	if v.Reason != f.reason || v.Allowed != b.quiet || v.exit != wantExit || v.Version != 1 {
		t.Fatalf("explain exits %d and names %q, the fault is %q:\n%s", v.exit, v.Reason, f.reason, v.text)
	}
	if v.Status != refused.status {
		t.Errorf("explain says status %d, it was %d", v.Status, refused.status)
	}
	if b.check != "" && !slices.ContainsFunc(v.Checks, func(c checked) bool { return c.Name == b.check && c.Outcome == "failed" }) {
		t.Errorf("the check %s did not fail: %+v", b.check, v.Checks)
	}
	if b.warns != "" && !slices.Contains(v.Warnings, b.warns) {
		t.Errorf("explain does not warn of %s: %q", b.warns, v.Warnings)
	}
}

// runFaults builds and mends every fault, beside each other.
func runFaults(t *testing.T, l *lab, faults []fault) {
	for _, f := range faults {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			f.mend(t, f.build(t, l))
		})
	}
}

// faults are all that are built on purpose.
var faults = map[string][]fault{
	"tokens": tokenFaults, "scopes": scopeFaults, "routes": routeFaults, "limits": limitFaults, "requests": requestFaults,
	"functions": functionFaults, "HTTP APIs": httpFaults, "warnings": warnedFaults,
}

// unbuilt are the reasons that cannot be brought about on this server: it has no web ACLs.
var unbuilt = []authz.Reason{authz.WAFBlocked}

// TestExplainNamesEveryFault builds every fault by the SDK, each with an API of its own on one server, lets explain name it, does what
// explain says, and sees the request pass.
func TestExplainNamesEveryFault(t *testing.T) {
	l := newLab(t)
	for group, list := range faults {
		t.Run(group, func(t *testing.T) { runFaults(t, l, list) })
	}
}

// TestFaultsCoverEveryReason holds the faults to the closed list.
func TestFaultsCoverEveryReason(t *testing.T) {
	named, total := map[string]bool{}, 0
	for _, list := range faults {
		for _, f := range list {
			named[f.reason] = true
			total++
		}
	}
	for _, info := range authz.Reasons() {
		if !named[string(info.Code)] && !slices.Contains(unbuilt, info.Code) {
			t.Errorf("no fault is refused for %s", info.Code)
		}
	}
	if total < 60 || len(pairs) < 10 || len(healthy) < 10 {
		t.Errorf("%d faults, %d pairs, %d healthy requests", total, len(pairs), len(healthy))
	}
	t.Logf("%d faults, %d pairs, %d healthy requests", total, len(pairs), len(healthy))
}
