package gateway_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/google/go-cmp/cmp"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/internal/apigateway"
	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/gateway"
	"github.com/poolgate/poolgate/internal/lambda"
	"github.com/poolgate/poolgate/internal/logs"
)

// kept are the lines that a gateway wrote.
type kept struct {
	mu    sync.Mutex
	lines []logs.Line
}

func (k *kept) Write(lines ...logs.Line) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.lines = append(k.lines, lines...)
}

// take returns the messages in a group, the execution log's without the request's id in front, and begins anew.
func (k *kept) take(t *testing.T, group, requestID string) []string {
	t.Helper()
	k.mu.Lock()
	defer k.mu.Unlock()
	var messages []string
	for _, line := range k.lines {
		if line.Account != account || line.Region != region || len(line.Stream) != 32 || line.Time.IsZero() {
			t.Errorf("the line is %+v", line)
		}
		if line.Group == group {
			messages = append(messages, strings.TrimPrefix(line.Message, "("+requestID+") "))
		}
	}
	k.lines = nil
	return messages
}

const (
	executionGroup = "API-Gateway-Execution-Logs_" + apiID + "/prod"
	accessGroup    = "access"
)

// loggedWorld is a world whose stage logs.
func loggedWorld(t *testing.T, a *api) (*world, *kept) {
	t.Helper()
	return loggedFunctions(t, a, nil)
}

// loggedFunctions is a loggedWorld with functions.
func loggedFunctions(t *testing.T, a *api, f gateway.Functions) (*world, *kept) {
	t.Helper()
	w, k := newWorld(t, a, nil), &kept{}
	w.Close()
	w.Gateway = gateway.New(gateway.Config{APIs: w.apis, Engine: authz.New(poolKeys{}), Clock: w.clock, Topics: w.apis, Logs: k, Functions: f})
	t.Cleanup(w.Close)
	return w, k
}

func withLogs(k *kept) func(*gateway.Config) { return func(c *gateway.Config) { c.Logs = k } }

// set changes the stage's settings without a deployment.
func (w *world) set(change func(*types.Stage)) {
	w.apis.mu.Lock()
	p := *w.apis.stages["prod"]
	change(&p.Stage)
	w.apis.stages["prod"] = &p
	w.apis.mu.Unlock()
	w.apis.watch(apigateway.StageTopic(apiID))
}

func level(key, level string, data bool) func(*types.Stage) {
	return func(s *types.Stage) {
		s.MethodSettings = map[string]types.MethodSetting{key: {LoggingLevel: &level, DataTraceEnabled: data, ThrottlingRateLimit: 10000, ThrottlingBurstLimit: 5000}}
	}
}

func access(format string) func(*types.Stage) {
	return func(s *types.Stage) {
		s.AccessLogSettings = &types.AccessLogSettings{DestinationArn: aws.String("arn:aws:logs:eu-west-1:000000000000:log-group:" + accessGroup), Format: &format}
	}
}

var changing = regexp.MustCompile(`\d+ ms|Root=[0-9a-f-]+|127\.0\.0\.1:\d+|[0-9a-f]{8}-[0-9a-f-]{27}|[A-Za-z0-9_-]{11,16}=( |,|$)`)

// execution asks once and returns the answer with the lines of the execution log, what changes from run to run taken out. Logs are
// written behind the answer; send waits for the handler.
func execution(t *testing.T, w *world, k *kept, method, path, body string, headers ...string) (reply, []string) {
	t.Helper()
	got := sendBody(t, w, method, path, body, headers...)
	id := got.Header.Get("x-amzn-RequestId")
	lines := k.take(t, executionGroup, id)
	for i := range lines {
		lines[i] = changing.ReplaceAllString(strings.ReplaceAll(lines[i], id, "ID"), "X")
	}
	return got, lines
}

func TestTheExecutionLogOfARequestThatPassed(t *testing.T) {
	w, k := loggedWorld(t, protected())
	w.set(level("*/*", "INFO", false))
	secret := token(idClaims())
	_, lines := execution(t, w, k, "GET", "/prod/id?q=x", "", "Authorization", secret)
	want := []string{
		"Extended Request Id: X",
		"Starting authorizer: auth for request: ID",
		"Incoming identity: " + strings.Repeat("*", 50) + secret[len(secret)-6:],
		"Successfully completed authorizer execution",
		"Verifying Usage Plan for request: ID. API Key:  API Stage: abcde12345/prod",
		"API Key  authorized because method 'GET /id' does not require API Key. Request will not contribute to throttle or quota limits",
		"Usage Plan check succeeded for API Key  and API Stage abcde12345/prod",
		"Starting execution for request: ID",
		"HTTP Method: GET, Resource Path: /id",
		"Successfully completed execution",
		"Method completed with status: 200",
	}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Error(diff)
	}
}

