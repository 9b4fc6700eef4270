package account

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"

	"github.com/poolgate/poolgate/internal/apigatewayv2"
)

// HTTPAPI reads an HTTP API by its id; with a stage only that stage is read, else all are. It is nil when there is no such API, and when
// it could not be read at all, which is a gap then.
func (r *Reader) HTTPAPI(ctx context.Context, id, stage string) (*HTTPAPI, error) {
	if !isID(id) {
		return nil, nil
	}
	api := &HTTPAPI{
		Stages: map[string]*apigatewayv2.Published{}, Deployed: map[string]time.Time{}, Deployments: map[string]types.Deployment{},
	}
	live, absent, err := r.httpHead(ctx, id)
	if err != nil || absent {
		return nil, err
	}
	var stages []types.Stage
	var wrongLive, wrongStages error
	together(
		func() { wrongLive = r.httpLive(ctx, id, live) },
		func() { stages, wrongStages = r.httpStages(ctx, id, stage) },
	)
	if err := errors.Join(wrongLive, wrongStages); err != nil {
		return nil, err
	}
	if live == nil && len(stages) == 0 {
		return nil, nil
	}
	api.Live = live
	return api, r.httpServed(ctx, id, stages, api)
}

// httpHead reads the API itself. absent says that the service knows no such HTTP API.
func (r *Reader) httpHead(ctx context.Context, id string) (*apigatewayv2.Snapshot, bool, error) {
	answer, there, absent, err := ask(ctx, r, r.gateway("GetApi", "/apis/"+id), func(ctx context.Context) (*sdk.GetApiOutput, error) {
		out, err := r.v2.GetApi(ctx, &sdk.GetApiInput{ApiId: &id})
		return about(out, err, func() *string { return out.ApiId }, id)
	})
	if !there || err != nil {
		return nil, absent, err
	}
	if answer.ProtocolType == types.ProtocolTypeWebsocket {
		return nil, true, nil
	}
	s := &apigatewayv2.Snapshot{Region: r.config.Region, Account: r.account(ctx)}
	s.API.Value = entityOf[types.Api](answer)
	s.API.Value.ApiEndpoint = nil // where the account's server is, not what the API is
	if len(s.API.Value.Tags) == 0 {
		s.API.Value.Tags = nil
	}
	return s, false, nil
}

// httpLive reads what is inside an API as it is edited now.
func (r *Reader) httpLive(ctx context.Context, id string, s *apigatewayv2.Snapshot) error {
	if s == nil {
		return nil
	}
	var routes []types.Route
	var integrations []types.Integration
	var authorizers []types.Authorizer
	var wrong [3]error
	limit := aws.String(strconv.Itoa(pageSize))
	base := "/apis/" + id
	together(
		func() {
			routes, wrong[0] = paged(ctx, r, r.gateway("GetRoutes", base+"/routes"), func(ctx context.Context, at *string) ([]types.Route, *string, error) {
				out, err := r.v2.GetRoutes(ctx, &sdk.GetRoutesInput{ApiId: &id, MaxResults: limit, NextToken: at})
				return items(out, err, func() ([]types.Route, *string) { return out.Items, out.NextToken })
			})
		},
		func() {
			integrations, wrong[1] = paged(ctx, r, r.gateway("GetIntegrations", base+"/integrations"), func(ctx context.Context, at *string) ([]types.Integration, *string, error) {
				out, err := r.v2.GetIntegrations(ctx, &sdk.GetIntegrationsInput{ApiId: &id, MaxResults: limit, NextToken: at})
				return items(out, err, func() ([]types.Integration, *string) { return out.Items, out.NextToken })
			})
		},
		func() {
			authorizers, wrong[2] = paged(ctx, r, r.gateway("GetAuthorizers", base+"/authorizers"), func(ctx context.Context, at *string) ([]types.Authorizer, *string, error) {
				out, err := r.v2.GetAuthorizers(ctx, &sdk.GetAuthorizersInput{ApiId: &id, MaxResults: limit, NextToken: at})
				return items(out, err, func() ([]types.Authorizer, *string) { return out.Items, out.NextToken })
			})
		},
	)
	fill(&s.Routes, routes, func(v types.Route) string { return aws.ToString(v.RouteId) })
	fill(&s.Integrations, integrations, func(v types.Integration) string { return aws.ToString(v.IntegrationId) })
	fill(&s.Authorizers, authorizers, func(v types.Authorizer) string { return aws.ToString(v.AuthorizerId) })
	return errors.Join(wrong[:]...)
}

