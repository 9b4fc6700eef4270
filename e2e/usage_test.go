package e2e

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/poolgate/poolgate/internal/store/postgrestest"
)

// keyedAPI is an API whose GET /keyed asks for a key, and whose GET /open does not.
const keyedAPI = `{"openapi":"3.0.1","info":{"title":"keyed","version":"1"},
	"components":{"securitySchemes":{"key":{"type":"apiKey","name":"x-api-key","in":"header"}}},
	"paths":{"/keyed":{"get":{"security":[{"key":[]}],"x-amazon-apigateway-integration":%[1]s}},"/open":{"get":{"x-amazon-apigateway-integration":%[1]s}}}}`

const mockOK = `{"type":"mock","requestTemplates":{"application/json":"{\"statusCode\":200}"},"responses":{"default":{"statusCode":"200"}}}`

// keyed is a server with keyedAPI at stage dev, made by the CLI.
type keyed struct {
	*process
	api string
}

func (p *process) newKeyed(t *testing.T) *keyed {
	t.Helper()
	file := filepath.Join(t.TempDir(), "api.json")
	must(t, os.WriteFile(file, fmt.Appendf(nil, keyedAPI, mockOK), 0o600))
	k := &keyed{process: p, api: text(t, p.aws(t, "apigateway", "import-rest-api", "--body", "fileb://"+file), "id")}
	p.aws(t, "apigateway", "create-deployment", "--rest-api-id", k.api, "--stage-name", "dev")
	return k
}

// get asks for a path with a key and returns status and body.
func (k *keyed) get(t *testing.T, path, key string) string {
	t.Helper()
	header := http.Header{}
	if key != "" {
		header.Set("X-Api-Key", key)
	}
	got := send(t, http.MethodGet, k.url+"/_aws/execute-api/"+k.api+"/dev"+path, "", header)
	return strings.TrimSpace(fmt.Sprintf("%d %s", got.status, got.body))
}

func (k *keyed) expect(t *testing.T, when, path, key, want string) {
	t.Helper()
	if got := k.get(t, path, key); got != want {
		t.Errorf("%s: answered %s, want %s", when, got, want)
	}
}

