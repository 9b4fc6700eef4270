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
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
)

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
	config := &tls.Config{ServerName: name, ClientSessionCache: resume, MinVersion: tls.VersionTLS12, InsecureSkipVerify: true,
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
