package e2e

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
)

// newAPI is an API without authorizer whose resources are integrations with a backend.
type backendAPI struct {
	*process
	apis       *apigateway.Client
	id, rootID string
}

func (p *process) newBackendAPI(t *testing.T) *backendAPI {
	t.Helper()
	b := &backendAPI{process: p, apis: apigateway.NewFromConfig(p.sdk())}
	api, err := b.apis.CreateRestApi(t.Context(), &apigateway.CreateRestApiInput{Name: aws.String("backend")})
	must(t, err)
	b.id, b.rootID = *api.Id, *api.RootResourceId
	return b
}

// on makes ANY /path/{proxy+} an integration.
func (b *backendAPI) on(t *testing.T, path string, in *apigateway.PutIntegrationInput) {
	t.Helper()
	parent, err := b.apis.CreateResource(t.Context(), &apigateway.CreateResourceInput{RestApiId: &b.id, ParentId: &b.rootID, PathPart: &path})
	must(t, err)
	resource, err := b.apis.CreateResource(t.Context(), &apigateway.CreateResourceInput{RestApiId: &b.id, ParentId: parent.Id, PathPart: aws.String("{proxy+}")})
	must(t, err)
	_, err = b.apis.PutMethod(t.Context(), &apigateway.PutMethodInput{RestApiId: &b.id, ResourceId: resource.Id, HttpMethod: aws.String("ANY"), AuthorizationType: aws.String("NONE"),
		RequestParameters: map[string]bool{"method.request.path.proxy": true}})
	must(t, err)
	in.RestApiId, in.ResourceId, in.HttpMethod, in.IntegrationHttpMethod = &b.id, resource.Id, aws.String("ANY"), aws.String("ANY")
	in.RequestParameters = map[string]string{"integration.request.path.proxy": "method.request.path.proxy"}
	_, err = b.apis.PutIntegration(t.Context(), in)
	must(t, err)
	if in.Type != types.IntegrationTypeHttp {
		return
	}
	for status, pattern := range map[string]string{"200": "", "404": `4\d\d`, "502": `5\d\d`} {
		_, err = b.apis.PutMethodResponse(t.Context(), &apigateway.PutMethodResponseInput{RestApiId: &b.id, ResourceId: resource.Id, HttpMethod: aws.String("ANY"), StatusCode: &status})
		must(t, err)
		_, err = b.apis.PutIntegrationResponse(t.Context(), &apigateway.PutIntegrationResponseInput{RestApiId: &b.id, ResourceId: resource.Id, HttpMethod: aws.String("ANY"),
			StatusCode: &status, SelectionPattern: &pattern, ResponseTemplates: map[string]string{"application/json": `{"backend":$input.body}`}})
		must(t, err)
	}
}

func (b *backendAPI) deploy(t *testing.T) (base string) {
	t.Helper()
	_, err := b.apis.CreateDeployment(t.Context(), &apigateway.CreateDeploymentInput{RestApiId: &b.id, StageName: aws.String("dev")})
	must(t, err)
	return b.url + "/_aws/execute-api/" + b.id + "/dev"
}

// reasonOf is what the server recorded of an answered request.
func (p *process) reasonOf(t *testing.T, got reply) string {
	t.Helper()
	var record struct {
		Reason string `json:"reason"`
		Status int    `json:"status"`
	}
	eventually(t, 5*time.Second, "the request is recorded", func() bool {
		answer := send(t, http.MethodGet, p.url+"/_poolgate/requests/"+got.header.Get("X-Amzn-Requestid"), "", nil)
		return answer.status == http.StatusOK && json.Unmarshal([]byte(answer.body), &record) == nil
	})
	return record.Reason
}

