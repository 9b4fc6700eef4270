package gateway

import (
	"fmt"
	"net/http"

	"github.com/poolgate/poolgate/authz"
)

// authorize lets a request in or refuses it. Every authorization type that the gateway cannot decide refuses.
func (g *Gateway) authorize(x *exchange) *refusal {
	switch x.method.authorization {
	case authorizationNone:
	case authorizationCognito:
		if refused := g.askEngine(x); refused != nil {
			return refused
		}
	case authorizationIAM:
		return x.unsigned()
	default:
		// CUSTOM: an authorizer that cannot be invoked (facts 1.1 and 3.1).
		return refuse(authz.AuthorizerMisconfigured).
			explained("the method's authorization type is "+quoted(x.method.authorization)+"; poolgate runs no such authorizers yet", "an authorizer that can be run")
	}
	if x.method.keyRequired {
		return x.withoutKey()
	}
	return nil
}

// askEngine judges the token of the identity source.
func (g *Gateway) askEngine(x *exchange) *refusal {
	a := x.method.authorizer
	if a.broken != nil {
		return refuse(authz.AuthorizerMisconfigured).because(a.broken).explained(a.broken.Error(), "an authorizer that can be run")
	}
	x.identity = firstValue(x.request.Header, a.header)
	now := g.now()
	decided := a.engine.Decide(x.context(), x.identity, x.method.scopes, now)
	if decided.Allowed {
		x.claims = decided.Claims
		return nil
	}
	// Refusals are few, and each pays for its own explanation: the token is at hand only now.
	refused := refuse(decided.Reason)
	_, refused.checks = a.engine.Explain(x.context(), x.identity, x.method.scopes, now)
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

// unsigned is the answer of a method with AWS_IAM. Signatures are not verified here yet, so that a complete one is refused as
// one made with an unknown key.
func (x *exchange) unsigned() *refusal {
	if x.request.Header.Get("Authorization") == "" {
		return refuse(authz.SignatureMissing)
	}
	if complaint := x.signatureComplaint(); complaint != "" {
		return incompleteSignature(authz.SignatureMissing, complaint).explained("an Authorization header that is no AWS signature", "an AWS signature, version 4")
	}
	r := refuse(authz.AccessKeyUnknown)
	r.errorType = "UnrecognizedClientException"
	return r.explained("an AWS signature; poolgate verifies none for REST APIs yet", "a method of another authorization type")
}

// withoutKey refuses a method that asks for an API key: there are no API keys here yet, so that none can be right.
func (x *exchange) withoutKey() *refusal {
	if x.request.Header.Get("X-Api-Key") == "" {
		return refuse(authz.APIKeyMissing)
	}
	return refuse(authz.APIKeyInvalid).explained("an API key", fmt.Sprintf("a key of a usage plan of stage %s", x.stageName))
}
