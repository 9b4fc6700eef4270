package apigateway

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/poolgate/poolgate/internal/entity"
	"github.com/poolgate/poolgate/internal/store"
	"github.com/poolgate/poolgate/internal/wire"
)

// Published returns what the stages of an API serve, by stage name. The API is found by its id whoever owns it; an
// unknown one is a NotFoundException. Stages of one deployment share its snapshot, which must not be changed.
func (s *Service) Published(ctx context.Context, apiID string) (map[string]*Published, error) {
	var published map[string]*Published
	err := s.store.View(ctx, func(tx *store.Tx) error {
		if _, err := anyAPI(tx, apiID); err != nil {
			return err
		}
		list, err := all(tx, &stages, apiID)
		if err != nil {
			return err
		}
		published = make(map[string]*Published, len(list))
		read := make(map[string]*Snapshot, 1)
		snapshot := func(id string) (*Snapshot, error) {
			if read[id] == nil {
				found, err := snapshots.Get(tx, apiID, id)
				if err != nil {
					return nil, err
				}
				read[id] = found
			}
			return read[id], nil
		}
		for _, stage := range list {
			p := &Published{DeploymentID: aws.ToString(stage.DeploymentId), Stage: stage}
			if p.Snapshot, err = snapshot(p.DeploymentID); err != nil {
				return err
			}
			if c := stage.CanarySettings; c != nil && c.DeploymentId != nil {
				p.CanaryDeploymentID = *c.DeploymentId
				if p.Canary, err = snapshot(p.CanaryDeploymentID); err != nil {
					return err
				}
			}
			published[*stage.StageName] = p
		}
		return nil
	})
	return published, err
}

// Live returns an API as it is edited now, deployed or not.
func (s *Service) Live(ctx context.Context, apiID string) (*Snapshot, error) {
	var snapshot *Snapshot
	err := s.store.View(ctx, func(tx *store.Tx) error {
		api, err := anyAPI(tx, apiID)
		if err != nil {
			return err
		}
		snapshot, err = takeSnapshot(tx, apiID, api)
		return err
	})
	return snapshot, err
}

func anyAPI(tx *store.Tx, id string) (*restAPI, error) {
	api, err := restAPIs.Get(tx, apiScope, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, notFound("Invalid API identifier specified %s", id)
	}
	return api, err
}

// takeSnapshot reads all that a deployment freezes. Resources are in the order of their paths, the rest by id.
func takeSnapshot(tx *store.Tx, apiID string, api *restAPI) (*Snapshot, error) {
	snapshot := &Snapshot{Account: api.Account, Region: api.Region, API: api.API}
	list, err := resourcesByPath(tx, apiID)
	if err != nil {
		return nil, err
	}
	snapshot.Resources = make([]wire.Document[types.Resource], len(list))
	for i, resource := range list {
		snapshot.Resources[i].Value = resource
	}
	return snapshot, errors.Join(
		entity.Documents(tx, &authorizers, apiID, &snapshot.Authorizers),
		entity.Documents(tx, &gatewayResponses, apiID, &snapshot.GatewayResponses),
		entity.Documents(tx, &models, apiID, &snapshot.Models),
		entity.Documents(tx, &validators, apiID, &snapshot.Validators),
	)
}
