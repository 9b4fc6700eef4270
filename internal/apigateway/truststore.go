package apigateway

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/poolgate/poolgate/internal/store"
	"github.com/poolgate/poolgate/internal/wire"
)

// Objects is where truststores come from: S3.
type Objects interface {
	// Object reads one object whole, or refuses one that is larger than limit, in bytes.
	Object(ctx context.Context, account, region, bucket, key, version string, limit int64) ([]byte, error)
}

// truststore is what a domain with mutual TLS trusts. It is read when the domain is made or updated and not again, as on AWS: a new
// object in S3 changes nothing until the domain names it.
type truststore struct {
	// Certificates are in DER.
	Certificates [][]byte
}

// truststores are in one scope, by their domains' ids.
var truststores = store.Collection[truststore]{Name: "apigateway.truststore", Version: 1}

// A truststore may be so large, in bytes, and hold so many certificates (guide: "Configuring mutual TLS authentication").
const (
	truststoreBytes = 1 << 20
	truststoreMost  = 1000
)

// readTruststore reads the truststore that a domain names and notes in the domain what AWS would warn of. Nil without mutual TLS, or
// where there is no S3.
func (s *Service) readTruststore(ctx context.Context, call wire.Call, domain *types.DomainName) (*truststore, error) {
	m := domain.MutualTlsAuthentication
	if m == nil || s.objects == nil {
		return nil, nil
	}
	bucket, key, ok := strings.Cut(strings.TrimPrefix(aws.ToString(m.TruststoreUri), "s3://"), "/")
	if !ok || bucket == "" || key == "" {
		return nil, badRequest("Invalid S3 URI provided for the truststore")
	}
	text, err := s.objects.Object(ctx, call.Account, call.Region, bucket, key, aws.ToString(m.TruststoreVersion), truststoreBytes)
	if err != nil {
		return nil, badRequest("The truststore %s could not be read from S3: %s", *m.TruststoreUri, err).Because(err)
	}
	trusted, warnings := parseTruststore(text, s.clock.Now())
	if len(trusted.Certificates) == 0 {
		return nil, badRequest("The truststore %s holds no certificate.", *m.TruststoreUri)
	}
	if len(trusted.Certificates) > truststoreMost {
		return nil, badRequest("The truststore %s holds more than %d certificates.", *m.TruststoreUri, truststoreMost)
	}
	m.TruststoreWarnings = warnings
	return trusted, nil
}

// greatestWarnings bounds what a truststore of nothing but bad certificates leaves in its domain.
const greatestWarnings = 20

// parseTruststore reads PEM. What cannot be used is warned of and left out; certificates out of their time are kept, and nobody is let
// in by them.
func parseTruststore(text []byte, now time.Time) (*truststore, []string) {
	kept := &truststore{}
	var warnings []string
	warn := func(format string, args ...any) {
		if len(warnings) < greatestWarnings {
			warnings = append(warnings, fmt.Sprintf(format, args...))
		}
	}
	for number := 1; ; number++ {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			break
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		switch {
		case block.Type != "CERTIFICATE":
			warn("Entry %d is a %s and no certificate.", number, clippedType(block.Type))
			continue
		case err != nil:
			warn("Certificate %d could not be parsed.", number)
			continue
		case now.After(certificate.NotAfter):
			warn("Certificate %d, %s, has expired.", number, certificate.Subject)
		case now.Before(certificate.NotBefore):
			warn("Certificate %d, %s, is not valid yet.", number, certificate.Subject)
		case !certificate.IsCA:
			warn("Certificate %d, %s, is not a certificate authority's.", number, certificate.Subject)
		}
		kept.Certificates = append(kept.Certificates, certificate.Raw)
	}
	if len(bytes.TrimSpace(text)) > 0 {
		warn("What follows the last certificate is no PEM.")
	}
	return kept, warnings
}

func clippedType(kind string) string {
	const most = 40
	if len(kind) > most {
		return kind[:most]
	}
	return kind
}

// keepTruststore stores what a domain trusts, or forgets it.
func keepTruststore(tx *store.Tx, id string, domain *types.DomainName, trusted *truststore) error {
	if trusted != nil {
		return truststores.Put(tx, domainScope, id, trusted)
	}
	if domain.MutualTlsAuthentication != nil {
		return nil
	}
	return forgetTruststore(tx, id)
}

func forgetTruststore(tx *store.Tx, id string) error {
	if err := truststores.Delete(tx, domainScope, id); err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	return nil
}

// renewedTruststore reads the truststore that a domain will name once it is patched, outside of the transaction that patches it. Both
// are nil where the patches say nothing of mutual TLS: then the domain trusts what it trusted, whatever S3 holds by now.
func (s *Service) renewedTruststore(ctx context.Context, call wire.Call, in *apigateway.UpdateDomainNameInput) (*types.MutualTlsAuthentication, *truststore, error) {
	if !slices.ContainsFunc(in.PatchOperations, func(p types.PatchOperation) bool {
		return strings.HasPrefix(aws.ToString(p.Path), "/mutualTlsAuthentication")
	}) {
		return nil, nil, nil
	}
	var domain types.DomainName
	err := s.store.View(ctx, func(tx *store.Tx) error {
		found, err := findDomain(tx, call, in.DomainName, in.DomainNameId)
		if err != nil {
			return err
		}
		domain = found.Domain.Value
		if err := domainPatches.apply(&domain, in.PatchOperations); err != nil {
			return err
		}
		return checkDomain(&domain, found.Uploaded)
	})
	if err != nil {
		return nil, nil, err
	}
	trusted, err := s.readTruststore(ctx, call, &domain)
	return domain.MutualTlsAuthentication, trusted, err
}

func sameTruststore(a, b *types.MutualTlsAuthentication) bool {
	return aws.ToString(a.TruststoreUri) == aws.ToString(b.TruststoreUri) && aws.ToString(a.TruststoreVersion) == aws.ToString(b.TruststoreVersion)
}
