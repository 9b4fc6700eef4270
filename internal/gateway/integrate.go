package gateway

import (
	"net/http"

	"github.com/poolgate/poolgate/authz"
)

// integrate lets the method's integration answer.
func (g *Gateway) integrate(x *exchange) *answer {
	a, refused := g.invoke(x)
	if refused == nil {
		refused = x.compress(a)
	}
	if refused != nil {
		return x.refuse(refused)
	}
	return a
}

// refusedByBackend marks an answer of 401 or 403 that the backend itself gave: the request had passed the gateway.
func (x *exchange) refusedByBackend(status int) {
	if status == http.StatusUnauthorized || status == http.StatusForbidden {
		x.refusal = refuse(authz.IntegrationRefused).explained("the backend answered "+http.StatusText(status), "an answer that lets the request in")
	}
}
