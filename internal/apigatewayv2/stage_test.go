package apigatewayv2

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
	"github.com/google/go-cmp/cmp"
)

const testLogGroup = "arn:aws:logs:eu-west-1:111111111111:log-group:/pets"

func TestANewStageShowsWhatAWSShows(t *testing.T) {
	g := newGate(t)
	api := g.createAPI()
	stage := g.createStage(api, "prod", false)
	if stage.CreatedDate == nil || stage.LastUpdatedDate == nil {
		t.Error("it has no dates")
	}
	stage.CreatedDate, stage.LastUpdatedDate = nil, nil
	shows(t, stage, `{"stageName":"prod","defaultRouteSettings":{"detailedMetricsEnabled":false},"routeSettings":{},"stageVariables":{},"tags":{}}`)
	refused(g.CreateStage(g.ctx(), &apigatewayv2.CreateStageInput{ApiId: api, StageName: aws.String("prod")}))(t, taken, "Stage already exists")
}

func TestWhatNoStageCanBe(t *testing.T) {
	g := newGate(t)
	api := g.createAPI()
	g.createRoute(api, "GET /a")
	for _, c := range []struct {
		name       string
		in         apigatewayv2.CreateStageInput
		code, want string
	}{
		{"a name with a slash", apigatewayv2.CreateStageInput{StageName: aws.String("a/b")}, bad, "Stage name only allows a-zA-Z0-9_-"},
		{"another name with a dollar", apigatewayv2.CreateStageInput{StageName: aws.String("$other")}, bad, "Stage name only allows a-zA-Z0-9_-"},
		{"an unknown deployment", apigatewayv2.CreateStageInput{DeploymentId: aws.String("none")}, missing, noDeployment.Message},
		{"a variable that is none", apigatewayv2.CreateStageInput{StageVariables: map[string]string{"a-b": "c"}}, bad, "Invalid stage variable a-b: names hold a-zA-Z0-9_ and values hold a-zA-Z0-9-._~:/?#&=,"},
		{"a variable that is a template", apigatewayv2.CreateStageInput{StageVariables: map[string]string{"a": "${b}"}}, bad, "Invalid stage variable a: names hold a-zA-Z0-9_ and values hold a-zA-Z0-9-._~:/?#&=,"},
		{"execution logs", apigatewayv2.CreateStageInput{DefaultRouteSettings: &types.RouteSettings{LoggingLevel: types.LoggingLevelInfo}}, bad, "Execution logs are not supported on protocolType HTTP"},
		{"data traces", apigatewayv2.CreateStageInput{DefaultRouteSettings: &types.RouteSettings{DataTraceEnabled: aws.Bool(true)}}, bad, "Execution logs are not supported on protocolType HTTP"},
		{"a limit below nothing", apigatewayv2.CreateStageInput{DefaultRouteSettings: &types.RouteSettings{ThrottlingRateLimit: aws.Float64(-1)}}, bad, badThrottle.Message},
		{"settings of no route", apigatewayv2.CreateStageInput{RouteSettings: map[string]types.RouteSettings{"GET /b": {}}}, missing, "Unable to find Route by key GET /b within the provided RouteSettings"},
		{"bad settings of a route", apigatewayv2.CreateStageInput{RouteSettings: map[string]types.RouteSettings{"GET /a": {ThrottlingBurstLimit: aws.Int32(-1)}}}, bad, badThrottle.Message},
		{"logs that cannot be told apart", apigatewayv2.CreateStageInput{AccessLogSettings: &types.AccessLogSettings{DestinationArn: aws.String(testLogGroup), Format: aws.String("$context.status")}}, bad, "Access Log format must include either $context.requestId or $context.extendedRequestId"},
		{"logs to a stream", apigatewayv2.CreateStageInput{AccessLogSettings: &types.AccessLogSettings{DestinationArn: aws.String("arn:aws:firehose:eu-west-1:111111111111:deliverystream/a"), Format: aws.String("$context.requestId")}}, bad, noLogGroup.Message},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.in.ApiId = api; c.in.StageName == nil {
				c.in.StageName = aws.String("prod")
			}
			refused(g.CreateStage(g.ctx(), &c.in))(t, c.code, c.want)
		})
	}
	if list := ok(g.GetStages(g.ctx(), &apigatewayv2.GetStagesInput{ApiId: api}))(t); len(list.Items) != 0 {
		t.Errorf("a refusal left %v", list.Items)
	}
}

