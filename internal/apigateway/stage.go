package apigateway

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/poolgate/poolgate/internal/store"
	"github.com/poolgate/poolgate/internal/wire"
)

var (
	stageName        = expression(`^[a-zA-Z0-9_-]{1,128}$`)
	noSuchDeployment = badRequest("Deployment id does not exist")
)

// CreateStage lets a stage serve a deployment.
func (s *Service) CreateStage(ctx context.Context, in *apigateway.CreateStageInput) (*apigateway.CreateStageOutput, error) {
	stage := types.Stage{
		StageName: in.StageName, DeploymentId: in.DeploymentId, Description: in.Description, DocumentationVersion: in.DocumentationVersion,
		CacheClusterEnabled: in.CacheClusterEnabled, CacheClusterSize: in.CacheClusterSize, CanarySettings: in.CanarySettings,
		TracingEnabled: in.TracingEnabled,
	}
	if len(in.Variables) > 0 {
		stage.Variables = in.Variables
	}
	if len(in.Tags) > 0 {
		stage.Tags = in.Tags
	}
	err := s.change(ctx, in.RestApiId, noAPI(wire.CallFrom(ctx), in.RestApiId), func(e *edit) error {
		if err := s.insertStage(e, stage); err != nil {
			return err
		}
		stored, err := stages.Get(e.tx, e.id, *in.StageName)
		if err == nil {
			stage = stored.Value
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return answer[apigateway.CreateStageOutput](stage), nil
}

// insertStage checks a new stage, fills in what AWS shows of every stage and stores it.
func (s *Service) insertStage(e *edit, stage types.Stage) error {
	name := aws.ToString(stage.StageName)
	if !stageName().MatchString(name) {
		return badRequest("Stage name only allows a-zA-Z0-9_-")
	}
	if _, err := get(e.tx, &deployments, e.id, stage.DeploymentId, noSuchDeployment); err != nil {
		return err
	}
	if c := stage.CanarySettings; c != nil && c.DeploymentId != nil {
		if _, err := get(e.tx, &deployments, e.id, c.DeploymentId, noSuchDeployment); err != nil {
			return err
		}
	}
	if err := checkVariables(stage.Variables); err != nil {
		return err
	}
	stage.CreatedDate = s.now()
	stage.LastUpdatedDate = stage.CreatedDate
	stage.MethodSettings = map[string]types.MethodSetting{}
	showCache(&stage)
	e.serve()
	err := stages.Insert(e.tx, e.id, name, document(stage))
	if errors.Is(err, store.ErrExists) {
		return conflict("Stage already exists").Because(err)
	}
	return err
}

// showCache makes the status of a stage's cache tell of its switch. The cache is the gateway's own, whatever the size.
func showCache(stage *types.Stage) {
	stage.CacheClusterStatus = types.CacheClusterStatusNotAvailable
	if stage.CacheClusterEnabled {
		stage.CacheClusterStatus = types.CacheClusterStatusAvailable
		if stage.CacheClusterSize == "" {
			stage.CacheClusterSize = types.CacheClusterSizeSize0Point5Gb
		}
	}
}

// GetStage returns one stage.
func (s *Service) GetStage(ctx context.Context, in *apigateway.GetStageInput) (*apigateway.GetStageOutput, error) {
	var stage types.Stage
	err := s.look(ctx, in.RestApiId, noStage, func(e *edit) error {
		found, err := get(e.tx, &stages, e.id, in.StageName, noStage)
		if err == nil {
			stage = found.Value
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return answer[apigateway.GetStageOutput](stage), nil
}

// GetStages lists an API's stages, or those of one deployment, in the order in which they were made.
func (s *Service) GetStages(ctx context.Context, in *apigateway.GetStagesInput) (*apigateway.GetStagesOutput, error) {
	var list []types.Stage
	err := s.look(ctx, in.RestApiId, noAPI(wire.CallFrom(ctx), in.RestApiId), func(e *edit) (err error) {
		list, err = all(e.tx, &stages, e.id)
		return err
	})
	if err != nil {
		return nil, err
	}
	if in.DeploymentId != nil {
		list = slices.DeleteFunc(list, func(stage types.Stage) bool { return aws.ToString(stage.DeploymentId) != *in.DeploymentId })
	}
	slices.SortStableFunc(list, func(a, b types.Stage) int {
		if c := a.CreatedDate.Compare(*b.CreatedDate); c != 0 {
			return c
		}
		return strings.Compare(*a.StageName, *b.StageName)
	})
	return &apigateway.GetStagesOutput{Item: list}, nil
}

// DeleteStage ends a stage; requests to it are refused at once.
func (s *Service) DeleteStage(ctx context.Context, in *apigateway.DeleteStageInput) (*apigateway.DeleteStageOutput, error) {
	err := s.change(ctx, in.RestApiId, noStage, func(e *edit) error {
		e.serve()
		return remove(e.tx, &stages, e.id, in.StageName, noStage)
	})
	if err != nil {
		return nil, err
	}
	return &apigateway.DeleteStageOutput{}, nil
}

// FlushStageAuthorizersCache drops what a stage remembers of its authorizers' answers, on every node.
func (s *Service) FlushStageAuthorizersCache(ctx context.Context, in *apigateway.FlushStageAuthorizersCacheInput) (*apigateway.FlushStageAuthorizersCacheOutput, error) {
	err := s.change(ctx, in.RestApiId, noStage, func(e *edit) error {
		e.tx.Bump(AuthorizersTopic(e.id, aws.ToString(in.StageName)))
		_, err := get(e.tx, &stages, e.id, in.StageName, noStage)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &apigateway.FlushStageAuthorizersCacheOutput{}, nil
}

// ResponsesTopic is bumped when a stage's cached answers are to be forgotten; with neither API nor stage it is what all of them begin
// with.
func ResponsesTopic(apiID, stage string) string {
	if apiID == "" {
		return "responses/"
	}
	return "responses/" + apiID + "/" + stage
}

// FlushStageCache drops a stage's cached answers, on every node.
func (s *Service) FlushStageCache(ctx context.Context, in *apigateway.FlushStageCacheInput) (*apigateway.FlushStageCacheOutput, error) {
	err := s.change(ctx, in.RestApiId, noStage, func(e *edit) error {
		e.tx.Bump(ResponsesTopic(e.id, aws.ToString(in.StageName)))
		_, err := get(e.tx, &stages, e.id, in.StageName, noStage)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &apigateway.FlushStageCacheOutput{}, nil
}

var (
	variableName  = expression(`^[a-zA-Z0-9_]{1,64}$`)
	variableValue = regexp.MustCompile(`^[A-Za-z0-9._~:/?#&=,-]*$`)
	// A counted repetition of hundreds would make the expression large; the length is checked beside it.
	longestVariable = 512
)

// checkVariables checks names and values of stage variables as AWS's documentation has them.
func checkVariables(variables map[string]string) error {
	for name, value := range variables {
		if !variableName().MatchString(name) || !variableValue.MatchString(value) || len(value) > longestVariable {
			return badRequest("Stage variable name or value contains characters that are not allowed: %s. "+
				"Names take alphanumeric characters and underscores, values A-Za-z0-9-._~:/?#&=,", name)
		}
	}
	return nil
}
