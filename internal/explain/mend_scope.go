package explain

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/poolgate/poolgate/authz"
)

// The checks behind a missing scope, from the pool to the token. The first that fails is the root of it.
const (
	checkResourceServer = "scope_exists"
	checkOAuthFlow      = "oauth_flow"
	checkClientScope    = "scope_allowed"
	checkTokenAge       = "token_age"
	checkScopeAsked     = "scope_asked"
)

// adminScope is what tokens from the API, not from the OAuth endpoints, carry alone.
const adminScope = "aws.cognito.signin.user.admin"

// scopeChecks look for the root of a missing scope: whether the pool has it, whether the client may use OAuth flows and be granted it,
// whether that came after the token, and whether it was asked for.
func (l *look) scopeChecks() (checks []authz.Check) {
	p, c, scopes := l.pool(), l.client(), l.deployed.Scopes
	if p == nil || c == nil || p.Gone || l.token == nil || len(scopes) == 0 {
		return nil
	}
	scope := scopes[0]
	for _, s := range scopes { // one of them is enough: the one that is nearest
		if slices.Contains(c.AllowedOAuthScopes, s) {
			scope = s
		}
	}
	flows := flowsOf(c)
	missing := !l.scopeExists(scope) && !slices.Contains(c.AllowedOAuthScopes, scope)
	// A token from the API and not from the OAuth endpoints has the one scope whenever it was issued.
	fromAPI := slices.Equal(l.token.scopes, []string{adminScope})
	asked := "a sign-in that asks for " + scope + ", which the app client may be granted"
	if fromAPI {
		asked = "a sign-in through the login page or the token endpoint that asks for " + scope + ": initiate-auth grants " + adminScope + " alone"
	}
	// A token's iat is a whole second: what was issued in the second of the change may be younger than it.
	after := !fromAPI && c.LastModifiedDate != nil && !l.token.issued.Add(time.Second).After(*c.LastModifiedDate)
	all := []struct {
		name          string
		fails         bool
		saw, expected string
	}{
		{checkResourceServer, missing, "no resource server of pool " + p.ID + " with the scope " + scope, "the scope " + scope + " on a resource server"},
		{checkOAuthFlow, scope != adminScope && len(flows) == 0, "the app client " + l.token.client + ", which may use no OAuth flow, so that its tokens carry " + adminScope + " alone", "an app client with an OAuth flow"},
		{checkClientScope, !slices.Contains(c.AllowedOAuthScopes, scope), "the app client " + l.token.client + ", which may be granted " + listOr(c.AllowedOAuthScopes, "no scope"), "the scope " + scope + " on the app client"},
		{checkTokenAge, after, "a token of " + instant(l.token.issued) + ", older than the app client's last change of " + instant(aws.ToTime(c.LastModifiedDate)), "a token from a sign-in after the change; a refresh keeps the old scopes"},
		{checkScopeAsked, true, "a token with the scopes " + listOr(l.token.scopes, "none"), asked},
	}
	for _, a := range all {
		check := authz.Check{Name: a.name, Outcome: authz.Passed}
		if len(checks) > 0 && checks[len(checks)-1].Outcome != authz.Passed {
			check.Outcome = authz.NotReached
		} else if a.fails {
			check.Outcome, check.Reason, check.Saw, check.Expected = authz.Failed, authz.ScopeMissing, a.saw, a.expected
		}
		checks = append(checks, check)
	}
	return checks
}

// rootOf is the check that failed.
func rootOf(checks []authz.Check) *authz.Check {
	for i := range checks {
		if checks[i].Outcome == authz.Failed {
			return &checks[i]
		}
	}
	return nil
}

func listOr(values []string, none string) string {
	if len(values) == 0 {
		return none
	}
	return someOf(values)
}

// flowsOf are the OAuth flows that a client may really use.
func flowsOf(c *cognito.UserPoolClientType) []cognito.OAuthFlowType {
	if !aws.ToBool(c.AllowedOAuthFlowsUserPoolClient) {
		return nil
	}
	return c.AllowedOAuthFlows
}

