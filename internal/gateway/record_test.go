package gateway_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/internal/gateway"
	"github.com/poolgate/poolgate/internal/gateway/decision"
)

// waitForRecord finds the record of a request. It is written behind the answer, so that the client may be first.
func waitForRecord(t *testing.T, w *world, requestID string) *decision.Record {
	t.Helper()
	var record *decision.Record
	eventually(t, func() bool {
		found, err := w.Describe(context.Background(), requestID)
		record = found
		return record != nil && err == nil
	})
	return record
}

func TestARecordExplainsARefusal(t *testing.T) {
	w := newWorld(t, protected(), nil)
	access := token(accessClaims("openid rs/other"))
	got := send(t, w, "GET", "/prod/scoped?secret=1", "Authorization", "Bearer "+access, "Origin", "https://app.example")
	record := waitForRecord(t, w, got.Header.Get("x-amzn-RequestId"))
	if record.Version != 1 || record.API != apiID || record.Region != region || record.Account != account || record.Stage != "prod" || record.Deployment != "dep123" ||
		record.Method != "GET" || record.Path != "/scoped" || record.Resource != "/scoped" || record.ResourceID == "" || record.Authorizer != "pool" || record.AuthorizerID != "auth" ||
		record.AuthorizationType != "COGNITO_USER_POOLS" || record.SourceIP != "127.0.0.1" || record.Status != 401 || record.Allowed || record.RefusedBy != "authorizer" ||
		record.Reason != authz.ScopeMissing || record.ResponseType != "UNAUTHORIZED" || record.ExtendedRequestID != got.Header.Get("x-amz-apigw-id") {
		t.Errorf("the record says %+v", record)
	}
	if diff := cmp.Diff([]string{"rs/read", "rs/write"}, record.Scopes); diff != "" {
		t.Error(diff)
	}
	if n := len(record.Checks); n != 11 || record.Checks[n-1].Outcome != "failed" || record.Checks[n-1].Reason != authz.ScopeMissing {
		t.Errorf("the checks are %+v", record.Checks)
	}
	if !strings.Contains(record.Saw, "rs/other") || !strings.Contains(record.Expected, "rs/read") {
		t.Errorf("saw %q, expected %q", record.Saw, record.Expected)
	}
	if diff := cmp.Diff([]authz.Warning{authz.CORSHeadersMissing}, record.Warnings); diff != "" {
		t.Error(diff)
	}
	if len(record.Mend) == 0 || strings.Contains(strings.Join(record.Mend, " "), " API ") {
		t.Errorf("the mends are %q", record.Mend)
	}
	text, err := json.Marshal(record)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{access, strings.Split(access, ".")[2], "secret=1"} {
		if strings.Contains(string(text), secret) {
			t.Errorf("the record holds %.40q", secret)
		}
	}
}

func TestAMendNamesTheMethod(t *testing.T) {
	w := newWorld(t, protected(), nil)
	got := send(t, w, "GET", "/prod/id", "Authorization", token(accessClaims("openid")))
	record := waitForRecord(t, w, got.Header.Get("x-amzn-RequestId"))
	want := "aws apigateway update-method --rest-api-id " + apiID + " --resource-id r-id --http-method GET --patch-operations op=add,path=/authorizationScopes,value=SCOPE"
	if mends := strings.Join(record.Mend, "\n"); !strings.Contains(mends, want) {
		t.Errorf("the mends do not say %q:\n%s", want, mends)
	}
}

func TestAMendRemovesEveryScopeOfTheMethod(t *testing.T) {
	w := newWorld(t, protected(), nil)
	got := send(t, w, "GET", "/prod/scoped", "Authorization", token(idClaims()))
	record := waitForRecord(t, w, got.Header.Get("x-amzn-RequestId"))
	want := "op=remove,path=/authorizationScopes,value=rs/read op=remove,path=/authorizationScopes,value=rs/write && aws apigateway create-deployment --rest-api-id " + apiID + " --stage-name prod"
	if mends := strings.Join(record.Mend, "\n"); !strings.HasSuffix(mends, want) {
		t.Errorf("the mends do not say %q:\n%s", want, mends)
	}
}

