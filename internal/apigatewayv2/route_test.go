package apigatewayv2

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
)

func TestANewRouteShowsWhatAWSShows(t *testing.T) {
	g := newGate(t)
	made := ok(g.CreateRoute(g.ctx(), &apigatewayv2.CreateRouteInput{ApiId: g.createAPI(), RouteKey: aws.String("GET /pets")}))(t)
	if len(*made.RouteId) != 7 {
		t.Errorf("id %s", *made.RouteId)
	}
	made.RouteId = nil
	shows(t, made, `{"routeKey":"GET /pets","apiKeyRequired":false,"authorizationType":"NONE"}`)
}

func TestRouteKeys(t *testing.T) {
	const (
		format = `The provided route key is not formatted properly for HTTP protocol. Format should be "[HTTP METHOD] /[RESOURCE PATH]" or "$default"`
		path   = "path"
	)
	for key, want := range map[string]string{
		"$default": "", "GET /": "", "ANY /{proxy+}": "", "POST /pets/{id}/toys": "", "GET /pets/": "", "GET /a.b-c_d~e/%20": "",
		"": format, "GET": format, "GET pets": format, "/pets": format, "TRACE /items": format, "get /pets": format, "$connect": format, "GET  /pets": format,
		"GET /a//b": path, "GET /{proxy+}/x": path, "GET /{id}/{id}": path, "GET /{": path, "GET /a{id}": path, "GET /{}": path,
		"GET /a b": path, "GET /../x": path, "GET /./x": path, "GET /x?y": path, "GET /x#y": path, "GET /%2": path, "GET /a\\b": path, "GET /a;b": path,
	} {
		_, err := routeShape(key)
		switch {
		case want == "" && err != nil:
			t.Errorf("%q: %v", key, err)
		case want == format && (err == nil || messageOf(err) != format):
			t.Errorf("%q: %v", key, err)
		case want == path && (err == nil || messageOf(err) == format):
			t.Errorf("%q: %v", key, err)
		}
	}
}

func TestARouteKeyHasAnEnd(t *testing.T) {
	if _, err := routeShape("GET /" + strings.Repeat("a", greatestPath-1)); err != nil {
		t.Error(err)
	}
	if _, err := routeShape("GET /" + strings.Repeat("a/", greatestPath)); err == nil {
		t.Error("a path of 4 KiB is accepted")
	}
}

func TestNoTwoRoutesMatchTheSame(t *testing.T) {
	g := newGate(t)
	api := g.createAPI()
	create := func(key string) (*apigatewayv2.CreateRouteOutput, error) {
		return g.CreateRoute(g.ctx(), &apigatewayv2.CreateRouteInput{ApiId: api, RouteKey: &key})
	}
	ok(create("GET /pets/{id}"))(t)
	ok(create("POST /pets/{id}"))(t)
	ok(create("GET /pets/{id+}"))(t)
	refused(create("GET /pets/{id}"))(t, taken, "Route with key GET /pets/{id} already exists for this API")
	refused(create("GET /pets/{pet}"))(t, taken, `The provided route key "GET /pets/{pet}" has a conflicting variable on the same hierarchical level as "GET /pets/{id}"`)
	other := ok(create("GET /"))(t)
	refused(g.UpdateRoute(g.ctx(), &apigatewayv2.UpdateRouteInput{ApiId: api, RouteId: other.RouteId, RouteKey: aws.String("POST /pets/{id}")}))(t,
		taken, "Route with key POST /pets/{id} already exists for this API")
	ok(g.UpdateRoute(g.ctx(), &apigatewayv2.UpdateRouteInput{ApiId: api, RouteId: other.RouteId, RouteKey: aws.String("GET /")}))(t)
}

