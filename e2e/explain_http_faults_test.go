package e2e

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	v2types "github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
)

// httpLab is an HTTP API of a fault: GET /plain and GET /scoped behind a JWT authorizer, GET /open behind none. Its stage is $default.
type httpLab struct {
	*lab
	id, authorizer, integration string
	routes                      map[string]string
}

// http makes an HTTP API whose authorizer trusts an issuer and an audience, empty for those of the lab.
func (l *lab) http(t *testing.T, edit func(*apigatewayv2.CreateAuthorizerInput)) *httpLab {
	t.Helper()
	api, err := l.https.CreateApi(t.Context(), &apigatewayv2.CreateApiInput{Name: aws.String("fault"), ProtocolType: v2types.ProtocolTypeHttp})
	must(t, err)
	h := &httpLab{lab: l, id: *api.ApiId, routes: map[string]string{}}
	settings := &apigatewayv2.CreateAuthorizerInput{ApiId: &h.id, Name: aws.String("pool"), AuthorizerType: v2types.AuthorizerTypeJwt,
		IdentitySource: []string{"$request.header.Authorization"}, JwtConfiguration: &v2types.JWTConfiguration{Issuer: &l.issuer, Audience: []string{l.clientID}}}
	if edit != nil {
		edit(settings)
	}
	authorizer, err := l.https.CreateAuthorizer(t.Context(), settings)
	must(t, err)
	h.authorizer = *authorizer.AuthorizerId
	uri := l.backend.URL + "/ok"
	integration, err := l.https.CreateIntegration(t.Context(), &apigatewayv2.CreateIntegrationInput{ApiId: &h.id, IntegrationType: v2types.IntegrationTypeHttpProxy,
		IntegrationMethod: aws.String("GET"), IntegrationUri: &uri, PayloadFormatVersion: aws.String("1.0")})
	must(t, err)
	h.integration = *integration.IntegrationId
	h.route(t, "GET /open", "NONE")
	kind := v2types.AuthorizationTypeJwt
	if settings.AuthorizerType == v2types.AuthorizerTypeRequest {
		kind = v2types.AuthorizationTypeCustom
	}
	h.route(t, "GET /plain", kind)
	if kind == v2types.AuthorizationTypeJwt {
		h.route(t, "GET /scoped", kind, customScope)
	}
	_, err = l.https.CreateStage(t.Context(), &apigatewayv2.CreateStageInput{ApiId: &h.id, StageName: aws.String("$default")})
	must(t, err)
	h.deploy(t)
	return h
}

func (h *httpLab) route(t *testing.T, key string, kind v2types.AuthorizationType, scopes ...string) {
	t.Helper()
	route := &apigatewayv2.CreateRouteInput{ApiId: &h.id, RouteKey: &key, AuthorizationType: kind, AuthorizationScopes: scopes, Target: aws.String("integrations/" + h.integration)}
	if kind == v2types.AuthorizationTypeJwt || kind == v2types.AuthorizationTypeCustom {
		route.AuthorizerId = &h.authorizer
	}
	made, err := h.https.CreateRoute(t.Context(), route)
	must(t, err)
	h.routes[key] = *made.RouteId
}

func (h *httpLab) deploy(t *testing.T) {
	t.Helper()
	_, err := h.https.CreateDeployment(t.Context(), &apigatewayv2.CreateDeploymentInput{ApiId: &h.id, StageName: aws.String("$default")})
	must(t, err)
}

func (h *httpLab) at(path string) string { return h.url + "/_aws/execute-api/" + h.id + path }

// target changes where the API's routes lead.
func (h *httpLab) target(t *testing.T, uri string) curled {
	t.Helper()
	_, err := h.https.UpdateIntegration(t.Context(), &apigatewayv2.UpdateIntegrationInput{ApiId: &h.id, IntegrationId: &h.integration, IntegrationUri: &uri, IntegrationMethod: aws.String("GET")})
	must(t, err)
	h.deploy(t)
	return get(h.at("/open"))
}

// asRoute is a fault of what is sent to GET /plain of an HTTP API, mended by sending a token that it takes.
func asRoute(headers func(l *lab) []string) func(*testing.T, *lab) broken {
	return func(t *testing.T, l *lab) broken {
		h := l.http(t, nil)
		return broken{curled: get(h.at("/plain"), headers(l)...), instead: then(get(h.at("/plain"), bearer(l.admin.id)))}
	}
}

// asksFunction makes the authorizer a function.
func asksFunction(l *lab) func(*apigatewayv2.CreateAuthorizerInput) {
	return func(a *apigatewayv2.CreateAuthorizerInput) {
		a.AuthorizerType, a.JwtConfiguration, a.IdentitySource = v2types.AuthorizerTypeRequest, nil, []string{"$request.header.X-Token"}
		a.AuthorizerUri, a.AuthorizerPayloadFormatVersion, a.EnableSimpleResponses = aws.String(invocation(l.shared)), aws.String("2.0"), aws.Bool(true)
	}
}

