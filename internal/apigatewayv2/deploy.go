package apigatewayv2

import (
	"context"
	"errors"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"

	"github.com/poolgate/poolgate/internal/entity"
	"github.com/poolgate/poolgate/internal/store"
)

const (
	// deployAttempts is how often a deployment begins anew because the API was edited while it was compiled.
	deployAttempts = 20
	// automaticKept is how many automatic deployments of an API are kept beside those that stages serve: each holds the
	// whole API, and every edit makes one.
	automaticKept = 10

	automaticDescription = "Automatic deployment triggered by changes to the Api configuration"
)

var (
	// errEdited ends an attempt to store a snapshot that is no longer the API's.
	errEdited = errors.New("apigatewayv2: the API was edited while it was compiled")
	noRoutes  = badRequest("Unable to deploy API because no routes exist in this API")
)

// CreateDeployment freezes an API as it stands and, when a stage is named, lets the stage serve it. The snapshot is
// compiled outside of any transaction; if the API was edited meanwhile, its revision tells, and all begins anew.
func (s *Service) CreateDeployment(ctx context.Context, in *apigatewayv2.CreateDeploymentInput) (*apigatewayv2.CreateDeploymentOutput, error) {
	made, err := s.newDeployment(emptyIsNil(in.Description), false)
	if err != nil {
		return nil, err
	}
	for range deployAttempts {
		var snapshot *Snapshot
		var revision int64
		err := s.look(ctx, in.ApiId, func(e *edit) (err error) {
			revision = e.api.Revision
			snapshot, err = takeSnapshot(e.tx, e.id, e.api)
			return err
		})
		if err == nil {
			err = s.compile(snapshot)
		}
		if err != nil {
			return nil, err
		}
		err = s.settle(ctx, in.ApiId, func(e *edit) error {
			if e.api.Revision != revision {
				return errEdited
			}
			if err := e.insertDeployment(made, snapshot); err != nil {
				return err
			}
			if aws.ToString(in.StageName) == "" {
				return nil
			}
			stage, err := entity.Get(e.tx, &stages, e.id, in.StageName, noStage)
			if err != nil {
				return err
			}
			return s.point(e, &stage.Value, made.DeploymentId)
		})
		if err == nil {
			return answer[apigatewayv2.CreateDeploymentOutput](*made), nil
		}
		if !errors.Is(err, errEdited) {
			return nil, err
		}
	}
	return nil, modifiedMeantime.Becausef("the API was edited during each of %d attempts to deploy it", deployAttempts)
}

func (s *Service) newDeployment(description *string, automatic bool) (*types.Deployment, error) {
	id, err := s.newID(entityIDLength)
	return &types.Deployment{
		DeploymentId: &id, AutoDeployed: &automatic, CreatedDate: s.now(), DeploymentStatus: types.DeploymentStatusDeployed, Description: description,
	}, err
}

// compile refuses a snapshot that cannot be served.
func (s *Service) compile(snapshot *Snapshot) error {
	if len(snapshot.Routes) == 0 {
		return noRoutes
	}
	if s.publisher == nil {
		return nil
	}
	if err := s.publisher.Compile(snapshot); err != nil {
		return badRequest("%s", err.Error()).Because(err)
	}
	return nil
}

func (e *edit) insertDeployment(made *types.Deployment, snapshot *Snapshot) error {
	stored := &deployment{Revision: e.api.Revision, Deployment: *entity.Document(*made)}
	if err := deployments.Insert(e.tx, e.id, *made.DeploymentId, stored); err != nil {
		return err
	}
	return snapshots.Insert(e.tx, e.id, *made.DeploymentId, snapshot)
}

// point lets a stage serve a deployment.
func (s *Service) point(e *edit, stage *types.Stage, deploymentID *string) error {
	stage.DeploymentId, stage.LastUpdatedDate = deploymentID, s.now()
	if aws.ToBool(stage.AutoDeploy) {
		stage.LastDeploymentStatusMessage = aws.String("Successfully deployed stage with deployment ID '" + *deploymentID + "'")
	}
	e.serve()
	return stages.Put(e.tx, e.id, *stage.StageName, entity.Document(*stage))
}

