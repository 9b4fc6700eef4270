package httpapi_test

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
	"github.com/google/go-cmp/cmp"

	"github.com/poolgate/poolgate/internal/explain"
	"github.com/poolgate/poolgate/internal/gateway/httpapi"
	"github.com/poolgate/poolgate/internal/lambda"
)

func TestAPIsAreFound(t *testing.T) {
	w := newWorld(t, newAPI().on("GET /x"))
	for range 5 {
		if w.Serves(context.Background(), "zzzzzzzzzz") || w.Serves(context.Background(), "not an id") {
			t.Error("an API that is none is served")
		}
	}
	if n := w.apis.loads; n != 1 {
		t.Errorf("an unknown id was looked for %d times", n)
	}
	if !w.Serves(context.Background(), apiID) {
		t.Error("the API is not served")
	}
	if got := w.send("GET", "/x", "X-Test-Api", "zzzzzzzzzz"); got.StatusCode != 403 || got.body != forbidden || w.decided().Reason != "domain_mapping_missing" {
		t.Errorf("answered %d %s", got.StatusCode, got.body)
	}
	rw := newRecorder()
	w.ServeAPI(rw, newRequest("GET", "/x"), httpapi.Target{API: apiID, Region: "us-east-1", Path: "/x"})
	if rw.Code != 403 || w.decided().Reason != "domain_mapping_missing" {
		t.Errorf("another region is answered %d", rw.Code)
	}
	loads := w.apis.loads
	for range 20 {
		w.send("GET", "/x")
	}
	if w.apis.loads > loads+1 {
		t.Errorf("20 requests loaded the API %d times", w.apis.loads-loads)
	}
}

func TestDisabledEndpoint(t *testing.T) {
	a := newAPI().on("GET /x")
	a.s.API.Value.DisableExecuteApiEndpoint = aws.Bool(true)
	w := newWorld(t, a)
	if got := w.send("GET", "/x"); got.StatusCode != 404 || got.body != notFound || w.decided().Reason != "endpoint_disabled" {
		t.Errorf("answered %d %s", got.StatusCode, got.body)
	}
	rw := newRecorder()
	w.ServeAPI(rw, newRequest("GET", "/x"), httpapi.Target{API: apiID, Path: "/x", ThroughDomain: true})
	if rw.Code != 200 {
		t.Errorf("through its domain it is answered %d", rw.Code)
	}
}

// TestDeploymentsWhileRequestsCome: once a deployment was told of, no later request is answered by an older one.
func TestDeploymentsWhileRequestsCome(t *testing.T) {
	w := newWorld(t, newAPI().on("GET /0"))
	done := make(chan struct{})
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
					w.ServeHTTP(newRecorder(), newRequest("GET", "/0"))
				}
			}
		})
	}
	for i := range 50 {
		w.apis.deploy(newAPI().on(fmt.Sprintf("GET /%d", i)), stage("$default"))
		rw := newRecorder()
		w.ServeHTTP(rw, newRequest("GET", fmt.Sprintf("/%d", i)))
		if rw.Code != 200 {
			t.Errorf("deployment %d is not served", i)
		}
	}
	close(done)
	wait.Wait()
}

// TestAStageWithoutADeployment knows no route.
func TestAStageWithoutADeployment(t *testing.T) {
	a := newAPI()
	w := newWorld(t, a)
	w.apis.mu.Lock()
	w.apis.stages["$default"].Snapshot = nil
	w.apis.mu.Unlock()
	if got := w.send("GET", "/x"); got.StatusCode != 404 {
		t.Errorf("answered %d", got.StatusCode)
	}
}

// TestTrustedProxies: a forwarded address counts only from a proxy that was configured.
func TestTrustedProxies(t *testing.T) {
	for name, tt := range map[string]struct {
		proxies []netip.Prefix
		want    string
	}{
		"nobody is trusted":    {nil, "127.0.0.1"},
		"the proxy is trusted": {[]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, "203.0.113.9"},
		"another is trusted":   {[]netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}, "127.0.0.1"},
	} {
		w := newWorldWith(t, newAPI().on("GET /x"), func(c *httpapi.Config) { c.Proxies = tt.proxies })
		w.send("GET", "/x", "X-Forwarded-For", "203.0.113.9")
		e := w.event(backend)["requestContext"].(map[string]any)["http"].(map[string]any)
		if e["sourceIp"] != tt.want || w.decided().SourceIP != tt.want {
			t.Errorf("%s: the source is %v", name, e["sourceIp"])
		}
	}
}