func TestDataTraceShowsRequestAndAnswerWithoutTokens(t *testing.T) {
	back := backend(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		_, _ = fmt.Fprintf(w, "got %s with %s", body, r.Header.Get("Authorization"))
	})
	m := cognito()
	m.MethodIntegration = proxy(back.URL+"/up", nil).MethodIntegration
	w, k := loggedWorld(t, newAPI().authorizer("auth", nil).on("POST", "/a", m))
	w.set(level("~1a/POST", "INFO", true))
	secret := token(idClaims())
	got, lines := execution(t, w, k, "POST", "/prod/a?t="+secret, `{"hello":1,"token":"`+secret+`"}`, "Authorization", "Bearer "+secret, "X-Other", secret, "Content-Type", "application/json")
	if got.StatusCode != 200 || !strings.Contains(got.body, `got {"hello":1`) {
		t.Fatalf("answered %d %s", got.StatusCode, got.body)
	}
	text := strings.Join(lines, "\n")
	parts := strings.Split(secret, ".")
	for _, part := range []string{secret, parts[1], parts[2]} {
		if strings.Contains(text, part) {
			t.Errorf("the log holds a part of the token: %.60s…", part)
		}
	}
	at := 0
	for _, want := range []string{
		"Extended Request Id: ", "Starting authorizer: auth", "Starting execution for request: ID", "HTTP Method: POST, Resource Path: /a", "Method request path: {}",
		"Method request query string: {t=***", "Method request headers: {", `Method request body before transformations: {"hello":1,"token":"***`,
		"Endpoint request URI: http://X/up", "Endpoint request headers: {", "Sending request to http://", "Received response. Status: 200, Integration latency: X",
		"Endpoint response headers: {", `Method response body after transformations: got {"hello":1`, "Method response headers: {", "Successfully completed execution", "Method completed with status: 200",
	} {
		i := strings.Index(text[at:], want)
		if i < 0 {
			t.Fatalf("%q is not behind the others in\n%s", want, text)
		}
		at += i
	}
}

func TestTheExecutionLogOfRefusals(t *testing.T) {
	required := openWith(mockOf("{}"))
	required.RequestValidatorId = aws.String("v")
	required.RequestParameters = map[string]bool{"method.request.querystring.q": true}
	a := protected().on("GET", "/required", required).on("GET", "/gone", openWith(proxy("http://127.0.0.1:1/", nil).MethodIntegration))
	a.s.Validators = append(a.s.Validators, validator("v", true))
	w, k := loggedWorld(t, a)
	w.set(level("*/*", "ERROR", false))
	for _, row := range []struct {
		path   string
		status int
		want   []string
	}{
		{"/id", 401, []string{"Extended Request Id: X", "Unauthorized request: ID", "Gateway response type: UNAUTHORIZED with status code: 401"}},
		{"/required", 400, []string{"Extended Request Id: X", "Missing required request parameters: [q]", "Gateway response type: BAD_REQUEST_PARAMETERS with status code: 400", "Method completed with status: 400"}},
		{"/required?q=1", 200, nil},
	} {
		got, lines := execution(t, w, k, "GET", "/prod"+row.path, "")
		if got.StatusCode != row.status {
			t.Errorf("%s answered %d", row.path, got.StatusCode)
		}
		if diff := cmp.Diff(row.want, lines); diff != "" {
			t.Errorf("%s:\n%s", row.path, diff)
		}
	}
	got, lines := execution(t, w, k, "GET", "/prod/gone", "")
	if got.StatusCode != 500 && got.StatusCode != 504 || len(lines) < 3 || !strings.HasPrefix(lines[1], "Execution failed due to an internal error: ") {
		t.Errorf("answered %d with %q", got.StatusCode, lines)
	}
}