// autoDeploy brings an API's stages with auto-deploy to its present revision, if they are not there yet. It runs behind
// every edit, after the edit's own transaction, because a snapshot is compiled outside of any. An API that cannot be
// deployed leaves the stages as they were, and they tell why. An API that is gone needs none. A caller who goes away in
// between does not stop it: the edit is done, and the stages would lag behind it.
func (s *Service) autoDeploy(ctx context.Context, apiID string) error {
	ctx = context.WithoutCancel(ctx)
	for range deployAttempts {
		snapshot, revision, err := s.pending(ctx, apiID)
		if err != nil || snapshot == nil {
			return err
		}
		made, err := s.newDeployment(aws.String(automaticDescription), true)
		if err != nil {
			return err
		}
		refusal := s.compile(snapshot)
		err = s.store.Update(ctx, func(tx *store.Tx) error {
			api, err := anyAPI(tx, apiID)
			switch {
			case errors.Is(err, store.ErrNotFound):
				return nil
			case err != nil:
				return err
			case api.Revision != revision:
				return errEdited
			case api.Automatic == revision:
				return nil
			}
			return s.deployAutomatically(&edit{tx: tx, id: apiID, api: api}, made, snapshot, refusal)
		})
		if !errors.Is(err, errEdited) {
			return err
		}
	}
	// Whoever edits it all the time deploys it behind the last edit.
	return nil
}

// pending is what stages with auto-deploy should serve and do not, with its revision; nil when there is nothing to do.
func (s *Service) pending(ctx context.Context, apiID string) (snapshot *Snapshot, revision int64, err error) {
	err = s.store.View(ctx, func(tx *store.Tx) error {
		snapshot = nil
		api, err := anyAPI(tx, apiID)
		if errors.Is(err, store.ErrNotFound) || err == nil && api.Automatic == api.Revision {
			return nil
		}
		if err != nil {
			return err
		}
		list, err := entity.All(tx, &stages, apiID)
		if err != nil || !slices.ContainsFunc(list, deploysItself) {
			return err
		}
		revision = api.Revision
		snapshot, err = takeSnapshot(tx, apiID, api)
		return err
	})
	return snapshot, revision, err
}

func deploysItself(stage types.Stage) bool { return aws.ToBool(stage.AutoDeploy) }

// deployAutomatically stores an automatic deployment and lets the stages serve it, or tells them why there is none.
func (s *Service) deployAutomatically(e *edit, made *types.Deployment, snapshot *Snapshot, refusal error) error {
	if refusal == nil {
		if err := e.insertDeployment(made, snapshot); err != nil {
			return err
		}
	}
	list, err := entity.All(e.tx, &stages, e.id)
	if err != nil {
		return err
	}
	for i := range list {
		switch stage := &list[i]; {
		case !deploysItself(*stage):
			continue
		case refusal != nil:
			stage.LastDeploymentStatusMessage = aws.String("Deployment attempt failed: " + messageOf(refusal))
			err = stages.Put(e.tx, e.id, *stage.StageName, entity.Document(*stage))
		default:
			err = s.point(e, stage, made.DeploymentId)
		}
		if err != nil {
			return err
		}
	}
	if err := e.forgetAutomatic(list); err != nil {
		return err
	}
	e.api.Automatic = e.api.Revision
	return apis.Put(e.tx, apiScope, e.id, e.api)
}

// forgetAutomatic drops the oldest automatic deployments that no stage serves.
func (e *edit) forgetAutomatic(served []types.Stage) error {
	found, _, err := deployments.List(e.tx, e.id, store.Page{})
	if err != nil {
		return err
	}
	found = slices.DeleteFunc(found, func(f store.Found[deployment]) bool {
		return !aws.ToBool(f.Value.Deployment.Value.AutoDeployed) ||
			slices.ContainsFunc(served, func(stage types.Stage) bool { return aws.ToString(stage.DeploymentId) == f.ID })
	})
	slices.SortFunc(found, func(a, b store.Found[deployment]) int { return int(b.Value.Revision - a.Value.Revision) })
	for i := automaticKept; i < len(found); i++ {
		if err := e.dropDeployment(found[i].ID); err != nil {
			return err
		}
	}
	return nil
}
