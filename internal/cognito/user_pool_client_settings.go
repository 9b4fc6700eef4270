package cognito

import (
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/store"
)

// applyClient sets everything of a client that UpdateUserPoolClient can change, with AWS's default for what the caller
// left out. doing is "creating" or "updating", which two of AWS's texts say.
func applyClient(tx *store.Tx, p *pool, c *client, in *cip.UpdateUserPoolClientInput, doing string) error {
	for _, check := range []func() error{
		func() error { return checkAuthFlows(in) },
		func() error { return checkTokenValidity(in) },
		func() error { return checkClientAttributes(p, in, doing) },
		func() error { return checkOAuth(in, c.SealedSecret != "") },
		func() error { return checkRedirects(in) },
		func() error { return checkScopes(tx, p, in.AllowedOAuthScopes) },
		func() error { return checkProviders(tx, p, in.SupportedIdentityProviders) },
		func() error { return checkAnalytics(in.AnalyticsConfiguration) },
	} {
		if err := check(); err != nil {
			return err
		}
	}
	old := c.Detail.Value
	c.Detail.Value = types.UserPoolClientType{
		ClientId: old.ClientId, UserPoolId: old.UserPoolId, CreationDate: old.CreationDate, LastModifiedDate: old.LastModifiedDate,
		ClientName:           orDefault(in.ClientName, old.ClientName),
		RefreshTokenValidity: orDefault(in.RefreshTokenValidity, 30), AccessTokenValidity: in.AccessTokenValidity,
		IdTokenValidity: in.IdTokenValidity, TokenValidityUnits: orDefault(in.TokenValidityUnits, &types.TokenValidityUnitsType{}),
		ReadAttributes: in.ReadAttributes, WriteAttributes: in.WriteAttributes, ExplicitAuthFlows: in.ExplicitAuthFlows,
		SupportedIdentityProviders: in.SupportedIdentityProviders, CallbackURLs: in.CallbackURLs, LogoutURLs: in.LogoutURLs,
		DefaultRedirectURI: in.DefaultRedirectURI, AllowedOAuthFlows: in.AllowedOAuthFlows, AllowedOAuthScopes: in.AllowedOAuthScopes,
		AllowedOAuthFlowsUserPoolClient: aws.Bool(in.AllowedOAuthFlowsUserPoolClient),
		AnalyticsConfiguration:          in.AnalyticsConfiguration, RefreshTokenRotation: in.RefreshTokenRotation,
		PreventUserExistenceErrors:               orDefault(in.PreventUserExistenceErrors, types.PreventUserExistenceErrorTypesLegacy),
		EnableTokenRevocation:                    aws.Bool(in.EnableTokenRevocation == nil || *in.EnableTokenRevocation),
		EnablePropagateAdditionalUserContextData: aws.Bool(value(in.EnablePropagateAdditionalUserContextData)),
		AuthSessionValidity:                      orDefault(in.AuthSessionValidity, aws.Int32(3)),
	}
	return nil
}

func checkAuthFlows(in *cip.UpdateUserPoolClientInput) error {
	var modern, legacy bool
	for _, flow := range in.ExplicitAuthFlows {
		allow := strings.HasPrefix(string(flow), "ALLOW_")
		modern, legacy = modern || allow, legacy || !allow
	}
	if modern && legacy {
		return invalidParameter("Auth flow name with prefix 'ALLOW' cannot be used with legacy auth flow names.")
	}
	if r := in.RefreshTokenRotation; r != nil && r.Feature == types.FeatureTypeEnabled {
		if slices.Contains(in.ExplicitAuthFlows, types.ExplicitAuthFlowsTypeAllowRefreshTokenAuth) {
			return invalidParameter("Refresh token rotation cannot be enabled when ALLOW_REFRESH_TOKEN_AUTH is selected.")
		}
	}
	return nil
}

// checkTokenValidity holds the lives of tokens against fact 4.5.
func checkTokenValidity(in *cip.UpdateUserPoolClientInput) error {
	units := value(in.TokenValidityUnits)
	access := tokenLife(value(in.AccessTokenValidity), units.AccessToken, types.TimeUnitsTypeHours, time.Hour)
	id := tokenLife(value(in.IdTokenValidity), units.IdToken, types.TimeUnitsTypeHours, time.Hour)
	refresh := tokenLife(in.RefreshTokenValidity, units.RefreshToken, types.TimeUnitsTypeDays, 30*24*time.Hour)
	const shortest, longest = 5 * time.Minute, 24 * time.Hour
	switch {
	case access < shortest, access > longest, id < shortest, id > longest,
		refresh < time.Hour, refresh > 3650*24*time.Hour, refresh < access, refresh < id:
		return invalidParameter("Invalid range for token validity.")
	}
	return nil
}

// tokenLife is a validity as a duration; without a number it is fallback, whatever the unit.
func tokenLife(n int32, unit, defaultUnit types.TimeUnitsType, fallback time.Duration) time.Duration {
	if n == 0 {
		return fallback
	}
	seconds := map[types.TimeUnitsType]int64{
		types.TimeUnitsTypeSeconds: 1, types.TimeUnitsTypeMinutes: 60, types.TimeUnitsTypeHours: 3600, types.TimeUnitsTypeDays: 86_400,
	}[orDefault(unit, defaultUnit)] * int64(n)
	const century = 100 * 365 * 86_400 // keeps the nanoseconds from overflowing; far above every limit
	return time.Duration(min(seconds, century)) * time.Second
}

// accessLife, idLife and refreshLife are how long the client's tokens live.
func (c *client) accessLife() time.Duration {
	return tokenLife(value(c.Detail.Value.AccessTokenValidity), value(c.Detail.Value.TokenValidityUnits).AccessToken, types.TimeUnitsTypeHours, time.Hour)
}

