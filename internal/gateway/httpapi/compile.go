package httpapi

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/internal/apigatewayv2"
	"github.com/poolgate/poolgate/internal/gateway/accesslog"
)

// compiler turns a snapshot into a plan. What cannot be compiled is a problem; the plan holds something in its place that
// refuses, so that one bad part neither opens anything nor closes the rest.
type compiler struct {
	engine   *authz.Engine
	snapshot *apigatewayv2.Snapshot
	// variables are the stage's; known is false while no stage is chosen.
	variables map[string]string
	known     bool
	problems  []error
	plan      *stagePlan
}

func (c *compiler) problem(format string, args ...any) error {
	err := fmt.Errorf(format, args...)
	c.problems = append(c.problems, err)
	return err
}

func (c *compiler) substitute(text string) string {
	if !c.known {
		return text
	}
	return substitute(text, c.variables)
}

// stage compiles what a stage serves; one without a deployment knows no route.
func (c *compiler) stage(p *apigatewayv2.Published) *stagePlan {
	c.variables, c.known = p.Stage.StageVariables, p.Stage.StageName != nil
	c.plan = &stagePlan{name: aws.ToString(p.Stage.StageName), deployment: p.DeploymentID, variables: c.variables, router: &router{}}
	s := c.snapshot
	if s == nil {
		return c.plan
	}
	api := &s.API.Value
	c.plan.api, c.plan.account, c.plan.region = aws.ToString(api.ApiId), s.Account, s.Region
	c.plan.endpointOff = aws.ToBool(api.DisableExecuteApiEndpoint)
	c.plan.cors = compileCORS(api.CorsConfiguration)
	integrations := make(map[string]*types.Integration, len(s.Integrations))
	for i := range s.Integrations {
		integrations[aws.ToString(s.Integrations[i].Value.IntegrationId)] = &s.Integrations[i].Value
	}
	authorizers := make(map[string]*types.Authorizer, len(s.Authorizers))
	for i := range s.Authorizers {
		authorizers[aws.ToString(s.Authorizers[i].Value.AuthorizerId)] = &s.Authorizers[i].Value
	}
	for i := range s.Routes {
		c.route(&s.Routes[i].Value, integrations, authorizers, &p.Stage)
	}
	if log := p.Stage.AccessLogSettings; log != nil {
		c.plan.access = accesslog.Compile(s.Account, s.Region, aws.ToString(log.DestinationArn), aws.ToString(log.Format), nil)
	}
	return c.plan
}

func (c *compiler) route(doc *types.Route, integrations map[string]*types.Integration, authorizers map[string]*types.Authorizer, stage *types.Stage) {
	r := &routePlan{
		id: aws.ToString(doc.RouteId), key: aws.ToString(doc.RouteKey), authorization: string(doc.AuthorizationType),
		authorizerID: aws.ToString(doc.AuthorizerId), scopes: doc.AuthorizationScopes,
	}
	if r.authorization == "" {
		r.authorization = authorizationNone
	}
	if r.key == apigatewayv2.DefaultRouteKey {
		c.plan.fallback = r
	} else {
		verb, path, ok := strings.Cut(r.key, " ")
		if !ok || !strings.HasPrefix(path, "/") {
			_ = c.problem("the route key %q is none", r.key)
			return
		}
		r.verb, r.path = verb, path
		c.plan.router.add(r)
	}
	c.plan.routes = append(c.plan.routes, r)
	r.limit = limitOf(stage, c.plan.api, r)
	r.guard = c.guard(r, authorizers[r.authorizerID])
	r.integrationID = strings.TrimPrefix(aws.ToString(doc.Target), "integrations/")
	r.integration = c.integration(r, integrations[r.integrationID])
}

