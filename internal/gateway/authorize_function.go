package gateway

import "github.com/poolgate/poolgate/authz"

// askFunction asks a Lambda authorizer. None can be run yet, so that every method of type CUSTOM refuses as one whose authorizer
// cannot be invoked (facts 1.1 and 3.1).
func (g *Gateway) askFunction(x *exchange) *refusal {
	return refuse(authz.AuthorizerMisconfigured).
		explained("the method's authorization type is "+quoted(x.method.authorization)+"; poolgate runs no such authorizers yet", "an authorizer that can be run")
}
