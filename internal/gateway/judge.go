package gateway

import (
	"net/http"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/internal/gateway/decision"
)

// judgements are the phases as far as they ask nobody and change nothing.
var judgements = [...]func(*Gateway, *exchange) *refusal{
	(*Gateway).match,
	(*Gateway).screen,
	(*Gateway).judgeCaller,
	(*Gateway).judgePolicy,
	(*Gateway).judgeKey,
	(*Gateway).validate,
}

// Judge tells what ServeAPI would decide about a request, as far as that can be known without doing anything: no integration and no
// function is called, nothing counts for a limit, nothing is logged or remembered. What only a function, an access key's owner or a usage
// plan that is not at hand could tell passes. The record's Status is 0 when nothing refuses.
func (g *Gateway) Judge(r *http.Request, target Target) *decision.Record {
	x := g.begin(r, target)
	a := g.judged(x)
	record := x.recordOf(a)
	if x.claims != nil { // the token was let in, whatever came after
		_, record.Checks = x.method.authorizer.engine.Explain(x.context(), x.identity, x.method.scopes, g.now())
	}
	if !record.Allowed {
		deployed, _ := g.bothVersions(x.context(), &record)
		g.look(x.context(), &record, deployed)
	}
	return &record
}

// judged runs the judgements. Where nothing refuses the answer is empty.
func (g *Gateway) judged(x *exchange) *answer {
	for _, phase := range judgements {
		if refused := phase(g, x); refused != nil {
			return x.refuse(refused)
		}
	}
	return new(answer)
}

// judgeCaller is authorize without asking a function, and without the owners of access keys where nobody knows them.
func (g *Gateway) judgeCaller(x *exchange) *refusal {
	m := x.method
	switch {
	case m.authorization == authorizationIAM && g.accessKeys == nil:
		return g.judgeSignature(x)
	case m.authorization == authorizationCustom && m.authorizer != nil && m.authorizer.broken == nil && m.authorizer.function != nil:
		if refused := x.arnTooLong(); refused != nil {
			return refused
		}
		_, refused := m.authorizer.function.identify(x)
		return refused
	}
	return g.authorize(x)
}

// judgeSignature is askSignature where nobody knows the owners of access keys: what is wrong whoever signed.
func (g *Gateway) judgeSignature(x *exchange) *refusal {
	_, refused := g.verify(x, x.stage.region)
	if refused != nil && refused.reason == authz.AccessKeyUnknown {
		return nil
	}
	return refused
}

// judgePolicy is permit for callers who are known.
func (g *Gateway) judgePolicy(x *exchange) *refusal {
	if x.method.authorization == authorizationIAM && x.caller == nil {
		return nil
	}
	return g.permit(x)
}

// judgeKey looks for the API key. Without anybody who knows keys, it must only be there; one that an authorizer names cannot be seen.
func (g *Gateway) judgeKey(x *exchange) *refusal {
	switch {
	case !x.method.keyRequired || x.stage.keyFromAuthorizer && x.granted == nil:
		return nil
	case x.stage.keyOwner == nil:
		if source, value := x.shownKey(); value == "" {
			return refuse(authz.APIKeyMissing).explained("no "+source, "an API key of a usage plan of stage "+x.stage.name)
		}
		return nil
	}
	return g.findKey(x)
}
