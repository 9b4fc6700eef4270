package apigatewayv2

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"

	"github.com/poolgate/poolgate/internal/entity"
	"github.com/poolgate/poolgate/internal/store"
)

// CreateStage makes a stage. With auto-deploy it serves the API as it stands, and every later change of it; else it serves
// a deployment, or nothing until it is given one.
func (s *Service) CreateStage(ctx context.Context, in *apigatewayv2.CreateStageInput) (*apigatewayv2.CreateStageOutput, error) {
	stage := types.Stage{
		StageName: in.StageName, AccessLogSettings: in.AccessLogSettings, AutoDeploy: in.AutoDeploy, ClientCertificateId: emptyIsNil(in.ClientCertificateId),
		DefaultRouteSettings: in.DefaultRouteSettings, DeploymentId: emptyIsNil(in.DeploymentId), Description: emptyIsNil(in.Description),
		RouteSettings: in.RouteSettings, StageVariables: in.StageVariables, Tags: in.Tags,
	}
	err := s.settle(ctx, in.ApiId, func(e *edit) error {
		return s.insertStage(e, stage)
	})
	if err == nil {
		stage, err = s.deployed(ctx, in.ApiId, in.StageName)
	}
	if err != nil {
		return nil, err
	}
	return answer[apigatewayv2.CreateStageOutput](stage), nil
}

// insertStage checks a new stage, fills in what AWS shows of every stage and stores it. One with auto-deploy is deployed
// when the transaction is done.
func (s *Service) insertStage(e *edit, stage types.Stage) error {
	name := aws.ToString(stage.StageName)
	if !stageName.MatchString(name) {
		return badStageName
	}
	if deploysItself(stage) {
		if stage.DeploymentId != nil {
			return deploymentAndAuto
		}
		e.api.Automatic = 0
	} else {
		stage.AutoDeploy = nil
	}
	stage.CreatedDate = s.now()
	stage.LastUpdatedDate = stage.CreatedDate
	if stage.DefaultRouteSettings == nil {
		stage.DefaultRouteSettings = &types.RouteSettings{}
	}
	if stage.DefaultRouteSettings.DetailedMetricsEnabled == nil {
		stage.DefaultRouteSettings.DetailedMetricsEnabled = aws.Bool(false)
	}
	if err := checkStage(e, &stage); err != nil {
		return err
	}
	e.serve()
	err := stages.Insert(e.tx, e.id, name, entity.Document(stage))
	if errors.Is(err, store.ErrExists) {
		return conflict("Stage already exists").Because(err)
	}
	return err
}

// deployed brings the API's stages up to date and returns one as it is then.
func (s *Service) deployed(ctx context.Context, apiID, name *string) (types.Stage, error) {
	if err := s.autoDeploy(ctx, aws.ToString(apiID)); err != nil {
		return types.Stage{}, err
	}
	return s.findStage(ctx, apiID, name)
}

// findStage returns a stage as answers show it.
func (s *Service) findStage(ctx context.Context, apiID, name *string) (types.Stage, error) {
	stage, err := find(ctx, s, &stages, apiID, name, noStage)
	return shownStage(stage), err
}

// shownStage shows a stage's maps, if only empty ones.
func shownStage(stage types.Stage) types.Stage {
	if stage.RouteSettings == nil {
		stage.RouteSettings = map[string]types.RouteSettings{}
	}
	if stage.StageVariables == nil {
		stage.StageVariables = map[string]string{}
	}
	if stage.Tags == nil {
		stage.Tags = map[string]string{}
	}
	return stage
}

// GetStage returns one stage.
func (s *Service) GetStage(ctx context.Context, in *apigatewayv2.GetStageInput) (*apigatewayv2.GetStageOutput, error) {
	stage, err := s.findStage(ctx, in.ApiId, in.StageName)
	if err != nil {
		return nil, err
	}
	return answer[apigatewayv2.GetStageOutput](stage), nil
}

// GetStages lists an API's stages in the order of their names.
func (s *Service) GetStages(ctx context.Context, in *apigatewayv2.GetStagesInput) (*apigatewayv2.GetStagesOutput, error) {
	key := func(stage types.Stage) string { return *stage.StageName }
	items, next, err := list(ctx, s, &stages, in.ApiId, key, in.MaxResults, in.NextToken)
	if err != nil {
		return nil, err
	}
	for i := range items {
		items[i] = shownStage(items[i])
	}
	return &apigatewayv2.GetStagesOutput{Items: items, NextToken: next}, nil
}

// UpdateStage changes the members that are given. A stage's own settings act at once. A stage variable with an empty
// value is taken away; the settings of one route replace those that it had.
func (s *Service) UpdateStage(ctx context.Context, in *apigatewayv2.UpdateStageInput) (*apigatewayv2.UpdateStageOutput, error) {
	err := s.settle(ctx, in.ApiId, func(e *edit) error {
		found, err := entity.Get(e.tx, &stages, e.id, in.StageName, noStage)
		if err != nil {
			return err
		}
		stage := &found.Value
		if err := patchStage(e, stage, in); err != nil {
			return err
		}
		if err := checkStage(e, stage); err != nil {
			return err
		}
		stage.LastUpdatedDate = s.now()
		e.serve()
		return stages.Put(e.tx, e.id, *in.StageName, found)
	})
	if err != nil {
		return nil, err
	}
	stage, err := s.deployed(ctx, in.ApiId, in.StageName)
	if err != nil {
		return nil, err
	}
	return answer[apigatewayv2.UpdateStageOutput](stage), nil
}

