package explain

import (
	"context"
	"slices"

	resttypes "github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	httptypes "github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"

	"github.com/poolgate/poolgate/internal/apigateway"
	"github.com/poolgate/poolgate/internal/apigatewayv2"
	"github.com/poolgate/poolgate/internal/gateway"
	"github.com/poolgate/poolgate/internal/gateway/decision"
	"github.com/poolgate/poolgate/internal/gateway/httpapi"
)

// judge lets the stage, and the API as it is edited, decide about the request.
func (l *look) judge(ctx context.Context) {
	l.deployed, l.guessed = l.judged(ctx, l.c.Request.Method, false), false
	l.live = l.judged(ctx, l.c.Request.Method, true)
	if l.deployed == nil && l.live != nil {
		l.deployed, l.guessed = l.live, true
	}
}

// judged is what a verb gets, from the stage or from the API as it is edited; nil where that could not be read.
func (l *look) judged(ctx context.Context, verb string, live bool) *decision.Record {
	r := replay(ctx, l.c, verb)
	b := newBench(l.keys, l.now)
	switch {
	case l.http != nil:
		apis := l.httpAPIs(live)
		if apis == nil {
			return nil
		}
		return b.judgeHTTP(*apis, r, httpapi.Target{API: l.api, Region: l.region, Stage: l.stage, Path: l.path, PathStyle: l.c.Located.Kind == PathStyle, ThroughDomain: l.throughDomain})
	case l.rest != nil:
		apis := l.restAPIs(live)
		if apis == nil {
			return nil
		}
		return b.judgeREST(*apis, r, gateway.Target{API: l.api, Region: l.region, Stage: l.stage, Path: l.path, ThroughDomain: l.throughDomain})
	}
	return nil
}

// restAPIs are the stages as they are, or each with the API as it is edited. It is nil where the request's stage could not be read.
func (l *look) restAPIs(live bool) *restAPIs {
	if live && !l.wholeREST() || !live && l.stageHidden() {
		return nil
	}
	apis := &restAPIs{id: l.api, live: l.rest.Live, stages: make(map[string]*apigateway.Published, len(l.rest.Stages))}
	if live && l.stageHidden() {
		name := l.stageName()
		apis.stages[name] = &apigateway.Published{Snapshot: l.rest.Live, Stage: resttypes.Stage{StageName: &name}}
	}
	for name, p := range l.rest.Stages {
		own := *p
		if live {
			own.Snapshot = l.rest.Live
		}
		own.Canary = nil
		if own.Snapshot == nil {
			if name == l.stageName() {
				return nil
			}
			continue
		}
		apis.stages[name] = &own
	}
	return apis
}

// wholeREST tells that all of the API as it is edited could be read: a part of it would be judged as if the rest were not there.
func (l *look) wholeREST() bool {
	return l.rest.Live != nil && !l.anyGap("apigateway:GetRestApi", "apigateway:GetResources", "apigateway:GetAuthorizers")
}

// wholeHTTP is wholeREST of an HTTP API.
func (l *look) wholeHTTP() bool {
	return l.http.Live != nil && !l.anyGap("apigateway:GetApi", "apigateway:GetRoutes", "apigateway:GetIntegrations", "apigateway:GetAuthorizers")
}

// stageHidden tells that the request's stage could not be read, so that nobody knows whether it is there.
func (l *look) stageHidden() bool {
	if l.http != nil {
		return l.http.Stages[l.stageName()] == nil && l.anyGap("apigateway:GetStage", "apigateway:GetStages")
	}
	return l.rest.Stages[l.stageName()] == nil && l.anyGap("apigateway:GetStage", "apigateway:GetStages")
}

func (l *look) anyGap(operations ...string) bool { return slices.ContainsFunc(operations, l.hasGap) }

// httpAPIs is restAPIs of an HTTP API.
func (l *look) httpAPIs(live bool) *httpAPIs {
	if live && !l.wholeHTTP() || !live && l.stageHidden() {
		return nil
	}
	apis := &httpAPIs{id: l.api, live: l.http.Live, stages: make(map[string]*apigatewayv2.Published, len(l.http.Stages))}
	if live && l.stageHidden() {
		name := l.stageName()
		apis.stages[name] = &apigatewayv2.Published{Snapshot: l.http.Live, Stage: httptypes.Stage{StageName: &name}}
	}
	for name, p := range l.http.Stages {
		own := *p
		if live {
			own.Snapshot = l.http.Live
		} else if own.Snapshot == nil && own.DeploymentID != "" && name == l.stageName() {
			return nil
		}
		apis.stages[name] = &own
	}
	return apis
}
