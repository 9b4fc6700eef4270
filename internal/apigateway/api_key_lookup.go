package apigateway

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/poolgate/poolgate/internal/store"
	"github.com/poolgate/poolgate/internal/wire"
)

// KeyUse is an API key as far as a stage is concerned.
type KeyUse struct {
	ID      string
	Enabled bool
	// Plan is the usage plan that lets the key into the stage; nil when none does.
	Plan *types.UsagePlan
}

// KeyUse finds the API key of a value that a request to a stage showed, or returns nil when no key has it. What it
// found holds until APIKeyTopic or UsagePlanTopic of the API's owner is bumped.
func (s *Service) KeyUse(ctx context.Context, apiID, stage, value string) (*KeyUse, error) {
	var use *KeyUse
	err := s.store.View(ctx, func(tx *store.Tx) error {
		api, err := restAPIs.Get(tx, apiScope, apiID)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		call := wire.Call{Account: api.Account, Region: api.Region}
		digest := store.Key{Index: digestIndex, Value: s.apiKeyDigest(ownerOf(call), value)}
		found, _, err := apiKeys.Find(tx, ownerOf(call), digest, store.Page{Limit: 1})
		if err != nil || len(found) == 0 {
			return err
		}
		use = &KeyUse{ID: found[0].ID, Enabled: found[0].Value.Key.Value.Enabled}
		asked := types.ApiStage{ApiId: aws.String(apiID), Stage: aws.String(stage)}
		return plansOfKey(tx, call, use.ID).each(func(f store.Found[planKey]) error {
			plan, err := findPlan(tx, call, &f.Value.PlanID)
			if err == nil && hasStage(plan.Value.ApiStages, asked) {
				use.Plan = &plan.Value
			}
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	return use, nil
}
