package gateway

import (
	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/internal/apigateway"
)

// apiPlan is everything that an API's stages serve, compiled. It never changes; a change of the API makes a new one.
type apiPlan struct {
	id     string
	stages map[string]*stagePlan
}

// stagePlan is what one stage serves. Stage variables are in it already: a change of them is a change of the plan.
type stagePlan struct {
	api             string
	account, region string
	name            string
	deployment      string
	variables       map[string]string
	endpointOff     bool
	// policy is the API's resource policy; nil when it has none. private tells that only VPC endpoints lead to it.
	policy  *resourcePolicy
	private bool
	binary  binaryTypes
	// compressFrom is the size in bytes from which on answers are compressed; nil where they never are.
	compressFrom *int32
	// keyOwner has the API keys of methods that ask for one; nil where none does. keyFromAuthorizer tells where they are shown.
	keyOwner          *keyOwner
	keyFromAuthorizer bool
	// cacheOf names whose cached answers the plan's requests see: those of a deployment.
	cacheOf string
	// canary is what a share of the requests is served from instead; it has none of its own. isCanary tells such a plan.
	canary      *stagePlan
	canaryShare float64
	isCanary    bool
	// logging is what the stage logs; nil when that is nothing.
	logging     *stageLogging
	router      *router
	resources   map[string]*resourcePlan
	responses   map[string]*gatewayResponse
	authorizers map[string]*authorizerPlan
}

// Authorization types of a method.
const (
	authorizationNone    = "NONE"
	authorizationIAM     = "AWS_IAM"
	authorizationCustom  = "CUSTOM"
	authorizationCognito = "COGNITO_USER_POOLS"
)

// methodPlan is one method of a resource.
type methodPlan struct {
	verb          string
	operation     string
	resource      *resourcePlan
	authorization string
	authorizer    *authorizerPlan
	scopes        []string
	keyRequired   bool
	throttle      methodThrottle
	// caching is nil where the stage caches no answers of the method.
	caching *methodCaching
	// required are the parameters without which the method's validator refuses.
	required []requiredParameter
	// models are what the validator holds bodies against.
	models      bodyModels
	integration integration
}

// authorizerPlan is an authorizer: a COGNITO_USER_POOLS one has an engine, one that is a function has that. broken says why it cannot
// decide; it then lets nobody in. header is where the token is; a REQUEST authorizer has none.
type authorizerPlan struct {
	id, name string
	header   string
	engine   *authz.Authorizer
	function *functionAuthorizer
	broken   error
}

// integration is what answers the requests that were let in.
type integration interface {
	// invoke answers a request or refuses it. The body of the answer may still be to come.
	invoke(g *Gateway, x *exchange) (*answer, *refusal)
}

// variablesOf are the stage variables by which a plan is compiled; known is false while no stage is chosen.
type variablesOf struct {
	values map[string]string
	known  bool
}

// Compile tells whether the snapshot can be served. What fails on AWS only when a request comes, such as a broken
// template, does not fail here; what could not be served at all does.
func (g *Gateway) Compile(snapshot *apigateway.Snapshot) error {
	c := &compiler{engine: g.engine, snapshot: snapshot}
	c.stage("", "", variablesOf{})
	if len(c.problems) > 0 {
		return c.problems[0]
	}
	return nil
}
