package gateway

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/internal/apigateway"
	"github.com/poolgate/poolgate/internal/policy"
)

// resourcePolicy is an API's resource policy as its deployment captured it. broken says why it cannot be read; it then lets
// nobody in.
type resourcePolicy struct {
	document *policy.Document
	broken   error
}

// resourcePolicy compiles the policy; nil when the API has none.
func (c *compiler) resourcePolicy() *resourcePolicy {
	text := aws.ToString(c.snapshot.API.Value.Policy)
	if strings.HasPrefix(text, `{\"`) {
		text = apigateway.PolicyText(&text)
	}
	if strings.TrimSpace(text) == "" {
		return nil
	}
	document, err := policy.ParseResource([]byte(text), policy.API{
		Region: c.snapshot.Region, Account: c.snapshot.Account, ID: aws.ToString(c.snapshot.API.Value.Id),
	})
	if err != nil {
		return &resourcePolicy{broken: c.problem("the resource policy cannot be read: %w", err)}
	}
	return &resourcePolicy{document: document}
}

// screen is what the resource policy says before anybody is asked who calls: all of it where nobody will be, and an explicit
// deny before a function is asked. Signatures and tokens of user pools go first (guide, "How API Gateway resource policies
// affect authorization workflow").
func (g *Gateway) screen(x *exchange) *refusal {
	p := x.stage.policy
	switch {
	case p == nil && x.stage.private:
		return x.deniedByPolicy(policy.Silent, "a private API without a resource policy")
	case p == nil, x.method.authorization == authorizationIAM, x.method.authorization == authorizationCognito:
		return nil
	case p.broken != nil:
		return x.deniedByPolicy(policy.Silent, p.broken.Error())
	}
	verdict, by := x.weigh(p.document, policy.Principal{})
	x.opened = verdict == policy.Allowed
	if verdict == policy.Denied || verdict == policy.Silent && x.method.authorization == authorizationNone {
		return x.deniedByPolicy(verdict, by)
	}
	return nil
}

// permit is what the resource policy says once it is known who calls.
func (g *Gateway) permit(x *exchange) *refusal {
	p := x.stage.policy
	switch {
	case x.method.authorization == authorizationIAM:
		return x.permitCaller()
	case p == nil || x.method.authorization != authorizationCognito:
		return nil
	case p.broken != nil:
		return x.deniedByPolicy(policy.Silent, p.broken.Error())
	}
	// The guide contradicts itself where the policy is silent (fact 1.11); what it says of user pools in particular counts.
	if verdict, by := x.weigh(p.document, policy.Principal{}); verdict != policy.Allowed {
		return x.deniedByPolicy(verdict, by)
	}
	return nil
}

// screenUnmatched refuses a request that no method takes, where the resource policy denies it explicitly: that goes before the
// routes (fact 1.10).
func (x *exchange) screenUnmatched() *refusal {
	if x.stage == nil || x.stage.policy == nil || x.stage.policy.broken != nil {
		return nil
	}
	if verdict, by := x.weigh(x.stage.policy.document, policy.Principal{}); verdict == policy.Denied {
		return x.deniedByPolicy(verdict, by)
	}
	return nil
}

// combine is what a caller's own policy, or that of an authorizer's function, and a resource policy come to: the guide's table A
// within one account, its table B across two.
func combine(own, resource policy.Verdict, crossAccount bool) policy.Verdict {
	switch {
	case own == policy.Denied || resource == policy.Denied:
		return policy.Denied
	case own == policy.Allowed && resource == policy.Allowed, !crossAccount && (own == policy.Allowed || resource == policy.Allowed):
		return policy.Allowed
	}
	return policy.Silent
}

// deniedByPolicy is the answer to whom a resource policy denies or does not allow.
func (x *exchange) deniedByPolicy(verdict policy.Verdict, by string) *refusal {
	user, suffix := "anonymous", " because no resource-based policy allows the execute-api:Invoke action"
	if x.caller != nil {
		user = x.caller.ARN
	}
	saw, expected := "no statement of the resource policy allows "+clipped(x.methodARN()), "a statement that allows it, or no resource policy"
	if strings.Contains(by, " ") { // no statement's name, but what is wrong with the policy
		saw, expected = by, "a resource policy that can be read and allows the request"
	}
	if verdict == policy.Denied {
		suffix = " with an explicit deny in a resource-based policy"
		saw, expected = "the resource policy's "+by+" denies "+clipped(x.methodARN()), "no statement that denies it"
	}
	return refuse(authz.ResourcePolicyDenied).saying(x.notAuthorized(user, suffix)).explained(saw, expected)
}

// notAuthorized is the message of a policy that does not let a request in (fact 1.10), in its newer form that tells which kind of
// policy it was; all but four digits of the account are masked.
func (x *exchange) notAuthorized(user, suffix string) string {
	account := x.stage.account
	masked := account
	if len(account) > 4 {
		masked = "********" + account[len(account)-4:]
	}
	return "User: " + user + " is not authorized to perform: execute-api:Invoke on resource: " +
		strings.Replace(x.methodARN(), ":"+account+":", ":"+masked+":", 1) + suffix
}
