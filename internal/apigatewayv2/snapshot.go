package apigatewayv2

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"

	"github.com/poolgate/poolgate/internal/wire"
)

// DefaultStage is the name of the stage that is served at the root of an API, without a stage in the path.
const DefaultStage = "$default"

// DefaultRouteKey is the key of the route that takes what no other route matches.
const DefaultRouteKey = "$default"

// Snapshot is all that a deployment of an HTTP API froze: the documents as they stood, nothing compiled. A stage's own
// settings (variables, throttling, access logs) are not in it, because they act at once. The API's CORS configuration
// and disableExecuteApiEndpoint are in it: like all settings of the API they need a deployment.
type Snapshot struct {
	Account, Region string
	API             wire.Document[types.Api]
	// Routes are in the order of their ids; a route names its integration in Target as "integrations/ID".
	Routes       []wire.Document[types.Route]
	Integrations []wire.Document[types.Integration]
	Authorizers  []wire.Document[types.Authorizer]
}

// Published is what a stage serves: a snapshot, the deployment it came from and the stage's live settings. Snapshot is
// nil and DeploymentID empty for a stage that has no deployment yet: such a stage knows no route.
type Published struct {
	Snapshot     *Snapshot
	DeploymentID string
	Stage        types.Stage
}

// Publisher is who serves deployments; the gateway implements it. A change of what is served is told to every node by
// bumping the topic StageTopic(api) in the store, not by a call.
type Publisher interface {
	// Compile tells whether the snapshot can be served. An error is the caller's: a deployment by hand is refused with
	// it; an automatic one does not happen, its stage stays as it was and tells so in lastDeploymentStatusMessage.
	Compile(snapshot *Snapshot) error
}

// StageTopic is the store topic that says that what an API's stages serve has changed.
func StageTopic(apiID string) string { return "httpapi/" + apiID }

// Flusher is a Publisher that remembers authorizers' answers and can forget them.
type Flusher interface {
	// FlushAuthorizers drops what a stage remembers of its authorizers' answers.
	FlushAuthorizers(ctx context.Context, apiID, stage string) error
}
