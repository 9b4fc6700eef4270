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

// granting makes an app client one that may be granted scopes, by the flow that it has or by the one that suits it.
func (l *look) granting(scopes []string) func(*cognito.UserPoolClientType) {
	return func(c *cognito.UserPoolClientType) {
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
	}
}

// allow lets the token's app client be granted scopes, through OAuth endpoints that the pool must have.
func (l *look) allow(scopes []string) string {
	command := l.updateClient(l.client(), l.granting(scopes))
	if p := l.pool(); p.Pool != nil && l.loginHost(p) == "" {
		domain := strings.ToLower(strings.ReplaceAll(p.ID, "_", "-"))
		command = l.awsIn(p.Region, "cognito-idp", "create-user-pool-domain", "--user-pool-id", p.ID, "--domain", domain) + " && " + command
	}
	return command
}

// afterwards says how to get a token with a scope from a client that may be granted it.
func (l *look) afterwards(scope string) string {
	c := *l.client()
	l.granting([]string{scope})(&c)
	if l.token.isClient() {
		if command := l.clientCredentials(&c, []string{scope}); command != "" {
			return step("Then fetch a token with it, and send its access_token", command)
		}
	}
	text := "Then sign in again and ask for the scope " + scope + " there; a refresh keeps the old scopes, and initiate-auth grants none but its own."
	if page := l.loginPage(&c, []string{scope}); page != "" {
		text += " The login page: " + page
	}
	return text
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
func (l *look) clientCredentials(c *cognito.UserPoolClientType, scopes []string) string {
	host := l.loginHost(l.pool())
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
func (l *look) loginPage(c *cognito.UserPoolClientType, scopes []string) string {
	host := l.loginHost(l.pool())
	if c == nil || host == "" || len(c.CallbackURLs) == 0 || !slices.Contains(c.AllowedOAuthFlows, cognito.OAuthFlowTypeCode) {
		return ""
	}
	q := url.Values{
		"client_id": {aws.ToString(c.ClientId)}, "response_type": {"code"}, "redirect_uri": {c.CallbackURLs[0]},
		"scope": {strings.Join(append([]string{"openid"}, scopes...), " ")},
	}
	return host + "/oauth2/authorize?" + q.Encode()
}
