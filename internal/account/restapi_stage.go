package account

import (
	"context"
	"errors"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/poolgate/poolgate/internal/apigateway"
)

// restStages reads one stage, or all.
func (r *Reader) restStages(ctx context.Context, id, stage string) ([]types.Stage, error) {
	base := "/restapis/" + id + "/stages"
	if stage == "" {
		answer, _, _, err := ask(ctx, r, r.gateway("GetStages", base), func(ctx context.Context) (*sdk.GetStagesOutput, error) {
			return r.rest.GetStages(ctx, &sdk.GetStagesInput{RestApiId: &id})
		})
		if answer == nil {
			return nil, err
		}
		return answer.Item, err
	}
	answer, there, _, err := ask(ctx, r, r.gateway("GetStage", base+"/"+stage), func(ctx context.Context) (*sdk.GetStageOutput, error) {
		return r.rest.GetStage(ctx, &sdk.GetStageInput{RestApiId: &id, StageName: &stage})
	})
	if !there || err != nil {
		return nil, err
	}
	return []types.Stage{entityOf[types.Stage](answer)}, nil
}

// restServed reads what the stages serve.
func (r *Reader) restServed(ctx context.Context, id string, stages []types.Stage, api *RESTAPI) error {
	var mu sync.Mutex
	var failures []error
	var reads []func()
	for _, stage := range stages {
		if stage.StageName == nil {
			continue
		}
		reads = append(reads, func() {
			published, err := r.restStage(ctx, id, stage, api.Live)
			deployments, wrong := r.restDeployments(ctx, id, stage)
			mu.Lock()
			defer mu.Unlock()
			failures = append(failures, err, wrong)
			api.Stages[*stage.StageName] = published
			for _, d := range deployments {
				api.Deployments[*d.Id] = d
				if d.CreatedDate != nil && *d.Id == aws.ToString(stage.DeploymentId) {
					api.Deployed[*stage.StageName] = *d.CreatedDate
				}
			}
			if acl := aws.ToString(stage.WebAclArn); acl != "" {
				api.WebACL[*stage.StageName] = acl
			}
		})
	}
	together(reads...)
	return errors.Join(failures...)
}

// restStage reads one stage's definition out of its export. Its Snapshot is nil when that could not be read.
func (r *Reader) restStage(ctx context.Context, id string, stage types.Stage, live *apigateway.Snapshot) (*apigateway.Published, error) {
	published := &apigateway.Published{DeploymentID: aws.ToString(stage.DeploymentId), Stage: stage}
	name := *stage.StageName
	q := r.gateway("GetExport", "/restapis/"+id+"/stages/"+name+"/exports/oas30")
	if c := stage.CanarySettings; c != nil && aws.ToString(c.DeploymentId) != "" {
		published.CanaryDeploymentID = *c.DeploymentId
		r.gap(Gap{q.operation, q.permission, GapHidden, "stage " + name + " has a canary, and an export shows only what the other requests get"})
	}
	answer, there, _, err := ask(ctx, r, q, func(ctx context.Context) (*sdk.GetExportOutput, error) {
		return r.rest.GetExport(ctx, &sdk.GetExportInput{
			RestApiId: &id, StageName: &name, ExportType: aws.String("oas30"), Accepts: aws.String("application/json"),
			Parameters: map[string]string{"extensions": "integrations,authorizers,apigateway"},
		})
	})
	if !there || err != nil {
		return published, err
	}
	snapshot, err := apigateway.Deployed(live, answer.Body)
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

// restDeployments reads the deployments that a stage serves: its own and its canary's.
func (r *Reader) restDeployments(ctx context.Context, id string, stage types.Stage) ([]types.Deployment, error) {
	ids := []string{aws.ToString(stage.DeploymentId)}
	if stage.CanarySettings != nil {
		ids = append(ids, aws.ToString(stage.CanarySettings.DeploymentId))
	}
	var list []types.Deployment
	for _, deployment := range ids {
		if deployment == "" {
			continue
		}
		q := r.gateway("GetDeployment", "/restapis/"+id+"/deployments/"+deployment)
		answer, there, _, err := ask(ctx, r, q, func(ctx context.Context) (*sdk.GetDeploymentOutput, error) {
			out, err := r.rest.GetDeployment(ctx, &sdk.GetDeploymentInput{RestApiId: &id, DeploymentId: &deployment})
			return about(out, err, func() *string { return out.Id }, deployment)
		})
		if err != nil {
			return nil, err
		}
		if there {
			list = append(list, entityOf[types.Deployment](answer))
		}
	}
	return list, nil
}
