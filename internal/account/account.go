// Package account reads an AWS account, or any server that answers as one, through the SDK's own clients: APIs as they are
// edited and as their stages serve them, domain names, API keys' plans, and the pools whose tokens they take. Every call it
// makes is of the Get, Describe, List, Head or Export kind.
//
// What may not be read is not an error but a gap: the part is nil or empty, and Gaps tells which permission was missing. Secrets
// that an answer holds (client secrets, API keys' values) are dropped as they are read. The package decides nothing.
package account

import (
	"encoding/json"
	"time"

	rest "github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	v2 "github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/poolgate/poolgate/internal/apigateway"
	"github.com/poolgate/poolgate/internal/apigatewayv2"
)

// Gap is one thing that could not be read.
type Gap struct {
	// Operation is the call, for instance "apigateway:GetExport"; Permission is what IAM calls the permission that it needs,
	// for instance "apigateway:GET on arn:aws:apigateway:eu-west-1::/restapis/abc/stages/prod/exports/oas30".
	Operation, Permission string
	// Kind is why; Message is the service's own text, without anything secret.
	Kind    GapKind
	Message string
}

// GapKind is why something could not be read.
type GapKind string

// Why something could not be read.
const (
	// GapDenied is a permission that is missing.
	GapDenied GapKind = "denied"
	// GapCredentials means that there are no credentials, or that they are not valid.
	GapCredentials GapKind = "credentials"
	// GapThrottled means that the service asked to slow down until the time was used up.
	GapThrottled GapKind = "throttled"
	// GapUnreachable means that no answer came.
	GapUnreachable GapKind = "unreachable"
	// GapTooMuch means that there is more of it than is read.
	GapTooMuch GapKind = "too much"
	// GapStrange means that what answered is not the service: a proxy's page, say.
	GapStrange GapKind = "not understood"
	// GapHidden means that no call shows it: AWS gives away no canary's definition.
	GapHidden GapKind = "not shown"
)

// RESTAPI is a REST API as far as it could be read.
type RESTAPI struct {
	// Live is the API as it is edited now; nil when it could not be read.
	Live *apigateway.Snapshot
	// Stages are what the stages serve, by name: the definition of the stage's export, with the ids that Live gives to what has
	// the same path or name, so that equal things compare equal.
	Stages map[string]*apigateway.Published
	// Plans are the usage plans that the stages are in, by "API:STAGE", without keys.
	Plans map[string][]string
	// Edited is when the API was last changed, where that is known; Deployed is when each stage was last deployed.
	Edited   time.Time
	Deployed map[string]time.Time
	// WebACL is the ARN of the web ACL of a stage, by the stage's name.
	WebACL map[string]string
	// Deployments are those that the stages serve, by id; UsagePlans those that the stages are in, by id.
	Deployments map[string]rest.Deployment
	UsagePlans  map[string]rest.UsagePlan
}

// HTTPAPI is an HTTP API as far as it could be read.
type HTTPAPI struct {
	Live   *apigatewayv2.Snapshot
	Stages map[string]*apigatewayv2.Published
	// Deployments are those that the stages serve, by id; Deployed is when each stage was last deployed.
	Deployments map[string]v2.Deployment
	Deployed    map[string]time.Time
}

// Mapping is where a custom domain name leads.
type Mapping struct {
	// BasePath is the part of the path that chose it, without slashes; empty for (none).
	BasePath, API, Stage string
}

// Domain is a custom domain name of API Gateway.
type Domain struct {
	Name, Region string
	Mappings     []Mapping
}

// Pool is a user pool as far as it could be read.
type Pool struct {
	ID, Region, ARN string
	Pool            *cognito.UserPoolType
	// Clients are by id, their secrets dropped: the first of the pool (ClientsAtOnce). Reader.Client finds any.
	Clients         map[string]*cognito.UserPoolClientType
	ResourceServers []cognito.ResourceServerType
	Groups          []cognito.GroupType
	// JWKS is the pool's key set as it is published; nil when it could not be fetched.
	JWKS json.RawMessage
	// Issuer is what the pool's tokens say issued them, as another server than AWS publishes it; empty on AWS, where it follows from the id.
	Issuer string
	// Gone is true when the service says that there is no such pool.
	Gone bool
}

// User is a user of a pool.
type User struct {
	Username string
	Status   cognito.UserStatusType
	Enabled  bool
	// Gone is true when the service says that there is no such user.
	Gone bool
}
