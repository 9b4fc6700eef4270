package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

// TestCachedAnswersAndCanariesByTheCLI turns a stage's cache on and off and releases a canary, as people do it.
func TestCachedAnswersAndCanariesByTheCLI(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	back := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, asked.Add(1)) }))
	defer back.Close()
	k := serve(t).newKeyed(t)
	resources := k.aws(t, "apigateway", "get-resources", "--rest-api-id", k.api)
	var open string
	for _, resource := range at(t, resources, "items").([]any) {
		if text(t, resource, "path") == "/open" {
			open = text(t, resource, "id")
		}
	}
	k.aws(t, "apigateway", "put-integration", "--rest-api-id", k.api, "--resource-id", open, "--http-method", "GET", "--type", "HTTP_PROXY",
		"--integration-http-method", "GET", "--cli-input-json", `{"uri":"`+back.URL+`"}`)
	k.aws(t, "apigateway", "create-deployment", "--rest-api-id", k.api, "--stage-name", "dev")
	stage := func(operations ...string) {
		t.Helper()
		k.aws(t, append([]string{"apigateway", "update-stage", "--rest-api-id", k.api, "--stage-name", "dev", "--patch-operations"}, operations...)...)
	}
	k.expect(t, "no cache", "/open", "", "200 1")
	k.expect(t, "no cache", "/open", "", "200 2")
	stage("op=replace,path=/cacheClusterEnabled,value=true", "op=replace,path=/*/*/caching/enabled,value=true")
	k.expect(t, "the first", "/open", "", "200 3")
	k.expect(t, "the second", "/open", "", "200 3")
	k.aws(t, "apigateway", "flush-stage-cache", "--rest-api-id", k.api, "--stage-name", "dev")
	k.expect(t, "after a flush", "/open", "", "200 4")
	stage("op=replace,path=/cacheClusterEnabled,value=false")
	k.expect(t, "off again", "/open", "", "200 5")

	k.aws(t, "apigateway", "update-integration", "--rest-api-id", k.api, "--resource-id", open, "--http-method", "GET",
		"--cli-input-json", `{"patchOperations":[{"op":"replace","path":"/uri","value":"http://127.0.0.1:1"}]}`)
	k.aws(t, "apigateway", "create-deployment", "--rest-api-id", k.api, "--stage-name", "dev", "--canary-settings", "percentTraffic=100")
	if got := k.get(t, "/open", ""); !strings.HasPrefix(got, "500 ") && !strings.HasPrefix(got, "504 ") {
		t.Errorf("the canary, whose backend is not there, answered %s", got)
	}
	stage("op=replace,path=/canarySettings/percentTraffic,value=0")
	k.expect(t, "no request is the canary's", "/open", "", "200 6")
}
