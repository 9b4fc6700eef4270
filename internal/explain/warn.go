package explain

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/internal/gateway/decision"
)

// warn adds a warning with what mends it.
func (v *Verdict) warn(code authz.Warning, sentence string, mend ...string) {
	if slices.Contains(v.Warnings, code) {
		return
	}
	if sentence == "" {
		sentence = warningText(code)
	}
	v.Warnings = append(v.Warnings, code)
	v.Warned = append(v.Warned, Warned{code, sentence})
	for _, m := range mend {
		if !slices.Contains(v.Mend, m) {
			v.Mend = append(v.Mend, m)
		}
	}
}

// warnings are what refuses nothing, and what a browser makes of a refusal. What follows from the cause that was found is not told again.
func (l *look) warnings(v *Verdict) {
	if l.deployed == nil {
		return
	}
	l.warnOfEdits(v)
	l.warnOfBrowser(v)
	l.warnOfUser(v)
	l.warnOfScopes(v)
	r := l.deployed
	switch {
	case v.Allowed && v.Certain && r.AuthorizationType == "NONE" && l.token != nil && r.Method != http.MethodOptions:
		v.warn(authz.MethodOpen, "", l.mendOpen()...)
	case v.Reason == authz.TokenUseAccessExpected && l.rest != nil:
		v.warn(authz.TestAcceptsIDTokensOnly, "")
	case (v.Reason == authz.AuthorizerDenied || v.Reason == authz.AuthorizerDeniedExplicitly) && l.authorizerTTL() > 0:
		v.warn(authz.AuthorizerRemembers, fmt.Sprintf("The stage remembers what the authorizer answered for %d seconds: a policy that was made for another path may be what refused this one.", l.authorizerTTL()))
	}
	if l.skew.Abs() > mostSkew {
		v.warn(authz.ClockSkew, "The clocks differ: "+l.skewText()+".")
	}
	l.warnOfLog(v)
}

// warnOfEdits: the API as it is edited would answer otherwise.
func (l *look) warnOfEdits(v *Verdict) {
	if l.live != nil && !l.guessed && (l.undeployedMends() || l.edited()) {
		v.warn(authz.UndeployedChange, "", step("Deploy the edit", l.deploy()))
	}
}

// edited tells that what decides about the request is another in the API as it is edited. Exports leave out what decides nothing, so
// that only what decides is compared.
func (l *look) edited() bool {
	d, e := l.deployed, l.live
	if d == nil || e == nil {
		return false
	}
	return guardOf(d) != guardOf(e) || l.authorizerText(d, false) != l.authorizerText(e, true) || d.Reason != e.Reason
}

func guardOf(r *decision.Record) string {
	return strings.Join([]string{r.Resource, r.RouteKey, r.AuthorizationType, r.AuthorizerID, strings.Join(slices.Sorted(slices.Values(r.Scopes)), " ")}, "\n")
}

// authorizerText is what decides in an authorizer.
func (l *look) authorizerText(r *decision.Record, live bool) string {
	a := l.restAuthorizer(r.AuthorizerID, live)
	if a == nil {
		return ""
	}
	return strings.Join([]string{string(a.Type), aws.ToString(a.IdentitySource), aws.ToString(a.IdentityValidationExpression), aws.ToString(a.AuthorizerUri),
		strings.Join(slices.Sorted(slices.Values(a.ProviderARNs)), " ")}, "\n")
}

// warnOfBrowser: what a browser does with the answer, and whether it would send the request at all.
func (l *look) warnOfBrowser(v *Verdict) {
	h := l.c.Request.Header
	if h.Get("Origin") == "" && !l.isPreflight() {
		return
	}
	if l.c.Request.Method == http.MethodOptions {
		if v.RefusedBy == string(authz.ByAuthorizer) {
			v.warn(authz.PreflightBehindAuthorizer, "", l.mendPreflight()...)
		}
		return
	}
	if !v.Allowed && v.Reason != "" && v.Reason != authz.IntegrationRefused && l.hidden() {
		v.warn(authz.CORSHeadersMissing, "", l.corsMends(v)...)
	}
	if l.http != nil && slices.Contains(v.Warnings, authz.CORSHeadersMissing) {
		return // an API without a CORS configuration answers no preflights either
	}
	if r := l.preflight(); r != nil && !r.Allowed {
		switch {
		case r.RefusedBy == string(authz.ByAuthorizer) || r.Reason == authz.SignatureMissing:
			v.warn(authz.PreflightBehindAuthorizer, "", l.openPreflight(r)...)
		case r.RefusedBy == string(authz.ByRoute) && v.RefusedBy != string(authz.ByRoute):
			v.warn(authz.PreflightMissing, "", l.addPreflight()...)
		}
	}
}