// guard compiles what stands before a route. What is neither open nor known lets nobody in.
func (c *compiler) guard(r *routePlan, doc *types.Authorizer) guard {
	switch r.authorization {
	case authorizationNone:
		return nil
	case authorizationIAM:
		return iamGuard{}
	case authorizationJWT, authorizationCustom:
		if doc == nil {
			return brokenGuard{c.problem("the route %s names an authorizer that does not exist", r.key)}
		}
		r.authorizer = aws.ToString(doc.Name)
		made, err := c.authorizer(r, doc)
		if err != nil {
			return brokenGuard{c.problem("authorizer %s: %w", r.authorizer, err)}
		}
		return made
	}
	return brokenGuard{c.problem("the route %s has the authorization type %q", r.key, r.authorization)}
}

func (c *compiler) authorizer(r *routePlan, doc *types.Authorizer) (guard, error) {
	if (r.authorization == authorizationJWT) != (doc.AuthorizerType == types.AuthorizerTypeJwt) {
		return nil, fmt.Errorf("it is of type %s, and the route's authorization is %s", doc.AuthorizerType, r.authorization)
	}
	if doc.AuthorizerType == types.AuthorizerTypeJwt {
		return c.jwt(r, doc)
	}
	return c.functionGuard(doc)
}

func (c *compiler) jwt(r *routePlan, doc *types.Authorizer) (guard, error) {
	source, err := jwtSource(doc.IdentitySource)
	if err != nil {
		return nil, err
	}
	if doc.JwtConfiguration == nil {
		return nil, errors.New("it has no issuer")
	}
	engine, err := c.engine.CompileJWT(authz.JWTSettings{
		Issuer: c.substitute(aws.ToString(doc.JwtConfiguration.Issuer)), Audience: doc.JwtConfiguration.Audience,
	})
	if err != nil {
		return nil, err
	}
	return &jwtGuard{engine: engine, source: source, scopes: r.scopes}, nil
}

// longestTTL is how long an authorizer's answers may be remembered: an hour, AWS's limit.
const longestTTL = time.Hour

func (c *compiler) functionGuard(doc *types.Authorizer) (guard, error) {
	arn, err := functionARN(c.substitute(aws.ToString(doc.AuthorizerUri)))
	if err != nil {
		if c.known {
			return nil, err
		}
		arn = "" // a stage's variables will name the function
	}
	f := &functionGuard{
		id: aws.ToString(doc.AuthorizerId), function: arn, principal: invoker, version: aws.ToString(doc.AuthorizerPayloadFormatVersion),
		simple: aws.ToBool(doc.EnableSimpleResponses), ttl: min(time.Duration(aws.ToInt32(doc.AuthorizerResultTtlInSeconds))*time.Second, longestTTL),
	}
	if f.version == "" {
		f.version = format1
	}
	f.simple = f.simple && f.version == format2
	if aws.ToString(doc.AuthorizerCredentialsArn) != "" {
		f.principal = ""
	}
	for _, text := range doc.IdentitySource {
		source, err := compileExpression(text)
		if err != nil || !strings.HasPrefix(text, "$") || source.needsBody {
			return nil, fmt.Errorf("the identity source %q cannot be read", text)
		}
		f.sources = append(f.sources, source)
	}
	if len(f.sources) == 0 {
		f.ttl = 0 // without an identity there is nobody to remember
	}
	f.cacheName = strings.Join(append([]string{f.id, arn, f.version, fmt.Sprint(f.simple)}, doc.IdentitySource...), "\x00")
	return f, nil
}

// load compiles what an API's stages serve.
func (g *Gateway) load(ctx context.Context, apiID string) (*apiPlan, error) {
	published, err := g.apis.Published(ctx, apiID)
	if err != nil {
		return nil, err
	}
	plan := &apiPlan{id: apiID, stages: make(map[string]*stagePlan, len(published))}
	for name, p := range published {
		c := &compiler{engine: g.engine, snapshot: p.Snapshot}
		plan.stages[name] = c.stage(p)
		for _, problem := range c.problems {
			g.log.WarnContext(ctx, "a part of a stage cannot be served", "api", apiID, "stage", name, "problem", problem)
		}
	}
	return plan, nil
}
