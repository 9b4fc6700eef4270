package e2e

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	poolTypes "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// then is a request that a person makes instead.
func then(c curled) func(string) curled { return func(string) curled { return c } }

// unsigned is a token with these claims that no pool issued.
func unsigned(t *testing.T, header string, claims in) string {
	t.Helper()
	payload, err := json.Marshal(claims)
	must(t, err)
	encode := base64.RawURLEncoding.EncodeToString
	return encode([]byte(header)) + "." + encode(payload) + "." + encode([]byte(strings.Repeat("s", 256)))
}

// asPlain is a fault of what is sent to GET /plain, mended by sending the ID token.
func asPlain(headers func(t *testing.T, l *lab) []string) func(*testing.T, *lab) broken {
	return func(t *testing.T, l *lab) broken {
		r := l.rest(t)
		return broken{curled: get(r.at("/plain"), headers(t, l)...), instead: then(get(r.at("/plain"), bearer(l.admin.id)))}
	}
}

// sent is asPlain with one Authorization header.
func sent(value func(l *lab) string) func(*testing.T, *lab) broken {
	return asPlain(func(_ *testing.T, l *lab) []string { return []string{"Authorization: " + value(l)} })
}

// tokenFaults are what can be wrong with the token itself.
var tokenFaults = []fault{
	{"no token", "identity_source_missing", "", asPlain(func(*testing.T, *lab) []string { return nil })},
	{"an empty header", "identity_source_missing", "", asPlain(func(*testing.T, *lab) []string { return []string{"Authorization;"} })},
	{"the token in a header of another name", "identity_source_missing", "", func(t *testing.T, l *lab) broken {
		r := l.rest(t, func(d in) { put(d, poolScheme("X-Auth-Token", l.poolARN), "components", "securitySchemes", "pool") })
		return broken{curled: get(r.at("/plain"), bearer(l.admin.id)), instead: then(get(r.at("/plain"), "X-Auth-Token: "+l.admin.id))}
	}},
	{"the token in the query", "identity_source_missing", "", func(t *testing.T, l *lab) broken {
		r := l.rest(t)
		return broken{curled: get(r.at("/plain?token=" + l.admin.id)), instead: then(get(r.at("/plain"), bearer(l.admin.id)))}
	}},
	{"the token in quotes", "token_malformed", "", sent(func(l *lab) string { return `"` + l.admin.id + `"` })},
	{"Bearer twice", "token_malformed", "", sent(func(l *lab) string { return "Bearer Bearer " + l.admin.id })},
	{"another scheme", "token_malformed", "", sent(func(l *lab) string { return "Token " + l.admin.id })},
	{"Bearer and a colon", "token_malformed", "", sent(func(l *lab) string { return "Bearer: " + l.admin.id })},
	{"two spaces after Bearer", "token_malformed", "", sent(func(l *lab) string { return "Bearer  " + l.admin.id })},
	{"a token cut short", "token_malformed", "", sent(func(l *lab) string { return "Bearer " + l.admin.id[:len(l.admin.id)/2] })},
	{"undefined", "token_malformed", "", sent(func(*lab) string { return "Bearer undefined" })},
	{"an object that was not turned into text", "token_malformed", "", sent(func(*lab) string { return "Bearer [object Object]" })},
	{"a refresh token", "token_is_refresh_token", "", sent(func(l *lab) string { return l.admin.refresh })},
	{"alg none", "token_algorithm", "", asPlain(func(t *testing.T, l *lab) []string {
		return []string{bearer(withHeader(t, l.admin.id, `{"kid":"nobody","alg":"none"}`))}
	})},
	{"HS256", "token_algorithm", "", asPlain(func(t *testing.T, l *lab) []string {
		return []string{bearer(unsigned(t, `{"alg":"HS256","typ":"JWT"}`, in{"iss": l.issuer, "sub": "jo", "exp": 4102444800}))}
	})},
	{"a token of a pool elsewhere", "token_issuer", "Sign in at", asPlain(func(t *testing.T, _ *lab) []string {
		return []string{bearer(unsigned(t, `{"alg":"RS256","kid":"k"}`, in{"iss": "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_AbCdEfGhI", "token_use": "id", "exp": 4102444800}))}
	})},
	{"a token of Google", "token_issuer", "Sign in at", asPlain(func(t *testing.T, _ *lab) []string {
		return []string{bearer(unsigned(t, `{"alg":"RS256","kid":"k"}`, in{"iss": "https://accounts.google.com", "aud": "x", "exp": 4102444800}))}
	})},
	{"another pool's token", "token_issuer", "aws apigateway update-authorizer", func(t *testing.T, l *lab) broken {
		return broken{curled: get(l.rest(t).at("/plain"), bearer(l.foreign.id))}
	}},
	{"an unknown key", "token_key_unknown", "", asPlain(func(t *testing.T, l *lab) []string {
		return []string{bearer(withHeader(t, l.admin.id, `{"kid":"nobody","alg":"RS256"}`))}
	})},
	{"a forged token", "token_signature", "", sent(func(l *lab) string { return "Bearer " + tampered(l.admin.id) })},
	{"an expired token", "token_expired", "", sent(func(l *lab) string { return "Bearer " + l.stale.id })},
	{"an access token where the ID token is taken", "token_use_id_expected", "Send the ID token", sent(func(l *lab) string { return "Bearer " + l.admin.access })},
	{"an access token that the method should take", "token_use_id_expected", "aws apigateway update-method", func(t *testing.T, l *lab) broken {
		return broken{curled: get(l.rest(t).at("/plain"), bearer(l.granted.access))}
	}},
	{"an ID token where an access token is taken", "token_use_access_expected", "Send the access token", func(t *testing.T, l *lab) broken {
		r := l.rest(t)
		return broken{curled: get(r.at("/scoped"), bearer(l.granted.id)), instead: then(get(r.at("/scoped"), bearer(l.granted.access)))}
	}},
	{"an ID token that the method should take", "token_use_access_expected", "aws apigateway update-method", func(t *testing.T, l *lab) broken {
		return broken{curled: get(l.rest(t).at("/scoped"), bearer(l.granted.id))}
	}},
	{"another client's token", "token_audience", "aws apigateway update-authorizer", func(t *testing.T, l *lab) broken {
		r := l.rest(t)
		r.editAuthorizer(t, "replace /identityValidationExpression=0123456789abcdefghijklmnop")
		r.deploy(t)
		return broken{curled: get(r.at("/plain"), bearer(l.admin.id))}
	}},
	{"an access token under a validation expression", "token_audience", "aws apigateway update-authorizer", func(t *testing.T, l *lab) broken {
		r := l.rest(t)
		r.editAuthorizer(t, "replace /identityValidationExpression="+l.clientID)
		r.deploy(t)
		return broken{curled: get(r.at("/scoped"), bearer(l.granted.access))}
	}},
	{"a deleted pool", "pool_not_found", "aws apigateway update-authorizer", func(t *testing.T, l *lab) broken {
		gone := l.newPool(t, "gone")
		token := gone.passwordSignIn(t, "jo")
		r := l.rest(t, func(d in) { put(d, poolScheme("Authorization", gone.poolARN), "components", "securitySchemes", "pool") })
		_, err := l.pools.DeleteUserPool(t.Context(), &cognito.DeleteUserPoolInput{UserPoolId: &gone.poolID})
		must(t, err)
		return broken{curled: get(r.at("/plain"), bearer(token.id)), instead: func(string) curled {
			return get(r.at("/plain"), bearer(r.trusted(t).passwordSignIn(t, "jo").id))
		}}
	}},
	{"a pool that was made anew under its id", "token_key_unknown", "Sign in again", func(t *testing.T, l *lab) broken {
		old := l.newPool(t, "old")
		token := old.passwordSignIn(t, "jo")
		_, err := l.pools.DeleteUserPool(t.Context(), &cognito.DeleteUserPoolInput{UserPoolId: &old.poolID})
		must(t, err)
		again := l.poolOf(t, &cognito.CreateUserPoolInput{PoolName: aws.String("anew"), UserPoolTags: map[string]string{"_custom_id_": old.poolID}})
		r := l.rest(t, func(d in) {
			put(d, poolScheme("Authorization", again.poolARN), "components", "securitySchemes", "pool")
		})
		return broken{curled: get(r.at("/plain"), bearer(token.id)), instead: func(string) curled {
			return get(r.at("/plain"), bearer(again.passwordSignIn(t, "jo").id))
		}}
	}},
}