func TestAccessLog(t *testing.T) {
	const format = `{"id":"$context.requestId","ip":"$context.identity.sourceIp","m":"$context.httpMethod","r":"$context.routeKey","s":"$context.status","p":"$context.path","l":"$context.responseLength","is":"$context.integrationStatus","i":"$context.integration.status","c":"$context.authorizer.claims.username","stage":"$context.stage","api":"$context.apiId","acc":"$context.accountId","dom":"$context.domainName","pre":"$context.domainPrefix","proto":"$context.protocol","ua":"$context.identity.userAgent","e":$context.error.messageString,"t":"$context.error.responseType","none":"$context.nothing","x":"$context.extendedRequestId"}`
	w := newWorld(t, newAPI().on("GET /jwt/{id}", behindJWT()), stage("dev", func(s *types.Stage) {
		s.AccessLogSettings = &types.AccessLogSettings{DestinationArn: aws.String("arn:aws:logs:eu-west-1:000000000000:log-group:g:*"), Format: aws.String(format)}
	}))
	w.functions.set(backend, `{"statusCode":418,"body":"tea"}`)
	for _, tt := range []struct{ name, token, path, want string }{
		{"let in", token(object{"username": "a\"b\n"}), "/dev/jwt/a%22b", `{"id":"ID","ip":"127.0.0.1","m":"GET","r":"GET /jwt/{id}","s":"418","p":"/dev/jwt/a\"b","l":"3","is":"200","i":"418","c":"a\"b\n","stage":"dev","api":"a1b2c3d4e5","acc":"000000000000","dom":"h.example.com","pre":"h","proto":"HTTP/1.1","ua":"u\"a","e":-,"t":"-","none":"-","x":"ID"}`},
		{"refused", "x", "/dev/jwt/1", `{"id":"ID","ip":"127.0.0.1","m":"GET","r":"GET /jwt/{id}","s":"401","p":"/dev/jwt/1","l":"26","is":"-","i":"-","c":"-","stage":"dev","api":"a1b2c3d4e5","acc":"000000000000","dom":"h.example.com","pre":"h","proto":"HTTP/1.1","ua":"u\"a","e":"Unauthorized","t":"UNAUTHORIZED","none":"-","x":"ID"}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := w.send("GET", tt.path, "Authorization", tt.token, "User-Agent", `u"a`, "Host", "h.example.com")
			w.lines.mu.Lock()
			defer w.lines.mu.Unlock()
			line := w.lines.all[len(w.lines.all)-1]
			if diff := cmp.Diff(tt.want, strings.ReplaceAll(line.Message, got.Header.Get("Apigw-Requestid"), "ID")); diff != "" || line.Group != "g" {
				t.Errorf("%s %s", line.Group, diff)
			}
		})
	}
}

// TestNoTokenIsLogged: neither the record nor the log holds a whole token.
func TestNoTokenIsLogged(t *testing.T) {
	w := newWorld(t, newAPI().on("GET /jwt", behindJWT()).on("GET /lambda"), stage("$default", func(s *types.Stage) {
		s.AccessLogSettings = &types.AccessLogSettings{DestinationArn: aws.String("arn:aws:logs:eu-west-1:000000000000:log-group:g"), Format: aws.String("$context.authorizer.error $context.path $context.integrationErrorMessage $context.identity.userAgent")}
	}))
	good := token(nil)
	w.functions.by[backend] = func(in lambda.Invocation) (lambda.Answer, error) {
		return lambda.Answer{Payload: []byte(`{"errorMessage":"` + good + `"}`), Failed: true}, nil
	}
	w.send("GET", "/jwt", "Authorization", good[:len(good)-4]+"AAAA", "User-Agent", good)
	w.send("GET", "/lambda", "User-Agent", good)
	for _, line := range w.lines.all {
		if strings.Contains(line.Message, good[:60]) {
			t.Errorf("logged %s", line.Message)
		}
	}
}