func TestAnAllowedRequestLeavesAShortRecord(t *testing.T) {
	w := newWorld(t, protected(), nil)
	got := send(t, w, "GET", "/prod/id", "Authorization", token(idClaims()))
	record := waitForRecord(t, w, got.Header.Get("x-amzn-RequestId"))
	if !record.Allowed || record.Status != 200 || record.Reason != "" || record.RefusedBy != "" || record.Checks != nil || record.Mend != nil || record.Warnings != nil {
		t.Errorf("the record says %+v", record)
	}
}

func TestAPreflightBehindAnAuthorizerIsWarnedOf(t *testing.T) {
	w := newWorld(t, newAPI().authorizer("auth", nil).on("ANY", "/a", cognito()), nil)
	got := send(t, w, "OPTIONS", "/prod/a", "Origin", "https://app.example", "Access-Control-Request-Method", "GET")
	record := waitForRecord(t, w, got.Header.Get("x-amzn-RequestId"))
	if diff := cmp.Diff([]authz.Warning{authz.CORSHeadersMissing, authz.PreflightBehindAuthorizer}, record.Warnings); diff != "" {
		t.Error(diff)
	}
}

func TestRecentShowsTheNewestFirst(t *testing.T) {
	w := newWorld(t, protected(), nil)
	for _, path := range []string{"/prod/id", "/prod/nothing", "/prod/scoped"} {
		w.ServeAPI(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil), gateway.Target{API: apiID, Path: path})
	}
	var paths []string
	for _, r := range w.Recent(2, func(r *decision.Record) bool { return r.RefusedBy == "authorizer" }) {
		paths = append(paths, r.Path)
	}
	if diff := cmp.Diff([]string{"/scoped", "/id"}, paths); diff != "" {
		t.Error(diff)
	}
}

func TestAnUnknownRequestHasNoRecord(t *testing.T) {
	if record, err := newWorld(t, protected(), nil).Describe(context.Background(), "x"); record != nil || err != nil {
		t.Errorf("got %v, %v", record, err)
	}
}

func TestOneEventPerRequestWithoutTokens(t *testing.T) {
	var log bytes.Buffer
	apis := newWorld(t, protected(), nil).apis
	g := gateway.New(gateway.Config{APIs: apis, Engine: authz.New(poolKeys{}), Log: slog.New(slog.NewJSONHandler(&log, nil))})
	secret := token(idClaims())
	for _, path := range []string{"/prod/id", "/prod/nothing", "/prod/scoped"} {
		r := httptest.NewRequest("GET", "/?token="+secret, nil)
		r.Header.Set("Authorization", secret)
		g.ServeAPI(httptest.NewRecorder(), r, gateway.Target{API: apiID, Path: path})
	}
	lines := strings.Split(strings.TrimSpace(log.String()), "\n")
	if len(lines) != 3 {
		t.Fatalf("%d events for three requests:\n%s", len(lines), log.String())
	}
	var event map[string]any
	if err := json.Unmarshal([]byte(lines[2]), &event); err != nil {
		t.Fatal(err)
	}
	if event["msg"] != "request" || event["reason"] != "token_use_access_expected" && event["reason"] != "token_expired" || event["path"] != "/scoped" || event["requestId"] == "" {
		t.Errorf("the event is %v", event)
	}
	if strings.Contains(log.String(), secret[len(secret)-40:]) {
		t.Error("the log holds a token")
	}
}

func TestNothingOfTheRequestIsTooLongToRecord(t *testing.T) {
	w := newWorld(t, protected(), nil)
	r := httptest.NewRequest("GET", "/", nil)
	w.ServeAPI(httptest.NewRecorder(), r, gateway.Target{API: apiID, Path: "/" + strings.Repeat("s", 100_000) + "/" + strings.Repeat("p", 100_000)})
	record := w.Recent(1, nil)[0]
	if len(record.Path) > 2048 || len(record.Stage) > 2048 || len(record.Saw) > 2048 {
		t.Errorf("the record holds %d, %d and %d bytes", len(record.Path), len(record.Stage), len(record.Saw))
	}
}