// hidden tells that the refusal carries no CORS headers.
func (l *look) hidden() bool {
	if a := l.c.Answer; a != nil {
		return a.Header.Get("Access-Control-Allow-Origin") == ""
	}
	return slices.Contains(l.deployed.Warnings, authz.CORSHeadersMissing)
}

// warnOfUser: what AWS's authorizers do not look at. It is told of a token that a trusted pool did issue.
func (l *look) warnOfUser(v *Verdict) {
	genuine := l.deployed.Allowed || !aboutToken(l.deployed.Reason) || slices.Contains([]authz.Reason{authz.TokenExpired, authz.TokenUseIDExpected, authz.TokenUseAccessExpected, authz.TokenAudience, authz.ScopeMissing}, l.deployed.Reason)
	p := l.pool()
	if !genuine || p == nil || p.Gone || !slices.Contains(l.trusted(l.deployed, false), p.ID) {
		return
	}
	if p.Pool != nil && l.client() == nil && l.token.client != "" && !l.hasGap("cognito-idp:DescribeUserPoolClient") && !l.hasGap("cognito-idp:ListUserPoolClients") {
		v.warn(authz.ClientDeleted, "")
	}
	if l.revoked {
		v.warn(authz.TokenRevoked, "", "If the token is to open nothing any more, check revocation in the backend, or let the app client's tokens live shorter.")
	}
	switch u := l.user; {
	case u == nil:
	case u.Gone:
		v.warn(authz.UserDeleted, "", "Sign in as a user that exists.")
	case !u.Enabled:
		v.warn(authz.UserDisabled, "", step("If the user is to come in again", l.awsIn(p.Region, "cognito-idp", "admin-enable-user", "--user-pool-id", p.ID, "--username", u.Username)))
	case u.Status == cognito.UserStatusTypeUnconfirmed:
		v.warn(authz.UserUnconfirmed, "", step("Confirm the user", l.awsIn(p.Region, "cognito-idp", "admin-confirm-sign-up", "--user-pool-id", p.ID, "--username", u.Username)))
	}
}

// warnOfScopes: no token can have what the method asks for.
func (l *look) warnOfScopes(v *Verdict) {
	scopes := l.deployed.Scopes
	if len(scopes) == 0 || v.Reason != authz.ScopeMissing && v.Reason != authz.TokenUseAccessExpected || l.hasGap("cognito-idp:ListUserPoolClients") || l.hasGap("cognito-idp:DescribeUserPoolClient") {
		return
	}
	trusted := l.trusted(l.deployed, false)
	for _, id := range trusted {
		p := l.pools[id]
		if p == nil || p.Pool == nil {
			return
		}
		for _, c := range p.Clients {
			for _, scope := range scopes {
				if scope == adminScope || slices.Contains(c.AllowedOAuthScopes, scope) {
					return
				}
			}
		}
	}
	if len(trusted) > 0 {
		v.warn(authz.ScopeNotAllowed, "")
	}
}

// warnOfLog: only a log would tell more, and there is none.
func (l *look) warnOfLog(v *Verdict) {
	if l.rest == nil || v.Allowed || v.Reason == "" || v.Certain && v.Status < http.StatusInternalServerError && l.deployed.AuthorizationType != "CUSTOM" {
		return
	}
	p := l.rest.Stages[l.stageName()]
	if p == nil || l.deployed.Resource == "" {
		return
	}
	if level := logLevel(&p.Stage); level == "" || level == "OFF" {
		v.warn(authz.ExecutionLogOff, "", step("Let the stage write an execution log", l.aws("apigateway", "update-stage", "--rest-api-id", l.api, "--stage-name", l.stageName(),
			"--patch-operations", patches(patch{"replace", "/*/*/logging/loglevel", "INFO"}))))
	}
}

// jsonText writes a value that is always written.
func jsonText(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		return ""
	}
	return string(text)
}