func TestAStagesSettingsActAtOnce(t *testing.T) {
	g := newGate(t)
	api := g.createAPI()
	g.createRoute(api, "GET /a")
	g.createStage(api, "prod", false)
	g.deploy(api, "prod")
	name := aws.String("prod")
	in := &apigatewayv2.UpdateStageInput{
		ApiId: api, StageName: name, StageVariables: map[string]string{"a": "1", "b": "2"}, Description: aws.String("production"),
		DefaultRouteSettings: &types.RouteSettings{ThrottlingBurstLimit: aws.Int32(5)},
		RouteSettings:        map[string]types.RouteSettings{"GET /a": {ThrottlingRateLimit: aws.Float64(1.5)}},
		AccessLogSettings:    &types.AccessLogSettings{DestinationArn: aws.String(testLogGroup), Format: aws.String("$context.requestId")},
	}
	ok(g.UpdateStage(g.ctx(), in))(t)
	updated := ok(g.UpdateStage(g.ctx(), &apigatewayv2.UpdateStageInput{ApiId: api, StageName: name, StageVariables: map[string]string{"a": "", "c": "3"}}))(t)
	if diff := cmp.Diff(map[string]string{"b": "2", "c": "3"}, updated.StageVariables); diff != "" {
		t.Error(diff)
	}
	published, err := g.Published(t.Context(), *api)
	if err != nil {
		t.Fatal(err)
	}
	stage := published["prod"].Stage
	if *stage.DefaultRouteSettings.ThrottlingBurstLimit != 5 || *stage.DefaultRouteSettings.DetailedMetricsEnabled || *stage.RouteSettings["GET /a"].ThrottlingRateLimit != 1.5 {
		t.Errorf("%+v", stage)
	}
	ok(g.DeleteRouteSettings(g.ctx(), &apigatewayv2.DeleteRouteSettingsInput{ApiId: api, StageName: name, RouteKey: aws.String("GET /a")}))(t)
	refused(g.DeleteRouteSettings(g.ctx(), &apigatewayv2.DeleteRouteSettingsInput{ApiId: api, StageName: name, RouteKey: aws.String("GET /a")}))(t,
		missing, "Unable to find Route by key GET /a within the provided RouteSettings")
	ok(g.DeleteAccessLogSettings(g.ctx(), &apigatewayv2.DeleteAccessLogSettingsInput{ApiId: api, StageName: name}))(t)
	after := ok(g.GetStage(g.ctx(), &apigatewayv2.GetStageInput{ApiId: api, StageName: name}))(t)
	if after.AccessLogSettings != nil || len(after.RouteSettings) != 0 || *after.Description != "production" {
		t.Errorf("%+v", after)
	}
	ok(g.DeleteStage(g.ctx(), &apigatewayv2.DeleteStageInput{ApiId: api, StageName: name}))(t)
	refused(g.GetStage(g.ctx(), &apigatewayv2.GetStageInput{ApiId: api, StageName: name}))(t, missing, noStage.Message)
	refused(g.UpdateStage(g.ctx(), in))(t, missing, noStage.Message)
	refused(g.DeleteStage(g.ctx(), &apigatewayv2.DeleteStageInput{ApiId: api, StageName: name}))(t, missing, noStage.Message)
}

func TestSettingsOfARouteGoWithIt(t *testing.T) {
	g := newGate(t)
	api := g.createAPI()
	route := g.createRoute(api, "GET /a")
	limits := map[string]types.RouteSettings{"GET /a": {ThrottlingBurstLimit: aws.Int32(1)}}
	ok(g.CreateStage(g.ctx(), &apigatewayv2.CreateStageInput{ApiId: api, StageName: aws.String("prod"), RouteSettings: limits}))(t)
	settings := func() map[string]types.RouteSettings {
		return ok(g.GetStage(g.ctx(), &apigatewayv2.GetStageInput{ApiId: api, StageName: aws.String("prod")}))(t).RouteSettings
	}
	ok(g.UpdateRoute(g.ctx(), &apigatewayv2.UpdateRouteInput{ApiId: api, RouteId: route, RouteKey: aws.String("GET /b")}))(t)
	if got := settings(); got["GET /b"].ThrottlingBurstLimit == nil || len(got) != 1 {
		t.Errorf("%v", got)
	}
	ok(g.DeleteRoute(g.ctx(), &apigatewayv2.DeleteRouteInput{ApiId: api, RouteId: route}))(t)
	if got := settings(); len(got) != 0 {
		t.Errorf("%v", got)
	}
}

func TestEveryChangeOfWhatIsServedIsTold(t *testing.T) {
	g := newGate(t)
	api := g.createAPI()
	told := make(chan string, 64)
	t.Cleanup(g.store.Watch(StageTopic(*api), func(topic string) { told <- topic }))
	route := g.createRoute(api, "GET /a")
	for _, c := range []struct {
		name string
		edit func()
	}{
		{"a stage", func() { g.createStage(api, "prod", true) }},
		{"an edit that a stage follows", func() { g.createRoute(api, "GET /b") }},
		{"a stage's settings", func() {
			ok(g.UpdateStage(g.ctx(), &apigatewayv2.UpdateStageInput{ApiId: api, StageName: aws.String("prod"), StageVariables: map[string]string{"a": "b"}}))(t)
		}},
		{"a forgotten cache", func() {
			ok(g.ResetAuthorizersCache(g.ctx(), &apigatewayv2.ResetAuthorizersCacheInput{ApiId: api, StageName: aws.String("prod")}))(t)
		}},
		{"a route that is gone", func() { ok(g.DeleteRoute(g.ctx(), &apigatewayv2.DeleteRouteInput{ApiId: api, RouteId: route}))(t) }},
		{"a stage that is gone", func() {
			ok(g.DeleteStage(g.ctx(), &apigatewayv2.DeleteStageInput{ApiId: api, StageName: aws.String("prod")}))(t)
		}},
		{"an API that is gone", func() { ok(g.DeleteApi(g.ctx(), &apigatewayv2.DeleteApiInput{ApiId: api}))(t) }},
	} {
		for len(told) > 0 {
			<-told
		}
		c.edit()
		if len(told) == 0 {
			t.Errorf("nobody was told of %s", c.name)
		}
	}
}