// scopeFaults are the ways in which a token comes to lack a scope.
var scopeFaults = []fault{
	{"a token of InitiateAuth, which carries no scope of an API", "scope_missing", "login page", func(t *testing.T, l *lab) broken {
		r := l.rest(t)
		return broken{curled: get(r.at("/scoped"), bearer(l.admin.access)), check: "scope_asked", instead: then(get(r.at("/scoped"), bearer(l.granted.access)))}
	}},
	{"a scope that was not asked for", "scope_missing", "ask for", func(t *testing.T, l *lab) broken {
		r := l.rest(t)
		return broken{curled: get(r.at("/scoped"), bearer(l.narrow.access)), check: "scope_asked", instead: then(get(r.at("/scoped"), bearer(l.granted.access)))}
	}},
	{"a scope that the client may not be granted", "scope_missing", "aws cognito-idp update-user-pool-client", func(t *testing.T, l *lab) broken {
		r, web := l.rest(t), l.client(t, "openid")
		return broken{curled: get(r.at("/scoped"), bearer(web.pageSignIn(t, "openid").access)), check: "scope_allowed", instead: func(string) curled {
			return get(r.at("/scoped"), bearer(web.pageSignIn(t, "openid "+customScope).access))
		}}
	}},
	{"a token that is older than the grant", "scope_missing", "sign in again", func(t *testing.T, l *lab) broken {
		r := l.rest(t)
		_, err := l.pools.UpdateUserPoolClient(t.Context(), &cognito.UpdateUserPoolClientInput{
			UserPoolId: &l.poolID, ClientId: &l.aged.clientID, ClientName: aws.String("web"), AllowedOAuthFlowsUserPoolClient: true,
			AllowedOAuthFlows: []poolTypes.OAuthFlowType{"code"}, AllowedOAuthScopes: []string{"openid", customScope},
			CallbackURLs: []string{callbackURL}, SupportedIdentityProviders: []string{"COGNITO"},
		})
		must(t, err)
		return broken{curled: get(r.at("/scoped"), bearer(l.old.access)), check: "token_age", instead: func(string) curled {
			return get(r.at("/scoped"), bearer(l.aged.pageSignIn(t, "openid "+customScope).access))
		}}
	}},
	{"a scope that no resource server has", "scope_missing", "aws apigateway update-method", func(t *testing.T, l *lab) broken {
		r := l.rest(t, func(d in) { put(d, operation("pool", "user_management_lambdas/apis"), "paths", "/scoped", "get") })
		return broken{curled: get(r.at("/scoped"), bearer(l.granted.access)), check: "scope_exists", warns: "scope_not_allowed"}
	}},
	{"a method that should take the scope of InitiateAuth", "scope_missing", "aws apigateway update-method", func(t *testing.T, l *lab) broken {
		return broken{curled: get(l.rest(t).at("/scoped"), bearer(l.admin.access))}
	}},
}