func TestTheLogsOfFunctions(t *testing.T) {
	for name, row := range map[string]struct {
		answer lambda.Answer
		err    error
		line   string
		access string
	}{
		"an answer":  {lambda.Answer{Payload: []byte(`{"statusCode":201,"body":"made"}`)}, nil, "Received response. Status: 200, Integration latency: X", "201 201 200 -"},
		"a failure":  {lambda.Answer{Payload: []byte(`{"errorMessage":"broken"}`), Failed: true, Kind: "Unhandled"}, nil, "Lambda execution failed with status 200 due to customer function error: the function failed", "502 200 200 the function failed"},
		"nonsense":   {lambda.Answer{Payload: []byte(`[]`)}, nil, "Execution failed due to configuration error: Malformed Lambda proxy response", "502 200 200 the function's answer is not an object"},
		"no permit":  {lambda.Answer{}, fault.Forbidden("AccessDeniedException", "no"), "Execution failed due to configuration error: Invalid permissions on Lambda function", "500 - - the policy of "},
		"not a body": {lambda.Answer{Payload: []byte(`{"statusCode":204}`)}, nil, "Method completed with status: 204", "204 204 200 -"},
	} {
		t.Run(name, func(t *testing.T) {
			f := &fakeFunctions{run: func(context.Context, lambda.Invocation) (lambda.Answer, error) { return row.answer, row.err }}
			w, k := loggedFunctions(t, newAPI().on("GET", "/f", proxied(nil)), f)
			w.set(func(s *types.Stage) {
				level("*/*", "INFO", true)(s)
				access("$context.status $context.integration.status $context.integrationStatus $context.integrationErrorMessage")(s)
			})
			got := send(t, w, "GET", "/prod/f", "Authorization", "Basic c2VjcmV0LXNlY3JldC1zZWNyZXQ=")
			id := got.Header.Get("x-amzn-RequestId")
			both := &kept{lines: k.lines}
			if lines := k.take(t, accessGroup, id); len(lines) != 1 || !strings.HasPrefix(lines[0], row.access) {
				t.Errorf("the access log says %q, want %q", lines, row.access)
			}
			text := changing.ReplaceAllString(strings.Join(both.take(t, executionGroup, id), "\n"), "X")
			if !strings.Contains(text, row.line) || !strings.Contains(text, "Endpoint request body after transformations: {") {
				t.Errorf("%q is not in\n%s", row.line, text)
			}
			if strings.Contains(text, "c2VjcmV0") {
				t.Errorf("the log holds a credential:\n%s", text)
			}
		})
	}
}

func TestStageSettingsSwitchTheLogsAtOnce(t *testing.T) {
	w, k := loggedWorld(t, protected())
	ask := func() int {
		t.Helper()
		_, lines := execution(t, w, k, "GET", "/prod/id", "", "Authorization", token(idClaims()))
		return len(lines)
	}
	for _, step := range []struct {
		name   string
		change func(*types.Stage)
		logs   bool
	}{
		{"nothing is set", func(*types.Stage) {}, false},
		{"on for all methods", level("*/*", "INFO", false), true},
		{"off again", level("*/*", "OFF", true), false},
		{"on for this method", level("id/GET", "INFO", false), true},
		{"on for another method", level("~1scoped/GET", "INFO", false), false},
		{"off for this method, on for the others", func(s *types.Stage) {
			s.MethodSettings = map[string]types.MethodSetting{
				"*/*":      {LoggingLevel: aws.String("INFO"), ThrottlingRateLimit: 10000, ThrottlingBurstLimit: 5000},
				"~1id/GET": {LoggingLevel: aws.String("OFF"), ThrottlingRateLimit: 10000, ThrottlingBurstLimit: 5000},
			}
		}, false},
	} {
		w.set(step.change)
		if n := ask(); (n > 0) != step.logs {
			t.Errorf("%s: %d lines", step.name, n)
		}
	}
}

func TestAnInternalErrorWithoutALogIsWarnedOf(t *testing.T) {
	w, k := loggedWorld(t, newAPI().on("GET", "/gone", openWith(proxy("http://127.0.0.1:1/", nil).MethodIntegration)))
	for _, row := range []struct {
		level string
		want  []authz.Warning
	}{{"OFF", []authz.Warning{authz.ExecutionLogOff}}, {"ERROR", nil}} {
		w.set(level("*/*", row.level, false))
		got, _ := execution(t, w, k, "GET", "/prod/gone", "")
		if diff := cmp.Diff(row.want, waitForRecord(t, w, got.Header.Get("x-amzn-RequestId")).Warnings); diff != "" {
			t.Errorf("%s:\n%s", row.level, diff)
		}
	}
}