// TestAPIKeysByTheCLI makes keys and plans as people do and calls the API as their clients do.
func TestAPIKeysByTheCLI(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	k := serve(t, "--data", data).newKeyed(t)
	key := k.aws(t, "apigateway", "create-api-key", "--name", "mine", "--enabled")
	id, value := text(t, key, "id"), text(t, key, "value")
	plan := text(t, k.aws(t, "apigateway", "create-usage-plan", "--name", "plan", "--api-stages", "apiId="+k.api+",stage=dev",
		"--quota", "limit=4,period=MONTH"), "id")
	k.expect(t, "no key", "/keyed", "", `403 {"message":"Forbidden"}`)
	k.expect(t, "a key in no plan", "/keyed", value, `403 {"message":"Forbidden"}`)
	k.aws(t, "apigateway", "create-usage-plan-key", "--usage-plan-id", plan, "--key-id", id, "--key-type", "API_KEY")
	k.expect(t, "a key in the plan", "/keyed", value, "200")
	k.aws(t, "apigateway", "update-api-key", "--api-key", id, "--patch-operations", "op=replace,path=/enabled,value=false")
	k.expect(t, "a disabled key", "/keyed", value, `403 {"message":"Forbidden"}`)
	k.aws(t, "apigateway", "update-api-key", "--api-key", id, "--patch-operations", "op=replace,path=/enabled,value=true")

	throttle := "/apiStages/" + k.api + ":dev/throttle//keyed/GET/"
	k.aws(t, "apigateway", "update-usage-plan", "--usage-plan-id", plan, "--patch-operations",
		"op=replace,path="+throttle+"rateLimit,value=0", "op=replace,path="+throttle+"burstLimit,value=1")
	k.expect(t, "the burst of one", "/keyed", value, "200")
	k.expect(t, "the rate of nothing", "/keyed", value, `429 {"message":"Too Many Requests"}`)
	k.aws(t, "apigateway", "update-usage-plan", "--usage-plan-id", plan, "--patch-operations", "op=remove,path="+throttle[:len(throttle)-1])
	k.expect(t, "no rate", "/keyed", value, "200")

	day := time.Now().UTC()
	used := func(want string) {
		t.Helper()
		out := k.aws(t, "apigateway", "get-usage", "--usage-plan-id", plan, "--key-id", id, "--start-date", day.Format(time.DateOnly), "--end-date", day.Format(time.DateOnly))
		if got := fmt.Sprint(at(t, out, "items", id)); got != want {
			t.Errorf("get-usage says %s, want %s", got, want)
		}
	}
	used("[[3 1]]")
	k.stop()

	again := serve(t, "--data", data)
	k.process = again
	used("[[3 1]]")
	k.expect(t, "the fourth, after a restart", "/keyed", value, "200")
	k.expect(t, "the fifth", "/keyed", value, `429 {"message":"Limit Exceeded"}`)
	k.aws(t, "apigateway", "update-usage", "--usage-plan-id", plan, "--key-id", id, "--patch-operations", "op=replace,path=/remaining,value=1")
	used("[[4 1]]")
	k.expect(t, "one more was granted", "/keyed", value, "200")
	k.expect(t, "and only one", "/keyed", value, `429 {"message":"Limit Exceeded"}`)
	k.aws(t, "apigateway", "update-stage", "--rest-api-id", k.api, "--stage-name", "dev", "--patch-operations",
		"op=replace,path=/*/*/throttling/rateLimit,value=0", "op=replace,path=/*/*/throttling/burstLimit,value=0")
	k.expect(t, "a stage at 0/0", "/open", "", `429 {"message":"Too Many Requests"}`)

	k.kill()
	k.process = serve(t, "--data", data)
	used("[[5 0]]") // get-usage had the counts written; what was counted in the last second before a kill may be lost
}

// TestTwoServersOnOnePostgreSQLShareKeysAndQuotas: what one counts and disables holds on the other.
func TestTwoServersOnOnePostgreSQLShareKeysAndQuotas(t *testing.T) {
	seal := "POOLGATE_SEAL_KEY=" + strings.Repeat("cd", 32)
	database := postgrestest.URL(t)
	node := func() *process {
		return serveWith(t, []string{seal}, "--data", t.TempDir(), "--store", database, "--public-url", "http://localhost:4566")
	}
	one := node().newKeyed(t)
	two := &keyed{process: node(), api: one.api}
	key := one.aws(t, "apigateway", "create-api-key", "--name", "mine", "--enabled")
	id, value := text(t, key, "id"), text(t, key, "value")
	plan := text(t, one.aws(t, "apigateway", "create-usage-plan", "--name", "plan", "--api-stages", "apiId="+one.api+",stage=dev", "--quota", "limit=1,period=DAY"), "id")
	one.aws(t, "apigateway", "create-usage-plan-key", "--usage-plan-id", plan, "--key-id", id, "--key-type", "API_KEY")
	one.expect(t, "the first, at one", "/keyed", value, "200")
	one.expect(t, "the second, at one", "/keyed", value, `429 {"message":"Limit Exceeded"}`)
	const limited = `429 {"message":"Limit Exceeded"}`
	// Other nodes hear of it within a second or two, and until then the key is good for one request at each at most.
	eventually(t, 5*time.Second, "the quota is used up at two as well", func() bool { return two.get(t, "/keyed", value) == limited })
	one.aws(t, "apigateway", "update-api-key", "--api-key", id, "--patch-operations", "op=replace,path=/enabled,value=false")
	eventually(t, 5*time.Second, "the disabled key is refused at two", func() bool { return two.get(t, "/keyed", value) == `403 {"message":"Forbidden"}` })
}
