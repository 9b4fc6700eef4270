package apigateway

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/poolgate/poolgate/internal/store"
)

// ServedDomain is a custom domain name as who serves it sees it.
type ServedDomain struct {
	// Name is the domain's; its first label may be a wildcard. Target is the name that AWS gave it, empty for a private one.
	Name, Target string
	// Mappings are where its paths lead, longer base paths first.
	Mappings []ServedMapping
	// MutualTLS tells that clients must show a certificate that one of Truststore (DER) vouches for.
	MutualTLS  bool
	Truststore [][]byte
}

// ServedMapping leads a base path to an API of either kind.
type ServedMapping struct {
	// Base are the segments of the base path; none for the domain's root.
	Base []string
	API  string
	// Stage is empty where the first segment behind the base path names it.
	Stage string
}

// ServedDomains returns every custom domain name, whoever owns it: a request names nothing but a host.
func (s *Service) ServedDomains(ctx context.Context) ([]ServedDomain, error) {
	var served []ServedDomain
	err := s.store.View(ctx, func(tx *store.Tx) error {
		found, _, err := domainNames.List(tx, domainScope, store.Page{})
		if err != nil {
			return err
		}
		served = make([]ServedDomain, len(found))
		for i, f := range found {
			if served[i], err = servedDomain(tx, f.ID, &f.Value.Domain.Value); err != nil {
				return err
			}
		}
		return nil
	})
	return served, err
}

func servedDomain(tx *store.Tx, id string, domain *types.DomainName) (ServedDomain, error) {
	d := ServedDomain{Name: *domain.DomainName, Target: aws.ToString(domain.RegionalDomainName)}
	if d.Target == "" {
		d.Target = aws.ToString(domain.DistributionDomainName)
	}
	list, _, err := basePathMappings.List(tx, id, store.Page{})
	if err != nil {
		return d, err
	}
	for _, f := range list {
		m := f.Value.Mapping.Value
		d.Mappings = append(d.Mappings, ServedMapping{Base: baseSegments(*m.BasePath), API: aws.ToString(m.RestApiId), Stage: aws.ToString(m.Stage)})
	}
	slices.SortStableFunc(d.Mappings, func(a, b ServedMapping) int { return cmp.Compare(len(b.Base), len(a.Base)) })
	if domain.MutualTlsAuthentication == nil {
		return d, nil
	}
	d.MutualTLS = true
	kept, err := truststores.Get(tx, domainScope, id)
	if errors.Is(err, store.ErrNotFound) { // nobody gets in
		return d, nil
	}
	if err == nil {
		d.Truststore = kept.Certificates
	}
	return d, err
}

// baseSegments are the segments of a base path, none for the root's.
func baseSegments(path string) []string {
	if path == rootBasePath {
		return nil
	}
	return strings.Split(path, "/")
}