func (c *client) idLife() time.Duration {
	return tokenLife(value(c.Detail.Value.IdTokenValidity), value(c.Detail.Value.TokenValidityUnits).IdToken, types.TimeUnitsTypeHours, time.Hour)
}

func (c *client) refreshLife() time.Duration {
	return tokenLife(c.Detail.Value.RefreshTokenValidity, value(c.Detail.Value.TokenValidityUnits).RefreshToken, types.TimeUnitsTypeDays, 30*24*time.Hour)
}

// checkClientAttributes makes sure that a client reads and writes only attributes that exist, and writes none that says
// something was verified.
func checkClientAttributes(p *pool, in *cip.UpdateUserPoolClientInput, doing string) error {
	for _, name := range in.ReadAttributes {
		if attributeNamed(p.Detail.Value.SchemaAttributes, name) == nil {
			return invalidParameter("Invalid read attributes specified while %s a client", doing)
		}
	}
	for _, name := range in.WriteAttributes {
		switch {
		case attributeNamed(p.Detail.Value.SchemaAttributes, name) == nil,
			name == "sub", name == "email_verified", name == "phone_number_verified":
			return invalidParameter("Invalid write attributes specified while %s a client", doing)
		}
	}
	return nil
}

// checkOAuth holds flows, scopes and secret together (fact 5.7).
func checkOAuth(in *cip.UpdateUserPoolClientInput, secret bool) error {
	if in.AllowedOAuthFlowsUserPoolClient && (len(in.AllowedOAuthFlows) == 0 || len(in.AllowedOAuthScopes) == 0) {
		return invalidParameter("AllowedOAuthFlows and AllowedOAuthScopes are required if user pool client is allowed to use OAuth flows.")
	}
	machine := slices.Contains(in.AllowedOAuthFlows, types.OAuthFlowTypeClientCredentials)
	person := slices.Contains(in.AllowedOAuthFlows, types.OAuthFlowTypeCode) || slices.Contains(in.AllowedOAuthFlows, types.OAuthFlowTypeImplicit)
	switch {
	case machine && person:
		return fault.Invalid("InvalidOAuthFlowException", "client_credentials flow can not be selected along with code flow or implicit flow.")
	case machine && !secret:
		return fault.Invalid("InvalidOAuthFlowException", "client_credentials flow can not be selected if client does not have a client secret.")
	case person && len(in.CallbackURLs) == 0:
		return invalidParameter("CallbackUrls can not be empty when code flow or implicit flow is selected")
	}
	return nil
}

// checkRedirects holds callback and sign-out URLs against AWS's rules: absolute, https unless local or of an app's own
// scheme, and without a fragment.
func checkRedirects(in *cip.UpdateUserPoolClientInput) error {
	if uri := value(in.DefaultRedirectURI); uri != "" && !slices.Contains(in.CallbackURLs, uri) {
		return invalidParameter("The default redirect URI %s is not in the callback URIs list.", uri)
	}
	for _, uri := range slices.Concat(in.CallbackURLs, in.LogoutURLs) {
		u, err := url.Parse(uri)
		switch {
		case err != nil || !u.IsAbs():
			return invalidParameter("%s is not a valid URL.", uri)
		case strings.Contains(uri, "#"):
			return invalidParameter("%s cannot use a fragment.", uri)
		case u.Scheme == "http" && !isLoopback(u.Hostname()):
			return invalidParameter("%s cannot use the HTTP protocol.", uri)
		}
	}
	return nil
}

func isLoopback(host string) bool { return host == "localhost" || host == "127.0.0.1" || host == "::1" }

// standardScopes are the scopes that every pool has.
var standardScopes = []string{"phone", "email", "openid", "profile", "aws.cognito.signin.user.admin"}

// checkScopes makes sure that every scope is a standard one or one of the pool's resource servers'. A resource server may
// be named by a URL, so the scope's name is what follows the last slash.
func checkScopes(tx *store.Tx, p *pool, scopes []string) error {
	for _, scope := range scopes {
		if slices.Contains(standardScopes, scope) {
			continue
		}
		known, err := customScopeExists(tx, p.id(), scope)
		if err != nil {
			return err
		}
		if !known {
			return fault.NotFound("ScopeDoesNotExistException", "Invalid scope requested: %s", scope)
		}
	}
	return nil
}

func customScopeExists(tx *store.Tx, poolID, scope string) (bool, error) {
	slash := strings.LastIndexByte(scope, '/')
	if slash < 0 {
		return false, nil
	}
	server, err := resourceServers.Get(tx, poolID, scope[:slash])
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(server.Detail.Value.Scopes, func(s types.ResourceServerScopeType) bool {
		return value(s.ScopeName) == scope[slash+1:]
	}), nil
}

// checkProviders makes sure that the client's providers exist: the pool itself, or one that it was told of.
func checkProviders(tx *store.Tx, p *pool, providers []string) error {
	for _, provider := range providers {
		if provider == "COGNITO" {
			continue
		}
		_, err := identityProviders.Get(tx, p.id(), provider)
		if errors.Is(err, store.ErrNotFound) {
			return invalidParameter("The provider %s does not exist for User Pool %s", provider, p.id())
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func checkAnalytics(a *types.AnalyticsConfigurationType) error {
	if a == nil {
		return nil
	}
	byARN := a.ApplicationArn != nil && a.ApplicationId == nil
	byID := a.ApplicationArn == nil && a.ApplicationId != nil && a.RoleArn != nil && a.ExternalId != nil
	if !byARN && !byID {
		return invalidParameter("Invalid analytics configuration given, either <application arn> or <application id, role arn, external id> are valid")
	}
	return nil
}
