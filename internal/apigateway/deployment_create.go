package apigateway

import (
	"context"
	"errors"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/poolgate/poolgate/internal/wire"
)

// deployAttempts is how often a deployment begins anew because the API was edited while it was compiled.
const deployAttempts = 20

// errEdited ends an attempt to store a snapshot that is no longer the API's.
var errEdited = errors.New("apigateway: the API was edited while it was compiled")

// CreateDeployment freezes an API as it stands and, when a stage is named, lets the stage serve it. The snapshot is
// compiled outside of any transaction; if the API was edited meanwhile, its revision tells, and all begins anew.
func (s *Service) CreateDeployment(ctx context.Context, in *apigateway.CreateDeploymentInput) (*apigateway.CreateDeploymentOutput, error) {
	if in.CanarySettings != nil && aws.ToString(in.StageName) == "" {
		shown := "null"
		if in.StageName != nil {
			shown = ""
		}
		return nil, badRequest("Invalid deployment content specified.Non null and non empty stageName must be provided for canary deployment. Provided value is %s", shown)
	}
	id, err := s.newID(entityIDLength)
	if err != nil {
		return nil, err
	}
	deployment := types.Deployment{Id: &id, Description: in.Description, CreatedDate: s.now()}
	for range deployAttempts {
		snapshot, revision, err := s.compiled(ctx, in.RestApiId)
		if err != nil {
			return nil, err
		}
		err = s.change(ctx, in.RestApiId, noAPI(wire.CallFrom(ctx), in.RestApiId), func(e *edit) error {
			if e.api.Revision != revision {
				return errEdited
			}
			if err := deployments.Insert(e.tx, e.id, id, document(deployment)); err != nil {
				return err
			}
			if err := snapshots.Insert(e.tx, e.id, id, snapshot); err != nil {
				return err
			}
			if aws.ToString(in.StageName) == "" {
				return nil
			}
			return s.deployTo(e, in, id)
		})
		if err == nil {
			return answer[apigateway.CreateDeploymentOutput](deployment), nil
		}
		if !errors.Is(err, errEdited) {
			return nil, err
		}
	}
	return nil, modifiedMeantime.Becausef("the API was edited during each of %d attempts to deploy it", deployAttempts)
}

// compiled reads an API, with its revision, and has the gateway compile it.
func (s *Service) compiled(ctx context.Context, apiID *string) (snapshot *Snapshot, revision int64, err error) {
	err = s.look(ctx, apiID, noAPI(wire.CallFrom(ctx), apiID), func(e *edit) (err error) {
		revision = e.api.Revision
		snapshot, err = takeSnapshot(e.tx, e.id, e.api)
		return err
	})
	if err != nil {
		return nil, 0, err
	}
	if err := checkDeployable(snapshot); err != nil {
		return nil, 0, err
	}
	if s.publisher != nil {
		if err := s.publisher.Compile(snapshot); err != nil {
			return nil, 0, badRequest("%s", err.Error()).Because(err)
		}
	}
	return snapshot, revision, nil
}

// checkDeployable refuses what AWS refuses to deploy.
func checkDeployable(snapshot *Snapshot) error {
	methods := 0
	for _, resource := range snapshot.Resources {
		for _, method := range resource.Value.ResourceMethods {
			methods++
			if method.MethodIntegration == nil {
				return badRequest("No integration defined for method")
			}
		}
	}
	if methods == 0 {
		return badRequest("The REST API doesn't contain any methods")
	}
	if endpoint := snapshot.API.Value.EndpointConfiguration; endpoint != nil && slices.Contains(endpoint.Types, types.EndpointTypePrivate) &&
		aws.ToString(snapshot.API.Value.Policy) == "" {
		return badRequest("Private REST API doesn't have a resource policy attached to it")
	}
	return nil
}

// deployTo lets a stage serve the deployment: a new stage, or one that is there already, which keeps its settings
// apart from those that are sent along. A canary deployment leaves the stage's own deployment where it is.
func (s *Service) deployTo(e *edit, in *apigateway.CreateDeploymentInput, id string) error {
	e.serve()
	stored, err := get(e.tx, &stages, e.id, in.StageName, noStage)
	switch {
	case err == nil:
		repoint(&stored.Value, in, id)
		if err := checkVariables(stored.Value.Variables); err != nil {
			return err
		}
		stored.Value.LastUpdatedDate = s.now()
		return stages.Put(e.tx, e.id, *in.StageName, stored)
	case !errors.Is(err, noStage):
		return err
	case in.CanarySettings != nil:
		return badRequest("Invalid deployment content specified.Stage %s must already be created before making a canary release deployment", *in.StageName)
	}
	stage := types.Stage{
		StageName: in.StageName, DeploymentId: &id, Description: in.StageDescription, Variables: in.Variables,
		CacheClusterEnabled: aws.ToBool(in.CacheClusterEnabled), CacheClusterSize: in.CacheClusterSize, TracingEnabled: aws.ToBool(in.TracingEnabled),
	}
	return s.insertStage(e, stage)
}

func repoint(stage *types.Stage, in *apigateway.CreateDeploymentInput, id string) {
	if c := in.CanarySettings; c != nil {
		stage.CanarySettings = &types.CanarySettings{
			DeploymentId: &id, PercentTraffic: c.PercentTraffic,
			StageVariableOverrides: c.StageVariableOverrides, UseStageCache: c.UseStageCache,
		}
		return
	}
	stage.DeploymentId = &id
	if in.StageDescription != nil {
		stage.Description = in.StageDescription
	}
	for name, value := range in.Variables {
		if stage.Variables == nil {
			stage.Variables = make(map[string]string, len(in.Variables))
		}
		stage.Variables[name] = value
	}
	if in.TracingEnabled != nil {
		stage.TracingEnabled = *in.TracingEnabled
	}
	if in.CacheClusterEnabled != nil {
		stage.CacheClusterEnabled = *in.CacheClusterEnabled
	}
	if in.CacheClusterSize != "" {
		stage.CacheClusterSize = in.CacheClusterSize
	}
	showCache(stage)
}
