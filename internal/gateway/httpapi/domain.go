package httpapi

import "github.com/poolgate/poolgate/internal/gateway/peer"

// mappedPath is the path of payload format 1.0: through a custom domain the one that the client asked for, with what the mapping took
// and without the stage (guide: "Payload format differences": only format 1.0 has the API mapping's value).
func (x *exchange) mappedPath() string {
	if x.target.Domain == "" {
		return x.fullPath()
	}
	path := x.path.Text()
	if path == "/" && x.target.BasePath != "" {
		return x.target.BasePath
	}
	return x.target.BasePath + path
}

// certificate is the client's, where the domain asked for one.
func (x *exchange) certificate() *peer.Certificate {
	if !x.target.MutualTLS {
		return nil
	}
	return peer.CertificateOf(x.request)
}

// clientCert2 is requestContext.authentication of payload format 2.0.
type clientCert2 struct {
	ClientCert *peer.Certificate `json:"clientCert"`
}

// authentication is nil where the client showed no certificate.
func (x *exchange) authentication() any {
	certificate := x.certificate()
	if certificate == nil {
		return nil
	}
	return &clientCert2{certificate}
}
