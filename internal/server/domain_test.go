package server

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	v2 "github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
)

// domainWorld is a REST API whose /pets tells its context, an HTTP API whose backend tells its path, and their ids.
type domainWorld struct {
	*deployed
	server *Server
	http   *apigatewayv2.Client
	httpID string
}

const toldContext = `{"path":"$context.path","domain":"$context.domainName","prefix":"$context.domainPrefix",` +
	`"matched":"$context.customDomain.basePathMatched","subject":"$context.identity.clientCert.subjectDN","since":"$context.identity.clientCert.validity.notBefore"}`

func newDomainWorld(t *testing.T) *domainWorld {
	t.Helper()
	server := startTest(t, Config{})
	c := callerOf(t, server)
	api, err := c.api.CreateRestApi(c.ctx(), &apigateway.CreateRestApiInput{Name: aws.String("a")})
	if err != nil {
		t.Fatal(err)
	}
	w := &domainWorld{deployed: &deployed{c, *api.Id, *api.RootResourceId}, server: server}
	w.on("GET", "pets", apigateway.PutMethodInput{}, mockIntegration, apigateway.PutIntegrationResponseInput{ResponseTemplates: map[string]string{"application/json": toldContext}})
	w.deploy()
	w.http = apigatewayv2.New(apigatewayv2.Options{
		BaseEndpoint: aws.String(server.URL()), Region: "eu-west-1", Credentials: credentials.NewStaticCredentialsProvider("111111111111", "secret", ""),
	})
	backend := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(rw, r.URL.Path) }))
	t.Cleanup(backend.Close)
	made, err := w.http.CreateApi(t.Context(), &apigatewayv2.CreateApiInput{Name: aws.String("h"), ProtocolType: v2.ProtocolTypeHttp, RouteKey: aws.String("ANY /{proxy+}"), Target: aws.String(backend.URL + "/b/{proxy}")})
	w.must(err)
	w.httpID = *made.ApiId
	return w
}

func (w *domainWorld) domain(name string, mutual *types.MutualTlsAuthenticationInput) *apigateway.CreateDomainNameOutput {
	w.Helper()
	out, err := w.api.CreateDomainName(w.ctx(), &apigateway.CreateDomainNameInput{
		DomainName: &name, RegionalCertificateArn: aws.String("arn:aws:acm:eu-west-1:111111111111:certificate/1"),
		EndpointConfiguration: &types.EndpointConfiguration{Types: []types.EndpointType{types.EndpointTypeRegional}}, MutualTlsAuthentication: mutual,
	})
	w.must(err)
	return out
}

func (w *domainWorld) mapTo(domain, key, api, stage string) {
	w.Helper()
	_, err := w.http.CreateApiMapping(w.ctx(), &apigatewayv2.CreateApiMappingInput{DomainName: &domain, ApiMappingKey: &key, ApiId: &api, Stage: &stage})
	w.must(err)
}

const notMapped, notMatched = `{"message":"Forbidden"}`, `{"message":"Missing Authentication Token"}`

