package lambda

import (
	"context"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/poolgate/poolgate/internal/store"
	"github.com/poolgate/poolgate/internal/wire"
)

// eventSettings are what Put and Update give.
type eventSettings struct {
	destinations *types.DestinationConfig
	age, retries *int32
}

// setEventInvoke stores how a function's events are retried. A whole replacement forgets what is not given.
func (s *Service) setEventInvoke(ctx context.Context, name, qualifier *string, in eventSettings, whole bool) (types.FunctionEventInvokeConfig, error) {
	var out types.FunctionEventInvokeConfig
	if in.destinations == nil && in.age == nil && in.retries == nil {
		return out, invalid("You must specify at least one of error handling or destination setting.")
	}
	err := s.change(ctx, name, qualifier, func(tx *store.Tx, f *function, r reference) error {
		if _, err := s.findRevision(tx, f, r); err != nil {
			return err
		}
		before, known := f.EventInvoke[r.qualifier]
		if !known && !whole {
			return noEventInvoke(r)
		}
		out = before.Value
		if whole {
			out = types.FunctionEventInvokeConfig{}
		}
		set(&out.DestinationConfig, in.destinations)
		set(&out.MaximumEventAgeInSeconds, in.age)
		set(&out.MaximumRetryAttempts, in.retries)
		if out.DestinationConfig == nil {
			out.DestinationConfig = &types.DestinationConfig{OnSuccess: &types.OnSuccess{}, OnFailure: &types.OnFailure{}}
		}
		shown := r
		if shown.qualifier == "" {
			shown.qualifier = latest
		}
		out.FunctionArn, out.LastModified = aws.String(shown.arn()), aws.Time(s.now())
		if f.EventInvoke == nil {
			f.EventInvoke = map[string]wire.Document[types.FunctionEventInvokeConfig]{}
		}
		f.EventInvoke[r.qualifier] = wire.Document[types.FunctionEventInvokeConfig]{Value: out}
		return nil
	})
	return out, err
}

func noEventInvoke(r reference) error {
	if r.qualifier == "" {
		r.qualifier = latest
	}
	return notFound("The function %s doesn't have an EventInvokeConfig", r.arn())
}

// PutFunctionEventInvokeConfig says anew how a function's events are retried and who is told.
func (s *Service) PutFunctionEventInvokeConfig(ctx context.Context, in *lambda.PutFunctionEventInvokeConfigInput) (*lambda.PutFunctionEventInvokeConfigOutput, error) {
	out, err := s.setEventInvoke(ctx, in.FunctionName, in.Qualifier,
		eventSettings{in.DestinationConfig, in.MaximumEventAgeInSeconds, in.MaximumRetryAttempts}, true)
	if err != nil {
		return nil, err
	}
	return answer[lambda.PutFunctionEventInvokeConfigOutput](out), nil
}

// UpdateFunctionEventInvokeConfig changes what is given of it.
func (s *Service) UpdateFunctionEventInvokeConfig(ctx context.Context, in *lambda.UpdateFunctionEventInvokeConfigInput) (*lambda.UpdateFunctionEventInvokeConfigOutput, error) {
	out, err := s.setEventInvoke(ctx, in.FunctionName, in.Qualifier,
		eventSettings{in.DestinationConfig, in.MaximumEventAgeInSeconds, in.MaximumRetryAttempts}, false)
	if err != nil {
		return nil, err
	}
	return answer[lambda.UpdateFunctionEventInvokeConfigOutput](out), nil
}

// GetFunctionEventInvokeConfig returns it.
func (s *Service) GetFunctionEventInvokeConfig(ctx context.Context, in *lambda.GetFunctionEventInvokeConfigInput) (*lambda.GetFunctionEventInvokeConfigOutput, error) {
	var out types.FunctionEventInvokeConfig
	err := s.look(ctx, in.FunctionName, in.Qualifier, func(_ *store.Tx, f *function, r reference) error {
		found, known := f.EventInvoke[r.qualifier]
		if !known {
			return noEventInvoke(r)
		}
		out = found.Value
		return nil
	})
	if err != nil {
		return nil, err
	}
	return answer[lambda.GetFunctionEventInvokeConfigOutput](out), nil
}

// DeleteFunctionEventInvokeConfig returns to the defaults.
func (s *Service) DeleteFunctionEventInvokeConfig(ctx context.Context, in *lambda.DeleteFunctionEventInvokeConfigInput) (*lambda.DeleteFunctionEventInvokeConfigOutput, error) {
	err := s.change(ctx, in.FunctionName, in.Qualifier, func(_ *store.Tx, f *function, r reference) error {
		if _, known := f.EventInvoke[r.qualifier]; !known {
			return noEventInvoke(r)
		}
		delete(f.EventInvoke, r.qualifier)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &lambda.DeleteFunctionEventInvokeConfigOutput{}, nil
}

// ListFunctionEventInvokeConfigs lists those of all qualifiers.
func (s *Service) ListFunctionEventInvokeConfigs(ctx context.Context, in *lambda.ListFunctionEventInvokeConfigsInput) (*lambda.ListFunctionEventInvokeConfigsOutput, error) {
	out := &lambda.ListFunctionEventInvokeConfigsOutput{}
	err := s.look(ctx, in.FunctionName, nil, func(_ *store.Tx, f *function, _ reference) (err error) {
		list := []types.FunctionEventInvokeConfig{}
		for _, qualifier := range slices.Sorted(maps.Keys(f.EventInvoke)) {
			list = append(list, f.EventInvoke[qualifier].Value)
		}
		out.FunctionEventInvokeConfigs, out.NextMarker, err = page(list, in.Marker, in.MaxItems, 50)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}
