package gateway

import (
	"errors"
	"net/http"
)

// authorize lets a request in or refuses it. Every authorization type that the gateway cannot decide refuses.
func (g *Gateway) authorize(x *exchange) *refusal {
	if x.method.authorization != authorizationNone {
		if refused := x.arnTooLong(); refused != nil {
			return refused
		}
	}
	switch x.method.authorization {
	case authorizationNone:
	case authorizationCognito:
		if refused := g.askEngine(x); refused != nil {
			return refused
		}
	case authorizationIAM:
		return g.askSignature(x)
	default:
		return g.askFunction(x)
	}
	return nil
}

// askEngine judges the token of the identity source.
func (g *Gateway) askEngine(x *exchange) *refusal {
	a := x.method.authorizer
	if a.broken != nil {
		return misconfigured(a.broken)
	}
	if a.engine == nil {
		return misconfigured(errors.New("the method's authorization type is COGNITO_USER_POOLS, and its authorizer is a function"))
	}
	x.identity = firstValue(x.request.Header, a.header)
	decided, checks := a.engine.Examine(x.context(), x.identity, x.method.scopes, g.now())
	if decided.Allowed {
		x.claims = decided.Claims
		return nil
	}
	// Refusals are few, and each pays for its own explanation: the token is at hand only now.
	refused := refuse(decided.Reason)
	refused.checks = checks
	for _, check := range refused.checks {
		if check.Outcome == "failed" {
			refused.explained(check.Saw, check.Expected)
		}
	}
	return refused
}

// firstValue is a header's value by its name in any case (fact 1.4); of several the first counts.
func firstValue(header http.Header, name string) string {
	if name == "Host" {
		return ""
	}
	return header.Get(name)
}
