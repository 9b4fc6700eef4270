package e2e

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// filter asks for a group's messages by the CLI until done says that they are all there.
func (s *site) filter(t *testing.T, group string, done func(messages []string) bool, more ...string) []string {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; {
		out, errText := s.tryAWS(t, append([]string{"logs", "filter-log-events", "--interleaved", "--log-group-name", group}, more...)...)
		var answer struct {
			Events []struct{ Message string }
		}
		if errText == "" {
			must(t, json.Unmarshal(out, &answer))
		}
		var messages []string
		for _, e := range answer.Events {
			messages = append(messages, e.Message)
		}
		if done(messages) {
			return messages
		}
		if time.Now().After(deadline) {
			t.Fatalf("the group %s holds %q (%s)", group, messages, errText)
		}
	}
}

// TestLogsByTheCLI turns a stage's logs on as on AWS, refusal without a role included, and reads them.
func TestLogsByTheCLI(t *testing.T) {
	t.Parallel()
	s := serve(t).newSite(t)
	on := func() string {
		t.Helper()
		_, errText := s.tryAWS(t, "apigateway", "update-stage", "--rest-api-id", s.apiID, "--stage-name", "dev", "--patch-operations",
			"op=replace,path=/*/*/logging/loglevel,value=INFO", "op=replace,path=/*/*/logging/dataTrace,value=true")
		return errText
	}
	if errText := on(); !strings.Contains(errText, "(BadRequestException)") || !strings.Contains(errText, "CloudWatch Logs role ARN must be set in account settings to enable logging") {
		t.Errorf("without a role the stage answers %q", errText)
	}
	s.aws(t, "apigateway", "update-account", "--patch-operations", "op=replace,path=/cloudwatchRoleArn,value=arn:aws:iam::000000000000:role/logs")
	if errText := on(); errText != "" {
		t.Fatal(errText)
	}
	s.aws(t, "logs", "create-log-group", "--log-group-name", "access", "--tags", "team=pets")
	s.aws(t, "logs", "put-retention-policy", "--log-group-name", "access", "--retention-in-days", "7")
	s.aws(t, "apigateway", "update-stage", "--rest-api-id", s.apiID, "--stage-name", "dev", "--patch-operations",
		"op=replace,path=/accessLogSettings/destinationArn,value=arn:aws:logs:eu-west-1:000000000000:log-group:access",
		`op=replace,path=/accessLogSettings/format,value='{"id":"$context.requestId","status":"$context.status","sub":"$context.authorizer.claims.sub"}'`)

	token := s.passwordSignIn(t, "jo")
	passed := s.invoke(t, "/plain", token.id)
	refused := s.invoke(t, "/plain", token.access)
	if passed.status != 200 || refused.status != 401 {
		t.Fatalf("answered %d and %d", passed.status, refused.status)
	}
	id, refusedID := passed.header.Get("x-amzn-RequestId"), refused.header.Get("x-amzn-RequestId")
	group := "API-Gateway-Execution-Logs_" + s.apiID + "/dev"
	lines := s.filter(t, group, func(m []string) bool {
		return strings.Contains(strings.Join(m, "\n"), "Unauthorized request: "+refusedID)
	})
	all := strings.Join(lines, "\n")
	for _, want := range []string{
		"(" + id + ") Extended Request Id: ", "(" + id + ") Starting authorizer: " + s.authorizerID + " for request: " + id, "(" + id + ") Method completed with status: 200",
	} {
		if !strings.Contains(all, want) {
			t.Errorf("%q is not in\n%s", want, all)
		}
	}
	for _, secret := range []string{token.id, token.access} {
		if strings.Contains(all, strings.Split(secret, ".")[2]) {
			t.Error("the log holds a token's signature")
		}
	}
	access := s.filter(t, "access", func(m []string) bool { return len(m) == 1 }, "--filter-pattern", `{ $.status = "401" }`)
	if want := `{"id":"` + refusedID + `","status":"401","sub":"-"}`; access[0] != want {
		t.Errorf("the access log says %s, want %s", access[0], want)
	}
	if found := s.aws(t, "logs", "describe-log-streams", "--log-group-name", group, "--order-by", "LastEventTime", "--descending")["logStreams"].([]any); len(found) != 1 {
		t.Errorf("the streams are %v", found)
	}
	s.checkTail(t, group, id)
	s.aws(t, "logs", "delete-log-group", "--log-group-name", group)
	if _, errText := s.tryAWS(t, "logs", "filter-log-events", "--log-group-name", group); !strings.Contains(errText, "(ResourceNotFoundException)") || !strings.Contains(errText, "The specified log group does not exist.") {
		t.Errorf("a deleted group answers %q", errText)
	}
}

// checkTail follows the group with `aws logs tail`, which only version 2 of the CLI has, while another request is made.
func (s *site) checkTail(t *testing.T, group, passedID string) {
	t.Helper()
	program := tailingCLI(t)
	if program == "" {
		t.Log("no version 2 of the aws CLI is here; `aws logs tail --follow` was not tried. `make setup` installs one where it can")
		return
	}
	seen := &safeBuffer{}
	cmd := exec.CommandContext(t.Context(), program, "logs", "tail", group, "--since", "5m", "--follow", "--endpoint-url", s.url, "--region", "eu-west-1")
	cmd.Env = append(os.Environ(), "AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test", "AWS_PAGER=", "AWS_CONFIG_FILE=/dev/null")
	cmd.Stdout, cmd.Stderr = seen, seen
	must(t, cmd.Start())
	defer func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}()
	wait := func(text string) {
		t.Helper()
		for deadline := time.Now().Add(30 * time.Second); !strings.Contains(seen.String(), text); time.Sleep(50 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("the tail does not show %s:\n%s", text, seen.String())
			}
		}
	}
	wait("(" + passedID + ") Method completed with status: 200")
	later := s.invoke(t, "/plain", "").header.Get("x-amzn-RequestId")
	wait("Unauthorized request: " + later)
	if n := strings.Count(seen.String(), "("+passedID+") Method completed with status: 200"); n != 1 {
		t.Errorf("the tail shows an event %d times", n)
	}
}

// tailingCLI is an aws CLI that has `logs tail`: the one in AWS_CLI_V2, the first in the PATH or the system's own.
func tailingCLI(t *testing.T) string {
	t.Helper()
	for _, program := range []string{os.Getenv("AWS_CLI_V2"), "aws", "/usr/bin/aws", "/usr/local/bin/aws"} {
		if program == "" {
			continue
		}
		if out, err := exec.CommandContext(t.Context(), program, "--version").CombinedOutput(); err == nil && bytes.HasPrefix(out, []byte("aws-cli/2")) {
			return program
		}
	}
	return ""
}
