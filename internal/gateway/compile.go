package gateway

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/internal/apigateway"
)

// compiler turns a snapshot into a plan. What cannot be compiled is a problem; the plan holds something in its place that
// refuses, so that one bad part neither opens anything nor closes the rest.
type compiler struct {
	engine   *authz.Engine
	snapshot *apigateway.Snapshot
	problems []error
	plan     *stagePlan
	vars     variablesOf
	// models are those that methods validate by, compiled once.
	models         map[string]*bodyModel
	schemaCompiler *jsonschema.Compiler
}

func (c *compiler) problem(format string, args ...any) error {
	err := fmt.Errorf(format, args...)
	c.problems = append(c.problems, err)
	return err
}

func (c *compiler) stage(name, deployment string, vars variablesOf) *stagePlan {
	s := c.snapshot
	c.vars = vars
	c.plan = &stagePlan{
		api: aws.ToString(s.API.Value.Id), account: s.Account, region: s.Region, name: name, deployment: deployment,
		variables: vars.values, endpointOff: s.API.Value.DisableExecuteApiEndpoint,
		policy: c.resourcePolicy(), private: isPrivate(s.API.Value.EndpointConfiguration),
		binary:       compileBinaryTypes(s.API.Value.BinaryMediaTypes),
		compressFrom: s.API.Value.MinimumCompressionSize,
		router:       &router{}, resources: make(map[string]*resourcePlan, len(s.Resources)),
		authorizers: make(map[string]*authorizerPlan, len(s.Authorizers)),
	}
	for i := range s.Authorizers {
		c.authorizer(&s.Authorizers[i].Value)
	}
	for i := range s.Resources {
		c.resource(&s.Resources[i].Value)
	}
	c.responses()
	return c.plan
}

// isPrivate tells that an API is reached through VPC endpoints only.
func isPrivate(e *types.EndpointConfiguration) bool {
	return e != nil && slices.Contains(e.Types, types.EndpointTypePrivate)
}

// authorizer compiles one of type COGNITO_USER_POOLS; the others are functions.
func (c *compiler) authorizer(doc *types.Authorizer) {
	if doc.Type != types.AuthorizerTypeCognitoUserPools {
		c.plan.authorizers[aws.ToString(doc.Id)] = c.functionAuthorizer(doc)
		return
	}
	a := &authorizerPlan{id: aws.ToString(doc.Id), name: aws.ToString(doc.Name)}
	c.plan.authorizers[a.id] = a
	source := aws.ToString(doc.IdentitySource)
	if a.header = strings.TrimPrefix(source, headerSource); a.header == source || a.header == "" {
		a.broken = c.problem("the identity source %q of authorizer %s is not a header", source, a.name)
		return
	}
	settings := authz.Settings{AudienceExpression: aws.ToString(doc.IdentityValidationExpression)}
	for _, arn := range doc.ProviderARNs {
		if strings.Contains(arn, "${") {
			if !c.vars.known {
				continue // a stage's variables will name the pool (fact 1.6)
			}
			if arn = c.substitute(arn); strings.Contains(arn, "${") {
				a.broken = c.problem("the pool %s of authorizer %s names a stage variable that is not set", arn, a.name)
				return
			}
		}
		pool, err := authz.ParsePoolARN(arn)
		if err != nil {
			a.broken = c.problem("authorizer %s: %w", a.name, err)
			return
		}
		settings.Pools = append(settings.Pools, pool)
	}
	engine, err := c.engine.Compile(settings)
	if err != nil {
		a.broken = c.problem("authorizer %s: %w", a.name, err)
		return
	}
	a.engine = engine
}

// substitute puts stage variables in the place of ${stageVariables.name}; those that are not set stay.
func (c *compiler) substitute(text string) string {
	const opening = "${stageVariables."
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, opening)
		b.WriteString(before)
		if !found {
			return b.String()
		}
		name, after, closed := strings.Cut(rest, "}")
		value, known := c.vars.values[name]
		if !closed || !known {
			b.WriteString(opening)
			text = rest
			continue
		}
		b.WriteString(value)
		text = after
	}
}

func (c *compiler) resource(doc *types.Resource) {
	r := &resourcePlan{id: aws.ToString(doc.Id), path: aws.ToString(doc.Path), methods: make(map[string]*methodPlan, len(doc.ResourceMethods))}
	c.plan.resources[r.id] = r
	for verb, method := range doc.ResourceMethods {
		r.methods[verb] = c.method(r, verb, &method)
	}
	c.plan.router.add(r)
}

func (c *compiler) method(r *resourcePlan, verb string, doc *types.Method) *methodPlan {
	m := &methodPlan{
		verb: verb, resource: r, authorization: aws.ToString(doc.AuthorizationType),
		scopes: doc.AuthorizationScopes, keyRequired: aws.ToBool(doc.ApiKeyRequired), operation: aws.ToString(doc.OperationName),
	}
	if m.authorization == "" {
		m.authorization = authorizationNone
	}
	if m.authorization == authorizationCognito || m.authorization == authorizationCustom {
		m.authorizer = c.plan.authorizers[aws.ToString(doc.AuthorizerId)]
		if m.authorizer == nil {
			m.authorizer = &authorizerPlan{
				id:     aws.ToString(doc.AuthorizerId),
				broken: c.problem("%s %s names an authorizer that does not exist", verb, r.path),
			}
		}
	}
	m.required, m.models = c.requiredParameters(doc), c.bodyModels(doc)
	m.integration = c.integration(r, verb, doc.MethodIntegration)
	return m
}

// integration compiles a method's integration. One that cannot be compiled refuses when it is invoked.
func (c *compiler) integration(r *resourcePlan, verb string, doc *types.Integration) integration {
	if doc == nil {
		return brokenIntegration{fmt.Errorf("%s %s has no integration", verb, r.path)}
	}
	where := verb + " " + r.path
	switch doc.Type {
	case types.IntegrationTypeMock:
		return c.mock(where, doc)
	case types.IntegrationTypeHttp:
		return c.http(where, doc)
	case types.IntegrationTypeHttpProxy:
		return c.httpProxy(where, doc)
	case types.IntegrationTypeAws:
		return c.mappedFunction(where, doc)
	case types.IntegrationTypeAwsProxy:
		return c.functionProxy(where, doc)
	}
	return brokenIntegration{fmt.Errorf("integrations of type %q are unknown", doc.Type)}
}

// brokenIntegration answers 500 and leaves the cause in the decision record.
type brokenIntegration struct{ cause error }

func (b brokenIntegration) invoke(*Gateway, *exchange) (*answer, *refusal) {
	return nil, internalError(b.cause)
}
