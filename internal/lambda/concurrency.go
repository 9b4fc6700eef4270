package lambda

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/poolgate/poolgate/internal/store"
	"github.com/poolgate/poolgate/internal/wire"
)

// An account's limits as AWS shows them of one in good standing [D]. How many processes really run is the server's to say.
const (
	accountConcurrency = 1000
	unreservedAtLeast  = 100
	accountCodeBytes   = 80_530_636_800
)

// PutFunctionConcurrency bounds how many events of a function run at a time; zero lets none through.
func (s *Service) PutFunctionConcurrency(ctx context.Context, in *lambda.PutFunctionConcurrencyInput) (*lambda.PutFunctionConcurrencyOutput, error) {
	err := s.change(ctx, in.FunctionName, nil, func(_ *store.Tx, f *function, _ reference) error {
		if *in.ReservedConcurrentExecutions > accountConcurrency-unreservedAtLeast {
			return invalid("Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [%d].",
				unreservedAtLeast)
		}
		f.Reserved = in.ReservedConcurrentExecutions
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &lambda.PutFunctionConcurrencyOutput{ReservedConcurrentExecutions: in.ReservedConcurrentExecutions}, nil
}

// GetFunctionConcurrency returns the bound; none is told by its absence.
func (s *Service) GetFunctionConcurrency(ctx context.Context, in *lambda.GetFunctionConcurrencyInput) (*lambda.GetFunctionConcurrencyOutput, error) {
	out := &lambda.GetFunctionConcurrencyOutput{}
	err := s.look(ctx, in.FunctionName, nil, func(_ *store.Tx, f *function, _ reference) error {
		out.ReservedConcurrentExecutions = f.Reserved
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// DeleteFunctionConcurrency takes the bound away.
func (s *Service) DeleteFunctionConcurrency(ctx context.Context, in *lambda.DeleteFunctionConcurrencyInput) (*lambda.DeleteFunctionConcurrencyOutput, error) {
	err := s.change(ctx, in.FunctionName, nil, func(_ *store.Tx, f *function, _ reference) error {
		f.Reserved = nil
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &lambda.DeleteFunctionConcurrencyOutput{}, nil
}

// GetAccountSettings returns the limits, and what the caller's functions in the region use of them.
func (s *Service) GetAccountSettings(ctx context.Context, _ *lambda.GetAccountSettingsInput) (*lambda.GetAccountSettingsOutput, error) {
	call := wire.CallFrom(ctx)
	out := &lambda.GetAccountSettingsOutput{}
	err := s.store.View(ctx, func(tx *store.Tx) error {
		found, _, err := functions.List(tx, call.Account+"/"+call.Region, store.Page{})
		if err != nil {
			return err
		}
		left := int32(accountConcurrency)
		usage := types.AccountUsage{FunctionCount: int64(len(found))}
		for _, f := range found {
			usage.TotalCodeSize += f.Value.Latest.Configuration.Value.CodeSize
			left -= aws.ToInt32(f.Value.Reserved)
		}
		out.AccountUsage = &usage
		out.AccountLimit = &types.AccountLimit{
			CodeSizeUnzipped: maxUnpacked, CodeSizeZipped: maxArchive, ConcurrentExecutions: accountConcurrency,
			TotalCodeSize: accountCodeBytes, UnreservedConcurrentExecutions: &left,
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}
