package peer

import (
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"math/big"
	"net/http"
	"strings"
)

// Certificate is a client's certificate as functions and templates see it: $context.identity.clientCert (guide: "Configuring mutual TLS
// authentication"). Its members are those of events.
type Certificate struct {
	PEM       string   `json:"clientCertPem"`
	IssuerDN  string   `json:"issuerDN"`
	Serial    string   `json:"serialNumber"`
	SubjectDN string   `json:"subjectDN"`
	Validity  Validity `json:"validity"`
}

// Validity is when a certificate holds, as OpenSSL writes it.
type Validity struct {
	NotAfter  string `json:"notAfter"`
	NotBefore string `json:"notBefore"`
}

// CertificateOf is the certificate that the client of a request proved to have; nil where it showed none that was verified.
func CertificateOf(r *http.Request) *Certificate {
	if r.TLS == nil || len(r.TLS.VerifiedChains) == 0 {
		return nil
	}
	c := r.TLS.VerifiedChains[0][0]
	return &Certificate{
		PEM:      string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})),
		IssuerDN: c.Issuer.String(), SubjectDN: c.Subject.String(), Serial: serialText(c.SerialNumber), Validity: validityOf(c),
	}
}

func validityOf(c *x509.Certificate) Validity {
	const layout = "Jan _2 15:04:05 2006 GMT"
	return Validity{NotAfter: c.NotAfter.UTC().Format(layout), NotBefore: c.NotBefore.UTC().Format(layout)}
}

// serialText is a serial number in pairs of hexadecimal digits with colons between them.
func serialText(serial *big.Int) string {
	bytes := serial.Bytes()
	if len(bytes) == 0 {
		bytes = []byte{0}
	}
	pairs := make([]string, len(bytes))
	for i, b := range bytes {
		pairs[i] = hex.EncodeToString([]byte{b})
	}
	return strings.Join(pairs, ":")
}

// Value is a member by its dotted name behind clientCert; empty for a name that it has not.
func (c *Certificate) Value(name string) string {
	switch name {
	case "clientCertPem":
		return c.PEM
	case "issuerDN":
		return c.IssuerDN
	case "serialNumber":
		return c.Serial
	case "subjectDN":
		return c.SubjectDN
	case "validity.notAfter":
		return c.Validity.NotAfter
	case "validity.notBefore":
		return c.Validity.NotBefore
	}
	return ""
}
