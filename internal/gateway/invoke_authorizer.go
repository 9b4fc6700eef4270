package gateway

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"

	docs "github.com/poolgate/poolgate/internal/apigateway"
	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/gateway/grants"
	"github.com/poolgate/poolgate/internal/gateway/ids"
)

// TestAuthorizer runs one authorizer as edited, by the engine that enforces. A COGNITO_USER_POOLS authorizer is always tested
// in ID-token mode, as on AWS: an access token is answered 401 there whatever scopes the methods have (fact 1.9).
func (g *Gateway) TestAuthorizer(ctx context.Context, snapshot *docs.Snapshot, in *apigateway.TestInvokeAuthorizerInput) (*apigateway.TestInvokeAuthorizerOutput, error) {
	began := time.Now()
	requestID, _ := ids.New()
	log := newExecutionLog(requestID)
	c := &compiler{engine: g.engine, snapshot: snapshot}
	stage := c.stage(testStage, "", variablesOf{in.StageVariables, true})
	id := aws.ToString(in.AuthorizerId)
	out := &apigateway.TestInvokeAuthorizerOutput{}
	log.line("Starting authorizer: %s for request: %s", id, requestID)
	switch a := stage.authorizers[id]; {
	case a == nil:
		return nil, fault.NotFound("NotFoundException", "Invalid Authorizer identifier specified")
	case a.function != nil:
		g.tryFunction(ctx, stage, a, in, log, out)
	case a.broken != nil:
		out.ClientStatus = http.StatusInternalServerError
		log.line("Execution failed due to configuration error: %s", a.broken)
		log.line("AuthorizerConfigurationException")
	default:
		g.tryAuthorizer(ctx, a, in, requestID, log, out)
	}
	out.Latency = time.Since(began).Milliseconds()
	out.Log = aws.String(log.String())
	return out, nil
}

func (g *Gateway) tryAuthorizer(ctx context.Context, a *authorizerPlan, in *apigateway.TestInvokeAuthorizerInput, requestID string, log *executionLog, out *apigateway.TestInvokeAuthorizerOutput) {
	identity := testIdentity(in, a.header)
	log.line("Incoming identity: %s", masked(identity))
	decided := a.engine.Decide(ctx, identity, nil, g.now())
	if !decided.Allowed {
		out.ClientStatus = http.StatusUnauthorized
		log.line("Unauthorized request: %s", requestID)
		return
	}
	out.Claims = decided.Claims.REST()
	log.line("Successfully completed authorizer execution")
}

// testIdentity finds the header that is the identity source, in any case as a request's would be found (fact 1.4).
func testIdentity(in *apigateway.TestInvokeAuthorizerInput, header string) string {
	for name, value := range in.Headers {
		if strings.EqualFold(name, header) {
			return value
		}
	}
	for name, values := range in.MultiValueHeaders {
		if strings.EqualFold(name, header) && len(values) > 0 {
			return values[0]
		}
	}
	return ""
}

// flushGrants forgets what a stage's Lambda authorizers answered. Those of user pools remember nothing that could be dropped: they decide
// every request anew, from the token alone (fact 1.7).
func (g *Gateway) flushGrants(topic string) {
	if api, stage, ok := docs.AuthorizersOf(topic); ok {
		g.grants.Flush(grants.Scope{API: api, Stage: stage})
	}
}
