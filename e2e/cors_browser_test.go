package e2e

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	v2types "github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
	"github.com/google/go-cmp/cmp"
)

// fetches is a page that calls what it is told to and reports what a script can read of the answers.
const fetches = `<!doctype html><script>
(async () => {
  const seen = {};
  for (const c of await (await fetch('/cases')).json()) {
    try {
      const answer = await fetch(c.url, { headers: c.headers || {} });
      seen[c.name] = answer.status + ' ' + await answer.text();
    } catch (e) {
      seen[c.name] = 'hidden';
    }
  }
  await fetch('/seen', { method: 'POST', body: JSON.stringify(seen) });
})();
</script>`

type fetchCase struct {
	Name    string            `json:"name"`
	URL     string            `json:"url"`
	Headers map[string]string `json:"headers,omitempty"`
}

// inChromium opens a page of an origin of its own in headless Chromium and returns what its script could read, by the cases' names.
// cases is asked once the origin is known.
func inChromium(t *testing.T, cases func(origin string) []fetchCase) map[string]string {
	t.Helper()
	browser := need(t, "chromium")
	reports := make(chan map[string]string, 1)
	var list []fetchCase
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte(fetches))
	})
	mux.HandleFunc("GET /cases", func(w http.ResponseWriter, _ *http.Request) { _ = json.NewEncoder(w).Encode(list) })
	mux.HandleFunc("POST /seen", func(_ http.ResponseWriter, r *http.Request) {
		var seen map[string]string
		_ = json.NewDecoder(r.Body).Decode(&seen)
		reports <- seen
	})
	page := httptest.NewServer(mux)
	defer page.Close()
	list = cases(page.URL)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, browser, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
		"--user-data-dir="+t.TempDir(), "--remote-debugging-port=0", page.URL+"/")
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir())
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // it has processes of its own, which end with it
	cmd.Cancel, cmd.WaitDelay = func() error { return cmd.Process.Signal(syscall.SIGTERM) }, 10*time.Second
	must(t, cmd.Start())
	defer func() {
		cancel()
		_ = cmd.Wait()
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // what is left of them
	}()
	select {
	case seen := <-reports:
		return seen
	case <-ctx.Done():
		t.Fatal("the page reported nothing")
		return nil
	}
}

// corsAPI makes an HTTP API with an open and a protected route, its CORS as given.
func (s *site) corsAPI(t *testing.T, backend string, cors *v2types.Cors) string {
	t.Helper()
	apis := apigatewayv2.NewFromConfig(s.sdk())
	api, err := apis.CreateApi(t.Context(), &apigatewayv2.CreateApiInput{Name: aws.String("cors"), ProtocolType: v2types.ProtocolTypeHttp, CorsConfiguration: cors})
	must(t, err)
	var discovery struct{ Issuer string }
	must(t, json.Unmarshal([]byte(send(t, http.MethodGet, s.url+"/"+s.poolID+"/.well-known/openid-configuration", "", nil).body), &discovery))
	authorizer, err := apis.CreateAuthorizer(t.Context(), &apigatewayv2.CreateAuthorizerInput{ApiId: api.ApiId, Name: aws.String("pool"),
		AuthorizerType: v2types.AuthorizerTypeJwt, IdentitySource: []string{"$request.header.Authorization"},
		JwtConfiguration: &v2types.JWTConfiguration{Issuer: &discovery.Issuer, Audience: []string{s.clientID}}})
	must(t, err)
	integration, err := apis.CreateIntegration(t.Context(), &apigatewayv2.CreateIntegrationInput{ApiId: api.ApiId, IntegrationType: v2types.IntegrationTypeHttpProxy,
		IntegrationMethod: aws.String("GET"), IntegrationUri: &backend, PayloadFormatVersion: aws.String("1.0")})
	must(t, err)
	target := aws.String("integrations/" + *integration.IntegrationId)
	_, err = apis.CreateRoute(t.Context(), &apigatewayv2.CreateRouteInput{ApiId: api.ApiId, RouteKey: aws.String("GET /open"), Target: target})
	must(t, err)
	_, err = apis.CreateRoute(t.Context(), &apigatewayv2.CreateRouteInput{ApiId: api.ApiId, RouteKey: aws.String("GET /jwt"), Target: target,
		AuthorizationType: v2types.AuthorizationTypeJwt, AuthorizerId: authorizer.AuthorizerId})
	must(t, err)
	_, err = apis.CreateRoute(t.Context(), &apigatewayv2.CreateRouteInput{ApiId: api.ApiId, RouteKey: aws.String("ANY /any"), Target: target,
		AuthorizationType: v2types.AuthorizationTypeJwt, AuthorizerId: authorizer.AuthorizerId})
	must(t, err)
	_, err = apis.CreateStage(t.Context(), &apigatewayv2.CreateStageInput{ApiId: api.ApiId, StageName: aws.String("$default"), AutoDeploy: aws.Bool(true)})
	must(t, err)
	return s.url + "/_aws/execute-api/" + *api.ApiId
}

