package upstream

import (
	"net/http"
	"strings"
)

// DropLookalikes leaves out headers whose name has an underscore where another one has a hyphen, if that other one is the gateway's to
// set: one of those that it always sets, or one that own names. Backends behind CGI, WSGI and the like know both by one name
// (RFC 3875, section 4.1.18), and would hear the client where they trust the gateway.
func DropLookalikes(header http.Header, own func(name string) bool) {
	for name := range header {
		if strings.IndexByte(name, '_') < 0 {
			continue
		}
		if meant := http.CanonicalHeaderKey(strings.ReplaceAll(name, "_", "-")); gateways[meant] || own(meant) {
			delete(header, name)
		}
	}
}

// gateways are the headers that both kinds of APIs tell a backend about the request with.
var gateways = HeaderSet("X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Port", "X-Amzn-Trace-Id", "X-Amzn-Apigateway-Api-Id", "Host",
	"Content-Length", "Transfer-Encoding")
