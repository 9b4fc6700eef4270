package gateway

import (
	"fmt"

	"github.com/poolgate/poolgate/authz"
)

// meter asks for an API key where the method wants one. It is what stands between authorization and validation.
func (g *Gateway) meter(x *exchange) *refusal {
	if x.method.keyRequired {
		return x.withoutKey()
	}
	return nil
}

// withoutKey refuses a method that asks for an API key: there are no API keys here yet, so that none can be right.
func (x *exchange) withoutKey() *refusal {
	if x.request.Header.Get("X-Api-Key") == "" {
		return refuse(authz.APIKeyMissing)
	}
	return refuse(authz.APIKeyInvalid).explained("an API key", fmt.Sprintf("a key of a usage plan of stage %s", x.stageName))
}
