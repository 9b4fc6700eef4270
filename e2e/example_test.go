package e2e

import (
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// aws2 finds a version 2 of the aws CLI, the first that has `aws logs tail`.
func aws2(t *testing.T) string {
	t.Helper()
	for _, directory := range filepath.SplitList(os.Getenv("PATH")) {
		candidate := filepath.Join(directory, "aws")
		out, err := exec.CommandContext(t.Context(), candidate, "--version").CombinedOutput()
		if err == nil && !strings.HasPrefix(string(out), "aws-cli/1") {
			return candidate
		}
	}
	missing(t, "no version 2 of the aws CLI is installed; `make setup` installs it where it can")
	return ""
}

// TestTheExampleWithThreeFunctions deploys examples/three-functions by its own script, calls every route and reads the logs as its README says.
func TestTheExampleWithThreeFunctions(t *testing.T) {
	t.Parallel()
	for _, program := range []string{"node", "python3", "go", "curl"} {
		need(t, program)
	}
	cli := aws2(t)
	p := serve(t)
	deploy := exec.CommandContext(t.Context(), "../examples/three-functions/deploy.sh")
	deploy.Env = append(os.Environ(), "ENDPOINT="+p.url, "AWS="+cli, "AWS_EC2_METADATA_DISABLED=true")
	out, err := deploy.Output()
	if err != nil {
		var said []byte
		var failed *exec.ExitError
		if errors.As(err, &failed) {
			said = failed.Stderr
		}
		t.Fatalf("deploy.sh: %v\n%s%s", err, out, said)
	}
	settings := map[string]string{}
	for line := range strings.Lines(string(out)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		settings[name] = value
	}
	s := &site{process: p, clientID: settings["CLIENT"]}
	api := settings["API"]
	var token string
	t.Run("sign-in", func(t *testing.T) { token = s.passwordSignIn(t, "jo").id })

	for name, row := range map[string]struct {
		path, token string
		status      int
		body        string
	}{
		"a Node function answers by itself":           {"/hello?name=jo", "", 200, `{"hello":"jo"}`},
		"a Python function is mapped":                 {"/sum?a=1&b=2", "", 200, `{"sum": 3}`},
		"its error is mapped to a status":             {"/sum?a=1&b=x", "", 400, `{"message": "not a number"}`},
		"a missing parameter does not reach it":       {"/sum?a=1", "", 400, `{"message":"Missing required request parameters: [b]"}`},
		"the protected route refuses without a token": {"/me", "", 401, unauthorized},
		"a Go function learns who called":             {"/me", token, 200, `{"name":"jo","until":"`},
	} {
		t.Run(name, func(t *testing.T) {
			header := http.Header{}
			if row.token != "" {
				header.Set("Authorization", row.token)
			}
			got := send(t, http.MethodGet, api+row.path, "", header)
			if got.status != row.status || !strings.HasPrefix(strings.TrimSpace(got.body), row.body) {
				t.Errorf("answered %d %s", got.status, got.body)
			}
			if got.status == http.StatusOK && !json.Valid([]byte(got.body)) {
				t.Errorf("%q is not JSON", got.body)
			}
		})
	}

	for function, line := range map[string]string{"hello": "hello to ", "sum": "sum of 1 and 2", "me": "called by "} {
		eventually(t, 20*time.Second, "aws logs tail shows what "+function+" printed", func() bool {
			tail := exec.CommandContext(t.Context(), cli, "--endpoint-url", p.url, "logs", "tail", "/aws/lambda/"+function, "--since", "5m")
			tail.Env = append(os.Environ(), "AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test", "AWS_DEFAULT_REGION=eu-west-1", "AWS_PAGER=")
			shown, err := tail.CombinedOutput()
			return err == nil && strings.Contains(string(shown), line) && strings.Contains(string(shown), "REPORT RequestId:")
		})
	}
}