func TestAccessLogsInTheStagesOwnFormat(t *testing.T) {
	back := backend(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/long" {
			_, _ = w.Write(make([]byte, 100_000))
			return
		}
		w.WriteHeader(http.StatusTeapot)
		_, _ = io.WriteString(w, "short")
	})
	m := cognito()
	m.MethodIntegration = proxy(back.URL+"/short", nil).MethodIntegration
	w, k := loggedWorld(t, newAPI().authorizer("auth", nil).on("GET", "/pets/{id}", m).on("GET", "/long", openWith(proxy(back.URL+"/long", nil).MethodIntegration)))
	secret := token(idClaims())
	for _, row := range []struct{ name, format, path, authorization, want string }{
		{"the request", "$context.httpMethod $context.resourcePath $context.path $context.protocol $context.stage $context.apiId $context.accountId", "/prod/pets/7", secret, "GET /pets/{id} /prod/pets/7 HTTP/1.1 prod abcde12345 000000000000"},
		{"the answer", "$context.status,$context.responseLength,$context.integrationStatus,$context.integration.status,$context.error.message", "/prod/pets/7", secret, "418,5,418,418,-"},
		{"claims", `{"sub":"$context.authorizer.claims.sub","name":"$context.authorizer.claims.cognito:username","role":"$context.authorizer.claims.custom:role","no":"$context.authorizer.claims.none"}`, "/prod/pets/7", secret,
			`{"sub":"11111111-2222-3333-4444-555555555555","name":"ann","role":"admin","no":"-"}`},
		{"the client", `{"agent":"$context.identity.userAgent","ip":"$context.identity.sourceIp","key":"$context.identity.apiKeyId"}`, "/prod/pets/7", secret, `{"agent":"say \"hi\"","ip":"127.0.0.1","key":"-"}`},
		{"a refusal", `$context.status $context.error.message $context.error.messageString $context.error.responseType $context.authorizer.error $context.authorizer.status $context.integrationLatency`, "/prod/pets/7", "nonsense",
			`401 Unauthorized "Unauthorized" UNAUTHORIZED Unauthorized 401 -`},
		{"an unmatched route", "$context.status $context.resourcePath $context.error.responseType", "/prod/none", "", "403 - MISSING_AUTHENTICATION_TOKEN"},
		{"a streamed answer", "$context.status $context.responseLength", "/prod/long", "", "200 100000"},
		{"text that is no variable", "a $context. b $ctx $context.status. $$context.status", "/prod/pets/7", secret, "a $context. b $ctx 418. $418"},
		{"a path that is a token", "$context.path", "/prod/pets/" + secret, secret, "/prod/pets/" + strings.Repeat("*", 50) + secret[len(secret)-6:]},
	} {
		t.Run(row.name, func(t *testing.T) {
			w.set(access(row.format))
			headers := []string{"User-Agent", `say "hi"`}
			if row.authorization != "" {
				headers = append(headers, "Authorization", row.authorization)
			}
			got := send(t, w, "GET", row.path, headers...)
			id := got.Header.Get("x-amzn-RequestId")
			if diff := cmp.Diff([]string{row.want}, k.take(t, accessGroup, id)); diff != "" {
				t.Error(diff)
			}
		})
	}
	w.set(access(`$context.integrationLatency $context.responseLatency $context.requestTime $context.requestId $context.extendedRequestId`))
	got := send(t, w, "GET", "/prod/pets/7", "Authorization", secret)
	id := got.Header.Get("x-amzn-RequestId")
	want := regexp.MustCompile(`^\d+ \d+ \d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d \+0000 ` + id + " " + regexp.QuoteMeta(got.Header.Get("x-amz-apigw-id")) + "$")
	if lines := k.take(t, accessGroup, ""); len(lines) != 1 || !want.MatchString(lines[0]) {
		t.Errorf("the line is %q", lines)
	}
	w.set(func(s *types.Stage) { s.AccessLogSettings = nil })
	send(t, w, "GET", "/prod/pets/7", "Authorization", secret)
	if lines := k.take(t, accessGroup, ""); lines != nil {
		t.Errorf("without settings came %q", lines)
	}
}
