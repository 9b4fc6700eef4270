package gateway_test

import (
	"context"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/google/go-cmp/cmp"

	"github.com/poolgate/poolgate/internal/fault"
)

// TestTheAuthorizersOwnTest takes ID tokens only, whatever the methods ask for (fact 1.9).
func TestTheAuthorizersOwnTest(t *testing.T) {
	a := protected().
		authorizer("fn", func(a *types.Authorizer) { a.Type = types.AuthorizerTypeToken }).
		authorizer("header", func(a *types.Authorizer) { a.IdentitySource = aws.String("method.request.header.X-Auth") })
	w := newWorld(t, a, nil)
	id, access := token(idClaims()), token(accessClaims("rs/read"))
	for _, tt := range []struct {
		name, authorizer string
		headers          map[string]string
		status           int32
	}{
		{"an ID token", "auth", map[string]string{"Authorization": id}, 0},
		{"an ID token with Bearer", "auth", map[string]string{"Authorization": "Bearer " + id}, 0},
		{"an access token", "auth", map[string]string{"Authorization": access}, 401},
		{"an expired token", "auth", map[string]string{"Authorization": token(idClaims().with(claims{"exp": epoch.Unix()}))}, 401},
		{"no token", "auth", nil, 401},
		{"the header that is the identity source", "header", map[string]string{"X-Auth": id}, 0},
		{"another header", "header", map[string]string{"Authorization": id}, 401},
		{"the validation expression counts", "audience", map[string]string{"Authorization": id}, 401},
		{"a function", "fn", map[string]string{"Authorization": id}, 500},
	} {
		t.Run(tt.name, func(t *testing.T) {
			out, err := w.TestAuthorizer(context.Background(), a.s, &sdk.TestInvokeAuthorizerInput{RestApiId: aws.String(apiID), AuthorizerId: &tt.authorizer, Headers: tt.headers})
			if err != nil {
				t.Fatal(err)
			}
			if out.ClientStatus != tt.status {
				t.Errorf("the status is %d, want %d", out.ClientStatus, tt.status)
			}
			if (out.Claims != nil) != (tt.status == 0) {
				t.Errorf("the claims are %v", out.Claims)
			}
			log := aws.ToString(out.Log)
			if !strings.HasPrefix(log, "Execution log for request ") || !strings.HasSuffix(log, "\n") || !strings.Contains(log, " : Starting authorizer: "+tt.authorizer+" for request: ") {
				t.Errorf("the log is %s", log)
			}
			if tt.status == 401 && !strings.Contains(log, "Unauthorized request: ") {
				t.Errorf("the log does not tell of the refusal: %s", log)
			}
			if strings.Contains(log, id) || strings.Contains(log, access) {
				t.Error("the log holds a token")
			}
		})
	}
	out, _ := w.TestAuthorizer(context.Background(), a.s, &sdk.TestInvokeAuthorizerInput{AuthorizerId: aws.String("auth"), MultiValueHeaders: map[string][]string{"authorization": {id}}})
	want := map[string]string{"sub": "11111111-2222-3333-4444-555555555555", "email_verified": "true", "cognito:groups": "a,b", "exp": "Sun Mar 01 13:00:00 UTC 2026"}
	got := map[string]string{}
	for name := range want {
		got[name] = out.Claims[name]
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if _, err := w.TestAuthorizer(context.Background(), a.s, &sdk.TestInvokeAuthorizerInput{AuthorizerId: aws.String("none")}); !fault.Is(err, "NotFoundException") {
		t.Errorf("an unknown authorizer gives %v", err)
	}
}

// TestTheTestAgreesWithTheGateway: both doors ask the same engine.
func TestTheTestAgreesWithTheGateway(t *testing.T) {
	a := protected()
	w := newWorld(t, a, nil)
	for _, text := range []string{"", "x", token(idClaims()), "Bearer " + token(idClaims()), "Bearer  " + token(idClaims()), token(accessClaims("a")), mint(otherKey(), claims{"kid": keyID, "alg": "RS256"}, idClaims())} {
		out, err := w.TestAuthorizer(context.Background(), a.s, &sdk.TestInvokeAuthorizerInput{AuthorizerId: aws.String("auth"), Headers: map[string]string{"Authorization": text}})
		if err != nil {
			t.Fatal(err)
		}
		got := send(t, w, "GET", "/prod/id", "Authorization", text)
		if (got.StatusCode == 200) != (out.ClientStatus == 0) || got.StatusCode != 200 && got.StatusCode != int(out.ClientStatus) {
			t.Errorf("%.20q: the gateway answers %d, the test %d", text, got.StatusCode, out.ClientStatus)
		}
	}
}

var stamp = regexp.MustCompile(`[A-Z][a-z]{2} [A-Z][a-z]{2} \d\d \d\d:\d\d:\d\d UTC \d{4} : `)

// logLines are the lines behind the first, each checked for its time, with ids and durations taken out.
func logLines(t *testing.T, log string) []string {
	t.Helper()
	lines := strings.Split(strings.TrimSuffix(log, "\n"), "\n")
	var kinds []string
	for i, line := range lines {
		if i > 0 && stamp.FindStringIndex(line) == nil {
			t.Errorf("line %d has no time: %s", i, line)
		}
		kind, _, _ := strings.Cut(stamp.ReplaceAllString(line, ""), ": ")
		kinds = append(kinds, strings.TrimSuffix(kind, " "))
	}
	return kinds
}

func TestTestingAMethodRunsNoAuthorizer(t *testing.T) {
	m := cognito()
	m.MethodIntegration = mockOf(`{"id":"$input.params('petId')","q":"$input.params('q')","stage":"$context.stage"}`)
	a := newAPI().authorizer("auth", nil).on("GET", "/pets/{petId}", m)
	w := newWorld(t, a, nil)
	out, err := w.TestMethod(context.Background(), a.s, &sdk.TestInvokeMethodInput{
		ResourceId: aws.String("r-pets-petId"), HttpMethod: aws.String("GET"), PathWithQueryString: aws.String("/pets/7?q=x"),
		Headers: map[string]string{"Authorization": "secret-secret-secret-secret"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if out.Status != 200 || aws.ToString(out.Body) != `{"id":"7","q":"x","stage":"test-invoke-stage"}` {
		t.Errorf("answered %d %s", out.Status, aws.ToString(out.Body))
	}
	if diff := cmp.Diff(map[string]string{"Content-Type": "application/json"}, out.Headers); diff != "" {
		t.Error(diff)
	}
	log := aws.ToString(out.Log)
	if diff := cmp.Diff([]string{
		"Execution log for request " + strings.TrimPrefix(strings.SplitN(log, "\n", 2)[0], "Execution log for request "), "Starting execution for request", "HTTP Method", "Method request path",
		"Method request query string", "Method request headers", "Method request body before transformations", "Method response body after transformations",
		"Method response headers", "Successfully completed execution", "Method completed with status",
	}, logLines(t, log)); diff != "" {
		t.Error(diff)
	}
	for _, want := range []string{"HTTP Method: GET, Resource Path: /pets/7\n", "Method request path: {petId=7}\n", "Method request query string: {q=x}\n", "Method response headers: {Content-Type=application/json}\n", "Method completed with status: 200\n"} {
		if !strings.Contains(log, want) {
			t.Errorf("the log lacks %q:\n%s", want, log)
		}
	}
	if strings.Contains(log, "secret-secret-secret") {
		t.Error("the log holds a credential")
	}
}

func TestTestingAMethodWithoutAPathUsesTheTemplate(t *testing.T) {
	a := newAPI().on("GET", "/pets/{petId}", openWith(mockOf(`$input.params('petId')`)))
	w := newWorld(t, a, nil)
	for path, want := range map[string]string{"": "{petId}", "/elsewhere": ""} {
		in := &sdk.TestInvokeMethodInput{ResourceId: aws.String("r-pets-petId"), HttpMethod: aws.String("GET")}
		if path != "" {
			in.PathWithQueryString = &path
		}
		out, err := w.TestMethod(context.Background(), a.s, in)
		if err != nil || aws.ToString(out.Body) != want || out.Status != 200 {
			t.Errorf("%q: answered %+v, %v", path, out, err)
		}
	}
}

func TestTestingAMethodWithABackend(t *testing.T) {
	server := backend(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		_, _ = io.WriteString(w, r.Method+string(body)+r.URL.Query().Get("v"))
	})
	a := newAPI().on("POST", "/a", proxy(server.URL+"?v=${stageVariables.v}", nil)).on("GET", "/bad", proxy("nonsense", nil))
	w := newWorld(t, a, nil)
	out, err := w.TestMethod(context.Background(), a.s, &sdk.TestInvokeMethodInput{
		ResourceId: aws.String("r-a"), HttpMethod: aws.String("POST"), Body: aws.String("body"), StageVariables: map[string]string{"v": "1"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if out.Status != 200 || aws.ToString(out.Body) != "POSTbody1" || out.Headers["X-Amzn-Trace-Id"] == "" {
		t.Errorf("answered %+v", out)
	}
	for _, want := range []string{"Endpoint request URI: " + server.URL + "?v=1", "Sending request to ", "Received response. Status: 200, Integration latency: "} {
		if !strings.Contains(aws.ToString(out.Log), want) {
			t.Errorf("the log lacks %q:\n%s", want, aws.ToString(out.Log))
		}
	}
	out, err = w.TestMethod(context.Background(), a.s, &sdk.TestInvokeMethodInput{ResourceId: aws.String("r-bad"), HttpMethod: aws.String("GET")})
	if err != nil || out.Status != 500 || aws.ToString(out.Body) != `{"message":"Internal server error"}` || out.Headers["x-amzn-ErrorType"] != "InternalServerErrorException" {
		t.Errorf("answered %+v, %v", out, err)
	}
	if log := aws.ToString(out.Log); !strings.Contains(log, "Execution failed due to configuration error: Invalid endpoint address\n") || !strings.HasSuffix(log, "Method completed with status: 500\n") {
		t.Errorf("the log is %s", log)
	}
}

func TestTestingWhatIsNotThere(t *testing.T) {
	a := newAPI().on("GET", "/a", open())
	w := newWorld(t, a, nil)
	for _, in := range []*sdk.TestInvokeMethodInput{
		{ResourceId: aws.String("none"), HttpMethod: aws.String("GET")},
		{ResourceId: aws.String("r-a"), HttpMethod: aws.String("POST")},
	} {
		if _, err := w.TestMethod(context.Background(), a.s, in); !fault.Is(err, "NotFoundException") {
			t.Errorf("got %v", err)
		}
	}
}
