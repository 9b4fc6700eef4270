package apigateway

import (
	"crypto/x509"
	"encoding/pem"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/poolgate/poolgate/internal/store"
)

func TestAClientCertificateIsARealOne(t *testing.T) {
	g := newGate(t)
	out := ok(g.GenerateClientCertificate(g.ctx(), &apigateway.GenerateClientCertificateInput{Description: aws.String("d")}))(t)
	block, rest := pem.Decode([]byte(*out.PemEncodedCertificate))
	if block == nil || block.Type != "CERTIFICATE" || len(rest) != 0 {
		t.Fatalf("not one certificate in PEM: %s", *out.PemEncodedCertificate)
	}
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	if err := certificate.CheckSignature(certificate.SignatureAlgorithm, certificate.RawTBSCertificate, certificate.Signature); err != nil {
		t.Errorf("it is not signed by itself: %v", err)
	}
	if got := certificate.NotAfter.Sub(certificate.NotBefore); got != 365*24*time.Hour || !certificate.NotAfter.Equal(*out.ExpirationDate) || !certificate.NotBefore.Equal(*out.CreatedDate) {
		t.Errorf("valid from %s to %s, shown from %s to %s", certificate.NotBefore, certificate.NotAfter, out.CreatedDate, out.ExpirationDate)
	}
	if certificate.Subject.CommonName != "ApiGateway" {
		t.Errorf("subject %s", certificate.Subject)
	}
	// The private key is kept, sealed, and is the certificate's.
	err = g.store.View(t.Context(), func(tx *store.Tx) error {
		scope := owner(testAccount, testRegion)
		stored, err := clientCertificates.Get(tx, scope, *out.ClientCertificateId)
		if err != nil {
			return err
		}
		private, err := g.store.Unseal("client-certificate/"+scope+"/"+*out.ClientCertificateId, stored.SealedPrivate)
		if err != nil {
			return err
		}
		key, err := x509.ParsePKCS1PrivateKey(private)
		if err == nil && !key.PublicKey.Equal(certificate.PublicKey) {
			t.Error("the kept key is not the certificate's")
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	id := &apigateway.GetClientCertificateInput{ClientCertificateId: out.ClientCertificateId}
	if got := ok(g.GetClientCertificate(g.ctx(), id))(t); *got.PemEncodedCertificate != *out.PemEncodedCertificate {
		t.Error("another certificate comes back")
	}
	if list := ok(g.GetClientCertificates(g.ctx(), &apigateway.GetClientCertificatesInput{}))(t).Items; len(list) != 1 || *list[0].Description != "d" {
		t.Errorf("listed: %v", list)
	}
	update := func(o types.PatchOperation) (*apigateway.UpdateClientCertificateOutput, error) {
		return g.UpdateClientCertificate(g.ctx(), &apigateway.UpdateClientCertificateInput{ClientCertificateId: out.ClientCertificateId, PatchOperations: []types.PatchOperation{o}})
	}
	if got := ok(update(operation(opReplace, "/description", "e")))(t); *got.Description != "e" {
		t.Errorf("updated: %v", got)
	}
	refused(update(operation(opReplace, "/pemEncodedCertificate", "x")))(t, "BadRequestException",
		"Invalid patch path  '/pemEncodedCertificate' specified for op 'replace'. Must be one of: [/description]")
	ok(g.DeleteClientCertificate(g.ctx(), &apigateway.DeleteClientCertificateInput{ClientCertificateId: out.ClientCertificateId}))(t)
	refused(g.GetClientCertificate(g.ctx(), id))(t, "NotFoundException", "Invalid Client Certificate identifier specified")
}
