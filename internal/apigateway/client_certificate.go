package apigateway

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"maps"
	"math/big"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/store"
	"github.com/poolgate/poolgate/internal/wire"
)

// clientCertificate is a certificate with which the gateway can show a backend who it is. The private key is PKCS #1,
// sealed for "client-certificate/OWNER/ID"; no operation shows it.
type clientCertificate struct {
	SealedPrivate string
	Certificate   wire.Document[types.ClientCertificate]
}

// clientCertificates have their owner as their scope.
var clientCertificates = store.Collection[clientCertificate]{Name: "apigateway.clientcertificate", Version: 1}

var noCertificate = notFound("Invalid Client Certificate identifier specified")

const (
	certificateBits = 2048
	certificateLife = 365 * day
)

// GenerateClientCertificate makes an RSA key and signs a certificate for it with itself, valid for a year.
func (s *Service) GenerateClientCertificate(ctx context.Context, in *apigateway.GenerateClientCertificateInput) (*apigateway.GenerateClientCertificateOutput, error) {
	id, err := s.newID(entityIDLength)
	if err != nil {
		return nil, err
	}
	created := s.now()
	certificate, private, err := selfSigned(id, *created)
	if err != nil {
		return nil, fault.Internal(err)
	}
	shown := types.ClientCertificate{
		ClientCertificateId: &id, Description: emptyIsNil(in.Description), PemEncodedCertificate: &certificate,
		CreatedDate: created, ExpirationDate: aws.Time(created.Add(certificateLife)),
	}
	if len(in.Tags) > 0 {
		shown.Tags = maps.Clone(in.Tags)
	}
	scope := ownerOf(wire.CallFrom(ctx))
	stored := &clientCertificate{SealedPrivate: s.store.Seal("client-certificate/"+scope+"/"+id, private)}
	stored.Certificate.Value = shown
	err = s.store.Update(ctx, func(tx *store.Tx) error { return clientCertificates.Insert(tx, scope, id, stored) })
	if err != nil {
		return nil, err
	}
	return answer[apigateway.GenerateClientCertificateOutput](shown), nil
}

// selfSigned makes a key and its certificate, both as they are kept. The subject is that of AWS's certificates.
func selfSigned(id string, created time.Time) (certificate string, private []byte, err error) {
	key, err := rsa.GenerateKey(rand.Reader, certificateBits)
	if err != nil {
		return "", nil, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return "", nil, err
	}
	template := &x509.Certificate{
		SerialNumber: serial,
		Subject: pkix.Name{
			CommonName: "ApiGateway", Organization: []string{"Amazon.com"}, OrganizationalUnit: []string{id},
			Locality: []string{"Seattle"}, Province: []string{"Washington"}, Country: []string{"US"},
		},
		NotBefore: created, NotAfter: created.Add(certificateLife),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return "", nil, err
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), x509.MarshalPKCS1PrivateKey(key), nil
}

// GetClientCertificate returns one client certificate.
func (s *Service) GetClientCertificate(ctx context.Context, in *apigateway.GetClientCertificateInput) (*apigateway.GetClientCertificateOutput, error) {
	var certificate types.ClientCertificate
	err := s.store.View(ctx, func(tx *store.Tx) error {
		found, err := get(tx, &clientCertificates, ownerOf(wire.CallFrom(ctx)), in.ClientCertificateId, noCertificate)
		if err == nil {
			certificate = found.Certificate.Value
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return answer[apigateway.GetClientCertificateOutput](certificate), nil
}

// GetClientCertificates lists the caller's client certificates in the order of their ids.
func (s *Service) GetClientCertificates(ctx context.Context, in *apigateway.GetClientCertificatesInput) (*apigateway.GetClientCertificatesOutput, error) {
	out := &apigateway.GetClientCertificatesOutput{}
	err := s.store.View(ctx, func(tx *store.Tx) error {
		found, next, err := inScope(tx, &clientCertificates, ownerOf(wire.CallFrom(ctx))).page(in.Limit, in.Position, nil)
		out.Items, out.Position = make([]types.ClientCertificate, len(found)), next
		for i, f := range found {
			out.Items[i] = f.Value.Certificate.Value
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// UpdateClientCertificate patches a client certificate.
func (s *Service) UpdateClientCertificate(ctx context.Context, in *apigateway.UpdateClientCertificateInput) (*apigateway.UpdateClientCertificateOutput, error) {
	var certificate types.ClientCertificate
	err := s.store.Update(ctx, func(tx *store.Tx) error {
		scope := ownerOf(wire.CallFrom(ctx))
		found, err := get(tx, &clientCertificates, scope, in.ClientCertificateId, noCertificate)
		if err != nil {
			return err
		}
		if err := clientCertificatePatches.apply(&found.Certificate.Value, in.PatchOperations); err != nil {
			return err
		}
		certificate = found.Certificate.Value
		return clientCertificates.Put(tx, scope, *in.ClientCertificateId, found)
	})
	if err != nil {
		return nil, err
	}
	return answer[apigateway.UpdateClientCertificateOutput](certificate), nil
}

// DeleteClientCertificate deletes a client certificate.
func (s *Service) DeleteClientCertificate(ctx context.Context, in *apigateway.DeleteClientCertificateInput) (*apigateway.DeleteClientCertificateOutput, error) {
	err := s.store.Update(ctx, func(tx *store.Tx) error {
		return remove(tx, &clientCertificates, ownerOf(wire.CallFrom(ctx)), in.ClientCertificateId, noCertificate)
	})
	if err != nil {
		return nil, err
	}
	return &apigateway.DeleteClientCertificateOutput{}, nil
}

var clientCertificatePatches = patchTable[types.ClientCertificate]{
	refuse: refuseByList[types.ClientCertificate],
	rows: []patchRow[types.ClientCertificate]{
		replaceText("/description", func(c *types.ClientCertificate) **string { return &c.Description }),
	},
}
