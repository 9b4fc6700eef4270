package cognito

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"errors"
	"math/big"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"

	"github.com/poolgate/poolgate/internal/store"
)

// signingCertificate is the certificate that belongs to the key with which a pool signs SAML requests, in DER. A pool has one,
// made when it is first asked for, under the id "saml". The private key is PKCS #1, sealed for "signing-certificate/POOL".
type signingCertificate struct {
	Certificate   []byte
	SealedPrivate string
}

var signingCertificates = store.Collection[signingCertificate]{Name: "cognito.signing-certificate", Version: 1}

const (
	theSigningCertificate = "saml"
	// signingCertificateYears is how long a certificate holds: AWS's hold ten years.
	signingCertificateYears = 10
)

// GetSigningCertificate returns the certificate of the pool's SAML requests: base64 of the DER, without PEM's lines, as on AWS.
func (s *Service) GetSigningCertificate(ctx context.Context, in *cip.GetSigningCertificateInput) (*cip.GetSigningCertificateOutput, error) {
	out := &cip.GetSigningCertificateOutput{}
	err := s.viewPool(ctx, in.UserPoolId, func(tx *store.Tx, p *pool) (err error) {
		out.Certificate, err = certificateOf(tx, p)
		return err
	})
	if !errors.Is(err, store.ErrNotFound) {
		return out, err
	}
	// Making a key takes too long for a transaction.
	keys, err := s.keys.take(ctx)
	if err != nil {
		return nil, err
	}
	made, err := s.newSigningCertificate(value(in.UserPoolId), keys.id)
	if err != nil {
		return nil, err
	}
	err = s.withPool(ctx, in.UserPoolId, func(tx *store.Tx, p *pool) error {
		err := signingCertificates.Insert(tx, p.id(), theSigningCertificate, made)
		if err != nil && !errors.Is(err, store.ErrExists) {
			return err
		}
		out.Certificate, err = certificateOf(tx, p)
		return err
	})
	return out, err
}

// certificateOf reads the pool's certificate; store.ErrNotFound when it has none yet.
func certificateOf(tx *store.Tx, p *pool) (*string, error) {
	found, err := signingCertificates.Get(tx, p.id(), theSigningCertificate)
	if err != nil {
		return nil, err
	}
	return aws.String(base64.StdEncoding.EncodeToString(found.Certificate)), nil
}

// newSigningCertificate signs a certificate with its own key.
func (s *Service) newSigningCertificate(poolID string, key *rsa.PrivateKey) (*signingCertificate, error) {
	serial := make([]byte, 16)
	if err := s.readRandom(serial); err != nil {
		return nil, err
	}
	now := s.now()
	template := &x509.Certificate{
		SerialNumber: new(big.Int).SetBytes(serial), Subject: pkix.Name{CommonName: poolID},
		NotBefore: now, NotAfter: now.AddDate(signingCertificateYears, 0, 0), KeyUsage: x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(s.random, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	private := s.store.Seal("signing-certificate/"+poolID, x509.MarshalPKCS1PrivateKey(key))
	return &signingCertificate{Certificate: der, SealedPrivate: private}, nil
}
