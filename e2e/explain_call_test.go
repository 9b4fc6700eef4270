package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/internal/explain"
)

// curled is a request as people make it: the arguments of curl.
type curled struct{ args []string }

// get is curl with a URL and headers.
func get(url string, headers ...string) curled { return ask("GET", url, headers...) }

func ask(method, url string, headers ...string) curled {
	var args []string
	if method != "GET" {
		args = append(args, "-X", method)
	}
	for _, header := range headers {
		args = append(args, "-H", header)
	}
	return curled{append(args, url)}
}

// with are further arguments before the others.
func (c curled) with(args ...string) curled { return curled{append(slices.Clone(args), c.args...)} }

func bearer(token string) string { return "Authorization: Bearer " + token }

// send makes the request by curl.
func (c curled) send(t *testing.T) reply {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, need(t, "curl"), append([]string{"-sS", "-i", "-H", "Expect:"}, c.args...)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("curl: %v %s", err, stderr.String())
	}
	head, body, _ := strings.Cut(string(out), "\r\n\r\n")
	lines := strings.Split(head, "\r\n")
	got := reply{header: http.Header{}, body: body}
	if fields := strings.Fields(lines[0]); len(fields) > 1 {
		for _, digit := range fields[1] {
			got.status = got.status*10 + int(digit-'0')
		}
	}
	for _, line := range lines[1:] {
		name, value, _ := strings.Cut(line, ":")
		got.header.Add(name, strings.TrimSpace(value))
	}
	return got
}

// told is what explain --json prints.
type told struct {
	Version   int       `json:"version"`
	Allowed   bool      `json:"allowed"`
	Status    int       `json:"status"`
	RefusedBy string    `json:"refusedBy"`
	Reason    string    `json:"reason"`
	Saw       string    `json:"saw"`
	Expected  string    `json:"expected"`
	Mend      []string  `json:"mend"`
	Checks    []checked `json:"checks"`
	Warnings  []string  `json:"warnings"`

	exit int
	text string
}

// checked is one of explain's checks.
type checked struct {
	Name    string `json:"name"`
	Outcome string `json:"outcome"`
	Saw     string `json:"saw"`
}

// desk is the environment of a person's shell: credentials, a region, poolgate in the PATH.
func desk(more ...string) []string {
	env := append(os.Environ(), "AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test", "AWS_REGION=eu-west-1", "AWS_DEFAULT_REGION=eu-west-1", "AWS_PAGER=",
		"AWS_EC2_METADATA_DISABLED=true", "AWS_CONFIG_FILE=/dev/null", "AWS_SHARED_CREDENTIALS_FILE=/dev/null", "AWS_MAX_ATTEMPTS=1",
		"PATH="+filepath.Dir(binary)+string(os.PathListSeparator)+os.Getenv("PATH"))
	return append(env, more...)
}

// explainRaw runs poolgate explain with these arguments.
func explainRaw(t *testing.T, env []string, args ...string) (out, errText string, exit int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, append([]string{"explain"}, args...)...)
	cmd.Env = env
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		var exited *exec.ExitError
		if !errors.As(err, &exited) {
			t.Fatal(err)
		}
	}
	for _, trace := range []string{"panic:", "goroutine ", "runtime error"} {
		if strings.Contains(stderr.String()+stdout.String(), trace) {
			t.Fatalf("explain %s ended in\n%s%s", strings.Join(args, " "), stdout.String(), stderr.String())
		}
	}
	return stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()
}

// explained puts explain in front of the curl.
func explained(t *testing.T, c curled, flags ...string) told {
	t.Helper()
	out, errText, exit := explainRaw(t, desk(), append(append(slices.Clone(flags), "--json", "curl"), c.args...)...)
	v := told{exit: exit, text: out}
	if err := json.Unmarshal([]byte(out), &v); err != nil {
		t.Fatalf("explain exits %d and says %q %s: %v", exit, out, errText, err)
	}
	return v
}

var capitals = regexp.MustCompile(`\b[A-Z][A-Z_]+\b`)

// spelled are words in capital letters that a command is meant to hold.
var spelled = regexp.MustCompile(`^(GET|POST|ANY|OPTIONS|NONE|COGNITO_USER_POOLS|API_KEY|JWT|INFO|REFRESH_TOKEN_AUTH|REFRESH_TOKEN|DEFAULT_[45]XX|TOKEN|AWS)$`)

// toFill are the words in capital letters that the commands of the closed lists leave to be filled in.
var toFill = func() map[string]bool {
	words := map[string]bool{}
	collect := func(mends []string) {
		for _, step := range mends {
			_, command := explain.SplitMend(step)
			for _, word := range capitals.FindAllString(command, -1) {
				words[word] = !spelled.MatchString(word)
			}
		}
	}
	for _, info := range authz.Reasons() {
		collect(info.Mend)
	}
	for _, info := range authz.Warnings() {
		collect(info.Mend)
	}
	return words
}()

// placeholders are the words of a command that somebody would have to replace.
func placeholders(command string) (found []string) {
	for _, word := range capitals.FindAllString(command, -1) {
		if toFill[word] {
			found = append(found, word)
		}
	}
	for _, mark := range []string{"<", "…", "...", "{{"} {
		if strings.Contains(command, mark) {
			found = append(found, mark)
		}
	}
	return found
}