// TestExplained: a refusal is explained with the API's own ids and the commands of HTTP APIs.
func TestExplained(t *testing.T) {
	a := newAPI().on("GET /pets", behindJWT("pets/write")).on("POST /pets")
	w := newWorld(t, a)
	for _, tt := range []struct {
		name, method, path string
		headers            []string
		want               []string
	}{
		{"no route", "PUT", "/pets", nil, []string{"Refused with 404 before a method was found: route_not_found", "No deployed route matches", "one of the deployed routes: GET /pets, POST /pets", "aws apigatewayv2 get-routes --api-id a1b2c3d4e5"}},
		{"no scope", "GET", "/pets", []string{"Authorization", token(nil)}, []string{"Refused with 403 by the authorizer: scope_missing", "route", "GET /pets (rGET /pets) of deployment dep123", "aws apigatewayv2 update-route --api-id a1b2c3d4e5 --route-id rGET /pets", "passed      signature"}},
		{"no token", "GET", "/pets", []string{"Origin", "https://a.b"}, []string{"identity_source_missing", "aws apigatewayv2 get-authorizer --api-id a1b2c3d4e5 --authorizer-id jwt", "a browser reports a CORS error", "aws apigatewayv2 update-api --api-id a1b2c3d4e5"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := w.send(tt.method, tt.path, tt.headers...)
			record, err := w.Describe(context.Background(), got.Header.Get("Apigw-Requestid"))
			if err != nil || record == nil {
				t.Fatalf("%v, %v", record, err)
			}
			var page strings.Builder
			if err := explain.Write(&page, explain.OfRecord(record), explain.Options{}); err != nil {
				t.Fatal(err)
			}
			flat := strings.Join(strings.Fields(page.String()), " ")
			for _, want := range tt.want {
				if !strings.Contains(flat, strings.Join(strings.Fields(want), " ")) {
					t.Errorf("does not say %q:\n%s", want, page.String())
				}
			}
			if strings.Contains(flat, "aws apigateway ") {
				t.Errorf("speaks of REST APIs:\n%s", page.String())
			}
		})
	}
	edited := newAPI().on("GET /pets").on("POST /pets")
	got := w.send("GET", "/pets")
	w.apis.mu.Lock()
	w.apis.live = edited.s
	w.apis.mu.Unlock()
	if record, _ := w.Describe(context.Background(), got.Header.Get("Apigw-Requestid")); record == nil || len(record.Warnings) == 0 || record.Warnings[len(record.Warnings)-1] != "undeployed_change" {
		t.Errorf("an edit that is not deployed is not told: %+v", record)
	}
	if record, err := w.Describe(context.Background(), "unknown"); record != nil || err != nil {
		t.Errorf("an unknown request is %v, %v", record, err)
	}
}

// TestHostile: nothing of this opens a route.
func TestHostile(t *testing.T) {
	w := newWorld(t, newAPI().on("ANY /{proxy+}", behindJWT()).on("$default"))
	for name, headers := range map[string][]string{
		"a token of megabytes":     {"Authorization", "Bearer " + strings.Repeat("a", 200_000)},
		"many dots":                {"Authorization", strings.Repeat(".", 10_000)},
		"two tokens":               {"Authorization", "x", "Authorization", token(nil)},
		"a token in another place": {"X-Authorization", token(nil)},
	} {
		if got := w.send("GET", "/x", headers...); got.StatusCode != 401 {
			t.Errorf("%s: answered %d", name, got.StatusCode)
		}
	}
	for _, path := range []string{"/" + strings.Repeat("a/", 3000), "/%00", "/%c0%af", "/x%0d%0ay", "/\xff"} {
		rw, r := newRecorder(), newRequest("GET", "/")
		w.ServeAPI(rw, r, httpapi.Target{API: apiID, Path: path})
		if rw.Code != 401 && rw.Code != 404 {
			t.Errorf("%.20q: answered %d", path, rw.Code)
		}
	}
}
