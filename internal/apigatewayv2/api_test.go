package apigatewayv2

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
)

func TestANewAPIShowsWhatAWSShows(t *testing.T) {
	g := newGate(t)
	made := ok(g.CreateApi(g.ctx(), &apigatewayv2.CreateApiInput{Name: aws.String("pets"), ProtocolType: types.ProtocolTypeHttp}))(t)
	if len(*made.ApiId) != 10 || made.CreatedDate == nil {
		t.Errorf("id %s, created %v", *made.ApiId, made.CreatedDate)
	}
	if want := "https://" + *made.ApiId + ".execute-api.eu-west-1.amazonaws.com"; *made.ApiEndpoint != want {
		t.Errorf("endpoint %s, want %s", *made.ApiEndpoint, want)
	}
	made.ApiId, made.CreatedDate, made.ApiEndpoint = nil, nil, nil
	shows(t, made, `{"name":"pets","protocolType":"HTTP","routeSelectionExpression":"$request.method $request.path",
		"apiKeySelectionExpression":"$request.header.x-api-key","disableExecuteApiEndpoint":false,"ipAddressType":"ipv4","tags":{}}`)
}

func TestWhereAnAPIIsReached(t *testing.T) {
	for _, c := range []struct{ name, public, want string }{
		{"AWS's own host without a server of its own", "", "https://abc.execute-api.eu-west-1.amazonaws.com"},
		{"a host name for each API on the local machine", "http://localhost:4566", "http://abc.execute-api.eu-west-1.localhost:4566"},
		{"loopback is the local machine", "http://127.0.0.1:4566", "http://abc.execute-api.eu-west-1.localhost:4566"},
		{"no port, no colon", "https://localhost", "https://abc.execute-api.eu-west-1.localhost"},
		{"a server with one name tells its APIs apart by the path", "https://gate.example.com/", "https://gate.example.com/_aws/execute-api/abc"},
	} {
		if got := New(Config{PublicURL: c.public}).endpoint("abc", testRegion); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestWhatNoAPICanBe(t *testing.T) {
	g := newGate(t)
	for _, c := range []struct {
		name string
		in   apigatewayv2.CreateApiInput
		want string
	}{
		{"a WebSocket API", apigatewayv2.CreateApiInput{Name: aws.String("a"), ProtocolType: types.ProtocolTypeWebsocket}, noWebSocket.Message},
		{"one without a name", apigatewayv2.CreateApiInput{ProtocolType: types.ProtocolTypeHttp}, "Invalid API name specified"},
		{
			"another route selection", apigatewayv2.CreateApiInput{Name: aws.String("a"), ProtocolType: types.ProtocolTypeHttp, RouteSelectionExpression: aws.String("$request.body.action")},
			`Route selection expression is currently limited to "${request.method} ${request.path}"`,
		},
		{
			"credentials for everybody", apigatewayv2.CreateApiInput{Name: aws.String("a"), ProtocolType: types.ProtocolTypeHttp, CorsConfiguration: &types.Cors{AllowCredentials: aws.Bool(true), AllowOrigins: []string{"*"}}},
			"allow-credentials is not supported if 'allow-origin' is *",
		},
		{
			"an origin that would split a header", apigatewayv2.CreateApiInput{Name: aws.String("a"), ProtocolType: types.ProtocolTypeHttp, CorsConfiguration: &types.Cors{AllowOrigins: []string{"https://a\r\nx: y"}}},
			"Invalid format for origin https://a\r\nx: y: an origin is *, or begins with http:// or https:// and has no path",
		},
		{
			"a header that is none", apigatewayv2.CreateApiInput{Name: aws.String("a"), ProtocolType: types.ProtocolTypeHttp, CorsConfiguration: &types.Cors{ExposeHeaders: []string{"a b"}}},
			"Invalid header name specified: a b",
		},
		{
			"a method that is none", apigatewayv2.CreateApiInput{Name: aws.String("a"), ProtocolType: types.ProtocolTypeHttp, CorsConfiguration: &types.Cors{AllowMethods: []string{"get"}}},
			"Invalid method get specified in allowMethods",
		},
		{"a route key alone", apigatewayv2.CreateApiInput{Name: aws.String("a"), ProtocolType: types.ProtocolTypeHttp, RouteKey: aws.String("GET /")}, "A routeKey can only be specified together with a target"},
		{
			"an id that no host name can have", apigatewayv2.CreateApiInput{Name: aws.String("a"), ProtocolType: types.ProtocolTypeHttp, Tags: map[string]string{customIDTag: "A_b"}},
			"Invalid value of the tag _custom_id_: lower-case letters, digits and inner hyphens, at most 63 in all",
		},
	} {
		t.Run(c.name, func(t *testing.T) { refused(g.CreateApi(g.ctx(), &c.in))(t, bad, c.want) })
	}
	for _, selection := range []string{routeSelection, routeSelectionAlias} {
		ok(g.CreateApi(g.ctx(), &apigatewayv2.CreateApiInput{Name: aws.String("a"), ProtocolType: types.ProtocolTypeHttp, RouteSelectionExpression: &selection}))(t)
	}
}

func TestAPIsOfOthersAreAsGoodAsMissing(t *testing.T) {
	g := newGate(t)
	api := g.createAPI()
	route := g.createRoute(api, "GET /")
	for name, ctx := range map[string]struct{ account, region string }{"another account": {"222222222222", testRegion}, "another region": {testAccount, "us-east-1"}} {
		other := as(t.Context(), ctx.account, ctx.region)
		want := "Invalid API identifier specified " + ctx.account + ":" + *api
		t.Run(name, func(t *testing.T) {
			refused(g.GetApi(other, &apigatewayv2.GetApiInput{ApiId: api}))(t, missing, want)
			refused(g.DeleteApi(other, &apigatewayv2.DeleteApiInput{ApiId: api}))(t, missing, want)
			refused(g.GetRoute(other, &apigatewayv2.GetRouteInput{ApiId: api, RouteId: route}))(t, missing, want)
			refused(g.CreateDeployment(other, &apigatewayv2.CreateDeploymentInput{ApiId: api}))(t, missing, want)
			if list := ok(g.GetApis(other, &apigatewayv2.GetApisInput{}))(t); len(list.Items) != 0 {
				t.Errorf("they see %v", list.Items)
			}
		})
	}
	refused(g.GetApi(g.ctx(), &apigatewayv2.GetApiInput{ApiId: aws.String("nosuchapi0")}))(t, missing, "Invalid API identifier specified 111111111111:nosuchapi0")
}

func TestUpdateChangesWhatIsGivenAndNoMore(t *testing.T) {
	g := newGate(t)
	api := g.createAPI()
	cors := &types.Cors{AllowOrigins: []string{"https://a.example"}, MaxAge: aws.Int32(60)}
	updated := ok(g.UpdateApi(g.ctx(), &apigatewayv2.UpdateApiInput{ApiId: api, Description: aws.String("of pets"), CorsConfiguration: cors}))(t)
	if *updated.Name != "pets" || *updated.Description != "of pets" || *updated.CorsConfiguration.MaxAge != 60 {
		t.Errorf("%+v", updated)
	}
	// A CORS configuration is one setting: a new one replaces the old one.
	updated = ok(g.UpdateApi(g.ctx(), &apigatewayv2.UpdateApiInput{ApiId: api, Description: aws.String(""), CorsConfiguration: &types.Cors{AllowOrigins: []string{"*"}}}))(t)
	if updated.Description != nil || updated.CorsConfiguration.MaxAge != nil {
		t.Errorf("%+v", updated)
	}
	ok(g.DeleteCorsConfiguration(g.ctx(), &apigatewayv2.DeleteCorsConfigurationInput{ApiId: api}))(t)
	if got := ok(g.GetApi(g.ctx(), &apigatewayv2.GetApiInput{ApiId: api}))(t); got.CorsConfiguration != nil {
		t.Errorf("%+v", got.CorsConfiguration)
	}
	refused(g.UpdateApi(g.ctx(), &apigatewayv2.UpdateApiInput{ApiId: api, Target: aws.String("https://a.example")}))(t, bad, notQuick.Message)
}

func TestListsGoByPages(t *testing.T) {
	g := newGate(t)
	for range 5 {
		g.createAPI()
	}
	seen := map[string]bool{}
	in := &apigatewayv2.GetApisInput{MaxResults: aws.String("2")}
	for pages := 0; ; pages++ {
		out := ok(g.GetApis(g.ctx(), in))(t)
		for _, api := range out.Items {
			seen[*api.ApiId] = true
		}
		if in.NextToken = out.NextToken; in.NextToken == nil {
			if pages != 2 || len(seen) != 5 {
				t.Errorf("%d APIs on %d pages", len(seen), pages+1)
			}
			break
		}
	}
	refused(g.GetApis(g.ctx(), &apigatewayv2.GetApisInput{MaxResults: aws.String("many")}))(t, bad, badMost.Message)
	refused(g.GetApis(g.ctx(), &apigatewayv2.GetApisInput{NextToken: aws.String("*")}))(t, bad, badToken.Message)
	api := g.createAPI()
	refused(g.GetRoutes(g.ctx(), &apigatewayv2.GetRoutesInput{ApiId: api, MaxResults: aws.String("0")}))(t, bad, badMost.Message)
	refused(g.GetRoutes(g.ctx(), &apigatewayv2.GetRoutesInput{ApiId: api, NextToken: aws.String("*")}))(t, bad, badToken.Message)
}

func TestQuickCreateMakesAnAPIThatServes(t *testing.T) {
	for _, c := range []struct{ name, target, key, method, version, kind string }{
		{"a function", testFunction, "", "POST", "2.0", "AWS_PROXY"},
		{"a backend", "https://pets.example.com", "GET /pets", "ANY", "1.0", "HTTP_PROXY"},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := newGate(t)
			in := &apigatewayv2.CreateApiInput{Name: aws.String("pets"), ProtocolType: types.ProtocolTypeHttp, Target: &c.target}
			if c.key != "" {
				in.RouteKey = &c.key
			}
			api := ok(g.CreateApi(g.ctx(), in))(t).ApiId
			published, err := g.Published(t.Context(), *api)
			if err != nil {
				t.Fatal(err)
			}
			snapshot := published[DefaultStage].Snapshot
			i, r := snapshot.Integrations[0].Value, snapshot.Routes[0].Value
			if string(i.IntegrationType) != c.kind || *i.IntegrationMethod != c.method || *i.PayloadFormatVersion != c.version || *i.TimeoutInMillis != 30000 {
				t.Errorf("%+v", i)
			}
			if want := c.key; *r.RouteKey != want && (want != "" || *r.RouteKey != DefaultRouteKey) || *r.Target != "integrations/"+*i.IntegrationId {
				t.Errorf("%+v", r)
			}
			const cannot = "Cannot delete %s that is managed by API Gateway"
			refused(g.DeleteIntegration(g.ctx(), &apigatewayv2.DeleteIntegrationInput{ApiId: api, IntegrationId: i.IntegrationId}))(t, bad, strings.ReplaceAll(cannot, "%s", "integration"))
			refused(g.DeleteRoute(g.ctx(), &apigatewayv2.DeleteRouteInput{ApiId: api, RouteId: r.RouteId}))(t, bad, strings.ReplaceAll(cannot, "%s", "route"))
			refused(g.DeleteStage(g.ctx(), &apigatewayv2.DeleteStageInput{ApiId: api, StageName: aws.String(DefaultStage)}))(t, bad, strings.ReplaceAll(cannot, "%s", "stage"))

			ok(g.UpdateApi(g.ctx(), &apigatewayv2.UpdateApiInput{ApiId: api, Target: aws.String("https://other.example.com"), RouteKey: aws.String("ANY /{proxy+}")}))(t)
			published, err = g.Published(t.Context(), *api)
			if err != nil {
				t.Fatal(err)
			}
			snapshot = published[DefaultStage].Snapshot
			if got := *snapshot.Integrations[0].Value.IntegrationUri; got != "https://other.example.com" || *snapshot.Routes[0].Value.RouteKey != "ANY /{proxy+}" {
				t.Errorf("%s, %s", got, *snapshot.Routes[0].Value.RouteKey)
			}
		})
	}
}

func TestADeletedAPIIsGoneWithAllInside(t *testing.T) {
	g := newGate(t)
	api := g.createAPI()
	g.createRoute(api, "GET /")
	g.createStage(api, "prod", true)
	ok(g.DeleteApi(g.ctx(), &apigatewayv2.DeleteApiInput{ApiId: api}))(t)
	if _, err := g.Published(t.Context(), *api); err == nil {
		t.Error("it is still served")
	}
	// An API that is pinned to the same id begins empty.
	ok(g.CreateApi(g.ctx(), &apigatewayv2.CreateApiInput{Name: aws.String("b"), ProtocolType: types.ProtocolTypeHttp, Tags: map[string]string{customIDTag: *api}}))(t)
	if list := ok(g.GetRoutes(g.ctx(), &apigatewayv2.GetRoutesInput{ApiId: api}))(t); len(list.Items) != 0 {
		t.Errorf("%v", list.Items)
	}
	refused(g.CreateApi(g.ctx(), &apigatewayv2.CreateApiInput{Name: aws.String("b"), ProtocolType: types.ProtocolTypeHttp, Tags: map[string]string{customIDTag: *api}}))(t, taken, "API with id "+*api+" already exists")
}