// TestCORSInABrowser: what a page of another origin can read, as Chromium judges it.
func TestCORSInABrowser(t *testing.T) {
	p := serve(t)
	s := p.newSite(t)
	token := s.passwordSignIn(t, "jo").id
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", "https://wrong.example.com")
		_, _ = w.Write([]byte("in"))
	}))
	defer backend.Close()
	rest := p.url + "/_aws/execute-api/" + s.apiID + "/dev"
	told := p.newSite(t)
	toldRest := p.url + "/_aws/execute-api/" + told.apiID + "/dev"
	bearer := map[string]string{"Authorization": "Bearer " + token}
	seen := inChromium(t, func(origin string) []fetchCase {
		told.aws(t, "apigateway", "put-gateway-response", "--rest-api-id", told.apiID, "--response-type", "DEFAULT_4XX",
			"--response-parameters", `{"gatewayresponse.header.Access-Control-Allow-Origin":"'`+origin+`'"}`)
		told.deploy(t)
		from := func(origins ...string) *v2types.Cors {
			return &v2types.Cors{AllowOrigins: origins, AllowMethods: []string{"GET"}, AllowHeaders: []string{"authorization"}}
		}
		here, elsewhere, silent := s.corsAPI(t, backend.URL, from(origin)), s.corsAPI(t, backend.URL, from("https://elsewhere.example.com")), s.corsAPI(t, backend.URL, nil)
		return []fetchCase{
			{"HTTP API, allowed origin", here + "/open", nil},
			{"HTTP API, allowed origin, behind a preflight", here + "/jwt", bearer},
			{"HTTP API, allowed origin, refused", here + "/jwt", nil},
			{"HTTP API, allowed origin, a forged token behind a preflight", here + "/jwt", map[string]string{"Authorization": "Bearer " + tampered(token)}},
			{"HTTP API, allowed origin, no route", here + "/nothing", nil},
			{"HTTP API, allowed origin, a header that is not allowed", here + "/open", map[string]string{"X-Other": "1"}},
			{"HTTP API, allowed origin, ANY behind an authorizer", here + "/any", bearer},
			{"HTTP API, another origin", elsewhere + "/open", nil},
			{"HTTP API, another origin, behind a preflight", elsewhere + "/jwt", bearer},
			{"HTTP API without CORS", silent + "/open", nil},
			{"REST API, refused", rest + "/plain", nil},
			{"REST API without OPTIONS", rest + "/plain", bearer},
			{"REST API, refused with the header in its gateway response", toldRest + "/plain", nil},
		}
	})
	if diff := cmp.Diff(map[string]string{
		"HTTP API, allowed origin":                                    "200 in",
		"HTTP API, allowed origin, behind a preflight":                "200 in",
		"HTTP API, allowed origin, refused":                           `401 {"message":"Unauthorized"}`,
		"HTTP API, allowed origin, a forged token behind a preflight": `401 {"message":"Unauthorized"}`,
		"HTTP API, allowed origin, no route":                          `404 {"message":"Not Found"}`,
		"HTTP API, allowed origin, a header that is not allowed":      "hidden",
		"HTTP API, allowed origin, ANY behind an authorizer":          "hidden",
		"HTTP API, another origin":                                    "hidden",
		"HTTP API, another origin, behind a preflight":                "hidden",
		"HTTP API without CORS":                                       "hidden",
		"REST API, refused":                                           "hidden",
		"REST API without OPTIONS":                                    "hidden",
		"REST API, refused with the header in its gateway response":   `401 {"message":"Unauthorized"}`,
	}, seen); diff != "" {
		t.Error(diff)
	}
}