func patchStage(e *edit, stage *types.Stage, in *apigatewayv2.UpdateStageInput) error {
	was := deploysItself(*stage)
	set(&stage.AutoDeploy, in.AutoDeploy)
	switch {
	case deploysItself(*stage) && aws.ToString(in.DeploymentId) != "":
		return deploymentAndAuto
	case deploysItself(*stage) && !was:
		e.api.Automatic = 0
	case !deploysItself(*stage):
		stage.AutoDeploy, stage.LastDeploymentStatusMessage = nil, nil
	}
	setText(&stage.DeploymentId, in.DeploymentId)
	setText(&stage.Description, in.Description)
	setText(&stage.ClientCertificateId, in.ClientCertificateId)
	set(&stage.AccessLogSettings, in.AccessLogSettings)
	if said := in.DefaultRouteSettings; said != nil {
		if stage.DefaultRouteSettings == nil {
			stage.DefaultRouteSettings = &types.RouteSettings{}
		}
		patchSettings(stage.DefaultRouteSettings, said)
	}
	for key, settings := range in.RouteSettings {
		if stage.RouteSettings == nil {
			stage.RouteSettings = make(map[string]types.RouteSettings, len(in.RouteSettings))
		}
		stage.RouteSettings[key] = settings
	}
	if in.StageVariables != nil {
		stage.StageVariables = mergeTexts(stage.StageVariables, in.StageVariables)
	}
	return nil
}

func patchSettings(settings, said *types.RouteSettings) {
	set(&settings.DataTraceEnabled, said.DataTraceEnabled)
	set(&settings.DetailedMetricsEnabled, said.DetailedMetricsEnabled)
	setWord(&settings.LoggingLevel, said.LoggingLevel)
	set(&settings.ThrottlingBurstLimit, said.ThrottlingBurstLimit)
	set(&settings.ThrottlingRateLimit, said.ThrottlingRateLimit)
}

// DeleteStage ends a stage; requests to it are refused at once.
func (s *Service) DeleteStage(ctx context.Context, in *apigatewayv2.DeleteStageInput) (*apigatewayv2.DeleteStageOutput, error) {
	err := s.editStage(ctx, in.ApiId, in.StageName, func(e *edit, stage *types.Stage) error {
		if aws.ToBool(stage.ApiGatewayManaged) {
			return managed("stage")
		}
		return stages.Delete(e.tx, e.id, *stage.StageName)
	})
	if err != nil {
		return nil, err
	}
	return &apigatewayv2.DeleteStageOutput{}, nil
}

// DeleteAccessLogSettings ends a stage's access logs.
func (s *Service) DeleteAccessLogSettings(ctx context.Context, in *apigatewayv2.DeleteAccessLogSettingsInput) (*apigatewayv2.DeleteAccessLogSettingsOutput, error) {
	err := s.editStage(ctx, in.ApiId, in.StageName, func(e *edit, stage *types.Stage) error {
		stage.AccessLogSettings, stage.LastUpdatedDate = nil, s.now()
		return stages.Put(e.tx, e.id, *stage.StageName, entity.Document(*stage))
	})
	if err != nil {
		return nil, err
	}
	return &apigatewayv2.DeleteAccessLogSettingsOutput{}, nil
}

// DeleteRouteSettings takes away what a stage sets for one route.
func (s *Service) DeleteRouteSettings(ctx context.Context, in *apigatewayv2.DeleteRouteSettingsInput) (*apigatewayv2.DeleteRouteSettingsOutput, error) {
	err := s.editStage(ctx, in.ApiId, in.StageName, func(e *edit, stage *types.Stage) error {
		key := aws.ToString(in.RouteKey)
		if _, there := stage.RouteSettings[key]; !there {
			return noRouteSettings(key)
		}
		delete(stage.RouteSettings, key)
		stage.LastUpdatedDate = s.now()
		return stages.Put(e.tx, e.id, *stage.StageName, entity.Document(*stage))
	})
	if err != nil {
		return nil, err
	}
	return &apigatewayv2.DeleteRouteSettingsOutput{}, nil
}

// editStage runs fn on one stage of the caller's, in an Update that changes what is served.
func (s *Service) editStage(ctx context.Context, apiID, name *string, fn func(*edit, *types.Stage) error) error {
	return s.settle(ctx, apiID, func(e *edit) error {
		found, err := entity.Get(e.tx, &stages, e.id, name, noStage)
		if err != nil {
			return err
		}
		e.serve()
		return fn(e, &found.Value)
	})
}