var httpFaults = []fault{
	{"no token at a JWT authorizer", "identity_source_missing", "", asRoute(func(*lab) []string { return nil })},
	{"a token with a word too many", "token_malformed", "", asRoute(func(l *lab) []string { return []string{bearer("Bearer " + l.admin.id)} })},
	{"a refresh token at a JWT authorizer", "token_is_refresh_token", "", asRoute(func(l *lab) []string { return []string{bearer(l.admin.refresh)} })},
	{"a forged token at a JWT authorizer", "token_signature", "", asRoute(func(l *lab) []string { return []string{bearer(tampered(l.admin.id))} })},
	{"an expired token at a JWT authorizer", "token_expired", "", asRoute(func(l *lab) []string { return []string{bearer(l.stale.id)} })},
	{"a token from the future", "token_not_yet_valid", "", asRoute(func(l *lab) []string { return []string{bearer(l.early.id)} })},
	{"another pool's token at a JWT authorizer", "token_issuer", "aws apigatewayv2 update-authorizer", func(t *testing.T, l *lab) broken {
		h := l.http(t, nil)
		return broken{curled: get(h.at("/plain"), bearer(l.foreign.id)), instead: func(string) curled {
			h.audience(t, l.stranger.clientID)
			return get(h.at("/plain"), bearer(l.foreign.id))
		}}
	}},
	{"an issuer with a slash too many", "token_issuer", "aws apigatewayv2 update-authorizer", func(t *testing.T, l *lab) broken {
		h := l.http(t, func(a *apigatewayv2.CreateAuthorizerInput) { a.JwtConfiguration.Issuer = aws.String(l.issuer + "/") })
		return broken{curled: get(h.at("/plain"), bearer(l.admin.id))}
	}},
	{"another client's token at a JWT authorizer", "token_audience", "aws apigatewayv2 update-authorizer", func(t *testing.T, l *lab) broken {
		h := l.http(t, func(a *apigatewayv2.CreateAuthorizerInput) {
			a.JwtConfiguration.Audience = []string{"0123456789abcdefghijklmnop"}
		})
		return broken{curled: get(h.at("/plain"), bearer(l.admin.id))}
	}},
	{"a scope that the token lacks", "scope_missing", "aws apigatewayv2 update-route", func(t *testing.T, l *lab) broken {
		return broken{curled: get(l.http(t, nil).at("/scoped"), bearer(l.admin.access))}
	}},
	{"an ID token at a route with scopes", "scope_missing", "", func(t *testing.T, l *lab) broken {
		h := l.http(t, nil)
		return broken{curled: get(h.at("/scoped"), bearer(l.admin.id)), instead: then(get(h.at("/scoped"), bearer(l.granted.access)))}
	}},
	{"an issuer that does not answer", "keys_unavailable", "", func(t *testing.T, l *lab) broken {
		const nobody = "http://127.0.0.1:1/eu-west-1_Nobody000"
		h := l.http(t, func(a *apigatewayv2.CreateAuthorizerInput) { a.JwtConfiguration.Issuer = aws.String(nobody) })
		token := unsigned(t, `{"alg":"RS256","kid":"k"}`, in{"iss": nobody, "aud": l.clientID, "exp": 4102444800})
		return broken{curled: get(h.at("/plain"), bearer(token)), skipStep: true, instead: func(string) curled {
			h.issuedBy(t, l.issuer)
			return get(h.at("/plain"), bearer(l.admin.id))
		}}
	}},
	{"a pool that a JWT authorizer trusted is gone", "pool_not_found", "", func(t *testing.T, l *lab) broken {
		gone := l.newPool(t, "gone")
		token := gone.passwordSignIn(t, "jo")
		issuer := l.issuerOf(t, gone.poolID)
		h := l.http(t, func(a *apigatewayv2.CreateAuthorizerInput) {
			a.JwtConfiguration.Issuer, a.JwtConfiguration.Audience = &issuer, []string{gone.clientID}
		})
		l.deletePool(t, gone.poolID)
		return broken{curled: get(h.at("/plain"), bearer(token.id)), skipStep: true, instead: func(string) curled {
			h.issuedBy(t, l.issuer)
			h.audience(t, l.clientID)
			return get(h.at("/plain"), bearer(l.admin.id))
		}}
	}},
	{"a route that is not there", "route_not_found", "", func(t *testing.T, l *lab) broken {
		h := l.http(t, nil)
		return broken{curled: get(h.at("/nowhere"), bearer(l.admin.id)), instead: then(get(h.at("/plain"), bearer(l.admin.id)))}
	}},
	{"a route that is not deployed", "route_not_found", "aws apigatewayv2 create-deployment", func(t *testing.T, l *lab) broken {
		h := l.http(t, nil)
		h.route(t, "GET /added", "NONE")
		return broken{curled: get(h.at("/added")), warns: "undeployed_change"}
	}},
	{"an HTTP API's own endpoint is disabled", "endpoint_disabled", "aws apigatewayv2 update-api", func(t *testing.T, l *lab) broken {
		h := l.http(t, nil)
		_, err := l.https.UpdateApi(t.Context(), &apigatewayv2.UpdateApiInput{ApiId: &h.id, DisableExecuteApiEndpoint: aws.Bool(true)})
		must(t, err)
		h.deploy(t)
		return broken{curled: get(h.at("/plain"), bearer(l.admin.id))}
	}},
	{"a route that wants a signature", "signature_missing", "", func(t *testing.T, l *lab) broken {
		h := l.http(t, nil)
		h.route(t, "GET /signed", "AWS_IAM")
		h.deploy(t)
		return broken{curled: get(h.at("/signed"), bearer(l.admin.id))}
	}},
	{"a stage of routes that lets nothing through", "throttled", "aws apigatewayv2 update-stage", func(t *testing.T, l *lab) broken {
		h := l.http(t, nil)
		_, err := l.https.UpdateStage(t.Context(), &apigatewayv2.UpdateStageInput{ApiId: &h.id, StageName: aws.String("$default"),
			DefaultRouteSettings: &v2types.RouteSettings{ThrottlingBurstLimit: aws.Int32(0), ThrottlingRateLimit: aws.Float64(0)}})
		must(t, err)
		return broken{curled: get(h.at("/open"))}
	}},
	{"the function of an HTTP API refuses", "authorizer_denied", "", func(t *testing.T, l *lab) broken {
		h := l.http(t, asksFunction(l))
		return broken{curled: get(h.at("/plain"), "X-Token: stranger"), instead: then(get(h.at("/plain"), "X-Token: friend"))}
	}},
	{"the function of an HTTP API fails", "authorizer_failed", "", func(t *testing.T, l *lab) broken {
		h := l.http(t, asksFunction(l))
		return broken{curled: get(h.at("/plain"), "X-Token: throws"), instead: then(get(h.at("/plain"), "X-Token: friend"))}
	}},
	{"no identity for the function of an HTTP API", "identity_source_missing", "", func(t *testing.T, l *lab) broken {
		h := l.http(t, asksFunction(l))
		return broken{curled: get(h.at("/plain")), instead: then(get(h.at("/plain"), "X-Token: friend"))}
	}},
	{"the backend of an HTTP API answers 403", "integration_refused", "", func(t *testing.T, l *lab) broken {
		h := l.http(t, nil)
		h.target(t, l.backend.URL+"/403")
		return broken{curled: get(h.at("/open")), instead: func(string) curled { return h.target(t, l.backend.URL+"/ok") }}
	}},
	{"the backend of an HTTP API is not there", "integration_failed", "", func(t *testing.T, l *lab) broken {
		h := l.http(t, nil)
		h.target(t, "http://127.0.0.1:1/ok")
		return broken{curled: get(h.at("/open")), skipStep: true, instead: func(string) curled { return h.target(t, l.backend.URL+"/ok") }}
	}},
	{"a stage that an HTTP API does not have", "route_not_found", "", func(t *testing.T, l *lab) broken {
		h := l.http(t, nil)
		return broken{curled: get(strings.Replace(h.at("/plain"), "/plain", "/prod/plain", 1), bearer(l.admin.id)), instead: then(get(h.at("/plain"), bearer(l.admin.id)))}
	}},
}

// audience makes the authorizer take another client's tokens.
func (h *httpLab) audience(t *testing.T, client string) {
	t.Helper()
	h.jwt(t, func(c *v2types.JWTConfiguration) { c.Audience = []string{client} })
}

// issuedBy makes the authorizer trust another issuer.
func (h *httpLab) issuedBy(t *testing.T, issuer string) {
	t.Helper()
	h.jwt(t, func(c *v2types.JWTConfiguration) { c.Issuer = &issuer })
}

func (h *httpLab) jwt(t *testing.T, edit func(*v2types.JWTConfiguration)) {
	t.Helper()
	now, err := h.https.GetAuthorizer(t.Context(), &apigatewayv2.GetAuthorizerInput{ApiId: &h.id, AuthorizerId: &h.authorizer})
	must(t, err)
	edit(now.JwtConfiguration)
	_, err = h.https.UpdateAuthorizer(t.Context(), &apigatewayv2.UpdateAuthorizerInput{ApiId: &h.id, AuthorizerId: &h.authorizer, JwtConfiguration: now.JwtConfiguration})
	must(t, err)
	h.deploy(t)
}
