package apigatewayv2

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"

	"github.com/poolgate/poolgate/internal/entity"
	"github.com/poolgate/poolgate/internal/store"
)

// GetDeployment returns one deployment.
func (s *Service) GetDeployment(ctx context.Context, in *apigatewayv2.GetDeploymentInput) (*apigatewayv2.GetDeploymentOutput, error) {
	var d types.Deployment
	err := s.look(ctx, in.ApiId, func(e *edit) error {
		found, err := entity.Get(e.tx, &deployments, e.id, in.DeploymentId, noDeployment)
		if err == nil {
			d = found.Deployment.Value
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return answer[apigatewayv2.GetDeploymentOutput](d), nil
}

// GetDeployments lists an API's deployments in the order of their ids.
func (s *Service) GetDeployments(ctx context.Context, in *apigatewayv2.GetDeploymentsInput) (*apigatewayv2.GetDeploymentsOutput, error) {
	out := &apigatewayv2.GetDeploymentsOutput{}
	err := s.look(ctx, in.ApiId, func(e *edit) error {
		found, _, err := deployments.List(e.tx, e.id, store.Page{})
		if err != nil {
			return err
		}
		list := make([]types.Deployment, len(found))
		for i, f := range found {
			list[i] = f.Value.Deployment.Value
		}
		key := func(d types.Deployment) string { return *d.DeploymentId }
		out.Items, out.NextToken, err = page(list, key, in.MaxResults, in.NextToken)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// UpdateDeployment changes a deployment's description; nothing else of it can change.
func (s *Service) UpdateDeployment(ctx context.Context, in *apigatewayv2.UpdateDeploymentInput) (*apigatewayv2.UpdateDeploymentOutput, error) {
	var updated types.Deployment
	err := s.settle(ctx, in.ApiId, func(e *edit) error {
		found, err := entity.Get(e.tx, &deployments, e.id, in.DeploymentId, noDeployment)
		if err != nil {
			return err
		}
		setText(&found.Deployment.Value.Description, in.Description)
		updated = found.Deployment.Value
		return deployments.Put(e.tx, e.id, *in.DeploymentId, found)
	})
	if err != nil {
		return nil, err
	}
	return answer[apigatewayv2.UpdateDeploymentOutput](updated), nil
}

// DeleteDeployment deletes a deployment that no stage serves.
func (s *Service) DeleteDeployment(ctx context.Context, in *apigatewayv2.DeleteDeploymentInput) (*apigatewayv2.DeleteDeploymentOutput, error) {
	err := s.settle(ctx, in.ApiId, func(e *edit) error {
		if _, err := entity.Get(e.tx, &deployments, e.id, in.DeploymentId, noDeployment); err != nil {
			return err
		}
		list, err := entity.All(e.tx, &stages, e.id)
		if err != nil {
			return err
		}
		for _, stage := range list {
			if aws.ToString(stage.DeploymentId) == *in.DeploymentId {
				return badRequest("Active stages pointing to this deployment must be moved or deleted")
			}
		}
		return e.dropDeployment(*in.DeploymentId)
	})
	if err != nil {
		return nil, err
	}
	return &apigatewayv2.DeleteDeploymentOutput{}, nil
}

func (e *edit) dropDeployment(id string) error {
	if err := deployments.Delete(e.tx, e.id, id); err != nil {
		return err
	}
	return snapshots.Delete(e.tx, e.id, id)
}