// client is another app client of the lab's pool, for the login page.
func (l *lab) client(t *testing.T, scopes ...string) *site {
	t.Helper()
	made, err := l.pools.CreateUserPoolClient(t.Context(), &cognito.CreateUserPoolClientInput{
		UserPoolId: &l.poolID, ClientName: aws.String("web"), AllowedOAuthFlowsUserPoolClient: true, AllowedOAuthFlows: []poolTypes.OAuthFlowType{"code"},
		AllowedOAuthScopes: scopes, CallbackURLs: []string{callbackURL}, SupportedIdentityProviders: []string{"COGNITO"},
		ExplicitAuthFlows:   []poolTypes.ExplicitAuthFlowsType{"ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"},
		AccessTokenValidity: aws.Int32(24),
	})
	must(t, err)
	other := *l.site
	other.clientID = *made.UserPoolClient.ClientId
	return &other
}

// trusted is the pool that the authorizer trusts now, with a client and a user.
func (r *rest) trusted(t *testing.T) *site {
	t.Helper()
	a, err := r.apis.GetAuthorizer(t.Context(), &apigateway.GetAuthorizerInput{RestApiId: &r.id, AuthorizerId: &r.authorizer})
	must(t, err)
	if len(a.ProviderARNs) != 1 {
		t.Fatalf("the authorizer trusts %q", a.ProviderARNs)
	}
	_, id, _ := strings.Cut(a.ProviderARNs[0], "userpool/")
	return r.furnished(t, id)
}
