package apigateway

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/google/go-cmp/cmp"
)

// objects are S3's by "bucket/key@version".
type objects map[string]string

func (o objects) Object(_ context.Context, _, _, bucket, key, version string, limit int64) ([]byte, error) {
	text, ok := o[bucket+"/"+key+"@"+version]
	if !ok || int64(len(text)) > limit {
		return nil, errors.New("no such object")
	}
	return []byte(text), nil
}

// authorityPEM is a certificate authority's certificate that ends at a time.
func authorityPEM(t *testing.T, name string, until time.Time) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: until,
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

func TestATruststoreIsReadWhenTheDomainNamesItAndNotAgain(t *testing.T) {
	good, old := authorityPEM(t, "good", time.Now().Add(time.Hour)), authorityPEM(t, "old", time.Now().Add(-time.Hour))
	s3 := objects{
		"b/t.pem@": good, "b/t.pem@2": good + old + "rest", "b/empty.pem@": "nothing", "b/key.pem@": "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
		"b/bad.pem@": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "b/large.pem@": strings.Repeat("x", truststoreBytes+1),
	}
	g := newGate(t, func(c *Config) { c.Objects = s3 })
	create := func(name, uri string) (*apigateway.CreateDomainNameOutput, error) {
		return g.CreateDomainName(g.ctx(), &apigateway.CreateDomainNameInput{
			DomainName: &name, RegionalCertificateArn: aws.String(testCertificate), EndpointConfiguration: endpointOfType(types.EndpointTypeRegional),
			MutualTlsAuthentication: &types.MutualTlsAuthenticationInput{TruststoreUri: &uri},
		})
	}
	for _, uri := range []string{"s3://b/missing.pem", "s3://b/empty.pem", "s3://b/key.pem", "s3://b/bad.pem", "s3://b/large.pem", "s3://b", "s3:///k"} {
		if _, err := create("bad.example.com", uri); err == nil || !strings.Contains(err.Error(), "truststore") {
			t.Errorf("%s: %v", uri, err)
		}
	}
	out := ok(create("m.example.com", "s3://b/t.pem"))(t)
	if out.MutualTlsAuthentication.TruststoreWarnings != nil {
		t.Errorf("warned of %v", out.MutualTlsAuthentication.TruststoreWarnings)
	}
	trusted := func() int {
		t.Helper()
		served, err := g.ServedDomains(t.Context())
		if err != nil || len(served) != 1 || !served[0].MutualTLS {
			t.Fatal(served, err)
		}
		return len(served[0].Truststore)
	}
	if n := trusted(); n != 1 {
		t.Errorf("trusts %d", n)
	}
	s3["b/t.pem@"] = good + good
	update := func(operations ...types.PatchOperation) (*apigateway.UpdateDomainNameOutput, error) {
		return g.UpdateDomainName(g.ctx(), &apigateway.UpdateDomainNameInput{DomainName: aws.String("m.example.com"), PatchOperations: operations})
	}
	ok(update(operation(opReplace, "/regionalCertificateName", "n")))(t)
	if n := trusted(); n != 1 {
		t.Errorf("an update of something else changed the truststore to %d", n)
	}
	if _, err := update(operation(opReplace, "/mutualTlsAuthentication/truststoreVersion", "9")); err == nil {
		t.Error("a version that is not there was taken")
	}
	updated := ok(update(operation(opReplace, "/mutualTlsAuthentication/truststoreVersion", "2")))(t)
	want := []string{"Certificate 2, CN=old, has expired.", "What follows the last certificate is no PEM."}
	if diff := cmp.Diff(want, updated.MutualTlsAuthentication.TruststoreWarnings); diff != "" {
		t.Error(diff)
	}
	if n := trusted(); n != 2 {
		t.Errorf("trusts %d", n)
	}
	ok(g.DeleteDomainName(g.ctx(), &apigateway.DeleteDomainNameInput{DomainName: aws.String("m.example.com")}))(t)
	g.createRegionalDomain("m.example.com")
	if served, err := g.ServedDomains(t.Context()); err != nil || served[0].MutualTLS || served[0].Truststore != nil {
		t.Errorf("%+v %v", served, err)
	}
}
