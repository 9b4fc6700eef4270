package explain

import (
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	httptypes "github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
)

// otherAuthorizer finds another authorizer of the API that trusts the token's pool or issuer: two were confused.
func (l *look) otherAuthorizer() (id, name string) {
	t := l.token
	if t == nil || l.deployed.AuthorizerID == "" {
		return "", ""
	}
	if s := l.restSnapshot(true); s != nil {
		for i := range s.Authorizers {
			doc := &s.Authorizers[i].Value
			for _, arn := range doc.ProviderARNs {
				if aws.ToString(doc.Id) != l.deployed.AuthorizerID && strings.HasSuffix(l.withVariables(arn), ":userpool/"+t.poolID()) && t.poolID() != "" {
					return aws.ToString(doc.Id), aws.ToString(doc.Name)
				}
			}
		}
	}
	if s := l.httpSnapshot(true); s != nil {
		for i := range s.Authorizers {
			doc := &s.Authorizers[i].Value
			if aws.ToString(doc.AuthorizerId) != l.deployed.AuthorizerID && doc.JwtConfiguration != nil &&
				aws.ToString(doc.JwtConfiguration.Issuer) == t.issuer && slices.ContainsFunc(t.audiences(), func(a string) bool { return slices.Contains(doc.JwtConfiguration.Audience, a) }) {
				return aws.ToString(doc.AuthorizerId), aws.ToString(doc.Name)
			}
		}
	}
	return "", ""
}

// audiences are what an HTTP API compares with its audience: aud, or client_id of a token without one (fact 2).
func (t *token) audiences() []string {
	if len(t.audience) > 0 {
		return t.audience
	}
	return []string{t.client}
}

// mendIssuer: the token is another pool's.
func (l *look) mendIssuer() (steps []string) {
	trusted := l.trusted(l.deployed, false)
	signIn := "Sign in at " + listOr(trusted, "the authorizer's issuer") + ", whose tokens the authorizer takes."
	if id, name := l.otherAuthorizer(); id != "" {
		prose := "The token fits the API's other authorizer " + name + ". Let the method ask that one"
		if l.http != nil {
			return []string{step(prose, l.editRoute("--authorization-type", "JWT", "--authorizer-id", id)), "Or " + lowerFirst(signIn)}
		}
		return []string{step(prose, l.editMethod(patch{"replace", "/authorizerId", id})), "Or " + lowerFirst(signIn)}
	}
	steps = append(steps, signIn)
	p := l.pool()
	switch {
	case l.http != nil && l.token != nil && l.token.issuer != "":
		if a := l.httpAuthorizer(l.deployed.AuthorizerID); a != nil {
			steps = append(steps, step("Or, if users of the token's issuer are to come in instead", l.editJWT(l.token.issuer, l.audienceWith(a))))
		}
	case p != nil && !p.Gone && p.ARN != "":
		steps = append(steps, step("Or, if users of the pool "+p.ID+" are to come in as well", l.editAuthorizer(patch{"add", "/providerARNs", p.ARN})))
	}
	return steps
}

func lowerFirst(text string) string { return strings.ToLower(text[:1]) + text[1:] }

// audienceWith is the audience of a JWT authorizer with that of the token.
func (l *look) audienceWith(a *httptypes.Authorizer) []string {
	var all []string
	if a.JwtConfiguration != nil {
		all = slices.Clone(a.JwtConfiguration.Audience)
	}
	for _, audience := range l.token.audiences() {
		if audience != "" && !slices.Contains(all, audience) {
			all = append(all, audience)
		}
	}
	return all
}

// editJWT changes what a JWT authorizer trusts.
func (l *look) editJWT(issuer string, audience []string) string {
	return l.andDeploy(l.aws("apigatewayv2", "update-authorizer", "--api-id", l.api, "--authorizer-id", l.deployed.AuthorizerID,
		"--jwt-configuration", "Issuer="+issuer+",Audience="+strings.Join(audience, ",")))
}

// mendAudience: the token was issued to an app client that the authorizer does not take.
func (l *look) mendAudience() (steps []string) {
	t := l.token
	if t == nil {
		return nil
	}
	if a := l.httpAuthorizer(l.deployed.AuthorizerID); a != nil && a.JwtConfiguration != nil {
		return []string{step("Add the token's app client to the authorizer's audience, if it is to come in", l.editJWT(aws.ToString(a.JwtConfiguration.Issuer), l.audienceWith(a))),
			"Or sign in with one of the app clients " + listOr(a.JwtConfiguration.Audience, "that the audience lists") + "."}
	}
	a := l.restAuthorizer(l.deployed.AuthorizerID, true)
	if a == nil {
		return nil
	}
	if len(t.audience) == 0 {
		return []string{step("An access token has no aud, which the expression could match. Check nothing", l.editAuthorizer(patch{"replace", "/identityValidationExpression", ""})),
			"Or check the token's client_id in the backend, where access tokens carry it."}
	}
	wider := "(?:" + aws.ToString(a.IdentityValidationExpression) + ")|" + regexp.QuoteMeta(t.audience[0])
	return []string{step("Let the authorizer take tokens of the app client "+t.audience[0]+", too", l.editAuthorizer(patch{"replace", "/identityValidationExpression", wider})),
		"Or sign in with an app client whose id the expression " + quote(aws.ToString(a.IdentityValidationExpression)) + " matches as a whole."}
}

// mendPool: a pool that the authorizer trusts is gone.
func (l *look) mendPool() (steps []string) {
	p := l.pool()
	if l.http != nil {
		if p != nil && !p.Gone && l.token.issuer != "" {
			if a := l.httpAuthorizer(l.deployed.AuthorizerID); a != nil {
				return []string{step("Let the authorizer trust the token's issuer, which exists", l.editJWT(l.token.issuer, l.audienceWith(a)))}
			}
		}
		return []string{"Make a pool, name its issuer and an app client in the authorizer's JWT configuration, and sign in there. Tokens of a pool that is gone cannot be verified any more."}
	}
	a := l.restAuthorizer(l.deployed.AuthorizerID, true)
	if a == nil {
		return nil
	}
	var all []patch
	for _, arn := range a.ProviderARNs {
		if _, id, _ := strings.Cut(l.withVariables(arn), ":userpool/"); l.pools[id] != nil && l.pools[id].Gone {
			all = append(all, patch{"remove", "/providerARNs", arn})
		}
	}
	if p != nil && !p.Gone && p.ARN != "" {
		return []string{step("Let the authorizer trust the token's pool "+p.ID+", which exists", l.editAuthorizer(append([]patch{{"add", "/providerARNs", p.ARN}}, all...)...))}
	}
	made := l.aws("cognito-idp", "create-user-pool", "--pool-name", aws.ToString(a.Name), "--query", "UserPool.Arn", "--output", "text")
	words := []any{"apigateway", "update-authorizer", "--rest-api-id", l.api, "--authorizer-id", l.deployed.AuthorizerID, "--patch-operations",
		shellWord(`"op=add,path=/providerARNs,value=$(` + made + `)"`)}
	if len(all) > 0 {
		words = append(words, patches(all...))
	}
	return []string{
		step("Make a new pool, and let the authorizer trust it instead", l.andDeploy(l.aws(words...))),
		"Then make an app client and users in the new pool, and sign in there: tokens of a pool that is gone cannot be verified any more.",
	}
}