// nginxBackend is what the backend of these tests does, in nginx's own words.
const nginxBackend = `
	gzip on; gzip_min_length 1; gzip_types application/json text/plain; gzip_http_version 1.0; gzip_proxied any;
	large_client_header_buffers 8 64k; client_max_body_size 20m;
	log_format seen '$connection $connection_requests $request_method $request_uri $request_length $http_authorization';
	server {
		listen %ADDR%;
		access_log seen.log seen;
		location /files/ { alias www/; }
		location /moved { return 302 /files/small.json; }
		location /denied { default_type application/json; return 401 '{"nginx":"says no"}'; }
		location /forbidden { return 403 '"nginx says never"'; }
		location /broken { return 503 '"nginx is tired"'; }
		location /big-header { add_header X-Big $arg_size; add_header X-Other $http_x_big; return 200 '"ok"'; }
		location /endless-header { proxy_pass http://127.0.0.1:1/; }
		location /echo { default_type text/plain; return 200 '$request_method $content_type $http_x_amzn_apigateway_api_id $http_transfer_encoding|$content_length'; }
		location /slow { limit_rate 10; alias www/large.bin; }
	}`

// TestNginxAsABackend drives HTTP_PROXY and HTTP integrations through a real nginx.
func TestNginxAsABackend(t *testing.T) {
	base := nginxIn(t, nginxBackend, func(dir string) {
		www := filepath.Join(dir, "www")
		must(t, os.Mkdir(www, 0o700))
		must(t, os.WriteFile(filepath.Join(www, "small.json"), []byte(`{"n":1}`), 0o600))
		must(t, os.WriteFile(filepath.Join(www, "large.bin"), bytes.Repeat([]byte("0123456789abcdef"), 64<<10), 0o600))
		must(t, os.WriteFile(filepath.Join(www, "huge.bin"), bytes.Repeat([]byte("0"), 11<<20), 0o600))
	})
	p := serve(t)
	b := p.newBackendAPI(t)
	b.on(t, "proxy", &apigateway.PutIntegrationInput{Type: types.IntegrationTypeHttpProxy, Uri: aws.String(base.url + "/{proxy}"), TimeoutInMillis: aws.Int32(2000)})
	b.on(t, "http", &apigateway.PutIntegrationInput{Type: types.IntegrationTypeHttp, Uri: aws.String(base.url + "/{proxy}"), TimeoutInMillis: aws.Int32(2000)})
	url := b.deploy(t)

	t.Run("connections are kept", func(t *testing.T) {
		before := len(base.seen(t))
		for range 10 {
			if got := send(t, http.MethodGet, url+"/proxy/files/small.json", "", nil); got.status != 200 || got.body != `{"n":1}` {
				t.Fatalf("answered %d %s", got.status, got.body)
			}
		}
		connections := map[string]bool{}
		for _, line := range base.seen(t)[before:] {
			connections[strings.Fields(line)[0]] = true
		}
		if len(connections) != 1 {
			t.Errorf("10 requests used %d connections", len(connections))
		}
	})
	t.Run("redirects are the client's", func(t *testing.T) {
		before := len(base.seen(t))
		got := send(t, http.MethodGet, url+"/proxy/moved", "", nil)
		if got.status != 302 || !strings.HasSuffix(got.header.Get("Location"), "/files/small.json") || len(base.seen(t)) != before+1 {
			t.Errorf("answered %d %v; nginx saw %d requests", got.status, got.header, len(base.seen(t))-before)
		}
	})
	t.Run("compressed answers pass as they are", func(t *testing.T) {
		got := send(t, http.MethodGet, url+"/proxy/files/small.json", "", http.Header{"Accept-Encoding": {"gzip"}})
		reader, err := gzip.NewReader(strings.NewReader(got.body))
		if got.header.Get("Content-Encoding") != "gzip" || err != nil {
			t.Fatalf("answered %v, %v", got.header, err)
		}
		if text, err := io.ReadAll(reader); string(text) != `{"n":1}` {
			t.Errorf("it is %q, %v", text, err)
		}
	})
	t.Run("a large answer passes whole", func(t *testing.T) {
		got := send(t, http.MethodGet, url+"/proxy/files/large.bin", "", http.Header{"Accept-Encoding": {"identity"}})
		if got.status != 200 || len(got.body) != 1<<20 || got.header.Get("Content-Length") != strconv.Itoa(1<<20) {
			t.Errorf("answered %d with %d bytes", got.status, len(got.body))
		}
	})
	t.Run("a template takes answers of up to 10 MB", func(t *testing.T) {
		got := send(t, http.MethodGet, url+"/http/files/huge.bin", "", nil)
		if got.status != 500 || p.reasonOf(t, got) != "integration_failed" {
			t.Errorf("answered %d", got.status)
		}
		got = send(t, http.MethodGet, url+"/http/files/small.json", "", nil)
		if got.status != 200 || got.body != `{"backend":{"n":1}}` {
			t.Errorf("answered %d %s", got.status, got.body)
		}
	})
	t.Run("bodies of known and of unknown length", func(t *testing.T) {
		for name, body := range map[string]io.Reader{"short": strings.NewReader("short"), "long": bytes.NewReader(make([]byte, 1<<20)), "in chunks": io.MultiReader(strings.NewReader("chunk"))} {
			request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/proxy/echo", body)
			must(t, err)
			request.Header.Set("Content-Type", "text/x")
			answer, err := http.DefaultClient.Do(request)
			must(t, err)
			text, err := io.ReadAll(answer.Body)
			must(t, err)
			_ = answer.Body.Close()
			if want := "POST text/x " + b.id; answer.StatusCode != 200 || !strings.HasPrefix(string(text), want) {
				t.Errorf("%s: answered %d %s, want %s", name, answer.StatusCode, text, want)
			}
		}
		got := send(t, http.MethodPost, url+"/proxy/echo", strings.Repeat("x", 10<<20+1), nil)
		if got.status != 413 || got.body != `{"message":"Request Too Long"}` {
			t.Errorf("answered %d %s", got.status, got.body)
		}
	})
	t.Run("large headers", func(t *testing.T) {
		value := strings.Repeat("h", 48<<10)
		got := send(t, http.MethodGet, url+"/proxy/big-header?size=1", "", http.Header{"X-Big": {value}})
		if got.status != 200 || got.header.Get("X-Other") != value || got.header.Get("X-Big") != "1" {
			t.Errorf("answered %d with %d bytes back", got.status, len(got.header.Get("X-Other")))
		}
	})
	t.Run("what nginx refuses is nginx's answer", func(t *testing.T) {
		for path, want := range map[string]struct {
			status       int
			body, reason string
		}{
			"/denied": {401, `{"nginx":"says no"}`, "integration_refused"}, "/forbidden": {403, `"nginx says never"`, "integration_refused"},
			"/broken": {503, `"nginx is tired"`, ""},
		} {
			got := send(t, http.MethodGet, url+"/proxy"+path, "", nil)
			if got.status != want.status || got.body != want.body || got.header.Get("X-Amzn-Errortype") != "" {
				t.Errorf("%s answered %d %s", path, got.status, got.body)
			}
			if reason := p.reasonOf(t, got); reason != want.reason {
				t.Errorf("%s: the reason is %q, want %q", path, reason, want.reason)
			}
			mapped := send(t, http.MethodGet, url+"/http"+path, "", nil)
			status := map[int]int{401: 404, 403: 404, 503: 502}[want.status]
			if mapped.status != status || mapped.body != `{"backend":`+want.body+`}` || p.reasonOf(t, mapped) != want.reason {
				t.Errorf("HTTP %s answered %d %s", path, mapped.status, mapped.body)
			}
		}
	})
	t.Run("a slow answer is late", func(t *testing.T) {
		began := time.Now()
		got := send(t, http.MethodGet, url+"/http/slow", "", nil)
		if got.status != 504 || got.body != `{"message":"Endpoint request timed out"}` || p.reasonOf(t, got) != "integration_timeout" {
			t.Errorf("answered %d %s", got.status, got.body)
		}
		if took := time.Since(began); took < 1900*time.Millisecond || took > 10*time.Second {
			t.Errorf("it took %s", took)
		}
	})
}
