package apigateway

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/poolgate/poolgate/internal/store"
	"github.com/poolgate/poolgate/internal/wire"
)

// GetDeployment returns one deployment, with a summary of what it froze when that is asked for.
func (s *Service) GetDeployment(ctx context.Context, in *apigateway.GetDeploymentInput) (*apigateway.GetDeploymentOutput, error) {
	var deployment types.Deployment
	err := s.look(ctx, in.RestApiId, noDeployment, func(e *edit) error {
		found, err := get(e.tx, &deployments, e.id, in.DeploymentId, noDeployment)
		if err != nil {
			return err
		}
		deployment = found.Value
		if slices.Contains(in.Embed, "apisummary") {
			deployment.ApiSummary, err = summary(e.tx, e.id, *in.DeploymentId)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return answer[apigateway.GetDeploymentOutput](deployment), nil
}

// GetDeployments lists an API's deployments in the order of their ids.
func (s *Service) GetDeployments(ctx context.Context, in *apigateway.GetDeploymentsInput) (*apigateway.GetDeploymentsOutput, error) {
	out := &apigateway.GetDeploymentsOutput{}
	err := s.look(ctx, in.RestApiId, noAPI(wire.CallFrom(ctx), in.RestApiId), func(e *edit) error {
		list, err := all(e.tx, &deployments, e.id)
		if err != nil {
			return err
		}
		out.Items, out.Position, err = page(list, func(d types.Deployment) string { return *d.Id }, in.Limit, in.Position)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// UpdateDeployment patches a deployment's description; nothing else of it can change.
func (s *Service) UpdateDeployment(ctx context.Context, in *apigateway.UpdateDeploymentInput) (*apigateway.UpdateDeploymentOutput, error) {
	var updated types.Deployment
	err := s.change(ctx, in.RestApiId, noDeployment, func(e *edit) error {
		found, err := get(e.tx, &deployments, e.id, in.DeploymentId, noDeployment)
		if err != nil {
			return err
		}
		if err := deploymentPatches.apply(&found.Value, in.PatchOperations); err != nil {
			return err
		}
		updated = found.Value
		return deployments.Put(e.tx, e.id, *in.DeploymentId, found)
	})
	if err != nil {
		return nil, err
	}
	return answer[apigateway.UpdateDeploymentOutput](updated), nil
}

// DeleteDeployment deletes a deployment that no stage serves.
func (s *Service) DeleteDeployment(ctx context.Context, in *apigateway.DeleteDeploymentInput) (*apigateway.DeleteDeploymentOutput, error) {
	err := s.change(ctx, in.RestApiId, noDeployment, func(e *edit) error {
		if _, err := get(e.tx, &deployments, e.id, in.DeploymentId, noDeployment); err != nil {
			return err
		}
		list, err := all(e.tx, &stages, e.id)
		if err != nil {
			return err
		}
		for _, stage := range list {
			if pointsTo(stage, *in.DeploymentId) {
				return badRequest("Active stages pointing to this deployment must be moved or deleted")
			}
		}
		if err := deployments.Delete(e.tx, e.id, *in.DeploymentId); err != nil {
			return err
		}
		return snapshots.Delete(e.tx, e.id, *in.DeploymentId)
	})
	if err != nil {
		return nil, err
	}
	return &apigateway.DeleteDeploymentOutput{}, nil
}

func pointsTo(stage types.Stage, deploymentID string) bool {
	return aws.ToString(stage.DeploymentId) == deploymentID ||
		stage.CanarySettings != nil && aws.ToString(stage.CanarySettings.DeploymentId) == deploymentID
}

// summary tells of each frozen method, by path and verb, how it is protected.
func summary(tx *store.Tx, apiID, deploymentID string) (map[string]map[string]types.MethodSnapshot, error) {
	snapshot, err := snapshots.Get(tx, apiID, deploymentID)
	if err != nil {
		return nil, err
	}
	byPath := make(map[string]map[string]types.MethodSnapshot)
	for _, resource := range snapshot.Resources {
		for verb, method := range resource.Value.ResourceMethods {
			path := *resource.Value.Path
			if byPath[path] == nil {
				byPath[path] = make(map[string]types.MethodSnapshot)
			}
			byPath[path][verb] = types.MethodSnapshot{ApiKeyRequired: aws.ToBool(method.ApiKeyRequired), AuthorizationType: method.AuthorizationType}
		}
	}
	return byPath, nil
}

var deploymentPatches = patchTable[types.Deployment]{
	refuse: refusePlainly[types.Deployment],
	rows: []patchRow[types.Deployment]{
		replaceText("/description", func(d *types.Deployment) **string { return &d.Description }),
	},
}