func TestARoutesAuthorizationNeedsItsAuthorizer(t *testing.T) {
	g := newGate(t)
	api := g.createAPI()
	jwt, function, integration := g.createJWT(api, "tokens"), g.createFunctionAuthorizer(api, "function"), g.createIntegration(api)
	const (
		needsTokens   = "Invalid authorizer ID specified. Setting the authorization type to JWT requires a valid JWT authorizer."
		needsFunction = "Invalid authorizer ID specified. Setting the authorization type to CUSTOM requires a valid authorizer."
		scopes        = "Authorization Scopes are only valid for COGNITO_USER_POOLS and JWT authorization type"
		target        = "Unexpected or malformed target in route. Correct format should be integrations/<integration_id>."
	)
	for _, c := range []struct {
		name       string
		in         apigatewayv2.CreateRouteInput
		code, want string
	}{
		{"tokens by nobody", apigatewayv2.CreateRouteInput{AuthorizationType: types.AuthorizationTypeJwt}, bad, needsTokens},
		{"tokens by an unknown one", apigatewayv2.CreateRouteInput{AuthorizationType: types.AuthorizationTypeJwt, AuthorizerId: aws.String("nobody")}, bad, needsTokens},
		{"tokens by a function", apigatewayv2.CreateRouteInput{AuthorizationType: types.AuthorizationTypeJwt, AuthorizerId: function}, bad, needsTokens},
		{"a function that is none", apigatewayv2.CreateRouteInput{AuthorizationType: types.AuthorizationTypeCustom, AuthorizerId: jwt}, bad, needsFunction},
		{"scopes without tokens", apigatewayv2.CreateRouteInput{AuthorizationType: types.AuthorizationTypeCustom, AuthorizerId: function, AuthorizationScopes: []string{"a"}}, bad, scopes},
		{"scopes of an open route", apigatewayv2.CreateRouteInput{AuthorizationScopes: []string{"a"}}, bad, scopes},
		{"an API key", apigatewayv2.CreateRouteInput{ApiKeyRequired: aws.Bool(true)}, bad, "ApiKeyRequired is not currently supported for HTTP APIs."},
		{"a target that is none", apigatewayv2.CreateRouteInput{Target: integration}, bad, target},
		{"a target with more behind it", apigatewayv2.CreateRouteInput{Target: aws.String("integrations/a/b")}, bad, target},
		{"a target that is missing", apigatewayv2.CreateRouteInput{Target: aws.String("integrations/missing")}, missing, "Invalid Integration identifier specified"},
		{"a parameter that is none", apigatewayv2.CreateRouteInput{RequestParameters: map[string]types.ParameterConstraints{"x": {}}}, bad, "Invalid request parameter specified: x"},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.in.ApiId, c.in.RouteKey = api, aws.String("GET /x")
			refused(g.CreateRoute(g.ctx(), &c.in))(t, c.code, c.want)
		})
	}
	for name, in := range map[string]apigatewayv2.CreateRouteInput{
		"GET /jwt":    {AuthorizationType: types.AuthorizationTypeJwt, AuthorizerId: jwt, AuthorizationScopes: []string{"a", "b"}},
		"GET /custom": {AuthorizationType: types.AuthorizationTypeCustom, AuthorizerId: function},
		"GET /iam":    {AuthorizationType: types.AuthorizationTypeAwsIam},
		"GET /none":   {AuthorizerId: jwt},
	} {
		in.ApiId, in.RouteKey = api, &name
		if made := ok(g.CreateRoute(g.ctx(), &in))(t); name == "GET /none" && made.AuthorizerId != nil {
			t.Errorf("%s has an authorizer", name)
		}
	}
}

func TestARouteCanBeOpenedAgain(t *testing.T) {
	g := newGate(t)
	api := g.createAPI()
	jwt := g.createJWT(api, "tokens")
	route := ok(g.CreateRoute(g.ctx(), &apigatewayv2.CreateRouteInput{
		ApiId: api, RouteKey: aws.String("GET /"), AuthorizationType: types.AuthorizationTypeJwt, AuthorizerId: jwt, AuthorizationScopes: []string{"a"},
		RequestParameters: map[string]types.ParameterConstraints{"route.request.header.x": {Required: aws.Bool(true)}},
	}))(t).RouteId
	refused(g.DeleteAuthorizer(g.ctx(), &apigatewayv2.DeleteAuthorizerInput{ApiId: api, AuthorizerId: jwt}))(t, taken, "Cannot delete authorizer 'tokens', is referenced in route: GET /")
	opened := ok(g.UpdateRoute(g.ctx(), &apigatewayv2.UpdateRouteInput{ApiId: api, RouteId: route, AuthorizationType: types.AuthorizationTypeNone}))(t)
	opened.RouteId = nil
	shows(t, opened, `{"routeKey":"GET /","apiKeyRequired":false,"authorizationType":"NONE","requestParameters":{"route.request.header.x":{"required":true}}}`)
	ok(g.DeleteAuthorizer(g.ctx(), &apigatewayv2.DeleteAuthorizerInput{ApiId: api, AuthorizerId: jwt}))(t)

	key := aws.String("route.request.header.x")
	ok(g.DeleteRouteRequestParameter(g.ctx(), &apigatewayv2.DeleteRouteRequestParameterInput{ApiId: api, RouteId: route, RequestParameterKey: key}))(t)
	refused(g.DeleteRouteRequestParameter(g.ctx(), &apigatewayv2.DeleteRouteRequestParameterInput{ApiId: api, RouteId: route, RequestParameterKey: key}))(t, missing, noParameter.Message)
	if got := ok(g.GetRoute(g.ctx(), &apigatewayv2.GetRouteInput{ApiId: api, RouteId: route}))(t); got.RequestParameters != nil {
		t.Errorf("%v", got.RequestParameters)
	}
	ok(g.DeleteRoute(g.ctx(), &apigatewayv2.DeleteRouteInput{ApiId: api, RouteId: route}))(t)
	refused(g.GetRoute(g.ctx(), &apigatewayv2.GetRouteInput{ApiId: api, RouteId: route}))(t, missing, noRoute.Message)
	refused(g.UpdateRoute(g.ctx(), &apigatewayv2.UpdateRouteInput{ApiId: api, RouteId: route}))(t, missing, noRoute.Message)
	refused(g.DeleteRoute(g.ctx(), &apigatewayv2.DeleteRouteInput{ApiId: api, RouteId: route}))(t, missing, noRoute.Message)
}
