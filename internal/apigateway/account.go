package apigateway

import (
	"context"
	"errors"
	"regexp"

	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/poolgate/poolgate/internal/store"
	"github.com/poolgate/poolgate/internal/wire"
)

// What an account is given in each region, as AWS shows it of a new one.
const (
	accountBurstLimit = 5000
	accountRateLimit  = 10000
	apiKeyVersion     = "4"
	usagePlansFeature = "UsagePlans"
)

var roleARN = regexp.MustCompile(`^arn:aws[a-z-]*:iam::\d{12}:role/.+$`)

// GetAccount returns the caller's settings in the region.
func (s *Service) GetAccount(ctx context.Context, _ *apigateway.GetAccountInput) (*apigateway.GetAccountOutput, error) {
	var settings *account
	err := s.store.View(ctx, func(tx *store.Tx) (err error) {
		settings, err = findAccount(tx, wire.CallFrom(ctx))
		return err
	})
	if err != nil {
		return nil, err
	}
	shown := settings.shown()
	return &shown, nil
}

// UpdateAccount patches the caller's settings in the region.
func (s *Service) UpdateAccount(ctx context.Context, in *apigateway.UpdateAccountInput) (*apigateway.UpdateAccountOutput, error) {
	call := wire.CallFrom(ctx)
	var settings *account
	err := s.store.Update(ctx, func(tx *store.Tx) (err error) {
		if settings, err = findAccount(tx, call); err != nil {
			return err
		}
		if err := accountPatches.apply(settings, in.PatchOperations); err != nil {
			return err
		}
		return accounts.Put(tx, call.Account, call.Region, settings)
	})
	if err != nil {
		return nil, err
	}
	return answer[apigateway.UpdateAccountOutput](settings.shown()), nil
}

// findAccount reads the settings; those never set are the defaults.
func findAccount(tx *store.Tx, call wire.Call) (*account, error) {
	settings, err := accounts.Get(tx, call.Account, call.Region)
	if errors.Is(err, store.ErrNotFound) {
		return &account{Features: []string{usagePlansFeature}}, nil
	}
	return settings, err
}

func (a *account) shown() apigateway.GetAccountOutput {
	version := apiKeyVersion
	return apigateway.GetAccountOutput{
		ApiKeyVersion: &version, CloudwatchRoleArn: emptyIsNil(&a.CloudwatchRoleArn), Features: a.Features,
		ThrottleSettings: &types.ThrottleSettings{BurstLimit: accountBurstLimit, RateLimit: accountRateLimit},
	}
}

var accountPatches = patchTable[account]{
	refuse: refusePlainly[account],
	rows: []patchRow[account]{
		{path: "/cloudwatchRoleArn", ops: ops(opReplace), apply: func(a *account, p patch) error {
			// An empty role takes logging away again, as Terraform does on destroy.
			if p.text() != "" && !roleARN.MatchString(p.text()) {
				return badRequest("Role ARN is not well formed")
			}
			a.CloudwatchRoleArn = p.text()
			return nil
		}},
		{path: "/features", ops: ops(opAdd, opRemove), apply: func(a *account, p patch) error {
			if p.text() != usagePlansFeature {
				return badRequest("Invalid feature specified. Valid options are %s", usagePlansFeature)
			}
			a.Features = patchMember(a.Features, p, p.text())
			return nil
		}},
	},
}