// httpStages reads one stage, or all.
func (r *Reader) httpStages(ctx context.Context, id, stage string) ([]types.Stage, error) {
	base := "/apis/" + id + "/stages"
	if stage == "" {
		return paged(ctx, r, r.gateway("GetStages", base), func(ctx context.Context, at *string) ([]types.Stage, *string, error) {
			out, err := r.v2.GetStages(ctx, &sdk.GetStagesInput{ApiId: &id, MaxResults: aws.String(strconv.Itoa(pageSize)), NextToken: at})
			return items(out, err, func() ([]types.Stage, *string) { return out.Items, out.NextToken })
		})
	}
	answer, there, _, err := ask(ctx, r, r.gateway("GetStage", base+"/"+stage), func(ctx context.Context) (*sdk.GetStageOutput, error) {
		return r.v2.GetStage(ctx, &sdk.GetStageInput{ApiId: &id, StageName: &stage})
	})
	if !there || err != nil {
		return nil, err
	}
	return []types.Stage{entityOf[types.Stage](answer)}, nil
}

// httpServed reads what the stages serve.
func (r *Reader) httpServed(ctx context.Context, id string, stages []types.Stage, api *HTTPAPI) error {
	var mu sync.Mutex
	var failures []error
	var reads []func()
	for _, stage := range stages {
		if stage.StageName == nil {
			continue
		}
		reads = append(reads, func() {
			published, err := r.httpStage(ctx, id, stage, api.Live)
			deployment, wrong := r.httpDeployment(ctx, id, stage.DeploymentId)
			mu.Lock()
			defer mu.Unlock()
			failures = append(failures, err, wrong)
			api.Stages[*stage.StageName] = published
			if deployment != nil {
				api.Deployments[*deployment.DeploymentId] = *deployment
				api.Deployed[*stage.StageName] = aws.ToTime(deployment.CreatedDate)
			}
		})
	}
	together(reads...)
	return errors.Join(failures...)
}

// httpStage reads one stage's definition out of its export. Its Snapshot is nil when that could not be read, and when the stage has no
// deployment.
func (r *Reader) httpStage(ctx context.Context, id string, stage types.Stage, live *apigatewayv2.Snapshot) (*apigatewayv2.Published, error) {
	published := &apigatewayv2.Published{DeploymentID: aws.ToString(stage.DeploymentId), Stage: stage}
	if published.DeploymentID == "" {
		return published, nil
	}
	q := r.gateway("ExportApi", "/apis/"+id+"/exports/OAS30")
	q.page = *stage.StageName
	answer, there, _, err := ask(ctx, r, q, func(ctx context.Context) (*sdk.ExportApiOutput, error) {
		return r.v2.ExportApi(ctx, &sdk.ExportApiInput{
			ApiId: &id, StageName: stage.StageName, Specification: aws.String("OAS30"), OutputType: aws.String("JSON"), IncludeExtensions: aws.Bool(true),
		})
	})
	if !there || err != nil {
		return published, err
	}
	snapshot, err := apigatewayv2.Deployed(live, answer.Body)
	if err != nil {
		r.gap(Gap{q.operation, q.permission, GapStrange, oneLine(err.Error())})
		return published, nil
	}
	if snapshot.Region == "" { // the export does not say where the API is, and the API itself could not be read
		snapshot.Region, snapshot.Account = r.config.Region, r.account(ctx)
	}
	published.Snapshot = snapshot
	return published, nil
}

func (r *Reader) httpDeployment(ctx context.Context, id string, deployment *string) (*types.Deployment, error) {
	if aws.ToString(deployment) == "" {
		return nil, nil
	}
	q := r.gateway("GetDeployment", "/apis/"+id+"/deployments/"+*deployment)
	answer, there, _, err := ask(ctx, r, q, func(ctx context.Context) (*sdk.GetDeploymentOutput, error) {
		out, err := r.v2.GetDeployment(ctx, &sdk.GetDeploymentInput{ApiId: &id, DeploymentId: deployment})
		return about(out, err, func() *string { return out.DeploymentId }, *deployment)
	})
	if !there || err != nil {
		return nil, err
	}
	found := entityOf[types.Deployment](answer)
	return &found, nil
}
