package lambda

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/poolgate/poolgate/internal/store"
	"github.com/poolgate/poolgate/internal/wire"
)

// GetFunction returns a function at one version, with its tags and concurrency.
func (s *Service) GetFunction(ctx context.Context, in *lambda.GetFunctionInput) (*lambda.GetFunctionOutput, error) {
	out := &lambda.GetFunctionOutput{}
	err := s.look(ctx, in.FunctionName, in.Qualifier, func(tx *store.Tx, f *function, r reference) error {
		v, err := s.findRevision(tx, f, r)
		if err != nil {
			return err
		}
		shown, err := s.shown(v, r)
		if err != nil {
			return err
		}
		out.Configuration, out.Tags = &shown, f.Tags
		out.Code = &types.FunctionCodeLocation{RepositoryType: aws.String("S3"), Location: s.codeURL(v.Code)}
		if f.Reserved != nil {
			out.Concurrency = &types.Concurrency{ReservedConcurrentExecutions: f.Reserved}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// GetFunctionConfiguration returns a function at one version.
func (s *Service) GetFunctionConfiguration(ctx context.Context, in *lambda.GetFunctionConfigurationInput) (*lambda.GetFunctionConfigurationOutput, error) {
	var shown types.FunctionConfiguration
	err := s.look(ctx, in.FunctionName, in.Qualifier, func(tx *store.Tx, f *function, r reference) error {
		v, err := s.findRevision(tx, f, r)
		if err == nil {
			shown, err = s.shown(v, r)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return answer[lambda.GetFunctionConfigurationOutput](shown), nil
}

// look runs fn on the caller's function in a View.
func (s *Service) look(ctx context.Context, name, qualifier *string, fn func(*store.Tx, *function, reference) error) error {
	r, err := refer(wire.CallFrom(ctx), name, qualifier)
	if err != nil {
		return err
	}
	return s.store.View(ctx, func(tx *store.Tx) error {
		f, err := s.findFunction(tx, r)
		if err != nil {
			return err
		}
		return fn(tx, f, r)
	})
}

// change runs fn on the caller's function in an Update and stores the function. What runs is not changed by it.
func (s *Service) change(ctx context.Context, name, qualifier *string, fn func(*store.Tx, *function, reference) error) error {
	r, err := refer(wire.CallFrom(ctx), name, qualifier)
	if err != nil {
		return err
	}
	return s.store.Update(ctx, func(tx *store.Tx) error {
		f, err := s.findFunction(tx, r)
		if err != nil {
			return err
		}
		if err := fn(tx, f, r); err != nil {
			return err
		}
		return s.put(tx, f, r, false)
	})
}

// ListFunctions returns the caller's functions in order of their names; with ALL, their versions too.
func (s *Service) ListFunctions(ctx context.Context, in *lambda.ListFunctionsInput) (*lambda.ListFunctionsOutput, error) {
	call := wire.CallFrom(ctx)
	out := &lambda.ListFunctionsOutput{Functions: []types.FunctionConfiguration{}}
	err := s.store.View(ctx, func(tx *store.Tx) error {
		out.Functions = out.Functions[:0]
		place := call.Account + "/" + call.Region
		found, more, err := functions.List(tx, place, store.Page{After: aws.ToString(in.Marker), Limit: pageSize(in.MaxItems, 50)})
		if err != nil {
			return err
		}
		for _, f := range found {
			r := reference{account: call.Account, region: call.Region, name: f.ID}
			shown, err := s.shown(&f.Value.Latest, r.with(latest))
			if err != nil {
				return err
			}
			if in.FunctionVersion != types.FunctionVersionAll {
				shown.FunctionArn = aws.String(r.plainARN())
			}
			out.Functions = append(out.Functions, shown)
			if in.FunctionVersion == types.FunctionVersionAll {
				published, err := s.published(tx, r)
				if err != nil {
					return err
				}
				out.Functions = append(out.Functions, published...)
			}
		}
		if more {
			out.NextMarker = &found[len(found)-1].ID
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// pageSize is how many items a page has: what was asked for, within bounds.
func pageSize(asked *int32, most int) int {
	if asked == nil || *asked <= 0 || int(*asked) > most {
		return most
	}
	return int(*asked)
}

// DeleteFunction deletes a version, or the function with all that belongs to it.
func (s *Service) DeleteFunction(ctx context.Context, in *lambda.DeleteFunctionInput) (*lambda.DeleteFunctionOutput, error) {
	r, err := refer(wire.CallFrom(ctx), in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	err = s.store.Update(ctx, func(tx *store.Tx) error {
		f, err := functionStored(tx, r)
		if err != nil {
			return err
		}
		tx.Bump(topicRunning + r.owner())
		if r.qualifier == "" {
			return deleteWhole(tx, f, r)
		}
		return s.deleteVersion(tx, f, r)
	})
	if err != nil {
		return nil, err
	}
	return &lambda.DeleteFunctionOutput{}, nil
}

// functionStored reads a function that is a document: what only lives in a directory cannot be deleted.
func functionStored(tx *store.Tx, r reference) (*function, error) {
	return get(tx, &functions, r.place(), r.name, noFunction(r))
}

func deleteWhole(tx *store.Tx, f *function, r reference) error {
	if err := releaseCode(tx, f.Latest.Code, r.plainARN()); err != nil {
		return err
	}
	found, _, err := versions.List(tx, r.owner(), store.Page{})
	if err != nil {
		return err
	}
	for _, v := range found {
		if err := releaseCode(tx, v.Value.Code, r.with(*v.Value.Configuration.Value.Version).arn()); err != nil {
			return err
		}
	}
	if _, err := versions.DeleteScope(tx, r.owner()); err != nil {
		return err
	}
	if _, err := aliases.DeleteScope(tx, r.owner()); err != nil {
		return err
	}
	return functions.Delete(tx, r.place(), r.name)
}
