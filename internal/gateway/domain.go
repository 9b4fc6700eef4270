package gateway

import (
	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/internal/gateway/peer"
	"github.com/poolgate/poolgate/internal/gateway/urlpath"
	"github.com/poolgate/poolgate/internal/vtl"
)

// Domain is the custom domain name that led a request here.
type Domain struct {
	// Name is the domain's own; the host may be another that it covers.
	Name string
	// BasePath is the part of the path that the mapping took, with its leading slash; empty for the root's mapping.
	BasePath string
	// MutualTLS tells that the client proved to have a certificate that the domain trusts.
	MutualTLS bool
	// Refused tells why the request goes nowhere; nil where a mapping led on.
	Refused *DomainRefusal
}

// DomainRefusal is why a custom domain name led nowhere.
type DomainRefusal struct {
	Saw, Expected string
	// Sentence tells the reason to people where the reason's own does not fit.
	Sentence string
}

// refuseDomain refuses what a custom domain led nowhere. Nobody's gateway responses apply (fact 1.10).
func (x *exchange) refuseDomain() *refusal {
	if x.target.Domain == nil || x.target.Domain.Refused == nil {
		return nil
	}
	x.path, _ = urlpath.Normalise(x.target.Path, x.segmentRoom[:])
	why := x.target.Domain.Refused
	return forbidden(authz.DomainMappingMissing).explained(why.Saw, why.Expected)
}

// frontPath is what stood in the URL before the request's path: the stage, or through a custom domain what its mapping took.
func (x *exchange) frontPath() string {
	switch d := x.target.Domain; {
	case d == nil:
		return "/" + x.stageName
	case x.target.Stage == "":
		return d.BasePath + "/" + x.stageName
	default:
		return d.BasePath
	}
}

// eventPath is an event's path: without the stage, but through a custom domain with the base path.
func (x *exchange) eventPath() string {
	if x.target.Domain == nil {
		return x.rawPath()
	}
	return x.rawStagePath()
}

// behind puts a path behind what stood before it.
func behind(front, path string) string {
	if path == "/" && front != "" {
		return front
	}
	return front + path
}

// certificate is the client's, where the domain asked for one.
func (x *exchange) certificate() *peer.Certificate {
	if x.target.Domain == nil || !x.target.Domain.MutualTLS {
		return nil
	}
	return peer.CertificateOf(x.request)
}

// certificateMap is $context.identity.clientCert.
func certificateMap(c *peer.Certificate) *vtl.Map {
	validity := vtl.NewMap().Put("notAfter", c.Validity.NotAfter).Put("notBefore", c.Validity.NotBefore)
	return vtl.NewMap().Put("clientCertPem", c.PEM).Put("issuerDN", c.IssuerDN).Put("serialNumber", c.Serial).
		Put("subjectDN", c.SubjectDN).Put("validity", validity)
}

// domainOf names the domain in the record.
func (t *Target) domainOf() string {
	if t.Domain == nil {
		return ""
	}
	return t.Domain.Name
}
