package server

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

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

// signer is a certificate authority of a client.
type signer struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

func newSigner(t *testing.T) *signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "clients"}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &signer{certificate, key}
}

func (s *signer) pem() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.certificate.Raw})
}

func (s *signer) client(t *testing.T, until time.Time) *tls.Certificate {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(0xa1b2), Subject: pkix.Name{CommonName: "me"}, NotBefore: time.Now().Add(-2 * time.Hour),
		NotAfter: until, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}
	der, err := x509.CreateCertificate(rand.Reader, template, s.certificate, s.key.Public(), s.key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: s.key}
}

// put puts an object into S3.
func (w *domainWorld) put(path string, body []byte) {
	w.Helper()
	r, err := http.NewRequestWithContext(w.ctx(), http.MethodPut, w.server.URL()+path, bytes.NewReader(body))
	w.must(err)
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=111111111111/20260101/eu-west-1/s3/aws4_request, SignedHeaders=host;x-amz-date, Signature="+strings.Repeat("0", 64))
	r.Header.Set("X-Amz-Date", time.Now().UTC().Format("20060102T150405Z"))
	r.Header.Set("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD")
	response, err := http.DefaultClient.Do(r)
	w.must(err)
	defer func() { _ = response.Body.Close() }()
	if text, _ := io.ReadAll(response.Body); response.StatusCode != 200 {
		w.Fatalf("%s: %d %s", path, response.StatusCode, text)
	}
}

// over asks the server over TLS under a name, with or without a certificate; it returns the client, whose connections stay.
func (w *domainWorld) over(name string, certificate *tls.Certificate, resume tls.ClientSessionCache, http2 bool) *http.Client {
	w.Helper()
	// The authority is in memory only; what is tested of the server's certificate is whose name it has.
	config := &tls.Config{ServerName: name, ClientSessionCache: resume, MinVersion: tls.VersionTLS12, InsecureSkipVerify: true, //nolint:gosec // see above
		VerifyConnection: func(state tls.ConnectionState) error { return state.PeerCertificates[0].VerifyHostname(name) }}
	if certificate != nil {
		config.Certificates = []tls.Certificate{*certificate}
	}
	transport := &http.Transport{TLSClientConfig: config, ForceAttemptHTTP2: http2}
	w.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

func (w *domainWorld) get(client *http.Client, host string) (status int, body string, err error) {
	w.Helper()
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(w.server.URL(), "http://"))
	r, err := http.NewRequestWithContext(w.ctx(), http.MethodGet, "https://127.0.0.1:"+port+"/pets", nil)
	w.must(err)
	r.Host = host
	response, err := client.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	return response.StatusCode, string(text), err
}

func TestADomainWithMutualTLS(t *testing.T) {
	w := newDomainWorld(t)
	ours, others := newSigner(t), newSigner(t)
	w.put("/trust", []byte(`<CreateBucketConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><LocationConstraint>eu-west-1</LocationConstraint></CreateBucketConfiguration>`))
	w.put("/trust/ca.pem", ours.pem())
	w.put("/trust/others.pem", others.pem())
	w.domain("m.example.com", &types.MutualTlsAuthenticationInput{TruststoreUri: aws.String("s3://trust/ca.pem")})
	w.domain("open.example.com", nil)
	w.mapTo("m.example.com", "", w.id, "dev")
	w.mapTo("open.example.com", "", w.id, "dev")
	good := ours.client(t, time.Now().Add(time.Hour))

	for _, http2 := range []bool{false, true} {
		status, body, err := w.get(w.over("m.example.com", good, nil, http2), "m.example.com")
		var told map[string]string
		if err != nil || status != 200 || json.Unmarshal([]byte(body), &told) != nil || told["subject"] != "CN=me" || !strings.HasSuffix(told["since"], " GMT") {
			t.Fatalf("a client that is trusted: %d %s %v", status, body, err)
		}
		for name, certificate := range map[string]*tls.Certificate{"no certificate": nil, "another authority's": others.client(t, time.Now().Add(time.Hour)), "one that ended": ours.client(t, time.Now().Add(-time.Minute))} {
			if status, body, err := w.get(w.over("m.example.com", certificate, nil, http2), "m.example.com"); err == nil {
				t.Errorf("%s was answered %d %s", name, status, body)
			}
		}
	}
	if status, body, err := w.get(w.over("open.example.com", nil, nil, false), "m.example.com"); err != nil || status != 403 || body != notMapped {
		t.Errorf("a connection that was made for another name: %d %s %v", status, body, err)
	}
	if status, body := askAs(t, w.server, "m.example.com", "/pets"); status != 403 || body != notMapped {
		t.Errorf("without TLS: %d %s", status, body)
	}
	if status, body, err := w.get(w.over("open.example.com", good, nil, false), "open.example.com"); err != nil || status != 200 || !strings.Contains(body, `"subject":""`) {
		t.Errorf("a domain that asks for none: %d %s %v", status, body, err)
	}

	sessions := tls.NewLRUClientSessionCache(8)
	kept := w.over("m.example.com", good, sessions, false)
	if status, _, err := w.get(kept, "m.example.com"); err != nil || status != 200 {
		t.Fatal(status, err)
	}
	_, err := w.api.UpdateDomainName(w.ctx(), &apigateway.UpdateDomainNameInput{DomainName: aws.String("m.example.com"), PatchOperations: []types.PatchOperation{
		{Op: types.OpReplace, Path: aws.String("/mutualTlsAuthentication/truststoreUri"), Value: aws.String("s3://trust/others.pem")}}})
	w.must(err)
	if status, body, err := w.get(kept, "m.example.com"); err != nil || status != 403 {
		t.Errorf("a connection whose authority is not trusted any more: %d %s %v", status, body, err)
	}
	if status, body, err := w.get(w.over("m.example.com", good, sessions, false), "m.example.com"); err == nil {
		t.Errorf("a session whose authority is not trusted any more: %d %s", status, body)
	}
}