// standardScopes are those that every pool has.
var standardScopes = []string{"openid", "email", "phone", "profile", adminScope}

// scopeExists tells whether the pool has a scope. Where its resource servers could not be read it counts as there.
func (l *look) scopeExists(scope string) bool {
	p := l.pool()
	if slices.Contains(standardScopes, scope) || p.ResourceServers == nil && l.hasGap("cognito-idp:ListResourceServers") {
		return true
	}
	for _, server := range p.ResourceServers {
		for _, s := range server.Scopes {
			if aws.ToString(server.Identifier)+"/"+aws.ToString(s.ScopeName) == scope {
				return true
			}
		}
	}
	return false
}

// mendScope mends the root of a missing scope.
func (l *look) mendScope() (steps []string) {
	if l.token != nil && l.token.use == "id" {
		return append([]string{"Send the access token of the same sign-in: an ID token carries no scopes."}, l.withoutScopes())
	}
	checks := l.scopeChecks()
	root := rootOf(checks)
	if root == nil {
		return append([]string{"Sign in again, through the login page or at the token endpoint, and ask there for one of the scopes " + someOf(l.deployed.Scopes) + "."}, l.takeOwnScope()...)
	}
	scope := l.wanted()
	switch root.Name {
	case checkResourceServer:
		steps = append(steps, step("Make the scope, and let the app client be granted it", l.makeScope(scope)+" && "+l.allow([]string{scope})))
	case checkOAuthFlow:
		steps = append(steps, step("Let the app client use an OAuth flow and be granted the scope", l.allow([]string{scope})))
	case checkClientScope:
		steps = append(steps, step("Let the app client be granted the scope", l.allow([]string{scope})))
	}
	steps = append(steps, l.afterwards(scope))
	return append(steps, l.takeOwnScope()...)
}

// wanted is the scope of the method that is nearest to be had.
func (l *look) wanted() string {
	for _, s := range l.deployed.Scopes {
		if c := l.client(); c != nil && slices.Contains(c.AllowedOAuthScopes, s) {
			return s
		}
	}
	return l.deployed.Scopes[0]
}

// takeOwnScope lets the method take a scope that the token has.
func (l *look) takeOwnScope() []string {
	if l.token == nil || len(l.token.scopes) == 0 {
		return nil
	}
	own := l.token.scopes[0]
	var command string
	if l.http != nil {
		command = l.editRoute("--authorization-scopes", append(slices.Clone(l.deployed.Scopes), own))
	} else {
		command = l.editMethod(patch{"add", "/authorizationScopes", own})
	}
	return []string{step("Or let the method take the scope that the token has, if that is enough to ask for", command)}
}

// makeScope makes a scope on its resource server, which is made, too, where there is none.
func (l *look) makeScope(scope string) string {
	p := l.pool()
	at := strings.LastIndexByte(scope, '/')
	if at < 0 {
		return ""
	}
	identifier, name := scope[:at], scope[at+1:]
	type described struct{ ScopeName, ScopeDescription string }
	input := struct {
		UserPoolID string `json:"UserPoolId"`
		Identifier string
		Name       string
		Scopes     []described
	}{UserPoolID: p.ID, Identifier: identifier, Name: identifier}
	operation := "create-resource-server"
	for _, server := range p.ResourceServers {
		if aws.ToString(server.Identifier) == identifier {
			operation, input.Name = "update-resource-server", aws.ToString(server.Name)
			for _, s := range server.Scopes {
				input.Scopes = append(input.Scopes, described{aws.ToString(s.ScopeName), aws.ToString(s.ScopeDescription)})
			}
		}
	}
	input.Scopes = append(input.Scopes, described{name, name})
	text, err := json.Marshal(input)
	if err != nil {
		return ""
	}
	return l.awsIn(p.Region, "cognito-idp", operation, "--cli-input-json", string(text))
}
