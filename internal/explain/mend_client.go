package explain

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/poolgate/poolgate/internal/account"
	"github.com/poolgate/poolgate/internal/wire"
)

// pool and client are those of the token at hand; nil when they are not known.
func (l *look) pool() *account.Pool {
	if l.token == nil {
		return nil
	}
	return l.pools[l.token.poolID()]
}

func (l *look) client() *cognito.UserPoolClientType {
	if p := l.pool(); p != nil {
		return p.Clients[l.token.client]
	}
	return nil
}

// updateClient changes some settings of an app client. What update-user-pool-client is not given it resets, so that all of them are given.
func (l *look) updateClient(c *cognito.UserPoolClientType, change func(*cognito.UserPoolClientType)) string {
	changed := *c
	changed.ClientSecret, changed.CreationDate, changed.LastModifiedDate = nil, nil, nil
	change(&changed)
	text, err := json.Marshal(wire.Document[cognito.UserPoolClientType]{Value: changed})
	if err != nil {
		return ""
	}
	return l.awsIn(regionOfPool(aws.ToString(c.UserPoolId)), "cognito-idp", "update-user-pool-client", "--cli-input-json", string(text))
}

// allow lets an app client be granted scopes.
func (l *look) allow(c *cognito.UserPoolClientType, scopes []string) string {
	return l.updateClient(c, func(c *cognito.UserPoolClientType) {
		c.AllowedOAuthScopes = slices.Clone(c.AllowedOAuthScopes)
		for _, scope := range scopes {
			if !slices.Contains(c.AllowedOAuthScopes, scope) {
				c.AllowedOAuthScopes = append(c.AllowedOAuthScopes, scope)
			}
		}
		c.AllowedOAuthFlowsUserPoolClient = aws.Bool(true)
		if len(c.AllowedOAuthFlows) == 0 {
			c.AllowedOAuthFlows = []cognito.OAuthFlowType{cognito.OAuthFlowTypeCode}
			if c.ClientSecret != nil || l.token.isClient() {
				c.AllowedOAuthFlows = []cognito.OAuthFlowType{cognito.OAuthFlowTypeClientCredentials}
			} else if len(c.CallbackURLs) == 0 {
				c.CallbackURLs = []string{"http://localhost:3000/callback"}
			}
		}
		if len(c.SupportedIdentityProviders) == 0 {
			c.SupportedIdentityProviders = []string{"COGNITO"}
		}
	})
}

// longerLife makes tokens of the client live a day.
func (l *look) longerLife() []string {
	c := l.client()
	if c == nil {
		return nil
	}
	return []string{step("If tokens should live longer, a day for instance", l.updateClient(c, func(c *cognito.UserPoolClientType) {
		units := cognito.TokenValidityUnitsType{}
		if c.TokenValidityUnits != nil {
			units = *c.TokenValidityUnits
		}
		units.AccessToken, units.IdToken = cognito.TimeUnitsTypeHours, cognito.TimeUnitsTypeHours
		c.TokenValidityUnits, c.AccessTokenValidity, c.IdTokenValidity = &units, aws.Int32(24), aws.Int32(24)
	}))}
}

// loginHost is where the pool's OAuth endpoints are; empty when it has no domain.
func (l *look) loginHost(p *account.Pool) string {
	switch {
	case l.c.Located.Endpoint != "":
		return strings.TrimSuffix(l.c.Located.Endpoint, "/") + "/_aws/cognito-idp"
	case p == nil || p.Pool == nil:
		return ""
	case aws.ToString(p.Pool.CustomDomain) != "":
		return "https://" + *p.Pool.CustomDomain
	case aws.ToString(p.Pool.Domain) != "":
		return "https://" + *p.Pool.Domain + ".auth." + p.Region + ".amazoncognito.com"
	}
	return ""
}

// clientCredentials fetches an access token for a client, with scopes.
func (l *look) clientCredentials(scopes []string) string {
	c, host := l.client(), l.loginHost(l.pool())
	if c == nil || host == "" || !slices.Contains(c.AllowedOAuthFlows, cognito.OAuthFlowTypeClientCredentials) {
		return ""
	}
	pool, id := aws.ToString(c.UserPoolId), aws.ToString(c.ClientId)
	secret := l.awsIn(regionOfPool(pool), "cognito-idp", "describe-user-pool-client", "--user-pool-id", pool, "--client-id", id,
		"--query", "UserPoolClient.ClientSecret", "--output", "text")
	command := `curl -s --user "` + id + `:$(` + secret + `)" -d grant_type=client_credentials`
	if len(scopes) > 0 {
		command += " --data-urlencode " + quote("scope="+scopes[0])
	}
	return command + " " + quote(host+"/oauth2/token")
}

// loginPage is the address at which a user signs in and is asked for scopes; empty when the client has none.
func (l *look) loginPage(scopes []string) string {
	c, host := l.client(), l.loginHost(l.pool())
	if c == nil || host == "" || len(c.CallbackURLs) == 0 || !slices.Contains(c.AllowedOAuthFlows, cognito.OAuthFlowTypeCode) {
		return ""
	}
	q := url.Values{
		"client_id": {aws.ToString(c.ClientId)}, "response_type": {"code"}, "redirect_uri": {c.CallbackURLs[0]},
		"scope": {strings.Join(append([]string{"openid"}, scopes...), " ")},
	}
	return host + "/oauth2/authorize?" + q.Encode()
}
