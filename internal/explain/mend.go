package explain

import (
	"strings"

	"github.com/poolgate/poolgate/authz"
)

// mend says what to do about a refusal, the best first.
func (l *look) mend(v *Verdict) []string {
	if v.Reason == "" || l.deployed == nil && l.domain == nil {
		return l.generalMends(v.Reason)
	}
	if l.deployed == nil {
		return l.mendMapping()
	}
	if l.undeployedMends() {
		steps := []string{step("The API as it is edited now lets the request in. Deploy it", l.deploy())}
		if l.live != nil && !l.live.Allowed {
			steps[0] = step("The API as it is edited now answers otherwise ("+string(l.live.Reason)+"). Deploy it, then look again", l.deploy())
		}
		return steps
	}
	if f := mends[v.Reason]; f != nil {
		if steps := f(l); len(steps) > 0 {
			return steps
		}
	}
	return l.generalMends(v.Reason)
}

// mends are the steps that are filled in with what the account holds. It is filled by init, since the functions reach it themselves.
var mends map[authz.Reason]func(*look) []string

func init() {
	mends = map[authz.Reason]func(*look) []string{
		authz.IdentitySourceMissing: (*look).mendSource, authz.TokenMalformed: (*look).mendShape, authz.TokenIsRefreshToken: (*look).mendRefresh,
		authz.TokenIssuer: (*look).mendIssuer, authz.PoolNotFound: (*look).mendPool, authz.TokenExpired: (*look).mendExpired,
		authz.TokenKeyUnknown: (*look).mendSignIn, authz.TokenSignature: (*look).mendSignature, authz.TokenAlgorithm: (*look).mendSignIn,
		authz.TokenUseIDExpected: (*look).mendUseID, authz.TokenUseAccessExpected: (*look).mendUseAccess,
		authz.TokenAudience: (*look).mendAudience, authz.ScopeMissing: (*look).mendScope, authz.TokenNotYetValid: (*look).mendClock,
		authz.RouteNotFound: (*look).mendRoute, authz.RouteNotFoundSignatureExpected: (*look).mendRoute, authz.StageNotFound: (*look).mendStage,
		authz.DomainMappingMissing: (*look).mendMapping, authz.EndpointDisabled: (*look).mendEndpoint, authz.PrivateAPI: (*look).mendPrivate,
		authz.WAFBlocked: (*look).mendWAF, authz.ResourcePolicyDenied: (*look).mendPolicy, authz.SignatureMissing: (*look).mendUnsigned,
		authz.IAMDenied:     (*look).mendIAM,
		authz.APIKeyMissing: (*look).mendNoKey, authz.APIKeyInvalid: (*look).mendBadKey, authz.Throttled: (*look).mendThrottle, authz.QuotaExceeded: (*look).mendQuota,
		authz.AuthorizerDenied: (*look).mendDenied, authz.AuthorizerDeniedExplicitly: (*look).mendDenied, authz.AuthorizerMisconfigured: (*look).mendAuthorizer,
		authz.IdentitySourceInvalid: (*look).mendExpression, authz.FunctionPermissionMissing: (*look).mendPermission,
		authz.AuthorizerFailed: (*look).mendFunctionLog, authz.AuthorizerUnauthorized: (*look).mendFunctionLog,
		authz.IntegrationFailed: (*look).mendIntegration,
	}
}

// generalMends are those of the closed list that are sentences alone: its commands hold words to fill in.
func (l *look) generalMends(reason authz.Reason) (steps []string) {
	for _, text := range reason.Info().Mend {
		prose, command := SplitMend(text)
		switch {
		case command == "":
			steps = append(steps, prose)
		case !hasPlaceholder(command):
			steps = append(steps, strings.TrimSpace(prose+" "+l.here(command)))
		case prose != "" && len(steps) == 0:
			steps = append(steps, strings.TrimSuffix(prose, ":")+".")
		}
	}
	return steps
}

// hasPlaceholder tells that a command of the closed list has words to fill in.
func hasPlaceholder(command string) bool {
	for _, word := range strings.FieldsFunc(command, func(r rune) bool { return (r < 'A' || r > 'Z') && r != '_' }) {
		if len(word) > 2 {
			return true
		}
	}
	return false
}

// undeployedMends tells that deploying is what mends the refusal, or what must come first.
func (l *look) undeployedMends() bool {
	d, e := l.deployed, l.live
	if d == nil || e == nil || l.guessed || d.Allowed {
		return false
	}
	return e.Allowed || e.Reason != d.Reason && (e.Resource != d.Resource || !sameGuard(l, d.RefusedBy))
}

// sameGuard tells that what refused is the same in the API as it is edited.
func sameGuard(l *look, by string) bool {
	return by == string(authz.ByAuthorizer) && !l.edited()
}

// editMethod changes the method that took the request and deploys that.
func (l *look) editMethod(all ...patch) string {
	_, verb := l.method(l.deployed)
	return l.andDeploy(l.aws("apigateway", "update-method", "--rest-api-id", l.api, "--resource-id", l.deployed.ResourceID, "--http-method", verb,
		"--patch-operations", patches(all...)))
}

// editRoute changes the route that took the request and deploys that.
func (l *look) editRoute(arguments ...any) string {
	return l.andDeploy(l.aws(append([]any{"apigatewayv2", "update-route", "--api-id", l.api, "--route-id", l.deployed.ResourceID}, arguments...)...))
}

// editAuthorizer changes the authorizer that was asked and deploys that.
func (l *look) editAuthorizer(all ...patch) string {
	return l.andDeploy(l.aws("apigateway", "update-authorizer", "--rest-api-id", l.api, "--authorizer-id", l.deployed.AuthorizerID,
		"--patch-operations", patches(all...)))
}

// editAPI changes the REST API and deploys that.
func (l *look) editAPI(all ...patch) string {
	return l.andDeploy(l.aws("apigateway", "update-rest-api", "--rest-api-id", l.api, "--patch-operations", patches(all...)))
}
