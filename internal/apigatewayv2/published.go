package apigatewayv2

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/poolgate/poolgate/internal/entity"
	"github.com/poolgate/poolgate/internal/store"
)

// Published returns what the stages of an API serve, by stage name, DefaultStage among them. The API is found by its id
// whoever owns it; an unknown one is a NotFoundException. Stages of one deployment share its snapshot, which must not
// be changed.
//
// An automatic deployment that a crash cut off from its edit is made up for here.
func (s *Service) Published(ctx context.Context, apiID string) (map[string]*Published, error) {
	if err := s.autoDeploy(ctx, apiID); err != nil {
		return nil, err
	}
	var published map[string]*Published
	err := s.store.View(ctx, func(tx *store.Tx) error {
		if _, err := anyAPI(tx, apiID); err != nil {
			return err
		}
		list, err := entity.All(tx, &stages, apiID)
		if err != nil {
			return err
		}
		published = make(map[string]*Published, len(list))
		read := make(map[string]*Snapshot, 1)
		for _, stage := range list {
			id := aws.ToString(stage.DeploymentId)
			if id != "" && read[id] == nil {
				if read[id], err = snapshots.Get(tx, apiID, id); err != nil {
					return err
				}
			}
			published[*stage.StageName] = &Published{Snapshot: read[id], DeploymentID: id, Stage: stage}
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

// takeSnapshot reads all that a deployment freezes, in the order of the ids.
func takeSnapshot(tx *store.Tx, apiID string, api *httpAPI) (*Snapshot, error) {
	snapshot := &Snapshot{Account: api.Account, Region: api.Region, API: api.API}
	return snapshot, errors.Join(
		entity.Documents(tx, &routes, apiID, &snapshot.Routes),
		entity.Documents(tx, &integrations, apiID, &snapshot.Integrations),
		entity.Documents(tx, &authorizers, apiID, &snapshot.Authorizers),
	)
}
