package apigateway

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/poolgate/poolgate/internal/wire"
)

// Snapshot is everything about a REST API that a deployment freezes: the documents as they stood, nothing compiled.
// A stage's own settings (variables, logging, throttling) are not in it, because they act at once on AWS.
type Snapshot struct {
	Account, Region string
	API             wire.Document[types.RestApi]
	// Resources carry their methods with integrations and responses inside, as GetResources?embed=methods shows them.
	Resources   []wire.Document[types.Resource]
	Authorizers []wire.Document[types.Authorizer]
	// GatewayResponses are those the user set; defaults are the gateway's to know.
	GatewayResponses []wire.Document[types.GatewayResponse]
	Models           []wire.Document[types.Model]
	Validators       []wire.Document[types.RequestValidator]
}

// Published is what a stage serves: a snapshot, the deployment it came from and the stage's live settings.
type Published struct {
	Snapshot     *Snapshot
	DeploymentID string
	Stage        types.Stage
	// Canary is the snapshot that a share of the requests is served from, with the deployment it came from; nil when the stage has no
	// canary.
	Canary             *Snapshot
	CanaryDeploymentID string
}

// Publisher is who serves deployments; the gateway implements it. A change of what is served is told to every node by
// bumping the topic StageTopic(api) in the store, not by a call.
type Publisher interface {
	// Compile tells whether the snapshot can be served. An error is the caller's: the deployment fails and the stage stays as it was.
	Compile(snapshot *Snapshot) error
}

// Tester runs what the console's Test buttons run; the gateway implements it, with the same engine that enforces.
type Tester interface {
	// TestAuthorizer runs one authorizer, as edited (not as deployed), on the given headers. A COGNITO_USER_POOLS
	// authorizer is always tested in ID-token mode, as on AWS.
	TestAuthorizer(ctx context.Context, snapshot *Snapshot, in *apigateway.TestInvokeAuthorizerInput) (*apigateway.TestInvokeAuthorizerOutput, error)
	// TestMethod runs a method as edited, without its authorizer.
	TestMethod(ctx context.Context, snapshot *Snapshot, in *apigateway.TestInvokeMethodInput) (*apigateway.TestInvokeMethodOutput, error)
}

// StageTopic is the store topic that says that what an API's stages serve has changed.
func StageTopic(apiID string) string { return "restapi/" + apiID }

const authorizersPrefix = "authorizers/"

// AuthorizersTopic is the store topic that tells every node to forget what a stage's authorizers answered.
func AuthorizersTopic(apiID, stage string) string {
	if apiID == "" {
		return authorizersPrefix
	}
	return authorizersPrefix + apiID + "/" + stage
}

// AuthorizersOf reads an AuthorizersTopic.
func AuthorizersOf(topic string) (apiID, stage string, ok bool) {
	apiID, stage, ok = strings.Cut(strings.TrimPrefix(topic, authorizersPrefix), "/")
	return apiID, stage, ok && strings.HasPrefix(topic, authorizersPrefix)
}