func TestACustomDomainLeadsByItsLongestMapping(t *testing.T) {
	w := newDomainWorld(t)
	if status, _ := askAs(t, w.server, "api.example.com", "/pets"); status != 403 {
		t.Fatalf("a host that nobody knows: %d", status)
	}
	made := w.domain("api.example.com", nil)
	w.domain("*.wild.example.com", nil)
	w.domain("shop.localhost", nil)
	if status, body := askAs(t, w.server, "api.example.com", "/pets"); status != 403 || body != notMapped {
		t.Fatalf("a domain without mappings: %d %s", status, body)
	}
	_, err := w.api.CreateBasePathMapping(w.ctx(), &apigateway.CreateBasePathMappingInput{DomainName: aws.String("api.example.com"), BasePath: aws.String("all"), RestApiId: &w.id})
	w.must(err)
	w.mapTo("api.example.com", "v1", w.id, "dev")
	w.mapTo("api.example.com", "v1/web", w.httpID, "$default")
	w.mapTo("*.wild.example.com", "", w.id, "dev")
	w.mapTo("shop.localhost", "", w.httpID, "$default")
	told := func(path, host, matched string) string {
		prefix, _, _ := strings.Cut(host, ".")
		return `{"path":"` + path + `","domain":"` + host + `","prefix":"` + prefix + `","matched":"` + matched + `","subject":"","since":""}`
	}
	for _, row := range []struct {
		name, host, path string
		status           int
		body             string
	}{
		{"a REST API below a base path", "api.example.com", "/v1/pets", 200, told("/v1/pets", "api.example.com", "v1")},
		{"in whatever letters and with a port", "API.example.com:443", "/v1/pets", 200, told("/v1/pets", "API.example.com", "v1")},
		{"repeated slashes", "api.example.com", "//v1//pets", 200, told("/v1/pets", "api.example.com", "v1")},
		{"an escaped base path", "api.example.com", "/%76%31/pets", 200, told("/v1/pets", "api.example.com", "v1")},
		{"the longer base path", "api.example.com", "/v1/web/x", 200, "/b/x"},
		{"a stage in the path", "api.example.com", "/all/dev/pets", 200, told("/all/dev/pets", "api.example.com", "all")},
		{"a stage that is not there", "api.example.com", "/all/none/pets", 403, notMatched},
		{"a path that no method takes", "api.example.com", "/v1/nothing", 403, notMatched},
		{"a base path that only begins alike", "api.example.com", "/v12/pets", 403, notMapped},
		{"base paths know their case", "api.example.com", "/V1/pets", 403, notMapped},
		{"no mapping of the root", "api.example.com", "/", 403, notMapped},
		{"an escaped slash is no separator", "api.example.com", "/v1%2Fpets", 403, notMapped},
		{"dot segments behind the base path", "api.example.com", "/v1/../v1/web/x", 403, notMatched},
		{"dot segments before it", "api.example.com", "/%2e%2e/v1/pets", 403, notMapped},
		{"this server's own pages are not the domain's", "api.example.com", "/_poolgate/health", 403, notMapped},
		{"a wildcard", "a.wild.example.com", "/pets", 200, told("/pets", "a.wild.example.com", "")},
		{"a wildcard is one label", "a.b.wild.example.com", "/pets", 403, ""},
		{"a wildcard is not the name behind it", "wild.example.com", "/pets", 403, ""},
		{"a local name", "shop.localhost", "/x", 200, "/b/x"},
		{"AWS's name of the domain", *made.RegionalDomainName, "/v1/web/x", 200, "/b/x"},
		{"the same, local", strings.Replace(*made.RegionalDomainName, "amazonaws.com", "localhost", 1), "/v1/web/x", 200, "/b/x"},
	} {
		t.Run(row.name, func(t *testing.T) {
			status, body := askAs(t, w.server, row.host, row.path)
			if status != row.status || row.body != "" && body != row.body {
				t.Errorf("%d %s\nwant %d %s", status, body, row.status, row.body)
			}
		})
	}
}

func TestADomainServesWhatItsOwnEndpointDoesNot(t *testing.T) {
	w := newDomainWorld(t)
	w.domain("api.example.com", nil)
	w.mapTo("api.example.com", "", w.id, "dev")
	_, err := w.api.UpdateRestApi(w.ctx(), &apigateway.UpdateRestApiInput{RestApiId: &w.id, PatchOperations: []types.PatchOperation{
		{Op: types.OpReplace, Path: aws.String("/disableExecuteApiEndpoint"), Value: aws.String("true")}}})
	w.must(err)
	w.deploy()
	if response, body := w.call("GET", "/pets", ""); response.StatusCode != 403 || body != notMapped || response.Header.Get("X-Poolgate-Reason") != "endpoint_disabled" {
		t.Errorf("the endpoint: %d %s", response.StatusCode, body)
	}
	if status, _ := askAs(t, w.server, "api.example.com", "/pets"); status != 200 {
		t.Errorf("the domain: %d", status)
	}
	_, err = w.api.DeleteDomainName(w.ctx(), &apigateway.DeleteDomainNameInput{DomainName: aws.String("api.example.com")})
	w.must(err)
	if status, body := askAs(t, w.server, "api.example.com", "/pets"); status != 403 || !strings.Contains(body, "host name") {
		t.Errorf("a domain that is gone: %d %s", status, body)
	}
}

func TestARequestThroughADomainIsExplained(t *testing.T) {
	w := newDomainWorld(t)
	w.domain("api.example.com", nil)
	w.mapTo("api.example.com", "v1", w.id, "dev")
	for path, want := range map[string]string{"/v2/pets": "domain_mapping_missing", "/v1/none": "route_not_found"} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.server.URL()+path, nil)
		w.must(err)
		r.Host = "api.example.com"
		response, err := http.DefaultClient.Do(r)
		w.must(err)
		_ = response.Body.Close()
		record, err := w.server.parts.describe(t.Context(), response.Header.Get("X-Amzn-Requestid"))
		if err != nil || record == nil || string(record.Reason) != want || record.Domain != "api.example.com" || record.Saw == "" {
			t.Errorf("%s: %+v %v", path, record, err)
		}
	}
}

func TestTheOldPathOfAnAPI(t *testing.T) {
	w := newDomainWorld(t)
	if status, body := askAs(t, w.server, "localhost", "/restapis/"+w.id+"/dev/_user_request_/pets"); status != 200 || !strings.Contains(body, `"path":"/dev/pets"`) {
		t.Errorf("%d %s", status, body)
	}
	if status, body := askAs(t, w.server, "localhost", "/restapis/"+w.httpID+"/$default/_user_request_/x"); status != 200 || body != "/b/x" {
		t.Errorf("%d %s", status, body)
	}
}
